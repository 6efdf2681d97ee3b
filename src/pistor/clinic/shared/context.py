from __future__ import annotations

from typing import Any

from django.http import HttpRequest

import pistor


def frame(request: HttpRequest) -> dict[str, Any]:
    """What every page's frame shows: the clinic, and the version."""
    user = getattr(request, "user", None)
    return {"clinic": getattr(user, "clinic", None) if user and user.is_authenticated else None, "pistor_version": pistor.__version__}
