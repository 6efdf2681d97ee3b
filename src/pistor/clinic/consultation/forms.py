"""The history form: one question each, and *not asked* is an answer of its own."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from django import forms

from pistor.actions.consultation import NewEntry, Removal
from pistor.care.candidacy.questions import questions_that_matter
from pistor.care.consultation import Allergy, Condition, Kind, Medicine, PatientPicture
from pistor.care.intent import Intent
from pistor.clinic.shared.forms import Line, StepForm
from pistor.exchange.files import LIMIT_BYTES
from pistor.knowledge import Library
from pistor.knowledge.model import Question
from pistor.knowledge.typed import decimal_of
from pistor.records.consultation import HistoryEntry, Patient
from pistor.records.course import Course
from pistor.records.intent import intent_of
from pistor.records.picture import Unreadable, entry_value, plain_value

NOT_ASKED = ("", "Not asked")
UNKNOWN = ("unknown", "Does not know")
SECTIONS = {
    "goals": "Goals", "general": "General", "pain": "Pain and warning signs", "hair": "Hair", "fat": "Area under the chin",
    "skin": "Skin", "bleeding": "Bleeding", "illness": "Illnesses", "medicines": "Medicines and vaccines",
    "previous": "Earlier treatments", "mind": "Expectations and mind",
}  # fmt: skip
# Where one press may say no to all that stands open. The others are asked one by one: what opens a whole field (allergies, illnesses,
# medicines), warning signs of pain, what a label rules out under the chin, and whatever has no harmless answer.
TOGETHER = ("skin", "bleeding", "illness", "medicines", "previous")
ALONE = frozenset({"infection_here", "tumour_here", "previous_injection_reaction"})  # to be looked for on the skin; what foretells the worst
ELSEWHERE = ("birth_date", "sex", "jurisdiction", "pregnancy", "weight_kg", "height_cm")  # asked by fields of their own, or known from the chart
PREGNANCY = (
    NOT_ASKED, ("not_pregnant", "Not pregnant"), ("pregnant", "Pregnant"), ("trying", "Trying to become pregnant"), ("breastfeeding", "Breastfeeding"), UNKNOWN,
)  # fmt: skip
LISTS = {Kind.CONDITION: "Conditions", Kind.MEDICINE: "Medicines", Kind.ALLERGY: "Allergies"}
NEW_ROWS = 3
EDITABLE = 60  # of each list; what is older stands below to read
BACK = "set back to “not asked”"
STATES = {
    Kind.CONDITION: (("active", "Present now"), ("inactive", "Past")),
    Kind.MEDICINE: (("active", "Taken now"), ("inactive", "Stopped")),
    Kind.ALLERGY: (("active", "Allergic"), ("inactive", "No longer, or ruled out")),
}
_BEGIN = {Kind.CONDITION: "onset", Kind.MEDICINE: "start"}


def questions_for(library: Library, intent: Intent, sex: str) -> dict[str, list[Question]]:
    """The questions that matter for this treatment and patient, by section, in the order they are asked."""
    chosen: dict[str, list[Question]] = {section: [] for section in SECTIONS}
    matter = questions_that_matter(intent, library)
    for question in library.questions.values():
        other_sex = question.sex is not None and sex in ("female", "male") and question.sex != sex
        if question.id in matter and intent.application in question.applications and not other_sex and question.id not in ELSEWHERE:
            chosen[question.section].append(question)
    return {section: found for section, found in chosen.items() if found}


class HistoryForm(StepForm):
    """Made from the questions of the knowledge base and from what stands in the history now."""

    goal = forms.CharField(
        label="What the patient wants", help_text="In the patient's own words.", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    pregnancy = forms.ChoiceField(label="Pregnancy and breastfeeding", choices=PREGNANCY, required=False, widget=forms.RadioSelect)
    weight_kg = forms.CharField(label="Weight (kg)", required=False, max_length=10, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    height_cm = forms.CharField(label="Height (cm)", required=False, max_length=10, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    asked_again = forms.BooleanField(
        label="I asked again about what is unchanged", help_text="Every answer above then carries today's date.", required=False
    )

    def __init__(
        self, *args: Any, library: Library, patient: Patient, course: Course, entries: Sequence[HistoryEntry], picture: PatientPicture, **kwargs: Any
    ) -> None:
        self.picture, self.patient, self.course = picture, patient, course
        self.current = {(e.kind, e.key): e for e in entries}
        self.listed = {kind: _latest_first(e for e in entries if e.kind == kind) for kind in LISTS}
        self.questions = questions_for(library, intent_of(course, library), patient.sex)
        super().__init__(*args, version=patient.version, **kwargs)
        self.fields["goal"].initial = course.goal
        self.fields["pregnancy"].initial = picture.pregnancy[0].state if picture.pregnancy else ""
        if patient.sex == "male":
            del self.fields["pregnancy"]
        for name in ("weight_kg", "height_cm"):
            measured = getattr(picture, name)
            self.fields[name].initial = str(measured.value) if measured else ""
            self.fields[name].help_text = f"Measured {measured.date:%-d %b %Y}" if measured and measured.date else "Not asked"
        for question in self._asked():
            self._add_question(question)
        for kind in LISTS:
            self._add_list(kind)

    def _asked(self) -> Iterator[Question]:
        for section in self.questions.values():
            yield from section

    def _add_question(self, question: Question) -> None:
        said = self.picture.answers.get(question.id)
        if question.answer in ("yes_no", "choice"):
            named = [("yes", "Yes"), ("no", "No")] if question.answer == "yes_no" else [(c, _said(c)) for c in question.choices]
            field: forms.Field = forms.ChoiceField(label=question.text, choices=[NOT_ASKED, *named, UNKNOWN], required=False, widget=forms.RadioSelect)
        else:
            hint = "As 2026-11-23" if question.answer == "date" else question.unit or ""
            field = forms.CharField(label=question.text, max_length=20, required=False, help_text=hint)
        field.initial = said.value if said else ""
        self.fields[f"q_{question.id}"] = field
        self.fields[f"n_{question.id}"] = forms.CharField(
            label=f"Note: {question.text}", max_length=500, required=False, initial=said.note if said else "", widget=Line()
        )

    def _add_list(self, kind: Kind) -> None:
        for entry in self.listed[kind][:EDITABLE]:
            choices = [("", "As it is"), *STATES[kind], ("remove", "Remove: entered in error")]
            self.fields[f"e_{entry.pk}"] = forms.ChoiceField(label=f"Change {entry.label}", choices=choices, required=False)
        for row in range(NEW_ROWS):
            self.fields[f"new_{kind}_{row}"] = forms.CharField(
                label=f"Add to {LISTS[kind].lower()}, line {row + 1}", max_length=300, required=False,
                widget=Line(attrs={"list": f"known_{kind}", "autocomplete": "off", "dir": "auto"}),
            )  # fmt: skip
            self.fields[f"new_{kind}_{row}_state"] = forms.ChoiceField(label="State", choices=STATES[kind], required=False)
            self.fields[f"new_{kind}_{row}_since"] = forms.DateField(
                label="Since", required=False, widget=forms.DateInput(attrs={"type": "date"}),
                error_messages={"invalid": "Give the date as 2026-11-23, or leave it empty."},
            )  # fmt: skip

    # ── what was asked, as entries ──

    def entries(self, today: dt.date) -> list[NewEntry]:
        """What is new or changed; with *asked again* also what is unchanged."""
        return [*self._answers(), *self._measured(today), *self._new_listed(), *self._changed_listed()]

    def removals(self) -> list[Removal]:
        found = [Removal(e.pk, "entered in error") for kind in LISTS for e in self.listed[kind][:EDITABLE] if self.cleaned_data.get(f"e_{e.pk}") == "remove"]
        for kind, key, name in self._single():
            entry = self.current.get((kind, key))
            if entry is not None and name in self.fields and not self.cleaned_data.get(name) and (kind != Kind.MEASUREMENT):
                found.append(Removal(entry.pk, BACK))
        return found

    def _single(self) -> Iterator[tuple[Kind, str, str]]:
        for question in self._asked():
            yield Kind.ANSWER, question.id, f"q_{question.id}"
        yield Kind.PREGNANCY, "pregnancy", "pregnancy"

    def _answers(self) -> Iterator[NewEntry]:
        again = self.cleaned_data["asked_again"]
        for question in self._asked():
            value, note = self.cleaned_data.get(f"q_{question.id}") or "", self.cleaned_data.get(f"n_{question.id}") or ""
            said = self.picture.answers.get(question.id)
            if value and (again or said is None or (said.value, said.note) != (value, note)):
                yield NewEntry(Kind.ANSWER, question.text, {"value": value, "note": note}, key=question.id)
        state = self.cleaned_data.get("pregnancy") or ""
        if state and (again or not self.picture.pregnancy or self.picture.pregnancy[0].state != state):
            yield NewEntry(Kind.PREGNANCY, f"Pregnancy: {state.replace('_', ' ')}", {"state": state}, key="pregnancy")

    def _measured(self, today: dt.date) -> Iterator[NewEntry]:
        for name, unit in (("weight_kg", "kg"), ("height_cm", "cm")):
            text = _as_number(self.cleaned_data.get(name) or "")
            measured = getattr(self.picture, name)
            if text and (measured is None or text != str(measured.value)):
                yield NewEntry(Kind.MEASUREMENT, f"{name.split('_')[0].capitalize()} {text} {unit}", {"value": text, "unit": unit}, key=name, dated=today)

    def _new_listed(self) -> Iterator[NewEntry]:
        for kind in LISTS:
            for row in range(NEW_ROWS):
                label = (self.cleaned_data.get(f"new_{kind}_{row}") or "").strip()
                if label:
                    active = (self.cleaned_data.get(f"new_{kind}_{row}_state") or "active") == "active"
                    yield _listed(kind, label, active, self.cleaned_data.get(f"new_{kind}_{row}_since"))

    def _changed_listed(self) -> Iterator[NewEntry]:
        for kind in LISTS:
            for entry in self.listed[kind][:EDITABLE]:
                wanted = self.cleaned_data.get(f"e_{entry.pk}")
                if wanted in ("active", "inactive") and entry.value.get("active") is not (wanted == "active"):
                    yield NewEntry(kind, entry.label, _with_state(entry, wanted == "active"), key=entry.key, replaces=entry.pk)

    # ── for the page ──

    def sections(self) -> list[dict[str, Any]]:
        return [
            {
                "id": section,
                "title": SECTIONS[section],
                "asked": sum(q.id in self.picture.answers for q in questions),
                "done": not self.is_bound and all(self._asked_today(q) for q in questions),
                "together": section in TOGETHER and sum(map(self._asked_together, questions)) > 1,
                "found": list(filter(None, map(self._found, questions))),
                "rows": [
                    {
                        "question": q,
                        "field": self[f"q_{q.id}"],
                        "note": self[f"n_{q.id}"],
                        "said": self.picture.answers.get(q.id),
                        "together": self._asked_together(q),
                    }
                    for q in questions
                ],
            }
            for section, questions in self.questions.items()
        ]

    def _asked_together(self, question: Question) -> bool:
        return question.section in TOGETHER and question.answer == "yes_no" and question.id not in ALONE

    def _asked_today(self, question: Question) -> bool:
        said = self.picture.answers.get(question.id)
        return said is not None and said.date == self.picture.on

    def _found(self, question: Question) -> str:
        """A question whose answer is anything but a bare no, with that answer."""
        said = self.picture.answers.get(question.id)
        if said is None or (said.value == "no" and not said.note):
            return ""
        words = _said("does not know" if said.value == UNKNOWN[0] else said.value)
        return f"{question.text} {words}{f' ({said.note})' if said.note else ''}"

    def lists(self, library: Library) -> list[dict[str, Any]]:
        return [
            {
                "kind": kind.value,
                "title": title,
                "known": known_words(library, kind),
                "entries": [{"entry": e, "state": _state_of(e), "since": _since(e), "field": self[f"e_{e.pk}"]} for e in self.listed[kind][:EDITABLE]],
                "older": [{"entry": e, "state": _state_of(e), "since": _since(e)} for e in self.listed[kind][EDITABLE:]],
                "new": [(self[f"new_{kind}_{r}"], self[f"new_{kind}_{r}_state"], self[f"new_{kind}_{r}_since"]) for r in range(NEW_ROWS)],
            }
            for kind, title in LISTS.items()
        ]


def _said(value: str) -> str:
    words = value.replace("_", " ")
    return words[:1].upper() + words[1:]


def known_words(library: Library, kind: Kind) -> list[str]:
    """The words by which the knowledge base recognises things of this kind, to choose from."""
    return sorted({term for concept in library.concepts.values() if concept.kind == kind for term in concept.terms}, key=str.casefold)


def _as_number(typed: str) -> str:
    """As a number is kept; what is none stays as it was typed, and is refused with it."""
    try:
        return format(decimal_of(typed), "f")
    except ValueError:
        return typed.strip()


def _listed(kind: Kind, label: str, active: bool, since: dt.date | None) -> NewEntry:
    if kind is Kind.CONDITION:
        return NewEntry(kind, label, entry_value(Condition(label, (), active, False, since)))
    if kind is Kind.MEDICINE:
        return NewEntry(kind, label, entry_value(Medicine(label, (), active, since)))
    return NewEntry(kind, label, entry_value(Allergy(label, (), active)), dated=since)


def _with_state(entry: HistoryEntry, active: bool) -> dict[str, Any]:
    try:
        value = {**entry_value(plain_value(entry)), "active": active}
    except Unreadable:
        return {"label": entry.label, "codings": [], "active": active}
    return value if entry.kind == Kind.MEDICINE else {**value, "refuted": False}


def _latest_first(entries: Iterator[HistoryEntry]) -> list[HistoryEntry]:
    """What holds now before what is past, the latest first."""
    return sorted(entries, key=lambda e: isinstance(e.value, dict) and e.value.get("active") is False)


def _state_of(entry: HistoryEntry) -> str:
    value = entry.value if isinstance(entry.value, dict) else {}
    if value.get("refuted") is True:
        return "Ruled out"
    states = dict(STATES[Kind(entry.kind)])
    active = value.get("active")
    return "Not said whether now" if active is None else states["active" if active else "inactive"]


def _since(entry: HistoryEntry) -> dt.date | None:
    value = entry.value if isinstance(entry.value, dict) else {}
    text = value.get(_BEGIN.get(Kind(entry.kind), ""))
    try:
        return dt.date.fromisoformat(text) if text else (entry.dated if entry.kind == Kind.ALLERGY else None)
    except (TypeError, ValueError):
        return None


class ImportForm(StepForm):
    file = forms.FileField(
        label="Record of the patient",
        help_text=f"A FHIR R4 Bundle or an International Patient Summary, in JSON. At most {LIMIT_BYTES / 1e6:.0f} MB.",
        error_messages={"required": "Choose a file first.", "empty": "The file is empty; export the record again as a FHIR R4 Bundle in JSON."},
        widget=forms.FileInput(attrs={"accept": ".json,.yaml,.yml,application/json,application/fhir+json"}),
    )


DECIDE = (("accept", "Accept"), ("refuse", "Refuse"), ("", "Later"))


class ProposalsForm(StepForm):
    """Accept, refuse or leave each proposed fact; or all of a section that were left."""

    person_confirmed = forms.BooleanField(label="I checked: this record is about this patient", required=False)

    def __init__(self, *args: Any, proposals: Sequence[HistoryEntry], doubtful: bool, version: int, **kwargs: Any) -> None:
        super().__init__(*args, version=version, **kwargs)
        self.proposals = proposals
        if not doubtful:
            del self.fields["person_confirmed"]
        for kind in dict.fromkeys(p.kind for p in proposals):
            self.fields[f"all_{kind}"] = forms.ChoiceField(
                label="All others in this section", required=False, choices=(("", "Decide one by one"), ("accept", "Accept"), ("refuse", "Refuse"))
            )
        for proposal in proposals:
            self.fields[f"p_{proposal.pk}"] = forms.ChoiceField(label=proposal.label, required=False, choices=DECIDE, widget=forms.RadioSelect)

    def decided(self) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
        """Ids accepted and ids refused."""
        accepted, refused = [], []
        for proposal in self.proposals:
            choice = self.cleaned_data.get(f"p_{proposal.pk}") or self.cleaned_data.get(f"all_{proposal.kind}")
            if choice == "accept":
                accepted.append(proposal.pk)
            elif choice == "refuse":
                refused.append(proposal.pk)
        return accepted, refused
