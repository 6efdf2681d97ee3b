"""People with a meaning (owner of the record, colleague, stranger) and the clinic they meet in."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest

TODAY = dt.date(2026, 11, 23)
NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """The longest first, so that nobody waits for one of them at the end; on a second database only what uses one."""
    items.sort(key=lambda item: item.get_closest_marker("story") is None)
    if config.getoption("database_only"):
        left_out = [item for item in items if not uses_database(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if uses_database(item)]


def uses_database(item) -> bool:
    """Whoever asks for none is stopped at the first query, so this leaves nothing out that reads or writes."""
    return item.get_closest_marker("django_db") is not None or not {"db", "transactional_db"}.isdisjoint(item.fixturenames)


@pytest.fixture
def library():
    from pistor.knowledge import load

    return load()


@pytest.fixture
def people(db):
    """A clinic in France with one person per role, and a stranger: the practitioner of another clinic."""
    from tests import factories

    clinic, other = factories.clinic(name="Clinique du Parc"), factories.clinic(name="Elsewhere", jurisdiction="US")
    return SimpleNamespace(
        clinic=clinic,
        practitioner=factories.user(clinic, "practitioner"),
        nurse=factories.user(clinic, "nurse"),
        front_desk=factories.user(clinic, "front_desk"),
        owner=factories.user(clinic, "owner"),
        stranger=factories.user(other, "practitioner"),
    )


@pytest.fixture
def as_(client):
    """``as_(person)`` is a client signed in as that person."""

    def sign_in(person):
        from django.test import Client

        signed_in = Client()
        signed_in.force_login(person)
        return signed_in

    return sign_in


@pytest.fixture(autouse=True, scope="session")
def _passwords_are_hashed_quickly():
    """Argon2 takes a fifth of a second and 100 MB on purpose, each time somebody signs in."""
    from django.test import override_settings

    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True, scope="session")
def _emptying_a_test_database_passes_the_audit_guard():
    """Tests with their own transactions empty all tables at the end, which the append-only triggers would refuse."""
    from django.db import connection
    from django.test import TransactionTestCase

    from pistor.records import append_only

    teardown = TransactionTestCase._fixture_teardown

    def unguarded(self):
        append_only.unguard(connection)
        teardown(self)
        append_only.guard(connection)

    TransactionTestCase._fixture_teardown = unguarded
    yield
    TransactionTestCase._fixture_teardown = teardown
