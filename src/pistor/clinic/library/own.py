"""A clinic's own versions: copy and edit, see the difference from the published one, approve what a colleague proposed."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from pistor.actions.core import Refused
from pistor.actions.library import GRADES, decide_entry, propose_entry, withdraw_entry
from pistor.clinic.library.presenters import GRADES as GRADE_WORDS
from pistor.clinic.library.presenters import words
from pistor.clinic.shared.access import page
from pistor.clinic.shared.drafts import drafts_for
from pistor.clinic.shared.forms import StepForm
from pistor.knowledge import load
from pistor.knowledge import model as m
from pistor.knowledge.diff import compare, said
from pistor.knowledge.local import COPYABLE, Leaf, leaves
from pistor.knowledge.outline import label_of
from pistor.knowledge.reading import title
from pistor.records.library import LocalEntry, library_of
from pistor.records.people import Capability

FIELD = "leaf_"


class CopyForm(StepForm):
    """One field for each value that may be edited, and where the clinic's values come from."""

    source_title = forms.CharField(label="Where your values come from", help_text="The label, leaflet or protocol in your hand.", max_length=300)
    source_at = forms.CharField(label="The place in it", help_text="Section or page.", max_length=200)
    grade = forms.ChoiceField(label="How strong is it", choices=[(grade, f"{grade}: {GRADE_WORDS[grade]}") for grade in GRADES], initial="A")
    reason = forms.CharField(label="Why the clinic needs its own version", max_length=300)

    def __init__(self, *args: Any, leaves: tuple[Leaf, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.leaves = leaves
        for number, leaf in enumerate(leaves):
            long = not leaf.number and len(leaf.value) > 60
            widget = forms.Textarea(attrs={"rows": 3}) if long else forms.TextInput(attrs={"inputmode": "decimal"} if leaf.number else {})
            label = f"{leaf.label}, {leaf.unit}" if leaf.unit and leaf.unit not in leaf.label else leaf.label
            self.fields[f"{FIELD}{number}"] = forms.CharField(
                label=label if label.startswith("pH") else label[:1].upper() + label[1:], initial=leaf.value, required=False, max_length=4000, widget=widget
            )

    def changes(self) -> dict[str, str]:
        written = ((leaf, self.cleaned_data[f"{FIELD}{number}"]) for number, leaf in enumerate(self.leaves))
        return {leaf.path: text for leaf, text in written if text.strip() != leaf.value.strip()}

    @property
    def values(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(FIELD)]

    @property
    def origin(self) -> list[forms.BoundField]:
        return [self[name] for name in ("source_title", "source_at", "grade", "reason")]


class DecideForm(StepForm):
    note = forms.CharField(label="Note", required=False, max_length=300)


@page(Capability.SEE_CLINICAL)
def own(request: HttpRequest) -> HttpResponse:
    """What this clinic added, what waits for a second person first."""
    rows = LocalEntry.objects.of(request.user.clinic).select_related("created_by").order_by("-created_at")[:200]  # type: ignore[union-attr]
    order = [LocalEntry.State.PROPOSED, LocalEntry.State.APPROVED, LocalEntry.State.REFUSED, LocalEntry.State.WITHDRAWN]
    groups = [(state.label, [_line(row) for row in rows if row.state == state]) for state in order]
    return _shown(request, "library/own.html", {"groups": [group for group in groups if group[1]]})


@page(Capability.DECIDE)
def copy(request: HttpRequest, kind: str, id_: str) -> HttpResponse:
    library = library_of(request.user.clinic)  # type: ignore[union-attr]
    if kind not in COPYABLE or id_ not in getattr(library, kind):
        raise Http404
    entry = getattr(library, kind)[id_]
    form, status = CopyForm(request.POST or None, leaves=leaves(kind, entry)), 200
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            row = propose_entry(
                kind=kind, id_=id_, changes=form.changes(), source_title=data["source_title"], source_at=data["source_at"], grade=data["grade"],
                reason=data["reason"], by=request.user, at=request.at, token=data["token"], location=reverse("library:own"),  # type: ignore[arg-type, attr-defined]
            )  # fmt: skip
            return HttpResponseRedirect(reverse("library:own_entry", args=[row.pk]))
        except Refused as refused:
            status = 409
            for reason in refused.reasons:
                form.add_error(None, reason)
    elif form.is_bound:
        status = 422
    return _shown(request, "library/copy.html", {"form": form, "entry": title(entry), "kind": words(kind)}, status)


@page(Capability.SEE_CLINICAL, write=Capability.DECIDE)
def own_entry(request: HttpRequest, row_id: uuid.UUID) -> HttpResponse:
    """One version with its difference from what it was copied from; approve, refuse or withdraw it here."""
    rows = LocalEntry.objects.of(request.user.clinic).select_related("created_by", "decided_by")  # type: ignore[union-attr]
    row = rows.filter(pk=row_id).first()
    if row is None:
        raise Http404
    form, status = DecideForm(request.POST or None), 200
    here = reverse("library:own_entry", args=[row.pk])
    if form.is_bound and form.is_valid():
        given: dict[str, Any] = {"row": row, "note": form.cleaned_data["note"], "by": request.user, "at": request.at, "location": here}  # type: ignore[attr-defined]
        given["token"] = form.cleaned_data["token"]
        try:
            match request.POST.get("do"):
                case "approve":
                    decide_entry(approve=True, **given)
                case "withdraw":
                    withdraw_entry(**given)
                case _:
                    decide_entry(approve=False, **given)
            return HttpResponseRedirect(here)
        except Refused as refused:
            status = 409
            row = rows.get(pk=row_id)
            for reason in refused.reasons:
                form.add_error(None, reason)
    elif form.is_bound:
        status = 422
    may = request.user.may(Capability.DECIDE)  # type: ignore[union-attr]
    context = {
        **_line(row), "row": row, "form": form, "changes": _changes(row), "own": row.created_by_id == request.user.pk, "may": may,
        "waiting": row.state == LocalEntry.State.PROPOSED, "in_use": row.state == LocalEntry.State.APPROVED,
    }  # fmt: skip
    return _shown(request, "library/own_entry.html", context, status)


def _line(row: LocalEntry) -> dict[str, Any]:
    by = row.created_by.printed_name if row.created_by else ""
    return {
        "title": title(row.entry()),
        "kind": words(row.kind),
        "url": reverse("library:own_entry", args=[row.pk]),
        "by": by,
        "at": row.created_at,
        "reason": row.reason,
    }


def _changes(row: LocalEntry) -> list[dict[str, str]]:
    """What differs from the published entry it was copied from, in words."""
    published = getattr(load(), row.kind).get(row.copied_from)
    if published is None:
        return []
    before = {row.kind: {row.entry_id: published.model_dump(mode="json", by_alias=True)}}
    after = {row.kind: {row.entry_id: m.KINDS[row.kind].model_validate(row.body).model_dump(mode="json", by_alias=True)}}
    found = [change for change in compare(before, after) if change.weight in ("clinical", "wording") and change.path != "id"]
    return [
        {"what": ", ".join(label_of(step) for step in change.path.split(".")), "before": said(change.before), "after": said(change.after)} for change in found
    ]


def _shown(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    frame = {"frame": "library/frame.html", "home": reverse("library:index"), "root": None, "draft": drafts_for(request)}
    return render(request, template, {**context, **frame}, status=status)
