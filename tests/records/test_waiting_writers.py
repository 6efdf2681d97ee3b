"""On SQLite one person writes at a time; the others wait, begin soon after, and are told when it takes too long."""

from __future__ import annotations

import threading

import pytest
from django.db import OperationalError, connection, connections, transaction

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL locks rows, not the whole database"),
]


@pytest.fixture
def writer():
    """Somebody else who holds the database until told to let go."""
    holds, let_go = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic():
                holds.set()
                let_go.wait(30)
        finally:
            connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert holds.wait(30)
    yield let_go
    let_go.set()
    thread.join(30)


def waits_ms() -> int:
    with connection.cursor() as cursor:
        return cursor.execute("PRAGMA busy_timeout").fetchone()[0]


def test_a_writer_begins_once_the_other_is_done(writer):
    before = waits_ms()
    threading.Timer(0.2, writer.set).start()
    with transaction.atomic():
        assert writer.is_set()
        assert waits_ms() == before == 20_000  # what is written without a transaction waits as long as ever


def test_whoever_waits_too_long_is_told_and_can_go_on_afterwards(writer, monkeypatch):
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)
    with pytest.raises(OperationalError, match="locked"), transaction.atomic():
        pass
    writer.set()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 20)
    with transaction.atomic():
        pass
    assert waits_ms() == 20_000
