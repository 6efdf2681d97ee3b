"""What cannot be used, said in one sentence."""

from __future__ import annotations


class Unusable(Exception):
    """The input cannot be used. The message is one sentence: what is wrong, where, and what to do instead."""

    def __init__(self, sentence: str) -> None:
        # What was read may be quoted in it, so it is made printable and kept on one line.
        clean = "".join(c if c.isprintable() else " " for c in sentence)
        super().__init__(" ".join(clean.split())[:480])

    @property
    def sentence(self) -> str:
        return str(self)
