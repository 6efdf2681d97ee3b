"""Documents that are frozen when they are given: consent, aftercare sheet, summary of a treatment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from pistor.care.aftercare import day_in, moment_in
from pistor.exchange.documents import render_pdf

SIGNATURE_BOX = (320, 110)  # the pad's own units

_WORDS = {
    "en": {
        "born": "born", "unknown_birth": "date of birth not recorded", "signed": "Signed", "by": "Signed by", "patient": "patient",
        "guardian": "legal representative", "plan": "Plan", "typed": "Signed by typing the name.",
    },
    "fr": {
        "born": "né(e) le", "unknown_birth": "date de naissance non notée", "signed": "Signé le", "by": "Signé par", "patient": "patient",
        "guardian": "représentant légal", "plan": "Plan", "typed": "Signé en tapant le nom.",
    },
}  # fmt: skip


def consent_pdf(
    *,
    title: str,
    language: str,
    sections: Sequence[Mapping[str, Any]],
    name: str,
    birth_date: dt.date | None,
    clinic: str,
    signer_name: str,
    signer_kind: str,
    meaning: str,
    signature_path: str,
    at: dt.datetime,
    plan_digest: str,
    text: str,
    knowledge_version: str,
) -> bytes:
    """The consent as it was signed. ``at`` is in the clinic's own time."""
    words = _WORDS[language]
    footer = f"{title}, {moment_in(language, at)}. {text}. {words['plan']} {plan_digest[:12]}. {knowledge_version}"
    return render_pdf("consent", {
        "title": title, "lang": language, "name": name, "born": f"{words['born']} {day_in(language, birth_date)}" if birth_date else words["unknown_birth"],
        "clinic": clinic, "on": day_in(language, at), "footer": footer, "sections": [_section(section) for section in sections],
        "signed_word": words["signed"], "signed": moment_in(language, at), "by_word": words["by"], "signer": signer_name,
        "signer_kind": words.get(signer_kind, signer_kind), "meaning": meaning, "signature": signature_svg(signature_path), "typed": words["typed"],
        "plan_word": words["plan"], "plan": plan_digest,
    })  # fmt: skip


def _section(section: Mapping[str, Any]) -> dict[str, Any]:
    keys = sorted({f"{source['key']} {source['grade']}" for source in section.get("sources", ())})
    return {"heading": section["heading"], "lines": str(section["body"]).split("\n"), "keys": keys}


def signature_svg(path: str) -> str:
    """The drawn signature as a picture, or nothing where the name was typed."""
    if not path:
        return ""
    width, height = SIGNATURE_BOX
    line = f'<path d="{path}" fill="none" stroke="#1f2328" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">{line}</svg>'


_SHEET = {
    "en": {"do": "What to do", "signs": "If you notice any of this", "contacts": "When we ask how you are", "given": "Treated", "phone": "Our number"},
    "fr": {"do": "Que faire", "signs": "Si vous remarquez l’un de ces signes", "contacts": "Quand nous prenons de vos nouvelles", "given": "Traitement",
           "phone": "Notre numéro"},
}  # fmt: skip


def aftercare_pdf(*, sheet: Mapping[str, Any], name: str, clinic: str, phone: str) -> bytes:
    """The aftercare sheet; ``sheet`` is ``care.aftercare.Sheet.as_dict()``."""
    language = str(sheet["language"])
    footer = f"{sheet['title']}, {sheet['given']}. {sheet['knowledge_version']}"
    return render_pdf("aftercare", {**sheet, "lang": language, "name": name, "clinic": clinic, "phone": phone, "footer": footer, "words": _SHEET[language]})


def treatment_pdf(*, content: Mapping[str, Any], sha256: str, pictures: Sequence[str] = (), pictured: str = "") -> bytes:
    """The summary of a signed treatment: ``content`` is what was signed in words, with its amendments; ``pictures`` are drawings of the map,
    ``pictured`` says what they show."""
    return render_pdf("treatment_summary", {**content, "sha256": sha256, "pictures": list(pictures), "pictured": pictured, "lang": "en"})
