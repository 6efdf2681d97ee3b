"""The demo clinic: invented patients in every stage of the four applications, the same each time it is made.

Written in bulk for speed, with the rows that the single actions would leave. Nothing here is a record of a person.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import models, transaction

from pistor.actions.core import audit
from pistor.care.consultation import PatientPicture
from pistor.care.evidence import Finding
from pistor.care.formulation import Part, UnusableBlend, compose
from pistor.care.injection_map import InjectionMap
from pistor.care.intent import intent_for
from pistor.care.plan import make_plan
from pistor.care.reactions import triage
from pistor.knowledge import Library, load
from pistor.knowledge.model import Protocol
from pistor.records.alternatives import AlternativesTalk
from pistor.records.candidacy import Assessment
from pistor.records.consent import Consent
from pistor.records.consultation import HistoryEntry, Patient, search_key
from pistor.records.course import Course
from pistor.records.documents import Document
from pistor.records.formulation import Formulation
from pistor.records.injection_map import InjectionPlan
from pistor.records.intent import candidacy_of
from pistor.records.maintenance import MaintenanceDecision
from pistor.records.outcomes import ScaleScore
from pistor.records.people import Clinic, User
from pistor.records.plan import plan_digest
from pistor.records.reactions import ReactionReport
from pistor.records.stock import Lot
from pistor.records.treatment import LotUse, Treatment, ZoneDose

NAME = "Pistor demo clinic"
PATIENTS = 240
SEED = 20261123
ORIGIN = "demo data: asked at the visit"
USERS = (
    ("practitioner", "practitioner", "Dr", "Ada", "Demo"),
    ("nurse", "nurse", "", "Noor", "Demo"),
    ("frontdesk", "front_desk", "", "Finn", "Demo"),
    ("owner", "owner", "", "Olga", "Demo"),
)
# The four that stand ready to walk the whole journey, one for each application.
READY = {"pain": ("Journey", "Paolo"), "skin": ("Journey", "Sonia"), "hair": ("Journey", "Hamid"), "fat": ("Journey", "Fatou")}

_FAMILIES = [
    "Abadi", "Adeyemi", "Almeida", "Ångström", "Bianchi", "Boateng", "Brânză", "Castaño", "Çelik", "Chávez", "Dvořák", "D'Angelo", "Eriksson",
    "Fernández", "García", "Grüber", "Hernández", "Ito", "Jovanović", "Kowalska", "Lefèvre", "López", "Müller", "Nakamura", "Nguyễn", "Núñez", "O'Brien",
    "Okafor", "Østergaard", "Pérez", "Petrović", "Quispe", "Rossi", "Sánchez", "Şahin", "Smith-Jones", "Tanaka", "Türk", "Ünal", "Van-der-Berg", "Wójcik",
    "Yılmaz", "Zając", "王", "李", "张", "陈", "الحسن", "منصور", "حداد", "כהן", "לוי", "מזרחי", "Παππάς", "Иванова", "Шевченко", "김", "박", "佐藤", "Phạm",
]  # fmt: skip
_GIVEN = {
    "female": [
        "Aïcha", "Ana", "Bérénice", "Chiara", "Daniela", "Élodie", "Fatima", "Giulia", "Hanna", "Inés", "Jana", "Kerstin", "Léa", "Maja", "Nadia", "Olivia",
        "Priya", "Roxana", "Siân", "Tuğba", "Vera", "Wanjiru", "Yui", "Zoë", "敏", "ليلى", "מרים", "Ελένη", "Ольга", "지우",
    ],
    "male": [
        "Adam", "Björn", "Carlos", "Dmitri", "Émile", "François", "Giorgio", "Håkon", "István", "João", "Karim", "Łukasz", "Miloš", "Noël", "Omar", "Piotr",
        "Rémi", "Søren", "Tomás", "Uwe", "Víctor", "William", "Yusuf", "Zoltán", "伟", "أحمد", "דוד", "Νίκος", "Иван", "민준",
    ],
}
_BEST = {"pain_diagnosis": "yes", "weight_stable": "yes", "bdd_screen": "negative", "contraception": "cannot_become_pregnant"}
_ELSEWHERE = ("birth_date", "sex", "jurisdiction", "pregnancy", "weight_kg", "height_cm")
_CONDITIONS = ("Hypertension", "Migraine", "Type 2 diabetes", "Psoriasis", "Asthma", "Keloid scar", "Hypothyroidism", "Epilepsy")
_MEDICINES = ("Warfarin", "Clopidogrel", "Isotretinoin", "Finasteride", "Sertraline", "Levothyroxine", "Metformin", "Ibuprofen")
_ALLERGIES = ("Latex", "Penicillin", "Lidocaine", "Chlorhexidine", "Aspirin")


@dataclass(frozen=True, slots=True)
class Kind:
    """One application as the demo gives it: where, by which protocol, and how its score runs."""

    indication: str
    zone: str
    sides: tuple[str, ...]
    protocol: str
    presentation: str
    scale: str
    baseline: tuple[int, int]
    step: int  # of the score, from treatment to treatment
    points: int
    per_point_ml: str
    interval_days: int
    sessions: int


KINDS = {
    "pain": Kind("neck_pain", "neck", ("left", "right"), "neck_pain_lidocaine", "lidocaine_2pct", "nrs", (6, 9), -2, 4, "0.125", 7, 3),
    "skin": Kind(
        "facial_skin_quality", "face", ("left", "right"), "facial_skin_hyaluronic_acid", "hyaluronic_acid_ncl_14mg_g",
        "fine_lines", (2, 4), -1, 50, "0.02", 30, 3,
    ),
    "hair": Kind("androgenetic_alopecia", "scalp", ("mid",), "alopecia_minoxidil", "minoxidil_0_5pct", "hair_density", (90, 160), 3, 40, "0.05", 7, 10),
    "fat": Kind("submental_fat", "submental", ("mid",), "submental_deoxycholic_acid", "deoxycholic_acid_10mg_ml", "smfrs_pr", (2, 4), -1, 20, "0.2", 30, 6),
}
# How far a course is: treatments signed (None: as many as planned), and the state it is then in.
_STAGES: tuple[tuple[int | None, str], ...] = (
    (0, "planning"), (0, "planning"), (1, "active"), (2, "active"), (1, "active"),
    (None, "maintenance"), (None, "maintenance"), (None, "stopped"), (1, "referred"), (2, "active"),
)  # fmt: skip


def load_demo(*, at: dt.datetime, password: str, patients: int = PATIENTS) -> bool:
    """Make the demo clinic unless it is there. Returns whether it was made."""
    with transaction.atomic():
        if Clinic.objects.filter(is_demo=True, name=NAME).exists():
            return False
        _Demo(at, password).make(patients)
        return True


class _Demo:
    def __init__(self, at: dt.datetime, password: str) -> None:
        self.at, self.random, self.library = at, random.Random(SEED), load()  # noqa: S311 - invented data
        # The United States: the one country with a rule that allows each of the four, so that every step can be tried.
        self.clinic = Clinic.objects.create(name=NAME, jurisdiction="US", policy="mixture", phone="+1 555 0100", time_zone="America/New_York", is_demo=True)
        self.today = at.astimezone(ZoneInfo(self.clinic.time_zone)).date()
        hashed = make_password(password)
        self.users = {
            role: User.objects.create(username=name, role=role, title=title, first_name=first, last_name=last, clinic=self.clinic, password=hashed)
            for name, role, title, first, last in USERS
        }
        self.by = self.users["practitioner"]
        self.rows: dict[type[models.Model], list[models.Model]] = {}
        self.lots: dict[str, Lot] = {}
        self.pdf: bytes = _pdf("Demo data: no person signed this.")

    def make(self, patients: int) -> None:
        self._stock()
        for number in range(1, patients + 1):
            application = tuple(KINDS)[number % 4]
            ready = number <= 4
            patient = self._patient(number, application, READY[application] if ready else None)
            stage = (0, "planning") if ready else _STAGES[number // 4 % len(_STAGES)]
            asked = ready or stage[0] != 0 or number % 3 > 0
            if asked:
                self._history(patient, application, plain=ready or stage[0] != 0, on=self.today if ready else self.today - dt.timedelta(days=2 + number % 5))
            self._course(patient, application, number, stage, ready=ready)
        self._write()
        self._assess()
        audit(by=self.by, verb="load_demo", subject=self.clinic, at=self.at, patients=patients)

    def keep(self, row: models.Model) -> None:
        self.rows.setdefault(type(row), []).append(row)

    def _write(self) -> None:
        planned: tuple[type[models.Model], ...] = (
            Lot, Patient, Document, HistoryEntry, Course, Treatment, Formulation, InjectionPlan, AlternativesTalk, Consent, ZoneDose, LotUse, ScaleScore,
            ReactionReport, MaintenanceDecision,
        )  # fmt: skip
        for model in planned:
            cast(Any, model).objects.bulk_create(self.rows.pop(model, []), batch_size=400)
        if self.rows:
            raise RuntimeError(f"the demo has rows that nobody writes: {', '.join(m.__name__ for m in self.rows)}")

    def _own(self, at: dt.datetime) -> dict[str, Any]:
        return {"clinic": self.clinic, "created_at": at, "created_by": self.by}

    def _moment(self, day: dt.date) -> dt.datetime:
        return min(dt.datetime.combine(day, dt.time(9), ZoneInfo(self.clinic.time_zone)).astimezone(dt.UTC), self.at)

    # ── the shelf ──

    def _stock(self) -> None:
        for kind in KINDS.values():
            for suffix, days, state in (("A", 400, "usable"), ("B", 20, "usable"), ("X", -30, "usable"), ("R", 200, "recalled"), ("Q", 300, "quarantined")):
                lot = Lot(
                    **self._own(self.at - dt.timedelta(days=500)), presentation=kind.presentation, lot_number=f"DEMO-{kind.indication[:4].upper()}-{suffix}",
                    manufacturer="Demo maker", expires_on=self.today + dt.timedelta(days=days), state=state,
                )  # fmt: skip
                self.keep(lot)
                if suffix == "A":
                    self.lots[kind.presentation] = lot

    # ── the patient ──

    def _patient(self, number: int, application: str, name: tuple[str, str] | None) -> Patient:
        pick = self.random
        sex = ("male" if application in ("hair", "pain") else "female") if name else pick.choice(("female", "male"))
        family, given = name or (pick.choice(_FAMILIES), pick.choice(_GIVEN[sex]))
        born = self.today.replace(day=1) - dt.timedelta(days=pick.randrange(20 * 365, 62 * 365))
        seen = self._moment(self.today - dt.timedelta(days=pick.randrange(300, 700)))
        identifier = f"DEMO-{number:04}"
        patient = Patient(
            **self._own(seen), changed_at=seen, changed_by=self.by, number=identifier, family_name=family, given_name=given, birth_date=born, sex=sex,
            language=pick.choice(("en", "en", "fr")), search=search_key(family, given, identifier),
        )  # fmt: skip
        self.keep(patient)
        return patient

    def _history(self, patient: Patient, application: str, *, plain: bool, on: dt.date) -> None:
        """Everything asked and nothing found where ``plain``; elsewhere gaps, illnesses, medicines and allergies."""
        pick, dated = self.random, on if plain else patient.created_at.date()  # asked again at the last visit
        for question in self.library.questions.values():
            other_sex = question.sex is not None and question.sex != patient.sex
            if application not in question.applications or question.id in _ELSEWHERE or other_sex or (not plain and pick.random() < 0.15):
                continue
            answer = _BEST.get(question.id, "no") if plain or pick.random() < 0.96 else "unknown"
            self._entry(patient, "answer", question.id, question.text, {"value": answer, "note": ""}, dated)
        weight = pick.randrange(54, 92)
        self._entry(patient, "measurement", "weight_kg", f"Weight {weight} kg", {"value": str(weight), "unit": "kg"}, dated)
        self._entry(patient, "measurement", "height_cm", "Height 176 cm", {"value": "176", "unit": "cm"}, dated)
        if patient.sex == "female":
            state = "not_pregnant" if plain else pick.choice(("not_pregnant", "not_pregnant", "pregnant", "breastfeeding", "trying"))
            self._entry(patient, "pregnancy", "pregnancy", f"Pregnancy: {state.replace('_', ' ')}", {"state": state}, dated)
        if plain:
            return
        for kind, names, chance in (("condition", _CONDITIONS, 0.5), ("medicine", _MEDICINES, 0.5), ("allergy", _ALLERGIES, 0.3)):
            if pick.random() < chance:
                label = pick.choice(names)
                since = (dated - dt.timedelta(days=pick.randrange(100, 3000))).isoformat()
                value: dict[str, Any] = {"label": label, "codings": [], "active": pick.random() < 0.8}
                extras: dict[str, dict[str, Any]] = {
                    "condition": {"refuted": False, "onset": since, "abatement": None},
                    "medicine": {"start": since, "end": None if value["active"] else dated.isoformat()},
                    "allergy": {"refuted": False, "criticality": ""},
                }
                self._entry(patient, kind, label.casefold().replace(" ", "_"), label, {**value, **extras[kind]}, dated)

    def _entry(self, patient: Patient, kind: str, key: str, label: str, value: dict[str, Any], dated: dt.date) -> None:
        at = max(patient.created_at, self._moment(dated))
        self.keep(HistoryEntry(
            **self._own(at), patient=patient, kind=kind, key=key, label=label[:300], value=value, dated=dated, origin=ORIGIN, state="accepted",
            decided_at=at, decided_by=self.by,
        ))  # fmt: skip

    # ── the course ──

    def _course(self, patient: Patient, application: str, number: int, stage: tuple[int | None, str], *, ready: bool) -> None:
        kind, pick = KINDS[application], self.random
        signed, state = stage
        done = kind.sessions if signed is None else min(signed, kind.sessions)
        next_on = self._next_on(number, ready)
        ended = state in ("maintenance", "stopped", "referred")
        last_on = self.today - dt.timedelta(days=pick.randrange(20, 200)) if ended else next_on - dt.timedelta(days=kind.interval_days)
        last_on = min(last_on, self.today - dt.timedelta(days=2))
        start = last_on - dt.timedelta(days=kind.interval_days * max(done - 1, 0)) if done else next_on
        begun = self._moment(min(start, self.today))
        course = Course(
            **self._own(begun), changed_at=begun, changed_by=self.by, patient=patient, application=application, indication=kind.indication, zone=kind.zone,
            protocol=kind.protocol, policy="mixture", jurisdiction="US", start_on=start if done else None, interval_days=kind.interval_days if done else None,
            sessions=kind.sessions if done else None, scheduled_at=begun if done else None, state=state, goal="Demo data: feel better in daily life",
            evaluation_after_treatments=kind.sessions if done else None,
        )  # fmt: skip
        self.keep(course)
        if not done:
            self._visit(course, 1, self.today if ready else next_on, "open" if ready else "planned")
            return
        self._before(course, kind, begun)
        baseline = pick.randrange(kind.baseline[0], kind.baseline[1] + 1)
        visits = []
        for count in range(1, done + 1):
            day = start + dt.timedelta(days=kind.interval_days * (count - 1))
            visits.append(self._signed(course, kind, count, day, volume=Decimal(kind.per_point_ml) * kind.points))
            self._score(course, visits[-1], kind, baseline + kind.step * (count - 1), day, is_baseline=count == 1)
        if number % 9 == 0:
            self._reaction(course, kind, visits[-1], application)
        if not ended and done < kind.sessions:
            self._visit(course, done + 1, next_on, "open" if next_on == self.today else "planned")
        if ended:
            self._decision(course, visits[-1], state, last_on)

    def _next_on(self, number: int, ready: bool) -> dt.date:
        """Some come today, the others on the working days of the coming weeks."""
        if ready or number % 17 == 5:
            return self.today
        day = self.today + dt.timedelta(days=1 + number % 35)
        return day + dt.timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)

    def _visit(self, course: Course, number: int, on: dt.date, state: str) -> None:
        at = course.created_at
        who = {**self._own(at), "changed_at": at, "changed_by": self.by}
        self.keep(Treatment(**who, course=course, patient=course.patient, number=number, planned_on=on, state=state))

    def _before(self, course: Course, kind: Kind, at: dt.datetime) -> None:
        parts, volume, result = _blend(kind.protocol, kind.presentation)
        version, blend, drawn = self.library.version, None, None
        if parts:
            blend = Formulation(**self._own(at), course=course, parts=parts, volume_ml=volume, result=result, confirmations=[], knowledge_version=version)
            self.keep(blend)
        mapped = _mapped(kind.protocol, self.today)
        if mapped:
            drawn = InjectionPlan(
                **self._own(at), course=course, technique=mapped.technique, areas=[area.as_dict() for area in mapped.areas],
                generator=mapped.generator.as_dict(), exceptions={"removed": list(mapped.removed), "added": []}, points=mapped.points,
                volume_ml=mapped.volume_ml, totals=mapped.as_dict(), knowledge_version=version,
            )  # fmt: skip
            self.keep(drawn)
        shown = list(self.library.indications[kind.indication].alternatives)
        talk = {"course": course, "shown": shown, "preference": "undecided", "note": "Demo data"}
        self.keep(AlternativesTalk(**self._own(at), **talk, knowledge_version=self.library.version))
        document = Document(
            **self._own(at), patient=course.patient, kind=Document.Kind.CONSENT, title="Consent (demo data)", content=self.pdf,
            sha256=hashlib.sha256(self.pdf).hexdigest(),
        )  # fmt: skip
        self.keep(document)
        self.keep(Consent(
            **self._own(at), course=course, plan_digest=plan_digest(course, blend, drawn), text_id="demo", text_version=1, language="en",
            sections=[{"heading": "Demo data", "body": "No person signed this."}], signer_name=str(course.patient)[:200], meaning="Demo data: nobody signed",
            signature_path="M0 20 L20 0 L40 20", signed_at=at, document=document, knowledge_version=self.library.version,
        ))  # fmt: skip

    def _signed(self, course: Course, kind: Kind, number: int, day: dt.date, *, volume: Decimal) -> Treatment:
        at = self._moment(day)
        visit = Treatment(
            **self._own(at), changed_at=at, changed_by=self.by, course=course, patient=course.patient, number=number, planned_on=day, given_on=day,
            state=Treatment.State.SIGNED, skin_preparation="Demo data", performed_by=self.by, pain_score=self.random.randrange(1, 6),
            immediate_reaction={"none": True, "signs": [], "note": ""}, observed_minutes=15, note="Demo data", signed_at=at, signed_by=self.by,
        )  # fmt: skip
        technique = self._protocol(kind).technique
        doses = []
        for side in kind.sides:
            dose = ZoneDose(
                **self._own(at), treatment=visit, zone=kind.zone, side=side, technique=technique, planned_points=kind.points, planned_volume_ml=volume,
                points=kind.points, volume_ml=volume, doses=self._milligrams(kind, volume),
            )  # fmt: skip
            self.keep(dose)
            doses.append({"zone": dose.zone, "side": side, "technique": technique, "points": dose.points, "volume_ml": str(volume), "doses": dose.doses})
        lot = self.lots[kind.presentation]
        self.keep(LotUse(**self._own(at), treatment=visit, lot=lot, volume_ml=volume * len(kind.sides)))
        content = {
            "treatment": str(visit.pk), "number": number, "given_on": day.isoformat(), "zones": doses, "lots": [lot.lot_number], "signed_by": str(self.by.pk),
            "note": "Demo data",
        }  # fmt: skip
        visit.signed_content = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        visit.sha256 = hashlib.sha256(visit.signed_content.encode()).hexdigest()
        self.keep(visit)
        return visit

    def _milligrams(self, kind: Kind, volume: Decimal) -> dict[str, str]:
        components = self.library.presentations[kind.presentation].components
        return {c.ingredient: str((c.strength.low * volume).normalize()) for c in components if c.strength.low is not None and c.strength.unit == "mg/mL"}

    def _protocol(self, kind: Kind) -> Protocol:
        return self.library.protocols[kind.protocol]

    def _score(self, course: Course, visit: Treatment, kind: Kind, value: int, day: dt.date, *, is_baseline: bool) -> None:
        item = self.library.scales[kind.scale].items[0]
        score = max(item.min, min(item.max, Decimal(value)))
        self.keep(ScaleScore(
            **self._own(self._moment(day)), patient=course.patient, course=course, treatment=visit, scale=kind.scale, items={item.id: str(score)}, score=score,
            measured_on=day, is_baseline=is_baseline,
        ))  # fmt: skip

    def _reaction(self, course: Course, kind: Kind, visit: Treatment, application: str) -> None:
        signs, hours = self.random.choice(((["bruise"], 24), (["redness", "swelling"], 20), (["tenderness"], 30)))
        at = min(self._moment(visit.planned_on) + dt.timedelta(hours=hours), self.at)
        found = triage(self.library, application=application, ingredients=self._protocol(kind).ingredients, signs=signs, hours_since=Decimal(hours), sites=1)
        self.keep(ReactionReport(
            **self._own(at), patient=course.patient, treatment=visit, reported_at=at, began_on=visit.planned_on, signs=signs, sites=1, zone=kind.zone,
            severity="mild", description="Demo data", triage=found.as_dict(), level=found.level, knowledge_version=self.library.version,
        ))  # fmt: skip

    def _decision(self, course: Course, visit: Treatment, state: str, day: dt.date) -> None:
        choice = {"maintenance": "continue", "stopped": "stop", "referred": "refer"}[state]
        self.keep(MaintenanceDecision(
            **self._own(self._moment(day)), course=course, treatment=visit, choice=choice, suggestion={}, reason="Demo data", next_on=None,
            knowledge_version=self.library.version,
        ))  # fmt: skip

    def _assess(self) -> None:
        """The verdict a clinician looked at on the courses under way, computed as the page computes it."""
        rows = []
        for course in Course.objects.of(self.clinic).filter(state=Course.State.ACTIVE).select_related("patient", "clinic"):
            now = candidacy_of(course, self.today, self.library)
            rows.append(Assessment(
                **self._own(course.created_at), course=course, verdict=now.verdict.state.value, findings=_findings(now.verdict.findings),
                missing=list(now.questions), intent=now.intent.as_dict(), inputs_digest=now.digest, knowledge_version=self.library.version,
                accepted=not now.stops,
            ))  # fmt: skip
        Assessment.objects.bulk_create(rows)


def _findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [finding.as_dict() for finding in findings]


@cache
def _blend(protocol: str, presentation: str) -> tuple[list[dict[str, Any]], Decimal, dict[str, Any]]:
    library: Library = load()
    known = library.protocols[protocol]
    part = next((p for p in known.blend if p.presentation == presentation), None)
    volume = (part.volume_ml.low if part else None) or Decimal(2)
    parts = [Part(presentation, volume)]
    application = library.indications[known.indication].application.value
    try:
        blend = compose(parts, library, policy="mixture", jurisdiction="US", application=application, technique=known.technique, protocol=protocol)
    except UnusableBlend:
        return [], volume, {}
    return [p.as_dict() for p in blend.parts], blend.volume_ml, {**blend.as_dict(), "doses": []}


@cache
def _mapped(protocol: str, today: dt.date) -> InjectionMap | None:
    """The map the protocol proposes, as the page would begin with it."""
    library: Library = load()
    known = library.protocols[protocol]
    application = library.indications[known.indication].application.value
    picture = PatientPicture(on=today, birth_date=today.replace(year=today.year - 40, day=1), sex="female")
    return make_plan(picture, intent_for(library, application, jurisdiction="US", protocol=protocol), library, today).injection_map


def _pdf(sentence: str) -> bytes:
    """The smallest page that says one thing."""
    stream = f"BT /F1 14 Tf 60 760 Td ({sentence}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + table + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(out)
