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


@pytest.fixture
def open_page(browser, live_server):
    """``open_page(width)`` is a fresh window; when the test ends, its console must have been silent."""
    contexts, complaints = [], []

    def open_(width: int = 1280, height: int = 900):
        context = browser.new_context(viewport={"width": width, "height": height}, base_url=live_server.url)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if _is_a_complaint(page, message) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("response", lambda response: complaints.append(f"{response.status} {response.url}") if response.status >= 500 else None)
        page.set_default_timeout(15_000)
        contexts.append(context)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not complaints, complaints


def _is_a_complaint(page, message) -> bool:
    """A page that answers 4xx says so on the console; only its own address may, not a picture or a script it asks for."""
    own = "status of 4" in message.text and message.location.get("url", "").split("#")[0].split("?")[0] == page.url.split("#")[0].split("?")[0]
    return message.type in ("error", "warning") and not own
