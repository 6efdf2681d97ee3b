"""How much of what is tolerated is used, summed over substances that act alike. An unknown limit stays unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .absorption import Array


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """``known`` is the sum of value over limit (same shape as the values) where limits are known, ``unknown`` names the rest.

    Substances of one class are taken to add up: each uses its share of its own limit.
    """

    known: Array
    unknown: tuple[str, ...]

    @property
    def total(self) -> Array | None:
        """The sum over all; None where a limit is unknown, because the sum is then only known to be no less than ``known``."""
        return None if self.unknown else self.known

    @property
    def exceeded(self) -> bool | None:
        """Whether the limit is reached at any time. None: cannot tell, because a limit is unknown and the others are not reached."""
        if float(np.max(self.known)) >= 1:
            return True
        return None if self.unknown else False


def load(values: Mapping[str, Array], limits: Mapping[str, float | None]) -> Load:
    """Doses over dose limits, or concentrations over toxic concentrations, each in its limit's unit; shapes broadcast.

    A limit that is missing or None is unknown, unless nothing of its substance is there. Raises ``ValueError`` where a value
    is negative or no number, or a limit is not above zero.
    """
    known, unknown = np.zeros(()), []
    for name, value in values.items():
        amount = np.asarray(value, dtype=float)
        if not bool(np.all(np.isfinite(amount) & (amount >= 0))):
            raise ValueError(f"values of {name!r} hold {float(np.min(amount))!r}; give numbers of 0 or more.")
        limit = limits.get(name)
        if limit is None:
            known = known + 0 * amount
            unknown += [name] if bool(np.any(amount > 0)) else []
        elif not math.isfinite(limit) or limit <= 0:
            raise ValueError(f"limits of {name!r} is {limit!r}; give a number above 0, or None where it is unknown.")
        else:
            known = known + amount / limit
    return Load(known, tuple(unknown))
