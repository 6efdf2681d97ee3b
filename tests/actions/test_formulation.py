"""Keeping a blend: what is written, what is refused, and never twice."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from pistor.actions.core import AlreadyDone, NotAllowed, Refused, Stale
from pistor.actions.formulation import compose_blend
from pistor.care.formulation import Blend, Part
from pistor.records.audit import AuditEvent
from pistor.records.formulation import Formulation
from tests import factories
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def parts(*rows):
    return [Part(presentation, Decimal(volume)) for presentation, volume in rows]


@pytest.fixture
def course(people):
    return factories.course(factories.patient(people.practitioner), protocol="neck_pain_lidocaine", policy="single_active")


def test_a_blend_is_kept_with_its_result_and_one_audit_event(people, course):
    row = compose_blend(course=course, parts=parts(("lidocaine_2pct", "1")), by=people.practitioner, at=NOW, version=1)
    assert row.volume_ml == 1
    assert row.result["concentrations"][0]["per_ml"] == "20"
    assert Blend.from_dict(row.result).concentrations[0].amount == 20
    assert any(check["limit_id"] == "lidocaine_single_dose" and check["state"] == "unknown" for check in row.result["doses"])
    assert AuditEvent.objects.filter(verb="formulation.composed", subject_id=row.pk).count() == 1
    course.refresh_from_db()
    assert course.version == 2


def test_a_change_is_a_new_row_and_the_earlier_one_stays(people, course):
    first = compose_blend(course=course, parts=parts(("lidocaine_2pct", "1")), by=people.practitioner, at=NOW)
    compose_blend(course=course, parts=parts(("lidocaine_1pct", "2")), by=people.practitioner, at=NOW)
    first.refresh_from_db()
    assert Formulation.objects.filter(course=course).count() == 2
    assert first.parts[0]["presentation"] == "lidocaine_2pct"


@pytest.mark.parametrize(
    ("rows", "policy", "says"),
    [
        ([("deoxycholic_acid_10mg_ml", "2"), ("sodium_chloride_09pct", "1")], "mixture", "given alone"),
        ([("lidocaine_2pct", "1"), ("ketoprofen_50mg_ml", "1")], "mixture", "only a pharmacy"),
        ([("lidocaine_2pct", "1"), ("ketoprofen_50mg_ml", "1")], "single_active", "allows one active substance"),
        ([("lidocaine_2pct", "20")], "single_active", "above the limit of 300 mg"),
        ([("lidocaine_2pct", "-1")], "single_active", "more than 0 mL"),
        ([("lidocaine_2pct", "0")], "single_active", "more than 0 mL"),
        ([("lidocaine_2pct", "NaN")], "single_active", "not a number"),
        ([("lidocaine_2pct", "1E+9")], "single_active", "cannot be entered"),
        ([("lidocaine_2pct", "0.0001")], "single_active", "three decimals"),
        ([("no_such_thing", "1")], "single_active", "not in the library"),
        ([("lidocaine_2pct", "1")], "no_such_policy", "policy no_such_policy is not known"),
        ([], "single_active", "at least one presentation"),
    ],
)
def test_what_may_not_be_made_is_refused_and_nothing_is_written(people, course, rows, policy, says):
    with pytest.raises(Refused, match=says):
        compose_blend(course=course, parts=parts(*rows), policy=policy, by=people.practitioner, at=NOW, token=uuid.uuid4())
    course.refresh_from_db()
    assert not Formulation.objects.exists()
    assert course.version == 1
    assert not AuditEvent.objects.filter(verb="formulation.composed").exists()


def test_a_tenfold_conflict_must_be_confirmed_with_the_concentration_on_the_vial(people):
    course = factories.course(
        factories.patient(people.practitioner, sex="male"), application="hair", indication="androgenetic_alopecia", zone="scalp",
        protocol="alopecia_dutasteride", policy="pharmacy_prepared",
    )  # fmt: skip
    blend = parts(("dutasteride_0_05pct", "2"))
    with pytest.raises(Refused, match="first: Concentration of dutasteride"):
        compose_blend(course=course, parts=blend, by=people.practitioner, at=NOW)
    given = {"dutasteride_0_05pct.dutasteride": "0.05", "alopecia_dutasteride.2": "confirmed", "alopecia_dutasteride.3": "confirmed"}
    with pytest.raises(Refused, match=r"the chosen presentation holds 0\.5 mg"):
        compose_blend(course=course, parts=blend, confirmations=given, by=people.practitioner, at=NOW)
    row = compose_blend(course=course, parts=blend, confirmations={**given, "dutasteride_0_05pct.dutasteride": "0.5"}, by=people.practitioner, at=NOW)
    assert {entry["value"] for entry in row.confirmations} == {"0.5", "confirmed"}
    assert all(entry["by"] == str(people.practitioner.pk) for entry in row.confirmations)


def test_the_policy_that_was_chosen_is_kept_with_the_course(people, course):
    compose_blend(
        course=course, parts=parts(("lidocaine_2pct", "1"), ("ketoprofen_50mg_ml", "1")), policy="pharmacy_prepared", by=people.practitioner, at=NOW
    )
    course.refresh_from_db()
    assert course.policy == "pharmacy_prepared"


def test_the_weight_on_record_bounds_the_dose(people, course):
    factories.history(course.patient, "measurement", "weight_kg", {"value": "60", "unit": "kg"})
    with pytest.raises(Refused, match="280 mg is above the limit of 270 mg"):
        compose_blend(course=course, parts=parts(("lidocaine_2pct", "14")), by=people.practitioner, at=NOW)


def test_a_form_is_taken_once(people, course):
    token = uuid.uuid4()
    compose_blend(course=course, parts=parts(("lidocaine_2pct", "1")), by=people.practitioner, at=NOW, token=token, location="/there/")
    with pytest.raises(AlreadyDone) as done:
        compose_blend(course=course, parts=parts(("lidocaine_2pct", "1")), by=people.practitioner, at=NOW, token=token)
    assert done.value.location == "/there/"
    assert Formulation.objects.count() == 1


def test_a_stale_page_overwrites_nothing(people, course):
    compose_blend(course=course, parts=parts(("lidocaine_2pct", "1")), by=people.practitioner, at=NOW, version=1)
    with pytest.raises(Stale):
        compose_blend(course=course, parts=parts(("lidocaine_2pct", "2")), by=people.practitioner, at=NOW, version=1)
    assert Formulation.objects.count() == 1


@pytest.mark.parametrize("role", ["nurse", "front_desk", "owner"])
def test_only_who_decides_composes(people, course, role):
    with pytest.raises(NotAllowed):
        compose_blend(course=course, parts=parts(("lidocaine_2pct", "1")), by=getattr(people, role), at=NOW)


def test_another_clinics_course_is_out_of_reach(people, course):
    with pytest.raises(type(course).DoesNotExist):
        compose_blend(course=course, parts=parts(("lidocaine_2pct", "1")), by=people.stranger, at=NOW)
