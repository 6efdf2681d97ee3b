"""Corrections of a signed treatment: which fields may be corrected, what follows from that, and the content with them.

A place in the signed content is a path of keys and numbers, ``zones/0/points``: the content is locked, so a path always leads
to the same thing. What is signed is never changed; the corrected content is made from it and the changes whenever it is read.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pistor.care.formulation import Topical
from pistor.care.treatment import Record, ZoneGiven, edits_from
from pistor.care.treatment.record import MOST_ML

Content = dict[str, Any]  # a signed content, as ``json.loads`` gives it

_OF_RECORD = ("skin_preparation", "anaesthesia", "topical", "pain_score", "reaction", "reaction_signs", "reaction_note", "note")
_OF_ZONE = ("points", "volume_ml", "deviation_reason")


@dataclass(frozen=True, slots=True)
class Change:
    """One field of the content, as it was and as it really is. Values are those of JSON."""

    path: str
    before: Any
    after: Any

    def as_dict(self) -> dict[str, Any]:
        return {"path": self.path, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class LotMeant:
    """A lot that a field is corrected to, in the words of the signed content."""

    lot: str
    presentation: str
    lot_number: str


def correctable(content: Content) -> dict[str, Any]:
    """The fields that may be corrected, with what they say now. Lots are named by syringe where there are any, else by themselves."""
    if "record" not in content:
        return {}  # content from before there were rows beside it
    fields = {f"record/{key}": content["record"].get(key) for key in _OF_RECORD}
    fields |= {f"zones/{n}/{key}": zone.get(key) for n, zone in enumerate(content["zones"]) for key in (*_OF_ZONE, *(["passes"] if rolled(zone) else []))}
    draws = {f"syringes/{n}/draws/{m}/lot": draw["lot"] for n, m, draw in _draws(content)}
    return fields | (draws or {f"lots/{n}/lot": lot["lot"] for n, lot in enumerate(content["lots"])})


def rolled(zone: Mapping[str, Any]) -> bool:
    """Whether a zone of the content was rolled over, so that it has passes and a film on the skin in place of points."""
    return bool((zone.get("given") or {}).get("on_skin"))


def lot_places(content: Content) -> list[tuple[str, str, str]]:
    """Where a lot may be corrected: the path, the presentation, and the code of the syringe it is in, empty where it is in none."""
    draws = [(f"syringes/{n}/draws/{m}/lot", draw["presentation"], content["syringes"][n]["code"]) for n, m, draw in _draws(content)]
    return draws or [(f"lots/{n}/lot", lot["presentation"], "") for n, lot in enumerate(content.get("lots", ()))]


def _draws(content: Content) -> list[tuple[int, int, dict[str, Any]]]:
    """The draws of the syringes that were given, each with its place."""
    given = [(n, one) for n, one in enumerate(content.get("syringes", ())) if one["state"] != "discarded"]
    return [(n, m, draw) for n, one in given for m, draw in enumerate(one["draws"])]


def corrections(content: Content, wanted: Mapping[str, Any], lots: Mapping[str, LotMeant]) -> tuple[Change, ...]:
    """What differs from ``content`` in ``wanted`` (path to value), and what follows: the doses of a zone, the list of lots.

    ``lots`` are the lots that may be meant, by their id. Raises KeyError for a path or a lot that may not be corrected.
    """
    now = correctable(content)
    direct = [Change(path, now[path], value) for path, value in wanted.items() if not _same(now[path], value)]
    corrected = amended(content, [change.as_dict() for change in direct])
    doses = [
        Change(f"zones/{n}/doses", zone.get("doses", {}), doses_of(content, Decimal(zone["volume_ml"])))
        for n, zone in enumerate(corrected["zones"])
        if zone["volume_ml"] != content["zones"][n]["volume_ml"]
    ]
    listed = _lots_listed(corrected, lots) if any(change.path.endswith("/lot") for change in direct) else content["lots"]
    return (*direct, *doses, *([] if listed == content["lots"] else [Change("lots", content["lots"], listed)]))


def _same(before: Any, after: Any) -> bool:
    return bool(before == after or {before in (None, ""), after in (None, "")} == {True})


def _lots_listed(corrected: Content, lots: Mapping[str, LotMeant]) -> list[dict[str, Any]]:
    """The list of lots that follows from the draws, or from the lots that were named: each lot once, with all that is of it."""
    draws = [draw for _, _, draw in _draws(corrected)]
    volumes: dict[str, Decimal] = {}
    for row in draws or corrected["lots"]:
        volumes[row["lot"]] = volumes.get(row["lot"], Decimal(0)) + Decimal(row["volume_ml"])
    known = {row["lot"]: LotMeant(row["lot"], row["presentation"], row["lot_number"]) for row in corrected["lots"] if row["lot"] not in lots} | dict(lots)
    meant = [(known[lot], volume) for lot, volume in volumes.items()]
    rows = [{"lot": lot.lot, "presentation": lot.presentation, "lot_number": lot.lot_number, "volume_ml": plain(volume)} for lot, volume in meant]
    return sorted(rows, key=lambda row: (row["presentation"], row["lot_number"]))


def amended(content: Content, changes: Iterable[Mapping[str, Any]]) -> Content:
    """The content with changes made to a copy of it, in their order."""
    made = copy.deepcopy(content)
    for change in changes:
        *way, last = change["path"].split("/")
        place: Any = made
        for step in way:
            place = place[int(step) if isinstance(place, list) else step]
        place[int(last) if isinstance(place, list) else last] = copy.deepcopy(change["after"])
    return made


def doses_of(content: Content, volume_ml: Decimal) -> dict[str, str]:
    """What a volume of the signed blend holds, by ingredient: plain numbers are mg, other units are written out."""
    doses = {}
    for ingredient, per_ml in content["blend"]["per_ml"].items():
        number, _, unit = str(per_ml).partition(" ")
        dose, unit = plain(round(Decimal(number) * volume_ml, 6)), unit.removesuffix("/mL")
        doses[ingredient] = dose if unit == "mg" else f"{dose} {unit}"
    return doses


def impossible(content: Content) -> tuple[str, ...]:
    """What cannot be in a corrected content, each in a sentence, beside what ``care.treatment.unusable_numbers`` says."""
    given = sum((Decimal(zone["volume_ml"]) for zone in content["zones"]), Decimal(0))
    taken = sum((Decimal(lot["volume_ml"]) for lot in content["lots"]), Decimal(0))
    said = []
    if content["lots"] and given > taken:
        said.append(f"{plain(given)} mL would have been given, but the lots add up to {plain(taken)} mL. Correct one of the two.")
    if given > MOST_ML:
        said.append(f"More than {MOST_ML} mL in all cannot be. Check the decimal points.")
    if content["record"]["anaesthesia"] == "topical" and not content["record"]["topical"]:
        said.append("Say what was put on the skin, with its dose in mg.")
    return tuple(said)


def corrected_record(record: Record, content: Content) -> Record:
    """The record of a treatment with what a corrected content says in its place."""
    of = content["record"]
    return replace(
        record, zones=tuple(_zone(row) for row in content["zones"]), skin_preparation=of["skin_preparation"], anaesthesia=of["anaesthesia"],
        topical=tuple(Topical(row["ingredient"], None if row["dose_mg"] is None else Decimal(row["dose_mg"])) for row in of["topical"]),
        pain_score=of["pain_score"], reaction=of["reaction"], reaction_signs=tuple(of["reaction_signs"]), reaction_note=of["reaction_note"], note=of["note"],
    )  # fmt: skip


def zones_given(content: Content) -> tuple[ZoneGiven, ...]:
    """The zones of a content with what was changed on their points, as far as it can be read."""
    return tuple(replace(_zone(row), edits=edits_from((row.get("given") or {}).get("edits") or {})) for row in content.get("zones", ()))


def _zone(row: Mapping[str, Any]) -> ZoneGiven:
    planned, length, given = row.get("planned_volume_ml"), row.get("inserted_length_mm"), row.get("given") or {}
    return ZoneGiven(
        zone=row["zone"], side=row["side"], technique=row["technique"], points=row["points"], volume_ml=Decimal(row["volume_ml"]),
        planned_points=row.get("planned_points"), planned_volume_ml=None if planned is None else Decimal(planned), reason=row.get("deviation_reason", ""),
        inserted_length_mm=None if length is None else Decimal(length), angle_deg=row.get("angle_deg"), state=given.get("state") or "changed",
        plan=row.get("plan", ""), syringe=row.get("syringe") or "", passes=row.get("passes"), planned_passes=row.get("planned_passes"), on_skin=rolled(row),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Redrawn:
    """A draw of a syringe whose lot is corrected. ``path`` is the place of the draw in the content; ``draw`` and ``syringe`` are its rows there."""

    path: str
    lot: str  # the id of the right one
    draw: Mapping[str, Any]
    syringe: Mapping[str, Any]


def redrawn(content: Content, changes: Iterable[Change]) -> tuple[Redrawn, ...]:
    """The draws whose lots these changes of a content correct. Empty where lots stand in it without a syringe: nothing was booked for those."""
    after = {change.path: change.after for change in changes}
    return tuple(
        Redrawn(f"syringes/{n}/draws/{m}", after[path], draw, content["syringes"][n])
        for n, m, draw in _draws(content) if (path := f"syringes/{n}/draws/{m}/lot") in after
    )  # fmt: skip


def new_lots(changes: Sequence[Change]) -> tuple[str, ...]:
    """The lots that the changes name and the content did not: the ones a recall has to find from now on."""
    found = [change for change in changes if change.path == "lots"]
    return tuple(row["lot"] for change in found for row in change.after if row["lot"] not in {before["lot"] for before in change.before})


def plain(value: Decimal) -> str:
    """A decimal without exponent and trailing zeros, as it stands in what is signed."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
