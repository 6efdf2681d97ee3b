"""Whether a rule speaks of what is meant to be done."""

from __future__ import annotations

from pistor.care.evidence import Fact
from pistor.care.intent import Intent
from pistor.knowledge import Library
from pistor.knowledge.model import Scope


def in_scope(scope: Scope, intent: Intent, library: Library) -> bool:
    """Application, zone and protocol must fit; of ingredients, classes, flags and topical products any one is enough."""
    if scope.applications and intent.application not in scope.applications:
        return False
    if scope.protocols and intent.protocol not in scope.protocols:
        return False
    if scope.zones and intent.zone not in scope.zones:
        return False
    if scope.zones_except and (intent.zone in scope.zones_except or not intent.zone):
        return False
    if not (scope.ingredients or scope.classes or scope.flags or scope.product_flags or scope.topical):
        return True
    if any(set(scope.product_flags) & set(library.presentations[id_].flags) for id_ in intent.presentations if id_ in library.presentations):
        return True
    used = {*intent.ingredients, *_in_presentations(intent, library)}
    if used & set(scope.ingredients) or set(intent.topical) & set(scope.topical):
        return True
    entries = [library.ingredients[id_] for id_ in used if id_ in library.ingredients]
    return any(set(scope.classes) & set(e.classes) or set(scope.flags) & set(e.flags) for e in entries)


def what_is_meant(scope: Scope, intent: Intent, library: Library) -> tuple[Fact, ...]:
    """The parts of the intent that brought a rule into scope, as facts to show."""
    facts: list[Fact] = []
    for id_ in intent.ingredients:
        entry = library.ingredients.get(id_)
        named = id_ in scope.ingredients or (entry is not None and (set(entry.classes) & set(scope.classes) or set(entry.flags) & set(scope.flags)))
        if named:
            facts.append(Fact("product", entry.name if entry else id_, None, "chosen"))
    for id_ in intent.presentations:
        product = library.presentations.get(id_)
        if product is not None and set(product.flags) & set(scope.product_flags):
            facts.append(Fact("product", product.name, None, "chosen"))
    if scope.protocols and intent.protocol is not None and intent.protocol in library.protocols:
        facts.append(Fact("protocol", library.protocols[intent.protocol].name, None, "chosen"))
    if scope.zones or scope.zones_except:
        zone = library.zones.get(intent.zone)
        facts.append(Fact("zone", zone.name if zone else intent.zone, None, "chosen"))
    return tuple(facts)


def _in_presentations(intent: Intent, library: Library) -> list[str]:
    return [c.ingredient for id_ in intent.presentations if id_ in library.presentations for c in library.presentations[id_].components]
