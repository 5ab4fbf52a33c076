"""Bytes by their hash, files that are whole or absent, and where a project keeps things."""
