"""A clinic's own copies: edited leaf by leaf, cited by the clinic, never in place of what is published."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from pistor.knowledge import load
from pistor.knowledge import model as m
from pistor.knowledge.local import NotAcceptable, edited, leaves, overlay, own_id, wrong_with

LIBRARY = load()
TODAY = dt.date(2026, 11, 26)
SOURCE = m.Source(id="local_label", reviewed=TODAY, title="Label of our supplier", kind="label", read="label")


def copied(kind, id_, changes, new_id="local_copy"):
    return edited(kind, getattr(LIBRARY, kind)[id_], changes, id_=new_id, source=SOURCE, grade="A", at="label", on=TODAY)


def test_a_product_of_another_maker():
    mine = copied("presentations", "lidocaine_2pct", {"name": "Lidocaine 2 % of Acme", "ph.min": "6.2", "ph.max": "6,8"})
    assert (mine.name, mine.ph.low, mine.ph.high) == ("Lidocaine 2 % of Acme", Decimal("6.2"), Decimal("6.8"))
    assert mine.ph.source == ("local_label",)
    assert mine.components[0].strength.source == LIBRARY.presentations["lidocaine_2pct"].components[0].strength.source  # untouched
    assert LIBRARY.presentations["lidocaine_2pct"].ph.low == Decimal("5.0")


def test_what_the_published_one_leaves_open_can_be_said():
    assert LIBRARY.presentations["diclofenac_25mg_ml"].ph is None
    mine = copied("presentations", "diclofenac_25mg_ml", {"ph.min": "8", "ph.max": "9"})
    assert (mine.ph.low, mine.ph.high, mine.ph.unit, mine.ph.grade.value) == (8, 9, "pH", "A")


def test_a_number_that_is_emptied_is_not_known_any_more():
    assert copied("presentations", "lidocaine_2pct", {"ph.min": "", "ph.max": ""}).ph is None


def test_an_aftercare_text_in_the_clinics_own_words():
    mine = copied("aftercare_rules", "alcohol", {"text.en": "No alcohol until {until}, please.", "hours.value": "72"}, "alcohol")
    assert mine.text.en == "No alcohol until {until}, please."
    assert (mine.hours.high, mine.hours.source) == (72, ("local_label",))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ph.min": "acid"}, "not a number"),
        ({"ph.min": "-1"}, "0 or more"),
        ({"ph.min": "NaN"}, "is not a number"),
        ({"ph.min": "9", "ph.max": "5"}, "above"),
        ({"name": "  "}, "is empty"),
        ({"components.0.ingredient": "gold"}, "not something that can be changed"),
        ({"id": "lidocaine_1pct"}, "not something that can be changed"),
    ],
)
def test_what_cannot_be_is_said(changes, said):
    with pytest.raises(NotAcceptable, match=said):
        copied("presentations", "lidocaine_2pct", changes)


def test_every_copyable_entry_gives_itself_back_unchanged():
    for kind in ("presentations", "protocols", "aftercare_rules"):
        for id_, entry in getattr(LIBRARY, kind).items():
            same = copied(kind, id_, {leaf.path: leaf.value for leaf in leaves(kind, entry)}, id_)
            assert same.model_copy(update={"reviewed": entry.reviewed}) == entry, (kind, id_)


def test_a_library_with_it_holds_together_and_leaves_the_published_one_alone():
    mine = copied("protocols", "neck_pain_lidocaine", {"sessions.value": "4", "name": "Neck pain, our way"}, "local_neck")
    ours = overlay(LIBRARY, [("protocols", mine)], [SOURCE], "abcdef0123")
    assert ours.version == f"{LIBRARY.version}+local.abcdef01"
    assert ours.indications["neck_pain"].protocols[-1] == "local_neck"
    assert "local_neck" not in LIBRARY.protocols
    assert wrong_with(ours, "protocols", "local_neck") == ()
    assert ours != LIBRARY


def test_what_does_not_hold_together_is_named():
    mine = copied("protocols", "neck_pain_lidocaine", {}, "local_neck").model_copy(update={"policy": "none_such"})
    assert "Policy names none_such, which is not in policies." in wrong_with(overlay(LIBRARY, [("protocols", mine)], [SOURCE], "x"), "protocols", "local_neck")


def test_ids_of_copies():
    assert own_id("Lidocaïne 2 % Acme!", ()) == "local_lidoca_ne_2_acme"
    assert own_id("X", ("local_x",)) == "local_x_2"
    assert own_id("日本", ()) == "local_entry"
