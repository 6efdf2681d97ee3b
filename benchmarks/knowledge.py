"""Time of one blend against the whole library, of one patient against all rules, of loading, searching and one library page."""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from benchmarks.common import noise, percentile, report

ON = dt.date(2026, 11, 24)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./pistor bench knowledge")
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--out")
    options = parser.parse_args(arguments)
    from pistor.care.candidacy import assess
    from pistor.care.consultation import PatientPicture
    from pistor.care.formulation import Part
    from pistor.care.intent import intent_for
    from pistor.care.workbench import Recipe, work_out
    from pistor.knowledge import load
    from pistor.knowledge.finder import search

    begin = time.perf_counter()
    library = load()
    loading = (time.perf_counter() - begin) * 1e3
    gc.freeze()  # as the server does once the knowledge is read
    before, pick = noise(), random.Random(20261124)
    known = list(library.presentations)
    recipes = [
        Recipe(tuple(Part(id_, Decimal(pick.randint(1, 50)) / 10) for id_ in pick.sample(known, pick.randint(1, 6))), weight_kg=Decimal(pick.randint(45, 110)))
        for _ in range(options.n)
    ]
    full = [
        Recipe(
            tuple(Part(id_, Decimal(pick.randint(1, 50)) / 10) for id_ in pick.sample(known, 6)), weight_kg=Decimal(pick.randint(45, 110)), application="pain",
            jurisdiction="US", allergies=("aspirin",), volume_per_point_ml=Decimal("0.1"), points=50, sessions=4, interval_days=7, spacing_mm=Decimal(15),
        )
        for _ in range(options.n)
    ]  # fmt: skip
    picture = PatientPicture(on=ON, birth_date=dt.date(1980, 2, 3), sex="female")
    intents = [intent_for(library, application, jurisdiction="GB") for application in ("pain", "skin", "hair", "fat")]
    words = ["lido", "hyal", "neck pain", "vitamin", "kybella", "redness", "scalp", "PAO16"]
    rows: list[dict[str, Any]] = [
        row("one blend of 1 to 6 presentations, doses and limits included", [lambda recipe=recipe: work_out(recipe, library, ON) for recipe in recipes]),
        row("one blend of 6 with an allergy, a country and a course", [lambda recipe=recipe: work_out(recipe, library, ON) for recipe in full]),
        row("all rules on one patient", [lambda intent=intent: assess(picture, intent, library) for intent in intents * (options.n // 4)]),
        row("search over every name", [lambda word=word: search(library, word) for word in words * 20]),
        {"what": "loading the library, first time in a process", "p50_ms": round(loading), "n": 1},
        {"what": "the command pistor knowledge show lidocaine", "p50_ms": round(command("knowledge", "show", "lidocaine")), "n": 3},
    ]
    entries = sum(1 for _ in library.entries())
    report("knowledge", rows, options.out, noise_s=[before, noise()], entries=entries)


def row(what: str, calls: list[Callable[[], Any]]) -> dict[str, Any]:
    for call in calls[:20]:
        call()
    times = []
    for call in calls:
        begin = time.perf_counter()
        call()
        times.append((time.perf_counter() - begin) * 1e3)
    return {"what": what, "p50_ms": round(statistics.median(times), 2), "p95_ms": round(percentile(times, 0.95), 2), "n": len(times)}


def command(*arguments: str) -> float:
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "pistor.cli", *arguments], stdout=subprocess.DEVNULL, check=True)
        times.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(times)
