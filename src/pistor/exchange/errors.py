"""What cannot be used, said in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Unusable(Exception):
    """The input cannot be used. The message is one sentence: what is wrong, where, and what to do instead."""

    def __init__(self, sentence: str) -> None:
        # What was read may be quoted in it, so it is made printable and kept on one line.
        clean = "".join(c if c.isprintable() else " " for c in sentence)
        super().__init__(" ".join(clean.split())[:480])

    @property
    def sentence(self) -> str:
        return str(self)


@contextmanager
def in_file(path: Path) -> Iterator[None]:
    """What goes wrong while a file is read, as a sentence that begins with its name."""
    try:
        yield
    except FileNotFoundError:
        raise Unusable(f"{path}: there is no such file; check the path.") from None
    except OSError as error:
        raise Unusable(f"{path}: the file cannot be read ({error.strerror or 'unknown reason'}); check it.") from None
    except ValueError as error:  # a path with a null byte
        raise Unusable(f"The path cannot be used ({error}); check it.") from None
    except Unusable as problem:
        raise Unusable(f"{path}: {problem.sentence}") from None
