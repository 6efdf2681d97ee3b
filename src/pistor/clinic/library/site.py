"""The library as plain files: the same pages without a server, a sign-in or a script that fetches anything."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

import pistor
from pistor.care.formulation import Part
from pistor.care.workbench import Recipe, work_out
from pistor.clinic.library.presenters import entry_page, kind_page, manual, shelves, words
from pistor.clinic.library.workbench import worked_shown
from pistor.knowledge import Library
from pistor.knowledge import model as m
from pistor.knowledge.finder import names

ASSETS = (
    "shared/pistor.css", "shared/favicon.svg", "shared/trials.css", "shared/comparison.css", "library/library.css", "library/search.js", "library/filter.js",
)  # fmt: skip

NO_DAY = dt.date.min  # the examples are about nobody, so no day counts


def _recipe(*parts: tuple[str, str], **more: Any) -> Recipe:
    return Recipe(tuple(Part(id_, Decimal(ml)) for id_, ml in parts), **more)


EXAMPLES = (
    ("Lidocaine with sodium bicarbonate, nine parts to one",
     "Buffered so that it stings less: what is predicted, what was measured, and where two studies disagree.",
     _recipe(("lidocaine_2pct", "9"), ("sodium_bicarbonate_84pct", "1"), weight_kg=Decimal(70), volume_per_point_ml=Decimal("0.1"), points=50)),
    ("Vitamin C in saline", "A strong stock: a twentieth of it already doubles the osmolarity of saline.",
     _recipe(("ascorbic_acid_500mg_ml", "0.5"), ("sodium_chloride_09pct", "9.5"), jurisdiction="US")),
    ("Aminophylline with procaine", "Popular, and the wrong one: aminophylline falls out below pH 8.",
     _recipe(("aminophylline_25mg_ml", "2"), ("procaine_2pct", "1"), weight_kg=Decimal(70))),
    ("Deoxycholic acid on its own, as its label asks", "One product: nothing is mixed, and its limits stand beside what is given.",
     _recipe(("deoxycholic_acid_10mg_ml", "10"), policy="licensed_only", jurisdiction="US", volume_per_point_ml=Decimal("0.2"), points=50,
             spacing_mm=Decimal(10), sessions=6, interval_days=28)),
)  # fmt: skip


def _worked(recipe: Recipe, library: Library) -> dict[str, Any]:
    return worked_shown(work_out(recipe, library, NO_DAY), library, _address("../"))


def build(library: Library, out: Path) -> int:
    """Write the site into ``out`` and return the number of pages. Files of an earlier build are replaced, others are left alone."""
    out.mkdir(parents=True, exist_ok=True)
    for asset in ASSETS:
        found = finders.find(asset)
        assert isinstance(found, str), asset
        shutil.copy(found, out / Path(asset).name)
    (out / "names.js").write_text(f"const PISTOR_NAMES = {json.dumps(_index(library), ensure_ascii=False)};\n", encoding="utf-8")
    first = {"manual": manual(library, _address("")), "shelves": shelves(library, _address("")), "query": "", "hits": []}
    pages = _write(out / "index.html", "library/index.html", "", first, library)
    (out / "blend").mkdir(exist_ok=True)
    examples = [
        {"title": title, "why": why, "worked": {**_worked(recipe, library), "id": f"example-{number}"}}
        for number, (title, why, recipe) in enumerate(EXAMPLES, start=1)
        if all(part.presentation in library.presentations for part in recipe.parts)
    ]
    pages += _write(out / "blend" / "index.html", "library/examples.html", "../", {"examples": examples}, library)
    for kind in m.KINDS:
        if not getattr(library, kind):
            continue
        (out / kind).mkdir(exist_ok=True)
        address = _address("../")
        pages += _write(out / kind / "index.html", "library/kind.html", "../", {"page": kind_page(library, kind, address)}, library)
        for id_ in getattr(library, kind):
            pages += _write(out / kind / f"{id_}.html", "library/entry.html", "../", {"page": entry_page(library, kind, id_, address)}, library)
    return pages


def _address(root: str) -> Any:
    return lambda kind, id_: f"{root}{kind}/{id_ or 'index'}.html"


def _write(path: Path, template: str, root: str, context: dict[str, Any], library: Library) -> int:
    frame = {"frame": "library/site.html", "home": f"{root}index.html", "root": root, "version": library.version, "pistor_version": pistor.__version__}
    path.write_text(render_to_string(template, {**frame, **context}), encoding="utf-8")
    return 1


def _index(library: Library) -> list[list[str]]:
    """Title, kind, address and every name, for the search in the browser."""
    return [[title, words(kind), f"{kind}/{id_}.html", "\n".join(folded for folded, _ in called)] for kind, id_, title, called in names(library)]
