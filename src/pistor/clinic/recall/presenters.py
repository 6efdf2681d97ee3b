"""Sources, alerts and contacts as finished lines."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pistor.care.recall import Exposed, Shared, Source, by_specificity
from pistor.knowledge import Library
from pistor.records.devices import Device
from pistor.records.library import library_of
from pistor.records.people import Clinic, User
from pistor.records.recalls import Alert, RecallContact, Scope, Subject, open_alerts, subject_of
from pistor.records.rooms import Room
from pistor.records.stock import Lot, Vial

STATES = {"to_contact": "todo", "written": "progress", "reached": "progress", "acknowledged": "check", "not_reachable": "problem"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Zones = tuple[tuple[str, str], ...]  # zone and side


@dataclass(frozen=True, slots=True)
class AlertShown:
    """An alert with its source in words. ``chance`` is in percent, as text."""

    alert: Alert
    word: str
    name: str
    shared: Shared
    chance: str


def subject_in_words(scope: str, found: Subject | None, library: Library) -> tuple[str, str]:
    """What kind of thing it is, and its name."""
    if isinstance(found, Lot):
        return "Diluent lot" if is_diluent(found, library) else "Lot", _lot_named(found, library)
    return str(Scope(scope).label), _named(found, library)


def _named(found: Vial | Device | Room | User | None, library: Library) -> str:
    if isinstance(found, Vial):
        return f"V {found.code} of lot {_lot_named(found.lot, library)}"
    if isinstance(found, Device):
        return f"{found.name}, {found.serial}" if found.serial else found.name
    if isinstance(found, Room):
        return found.name
    return found.printed_name if found else "not there any more"


def _lot_named(lot: Lot, library: Library) -> str:
    presentation = library.presentations.get(lot.presentation)
    return f"{lot.lot_number} ({presentation.name if presentation else lot.presentation.replace('_', ' ') or lot.product.name})"


def is_diluent(lot: Lot, library: Library) -> bool:
    """Whether a lot is of something that only dilutes."""
    presentation = library.presentations.get(lot.presentation)
    parts = [library.ingredients.get(part.ingredient) for part in presentation.components] if presentation else []
    return bool(parts) and all(part is not None and part.role == "diluent" for part in parts)


def alerts_shown(clinic: Clinic | None, *, report: str = "") -> list[AlertShown]:
    """The open alerts, the most specific source first; of one ``report`` where it is named."""
    if clinic is None:
        return []
    alerts = {Source(row.scope, str(row.subject)): row for row in open_alerts(clinic) if not report or report in row.reports}
    library = library_of(clinic) if alerts else None
    return [alert_shown(alerts[one.source], clinic, library) for one in by_specificity([shared_of(row) for row in alerts.values()]) if library]


def alert_shown(alert: Alert, clinic: Clinic, library: Library) -> AlertShown:
    shared = shared_of(alert)
    word, name = subject_in_words(alert.scope, subject_of(clinic, alert.scope, alert.subject), library)
    percent = 100 * shared.chance
    return AlertShown(alert, word, name, shared, "less than 0.01" if percent < 0.01 else f"{percent:.2g}" if percent < 10 else f"{percent:.0f}")


def shared_of(alert: Alert) -> Shared:
    return Shared(Source(alert.scope, str(alert.subject)), alert.cases, alert.suspected, alert.exposed, alert.treated)


def zones_named(counted: Iterable[tuple[str, int]], library: Library) -> list[tuple[str, int]]:
    """The zones by their names, each with its number of patients."""
    return [(_zone_named(zone, library), number) for zone, number in counted]


def zones_in_words(zones: Iterable[tuple[str, str]], library: Library) -> str:
    """“Neck left, Scalp”: a side is said where there is one."""
    said = [(_zone_named(zone, library), side) for zone, side in zones]
    return ", ".join(name if side in ("", "whole", "middle", "none") else f"{name} {side}" for name, side in said)


def _zone_named(zone: str, library: Library) -> str:
    return library.zones[zone].name if zone in library.zones else zone.replace("_", " ")


def contact_rows(
    contacts: Sequence[RecallContact], exposed: Mapping[Any, Exposed], zones: Mapping[Any, Zones], lesions: Mapping[Any, tuple[Any, Any]], library: Library
) -> list[dict[str, Any]]:
    """A line for each contact; ``lesions`` leads from a patient to the visit and the report of a suspected lesion."""
    return [
        {
            "contact": contact, "patient": contact.patient, "icon": STATES[contact.state], "word": contact.get_state_display(),
            "had": exposed.get(contact.patient_id), "zones": zones_in_words(zones.get(contact.patient_id, ()), library),
            "lesion": lesions.get(contact.patient_id),
        }
        for contact in contacts
    ]  # fmt: skip


def contacts_csv(contacts: Iterable[RecallContact], exposed: Mapping[Any, Exposed], zones: Mapping[Any, Zones], library: Library) -> str:
    """The list to work from on paper or by telephone, one line for each patient. A text that a spreadsheet would reckon is disarmed."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["number", "family name", "given name", "born", "telephone", "e-mail", "language", "first exposed", "last exposed", "zones", "state"])
    for contact in contacts:
        patient, had = contact.patient, exposed.get(contact.patient_id)
        writer.writerow([_plain(text) for text in (
            patient.number, patient.family_name, patient.given_name, _iso(patient.birth_date), patient.phone, patient.email, patient.language,
            _iso(had.first_on if had else None), _iso(had.last_on if had else None), zones_in_words(zones.get(contact.patient_id, ()), library),
            "died" if patient.deceased_on else contact.get_state_display(),
        )])  # fmt: skip
    return out.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _iso(day: dt.date | None) -> str:
    return day.isoformat() if day else ""
