"""The map planner by hand: with the keys only, then by touch on a tablet; and its script against the server's own rules."""

from __future__ import annotations

import json
import random
import re

import pytest
from playwright.sync_api import expect

from pistor.care.injection_map import Add, Alter, Change, Move, Remove, Restore, apply, zone_plan_from_dict
from pistor.records.drafts import Draft
from pistor.records.injection_map import InjectionPlan
from tests import factories
from tests.stories.story import Visit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.story]


@pytest.fixture
def visit():
    clinic = factories.clinic()
    person = factories.user(clinic, "practitioner")
    course = factories.course(factories.patient(person), application="skin", indication="facial_skin_quality", zone="face", protocol="")
    return person, factories.visit(course)


def opens(page, visit) -> None:
    person, row = visit
    Visit(page).sign_in(person)
    page.goto(f"/visits/{row.pk}/injection-map/")
    expect(page.locator("[data-zones] li")).to_have_count(3)


def said(page, words: str) -> None:
    expect(page.locator("[data-said]")).to_have_text(re.compile(words))


def saves(page) -> InjectionPlan:
    with page.expect_navigation():
        page.get_by_role("button", name="Save injection map").press("Enter")
    expect(page.locator("#saved")).to_have_text(re.compile("^Saved"))
    return InjectionPlan.objects.order_by("pk").last()


def test_a_map_is_planned_changed_and_saved_with_the_keys_only(open_page, visit):
    page = open_page()
    opens(page, visit)
    page.get_by_role("button", name="Take out zone: Left cheek").press("Enter")
    page.get_by_role("button", name="Take out zone: Right cheek").press("Enter")
    page.get_by_label("Technique").select_option("micropapule")
    for field, text in (("At each point", "0.02"), ("Spacing", "12"), ("Length put in", "1"), ("Angle", "90")):
        page.get_by_label(field, exact=True).focus()
        page.keyboard.insert_text(text)
    page.keyboard.press("Enter")  # takes the number and saves nothing
    page.get_by_label("Angle", exact=True).fill("100")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").get_by_text("Angle: give a number from 1 to 90.")).to_be_visible()
    expect(page.get_by_label("Angle", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Angle", exact=True).fill("90")
    page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-sum]")).to_have_text(re.compile(r"^\d\d points"))
    begun = int(page.locator("[data-sum]").inner_text().split()[0])
    page.locator("[data-stage]").focus()
    said(page, "^Point 1, forehead, 0.02 mL")
    for key, words in (
        ("ArrowRight", "^Point 2,"), ("Space", "picked"), ("Shift+ArrowDown", "^Moved"), ("Delete", "1 point taken out"), ("r", "put back"), ("a", "^Point a1, forehead, 0.02 mL, added"),
    ):  # fmt: skip
        page.keyboard.press(key)
        said(page, words)
    page.keyboard.press("Enter")
    expect(page.locator("#picked-volume")).to_be_focused()
    page.keyboard.type("0.05")
    page.keyboard.press("Enter")
    said(page, "1 point: 0.05 mL")
    expect(page.locator("[data-stage]")).to_be_focused()
    for key, words in (("Home", "^Point 1,"), ("f", "^One corner"), ("ArrowDown", "^Point"), ("ArrowDown", "^Point"), ("f", r"^([3-9]|\d\d) points in the frame"), ("Escape", "None picked")):
        page.keyboard.press(key)
        said(page, words)
    page.keyboard.press("s")
    expect(page.locator("#zone-spacing_mm")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-stage]")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.keyboard.press("Delete")
    for _ in range(60):  # nowhere outside of its zone
        page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Control+z")
    expect(page.locator("[data-sum]")).to_have_text(f"{begun + 1} points, {round((begun + 1) * 0.02 + 0.03, 4):g} mL")
    row = saves(page)
    assert row.points == begun + 1 and row.zones[0]["edits"]["changed"] == {"a1": {"ml": "0.05"}} and list(row.zones[0]["edits"]["moved"]) == ["2"]


def test_a_map_is_planned_by_touch_on_a_tablet_without_any_drag(open_page, visit):
    page = open_page(820, 1180, has_touch=True)
    opens(page, visit)
    page.reload()  # who only looked leaves no draft behind
    expect(page.locator("[data-zones] li")).to_have_count(3)
    assert not Draft.objects.exists()
    assert page.locator("[data-gloves]").is_checked() == page.evaluate("matchMedia('(pointer: coarse)').matches")
    page.get_by_label("Gloves").set_checked(True)
    page.locator("[data-scale] summary").tap()
    page.get_by_label("Across: measured, mm").fill("80")
    page.get_by_label("Across: measured, mm").press("Enter")
    said(page, r"^The drawing is \S+ times as wide and \S+ times as high")
    page.get_by_label("Across: measured, mm").fill("5")
    page.get_by_label("Across: measured, mm").press("Enter")
    said(page, "from 0.5 to 2 can be")
    page.get_by_label("Technique").select_option("micropapule")
    page.get_by_label("At each point", exact=True).fill("0.01")
    page.get_by_label("Points in all", exact=True).fill("120")
    page.get_by_label("Points in all", exact=True).press("Tab")
    said(page, r"^1[12]\d points with .* in 3 zones")
    expect(page.locator("[data-sum]")).to_have_text(re.compile(r"^1[12]\d points"))  # the points themselves, which come after the words
    page.locator("[data-stage]").scroll_into_view_if_needed()
    small = page.evaluate(SMALL)
    assert not small, small
    for tool, touches, words in (("Volume", 3, "1 point: 0.03 mL"), ("Take out", 1, "1 point taken out"), ("Pick", 1, "picked")):
        page.get_by_role("button", name=tool, exact=True).tap()
        if tool == "Volume":
            page.locator("#brush-volume").fill("0.03")
        for x, y in sorted(page.evaluate(PLACES), key=lambda at: at[1])[-12 : touches - 12]:  # in the cheeks, below the forehead
            page.touchscreen.tap(x, y)
            said(page, words)
    page.get_by_role("button", name="Move", exact=True).tap()
    page.get_by_role("button", name="1 mm up").tap()
    said(page, "^Moved")
    page.get_by_role("button", name="Draw a zone").tap()
    box = page.locator("[data-stage]").bounding_box()
    for x, y in ((0.45, 0.2), (0.55, 0.2), (0.55, 0.27), (0.45, 0.27)):
        page.touchscreen.tap(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.get_by_role("button", name="Close the zone").tap()
    with page.expect_response(lambda answer: answer.url.endswith("/drafts/") and ":d1" in (answer.request.post_data or "")):
        page.get_by_role("button", name="Only what I drew").tap()
        said(page, "Drawn in forehead is treated")
    page.reload()  # everything is in the draft
    expect(page.locator("[data-zones] li")).to_have_count(3)
    expect(page.locator("[data-zones]")).to_contain_text("Drawn in forehead")
    row = saves(page)
    drawn = next(zone for zone in row.zones if zone["drawn"])
    edits = [zone["edits"] for zone in row.zones]
    assert drawn["key"] == "face_front:face:mid:d1" and sum(len(one["changed"]) for one in edits) == 3 and sum(len(one["removed"]) for one in edits) == 1


SMALL = """() => [...document.querySelectorAll('.planner button, .planner select, .planner input')].filter(e => e.checkVisibility() && !['checkbox', 'hidden'].includes(e.type))
  .filter(e => { const box = e.getBoundingClientRect(); return box.height < 43.5 || box.width < 24; }).map(e => e.outerHTML.slice(0, 90))"""
PLACES = """() => [...document.querySelectorAll('.map-stage .dots .halo')].flatMap(path => {
  const to = path.getScreenCTM();
  return [...path.getAttribute('d').matchAll(/M(\\S+) ([^h]+)h/g)].map(([, x, y]) => new DOMPoint(x, y).matrixTransform(to)).map(at => [at.x, at.y]);
})"""
BOTH = """async ([zone, base, commands]) => {
  const { apply, pointsOf } = await import("/static/shared/map/state.js");
  const done = commands.reduce(apply, zone);
  return { edits: done.edits, points: pointsOf(done, new Map(base)) };
}"""


def test_the_script_changes_a_zone_as_the_server_does(open_page, visit):
    """The same random commands in the browser and in care: the same edits."""
    page = open_page()
    opens(page, visit)
    pick = random.Random(5)
    generator = {"pattern": "hexagonal", "spacing_mm": "10", "volume_per_point_ml": "0.1", "seed": 0, "grid": 2}
    area = {"map": "face_front", "map_version": 2, "zone": "face", "side": "mid"}
    begun = {"key": "face_front:face:mid", **area, "drawn": None, "label": "", "technique": "micropapule", "generator": generator, "chosen": None, "edits": {}}
    base = [[str(n), [n, 2 * n, 0.1]] for n in range(1, 9)]
    for _ in range(30):
        plan, commands = zone_plan_from_dict(begun), []
        for _ in range(12):
            there = [key for key, _ in base] + list(plan.edits.added)
            keys, at = pick.sample(there, pick.randint(1, 3)), [round(pick.uniform(0, 99), 1), round(pick.uniform(0, 99), 1)]
            what = pick.choice(("add", "move", "remove", "restore", "alter"))
            if what == "add":
                commands.append({"do": "add", "at": at})
                plan = apply(plan, Add((at[0], at[1])))
            elif what == "move":
                commands.append({"do": "move", "to": dict.fromkeys(keys, at)})
                plan = apply(plan, Move(dict.fromkeys(keys, (at[0], at[1]))))
            elif what == "alter":
                commands.append({"do": "alter", "keys": keys, "change": {"ml": "0.25"}})
                plan = apply(plan, Alter(frozenset(keys), Change(volume_ml=zone_plan_from_dict(begun).generator.volume_per_point_ml * 5 / 2)))
            else:
                commands.append({"do": what, "keys": keys})
                plan = apply(plan, (Remove if what == "remove" else Restore)(frozenset(keys)))
        done = page.evaluate(BOTH, [begun, base, commands])
        assert zone_plan_from_dict({**begun, "edits": done["edits"]}).edits.as_dict() == json.loads(json.dumps(plan.edits.as_dict())), commands
