"""A Board and what is known become a Plan. Pure."""
