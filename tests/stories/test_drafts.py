"""What is typed is kept, and never comes back where it does not belong."""

from __future__ import annotations

import pytest

from pistor.records.drafts import Draft
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
