"""From a lot to its patients and back: found, listed, written to, exported; and what lesions share where the day begins."""

from __future__ import annotations

import csv
import io
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pistor.actions.recall import dismiss_alert, open_recall
from pistor.records.audit import AuditEvent
from pistor.records.recalls import Alert, Recall, RecallLetters
from pistor.records.syringes import Syringe
from tests import ready
from tests.actions.test_recall import ago, given, lump, treated, vial_of, with_draws
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def lot(people):
    return ready.lot(people.clinic, "sodium_chloride_09pct", "S-1")


@pytest.fixture
def recall(people, lot):
    given(people.practitioner, lot, family_name="Zweig", phone="+33 6 11", given_name="=1+1")
    given(people.practitioner, lot, days=9, family_name="Ash", zone="scalp")
    return open_recall(scope="lot", subject=lot.pk, since=ago(120), by=people.practitioner, at=NOW)


def text_of(answer) -> str:
    return answer.content.decode()


def do(client, recall, what, **fields):
    return client.post(f"/recall/{recall.pk}/", {"do": what, f"{what}-token": uuid.uuid4(), **{f"{what}-{name}": value for name, value in fields.items()}})


def test_a_lot_is_found_by_number_and_says_how_many_where_and_when_without_a_name(people, as_, lot, recall):
    client = as_(people.nurse)
    for asked in ("?number=s-&days=120", f"?lot={lot.pk}", "?number=S-1"):
        text = text_of(client.get(f"/recall/{asked}"))
        assert "Diluent lot" in text
        assert "<strong>2</strong>, treated with it between 24 Oct 2026 and 14 Nov 2026" in text
        assert "Ash" not in text
    assert "0 of 2: 0 % (95 % interval 0 to 65.8 %)" in text
    assert "Go on with it" in text
    assert "<strong>1</strong>" in text_of(client.get("/recall/?number=S-1&days=20"))


def test_several_lots_are_offered_none_is_said_and_nonsense_is_refused_in_words(people, as_, lot):
    ready.lot(people.clinic, "lidocaine_2pct", "S-12"), ready.lot(people.clinic, "procaine_2pct", "S-13")
    client = as_(people.owner)
    text = text_of(client.get("/recall/?number=S"))
    assert text.count("?lot=") == 3
    assert "No lot of this clinic begins like this" in text_of(client.get("/recall/?number=Q"))
    for asked in ("number=S&days=0", "number=S&days=x", f"operator={people.stranger.pk}", "operator=x"):
        assert 'aria-invalid="true"' in text_of(client.get(f"/recall/?{asked}")), asked
    for asked in ("lot=x", "lot=", f"lot={uuid.uuid4()}", "days=9"):
        assert "Open a recall" not in text_of(client.get(f"/recall/?{asked}")), asked
    assert str(people.stranger.pk) not in text


def test_an_operators_patients_are_counted(people, as_):
    given(people.practitioner)
    text = text_of(as_(people.owner).get(f"/recall/?operator={people.practitioner.pk}"))
    assert f'Operator <span dir="auto">{people.practitioner.printed_name}' in text
    assert "<strong>1</strong>" in text


def test_a_recall_is_opened_from_what_was_found(people, as_, lot):
    given(people.practitioner, lot)
    client = as_(people.owner)
    answer = client.post("/recall/", {"token": uuid.uuid4(), "scope": "lot", "subject": lot.pk, "since": "2026-07-26", "told": ""})
    row = Recall.objects.get()
    assert answer["Location"] == f"/recall/{row.pk}/"
    assert "Moreau" in text_of(client.get(answer["Location"]))
    again = client.post("/recall/", {"token": uuid.uuid4(), "scope": "lot", "subject": lot.pk, "since": "2026-07-26"})
    assert (again.status_code, "A recall of this is open" in text_of(again)) == (409, True)
    for fields in ({"since": ""}, {"subject": "x"}, {"scope": "town"}):
        assert client.post("/recall/", {"token": uuid.uuid4(), "scope": "lot", "subject": lot.pk, "since": "2026-07-26", **fields}).status_code == 422


def test_the_list_shows_state_zone_and_lesion_and_filters(people, as_, lot, recall):
    client = as_(people.nurse)
    lump(people, recall.contacts.get(patient__family_name="Ash").patient.treatments.get())
    text = text_of(client.get(f"/recall/{recall.pk}/"))
    assert text.index("Ash") < text.index("Zweig")
    assert "1 of 2 patients: 50 %" in text
    assert text.count("suspected infection reported") == 1
    assert "Scalp" in text
    assert "Nobody is in this state" in text_of(client.get(f"/recall/{recall.pk}/?state=reached&page=x"))


def test_the_number_of_queries_does_not_grow_with_the_list(people, as_, lot, recall):
    client = as_(people.practitioner)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/recall/{recall.pk}/")
        counts.append(len(queries))
        for _ in range(5):
            given(people.practitioner, lot)
        do(client, recall, "add")
    assert counts[0] == counts[1] <= 25


def test_letters_are_printed_kept_and_shown_only_while_they_are_whole(people, as_, recall):
    client = as_(people.nurse)
    assert do(client, recall, "letters", phone="").status_code == 422
    assert do(client, recall, "letters", phone="01 23 45 67 89").status_code == 302
    kept = RecallLetters.objects.get()
    url = f"/recall/{recall.pk}/letters/{kept.pk}.pdf"
    answer = client.get(url)
    assert (answer["Content-Type"], answer.content[:5], answer["Cache-Control"]) == ("application/pdf", b"%PDF-", "no-store")
    assert url in text_of(client.get(f"/recall/{recall.pk}/"))
    broken = RecallLetters.objects.create(clinic=people.clinic, created_at=NOW, recall=recall, number=1, content=b"other", sha256="0" * 64)
    assert client.get(f"/recall/{recall.pk}/letters/{broken.pk}.pdf").status_code == 409
    assert do(client, recall, "letters", phone="01 23 45 67 89").status_code == 409


def test_a_contact_is_recorded_on_a_page_of_its_own(people, as_, recall):
    client, contact = as_(people.nurse), recall.contacts.get(patient__family_name="Ash")
    here = f"/recall/{recall.pk}/contacts/{contact.pk}/"
    assert client.post(here, {"token": uuid.uuid4(), "state": "reached"}).status_code == 422
    answer = client.post(here, {"token": uuid.uuid4(), "state": "acknowledged", "how": "phone", "note": "feels well"})
    assert answer["Location"] == f"/recall/{recall.pk}/"
    text = text_of(client.get(here))
    assert "Has confirmed" in text
    assert "feels well" in text


def test_freezing_and_closing(people, as_, lot, recall):
    client = as_(people.owner)
    assert do(client, recall, "freeze").status_code == 422
    assert do(client, recall, "freeze", lots=[lot.pk]).status_code == 302
    lot.refresh_from_db()
    assert lot.state == "quarantined"
    assert "Freeze lots" not in text_of(client.get(f"/recall/{recall.pk}/"))
    assert do(client, recall, "close").status_code == 409
    assert do(client, recall, "close", reason="false alarm").status_code == 302
    assert "false alarm" in text_of(client.get(f"/recall/{recall.pk}/"))
    assert do(client, recall, "nothing").status_code == 422


def test_the_export_names_its_patients_only_inside_and_notes_who_took_it(people, as_, recall):
    client = as_(people.nurse)
    assert client.get(f"/recall/{recall.pk}/contacts.csv").status_code == 405
    answer = client.post(f"/recall/{recall.pk}/contacts.csv")
    rows = list(csv.DictReader(io.StringIO(text_of(answer))))
    assert [(row["family name"], row["given name"], row["telephone"], row["zones"], row["first exposed"], row["state"]) for row in rows] == [
        ("Ash", "Claire", "", "Scalp left", "2026-11-14", "To be told"), ("Zweig", "'=1+1", "'+33 6 11", "Neck left", "2026-10-24", "To be told"),
    ]  # fmt: skip
    assert answer["Content-Disposition"] == 'attachment; filename="recall-2026-11-23.csv"'
    assert answer["Cache-Control"] == "no-store"
    event = AuditEvent.objects.get(verb="recall.exported")
    assert (event.actor, event.detail, event.patient_id) == (people.nurse.pk, {}, None)


@pytest.mark.parametrize(("who", "buttons"), [
    ("practitioner", {"Freeze these lots", "Write the letters", "Export the list", "Close recall"}), ("nurse", {"Write the letters", "Export the list"}),
    ("owner", {"Freeze these lots", "Close recall"}),
])  # fmt: skip
def test_each_role_is_offered_what_it_may_do(people, as_, recall, who, buttons):
    text = text_of(as_(getattr(people, who)).get(f"/recall/{recall.pk}/"))
    assert {word for word in ("Freeze these lots", "Write the letters", "Export the list", "Close recall") if word in text} == buttons


# ── alerts ──


@pytest.fixture
def lesions(people, lot):
    visits = [given(people.practitioner, lot, family_name=name) for name in ("Ash", "Bois")]
    given(people.practitioner)
    return [lump(people, visit) for visit in visits]


def test_an_alert_stands_where_the_day_begins_and_on_the_report_the_most_telling_first(people, as_, lesions):
    client = as_(people.nurse)
    for url in ("/", f"/visits/{lesions[0].treatment_id}/reactions/{lesions[0].pk}/", "/recall/"):
        text = text_of(client.get(url))
        assert 0 < text.index("Diluent lot") < text.index("Operator <span"), url
        assert "with a suspected infection; 2 of 3 treated patients had it" in text
        assert "all patients share this" in text, "one operator treated everybody"
    assert "Diluent lot" not in text_of(as_(people.front_desk).get("/"))
    assert "Diluent lot" not in text_of(as_(people.stranger).get("/"))


def test_a_report_that_shares_nothing_shows_no_alert(people, as_, lesions):
    other = lump(people, given(people.practitioner, operator=people.nurse))
    assert "Diluent lot" not in text_of(as_(people.nurse).get(f"/visits/{other.treatment_id}/reactions/{other.pk}/"))


def test_an_alert_page_weighs_names_leads_on_and_is_dismissed_only_with_a_reason(people, as_, lot, lesions):
    row, client = Alert.objects.get(scope="lot"), as_(people.practitioner)
    here = f"/recall/alerts/{row.pk}/"
    text = text_of(client.get(here))
    assert "2 of 2: 100 % (95 % interval 34.2 to 100 %)" in text
    assert "33 %: how often so many of them would have had it" in text
    assert "Ash" in text
    assert f"?lot={lot.pk}" in text
    assert client.post(here, {"token": uuid.uuid4(), "reason": ""}).status_code == 422
    assert client.post(here, {"token": uuid.uuid4(), "reason": "Biopsies show granulomas"}).status_code == 302
    assert "Biopsies show granulomas" in text_of(client.get(here))
    assert client.post(here, {"token": uuid.uuid4(), "reason": "again"}).status_code == 409
    assert "Diluent lot" not in text_of(client.get("/"))


def test_an_alert_on_what_everybody_had_says_that_it_tells_nothing(people, as_, lesions):
    row = Alert.objects.get(scope="operator")
    text = text_of(as_(people.owner).get(f"/recall/alerts/{row.pk}/"))
    assert "All patients share this, so it tells nothing" in text
    assert "Dismiss this alert" not in text
    dismiss_alert(alert=row, reason="only one person works here", by=people.practitioner, at=NOW)


def test_zones_are_named_by_syringe_on_the_list_the_contact_and_in_the_file(people, as_, recall, lot):
    client, contact = as_(people.nurse), recall.contacts.get(patient__family_name="Ash")
    visit, other = contact.patient.treatments.get(), ready.lot(people.clinic, number="L-1")
    for of, zone in ((lot, "face"), (other, "abdomen")):
        with_draws(visit, people.practitioner, vial_of(people.practitioner, of))
        treated(visit, people.practitioner, zone, Syringe.objects.get(treatment=visit, draws__lot=of))
    here = f"/recall/{recall.pk}/"
    pages = [client.get(here), client.get(f"{here}contacts/{contact.pk}/"), client.post(f"{here}contacts.csv")]
    for text in map(text_of, [*pages, client.get(f"/recall/?lot={lot.pk}")]):
        assert ("Face" in text, "Scalp" in text, "Abdomen" in text) == (True, True, False)
    assert "given out of a syringe that held it" in text
