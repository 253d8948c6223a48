"""Figure A3: orthogonalisation of both spaces in 10 principal components each."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from wmsim.figures.paper_orthogonality import orthogonality_by_architecture
from wmsim.reproduce.angles import REDUCED, measure
from wmsim.reproduce.angles import claims as claims_of
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.memory import mtmf_kinds


def claims(found: xr.Dataset) -> list[Claim]:
    """Claims about the spaces in 10 principal components each."""
    return claims_of(found, REDUCED, "section 4.2, figure A3")


def draw(found: xr.Dataset, path_stem: Path) -> list[Path]:
    """Both spaces in 10 principal components each."""
    return orthogonality_by_architecture(found, REDUCED, path_stem)


FIGURE = Figure(
    name="figA3",
    title="Orthogonalisation at equal dimension",
    caption="Orthogonalisation index of the decoders of each feature in the encoder's output and "
    "in E(1,1), in 10 principal components each, mean over tasks; small points: "
    "subjects, large points and lines: mean and 95 % interval over subjects. Grey: mean under "
    "permuted labels, which the dimension of a space drives towards a simplex (dotted).",
    kinds=mtmf_kinds,
    measure=measure,
    claims=claims,
    draw=draw,
)
