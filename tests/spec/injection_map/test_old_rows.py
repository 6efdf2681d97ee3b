"""Maps from before zones had a technique of their own, as they were kept: they are read into zone plans and have the very same points.

``old_rows.json`` was written by the code of that time, on both versions of its drawings and by both rules for grids.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import Path

import pytest

from pistor.care.injection_map import make_map, zone_plans_from_json, zone_plans_kept

ROWS = json.loads(Path(__file__).with_name("old_rows.json").read_text("utf-8"))


def told(points):
    return [[point.key, point.x_mm, point.y_mm, str(point.volume_ml)] for point in points]


@pytest.mark.parametrize("row", ROWS, ids=[f"{number}-{row['technique']}" for number, row in enumerate(ROWS)])
def test_an_old_row_has_the_same_points_to_the_last_digit(library, row):
    plans = zone_plans_kept(zones=[], areas=row["areas"], generator=row["generator"], technique=row["technique"], exceptions=row["exceptions"])
    made = make_map(plans, library)
    placed, out = told(made.placed), told(made.taken_out)
    assert (placed[:3], out) == (row["first"], row["out"])
    assert hashlib.sha256(json.dumps([placed, out]).encode()).hexdigest() == row["placed_sha256"]
    assert (made.points, str(made.volume_ml), str(made.area_cm2)) == (row["points"], row["volume_ml"], row["area_cm2"])
    assert [[zone.label, zone.points, str(zone.volume_ml), str(zone.area_cm2), zone.tip_text] for zone in made.zones] == row["zones"]
    assert made.least_spacing_mm == Decimal(row["least_spacing_mm"])
    assert [finding.rule for finding in made.findings] == row["findings"]
    again = make_map(zone_plans_from_json([plan.as_dict() for plan in made.zone_plans]), library)
    assert told(again.placed) == placed, "kept in the form of today it is still the same"
