"""Figure 3b: orthogonalisation of perceptual and encoding space, as they are."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from wmsim.figures.paper_orthogonality import orthogonality_by_architecture
from wmsim.reproduce.angles import AS_IS, measure
from wmsim.reproduce.angles import claims as claims_of
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.memory import mtmf_kinds


def claims(found: xr.Dataset) -> list[Claim]:
    """Claims about the spaces as they are."""
    return claims_of(found, AS_IS, "section 4.2, figure 3b")


def draw(found: xr.Dataset, path_stem: Path) -> list[Path]:
    """Both spaces as they are."""
    return orthogonality_by_architecture(found, AS_IS, path_stem)


FIGURE = Figure(
    name="fig3b",
    title="Orthogonalisation of perceptual and encoding space",
    caption="Orthogonalisation index of the decoders of each feature in the encoder's output and "
    "in E(1,1), as they are, mean over tasks; small points: "
    "subjects, large points and lines: mean and 95 % interval over subjects. Grey: mean under "
    "permuted labels, which the dimension of a space drives towards a simplex (dotted).",
    kinds=mtmf_kinds,
    measure=measure,
    claims=claims,
    draw=draw,
)
