"""The walls of the house: who may import whom, who may write, what a commit must not hold."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "pistor"
PURE = ("knowledge", "delivery", "care", "exchange")


def test_imports_go_down_only():
    result = subprocess.run([Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-3000:]


@pytest.mark.parametrize("part", PURE)
def test_pure_parts_import_with_django_blocked(part):
    modules = [
        ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__") for path in sorted((SOURCE / part).rglob("*.py"))
    ]
    script = "import sys, importlib; sys.modules['django'] = None\n" + "\n".join(f"importlib.import_module({module!r})" for module in modules)
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": os.environ["PATH"]}
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr[-2000:]


WRITES = {"create", "save", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}


def _writes(tree: ast.AST):
    """Calls that write through the ORM. ``update`` counts when it is called on a queryset, not on a dict or a hash."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            chain = ast.unparse(node.func.value)
            name = node.func.attr
            on_manager = "objects" in chain or "_default_manager" in chain or ".filter(" in chain or ".of(" in chain
            if (name in WRITES and (on_manager or name in {"save", "delete", "bulk_create", "bulk_update"})) or (name == "update" and on_manager):
                yield node.lineno, ast.unparse(node.func)


def test_only_actions_write():
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        part = path.relative_to(SOURCE).parts[0]
        if part in ("actions",) or "migrations" in path.parts:
            continue
        found += [f"{path.relative_to(ROOT)}:{line}: {call}" for line, call in _writes(ast.parse(path.read_text()))]
    assert not found, "These write outside actions/: " + "; ".join(found)


def test_the_check_for_writes_sees_a_write():
    assert list(_writes(ast.parse("Patient.objects.filter(a=1).update(b=2)\nx.save()\n{}.update(a=1)"))) == [
        (1, "Patient.objects.filter(a=1).update"),
        (2, "x.save"),
    ]


def test_clinical_rows_carry_their_clinic_and_sortable_keys():
    import uuid

    from django.apps import apps

    from pistor.records.base import uuid7

    without = {"Clinic"}
    for model in apps.get_app_config("records").get_models():
        fields = {field.name for field in model._meta.get_fields()}
        if model.__name__ not in without:
            assert "clinic" in fields, f"{model.__name__} has no clinic"
        if model.__name__ != "AuditHead":
            assert model._meta.pk.get_internal_type() == "UUIDField", f"{model.__name__} has no UUID key"
    keys = [uuid7() for _ in range(100)]
    assert all(key.version == 7 and key.variant == uuid.RFC_4122 for key in keys)
    assert len(set(keys)) == 100


def _committed() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_locks_hold_hashes_and_no_address():
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text()
        assert "://" not in text, f"{lock.name} names an address"
        pinned = re.findall(r"^([a-z0-9][\w.\-\[\]]*)==", text, re.M)
        assert pinned, f"{lock.name} pins nothing"
        assert text.count("--hash=sha256:") >= len(pinned)


def test_commits_hold_no_machine_path():
    suspicious = re.compile(r"(?<![\w.])/(?:home|root|work|Users)/\w")
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in _committed()
        if path.exists() and path.suffix in {".py", ".md", ".yaml", ".toml", ".lock", ".html", ".js", ".css", ".typ", ""} and path.is_file()
        for match in suspicious.finditer(path.read_text(errors="ignore"))
        if "test_walls" not in path.name
    ]
    assert not found, found


def test_every_step_has_the_same_name_everywhere():
    from pistor.care.journey import STEPS
    from pistor.config import settings

    assert tuple(settings.STEPS) == STEPS
    for step in STEPS:
        assert (SOURCE / "clinic" / step / "views.py").exists(), f"clinic/{step} has no page"
        assert (SOURCE / "actions" / f"{step}.py").exists(), f"actions/{step}.py is missing"
        assert (SOURCE / "care" / f"{step}.py").exists() or (SOURCE / "care" / step).is_dir(), f"care/{step} is missing"
