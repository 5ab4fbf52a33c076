"""Whole runs against the sandbox on a virtual clock, with everything that can go wrong, decided by a seed.

A seed becomes a script (``scripts``): a board, what the provider does wrong, and the lives of a client, each of which
ends well, dies at some step, or is stopped. ``play`` acts it out, ``rules`` says what must hold whatever happened,
and ``mutants`` are builds that break it, which the rules must catch.

    python -m tests.simulation --seed 4711       # one seed, with all that happened
    python -m tests.simulation --seeds 1:100000  # many, until one fails
"""
