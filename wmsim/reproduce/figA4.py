"""Figure A4: rotations swapped, in the architectures that figure 4g does not show."""

from __future__ import annotations

import xarray as xr

from wmsim.figures.paper_swaps import swaps_figure
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.fig4g import CAPTION, measure_swaps
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.memory import main_kind, mtmf_kinds
from wmsim.reproduce.study import Study
from wmsim.reproduce.swaps import swap_claims_by_architecture


def kinds(config: ReproduceConfig) -> list[Kind]:
    """All architectures but that of figure 4g (all, where there is but one)."""
    every = mtmf_kinds(config)
    return [kind for kind in every if kind != main_kind(config)] or every


def measure(study: Study) -> xr.Dataset:
    """Rotations in each memory space, dims (architecture, subject, task, ...)."""
    return measure_swaps(study, kinds(study.config))


def claims(found: xr.Dataset) -> list[Claim]:
    """Rotations are shared by items, not by times."""
    return swap_claims_by_architecture(found, "section 4.3, figure A4")


FIGURE = Figure(
    name="figA4",
    title="Rotations swapped, other architectures",
    caption="As figure 4g, for the other architectures. " + CAPTION,
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=swaps_figure,
)
