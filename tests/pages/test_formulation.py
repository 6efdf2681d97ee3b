"""The formulation page: rows by posting, what is shown, what is refused, who may see it."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse
from django.utils.html import escape

from pistor.knowledge import load
from pistor.records.formulation import Formulation
from tests import factories
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    return factories.visit(factories.course(factories.patient(people.practitioner), protocol="neck_pain_lidocaine", policy="single_active"))


def url(visit):
    return reverse("formulation:show", args=[visit.pk])


def posted(visit, rows, **more):
    data = {"token": uuid.uuid4(), "version": visit.course.version, "policy": "single_active", "do": "save", **more}
    for number, (presentation, volume) in enumerate(rows):
        data |= {f"presentation-{number}": presentation, f"volume-{number}": volume}
    return data


def text_of(response):
    return " ".join(response.content.decode().split())


def test_the_page_begins_with_the_blend_of_the_protocol(people, as_, visit):
    page = text_of(as_(people.practitioner).get(url(visit)))
    assert "Neck pain, lidocaine alone" in page
    assert '<option value="lidocaine_2pct" selected>' in page
    assert "the weight is not recorded" in page.casefold()


def test_a_protocol_without_published_amounts_begins_empty_and_says_why(people, as_):
    course = factories.course(factories.patient(people.practitioner), application="skin", indication="facial_skin_quality", zone="face", protocol="facial_skin_vitamin_blend")
    page = text_of(as_(people.practitioner).get(url(factories.visit(course))))
    assert "vitamin blend (negative in trials)” no product and volume are published" in page
    assert "Begins with the blend" not in page
    assert " selected>" not in page.split("Policy for this course")[0]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"indication": "calcific_shoulder_tendinitis", "zone": "shoulder", "protocol": "calcific_shoulder_edta_procaine"}, "holds Disodium EDTA:"),
        (
            {"application": "skin", "indication": "facial_skin_quality", "zone": "face", "protocol": "facial_skin_botulinum_microdroplets"},
            "holds Botulinum toxin A in microdroplets:",
        ),
    ],
)
def test_a_protocol_whose_product_is_not_known_says_so_and_leads_on(people, as_, fields, says):
    visit = factories.visit(factories.course(factories.patient(people.practitioner), **fields))
    page = as_(people.practitioner).get(f"/visits/{visit.pk}/formulation/").content.decode()
    assert says in page
    assert f'href="/visits/{visit.pk}/alternatives/"' in page.split(says)[1].split("</p>")[0]
    for item in load().protocols[fields["protocol"]].confirm:
        assert escape(item) in page


def test_saving_leads_to_the_visit_and_the_page_then_shows_what_was_saved(people, as_, visit):
    client = as_(people.practitioner)
    response = client.post(url(visit), posted(visit, [("lidocaine_1pct", "2,5")]))
    assert response.status_code == 302
    assert response["Location"] == reverse("formulation:show", args=[visit.pk])
    assert Formulation.objects.get().parts == [{"presentation": "lidocaine_1pct", "volume_ml": "2.5"}]
    assert '<option value="lidocaine_1pct" selected>' in text_of(client.get(url(visit)))


def test_a_moment_is_shown_as_the_day_it_was_in_the_clinic(people, as_, visit):
    """At 9:00 UTC it is still the evening before in Hawaii."""
    people.clinic.time_zone = "Pacific/Honolulu"
    people.clinic.save(update_fields=["time_zone"])
    client = as_(people.practitioner)
    client.post(url(visit), posted(visit, [("lidocaine_1pct", "2,5")]))
    assert Formulation.objects.get().created_at == NOW
    assert "The blend saved on 22 Nov 2026 is shown" in text_of(client.get(url(visit)))


def test_rows_are_added_and_removed_without_saving(people, as_, visit):
    client = as_(people.practitioner)
    added = text_of(client.post(url(visit), posted(visit, [("lidocaine_2pct", "1")], do="add")))
    assert 'id="volume-1"' in added
    assert 'value="1"' in added
    removed = text_of(client.post(url(visit), posted(visit, [("lidocaine_2pct", "1"), ("sodium_chloride_09pct", "4")], do="remove-0")))
    assert '<option value="sodium_chloride_09pct" selected>' in removed
    assert 'id="volume-1"' not in removed
    assert not Formulation.objects.exists()


def test_working_out_shows_concentrations_and_that_nothing_is_known_of_the_pair(people, as_, visit):
    page = text_of(as_(people.practitioner).post(url(visit), posted(visit, [("lidocaine_2pct", "1"), ("sodium_chloride_09pct", "4")], do="check")))
    assert '4 <span class="unit">mg/mL</span>' in page
    assert "No data" in page
    assert "Unknown is not compatible" in page
    assert "4.7 to 7" in page  # by charge balance: saline hardly buffers
    assert "315.2" in page


def test_an_unknown_ph_is_hatched_and_names_the_part(people, as_, visit):
    page = text_of(as_(people.practitioner).post(url(visit), posted(visit, [("ketoprofen_50mg_ml", "1")], do="check")))
    assert '<p class="nodata">Not known for Ketoprofen 100 mg/2 mL ampoule.' in page


@pytest.mark.parametrize(
    ("rows", "status", "says"),
    [
        ([("lidocaine_2pct", "-1")], 422, "The volume must be more than 0 mL."),
        ([("lidocaine_2pct", "a lot")], 422, "Enter the volume in mL"),
        ([("lidocaine_2pct", "NaN")], 422, "is not a number"),
        ([("", "1")], 422, "Choose the presentation"),
        ([("lidocaine_2pct", "1E+12")], 409, "cannot be entered"),
        ([("غير موجود", "1")], 409, "not in the library"),
        ([("deoxycholic_acid_10mg_ml", "1"), ("lidocaine_2pct", "1")], 409, "is given alone"),
        ([], 409, "at least one presentation"),
    ],
)
def test_bad_rows_get_a_sentence_and_keep_what_was_typed(people, as_, visit, rows, status, says):
    response = as_(people.practitioner).post(url(visit), posted(visit, rows))
    assert response.status_code == status
    assert says in text_of(response)
    for _, volume in rows:
        assert f'value="{volume}"' in text_of(response)
    assert not Formulation.objects.exists()


def test_a_form_sent_twice_is_kept_once(people, as_, visit):
    client, data = as_(people.practitioner), posted(visit, [("lidocaine_2pct", "1")])
    assert [client.post(url(visit), data).status_code for _ in range(2)] == [302, 302]
    assert Formulation.objects.count() == 1


def test_a_stale_page_is_told_and_can_be_saved_after_looking(people, as_, visit):
    client = as_(people.practitioner)
    client.post(url(visit), posted(visit, [("lidocaine_2pct", "1")]))
    stale = client.post(url(visit), posted(visit, [("lidocaine_2pct", "2")]))
    assert stale.status_code == 409
    assert "changed this record" in text_of(stale)
    assert 'value="2"' in text_of(stale)
    visit.course.refresh_from_db()
    assert f'name="version" value="{visit.course.version}"' in text_of(stale)


def test_the_tenfold_conflict_is_asked_with_both_readings(people, as_):
    course = factories.course(
        factories.patient(people.practitioner, sex="male"), application="hair", indication="androgenetic_alopecia", zone="scalp",
        protocol="alopecia_dutasteride", policy="pharmacy_prepared",
    )  # fmt: skip
    visit = factories.visit(course)
    page = text_of(as_(people.practitioner).get(url(visit)))
    assert 'value="0.5"' in page
    assert 'value="0.05"' in page
    assert "ABD09" in page
    assert "EJD23" in page
    assert "tenfold" in page


def test_no_element_has_an_inline_style_or_script(people, as_, visit):
    page = as_(people.practitioner).get(url(visit)).content.decode()
    assert "style=" not in page
    assert "<script>" not in page


@pytest.mark.parametrize(("role", "reads", "writes"), [("nurse", 200, 403), ("owner", 200, 403), ("front_desk", 403, 403), ("stranger", 404, 404)])
def test_who_may_see_and_change_the_blend(people, as_, visit, role, reads, writes):
    client = as_(getattr(people, role))
    assert client.get(url(visit)).status_code == reads
    assert client.post(url(visit), posted(visit, [("lidocaine_2pct", "1")])).status_code == writes
