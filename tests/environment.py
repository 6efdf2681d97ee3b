"""Loaded before pytest-django reads the settings: tests never run on a clinic's own database or static files."""

import os

os.environ["PISTOR_MODE"] = "test"
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's sync API runs an event loop


def pytest_addoption(parser):
    parser.addoption("--database-only", action="store_true", help="leave out the tests that use no database: on a second database they would say the same again")
