"""The decisions from a terminal: ``pistor assess``, ``pistor plan``, ``pistor blend``, ``pistor deliver``, ``pistor knowledge``.

Exit 0: an answer was given, whatever it says. Exit 2: the input could not be used, with one sentence that names file,
place and remedy. ``--json`` prints one object on standard output and nothing else; what a person reads beside it goes
to standard error.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from pistor.care.consultation import PatientPicture
    from pistor.care.exposure.exposure import Exposure
    from pistor.care.exposure.film import FilmExposure, FilmOrder
    from pistor.care.exposure.order import Order
    from pistor.care.exposure.single_points import ProposedPoints
    from pistor.care.intent import Intent
    from pistor.knowledge import Library

APPLICATIONS = ("pain", "skin", "fat", "hair")


class Unanswerable(Exception):
    """The input cannot be used; the message is the sentence the person reads."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence and where the help is, instead of printing a page of usage."""

    def error(self, message: str) -> NoReturn:
        raise Unanswerable(f"{message}; see {self.prog} --help.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    if sys.stdout is None:
        return _say("there is no standard output to write the answer to; leave it open.")
    try:
        options = _parser().parse_args(arguments)
        code = {"assess": assess, "plan": plan, "blend": blend, "deliver": deliver, "knowledge": knowledge}[options.command](options)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left to write would fail again at the end
        if isinstance(error, BrokenPipeError):  # the reader went away, as in `pistor knowledge list | head`
            return 0
        return _say(f"the answer could not be written: {error.strerror}; write it to another place.")
    except tuple(_sentences()) as error:
        return _say(str(error))
    return int(code)


def _say(sentence: str) -> int:
    """One line to the person, and the exit code that goes with it."""
    print(f"pistor: {' '.join(sentence.split())}", file=sys.stderr)
    return 2


def assess(options: argparse.Namespace) -> int:
    """Whether this patient can have what is meant, with findings, missing answers and sources."""
    from pistor.care.candidacy import assess as verdict_on
    from pistor.exchange.verdicts import verdict_dict, verdict_text

    library, picture, intent = _case(options)
    verdict = verdict_on(picture, intent, library)
    if options.json:
        _print_json(verdict_dict(verdict, picture, intent, library))
    else:
        print(verdict_text(verdict, picture, intent, library))
    return 0


def plan(options: argparse.Namespace) -> int:
    """What would be done, with doses against their limits, dates and expected benefit; no doses where a stop forbids it."""
    from pistor.care.plan import make_plan
    from pistor.exchange.plan import plan_pdf, plan_text

    library, picture, intent = _case(options)
    made = make_plan(picture, intent, library, options.start or options.on, policy=options.policy)
    if options.pdf:
        _write(options.pdf, plan_pdf(made, library, name=picture.name, birth_date=picture.birth_date, on=options.on))
        print(f"Wrote {options.pdf}.", file=sys.stderr)
    elif options.json:
        _print_json(made.as_dict())
    else:
        print(plan_text(made, library))
    return 0


def blend(options: argparse.Namespace) -> int:
    """What a blend of these presentations holds, what is known of its parts together, and its doses against their limits."""
    from pistor.care.workbench import as_dict, work_out
    from pistor.exchange.recipe import read_recipe_file
    from pistor.exchange.verdicts import blend_text
    from pistor.knowledge import load

    library = load()
    worked = work_out(read_recipe_file(options.file, library), library, options.on)
    _print_json(as_dict(worked)) if options.json else print(blend_text(worked, library))
    return 0


def deliver(options: argparse.Namespace) -> int:
    """What the skin and the blood will see of what is injected: a model's estimate with its range."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy starts: its matrices here are small, and threads only fight for the cores
    from pistor.exchange.delivery_file import read_delivery_file
    from pistor.exchange.raw_problem import RawProblem, answer, raw_text
    from pistor.knowledge import load

    library = load()
    asked = read_delivery_file(options.file, library, depth_mm=options.depth)
    if not isinstance(asked, RawProblem):
        return _exposure(asked, library, options)
    if options.propose:
        raise Unanswerable("--propose is for a plan or a treatment; a problem of layers and depots says itself where its depots are.")
    if options.html:
        raise Unanswerable("--html is for a plan or a treatment; a problem of layers and depots has --json.")
    answered = answer(asked)
    _print_json(answered.as_dict()) if options.json else print(raw_text(asked, answered))
    return 0


def _exposure(order: Order | FilmOrder, library: Library, options: argparse.Namespace) -> int:
    """The exposure of a treatment as text, JSON or a page; what the options say of the patient goes before what the file says."""
    from pistor.care.exposure.exposure import expose
    from pistor.care.exposure.film import FilmOrder, expose_film
    from pistor.exchange.exposure_text import exposure_text, points_text

    said = {"weight_kg": options.weight, "sex": options.sex, "vasoconstrictor": options.vasoconstrictor}
    order = replace(order, **{name: value for name, value in said.items() if value is not None})
    exposure: Exposure | FilmExposure
    proposed = None
    if isinstance(order, FilmOrder):
        if options.propose:
            raise Unanswerable("--propose is for injections; a film is the same everywhere, so there are no points to choose.")
        exposure = expose_film(order, library, patients=options.patients, seed=options.seed)
    else:
        exposure = expose(order, library, patients=options.patients, seed=options.seed, workers=options.workers)
        proposed = _proposed(exposure, library) if options.propose else None
    if options.html:
        from pistor.exchange.field_report import report_html

        page = report_html(exposure.as_dict(), title=library.zones[order.zone].name, on=options.on.isoformat(), works=library.sources, proposed=proposed)
        _write(options.html, page.encode())
        print(f"Wrote {options.html}.", file=sys.stderr)
    elif options.json:
        _print_json({**exposure.as_dict(), **({"proposed": proposed.as_dict()} if proposed else {})})
    else:
        print(exposure_text(exposure))
        if proposed:
            print(f"\n{points_text(proposed)}")
    return 0


def _proposed(exposure: Exposure, library: Library) -> ProposedPoints:
    """Single points for the first substance that can be computed, beside regular grids."""
    from pistor.care.exposure.single_points import single_points_of

    if not exposure.computed:
        raise Unanswerable("--propose needs a substance that can be computed; none of these can.")
    try:
        return single_points_of(exposure.order, exposure.computed[0].id, exposure.target_depth_mm, library)
    except ValueError as error:
        raise Unanswerable(str(error)) from None


def knowledge(options: argparse.Namespace) -> int:
    """List, show or check what is known."""
    from pistor.knowledge import load, reading
    from pistor.knowledge.check import broken_files, problems

    if options.what == "diff":
        return _knowledge_diff(options)
    if options.what == "check" and (broken := broken_files(options.data)):
        if options.json:
            _print_json({"problems": [problem.as_dict() for problem in broken]})
        for problem in broken:
            print(problem, file=sys.stderr)
        raise Unanswerable(f"{len(broken)} files cannot be read, so the rest was not checked.")
    library = load(options.data)
    if options.what == "export":
        from pistor.exchange.package import export

        files = export(library, options.dir, since=options.since)
        print(f"Wrote {len(files)} files to {options.dir}.", file=sys.stderr)
        return 0
    if options.what == "list":
        if options.kind and options.kind not in reading.kinds():
            raise Unanswerable(f"There is no kind of knowledge named {options.kind}; the kinds are {', '.join(reading.kinds())}.")
        listed = reading.listing(library, options.kind)
        _print_json(listed) if options.json else print(reading.listing_text(listed))
        return 0
    if options.what == "show":
        found = reading.find(library, options.id)
        if not found:
            near = ", ".join(reading.nearest(library, options.id))
            hint = f"the nearest ids are {near}" if near else "pistor knowledge list shows all"
            raise Unanswerable(f"Nothing is known under the id “{options.id[:60]}”; {hint}.")
        _print_json(reading.as_dict(library, found)) if options.json else print(reading.as_text(library, found))
        return 0
    found_problems = problems(library, options.on)
    serious = [problem for problem in found_problems if problem.serious]
    if options.json:
        _print_json({"version": library.version, "entries": reading.counts(library), "problems": [problem.as_dict() for problem in found_problems]})
    else:
        for problem in found_problems:
            print(problem, file=sys.stderr)
        print(reading.counts_text(library, len(serious), len(found_problems) - len(serious)))
    return 2 if serious else 0


def _knowledge_diff(options: argparse.Namespace) -> int:
    from pistor.exchange.package import changes_text, entries_of, read_entries
    from pistor.knowledge import load
    from pistor.knowledge.diff import compare

    shipped = load()
    after = read_entries(options.after) if options.after else entries_of(shipped)
    changes = compare(read_entries(options.before), after)
    name = str(options.after) if options.after else shipped.version
    _print_json({"changes": [change.as_dict() for change in changes]}) if options.json else print(changes_text(changes, name))
    return 0


def _case(options: argparse.Namespace) -> tuple[Library, PatientPicture, Intent]:
    """The knowledge, the patient and what is meant, from the options that assess and plan share."""
    from pistor.care.intent import intent_for
    from pistor.exchange.files import read_file
    from pistor.knowledge import load

    library = load()
    intent = intent_for(
        library,
        options.application,
        indication=options.indication,
        zone=options.zone,
        ingredients=tuple(options.ingredient),
        jurisdiction=options.jurisdiction,
        protocol=options.protocol,
        policy=options.policy,
    )
    return library, read_file(options.file, options.on, library).picture, intent


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="pistor", description="Mesotherapy decisions with their sources. It advises licensed clinicians and never decides.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    assessed = commands.add_parser("assess", help="can this patient have what is meant", description=assess.__doc__)
    _case_options(assessed)
    planned = commands.add_parser("plan", help="what would be done, when, with which doses", description=plan.__doc__)
    planned.add_argument("--start", type=_date, help="day of the first treatment (YYYY-MM-DD); the day given by --on when not said")
    _case_options(planned).add_argument("--pdf", type=Path, help="write the plan as PDF to this file")
    mixed = commands.add_parser("blend", help="what is in a syringe, and what is known of it", description=blend.__doc__)
    mixed.add_argument("file", type=Path, metavar="FILE", help="a list of presentations and volumes (YAML); docs/reference/blend.md")
    mixed.add_argument("--on", type=_date, default=dt.date.today(), help="the day on which it is asked (YYYY-MM-DD; today)")
    mixed.add_argument("--json", action="store_true", help="one JSON object on standard output")
    _deliver_options(commands.add_parser("deliver", help="what the skin and the blood will see of it", description=deliver.__doc__))
    known = commands.add_parser("knowledge", help="what is known, and where it comes from", description=knowledge.__doc__)
    known.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    asked = known.add_subparsers(dest="what", required=True, parser_class=_Parser)
    listed = asked.add_parser("list", help="all ids, or those of one kind")
    listed.add_argument("kind", nargs="?")
    shown = asked.add_parser("show", help="everything about one id, each number with its source")
    shown.add_argument("id")
    checked = asked.add_parser("check", help="whether every reference resolves and every number is cited")
    checked.add_argument("--on", type=_date, default=dt.date.today(), help="the day against which review dates are held (today)")
    exported = asked.add_parser("export", help="an open data package: JSON, schemas, references, FHIR")
    exported.add_argument("dir", type=Path)
    exported.add_argument("--since", type=Path, metavar="DIR", help="an earlier package; CHANGES.md then says what changed since")
    compared = asked.add_parser("diff", help="what changed clinically between two packages or folders of knowledge files")
    compared.add_argument("before", type=Path)
    compared.add_argument("after", type=Path, nargs="?", help="what ships with this Pistor when left out")
    for command in (listed, shown, checked, compared):
        command.add_argument("--json", action="store_true", help="one JSON object on standard output")
    return parser


def _deliver_options(command: argparse.ArgumentParser) -> None:
    what = "a plan (pistor plan --json), a treatment or layers and depots (YAML or JSON); docs/reference/deliver.md"
    command.add_argument("file", type=Path, metavar="FILE", help=what)
    given = command.add_mutually_exclusive_group()
    given.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given.add_argument("--html", type=Path, metavar="OUT", help="write a page with pictures to this file")
    command.add_argument("--propose", action="store_true", help="also single points with volumes of their own, beside regular grids; takes some seconds")
    command.add_argument("--depth", type=float, metavar="MM", help="of the tip, where a plan does not say it")
    command.add_argument("--weight", type=float, metavar="KG", help="of the patient; without it nothing is said of the plasma")
    command.add_argument("--sex", choices=("female", "male"))
    command.add_argument("--vasoconstrictor", action="store_const", const=True, help="epinephrine or the like is with it")
    command.add_argument("--patients", type=int, default=200, metavar="N", help="virtual patients from whom the range comes (200)")
    command.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 8), metavar="N", help="processes that share them (each processor, at most 8)")
    command.add_argument("--seed", type=int, default=0, metavar="N", help="the draw of the virtual patients (0)")
    command.add_argument("--on", type=_date, default=dt.date.today(), help="the day printed on the page (YYYY-MM-DD; today)")


def _case_options(command: argparse.ArgumentParser) -> argparse._MutuallyExclusiveGroup:
    """The options that assess and plan share; what comes back is the choice of how the answer is given."""
    command.add_argument("file", type=Path, metavar="FILE", help="FHIR R4 Bundle or International Patient Summary (JSON), or a Pistor case (YAML)")
    command.add_argument("--application", required=True, choices=APPLICATIONS)
    command.add_argument("--indication", metavar="ID")
    command.add_argument("--zone", metavar="ID")
    command.add_argument("--ingredient", metavar="ID", action="append", default=[])
    command.add_argument("--protocol", metavar="ID")
    command.add_argument("--policy", metavar="ID", help="the clinic's rule on mixing, such as single_active or mixture; it decides which protocol is proposed")
    command.add_argument("--jurisdiction", metavar="CC", type=str.upper, help="ISO 3166 alpha-2 code of the country")
    command.add_argument("--on", type=_date, default=dt.date.today(), help="the day on which it is asked (YYYY-MM-DD; today)")
    given = command.add_mutually_exclusive_group()
    given.add_argument("--json", action="store_true", help="one JSON object on standard output")
    return given


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2026-11-23") from None


def _print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Unanswerable(f"{path} could not be written: {error.strerror}; give another place.") from None


def _sentences() -> list[type[Exception]]:
    """The errors whose message is already the sentence to print."""
    from pistor.care.course import NoSchedule
    from pistor.care.exposure.order import NoExposure
    from pistor.care.formulation import UnusableBlend
    from pistor.care.intent import UnknownId
    from pistor.exchange.documents import DocumentError
    from pistor.exchange.errors import Unusable
    from pistor.knowledge import KnowledgeError

    return [Unanswerable, KnowledgeError, UnknownId, Unusable, UnusableBlend, NoSchedule, NoExposure, DocumentError]


if __name__ == "__main__":
    sys.exit(main())
