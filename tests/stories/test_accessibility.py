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


def look_at(page, paths: list[str]) -> list[str]:
    """Complaints about these pages, at a desk's width under axe and at two phone widths for overflow."""
    complaints = []
    for path in paths:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(path)
        complaints += serious(page)
        for width in (390, 320):
            page.set_viewport_size({"width": width, "height": 844})
            complaints += too_wide(page)
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
    paths = ["/", "/stock/", "/patients/", "/patients/new/", patient, f"{patient}edit/", f"{patient}start/", "/nothing-here/", visit.address]
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
