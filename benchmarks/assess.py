"""Time of ``assess`` per record, in bulk: reading the bundle and asking every rule, and the rules alone."""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import os
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, noise, percentile, report

APPLICATIONS = ("pain", "skin", "hair", "fat")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./pistor bench assess")
    parser.add_argument("--records", default=os.environ.get("PISTOR_SHARED", str(ROOT.parent / "shared")) + "/data/synthea")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out")
    options = parser.parse_args(arguments)
    from pistor.care.candidacy import assess
    from pistor.care.intent import intent_for
    from pistor.exchange.files import read_file
    from pistor.knowledge import load

    library, on = load(), dt.date(2026, 11, 23)
    gc.freeze()  # as the server does once the knowledge is read
    files = sorted(Path(options.records).glob("*.json"))
    if not files:
        raise SystemExit(f"no records in {options.records}; name a folder of FHIR bundles with --records")
    before, reading, rules = noise(), [], []
    for _ in range(options.rounds):
        for file in files:
            begin = time.perf_counter()
            picture = read_file(file, on).picture
            reading.append((time.perf_counter() - begin) * 1e3)
            for application in APPLICATIONS:
                intent = intent_for(library, application, jurisdiction="GB")
                begin = time.perf_counter()
                assess(picture, intent, library)
                rules.append((time.perf_counter() - begin) * 1e3)
    rows: list[dict[str, Any]] = [row("read one record (0.3 to 1.6 MB of JSON)", reading), row("all rules on one record, one application", rules)]
    begin = time.perf_counter()
    subprocess.run([str(ROOT / "pistor"), "assess", str(files[0]), "--application", "pain", "--json"], stdout=subprocess.DEVNULL, check=True)
    rows.append({"what": "the command, one record, one process", "p50_ms": round((time.perf_counter() - begin) * 1e3), "p95_ms": "", "n": 1})
    report("assess", rows, options.out, noise_s=[before, noise()])


def row(what: str, values: list[float]) -> dict[str, Any]:
    return {"what": what, "p50_ms": round(statistics.median(values), 2), "p95_ms": round(percentile(values, 0.95), 2), "n": len(values)}
