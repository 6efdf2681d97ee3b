"""Pistor, the treatment system for mesotherapy."""

__version__ = "0.1.0"
