"""What went wrong with what was brought: one sentence that names file, place and remedy."""

from __future__ import annotations


class Unusable(Exception):
    """The file or record cannot be used. The message is the sentence a person reads."""
