"""A recording made ready for analysis: units chosen, aligned, transformed."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.pipeline.config import AnalysisConfig
from wmsim.recordings import align, is_aligned, subset, validate
from wmsim.recordings.schema import INNER_KINDS

HIDDEN = "hidden"


def make_ready(recording: xr.Dataset, config: AnalysisConfig, notes: list[str]) -> xr.Dataset:
    """Choose units, align and transform.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording, continuous or aligned.
    config : AnalysisConfig
        How.
    notes : list of str
        What a reader has to know is added here.

    Returns
    -------
    xarray.Dataset
        Aligned, in memory.

    Raises
    ------
    WmsimError
        If the recording is not valid, or has negative activity where a square root is asked for.
    """
    validate(recording, values=False)
    aligned = recording = _chosen_units(recording, config, notes)
    if not is_aligned(recording):
        aligned = align(
            recording, window=config.window, maintenance_window=config.maintenance_window
        )
        notes.append(_told(aligned, config))
    return _transformed(aligned.load(), config, notes)


def _told(aligned: xr.Dataset, config: AnalysisConfig) -> str:
    """Over which windows activity was averaged."""
    windows = [
        f"{start:g} to {end:g} s after {event}"
        for (start, end), event, there in (
            (config.window, "each item's onset", (aligned["shown_item"] >= 0).any()),
            (
                config.maintenance_window,
                "the start of maintenance",
                "event_maintenance" in aligned,
            ),
        )
        if there
    ]
    return f"Aligned: activity averaged {', and '.join(windows)}."


def _chosen_units(recording: xr.Dataset, config: AnalysisConfig, notes: list[str]) -> xr.Dataset:
    kinds = config.kinds
    there = set(recording["kind"].values.tolist()) if "kind" in recording else set()
    inner = sorted(there.intersection(INNER_KINDS))
    if kinds is None and HIDDEN in there and inner:
        kinds = tuple(sorted(there.difference(inner)))
        left = ", ".join(f"{kind}s left out (--kind '{kind}')" for kind in inner)
        notes.append(f"Units: {', '.join(kinds)}; {left}.")
    wanted = {"kind": kinds, "area": config.areas}
    chosen: dict[str, Any] = {name: list(values) for name, values in wanted.items() if values}
    return subset(recording, **chosen) if chosen else recording


def _transformed(aligned: xr.Dataset, config: AnalysisConfig, notes: list[str]) -> xr.Dataset:
    activity = aligned["activity"]
    rates = activity.attrs.get("units") == "spikes/s"
    if config.transform == "sqrt" or (config.transform == "auto" and rates):
        if float(activity.min()) < 0:
            raise WmsimError(
                "Activity has negative values, of which there is no square root; use transform "
                "'none' (--transform none)."
            )
        notes.append("Square root of activity taken, which evens out the variance of counts.")
        aligned = aligned.assign(activity=activity.copy(data=np.sqrt(activity.values)))
    return aligned
