"""People with a meaning (owner of the record, colleague, stranger) and the clinic they meet in."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest

TODAY = dt.date(2026, 11, 23)
NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


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
