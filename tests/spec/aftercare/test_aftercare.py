"""What a patient is told, until when, and whom to call."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from pistor.care.aftercare import LEVELS, sheet
from pistor.knowledge import load

LIBRARY = load()
PARIS = ZoneInfo("Europe/Paris")
APPLICATIONS = ["pain", "skin", "hair", "fat"]


def made(application="pain", language="en", at=None, **more):
    given = {"techniques": ["point_by_point"], "ingredients": ["lidocaine"], "jurisdiction": "FR", **more}
    return sheet(
        given.pop("library", LIBRARY), application=application, language=language, given_on=at or dt.datetime(2026, 11, 23, 14, 0, tzinfo=PARIS), **given
    )


def line(found, rule):
    return next((item for item in found.lines if item.rule == rule), None)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("exercise", "No sport until 25 Nov 2026, 14:00."),
        ("washing", "until 24 Nov 2026, 02:00"),
        ("heat_and_pools", "until 30 Nov 2026, 14:00"),
        ("sun", "until 3 Dec 2026, 14:00"),
        ("pressure", "until 25 Nov 2026, 14:00, and longer while it has not healed"),
        ("alcohol", "until 25 Nov 2026, 14:00"),
    ],
)
def test_the_longest_reading_is_told_as_a_moment_on_the_clock(rule, text):
    assert text in line(made(), rule).text


def test_a_started_hour_is_told_as_the_next_full_one():
    assert "25 Nov 2026, 15:00" in line(made(at=dt.datetime(2026, 11, 23, 14, 1, tzinfo=PARIS)), "exercise").text


def test_forty_eight_hours_stay_so_when_the_clock_changes():
    found = line(made(at=dt.datetime(2026, 10, 24, 14, 0, tzinfo=PARIS)), "exercise")
    assert (found.until - dt.datetime(2026, 10, 24, 14, 0, tzinfo=PARIS).astimezone(dt.UTC)).total_seconds() == 48 * 3600
    assert "26 Oct 2026, 13:00" in found.text


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        made(at=dt.datetime(2026, 11, 23, 14, 0))


@pytest.mark.parametrize(
    ("rule", "application", "ingredients", "there"),
    [
        ("make_up", "pain", ["lidocaine"], False),
        ("make_up", "skin", ["hyaluronic_acid_ncl"], True),
        ("cooling", "fat", ["deoxycholic_acid"], True),
        ("cooling", "fat", ["phosphatidylcholine_dc"], False),
        ("retinoids", "hair", ["minoxidil"], False),
        ("retinoids", "skin", ["hyaluronic_acid_ncl"], True),
    ],
)
def test_only_what_fits_the_treatment_is_told(rule, application, ingredients, there):
    assert (line(made(application, ingredients=ingredients), rule) is not None) is there


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("application", APPLICATIONS)
def test_every_sheet_is_whole(application, language):
    found = made(application, language)
    cards = [sentence for card in found.cards for sentence in (*card.signs, card.whom)]
    everything = " ".join([*(item.text for item in found.lines), *(contact.text for contact in found.contacts), *cards])
    assert "{" not in everything
    assert [card.level for card in found.cards] == list(LEVELS)
    assert all(item.sources for item in found.lines)
    assert not re.search(r"mycobact|necros|nécros|anaphyla|infection|embol|toxi", everything, re.I)  # signs and whom to call, never what it might be


@pytest.mark.parametrize("application", APPLICATIONS)
def test_lumps_are_looked_for_at_1_4_and_12_weeks(application):
    days = [(contact.on - dt.date(2026, 11, 23)).days for contact in made(application).contacts]
    assert days == [1, 7, 28, 84]


@pytest.mark.parametrize(
    ("application", "days"),
    [("skin", [1, 7, 28, 30, 84, 90]), ("pain", [1, 7, 28, 30, 84, 90]), ("fat", [1, 7, 28, 84, 84]), ("hair", [1, 7, 28, 84])],
)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_result_is_looked_at_after_the_last_treatment(application, days, language):
    contacts = made(application, language, last=True).contacts
    assert [(contact.on - dt.date(2026, 11, 23)).days for contact in contacts] == days


def test_hair_is_counted_12_to_16_weeks_after_the_first_treatment():
    assert [contact.days for contact in made("hair", first=True).contacts if contact.id == "result_hair"] == ["15 Feb 2027 – 15 Mar 2027"]
    assert "result_hair" not in {contact.id for contact in made("hair", last=True).contacts}


@pytest.mark.parametrize(
    ("country", "number"),
    [("FR", "Call 112 now"), ("US", "Call 911 now"), (None, "Call the emergency number now"), ("ZZ", "Call the emergency number now")],
)
def test_the_emergency_number_is_the_countrys_and_never_guessed(country, number):
    assert made(jurisdiction=country).cards[0].heading == number


def test_every_sign_of_triage_stands_in_a_card_and_the_most_urgent_one():
    found = made()
    first, second, third = (set(card.signs) for card in found.cards)
    assert LIBRARY.signs["breathing_trouble"].text.en in first
    assert LIBRARY.signs["spreading_redness"].text.en in second
    assert LIBRARY.signs["lump"].text.en in third
    assert not first & second
    assert not (first | second) & third
    told = " ".join(sign for card in found.cards for sign in card.signs).casefold()
    for rule in LIBRARY.triage_rules.values():
        if rule.level in LEVELS and "pain" in rule.applications:
            assert all(LIBRARY.signs[sign].text.en.casefold() in told for sign in rule.any_of)


def test_firm_skin_of_the_first_days_frightens_nobody():
    cards = " | ".join(sign for card in made().cards for sign in card.signs)
    assert "Skin feels firm where it was injected, from 7 days after the treatment" in cards


@pytest.mark.parametrize(
    ("rule", "application", "ingredients", "said", "readings"),
    [
        ("washing", "pain", ["lidocaine"], "from 4 hours to 4 days", {("8 hours", "JAVA"), ("4 hours", "VIG"), ("3 to 4 days until the hair is washed", "SAK")}),
        ("sun", "skin", ["hyaluronic_acid_ncl"], "one number: 10 days", {("48 hours", "BEL"), ("10 days: on the body", "SIMPLY"), ("48 hours: and until bruises are gone, factor 25 or more", "JAVA")}),
        ("heat_and_pools", "pain", ["lidocaine"], "one number: 7 days", {("24 hours", "BEL"), ("7 days", "SAK")}),
        ("cooling", "fat", ["deoxycholic_acid"], "tells the shorter one", {
            ("The answers for patients name 10 to 15 minutes as needed.", "KYBFAQ"), ("ice on the area for 24 to 48 hours", "VIG"),
        }),
        ("exercise", "pain", ["lidocaine"], "one number: 48 hours", {("48 hours", "SIMPLY"), ("24 hours: heavy exercise, after a fat-dissolving product", "DRKARA")}),
        ("pressure", "pain", ["lidocaine"], "asks for the opposite", {("massage with arnica three or four times a day", "INNATE")}),
        ("fluids", "pain", ["lidocaine"], "different amounts", {("at least 64 ounces (about 2 litres) on the day and for up to a week", "JAVA")}),
        ("painkillers", "pain", ["lidocaine"], "", set()),
    ],
)  # fmt: skip
def test_the_clinician_reads_every_side_of_a_disagreement_with_its_source(rule, application, ingredients, said, readings):
    found = line(made(application, ingredients=ingredients), rule)
    assert said in found.disagreement
    assert bool(found.disagreement) is bool(readings)
    assert readings <= {(reading.text, source.key) for reading in found.readings for source in reading.sources}
    assert not any(" to 12 hours" in reading.text or "24 hours to" in reading.text for reading in found.readings if rule != "cooling")  # told once


def test_no_number_of_a_source_is_longer_than_what_is_told():
    given = dt.datetime(2026, 11, 23, 14, 0, tzinfo=PARIS)
    for application in APPLICATIONS:
        for told in made(application, at=given).lines:
            hours = LIBRARY.aftercare_rules[told.rule].hours
            for reading in hours.conflict.readings if hours and hours.conflict else ():
                assert told.until - given >= dt.timedelta(hours=float(reading.max or reading.value or 0)), told.rule


@pytest.mark.parametrize(
    ("techniques", "rules"),
    [(["nappage"], {"exercise"}), (["papule"], {"alcohol"}), (["nappage", "papule"], {"exercise", "alcohol"}), (["iswi"], set())],
)
def test_the_rules_of_every_technique_are_told_together(techniques, rules):
    only = {"exercise": ("nappage",), "alcohol": ("papule",)}
    narrowed = {id_: rule.model_copy(update={"techniques": only.get(id_, ())}) for id_, rule in LIBRARY.aftercare_rules.items()}
    found = made(techniques=techniques, library=replace(LIBRARY, aftercare_rules=narrowed))
    assert {item.rule for item in found.lines} & set(only) == rules


def test_a_language_there_is_no_sheet_in_becomes_english():
    assert made(language="de").language == "en"
