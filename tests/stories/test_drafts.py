"""What is typed is kept, and never comes back where it does not belong."""

from __future__ import annotations

import re

import pytest

from pistor.records.consultation import Patient
from pistor.records.drafts import Draft
from pistor.records.people import User
from tests import factories
from tests.stories.story import Visit

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


def test_a_page_the_browser_kept_whole_is_asked_for_again(visit):
    visit.page.goto("/patients/")
    visit.page.context.clear_cookies(name="sessionid")
    with visit.page.expect_navigation(url=re.compile("/sign-in/")):
        visit.page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
