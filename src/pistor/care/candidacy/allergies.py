"""What may be said of a patient's allergies in one line: the words that a wrong one makes dangerous."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from pistor.care.candidacy.chart import NO_ALLERGIES, NO_MEDICINE_ALLERGIES, negations_in
from pistor.care.candidacy.matching import matcher_of
from pistor.care.consultation import PatientPicture
from pistor.knowledge import Library

State = Literal["allergic", "none_known", "partly_asked", "not_asked"]


@dataclass(frozen=True, slots=True)
class KnownAllergies:
    """``names`` is empty where the patient said yes and named nothing. ``on`` is when *none known* was said."""

    state: State
    names: tuple[str, ...] = ()
    on: dt.date | None = None
    only_medicines_denied: bool = False

    @property
    def text(self) -> str:
        if self.state == "allergic":
            return ", ".join(self.names) or "yes, not named"
        if self.only_medicines_denied:
            return "none to medicines, others not asked"
        return self.state.replace("partly", "not fully").replace("_", " ")


def known_allergies(picture: PatientPicture, library: Library) -> KnownAllergies:
    """*None known* only where exactly that was asked or recorded; a "no" about one group is not a "no" about all."""
    matcher = matcher_of(library)
    standing = [allergy for allergy in picture.allergies if not allergy.refuted and allergy.active is not False]
    denials = {entry: negations_in(entry, matcher) for entry in standing}
    said = {key: answer for key, answer in picture.answers.items() if key == "allergies" or key.startswith("allergy_")}
    yes = [key for key, answer in said.items() if answer.value == "yes"]
    names = [entry.label for entry in standing if not denials[entry]]
    if not names:
        groups = {group.concept: group.name for group in library.allergen_groups.values()}
        names = [groups.get(key, key.removeprefix("allergy_").replace("_", " ")) for key in yes if key != "allergies"]
    if names or yes:
        return KnownAllergies("allergic", tuple(names))
    if "allergies" in said and said["allergies"].value == "no":
        return KnownAllergies("none_known", on=said["allergies"].date)
    everything = next((entry for entry in standing if NO_ALLERGIES in denials[entry]), None)
    if everything is not None:
        return KnownAllergies("none_known", on=everything.recorded)
    medicines = any(NO_MEDICINE_ALLERGIES in found for found in denials.values())
    return KnownAllergies("partly_asked" if said or standing else "not_asked", only_medicines_denied=medicines)
