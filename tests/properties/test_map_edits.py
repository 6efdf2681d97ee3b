"""Whatever is done to the points of a map by hand, totals are sums over points and none lies where nothing may be injected."""

from __future__ import annotations

from decimal import Decimal

import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pistor.care.injection_map import (
    Add,
    Alter,
    Area,
    Change,
    Generator,
    Move,
    NoMap,
    Regenerate,
    Remove,
    Restore,
    ZonePlan,
    apply,
    drawing_of,
    make_map,
    zone_plans_from_json,
)
from pistor.knowledge import load

LIBRARY = load()
AREAS = [Area("face_front", "face", "left"), Area("face_front", "face", "right"), Area("abdomen", "abdomen", "left"), Area("submental", "submental", "mid")]
PLACES = st.tuples(st.floats(0, 240), st.floats(0, 260)).map(lambda at: (round(at[0], 3), round(at[1], 3)))  # as they are kept
KEYS = st.frozensets(st.sampled_from([*map(str, range(1, 40)), "a1", "a2", "a3"]), min_size=1, max_size=8)
ML = st.decimals("0.001", "0.3", places=3)
MM = st.decimals("0.1", "12", places=1)


def _square(at, half):
    x, y = at
    return tuple((round(x + dx * half, 3), round(y + dy * half, 3)) for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1)))


COMMANDS = st.one_of(
    st.builds(Add, PLACES),
    st.builds(Move, st.dictionaries(st.sampled_from([*map(str, range(1, 40)), "a1", "a2"]), PLACES, min_size=1, max_size=4)),
    st.builds(Remove, KEYS),
    st.builds(Restore, KEYS),
    st.builds(Alter, KEYS, st.builds(Change, st.none() | ML, st.none() | MM, st.none() | st.decimals("1", "90", places=0))),
    st.builds(lambda at, half: Regenerate(drawn=_square(at, half)), PLACES, st.floats(5, 60)),
    st.builds(Regenerate, st.builds(Generator, st.sampled_from(["hexagonal", "square", "rows"]), st.decimals("8", "30", places=1), ML, MM, st.just(Decimal(45)))),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_totals_are_sums_over_points_after_any_edits_and_no_point_is_where_none_may_be(data):
    start = Generator("hexagonal", Decimal(12), Decimal("0.05"), Decimal(4), Decimal(45))
    areas = data.draw(st.lists(st.sampled_from(AREAS), min_size=1, max_size=3, unique=True))
    plans = [ZonePlan(area, "papule", start) for area in areas]
    made = make_map(plans, LIBRARY)
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(plans) - 1))
        tried = [*plans[:at], apply(plans[at], data.draw(COMMANDS)), *plans[at + 1 :]]
        try:
            made = make_map(tried, LIBRARY)
        except NoMap as refused:
            assert refused.reasons and all(reason.endswith(".") for reason in refused.reasons)
            continue
        plans = tried
        _sums(made)
        _allowed(made)
    assert make_map(zone_plans_from_json([plan.as_dict() for plan in made.zone_plans]), LIBRARY).placed == made.placed


def _sums(made):
    assert made.points == len(made.placed) == sum(zone.points for zone in made.zones)
    assert made.volume_ml == sum((point.volume_ml for point in made.placed), Decimal(0)) == sum((zone.volume_ml for zone in made.zones), Decimal(0))
    for zone in made.zones:
        own = made.points_in(zone.key)
        assert (zone.points, zone.volume_ml) == (len(own), sum((point.volume_ml for point in own), Decimal(0)))
    assert len({point.key for point in (*made.placed, *made.taken_out)}) == len(made.placed) + len(made.taken_out)


def _allowed(made):
    for plan in made.zone_plans:
        body = drawing_of(plan.area, LIBRARY, made.scale)
        shape = next(shape for shape in body.zones if (shape.zone, shape.side) == (plan.area.zone, plan.area.side))
        places = [(point.x_mm, point.y_mm) for point in made.points_in(plan.key)]
        if places:
            assert shapely.contains_xy(shapely.Polygon(shape.polygon).buffer(0.003), *zip(*places, strict=True)).all()
            assert not plan.drawn or shapely.contains_xy(shapely.Polygon(plan.drawn).buffer(0.003), *zip(*places, strict=True)).all()
            for hole in shape.no_go:
                assert not shapely.contains_xy(shapely.Polygon(hole).buffer(-0.003), *zip(*places, strict=True)).any()
