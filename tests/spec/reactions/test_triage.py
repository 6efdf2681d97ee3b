"""What a report leads to: by its signs, by its time, and never towards false calm."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pistor.care.evidence import Effect
from pistor.care.reactions import LEVELS, triage
from pistor.knowledge import load

LIBRARY = load()
SIGNS = sorted(LIBRARY.signs)
LUMPS = ["lump", "lump_multiple", "lump_draining", "lump_spreading", "papules", "firmness"]
WEEK = 7 * 24
APPLICATIONS = ["pain", "skin", "hair", "fat"]


def level(signs, hours, application="pain", **more):
    return triage(LIBRARY, application=application, signs=signs, hours_since=None if hours is None else Decimal(hours), **more).level


@pytest.mark.parametrize(
    ("signs", "hours", "application", "expected"),
    [
        # emergency
        (["breathing_trouble"], 0, "pain", "emergency"),
        (["throat_swelling"], 2, "skin", "emergency"),
        (["collapse"], 0, "hair", "emergency"),
        (["seizure"], 0, "pain", "emergency"),
        (["racing_heart"], 1, "pain", "emergency"),
        (["mouth_tingling"], 0, "pain", "emergency"),
        (["dusky_skin"], 3, "skin", "emergency"),
        (["vision_change"], 3, "skin", "emergency"),
        (["trouble_swallowing", "breathing_trouble"], 48, "fat", "emergency"),
        (["trouble_swallowing"], 1, "skin", "emergency"),
        (["trouble_swallowing"], 72, "pain", "emergency"),
        (["high_fever", "spreading_redness"], 72, "pain", "emergency"),
        (["hives", "light_headed"], 0, "pain", "emergency"),
        # today
        (["bruise_growing"], 5, "pain", "today"),
        (["blisters"], WEEK, "fat", "today"),
        (["crooked_smile"], 24, "fat", "today"),
        (["spreading_redness"], 48, "skin", "today"),
        (["severe_pain"], 24, "pain", "today"),
        (["open_sore"], 48, "fat", "today"),
        (["high_fever"], 48, "pain", "today"),
        (["trouble_swallowing"], 24, "fat", "today"),
        (["hives"], 0, "pain", "today"),
        (["lump_draining"], 5 * WEEK, "pain", "today"),
        (["lump_spreading"], 5 * WEEK, "pain", "today"),
        (["lump_multiple"], 3 * WEEK, "skin", "today"),
        # this week
        (["lump"], 3 * WEEK, "pain", "this_week"),
        (["lump"], 96, "pain", "this_week"),
        (["lump"], 200 * 24, "pain", "this_week"),
        (["firmness"], 2 * WEEK, "fat", "this_week"),
        (["antibiotic_failure"], 3 * WEEK, "pain", "this_week"),
        (["hair_loss"], 4 * WEEK, "hair", "this_week"),
        (["dark_patch"], 4 * WEEK, "skin", "this_week"),
        # advice
        (["bruise"], 24, "pain", "advice"),
        (["swelling"], 48, "fat", "advice"),
        (["tenderness", "itching", "redness"], 24, "skin", "advice"),
        (["firmness"], 48, "fat", "advice"),
        (["numbness"], WEEK, "fat", "advice"),
        # past their window, or elsewhere: no longer advice
        (["swelling"], 96, "fat", "this_week"),
        (["numbness"], WEEK, "pain", "this_week"),
        (["bruise"], 21 * 24, "pain", "this_week"),
        (["redness"], None, "pain", "this_week"),
        (["unheard_of"], 1, "pain", "this_week"),
        (["bruise", "unheard_of"], 1, "pain", "this_week"),
    ],
)
def test_a_report_leads_to(signs, hours, application, expected):
    assert level(signs, hours, application) == expected


def test_no_sign_is_a_question_and_never_advice():
    result = triage(LIBRARY, application="pain", signs=[], hours_since=Decimal(1))
    assert result.level != "advice"
    assert [finding.effect for finding in result.findings] == [Effect.ASK]
    assert result.missing == ("signs",)


@pytest.mark.parametrize(("sites", "expected"), [(None, "this_week"), (1, "this_week"), (2, "today"), (9, "today")])
def test_late_lumps_at_several_sites_are_seen_today(sites, expected):
    assert level(["lump"], 33 * 24, sites=sites) == expected


def test_every_finding_says_why_and_from_where():
    result = triage(LIBRARY, application="pain", signs=["lump", "bruise"], hours_since=Decimal(33 * 24), hours_at_onset=Decimal(30 * 24))
    assert all(finding.because for finding in result.findings)
    assert all(finding.sources for finding in result.findings if finding.rule != "triage/not_recognised")


@pytest.mark.parametrize(
    ("days", "said"),
    [(2, "earlier than the published"), (4, "within the published"), (33, "within the published"), (114, "within"), (130, "later than the published")],
)
def test_a_lump_is_held_against_the_published_onsets_and_never_excluded(days, said):
    hours = Decimal(days * 24)
    result = triage(LIBRARY, application="pain", signs=["lump"], hours_since=hours, hours_at_onset=hours)
    finding = next(finding for finding in result.findings if finding.rule == "triage/ntm_window")
    assert said in finding.text
    assert "not excluded" in finding.text
    assert "absence of fever" in finding.text
    assert {"CAM96", "COL96", "SAN07", "MUN08", "DELSOLAR"} <= {source.key for source in finding.sources}


DAY = Decimal(24)


@pytest.mark.parametrize(("sites", "expected"), [(None, "this_week"), (4, "today")])
@pytest.mark.parametrize("sign", ["lump", "papules"])
def test_a_lump_soon_after_a_later_treatment_counts_from_the_first(sign, sites, expected):
    """Weekly courses: two days after the fifth treatment is a month after the first."""
    result = triage(LIBRARY, application="pain", signs=[sign], hours_since=2 * DAY, hours_at_onset=2 * DAY, first_before_hours=28 * DAY, sites=sites)
    assert result.level == expected
    assert any("before any antibiotic" in item for item in result.work_up)
    assert next(suspect.onset for suspect in result.suspects if suspect.id == "ntm") == "within"
    window = next(finding.text for finding in result.findings if finding.rule == "triage/ntm_window")
    assert "30 d" in window or "weeks (30 d)" in window
    assert "within the published onsets" in window


@pytest.mark.parametrize("sign", ["bruise", "swelling", "redness", "firmness"])
def test_what_is_usual_after_the_newest_treatment_stays_advice(sign):
    assert level([sign], 2 * 24, "fat", first_before_hours=60 * DAY) == "advice"


@pytest.mark.parametrize(
    "sign", ["open_sore", "pustules", "deep_plaque", "spreading_redness", "swelling", "redness", "tenderness", "severe_pain", "antibiotic_failure"]
)
@pytest.mark.parametrize("days", [8, 33, 200])
def test_late_sores_and_inflammation_without_a_lump_also_suggest_mycobacteria(sign, days):
    result = triage(LIBRARY, application="skin", signs=[sign], hours_since=Decimal(days * 24))
    assert "ntm" in {suspect.id for suspect in result.suspects}
    assert any("before any antibiotic" in item for item in result.work_up)
    assert result.level != "advice"


def test_an_early_lump_is_sampled_before_an_antibiotic_too():
    result = triage(LIBRARY, application="pain", signs=["lump"], hours_since=4 * DAY)
    assert any("request for mycobacteria first" in item for item in result.work_up)


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("She feels a small BUMP there", "lump"),
        ("two nodules on the cheek", "lump"),
        ("il y a une bosse dure", "lump"),
        ("an abscess since Monday", "lump"),
        ("it keeps draining", "lump_draining"),
        ("du pus qui coule", "lump_draining"),
        ("the spot is not healing", "open_sore"),
        ("la peau ne cicatrise pas", "open_sore"),
        ("took antibiotics last week", "antibiotic_failure"),
    ],
)
def test_what_the_patients_words_name_is_asked_for_and_is_no_advice(words, asked):
    result = triage(LIBRARY, application="pain", signs=["tenderness"], hours_since=DAY, description=words)
    finding = next(finding for finding in result.findings if finding.rule == "triage/not_ticked")
    assert finding.effect is Effect.ASK
    assert LIBRARY.signs[asked].text.en.lower() in finding.text
    assert result.level == "this_week"
    assert result.missing == ("signs",)
    assert result.actions


@pytest.mark.parametrize("words", ["", "no lump", "no hard lump", "pas de boule", "pas d’abcès", "without any nodule", "pushing on it hurts", "a bit sore"])
def test_words_that_name_nothing_or_deny_it_change_nothing(words):
    result = triage(LIBRARY, application="pain", signs=["tenderness"], hours_since=DAY, description=words)
    assert result.level == "advice"
    assert not result.missing


def test_a_ticked_lump_is_not_asked_for_again():
    result = triage(LIBRARY, application="pain", signs=["lump_draining"], hours_since=30 * DAY, description="a bump that drains")
    assert not result.missing


@pytest.mark.parametrize("sign", LUMPS)
@pytest.mark.parametrize("days", [7, 30, 33, 84, 114, 121, 400])
def test_mycobacteria_are_suspected_and_sampled_before_antibiotics(sign, days):
    result = triage(LIBRARY, application="skin", signs=[sign], hours_since=Decimal(days * 24))
    assert "ntm" in {suspect.id for suspect in result.suspects}
    assert any("before any antibiotic" in item for item in result.work_up)


def test_a_reaction_of_another_product_is_not_suspected():
    shown = triage(LIBRARY, application="skin", signs=["crooked_smile"], hours_since=Decimal(24), ingredients=["hyaluronic_acid_ncl"])
    assert "nerve_mmn" not in {suspect.id for suspect in shown.suspects}
    assert shown.level == "today"


some_signs = st.sets(st.sampled_from([*SIGNS, "unheard_of"]), min_size=1, max_size=8)
some_sites = st.one_of(st.none(), st.integers(0, 20))
some_hours = st.one_of(st.none(), st.integers(0, 24 * 500))


@settings(max_examples=400, deadline=None)
@given(signs=some_signs, extra=st.sampled_from([*SIGNS, "unheard_of"]), hours=some_hours, application=st.sampled_from(APPLICATIONS), sites=some_sites)
def test_one_more_sign_never_lowers_the_level(signs, extra, hours, application, sites):
    before = level(signs, hours, application, sites=sites)
    after = level(signs | {extra}, hours, application, sites=sites)
    assert LEVELS.index(after) >= LEVELS.index(before)


@settings(max_examples=400, deadline=None)
@given(signs=some_signs, early=st.integers(0, 24 * 500), later=st.integers(0, 24 * 500), application=st.sampled_from(APPLICATIONS))
def test_more_time_never_lowers_the_level_and_unknown_time_is_no_calmer_than_now(signs, early, later, application):
    first, second = sorted([early, later])
    assert LEVELS.index(level(signs, second, application)) >= LEVELS.index(level(signs, first, application))
    assert LEVELS.index(level(signs, None, application)) >= LEVELS.index(level(signs, first, application))


@settings(max_examples=400, deadline=None)
@given(lump=st.sampled_from(LUMPS), others=st.sets(st.sampled_from(SIGNS)), hours=st.integers(WEEK, 24 * 2000), application=st.sampled_from(APPLICATIONS))
def test_a_late_lump_is_never_advice(lump, others, hours, application):
    assert level({lump} | others, hours, application) != "advice"


@pytest.mark.parametrize("sign", SIGNS)
def test_every_sign_leads_somewhere(sign):
    spoken = {one for rule in LIBRARY.triage_rules.values() for one in rule.any_of}
    assert sign in spoken


def test_the_doses_of_the_emergency_steps_are_those_of_the_sources():
    adrenaline = " ".join(step.text for step in LIBRARY.reactions["anaphylaxis"].first_line)
    lipid = " ".join(step.text for step in LIBRARY.reactions["last"].first_line)
    assert "0.5 mg (0.5 mL of 1 mg/mL, 1:1000)" in adrenaline
    assert "5 minutes" in adrenaline
    for part in ("1.5 mL/kg over 1 minute", "15 mL/kg per hour", "5 and 10 minutes", "12 mL/kg"):
        assert part in lipid


@pytest.mark.parametrize("rule", [rule for rule in LIBRARY.triage_rules.values() if rule.from_hours or rule.until_hours], ids=lambda rule: rule.id)
def test_a_window_begins_and_ends_where_it_was_published(rule):
    """Fits at both ends of the window, and not a moment outside."""
    start, end = (bound for bound in (rule.from_hours.low if rule.from_hours else None, rule.until_hours.high if rule.until_hours else None))
    signs, moment = [*rule.any_of[:1], *rule.and_any_of[:1]], Decimal("0.01")

    def fits(hours):
        found = triage(LIBRARY, application=rule.applications[0], signs=signs, hours_since=hours).findings
        return f"triage/{rule.id}" in {finding.rule for finding in found}

    assert start is not None or end is not None
    for bound, outside in ((start, -moment), (end, moment)):
        if bound is not None:
            assert fits(bound)
            assert bound + outside < 0 or not fits(bound + outside)
