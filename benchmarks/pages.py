"""For each page: server time and SQL queries, over random visits and patients of the seeded clinic.

The pages are asked in this process through Django's test client, so the time is the server's alone, with all middleware.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from typing import Any

from benchmarks.common import noise, percentile, report, setup_django


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./pistor bench pages")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--out")
    options = parser.parse_args(arguments)
    setup_django()
    from django.core.management import call_command
    from django.db import connection

    call_command("collectstatic", interactive=False, verbosity=0)
    before, rows = noise(), measure(options.rounds)
    report("pages", rows, options.out, noise_s=[before, noise()], database=connection.vendor)


def measure(rounds: int) -> list[dict[str, Any]]:
    from django.conf import settings
    from django.test import Client

    from pistor.records.consultation import Patient
    from pistor.records.people import User
    from pistor.records.treatment import Treatment

    user = User.objects.get(username="bench")
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    pick = random.Random(1)
    all_visits = Treatment.objects.of(user.clinic)
    visits = sample(all_visits.filter(state="planned"), pick, rounds) + sample(all_visits, pick, rounds)
    patients = sample(Patient.objects.of(user.clinic), pick, rounds)
    names = [patient.family_name for patient in patients]
    pick.shuffle(visits)
    steps = [step.replace("_", "-") for step in settings.STEPS]
    beside = {
        "today": "/", "lots": "/stock/", "library": "/library/", "library: an ingredient": "/library/ingredients/lidocaine/",
        "library: blend": "/library/blend/", "new patient": "/patients/new/", "patients": "/patients/",
    }  # fmt: skip
    rows = [timed(page, client, [("get", path, None)] * rounds) for page, path in beside.items()]
    rows += [timed(f"patient, {step}", client, [("get", f"/patients/{patient.pk}/{step}/", None) for patient in patients]) for step in ("edit", "start")]
    rows.append(timed("patient search", client, [("post", "/patients/", {"q": name[:5]}) for name in names]))
    full_names = [{"q": f"{patient.given_name} {patient.family_name}"} for patient in patients]
    rows.append(timed("patient search, full name", client, [("post", "/patients/", query) for query in full_names]))
    rows.append(timed("patient", client, [("get", f"/patients/{patient.pk}/", None) for patient in patients]))
    rows.append(timed("visit", client, [("get", f"/visits/{visit.pk}/", None) for visit in visits[:rounds]]))
    for step in steps:
        rows.append(timed(step, client, [("get", f"/visits/{visit.pk}/{step}/", None) for visit in visits[:rounds]]))
    rows.append(timed("delivery", client, [("get", f"/visits/{visit.pk}/delivery/?tip_mm=1", None) for visit in visits[:rounds]]))
    return rows


def sample(rows: Any, pick: random.Random, size: int) -> list[Any]:
    total = rows.count()
    ordered = rows.order_by("pk")
    return [ordered[pick.randrange(total)] for _ in range(size)] if total else []


def timed(page: str, client: Any, requests: list[tuple[str, str, dict[str, str] | None]]) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    times, queries, statuses, size = [], [], set(), 0
    for method, path, data in [requests[0], *requests]:  # the first warms templates and caches, and is not counted
        begin = time.perf_counter()
        answer = getattr(client, method)(path, data) if data else getattr(client, method)(path)
        times.append((time.perf_counter() - begin) * 1e3)
        statuses.add(answer.status_code)
        size = max(size, len(answer.content))
    for method, path, data in requests[:10]:  # counting queries costs time, so it is done apart
        with CaptureQueriesContext(connection, ) as captured:
            getattr(client, method)(path, data) if data else getattr(client, method)(path)
        queries.append(len(captured))
    times = times[1:]
    return {
        "page": page, "p50_ms": round(statistics.median(times), 1), "p95_ms": round(percentile(times, 0.95), 1), "queries": max(queries),
        "kb": round(size / 1024), "n": len(times), "status": "/".join(map(str, sorted(statuses))),
    }  # fmt: skip
