"""Turn a continuous recording into an aligned one, whose time axis is the sequence of steps."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.checks import unit_blocks
from wmsim.recordings.validate import validate

Window = tuple[float, float]
# Values that are turned into doubles at once.
_AT_ONCE = 2**22


@dataclass(frozen=True)
class _Step:
    """One step: its name, the item it shows (-1: none) and its window in each trial."""

    name: str
    item: int
    event: np.ndarray  # (trial,), NaN where the trial does not have it
    window: Window


def align(
    dataset: xr.Dataset,
    *,
    window: Window = (0.2, 0.8),
    maintenance_window: Window | None = (0.0, 2.4),
    probe_window: Window | None = None,
) -> xr.Dataset:
    """Average each trial's activity in a window after each event.

    Steps are item 1, item 2, ..., then maintenance (where the recording has
    ``event_maintenance``), then the probe (only where a window for it is given and the
    recording has ``event_probe``). A recording without ``item_onset`` shows no item: it is
    one of maintenance alone. A bin counts by its overlap with the window; NaN bins
    are left out, and a window without any value gives NaN.

    Parameters
    ----------
    dataset : xarray.Dataset
        A continuous recording with ``item_onset``, or with ``event_maintenance`` alone. An
        aligned one is returned as it is.
    window : (float, float)
        Start and end after each item's onset, in units of ``time``.
    maintenance_window, probe_window : (float, float), optional
        The same after ``event_maintenance`` and ``event_probe``; None leaves the step out.

    Returns
    -------
    xarray.Dataset
        An aligned recording: ``activity`` (step, unit, trial), ``shown_item``,
        ``step_name``; ``item_onset`` counts steps. The recorded times are kept as
        ``recorded_item_onset``, ``recorded_event_maintenance``, ... in their old units,
        the windows in attr ``alignment`` (JSON).

    Raises
    ------
    WmsimError
        If ``item_onset`` and ``event_maintenance`` are missing, a window is reversed or
        reaches beyond what was recorded, or a window is asked for whose event is missing.
    SchemaError
        If the dataset is no recording.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> time = np.arange(0.05, 3, 0.1)
    >>> ramp = np.broadcast_to(time[:, None, None], (30, 1, 2))
    >>> recording = build_recording(
    ...     ramp, time=time, time_units="s", activity_units="a.u.", source="planted",
    ...     features={"image": [[0, 1], [1, 0]]}, item_onset=[[0, 1], [0, 2]],
    ... )
    >>> align(recording, window=(0.2, 0.8)).activity.values[:, 0, :].round(3)
    array([[0.5, 0.5],
           [1.5, 2.5]], dtype=float32)
    """
    validate(dataset, values=False)
    if "shown_item" in dataset.variables:
        return dataset
    steps = _steps(dataset, window, maintenance_window, probe_window)
    edges = bin_edges(dataset["time"])
    for step in steps:
        _require_inside(step, edges, str(dataset["time"].attrs["units"]))
    activity = window_means(dataset["activity"], edges, steps_start(steps), steps_end(steps))
    return _aligned(dataset, activity, steps)


def bin_edges(time: xr.DataArray) -> np.ndarray:
    """Start and end of each time bin.

    Parameters
    ----------
    time : xarray.DataArray, dims (time,)
        Bin centres in s (or steps, which begin at their number); attr ``bin_width``, else
        the median distance of two bins (1 for a single step).

    Returns
    -------
    numpy.ndarray, shape (time, 2)
    """
    values = time.values.astype(float)
    spacing = float(np.median(np.diff(values))) if values.size > 1 else 1.0
    width = float(time.attrs.get("bin_width", spacing))
    start = values if time.attrs.get("units") == "step" else values - width / 2
    return np.stack([start, start + width], axis=1)


def window_means(
    activity: xr.DataArray,
    edges: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    *,
    largest: int = 2**24,
) -> np.ndarray:
    """Mean activity of each trial in each of its windows, weighted by overlap with the bins.

    Parameters
    ----------
    activity : xarray.DataArray, dims (time, unit, trial)
        Read once, in blocks of units.
    edges : numpy.ndarray, shape (time, 2)
        Start and end of each bin.
    start, end : numpy.ndarray, shape (trial, step)
        The windows; NaN where a trial lacks the step.
    largest : int
        About the number of values that a block may hold.

    Returns
    -------
    numpy.ndarray of float32, shape (step, unit, trial)
        NaN where no value was recorded.
    """
    sizes = activity.sizes
    out = np.empty((start.shape[1], sizes["unit"], sizes["trial"]), dtype=np.float32)
    for units in unit_blocks(activity, largest):
        values = activity.isel(unit=units).values
        each = max(1, _AT_ONCE // max(1, values.shape[0] * values.shape[1]))
        for first in range(0, sizes["trial"], each):
            trials = slice(first, first + each)
            weights = _overlap(edges, start[trials], end[trials])
            out[:, units, trials] = _weighted_means(values[:, :, trials], weights)
    return out


def _weighted_means(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Means of (time, unit, trial) with weights (trial, time, step): (step, unit, trial)."""
    values = values.transpose(2, 1, 0).astype(np.float64)
    recorded = np.isfinite(values)
    total = np.where(recorded, values, 0.0) @ weights  # (trial, unit, step)
    weight = recorded.astype(np.float64) @ weights
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 1e-9, total / weight, np.nan).transpose(2, 1, 0)


def steps_start(steps: list[_Step]) -> np.ndarray:
    """Start of each step's window in each trial, shape (trial, step)."""
    return np.stack([step.event + step.window[0] for step in steps], axis=1)


def steps_end(steps: list[_Step]) -> np.ndarray:
    """End of each step's window in each trial, shape (trial, step)."""
    return np.stack([step.event + step.window[1] for step in steps], axis=1)


def _overlap(edges: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Overlap of bins and windows, shape (trial, time, step); 0 where there is no window."""
    low = np.maximum(edges[None, :, :1], start[:, None, :])
    high = np.minimum(edges[None, :, 1:], end[:, None, :])
    return np.nan_to_num(np.maximum(high - low, 0.0))


def _steps(
    dataset: xr.Dataset,
    window: Window,
    maintenance_window: Window | None,
    probe_window: Window | None,
) -> list[_Step]:
    steps = []
    if "item_onset" in dataset.variables:
        onset = dataset["item_onset"].values.astype(float)
        shown = _checked("window", window)
        steps = [_Step(f"item {i + 1}", i, onset[:, i], shown) for i in range(onset.shape[1])]
    elif maintenance_window is None or "event_maintenance" not in dataset.variables:
        raise WmsimError(
            "item_onset: is missing, expected the onset of each item over (trial, item). "
            "Only with it can the recording be aligned: add it, in units of time. A recording of "
            "maintenance alone needs event_maintenance over (trial) and a maintenance_window."
        )
    if maintenance_window is not None and "event_maintenance" in dataset.variables:
        checked = _checked("maintenance_window", maintenance_window)
        steps.append(_Step("maintenance", -1, dataset["event_maintenance"].values + 0.0, checked))
    if probe_window is not None:
        if "event_probe" not in dataset.variables:
            raise WmsimError(
                "event_probe: is missing, but a probe_window was given. "
                "Add the times of the probes over (trial), or leave probe_window out."
            )
        checked = _checked("probe_window", probe_window)
        steps.append(_Step("probe", -1, dataset["event_probe"].values + 0.0, checked))
    return steps


def _checked(name: str, window: Window) -> Window:
    start, end = float(window[0]), float(window[1])
    if not start < end:
        raise WmsimError(
            f"{name} is ({start:g}, {end:g}), expected the start before the end. "
            f"Did you mean ({end:g}, {start:g})?"
        )
    return start, end


def _require_inside(step: _Step, edges: np.ndarray, units: str) -> None:
    start, end = step.event + step.window[0], step.event + step.window[1]
    low, high = edges.min(), edges.max()
    tolerance = 1e-6 * max(1.0, high - low)
    outside = (start < low - tolerance) | (end > high + tolerance)
    if outside.any():
        raise WmsimError(
            f"The window ({step.window[0]:g}, {step.window[1]:g}) after {step.name} reaches from "
            f"{np.nanmin(start):.3g} to {np.nanmax(end):.3g} {units} in {outside.sum()} trials, "
            f"but the recording goes from {low:.3g} to {high:.3g}. Give a shorter window, record "
            "longer, or leave these trials out."
        )


def _aligned(dataset: xr.Dataset, activity: np.ndarray, steps: list[_Step]) -> xr.Dataset:
    old_units = dataset["time"].attrs["units"]
    timed = [
        str(name)
        for name in dataset.variables
        if str(name).startswith("event_") or name in ("item_onset", "item_offset")
    ]
    renamed = {name: f"recorded_{name}" for name in timed}
    rest = dataset.drop_dims("time").rename(renamed)
    for name in renamed.values():
        rest[name].attrs = {**rest[name].attrs, "units": old_units}
    dims = ("time", "unit", "trial")
    result = rest.assign(activity=(dims, activity, dict(dataset["activity"].attrs)))
    result = result.assign_coords(
        time=("time", np.arange(len(steps)), {"units": "step"}),
        shown_item=("time", np.array([step.item for step in steps])),
        step_name=("time", np.array([step.name for step in steps])),
    )
    for name, variable in _step_times(steps).items():
        result[name] = variable
    windows = {step.name: list(step.window) for step in steps}
    result.attrs["alignment"] = json.dumps({"units": old_units, "windows": windows})
    return result[["activity", *(name for name in result.data_vars if name != "activity")]]


def _step_times(steps: list[_Step]) -> dict[str, xr.Variable]:
    """Onsets and events again, counted in steps; NaN where a trial lacks them."""
    at = np.stack([np.where(np.isnan(s.event), np.nan, i) for i, s in enumerate(steps)], axis=1)
    items = [i for i, step in enumerate(steps) if step.item >= 0]
    units = {"units": "step"}
    times = {"item_onset": xr.Variable(("trial", "item"), at[:, items], units)} if items else {}
    for index, step in enumerate(steps):
        if step.item < 0:
            times[f"event_{step.name}"] = xr.Variable(("trial",), at[:, index], units)
    return times
