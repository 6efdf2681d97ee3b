"""Virtual patients: what the literature leaves open, drawn from its priors, and what each draw makes of a tissue and a depot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pistor.care.exposure.order import GUN, Order, Spot, constricted
from pistor.care.exposure.solute import Solute
from pistor.care.exposure.tissue import HYPODERMIS, Site, Variation, clearances, flow_periods, site_of, tissue_of
from pistor.care.exposure.values import How, Prior, Value, parameter, priors_of
from pistor.delivery import depots
from pistor.delivery.depots import Bleb, Placement
from pistor.delivery.ensemble import Patient
from pistor.delivery.problem import Depot, Period, Tissue
from pistor.knowledge import Library

SHALLOWEST_MM = 0.05
GUN_SCATTER = "gun_depth_scatter"
VARIED = (
    "diffusivity_factor", "clearance_factor", "dermis_factor", "viable_epidermis", "papillary_clearance", "hypodermis_clearance",
    "wheal_radius", "filling_fraction", "depth_scatter", "backflow",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """Where one substance is put: the skin, what is known of how it is put there, whether a vasoconstrictor is with it, how long
    its threads are (None: points), and whether a gun injects it, whose depth scatters from shot to shot."""

    site: Site
    library: Library
    vasoconstrictor: bool = False
    run_mm: float | None = None
    gun: bool = False

    def priors(self) -> dict[str, Prior]:
        """What is varied here. A flow that was measured for the zone is not."""
        names = [*VARIED, *(("vasoconstrictor_flow",) if self.vasoconstrictor else ("injection_hyperaemia", "injection_hyperaemia_end"))]
        if self.gun:
            names.append(GUN_SCATTER)
        if self.site.flow.how is How.ASSUMED:
            names.append("skin_flow_unknown")
        known = priors_of(self.library)
        return {name: known[name] for name in names if name in known}

    def values(self) -> tuple[Value, ...]:
        """The inputs that are the same for every substance."""
        names = ("wheal_radius", "filling_fraction", "backflow", *(name for name in self.priors() if name not in VARIED and name != "skin_flow_unknown"))
        return (*self.site.values, *(parameter(name, self.library) for name in names))

    def taken(self, name: str, drawn: Mapping[str, float]) -> float:
        """A parameter as it was drawn, or as it was read."""
        return drawn[name] if name in drawn else parameter(name, self.library).number

    def tissue(self, solute: Solute, drawn: Mapping[str, float]) -> Tissue:
        """The layers, with the periods of raised or lowered flow before those that last."""
        variation = Variation(**{name: drawn[name] for name in VARIED[:6] if name in drawn})
        rest = drawn["skin_flow_unknown"] / parameter("skin_flow_unknown", self.library).number if "skin_flow_unknown" in drawn else 1.0
        flows = self._flows(drawn)
        last = tissue_of(self.site, solute, replace(variation, flow_factor=rest * flows[-1][1]))
        periods = tuple(
            Period(until_h, tuple(one.total_per_h for one in clearances(self.site, solute, replace(variation, flow_factor=rest * factor))))
            for (_, factor), (until_h, _) in pairwise(flows)
        )
        return replace(last, periods=periods)

    def _flows(self, drawn: Mapping[str, float]) -> list[tuple[float, float]]:
        """From when on the flow is so many times that at rest."""
        if self.vasoconstrictor:
            return [(0.0, self.taken("vasoconstrictor_flow", drawn))]
        if not drawn:
            return [(period.from_h, period.factor) for period in flow_periods(self.library)]
        return [(0.0, self.taken("injection_hyperaemia", drawn)), (self.taken("injection_hyperaemia_end", drawn), 1.0)]

    def depot(self, spot: Spot, tissue: Tissue, drawn: Mapping[str, float]) -> Depot:
        """A unit depot at the origin for such a spot, or for a piece of such a thread, inside the tissue of whoever it is."""
        depth = min(max(spot.depth_mm + self.taken("depth_scatter", drawn), SHALLOWEST_MM), tissue.depth_mm)
        scatter = self.taken(GUN_SCATTER, drawn) if self.gun else 0.0
        placement = Placement(depth_sd_mm=scatter, filling=self.taken("filling_fraction", drawn), backflow=self.stays(drawn)[1])
        if self.run_mm is not None:
            return replace(self._thread(spot.volume_ml, placement)[0], x_mm=0.0, depth_mm=depth, dose_mg=1.0)
        layer, anchor = in_layer(tissue, spot.depth_mm), self.taken("wheal_radius", drawn)
        return replace(depots.point_depot(0.0, 0.0, depth, spot.volume_ml, 1.0, layer=layer, placement=placement, anchor_mm=anchor), dose_mg=1.0)

    def pieces_mm(self, spots: Sequence[Spot], angle_deg: float) -> tuple[tuple[float, float], ...]:
        """Where the pieces of each spot lie beside it (x, y): as many as the thinnest thread takes by what was read; itself for a point."""
        if self.run_mm is None:
            return ((0.0, 0.0),)
        placement = Placement(filling=self.taken("filling_fraction", {}))
        along = [piece.x_mm for piece in self._thread(min(spot.volume_ml for spot in spots), placement)]
        turn = math.radians(angle_deg)
        return tuple((x * math.cos(turn), x * math.sin(turn)) for x in along)

    def _thread(self, volume_ml: float, placement: Placement) -> tuple[Depot, ...]:
        """A thread along the x axis with its middle at the origin, in the surface."""
        half = (self.run_mm or 0.0) / 2
        return depots.thread_depots((-half, 0.0, 0.0), (half, 0.0, 0.0), volume_ml, 1.0, placement=placement)

    def bleb_in(self, spot: Spot, layer: str) -> Bleb:
        """What the fluid of such a spot soaks in the skin or in the fat, by what was read; of a thread, across it."""
        if self.run_mm is not None:
            radius = 2 * self._thread(spot.volume_ml, Placement(filling=self.taken("filling_fraction", {})))[0].sigma_lateral_mm
            return Bleb(radius, radius)
        return depots.bleb(layer, spot.volume_ml, filling=self.taken("filling_fraction", {}), anchor_mm=self.taken("wheal_radius", {}))

    def stays(self, drawn: Mapping[str, float]) -> tuple[float, float]:
        """The part that stays, and the part that runs back out."""
        out = min(self.taken("backflow", drawn), 0.99)
        return 1.0 - out, out

    def patient(self, solute: Solute, spots: tuple[Spot, ...], target_mm: float, drawn: Mapping[str, float]) -> Patient:
        """One virtual patient; ``spots`` are one of each kind."""
        tissue = self.tissue(solute, drawn)
        return Patient(tissue, tuple(self.depot(spot, tissue, drawn) for spot in spots), min(target_mm, tissue.depth_mm))


def setting_of(order: Order, library: Library) -> Setting:
    """The skin of an order's zone and how its blend is put there."""
    constricts = bool(constricted(order.vasoconstrictor, order.contents, library))
    return Setting(site_of(order.zone, library, sex=order.sex), library, constricts, order.run_mm, order.device == GUN)


def in_layer(tissue: Tissue, depth_mm: float) -> str:
    """Whether fluid at this depth raises a wheal in the skin or fills a sphere in the fat."""
    skin = sum(layer.thickness_mm for layer in tissue.layers if layer.name != HYPODERMIS)
    return depots.DERMIS if depth_mm <= skin else depots.HYPODERMIS


def layer_at(tissue: Tissue, depth_mm: float) -> int:
    """The number of the layer at a depth; that below where two meet."""
    return max(0, sum(edge <= depth_mm for edge in tissue.edges_mm[:-1]) - 1)
