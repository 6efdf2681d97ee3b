"""The page that draws the injection map."""

from __future__ import annotations

import uuid

import pytest

from pistor.exchange.pictures import map_svg
from pistor.knowledge import load
from pistor.records.injection_map import InjectionPlan
from pistor.records.plan import map_of
from tests import factories
from tests.ready import planned_visit

pytestmark = pytest.mark.django_db


def visit_of(person, **fields):
    return factories.visit(factories.course(factories.patient(person), protocol="neck_pain_lidocaine", **fields))


def typed(visit, **fields):
    return {
        "token": str(uuid.uuid4()), "version": visit.course.version, "areas": ["neck_back:neck:left", "neck_back:neck:right"],
        "technique": "pain_grid", "spacing_mm": "20", "volume_per_point_ml": "0.1", "needle_length_mm": "4", "inserted_length_mm": "4",
        "angle_deg": "30", "do": "save", **fields,
    }  # fmt: skip


def test_the_page_begins_with_what_is_published_and_draws_it(people, as_):
    visit = visit_of(people.practitioner)
    page = as_(people.practitioner).get(f"/visits/{visit.pk}/injection-map/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "Left side of the neck" in text and 'value="0.125"' in text
    assert "map-point" in text and "<style" not in text and " style=" not in text


def test_saving_keeps_the_generator_and_stays_at_the_step(people, as_):
    visit = visit_of(people.practitioner)
    answer = as_(people.practitioner).post(f"/visits/{visit.pk}/injection-map/", typed(visit, spacing_mm="20,0"))
    assert answer.status_code == 302 and answer.url == f"/visits/{visit.pk}/injection-map/"
    row = InjectionPlan.objects.get()
    assert row.points == row.totals["points"] > 10
    assert row.generator["spacing_mm"] == "20.0" and row.volume_ml == row.points * row.volume_ml / row.points


def test_a_form_sent_twice_is_kept_once(people, as_):
    visit = visit_of(people.practitioner)
    client, data = as_(people.practitioner), typed(visit)
    for _ in range(2):
        assert client.post(f"/visits/{visit.pk}/injection-map/", data).status_code == 302
    assert InjectionPlan.objects.count() == 1


def test_a_stale_page_overwrites_nothing_and_keeps_what_was_typed(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.practitioner)
    client.post(f"/visits/{visit.pk}/injection-map/", typed(visit))
    answer = client.post(f"/visits/{visit.pk}/injection-map/", typed(visit, spacing_mm="17.5"))
    assert answer.status_code == 409 and 'value="17.5"' in answer.content.decode()
    assert InjectionPlan.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"areas": []}, 422, "Choose at least one area"),
        ({"spacing_mm": "0"}, 422, "Give a number from 1 to 100 mm"),
        ({"spacing_mm": "NaN"}, 422, "Give a number from 1 to 100 mm"),
        ({"volume_per_point_ml": "-1"}, 422, "Give a number from 0 to 5 mL"),
        ({"volume_per_point_ml": "0"}, 422, "give a number from 0.001 to 5 mL"),
        ({"angle_deg": "91"}, 422, "Give a number from 1 to 90 degrees"),
        ({"inserted_length_mm": "6"}, 422, "at most the length of the needle"),
        ({"technique": "magic"}, 422, "Choose a technique"),
        ({"areas": ["moon:neck:left"]}, 422, "choose again"),
        ({"spacing_mm": "100", "areas": ["neck_back:neck:left"], "removed": ["neck_back:neck:left:1"]}, 409, "No point is left"),
    ],
)
def test_what_cannot_be_used_is_answered_with_a_sentence_and_writes_nothing(people, as_, fields, status, says):
    visit = visit_of(people.practitioner)
    answer = as_(people.practitioner).post(f"/visits/{visit.pk}/injection-map/", typed(visit, **fields))
    assert answer.status_code == status
    assert says in answer.content.decode()
    assert not InjectionPlan.objects.exists()


def test_showing_points_writes_nothing_and_says_where_the_tip_ends(people, as_):
    visit = visit_of(people.practitioner)
    answer = as_(people.practitioner).post(f"/visits/{visit.pk}/injection-map/", typed(visit, do="show"))
    assert answer.status_code == 200 and "dermis or fat under the skin" in answer.content.decode()
    assert not InjectionPlan.objects.exists()


def test_a_single_point_can_be_taken_out(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.practitioner)
    client.post(f"/visits/{visit.pk}/injection-map/", typed(visit, removed=["neck_back:neck:left:2"]))
    row = InjectionPlan.objects.get()
    assert [zone["edits"]["removed"] for zone in row.zones] == [["2"], []]
    left, right = row.totals["zones"]
    assert left["points"] == right["points"] - 1


def test_single_points_are_listed_only_where_they_are_asked_for(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.practitioner)
    shown = client.post(f"/visits/{visit.pk}/injection-map/", typed(visit, do="show")).content.decode()
    listed = client.post(f"/visits/{visit.pk}/injection-map/", typed(visit, do="list", removed=["neck_back:neck:left:2"])).content.decode()
    assert 'name="removed"' not in shown and 'data-points="neck_back:neck:left"' in shown
    assert listed.count('name="removed"') > 10 and listed.count('value="neck_back:neck:left:2" checked') == 1
    assert 'data-taken="2"' in listed
    assert not InjectionPlan.objects.exists()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("neck_back:neck:left" + "*250_150_0.1" * 2000, "choose fewer points"),  # never cut short without a word
        ("neck_back:neck:left*250_150", "choose them anew"),
        ("neck_back:neck:left*1_1_0.1", "lie outside it or where nothing may be injected"),
        ("neck_back:neck:left*nan_1_0.1", "not on the drawing"),
        ("neck_back:neck:left*250_150_9", "give a number from"),
    ],
)
def test_chosen_points_that_cannot_be_are_refused_with_a_sentence(people, as_, value, said):
    visit = visit_of(people.practitioner)
    page = as_(people.practitioner).post(f"/visits/{visit.pk}/injection-map/", typed(visit, chosen=[value]))
    assert page.status_code == 422 and said in page.content.decode()
    assert not InjectionPlan.objects.exists()


def test_a_map_of_an_earlier_drawing_is_printed_on_it_and_opened_on_the_drawing_of_today(people, as_):
    visit = visit_of(people.practitioner)
    client, library = as_(people.practitioner), load()
    client.post(f"/visits/{visit.pk}/injection-map/", typed(visit))
    row = InjectionPlan.objects.get()
    today = map_of(row, library)
    assert {area["map_version"] for area in row.areas} == {library.body_maps["neck_back"].version}
    InjectionPlan.objects.filter(pk=row.pk).update(
        zones=[], areas=[{**area, "map_version": 1} for area in row.areas], exceptions={"removed": ["neck_back:neck:left:2"]}
    )
    row.refresh_from_db()
    earlier = map_of(row, library)
    assert earlier.area_cm2 != today.area_cm2 and [point.key for point in earlier.taken_out] == ["neck_back:neck:left:2"]
    assert library.body_map("neck_back", 1).outline[0] in map_svg(earlier, library, "neck_back")
    text = client.get(f"/visits/{visit.pk}/injection-map/").content.decode()
    assert "earlier drawing" in text and 'value="neck_back:neck:left:2"' not in text


def test_the_preview_draws_and_writes_nothing(people, as_):
    visit = visit_of(people.practitioner)
    data = {key: value for key, value in typed(visit).items() if key not in ("token", "version")}
    answer = as_(people.practitioner).get(f"/visits/{visit.pk}/injection-map/preview/", data)
    assert answer.status_code == 200 and "map-point" in answer.content.decode() and "<html" not in answer.content.decode()
    assert not InjectionPlan.objects.exists()


def test_another_clinic_finds_neither_page_nor_preview(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.stranger)
    assert client.get(f"/visits/{visit.pk}/injection-map/").status_code == 404
    assert client.get(f"/visits/{visit.pk}/injection-map/preview/").status_code == 404
    assert client.post(f"/visits/{visit.pk}/injection-map/", typed(visit)).status_code == 404


def test_a_nurse_may_look_and_not_save(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.nurse)
    assert client.get(f"/visits/{visit.pk}/injection-map/").status_code == 200
    assert client.post(f"/visits/{visit.pk}/injection-map/", typed(visit)).status_code == 403


def test_a_bare_maximum_is_no_volume_to_begin_with(people, as_):
    """The most that one practice gave at a prick, over a whole abdomen, would read like a dose."""
    fat = {"application": "fat", "indication": "body_fat", "zone": "abdomen", "protocol": "body_fat_pcdc_8_weeks", "jurisdiction": "IT"}
    visit = factories.visit(factories.course(factories.patient(people.practitioner), **fat))
    text = as_(people.practitioner).get(f"/visits/{visit.pk}/injection-map/").content.decode()
    assert 'name="volume_per_point_ml" value="0.3"' not in text and 'value="0.3"' not in text
    assert "at most 0.3" in text


def test_the_square_of_the_sterile_water_stands_on_the_page_with_what_is_left_to_do(people, as_):
    visit = factories.visit(factories.course(factories.patient(people.practitioner), indication="low_back_pain", zone="lumbar", protocol="low_back_pain_sterile_water"))
    page = as_(people.practitioner).get(f"/visits/{visit.pk}/injection-map/").content.decode()
    assert "4 points, 0.4" in page
    assert "Put them where the patient needs them" in page


def test_what_must_not_be_done_is_not_drawn(people, as_):
    """A belly full of deoxycholic acid is no proposal, not even a first one."""
    course = factories.course(
        factories.patient(people.practitioner), application="fat", indication="body_fat", zone="abdomen", protocol="body_fat_deoxycholic_acid"
    )
    page = as_(people.practitioner).get(f"/visits/{factories.visit(course).pk}/injection-map/").content.decode()
    assert "No map is proposed" in page and "labelled for the area under the chin only" in page
    assert "No points yet" in page and "map-point" not in page


def test_the_doses_against_their_limits_follow_the_form_before_anything_is_saved(people, as_):
    visit = planned_visit(people)
    asked = {key: value for key, value in typed(visit).items() if key not in ("token", "version", "do")}
    few, many = (
        as_(people.practitioner).get(f"/visits/{visit.pk}/injection-map/preview/", {**asked, "spacing_mm": "20", "volume_per_point_ml": volume}).content.decode()
        for volume in ("0.01", "5")
    )
    assert "Against the limits" in few and "state-over" not in few
    assert "state-over" in many and InjectionPlan.objects.count() == 1


def test_the_grid_is_shifted_by_its_number_and_keeps_it(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.practitioner)
    client.post(f"/visits/{visit.pk}/injection-map/", typed(visit, seed="12"))
    row = InjectionPlan.objects.get()
    assert row.generator["seed"] == 12 and row.generator["grid"] == 2
    assert 'name="seed" value="12"' in client.get(f"/visits/{visit.pk}/injection-map/").content.decode()
    visit.course.refresh_from_db()
    refused = client.post(f"/visits/{visit.pk}/injection-map/", typed(visit, seed="-1"))
    assert refused.status_code == 422 and "whole number from 0 to 9999" in refused.content.decode()


def test_a_pattern_of_rows_is_kept_with_its_distance_along_the_row(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.practitioner)
    client.post(f"/visits/{visit.pk}/injection-map/", typed(visit, pattern="rows", along_mm="10"))
    row = InjectionPlan.objects.get()
    assert (row.generator["pattern"], row.generator["along_mm"]) == ("rows", "10")
    square = [zone["points"] for zone in row.totals["zones"]]
    assert all(abs(points - float(zone["area_cm2"]) * 100 / 200) <= 1.1 for points, zone in zip(square, row.totals["zones"], strict=True))
    again = client.get(f"/visits/{visit.pk}/injection-map/").content.decode()
    assert '<option value="rows" selected>' in again and 'name="along_mm" value="10"' in again
