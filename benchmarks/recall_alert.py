"""How soon the alert on shared sources fires in published outbreaks, and how often without any: a simulation, with its assumptions.

Each of ten outbreaks of the knowledge base is played many times: its exposed are treated over some weeks, its attack
rate decides who falls ill, its incubation when, and a delay when it is reported. What its report does not state is
assumed, named in the table, and varied below it. The rule is the product's own (``care.recall``). Nobody has published
how often harmless lumps are suspected after injections, so false alerts are given as a function of that rate.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import statistics
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

from benchmarks.common import percentile
from pistor.care.recall import Exposure, Lesion, Shared, Source, by_specificity, common_sources, least_patients, look_back_days, near
from pistor.knowledge import load
from pistor.knowledge.model import Outbreak

TEN = ("CARB09", "GAL11", "COL96", "CAM96", "VIL97", "MUN08", "SAN07", "ZENG25", "MMWR05", "IVAN13")
OF_A_PRODUCT = ("GAL11", "COL96", "CAM96", "MUN08")  # the vehicle was a vial or its product; elsewhere only the practice is common
USE_DAYS, DELAY_DAYS = 90, 14  # assumed: how long the source is in use, and the mean time from a lesion to its report
USES, DELAYS = (30, 90, 180), (0, 14, 69)  # 69 days: the 9.8 weeks to the diagnosis of ZENG25
OTHERS = 2  # assumed: for each exposed patient, two who were treated in these weeks without the source
LOT_DAYS = 91  # assumed: how long a clinic draws from one lot
RUNS, SEED, YEARS = 400, 20261126, 20
CLINICS = ((20, 1), (60, 3), (200, 6))  # treatments a week, operators
PER_THOUSAND = (0.1, 0.5, 1.0, 2.0, 5.0)  # suspected lumps without infection, for a thousand treatments
DAY_0 = dt.date(2026, 1, 5)
LIBRARY = load()
WINDOW, LEAST = look_back_days(LIBRARY), least_patients(LIBRARY)
RESULTS = Path(__file__).with_name("RECALL_ALERT.md")


@dataclass(frozen=True, slots=True)
class Played:
    """One run: the day of the alert from the first exposure on, and who was exposed and infected by then. None: it never fired."""

    day: int | None
    exposed_by_then: int
    infected_by_then: int
    first_in_list: bool


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./pistor bench recall_alert")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--years", type=int, default=YEARS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    text = results(options.runs, options.years)
    options.out.write_text(text, encoding="utf-8")
    print(text)


# ── outbreaks ──


def incubation_of(outbreak: Outbreak) -> tuple[str, Callable[[random.Random], float]]:
    """How the time to a lesion is drawn, in words and as a function giving days.

    A median between two ends is met by drawing evenly on each side of it. A mean without ends is met by an exponential
    above the shortest published time. Where nothing is stated, evenly within all published times.
    """
    ends, usual = outbreak.incubation_days, outbreak.usual_incubation_days
    published = [quantity for one in LIBRARY.outbreaks.values() if (quantity := one.incubation_days)]
    low, high = min(float(quantity.low or 0) for quantity in published), max(float(quantity.high or 0) for quantity in published)
    if ends and ends.low is not None and ends.high is not None:
        first, last = float(ends.low), float(ends.high)
        middle = float(usual.value) if usual and usual.value is not None else (first + last) / 2
        said = f"{first:g} to {last:g} d" + (f", {usual.note} {middle:g} d" if usual else "")
        return said, lambda pick: pick.uniform(first, middle) if pick.random() < 0.5 else pick.uniform(middle, last)
    if usual and usual.value is not None:
        mean = float(usual.value)
        return f"{usual.note} {mean:g} d; assumed: from {low:g} d", lambda pick: low + pick.expovariate(1 / (mean - low))
    return f"not stated; assumed: {low:g} to {high:g} d", lambda pick: pick.uniform(low, high)


def play(outbreak: Outbreak, run: int, *, use_days: int = USE_DAYS, delay_days: int = DELAY_DAYS, weigh: bool = False) -> Played:
    """One outbreak from the first exposure to the alert. Where nobody counted the exposed, only those who fell ill are played.

    ``weigh`` asks too whether the source stands first in the list, which costs most of the time.
    """
    pick = random.Random(f"{SEED} {outbreak.id} {run} {use_days} {delay_days}")
    exposed, cases = outbreak.exposed or outbreak.cases or 0, outbreak.cases or 0
    true = Source("lot", "the source") if outbreak.id in OF_A_PRODUCT else Source("operator", "the source")
    days = sorted(int(pick.uniform(0, use_days)) for _ in range(exposed))
    treated = [_treated(patient, day, true, pick) for patient, day in enumerate(days)]
    ill = sorted(pick.sample(range(exposed), cases))
    _, incubation = incubation_of(outbreak)
    reports = []
    for patient in ill:
        began = days[patient] + round(incubation(pick))
        reports.append((began + round(pick.expovariate(1 / delay_days) if delay_days else 0), Lesion(patient, DAY_0 + dt.timedelta(days=began))))
    reports.sort(key=lambda one: (one[0], one[1].patient))
    fired = first_alert(reports, treated, true)
    if fired is None:
        return Played(None, exposed, cases, False)
    day, found, seen = fired
    others = [] if not weigh else [_treated(exposed + n, int(pick.uniform(0, use_days)), None, pick) for n in range(OTHERS * exposed)]
    known = [exposure for exposure in (*treated, *others) if exposure.on <= DAY_0 + dt.timedelta(days=day)]
    first = weigh and by_specificity(weighed(found, known, seen))[0].source == true
    return Played(day, sum(one <= day for one in days), sum(days[patient] <= day for patient in ill), first)


def _treated(patient: int, day: int, true: Source | None, pick: random.Random) -> Exposure:
    """A treatment with one of four products, in half of them a diluent, by one of three operators; and the source, if it was in it."""
    lots = {Source("lot", f"{pick.randrange(4)}/{day // LOT_DAYS}"), *([Source("lot", f"diluent/{day // LOT_DAYS}")] if pick.random() < 0.5 else [])}
    by = true if true and true.scope == "operator" else Source("operator", str(pick.randrange(3)))
    return Exposure(patient, DAY_0 + dt.timedelta(days=day), frozenset({*lots, by, *([true] if true else [])}))


def first_alert(
    reports: Sequence[tuple[int, Lesion]], treated: Sequence[Exposure], true: Source
) -> tuple[int, dict[Source, frozenset[Any]], list[Lesion]] | None:
    """The day on which the rule names the source for the first time, with all that it names then and the lesions so far."""
    seen: list[Lesion] = []
    for day, lesion in reports:
        seen.append(lesion)
        together = near(seen, lesion.began_on, window_days=WINDOW)
        found = common_sources(together, (treated[one.patient] for one in together), window_days=WINDOW, least=LEAST)
        if true in found:
            return day, found, together
    return None


def weighed(found: dict[Source, frozenset[Any]], exposures: Sequence[Exposure], lesions: Sequence[Lesion]) -> list[Shared]:
    """The sources found, each with the counts of patients among these exposures."""
    had = Counter(source for _, source in {(exposure.patient, source) for exposure in exposures for source in exposure.sources})
    treated = len({exposure.patient for exposure in exposures})
    return [Shared(source, len(who), len({lesion.patient for lesion in lesions}), had[source], treated) for source, who in found.items()]


def outbreak_row(outbreak: Outbreak, runs: int) -> list[str]:
    """A line of the first table."""
    counted, cases = outbreak.exposed is not None, outbreak.cases or 0
    played = [play(outbreak, run, weigh=counted) for run in range(runs)]
    infected = statistics.median(one.infected_by_then for one in played)
    return [
        f"{outbreak.id}, {outbreak.place}", f"{cases}" + (f" of {outbreak.exposed}" if counted else "; exposed not counted"), incubation_of(outbreak)[0],
        "lot" if outbreak.id in OF_A_PRODUCT else "practice", _days([one.day for one in played]),
        f"{statistics.median(one.exposed_by_then for one in played):g}" if counted else "not known", f"{infected:g}", f"{cases - infected:g}",
        f"{100 * sum(one.first_in_list for one in played) / runs:.0f} %" if counted else "not known",
    ]  # fmt: skip


def _days(days: Sequence[int | None]) -> str:
    fired = [float(day) for day in days if day is not None]
    never = f"; never in {len(days) - len(fired)}" if len(fired) < len(days) else ""
    return (f"{statistics.median(fired):.0f} ({percentile(fired, 0.9):.0f})" if fired else "–") + never


# ── false alerts ──


def false_alerts(weekly: int, operators: int, per_thousand: float, years: int) -> dict[str, float]:
    """Alerts a year in a clinic without an outbreak, each dismissed at once, so that every further lump raises its sources again.

    Counted are the reports with an alert on any source, on a lot, and on a lot that chance explains in less than 5 % of
    draws.
    """
    pick = random.Random(f"{SEED} {weekly} {operators} {per_thousand}")
    by_day = attrgetter("on")
    exposures = sorted(_years(weekly, operators, years, pick), key=by_day)
    lesions = [
        Lesion(exposure.patient, exposure.on + dt.timedelta(days=round(pick.uniform(7, 114)))) for exposure in exposures if pick.random() < per_thousand / 1000
    ]
    lesions.sort(key=lambda lesion: (lesion.began_on, lesion.patient))
    of_patient: dict[Any, list[Exposure]] = {}
    for exposure in exposures:
        of_patient.setdefault(exposure.patient, []).append(exposure)
    counted: Counter[str] = Counter()
    for number, lesion in enumerate(lesions, 1):
        together = near(lesions[:number], lesion.began_on, window_days=WINDOW)
        theirs = [exposure for patient in {one.patient for one in together} for exposure in of_patient[patient]]
        found = {source: who for source, who in common_sources(together, theirs, window_days=WINDOW, least=LEAST).items() if lesion.patient in who}
        if found:
            since = min(one.began_on for one in together) - dt.timedelta(days=WINDOW)
            within = exposures[bisect_left(exposures, since, key=by_day) : bisect_right(exposures, lesion.began_on, key=by_day)]
            shared = weighed(found, within, together)
            lots = [one for one in shared if one.source.scope == "lot"]
            counted.update(any=1, lot=bool(lots), telling=any(one.chance < 0.05 for one in lots))
    return {kind: counted[kind] / years for kind in ("any", "lot", "telling")}


def _years(weekly: int, operators: int, years: int, pick: random.Random) -> Iterator[Exposure]:
    """Courses of five treatments, one every four weeks, each patient with one product and one operator; a diluent in half of the syringes."""
    for patient in range(weekly * 52 * years // 5):
        begin, product, operator = int(pick.uniform(0, 364 * years)), pick.randrange(4), Source("operator", str(pick.randrange(operators)))
        for day in range(begin, begin + 5 * 28, 28):
            lots = [Source("lot", f"{product}/{day // LOT_DAYS}"), *([Source("lot", f"diluent/{day // LOT_DAYS}")] if pick.random() < 0.5 else [])]
            yield Exposure(patient, DAY_0 + dt.timedelta(days=day), frozenset({operator, *lots}))


# ── the file ──


def results(runs: int, years: int) -> str:
    """The tables with what they rest on, as the file holds them."""
    ten = [LIBRARY.outbreaks[key] for key in TEN]
    counted = [outbreak for outbreak in ten if outbreak.exposed is not None]
    first = [outbreak_row(outbreak, runs) for outbreak in ten]
    varied = [
        [f"{use} d", f"{delay} d", *(_days([play(outbreak, run, use_days=use, delay_days=delay).day for run in range(runs)]) for outbreak in counted)]
        for use in USES for delay in DELAYS
    ]  # fmt: skip
    false = [
        [f"{weekly} a week, operators: {operators}", *(_false(false_alerts(weekly, operators, rate, years)) for rate in PER_THOUSAND)]
        for weekly, operators in CLINICS
    ]
    return TEXT.format(
        runs=runs, years=years, use=USE_DAYS, delay=DELAY_DAYS, others=OTHERS, window=WINDOW, least=LEAST, lot=LOT_DAYS,
        first=table((
            "outbreak", "cases", "incubation", "source as", "day of the alert", "exposed by then", "infected by then", "infected later", "listed first",
        ), first),
        varied=table(("in use", "mean delay", *(outbreak.id for outbreak in counted)), varied),
        false=table(("clinic", *(f"{rate:g} per 1,000" for rate in PER_THOUSAND)), false),
    )  # fmt: skip


def _false(counted: dict[str, float]) -> str:
    return f"{counted['any']:.1f} / {counted['lot']:.1f} / {counted['telling']:.1f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


TEXT = """# The alert on what suspected infections share: a simulation

Written by `./pistor bench recall_alert`; the same seed gives the same file. These are results of a model, not of patients.

The rule is the product's own: {least} or more patients with a suspected lesion whose treatments of the {window} days before it share a lot or an operator.

## How soon, in ten published outbreaks

{first}

Medians of {runs} runs; in brackets the day by which nine of ten runs had fired. Days count from the first exposure. *Infected later* are those of the
cases who were exposed only after the alert: those whom stopping the source that day would have spared, if it was recognised. *Listed first* is how often
the true source stood first among all that the two patients shared.

Stated by the outbreak's report (see the library's outbreaks for source and place): cases, exposed, and the incubation where no "assumed" stands. Assumed,
because no report states it: the source was in use for {use} days and its patients came evenly; a lesion is reported {delay} days after it began on average
(exponential); for each exposed patient {others} others were treated without the source; a lot lasts {lot} days. Where the exposed were not counted, only the
cases are played: the day stands, the shares do not. SAN07 and ZENG25 are series that were gathered from more than one place and are played as if they had
one source. *Practice*: the report names no product, so that the operator is all that Pistor would see in common; the device of CARB09 is not recorded yet.

## What the two assumptions change

Day of the alert, median (nine of ten), for the five outbreaks whose exposed were counted. A delay of 69 days is the 9.8 weeks to the diagnosis of ZENG25.

{varied}

## How often falsely

Reports a year that raise an alert although nobody is infected: on anything / on a lot / on a lot that chance would explain in less than 5 % of draws. Over
{years} years; the background of suspected lumps has not been published, so it is given as five rates for a thousand treatments. With one operator, every
second lump shares her: the page says “all patients share this”. Assumed: courses of five treatments, one every four weeks, with one of four products and
one operator, a diluent in half of the syringes; lumps begin evenly 7 to 114 days after a treatment and are reported that day; each alert is dismissed at once.

{false}
"""
