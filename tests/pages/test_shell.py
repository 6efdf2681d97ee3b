"""Signing in and out, what a broken request gets, and the headers on every page."""

from __future__ import annotations

import html
import itertools
import json
import os
import re
import subprocess
import sys
import uuid
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client, override_settings

from pistor.actions.body_marks import add_mark
from pistor.actions.reactions import report_reaction
from pistor.records.consultation import Patient
from pistor.records.treatment import LotUse
from tests import ready
from tests.conftest import NOW, TODAY
from tests.pages.test_other_clinic import _beside_treatment, _own_version, _recall, _stock, addresses, filled, ids  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db
PASSWORD = "three grey herons at noon"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def nurse(people):
    people.nurse.set_password(PASSWORD)
    people.nurse.save()
    return people.nurse


def sign_in(client, user, password=PASSWORD, **more):
    return client.post("/sign-in/", {"username": user.username, "password": password, **more})


# ── signing in ──


def test_a_person_signs_in_and_out(client, nurse):
    assert client.get("/").status_code == 302
    assert sign_in(client, nurse)["Location"] == "/"
    assert nurse.printed_name in client.get("/").content.decode()
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/").status_code == 302


def test_nobody_is_signed_out_by_a_link(client, nurse):
    sign_in(client, nurse)
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/").status_code == 200


def test_the_address_somebody_wanted_is_kept(client, nurse):
    wanted = client.get("/patients/new/")["Location"]
    assert client.get(wanted).status_code == 200
    assert sign_in(client, nurse, next="/patients/new/")["Location"] == "/patients/new/"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "http:///evil.example", "javascript:alert(1)", "\\\\evil.example", "/\\evil.example", "///evil.example",
     "https:evil.example", "http://testserver@evil.example/", "\x00//evil.example", " //evil.example"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(client, nurse, elsewhere):
    assert sign_in(client, nurse, next=elsewhere)["Location"] == "/"
    again = client.get("/sign-in/", {"next": elsewhere})  # signed in already
    assert again["Location"] == "/"


def test_a_wrong_password_does_not_say_which_part_is_wrong(client, nurse):
    known, unknown = sign_in(client, nurse, "wrong"), client.post("/sign-in/", {"username": "nobody", "password": "wrong"})
    sentence = "The name or the password is not right"
    assert sentence in known.content.decode()
    assert sentence in unknown.content.decode()


@pytest.mark.parametrize("name", ["", "\x00", "a\x00b", "x" * 151, "x" * 100_000, "' OR 1=1 --", "😀"])
def test_any_name_is_answered(client, nurse, name):
    answer = client.post("/sign-in/", {"username": name, "password": PASSWORD})
    assert answer.status_code in (200, 401)
    assert "is not right" in answer.content.decode()


def test_eight_wrong_passwords_lock_the_name_from_this_place_only(client, nurse):
    for _ in range(7):
        assert sign_in(client, nurse, "wrong").status_code == 200
    locked = sign_in(client, nurse, "wrong")
    assert locked.status_code == 429
    assert "Too many wrong passwords" in locked.content.decode()
    assert sign_in(client, nurse).status_code == 429  # the right one does not help now
    assert sign_in(Client(REMOTE_ADDR="192.0.2.7"), nurse).status_code == 302
    lying = Client(headers={"X-Forwarded-For": "198.51.100.1"})
    assert sign_in(lying, nurse).status_code == 429  # who says to come from elsewhere is not believed


# ── broken requests ──


def test_a_page_from_before_the_last_sign_in_is_told_kindly(nurse):
    client = Client(enforce_csrf_checks=True)
    client.force_login(nurse)
    for extra in ({}, {"csrfmiddlewaretoken": "x"}, {"csrfmiddlewaretoken": "x" * 64}, {"csrfmiddlewaretoken": "\x00"}):
        answer = client.post("/patients/new/", {"family_name": "Dubois", "token": uuid.uuid4(), **extra})
        assert answer.status_code == 403
        assert "too old to save from" in answer.content.decode()
    assert Patient.objects.count() == 0


@pytest.mark.parametrize("body", [b"family_name=%FF%FE", b"family_name=\xff\xfe\x00", b"%", b"&&&===", b"a=" + b"%00" * 1000, b"token=" + b"9" * 10_000])
def test_bodies_that_are_no_text_are_answered(people, as_, ids, body):  # noqa: F811
    client = as_(people.practitioner)
    for address in sorted(set(addresses()) - {"sign-out/"}):
        url = filled(address, ids)
        answer = client.post(url, body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code < 500, url


TEXTS = {"NUL": "a\x00b", "half a sign": "%ud800", "a megabyte": "x" * 1_000_000, "markup": "<script>x</script>", "not a number": "NaN",
         "endless": "1e999999", "infinity": "Infinity", "digits": "9" * 5000, "negative zero": "-0", "other digits": "٣٤"}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_field_of_every_form_takes_any_text_without_breaking(people, as_, ids, text):  # noqa: F811
    """Fills each field that a page really shows with something nobody expects, one page at a time."""
    client = as_(people.practitioner)
    broken = {}
    for address in sorted(addresses()):
        if address in ("sign-out/", "sign-in/", "drafts/", "health/") or address.endswith(".pdf"):
            continue
        url = filled(address, ids)
        page = client.get(url)
        if page["Content-Type"].startswith("image/"):  # a photograph
            continue
        names = sorted(set(re.findall(r'<(?:input|textarea|select|button)[^>]*? name="([^"]+)"', page.content.decode())))
        kept = {"token": str(uuid.uuid4()), "version": "1"}
        for values in (
            dict.fromkeys(names, text) | kept,
            {name: text for name in names if name != "do"} | kept,
            {name: [text, text] for name in names},
        ):
            status = client.post(url, values).status_code
            if status >= 500:
                broken[url] = status
    assert broken == {}


@pytest.mark.parametrize("query", ["do=preview&technique=%00", "spacing=1e999999&volume=NaN", "areas=%00&map=..%2F..&seed=" + "9" * 5000, "%FF=%FE", "language=%00"])
def test_any_query_is_answered(people, as_, ids, query):  # noqa: F811
    client = as_(people.practitioner)
    for address in sorted(addresses()):
        assert client.get(f"{filled(address, ids)}?{query}").status_code < 500, address


def test_a_body_beyond_all_bounds_is_refused_with_a_page(people, as_):
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000):
        answer = as_(people.nurse).post("/patients/", {"q": "x" * 2000})
    assert answer.status_code == 400
    assert "<h1" in answer.content.decode()
    many = as_(people.nurse).post("/patients/new/", {f"f{n}": "x" for n in range(1500)})
    assert many.status_code in (400, 422)


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options", "trace"])
def test_other_methods_change_nothing(people, as_, ids, method):  # noqa: F811
    client = as_(people.practitioner)
    before = Patient.objects.values_list("version", flat=True).order_by("pk")
    kept = list(before)
    for address in sorted(set(addresses()) - {"health/", "sign-in/", "sign-out/"}):
        assert getattr(client, method)(filled(address, ids)).status_code == 405, address
    assert list(before.all()) == kept


@pytest.mark.parametrize("path", ["/nothing/", "/visits/x/", "/patients/%00/", "/../etc/passwd", "/visits/", "/%FF/", "/patients/" + "9" * 5000])
def test_an_unknown_address_says_so(people, as_, path):
    answer = as_(people.nurse).get(path)
    assert answer.status_code == 404
    assert "<h1" in answer.content.decode()


@pytest.mark.parametrize("cookie", ["x" * 4000, '"\\000abcdefgh"', "../../etc"])
def test_a_session_nobody_gave_out_is_no_session(client, cookie):
    client.cookies["sessionid"] = cookie
    assert client.get("/patients/").status_code == 302


# ── headers ──


SCANNING = {"stock/", "stock/scan/", "stock/receive/", "visits/<uuid:visit_id>/treatment/"}  # the only pages that may run the code reader


def test_every_page_has_its_guards(people, as_, ids):  # noqa: F811
    client = as_(people.practitioner)
    for address in sorted(addresses()):
        answer = client.get(filled(address, ids))
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy, address
        assert ("'wasm-unsafe-eval'" in policy) is (address in SCANNING), address
        assert "unsafe" not in policy.replace("'wasm-unsafe-eval'", ""), address
        assert "frame-ancestors 'none'" in policy, address
        assert answer.headers["X-Frame-Options"] == "DENY", address
        assert answer.headers["X-Content-Type-Options"] == "nosniff", address
        assert answer.headers["Referrer-Policy"] == "same-origin", address
        assert "no-store" in answer.headers.get("Cache-Control", ""), address
        text = answer.content.decode("utf-8", "replace")
        if answer.headers["Content-Type"].startswith("text/html"):
            assert not re.search(r"<[^>]+\sstyle=", text), address
            assert not re.search(r"<[^>]+\son\w+=", text), address
            assert not re.search(r'<script(?![^>]*(src=|type="application/json"))', text), address
            assert "<style" not in text, address
            assert "javascript:" not in text, address


def test_pages_for_people_who_are_not_signed_in_are_not_kept_either(client):
    for path in ("/sign-in/", "/nothing/", "/patients/"):
        assert "no-store" in client.get(path).headers.get("Cache-Control", ""), path


def test_no_page_loads_anything_from_elsewhere(people, as_, ids):  # noqa: F811
    client = as_(people.practitioner)
    for address in sorted(addresses()):
        text = client.get(filled(address, ids)).content.decode("utf-8", "replace")
        assert not re.findall(r'<(?:script|link|img|iframe|form)[^>]+(?:src|href|action)="(?:https?:)?//[^"]*"', text), address


# ── settings of a clinic in earnest ──

STRONG = "k3J8-vQz_7Lw2nXb5TgYc9RfMd1HpSa6UeZi4OoBqVxKtWjNyGlCrEuDhFsAmPQ0"


def settings_of(tmp_path, *command, **environment):
    base = {"PATH": os.environ["PATH"], "PISTOR_DATA": str(tmp_path), "PISTOR_MODE": "production", "PYTHONPATH": str(ROOT / "src"), "HOME": str(tmp_path)}
    return subprocess.run([sys.executable, *command], env={**base, **environment}, cwd=tmp_path, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "PISTOR_SECRET_KEY is missing or weak"),
        ({"PISTOR_SECRET_KEY": "short", "PISTOR_ALLOWED_HOSTS": "clinic.example"}, "PISTOR_SECRET_KEY is missing or weak"),
        ({"PISTOR_SECRET_KEY": "a" * 80, "PISTOR_ALLOWED_HOSTS": "clinic.example"}, "PISTOR_SECRET_KEY is missing or weak"),
        ({"PISTOR_SECRET_KEY": STRONG}, "PISTOR_ALLOWED_HOSTS is missing"),
        ({"PISTOR_SECRET_KEY": STRONG, "PISTOR_ALLOWED_HOSTS": "*"}, "PISTOR_ALLOWED_HOSTS is missing or holds *"),
        ({"PISTOR_SECRET_KEY": STRONG, "PISTOR_ALLOWED_HOSTS": "clinic.example, *"}, "PISTOR_ALLOWED_HOSTS is missing or holds *"),
        ({"PISTOR_SECRET_KEY": STRONG, "PISTOR_ALLOWED_HOSTS": " , "}, "PISTOR_ALLOWED_HOSTS is missing"),
        ({"PISTOR_MODE": "prod"}, "PISTOR_MODE is 'prod'"),
    ],
)
def test_weak_settings_are_refused_in_production(tmp_path, environment, sentence):
    result = settings_of(tmp_path, "-m", "pistor.config.manage", "check", **environment)
    assert result.returncode != 0
    assert sentence in result.stderr


def test_djangos_own_list_for_production_is_clean(tmp_path):
    good = {"PISTOR_SECRET_KEY": STRONG, "PISTOR_ALLOWED_HOSTS": "clinic.example"}
    result = settings_of(tmp_path, "-m", "pistor.config.manage", "check", "--deploy", "--fail-level", "WARNING", **good)
    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout


def test_cookies_addresses_and_passwords_are_guarded_in_production(tmp_path):
    code = """if True:
        import os, json, django
        os.environ["DJANGO_SETTINGS_MODULE"] = "pistor.config.settings"
        django.setup()
        from django.core.management import call_command
        call_command("migrate", verbosity=0)
        from django.conf import settings
        from django.contrib.auth.hashers import identify_hasher, make_password
        from django.test import Client
        call_command("collectstatic", verbosity=0, interactive=False)
        get = lambda path, **headers: Client().get(path, headers={"host": "clinic.example", **headers})
        https = {"x-forwarded-proto": "https"}
        page = get("/sign-in/", **https)
        cookie = page.cookies["csrftoken"]
        print(json.dumps({
            "plain": [get("/sign-in/").status_code, get("/sign-in/")["Location"]],
            "status": page.status_code,
            "hsts": page.headers["Strict-Transport-Security"],
            "csrf": [bool(cookie["secure"]), cookie["samesite"]],
            "session": [settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY, settings.SESSION_COOKIE_SAMESITE, settings.DEBUG],
            "password": identify_hasher(make_password("three grey herons at noon")).algorithm,
            "other_host": get("/sign-in/", **{**https, "host": "evil.example"}).status_code,
            "lying_host": get("/sign-in/", **https, **{"x-forwarded-host": "evil.example"}).status_code,
        }))"""
    result = settings_of(tmp_path, "-c", code, PISTOR_SECRET_KEY=STRONG, PISTOR_ALLOWED_HOSTS="clinic.example")
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout.splitlines()[-1])
    assert seen == {
        "plain": [301, "https://clinic.example/sign-in/"],
        "status": 200,
        "hsts": "max-age=31536000; includeSubDomains; preload",
        "csrf": [True, "Lax"],
        "session": [True, True, "Lax", False],
        "password": "argon2",
        "other_host": 400,
        "lying_host": 200,
    }


def test_the_local_key_is_made_once_and_readable_by_its_owner_only(tmp_path):
    ask = ("-c", "from pistor.config.environment import secret_key; print(secret_key('local'))")
    first, second = (settings_of(tmp_path, *ask, PISTOR_MODE="local").stdout for _ in range(2))
    assert len(first.strip()) > 50
    assert first == second
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


# ── one broken field in a form that is otherwise right ──


class _Forms(HTMLParser):
    """The forms of a page with what a browser would send, and which of their fields are free text."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[list[tuple[str, str]], list[str]]] = []
        self._select = self._area = ""
        self._text: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name, kind, value = given.get("name") or "", given.get("type") or "text", given.get("value") or ""
        if tag == "form":
            self.forms.append(([], []))
        if not self.forms or name == "csrfmiddlewaretoken":
            return
        sent, free = self.forms[-1]
        if tag == "input" and name and kind != "file" and (kind not in ("checkbox", "radio") or "checked" in given):
            sent.append((name, value or ("on" if kind == "checkbox" else "")))
            if kind not in ("checkbox", "radio"):
                free.append(name)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            sent.append((self._select, value))
        elif tag == "textarea":
            self._area, self._text = name, []
        elif tag == "button" and name:
            sent.append((name, value))

    def handle_data(self, data):
        if self._area:
            self._text.append(data)

    def handle_endtag(self, tag):
        if tag == "textarea" and self._area:
            self.forms[-1][0].append((self._area, "".join(self._text)))
            self.forms[-1][1].append(self._area)
            self._area = ""
        elif tag == "select":
            self._select = ""


BROKEN = ("a\x00b", "9" * 400)


def test_one_broken_field_in_a_form_that_is_otherwise_right_breaks_nothing(people, as_):
    visit = ready.planned_visit(people)
    ready.consented(visit, people.practitioner)  # so that the chart is open
    reported = report_reaction(by=people.nurse, at=NOW, token=None, treatment=_given(visit), began_on=TODAY, signs=["lump"])
    lot = ready.lot(people.clinic, number="L-9")
    LotUse.objects.create(clinic=people.clinic, created_at=NOW, treatment=visit, lot=lot, volume_ml="1")
    known = {"visit_id": visit.pk, "patient_id": visit.patient_id, "report_id": reported.pk}
    known["mark_id"] = add_mark(visit=visit, kind="scar", text="", map="neck_back", outline=[(99, 99), (120, 99), (120, 120)], by=people.practitioner, at=NOW).pk
    known |= _own_version(people) | _stock(people, lot) | _recall(people, lot, reported) | _beside_treatment(people, visit)
    client, broken, tried = as_(people.practitioner), [], Counter()
    for address in sorted(addresses()):
        if address in ("sign-out/", "sign-in/", "drafts/", "health/") or address.endswith(".pdf") or re.search("consent_id|sheet_id|photo_id", address):
            continue
        if address.endswith(("delivery/field/", "delivery/points/")):  # numbers for the page's script, seconds to work out, no form
            continue
        url = filled(address, known)
        page = _Forms()
        page.feed(client.get(url).content.decode())
        for sent, free in page.forms[1:]:  # the first signs out
            for name, text in itertools.product(dict.fromkeys(free), BROKEN):
                fields: dict[str, list[str]] = {}
                for key, value in sent:
                    fields.setdefault(key, []).append(value)
                fields |= {name: [text]} | ({"token": [str(uuid.uuid4())]} if name != "token" else {})
                tried[url] += 1
                try:
                    with transaction.atomic():
                        status = client.post(url, fields).status_code
                        transaction.set_rollback(True)
                except Exception as error:
                    status = type(error).__name__
                if not isinstance(status, int) or status >= 500:
                    broken.append((url, name, text[:3], status))
    assert tried.total() > 600
    assert tried[f"/visits/{visit.pk}/treatment/"] > 30  # the chart with its zones, codes and syringes
    assert broken == []


def _given(visit):
    visit.given_on = TODAY
    visit.save(update_fields=["given_on"])
    return visit


# ── when the database is gone ──


def _gone(*_):
    raise OperationalError("the server closed the connection")


@pytest.mark.parametrize("path", ["/", "/patients/", "/nothing-here/", "/health/"])
def test_the_page_for_our_own_faults_needs_no_database(people, as_, path):
    client = as_(people.nurse)
    client.raise_request_exception = False

    with connection.execute_wrapper(_gone):
        answer = client.get(path)
    assert answer.status_code == 503
    assert "The records cannot be reached" in answer.content.decode()
    assert "Traceback" not in answer.content.decode()


TYPED = {"family_name": "O'Brien \"x\"", "given_name": "<b>Ann</b>", "sex": "female", "language": "en", "phone": ["1", "2"]}


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [(OperationalError("database is locked"), 503, "busy, full or not there"), (RuntimeError("a mistake of ours"), 500, "Something went wrong on our side")],
)
def test_what_was_typed_survives_a_failure_and_can_be_sent_again(people, as_, monkeypatch, error, status, says):
    client = as_(people.nurse)
    client.raise_request_exception = False

    def fail(**_):
        raise error

    with monkeypatch.context() as broken:
        broken.setattr("pistor.clinic.patients.views.add_patient", fail)
        answer = client.post("/patients/new/", {**TYPED, "token": uuid.uuid4()})
    text = answer.content.decode()
    assert answer.status_code == status
    assert says in text
    assert str(error) not in text
    assert "no-store" in answer["Cache-Control"]
    again = [(name, html.unescape(value)) for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text)]
    assert client.post(re.search(r'<form method="post" action="([^"]+)"', text)[1], urlencode(again), "application/x-www-form-urlencoded").status_code == 302
    patient = Patient.objects.get()
    assert (patient.family_name, patient.given_name, patient.phone) == (TYPED["family_name"], TYPED["given_name"], "2")


def test_a_password_is_not_sent_back_by_a_failure(people, nurse):
    client = Client(raise_request_exception=False)
    with connection.execute_wrapper(_gone):
        answer = sign_in(client, nurse)
    assert answer.status_code == 503
    assert PASSWORD not in answer.content.decode()
