"""Every page, empty and filled, for people who read with a screen reader, a keyboard or a small phone."""

from __future__ import annotations

import uuid
from types import SimpleNamespace

import pytest

from pistor.records.course import Course
from tests import factories, ready

pytestmark = [pytest.mark.story, pytest.mark.django_db(transaction=True)]

STEPS = (
    "consultation", "candidacy", "alternatives", "formulation", "injection-map", "course", "consent", "treatment", "aftercare", "reactions", "outcomes",
    "maintenance",
)  # fmt: skip
OF_A_VISIT = ("", *(f"{step}/" for step in STEPS), "consultation/import/", "consultation/proposals/")
NARROW = (320, 390)

UNNAMED = """() => [...document.querySelectorAll('a[href], button')].filter(e => {
  const words = (e.getAttribute('aria-label') || e.innerText || '').trim() || [...e.querySelectorAll('title, [aria-label]')].map(t => t.textContent).join('').trim();
  return e.offsetParent && !words;
}).map(e => e.outerHTML.slice(0, 120))"""
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def problems_on(page, address: str, status: int = 200) -> list[str]:
    """What keeps somebody from using this page, each with where it is."""
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": 1280, "height": 900})
    answer = page.goto(address)
    found = [] if answer.status == status else [f"{address}: {answer.status} instead of {status}"]
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for violation in Axe().run(page).response["violations"]:
        if violation["impact"] in ("serious", "critical"):
            found += [f"{address}: {violation['id']}: {node['html'][:200]}" for node in violation["nodes"][:3]]
    found += [f"{address}: no name: {html}" for html in page.evaluate(UNNAMED)]
    for width in NARROW:
        page.set_viewport_size({"width": width, "height": 844})
        over = page.evaluate(TOO_WIDE)
        if over > 0:
            found.append(f"{address}: {over} px wider than a screen of {width} px")
    return found


@pytest.fixture
def signed_in(open_page, as_, live_server):
    """``signed_in(person)`` is a window in which that person is signed in."""

    def sign_in(person):
        page = open_page()
        session = as_(person).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        return page

    return sign_in


@pytest.fixture
def clinic(transactional_db):
    home = factories.clinic(name="Clinique du Parc")
    return SimpleNamespace(clinic=home, practitioner=factories.user(home, "practitioner"))


def test_sign_in_and_pages_outside_a_visit_can_be_used_by_everybody(open_page, signed_in, clinic):
    found = problems_on(open_page(), "/sign-in/")
    page = signed_in(clinic.practitioner)
    found += problems_on(page, "/") + problems_on(page, "/patients/")  # nobody is here yet
    patient = factories.patient(clinic.practitioner)
    for address in ("/", "/patients/", "/patients/new/", f"/patients/{patient.pk}/", f"/patients/{patient.pk}/edit/", f"/patients/{patient.pk}/start/"):
        found += problems_on(page, address)
    found += problems_on(page, f"/visits/{uuid.uuid4()}/", status=404)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("application", ["pain", "skin", "hair", "fat"])
def test_every_step_of_a_visit_that_just_began_can_be_used_by_everybody(signed_in, clinic, application):
    indication, zone = {
        "pain": ("neck_pain", "neck"), "skin": ("facial_skin_quality", "face"),
        "hair": ("androgenetic_alopecia", "scalp"), "fat": ("submental_fat", "submental"),
    }[application]  # fmt: skip
    course: Course = factories.course(factories.patient(clinic.practitioner), application=application, indication=indication, zone=zone)
    visit = factories.visit(course)
    page = signed_in(clinic.practitioner)
    found = [problem for part in OF_A_VISIT for problem in problems_on(page, f"/visits/{visit.pk}/{part}")]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("signed", [False, True], ids=["ready to treat", "treated"])
def test_every_step_of_a_filled_visit_can_be_used_by_everybody(signed_in, clinic, signed):
    if signed:
        visit = ready.signed_visit(clinic)
    else:
        visit = ready.planned_visit(clinic)
        ready.consented(visit, clinic.practitioner)
    page = signed_in(clinic.practitioner)
    found = [problem for part in OF_A_VISIT for problem in problems_on(page, f"/visits/{visit.pk}/{part}")]
    assert not found, "\n".join(found)
