"""Scripts fetch one another by names that change with what is in them, so that no browser mixes an old one with a new one."""

from __future__ import annotations

import re
from pathlib import Path

from django.contrib.staticfiles import finders

from pistor.config.static import HashedFiles

FILES = ("injection_map/planner.js", *(f"injection_map/{name}.js" for name in ("scale", "settings", "words")), *(f"shared/map/{name}.js" for name in ("state", "points", "keys", "list", "draw")))


def test_what_a_script_imports_has_the_name_of_its_content(tmp_path):
    for name in FILES:
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(Path(finders.find(name)).read_bytes())
    storage = HashedFiles(location=tmp_path, base_url="/static/")
    list(storage.post_process({name: (storage, name) for name in FILES}))
    planner = (tmp_path / storage.stored_name(FILES[0])).read_text()
    fetched = re.findall(r'from "([^"]+)"', planner)
    assert len(fetched) == 8
    for name in fetched:
        assert re.search(r"\.[0-9a-f]{12}\.js$", name) and (tmp_path / "injection_map" / name).resolve().exists()
