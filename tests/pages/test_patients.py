"""Patients are found, added once, edited without losing a colleague's work; a course is started once."""

from __future__ import annotations

import io
import re
import uuid

import pypdf
import pytest

from pistor.exchange.symbols import symbol_on_screen
from pistor.records.audit import AuditEvent, verify_chain
from pistor.records.consultation import Patient
from pistor.records.course import Course
from pistor.records.treatment import Treatment
from tests import factories

pytestmark = pytest.mark.django_db
NEW = {
    "family_name": "Dubois",
    "given_name": "Léa",
    "birth_date": "1985-03-14",
    "sex": "female",
    "phone": "01 02",
    "email": "lea@example.org",
    "language": "fr",
}


def token(page) -> str:
    return re.search(r'name="token" value="([^"]+)"', page.content.decode())[1]


def add(client, **fields):
    return client.post("/patients/new/", {**NEW, "token": uuid.uuid4(), **fields})


def edit(client, patient, **fields):
    now = {name: getattr(patient, name) or "" for name in (*NEW, "version")}
    return client.post(f"/patients/{patient.pk}/edit/", {**now, "token": uuid.uuid4(), **fields})


# ── the list ──


def test_search_is_posted_so_that_no_name_stands_in_an_address(people, as_):
    factories.patient(people.practitioner, family_name="Dubois")
    client = as_(people.front_desk)
    text = client.get("/patients/").content.decode()
    assert re.search(r'<form method="post"[^>]*role="search"', text)
    assert "Dubois" in client.post("/patients/", {"q": "dubois"}).content.decode()
    ignored = client.get("/patients/", {"q": "zzz"}).content.decode()  # an address with a query searches for nothing
    assert "zzz" not in ignored


@pytest.mark.parametrize(("query", "sentence"), [("x" * 121, "longer than 120"), ("Du\x00bois", "Null characters")])
def test_a_query_that_cannot_be_is_told_and_shows_nobody(people, as_, query, sentence):
    factories.patient(people.practitioner, family_name="Dubois")
    answer = as_(people.front_desk).post("/patients/", {"q": query})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert "Dubois," not in answer.content.decode()


def test_a_query_of_120_signs_is_answered(people, as_):
    answer = as_(people.front_desk).post("/patients/", {"q": "x" * 120})
    assert answer.status_code == 200
    assert "Nobody here" in answer.content.decode()


def test_a_query_is_shown_as_text(people, as_):
    text = as_(people.front_desk).post("/patients/", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in text


def names_of(answer) -> list[str]:
    return re.findall(r'<th scope="row"><a [^>]*>([^<]+)</a>', answer.content.decode())


def turn(client, answer, go):
    """Press the button that leads to the page after or before."""
    form = re.search(rf'<form method="post" class="page-{go}">(.*?)</form>', answer.content.decode(), re.S)
    assert form, f"no {go} page is offered"
    return client.post("/patients/", dict(re.findall(r'name="(q|go|key|pk|first)" value="([^"]*)"', form[1])))


def is_offered(answer, go) -> bool:
    return f'class="page-{go}"' in answer.content.decode()


@pytest.mark.parametrize("query", ["", "smith"])
def test_a_long_list_is_walked_page_by_page_and_back_without_a_gap(people, as_, query):
    for number in range(120):
        factories.patient(people.practitioner, family_name="Smith", given_name=f"Ann{number % 7}")  # equal names, and all changed at one moment
    client = as_(people.front_desk)
    pages = [client.post("/patients/", {"q": query}) if query else client.get("/patients/")]
    while is_offered(pages[-1], "next"):
        pages.append(turn(client, pages[-1], "next"))
    numbers = [re.findall(r"<td[^>]*>(P\d+)</td>", page.content.decode()) for page in pages]
    assert [len(page) for page in numbers] == [50, 50, 20]
    assert len({number for page in numbers for number in page}) == 120
    assert "51 to 100" in pages[1].content.decode()
    back = turn(client, pages[2], "previous")
    assert names_of(back) == names_of(pages[1])
    first = turn(client, back, "previous")
    assert names_of(first) == names_of(pages[0])
    assert not is_offered(first, "previous")


def test_turning_a_page_asks_the_database_no_more_and_puts_no_name_into_an_address(people, as_, django_assert_max_num_queries):
    for number in range(60):
        factories.patient(people.practitioner, family_name="Smith", given_name=f"Ann{number}")
    client = as_(people.front_desk)
    page = client.post("/patients/", {"q": "smith"})
    with django_assert_max_num_queries(3):
        answer = turn(client, page, "next")
    assert answer.status_code == 200
    assert len(names_of(answer)) == 10
    assert not re.search(r'(href|action)="[^"]*mith', answer.content.decode())


KEYS_THAT_CANNOT_BE = ("yesterday", "2026-02-31T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-23T10:00:00")


@pytest.mark.parametrize(
    "sent",
    [
        {"go": "sideways"},
        {"go": "next"},
        {"go": "next", "pk": "1", "first": "x"},
        *({"go": "next", "key": key, "pk": uuid.uuid4(), "first": 51} for key in KEYS_THAT_CANNOT_BE),
    ],
)
def test_a_page_that_cannot_be_is_told(people, as_, sent):
    answer = as_(people.front_desk).post("/patients/", {"q": "", **sent})
    assert answer.status_code == 422


def test_a_page_after_everybody_says_so(people, as_):
    factories.patient(people.practitioner, family_name="Smith")
    answer = as_(people.front_desk).post("/patients/", {"q": "smith", "go": "next", "key": "zzz", "pk": uuid.uuid4(), "first": 51})
    assert "Nobody stands after these" in answer.content.decode()


# ── the banner ──


@pytest.mark.parametrize("page", ["", "edit/", "start/"])
def test_the_banner_stands_on_every_page_of_a_patient_for_those_who_may_see_it(people, as_, page):
    patient = factories.patient(people.practitioner)
    assert 'class="banner"' in as_(people.practitioner).get(f"/patients/{patient.pk}/{page}").content.decode()
    if page != "start/":
        assert 'class="banner"' not in as_(people.front_desk).get(f"/patients/{patient.pk}/{page}").content.decode()


def test_every_allergy_can_be_reached_from_the_banner(people, as_):
    patient = factories.patient(people.practitioner)
    for number in range(5):
        factories.history(patient, "allergy", f"allergy {number}", {"coding": [], "active": True, "refuted": False}, label=f"Allergen {number}")
    banner = as_(people.practitioner).get(f"/patients/{patient.pk}/").content.decode().split('class="banner"')[1].split("</section>")[0]
    assert "and 2 more" in banner
    assert all(f"Allergen {number}" in banner for number in range(5))


# ── adding ──


def test_the_same_form_posted_twice_makes_one_patient_and_leads_to_it(people, as_):
    client, form = as_(people.front_desk), uuid.uuid4()
    first, second = add(client, token=form), add(client, token=form)
    patient = Patient.objects.get()
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"] == f"/patients/{patient.pk}/"
    assert AuditEvent.objects.filter(verb="add_patient").count() == 1
    assert verify_chain(people.clinic) == []


def test_a_second_person_with_the_same_name_is_asked_about(people, as_):
    client = as_(people.front_desk)
    add(client)
    asked = add(client)
    assert asked.status_code == 409
    assert "Perhaps this patient is here already" in asked.content.decode()
    assert Patient.objects.count() == 1
    assert add(client, same_person_checked="on").status_code == 302
    assert len(set(Patient.objects.values_list("number", flat=True))) == 2


def test_the_first_copy_of_a_form_counts_even_when_the_name_now_looks_taken(people, as_):
    """The answer to the first click is lost; the second click must lead to the patient, not ask whether it is another."""
    client, form = as_(people.front_desk), uuid.uuid4()
    add(client, token=form)
    again = add(client, token=form)
    assert again.status_code == 302
    assert Patient.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("family_name", "", "required"),
        ("family_name", "  \t", "required"),
        ("family_name", "\u200b\u200b", "family name is empty"),
        ("family_name", "x" * 101, "100"),
        ("given_name", "x" * 101, "100"),
        ("phone", "1" * 41, "40"),
        ("email", "a" * 255, "254"),
        ("birth_date", "yesterday", "year-month-day"),
        ("birth_date", "1985-02-30", "year-month-day"),
        ("birth_date", "2190-01-01", "future"),
        ("birth_date", "1802-01-01", "too long ago"),
        ("sex", "robot", "valid choice"),
        ("language", "xx", "valid choice"),
        ("token", "not-a-token", "Reload"),
        ("token", "", "changed on its way"),
        *((field, "Du\x00bois", "Null characters") for field in ("family_name", "given_name", "phone", "email")),
        *((field, "\x00", "") for field in ("birth_date", "sex", "language", "token", "version")),
    ],
)
def test_what_cannot_be_kept_is_said_and_nothing_is_written(people, as_, field, value, sentence):
    answer = add(as_(people.front_desk), **{field: value})
    assert answer.status_code in (409, 422)
    text = answer.content.decode()
    assert sentence.lower() in text.lower()
    assert "Léa" in text or field == "given_name"  # what was typed is kept
    assert "error-summary" in text
    assert Patient.objects.count() == 0
    assert AuditEvent.objects.count() == 0


@pytest.mark.parametrize("written", ["1985-03-14", "14.03.1985", "14/3/1985"])
def test_a_date_of_birth_is_read_as_the_search_reads_it(people, as_, written):
    add(as_(people.front_desk), birth_date=written)
    assert Patient.objects.get().birth_date.isoformat() == "1985-03-14"


@pytest.mark.parametrize("name", ["王小明", "الحداد", "O'Brien", "<b>Bold</b>", "ﷺ" * 5, "ß" * 100, "😀", "Ｆｕｌｌ"])
def test_every_name_a_person_can_have_is_kept_and_found_again(people, as_, name):
    client = as_(people.front_desk)
    shown = client.get(add(client, family_name=name, given_name="")["Location"])
    assert Patient.objects.get().family_name == name
    assert shown.status_code == 200
    assert "<b>Bold</b>" not in shown.content.decode()
    assert str(Patient.objects.get().pk) in client.post("/patients/", {"q": name}).content.decode()


def test_a_patient_with_the_longest_names_is_found_by_number(people, as_):
    client = as_(people.front_desk)
    add(client, family_name="ß" * 100, given_name="ß" * 100)
    assert str(Patient.objects.get().pk) in client.post("/patients/", {"q": Patient.objects.get().number}).content.decode()


# ── editing ──


def test_two_people_editing_one_patient_lose_nothing(people, as_):
    patient = factories.patient(people.practitioner, phone="01 11", version=1)
    nurse, desk = as_(people.nurse), as_(people.front_desk)
    assert edit(nurse, patient, phone="02 22").status_code == 302
    late = edit(desk, patient, phone="03 33", email="typed@example.org")
    text = late.content.decode()
    assert late.status_code == 409
    assert people.nurse.printed_name in text  # who was here in between
    assert "Nothing was overwritten" in text
    assert "02 22" in text  # what stands there now
    assert 'value="03 33"' in text  # what was typed
    assert 'value="typed@example.org"' in text
    assert 'name="version" value="2"' in text
    patient.refresh_from_db()
    assert (patient.phone, patient.email) == ("02 22", "")
    assert edit(desk, patient, phone="03 33", token=token(late)).status_code == 302  # now with the newer state seen
    patient.refresh_from_db()
    assert (patient.phone, patient.version) == ("03 33", 3)


@pytest.mark.parametrize("version", ["", "0", "99", "-1", "x", "99999999999999999999999999"])
def test_an_edit_without_the_version_it_was_typed_on_is_not_taken(people, as_, version):
    patient = factories.patient(people.practitioner, phone="01 11")
    answer = edit(as_(people.nurse), patient, phone="02 22", version=version)
    assert answer.status_code in (409, 422)
    patient.refresh_from_db()
    assert patient.phone == "01 11"


def test_the_same_edit_posted_twice_is_taken_once(people, as_):
    patient = factories.patient(people.practitioner)
    client, form = as_(people.nurse), uuid.uuid4()
    answers = [edit(client, patient, phone="02 22", token=form) for _ in range(2)]
    assert [answer["Location"] for answer in answers] == [f"/patients/{patient.pk}/"] * 2
    assert AuditEvent.objects.filter(verb="edit_patient").count() == 1


def test_a_renamed_patient_is_found_under_the_new_name_only(people, as_):
    patient = factories.patient(people.practitioner, family_name="Before")
    client = as_(people.nurse)
    edit(client, patient, family_name="After")
    assert "After," in client.post("/patients/", {"q": "after"}).content.decode()
    assert "Nobody here" in client.post("/patients/", {"q": "before"}).content.decode()


def test_death_before_birth_is_refused(people, as_):
    patient = factories.patient(people.practitioner)
    answer = edit(as_(people.nurse), patient, deceased_on="1980-01-01")
    assert answer.status_code == 409
    assert "before the date of birth" in answer.content.decode()


# ── starting ──


def start(client, patient, **fields):
    return client.post(f"/patients/{patient.pk}/start/", {"indication": "neck_pain:neck", "goal": "less pain", "token": uuid.uuid4(), **fields})


def test_a_course_is_started_once_however_often_the_form_comes(people, as_):
    patient, client, form = factories.patient(people.practitioner), as_(people.practitioner), uuid.uuid4()
    places = {start(client, patient, token=form)["Location"] for _ in range(3)}
    assert places == {f"/visits/{Treatment.objects.get().pk}/"}
    assert Course.objects.count() == 1


@pytest.mark.parametrize(
    "fields",
    [{"indication": ""}, {"indication": "unknown:neck"}, {"indication": "neck_pain:face"}, {"indication": "neck_pain"}, {"indication": "\x00"},
     {"goal": "x" * 501}, {"goal": "a\x00b"}, {"token": "x"}],
)  # fmt: skip
def test_a_start_that_cannot_be_is_told(people, as_, fields):
    patient = factories.patient(people.practitioner)
    answer = start(as_(people.practitioner), patient, **fields)
    assert answer.status_code in (409, 422)
    assert "error-summary" in answer.content.decode()
    assert Course.objects.count() == 0


@pytest.mark.parametrize(
    ("indication", "protocol"),
    [
        ("low_back_pain:lumbar", "low_back_pain_lidocaine_ketoprofen"),
        ("facial_skin_quality:face", "facial_skin_vitamin_blend"),
        ("female_pattern_hair_loss:scalp", "alopecia_minoxidil"),
    ],
)
def test_every_protocol_of_the_indication_can_be_chosen(people, as_, indication, protocol):
    patient, client = factories.patient(people.practitioner), as_(people.practitioner)
    assert f'value="{protocol}"' in client.get(f"/patients/{patient.pk}/start/").content.decode()
    assert start(client, patient, indication=indication, protocol=protocol).status_code == 302
    assert Course.objects.get().protocol == protocol


def test_what_the_studies_say_stands_beside_each_protocol_before_it_is_chosen(people, as_):
    page = as_(people.practitioner).get(f"/patients/{factories.patient(people.practitioner).pk}/start/").content.decode()
    for id_, word in (("facial_skin_vitamin_blend", "negative"), ("facial_skin_polynucleotides", "unproven"), ("submental_deoxycholic_acid", "labelled")):
        assert page.split(f'value="{id_}"')[1].split("</option>")[0].endswith(word)
    assert page.index("Melasma of the face") < page.index("Female pattern hair loss") < page.index("Lipoma, thigh")  # skin, hair, fat


def test_without_a_choice_the_clinics_policy_decides(people, as_):
    start(as_(people.practitioner), factories.patient(people.practitioner), indication="low_back_pain:lumbar")
    assert (Course.objects.get().policy, Course.objects.get().protocol) == ("single_active", "low_back_pain_lidocaine")


def test_a_protocol_of_another_indication_is_refused(people, as_):
    answer = start(as_(people.practitioner), factories.patient(people.practitioner), protocol="alopecia_minoxidil")
    assert answer.status_code == 409
    assert "is not one for" in answer.content.decode()
    assert Course.objects.count() == 0


def test_nothing_is_started_for_a_patient_who_died(people, as_):
    patient = factories.patient(people.practitioner, deceased_on="2026-01-01")
    answer = start(as_(people.practitioner), patient)
    assert answer.status_code == 409
    assert "died" in answer.content.decode()


def test_a_patient_with_many_courses_takes_no_more_queries_than_one_with_one(people, as_, django_assert_max_num_queries):
    patients = [factories.patient(people.practitioner, number=f"C{count}") for count in (1, 5)]
    for patient, count in zip(patients, (1, 5), strict=True):
        for _ in range(count):
            factories.visit(factories.course(patient))
    client = as_(people.practitioner)
    for patient in patients:
        with django_assert_max_num_queries(8):
            assert client.get(f"/patients/{patient.pk}/").status_code == 200


def test_the_front_desk_prints_the_label_that_is_read_before_the_needle(people, as_):
    patient = factories.patient(people.front_desk, number="A 12%", family_name="Dubois", given_name="Zoé")
    client = as_(people.front_desk)
    answer = client.get(f"/patients/{patient.pk}/label.pdf")
    words = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    for said in ("Dubois, Zoé", "born 14 Mar 1985", "Clinique du Parc", "A 12%"):
        assert said in words, words
    assert symbol_on_screen("P1:P:A%2012%25") in client.get(f"/patients/{patient.pk}/").content.decode()
