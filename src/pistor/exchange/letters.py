"""Letters to the patients of a recall: a page for each, in the language the patient reads."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pistor.exchange.documents import render_pdf

_WORDS = {
    "en": {
        "title": "Please look at the places where you were treated", "dear": "Dear", "record": "Record number",
        "once": "You were treated in our clinic on", "from": "You were treated in our clinic between", "and": "and",
        "why": "Something in a treatment that you had is being looked into, as a precaution. This letter does not mean that you are ill.",
        "look": "Please look at the treated places, today and once a week for the next {months} months. Call us if you see or feel one of these, even if it is "
        "small and does not hurt:",
        "late": "It can begin weeks or months after a treatment, and without fever. If another doctor treats you for it, show this letter, and ask that a "
        "sample be taken before an antibiotic is begun.",
        "confirm": "Please tell us that you have read this letter, also if you notice nothing: call us, or sign below and send it back.",
        "phone": "Our number:", "signed": "Date and signature", "yours": "Yours sincerely,",
        "emergency": "Trouble with breathing, or fainting: call the emergency number.",
    },
    "fr": {
        "title": "Merci de regarder les endroits où vous avez été traité(e)", "dear": "Bonjour", "record": "Numéro de dossier",
        "once": "Vous avez été traité(e) dans notre cabinet le", "from": "Vous avez été traité(e) dans notre cabinet entre le", "and": "et le",
        "why": "Un élément d’un traitement que vous avez eu est en cours de vérification, par précaution. Cette lettre ne veut pas dire que vous êtes malade.",
        "look": "Merci de regarder les endroits traités aujourd’hui, puis une fois par semaine pendant {months} mois. Appelez-nous si vous voyez ou sentez "
        "l’un de ces signes, même petit et sans douleur :",
        "late": "Cela peut commencer des semaines ou des mois après un traitement, et sans fièvre. Si un autre médecin vous soigne pour cela, montrez-lui "
        "cette lettre et demandez qu’un prélèvement soit fait avant tout antibiotique.",
        "confirm": "Merci de nous dire que vous avez lu cette lettre, même si vous ne remarquez rien : appelez-nous, ou signez ci-dessous et renvoyez-la.",
        "phone": "Notre numéro :", "signed": "Date et signature", "yours": "Bien à vous,",
        "emergency": "Difficulté à respirer ou malaise : appelez le numéro d’urgence.",
    },
}  # fmt: skip
LANGUAGES = tuple(_WORDS)


def letters_pdf(*, letters: Sequence[Mapping[str, Any]], clinic: str, phone: str, told: str, writer: str, look_back_days: int) -> bytes:
    """One PDF with a page for each letter.

    A letter has language, name, number, on, first, last (days in words), once and signs; ``told`` are the clinic's own
    sentences, as they were typed; the patient is asked to look for as long as the look-back is.
    """
    months = math.ceil(look_back_days / 30.5)
    pages = [{**letter, "words": {key: text.format(months=months) for key, text in _WORDS[str(letter["language"])].items()}} for letter in letters]
    return render_pdf("recall_letter", {"letters": pages, "clinic": clinic, "phone": phone, "told": told, "writer": writer})
