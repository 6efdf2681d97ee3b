"""Loads the knowledge files into one immutable :class:`Library`.

``load()`` reads every ``data/<kind>/<id>.yaml`` once per process. A file that cannot be used raises
:class:`KnowledgeError`, whose message names the file, the place in it and what is wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import ValidationError

from pistor.knowledge import model as m

DATA = Path(__file__).parent / "data"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class KnowledgeError(Exception):
    """A knowledge file cannot be used; the message names file, place and remedy."""


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """All that is known, by kind and id. Attributes are named as the folders under ``data/``."""

    version: str
    sources: Mapping[str, m.Source]
    ingredients: Mapping[str, m.Ingredient]
    presentations: Mapping[str, m.Presentation]
    incompatibilities: Mapping[str, m.Incompatibility]
    mixture_rules: Mapping[str, m.MixtureRule]
    thresholds: Mapping[str, m.Threshold]
    allergen_groups: Mapping[str, m.AllergenGroup]
    policies: Mapping[str, m.Policy]
    concepts: Mapping[str, m.Concept]
    questions: Mapping[str, m.Question]
    contraindications: Mapping[str, m.Contraindication]
    jurisdictions: Mapping[str, m.Jurisdiction]
    zones: Mapping[str, m.Zone]
    body_maps: Mapping[str, m.BodyMap]
    techniques: Mapping[str, m.Technique]
    protocols: Mapping[str, m.Protocol]
    indications: Mapping[str, m.Indication]
    trials: Mapping[str, m.Trial]
    signs: Mapping[str, m.Sign]
    reactions: Mapping[str, m.Reaction]
    triage_rules: Mapping[str, m.TriageRule]
    aftercare_rules: Mapping[str, m.AftercareRule]
    check_ins: Mapping[str, m.CheckIn]
    scales: Mapping[str, m.Scale]
    comparisons: Mapping[str, m.Comparison]
    checklist_steps: Mapping[str, m.ChecklistStep]
    consent_texts: Mapping[str, m.ConsentText]
    files: Mapping[tuple[str, str], Path] = field(repr=False)

    def __hash__(self) -> int:
        """Two libraries of one version are the same, so that what is worked out of one can be kept."""
        return hash(self.version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Library) and other.version == self.version

    def entries(self) -> Iterator[tuple[str, str, m.Known]]:
        """Every entry as (kind, id, entry), in the order of the kinds."""
        for kind in m.KINDS:
            for id_, entry in getattr(self, kind).items():
                yield kind, id_, entry

    def find(self, id_: str) -> list[tuple[str, m.Known]]:
        """The entries with this id, of whatever kind."""
        return [(kind, entry) for kind, found, entry in self.entries() if found == id_]


def load(root: Path | None = None) -> Library:
    """The library under ``root`` (the shipped data when not given). Raises :class:`KnowledgeError`."""
    return _load(root or DATA)


@cache
def _load(root: Path) -> Library:
    digest = hashlib.sha256()
    kinds: dict[str, dict[str, m.Known]] = {}
    files: dict[tuple[str, str], Path] = {}
    for kind, type_ in m.KINDS.items():
        kinds[kind] = {}
        for path in sorted((root / kind).glob("*.yaml")):
            raw = path.read_bytes()
            digest.update(f"{kind}/{path.name}\0".encode() + raw)
            for entry in _read(path, raw, type_):
                id_ = getattr(entry, "id")  # noqa: B009 - every kind has an id, Known does not
                if id_ in kinds[kind]:
                    raise KnowledgeError(f"{path}: the id {id_} is used twice; give one of the two another id")
                kinds[kind][id_] = entry
                files[kind, id_] = path
    version = (root / "VERSION").read_text().strip() if (root / "VERSION").exists() else "0"
    frozen = {kind: MappingProxyType(entries) for kind, entries in kinds.items()}
    return Library(version=f"{version}+{digest.hexdigest()[:12]}", files=MappingProxyType(files), **frozen)  # type: ignore[arg-type]


def _read(path: Path, raw: bytes, type_: type[m.Known]) -> Iterator[m.Known]:
    """One file holds one entry, named as the file; ``sources`` may hold a list of short entries per file."""
    try:
        data = yaml.load(raw, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise KnowledgeError(f"{path}: is not YAML: {error}") from None
    rows = data if isinstance(data, list) else [data]
    for row in rows:
        if not isinstance(row, dict):
            raise KnowledgeError(f"{path}: holds {type(row).__name__} where a mapping with an id is expected")
        if not isinstance(data, list) and str(row.get("id")).casefold() != path.stem.casefold():
            raise KnowledgeError(f"{path}: has the id {row.get('id')}; name the file {row.get('id')}.yaml or change the id")
        try:
            yield type_.model_validate(_inherit_review_date(row, row.get("reviewed")))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise KnowledgeError(f"{path}: {row.get('id')}: {place}: {first['msg']} ({error.error_count()} in all)") from None


def _inherit_review_date(node: object, reviewed: object) -> object:
    """Cited values that give no review date of their own were reviewed with their file."""
    if isinstance(node, dict):
        out = {key: _inherit_review_date(value, reviewed) for key, value in node.items()}
        if "source" in out and "grade" in out and "reviewed" not in out:
            out["reviewed"] = reviewed
        return out
    return [_inherit_review_date(item, reviewed) for item in node] if isinstance(node, list) else node
