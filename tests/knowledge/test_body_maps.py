"""The drawings and the zones they show: coded, complete, at the size of an adult."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from pistor.delivery.grids import area_mm2, usable
from pistor.knowledge.model import BodyStructure, verhoeff

CITED = {"source": ("CID4029",), "at": "row", "grade": "B", "reviewed": "2026-11-26"}


@pytest.mark.parametrize(
    ("number", "right"), [("2363", True), ("2364", False), ("73211009", True), ("73211008", False), ("37211009", False), ("39937001", True)]
)
def test_the_last_digit_of_a_code_tells_a_slip_of_the_pen(number, right):
    """236 with the check digit 3 is the example in every description of Verhoeff's rule; two digits that changed places are found too."""
    assert verhoeff(number) is right


def test_a_code_with_a_wrong_digit_is_refused():
    with pytest.raises(ValidationError, match="last digit does not check"):
        BodyStructure.model_validate({"code": "75093003", "word": "skin of the abdomen", **CITED})


def test_every_zone_is_drawn_and_coded_once_and_only_with_a_source(library):
    drawn = {shape.zone for body in library.body_maps.values() for shape in body.zones}
    assert drawn == set(library.zones)
    codes = [zone.snomed.code for zone in library.zones.values() if zone.snomed]
    assert len(codes) == len(set(codes)) == len(library.zones)
    assert {key for zone in library.zones.values() if zone.snomed for key in zone.snomed.source} <= {"CID4029", "BEIMAGE", "FHIMSPU"}


def test_every_zone_has_a_left_and_a_right_of_the_same_size_in_the_views_that_show_it(library):
    for zone in library.zones:
        shapes = [shape for body in library.body_maps.values() for shape in body.zones if shape.zone == zone]
        sides = {shape.side for shape in shapes}
        assert {"left", "right"} <= sides or sides == {"mid"}, zone
        left, right = (sum(area_mm2(shape.polygon, shape.no_go) for shape in shapes if shape.side == side) for side in ("left", "right"))
        assert left == pytest.approx(right, rel=1e-3), zone


@pytest.mark.parametrize(
    ("map_", "zone", "low_cm2", "high_cm2"),
    [("hands_back", "hand", 30, 90), ("scalp_back", "scalp_back", 40, 120), ("neck_front", "neck_front", 30, 100), ("thighs_back", "thigh_back", 200, 600),
     ("thighs_back", "buttock", 200, 500), ("upper_arms_front", "upper_arm_front", 50, 200), ("flank_left", "flanks", 80, 250), ("back", "back", 200, 500)],
)  # fmt: skip
def test_a_zone_is_as_large_as_on_an_adult_and_lies_inside_what_is_drawn(library, map_, zone, low_cm2, high_cm2):
    body = library.body_maps[map_]
    for shape in (shape for shape in body.zones if shape.zone == zone):
        assert low_cm2 <= area_mm2(shape.polygon, shape.no_go) / 100 <= high_cm2
        left, top, right, bottom = usable(shape.polygon).bounds
        assert 0 <= left < right <= body.width_mm and 0 <= top < bottom <= body.height_mm


def test_what_must_not_be_injected_is_said_in_words_wherever_it_is_drawn(library):
    for body in library.body_maps.values():
        for shape in body.zones:
            assert bool(shape.no_go) == bool(shape.no_go_label), (body.id, shape.label)


def test_a_technique_of_passes_has_no_points_and_says_what_is_not_known_of_its_dose(library):
    passing = [technique for technique in library.techniques.values() if technique.pattern == "passes"]
    assert {technique.id for technique in passing} == {name for id_ in ("microneedle_roller", "microneedle_pen") for name in library.devices[id_].techniques}
    for technique in passing:
        assert technique.volume_per_point_ml is technique.spacing_mm is technique.depth_mm is None
        assert any("no injected dose" in warning.text for warning in technique.warnings)


def test_a_zone_at_one_of_its_sites_is_what_was_measured_there_and_elsewhere_the_zone(library):
    face = library.zones["face"]
    forehead = {layer.name: (layer.thickness.low, layer.thickness.high) for layer in face.at("forehead").layers}
    assert forehead == {"epidermis": (Decimal("0.2"), Decimal("0.22")), "dermis": (Decimal("0.86"), Decimal("1.17")), "hypodermis": (2, 2)}
    cheek = {layer.name: layer.thickness for layer in face.at("zygoma").layers}
    assert cheek["hypodermis"] == face.layers[2].thickness and face.at(None) is face
    assert cheek["dermis"].source == ("MENG22",)
