"""Text becomes a Board. Pure: files, clock and environment come in as arguments."""
