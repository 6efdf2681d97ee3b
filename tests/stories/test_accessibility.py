"""Every page under axe in light and dark, unfolded, narrow, without a mouse, in forced colours and on paper."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
from io import BytesIO
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from pypdf import PdfReader

from pistor.actions.amendments import correct_treatment
from pistor.actions.course import local_day
from pistor.actions.demo import KINDS, READY, load_demo
from pistor.actions.photos import add_photos, remove_photo
from pistor.knowledge import load
from pistor.knowledge.model import KINDS as KINDS_KNOWN
from pistor.records.consultation import Patient
from pistor.records.people import User
from pistor.records.reactions import ReactionReport
from pistor.records.stock import Lot, Vial
from pistor.records.treatment import Treatment
from tests import factories
from tests.pictures import made
from tests.stories.conftest import listen
from tests.stories.story import PASSWORD, Visit

pytestmark = [pytest.mark.story, pytest.mark.django_db(transaction=True)]

STEPS = (
    "consultation", "consultation/import", "consultation/proposals", "candidacy", "alternatives", "formulation", "injection-map", "course",
    "consent", "treatment", "aftercare", "reactions", "outcomes", "maintenance",
)  # fmt: skip
AXE = Axe().axe_script
EVERYTHING = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
# Where only colours and widths differ, only the rules about them are asked again.
SEEN = {"resultTypes": ["violations"], "runOnly": ["color-contrast", "target-size"]}
JUDGED = os.environ.get("PISTOR_JUDGED")  # a folder that the runs on both databases share
DRAWN_ANEW = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=value=\")[A-Za-z0-9]{64}(?=\")|(?<=://localhost:)[0-9]+")
SHOWN = "[innerWidth, innerHeight, ...['(prefers-color-scheme: dark)', 'print'].map(which => matchMedia(which).matches), document.activeElement?.tagName, document.activeElement?.id]"
OPEN_ALL = "document.querySelectorAll('details').forEach(e => e.open = true)"
OVERFLOW = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const outside = e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.table-wrap');
  return wide <= 1 ? [] : [wide + ' px too wide: ' + [...document.querySelectorAll('body *')].filter(outside).slice(0, 4).map(e => `${e.tagName} in ${e.closest('[class]').getAttribute('class')}`).join(', ')];
}"""
# What axe leaves to people: each id once, and each reference leads somewhere.
IDS = """() => {
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id), known = new Set(ids);
  const twice = ids.filter((id, n) => ids.indexOf(id) !== n).map(id => 'id twice: ' + id);
  const names = ['aria-describedby', 'aria-labelledby', 'aria-controls', 'for'];
  const lost = names.flatMap(name => [...document.querySelectorAll(`[${name}]`)].flatMap(e => e.getAttribute(name).split(' ')
    .filter(id => !known.has(id)).map(id => `${name} leads nowhere: ${id}`)));
  const links = [...document.querySelectorAll('a[href^="#"]')].filter(e => !known.has(e.hash.slice(1))).map(e => 'link leads nowhere: ' + e.hash);
  return [...twice, ...lost, ...links];
}"""


# Whether a target is too small in the middle of the window, with every bar where it is.
SMALL = """async ([target]) => {
  document.querySelector(target).scrollIntoView({ block: 'center', behavior: 'instant' });
  const found = await axe.run({ include: [[target]] }, { resultTypes: ['violations'], runOnly: { type: 'rule', values: ['target-size'] } });
  scrollTo(0, 0);
  return found.violations.length > 0;
}"""


def broken(page, options: dict, impacts: tuple[str, ...] = ("serious", "critical")) -> list[str]:
    """What axe finds of these impacts, with a few places for each.

    What the bar at the lower edge covers at first is looked at once more where a person would bring it: in the middle of the window.
    """
    page.evaluate("scrollTo(0, 0)")
    clean = known_as(page, [options, impacts])
    if clean and clean.exists():
        return []
    found = page.evaluate("options => axe.run(options)", options)["violations"]
    places = [(v, node) for v in found if v["impact"] in impacts for node in v["nodes"] if v["id"] != "target-size" or page.evaluate(SMALL, node["target"])]
    if clean and not places:
        clean.touch()
    return [f"{v['id']}: {node['target']} {node['any'][0]['message'] if node['any'] else v['help']}" for v, node in places]


def known_as(page, asked: list) -> Path | None:
    """The file that is there once axe, asked the same, found nothing on this very page, as wide and in these colours, on the other database.

    Only what is drawn anew for each page is left out of the comparison: keys of rows, form tokens, the server's port.
    """
    if not JUDGED:
        return None
    same = DRAWN_ANEW.sub("", page.content())
    return Path(JUDGED, hashlib.sha256(json.dumps([same, page.evaluate(SHOWN), asked]).encode()).hexdigest())


def judged(page) -> list[str]:
    """Complaints about the page as it stands: unfolded, on a desk in light, on a tablet and on phones in the dark."""
    page.evaluate(OPEN_ALL)
    page.evaluate(AXE)
    complaints = page.evaluate(IDS) + broken(page, EVERYTHING)
    page.emulate_media(color_scheme="dark")
    for width, height in ((820, 1180), (390, 844), (320, 640)):
        page.set_viewport_size({"width": width, "height": height})
        complaints += [f"{width}: {found}" for found in page.evaluate(OVERFLOW)]
        if width == 390:
            complaints += [f"{width}, dark: {found}" for found in broken(page, SEEN)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})
    address = page.url.partition("//")[2].partition("/")[2]
    return [f"/{address} {found}" for found in complaints]


def look_at(page, *paths: str, status: int = 200) -> list[str]:
    complaints = []
    for path in paths:
        answer = page.goto(path)
        complaints += [] if answer.status == status else [f"{path} answered {answer.status}"]
        complaints += judged(page)
    return complaints


def assert_none(complaints: list[str]) -> None:
    assert not complaints, "\n".join(sorted(set(complaints)))


@pytest.fixture
def demo(transactional_db):
    """The demo clinic at its smallest: somebody ready for each application, and treatments signed."""
    load_demo(at=dt.datetime.now(dt.UTC), password=PASSWORD, patients=16)
    return User.objects.get(role="practitioner")


@pytest.fixture
def clinic(transactional_db):
    return factories.user(factories.clinic(name="Clinique du Parc", jurisdiction="GB", policy="mixture", phone="+44 20 0000 0000"), "practitioner")


def ready(application: str) -> Treatment:
    return Treatment.objects.get(patient__given_name=READY[application][1])


# What the protocol leaves to the clinician.
NUMBERS = {"pain": {"inserted_length_mm": "4", "angle_deg": "45"}}


def plan(visit: Visit, application: str) -> None:
    kind = KINDS[application]
    visit.answers_what_is_open()
    visit.accepts_the_verdict()
    visit.scores(kind.scale, str(kind.baseline[0]))
    visit.talks_alternatives_through()
    visit.composes_the_protocols_blend()
    visit.draws_the_protocols_map(**NUMBERS.get(application, {}))
    visit.sets_the_dates()


def of_stock(lot: Lot) -> list[str]:
    """The pages of the shelf, with the vial that stands open in the demo."""
    return ["/stock/", "/stock/receive/", f"/stock/{lot.pk}/", f"/stock/{lot.pk}/waste/", f"/stock/products/{lot.product_id}/", f"/stock/vials/{Vial.objects.first().pk}/"]


def test_pages_beside_a_visit(open_page, demo):
    page = open_page(refused=(404, 422))
    complaints = look_at(page, "/sign-in/")
    page.get_by_role("button", name="Sign in").click()
    complaints += judged(page)
    Visit(page).sign_in(demo)
    patient, lot = Patient.objects.get(given_name="Paolo"), Lot.objects.first()
    theirs = f"/patients/{patient.pk}/"
    complaints += look_at(page, "/", *of_stock(lot), "/patients/", "/patients/new/", theirs, f"{theirs}edit/", f"{theirs}start/")
    complaints += look_at(page, "/settings/", "/library/", "/library/blend/", "/library/own/", "/library/contraindications/", "/library/ingredients/lidocaine/")
    complaints += look_at(page, "/nothing-here/", status=404)
    assert_none(complaints)


EVERY_IMPACT = ("minor", "moderate", "serious", "critical")


@pytest.mark.parametrize("half", [0, 1])
def test_pages_of_the_library(open_page, clinic, half):
    """Of each kind the list and its longest entry: nothing at all for axe to find, and nothing wider than a phone."""
    page, library = open_page(), load()
    Visit(page).sign_in(clinic)
    complaints = []
    for kind in list(KINDS_KNOWN)[half::2]:
        longest = max(getattr(library, kind).values(), key=lambda entry: len(entry.model_dump_json()), default=None)
        for path in (f"/library/{kind}/", f"/library/{kind}/{longest.id}/") if longest else ():
            assert page.goto(path).status == 200
            page.evaluate(OPEN_ALL)
            page.evaluate(AXE)
            complaints += [f"{path} {found}" for found in page.evaluate(IDS) + broken(page, EVERYTHING, EVERY_IMPACT)]
            for width in (820, 390):
                page.set_viewport_size({"width": width, "height": 844})
                complaints += [f"{path} {width}: {found}" for found in page.evaluate(OVERFLOW)]
            page.set_viewport_size({"width": 1280, "height": 900})
    assert_none(complaints)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_long_page_of_the_library_can_be_narrowed(open_page, clinic, width):
    page = open_page()
    Visit(page).sign_in(clinic)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/library/contraindications/")
    rows, every = page.locator("tbody tr:visible"), len(load().contraindications)
    assert rows.count() == every
    page.get_by_label("Words to look for on this page").fill("isotretinoin skin")
    assert 1 <= rows.count() < 6
    assert page.locator("#filter-told").inner_text() == f"{rows.count()} of {every}"
    page.get_by_label("Words to look for on this page").fill("")
    assert rows.count() == every


def test_pages_of_a_visit_before_anything_is_planned(open_page, demo):
    page = open_page()
    visit = Visit(page)
    visit.sign_in(demo)
    visit.address = f"/visits/{ready('pain').pk}/"
    assert_none(look_at(page, visit.address, *(f"{visit.address}{step}/" for step in STEPS)))


@pytest.mark.parametrize("application", READY)
def test_pages_of_a_visit(open_page, demo, application):
    """The steps as they stand with a plan, and after the treatment."""
    page = open_page()
    visit = Visit(page)
    visit.sign_in(demo)
    treatment = ready(application)
    visit.address = f"/visits/{treatment.pk}/"
    plan(visit, application)
    complaints = []
    complaints += look_at(page, *(f"{visit.address}{step}/" for step in ("formulation", "injection-map", "delivery", "course", "consent")))
    visit.patient_signs("Journey")
    complaints += look_at(page, f"{visit.address}treatment/")
    visit.treats_as_planned()
    visit.gives_the_aftercare_sheet()
    visit.reports("lump", began_on=local_day(demo, dt.datetime.now(dt.UTC)).isoformat())
    report = ReactionReport.objects.get(treatment=treatment)
    later = ["candidacy", "alternatives", "consent", "treatment", "aftercare", f"reactions/{report.pk}", "outcomes", "maintenance"]
    later += beside_the_signature(treatment, demo) if application == "pain" else []  # the same for all of them
    complaints += look_at(page, *(f"{visit.address}{step}/" for step in later))
    assert_none(complaints)


def beside_the_signature(treatment: Treatment, by: User) -> list[str]:
    """The pages of what comes after signing: a photograph, one that was removed, the form that corrects, and the treatment with a correction."""
    first, second = add_photos(
        visit=treatment, files=[("a.jpg", made()), ("b.jpg", made(size=(300, 400)))], moment="after", note="left side", agreed=True, by=by, at=dt.datetime.now(dt.UTC)
    )
    remove_photo(photo=second, reason="not sharp", by=by, at=dt.datetime.now(dt.UTC))
    correct_treatment(visit=treatment, wanted={"record/pain_score": 8, "record/note": "seen later"}, reason="misread", by=by, at=dt.datetime.now(dt.UTC))
    return ["treatment", "treatment/photos", f"treatment/photos/{first.pk}", f"treatment/photos/{second.pk}", "treatment/correct"]


# One thing wrong on each page with a form: what is typed where, and the button that sends it.
WRONG = (
    ("/patients/new/", {"family_name": ""}, "Add patient"),
    ("consultation/", {"weight_kg": "heavy"}, "Save history"),
    ("formulation/", {"volume-0": "some"}, "Save blend"),
    ("course/", {"sessions": "many"}, "Save course"),
    ("consent/", {"signer_name": ""}, "Sign consent"),
    ("treatment/", {"skin_preparation": ""}, "Sign treatment"),
    ("outcomes/", {"nrs-total": "11"}, "Save NRS score"),
    ("maintenance/", {"reason": ""}, "Save decision"),
    ("/library/blend/", {"weight_kg": "heavy"}, "Work out"),
)
TIED = """() => {
  const summary = document.querySelector('.error-summary');
  if (!summary || document.activeElement !== summary) return ['the summary of errors has no focus'];
  const meant = [...summary.querySelectorAll('a[href^="#"]')].map(a => document.getElementById(a.hash.slice(1)));
  const fields = meant.flatMap(e => e.matches('fieldset') ? [...e.querySelectorAll('input')] : [e]);
  const told = e => (e.getAttribute('aria-describedby') ?? '').split(' ').some(id => document.getElementById(id)?.matches('.error'));
  return fields.filter(e => e.getAttribute('aria-invalid') !== 'true' || !told(e)).map(e => 'nothing at the field says what is wrong: ' + e.name);
}"""


def test_what_is_wrong_is_said_at_the_field_and_takes_the_focus(open_page, demo):
    page = open_page(refused=(409, 422))
    visit = Visit(page)
    visit.sign_in(demo)
    visit.address = f"/visits/{ready('pain').pk}/"
    plan(visit, "pain")
    visit.patient_signs("Journey")
    complaints = []
    for path, typed, button in WRONG:
        page.goto(path if path.startswith("/") else f"{visit.address}{path}")
        page.evaluate(OPEN_ALL)
        for name, value in typed.items():
            page.locator(f"main [name='{name}']").fill(value)
        with page.expect_navigation():
            page.get_by_role("button", name=button, exact=True).first.click()
        complaints += [f"{path}: {found}" for found in page.evaluate(TIED)]
        complaints += judged(page)
    assert_none(complaints)


class Keyboard:
    """One person without a mouse: Tab, arrows, Enter, Space, and what is typed."""

    def __init__(self, page) -> None:
        self.page, self.press = page, page.keyboard.press

    def to(self, selector: str) -> None:
        """Press Tab until the focus is there; where Tab never leads, the page cannot be used."""
        for _ in range(400):
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
            self.press("Tab")
        raise AssertionError(f"Tab never leads to {selector} on {self.page.url}")

    def type(self, selector: str, text: str) -> None:
        self.to(selector)
        self.page.keyboard.type(text)

    def choose(self, name: str, value: str) -> None:
        """A radio button: Tab to its group, Space, then down to the answer."""
        self.to(f"[name='{name}']")
        self.press("Space")
        for _ in range(40):
            if self.page.evaluate("value => document.activeElement.value === value && document.activeElement.checked", value):
                return
            self.press("ArrowDown")
        raise AssertionError(f"the arrows never lead to {value} of {name} on {self.page.url}")

    def enter(self, selector: str) -> None:
        """Follow a link or press a button."""
        self.to(selector)
        with self.page.expect_navigation():
            self.press("Enter")


def test_from_sign_in_to_an_accepted_verdict_without_a_mouse(open_page, clinic):
    page = open_page(locale="en-GB")
    clinic.set_password(PASSWORD)
    clinic.save(update_fields=["password"])
    page.goto("/sign-in/")
    keys = Keyboard(page)
    keys.type("[name=username]", clinic.username)
    keys.type("[name=password]", PASSWORD)
    keys.enter("main button[type=submit]")
    keys.enter(".topbar a[href='/patients/']")
    keys.enter("a[href='/patients/new/']")
    keys.type("[name=family_name]", "Moreau")
    keys.type("[name=given_name]", "Claire")
    keys.type("[name=birth_date]", "14031980")  # as the date field of this locale takes it
    keys.choose("sex", "female")
    keys.enter("main button[type=submit]")
    keys.enter("main a[href$='/start/']")
    keys.choose("indication", "neck_pain:neck")
    keys.enter("main button[type=submit]")

    keys.enter(".task-list a[href$='/consultation/']")
    keys.type("[name=weight_kg]", "70")
    keys.type("[name=height_cm]", "172")
    for name in questions(page):
        keys.choose(name, {"pregnancy": "not_pregnant"}.get(name, "no"))
    keys.enter("main button.primary[type=submit]")
    assert "70 kg" in page.locator(".banner").inner_text()
    keys.enter(".task-list a[href$='/candidacy/']")
    if open_ones := questions(page):
        for name in open_ones:
            keys.choose(name, "no")
        keys.enter("button[value=answer]")
    keys.enter("button[value=go_on]")
    page.get_by_role("heading", level=1, name="Outcomes").wait_for()  # the score before the first treatment comes next
    keys.enter(".steps a[href$='/candidacy/']")
    assert page.locator("main").get_by_text("Last decided: went on").count() == 1


def questions(page) -> list[str]:
    """The names of the questions of this page, in the order of the page."""
    return page.evaluate("[...new Set([...document.querySelectorAll('main [type=radio]')].map(e => e.name))]")


# A field that takes the focus under a sticky banner or the bar at the lower edge cannot be seen.
HIDDEN = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect();
  if (e === document.body || box.width === 0 || e.closest('.skip, .findings, .steps, .topbar, .onward, .banner')) return null;
  const rows = [0.2, 0.5, 0.8].map(part => document.elementFromPoint(box.x + Math.min(box.width / 2, 40), box.y + box.height * part));
  return rows.some(at => at && (e.contains(at) || at.contains(e) || e.labels?.[0]?.contains(at))) ? null : `${e.tagName} ${e.name || e.textContent.trim().slice(0, 40)}`;
}"""


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_what_has_the_focus_is_never_covered(open_page, demo, width, height):
    page = open_page(width, height)
    Visit(page).sign_in(demo)
    hidden = []
    for step in ("consultation", "injection-map"):
        page.goto(f"/visits/{ready('pain').pk}/{step}/")
        for key in ["Tab"] * 120 + ["Shift+Tab"] * 60:
            page.keyboard.press(key)
            hidden.append(page.evaluate(HIDDEN))
    assert not list(filter(None, hidden)), set(hidden)


RING = "(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; })()"
BORDERS = """[...document.querySelectorAll('.button, input:not([type=hidden]), select, textarea')].filter(e => e.checkVisibility()).filter(e => {
  const s = getComputedStyle(e);
  return !['checkbox', 'radio', 'file'].includes(e.type) && (s.borderStyle === 'none' || parseFloat(s.borderTopWidth) < 1 || s.borderTopColor === s.backgroundColor);
}).map(e => e.outerHTML.slice(0, 120))"""


def test_borders_and_focus_are_seen_where_colours_are_forced(open_page, demo):
    page = open_page(forced_colors="active")
    Visit(page).sign_in(demo)
    for path in ("/patients/", f"/visits/{ready('pain').pk}/candidacy/", f"/visits/{ready('pain').pk}/formulation/"):
        page.goto(path)
        page.evaluate(OPEN_ALL)
        assert page.evaluate(BORDERS) == []
        for _ in range(25):
            page.keyboard.press("Tab")
            assert page.evaluate(RING), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def test_on_paper_there_is_the_text_and_nothing_to_press(open_page, demo):
    """From a screen in the dark, because paper is white."""
    page = open_page(color_scheme="dark")
    Visit(page).sign_in(demo)
    treatment = Treatment.objects.filter(state="signed").first()
    complaints = []
    for step, title in (("candidacy", "Candidacy"), ("alternatives", "Alternatives"), ("course", "Course"), ("treatment", "Signed and locked"), ("aftercare", "Aftercare")):
        page.goto(f"/visits/{treatment.pk}/{step}/")
        text = " ".join(paper.extract_text() for paper in PdfReader(BytesIO(page.pdf(format="A4"))).pages)
        assert title in text
        assert "Sign out" not in text
        assert treatment.patient.given_name in text  # a family name may be of a script that PDF readers reorder
        page.emulate_media(media="print")
        page.evaluate(AXE)
        complaints += [f"{step}: {found}" for found in broken(page, SEEN)]
        page.set_viewport_size({"width": 794, "height": 1123})
        complaints += [f"{step}: {found}" for found in page.evaluate(OVERFLOW)]
        page.set_viewport_size({"width": 1280, "height": 900})
        page.emulate_media(media="null")
    assert_none(complaints)


def test_a_missing_file_and_a_breach_of_the_policy_are_complaints(browser, live_server):
    """So that no story passes over them."""
    said: list[str] = []
    page = browser.new_page(base_url=live_server.url)
    listen(page, said, refused=(404,))
    page.goto("/sign-in/")
    assert said == []
    page.evaluate("document.body.append(Object.assign(new Image(), { src: '/static/shared/none.png' }))")
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.wait_for_load_state("networkidle")
    page.close()
    assert any("none.png" in one for one in said), said
    assert any("Content Security Policy" in one for one in said), said
