"""The server is killed (kill -9) while a browser charts, saves and signs: what is lost, and what is booked twice.

Each round opens a chart in Chromium, types into it without a pause and then, as the seed says, goes on typing, saves or
signs; at a moment that the seed says all processes of the server die at once. In half of the rounds the window is killed
with them. Then the server is started again and the record is looked at. The seed settles what is done and when; how far the
server came by then is the machine's part.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.stories.server import Server

from benchmarks.common import noise, percentile, report

PASSWORD = "three grey herons at noon"
KEYS_PER_S = 12  # somebody who types quickly
PREPARE = """
import datetime as dt, sys
from types import SimpleNamespace
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
from decimal import Decimal
from pistor.actions.treatment import save_treatment
from pistor.records.people import User
from tests import factories, ready
factories.NOW = ready.NOW = dt.datetime.now(dt.UTC)
ready.TODAY = ready.NOW.date()
clinic = factories.clinic(time_zone="UTC")
person = factories.user(clinic, "practitioner", username="charts")
person.set_password({password!r})
person.save()
lot = ready.lot(clinic)
for n in range({visits}):
    visit = ready.planned_visit(SimpleNamespace(practitioner=person))
    ready.consented(visit, person)
    ready.syringe(visit, person, of=lot, own_hours=Decimal(24), at=ready.NOW)
    save_treatment(visit=visit, entry=ready.full_entry(visit), by=person, at=ready.NOW)
    print(visit.pk)
"""


@dataclass(slots=True)
class Tally:
    """What the rounds did, and what became of it."""

    rounds: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    lost_s: list[float] = field(default_factory=list)
    answered_s: list[float] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def count(self, what: str, happened: bool, where: str) -> None:
        if happened:
            self.wrong[what] += 1
            self.told.append(f"{where}: {what}")
            print(self.told[-1], file=sys.stderr, flush=True)


WRONG = (
    "signed treatment lost", "signed record not what was signed", "lot booked twice",
    "more than 2 s of input lost", "typed text changed", "draft left behind",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./pistor bench faults")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no further round after so long")
    parser.add_argument("--out")
    options = parser.parse_args(arguments)
    pick, before = random.Random(options.seed), noise()
    plans = [(pick.choice(("chart", "save", "sign")), pick.random() < 0.5, pick.uniform(0.3, 2.5), pick.uniform(0, 0.35)) for _ in range(options.kills)]
    tally = run(plans, options.minutes * 60)
    rows: list[dict[str, Any]] = [{"what": "kills", "count": len(tally.lost_s)}]
    rows += [{"what": f"rounds: {name}", "count": count} for name, count in sorted(tally.rounds.items())]
    rows += [{"what": name, "count": tally.wrong[name]} for name in WRONG]
    rows += [{"what": f"seconds of input lost, {name}", "count": round(value, 2)} for name, value in _spread(tally.lost_s)]
    rows += [{"what": f"seconds until a draft was answered, {name}", "count": round(value, 2)} for name, value in _spread(tally.answered_s)]
    report("faults", rows, options.out, seed=options.seed, kills=options.kills, told=tally.told, noise_s=[before, noise()])
    return 1 if tally.wrong else 0


def _spread(lost_s: list[float]) -> list[tuple[str, float]]:
    return [("median", percentile(lost_s, 0.5)), ("95 of 100", percentile(lost_s, 0.95)), ("most", max(lost_s, default=0.0))]


def run(plans: list[tuple[str, bool, float, float]], at_most_s: float) -> Tally:
    """All rounds on one data folder, as far as the time goes. A visit serves until it is signed."""
    from playwright.sync_api import sync_playwright

    tally = Tally()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder), mode="local")
        visits = server.run(PREPARE.format(password=PASSWORD, visits=1 + sum(plan[0] == "sign" for plan in plans))).split()
        os.environ.clear()
        os.environ.update(server.environment, DJANGO_ALLOW_ASYNC_UNSAFE="1")  # Playwright's loop runs in this thread; nothing here is asynchronous
        import django

        django.setup()
        window = Window(playwright)
        server.start()
        try:
            signed_in = sign_in(window.browser, server)
            print(f"{len(visits)} visits are ready", file=sys.stderr, flush=True)
            begun = time.monotonic()
            for number, plan in enumerate(plans, 1):
                if time.monotonic() - begun > at_most_s:
                    break
                Round(window, server, signed_in, visits[-1], plan, tally, number).run()
                if plan[0] == "sign":
                    visits.pop()
                if number % 50 == 0:
                    print(f"{number} kills, {sum(tally.wrong.values())} things wrong, at most {max(tally.lost_s):.2f} s lost", file=sys.stderr, flush=True)
        finally:
            server.kill()
            window.browser.close()
    return tally


class Window:
    """A browser whose windows can be killed as the server is."""

    def __init__(self, playwright: Any) -> None:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        self.browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        self.system = self.browser.new_browser_cdp_session()

    def kill(self) -> None:
        """The processes that show pages, at once. Closing a window would let its page send what it still holds."""
        for process in self.system.send("SystemInfo.getProcessInfo")["processInfo"]:
            if process["type"] == "renderer":
                with contextlib.suppress(ProcessLookupError):  # one of a window that was closed just now
                    os.kill(process["id"], signal.SIGKILL)


def sign_in(browser: Any, server: Server) -> Any:
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.port}")
    page = context.new_page()
    page.goto("/sign-in/")
    page.get_by_label("Name").fill("charts")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name=re.compile("^Today")).wait_for()
    state = context.storage_state()
    context.close()
    return state


class Round:
    """One kill."""

    def __init__(self, window: Window, server: Server, signed_in: Any, visit: str, plan: tuple[str, bool, float, float], tally: Tally, number: int) -> None:
        self.window, self.server, self.visit, self.tally = window, server, visit, tally
        self.do, self.window_dies, self.typing_s, self.after_s = plan
        self.number = number
        self.where = f"round {number}, {self.do}, window {'dies' if self.window_dies else 'stays'}"
        self.context = window.browser.new_context(base_url=f"http://127.0.0.1:{server.port}", storage_state=signed_in)
        self.page = self.context.new_page()
        self.posts: list[Any] = []
        self.acknowledged = False
        self.page.on("request", lambda request: self.posts.append(request) if request.is_navigation_request() and request.method == "POST" else None)
        self.answered_s: list[float] = []
        self.page.on("requestfinished", lambda request: self._timed(request))
        self.page.on("response", lambda response: self._answered(response))

    def _timed(self, request: Any) -> None:
        if request.url.endswith("/drafts/"):
            self.answered_s.append(request.timing["responseEnd"] / 1e3)

    def _answered(self, response: Any) -> None:
        self.acknowledged |= response.request.method == "POST" and response.request.is_navigation_request() and response.status == 302

    def run(self) -> None:
        self.tally.rounds[f"{self.do}, window {'dies' if self.window_dies else 'stays'}"] += 1
        self.page.goto(f"/visits/{self.visit}/treatment/")
        note = self.page.locator("[name=note]")
        self.before = self.kept()[1]
        note.fill("")
        typed = self.types(note)
        if self.do != "chart":
            self.page.get_by_role("button", name="Sign treatment" if self.do == "sign" else "Save, sign later").click(no_wait_after=True)
            self.page.wait_for_timeout(self.after_s * 1000)
        killed = time.monotonic()
        self.server.kill()
        if self.window_dies:
            self.window.kill()
        self.server.start()
        self.look(typed, killed)
        if self.do == "sign":
            self.sign_again()
        self.tally.answered_s += self.answered_s
        self.context.close()

    def types(self, note: Any) -> list[tuple[str, float]]:
        """Signs with the moment at which each was typed; what two rounds in a row type begins differently, so that one is not taken for the other."""
        note.click()
        typed: list[tuple[str, float]] = []
        end = time.monotonic() + self.typing_s
        while time.monotonic() < end:
            for sign in f"{(7 * self.number + len(typed)) % 100} ":
                self.page.keyboard.press("Space" if sign == " " else sign)
                typed.append((sign, time.monotonic()))
                self.page.wait_for_timeout(1000 / KEYS_PER_S)
        return typed

    # ── what is there afterwards ──

    def look(self, typed: list[tuple[str, float]], killed: float) -> None:
        from pistor.records.signed import broken
        from pistor.records.treatment import Treatment

        visit = Treatment.objects.select_related("course", "patient", "clinic").get(pk=self.visit)
        signed = visit.state == Treatment.State.SIGNED
        if self.do == "sign":
            self.tally.count("signed treatment lost", self.acknowledged and not signed, self.where)
            self.tally.count("signed record not what was signed", signed and bool(broken(visit)), self.where)
            self.tally.rounds["signed when the server died"] += signed
        self.booked(visit)
        text = "".join(sign for sign, _ in typed)
        (draft, kept), until = self.kept(), time.monotonic() + 30
        while not self.window_dies and self.do == "chart" and kept != text and time.monotonic() < until:
            self.page.wait_for_timeout(100)  # the page itself brings the rest
            draft, kept = self.kept()
        self.tally.count("draft left behind", signed and draft is not None, self.where)
        kept = "" if kept == self.before else kept  # nothing of this round
        whole = text.startswith(kept) or text.strip() == kept.strip()
        self.tally.count("typed text changed", not whole, self.where)
        missing = [at for _, at in typed[len(kept) :]] if whole and kept.strip() != text.strip() else []
        lost_s = killed - missing[0] if missing else 0.0
        self.tally.lost_s.append(lost_s)
        slowest = f"{lost_s:.2f} s, answers took at most {max(self.answered_s, default=0):.2f} s"
        self.tally.count("more than 2 s of input lost", lost_s > 2, f"{self.where} ({slowest})")

    def kept(self) -> tuple[Any, str]:
        """The draft, and the note as the page would show it now: the draft's, else the record's."""
        from pistor.records.drafts import Draft
        from pistor.records.signed import record_of
        from pistor.records.treatment import Treatment

        draft = Draft.objects.filter(key=f"/visits/{self.visit}/treatment/#treatment").first()
        return draft, draft.fields["note"][0] if draft and "note" in draft.fields else record_of(Treatment.objects.get(pk=self.visit)).note

    def booked(self, visit: Any) -> None:
        """The lot of this record once, and each way of what is in its syringe once: drawn, and when it is signed given and thrown away."""
        from pistor.records.stock import StockMove
        from pistor.records.syringes import Syringe
        from pistor.records.treatment import LotUse, ZoneDose

        used = [use.volume_ml for use in LotUse.objects.filter(treatment=visit)]
        given = sum(dose.volume_ml for dose in ZoneDose.objects.filter(treatment=visit))
        syringe = Syringe.objects.get(treatment=visit)
        expected = [("shelf", "syringe", syringe.volume_ml)]
        if visit.state == "signed":
            ways = ("syringe", "patient", given), ("syringe", "waste", syringe.volume_ml - given)
            expected += [way for way in ways if way[2]]
        moved = sorted(StockMove.objects.filter(booking=syringe.pk).values_list("taken_from", "put_into", "units"))
        self.tally.count("lot booked twice", used != [syringe.volume_ml] or moved != expected, self.where)

    def sign_again(self) -> None:
        """Whoever saw no answer sends the same form again: there is one signature and one booking."""
        from pistor.records.drafts import Submission
        from pistor.records.treatment import Treatment

        if self.posts and not self.window_dies:
            sent = self.posts[-1]
            headers = {"Content-Type": sent.headers["content-type"], "Referer": sent.url}
            self.context.request.post(sent.url, data=sent.post_data, headers=headers, max_redirects=0)
        visit = Treatment.objects.select_related("course", "patient", "clinic").get(pk=self.visit)
        self.booked(visit)
        taken = Submission.objects.filter(verb="treatment.signed", location=f"/visits/{self.visit}/treatment/").count()
        self.tally.count("lot booked twice", taken > 1, self.where)
        self.tally.rounds["signed in the end"] += visit.state == Treatment.State.SIGNED
