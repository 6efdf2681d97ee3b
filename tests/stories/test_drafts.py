"""What is typed is kept, and never comes back where it does not belong."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from pistor.records.consent import Consent
from pistor.records.consultation import Patient
from pistor.records.drafts import Draft
from pistor.records.people import User
from tests import factories, ready
from tests.stories.story import Visit, kept

pytestmark = [pytest.mark.story, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def visit(open_page):
    visit = Visit(open_page())
    visit.sign_in(factories.user(factories.clinic(phone="1"), "practitioner"))
    return visit


def test_a_saved_form_does_not_come_back_on_the_next_patient(visit):
    visit.add_patient("Firstpatient", "Ann", "1980-01-02", "Female")
    visit.page.goto("/patients/new/")
    assert visit.page.get_by_label("Family name").input_value() == ""


def test_a_draft_is_forgotten_with_the_form_it_was_of(visit):
    visit.page.goto("/patients/new/")
    visit.page.get_by_label("Family name").fill("Unfinished")
    visit.page.get_by_text("Draft saved").wait_for()
    assert Draft.objects.count() == 1
    visit.add_patient("Firstpatient", "Ann", "1980-01-02", "Female")
    assert not Draft.objects.exists()


def test_an_unfinished_form_comes_back_after_the_window_was_closed(visit):
    visit.page.goto("/patients/new/")
    visit.page.get_by_label("Family name").fill("Unfinished")
    visit.page.get_by_text("Draft saved").wait_for()
    visit.page.goto("/patients/")
    visit.page.goto("/patients/new/")
    visit.page.get_by_text("Restored what you typed").wait_for()
    assert visit.page.get_by_label("Family name").input_value() == "Unfinished"


def test_someone_signed_out_is_told_that_nothing_was_saved(visit):
    visit.page.goto("/patients/new/")
    visit.page.context.clear_cookies(name="sessionid")
    visit.page.get_by_label("Family name").fill("Lost")
    visit.page.get_by_text("you are signed out").wait_for()
    assert not Draft.objects.exists()


def signs_in_elsewhere(visit, person):
    """In another tab of the same browser."""
    other = Visit(visit.page.context.new_page())
    other.sign_in(person)
    return other


def save(visit):
    visit.page.get_by_role("button", name="Add patient").click()


def test_a_form_sent_while_signed_out_stays_and_is_saved_after_signing_in_again(visit):
    person = User.objects.get()
    visit.page.goto("/patients/new/")
    visit.page.context.clear_cookies(name="sessionid")
    visit.page.get_by_label("Family name").fill("Kept")
    save(visit)
    visit.page.get_by_role("alert").get_by_text("you are signed out").wait_for()
    assert visit.page.get_by_label("Family name").input_value() == "Kept"
    signs_in_elsewhere(visit, person)
    save(visit)
    visit.page.get_by_role("heading", name="Kept").wait_for()
    assert Patient.objects.get().family_name == "Kept"


def test_the_draft_goes_on_once_the_same_person_signed_in_again(visit):
    person = User.objects.get()
    visit.page.goto("/patients/new/")
    visit.page.context.clear_cookies(name="sessionid")
    visit.page.get_by_label("Family name").fill("Kept")
    visit.page.get_by_text("you are signed out").wait_for()
    signs_in_elsewhere(visit, person)
    visit.page.get_by_text("Draft saved").wait_for()
    assert Draft.objects.get().fields["family_name"] == ["Kept"]


def test_a_page_of_one_person_is_not_saved_in_the_name_of_another(visit):
    colleague = factories.user(User.objects.get().clinic, "nurse", first_name="Inès", last_name="Faure")
    visit.page.goto("/patients/new/")
    visit.page.context.clear_cookies(name="sessionid")
    signs_in_elsewhere(visit, colleague)
    visit.page.get_by_label("Family name").fill("Notmine")
    save(visit)
    visit.page.get_by_role("alert").get_by_text("Inès Faure is signed in here now").wait_for()
    assert not Patient.objects.exists()
    assert not Draft.objects.exists()


def test_a_form_sent_without_a_connection_stays(visit):
    visit.page.goto("/patients/new/")
    visit.page.get_by_label("Family name").fill("Kept")
    visit.page.context.set_offline(True)
    save(visit)
    visit.page.get_by_role("alert").get_by_text("there is no connection").wait_for()
    visit.page.context.set_offline(False)
    save(visit)
    visit.page.get_by_role("heading", name="Kept").wait_for()


# ── zero loss ──


def test_typing_without_a_pause_is_kept_all_the_while(visit):
    visit.page.goto("/patients/new/")
    bodies = []
    visit.page.on("request", lambda request: bodies.append(request.post_data_json) if request.url.endswith("/drafts/") else None)
    visit.page.get_by_label("Family name").press_sequentially("x" * 50, delay=80)  # four seconds, the longest pause shorter than the script waits for
    assert len(bodies) >= 2, "nothing was sent before the person paused"
    expect(visit.page.get_by_text("Draft saved")).to_be_visible()
    assert all(set(body["changed"]) <= {"family_name"} for body in bodies[1:])


def test_nothing_is_kept_in_the_browser(visit):
    visit.page.goto("/patients/new/")
    visit.page.get_by_label("Family name").fill("Unfinished")
    expect(visit.page.get_by_text("Draft saved")).to_be_visible()
    kept = "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length, (await caches.keys()).length]"
    assert visit.page.evaluate(kept) == [0, 0, 0, 0]


def test_a_window_that_was_closed_opens_at_the_same_place(visit):
    patient = factories.patient(User.objects.get())
    here = f"/patients/{patient.pk}/edit/"
    visit.page.set_viewport_size({"width": 820, "height": 500})
    visit.page.goto(here)
    email = visit.page.get_by_label("E-mail")
    email.fill("claire@example.org")
    email.evaluate("e => { e.scrollIntoView({ block: 'center' }); e.setSelectionRange?.(2, 6); }")
    email.press("End")
    top = email.evaluate("e => Math.round(e.getBoundingClientRect().top)")
    expect(visit.page.get_by_text("Draft saved")).to_be_visible()
    visit.page.goto("/")
    visit.page.goto(here)
    expect(email).to_be_focused()
    expect(email).to_have_value("claire@example.org")
    assert abs(email.evaluate("e => e.getBoundingClientRect().top") - top) <= 2


def test_what_cannot_be_kept_is_said_with_the_time_and_kept_once_it_can(visit):
    visit.page.goto("/patients/new/")
    visit.page.context.set_offline(True)
    visit.page.get_by_label("Family name").fill("Kept")
    expect(visit.page.locator("#saved")).to_have_text(re.compile(r"^Not saved since \d\d:\d\d: there is no connection"))
    visit.page.context.set_offline(False)
    expect(visit.page.get_by_text("Draft saved")).to_be_visible()
    assert Draft.objects.get().fields["family_name"] == ["Kept"]


# ── two devices, two people ──


@pytest.fixture
def people():
    from types import SimpleNamespace

    clinic = factories.clinic(name="Clinique du Parc", jurisdiction="GB", policy="single_active")
    return SimpleNamespace(
        practitioner=factories.user(clinic, "practitioner", first_name="Rosa", last_name="Lind"),
        nurse=factories.user(clinic, "nurse", first_name="Inès", last_name="Faure"),
    )


def opened_by(open_page, person, path, **window):
    seat = Visit(open_page(conflicts=True, **window))
    seat.sign_in(person)
    seat.page.goto(path)
    return seat.page


def test_two_colleagues_at_one_chart_choose_between_their_values(open_page, people):
    planned = ready.planned_visit(people)
    ready.consented(planned, people.practitioner)
    here = f"/visits/{planned.pk}/treatment/"
    one, other = (opened_by(open_page, person, here) for person in (people.practitioner, people.nurse))
    one.locator("[name=pain_score][value='2']").check()
    one.locator("[name=skin_preparation]").fill("Alcohol")
    kept(one, pain_score="2", skin_preparation="Alcohol")
    other.locator("[name=note]").fill("lies on the left side")  # another field: nothing to choose, and both see both
    expect(other.get_by_text("Changed elsewhere by Rosa Lind")).to_be_visible()
    expect(other.locator("[name=pain_score][value='2']")).to_be_checked()
    kept(other, note="lies on the left side")
    one.locator("[name=pain_score][value='3']").check()
    kept(one, pain_score="3")
    other.locator("[name=pain_score][value='5']").check()  # the same field

    dialog = other.get_by_role("dialog", name="Changed in two places")
    expect(dialog).to_be_visible()
    assert Draft.objects.get().fields["pain_score"] == ["3"], "overwritten before anybody chose"
    for text in ("This page: 5", "Rosa Lind", "3"):
        expect(dialog).to_contain_text(text)
    for width in (1280, 820, 390):
        other.set_viewport_size({"width": width, "height": 844})
        assert not Axe().run(other, context="dialog").response["violations"]
        assert other.evaluate("document.documentElement.scrollWidth <= innerWidth && document.querySelector('dialog').getBoundingClientRect().right <= innerWidth")
    other.keyboard.press("Escape")  # later: it stays said, and the form is not sent meanwhile
    expect(other.get_by_role("alert").get_by_text("changed in two places")).to_be_visible()
    other.get_by_role("button", name="Choose").press("Enter")
    other.keyboard.press("Space")  # the first: what this page holds
    other.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    kept(other, pain_score="5")
    assert Draft.objects.get().fields["note"] == ["lies on the left side"]


def test_a_form_that_a_colleague_saved_is_said_to_be_gone(open_page, people):
    planned = ready.planned_visit(people)
    ready.consented(planned, people.practitioner)
    here = f"/visits/{planned.pk}/treatment/"
    page = opened_by(open_page, people.practitioner, here)
    page.locator("[name=note]").fill("first")
    kept(page)
    Draft.objects.all().delete()  # as a colleague's save does
    page.locator("[name=note]").fill("second")
    expect(page.get_by_role("alert").get_by_text("saved, or its draft discarded, on another page")).to_be_visible()
    assert not Draft.objects.exists()
    page.get_by_role("button", name="Go on with what I typed").click()
    kept(page)
    assert Draft.objects.get().fields["note"] == ["second"]


def test_a_half_drawn_signature_is_there_on_the_other_device(open_page, people):
    planned = ready.planned_visit(people)
    here = f"/visits/{planned.pk}/consent/"
    page = opened_by(open_page, people.practitioner, here)
    pad = page.locator("svg.pad")
    pad.scroll_into_view_if_needed()
    place = pad.bounding_box()
    page.mouse.move(place["x"] + 20, place["y"] + 60)
    page.mouse.down()
    for step in range(1, 12):
        page.mouse.move(place["x"] + 20 + step * 12, place["y"] + 60 + (step % 3) * 8)
    kept(page)  # the pen is still down
    drawn = page.locator("[name=signature_path]").input_value()
    page.mouse.up()
    kept(page, signature_path=drawn)
    tablet = opened_by(open_page, people.nurse, here, width=820, height=1180)
    expect(tablet.locator("svg.pad path")).to_have_attribute("d", drawn)
    assert not Consent.objects.exists()


def test_a_page_the_browser_kept_whole_is_asked_for_again(visit):
    visit.page.goto("/patients/")
    visit.page.context.clear_cookies(name="sessionid")
    with visit.page.expect_navigation(url=re.compile("/sign-in/")):
        visit.page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
