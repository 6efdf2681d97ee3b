from __future__ import annotations

from typing import Any

from django.http import HttpRequest

import pistor
from pistor.records.people import Capability


def frame(request: HttpRequest) -> dict[str, Any]:
    """What every page's frame shows: the clinic, which ways lead on from it, and the version."""
    user = getattr(request, "user", None)
    known = user if user and user.is_authenticated else None
    return {
        "clinic": getattr(known, "clinic", None), "sees_lots": bool(known and known.may(Capability.SEE_CLINICAL)), "pistor_version": pistor.__version__,
    }  # fmt: skip
