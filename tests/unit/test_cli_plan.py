"""``pistor plan`` from a terminal, on a Pistor case: an answer whatever it says, and one sentence when it cannot be used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("PISTOR_SHARED", ROOT.parent / "shared"))


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pistor.cli", *map(str, arguments)]
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": "", "LANG": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)


@pytest.fixture
def bundle(tmp_path):
    """The smallest record that is one: a patient with a weight."""
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1980-01-02", "name": [{"family": "Żółć", "given": ["نور"]}]}
    weight = {
        "resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/p"}, "effectiveDateTime": "2026-11-01",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}, "valueQuantity": {"value": 60, "unit": "kg"},
    }  # fmt: skip
    path = tmp_path / "record.json"
    entries = [{"resource": resource} for resource in (patient, weight)]
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}), encoding="utf-8")
    return path


def plan(bundle, *arguments):
    return run("plan", bundle, "--on", "2026-11-23", *arguments)


def test_a_plan_as_json_is_one_object_with_doses_and_dates(bundle):
    answer = plan(bundle, "--application", "pain", "--jurisdiction", "GB", "--start", "2026-12-01", "--json")
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert told["protocol"]["id"] == "neck_pain_lidocaine" or told["protocol"]["indication"] == told["intent"]["indication"]
    assert told["schedule"]["treatments"][0]["on"] == "2026-12-01"
    assert told["doses"]
    assert told["missing"]


def test_fat_in_france_is_answered_with_the_reason_and_without_a_dose(bundle):
    answer = plan(bundle, "--application", "fat", "--jurisdiction", "fr", "--json")
    told = json.loads(answer.stdout)
    assert answer.returncode == 0
    assert told["verdict"] == "not_eligible"
    assert told["withheld"]
    assert (told["blend"], told["injection_map"], told["doses"], told["schedule"]) == (None, None, [], None)


def test_the_pdf_is_written_and_standard_output_stays_empty(bundle, tmp_path):
    out = tmp_path / "plan.pdf"
    answer = plan(bundle, "--application", "skin", "--jurisdiction", "GB", "--pdf", out)
    assert answer.returncode == 0, answer.stderr
    assert out.read_bytes().startswith(b"%PDF")
    assert answer.stdout == ""


def test_a_plan_is_given_as_json_or_as_pdf_and_not_half_of_both(bundle, tmp_path):
    answer = plan(bundle, "--application", "skin", "--json", "--pdf", tmp_path / "plan.pdf")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "not allowed with" in answer.stderr
    assert not (tmp_path / "plan.pdf").exists()


def test_the_text_names_sources_and_what_is_assumed(bundle):
    answer = plan(bundle, "--application", "hair")
    assert answer.returncode == 0, answer.stderr
    assert "Sources" in answer.stdout
    assert "Doses" in answer.stdout
    assert "advises and never decides" in answer.stdout


def text_of(bundle, *arguments):
    answer = plan(bundle, *arguments)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.parametrize(
    ("application", "told"),
    [
        ("pain", ["needle length: 4 to 6 mm, 30G", "inserted length: not published", "minimal important difference 1 points", "Anti-inflammatory tablets"]),
        ("skin", ["volume per point: 0.02 mL", "Botulinum toxin", "Hyaluronic acid filler", "molecular weight of the product", "(p = 0.063)"]),
        ("hair", ["7 to 28 days between treatments", "minimal important difference unknown", "45.5 % (dutasteride into the scalp)", "solvent and pH"]),
        ("fat", ["spacing: 10 mm", "Liposuction", "Cryolipolysis", "How long it lasts: unknown", "66.5 % of 258", "numeric limit for the thickness"]),
    ],
)
def test_the_text_tells_technique_scales_aftercare_alternatives_and_what_is_not_known(bundle, application, told):
    text = text_of(bundle, "--application", application, "--jurisdiction", "US")
    for section in ("Technique", "Scales", "Aftercare", "Alternatives", "Not known"):
        assert f"\n{section}\n" in text
    for part in told:
        assert part in text
    assert "until 7 days after the treatment" in text, "the longest reading, as on the patient's sheet"


def test_a_difference_between_arms_is_not_said_to_lack_a_comparator(bundle):
    row = next(line for line in text_of(bundle, "--application", "hair").splitlines() if "hair count, difference between the arms" in line)
    assert "95 % interval 7.14 to 8.66" in row
    assert "no comparator" not in row


def test_the_concentration_in_dispute_is_confirmed_once(bundle):
    text = text_of(bundle, "--application", "hair")
    assert text.count("Concentration of dutasteride:") == 1
    assert "0.005 %" in text


def test_a_plan_that_is_withheld_tells_the_alternatives_and_nothing_to_act_on(bundle):
    text = text_of(bundle, "--application", "fat", "--jurisdiction", "FR")
    assert "\nAlternatives\n" in text
    for section in ("Technique", "Aftercare", "Doses", "Course", "Map"):
        assert f"\n{section}\n" not in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--application", "teeth"), "pain"),
        (("--application", "pain", "--ingredient", "unobtainium"), "unobtainium"),
        (("--application", "pain", "--zone", "elbow_left"), "elbow_left"),
        (("--application", "pain", "--indication", "sadness"), "sadness"),
        (("--application", "pain", "--jurisdiction", "France"), "FR"),
        (("--application", "pain", "--policy", "anything"), "single_active"),
        (("--application", "pain", "--start", "tomorrow"), "2026-11-23"),
        (("--application", "pain", "--start", "2199-01-01"), "2100"),
        (("--application", "pain", "--pdf", "/nowhere/plan.pdf"), "/nowhere/plan.pdf"),
    ],
)
def test_what_cannot_be_used_gets_exit_2_and_one_sentence(bundle, arguments, says):
    answer = plan(bundle, *arguments)
    assert answer.returncode == 2, answer.stdout
    assert answer.stdout == ""
    assert says in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("content", ["", "{", "[]", '{"resourceType": "Patient"', "\x00\x01", '{"resourceType": "Observation"}'])
def test_a_file_that_is_no_record_gets_exit_2_with_its_name(tmp_path, content):
    path = tmp_path / "broken.json"
    path.write_text(content)
    answer = plan(path, "--application", "pain")
    assert answer.returncode == 2, answer.stdout
    assert "broken.json" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_file_that_is_not_there_gets_exit_2(tmp_path):
    answer = plan(tmp_path / "nothing.json", "--application", "pain")
    assert answer.returncode == 2
    assert "nothing.json" in answer.stderr


def test_a_real_record_gets_a_plan():
    records = sorted((SHARED / "data" / "synthea").rglob("*.json"))
    if not records:
        pytest.skip(f"no records under {SHARED}/data/synthea")
    answer = plan(records[0], "--application", "pain", "--jurisdiction", "US", "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["verdict"]
