"""How many things a person does with hand or keyboard for a task of the treatment room, counted in Chromium.

Each press of the pointer is 1, each key that is not typing into a field is 1, each field that is typed into is 1, each scan is 1, and a choice from a list that
opens is 2: opening it and choosing. Reading and scrolling are 0. A listener that this file puts into the page counts what arrives there;
nothing of the product takes part. What a hand scanner types arrives in the field at once and ends with Enter: that is the scan.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.stories.server import Server

from benchmarks.common import noise, report

PASSWORD = "three grey herons at noon"
COUNTER = """
(() => {
  let typedInto = null;
  const isText = (e) => e.target.matches?.("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea");
  const isTyping = (e) => isText(e) && !e.ctrlKey && (e.key.length === 1 || e.key === "Backspace" || e.key === "Delete");
  addEventListener("pointerdown", () => { typedInto = null; counted("press"); }, true);
  addEventListener("keydown", (e) => {
    if (["Shift", "Control", "Alt", "Meta"].includes(e.key) || window.scanning) return;
    if (!isTyping(e)) counted("key");
    else if (typedInto !== e.target) { typedInto = e.target; counted("field"); }
  }, true);
})();
"""
PREPARE = """
import datetime as dt
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
from pistor.actions.candidacy import review_verdict
from pistor.actions.injection_map import draw_map
from pistor.actions.treatment import sign_treatment
from pistor.care.injection_map import Area, zones_alike
from pistor.records.intent import candidacy_of
from pistor.records.people import User
from pistor.records.stock import Product
from pistor.records.treatment import Treatment
from tests import factories, ready
factories.NOW = ready.NOW = dt.datetime.now(dt.UTC)
ready.TODAY = ready.NOW.date()
clinic = factories.clinic(time_zone="UTC", jurisdiction="GB")
person = factories.user(clinic, "practitioner", username="charts")
person.set_password({password!r})
person.save()
people = SimpleNamespace(practitioner=person, clinic=clinic)
lots = [ready.lot(clinic, number=number, days=days) for number, days in (("FIRST", 100), ("SECOND", 300))]
Product.objects.update(prescription="no")

def charted(areas, spacing, per_point):
    visit = ready.planned_visit(people, volume="10")
    generator = replace(ready.POINTS, pattern="hexagonal", spacing_mm=Decimal(spacing), volume_per_point_ml=Decimal(per_point))
    zones = zones_alike([Area("neck_back", zone, side) for zone, side in areas], generator, "nappage")
    plan = draw_map(course=visit.course, zones=zones, by=person, at=dt.datetime.now(dt.UTC))
    visit.refresh_from_db()
    ready.consented(visit, person)
    ready.syringe(visit, person, of=lots[0], volume="10", own_hours=Decimal(24), at=dt.datetime.now(dt.UTC))
    return visit, plan.points

one, n_one = charted([("neck", "left")], {one!r}, "0.02")
three, n_three = charted([("neck", "left"), ("neck", "right"), ("shoulder", "left")], {three!r}, "0.02")
varied, n_varied = charted([("neck", "left")], {one!r}, "0.02")
def second(reviewed):
    first = ready.signed_visit(people)
    visit = Treatment.objects.filter(course=first.course, state="planned").order_by("number").first()
    Treatment.objects.filter(pk=visit.pk).update(planned_on=ready.TODAY)
    visit.refresh_from_db()
    ready.consented(visit, person)
    digest = candidacy_of(visit.course, ready.TODAY).digest
    if reviewed:
        review_verdict(course=visit.course, treatment=visit, digest=digest, version=None, by=person, at=dt.datetime.now(dt.UTC), token=None)
    return visit

again, whole = second(True), second(False)

# Four people of the demo as the desk knows them before their first visit: name, date of birth and what they come for.
from pistor.actions.demo import load_demo
from pistor.records.consultation import HistoryEntry, Patient
load_demo(at=dt.datetime.now(dt.UTC), password={password!r}, patients=44)
new = Patient.objects.filter(number__in=[f"DEMO-{{n:04}}" for n in range(1, 5)]).order_by("number")
HistoryEntry.objects.filter(patient__in=new).delete()
Product.objects.update(prescription="no")
print(one.pk, n_one, three.pk, n_three, varied.pk, n_varied, again.pk, lots[1].pk, whole.pk, whole.patient.number,
      *(f"{{row.number}}:{{row.given_name}}:{{row.courses.get().application}}" for row in new))
"""
TARGETS = {"equal": 12, "three": 25, "varied": 75, "repeat": 4, "whole": 40}
FIRST = 60  # with the whole history, whose questions are asked one by one; it must not grow
ONE_SPACING, THREE_SPACING = "8.4", "7"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./pistor bench interactions")
    parser.add_argument("--out")
    options = parser.parse_args(arguments)
    before = noise()
    rows = run()
    report("interactions", rows, options.out, noise_s=[before, noise()])
    return 1 if any(row["interactions"] > row["at most"] for row in rows) else 0


def run() -> list[dict[str, Any]]:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder), mode="local")
        told = server.run(PREPARE.format(password=PASSWORD, one=ONE_SPACING, three=THREE_SPACING))
        one, n_one, three, n_three, varied, n_varied, again, lot, whole, number, *new = told.split()[-14:]
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        server.start()
        try:
            hand, demo = Hand(browser, server, "charts"), Hand(browser, server, "practitioner")
            return [
                hand.does(f"{n_one} equal points in one zone, charted as planned", TARGETS["equal"], one, as_planned),
                hand.does(f"{n_three} points in 3 zones, one of them changed", TARGETS["three"], three, one_zone_changed),
                hand.does(f"{n_varied} points, every one with another volume than planned", TARGETS["varied"], varied, every_point_varied),
                hand.does("last treatment repeated with one changed lot", TARGETS["repeat"], again, lambda hand: repeated(hand, lot)),
                hand.does("a whole visit, the second of a course: from the list of today to the sheet for home", TARGETS["whole"], "",
                          lambda hand: whole_visit(hand, whole, number)),
                *itertools.chain.from_iterable(first_visits(demo, *row.split(":")) for row in new),
            ]
        finally:
            server.kill()
            browser.close()


class Hand:
    """One person at a tablet, whose every press, key, field and scan is counted."""

    def __init__(self, browser: Any, server: Server, name: str) -> None:
        self.counts: Counter[str] = Counter()
        self.steps: dict[str, int] = {}
        context = browser.new_context(base_url=f"http://127.0.0.1:{server.port}", viewport={"width": 1024, "height": 768})
        context.expose_function("counted", lambda kind: self.counts.update([kind]))
        context.add_init_script(COUNTER)
        self.page = context.new_page()
        self.page.goto("/sign-in/")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", name=re.compile("^Today")).wait_for()

    def does(self, task: str, at_most: int, visit: str, work: Callable[[Hand], None]) -> dict[str, Any]:
        self.page.goto(f"/visits/{visit}/treatment/" if visit else "/")
        if visit:
            self.page.locator(".gate:not([aria-busy])").wait_for()
        self.counts.clear()
        self.steps.clear()
        begun = time.monotonic()
        work(self)
        counts = {kind: self.counts[kind] for kind in ("press", "key", "field", "scan", "choice")}
        total = sum(self.counts.values())
        of = ", ".join(f"{step} {number}" for step, number in self.steps.items())
        return {"task": task, "interactions": total, "at most": at_most, **counts, "script_s": round(time.monotonic() - begun, 1), "of": of}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count a part of the task by itself too."""
        before = self.counts.total()
        yield
        self.steps[name] = self.counts.total() - before

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def type(self, selector: str, text: str) -> None:
        """A press into the field, then what is typed."""
        self.page.locator(selector).click()
        self.page.keyboard.press("Control+a")
        self.counts["key"] -= 1  # to select what stood there is part of typing into a field
        self.page.keyboard.type(text)

    def choose(self, selector: str, value: str) -> None:
        self.counts["choice"] += 2
        self.page.locator(selector).select_option(value)

    def follow(self, selector: str) -> None:
        """A link or a button that leads to another page, or sends what stands here."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()

    def scan(self, code: str) -> None:
        """What a hand scanner does in the field that has the focus."""
        self.counts["scan"] += 1
        self.page.evaluate("window.scanning = true")
        self.page.keyboard.insert_text(code)
        self.page.keyboard.press("Enter")
        self.page.evaluate("window.scanning = false")

    def tap(self, x: float, y: float) -> None:
        self.page.mouse.click(x, y)


def as_planned(hand: Hand) -> None:
    hand.press("All as planned")
    assert hand.page.locator("[name=state_0][value=given]").is_checked()


def one_zone_changed(hand: Hand) -> None:
    """Twelve points of the first zone left out, with the reason; the others as planned."""
    for x, y in points_on_screen(hand)[:12]:
        hand.tap(x, y)
    hand.press("Skin not intact")
    hand.press("All as planned")
    assert hand.page.evaluate("[0, 1, 2].every((n) => document.querySelector(`[name=state_${n}]:checked`))")


def every_point_varied(hand: Hand) -> None:
    """Three volumes, each typed once and then put on the points it is for."""
    points = points_on_screen(hand)
    for place, ml in enumerate(("0.01", "0.03", "0.04")):
        hand.type("[data-brush-ml]", ml)
        for x, y in points[place::3]:
            hand.tap(x, y)
    hand.press("Less was needed")
    changed = hand.page.evaluate("Object.keys(JSON.parse(document.querySelector('[name=edits_0]').value).changed).length")
    assert changed == len(points), (changed, len(points))


def repeated(hand: Hand, lot: str) -> None:
    hand.choose("[name=make-lot_0_0]", lot)
    with hand.page.expect_navigation():
        hand.page.locator("button[value=repeat]").click()
    assert "is made" in hand.page.locator("main").inner_text()
    hand.page.get_by_role("button", name=re.compile("^All as")).click()


def whole_visit(hand: Hand, visit: str, number: str) -> None:
    """The verdict, the syringe, both codes, the checklist, what was given, the signature, the score and the sheet for home.

    The dates of the course are set, so the next booking stands there already.
    """
    here, page = f"/visits/{visit}/", hand.page
    hand.follow(f"main a[href^='{here}']")
    hand.follow(f"main a[href='{here}candidacy/']")
    hand.follow("button[value=go_on]")
    hand.follow(f".steps a[href='{here}outcomes/']")
    hand.type("[name=nrs-total]", "4")
    hand.follow("form:has([name=nrs-total]) button:not([tabindex='-1'])")
    hand.follow(f".steps a[href='{here}treatment/']")
    hand.follow("button[value=repeat]")
    reads_both_codes(hand, number)
    ticks_the_checklist(hand)
    confirms_and_signs(hand)
    hand.follow(".onward .to-next")
    hand.follow("main form button.primary")
    assert page.locator("main").get_by_text("Given").count(), page.url


def reads_both_codes(hand: Hand, number: str) -> None:
    syringe = hand.page.locator("[data-syringe]").get_attribute("data-syringe")
    hand.page.locator("[name=patient_code]").click()
    hand.scan(f"P1:P:{number}")
    hand.scan(f"P1:S:{syringe}")
    hand.page.locator("[data-time-out] .passed").wait_for()


def ticks_the_checklist(hand: Hand) -> None:
    for step in ("identity_consent", "emergency_kit"):
        hand.page.locator(f"[name=check_{step}]").click()
    for group in hand.page.locator("[data-together] button").all():
        group.click()


def confirms_and_signs(hand: Hand) -> None:
    hand.page.get_by_role("button", name=re.compile("^All as")).click()
    hand.page.locator("[name=pain_score][value='2']").click()
    hand.page.locator("[name=reaction][value=none]").click()
    hand.page.locator(".gate:not([aria-busy])").wait_for()
    hand.follow("button[value=sign]")


BEST = {"pain_diagnosis": "yes", "weight_stable": "yes", "bdd_form": "BDDQ", "bdd_screen": "negative", "contraception": "cannot_become_pregnant"}
NUMBERS = {"weight_kg": "64", "height_cm": "172", "q_hair_years": "4", "q_pinch_thickness_mm": "12"}
ON = "button.go-on"


def first_visits(hand: Hand, number: str, given: str, kind: str) -> Iterator[dict[str, Any]]:
    """A first visit as a whole, and without what is asked and typed for the history."""
    row = hand.does(f"a first visit, {kind}: from the list of today to the sheet for home, nothing to report", FIRST, "",
                    functools.partial(first_visit, number=number, given=given, kind=kind))  # fmt: skip
    yield row
    yield {"task": f"of these, {kind}: all but the history", "interactions": row["interactions"] - hand.steps["history"], "at most": TARGETS["whole"]}


def first_visit(hand: Hand, number: str, given: str, kind: str) -> None:
    """Everything from the name in the list of today: asked, scored, decided, planned, signed, given, left, with the sheet and the dates of what follows."""
    page = hand.page
    with hand.step("arrival"):
        hand.follow(f".task-list a:has-text('{given}')")
    with hand.step("history"):
        hand.follow(".spread a.primary")
        history(hand, ("weight_kg", "height_cm") if kind == "fat" else ("weight_kg",))
        hand.follow(ON)
    with hand.step("baseline score"):
        hand.type("#step input[inputmode=decimal]", "4")
        hand.follow(ON)
    with hand.step("candidacy"):
        hand.follow("button[value=go_on]")
    with hand.step("alternatives"):
        page.locator("[name=preference][value=undecided]").click()
        hand.follow(ON)
    with hand.step("blend"):
        for box in page.locator("main input[name^=confirm]").all():
            box.click()
        hand.follow(ON)
    with hand.step("map"):
        hand.follow(ON)
    with hand.step("dates"):
        hand.follow(ON)
    with hand.step("consent"):
        consent(hand)
    with hand.step("syringe and time-out"):
        hand.follow("button[value=make-clear]")
        reads_both_codes(hand, number)
    with hand.step("chart"):
        ticks_the_checklist(hand)
        page.locator("[data-fills=skin_preparation] button").first.click()
        page.locator("[name=anaesthesia][value=none]").click()
        confirms_and_signs(hand)
    with hand.step("leaving"):
        hand.follow("form[action$='discharge/'] button")
    with hand.step("aftercare"):
        hand.follow(".onward .to-next")
        hand.follow("main form button.primary")
    assert page.locator("main").get_by_text("Given").count(), page.url


def history(hand: Hand, measured: tuple[str, ...]) -> None:
    """Each question that is asked by itself, then one press for each section that was read out and answered with no."""
    page = hand.page
    for field in (*measured, *(n for n in NUMBERS if n.startswith("q_"))):
        if page.locator(f"[name={field}]").count():
            hand.type(f"[name={field}]", NUMBERS[field])
    if page.locator("[name=pregnancy]").count():
        page.locator("[name=pregnancy][value=not_pregnant]").click()
    for question in page.evaluate("[...document.querySelectorAll('.question[id]:not([data-together])')].map(e => e.id.slice(9))"):
        answer = page.locator(f"[name=q_{question}][value={BEST.get(question, 'no')}]")
        if answer.count() and not question.startswith(("allergy_", "breastfeeding")):  # answered by the no to any allergy, and with pregnancy
            answer.click()
    for button in page.locator("[data-no-to-all] button").all():
        button.click()


def consent(hand: Hand) -> None:
    page = hand.page
    for box in ("read", "asked"):
        page.locator(f"main [name={box}]").click()
    pad = page.locator("svg.pad")
    pad.scroll_into_view_if_needed()
    place = pad.bounding_box()
    page.mouse.move(place["x"] + 20, place["y"] + 60)
    page.mouse.down()
    for x, y in ((60, 20), (90, 80), (150, 30)):
        page.mouse.move(place["x"] + x, place["y"] + y)
    page.mouse.up()
    hand.follow("form:has(svg.pad) button.primary")


ON_SCREEN = """stage => {
  const box = stage.getBoundingClientRect(), [x, y, width, height] = stage.querySelector('svg.dots').getAttribute('viewBox').split(' ').map(Number);
  const scale = Math.min(box.width / width, box.height / height);
  const left = box.left + (box.width - width * scale) / 2, top = box.top + (box.height - height * scale) / 2;
  const [zone] = JSON.parse(document.getElementById('chart').textContent).zones;
  return zone.points.map(([, px, py]) => [left + (px - x) * scale, top + (py - y) * scale]);
}"""


def points_on_screen(hand: Hand) -> list[tuple[float, float]]:
    """Where the points of the first zone are, in pixels of the window, once the map is in sight. Looking for them is no interaction."""
    stage = hand.page.locator("[data-stage]")
    stage.evaluate("stage => stage.scrollIntoView({ block: 'center' })")
    return [(x, y) for x, y in stage.evaluate(ON_SCREEN)]
