"""What someone types is kept until it is saved, for that person only, and nothing that is sent there breaks the page."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pistor import clinic
from pistor.actions import core, drafts
from pistor.actions.core import Refused
from pistor.actions.drafts import MOST_FIELDS, MOST_SIGNS
from pistor.records.consultation import HistoryEntry, Patient
from pistor.records.drafts import Draft
from pistor.records.recalls import Recall, RecallContact
from tests import factories, ready
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
HERE = "/patients/new/"
CLINIC = Path(clinic.__path__[0])


NEW = {"family_name": "Dubois", "sex": "female", "language": "en"}


def keep(client, changed, path=HERE, form="new", **known):
    """One message of an open page; ``known`` is what it says it knows: draft, base, page, step, place."""
    message = {"path": path, "form": form, "changed": changed, **known}
    return client.post("/drafts/", json.dumps(message), content_type="application/json")


def shown(client, path=HERE):
    text = client.get(path).content.decode()
    mark = '<script id="draft" type="application/json">'
    return json.loads(text.split(mark)[1].split("</script>")[0]) if mark in text else None


def fields(client, path=HERE, form="new"):
    return (shown(client, path) or {}).get(form, {}).get("fields")


class Page:
    """An open page of a form, as far as its drafts go: it knows what the server told it last."""

    def __init__(self, client, path, form, name):
        self.client, self.path, self.form, self.name, self.step = client, path, form, name, 0
        self.known = {}

    def types(self, **changed):
        self.step += 1
        changed = {name: [text] for name, text in changed.items()}
        answer = keep(self.client, changed, self.path, self.form, page=self.name, step=self.step, **self.known)
        said = answer.json()
        if "draft" in said:
            self.known = {"draft": said["draft"], "base": said["sequence"]}
        return answer.status_code, said

    def token(self):
        """As the form carries it when it is sent."""
        return f"{self.form} {self.known['draft']} {self.known['base']}"


def test_a_draft_is_there_again_after_signing_out_and_in(people, as_):
    client = as_(people.front_desk)
    page = Page(client, HERE, "new", "a")
    page.types(family_name="Dub")
    page.types(family_name="Dubois", sex="female")
    client.post("/sign-out/")
    assert fields(as_(people.front_desk)) == {"family_name": ["Dubois"], "sex": ["female"]}
    assert Draft.objects.count() == 1


def test_only_what_changed_is_sent_and_the_rest_stays(people, as_):
    page = Page(as_(people.front_desk), HERE, "new", "a")
    page.types(family_name="Dubois", phone="1")
    page.types(phone="12")
    assert fields(page.client) == {"family_name": ["Dubois"], "phone": ["12"]}


@pytest.mark.parametrize(
    "path",
    [
        HERE, "/patients/{patient}/edit/", "/patients/{patient}/start/", "/library/protocols/neck_pain_lidocaine/copy/", "/stock/{lot}/", "/stock/{lot}/count/",
        "/stock/receive/", "/devices/", "/devices/{device}/", "/recall/?lot={lot}", "/recall/{recall}/", "/recall/{recall}/contacts/{contact}/",
    ],
)  # fmt: skip
def test_pages_beside_a_visit_give_back_what_was_typed(people, as_, path):
    by, lot = people.practitioner, ready.lot(people.clinic)
    who, device = factories.patient(by), factories.device(people.clinic)
    own = {"clinic": people.clinic, "created_at": NOW, "created_by": by}
    recall = Recall.objects.create(**own, scope="device", subject=device.pk, since=NOW.date())
    contact = RecallContact.objects.create(**own, recall=recall, patient=who)
    assert_kept(as_(by), path.format(patient=who.pk, lot=lot.pk, device=device.pk, recall=recall.pk, contact=contact.pk))


@pytest.mark.parametrize("page", ["syringes", "syringes/{syringe}", "devices", "prescriptions"])
def test_pages_beside_the_treatment_give_back_what_was_typed(people, as_, page):
    visit = ready.planned_visit(people)
    syringe = ready.syringe(visit, people.practitioner)
    factories.device(people.clinic)
    assert_kept(as_(people.practitioner), f"/visits/{visit.pk}/{page.format(syringe=syringe.pk)}/")


def test_who_may_clean_a_device_and_not_change_it_keeps_what_was_typed_of_the_cleaning(people, as_):
    here = f"/devices/{factories.device(people.clinic).pk}/"
    client = as_(people.nurse)
    assert keep(client, {"cleaning-note": ["typed"]}, f"{here}cleaning/", "cleaning").status_code == 200
    assert keep(client, {"state": ["out_of_use"]}, here, "state").status_code == 403
    assert fields(client, here, "cleaning") == {"cleaning-note": ["typed"]}


def test_what_was_typed_of_one_package_or_lot_never_stands_in_the_form_of_another(people, as_):
    client = as_(people.practitioner)
    lots = [ready.lot(people.clinic, "lidocaine_2pct", number) for number in ("L-1", "L-2")]
    pages = [*(f"/stock/receive/?code={code}" for code in ("first", "second")), "/stock/receive/", *(f"/recall/?lot={lot.pk}" for lot in lots)]
    names = [re.search('data-draft="([^"]*)"', client.get(page).content.decode())[1] for page in pages]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("step", ["course", "consultation", "candidacy", "alternatives", "formulation", "injection-map", "consent", "outcomes", "maintenance", "treatment"])
def test_every_step_gives_back_what_was_typed(people, as_, step):
    visit = ready.planned_visit(people)
    if step == "treatment":
        ready.consented(visit, people.practitioner)
    if step == "candidacy":
        HistoryEntry.objects.filter(patient=visit.patient, kind="answer").delete()
    assert_kept(as_(people.practitioner), f"/visits/{visit.pk}/{step}/")


@pytest.mark.parametrize("step", ["aftercare", "reactions", "treatment"])
def test_every_step_after_signing_gives_back_what_was_typed(people, as_, step):
    visit = ready.signed_visit(people)
    assert_kept(as_(people.practitioner), f"/visits/{visit.pk}/{step}/")


def assert_kept(client, here):
    found = re.findall('data-draft="([^"]*)"(?: data-path="([^"]*)")?', client.get(here).content.decode())
    forms = [form for form, _ in found]
    assert forms
    for form, path in found:
        assert keep(client, {"note": ["typed"]}, path or here.partition("?")[0], form).status_code == 200
    assert {form: draft["fields"] for form, draft in shown(client, here).items()} == {form: {"note": ["typed"]} for form in forms}


def test_every_form_that_saves_keeps_drafts():
    """A file cannot be kept as a draft, and the form of a failed page holds what is sent again."""
    without = {"consultation/import.html", "shared/server_error.html"}
    for template in sorted(CLINIC.glob("*/templates/**/*.html")):
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", template.read_text(), re.DOTALL):
            if re.search(r"form_head|\.token \}\}|field ", form) and template.relative_to(template.parents[1]).as_posix() not in without:
                buttons_alone = "{% field" not in form and "<input id=" not in form
                saves_nothing = template.name in ("blend.html", "code.html")  # works something out, or leads somewhere
                in_the_hand = "time_out_form" in form  # reads the codes of the patient and the syringe in hand, never some from before
                assert buttons_alone or saves_nothing or in_the_hand or "data-draft" in form.partition(">")[0], (template, form[:120])


def test_nobody_sees_the_draft_of_someone_else(people, as_):
    kept = keep(as_(people.nurse), {"family_name": ["Dubois"]}).json()
    assert shown(as_(people.practitioner)) is None
    discard(as_(people.practitioner), kept)  # and nobody discards it
    assert shown(as_(people.nurse))
    other = keep(as_(people.practitioner), {"family_name": ["Mine"]}, draft=kept["draft"], base=0)
    assert (other.status_code, other.json()) == (409, {"state": "gone", "theirs": {}})  # nor reads or writes it


def discard(client, known, **more):
    message = {"path": HERE, "form": "new", "discard": True, "draft": known["draft"], "base": known["sequence"], **more}
    return client.post("/drafts/", json.dumps(message), content_type="application/json")


# ── taken with the form ──


def test_a_draft_is_gone_once_its_form_was_taken_and_stays_while_it_was_not(people, as_):
    client = as_(people.front_desk)
    page = Page(client, HERE, "new", "a")
    page.types(family_name="Dubois")
    answer = client.post(HERE, {**NEW, "draft": page.token(), "family_name": "", "token": uuid.uuid4()})
    assert answer.status_code == 422
    assert Draft.objects.count() == 1
    client.post(HERE, {**NEW, "draft": page.token(), "token": uuid.uuid4()})
    assert Draft.objects.count() == 0


def test_the_draft_goes_in_the_transaction_that_takes_the_form(people, as_, monkeypatch):
    """Where the action fails at its very end, nothing is saved and the draft is still there."""
    client = as_(people.front_desk)
    page = Page(client, HERE, "new", "a")
    page.types(family_name="Dubois")
    seen = []

    def fails_after(by):
        forget(by)
        seen.append(Draft.objects.count())
        raise Refused("the disk is full")

    forget = core._forget_draft
    monkeypatch.setattr(core, "_forget_draft", fails_after)
    assert client.post(HERE, {**NEW, "draft": page.token(), "token": uuid.uuid4()}).status_code == 409
    assert seen == [0]
    assert (Patient.objects.count(), Draft.objects.count()) == (0, 1)


def test_what_was_typed_after_the_form_was_sent_stays(people, as_):
    client = as_(people.front_desk)
    page, other_tab = Page(client, HERE, "new", "a"), Page(client, HERE, "new", "b")
    page.types(family_name="Dubois")
    sent = page.token()
    other_tab.types(phone="12")
    assert client.post(HERE, {**NEW, "draft": sent, "token": uuid.uuid4()}).status_code == 302
    assert fields(client) == {"family_name": ["Dubois"], "phone": ["12"]}


@pytest.mark.parametrize("posted", ["", "new", "new x y", "new 00000000-0000-0000-0000-000000000000 1", "other", " ", "new  1", "\x00 \x00 \x00"])
def test_a_form_that_carries_no_draft_leaves_the_drafts_of_its_page(people, as_, posted):
    client = as_(people.front_desk)
    for form in ("new", "other"):
        keep(client, {"family_name": ["Dubois"]}, form=form)
    assert client.post(HERE, {**NEW, "draft": posted, "token": uuid.uuid4()}).status_code == 302
    assert set(shown(client)) == {"new", "other"}


def test_nobody_takes_away_the_draft_of_someone_else_with_a_form_of_theirs(people, as_):
    page = Page(as_(people.nurse), HERE, "new", "a")
    page.types(family_name="Dubois")
    assert as_(people.practitioner).post(HERE, {**NEW, "draft": page.token(), "token": uuid.uuid4()}).status_code == 302
    assert fields(as_(people.nurse)) == {"family_name": ["Dubois"]}


def test_an_answer_that_asks_for_a_correction_knows_the_draft_it_was_posted_with(people, as_):
    client = as_(people.front_desk)
    page = Page(client, HERE, "new", "a")
    page.types(family_name="Dubois")
    text = client.post(HERE, {"draft": page.token(), "family_name": "", "token": uuid.uuid4()}).content.decode()
    draft = json.loads(text.split('<script id="draft" type="application/json">')[1].split("</script>")[0])["new"]
    assert draft == {"id": page.known["draft"], "sequence": page.known["base"], "fields": {"family_name": ["Dubois"]}, "shown": True}


def test_discarding_one_form_leaves_the_others_of_the_page(people, as_):
    client = as_(people.nurse)
    kept = {form: keep(client, {"note": [form]}, form=form).json() for form in ("a", "ab", "b")}
    assert discard(client, kept["a"]).status_code == 200
    assert set(shown(client)) == {"ab", "b"}


def test_a_draft_that_holds_more_by_now_is_not_discarded_unseen(people, as_):
    client = as_(people.nurse)
    first = keep(client, {"note": ["x"]}, page="a").json()
    keep(client, {"phone": ["1"]}, page="b")
    assert discard(client, first).status_code == 409
    assert fields(client) == {"note": ["x"], "phone": ["1"]}


# ── two pages, two people ──


@pytest.fixture
def chart(people):
    visit = ready.planned_visit(people)
    ready.consented(visit, people.practitioner)
    return f"/visits/{visit.pk}/treatment/"


@pytest.fixture
def two(people, as_, chart):
    """The practitioner and the nurse have the same chart open."""
    return Page(as_(people.practitioner), chart, "treatment", "a"), Page(as_(people.nurse), chart, "treatment", "b")


def test_colleagues_see_one_draft_of_the_chart_and_whose_it_is(people, two, as_, chart):
    one, other = two
    one.types(note="quiet")
    other.types(pain_score="3")
    assert fields(other.client, chart, "treatment") == {"note": ["quiet"], "pain_score": ["3"]}
    assert shown(one.client, chart)["treatment"]["by"] == [people.nurse.printed_name]
    assert Draft.objects.get().shared


def test_what_a_colleague_changed_elsewhere_in_the_form_comes_with_the_next_answer(people, two):
    one, other = two
    one.types(note="quiet")
    status, said = other.types(pain_score="3")
    assert status == 200
    assert {name: (theirs["texts"], theirs["by"]) for name, theirs in said["theirs"].items()} == {"note": (["quiet"], people.practitioner.printed_name)}
    assert one.types(pain_score="3")[1]["theirs"]["pain_score"]["texts"] == ["3"]  # the same value on both sides is no conflict
    assert one.types()[1]["theirs"] == {}


def test_the_same_field_on_two_sides_is_kept_as_it_was_and_both_values_are_told(people, two, chart):
    one, other = two
    one.types(pain_score="2")
    status, said = other.types(pain_score="3", note="calm")
    assert status == 409
    assert (said["state"], said["theirs"]["pain_score"]["texts"], said["theirs"]["pain_score"]["by"]) == ("conflict", ["2"], people.practitioner.printed_name)
    assert fields(one.client, chart, "treatment") == {"pain_score": ["2"]}
    assert other.types(pain_score="3")[0] == 200  # chosen now, knowing the other
    assert fields(one.client, chart, "treatment") == {"pain_score": ["3"]}
    assert one.types(pain_score="4")[0] == 409


def test_a_draft_that_was_taken_on_another_page_does_not_come_back_by_itself(two, people):
    one, other = two
    one.types(note="quiet")
    other.types(pain_score="3")
    Draft.objects.all().delete()  # as when it was taken
    assert one.types(note="quieter") == (409, {"state": "gone", "theirs": {}})
    assert not Draft.objects.exists()


def test_one_page_is_never_in_conflict_with_itself(people, as_):
    """Its answer may get lost on the way, and its messages overtake each other."""
    page = Page(as_(people.nurse), HERE, "new", "a")
    page.types(note="on")
    unknown = {**page.known, "base": 0}
    page.known = dict(unknown)
    assert page.types(note="one")[0] == 200
    late = keep(page.client, {"note": ["o"], "phone": ["1"]}, page="a", step=1, **unknown)
    assert late.status_code == 200
    assert fields(page.client) == {"note": ["one"], "phone": ["1"]}


def test_whoever_may_not_save_a_form_neither_writes_nor_reads_its_draft(people, two, as_, chart):
    two[0].types(note="confidential")
    answer = keep(as_(people.front_desk), {"note": ["mine"]}, chart, "treatment")
    assert answer.status_code == 403
    assert "confidential" not in answer.content.decode()
    assert fields(two[0].client, chart, "treatment") == {"note": ["confidential"]}


def test_drafts_of_another_clinic_stay_there(people, two, as_, chart):
    two[0].types(note="quiet")
    stranger = Page(as_(people.stranger), chart, "treatment", "c")
    assert stranger.types(note="mine")[1]["theirs"] == {}
    stranger.known = two[0].known
    assert stranger.types(note="mine") == (409, {"state": "gone", "theirs": {}})
    assert fields(two[0].client, chart, "treatment") == {"note": ["quiet"]}


def test_a_message_that_lost_the_race_is_merged_into_what_won(people, as_, chart, monkeypatch):
    """Between reading the draft and writing it somebody else writes."""
    one, other = Page(as_(people.practitioner), chart, "treatment", "a"), Page(as_(people.nurse), chart, "treatment", "b")
    one.types(note="quiet")
    merged, raced = drafts._merged, []

    def slow(*arguments):
        if not raced:
            raced.append(True)
            one.types(pain_score="2")
        return merged(*arguments)

    monkeypatch.setattr(drafts, "_merged", slow)
    status, said = other.types(given_on="2026-11-23")
    assert status == 200
    assert set(said["theirs"]) == {"note", "pain_score"}
    assert fields(one.client, chart, "treatment") == {"note": ["quiet"], "pain_score": ["2"], "given_on": ["2026-11-23"]}


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_two_pages_type_no_value_vanishes_unseen(data, people):
    """In any order: a value that was acknowledged is only replaced by a page that has been told of it."""
    Draft.objects.all().delete()
    pages = {"a": ("", 0, {}), "b": ("", 0, {})}
    known: dict[str, str] = {}
    for step, (name, key, value) in enumerate(data.draw(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from("123")), max_size=12))):
        draft, base, saw = pages[name]
        sent = drafts.Sent({key: [value]}, draft, base, name, step + 1)
        kept = drafts.keep_draft(by=people.nurse, at=NOW, key="/x/#f", shared=False, sent=sent)
        saw = {**saw, **{other: said["texts"][0] for other, said in kept.theirs.items()}}
        if kept.state == "kept":
            assert known.get(key) in (None, value, saw.get(key)), "it was replaced, and this page had not seen it"
            known[key] = saw[key] = value
        else:
            assert saw[key] == known[key] != value
        assert {field: texts[0] for field, texts in Draft.objects.get().fields.items()} == known
        pages[name] = (str(kept.draft.pk), kept.draft.sequence, saw)


def test_each_person_comes_back_to_their_own_place(people, two, chart):
    one, other = two
    place = {"name": "note", "value": "", "start": 2, "end": 3, "top": 120}
    keep(one.client, {"note": ["quiet"]}, chart, "treatment", page="a", step=1, place={**place, "more": "x" * 1000})
    assert shown(one.client, chart)["treatment"]["place"] == place
    assert shown(other.client, chart)["treatment"]["place"] is None


def test_the_blend_has_a_row_for_each_part_that_was_typed(people, as_):
    visit = ready.planned_visit(people)
    here, client = f"/visits/{visit.pk}/formulation/", as_(people.practitioner)
    assert client.get(here).content.decode().count('name="volume-') == 1
    keep(client, {"presentation-1": ["lidocaine_2pct"], "volume-1": ["0.5"], "rows": ["2"]}, here, "blend")
    assert client.get(here).content.decode().count('name="volume-') == 2


def test_the_consent_opens_in_the_language_in_which_somebody_began_to_sign(people, as_):
    visit = ready.planned_visit(people)
    here, client = f"/visits/{visit.pk}/consent/", as_(people.practitioner)
    assert 'data-draft="consent-en"' in client.get(here).content.decode()
    keep(client, {"signature_path": ["M1 1L2 2"]}, here, "consent-fr")
    assert 'data-draft="consent-fr"' in client.get(here).content.decode()
    assert 'data-draft="consent-en"' in client.get(f"{here}?language=en").content.decode()


# ── whatever is sent there ──


def test_a_draft_with_markup_stays_text(people, as_):
    client = as_(people.nurse)
    keep(client, {"note": ["</script><script>alert(1)</script>"]})
    assert "<script>alert" not in client.get(HERE).content.decode()
    assert fields(client) == {"note": ["</script><script>alert(1)</script>"]}


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\udc00x", "a\ud83d", "\x01\x7f\ufffe", "😀", "שלום", "e\u0301"])
def test_signs_that_no_database_keeps_do_not_lose_the_draft(people, as_, text):
    client = as_(people.nurse)
    kept = keep(client, {"note": [text], text: ["x"]}, page=text, place={"name": text})
    assert kept.status_code == 200
    assert fields(client)["note"][0] == text.replace("\x00", "").encode("utf-8", "replace").decode()
    assert keep(client, {"a": ["b"]}, path=HERE + text, form=text).status_code == 200
    assert discard(client, kept.json()).status_code == 200


BAD = {
    "nothing": b"",
    "no JSON": b"{",
    "not UTF-8": b'{"path": "\xff\xfe", "form": "new", "changed": {}}',
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "text": b'"key"',
    "no form": b'{"path": "/patients/new/", "changed": {}}',
    "no fields": b'{"path": "/patients/new/", "form": "new"}',
    "nested too deep": b"[" * 100_000,
    "a number of ten thousand digits": b'{"path": ' + b"9" * 10_000 + b"}",
    "fields as a list": b'{"path": "/", "form": "new", "changed": []}',
    "fields as text": b'{"path": "/", "form": "new", "changed": "x"}',
    "values that are no texts": b'{"path": "/", "form": "new", "changed": {"a": {"b": 1}}}',
    "a value that is no number": b'{"path": "/", "form": "new", "changed": {"a": [NaN]}}',
    "infinity": b'{"path": "/", "form": "new", "changed": {"a": Infinity}}',
    "key too long": b'{"path": "' + b"x" * 121 + b'", "form": "", "changed": {}}',
    "too many fields": json.dumps({"path": "/", "form": "new", "changed": {str(n): ["x"] for n in range(MOST_FIELDS + 1)}}).encode(),
    "too much text": json.dumps({"path": "/", "form": "new", "changed": {"a": ["x" * (MOST_SIGNS + 1)]}}).encode(),
    "too much in names": json.dumps({"path": "/", "form": "new", "changed": {"x" * (MOST_SIGNS + 1): ["a"]}}).encode(),
    "a base that is no number": b'{"path": "/", "form": "new", "changed": {}, "base": "1"}',
    "a base below zero": b'{"path": "/", "form": "new", "changed": {}, "base": -1}',
    "a step past all counting": b'{"path": "/", "form": "new", "changed": {}, "step": 9007199254740992}',
    "a step that is true": b'{"path": "/", "form": "new", "changed": {}, "step": true}',
    "discard of nothing": b'{"path": "/", "form": "new", "discard": true}',
    "discard of no draft": b'{"path": "/", "form": "new", "discard": true, "draft": "x"}',
    "form as UTF-16": '{"path": "\ud83d"'.encode("utf-16", "surrogatepass"),
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_what_is_no_draft_is_answered_with_a_sentence(people, as_, body):
    answer = as_(people.nurse).post("/drafts/", body, content_type="application/json")
    assert answer.status_code in (400, 413)
    assert answer.json()["error"].endswith(".")
    assert Draft.objects.count() == 0


def test_a_draft_is_only_posted(people, as_):
    assert as_(people.nurse).get("/drafts/").status_code == 405
    assert as_(people.nurse).delete("/drafts/").status_code == 405
