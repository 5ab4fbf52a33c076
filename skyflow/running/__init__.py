"""A Plan becomes Outcomes. The one owner of a run's state."""
