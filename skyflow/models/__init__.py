"""What a video model takes and costs, as data."""
