"""The page that shows what the skin and the blood will see: without a script, without writing, for this clinic only."""

from __future__ import annotations

import html
import json
import re
from decimal import Decimal

import pytest

from pistor.records.audit import AuditEvent
from pistor.records.injection_map import InjectionPlan
from tests import factories, ready

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    """Neck pain with lidocaine: blend, map with its depth, and dates."""
    return ready.planned_visit(people, spacing="20")


def page_of(client, visit, **query):
    return client.get(f"/visits/{visit.pk}/delivery/", query)


def data_of(page):
    return json.loads(re.search(r'<script id="field-data" type="application/json">(.*?)</script>', page.content.decode(), re.S).group(1))


def test_the_page_says_plainly_what_becomes_of_the_plan_and_that_a_model_says_so(people, as_, visit):
    page = page_of(as_(people.practitioner), visit)
    text = page.content.decode()
    assert page.status_code == 200
    assert "Half has left the tissue after" in text and "size decides the reach" in text
    assert text.count("badge-model") >= 2 and "not measured in this patient" in text
    assert "<style" not in text and " style=" not in text and re.findall(r"<script(?![^>]*(?: src=|application/json))", text) == []


def test_the_board_knows_the_strength_in_the_syringe(people, as_, visit):
    """Lidocaine at 20 mg/mL: a model's peak above it is told where it is shown."""
    page = page_of(as_(people.practitioner), visit)
    assert data_of(page)["syringe"] == 20_000
    assert re.search(r'data-dense hidden>Higher than the 20.000 micrograms/mL in the syringe', page.content.decode())


def test_without_a_script_the_field_and_every_picture_are_there_with_a_table(people, as_, visit):
    text = page_of(as_(people.practitioner), visit).content.decode()
    assert text.count('class="chart"') >= 6 and text.count("As a table") >= 4
    assert "data:image/png;base64," in text and "20 mm" in text


def test_depth_time_measure_and_scale_are_chosen_in_the_address(people, as_, visit):
    client = as_(people.practitioner)
    shown = page_of(client, visit, time="0", depth="0", measure="exposure", scale="linear").content.decode()
    assert "0 mm deep, all over time" in shown and "micrograms·h/mL" in shown
    for odd in ({"time": "99999"}, {"depth": "-1"}, {"time": "½"}, {"measure": "x"}, {"solute": "nobody"}):
        assert page_of(client, visit, **odd).status_code == 200, odd


def test_another_plan_stands_beside_this_one(people, as_, visit):
    text = page_of(as_(people.practitioner), visit, spacing_mm="10", volume_per_point_ml="0.05", depth_mm="1").content.decode()
    assert re.search(r"Other plan: <span[^>]*>\d+ points, 10 mm apart, 0.05 mL each, 1 mm deep", text)
    assert len(data_of(page_of(as_(people.practitioner), visit, spacing_mm="10"))["plans"]) == 2


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"spacing_mm": "0"}, "Spacing is &#x27;0&#x27;; give a number from 1 to 100 mm."),
        ({"spacing_mm": "NaN"}, "give a number from 1 to 100 mm"),
        ({"volume_per_point_ml": "-1"}, "give a number from 0.001 to 1 mL"),
        ({"volume_per_point_ml": "5"}, "give a number from 0.001 to 1 mL"),
        ({"depth_mm": "99"}, "give a number from 0.1 to 13 mm"),
        ({"depth_mm": "<script>"}, "&lt;script&gt;"),
    ],
)
def test_what_cannot_be_shown_is_answered_with_a_sentence_beside_this_plan(people, as_, visit, query, says):
    client = as_(people.practitioner)
    page = page_of(client, visit, **query)
    assert page.status_code == 200 and says in page.content.decode() and "Half has left" in page.content.decode()
    told = client.get(f"/visits/{visit.pk}/delivery/field/", query).json()
    assert set(told) == {"problem"} and told["problem"].endswith(".")


def test_the_field_for_the_script_has_the_kernel_the_points_and_nobodys_name(people, as_, visit):
    answer = as_(people.practitioner).get(f"/visits/{visit.pk}/delivery/field/", {"spacing_mm": "15"})
    plan = answer.json()["plan"]
    assert answer["Content-Type"] == "application/json" and answer["Cache-Control"] == "no-store"
    weights = plan["kernel"]["weight"]
    assert len(weights) == len(plan["times_h"]) and len(weights[0]) == len(plan["depths_mm"]) and len(weights[0][0]) == len(plan["kernel"]["variance"])
    assert len(plan["points"]) > 5 and all(dose > 0 for _, _, dose in plan["points"])
    for personal in (visit.patient.family_name, visit.patient.number, str(visit.patient_id)):
        assert personal not in answer.content.decode() and personal not in json.dumps(data_of(page_of(as_(people.practitioner), visit)))


def test_a_field_summed_from_what_the_page_sends_is_the_one_that_is_drawn(people, as_, visit):
    """The digits that are left out do not show."""
    import numpy as np

    from pistor.care.exposure.exposure import expose
    from pistor.care.exposure.order import order_of
    from pistor.knowledge import load
    from pistor.records.plan import plan_so_far
    from tests.conftest import TODAY

    sent = data_of(page_of(as_(people.practitioner), visit))["plans"][0]
    exposure = expose(order_of(plan_so_far(visit.course, TODAY), load()), load(), patients=20).as_dict()
    kernel = exposure["solutes"][0]["kernel"]
    distance = np.linspace(0, 6, 13)

    def profile(variance, weight):
        gaussians = np.exp(-np.multiply.outer(0.5 / np.array(variance), distance**2))
        return (np.array(weight) / (2 * np.pi * np.array(variance))) @ gaussians

    for time, depth in ((1, 3), (5, 10), (len(sent["times_h"]) - 1, 5)):
        exact = profile(kernel["variance_mm2"], kernel["weight_per_mm"][time][depth])
        assert np.allclose(profile(sent["kernel"]["variance"], sent["kernel"]["weight"][time][depth]), exact, atol=1e-3 * exact.max())


def test_looking_writes_nothing(people, as_, visit):
    client, before = as_(people.practitioner), (AuditEvent.objects.count(), InjectionPlan.objects.count())
    page_of(client, visit, spacing_mm="10")
    client.get(f"/visits/{visit.pk}/delivery/field/", {"spacing_mm": "10"})
    client.post(f"/visits/{visit.pk}/delivery/", {"spacing_mm": "10"})
    assert (AuditEvent.objects.count(), InjectionPlan.objects.count()) == before


def test_another_clinic_finds_neither_page_nor_field(people, as_, visit):
    client = as_(people.stranger)
    for path in ("", "field/"):
        assert client.get(f"/visits/{visit.pk}/delivery/{path}").status_code == 404


def test_the_front_desk_is_not_let_in(people, as_, visit):
    assert page_of(as_(people.front_desk), visit).status_code == 403
    assert page_of(as_(people.nurse), visit).status_code == 200


def test_a_map_without_a_depth_is_computed_only_for_a_depth_that_is_named(people, as_):
    course = factories.course(factories.patient(people.practitioner), protocol="neck_pain_lidocaine", policy="single_active")
    visit, client = factories.visit(course), as_(people.practitioner)
    InjectionPlan.objects.filter(course=course).delete()
    drawn = InjectionPlan.objects.filter(course=course).first()
    assert drawn is None
    text = page_of(client, visit).content.decode()
    if "Before anything can be computed" in text:
        assert 'href="?tip_mm=2"' in text and "field-data" not in text
        supposed = page_of(client, visit, tip_mm="2").content.decode()
        assert "Computed for a tip 2 mm deep, which is only supposed here" in supposed
    assert "Not everything of this plan is saved yet" in page_of(client, visit, tip_mm="2").content.decode()


def test_what_must_not_be_done_is_not_computed(people, as_):
    course = factories.course(factories.patient(people.practitioner), application="fat", indication="body_fat", zone="abdomen", protocol="body_fat_deoxycholic_acid")
    text = page_of(as_(people.practitioner), factories.visit(course)).content.decode()
    assert "not to be carried out" in text and "labelled for the area under the chin only" in text and "field-data" not in text


def test_a_detergent_is_fenced_with_its_reason_and_no_number(people, as_):
    course = factories.course(factories.patient(people.practitioner), application="fat", indication="submental_fat", zone="submental", protocol="submental_deoxycholic_acid", jurisdiction="US")
    page = page_of(as_(people.practitioner), factories.visit(course), tip_mm="4")
    text = page.content.decode()
    assert page.status_code == 200 and "Not computed" in text and "field-data" not in text


def test_every_input_is_one_click_away_with_its_source(people, as_, visit):
    text = page_of(as_(people.practitioner), visit).content.decode()
    inputs = text[text.index("What it was computed from") :]
    assert "grade-" in inputs and inputs.count("<tr>") > 8


def test_a_suggested_plan_fills_the_form_of_the_map_and_saves_nothing(people, as_, visit):
    query = {"spacing_mm": "7.5", "volume_per_point_ml": "0.04", "inserted_length_mm": "1.5", "angle_deg": "90", "areas": "moon:x:y", "technique": "magic"}
    before = InjectionPlan.objects.count()
    text = as_(people.practitioner).get(f"/visits/{visit.pk}/injection-map/", query).content.decode()
    for value in ("7.5", "0.04", "1.5", "90"):
        assert f'value="{value}"' in text
    assert "Nothing is saved yet" in text and "moon" not in text and InjectionPlan.objects.count() == before
    for odd in ("1e3", "-1", "NaN", "1;2", "9999", "٣"):
        assert "Nothing is saved yet" not in as_(people.practitioner).get(f"/visits/{visit.pk}/injection-map/", {"spacing_mm": odd}).content.decode(), odd


def test_the_way_to_the_page_is_where_plans_are_made(people, as_, visit):
    for step in ("injection-map", "course"):
        assert f"/visits/{visit.pk}/delivery/" in as_(people.practitioner).get(f"/visits/{visit.pk}/{step}/").content.decode()


def test_sliders_hold_the_numbers_of_the_plan(people, as_, visit):
    text = page_of(as_(people.practitioner), visit).content.decode()
    for name, value in (("spacing_mm", "20"), ("volume_per_point_ml", "0.125"), ("depth_mm", "2")):
        low, high, step, shown = re.search(rf'name="{name}" min="([^"]+)" max="([^"]+)" step="([^"]+)" value="([^"]+)"', text).groups()
        assert Decimal(low) <= Decimal(shown) <= Decimal(high) and Decimal(shown) == Decimal(value)
        assert (Decimal(shown) - Decimal(low)) % Decimal(step) == 0, "a browser would move it to the next step"


def test_grids_are_proposed_where_they_are_asked_for_and_lead_to_the_form(people, as_):
    visit = ready.planned_visit(people, spacing="10", volume="4")
    client = as_(people.practitioner)
    assert "Propose grids" in page_of(client, visit).content.decode()
    text = page_of(client, visit, propose="1").content.decode()
    links = re.findall(r'href="(/visits/[^"]*/injection-map/\?[^"]*)"', text)
    assert links and "What more punctures buy" in text and "how much is enough is not known" in text
    before = InjectionPlan.objects.count()
    form = client.get(links[0].replace("&amp;", "&")).content.decode()
    assert "Nothing is saved yet" in form and InjectionPlan.objects.count() == before


def test_where_no_grid_keeps_what_the_technique_gives_a_sentence_says_so(people, as_):
    visit = ready.planned_visit(people, spacing="60")
    text = page_of(as_(people.practitioner), visit, propose="1").content.decode()
    assert "No regular grid shares" in text or "What more punctures buy" in text


@pytest.fixture
def _quickly_chosen(monkeypatch):
    monkeypatch.setattr("pistor.care.exposure.single_points.OFFERED", 2)
    monkeypatch.setattr("pistor.care.exposure.single_points.SECONDS", 2.0)  # a busy machine has the time as well


@pytest.fixture
def chosen_page(people, as_, _quickly_chosen):
    visit = ready.planned_visit(people, spacing="20", volume="2")
    client = as_(people.practitioner)
    return visit, client, client.get(f"/visits/{visit.pk}/delivery/points/").content.decode()


def fields_of(text):
    """The fields of the first form that takes points into the injection map."""
    form = next(form for form in re.findall(r'<form method="post" action="[^"]*/injection-map/">.*?</form>', text, re.S))
    fields = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form):
        fields.setdefault(name, []).append(html.unescape(value))
    return fields


def test_points_to_choose_from_stand_beside_grids_with_the_objective_in_words(chosen_page):
    _, _, text = chosen_page
    assert "Rings are regular grids, squares points chosen in their place" in text and "this plan" in text
    assert "missing to half of what the same volume would give if it were spread evenly, squared" in text
    assert "badge-model" in text and "How much is enough is not known" in text and "nobody can tell" in text
    assert len(re.findall(r"<th scope=\"row\">Grid \d", text)) >= 1 and "Use these points" in text
    assert re.findall(r"<script(?![^>]* src=)", text) == [] and " style=" not in text


def test_chosen_points_are_looked_at_beside_this_plan(chosen_page):
    _, client, text = chosen_page
    look = re.search(r'href="([^"]*/delivery/\?[^"]*points=[^"]*)#board"', text).group(1).replace("&amp;", "&")
    page = client.get(look).content.decode()
    assert re.search(r"Other plan: <span[^>]*>\d+ points, chosen one by one, [\d.]+(?: to [\d.]+)? mL each, [\d.]+ mm deep", page)
    told = client.get(look.replace("/delivery/?", "/delivery/field/?")).json()
    assert "chosen one by one" in told["title"] and len(told["plan"]["points"]) == int(told["numbers"]["punctures"])


def test_points_are_taken_into_the_form_saved_and_followed(people, chosen_page):
    """Taken they stand in the form, saved they stand in the map: in its totals, its doses, its picture and its plan."""
    visit, client, text = chosen_page
    address, before = f"/visits/{visit.pk}/injection-map/", InjectionPlan.objects.count()
    form = client.post(address, {**fields_of(text), "do": "take"})
    shown = form.content.decode()
    assert form.status_code == 200 and "Nothing is saved yet" in shown and InjectionPlan.objects.count() == before
    value = re.search(r'name="chosen" value="([^"]+)" checked', shown).group(1)
    assert client.post(address, {**fields_of(text), "do": "save"}).status_code == 302
    row = InjectionPlan.objects.latest("created_at", "pk")
    points = next(zone["chosen"] for zone in row.zones if zone["chosen"])
    assert row.points == len(points) == value.count("*") and row.volume_ml == sum(Decimal(ml) for *_, ml in points)
    assert Decimal(row.totals["most_per_point_ml"]) == max(Decimal(ml) for *_, ml in points)
    assert value in client.get(address).content.decode(), "the form begins with the points that are kept"
    assert "points, chosen one by one" in page_of(client, visit).content.decode()
    preview = client.get(f"{address}preview/", {**fields_of(text), "chosen": []}).content.decode()
    assert "Points chosen one by one" not in preview, "unticked, the grid is back"


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ("neck_back:neck:left*1_1_0.1", "lie outside it or where nothing may be injected"),
        ("neck_back:neck:left*x", "The points chosen one by one are not as the map keeps them"),
        ("neck_back:neck:left*nan_1_0.1", "which is not on the drawing"),
        ("neck_back:neck:left*200_230_-1", "give a number from 0.001 to 5 mL"),
        ("neck_back:neck:left*200_230_NaN", "give a number from 0.001 to 5 mL"),
    ],
)
def test_points_that_cannot_be_are_refused_with_a_sentence(people, as_, visit, points, says):
    side = visit.course.injection_plans.get().areas[0]["side"]
    points = points.replace("left", side)
    client = as_(people.practitioner)
    assert says in page_of(client, visit, points=points, depth_mm="1").content.decode()
    given = {"areas": f"neck_back:neck:{side}", "technique": "point_by_point", "spacing_mm": "20", "volume_per_point_ml": "0.1", "chosen": points, "do": "save"}
    refused = client.post(f"/visits/{visit.pk}/injection-map/", {**given, "token": "00000000-0000-4000-8000-000000000001", "version": visit.course.version})
    assert refused.status_code == 422 and says in refused.content.decode()


def test_who_may_not_decide_sees_points_and_takes_none(people, as_, chosen_page):
    visit, _, _ = chosen_page
    text = as_(people.nurse).get(f"/visits/{visit.pk}/delivery/points/").content.decode()
    assert "Points 1" in text or "Grid 1" in text
    assert "Use these points<" not in text


def test_choosing_points_writes_nothing_and_says_what_is_missing(people, as_, chosen_page):
    visit, client, _ = chosen_page
    before = InjectionPlan.objects.count(), AuditEvent.objects.count()
    client.get(f"/visits/{visit.pk}/delivery/points/")
    assert (InjectionPlan.objects.count(), AuditEvent.objects.count()) == before
    visit = ready.planned_visit(people, spacing="80", volume="0.2")
    text = client.get(f"/visits/{visit.pk}/delivery/points/").content.decode()
    assert "No points can be chosen" in text or "Grid 1" in text
