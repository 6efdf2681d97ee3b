"""Triggers that lock what was signed in the database itself: no update, no removal, whoever holds the connection.

A treatment, its zones, lots, syringes and devices lock with the signature; amendments, documents, consents, withdrawals,
aftercare sheets, moves of stock, draws, cleanings, single-use items, prescriptions, letters of a recall and its contacts, time-outs,
photographs, discharges, corrected lots and summaries are locked from the start. The pixels of a photograph can be emptied, and nothing
else of it, once the row that says who erased them is there. A row added beside a signed treatment is
found by :func:`pistor.records.signed.broken`.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.base.base import BaseDatabaseWrapper

MESSAGE = "what was signed or booked is locked"
ALWAYS = (
    "records_document", "records_consent", "records_consentwithdrawal", "records_aftercaresheet", "records_amendment", "records_stockmove",
    "records_draw", "records_devicecleaning", "records_singleuse", "records_prescription", "records_prescriptionend",
    "records_recallletters", "records_contactevent", "records_timeout", "records_photo", "records_photoremoval", "records_discharge",
    "records_lotcorrection", "records_treatmentsummary", "records_photouse", "records_photoerasure",
)  # fmt: skip
PHOTO, ERASURE = "records_photo", "records_photoerasure"
# Photographs that lose their pixels and nothing else.
_ERASED = f"length(NEW.content) = 0 AND length(NEW.small) = 0 AND EXISTS (SELECT 1 FROM {ERASURE} WHERE photo_id = OLD.id)"  # noqa: S608 - our own names
WITH_TREATMENT = ("records_zonedose", "records_lotuse", "records_syringe", "records_deviceuse")


def guard(connection: BaseDatabaseWrapper) -> None:
    """Refuse changes to signed rows from now on. Tables that a later migration makes are left to it."""
    unguard(connection)
    statements = {"sqlite": _sqlite, "postgresql": _postgresql}.get(connection.vendor)
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        always, with_treatment = ([table for table in tables if table in there] for tables in (ALWAYS, WITH_TREATMENT))
        for statement in statements(always, with_treatment) if statements else ():
            cursor.execute(statement)
        if ERASURE in there and statements:
            for statement in _let_erase(connection.vendor, [column.name for column in connection.introspection.get_table_description(cursor, PHOTO)]):
                cursor.execute(statement)


def unguard(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away: for going back a migration, and for emptying a test database."""
    with connection.cursor() as cursor:
        for table in ("records_treatment", *ALWAYS, *WITH_TREATMENT):
            if connection.vendor == "sqlite":
                for verb in ("update", "delete", "pixels"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_lock_{verb}")
            elif connection.vendor == "postgresql":
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_lock ON {table}")
        if connection.vendor == "postgresql":
            cursor.execute("DROP FUNCTION IF EXISTS signed_is_locked()")
            cursor.execute("DROP FUNCTION IF EXISTS photo_is_locked()")


def _let_erase(vendor: str, columns: Sequence[str]) -> list[str]:
    """The lock of photographs with its one opening, in place of the one without."""
    others = [column for column in columns if column not in ("content", "small")]
    if vendor == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        return [
            f"DROP TRIGGER {PHOTO}_lock_update",
            f"CREATE TRIGGER {PHOTO}_lock_update BEFORE UPDATE OF {', '.join(others)} ON {PHOTO} {refuse}",
            f"CREATE TRIGGER {PHOTO}_lock_pixels BEFORE UPDATE OF content, small ON {PHOTO} WHEN NOT ({_ERASED}) {refuse}",
        ]
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in others)
    return [
        f"""
        CREATE FUNCTION photo_is_locked() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF {same} AND {_ERASED} THEN RETURN NEW; END IF;
            END IF;
            RAISE EXCEPTION '{MESSAGE}';
        END $$""",
        f"DROP TRIGGER {PHOTO}_lock ON {PHOTO}",
        f"CREATE TRIGGER {PHOTO}_lock BEFORE UPDATE OR DELETE ON {PHOTO} FOR EACH ROW EXECUTE FUNCTION photo_is_locked()",
    ]


def _sqlite(always: Sequence[str], with_treatment: Sequence[str]) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    made = [f"CREATE TRIGGER {table}_lock_{verb} BEFORE {verb.upper()} ON {table} {refuse}" for table in always for verb in ("update", "delete")]
    for verb in ("update", "delete"):
        made.append(f"CREATE TRIGGER records_treatment_lock_{verb} BEFORE {verb.upper()} ON records_treatment WHEN OLD.state = 'signed' {refuse}")
    for table in with_treatment:
        signed = "(SELECT state FROM records_treatment WHERE id = OLD.treatment_id) = 'signed'"
        made += [f"CREATE TRIGGER {table}_lock_{verb} BEFORE {verb.upper()} ON {table} WHEN {signed} {refuse}" for verb in ("update", "delete")]
    return made


def _postgresql(always: Sequence[str], with_treatment: Sequence[str]) -> list[str]:
    body = f"""
        CREATE FUNCTION signed_is_locked() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE state_now text;
        BEGIN
            IF TG_ARGV[0] = 'own' THEN
                state_now := OLD.state;
            ELSIF TG_ARGV[0] = 'parent' THEN
                SELECT state INTO state_now FROM records_treatment WHERE id = OLD.treatment_id;
            ELSE
                state_now := 'signed';
            END IF;
            IF state_now = 'signed' THEN
                RAISE EXCEPTION '{MESSAGE}';
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        END $$"""  # noqa: S608 - only our own constant goes in
    made = [body]
    made += [f"CREATE TRIGGER {table}_lock BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION signed_is_locked('always')" for table in always]
    made.append("CREATE TRIGGER records_treatment_lock BEFORE UPDATE OR DELETE ON records_treatment FOR EACH ROW EXECUTE FUNCTION signed_is_locked('own')")
    made += [
        f"CREATE TRIGGER {table}_lock BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION signed_is_locked('parent')"
        for table in with_treatment
    ]
    return made
