"""How many things a person does with hand or keyboard for a task of the treatment room, counted in Chromium.

Each press of the pointer is 1, each key that is not typing into a field is 1, each field that is typed into is 1, each scan is 1, and a choice from a list that
opens is 2: opening it and choosing. Reading and scrolling are 0. A listener that this file puts into the page counts what arrives there;
nothing of the product takes part. What a hand scanner types arrives in the field at once and ends with Enter: that is the scan.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.stories.server import Server

from benchmarks.common import noise, report

PASSWORD = "three grey herons at noon"
COUNTER = """
(() => {
  let typedInto = null;
  const typing = (e) => e.target.matches?.("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea") && (e.key.length === 1 || e.key === "Backspace" || e.key === "Delete") && !e.ctrlKey;
  addEventListener("pointerdown", () => { typedInto = null; counted("press"); }, true);
  addEventListener("keydown", (e) => {
    if (["Shift", "Control", "Alt", "Meta"].includes(e.key) || window.scanning) return;
    if (!typing(e)) counted("key");
    else if (typedInto !== e.target) { typedInto = e.target; counted("field"); }
  }, true);
})();
"""
PREPARE = """
import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
from pistor.actions.time_out import time_out
from pistor.actions.treatment import sign_treatment
from pistor.records.people import User
from pistor.records.stock import Product
from pistor.records.treatment import Treatment
from tests import factories, ready
factories.NOW = ready.NOW = dt.datetime.now(dt.UTC)
ready.TODAY = ready.NOW.date()
clinic = factories.clinic(time_zone="UTC", jurisdiction="GB")
person = factories.user(clinic, "practitioner", username="charts")
person.set_password({password!r})
person.save()
people = SimpleNamespace(practitioner=person, clinic=clinic)
lots = [ready.lot(clinic, number=number) for number in ("FIRST", "SECOND")]
Product.objects.update(prescription="no")

def charted(spacing, per_point, zones=("neck",), sides=("mid",)):
    visit = ready.planned_visit(people, spacing=spacing, volume="10", per_point=per_point, zones=zones)
    ready.consented(visit, person)
    return visit

one = charted({one_spacing!r}, "0.05")
three = charted({three_spacing!r}, "0.02", zones=("neck", "shoulder", "lumbar"))
first = charted({one_spacing!r}, "0.05")
made = ready.syringe(first, person, of=lots[0], volume="10", at=ready.NOW)
time_out(visit=first, patient_code=first.patient.number, syringe_code=made.code, by=person, at=ready.NOW)
sign_treatment(visit=first, entry=ready.full_entry(first), by=person, at=ready.NOW)
again = Treatment.objects.filter(course=first.course, state="planned").order_by("number").first()
Treatment.objects.filter(pk=again.pk).update(planned_on=ready.TODAY)
print(one.pk, three.pk, again.pk, lots[1].pk)
"""
