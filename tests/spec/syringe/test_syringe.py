"""A syringe holds the blend to a thousandth of a millilitre, is good for a time somebody gave, and says why it is not."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pistor.care.formulation import Part
from pistor.care.stock import LotGiven
from pistor.care.syringe import (
    STEP_ML,
    SyringeFacts,
    apportion,
    not_the_blend,
    part_volumes,
    rule_hours,
    unusable,
    unusable_hours,
    use_before,
)
from pistor.knowledge import load

LIBRARY = load()
PARIS = ZoneInfo("Europe/Paris")
MADE = dt.datetime(2026, 11, 23, 9, 0, tzinfo=PARIS)
DAY = MADE.date()
PATIENT = uuid.UUID(int=1)
ONE = [Part("lidocaine_2pct", Decimal(2))]
TWO = [Part("lidocaine_2pct", Decimal(1)), Part("sodium_chloride_09pct", Decimal(3))]
volumes = st.integers(1, 50_000).map(lambda steps: steps * STEP_ML)


def test_the_presentations_of_these_tests_are_known():
    assert {part.presentation for part in TWO} <= set(LIBRARY.presentations)


# ── until when ──


@pytest.mark.parametrize(
    ("parts", "country", "hours", "says"),
    [
        (TWO, "US", Decimal(4), "United States: mixed for immediate use, 4 h."),
        (ONE, "US", None, "a syringe of one product may be kept was not found"),
        (TWO, "FR", None, "For how long a mixture may be kept in France was not found."),
        (TWO, "XX", None, "in this country was not found"),
        (TWO, None, None, "(no country is set) was not found"),
    ],
)
def test_only_a_rule_that_was_read_gives_a_time(parts, country, hours, says):
    found, rule, sources = rule_hours(parts, country, LIBRARY)
    assert (found, bool(sources)) == (hours, hours is not None)
    assert says in rule
    made = use_before(MADE, parts, country, LIBRARY)
    assert made.at == (MADE + dt.timedelta(hours=4) if hours else None)
    assert (made.basis, made.sources) == (rule, sources)
    assert bool(unusable_hours(made, None)) is (hours is None)


def test_no_country_has_a_rule_that_these_tests_do_not_know():
    assert {id_ for id_ in LIBRARY.jurisdictions if rule_hours(TWO, id_, LIBRARY)[0] is not None} == {"US"}


@pytest.mark.parametrize(
    ("country", "own", "basis", "minutes", "kept"),
    [
        ("FR", "1.5", "our pharmacist", 90, "our pharmacist"),
        ("US", "1", "the label", 60, "the label"),
        ("US", "4", "", 240, "United States: mixed for immediate use, 4 h."),
        ("US", "6", "our pharmacist", 360, "our pharmacist Longer than the rule: United States: mixed for immediate use, 4 h."),
    ],
)
def test_the_clinicians_own_time_holds_with_its_reason(country, own, basis, minutes, kept):
    made = use_before(MADE, TWO, country, LIBRARY, own_hours=Decimal(own), own_basis=basis)
    assert (made.at, made.basis) == (MADE + dt.timedelta(minutes=minutes), kept)
    assert unusable_hours(made, Decimal(own)) == ()


@pytest.mark.parametrize(
    ("own", "basis", "says"),
    [("0", "x", "cannot be"), ("-1", "x", "cannot be"), ("73", "x", "at most 72"), ("NaN", "x", "cannot be"), ("Infinity", "x", "cannot be"), ("2", " ", "who says")],
)
def test_a_time_without_a_reason_or_that_cannot_be_is_refused(own, basis, says):
    hours = Decimal(own)
    (sentence,) = unusable_hours(use_before(MADE, TWO, "FR", LIBRARY, own_hours=hours, own_basis=basis), hours)
    assert says in sentence


# ── why not ──


def syringe(**fields):
    lots = (LotGiven("lidocaine_2pct", "L-1", DAY + dt.timedelta(days=9), "usable", Decimal(1)),)
    plain = {"code": "K7", "patient": PATIENT, "state": "ready", "look": "clear", "use_before": MADE + dt.timedelta(hours=4), "lots": lots, "holds_this_blend": True}
    return SyringeFacts(**{**plain, **fields})


def lot(state="usable", days=9):
    return (LotGiven("lidocaine_2pct", "L-1", DAY + dt.timedelta(days=days), state, Decimal(1)),)


LATE = MADE + dt.timedelta(hours=4, seconds=1)


@pytest.mark.parametrize(
    ("fields", "at", "says"),
    [
        ({}, MADE, None),
        ({}, MADE + dt.timedelta(hours=4), None),  # good through the last second
        ({}, LATE, "Syringe K7 was good until 13:00 on 23 Nov 2026. Discard it and make a new one."),
        ({"started_at": MADE + dt.timedelta(hours=3)}, LATE, None),  # begun in time, recorded later
        ({"started_at": LATE}, LATE, "was good until"),
        ({"patient": uuid.UUID(int=2)}, MADE, "is of another patient"),
        ({"look": "not_said"}, MADE, "Nobody has looked at syringe K7 yet"),
        ({"look": "particles"}, MADE, "was seen with particles"),
        ({"look": "changed"}, MADE, "was seen with a changed look"),
        ({"state": "given"}, MADE, "was given already"),
        ({"state": "discarded"}, MADE, "was discarded"),
        ({"holds_this_blend": False}, MADE, "a blend that was changed since"),
        ({"lots": lot("recalled")}, MADE, "Syringe K7: Lot L-1 is recalled"),
        ({"lots": lot("quarantined")}, MADE, "in quarantine"),
        ({"lots": lot(days=-1)}, MADE, "expired on 22 Nov 2026"),
        ({"lots": lot(days=0)}, MADE, None),
    ],
)
def test_why_a_syringe_must_not_be_given(fields, at, says):
    said = unusable(syringe(**fields), patient=PATIENT, at=at, on=DAY)
    assert bool(said) is (says is not None)
    assert says is None or says in " ".join(said)


def test_everything_against_it_is_said_at_once():
    said = unusable(syringe(look="particles", lots=lot("recalled"), holds_this_blend=False), patient=PATIENT, at=LATE, on=DAY)
    assert len(said) == 4


# ── how much ──


@settings(deadline=None)
@given(volumes, st.lists(volumes, min_size=1, max_size=6))
def test_what_is_divided_adds_up_exactly_and_in_proportion(total, weights):
    parts, together = apportion(total, weights), sum(weights)
    assert sum(parts) == total
    assert all(part >= 0 and abs(part - total * weight / together) < STEP_ML for part, weight in zip(parts, weights, strict=True))


@settings(deadline=None)
@given(st.lists(volumes, min_size=1, max_size=6), st.integers(0, 1000).map(lambda steps: steps * STEP_ML))
def test_what_is_given_of_each_lot_is_never_more_than_was_drawn(drawn, share):
    given_ml = (sum(drawn) * share).quantize(STEP_ML)
    assert all(part <= volume for part, volume in zip(apportion(given_ml, drawn), drawn, strict=True))


@settings(deadline=None)
@given(volumes.filter(lambda volume: volume >= Decimal("0.004")))
def test_a_part_holds_its_share_of_any_syringe(volume):
    shares = part_volumes(TWO, volume)
    assert sum(shares.values()) == volume
    assert not_the_blend(TWO, shares, LIBRARY) == ()


@pytest.mark.parametrize(
    ("drawn", "says"),
    [
        ({"lidocaine_2pct": "1", "sodium_chloride_09pct": "3"}, None),
        ({"lidocaine_2pct": "0.5", "sodium_chloride_09pct": "1.51"}, None),  # a syringe of half the blend, read to 0.01 mL
        ({"lidocaine_2pct": "3", "sodium_chloride_09pct": "1"}, "is not the blend"),
        ({"lidocaine_2pct": "1"}, "0 mL of"),
        ({"lidocaine_2pct": "1", "sodium_chloride_09pct": "3", "caffeine": "1"}, "is not in the blend"),
        ({}, "Nothing is drawn"),
    ],
)
def test_what_is_not_the_blend_is_said(drawn, says):
    said = " ".join(not_the_blend(TWO, {id_: Decimal(volume) for id_, volume in drawn.items()}, LIBRARY))
    assert (says is None) is (said == "")
    assert says is None or says in said
