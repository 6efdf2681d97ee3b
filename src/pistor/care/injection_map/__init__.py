"""The injection map: each zone has a technique and a generator of its own, and what was changed in it by hand."""

from pistor.care.injection_map.edits import Add, Alter, Command, Move, Regenerate, Remove, Restore, apply
from pistor.care.injection_map.findings import below_the_fat, thicknesses
from pistor.care.injection_map.kept import (
    area_from_dict,
    chosen_from_json,
    edits_from_dict,
    generator_from_dict,
    kept_scale,
    scale_from_dict,
    zone_plan_from_dict,
    zone_plan_from_text,
    zone_plans_from_json,
    zone_plans_kept,
    zone_text,
    zones_alike,
)
from pistor.care.injection_map.make import Ground, drawing_of, ground_of, make_map, points_of, shape_of
from pistor.care.injection_map.scale import ALONG, extent_mm, scaled
from pistor.care.injection_map.scale import told as scale_told
from pistor.care.injection_map.values import (
    AS_DRAWN,
    PASSES,
    VOLUME_PER_POINT_ML,
    Area,
    Change,
    Chosen,
    ChosenPoints,
    Edits,
    Generator,
    InjectionMap,
    Measured,
    NoMap,
    Point,
    Scale,
    Scales,
    ZonePlan,
    ZoneTotal,
)

__all__ = [
    "ALONG", "AS_DRAWN", "PASSES", "VOLUME_PER_POINT_ML", "Add", "Alter", "Area", "Change", "Chosen", "ChosenPoints", "Command", "Edits", "Generator",
    "Ground", "InjectionMap", "Measured", "Move", "NoMap", "Point", "Regenerate", "Remove", "Restore", "Scale", "Scales", "ZonePlan", "ZoneTotal",
    "apply", "area_from_dict", "below_the_fat", "chosen_from_json", "drawing_of", "edits_from_dict", "extent_mm", "generator_from_dict", "ground_of",
    "kept_scale", "make_map", "points_of", "scale_from_dict", "scale_told", "scaled", "shape_of", "thicknesses", "zone_plan_from_dict",
    "zone_plan_from_text", "zone_plans_from_json", "zone_plans_kept", "zone_text", "zones_alike",
]  # fmt: skip
