"""What needs a prescription is said by the clinic; one is good from its first to its last day."""

from __future__ import annotations

import datetime as dt

import pytest

from pistor.care.prescriptions import PrescriptionFacts, in_date, missing_prescriptions
from pistor.knowledge import load

DAY = dt.date(2026, 11, 23)
LIDOCAINE = "lidocaine_2pct"


def prescription(first=-5, last=5, presentation=LIDOCAINE, **more):
    return PrescriptionFacts(presentation, DAY + dt.timedelta(days=first), DAY + dt.timedelta(days=last), **more)


@pytest.mark.parametrize(
    ("needed", "kept", "says"),
    [
        ("no", [], None),
        ("not_said", [], "needs a prescription is not said. Say so"),
        ("not_said", [prescription()], "is not said"),  # a prescription does not answer whether one is needed
        ("yes", [], "none is in date for this patient."),
        ("yes", [prescription()], None),
        ("yes", [prescription(0, 0)], None),
        ("yes", [prescription(-5, -1)], "ran out on 22 Nov 2026"),
        ("yes", [prescription(1, 9)], "One begins on 24 Nov 2026"),
        ("yes", [prescription(ended=True)], "The last one was ended."),
        ("yes", [prescription(ended=True), prescription(-1, 1)], None),
        ("yes", [prescription(presentation="caffeine_5pct")], "none is in date for this patient."),
    ],
)
def test_what_is_missing(needed, kept, says):
    said = missing_prescriptions({LIDOCAINE: needed}, kept, DAY, load())
    assert (says is None) is (said == ())
    assert says is None or says in said[0]


def test_the_one_that_lasts_longest_covers():
    assert in_date([prescription(-9, 2), prescription(-1, 8), prescription(-1, 5)], LIDOCAINE, DAY) == prescription(-1, 8)
