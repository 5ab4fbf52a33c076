"""The client of Runware: what a run buys there, and how it comes home."""
