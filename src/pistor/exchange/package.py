"""The knowledge as an open data package: JSON by kind, its schemas, references as CSL-JSON, protocols as FHIR PlanDefinition."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pistor.exchange.errors import Unusable
from pistor.exchange.fhir.plan_definition import plan_definition
from pistor.knowledge import KnowledgeError, Library, load
from pistor.knowledge import model as m
from pistor.knowledge.diff import Change, Entries, compare

DESCRIPTOR = "datapackage.json"
LICENCE = "Apache-2.0"
_CSL_TYPE = {"trial": "article-journal", "study": "article-journal", "review": "article-journal", "consensus": "article-journal", "textbook": "book",
             "statute": "legislation", "dataset": "dataset", "page": "webpage", "label": "report", "regulator": "report", "design": "document"}  # fmt: skip
_README = """# Pistor knowledge {version}

What is published on mesotherapy, as cited, machine-readable facts. Every number names its source, the place in it, a
grade and the day on which it was read. Conflicts hold both values; what nobody found is absent and is not zero.

- `<kind>.json`: all entries of a kind by id; `schema/<kind>.json`: their JSON Schema
- `references.csl.json`: the sources for any reference manager, with how much of each was read
- `fhir/PlanDefinition-*.json`: the protocols as FHIR R4 PlanDefinition
- `datapackage.json`: this package for data tools{changes}

Grades: A regulator, label, randomised trial or systematic review; B study without random allocation, or consensus;
C page of a practice or vendor; D our own derivation.

For licensed clinicians and researchers. It advises and decides nothing; check it against the product in your hand.
Licence {licence}.
"""


def export(library: Library, out: Path, *, since: Path | None = None) -> tuple[str, ...]:
    """Write the package into ``out`` and return the names of its files. Raises :class:`Unusable` where that cannot be."""
    earlier = read_entries(since) if since else None
    try:
        for folder in (out, out / "schema", out / "fhir"):
            folder.mkdir(parents=True, exist_ok=True)
        files = dict(_files(library, earlier))
        for name, text in files.items():
            (out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{out} could not be written ({error.strerror}); give another folder.") from None
    return tuple(files)


def _files(library: Library, earlier: Entries | None) -> Iterable[tuple[str, str]]:
    kinds = entries_of(library)
    for kind, entries in kinds.items():
        yield f"{kind}.json", _json(entries)
        yield f"schema/{kind}.json", _json(m.KINDS[kind].model_json_schema(by_alias=True))
    yield "references.csl.json", _json([csl(source) for source in library.sources.values()])
    for protocol in library.protocols.values():
        yield f"fhir/PlanDefinition-{protocol.id}.json", _json(plan_definition(protocol, library))
    if earlier is not None:
        yield "CHANGES.md", changes_text(compare(earlier, kinds), library.version)
    yield "README.md", _README.format(version=library.version, licence=LICENCE, changes="\n- `CHANGES.md`: what changed" if earlier is not None else "")
    yield DESCRIPTOR, _json(_descriptor(library, kinds))


def entries_of(library: Library) -> dict[str, dict[str, Any]]:
    """Every entry as JSON, by kind and id; a kind without entries is left out."""
    found: dict[str, dict[str, Any]] = {}
    for kind, id_, entry in library.entries():
        found.setdefault(kind, {})[id_] = entry.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return found


def read_entries(place: Path) -> Entries:
    """The entries of an exported package, or of a folder of knowledge files. Raises :class:`Unusable`."""
    descriptor = place / DESCRIPTOR
    if not place.is_dir():
        raise Unusable(f"{place}: there is no such folder; name an exported package, or a folder of knowledge files.")
    if not descriptor.exists():
        if not (place / "VERSION").exists():
            raise Unusable(f"{place}: holds neither {DESCRIPTOR} nor VERSION, so it is no package and no folder of knowledge files.")
        try:
            return entries_of(load(place))
        except KnowledgeError as error:
            raise Unusable(str(error)) from None
    described = _read_json(descriptor)
    try:
        held = {str(resource["name"]): int(resource["entries"]) for resource in described["resources"]}
    except (KeyError, TypeError, ValueError):
        raise Unusable(f"{descriptor}: {_AGAIN}") from None
    return {kind: _entries(place / f"{kind}.json", number) for kind, number in held.items()}


_AGAIN = "is broken or missing; export the package again."


def _entries(path: Path, number: int) -> dict[str, Any]:
    """The entries of a kind by id, as many as the package says."""
    entries = _read_json(path)
    if not isinstance(entries, dict) or len(entries) != number or not all(isinstance(entry, dict) for entry in entries.values()):
        raise Unusable(f"{path}: {_AGAIN}")
    return entries


def _read_json(path: Path) -> Any:
    try:
        if not path.is_file():  # a pipe would be waited for
            raise Unusable(f"{path}: {_AGAIN}")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise Unusable(f"{path}: {_AGAIN}") from None


def changes_text(changes: tuple[Change, ...], version: str) -> str:
    """The changes for a reviewer, by weight."""
    headings = {"clinical": "What a clinician would do differently", "evidence": "Sources, grades, conflicts", "wording": "Words", "review": "Read again"}
    lines = [f"# Changes up to {version}", ""]
    for weight, heading in headings.items():
        found = [change for change in changes if change.weight == weight]
        if weight == "review" and found:
            lines += [f"## {heading}", "", f"{len({(change.kind, change.id) for change in found})} entries have a new review date.", ""]
        elif found:
            lines += [f"## {heading}", "", *(f"- {change}" for change in found), ""]
    return "\n".join(lines if changes else [*lines, "Nothing changed.", ""])


def csl(source: m.Source) -> dict[str, Any]:
    """A source as CSL-JSON; how much of it was read stands in the note."""
    note = f"Read: {source.read}; {source.reviewed.isoformat()}" + (f". {source.note}" if source.note else "")
    fields = {
        "id": source.id, "type": _CSL_TYPE[source.kind], "title": source.title, "container-title": source.container, "volume": source.volume,
        "issue": source.issue, "page": source.pages, "publisher": source.publisher, "DOI": source.doi, "URL": source.url, "note": note,
        "author": [{"literal": source.authors}] if source.authors else None, "issued": {"date-parts": [[source.year]]} if source.year else None,
        "accessed": {"date-parts": [[source.reviewed.year, source.reviewed.month, source.reviewed.day]]},
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value is not None}


def _descriptor(library: Library, kinds: dict[str, dict[str, Any]]) -> dict[str, Any]:
    resources = [
        {"name": kind, "path": f"{kind}.json", "format": "json", "mediatype": "application/json", "jsonSchema": f"schema/{kind}.json", "entries": len(entries)}
        for kind, entries in kinds.items()
    ]
    return {
        "name": "pistor-knowledge", "title": "Mesotherapy: cited facts", "version": library.version, "resources": resources,
        "licenses": [{"name": LICENCE, "path": "https://www.apache.org/licenses/LICENSE-2.0"}],
    }  # fmt: skip


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=False) + "\n"
