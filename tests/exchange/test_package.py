"""The open data package: whole, valid against its own schemas, and comparable with an earlier one."""

from __future__ import annotations

import json
import shutil

import pytest
from fhir.resources.R4B.plandefinition import PlanDefinition
from jsonschema import Draft202012Validator

from pistor.cli import main
from pistor.exchange.package import changes_text, entries_of, export, read_entries
from pistor.knowledge import load
from pistor.knowledge import model as m
from pistor.knowledge.diff import compare
from pistor.knowledge.library import DATA

LIBRARY = load()


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    export(LIBRARY, folder)
    return folder


def read(package, name):
    return json.loads((package / name).read_text(encoding="utf-8"))


def test_every_entry_is_in_it_and_reads_back_as_it_was(package):
    for kind, type_ in m.KINDS.items():
        held = getattr(LIBRARY, kind)
        if held:
            entries = read(package, f"{kind}.json")
            assert set(entries) == set(held)
            for id_, entry in entries.items():
                assert type_.model_validate(entry) == held[id_]


@pytest.mark.parametrize("kind", [kind for kind in m.KINDS if getattr(LIBRARY, kind)])
def test_every_entry_fits_the_schema_that_ships_with_it(package, kind):
    schema = read(package, f"schema/{kind}.json")
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for id_, entry in read(package, f"{kind}.json").items():
        assert not [error.message for error in validator.iter_errors(entry)], id_


def test_a_schema_refuses_what_is_not_cited(package):
    validator = Draft202012Validator(read(package, "schema/thresholds.json"))
    entry = read(package, "thresholds.json")["depth_max"]
    del entry["quantity"]["source"]
    assert any("source" in error.message or "source" in str(error.context) for error in validator.iter_errors(entry))


def test_the_descriptor_names_every_file(package):
    for resource in read(package, "datapackage.json")["resources"]:
        assert (package / resource["path"]).exists()
        assert (package / resource["jsonSchema"]).exists()
        assert resource["entries"] == len(read(package, resource["path"]))


def test_references_carry_what_a_reference_manager_needs(package):
    references = {entry["id"]: entry for entry in read(package, "references.csl.json")}
    assert set(references) == set(LIBRARY.sources)
    assert all(entry["title"] and entry["type"] and entry["note"].startswith("Read: ") for entry in references.values())


def test_every_protocol_is_a_plan_definition_with_its_sources(package):
    for protocol in LIBRARY.protocols.values():
        plan = read(package, f"fhir/PlanDefinition-{protocol.id}.json")
        PlanDefinition.model_validate(plan)  # R4B, in which this resource is that of R4
        assert (plan["resourceType"], plan["status"], plan["experimental"]) == ("PlanDefinition", "draft", True)
        assert set(protocol.summary.source) <= {artifact["label"] for artifact in plan["relatedArtifact"]}
        assert [action["id"] for action in plan["action"]] == ["treatment", "evaluation", "stop", "maintenance"]


def test_a_label_s_course_is_timed(package):
    repeat = read(package, "fhir/PlanDefinition-submental_deoxycholic_acid.json")["action"][0]["timingTiming"]["repeat"]
    assert (repeat["frequency"], repeat["period"], repeat["periodUnit"]) == (1, 30.0, "d")


def changed(before, after):
    return [str(change) for change in compare(before, after)]


def test_nothing_changed_between_a_package_and_its_own_files(package):
    assert compare(read_entries(package), entries_of(LIBRARY)) == ()
    assert "Nothing changed." in changes_text((), "x")


def test_what_a_clinician_would_do_differently_comes_first():
    before = {"ingredients": {"x": {"id": "x", "reviewed": "2026-01-01", "limits": [{"id": "a", "absolute": {"value": "300", "grade": "A"}}, {"id": "b"}]}}}
    after = {
        "ingredients": {"x": {"id": "x", "reviewed": "2026-02-01", "limits": [{"id": "b"}, {"id": "a", "absolute": {"value": "200", "grade": "B"}}]}},
        "scales": {"new": {"id": "new"}},
    }
    changes = compare(before, after)
    assert [change.weight for change in changes] == ["clinical", "clinical", "evidence", "review"]
    assert str(changes[0]) == "ingredients/x: limits.a.absolute.value: 300 is now 200"
    assert str(changes[1]) == "scales/new: added"
    assert changed(after, before)[1] == "scales/new: removed"


def test_a_conflict_that_changed_is_told_once_where_it_stands():
    def state(reading, confirm=False):
        conflict = {"id": "strength", "readings": [{"value": reading}], "confirm": confirm}
        parts = [{"ingredient": "a", "strength": {"value": "1", "conflict": conflict}}, {"ingredient": "b", "strength": {"value": "1", "conflict": conflict}}]
        return {"conflicts": {"strength": conflict}, "presentations": {"p": {"id": "p", "components": parts}}}

    told = compare(state("2"), state("3"))
    assert [(str(change), change.weight) for change in told] == [("conflicts/strength: readings.0.value: 2 is now 3", "evidence")]
    assert [change.weight for change in compare(state("2"), state("2", confirm=True))] == ["clinical"]  # the clinician is asked now
    settled = state("2")
    del settled["presentations"]["p"]["components"][0]["strength"]["conflict"]
    assert changed(state("2"), settled) == ["presentations/p: components.a.strength.conflict: strength is now nothing"]


def test_a_later_package_says_what_changed_since(package, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(DATA, data)
    file = data / "scales" / "dlqi.yaml"
    file.unlink()
    export(load(data), tmp_path / "later", since=package)
    assert "scales/dlqi: removed" in (tmp_path / "later" / "CHANGES.md").read_text()


def test_the_command_line_compares(package, capsys):
    assert main(["knowledge", "diff", str(package), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"changes": []}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: None, "holds neither"),
        (lambda folder: (folder / "datapackage.json").write_text("{"), "is broken"),
        (lambda folder: (folder / "datapackage.json").write_text('{"resources": [{"name": "scales", "entries": 1}]}'), "scales.json: is broken or missing"),
        (lambda folder: (folder / "VERSION").write_text("1"), "holds no knowledge file"),
        (lambda folder: ((folder / "VERSION").write_text("1"), (folder / "scales").mkdir(), (folder / "scales" / "x.yaml").write_text("id: y")), "has the id y"),
    ],
)
def test_what_is_no_package_is_said(tmp_path, capsys, make, said):
    make(tmp_path)
    assert main(["knowledge", "diff", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("written", ["[]", "1", "null", '"x"', "{}", '{"a": 1}', '{"a', "[" * 200_000])
def test_a_broken_file_in_a_package_is_named(package, tmp_path, capsys, written):
    broken = shutil.copytree(package, tmp_path / "broken")
    (broken / "conflicts.json").write_text(written)
    for arguments in ([broken], [package, broken]):
        assert main(["knowledge", "diff", *map(str, arguments)]) == 2
        assert "conflicts.json: is broken or missing" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_said(capsys):
    assert main(["knowledge", "diff", "/nowhere/at/all"]) == 2
    assert "there is no such folder" in capsys.readouterr().err
