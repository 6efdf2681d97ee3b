"""``pistor knowledge`` from a terminal: one answer, one object, one sentence when it cannot be used."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pistor.cli import main
from pistor.knowledge.library import DATA

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pistor.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={"PYTHONPATH": str(ROOT / "src"), "PATH": ""}, check=False)


def test_show_prints_each_number_with_its_source():
    shown = run("knowledge", "show", "submental_deoxycholic_acid")
    assert shown.returncode == 0
    assert "[KYB]" in shown.stdout
    assert "grade A" in shown.stdout


def test_show_as_json_is_one_object_and_nothing_else():
    shown = run("knowledge", "show", "alopecia_dutasteride", "--json")
    entry = json.loads(shown.stdout)["entries"][0]["entry"]
    assert entry["sessions"]["value"] == "7"
    assert shown.stderr == ""


def test_list_as_json_holds_every_kind():
    kinds = json.loads(run("knowledge", "list", "--json").stdout)["kinds"]
    assert {"protocols", "trials", "indications", "sources"} <= set(kinds)


def test_list_of_one_kind():
    listed = run("knowledge", "list", "protocols").stdout
    assert "neck_pain_lidocaine" in listed
    assert "REF1" not in listed


def test_an_unknown_id_is_refused_with_the_nearest_ids():
    shown = run("knowledge", "show", "dutasterid")
    assert shown.returncode == 2
    assert shown.stdout == ""
    assert "nearest ids are dutasteride" in shown.stderr
    assert shown.stderr.count("\n") == 1


def test_an_unknown_kind_is_refused_with_the_kinds():
    listed = run("knowledge", "list", "protocolls")
    assert listed.returncode == 2
    assert "protocols" in listed.stderr


@pytest.mark.parametrize("arguments", [(), ("knowledge",), ("knowledge", "dance"), ("fly",), ("assess",)])
def test_a_command_that_cannot_be_understood_gets_one_sentence(arguments):
    answer = run(*arguments)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert "--help" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_check_names_file_place_and_remedy_of_what_is_broken(tmp_path):
    root = shutil.copytree(DATA, tmp_path / "data")
    path = root / "protocols/neck_pain_lidocaine.yaml"
    path.write_text(path.read_text().replace("technique: point_by_point", "technique: by_magic"))
    checked = run("knowledge", "--data", root, "check", "--on", "2026-11-23")
    assert checked.returncode == 2
    line = next(line for line in checked.stderr.splitlines() if "by_magic" in line)
    assert "neck_pain_lidocaine.yaml" in line
    assert "correct it" in line


def test_check_of_a_file_that_is_not_yaml_is_one_sentence(tmp_path):
    root = shutil.copytree(DATA, tmp_path / "data")
    (root / "protocols/neck_pain_lidocaine.yaml").write_text("id: [unclosed\n")
    checked = run("knowledge", "--data", root, "check")
    assert checked.returncode == 2
    assert "neck_pain_lidocaine.yaml" in checked.stderr
    assert "Traceback" not in checked.stderr


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.symlink_to(path.name), lambda path: path.symlink_to("nowhere"), lambda path: path.mkdir(), os.mkfifo,
        lambda path: path.write_text("id: *nobody\n"), lambda path: path.write_text("[" * 100_000),
    ],
)  # fmt: skip
def test_what_is_no_readable_file_is_named_and_not_waited_for(tmp_path, capsys, make):
    root = shutil.copytree(DATA / "signs", tmp_path / "data" / "signs").parent
    make(root / "signs" / "odd.yaml")
    for asked in (["check"], ["list"], ["export", str(tmp_path / "out")]):
        assert main(["knowledge", "--data", str(root), *asked]) == 2
        assert "odd.yaml: " in capsys.readouterr().err


@pytest.mark.parametrize("place", ["nowhere", "empty", "file"])
def test_a_place_without_knowledge_is_not_in_order(tmp_path, capsys, place):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    assert main(["knowledge", "--data", str(tmp_path / place), "check"]) == 2
    assert place in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error():
    command = f"{sys.executable} -m pistor.cli knowledge list | head -1"
    piped = subprocess.run(["/bin/bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=60, env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"}, check=False)
    assert "Traceback" not in piped.stderr
    assert piped.returncode == 0
