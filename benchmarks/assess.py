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
    before, reading, rules = noise(), Times(), Times()
    for _ in range(options.rounds):
        for file in files:
            with reading:
                picture = read_file(file, on).picture
            for application in APPLICATIONS:
                intent = intent_for(library, application, jurisdiction="GB")
                with rules:
                    assess(picture, intent, library)
    rows = [reading.row("read one record (0.3 to 1.6 MB of JSON)"), rules.row("all rules on one record, one application")]
    begin = time.perf_counter()
    subprocess.run([str(ROOT / "pistor"), "assess", str(files[0]), "--application", "pain", "--json"], stdout=subprocess.DEVNULL, check=True)
    rows.append({"what": "the command, one record, one process", "p50_ms": round((time.perf_counter() - begin) * 1e3), "p95_ms": "", "n": 1})
    report("assess", rows, options.out, noise_s=[before, noise()])


class Times:
    """What each run took, by the clock and of the processor: a shared machine inflates the first."""

    def __init__(self) -> None:
        self.clock: list[float] = []
        self.cpu: list[float] = []

    def __enter__(self) -> None:
        self.begun = time.perf_counter(), time.thread_time()

    def __exit__(self, *problem: object) -> None:
        self.clock.append((time.perf_counter() - self.begun[0]) * 1e3)
        self.cpu.append((time.thread_time() - self.begun[1]) * 1e3)

    def row(self, what: str) -> dict[str, Any]:
        found: dict[str, Any] = {"what": what}
        for name, values in (("", self.clock), ("cpu_", self.cpu)):
            found |= {f"{name}p50_ms": round(statistics.median(values), 2), f"{name}p95_ms": round(percentile(values, 0.95), 2)}
        return {**found, "n": len(self.clock)}
