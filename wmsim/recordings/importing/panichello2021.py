"""Panichello & Buschman 2021: mean activity of 380 neurons for four colours at two positions.

``planesDemo.mat`` of github.com/panichem/SelectionFromWorkingMemory, from Nature 592, 601-605
(2021), https://doi.org/10.1038/s41586-021-03390-w. Averages only.
"""

from __future__ import annotations

import os

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.build import build_recording
from wmsim.recordings.importing.matlab import read_matlab

REFERENCE = (
    "Panichello, M. F., & Buschman, T. J. (2021). Shared mechanisms underlie the control of "
    "working memory and attention. Nature, 592, 601-605. https://doi.org/10.1038/s41586-021-03390-w"
)
LICENCE = "MIT"
POSITIONS = ("upper", "lower")
N_COLOURS = 4


def import_panichello2021(path: str | os.PathLike[str]) -> xr.Dataset:
    """Import the averages as a recording with one "trial" a condition.

    Parameters
    ----------
    path : path-like
        ``planesDemo.mat``: ``dat`` (condition, neuron), rows 1 to 4 the four colours at the upper
        position, rows 5 to 8 the same at the lower one.

    Returns
    -------
    xarray.Dataset
        Aligned, one step: ``activity`` (time 1, unit 380, trial 8); features ``colour`` and
        ``position``; ``trial`` names the condition. There is no noise of trials in it:
        geometry can be measured, decoders cannot be cross-validated.

    Raises
    ------
    WmsimError
        If the file is missing, damaged or of another layout.
    """
    raw = read_matlab(path)
    values = np.asarray(raw.find("dat"))
    n_conditions = N_COLOURS * len(POSITIONS)
    if values.ndim != 2 or values.shape[0] != n_conditions or values.dtype.kind != "f":
        raise WmsimError(
            f"'{raw.path.name}': dat has shape {values.shape} and type {values.dtype}, expected "
            f"({n_conditions} conditions, neurons) of numbers. Is this planesDemo.mat?"
        )
    colour = np.tile(np.arange(N_COLOURS), len(POSITIONS))
    position = np.repeat(np.arange(len(POSITIONS)), N_COLOURS)
    colours = [f"colour {i + 1}" for i in range(N_COLOURS)]
    account = [
        f"Panichello & Buschman 2021, {raw.path.name}",
        f"dims: time 1, unit {values.shape[1]}, trial {n_conditions}, item 1",
        "labels: colour (4 values), position (upper, lower)",
        f"units kept: {values.shape[1]} of {values.shape[1]}",
        "each 'trial' is the average of a condition: no noise of trials is in it, so geometry can "
        "be measured, but decoders cannot be cross-validated",
        "units of activity, areas, animals, sessions and times are not in the file",
    ]
    return build_recording(
        values[None].transpose(0, 2, 1),
        time=[0],
        time_units="step",
        activity_units="a.u.",
        long_name="mean activity",
        features={
            "colour": (colour[:, None], colours),
            "position": (position[:, None], list(POSITIONS)),
        },
        shown_item=[-1],
        step_name=["average"],
        trial={
            "trial": [
                f"{POSITIONS[p]}, {colours[c]}" for c, p in zip(colour, position, strict=True)
            ]
        },
        source="neural",
        reference=REFERENCE,
        licence=LICENCE,
        attrs={"import_account": "\n".join([*account, *raw.notes])},
    )
