"""A point is dragged, and the field, the curve and the numbers follow: with a mouse, a finger and the keyboard alone."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests import ready
from tests.conftest import NOW
from tests.stories.story import Visit
from tests.stories.test_accessibility import AXE, EVERY_IMPACT, EVERYTHING, OPEN_ALL, OVERFLOW, broken

pytestmark = [pytest.mark.story, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def planned(people, monkeypatch):
    """A neck with points so far apart that one can be moved, looked at on the day for which it was planned."""
    monkeypatch.setattr("pistor.clinic.shared.middleware.timezone", SimpleNamespace(now=lambda: NOW, override=timezone.override))
    return ready.planned_visit(people, spacing="20")


def opened(page, people, planned):
    visit = Visit(page)
    visit.sign_in(people.practitioner)
    visit.address = f"/visits/{planned.pk}/"
    visit.go("delivery")
    page.locator(".hand").first.wait_for()
    return visit


def number(page, name, plan=0):
    return page.locator(f'[data-number="{name}-{plan}"]').inner_text()


# The darkest and the lightest pixel of the first picture, and how many different ones there are.
DRAWN = """() => { const c = document.querySelector('.hand canvas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
  return new Set(Array.from({ length: d.length / 4 }, (_, i) => d[4 * i] * 65536 + d[4 * i + 1] * 256 + d[4 * i + 2])).size; }"""
PLACES = "() => [...document.querySelectorAll('[data-curve]')].map(path => path.getAttribute('d'))"


def first_point(page):
    """Where the point that is chosen first stands in the window: the script says how far it is from the next."""
    page.locator(".hand").first.scroll_into_view_if_needed()
    box = page.locator(".hand").first.bounding_box()
    data = page.evaluate("() => { const p = JSON.parse(document.getElementById('field-data').textContent).plans[0]; return { point: p.points[0], all: [...p.regions.flatMap(r => r.outline), ...p.points] }; }")
    left, top = (min(place[axis] for place in data["all"]) - 4 for axis in (0, 1))
    scale = box["width"] / (max(place[0] for place in data["all"]) + 4 - left)
    return box["x"] + (data["point"][0] - left) * scale, box["y"] + (data["point"][1] - top) * scale, scale


def test_a_point_is_dragged_and_everything_follows(open_page, people, planned):
    page = open_page()
    opened(page, people, planned)
    page.wait_for_function(f"({DRAWN})() > 50")
    x, y, scale = first_point(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 1)
    before, curve = page.locator("[data-now]").inner_text(), page.evaluate(PLACES)
    page.mouse.move(x + 6 * scale, y + 6 * scale, steps=8)
    page.mouse.up()
    expect(page.locator("[data-now]")).not_to_have_text(before)
    expect(page.locator("[data-told]")).to_have_text(re.compile("^Point 1 of "))
    expect(page.locator("[data-told]")).to_contain_text("mm from the next")
    page.wait_for_function(f"before => JSON.stringify(({PLACES})()) !== JSON.stringify(before)", arg=curve)
    page.get_by_role("button", name="Put the points back").click()
    expect(page.get_by_role("button", name="Put the points back")).to_be_hidden()  # it follows with the next frame


def test_the_same_without_a_mouse(open_page, people, planned):
    page = open_page()
    opened(page, people, planned)
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.hand')"):
            break
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("This plan: field with ")
    expect(page.locator("[data-now]")).to_have_text(re.compile("^Point 1 of "))
    before = page.locator("[data-now]").inner_text()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("[data-now]")).not_to_have_text(before)
    expect(page.locator("[data-told]")).to_have_text(re.compile("mm from the next"))
    page.keyboard.press("n")
    expect(page.locator("[data-now]")).to_have_text(re.compile("^Point 2 of "))


def test_a_finger_drags_a_point_and_scrolls_elsewhere(open_page, people, planned):
    page = open_page(390, 844, has_touch=True)
    opened(page, people, planned)
    x, y, _ = first_point(page)
    prevented = page.evaluate(
        """([x, y]) => { const hand = document.querySelector('.hand'), touch = (x, y) => new Touch({ identifier: 1, target: hand, clientX: x, clientY: y });
        return [[x, y], [x + 60, y + 30]].map(([x, y]) => !hand.dispatchEvent(new TouchEvent('touchstart', { touches: [touch(x, y)], cancelable: true, bubbles: true }))); }""",
        [x, y],
    )
    assert prevented == [True, False]
    page.touchscreen.tap(x, y)
    expect(page.locator("[data-now]")).to_have_text(re.compile("^Point 1 of "))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_sliders_change_what_is_looked_at_and_bring_another_plan_beside_it(open_page, people, planned):
    page = open_page()
    opened(page, people, planned)
    before = number(page, "most")
    page.get_by_role("slider", name="Time after the injection").press("ArrowRight")
    expect(page.locator('[data-number="most-0"]')).not_to_have_text(before)
    expect(page.locator('figure[data-plan="1"]')).to_be_hidden()
    page.get_by_role("slider", name="Spacing").press("ArrowLeft")
    page.locator('figure[data-plan="1"] canvas').wait_for()
    expect(page.locator('[data-title="1"]')).to_contain_text("19.5 mm apart")
    expect(page.locator('[data-number="most-1"]')).to_have_text(re.compile(r"\S"))
    expect(page.locator('[data-fixed="punctures-1"]')).to_have_text(re.compile(r"^\d+$"))
    page.get_by_label("all over time").check()
    expect(page.locator("tr", has=page.locator('[data-number="most-0"]'))).to_contain_text("micrograms·h/mL")
    expect(page.get_by_role("slider", name="Time after the injection")).to_be_disabled()


def test_a_broken_connection_is_said_and_loses_nothing(open_page, people, planned):
    page = open_page()
    opened(page, people, planned)
    page.context.set_offline(True)
    page.get_by_role("slider", name="Volume at each point").press("ArrowRight")
    page.get_by_text("The other plan is not shown").wait_for()
    page.context.set_offline(False)
    page.get_by_role("slider", name="Volume at each point").press("ArrowRight")
    page.locator('figure[data-plan="1"] canvas').wait_for()
    expect(page.locator("[data-problem]")).to_be_hidden()


def test_what_is_looked_at_first_comes_first_and_nothing_scrolls_sideways(open_page, people, planned):
    """The field, what moves it and depth by time; the sentences after them. Under axe with the other plan beside it, unfolded."""
    page = open_page()
    opened(page, people, planned)
    slider = page.get_by_role("slider", name="Spacing")
    slider.press("ArrowLeft")
    page.locator('figure[data-plan="1"] canvas').wait_for()
    page.evaluate(OPEN_ALL)
    page.evaluate(AXE)
    tops = [page.locator(what).bounding_box()["y"] for what in (".hand >> nth=0", ".profile", "#plainly")]
    assert tops == sorted(tops)
    complaints = []
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        complaints += broken(page, EVERYTHING, EVERY_IMPACT) + page.evaluate(OVERFLOW) + page.evaluate(SIDEWAYS)
    assert complaints == []


SIDEWAYS = """() => [...document.querySelectorAll('.delivery .table-wrap')].filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
  .map(e => `${e.getAttribute('aria-label')} scrolls sideways at ${innerWidth}`)"""


def test_what_a_screen_reader_hears(open_page, people, planned):
    """Sliders say times and lengths instead of the numbers of a list, and the page says nothing of itself while nobody does anything."""
    page = open_page()
    opened(page, people, planned)
    page.evaluate("() => { window.heard = []; new MutationObserver(() => window.heard.push(document.querySelector('[data-told]').textContent)).observe(document.querySelector('[data-told]'), { childList: true }); }")
    time, spacing = (page.get_by_role("slider", name=name) for name in ("Time after the injection", "Spacing"))
    assert re.fullmatch(r"\d+ (min|h)", time.get_attribute("aria-valuetext"))
    before = time.get_attribute("aria-valuetext")
    time.press("ArrowRight")
    expect(time).not_to_have_attribute("aria-valuetext", before)
    spacing.press("ArrowLeft")
    expect(spacing).to_have_attribute("aria-valuetext", "19.5 mm")
    page.locator(".hand").first.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(page.locator("[data-told]")).to_have_text(re.compile("mm from the next"))
    heard = page.evaluate("window.heard")
    assert len(heard) <= 3, heard  # the time, the other plan and the end of the movement; not the ten steps of it


def test_every_control_is_reached_by_keyboard_and_shows_it(open_page, people, planned):
    page = open_page()
    opened(page, people, planned)
    wanted = page.evaluate("() => [...document.querySelectorAll('.delivery :is(a[href], button, input, summary, [tabindex=\"0\"])')].filter(e => e.checkVisibility() && !(e.type === 'radio' && !e.checked)).length")
    page.evaluate("document.querySelector('main').focus()")
    reached, unseen = 0, []
    for _ in range(200):
        page.keyboard.press("Tab")
        at = page.evaluate("() => { const e = document.activeElement, s = getComputedStyle(e); return [!!e.closest('.delivery'), s.outlineStyle === 'none' && !e.matches('[type=radio]') ? e.outerHTML.slice(0, 90) : '']; }")
        if not at[0] and reached:
            break
        reached += at[0]
        unseen += [at[1]] if at[1] else []
    assert reached == wanted and unseen == []


def test_a_thread_is_drawn_as_a_line_and_moves_as_a_whole(open_page, people, monkeypatch):
    monkeypatch.setattr("pistor.clinic.delivery.views.PATIENTS", 8)
    monkeypatch.setattr("pistor.clinic.shared.middleware.timezone", SimpleNamespace(now=lambda: NOW, override=timezone.override))
    page = open_page()
    opened(page, people, ready.planned_visit(people, spacing="20", threads=True))
    pieces = page.evaluate("JSON.parse(document.getElementById('field-data').textContent).plans[0].pieces.length")
    assert pieces > 5
    assert "threads" in page.locator(".hand").first.get_attribute("aria-label")
    x, y, scale = first_point(page)
    curve = page.evaluate(PLACES)
    lines = page.evaluate(THREAD)
    page.mouse.move(x + lines["dx"] * scale, y + lines["dy"] * scale)  # by its end, which stands far from its middle
    page.mouse.down()
    page.mouse.move(x + (lines["dx"] + 3) * scale, y + (lines["dy"] + 5) * scale, steps=4)
    page.mouse.up()
    expect(page.locator("[data-now]")).to_have_text(re.compile("^Thread 1 of .* mm from the next"))
    page.wait_for_function(f"before => JSON.stringify(({PLACES})()) !== JSON.stringify(before)", arg=curve)
    assert "Under the middle of one thread" in page.locator(".profile figcaption").inner_text()
    assert "double lines are the threads" in page.locator(".drawn").first.text_content()


THREAD = """() => { const { pieces } = JSON.parse(document.getElementById('field-data').textContent).plans[0], [dx, dy] = pieces.at(-1); return { dx, dy }; }"""


def test_points_are_chosen_looked_at_and_used(open_page, people, planned, monkeypatch):
    monkeypatch.setattr("pistor.care.exposure.single_points.OFFERED", 2)
    monkeypatch.setattr("pistor.care.exposure.single_points.SECONDS", 2.0)
    page = open_page()
    visit = opened(page, people, planned)
    page.get_by_role("link", name="Choose points").click()
    expect(page.get_by_role("heading", name="Points chosen one by one")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Look")).first.click()
    page.locator(".hand").nth(1).wait_for()
    expect(page.locator("[data-title='1']")).to_have_text(re.compile("chosen one by one"))
    page.go_back()
    page.get_by_role("button", name=re.compile("^Use these points")).first.click()
    expect(page.get_by_text("Points and depth are those you chose")).to_be_visible()
    expect(page.locator("[data-zones]")).to_contain_text("chosen one by one")
    with page.expect_navigation():  # the map that was there before looks much like the one that is saved
        page.get_by_role("button", name="Save injection map").click()
    expect(page.get_by_text("The map saved on")).to_be_visible()
    expect(page.locator("[data-zones]")).to_contain_text("chosen one by one")
    visit.go("delivery")
    expect(page.locator("[data-title='0']")).to_have_text(re.compile("chosen one by one"))
