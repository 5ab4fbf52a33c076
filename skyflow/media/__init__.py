"""Clips, pictures and sounds: what they are, how they are written, how they are joined."""
