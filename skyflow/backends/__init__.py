"""What makes clips."""
