"""The seeded clinic: 50,000 patients, ten years of treatments, each from one syringe drawn from its lots; the same for the same seed.

Rows are written in bulk and look as the actions leave them; a hundred "open" visits at the end are walked by ``pages``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import itertools
import random
import time
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from benchmarks.common import setup_django

FIRST = "Ana Bruno Carla Diego Elena Farid Gina Hugo Inés Jonas Karin Luis Maria Nadia Omar Paula Quentin Rosa Samir Tina Ugo Vera Walid Xenia Yara Zoé".split()
LAST = "Almeida Bianchi Costa Dupont Esposito Ferrari García Hansen Ivanov Jensen Kowalski López Moreau Novák Okafor Pereira Quispe Rossi Santos Tanaka".split()
INDICATIONS = (
    ("pain", "neck_pain", "neck"),
    ("skin", "facial_skin_quality", "face"),
    ("hair", "androgenetic_alopecia", "scalp"),
    ("fat", "submental_fat", "submental"),
)
PRODUCTS = {"pain": "lidocaine_2pct", "skin": "hyaluronic_acid_ncl_14mg_g", "hair": "minoxidil_0_5pct", "fat": "deoxycholic_acid_10mg_ml"}
DILUENT = "sodium_chloride_09pct"  # in half of the syringes, whatever else is in them
LOT_DAYS = 91  # how long the clinic draws from one lot of a product
OPERATORS, ROOMS = 6, 4
END = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./pistor bench seed")
    parser.add_argument("--patients", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    setup_django()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    begin = time.perf_counter()
    counts = Seeder(options.patients, options.seed).run()
    print(", ".join(f"{number:,} {name}" for name, number in counts.items()), f"in {time.perf_counter() - begin:.0f} s")


class Seeder:
    """Makes the rows patient by patient and writes them a thousand patients at a time."""

    def __init__(self, patients: int, seed: int) -> None:
        self.patients = patients
        self.random = random.Random(seed)
        self.counts: dict[str, int] = {}
        self.syringes = 0
        from pistor.knowledge import load

        self.asked = [id_ for id_, question in load().questions.items() if question.answer == "yes_no"][:12]

    def run(self) -> dict[str, int]:
        from pistor.records.people import Clinic, User
        from pistor.records.rooms import Room

        self.clinic = Clinic.objects.create(name="Benchmark clinic", jurisdiction="GB", policy="mixture", is_demo=True)
        self.user = User(username="bench", clinic=self.clinic, role="practitioner", first_name="Rosa", last_name="Bench")
        self.user.set_password("bench-password-for-loopback")
        self.user.save()
        own = {"clinic": self.clinic, "role": "practitioner", "first_name": "Op"}
        self.operators = [User(**own, username=f"operator{number}", last_name=f"Bench{number}") for number in range(OPERATORS)]
        self.rooms = [Room(**self.common(END), name=f"Room {number}") for number in range(1, ROOMS + 1)]
        self.write([*self.operators, *self.rooms, *self.shelf()])
        for chunk in batched(range(self.patients), 1000):
            self.write(list(itertools.chain.from_iterable(self.patient(number) for number in chunk)))
        return self.counts

    def write(self, rows: list[Any]) -> None:
        from django.db import transaction

        by_model: dict[type, list[Any]] = {}
        for row in rows:
            by_model.setdefault(type(row), []).append(row)
        with transaction.atomic():
            for model, group in by_model.items():
                model.objects.bulk_create(group, batch_size=2000)
                self.counts[model._meta.verbose_name_plural] = self.counts.get(model._meta.verbose_name_plural, 0) + len(group)

    def shelf(self) -> Iterator[Any]:
        """One lot after the other of each product and of the diluent, through all the years."""
        from pistor.records.stock import Lot, Product

        begin = (END - dt.timedelta(days=3700)).date()
        self.lots: dict[tuple[str, int], Any] = {}
        for presentation in (*PRODUCTS.values(), DILUENT):
            product = Product(**self.common(END), presentation=presentation, name=presentation.replace("_", " "), kind="product", unit="mL")
            yield product
            for turn in range(4100 // LOT_DAYS + 1):
                opened = begin + dt.timedelta(days=turn * LOT_DAYS)
                at = dt.datetime.combine(opened, dt.time(9), dt.UTC)
                number, expires_on = f"{presentation[:4].upper()}-{turn:03}", opened + dt.timedelta(days=700)
                lot = Lot(**self.common(at), product=product, presentation=presentation, lot_number=number, expires_on=expires_on)
                self.lots[presentation, turn] = lot
                yield lot

    def lot(self, presentation: str, on: dt.date) -> Any:
        return self.lots[presentation, (on - (END - dt.timedelta(days=3700)).date()).days // LOT_DAYS]

    def common(self, at: dt.datetime) -> dict[str, Any]:
        return {"clinic": self.clinic, "created_at": at, "created_by": self.user}

    def patient(self, number: int) -> Iterator[Any]:
        from pistor.records.consultation import HistoryEntry, Patient, search_key

        pick = self.random
        first_visit = END - dt.timedelta(days=pick.randrange(30, 3650))
        family, given = f"{pick.choice(LAST)}{number % 997:03}", pick.choice(FIRST)
        patient = Patient(
            **self.common(first_visit), changed_at=first_visit, number=f"B{number:06}", family_name=family, given_name=given,
            birth_date=dt.date(pick.randrange(1940, 2004), pick.randrange(1, 13), pick.randrange(1, 29)), sex=pick.choice(("female", "male")),
            search=search_key(family, given, f"B{number:06}"),
        )  # fmt: skip
        yield patient
        entries = [
            ("measurement", "weight_kg", {"value": str(pick.randrange(50, 110)), "unit": "kg"}),
            ("measurement", "height_cm", {"value": str(pick.randrange(150, 195)), "unit": "cm"}),
            *(("answer", question, {"value": "no", "note": ""}) for question in self.asked),
        ]
        if pick.random() < 0.2:
            entries.append(("medicine", "warfarin", {"label": "Warfarin", "codings": [], "active": True, "start": None, "end": None}))
        for kind, key, value in entries:
            yield HistoryEntry(
                **self.common(first_visit), patient=patient, kind=kind, key=key, label=key, value=value, dated=first_visit.date(), origin="asked at the visit"
            )
        for index in range(2):
            yield from self.course(patient, first_visit + dt.timedelta(days=index * 400), latest=index == 1)

    def course(self, patient: Any, begin: dt.datetime, *, latest: bool) -> Iterator[Any]:
        from pistor.records.candidacy import Assessment
        from pistor.records.consent import Consent
        from pistor.records.course import Course
        from pistor.records.documents import Document
        from pistor.records.formulation import Formulation
        from pistor.records.outcomes import ScaleScore

        application, indication, zone = self.random.choice(INDICATIONS)
        course = Course(
            **self.common(begin), patient=patient, application=application, indication=indication, zone=zone, policy="mixture", jurisdiction="GB",
            protocol="", start_on=begin.date(), interval_days=28, sessions=5, evaluation_after_treatments=3,
            scheduled_at=begin, state="active" if latest else "maintenance", changed_at=begin,
        )  # fmt: skip
        yield course
        yield Assessment(
            **self.common(begin), course=course, verdict="eligible", findings=[], intent={}, inputs_digest="0" * 64, knowledge_version="bench", accepted=True
        )
        document = Document(**self.common(begin), patient=patient, kind="consent", title="Consent", content=b"%PDF-bench" * 50, sha256="0" * 64)
        yield document
        yield Consent(
            **self.common(begin), course=course, plan_digest="0" * 64, text_id="bench", text_version=1, language="en", sections=[], signer_name="Bench",
            meaning="I agree", signature_path="M0 0L9 9", signed_at=begin, document=document, knowledge_version="bench",
        )  # fmt: skip
        parts = [{"presentation": id_, "volume_ml": "3.0"} for id_ in (PRODUCTS[application], *([DILUENT] if self.random.random() < 0.5 else []))]
        blend = Formulation(**self.common(begin), course=course, parts=parts, volume_ml=Decimal("3.0") * len(parts), result={}, knowledge_version="bench")
        yield blend
        for number in range(1, 6):
            at = begin + dt.timedelta(days=28 * (number - 1))
            yield from self.treatment(course, patient, zone, number, at, signed=at < END, blend=blend)
            if number in (1, 3, 5) and at < END:
                yield ScaleScore(
                    **self.common(at), patient=patient, course=course, scale="nrs", items={"nrs": "5"}, score=Decimal(9 - number), measured_on=at.date(),
                    is_baseline=number == 1,
                )  # fmt: skip

    def treatment(self, course: Any, patient: Any, zone: str, number: int, at: dt.datetime, *, signed: bool, blend: Any) -> Iterator[Any]:
        from pistor.records.syringes import Draw, Syringe
        from pistor.records.treatment import LotUse, Treatment, ZoneDose

        content = f'{{"bench":"{course.pk}","number":{number}}}'
        operator = self.random.choice(self.operators)
        treatment = Treatment(
            **self.common(at), course=course, patient=patient, number=number, planned_on=at.date(), changed_at=at, performed_by=operator,
            room=self.random.choice(self.rooms) if signed else None,
            given_on=at.date() if signed else None, state="signed" if signed else "planned", signed_at=at if signed else None,
            signed_by=self.user if signed else None, signed_content=content if signed else "",
            sha256=hashlib.sha256(content.encode()).hexdigest() if signed else "",
        )  # fmt: skip
        yield treatment
        if not signed:
            return
        self.syringes += 1
        syringe = Syringe(
            **self.common(at), patient=patient, treatment=treatment, formulation=blend, code=f"{self.syringes:010}", volume_ml=blend.volume_ml, look="clear",
            use_before=at + dt.timedelta(hours=4), use_before_basis="bench", started_at=at, state="given", state_at=at,
        )  # fmt: skip
        yield syringe
        for side in ("left", "right"):
            yield ZoneDose(
                **self.common(at), treatment=treatment, zone=zone, side=side, technique="point_by_point", planned_points=30, syringe=syringe,
                planned_volume_ml=Decimal("3.0"), points=30, volume_ml=Decimal("3.0"), doses={"lidocaine": "12.0"},
            )  # fmt: skip
        for part in blend.parts:
            drawn = {"lot": self.lot(part["presentation"], at.date()), "volume_ml": Decimal("3.0")}
            yield LotUse(**self.common(at), treatment=treatment, **drawn)
            yield Draw(**self.common(at), syringe=syringe, presentation=part["presentation"], **drawn)


def batched(items: Iterable[int], size: int) -> Iterator[list[int]]:
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk
