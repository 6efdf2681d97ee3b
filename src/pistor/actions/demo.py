"""The demo clinic: invented patients in every stage of the four applications, the same each time it is made.

Written in bulk for speed, with the rows that the single actions would leave. Nothing here is a record of a person.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import models, transaction

from pistor.actions.aftercare import sheet_of
from pistor.actions.core import audit
from pistor.actions.devices import add_device, clean_device, use_device
from pistor.actions.injection_map import fields_of
from pistor.actions.prescriptions import prescribe
from pistor.actions.rooms import add_room, use_room
from pistor.actions.summaries import summary_row
from pistor.actions.syringes import check_syringe, make_syringe
from pistor.actions.treatment import content_to_sign
from pistor.care.alternatives import compare
from pistor.care.codes import OwnCode, in_signs, of_patient
from pistor.care.consent import consent_sheet
from pistor.care.consultation import PatientPicture
from pistor.care.evidence import Finding
from pistor.care.formulation import Blend, Part, compose
from pistor.care.injection_map import InjectionMap
from pistor.care.intent import intent_for
from pistor.care.plan import make_plan
from pistor.care.reactions import triage
from pistor.care.stock import Place, Take
from pistor.care.treatment import checklist, doses_in
from pistor.exchange.signed import aftercare_pdf, consent_pdf
from pistor.knowledge import Library, load
from pistor.knowledge.model import Protocol
from pistor.records.aftercare import AftercareSheet
from pistor.records.alternatives import AlternativesTalk
from pistor.records.base import uuid7
from pistor.records.candidacy import Assessment
from pistor.records.consent import Consent
from pistor.records.consultation import HistoryEntry, Patient, search_key
from pistor.records.course import Course
from pistor.records.documents import Document
from pistor.records.formulation import Formulation
from pistor.records.injection_map import InjectionPlan
from pistor.records.intent import candidacy_of
from pistor.records.latest import keep_latest, latest_blend_and_map
from pistor.records.maintenance import MaintenanceDecision
from pistor.records.outcomes import ScaleScore
from pistor.records.people import Clinic, User
from pistor.records.plan import plan_digest, plan_of
from pistor.records.reactions import ReactionReport
from pistor.records.room import given_checks
from pistor.records.signed import record_of, sha256
from pistor.records.stock import Lot, Product, StockMove, Vial
from pistor.records.summaries import TreatmentSummary
from pistor.records.syringes import Draw, Syringe
from pistor.records.treatment import LotUse, TimeOut, Treatment, ZoneDose

NAME = "Pistor demo clinic"
PATIENTS = 240
SEED = 20261123
ORIGIN = "demo data: asked at the visit"
NOBODY_SIGNED = "Demo data: nobody signed this."
USERS = (
    ("practitioner", "practitioner", "Dr", "Ada", "Demo"),
    ("nurse", "nurse", "", "Noor", "Demo"),
    ("frontdesk", "front_desk", "", "Finn", "Demo"),
    ("owner", "owner", "", "Olga", "Demo"),
)
# The four that stand ready to walk the whole journey, one for each application.
READY = {"pain": ("Journey", "Paolo"), "skin": ("Journey", "Sonia"), "hair": ("Journey", "Hanna"), "fat": ("Journey", "Fatou")}

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
    protocol: str
    presentation: str
    scale: str
    baseline: tuple[int, int]
    step: int  # of the score, from treatment to treatment
    preparation: str
    interval_days: int
    sessions: int


_ALCOHOL, _IODINE = "Isopropyl alcohol 70 %", "Povidone-iodine 10 %"
KINDS = {
    "pain": Kind("neck_pain", "neck", "neck_pain_lidocaine", "lidocaine_2pct", "nrs", (6, 9), -2, _ALCOHOL, 7, 3),
    "skin": Kind(
        "facial_skin_quality", "face", "facial_skin_hyaluronic_acid", "hyaluronic_acid_ncl_14mg_g",
        "fine_lines", (2, 4), -1, _IODINE, 30, 3,
    ),
    "hair": Kind("female_pattern_hair_loss", "scalp", "alopecia_minoxidil", "minoxidil_0_5pct", "hair_density", (90, 160), 3, _IODINE, 7, 10),
    "fat": Kind("submental_fat", "submental", "submental_deoxycholic_acid", "deoxycholic_acid_10mg_ml", "smfrs_pr", (2, 4), -1, _IODINE, 30, 6),
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
        self.received: dict[str, StockMove] = {}  # by the number of the lot

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
        self._consents_and_signatures()
        self._assess()
        self._treatment_room()
        audit(by=self.by, verb="load_demo", subject=self.clinic, at=self.at, patients=patients)

    def keep(self, row: models.Model) -> None:
        self.rows.setdefault(type(row), []).append(row)

    def _write(self) -> None:
        planned: tuple[type[models.Model], ...] = (
            Product, Lot, Vial, StockMove, Patient, HistoryEntry, Course, Treatment, Formulation, InjectionPlan, Syringe, Draw, TimeOut, AlternativesTalk,
            ZoneDose, LotUse, ScaleScore, ReactionReport, MaintenanceDecision, Document, Consent, AftercareSheet, TreatmentSummary,
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
        for kind, container, par in zip(KINDS.values(), map(Decimal, (5, 2, 10, 2)), (20, 100, 20, 20), strict=True):
            product = self._product(kind.presentation, container, par_units=container * par)
            for suffix, days, state in (("A", 400, "usable"), ("B", 20, "usable"), ("X", -30, "usable"), ("R", 200, "recalled"), ("Q", 300, "quarantined")):
                lot = self._lot(product, f"DEMO-{kind.indication[:4].upper()}-{suffix}", days, container * (60 if suffix == "A" else 3), state=state)
                if suffix == "A":
                    self.lots[kind.presentation] = lot
        diluent = self._product("sodium_chloride_09pct_benzyl_alcohol", Decimal(30), kind=Product.Kind.DILUENT)
        self._vial(self._lot(diluent, "DEMO-DILUENT", 200, Decimal(300)), Decimal(30))

    def _product(self, presentation: str, container: Decimal, **more: Any) -> Product:
        name = self.library.presentations[presentation].name
        given = {"presentation": presentation, "name": name, "kind": Product.Kind.PRODUCT, "unit": "mL", "container_units": container, **more}
        product = Product(**self._own(self.at - dt.timedelta(days=500)), **given)
        self.keep(product)
        return product

    def _lot(self, product: Product, number: str, days: int, units: Decimal, *, state: str = Lot.State.USABLE) -> Lot:
        lot = Lot(
            **self._own(self.at - dt.timedelta(days=500)), product=product, presentation=product.presentation, lot_number=number, manufacturer="Demo maker",
            expires_on=self.today + dt.timedelta(days=days), state=state,
        )  # fmt: skip
        self.keep(lot)
        self.received[number] = self._move(lot, Place.OUTSIDE, Place.SHELF, units)
        self.keep(self.received[number])
        return lot

    def _vial(self, lot: Lot, container: Decimal) -> None:
        """One for several patients that stands open since an hour, with some of it thrown away for a reason."""
        code, at = _code(lot.lot_number), self.at - dt.timedelta(hours=1)
        vial = Vial(**self._own(at), lot=lot, code=code, container_units=container, opened_at=at)
        self.keep(vial)
        self.keep(self._move(lot, Place.SHELF, Place.VIAL, container, vial))
        self.keep(self._move(lot, Place.VIAL, Place.WASTE, Decimal(2), vial, reason="contaminated"))

    def _move(self, lot: Lot, taken_from: Place, put_into: Place, units: Decimal, vial: Vial | None = None, *, reason: str = "") -> StockMove:
        at = vial.opened_at if vial else lot.created_at
        return StockMove(
            **self._own(at), lot=lot, vial=vial, taken_from=taken_from, put_into=put_into, units=units, unit="mL", booking=uuid7(), reason=reason
        )

    # ── the patient ──

    def _patient(self, number: int, application: str, name: tuple[str, str] | None) -> Patient:
        pick = self.random
        either = pick.choice(("female", "male"))
        sex = "female" if application == "hair" else either if not name else "male" if application == "pain" else "female"
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
            unanswerable = question.answer != "yes_no" and question.id not in _BEST  # a number or a date that only the patient has
            if application not in question.applications or question.id in _ELSEWHERE or other_sex or unanswerable or (not plain and pick.random() < 0.15):
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
            visits.append(self._given(course, kind, count, day))
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
        version = self.library.version
        blend, made = _blend(kind.protocol, kind.presentation), _mapped(kind.protocol, self.today)
        self.keep(Formulation(
            **self._own(at), course=course, parts=[part.as_dict() for part in blend.parts], volume_ml=blend.volume_ml,
            result={**blend.as_dict(), "doses": []}, confirmations=[], knowledge_version=version,
        ))  # fmt: skip
        self.keep(InjectionPlan(**self._own(at), course=course, **fields_of(made, self.library)))
        shown = [option.id for option in compare(self.library, course.application, course.indication).options]
        talk = {"course": course, "shown": shown, "preference": "undecided", "note": "Demo data"}
        self.keep(AlternativesTalk(**self._own(at), **talk, knowledge_version=version))

    def _given(self, course: Course, kind: Kind, number: int, day: dt.date) -> Treatment:
        """One treatment, recorded as its map plans it and not signed yet."""
        at = self._moment(day)
        visit = Treatment(
            **self._own(at), changed_at=at, changed_by=self.by, course=course, patient=course.patient, number=number, planned_on=day, given_on=day,
            state=Treatment.State.OPEN, checks={step.id: {"done": True, "note": ""} for step in checklist(self.library, course.application)},
            skin_preparation=kind.preparation, anaesthesia={"method": "none", "products": []}, performed_by=self.by, pain_score=self.random.randrange(1, 6),
            immediate_reaction={"none": True, "signs": [], "note": ""}, observed_minutes=15, note="Demo data",
        )  # fmt: skip
        self.keep(visit)
        blend, made = _blend(kind.protocol, kind.presentation), _mapped(kind.protocol, self.today)
        syringe = self._given_from(visit, kind, blend.volume_ml, made.needed_ml)
        for zone in made.zones:
            volume = zone.on_skin_ml or zone.volume_ml
            self.keep(ZoneDose(
                **self._own(at), treatment=visit, syringe=syringe, zone=zone.zone, side=zone.side, technique=zone.technique, plan=zone.key,
                given={"state": "given", "edits": {}, "on_skin": zone.rolled}, planned_points=zone.points, planned_volume_ml=volume, points=zone.points,
                volume_ml=volume, planned_passes=zone.passes, passes=zone.passes, inserted_length_mm=zone.inserted_length_mm,
                angle_deg=None if zone.angle_deg is None else int(zone.angle_deg), doses=doses_in(blend, volume),
            ))  # fmt: skip
        self.keep(LotUse(**self._own(at), treatment=visit, lot=self.lots[kind.presentation], volume_ml=blend.volume_ml))
        return visit

    def _given_from(self, visit: Treatment, kind: Kind, drawn: Decimal, given: Decimal) -> Syringe:
        """Its syringe, drawn from a lot of which so much more was received, read before the needle, and booked as it was given."""
        at, lot = visit.created_at, self.lots[kind.presentation]
        syringe = Syringe(
            **self._own(at), patient=visit.patient, treatment=visit, formulation=cast(Formulation, self.rows[Formulation][-1]),
            code=_code(f"{visit.patient.number} {visit.number}"), volume_ml=drawn, look="clear", looked_at=at, looked_by=self.by,
            use_before=at + dt.timedelta(hours=4), use_before_basis="Demo data", started_at=at, state=Syringe.State.GIVEN, state_at=at,
        )  # fmt: skip
        self.keep(syringe)
        self.keep(Draw(**self._own(at), syringe=syringe, lot=lot, presentation=lot.presentation, volume_ml=drawn))
        ways = ((Place.SHELF, Place.SYRINGE, drawn), (Place.SYRINGE, Place.PATIENT, given), (Place.SYRINGE, Place.WASTE, drawn - given))
        for taken_from, put_into, units in ways:
            if units:
                self.keep(StockMove(**self._own(at), lot=lot, taken_from=taken_from, put_into=put_into, units=units, unit="mL", booking=syringe.pk))
        self.received[lot.lot_number].units += drawn
        codes = {"patient_code": str(of_patient(visit.patient.number)), "syringe_code": str(OwnCode("S", syringe.code))}
        self.keep(TimeOut(**self._own(at), treatment=visit, syringe=syringe, passed=True, **codes))
        return syringe

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

    # ── what is signed: from the rows that were written, by the functions the single actions use ──

    def _consents_and_signatures(self) -> None:
        """Course by course, so that what its treatments share is read once."""
        courses = Course.objects.of(self.clinic).filter(scheduled_at__isnull=False).select_related("patient", "clinic")
        for course in courses:
            keep_latest(course)
            self._consent(course)
        self._write()
        visits: dict[uuid.UUID, list[Treatment]] = {}
        for visit in Treatment.objects.of(self.clinic).filter(given_on__isnull=False).order_by("number"):
            visits.setdefault(visit.course_id, []).append(visit)
        coming = Treatment.objects.of(self.clinic).filter(given_on=None, planned_on__lte=self.today + dt.timedelta(days=7))
        soon = set(coming.values_list("course", flat=True))
        for course in courses:
            self._sign(course, visits[course.pk])
            if course.pk in soon:
                self._summary(visits[course.pk][-1])
        given = [visit for of_course in visits.values() for visit in of_course]
        Treatment.objects.bulk_update(given, ["signed_by", "signed_at", "state", "signed_content", "sha256"], batch_size=200)
        self._write()

    def _consent(self, course: Course) -> None:
        """Nobody signed it, and it says so where the meaning of the signature stands."""
        plan, at = plan_of(course), course.created_at
        if plan is None:
            raise RuntimeError(f"the demo's course of {course.indication} has no plan")
        sheet, name = consent_sheet(self.library, plan, "en", self.clinic.name), str(course.patient)
        digest, sections = plan_digest(course, *latest_blend_and_map(course)), [section.as_dict() for section in sheet.sections]
        pdf = consent_pdf(
            title=sheet.title, language=sheet.language, sections=sections, name=name, birth_date=course.patient.birth_date, clinic=self.clinic.name,
            signer_name=name, signer_kind="patient", meaning=NOBODY_SIGNED, signature_path="", at=at.astimezone(ZoneInfo(self.clinic.time_zone)),
            plan_digest=digest, text=f"{sheet.text_id} {sheet.version}", knowledge_version=self.library.version,
        )  # fmt: skip
        self.keep(Consent(
            **self._own(at), course=course, plan_digest=digest, text_id=sheet.text_id, text_version=sheet.version, language=sheet.language,
            sections=sections, signer_name=name[:200], meaning=NOBODY_SIGNED, signature_path="", signed_at=at,
            document=self._document(course.patient, Document.Kind.CONSENT, sheet.title, pdf, at), knowledge_version=self.library.version,
        ))  # fmt: skip

    def _sign(self, course: Course, visits: list[Treatment]) -> None:
        """The record of each treatment, and the aftercare sheet of the last one."""
        blend_row, drawn = latest_blend_and_map(course)
        if blend_row is None or drawn is None:
            raise RuntimeError(f"the demo's course of {course.indication} has no blend or no map")
        blend = Blend.from_dict(blend_row.result)
        for visit in visits:
            visit.course, visit.patient, visit.clinic = course, course.patient, self.clinic
            record = record_of(visit)
            checks = given_checks(visit, record, blend, self.library)
            visit.signed_by, visit.signed_at, visit.state = self.by, visit.created_at, Treatment.State.SIGNED
            visit.signed_content = content_to_sign(visit, record, blend_row, drawn, checks, self.library, by=self.by, at=visit.created_at)
            visit.sha256 = sha256(visit.signed_content)
        self._sheet(visits[-1])

    def _summary(self, visit: Treatment) -> None:
        """What is looked at before the next treatment. Of the others none is kept: the 500 of them would take ten seconds at each start."""
        row = summary_row(visit, TreatmentSummary.Occasion.SIGNED, self.today, by=self.by, at=visit.created_at)
        self.keep(row.document)
        self.keep(row)

    def _sheet(self, visit: Treatment) -> None:
        made, at = sheet_of(visit, self.library, "en"), visit.created_at
        pdf = aftercare_pdf(sheet=made.as_dict(), name=str(visit.patient), clinic=self.clinic.name, phone=self.clinic.phone)
        self.keep(AftercareSheet(
            **self._own(at), treatment=visit, language=made.language, content={**made.as_dict(), "phone": self.clinic.phone}, how="printed",
            document=self._document(visit.patient, Document.Kind.AFTERCARE, made.title, pdf, at), knowledge_version=self.library.version,
        ))  # fmt: skip

    def _document(self, patient: Patient, kind: str, title: str, pdf: bytes, at: dt.datetime) -> Document:
        document = Document(**self._own(at), patient=patient, kind=kind, title=title, content=pdf, sha256=hashlib.sha256(pdf).hexdigest())
        self.keep(document)
        return document

    def _treatment_room(self) -> None:
        """By the single actions: prescriptions for who comes today, a device that was cleaned, and a syringe made from a lot for one of them."""
        nurse, until = self.users["nurse"], self.today + dt.timedelta(days=180)
        Product.objects.of(self.clinic).filter(presentation__in=self.lots).update(prescription=Product.Prescription.YES)
        today = Treatment.objects.of(self.clinic).filter(state=Treatment.State.OPEN, planned_on=self.today)
        for kind in KINDS.values():
            for visit in today.filter(course__indication=kind.indication):
                prescribe(
                    visit=visit, presentation=kind.presentation, directions="As planned. Demo data", valid_from=self.today, valid_until=until, by=self.by,
                    at=self.at,
                )  # fmt: skip
        service, presentation = self.today + dt.timedelta(days=90), KINDS["pain"].presentation
        gun = add_device(kind="meso_gun", name="Injection gun, room 1", serial="DEMO-1", service_due_on=service, by=self.by, at=self.at)
        clean_device(device=gun, method="parts_replaced", water="sterile", note="Demo data", by=nurse, at=self.at)
        waiting = today.filter(course__indication=KINDS["pain"].indication, course__scheduled_at__isnull=False)
        planned = waiting.select_related("course").order_by("created_at", "pk").first()
        if planned is None:  # a demo of few patients
            return
        rooms = [add_room(name=name, by=self.by, at=self.at) for name in ("Room 1", "Room 2")]
        use_room(visit=planned, room=rooms[0], by=nurse, at=self.at)
        use_device(visit=planned, device=gun, settings="2 mm, 0.1 mL a point. Demo data", by=nurse, at=self.at)
        take = Take(self.lots[presentation].pk, _blend(KINDS["pain"].protocol, presentation).volume_ml, "mL")
        made = make_syringe(visit=planned, takes=[take], look="clear", own_hours=Decimal(4), own_basis="Demo data", by=nurse, at=self.at)
        check_syringe(syringe=made, look="clear", by=self.by, at=self.at)

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


def _code(of: str) -> str:
    """A code for a label that is the same each time the demo is made."""
    return in_signs(int(hashlib.sha256(of.encode()).hexdigest()[:12], 16))


@cache
def _blend(protocol: str, presentation: str) -> Blend:
    """One product, as much of it as the map needs, in whole millilitres."""
    library: Library = load()
    known = library.protocols[protocol]
    application = library.indications[known.indication].application.value
    volume = _mapped(protocol, dt.date(2026, 1, 1)).volume_ml.to_integral_value(ROUND_CEILING)
    parts = [Part(presentation, volume)]
    return compose(parts, library, policy="mixture", jurisdiction="US", application=application, technique=known.technique, protocol=protocol)


@cache
def _mapped(protocol: str, today: dt.date) -> InjectionMap:
    """The map the protocol proposes, as the page would begin with it."""
    library: Library = load()
    known = library.protocols[protocol]
    application = library.indications[known.indication].application.value
    picture = PatientPicture(on=today, birth_date=today.replace(year=today.year - 40, day=1), sex="female")
    made = make_plan(picture, intent_for(library, application, jurisdiction="US", protocol=protocol), library, today).injection_map
    if made is None:
        raise RuntimeError(f"the protocol {protocol} proposes no map")
    return made
