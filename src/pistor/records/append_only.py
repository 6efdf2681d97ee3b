"""Triggers that make the audit trail append-only in the database itself, whoever holds the connection."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from pistor.records import locks

MESSAGE = "the audit trail is append-only"
_SQLITE = [
    f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON records_auditevent BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    for verb in ("UPDATE", "DELETE")
]
_POSTGRESQL = [
    f"CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$",
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON records_auditevent FOR EACH ROW EXECUTE FUNCTION audit_append_only()",
]
_OFF = {
    "sqlite": ["DROP TRIGGER IF EXISTS audit_no_update", "DROP TRIGGER IF EXISTS audit_no_delete"],
    "postgresql": ["DROP TRIGGER IF EXISTS audit_no_change ON records_auditevent", "DROP FUNCTION IF EXISTS audit_append_only()"],
}


def guard(connection: BaseDatabaseWrapper) -> None:
    """Refuse UPDATE and DELETE of audit events, and of what was signed, from now on."""
    unguard(connection)
    with connection.cursor() as cursor:
        for statement in {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}.get(connection.vendor, []):
            cursor.execute(statement)
    locks.guard(connection)


def unguard(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away: for going back a migration, and for emptying a test database."""
    with connection.cursor() as cursor:
        for statement in _OFF.get(connection.vendor, []):
            cursor.execute(statement)
    locks.unguard(connection)
