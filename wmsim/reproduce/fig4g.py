"""Figure 4g: rotations swapped across items and across time."""

from __future__ import annotations

import xarray as xr

from wmsim.figures.paper_swaps import swaps_figure
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.memory import by_architecture, main_kind
from wmsim.reproduce.study import Study
from wmsim.reproduce.swaps import SWAPS, donor_in_use, swap_claims_by_architecture

CAPTION = (
    "Accuracy of the decoders of E(S,S) rotated to M(S,T), where R(S,T) is replaced: by those of "
    "other items of the same age, R(S+k,T+k); of the same item at other times, R(S,T-1) and "
    "R(S,T+1) (open: a step at which the item is no longer of use); by a random rotation in the "
    "same subspace. Rows: features, columns: tasks. Points and lines: mean and 95 % interval over "
    "subjects, mean over memory spaces. Grey line: fitted decoders; dashed: chance (one-vs-rest "
    "balanced accuracy)."
)


def kinds(config: ReproduceConfig) -> list[Kind]:
    """GRUs that learned all tasks; the other architectures are in figure A4."""
    return [main_kind(config)]


def measure_swaps(study: Study, chosen: list[Kind]) -> xr.Dataset:
    """Rotations of some kinds, dims (architecture, subject, task, ...)."""
    found = by_architecture(study, chosen, SWAPS)
    return found.assign(donor_in_use=donor_in_use(found).astype(float))


def measure(study: Study) -> xr.Dataset:
    """Rotations in each memory space, dims (architecture, subject, task, ...)."""
    return measure_swaps(study, kinds(study.config))


def claims(found: xr.Dataset) -> list[Claim]:
    """Rotations are shared by items, not by times."""
    return swap_claims_by_architecture(found, "section 4.3, figure 4g")


FIGURE = Figure(
    name="fig4g",
    title="Rotations swapped across items and across time",
    caption=CAPTION,
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=swaps_figure,
)
