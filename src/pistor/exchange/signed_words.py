"""What was signed, and what was corrected of it, as finished words: for the page and for the printed summary alike."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from pistor.care.aftercare import day_in, moment_in
from pistor.care.amendment import rolled
from pistor.care.treatment import Charted
from pistor.knowledge import Library

DIVIDED = "not said for each zone: in the order of the plan, one syringe emptied after the other"
_UNITS = {"d": "days", "mg/cm2": "mg/cm²"}  # as people write them


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in words, as it was and as it is."""

    what: str
    before: str
    after: str

    def as_dict(self) -> dict[str, str]:
        return {"what": self.what, "before": self.before, "after": self.after}


def signed_words(content: dict[str, Any], library: Library, at: dt.datetime) -> dict[str, Any]:
    """The signed content in words, and that with corrections just as well. ``at`` is in the clinic's own time."""
    record = content.get("record", {})
    reaction = {"none": record.get("reaction") == "none", "signs": record.get("reaction_signs", ()), "note": record.get("reaction_note", "")}
    given_on = content.get("given_on") or record.get("given_on")
    return {
        "title": "Treatment as signed",
        "patient": (content.get("patient") or {}).get("name", ""),
        "facts": [
            ["Given on", day_in("en", dt.date.fromisoformat(given_on)) if given_on else ""],
            ["Treatment", str(content.get("number", ""))],
            *([["Room", content["room"]["name"]]] if content.get("room") else []),
            ["Skin preparation", record.get("skin_preparation") or "not recorded"],
            ["Anaesthesia", _anaesthesia(record, library)],
            ["Pain", "not recorded" if record.get("pain_score") is None else f"{record['pain_score']} of 10"],
            ["Immediate reaction", reaction_words(reaction, library) if record else "not recorded"],
            *([["Observed before signing", f"{record['observed_minutes']} minutes"]] if record.get("observed_minutes") is not None else []),
            *([f"Syringe {one['code']}", _syringe(one, content, library)] for one in content.get("syringes", ())),
            *([["Which syringe for which zone", DIVIDED]] if any(_divided(zone) for zone in content.get("zones", ())) else []),
            *([["Codes before the needle", _time_outs(content["time_outs"])]] if content.get("time_outs") else []),
            *(["Device", _device(one)] for one in content.get("devices", ())),
            *(["Single-use item", _item(one)] for one in content.get("items", ())),
            *([["Over a limit because", record["over_limit_reason"]]] if record.get("over_limit_reason") else []),
            *([["Note", record["note"]]] if record.get("note") else []),
        ],
        "zones": [
            {
                "zone": _zone_from(zone, content, library), "points": _points(zone), "volume": _volume(zone),
                "planned": _planned(zone, content), "doses": ", ".join(_dose(library, id_, dose) for id_, dose in zone.get("doses", {}).items()),
                "reason": zone.get("deviation_reason", ""),
            }
            for zone in content.get("zones", ())
        ],
        "lots": [_lot(library, lot) for lot in content.get("lots", ())],
        "limits": [_limit(library, one) for one in content.get("doses", ()) if one.get("dose") is not None],
        "checks": [_step(library, key) for key, done in record.get("checks", {}).items() if done],
        "signer": (content.get("signed_by") or {}).get("name", "") if isinstance(content.get("signed_by"), dict) else "",
        "signed": moment_in("en", at),
        "meaning": content.get("meaning", ""),
        "knowledge": content.get("knowledge_version", ""),
    }  # fmt: skip


def differences(before: dict[str, Any], after: dict[str, Any]) -> tuple[Difference, ...]:
    """Each field that differs between two contents in words, as :func:`signed_words` gives them."""
    found = []
    for old, new in zip(before["zones"], after["zones"], strict=True):
        for key, what in (("points", "points"), ("volume", "volume"), ("doses", "doses"), ("reason", "reason")):
            if old[key] != new[key]:
                found.append(Difference(f"{old['zone']}: {what}", old[key] or "nothing", new[key] or "nothing"))
    facts, now = _by_name(before["facts"]), _by_name(after["facts"])
    found += [Difference(name[0], facts.get(name, "nothing"), now.get(name, "nothing")) for name in {**facts, **now} if facts.get(name) != now.get(name)]
    for key, what in (("lots", "Lots"), ("limits", "Doses against limits")):
        gone, come = Counter(before[key]) - Counter(after[key]), Counter(after[key]) - Counter(before[key])
        if gone or come:
            found.append(Difference(what, "; ".join(gone) or "nothing", "; ".join(come) or "nothing"))
    return tuple(found)


def _by_name(facts: Sequence[Sequence[str]]) -> dict[tuple[str, int], str]:
    """The facts by their name; those of one name are counted."""
    seen: Counter[str] = Counter()
    named = {}
    for name, value in facts:
        named[name, seen[name]] = value
        seen[name] += 1
    return named


def with_corrections(words: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """The words of what was signed, with ``now`` beside each that was corrected: on every zone, fact and on the lots."""
    facts = _by_name(now["facts"])
    shown = [(name, value, facts.get(name, "nothing") if facts.get(name) != value else "") for name, value in _by_name(words["facts"]).items()]
    added = [(name, "not recorded", value) for name, value in facts.items() if name not in _by_name(words["facts"])]
    return {
        **words,
        "facts": [{"name": name[0], "value": value, "now": corrected} for name, value, corrected in (*shown, *added)],
        "zones": [
            {**zone, "now": {key: right[key] or "nothing" for key in ("points", "volume", "doses", "reason") if right[key] != zone[key]}}
            for zone, right in zip(words["zones"], now["zones"], strict=True)
        ],
        "lots_now": now["lots"] if now["lots"] != words["lots"] else [],
    }


def reaction_words(reaction: dict[str, Any], library: Library) -> str:
    if not reaction:
        return "not recorded"
    if reaction.get("none"):
        return "none"
    said = [*(sign_name(library, sign) for sign in reaction.get("signs", ())), reaction.get("note", "")]
    return "; ".join(part for part in said if part) or "yes, not described"


def sign_name(library: Library, sign: str) -> str:
    return library.signs[sign].text.en if sign in library.signs else _spaced(sign)


def zone_name(library: Library, zone: str, side: str) -> str:
    name = library.zones[zone].name if zone in library.zones else _spaced(zone)
    return name if side == "mid" else f"{name}, {side}"


def _spaced(id_: object) -> str:
    return str(id_).replace("_", " ")


def _syringe(one: dict[str, Any], content: dict[str, Any], library: Library) -> str:
    if one["state"] == "discarded":
        return f"{_quantity(one['volume_ml'], 'mL')}, discarded"
    numbers = {lot["lot"]: lot["lot_number"] for lot in content["lots"]}
    drawn = ", ".join(f"{_presentation(library, draw['presentation'])} lot {numbers.get(draw['lot'], 'not listed')}" for draw in one["draws"])
    left = f"{_quantity(one['given_ml'], 'mL')} given, {_quantity(one['wasted_ml'], 'mL')} left over and thrown away"
    return f"{_quantity(one['volume_ml'], 'mL')} of {drawn}: {left}"


def _device(one: dict[str, Any]) -> str:
    return ", ".join(part for part in (one["name"], one["serial"], one["settings"]) if part)


def _item(one: dict[str, Any]) -> str:
    said = [_spaced(one["kind"]).capitalize(), f"code {one['code']}" if one["code"] else "", f"lot {one['lot_number']}" if one["lot_number"] else ""]
    return ", ".join(part for part in said if part)


def _step(library: Library, key: str) -> str:
    return library.checklist_steps[key].text if key in library.checklist_steps else _spaced(key)


def given_in_words(content: dict[str, Any], library: Library) -> list[str]:
    """What each zone of a signed content got out of all syringes, in one line."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for zone in content.get("zones", ()):
        one = found.get(_place(zone))
        both = {} if one is None else {"points": one["points"] + zone["points"], "volume_ml": str(Decimal(one["volume_ml"]) + Decimal(zone["volume_ml"]))}
        found[_place(zone)] = {**zone, **both}
    return [_given(zone, library) for zone in found.values()]


def drawn_in_words(made: Charted) -> str:
    """What the drawing of a treatment shows, and what it cannot."""
    said = ["The points as they were given."]
    if made.by_number:
        said.append(f"Only numbers were recorded, so drawn as planned: {'; '.join(made.by_number)}.")
    if made.unplanned:
        said.append(f"Not on the map, so not drawn: {'; '.join(made.unplanned)}.")
    return " ".join(said)


def _place(zone: dict[str, Any]) -> tuple[str, ...]:
    """What the parts of one zone that came out of several syringes have in common."""
    return zone.get("plan", ""), zone["zone"], zone["side"], zone.get("technique", "")


def _given(zone: dict[str, Any], library: Library) -> str:
    points = _points(zone)
    return f"{zone_name(library, zone['zone'], zone['side'])} {points if rolled(zone) else f'{points} points'}, {_volume(zone)}"


def _zone_from(zone: dict[str, Any], content: dict[str, Any], library: Library) -> str:
    """The zone, with its syringe where there was more than one."""
    name = zone_name(library, zone["zone"], zone["side"])
    return f"{name}, syringe {zone['syringe']}" if zone.get("syringe") and len({row.get("syringe") for row in content["zones"]}) > 1 else name


def _divided(zone: dict[str, Any]) -> bool:
    """Whether nobody said out of which syringe it came."""
    return bool((zone.get("given") or {}).get("shared") == "divided")


def _points(zone: dict[str, Any]) -> str:
    return f"{zone['passes'] or 0} passes" if rolled(zone) else str(zone["points"])


def _volume(zone: dict[str, Any]) -> str:
    return f"{_quantity(zone['volume_ml'], 'mL')}{' on the skin' if rolled(zone) else ''}"


def _planned(zone: dict[str, Any], content: dict[str, Any]) -> str:
    """What was planned for a zone: for all of it, where it came out of several syringes."""
    if zone.get("planned_points") is None:
        return "not planned"
    number = f"{zone['planned_passes'] or 0} passes" if rolled(zone) else f"{zone['planned_points']} points"
    planned = f"{number}, {_quantity(zone['planned_volume_ml'], 'mL')}" if zone.get("planned_volume_ml") is not None else number
    return f"{planned} in all" if sum(_place(one) == _place(zone) for one in content["zones"]) > 1 else planned


def _time_outs(rows: Sequence[dict[str, Any]]) -> str:
    """How often the codes of patient and syringe fitted, and why it was stopped where it was."""
    fitted, stopped = sum(bool(row["passed"]) for row in rows), [" ".join(row["said"]) for row in rows if not row["passed"]]
    read = f"patient and syringe fitted{f', {fitted} times' if fitted > 1 else ''}" if fitted else "none fitted"
    return "; ".join([read, *(f"stopped: {said}" for said in stopped)])


def _dose(library: Library, ingredient: str, dose: str) -> str:
    name = library.ingredients[ingredient].name if ingredient in library.ingredients else _spaced(ingredient)
    return f"{name} {_quantity(dose, 'mg')}"


def _limit(library: Library, one: dict[str, Any]) -> str:
    """A dose beside its limit, as it was signed. The id of a limit begins with its ingredient."""
    unit = _UNITS.get(one["unit"], one["unit"])
    known = [id_ for id_ in library.ingredients if one["limit"].startswith(f"{id_}_")]
    name = f"{library.ingredients[max(known, key=len)].name}: {one['what'][:1].lower()}{one['what'][1:]}" if known else one["what"]
    bound = f"limit {_quantity(one['bound'], unit)}" if one.get("bound") is not None else "no limit is known"
    return f"{name} {_quantity(one['dose'], unit)}, {bound}{', not kept' if one['state'] == 'over' else ''}"


def _lot(library: Library, lot: Any) -> str:
    if not isinstance(lot, dict):
        return f"Lot {lot}"
    return f"{_presentation(library, lot['presentation'])}, lot {lot['lot_number']}, {_quantity(lot['volume_ml'], 'mL')}"


def _presentation(library: Library, id_: str) -> str:
    return library.presentations[id_].name if id_ in library.presentations else _spaced(id_)


def _anaesthesia(record: dict[str, Any], library: Library) -> str:
    said = {"none": "none", "cooling": "cooling", "topical": "on the skin"}.get(record.get("anaesthesia", ""), "not recorded")
    doses = [_dose(library, row["ingredient"], row["dose_mg"]) for row in record.get("topical", ())]
    return f"{said}: {', '.join(doses)}" if doses else said


def _quantity(said: Any, unit: str) -> str:
    """A signed number as people read it, 10 mg and not 1E+1 mg; with its own unit where it carries one."""
    number, _, own = str(said).partition(" ")
    return f"{_amount(number)} {own or unit}"


def _amount(text: str) -> str:
    """Leading zero, no trailing zeros, a thin space between thousands."""
    try:
        whole, _, part = f"{Decimal(text):f}".partition(".")
    except InvalidOperation:
        return text
    sign, digits = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(digits):,}".replace(",", "\u202f") if len(digits) > 4 else digits
    part = part.rstrip("0")
    return f"{sign}{grouped}.{part}" if part else f"{sign}{grouped}"
