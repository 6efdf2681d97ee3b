"""A browser for the stories: Debian's Chromium, driven against a live server; any complaint on its console fails the story."""

from __future__ import annotations

import os
import shutil

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
REQUIRED = os.environ.get("PISTOR_REQUIRE_BROWSER") == "1"


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        if REQUIRED:
            pytest.fail("Chromium is required here (PISTOR_REQUIRE_BROWSER=1) and was not found; install the package chromium.")
        pytest.skip("browser stories need Chromium, which was not found: sudo apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def _few_virtual_patients(monkeypatch):
    """What a page shows does not depend on how many there are."""
    monkeypatch.setattr("pistor.clinic.delivery.views.PATIENTS", 8)


@pytest.fixture
def open_page(browser, live_server):
    """``open_page(width)`` is a fresh window; when the test ends, its console must have been silent.

    ``refused`` are the statuses that a page itself may answer with, where the test is about that; with ``conflicts``
    a draft may be answered with 409.
    """
    contexts, complaints = [], []

    def open_(width: int = 1280, height: int = 900, *, refused: tuple[int, ...] = (), conflicts: bool = False, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, base_url=live_server.url, **options)
        page = context.new_page()
        listen(page, complaints, refused, conflicts)
        page.set_default_timeout(15_000)
        contexts.append(context)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not complaints, complaints


def listen(page, complaints: list[str], refused: tuple[int, ...] = (), conflicts: bool = False) -> None:
    """Whatever this window says is wrong: scripts, the content security policy, answers that are no page and no file."""

    def on_response(response) -> None:
        expected = response.request.is_navigation_request() and response.status in refused
        expected |= conflicts and response.status == 409 and response.url.endswith("/drafts/")
        if response.status >= 400 and not expected:
            complaints.append(f"{response.status} {response.url}")

    def on_console(message) -> None:
        told_already = "the server responded with a status of" in message.text
        unplugged = "net::ERR_INTERNET_DISCONNECTED" in message.text  # only a story that takes the connection away
        if message.type in ("error", "warning") and not told_already and not unplugged:
            complaints.append(message.text)

    page.on("response", on_response)
    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(str(error)))
