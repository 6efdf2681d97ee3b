"""For each page: server time and SQL queries, over random visits and patients of the seeded clinic.

The pages are asked in this process through Django's test client, so the time is the server's alone, with all middleware.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import statistics
import time
from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from tests.pictures import made

from benchmarks.common import noise, percentile, report, setup_django

VISITS_OF_A_DAY = 10
BESIDE = {
    "today": "/", "stock": "/stock/", "receive": "/stock/receive/", "devices": "/devices/", "rooms": "/devices/rooms/", "recall": "/recall/",
    "settings": "/settings/", "library": "/library/", "library: an ingredient": "/library/ingredients/lidocaine/", "library: blend": "/library/blend/",
    "library: own entries": "/library/own/", "new patient": "/patients/new/", "patients": "/patients/",
}  # fmt: skip
BESIDE_A_VISIT = {
    "delivery": "delivery/?tip_mm=1", "import a record": "consultation/import/", "imported facts": "consultation/proposals/", "marks": "injection-map/marks/",
    "syringes": "syringes/", "devices of a visit": "devices/", "prescriptions": "prescriptions/", "photographs": "treatment/photos/",
    "missing": "treatment/gate/",
}  # fmt: skip


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
    from django.db import transaction
    from django.test import Client

    from pistor.records.people import User

    user = User.objects.get(username="bench")
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    with transaction.atomic():
        pages = [*of_the_seed(user, rounds), *of_a_day(user, min(rounds, VISITS_OF_A_DAY))]
        rows = [timed(page, client, requests) for page, requests in pages if requests]
        transaction.set_rollback(True)  # what the day needed is not kept
    return rows


Requests = list[tuple[str, str, dict[str, str] | None]]


def get(*paths: str) -> Requests:
    return [("get", path, None) for path in paths]


def of_the_seed(user: Any, rounds: int) -> Iterator[tuple[str, Requests]]:
    """Pages over random visits, patients and lots of the ten years."""
    from django.conf import settings

    from pistor.records.consultation import Patient
    from pistor.records.stock import Lot, Product
    from pistor.records.treatment import Treatment

    pick = random.Random(1)
    all_visits = Treatment.objects.of(user.clinic)
    visits = sample(all_visits.filter(state="planned"), pick, rounds) + sample(all_visits, pick, rounds)
    patients = sample(Patient.objects.of(user.clinic), pick, rounds)
    names = [patient.family_name for patient in patients]
    pick.shuffle(visits)
    work_out_blends([visit.course_id for visit in visits])
    for page, path in BESIDE.items():
        yield page, get(path) * rounds
    for step in ("edit", "start"):
        yield f"patient, {step}", get(*(f"/patients/{patient.pk}/{step}/" for patient in patients))
    yield "patient search", [("post", "/patients/", {"q": name[:5]}) for name in names]
    yield "patient search, full name", [("post", "/patients/", {"q": f"{patient.given_name} {patient.family_name}"}) for patient in patients]
    yield "patient", get(*(f"/patients/{patient.pk}/" for patient in patients))
    for lot_page in ("", "open/", "count/", "waste/"):
        yield f"lot, {lot_page.strip('/') or 'shown'}", get(*(f"/stock/{lot.pk}/" + lot_page for lot in sample(Lot.objects.of(user.clinic), pick, rounds)))
    yield "product", get(*(f"/stock/products/{product.pk}/" for product in sample(Product.objects.of(user.clinic), pick, rounds)))
    yield "recall, a lot asked for", get(*(f"/recall/?lot={lot.pk}&days=120" for lot in sample(Lot.objects.of(user.clinic), pick, rounds)))
    here = [f"/visits/{visit.pk}/" for visit in visits[:rounds]]
    yield "visit", get(*here)
    for step in settings.STEPS:
        yield step, get(*(f"{address}{step.replace('_', '-')}/" for address in here))
    for page, path in BESIDE_A_VISIT.items():
        yield page, get(*(address + path for address in here))


def work_out_blends(courses: list[Any]) -> None:
    """What the pages read of a blend. The seed leaves it out: for all treatments it would be a gigabyte of the same."""
    from pistor.care.formulation import Part, compose
    from pistor.knowledge import load
    from pistor.records.formulation import Formulation

    for row in Formulation.objects.filter(course__in=courses).select_related("course"):
        parts = [Part(part["presentation"], Decimal(part["volume_ml"])) for part in row.parts]
        row.result = compose(parts, load(), policy=row.course.policy, jurisdiction="GB", application=row.course.application).as_dict()
        row.save(update_fields=["result"])


def of_a_day(user: Any, number: int) -> Iterator[tuple[str, Requests]]:
    """Pages over visits that went the whole way today, by the actions: planned, with a syringe read, and signed, with photographs and devices."""
    day = Day(user, number)
    planned, signed = ([f"/visits/{visit.pk}/" for visit in visits] for visits in (day.planned, day.signed))
    yield "today, with its visits", get("/") * number
    for page, path in {"injection map": "injection-map/", "marks": "injection-map/marks/", "chart": "treatment/", "missing": "treatment/gate/"}.items():
        yield f"{page}, planned", get(*(address + path for address in planned))
    for page, path in {"blend": "formulation/", "consent": "consent/", "candidacy": "candidacy/", "plan as PDF": "course/plan.pdf"}.items():
        yield f"{page}, planned", get(*(address + path for address in planned))
    for page, path in {"syringes": "syringes/", "devices": "devices/", "prescriptions": "prescriptions/"}.items():
        yield f"{page}, planned", get(*(address + path for address in planned))
    yield "syringe", get(*(f"/visits/{row.treatment_id}/syringes/{row.pk}/" for row in day.syringes))
    yield "label of a syringe", get(*(f"/visits/{row.treatment_id}/syringes/{row.pk}/label.pdf" for row in day.syringes))
    for page, path in {"treatment": "treatment/", "correct": "treatment/correct/", "photographs": "treatment/photos/", "aftercare": "aftercare/"}.items():
        yield f"{page}, signed", get(*(address + path for address in signed))
    yield "summary as PDF, signed", get(*(address + "treatment/summary.pdf" for address in signed))
    yield "photograph", get(*(f"/visits/{row.treatment_id}/treatment/photos/{row.pk}/" for row in day.photos))
    yield "device", get(*(f"/devices/{row.pk}/" for row in day.devices))
    yield "lot of the day", get(*(f"/stock/{day.lot.pk}/" for _ in range(number)))
    yield "vial", get(*(f"/stock/vials/{day.vial.pk}/" for _ in range(number)))
    yield f"recall of {day.contacts} patients", get(*(f"/recall/{day.recall.pk}/" for _ in range(number)))
    yield "a patient on its list", get(*(f"/recall/{day.recall.pk}/contacts/{row.pk}/" for row in day.contacted))


class Day:
    """A day's work in the seeded clinic. Its rows are taken back with the transaction around it."""

    def __init__(self, user: Any, number: int) -> None:
        from tests import factories, ready

        from pistor.actions.devices import add_device, use_device
        from pistor.actions.photos import add_photos
        from pistor.actions.recall import open_recall
        from pistor.actions.stock import open_vial, receive
        from pistor.actions.treatment import sign_treatment
        from pistor.records.consultation import Patient
        from pistor.records.photos import Photo
        from pistor.records.recalls import RecallContact, Scope
        from pistor.records.stock import Lot, Product
        from pistor.records.syringes import Syringe

        now = dt.datetime.now(dt.UTC)
        factories.NOW = ready.NOW = now
        ready.TODAY = now.date()
        people, by = SimpleNamespace(practitioner=user, clinic=user.clinic), {"by": user, "at": now}
        Product.objects.filter(presentation="lidocaine_2pct").update(prescription="no", container_units=Decimal(10))
        product = Product.objects.of(user.clinic).get(presentation="lidocaine_2pct")
        stock = {"expires_on": now.date() + dt.timedelta(days=300), "containers": 50, "container_units": Decimal(10), "unit": "mL"}
        self.lot = receive(product=product, lot_number="TODAY", **stock, **by)
        opened_for = Patient.objects.of(user.clinic).first()
        self.vial = open_vial(lot=self.lot, patient=opened_for, discard_after=now + dt.timedelta(hours=8), discard_basis="the label", **by)
        self.devices = [add_device(kind="meso_gun", name=f"Gun {n}", serial=f"G{n}", **by) for n in range(2)]
        self.planned, self.signed = [], []
        for n in range(2 * number):
            visit = ready.planned_visit(people, spacing="10", volume="10")
            ready.consented(visit, user)
            ready.syringe(visit, user, of=self.lot, volume="10")
            ready.read_codes(visit, user)
            use_device(visit=visit, device=self.devices[0], **by)
            visit.refresh_from_db()
            (self.planned if n % 2 else self.signed).append(visit)
        for visit in self.signed:
            sign_treatment(visit=visit, entry=ready.full_entry(visit), **by)
            add_photos(visit=visit, files=[(f"{n}.jpg", made(size=(1200 + n, 900))) for n in range(4)], moment="after", agreed=True, **by)
            visit.refresh_from_db()
        self.syringes = list(Syringe.objects.filter(treatment__in=self.planned))
        self.photos = list(Photo.objects.filter(treatment__in=self.signed).defer("content", "small")[:number])
        used = Lot.objects.of(user.clinic).filter(presentation="lidocaine_2pct", created_at__lt=now - dt.timedelta(days=60)).order_by("-created_at").first()
        self.recall = open_recall(scope=Scope.LOT, subject=used.pk, since=now.date() - dt.timedelta(days=3650), **by)
        listed = RecallContact.objects.filter(recall=self.recall)
        self.contacts, self.contacted = listed.count(), list(listed[:number])


def sample(rows: Any, pick: random.Random, size: int) -> list[Any]:
    total = rows.count()
    ordered = rows.order_by("pk")
    return [ordered[pick.randrange(total)] for _ in range(size)] if total else []


def timed(page: str, client: Any, requests: list[tuple[str, str, dict[str, str] | None]]) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    times, work, queries, statuses, size = [], [], [], set(), 0
    for method, path, data in [requests[0], *requests]:  # the first warms templates and caches, and is not counted
        begin, worked = time.perf_counter(), time.process_time()
        answer = getattr(client, method)(path, data) if data else getattr(client, method)(path)
        times.append((time.perf_counter() - begin) * 1e3)
        work.append((time.process_time() - worked) * 1e3)
        statuses.add(answer.status_code)
        size = max(size, len(answer.content))
    for method, path, data in requests[:10]:  # counting queries costs time, so it is done apart
        with CaptureQueriesContext(connection, ) as captured:
            getattr(client, method)(path, data) if data else getattr(client, method)(path)
        queries.append(len(captured))
    times = times[1:]
    return {
        "page": page, "p50_ms": round(statistics.median(times), 1), "p95_ms": round(percentile(times, 0.95), 1),
        "cpu_ms": round(statistics.median(work[1:]), 1), "queries": max(queries),
        "kb": round(size / 1024), "n": len(times), "status": "/".join(map(str, sorted(statuses))),
    }  # fmt: skip
