"""The page that draws the injection map."""

from __future__ import annotations

import html
import json
import re
import uuid
from decimal import Decimal

import pytest

from pistor.clinic.injection_map.presenters import begun_with
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


def planner_of(page):
    """What the planner of a page begins with."""
    text = page.content.decode()
    zones = [json.loads(html.unescape(value)) for value in re.findall(r'<input type="hidden" name="zone\.[^"]*" value="([^"]*)"', text)]
    return {"zones": zones, **json.loads(re.search(r'<script id="planner-data" type="application/json">(.*?)</script>', text, re.S)[1])}


def planned(visit, zones):
    """A form as the planner sends it."""
    return {"token": str(uuid.uuid4()), "version": visit.course.version, "do": "save", **{f"zone.{zone['key']}": json.dumps(zone) for zone in zones}}


def asked(client, visit, zones):
    return client.post(f"/visits/{visit.pk}/injection-map/preview/", {"zones": zones, "scale": {}}, content_type="application/json")


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
    assert 'name="removed"' not in shown and 'name="point.' not in shown
    assert listed.count('name="removed"') > 10 and listed.count('value="neck_back:neck:left:2" checked') == 1
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


def test_what_the_planner_begins_with_is_what_it_sends_back(people, as_):
    """Every zone in a field of its own: saved unchanged, it is the map that was proposed."""
    visit = visit_of(people.practitioner)
    client = as_(people.practitioner)
    begun = planner_of(client.get(f"/visits/{visit.pk}/injection-map/"))
    assert begun["answer"]["points"] > 0 and {zone["key"] for zone in begun["answer"]["zones"]} == {zone["key"] for zone in begun["zones"]}
    answer = client.post(f"/visits/{visit.pk}/injection-map/", planned(visit, begun["zones"]))
    assert answer.status_code == 302
    row = InjectionPlan.objects.get()
    assert row.points == begun["answer"]["points"] and [zone["key"] for zone in row.zones] == [zone["key"] for zone in begun["zones"]]
    again = planner_of(client.get(f"/visits/{visit.pk}/injection-map/"))
    assert again["zones"] == row.zones and again["answer"]["volume_ml"] == begun["answer"]["volume_ml"]


def test_each_zone_is_saved_with_its_own_numbers_and_what_was_changed_by_hand(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.practitioner)
    left, right = planner_of(client.post(f"/visits/{visit.pk}/injection-map/", typed(visit, do="show")))["zones"]
    left["generator"] |= {"spacing_mm": "15", "volume_per_point_ml": "0.05"}
    left["edits"] = {"removed": ["1"], "moved": {}, "added": {}, "changed": {"2": {"ml": "0.2"}}}
    client.post(f"/visits/{visit.pk}/injection-map/", planned(visit, [left, right]))
    row = InjectionPlan.objects.get()
    first, second = row.totals["zones"]
    assert Decimal(first["volume_ml"]) == Decimal("0.05") * (first["points"] - 1) + Decimal("0.2") and second["volume_ml"] == str(Decimal("0.1") * second["points"])
    assert first["points"] > second["points"] and row.zones[0]["edits"]["removed"] == ["1"]


def test_a_zone_that_lacks_its_numbers_is_refused_and_stays_in_the_page(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.practitioner)
    zones = planner_of(client.post(f"/visits/{visit.pk}/injection-map/", typed(visit, do="show")))["zones"]
    zones[0]["generator"]["spacing_mm"] = None
    page = client.post(f"/visits/{visit.pk}/injection-map/", planned(visit, zones))
    assert page.status_code == 422 and planner_of(page)["zones"] == zones
    assert "Left side of the neck needs a spacing." in page.content.decode()
    assert not InjectionPlan.objects.exists()


def test_no_technique_is_chosen_where_nobody_chose_one():
    begun = begun_with({}, load())
    assert begun["technique"] == "" and begun["generator"]["spacing_mm"] is None and begun["generator"]["volume_per_point_ml"] is None


@pytest.mark.parametrize("text", ["{", "[]", "null", '"x"', '{"key": "a"}', '{"key": "neck_back:neck:left", "generator": 3}'])
def test_a_zone_that_cannot_be_read_is_refused_with_a_sentence(people, as_, text):
    visit = visit_of(people.practitioner)
    page = as_(people.practitioner).post(f"/visits/{visit.pk}/injection-map/", {**planned(visit, []), "zone.neck_back:neck:left": text})
    assert page.status_code == 422 and "cannot be read" in page.content.decode()
    assert not InjectionPlan.objects.exists()


# ── as a list, without a script ──


def test_the_list_keeps_zones_with_numbers_of_their_own_until_its_numbers_are_changed(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.practitioner)
    left, right = planner_of(client.post(f"/visits/{visit.pk}/injection-map/", typed(visit, do="show")))["zones"]
    left["edits"]["moved"] = {}
    right["generator"]["spacing_mm"] = "30"
    shown = {f"initial-{name}": value for name, value in typed(visit).items() if name not in ("token", "version", "areas", "do")}
    kept = {**typed(visit, pattern="", along_mm="", passes="", on_skin_ml="", seed=""), **shown, "initial-pattern": "", **planned(visit, [left, right])}
    client.post(f"/visits/{visit.pk}/injection-map/", kept)
    assert [zone["generator"]["spacing_mm"] for zone in InjectionPlan.objects.get().zones] == ["20", "30"]
    visit.course.refresh_from_db()
    answer = client.post(f"/visits/{visit.pk}/injection-map/", {**kept, **typed(visit, spacing_mm="25")})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    assert [zone["generator"]["spacing_mm"] for zone in InjectionPlan.objects.order_by("pk").last().zones] == ["25", "25"]


def test_single_points_are_moved_and_given_another_volume_in_the_list(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.practitioner)
    page = client.post(f"/visits/{visit.pk}/injection-map/", typed(visit, do="list"))
    (key, x, y, ml, _), *_ = planner_of(page)["answer"]["zones"][0]["points"]
    assert f'name="point.neck_back:neck:left:{key}" value="{x:.1f} {y:.1f} {ml}"' in page.content.decode()
    zones = planner_of(page)["zones"]
    typed_point = {f"point.neck_back:neck:left:{key}": f"{x + 1:.1f} {y:.1f} 0,2", "add.neck_back:neck:right": "nonsense"}
    shown = {f"initial-{name}": value for name, value in typed(visit).items() if name not in ("token", "version", "areas", "do")}
    data = {**typed(visit, pattern="", along_mm="", passes="", on_skin_ml="", seed=""), **shown, "initial-pattern": "", **planned(visit, zones), **typed_point}
    refused = client.post(f"/visits/{visit.pk}/injection-map/", data)
    assert refused.status_code == 422 and "is no place for another point" in refused.content.decode()
    assert client.post(f"/visits/{visit.pk}/injection-map/", {**data, "add.neck_back:neck:right": ""}).status_code == 302
    edits = InjectionPlan.objects.get().zones[0]["edits"]
    assert edits["moved"] == {key: [round(x + 1, 1), round(y, 1)]} and edits["changed"] == {key: {"ml": "0.2"}}


def test_the_preview_answers_a_post_and_writes_nothing(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.practitioner)
    zones = planner_of(client.post(f"/visits/{visit.pk}/injection-map/", typed(visit, do="show")))["zones"]
    answer = asked(client, visit, zones)
    assert answer.status_code == 200 and answer.json()["points"] == sum(len(zone["points"]) for zone in answer.json()["zones"])
    assert client.get(f"/visits/{visit.pk}/injection-map/preview/").status_code == 405
    assert not InjectionPlan.objects.exists()


def test_another_clinic_finds_neither_page_nor_preview(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.stranger)
    assert client.get(f"/visits/{visit.pk}/injection-map/").status_code == 404
    assert client.get(f"/visits/{visit.pk}/injection-map/preview/").status_code == 404
    assert client.post(f"/visits/{visit.pk}/injection-map/", typed(visit)).status_code == 404
    assert asked(client, visit, []).status_code == 404


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


def test_the_doses_against_their_limits_follow_the_planner_before_anything_is_saved(people, as_):
    visit = planned_visit(people)
    client = as_(people.practitioner)
    zones = planner_of(client.get(f"/visits/{visit.pk}/injection-map/"))["zones"]
    few, many = (asked(client, visit, [{**zone, "generator": {**zone["generator"], "volume_per_point_ml": ml}} for zone in zones]).json() for ml in ("0.01", "5"))
    assert "dose" in few["limits"] and "state-over" not in few["limits"]
    assert "state-over" in many["limits"] and InjectionPlan.objects.count() == 1


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
