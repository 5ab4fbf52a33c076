"""Storyboards as code."""
