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
from pistor.knowledge import plain_yaml

DATA = Path(__file__).parent / "data"


class KnowledgeError(Exception):
    """A knowledge file cannot be used; the message names file, what is wrong and the remedy."""

    def __init__(self, file: Path, what: str, remedy: str) -> None:
        super().__init__(f"{file}: {what}; {remedy}")
        self.file, self.what, self.remedy = file, what, remedy


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """All that is known, by kind and id. Attributes are named as the folders under ``data/``."""

    version: str
    sources: Mapping[str, m.Source]
    conflicts: Mapping[str, m.Conflict]
    ingredients: Mapping[str, m.Ingredient]
    presentations: Mapping[str, m.Presentation]
    incompatibilities: Mapping[str, m.Incompatibility]
    mixture_rules: Mapping[str, m.MixtureRule]
    thresholds: Mapping[str, m.Threshold]
    methods: Mapping[str, m.Method]
    allergen_groups: Mapping[str, m.AllergenGroup]
    policies: Mapping[str, m.Policy]
    concepts: Mapping[str, m.Concept]
    questions: Mapping[str, m.Question]
    contraindications: Mapping[str, m.Contraindication]
    jurisdictions: Mapping[str, m.Jurisdiction]
    zones: Mapping[str, m.Zone]
    body_maps: Mapping[str, m.BodyMap]
    earlier_body_maps: Mapping[str, m.EarlierBodyMap]
    techniques: Mapping[str, m.Technique]
    devices: Mapping[str, m.Device]
    delivery_parameters: Mapping[str, m.DeliveryParameter]
    residence_measurements: Mapping[str, m.ResidenceMeasurement]
    protocols: Mapping[str, m.Protocol]
    indications: Mapping[str, m.Indication]
    trials: Mapping[str, m.Trial]
    outbreaks: Mapping[str, m.Outbreak]
    signs: Mapping[str, m.Sign]
    reactions: Mapping[str, m.Reaction]
    triage_rules: Mapping[str, m.TriageRule]
    aftercare_rules: Mapping[str, m.AftercareRule]
    check_ins: Mapping[str, m.CheckIn]
    scales: Mapping[str, m.Scale]
    comparisons: Mapping[str, m.Comparison]
    claims: Mapping[str, m.Claim]
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

    def body_map(self, id_: str, version: int | None = None) -> m.BodyMap | None:
        """A drawing in the version asked for; None where that version is not kept."""
        today = self.body_maps.get(id_)
        if today is None or version is None or version == today.version:
            return today
        return next((earlier for earlier in self.earlier_body_maps.values() if (earlier.map, earlier.version) == (id_, version)), None)

    def find(self, id_: str) -> list[tuple[str, m.Known]]:
        """The entries with this id, of whatever kind."""
        return [(kind, entry) for kind, found, entry in self.entries() if found == id_]


def load(root: Path | None = None) -> Library:
    """The library under ``root`` (the shipped data when not given). Raises :class:`KnowledgeError`."""
    return _load(root or DATA)


@cache
def _load(root: Path) -> Library:
    digest = hashlib.sha256()
    kinds: dict[str, dict[str, Any]] = {kind: {} for kind in m.KINDS}
    files: dict[tuple[str, str], Path] = {}
    if not root.is_dir():
        raise KnowledgeError(root, "is no folder", "name a folder that holds knowledge files")
    for kind, path in _files(root):
        raw = _bytes(path)
        digest.update(f"{kind}/{path.name}\0".encode() + raw)
        for id_, entry in _read(path, raw, m.KINDS[kind], kinds["conflicts"]):
            if id_ in kinds[kind]:
                raise KnowledgeError(path, f"the id {id_} is used twice", "give one of the two another id")
            kinds[kind][id_] = entry
            files[kind, id_] = path
    if not files:
        raise KnowledgeError(root, "holds no knowledge file", "name a folder with a folder for each kind")
    version = _bytes(root / "VERSION").decode(errors="replace").strip() if (root / "VERSION").exists() else "0"
    frozen = {kind: MappingProxyType(entries) for kind, entries in kinds.items()}
    return Library(version=f"{version}+{digest.hexdigest()[:12]}", files=MappingProxyType(files), **frozen)


def unusable(root: Path | None = None) -> list[KnowledgeError]:
    """What is wrong with each file that cannot be loaded: :func:`load` stops at the first."""
    found: list[KnowledgeError] = []
    conflicts: dict[str, m.Conflict] = {}
    for kind, path in _files(root or DATA):
        try:
            for id_, entry in _read(path, _bytes(path), m.KINDS[kind], conflicts):
                if isinstance(entry, m.Conflict):
                    conflicts[id_] = entry
        except KnowledgeError as error:
            found.append(error)
    return found


def _bytes(path: Path) -> bytes:
    """What stands in a file. A pipe or a folder in its place is not waited for."""
    try:
        if path.exists() and not path.is_file():
            raise KnowledgeError(path, "is no file", "put the entry in a file of this name")
        return path.read_bytes()
    except OSError as error:
        raise KnowledgeError(path, f"cannot be read ({error.strerror})", "mend it or take it away") from None


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    for kind in m.KINDS:
        if (root / kind).exists() and not (root / kind).is_dir():
            raise KnowledgeError(root / kind, "is no folder", "put the entries of this kind in a folder of this name")
        yield from ((kind, path) for path in sorted((root / kind).glob("*.yaml")))


def _read(path: Path, raw: bytes, type_: type[m.Known], conflicts: Mapping[str, m.Conflict]) -> Iterator[tuple[str, m.Known]]:
    """One file holds one entry, named as the file; ``sources`` may hold a list of short entries per file."""
    try:
        data = plain_yaml.read(raw)
    except yaml.YAMLError as error:
        raise KnowledgeError(path, f"is not YAML: {' '.join(str(error).split())}", "mend it at the place named") from None
    for row in data if isinstance(data, list) else [data]:
        if not isinstance(row, dict) or "id" not in row:
            raise KnowledgeError(path, "holds something without an id", "write one mapping that begins with id")
        if not isinstance(data, list) and str(row["id"]).casefold() != path.stem.casefold():
            raise KnowledgeError(path, f"has the id {row['id']}", f"name the file {row['id']}.yaml or change the id")
        _inherit_review_date(row, row.get("reviewed"))
        if unknown := _put_conflicts(row, conflicts):
            raise KnowledgeError(path, f"{row['id']}: conflict names {unknown}", f"correct it or add conflicts/{unknown}.yaml")
        try:
            yield row["id"], type_.model_validate(row)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "entry"
            what = f"{row['id']}: {place}: {first['msg']} ({error.error_count()} in all)"
            raise KnowledgeError(path, what, f"correct it after the type {type_.__name__} in knowledge/model.py") from None


def _put_conflicts(node: object, conflicts: Mapping[str, m.Conflict]) -> str | None:
    """The entry in the place of every name of a conflict; the first name that is none comes back."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key == "conflict" and isinstance(value, str):
            if value not in conflicts:
                return value
            node[key] = conflicts[value]  # type: ignore[index]
        elif isinstance(value, dict | list) and (unknown := _put_conflicts(value, conflicts)):
            return unknown
    return None


def _inherit_review_date(node: object, reviewed: object) -> None:
    """Cited values that give no review date of their own were reviewed with their file."""
    if isinstance(node, dict):
        if "source" in node and "grade" in node:
            node.setdefault("reviewed", reviewed)
        for value in node.values():
            if isinstance(value, dict | list):
                _inherit_review_date(value, reviewed)
    elif isinstance(node, list):
        for item in node:
            if isinstance(item, dict | list):
                _inherit_review_date(item, reviewed)
