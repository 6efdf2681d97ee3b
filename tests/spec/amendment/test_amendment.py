"""What a correction changes in the signed content, what follows from it, and what cannot be."""

from __future__ import annotations

import copy
import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pistor.care.amendment import Change, LotMeant, amended, correctable, corrected_record, corrections, doses_of, impossible, lot_places, new_lots, redrawn
from pistor.care.treatment import Record
from pistor.exchange.signed_words import signed_words
from pistor.knowledge import load

DAY = dt.date(2026, 11, 23)
LOTS = {number: LotMeant(number, "lidocaine_2pct", number.upper()) for number in ("l1", "l2", "l3")}


def zone(name="neck", points=4, volume="0.5", reason=""):
    return {"zone": name, "side": "left", "technique": "t", "points": points, "volume_ml": volume, "planned_points": 4, "planned_volume_ml": "0.5",
            "deviation_reason": reason, "inserted_length_mm": "2", "angle_deg": 90, "doses": {"lidocaine": "10", "heparin": "25 IU"}}  # fmt: skip


def draw(lot, volume="1"):
    return {"lot": lot, "vial": None, "presentation": "lidocaine_2pct", "volume_ml": volume}


def content(*syringes, lots=(("l1", "1"),)):
    return {
        "kind": "pistor treatment 1",
        "record": {"skin_preparation": "alcohol", "anaesthesia": "none", "topical": [], "pain_score": 3, "reaction": "none", "reaction_signs": [],
                   "reaction_note": "", "note": ""},
        "blend": {"id": "b", "per_ml": {"lidocaine": "20 mg/mL", "heparin": "50 IU/mL"}},
        "zones": [zone(), zone("shoulder", 2, "0.25")],
        "lots": [{"lot": id_, "presentation": "lidocaine_2pct", "lot_number": id_.upper(), "volume_ml": volume} for id_, volume in lots],
        "syringes": [
            {"code": f"S{n}", "state": state, "draws": list(draws), "volume_ml": "1", "given_ml": "1", "wasted_ml": "0"}
            for n, (state, *draws) in enumerate(syringes)
        ],
    }  # fmt: skip


def changed(base, **wanted):
    return corrections(base, {path.replace("__", "/"): value for path, value in wanted.items()}, LOTS)


def test_only_what_differs_is_a_change():
    base = content()
    assert corrections(base, correctable(base), LOTS) == ()
    assert changed(base, record__note="", record__pain_score=3) == ()
    assert changed(base, record__pain_score=0) == (Change("record/pain_score", 3, 0),)


def test_doses_follow_from_a_volume():
    found = {change.path: (change.before, change.after) for change in changed(content(), zones__1__volume_ml="0.4", zones__1__points=3)}
    assert found == {
        "zones/1/volume_ml": ("0.25", "0.4"), "zones/1/points": (2, 3),
        "zones/1/doses": ({"lidocaine": "10", "heparin": "25 IU"}, {"lidocaine": "8", "heparin": "20 IU"}),
    }  # fmt: skip


def test_a_lot_that_was_another_stands_in_the_list_and_is_new():
    found = changed(content(), lots__0__lot="l2")
    assert [change.path for change in found] == ["lots/0/lot", "lots"]
    assert found[1].after == [{"lot": "l2", "presentation": "lidocaine_2pct", "lot_number": "L2", "volume_ml": "1"}]
    assert new_lots(found) == ("l2",)
    assert redrawn(content(), found) == ()  # without a syringe nothing was booked


def test_of_two_syringes_of_one_lot_one_may_have_been_of_another():
    base = content(("given", draw("l1")), ("discarded", draw("l3")), ("given", draw("l1", "2")), lots=(("l1", "3"),))
    assert [path for path, _, _ in lot_places(base)] == ["syringes/0/draws/0/lot", "syringes/2/draws/0/lot"]  # what was thrown away was given to nobody
    found = changed(base, syringes__2__draws__0__lot="l2")
    after = amended(base, [change.as_dict() for change in found])
    assert [(row["lot"], row["volume_ml"]) for row in after["lots"]] == [("l1", "1"), ("l2", "2")]
    assert new_lots(found) == ("l2",)
    assert [(one.path, one.lot, one.draw["lot"], one.syringe["code"]) for one in redrawn(base, found)] == [("syringes/2/draws/0", "l2", "l1", "S2")]
    back = changed(after, syringes__2__draws__0__lot="l1")
    assert [(row["lot"], row["volume_ml"]) for row in amended(after, [change.as_dict() for change in back])["lots"]] == [("l1", "3")]


def test_what_is_not_a_field_of_the_content_is_no_correction():
    for path in ("patient/name", "signed_by", "zones/0/zone", "zones/7/points", "sha256"):
        with pytest.raises(KeyError):
            corrections(content(), {path: "x"}, LOTS)
    assert correctable({"given_on": "2024-01-01"}) == {}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"zones": [zone(volume="0.9")]}, ""),
        ({"zones": [zone(volume="1.2")]}, "1.2 mL would have been given, but the lots add up to 1 mL"),
        ({"zones": [zone(volume="501")], "lots": []}, "More than 500 mL"),
    ],
)
def test_more_than_there_was_cannot_have_been_given(change, says):
    said = " ".join(impossible({**content(), **change}))
    assert says in said if says else not said


def test_something_on_the_skin_has_a_name():
    base = content()
    base["record"]["anaesthesia"] = "topical"
    assert "Say what was put on the skin" in " ".join(impossible(base))


@given(st.lists(st.tuples(st.sampled_from(["zones/0/points", "zones/1/points", "record/pain_score"]), st.integers(0, 9)), max_size=8))
def test_the_content_with_changes_is_the_last_word_and_the_signed_one_stays(steps):
    """Any sequence of corrections: each says what was before it, the last one counts, and what was signed is as it was."""
    base = content()
    before, now = copy.deepcopy(base), base
    for path, value in steps:
        found = corrections(now, {path: value}, LOTS)
        assert all(change.before == correctable(now)[change.path] for change in found)
        now = amended(now, [change.as_dict() for change in found])
    assert base == before
    last = dict(steps)
    assert all(correctable(now)[path] == value for path, value in last.items())


def test_doses_are_those_of_the_signed_blend():
    assert doses_of(content(), Decimal("0.333")) == {"lidocaine": "6.66", "heparin": "16.65 IU"}


def rolled_content():
    """Kind 2: a roller over the face with a film on the skin, and the neck out of two syringes."""
    base = content(("given", draw("l1")), ("given", draw("l1")), lots=(("l1", "2"),))
    film = {**zone("face", 0, "0.5"), "side": "mid", "plan": "face_front:face:mid", "given": {"state": "given", "edits": {}, "on_skin": True}, "syringe": None,
            "passes": 4, "planned_passes": 4, "planned_points": 0, "planned_volume_ml": None}  # fmt: skip
    needle = [{**zone(), "plan": "n", "given": {"state": "given", "edits": {}, "on_skin": False}, "syringe": code, "passes": None, "planned_passes": None}
              for code in ("S0", "S1")]  # fmt: skip
    times = [{"passed": True, "said": []}, {"passed": False, "said": ["Of another patient."]}]
    return {**base, "kind": "pistor treatment 2", "zones": [film, *needle], "time_outs": times, "room": {"id": "r", "name": "Room 2"}}


def test_a_rolled_zone_has_passes_to_correct_and_a_needled_one_has_not():
    fields = correctable(rolled_content())
    assert fields["zones/0/passes"] == 4 and "zones/1/passes" not in fields
    found = changed(rolled_content(), zones__0__passes=6, zones__0__volume_ml="0.6")
    record = corrected_record(Record(DAY, {}, "", "", (), ()), amended(rolled_content(), [change.as_dict() for change in found]))
    assert [(one.passes, one.on_skin, one.syringe) for one in record.zones] == [(6, True, ""), (None, False, "S0"), (None, False, "S1")]


def test_a_treatment_of_kind_2_reads_as_what_was_done():
    words = signed_words(rolled_content(), load(), dt.datetime(2026, 11, 23, 10, 0))
    assert [(row["zone"], row["points"], row["volume"], row["planned"]) for row in words["zones"]] == [
        ("Face", "4 passes", "0.5 mL on the skin", "4 passes"), ("Neck, left, syringe S0", "4", "0.5 mL", "4 points, 0.5 mL in all"),
        ("Neck, left, syringe S1", "4", "0.5 mL", "4 points, 0.5 mL in all"),
    ]  # fmt: skip
    facts = dict(map(tuple, words["facts"]))
    assert facts["Room"] == "Room 2"
    assert facts["Codes before the needle"] == "patient and syringe fitted; stopped: Of another patient."
