"""A real server is killed in the middle of many saves: nothing half-written, nothing acknowledged lost, nothing twice."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid

import pytest

from tests.stories.server import ROOT, Server

pytestmark = pytest.mark.xdist_group("faults")  # one worker, one server, in this order
PASSWORD = "three grey herons at noon"
CLIENTS = 8
PREPARE = f"""
import django; django.setup()
from django.core.management import call_command
from pistor.records.people import Clinic, User
call_command("migrate", verbosity=0)
clinic = Clinic.objects.create(name="Clinique du Parc", jurisdiction="FR")
for n in range({CLIENTS}):
    user = User(username=f"desk{{n}}", clinic=clinic, role="front_desk")
    user.set_password({PASSWORD!r})
    user.save()
"""
LOOK = """
import django; django.setup()
import json
from django.db import connection
from pistor.records.audit import AuditEvent, verify_chain
from pistor.records.consultation import Patient
from pistor.records.drafts import Submission
from pistor.records.people import Clinic
print(json.dumps({
    "patients": {str(pk): [name, number] for pk, name, number in Patient.objects.values_list("pk", "family_name", "number")},
    "events": [str(pk) for pk in AuditEvent.objects.filter(verb="add_patient").values_list("subject_id", flat=True)],
    "places": list(Submission.objects.filter(verb="add_patient").values_list("location", flat=True)),
    "breaks": verify_chain(Clinic.objects.get()),
    "sqlite": connection.cursor().execute("PRAGMA integrity_check").fetchone()[0],
}))
"""


def look(server: Server) -> dict:
    return json.loads(server.run(LOOK))


class Desk:
    """One person's browser, as far as these tests need one."""

    def __init__(self, server: Server) -> None:
        self.server, self.cookies = server, {}

    def ask(self, method: str, path: str, fields: dict | None = None) -> tuple[int, str, str]:
        link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            body = None
            if fields is not None:
                body = urllib.parse.urlencode({"csrfmiddlewaretoken": self.cookies.get("csrftoken", ""), **fields})
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            link.request(method, path, body, headers)
            answer = link.getresponse()
            text = answer.read().decode()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    key, _, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            return answer.status, answer.getheader("Location", ""), text
        finally:
            link.close()

    def sign_in(self, name: str) -> Desk:
        self.ask("GET", "/sign-in/")
        assert self.ask("POST", "/sign-in/", {"username": name, "password": PASSWORD})[0] == 302
        return self

    def add(self, family_name: str, token: str) -> tuple[int, str, str]:
        return self.ask("POST", "/patients/new/", {"family_name": family_name, "sex": "female", "language": "en", "token": token})


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("clinic"))
    server.run(PREPARE)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def desks(server):
    return [Desk(server).sign_in(f"desk{n}") for n in range(CLIENTS)]


def whole(seen: dict) -> None:
    """Each patient has its event and its mark of a taken form, and the other way round."""
    assert seen["sqlite"] == "ok"
    assert seen["breaks"] == []
    assert sorted(seen["events"]) == sorted(seen["patients"])
    assert sorted(seen["places"]) == sorted(f"/patients/{pk}/" for pk in seen["patients"])
    names, numbers = zip(*seen["patients"].values(), strict=True)
    assert len(set(names)) == len(names)
    assert len(set(numbers)) == len(numbers)


def test_eight_people_saving_at_once_wait_for_each_other_and_nobody_fails(server, desks):
    answers = []

    def work(n: int) -> None:
        for i in range(10):
            answers.append(desks[n].add(f"Calm{n}x{i}", str(uuid.uuid4()))[0])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert answers == [302] * (CLIENTS * 10)
    seen = look(server)
    whole(seen)
    assert sum(name.startswith("Calm") for name, _ in seen["patients"].values()) == CLIENTS * 10


def test_killed_in_the_middle_of_saving_nothing_is_half_written_lost_or_twice(server, desks):
    sent: dict[str, str] = {}
    acknowledged: dict[str, str] = {}
    refused: list[int] = []
    dead = threading.Event()

    def work(n: int) -> None:
        i = 0
        while not dead.is_set():
            name, token, i = f"Storm{n}x{i}", str(uuid.uuid4()), i + 1
            sent[name] = token
            try:
                status, place, _ = desks[n].add(name, token)
            except (OSError, http.client.HTTPException):
                return  # the answer never came: nobody knows whether it was saved
            if status == 302:
                acknowledged[name] = place
            else:
                refused.append(status)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 30
    while len(acknowledged) < 20 and time.monotonic() < until:
        time.sleep(0.01)
    server.kill()
    dead.set()
    for thread in threads:
        thread.join(60)
    assert refused == []
    assert len(acknowledged) >= 20
    assert len(acknowledged) < len(sent), "nobody was in the middle of a save, so the test shows nothing"

    seen = look(server)
    whole(seen)
    kept = {name: f"/patients/{pk}/" for pk, (name, _) in seen["patients"].items()}
    assert {name: kept.get(name) for name in acknowledged} == acknowledged

    server.start()  # and whoever got no answer sends the same form again
    for name, token in sent.items():
        desk = desks[int(re.match(r"Storm(\d+)x", name)[1])]
        status, place, _ = desk.add(name, token)
        assert status == 302
        assert acknowledged.get(name, place) == place
    seen = look(server)
    whole(seen)
    assert {name for name, _ in seen["patients"].values() if name.startswith("Storm")} == set(sent)


def test_a_server_on_the_net_answers_broken_requests_and_stays_up(server, desks):
    for raw in (
        b"GET /\x00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999999\r\n\r\nx",
        b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"\r\n" * 100,
    ):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
            line.sendall(raw)
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_WR)
            with contextlib.suppress(OSError):
                assert b"Traceback" not in line.recv(4096)
    assert desks[0].ask("GET", "/patients/")[0] == 200


@pytest.mark.story
def test_killed_while_a_browser_charts_saves_and_signs_nothing_is_lost_and_nothing_booked_twice(browser):
    """Four of the rounds of ``./pistor bench faults``, which counts the same over many more."""
    done = subprocess.run([sys.executable, ROOT / "benchmarks" / "run.py", "faults", "--kills", "4", "--seed", "10"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
