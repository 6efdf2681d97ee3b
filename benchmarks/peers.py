"""Patient create, read, search and a treatment of 60 points, beside GNU Health, in one run.

Pistor is asked as people use it: forms over HTTP, with sign-in, CSRF and audit. GNU Health is asked over its own JSON-RPC, as its
client does. Both run on this machine; rounds alternate, so that a busy minute hits both. Start GNU Health first (PyPI's
``gnuhealth-all-modules`` on PostgreSQL, with patients loaded) and name its address.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import random
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

from benchmarks.common import memory_mb, noise, percentile, report, setup_django
from benchmarks.seed import FIRST, LAST
from benchmarks.serve import Person, csrf, serve

LOT: list[str] = []
OPERATIONS = ("patient create", "patient read", "patient search by name", "treatment of 60 points")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./pistor bench peers")
    parser.add_argument("--gnuhealth", default="http://127.0.0.1:8001")
    parser.add_argument("--database", default="gh")
    parser.add_argument("--password", default="ghpass")
    parser.add_argument("--port", type=int, default=8792)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out")
    options = parser.parse_args(arguments)
    setup_django()
    visits = ready_visits(options.rounds * (2 * (options.n // options.rounds) + 9))  # each is written once, and one by each for warming up
    server = serve(options.port)
    before, rows = noise(), []
    try:
        base = f"http://127.0.0.1:{options.port}"
        person = Person(base)
        treatments = iter([(visit, filled(person.get(f"{visit}treatment/").text)) for visit in visits])
        for clients in (1, 8):
            # Signed in once: a sign-in is slow on purpose in both, and nobody signs in before each patient.
            systems = {
                "Pistor": [Pistor(base, treatments) for _ in range(clients)],
                "GNU Health": [GnuHealth(options) for _ in range(clients)],
            }
            for operation in OPERATIONS:
                found = compare(operation, systems, options.n, options.rounds)
                rows += found
                print(*found, sep="\n", file=sys.stderr, flush=True)
        rows.append({"operation": "memory of Pistor's server", **memory_mb(server.pid)})
    finally:
        server.terminate()
        server.wait(20)
    report("peers", rows, options.out, noise_s=[before, noise()])


def compare(operation: str, systems: dict[str, list[Any]], count: int, rounds: int) -> list[dict[str, Any]]:
    """``count`` calls of each system, a round of one and a round of the other in turn."""
    method = operation.split()[1] if operation.startswith("patient") else "treatment"
    times: dict[str, list[float]] = {name: [] for name in systems}
    errors: dict[str, list[str]] = {name: [] for name in systems}
    wall = dict.fromkeys(systems, 0.0)
    for _ in range(rounds):
        for name, workers in systems.items():
            wall[name] += run([getattr(worker, method) for worker in workers], count // rounds, times[name], errors[name])
    rows = []
    for name, workers in systems.items():
        row = {"operation": operation, "clients": len(workers), "system": name, "rps": round(len(times[name]) / wall[name], 1), "errors": len(errors[name])}
        if times[name]:
            row |= {"p50_ms": round(statistics.median(times[name]), 1), "p95_ms": round(percentile(times[name], 0.95), 1)}
        if errors[name]:
            row["first_error"] = errors[name][0][:120]
        rows.append(row)
    return rows


def run(calls: list[Callable[[], None]], count: int, times: list[float], errors: list[str]) -> float:
    left, lock = [count], threading.Lock()

    def work(call: Callable[[], None]) -> None:
        while True:
            with lock:
                if left[0] <= 0:
                    return
                left[0] -= 1
            begin = time.perf_counter()
            try:
                call()
                times.append((time.perf_counter() - begin) * 1e3)
            except Exception as error:  # an error is what is counted here
                errors.append(repr(error))

    for call in calls:
        call()  # warm: connections, templates, the first page of a form
    begin = time.perf_counter()
    threads = [threading.Thread(target=work, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begin


class Pistor:
    """The operations as forms, over one kept-alive connection."""

    def __init__(self, base: str, treatments: Iterator[tuple[str, dict[str, str]]]) -> None:
        self.person, self.pick = Person(base), random.Random(uuid.uuid4().int)
        self.new_form = self.person.get("/patients/new/").text
        self.list_form = self.person.get("/patients/").text
        self.patients = seeded_patients()
        self.treatments = treatments

    def create(self) -> None:
        name = f"{self.pick.choice(LAST)}{self.pick.randrange(10**8)}"
        self.person.post(
            "/patients/new/", self.new_form, family_name=name, given_name=self.pick.choice(FIRST), birth_date="1980-02-03", sex="female", language="en"
        )

    def read(self) -> None:
        self.person.get(self.pick.choice(self.patients))

    def search(self) -> None:
        answer = self.person.http.post("/patients/", data={"q": self.pick.choice(LAST), "csrfmiddlewaretoken": csrf(self.list_form)})
        if answer.status_code != 200 or "/patients/0" not in answer.text:
            raise RuntimeError(f"search: {answer.status_code}")

    def treatment(self) -> None:
        """Save what was given at a visit: 60 points in their zone, the lot, the checklist, doses, all checked, with its audit entry."""
        visit, fields = next(self.treatments)
        lot = {"lot_0_0": LOT[0], "lot_volume_0_0": fields["volume_0"], "pain_score": "3", "skin_preparation": "povidone-iodine"}
        sent = {**fields, **lot, "csrfmiddlewaretoken": csrf(self.new_form), "do": "save"}
        answer = self.person.http.post(f"{visit}treatment/", data=sent, headers={"Referer": str(self.person.http.base_url)})
        if answer.status_code != 302:
            raise RuntimeError(f"treatment: {answer.status_code}")


class _Fields(HTMLParser):
    """The fields of the form that holds the treatment, as a browser would send them untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.inside = False
        self.select = ""

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        attrs = {name: value or "" for name, value in pairs}
        if tag == "main":
            self.inside = True
        if not self.inside or (not attrs.get("name") and tag != "option"):
            return
        kind, name = attrs.get("type", "text"), attrs.get("name", "")
        if tag == "input" and (kind not in ("radio", "checkbox") or "checked" in attrs):
            self.values.setdefault(name, attrs.get("value", ""))
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in attrs or self.select not in self.values):
            self.values[self.select] = attrs.get("value", "")


def filled(page: str) -> dict[str, str]:
    parser = _Fields()
    parser.feed(page)
    return parser.values


def seeded_patients(count: int = 500) -> list[str]:
    """Patients of the whole clinic with their ten years, as GNU Health's are any of its patients; the top of the list holds new ones without a visit."""
    from pistor.records.consultation import Patient

    keys = Patient.objects.filter(created_by__username="bench", number__startswith="B").order_by("?").values_list("pk", flat=True)
    return [f"/patients/{key}/" for key in keys[:count]]


def ready_visits(count: int) -> list[str]:
    """Visits planned with 60 points on the neck, made through the same actions as in the clinic."""
    from types import SimpleNamespace

    from tests import ready

    from pistor.records.people import User

    user = User.objects.select_related("clinic").get(username="bench")
    LOT.append(str(ready.lot(user.clinic, number=uuid.uuid4().hex[:12]).pk))
    made = [ready.planned_visit(SimpleNamespace(practitioner=user), spacing="7.3", volume="7.5", number=uuid.uuid4().hex[:12]) for _ in range(count)]
    for visit in made:
        ready.consented(visit, user)
    return [f"/visits/{visit.pk}/" for visit in made]


class GnuHealth:
    """The same over JSON-RPC; a treatment is its evaluation, its surgery and its patient's note of 60 points."""

    def __init__(self, options: argparse.Namespace) -> None:
        import httpx

        self.http, self.database, self.pick = httpx.Client(base_url=options.gnuhealth, timeout=120), options.database, random.Random(uuid.uuid4().int)
        login = {"id": 0, "method": "common.db.login", "params": ["admin", {"password": options.password}, "en"]}
        user, session = self.http.post(f"/{self.database}/", json=login).json()["result"][:2]
        self.http.headers["Authorization"] = "Session " + base64.b64encode(f"admin:{user}:{session}".encode()).decode()
        self.patients = self.rpc("model.gnuhealth.patient.search", [], 0, 20000, None)

    def rpc(self, method: str, *parameters: Any) -> Any:
        answer = self.http.post(f"/{self.database}/", json={"id": 1, "method": method, "params": [*parameters, {}]}).json()
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(str(answer["error"])[:200])
        return answer["result"] if isinstance(answer, dict) else answer

    def create(self) -> None:
        born = {"__class__": "date", "year": 1980, "month": 2, "day": 3}
        party = {
            "name": self.pick.choice(FIRST), "lastname": self.pick.choice(LAST), "is_person": True, "is_patient": True, "fed_country": "PRT", "gender": "f",
            "dob": born, "code": f"B{uuid.uuid4().hex[:12]}",
        }  # fmt: skip
        self.rpc("model.gnuhealth.patient.create", [{"party": self.rpc("model.party.party.create", [party])[0]}])

    def read(self) -> None:
        fields = ["puid", "rec_name", "age", "gender", "party", "critical_summary", "general_info", "blood_type", "rh", "deceased"]
        if not self.rpc("model.gnuhealth.patient.read", [self.pick.choice(self.patients)], fields):
            raise RuntimeError("nothing read")

    def search(self) -> None:
        found = self.rpc(
            "model.gnuhealth.patient.search_read", [["rec_name", "ilike", f"%{self.pick.choice(LAST)}%"]], 0, 20, None, ["puid", "rec_name", "gender"]
        )
        if not found:
            raise RuntimeError("nothing found")

    def treatment(self) -> None:
        patient, now = self.pick.choice(self.patients), dt.datetime.now(dt.UTC)
        moment = {"__class__": "datetime", **{part: getattr(now, part) for part in ("year", "month", "day", "hour", "minute", "second")}, "microsecond": 0}
        note = "; ".join(f"point {number}: 0.1 mL" for number in range(1, 61))
        evaluation = {"patient": patient, "discharge_reason": "home", "evaluation_start": moment, "present_illness": "mesotherapy", "directions": note}
        self.rpc("model.gnuhealth.patient.evaluation.create", [evaluation])
        self.rpc("model.gnuhealth.surgery.create", [{"patient": patient, "description": "mesotherapy session", "surgery_date": moment}])
