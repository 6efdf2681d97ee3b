"""What a clinician means to do: the other half of every question about candidacy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pistor.knowledge import Library
from pistor.knowledge.model import Application, Indication, Policy, Protocol

USUAL_INDICATION = {"pain": "neck_pain", "skin": "facial_skin_quality", "hair": "androgenetic_alopecia", "fat": "submental_fat"}


MOST_NAMED = 30  # ids that a sentence can list and still be read


class UnknownId(ValueError):
    """Something was named that the knowledge base does not know; the message lists what it knows."""


@dataclass(frozen=True, slots=True)
class Intent:
    """Application, indication, zone, products and country. Ids are those of the knowledge base.

    ``jurisdiction`` is an ISO 3166 alpha-2 code, or None where the country is not known. ``assumed`` names the parts
    that were filled from the knowledge base's defaults because nobody chose them.
    """

    application: str
    indication: str
    zone: str
    ingredients: tuple[str, ...]
    presentations: tuple[str, ...] = ()
    protocol: str | None = None
    technique: str | None = None
    jurisdiction: str | None = None
    topical: tuple[str, ...] = ()
    assumed: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        return {
            "application": self.application,
            "indication": self.indication,
            "zone": self.zone,
            "ingredients": list(self.ingredients),
            "presentations": list(self.presentations),
            "protocol": self.protocol,
            "technique": self.technique,
            "jurisdiction": self.jurisdiction,
            "topical": list(self.topical),
            "assumed": list(self.assumed),
        }


def intent_for(
    library: Library,
    application: str,
    indication: str | None = None,
    zone: str | None = None,
    ingredients: Sequence[str] = (),
    jurisdiction: str | None = None,
    protocol: str | None = None,
    topical: Sequence[str] = (),
    policy: str | None = None,
) -> Intent:
    """An intent with what nobody chose filled in and named in ``assumed``. Raises :class:`UnknownId`.

    Where no protocol was chosen, ``policy`` decides which of the indication's is proposed.
    """
    if application not in tuple(Application):
        raise UnknownId(_unknown("application", application, tuple(Application)))
    for id_ in (*ingredients, *topical):
        _check("ingredient", id_, library.ingredients)
    if zone is not None:
        _check("zone", zone, library.zones)
    if policy is not None:
        _check("policy", policy, library.policies)
    country = _country(jurisdiction)
    assumed: list[str] = []
    chosen_protocol = _protocol_named(library, protocol)
    chosen = _indication(library, application, indication or (chosen_protocol.indication if chosen_protocol else None), zone, ingredients)
    if chosen is None:
        return Intent(application, "", zone or "", tuple(ingredients), jurisdiction=country, topical=tuple(topical), assumed=("no indication is known",))
    if indication is None and chosen_protocol is None:
        assumed.append(f"indication {chosen.id}")
    if zone is None:
        zone = chosen.zones[0]
        assumed.append(f"zone {zone}")
    if chosen_protocol is None:
        chosen_protocol = _protocol(library, chosen, ingredients, library.policies[policy] if policy else None)
        if chosen_protocol is not None:
            assumed.append(f"protocol {chosen_protocol.id}")
    used = tuple(ingredients)
    if not used and chosen_protocol is not None:
        used = tuple(chosen_protocol.ingredients)
        assumed.append("ingredients " + (", ".join(used) or "not named by the protocol"))
    return Intent(
        application=application,
        indication=chosen.id,
        zone=zone,
        ingredients=used,
        presentations=tuple(part.presentation for part in chosen_protocol.blend) if chosen_protocol else (),
        protocol=chosen_protocol.id if chosen_protocol else None,
        technique=chosen_protocol.technique if chosen_protocol else None,
        jurisdiction=country,
        topical=tuple(topical),
        assumed=tuple(assumed),
    )


def _indication(library: Library, application: str, named: str | None, zone: str | None, ingredients: Sequence[str]) -> Indication | None:
    of_application = {id_: entry for id_, entry in library.indications.items() if entry.application == application}
    if named is not None:
        _check(f"indication for {application}", named, of_application)
        return of_application[named]
    in_zone = [entry for entry in of_application.values() if zone is None or zone in entry.zones] or list(of_application.values())
    wanted = [e for e in in_zone if any(set(ingredients) <= set(library.protocols[p].ingredients) for p in e.protocols if p in library.protocols)] or in_zone
    usual = next((entry for entry in wanted if entry.id == USUAL_INDICATION[application]), None)
    at_home = next((entry for entry in wanted if entry.zones[0] == zone), None)
    return usual or at_home or (wanted[0] if wanted else None)


def _protocol_named(library: Library, id_: str | None) -> Protocol | None:
    if id_ is None:
        return None
    _check("protocol", id_, library.protocols)
    return library.protocols[id_]


def allows(policy: Policy, protocol: Protocol, library: Library) -> bool:
    """Whether a policy lets a protocol be prepared: no more actives than it allows, nothing compounded where only licensed products are used."""
    named = len(_actives(library, protocol.ingredients))
    actives = named or library.policies[protocol.policy].max_actives or 0  # a blend that no study names may hold as many as its own policy allows
    if policy.max_actives is not None and actives > policy.max_actives:
        return False
    compounded = any(library.presentations[part.presentation].compounded for part in protocol.blend if part.presentation in library.presentations)
    return not (policy.licensed_only and compounded)


def _protocol(library: Library, indication: Indication, ingredients: Sequence[str], policy: Policy | None) -> Protocol | None:
    """The first protocol of the indication that the policy allows, or with chosen ingredients the first whose actives they are.

    Chosen ingredients without an active, as saline alone, are those of the protocol themselves.

    Where the policy allows none, the first stands: the blend then says what the policy forbids.
    """
    known = [library.protocols[id_] for id_ in indication.protocols if id_ in library.protocols]
    if not ingredients:
        fitting = [entry for entry in known if policy is None or allows(policy, entry, library)]
        return next(iter(fitting or known), None)
    chosen = _actives(library, ingredients)
    return next((entry for entry in known if _actives(library, entry.ingredients) == chosen and (chosen or set(ingredients) <= set(entry.ingredients))), None)


def _actives(library: Library, ids: Iterable[str]) -> set[str]:
    return {id_ for id_ in ids if id_ not in library.ingredients or library.ingredients[id_].active}


def _country(code: str | None) -> str | None:
    if not code:
        return None
    if not re.fullmatch(r"[A-Za-z]{2}", code):
        raise UnknownId(f"“{code}” is not a country code; give two letters such as FR or US, or leave it out where the country is not known.")
    return code.upper()


def _check(what: str, id_: str, known: Mapping[str, Any]) -> None:
    if id_ not in known:
        raise UnknownId(_unknown(what, id_, tuple(known)))


def _unknown(what: str, id_: str, known: Sequence[str]) -> str:
    if len(known) > MOST_NAMED:
        near = ", ".join(get_close_matches(id_, known, n=5, cutoff=0.4))
        return f"“{id_[:60]}” is no known {what}{f'; the nearest are {near}' if near else ''}. pistor knowledge list shows all {len(known)}."
    return f"“{id_[:60]}” is no known {what}; known are {', '.join(known) or 'none'}."
