"""Answering, overriding and going on: what the server refuses, keeps and never writes twice."""

from __future__ import annotations

import uuid

import pytest

from pistor.actions.candidacy import answer_questions, override_finding, review_verdict, withdraw_override
from pistor.actions.core import AlreadyDone, NotAllowed, Refused, Stale
from pistor.records.audit import AuditEvent
from pistor.records.candidacy import Assessment, Override
from pistor.records.consultation import HistoryEntry
from pistor.records.intent import candidacy_of, current_verdict, intent_of
from tests import factories
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db
SPECIAL = {"bdd_screen": "negative", "weight_stable": "yes", "contraception": "reliable", "pregnancy": "not_pregnant", "weight_kg": "62", "height_cm": "168"}


def answer_all(patient, course, by, **given):
    """Answer every open question as an ordinary patient would, and what is given otherwise."""
    for _ in range(5):
        missing = list(candidacy_of(course, TODAY).questions)
        if not missing:
            return
        values = {q: given.get(q, SPECIAL.get(q, "no")) for q in missing}
        answer_questions(by=by, at=NOW, token=None, patient=patient, version=None, answers=values)


@pytest.fixture
def case(people):
    patient = factories.patient(people.practitioner)
    course = factories.course(patient, protocol="neck_pain_lidocaine")
    return patient, course, factories.visit(course), people


def go_on(course, visit, by, digest=None, **fields):
    digest = digest or candidacy_of(course, TODAY).digest
    return review_verdict(**{"by": by, "at": NOW, "token": None, "course": course, "treatment": visit, "version": None, "digest": digest, **fields})


def test_the_intent_of_a_course_comes_from_its_protocol(case):
    _, course, _, _ = case
    intent = intent_of(course)
    assert (intent.application, intent.indication, intent.zone, intent.jurisdiction) == ("pain", "neck_pain", "neck", "FR")
    assert "lidocaine" in intent.ingredients


def test_answers_make_the_verdict_and_each_is_a_new_entry(case):
    patient, course, visit, people = case
    assert current_verdict(course, TODAY).state == "cannot_tell"
    answer_all(patient, course, people.nurse)
    assert current_verdict(course, TODAY).state == "eligible"
    entries = HistoryEntry.objects.filter(patient=patient)
    assert entries.count() > 10
    assert not entries.filter(replaced_by__isnull=False).exists()
    assessment = go_on(course, visit, people.practitioner)
    assert (assessment.verdict, assessment.accepted, assessment.treatment) == ("eligible", True, visit)
    assert candidacy_of(course, TODAY).reviewed(visit)


def test_a_new_fact_ends_the_review(case):
    patient, course, visit, people = case
    answer_all(patient, course, people.nurse)
    go_on(course, visit, people.practitioner)
    course.refresh_from_db()
    answer_questions(by=people.nurse, at=NOW, token=None, patient=patient, version=None, answers={"anticoagulant": "yes"})
    assert not candidacy_of(course, TODAY).reviewed(visit)
    assert Assessment.objects.filter(course=course).count() == 1


def test_nobody_goes_on_with_open_questions(case):
    _, course, visit, people = case
    with pytest.raises(Refused, match="questions are still open"):
        go_on(course, visit, people.practitioner)
    assert not Assessment.objects.exists()


def test_a_verdict_that_changed_since_the_page_was_opened_is_stale(case):
    patient, course, visit, people = case
    answer_all(patient, course, people.nurse)
    with pytest.raises(Stale):
        go_on(course, visit, people.practitioner, digest="0" * 64)


def test_a_stop_is_refused_whoever_asks(case):
    patient, course, visit, people = case
    answer_all(patient, course, people.nurse, infection_here="yes")
    with pytest.raises(Refused, match="cannot be overridden"):
        override_finding(by=people.practitioner, at=NOW, token=None, course=course, version=None, rule="infection_site", reason="it looks harmless to me")
    with pytest.raises(Refused, match="cannot be overridden"):
        go_on(course, visit, people.practitioner)
    assert not Override.objects.exists()
    assert not Assessment.objects.exists()


def test_a_referral_is_passed_only_with_a_reason_that_is_kept(case):
    patient, course, visit, people = case
    answer_all(patient, course, people.nurse, red_flag_trauma="yes")
    with pytest.raises(Refused, match="Give a reason"):
        go_on(course, visit, people.practitioner)
    with pytest.raises(Refused, match="10 to 500"):
        override_finding(by=people.practitioner, at=NOW, token=None, course=course, version=None, rule="pain_red_flags", reason="  ok  ")
    reason = "Radiograph of last week shows no fracture."
    override = override_finding(by=people.practitioner, at=NOW, token=None, course=course, version=None, rule="pain_red_flags", reason=reason)
    assert (override.reason, override.finding["effect"], override.created_by) == (reason, "refer", people.practitioner)
    course.refresh_from_db()
    assert go_on(course, visit, people.practitioner).verdict == "refer"
    assert list(AuditEvent.objects.values_list("verb", flat=True))[-2:] == ["override_finding", "review_verdict"]


def test_a_reason_does_not_outlive_the_facts_it_was_given_for(case):
    patient, course, _, people = case
    answer_all(patient, course, people.nurse, red_flag_trauma="yes")
    override_finding(by=people.practitioner, at=NOW, token=None, course=course, version=None, rule="pain_red_flags", reason="No fracture on the film.")
    answer_questions(by=people.nurse, at=NOW, token=None, patient=patient, version=None, answers={"red_flag_fever": "yes"})
    assert [f.rule for f in candidacy_of(course, TODAY).to_override] == ["pain_red_flags"]


def test_a_reason_can_be_taken_back_and_stays_on_record(case):
    patient, course, _, people = case
    answer_all(patient, course, people.nurse, red_flag_trauma="yes")
    override_finding(by=people.practitioner, at=NOW, token=None, course=course, version=None, rule="pain_red_flags", reason="No fracture on the film.")
    withdraw_override(by=people.practitioner, at=NOW, token=None, course=course, version=None, rule="pain_red_flags")
    assert [f.rule for f in candidacy_of(course, TODAY).to_override] == ["pain_red_flags"]
    assert Override.objects.get().withdrawn_by == people.practitioner


def test_do_not_know_needs_a_reason_to_go_on(case):
    patient, course, visit, people = case
    answer_all(patient, course, people.nurse, keloid="unknown")
    assert candidacy_of(course, TODAY).verdict.state == "cannot_tell"
    with pytest.raises(Refused, match="Give a reason"):
        go_on(course, visit, people.practitioner)
    override_finding(by=people.practitioner, at=NOW, token=None, course=course, version=None, rule="keloid", reason="No scar anywhere to judge by.")
    course.refresh_from_db()
    assert go_on(course, visit, people.practitioner).verdict == "cannot_tell"


def test_an_unanswered_question_is_answered_first_not_overridden(case):
    _, course, _, people = case
    with pytest.raises(Refused, match="Answer the question first"):
        override_finding(by=people.practitioner, at=NOW, token=None, course=course, version=None, rule="keloid", reason="No time for this now.")


@pytest.mark.parametrize(
    "answers", [{}, {"keloid": "perhaps"}, {"no_such_question": "yes"}, {"weight_kg": "-5"}, {"pregnancy": "maybe"}, {"birth_date": "1985-03-14"}]
)
def test_what_is_no_answer_is_refused_and_nothing_is_written(case, answers):
    patient, _, _, people = case
    with pytest.raises(Refused):
        answer_questions(by=people.nurse, at=NOW, token=None, patient=patient, version=None, answers=answers)
    assert not HistoryEntry.objects.exists()


def test_the_nurse_answers_and_does_not_decide_and_the_front_desk_does_neither(case):
    patient, course, visit, people = case
    with pytest.raises(NotAllowed):
        go_on(course, visit, people.nurse)
    with pytest.raises(NotAllowed):
        override_finding(by=people.nurse, at=NOW, token=None, course=course, version=None, rule="keloid", reason="long enough a reason")
    with pytest.raises(NotAllowed):
        answer_questions(by=people.front_desk, at=NOW, token=None, patient=patient, version=None, answers={"keloid": "no"})


def test_a_stranger_finds_no_course(case):
    _, course, visit, people = case
    for call in (
        lambda: go_on(course, visit, people.stranger),
        lambda: override_finding(by=people.stranger, at=NOW, token=None, course=course, version=None, rule="keloid", reason="long enough a reason"),
    ):
        with pytest.raises(Refused, match="not one of your clinic"):
            call()


def test_a_form_sent_twice_decides_once(case):
    patient, course, visit, people = case
    answer_all(patient, course, people.nurse)
    token = uuid.uuid4()
    go_on(course, visit, people.practitioner, token=token, location="/somewhere/")
    with pytest.raises(AlreadyDone) as again:
        go_on(course, visit, people.practitioner, token=token)
    assert again.value.location == "/somewhere/"
    assert Assessment.objects.count() == 1


def test_a_stale_course_is_not_overwritten(case):
    patient, course, visit, people = case
    answer_all(patient, course, people.nurse)
    go_on(course, visit, people.practitioner, version=course.version)
    with pytest.raises(Stale):
        go_on(course, visit, people.practitioner, version=course.version)
    assert Assessment.objects.count() == 1
