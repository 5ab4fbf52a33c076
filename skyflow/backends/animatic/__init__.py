"""The embedded renderer. ``Animatic`` is what a run sees; everything else works in the drawing process."""

from skyflow.backends.animatic.backend import Animatic

__all__ = ["Animatic"]
