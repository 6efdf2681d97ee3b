"""How long it takes from a lot or an operator to all of its patients, over the seeded clinic with its million zone doses.

Timed are the patients with their days, as a recall lists them, and in how many of them each zone may have had it; then
pages; then a reaction report that shares a lot with another, which weighs every shared source before it answers. ``cpu_ms``
is the processor's time in this process, the median: on SQLite that is all the work, and a busy machine does not stretch it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.common import noise, percentile, report, setup_django
from benchmarks.seed import DILUENT, END, PRODUCTS

TODAY = END.date()
BACK = TODAY - dt.timedelta(days=120)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./pistor bench recall")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out")
    options = parser.parse_args(arguments)
    setup_django()
    from django.core.management import call_command
    from django.db import connection

    from pistor.records.syringes import Draw
    from pistor.records.treatment import LotUse, ZoneDose

    call_command("collectstatic", interactive=False, verbosity=0)
    before, rows = noise(), measure(options.rounds)
    sizes = {"zone_doses": ZoneDose.objects.count(), "lot_uses": LotUse.objects.count(), "draws": Draw.objects.count()}
    print(", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in sizes.items()), f"on {connection.vendor}")
    report("recall", rows, options.out, noise_s=[before, noise()], database=connection.vendor, **sizes)


def measure(rounds: int) -> list[dict[str, Any]]:
    from django.db.models import Count
    from django.test import Client

    from pistor.records.people import User
    from pistor.records.recalls import Scope, exposures_of, zones_counted
    from pistor.records.rooms import Room
    from pistor.records.stock import Lot

    by = User.objects.get(username="bench")
    used = Lot.objects.of(by.clinic).filter(created_at__lt=END).annotate(number=Count("uses"))
    product = used.filter(presentation=PRODUCTS["pain"]).order_by("-number").first()
    diluent = used.filter(presentation=DILUENT).order_by("-number").first()
    operator, room = User.objects.get(username="operator0"), Room.objects.of(by.clinic).order_by("name").first()
    client = Client(HTTP_HOST="localhost")
    client.force_login(by)
    sources: dict[str, tuple[Any, ...]] = {
        "a product's busiest lot": (Scope.LOT, product, None),
        "a diluent's busiest lot": (Scope.LOT, diluent, None),
        "a room, 120 days": (Scope.ROOM, room, BACK),
        "a room, ten years": (Scope.ROOM, room, None),
        "an operator, 120 days": (Scope.OPERATOR, operator, BACK),
        "an operator, ten years": (Scope.OPERATOR, operator, None),
    }
    pages = {
        "a diluent's busiest lot": f"/recall/?lot={diluent.pk}&days=3660",
        "a room, 120 days": f"/recall/?room={room.pk}&days=120",
        "an operator, ten years": f"/recall/?operator={operator.pk}&days=3660",
    }
    rows = [timed(f"{name}: patients", partial(exposures_of, *source), rounds) for name, source in sources.items()]
    rows += [timed(f"{name}: zones", partial(zones_counted, *source), rounds) for name, source in sources.items()]
    rows += [timed(f"page: {name}", partial(client.get, path), rounds) for name, path in pages.items()]
    return [*rows, *reported(by, rounds)]


def timed(name: str, do: Callable[[], Any], rounds: int) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    taken = []
    for _ in range(rounds + 1):  # the first warms the caches, and is not counted
        clock = Clock()
        found = do()
        taken.append(clock.read())
    with CaptureQueriesContext(connection) as queries:
        do()
    return {
        "what": name, "lines": len(found) if isinstance(found, list) else "", **shown(taken), "queries": len(queries), "n": rounds,
    }  # fmt: skip


class Clock:
    """Wall and processor time since it was made, in milliseconds."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        return (time.perf_counter() - self.wall) * 1e3, (time.process_time() - self.cpu) * 1e3


def shown(taken: list[tuple[float, float]]) -> dict[str, int]:
    """Without the first, which warmed the caches."""
    wall, cpu = [one[0] for one in taken[1:]], [one[1] for one in taken[1:]]
    return {"p50_ms": round(statistics.median(wall)), "p95_ms": round(percentile(wall, 0.95)), "cpu_ms": round(statistics.median(cpu))}


def reported(by: Any, rounds: int) -> list[dict[str, Any]]:
    """A report of a lump by the side of one that is there already; nothing of it is kept."""
    from django.db import transaction

    from pistor.actions.reactions import report_reaction
    from pistor.records.recalls import Alert
    from pistor.records.treatment import Treatment

    recent = Treatment.objects.of(by.clinic).filter(given_on__gte=TODAY - dt.timedelta(days=40), given_on__lt=TODAY - dt.timedelta(days=20))
    visits = list(recent.filter(course__application="pain").select_related("course", "patient", "clinic").order_by("pk")[: 2 + rounds])
    given = {"by": by, "at": END, "token": None, "began_on": TODAY, "signs": ["lump"]}
    raised = 0

    def do(visit: Any) -> tuple[float, float]:
        nonlocal raised
        clock = Clock()
        with transaction.atomic():
            report_reaction(treatment=visit, **given)
            took = clock.read()
            raised = Alert.objects.count()
            transaction.set_rollback(True)
        return took

    with transaction.atomic():
        alone = [do(visit) for visit in visits[1:]]
        report_reaction(treatment=visits[0], **given)
        times = [do(visit) for visit in visits[1:]]
        alerts = raised
        transaction.set_rollback(True)
    return [
        {"what": name, **shown(values), "n": rounds, "alerts": number}
        for name, values, number in (("report a lump, alone", alone, 0), ("report a lump that shares sources", times, alerts))
    ]
