"""Every page under axe, and no page wider than a phone."""

from __future__ import annotations

import datetime as dt

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests import factories
from tests.stories.story import Visit

pytestmark = [pytest.mark.story, pytest.mark.django_db(transaction=True)]

STEPS = (
    "consultation", "consultation/import", "consultation/proposals", "candidacy", "alternatives", "formulation", "injection-map", "course",
    "consent", "treatment", "aftercare", "reactions", "outcomes", "maintenance",
)  # fmt: skip


def serious(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{page.url}: {v['id']}: {v['nodes'][0]['target']} {v['help']}" for v in found if v["impact"] in ("serious", "critical")]


def too_wide(page) -> list[str]:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide <= 1:
        return []
    outside = "e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.table-wrap')"
    which = page.evaluate(f"[...document.querySelectorAll('body *')].filter({outside}).slice(0, 4).map(e => e.tagName + '.' + e.className + ' ' + (e.name || ''))")
    return [f"{page.url}: {wide} px wider than the screen: {which}"]


@pytest.fixture
def clinic(transactional_db):
    clinic = factories.clinic(name="Clinique du Parc", jurisdiction="GB", policy="mixture", phone="+44 20 0000 0000")
    return factories.user(clinic, "practitioner")


# Dark colours and a tablet's width bring other contrasts and another layout; the rest of a page is the same there.
LOOKS = ((1280, "light"), (820, "dark"))
OPEN_ALL = "document.querySelectorAll('details').forEach(e => e.open = true)"


def look_at(page, paths: list[str], *, status: int = 200) -> list[str]:
    """Complaints about these pages with everything unfolded: under axe in light and dark, and wider than a tablet or a phone."""
    complaints = []
    for path in paths:
        answer = page.goto(path)
        if answer.status != status:
            complaints.append(f"{path} answered {answer.status}")
        page.evaluate(OPEN_ALL)
        for width, scheme in LOOKS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            complaints += [f"{scheme}: {found}" for found in serious(page)]
        page.emulate_media(color_scheme="light")
        for width in (820, 390, 320):
            page.set_viewport_size({"width": width, "height": 844})
            complaints += too_wide(page)
        page.set_viewport_size({"width": 1280, "height": 900})
    return complaints


def test_pages_of_a_new_visit(open_page, clinic):
    page = open_page()
    visit = Visit(page)
    page.goto("/sign-in/")
    complaints = serious(page)
    visit.sign_in(clinic)
    visit.add_patient("Moreau", "Claire", "1980-03-14", "Female")
    patient = page.url
    visit.start("Neck pain")
    paths = ["/", "/stock/", "/patients/", "/patients/new/", patient, f"{patient}edit/", f"{patient}start/", visit.address]
    complaints += look_at(page, ["/nothing-here/"], status=404)
    complaints += look_at(page, [*paths, *(f"{visit.address}{step}/" for step in STEPS)])
    assert not complaints, "\n".join(complaints)


def test_pages_of_a_visit_with_everything_recorded(open_page, clinic):
    from pistor.records.stock import Lot

    soon = dt.date.today() + dt.timedelta(days=300)
    Lot.objects.create(clinic=clinic.clinic, created_at=factories.NOW, created_by=clinic, presentation="lidocaine_2pct", lot_number="L0", expires_on=soon)
    page = open_page()
    visit = Visit(page)
    visit.sign_in(clinic)
    visit.add_patient("Moreau", "Claire", "1980-03-14", "Female")
    visit.start("Neck pain")
    visit.takes_the_history(medicine="Warfarin", yes=("anticoagulant", "medicines"))
    visit.scores("nrs", "7")
    visit.answers_what_is_open()
    visit.accepts_the_verdict()
    visit.talks_alternatives_through()
    visit.composes_the_protocols_blend()
    visit.draws_the_protocols_map(inserted_length_mm="4", angle_deg="45")
    visit.sets_the_dates()
    complaints = look_at(page, [f"{visit.address}consent/", f"{visit.address}treatment/"])
    visit.patient_signs("Claire Moreau")
    complaints += look_at(page, [f"{visit.address}treatment/"])
    visit.treats_as_planned()
    visit.gives_the_aftercare_sheet()
    said = visit.reports("lump", began_on=dt.datetime.now(dt.UTC).date().isoformat())
    assert said
    complaints += serious(page)
    visit.scores("nrs", "4")
    complaints += look_at(page, [visit.address, *(f"{visit.address}{step}/" for step in STEPS)])
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize(
    ("indication", "steps"),
    [
        ("Quality of facial skin", ("candidacy", "formulation", "injection-map", "course", "outcomes", "alternatives")),
        ("Androgenetic alopecia", ("candidacy", "formulation", "injection-map", "course", "outcomes", "alternatives")),
        ("Fullness under the chin", ("candidacy", "formulation", "injection-map", "course", "outcomes", "alternatives")),
    ],
)
def test_pages_of_the_other_applications(open_page, clinic, indication, steps):
    page = open_page()
    visit = Visit(page)
    visit.sign_in(clinic)
    visit.add_patient("Moreau", "Claire", "1980-03-14", "Female")
    visit.start(indication)
    visit.takes_the_history()
    complaints = look_at(page, [f"{visit.address}{step}/" for step in steps])
    assert not complaints, "\n".join(complaints)


def test_focus_is_seen_where_colours_are_forced(open_page, clinic):
    page = open_page()
    Visit(page).sign_in(clinic)
    page.emulate_media(forced_colors="active")
    page.goto("/patients/new/")
    for _ in range(6):
        page.keyboard.press("Tab")
    seen = page.evaluate("(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, parseFloat(s.outlineWidth)]; })()")
    assert seen[0] != "none"
    assert seen[1] >= 2


def test_a_consultation_and_a_verdict_without_a_mouse(open_page, clinic):
    """From sign-in to the verdict with Tab, arrows, Enter and Space only."""
    page = open_page()
    clinic.set_password("a long enough password")
    clinic.save(update_fields=["password"])
    page.goto("/sign-in/")
    keys(page, "[name=username]", clinic.username)
    keys(page, "[name=password]", "a long enough password", "Enter")
    page.get_by_role("heading", name="Today").wait_for()
    page.goto("/patients/new/")
    keys(page, "[name=family_name]", "Moreau")
    keys(page, "[name=given_name]", "Claire")
    page.evaluate("document.querySelector('[name=birth_date]').value = '1980-03-14'")  # a date field's own keys differ between systems
    keys(page, "[name=sex]", "", "Space", "ArrowDown", "Enter")
    page.get_by_role("heading", name="Moreau, Claire").wait_for()
    tab_to(page, "a[href$='/start/']")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Start").first.wait_for()
    tab_to(page, "[name=indication]")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Steps").wait_for()
    visit = page.url
    page.goto(f"{visit}consultation/")
    keys(page, "[name=weight_kg]", "70", "Enter")
    page.wait_for_load_state()
    assert "70" in page.locator(".banner").inner_text()


def keys(page, selector: str, text: str, *then: str) -> None:
    tab_to(page, selector)
    if text:
        page.keyboard.type(text)
    for key in then:
        page.keyboard.press(key)
    page.wait_for_load_state()


def tab_to(page, selector: str) -> None:
    """Press Tab until the focus is there; a page whose field cannot be reached fails."""
    for _ in range(150):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached with Tab on {page.url}")
