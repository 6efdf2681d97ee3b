"""Amend a signed treatment: correct fields of it, or add a text. The original stays as it was signed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pistor.actions.core import Refused, Stale, audit, unit_of_work
from pistor.actions.corrected_stock import move_stock
from pistor.actions.summaries import keep_summary
from pistor.actions.treatment import dose_row
from pistor.care.amendment import Change, Content, LotMeant, amended, correctable, corrected_record, corrections, impossible, lot_places, new_lots
from pistor.care.formulation import Blend, DoseCheck, UnusableBlend, dose_findings
from pistor.care.treatment import METHODS, unusable_numbers
from pistor.knowledge import Library
from pistor.records.amendments import amended_content
from pistor.records.base import uuid7
from pistor.records.formulation import Formulation
from pistor.records.library import library_of
from pistor.records.people import Capability, User
from pistor.records.room import given_checks
from pistor.records.signed import amendment_sha256, amendments_of, record_of
from pistor.records.stock import Lot
from pistor.records.treatment import Amendment, LotCorrection, Treatment


def amend_treatment(
    *, visit: Treatment, kind: str, text: str, reason: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = ""
) -> Amendment:
    """Say in words what was wrong in what was signed, or add to it, beside the original."""
    with unit_of_work(by=by, capability=Capability.SIGN, verb="treatment.amended", token=token, at=at, location=location):
        visit = _signed(visit, by)
        said = text.strip()
        if kind not in ("correction", "addition"):
            raise Refused("Say whether this corrects or adds.")
        if not said or not reason.strip():
            raise Refused("Write what is corrected or added, and the reason.")
        if len(said) > 10_000:
            raise Refused("The text holds at most 10 000 characters. Shorten it.")
        return _written(visit, kind, said, reason, (), by, at)


def correct_treatment(
    *,
    visit: Treatment,
    wanted: Mapping[str, Any],
    reason: str,
    seen: int | None = None,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> Amendment:
    """Correct fields of what was signed, beside the original: ``wanted`` gives each its right value, by its place in the content.

    What stays as it is may be among them. Doses follow from volumes, and the ledger of the stock follows the lots. ``seen`` is
    the number of amendments that the page knew: where there are more by now, nothing is written.
    """
    with unit_of_work(by=by, capability=Capability.SIGN, verb="treatment.amended", token=token, at=at, location=location):
        visit, library = _signed(visit, by), library_of(by.clinic)
        if seen is not None and len(amendments_of(visit)) != seen:
            raise Stale("Somebody amended this treatment after you opened this page. Look at it as it is now, then correct it.")
        content, lots = amended_content(visit), lots_meant(visit)
        _refuse_values(wanted, content, lots, library)
        changes = corrections(content, wanted, lots)
        if not changes:
            raise Refused("Nothing differs from what is recorded. Change the field that is wrong.")
        after = amended(content, [change.as_dict() for change in changes])
        record = corrected_record(record_of(visit), after)
        if impossible_ := (*unusable_numbers(record), *impossible(after)):
            raise Refused(*impossible_)
        checks = _checks(visit, after, library) if _changes_doses(changes) else None
        if checks is not None and (listed := [dose_row(check) for check in checks]) != after.get("doses"):
            changes = (*changes, Change("doses", after.get("doses"), listed))
        key = uuid7()
        moved = move_stock(visit, content, changes, amendment=key, by=by, at=at)
        text = "\n".join((*_over(checks or ()), *moved.said))
        row = _written(visit, "correction", text, reason, (*changes, *moved.changes), by, at, key=key)
        own = {"clinic_id": visit.clinic_id, "created_at": at, "created_by": by, "treatment": visit, "amendment": row}
        LotCorrection.objects.bulk_create(moved.corrections or [LotCorrection(**own, lot_id=lot) for lot in new_lots(changes)])
    return row


def lots_meant(visit: Treatment) -> dict[str, LotMeant]:
    """The lots that may be named in a correction: all of the clinic's shelf of the presentations given, whatever their state is by now."""
    presentations = {presentation for _, presentation, _ in lot_places(amended_content(visit))}
    found = Lot.objects.of(visit.clinic).filter(presentation__in=presentations).order_by("presentation", "-expires_on", "lot_number")
    return {str(lot.pk): LotMeant(str(lot.pk), lot.presentation, lot.lot_number) for lot in found}


def _signed(visit: Treatment, by: User) -> Treatment:
    """The visit with its course, locked."""
    locked = Treatment.objects.of(by.clinic).select_for_update(of=("self",))
    found: Treatment = locked.select_related("course", "patient", "signed_by").get(pk=visit.pk)
    if found.state != Treatment.State.SIGNED:
        raise Refused("This treatment is not signed yet, so it can still be changed itself.")
    found.clinic = found.course.clinic = found.patient.clinic = by.clinic  # type: ignore[assignment]
    found.course.patient = found.patient
    return found


def _written(
    visit: Treatment, kind: str, text: str, reason: str, changes: Sequence[Change], by: User, at: dt.datetime, *, key: uuid.UUID | None = None
) -> Amendment:
    """The amendment, and the printed summary with it."""
    why = " ".join(reason.split())
    if not why or len(why) > 300:
        raise Refused("Write the reason, in at most 300 characters.")
    row = Amendment(
        id=key or uuid7(), clinic_id=visit.clinic_id, created_at=at, created_by=by, treatment=visit, kind=kind, text=text, reason=why,
        changes=[change.as_dict() for change in changes],
    )  # fmt: skip
    row.sha256 = amendment_sha256(row)
    row.save(force_insert=True)
    paths = [change.path for change in changes]
    audit(by=by, verb="treatment.amended", subject=row, at=at, patient_id=visit.patient_id, treatment=str(visit.pk), fields=paths)
    keep_summary(visit, amendment=row, by=by, at=at)
    return row


def _refuse_values(wanted: Mapping[str, Any], content: Content, lots: Mapping[str, LotMeant], library: Library) -> None:
    """Refuse what no signed record could hold."""
    may, said = correctable(content), []
    presentation = {path: presentation for path, presentation, _ in lot_places(content)}
    if set(wanted) - set(may):
        raise Refused("One of these fields cannot be corrected. Add a text instead.")
    for path, value in wanted.items():
        if value == may[path]:
            continue
        key = path.rpartition("/")[2]
        if key == "lot" and (value not in lots or lots[value].presentation != presentation[path]):
            said.append("Choose a lot of the same product from your clinic's shelf.")
        elif key == "anaesthesia" and value not in METHODS:
            said.append("Choose how the skin was numbed; none is an answer too.")
        elif key == "reaction" and value not in ("none", "some"):
            said.append("Say whether there was an immediate reaction.")
        elif key == "reaction_signs" and set(value) - set(library.signs):
            said.append("Choose the signs of the reaction from the list.")
        elif key == "topical" and any(item["ingredient"] not in library.ingredients for item in value):
            said.append("The anaesthetic on the skin is not one of the list.")
        elif key in _LONGEST and len(str(value)) > _LONGEST[key]:
            said.append(f"This text holds at most {_LONGEST[key]} characters. Shorten it.")
        elif key == "skin_preparation" and not str(value).strip():
            said.append("Write what the skin was prepared with.")
        elif key in ("points", "volume_ml", "passes", "pain_score") and value is None:
            said.append("A number cannot be taken away. Enter what is right; 0 is a number too.")
    if said:
        raise Refused(*dict.fromkeys(said))


_LONGEST = {"deviation_reason": 300, "skin_preparation": 200, "reaction_note": 1000, "note": 4000}


def _changes_doses(changes: Collection[Change]) -> bool:
    return any(change.path.endswith(("/volume_ml", "/points", "/passes", "/topical", "/anaesthesia")) for change in changes)


def _checks(visit: Treatment, content: Content, library: Library) -> tuple[DoseCheck, ...] | None:
    """The doses that were really given, against their limits; None where the blend is not there any more."""
    blend_row = Formulation.objects.of(visit.clinic).filter(pk=content["blend"]["id"]).first()
    if blend_row is None:
        return None
    try:
        return given_checks(visit, corrected_record(record_of(visit), content), Blend.from_dict(blend_row.result), library)
    except UnusableBlend as problem:
        raise Refused(str(problem)) from None


def _over(checks: Collection[DoseCheck]) -> list[str]:
    """What a correction says of a limit that it shows to have been crossed."""
    return [finding.text for finding in dose_findings(checks) if finding.stops]
