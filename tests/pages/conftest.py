"""Pages are asked in the moment that the records of these tests lie in, whatever day it is outside."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.utils import timezone

from tests.conftest import NOW


@pytest.fixture(autouse=True)
def _the_clock_stands(monkeypatch):
    """A statement holds for thirty days and a lot for some hundred: by the real clock these tests would fail one day."""
    monkeypatch.setattr("pistor.clinic.shared.middleware.timezone", SimpleNamespace(now=lambda: NOW, override=timezone.override))


@pytest.fixture(autouse=True)
def _few_virtual_patients(monkeypatch):
    """What a page shows does not depend on how many there are; every sweep over the addresses opens the page that computes them."""
    monkeypatch.setattr("pistor.clinic.delivery.views.PATIENTS", 8)
