"""What the check must complain of, each complaint with the file and what to do."""

from __future__ import annotations

import datetime as dt
import shutil

import pytest
import yaml

from pistor.knowledge import KnowledgeError, load, plain_yaml
from pistor.knowledge.check import broken_files, problems
from pistor.knowledge.library import DATA

TODAY = dt.date.today()


def changed(tmp_path, file, old, new):
    root = shutil.copytree(DATA, tmp_path / "data")
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return root


def test_nothing_that_ships_is_even_worth_a_warning():
    assert [str(problem) for problem in problems(load(), TODAY)] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("ingredients/retinol.yaml", "flags: [not_water_miscible_as_such]", "flags: [not_watery]", "not_watery"),
        ("contraindications/vehicle_oil_alcohol.yaml", "- ethanol_vehicle", "- ethanol_vehicel", "ethanol_vehicel"),
        ("incompatibilities/ketorolac_ondansetron.yaml", "other:ondansetron", "class:ondansetron", "class:ondansetron"),
        ("methods/ph_of_mixture.yaml", "care.formulation.ph]", "care.formulation.acidity]", "care.formulation.acidity"),
        ("jurisdictions/FR.yaml", "part_of: [EU]", "part_of: [EEC]", "EEC"),
        ("ingredients/caffeine.yaml", "unit: log10", "unit: decades", "decades"),
        ("presentations/caffeine_benzoate_125mg_ml.yaml", "value: 125, unit: mg/mL", "value: 125, unit: mg", "strength is in mg"),
        ("ingredients/caffeine.yaml", "value: 250, unit: mg,", "value: 250, unit: g,", "absolute is in g"),
        ("ingredients/collagenase.yaml", "value: 21, unit: d,", "value: 3, unit: weeks,", "absolute is in weeks"),
        ("techniques/point_by_point.yaml", "unit: mm", "unit: cm", "is in cm"),
        ("ingredients/ketoprofen.yaml", "at: section 2.1.6", "at: from memory", "from memory"),
        ("ingredients/buflomedil.yaml", "at: outcome of the referral", 'at: "outcome (memory, unverified)"', "memory, unverified"),
    ],
)
def test_a_complaint_names_the_file_and_the_remedy(tmp_path, file, old, new, says):
    found = [problem for problem in problems(load(changed(tmp_path, file, old, new)), TODAY) if problem.serious and says in problem.what]
    assert found
    assert found[0].file.endswith(file)
    assert found[0].remedy


@pytest.mark.parametrize(
    ("folder", "what"),
    [
        ("sources", "nothing cites it"), ("allergen_groups", "nothing carries it"), ("concepts", "no rule and no allergen group asks for it"),
        ("questions", "no rule asks it and it does not say what it is kept for"), ("signs", "no reaction and no triage rule uses it"),
        ("reactions", "no indication and no triage rule names it"), ("comparisons", "no indication offers it"),
        ("conflicts", "no value is a side of it and it is about nothing"),
    ],
)
def test_an_orphan_is_named(tmp_path, folder, what):
    root = shutil.copytree(DATA, tmp_path / "data")
    kinds = {
        "sources": "id: nobody\nreviewed: 2026-11-24\ntitle: Nobody\nkind: page\nread: excerpt\n",
        "allergen_groups": "id: nobody\nreviewed: 2026-11-24\nname: N\nconcept: allergy_fish\ntext: {text: N, source: usach, at: abstract, grade: B}\n",
        "questions": "id: nobody\nreviewed: 2026-11-24\ntext: N?\nwhy: N\nsection: general\n",
        "signs": "id: nobody\nreviewed: 2026-11-24\ngroup: skin\ntext: {en: N, fr: N}\n",
        "reactions": "id: nobody\nreviewed: 2026-11-24\nname: N\nsigns: [bruise]\nonset_hours: {min: 0, unit: h, source: usach, at: abstract, grade: B}\n"
        "first_line: []\nbasis: [{text: N, source: usach, at: abstract, grade: B}]\n",
        "comparisons": "id: nobody\nreviewed: 2026-11-24\nname: N\napplications: [pain]\nrows: {}\n",
        "conflicts": "id: nobody\nreviewed: 2026-11-24\nname: N\nnote: N\nreadings: [{text: a, source: usach, at: abstract, grade: B}, "
        "{text: b, source: usach, at: abstract, grade: B}]\n",
        "concepts": "id: nobody\nreviewed: 2026-11-24\nname: N\nkind: condition\norigin: words\n",
    }
    (root / folder / "nobody.yaml").write_text(kinds[folder], encoding="utf-8")
    found = [problem for problem in problems(load(root), TODAY) if problem.what == what]
    assert [(problem.file, problem.serious) for problem in found] == [(str(root / folder / "nobody.yaml"), True)]


@pytest.mark.parametrize("value", ["1e999999", "NaN", "-Infinity", "2000000000000"])
def test_a_number_that_nothing_can_have_is_refused(tmp_path, value):
    with pytest.raises(KnowledgeError, match="depth_max"):
        load(changed(tmp_path, "thresholds/depth_max.yaml", "value: 4", f"value: {value}"))


def test_every_file_that_cannot_be_read_is_named_not_only_the_first(tmp_path):
    root = shutil.copytree(DATA, tmp_path / "data")
    spoil = {
        "ingredients/caffeine.yaml": ("grade: A", "grade: M"),  # memory is no grade
        "ingredients/zinc.yaml": ("name: Zinc", "nmae: Zinc"),
        "thresholds/depth_max.yaml": ("id: depth_max", "id: depth_least"),
        "sources/usach.yaml": ("kind: review", "kind: review\nkind: study"),
    }
    for file, (old, new) in spoil.items():
        path = root / file
        path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    found = {problem.file.removeprefix(f"{root}/"): problem for problem in broken_files(root)}
    assert set(found) == set(spoil)
    assert all(problem.remedy and problem.serious for problem in found.values())
    assert "stands twice" in found["sources/usach.yaml"].what
    with pytest.raises(KnowledgeError):
        load(root)


# ── the reader of the files ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_number_keeps_the_digits_of_its_source():
    assert plain_yaml.read(b"{a: 6.90, b: '1', c: true, d: null, e: [x, 2], f: 'true', g: }") == {
        "a": "6.90", "b": "1", "c": True, "d": None, "e": ["x", "2"], "f": "true", "g": None,
    }  # fmt: skip


def test_a_name_given_once_can_be_used_again():
    assert plain_yaml.read(b"a: &x [1, 2]\nb: *x\nc:\n  d: *x\n") == {"a": ["1", "2"], "b": ["1", "2"], "c": {"d": ["1", "2"]}}


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))


@pytest.mark.parametrize(
    "raw",
    [
        b"a: 1\na: 2\n", b"a: [1\n", b"{a: {b: 1, b: 2}}", b"? [a]\n: b\n", b"? {a: b}\n: c\n", b": a\n", b"a: *b\n", b"a: &a\n  b: *a\n", LAUGHS.encode(),
        b"[" * 100_000, b"\xff\xfe\x00", b"\x00",
    ],
)  # fmt: skip
def test_what_is_no_yaml_or_cannot_be_an_entry_is_refused(raw):
    with pytest.raises(yaml.YAMLError):
        plain_yaml.read(raw)


def test_it_reads_every_file_as_a_general_loader_does():
    for path in sorted(DATA.glob("*/*.yaml")):
        raw = path.read_bytes()
        assert _text(plain_yaml.read(raw)) == _text(yaml.load(raw, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))), path


def _text(node):
    """Words that mean nothing, yes or no count as the text that they were."""
    if isinstance(node, dict):
        return {key: _text(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_text(item) for item in node]
    return "" if node in (None, "null", "~") else str(node).lower() if isinstance(node, bool) else node
