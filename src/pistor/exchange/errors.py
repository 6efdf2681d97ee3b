"""What cannot be used, said in one sentence."""

from __future__ import annotations


class Unusable(Exception):
    """The input cannot be used. The message is one sentence: what is wrong, where, and what to do instead."""

    @property
    def sentence(self) -> str:
        return str(self)
