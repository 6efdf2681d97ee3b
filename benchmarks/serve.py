"""Over HTTP, as people use it: requests per second with 1 and 8 clients, memory, and eight people writing at once."""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import subprocess
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

from benchmarks.common import ROOT, memory_mb, noise, percentile, report

PASSWORD = "bench-password-for-loopback"  # the seeded clinic's own, on the loopback address


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./pistor bench serve")
    parser.add_argument("--port", type=int, default=8791)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--writes", type=int, default=400)
    parser.add_argument("--out")
    options = parser.parse_args(arguments)
    base = f"http://127.0.0.1:{options.port}"
    server = serve(options.port)
    try:
        before = noise()
        rows = reads(base, options.seconds) + writes(base, options.writes)
        rows.append({"what": "memory after the load", **memory_mb(server.pid)})
        report("serve", rows, options.out, noise_s=[before, noise()])
    finally:
        server.terminate()
        server.wait(20)


def serve(port: int) -> subprocess.Popen[bytes]:
    """The server exactly as ``./pistor start`` runs it, on the benchmark's database."""
    data = os.environ.get("PISTOR_DATA", str(ROOT / "var" / "bench"))
    environment = {**os.environ, "PISTOR_DATA": data, "DJANGO_SETTINGS_MODULE": "pistor.config.settings"}
    python = str(ROOT / ".venv" / "bin" / "python")
    subprocess.run([python, "-m", "pistor.config.manage", "collectstatic", "--no-input", "--verbosity", "0"], env=environment, check=True)
    command = [python, "-m", "gunicorn", "--config", "python:pistor.config.server", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    server = subprocess.Popen(command, env=environment)
    for _ in range(400):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in/", timeout=2)
            return server
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the server did not answer")


class Person:
    """Someone signed in, over one kept-alive connection."""

    def __init__(self, base: str) -> None:
        import httpx

        self.http = httpx.Client(base_url=base, timeout=60)
        page = self.http.get("/sign-in/")
        answer = self.http.post("/sign-in/", data={"username": "bench", "password": PASSWORD, "csrfmiddlewaretoken": csrf(page.text)})
        if answer.status_code != 302:
            raise SystemExit("cannot sign in: seed the clinic first with ./pistor bench seed")

    def get(self, path: str) -> Any:
        answer = self.http.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        return answer

    def post(self, path: str, form_page: str, **fields: str) -> Any:
        """Post a form with the hidden fields of a page already fetched; a fresh token makes it a new submission."""
        data = {**hidden(form_page), "token": str(uuid.uuid4()), **fields}
        answer = self.http.post(path, data=data, headers={"Referer": str(self.http.base_url)})
        if answer.status_code != 302:
            raise RuntimeError(f"{path}: {answer.status_code}")
        return answer


def csrf(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    return found.group(1) if found else ""


def hidden(page: str) -> dict[str, str]:
    main = page.split("<main", 1)[-1]
    fields = {}
    for tag in re.findall(r"<input[^>]+>", main):
        kind, name, value = (re.search(rf'\b{key}="([^"]*)"', tag) for key in ("type", "name", "value"))
        if kind and kind.group(1) == "hidden" and name:
            fields.setdefault(name.group(1), value.group(1) if value else "")
    return fields


def reads(base: str, seconds: float) -> list[dict[str, Any]]:
    person = Person(base)
    listing = person.http.post("/patients/", data={"q": "b0001", "csrfmiddlewaretoken": csrf(person.get("/patients/").text)}).text  # seeded, with visits
    patients = re.findall(r'href="(/patients/[0-9a-f-]{36}/)"', listing)
    visits = [path for patient in patients[:20] for path in re.findall(r'href="(/visits/[0-9a-f-]{36}/)"', person.get(patient).text)]
    pages = {"patients": ["/patients/"], "patient": patients, "visit": visits, "candidacy": [f"{visit}candidacy/" for visit in visits]}
    rows = []
    for clients in (1, 8):
        for name, paths in pages.items():
            rows.append(hammer(f"read: {name}", clients, seconds, lambda person, pick, paths=paths: person.get(pick.choice(paths)), base))
    return rows


def writes(base: str, count: int) -> list[dict[str, Any]]:
    """Eight people adding patients at once; every answer must be a redirect to the new patient."""

    def add(person: Person, pick: random.Random) -> None:
        page = getattr(person, "form", None) or person.get("/patients/new/").text
        person.form = page  # type: ignore[attr-defined]
        name = f"Writer{pick.randrange(10**9)}"
        person.post("/patients/new/", page, family_name=name, given_name="Bench", birth_date="1980-02-03", sex="female", language="en")

    return [hammer("write: add a patient", clients, 60, add, base, count=count) for clients in (1, 8)]


def hammer(
    what: str, clients: int, seconds: float, operation: Callable[[Person, random.Random], Any], base: str, *, count: int | None = None
) -> dict[str, Any]:
    """As many calls as fit into the time (or ``count`` in all) from so many people at once."""
    people = [Person(base) for _ in range(clients)]
    times: list[float] = []
    errors: list[str] = []
    left = [count if count is not None else 10**9]
    lock, deadline = threading.Lock(), time.perf_counter() + seconds

    def work(person: Person, seed: int) -> None:
        pick = random.Random(seed + time.time_ns())
        while time.perf_counter() < deadline:
            with lock:
                if left[0] <= 0:
                    return
                left[0] -= 1
            begin = time.perf_counter()
            try:
                operation(person, pick)
                times.append((time.perf_counter() - begin) * 1e3)
            except Exception as error:  # an error is what is counted here
                errors.append(repr(error)[:200])

    begin = time.perf_counter()
    threads = [threading.Thread(target=work, args=(person, number)) for number, person in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - begin
    row = {"what": what, "clients": clients, "rps": round(len(times) / wall, 1), "errors": len(errors), "n": len(times)}
    if times:
        row |= {"p50_ms": round(statistics.median(times), 1), "p95_ms": round(percentile(times, 0.95), 1)}
    if errors:
        row["first_error"] = errors[0]
    return row
