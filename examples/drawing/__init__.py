"""How the examples' pictures, sounds and clips are drawn."""
