"""What a figure of the paper is: who it needs, what it measures, claims and shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

if TYPE_CHECKING:
    from wmsim.reproduce.claims import Claim
    from wmsim.reproduce.config import ReproduceConfig
    from wmsim.reproduce.kinds import Kind
    from wmsim.reproduce.study import Study


@dataclass(frozen=True)
class Figure:
    """A figure, as a chain of four steps.

    Attributes
    ----------
    name : str
        Such as ``"fig4b"``.
    title, caption : str
        For the report.
    kinds : callable
        Settings to the kinds of subjects that have to be trained.
    measure : callable
        Study to numbers: one dataset with the dimension ``subject`` (coordinate: seeds) in every
        variable that a claim rests on.
    claims : callable
        Numbers to claims.
    draw : callable
        Numbers and a path without ending to PNG and PDF.
    """

    name: str
    title: str
    caption: str
    kinds: Callable[[ReproduceConfig], Sequence[Kind]]
    measure: Callable[[Study], xr.Dataset]
    claims: Callable[[xr.Dataset], list[Claim]]
    draw: Callable[[xr.Dataset, Path], object]
