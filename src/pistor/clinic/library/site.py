"""The library as plain files: the same pages without a server, a sign-in or a script that fetches anything."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

import pistor
from pistor.clinic.library.presenters import entry_page, kind_page, manual, shelves, words
from pistor.knowledge import Library
from pistor.knowledge import model as m
from pistor.knowledge.finder import names

ASSETS = ("shared/pistor.css", "shared/favicon.svg", "shared/trials.css", "shared/comparison.css", "library/library.css", "library/search.js")


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
