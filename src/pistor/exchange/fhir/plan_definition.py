"""A protocol as FHIR R4 PlanDefinition: sessions, evaluation, maintenance, with its sources as related artifacts."""

from __future__ import annotations

from typing import Any

from pistor.knowledge import Library
from pistor.knowledge import model as m
from pistor.knowledge.outline import value_text

BASE = "urn:pistor:PlanDefinition:"
TYPE = "http://terminology.hl7.org/CodeSystem/plan-definition-type"


def plan_definition(protocol: m.Protocol, library: Library) -> dict[str, Any]:
    """The resource. What has no number has none here either: a timing without an interval is said in words only."""
    indication = library.indications[protocol.indication]
    return {
        "resourceType": "PlanDefinition",
        "id": protocol.id.replace("_", "-"),
        "url": f"{BASE}{protocol.id}",
        "version": library.version,
        "name": "".join(part.capitalize() for part in protocol.id.split("_")),
        "title": protocol.name,
        "type": {"coding": [{"system": TYPE, "code": "protocol", "display": "Protocol"}]},
        "status": "draft",
        "experimental": True,
        "subjectCodeableConcept": {"text": indication.name},
        "date": protocol.reviewed.isoformat(),
        "description": protocol.summary.text,
        "purpose": f"{indication.name}. {' '.join(_licences(protocol, library))}".strip(),
        "usage": "Decision support for licensed clinicians. It advises and decides nothing.",
        "lastReviewDate": protocol.reviewed.isoformat(),
        "relatedArtifact": [_artifact(library.sources[key]) for key in _sources(protocol) if key in library.sources],
        "action": [_sessions(protocol, library), _evaluation(protocol), _stop(protocol), _maintenance(protocol)],
    }


def _licences(protocol: m.Protocol, library: Library) -> tuple[str, ...]:
    """What is known of the licence of each active."""
    actives = [library.ingredients[id_] for id_ in protocol.ingredients if library.ingredients[id_].active]
    return tuple(dict.fromkeys(f"{active.name}: {statement.text}" for active in actives for statement in active.regulatory))


def _sessions(protocol: m.Protocol, library: Library) -> dict[str, Any]:
    parts = [f"{library.presentations[part.presentation].name}, {value_text(part.volume_ml)}" for part in protocol.blend]
    action = {
        "id": "treatment",
        "title": f"Treatment: {library.techniques[protocol.technique].name}",
        "description": value_text(protocol.sessions)
        + (f", {value_text(protocol.interval_days)} apart" if protocol.interval_days else "")
        + (f". Blend: {'; '.join(parts)}" if parts else ""),
        "documentation": [_artifact(library.sources[key]) for key in protocol.sessions.source if key in library.sources],
    }
    timing = _timing(protocol)
    return {**action, "timingTiming": timing} if timing else action


def _timing(protocol: m.Protocol) -> dict[str, Any] | None:
    sessions, interval = protocol.sessions, protocol.interval_days
    if interval is None or interval.low is None:
        return None
    repeat: dict[str, Any] = {"frequency": 1, "period": float(interval.low), "periodUnit": "d"}
    if interval.high is not None and interval.high != interval.low:
        repeat["periodMax"] = float(interval.high)
    if sessions.value is not None:
        repeat["count"] = int(sessions.value)
    elif sessions.min is not None and sessions.max is not None:
        repeat |= {"count": int(sessions.min), "countMax": int(sessions.max)}
    return {"repeat": repeat}


def _evaluation(protocol: m.Protocol) -> dict[str, Any]:
    return {"id": "evaluation", "title": "Evaluation", "description": protocol.evaluation.text.text}


def _stop(protocol: m.Protocol) -> dict[str, Any]:
    return {"id": "stop", "title": "Stop rule", "description": protocol.stop_rule.text}


def _maintenance(protocol: m.Protocol) -> dict[str, Any]:
    return {"id": "maintenance", "title": "Maintenance", "description": protocol.maintenance.text}


def _sources(protocol: m.Protocol) -> tuple[str, ...]:
    cited = (protocol.summary, protocol.sessions, protocol.interval_days, protocol.stop_rule, protocol.maintenance, protocol.evaluation.text)
    return tuple(dict.fromkeys(key for item in cited if item for key in item.source))


def _artifact(source: m.Source) -> dict[str, Any]:
    artifact = {"type": "citation", "label": source.id, "citation": source.title}
    url = f"https://doi.org/{source.doi}" if source.doi else source.url
    return {**artifact, "url": url} if url else artifact
