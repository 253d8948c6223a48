"""What a recording holds, as numbers: trials a condition, timing, units, what is missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from wmsim.recordings.checks import unit_blocks
from wmsim.recordings.labels import feature_names, labels_of
from wmsim.recordings.schema import TRIAL_LABELS, UNIT_LABELS
from wmsim.recordings.select import is_aligned, item_exists, step_names

_ATTRS = ("source", "seed", "reference", "licence", "created_at", "creation_library_version")
# Labels with more values than this are names rather than groups; they are not counted.
MOST_GROUPS = 50


def summarise(dataset: xr.Dataset) -> dict[str, Any]:
    """Numbers that describe a recording, as JSON-like values.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording.

    Returns
    -------
    dict
        ``sizes``; ``units`` and ``trials`` (label, then value, then count);
        ``units_by_session`` (session, then area, then count); ``features`` (name, then value,
        then number of items); ``conditions`` (name, then value, then trials with it at item 1,
        2, ...); ``items_a_trial`` (number of items, then trials); ``timing`` (what, then
        ``median``, ``low``, ``high``, ``trials``); ``time`` (first, last, units, aligned, steps);
        ``activity`` (units, mean of each unit: ``low``, ``median``, ``high``); ``missing``
        (share of NaN, units and trials that miss some or all); ``attrs``. The activity is read
        once, in blocks of units.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> recording = build_recording(
    ...     np.zeros((1, 2, 2)), time=[0], time_units="step", source="planted", shown_item=[0],
    ...     activity_units="a.u.", features={"image": ([[0], [1]], ["cup", "car"])},
    ... )
    >>> summarise(recording)["conditions"]
    {'image': {'cup': [1], 'car': [1]}}
    """
    time = dataset["time"]
    conditions = {name: condition_counts(dataset, name) for name in feature_names(dataset)}
    activity, missing = _activity(dataset)
    return {
        "sizes": {str(dim): int(size) for dim, size in dataset.sizes.items()},
        "units": _label_counts(dataset, "unit", UNIT_LABELS),
        "units_by_session": _units_by_session(dataset),
        "trials": _label_counts(dataset, "trial", TRIAL_LABELS),
        "features": {
            name: {value: sum(counts) for value, counts in values.items()}
            for name, values in conditions.items()
        },
        "conditions": conditions,
        "items_a_trial": _counts(item_exists(dataset).values.sum(axis=1)),
        "timing": timing(dataset),
        "time": {
            "first": float(time.values[0]),
            "last": float(time.values[-1]),
            "bins": int(time.size),
            "bin_width": float(time.attrs["bin_width"]) if "bin_width" in time.attrs else None,
            "units": str(time.attrs.get("units")),
            "aligned": is_aligned(dataset),
            "steps": step_names(dataset) if is_aligned(dataset) else [],
        },
        "activity": activity,
        "missing": missing,
        "attrs": {name: dataset.attrs[name] for name in _ATTRS if name in dataset.attrs},
    }


def condition_counts(dataset: xr.Dataset, feature: str) -> dict[str, list[int]]:
    """Trials that have each value of a feature at item 1, 2, ...

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording.
    feature : str
        A feature.

    Returns
    -------
    dict of str to list of int
    """
    codes, names = labels_of(dataset, feature)
    return {
        name: (codes == value).sum(axis=0).astype(int).tolist() for value, name in enumerate(names)
    }


def timing(dataset: xr.Dataset) -> dict[str, dict[str, float]]:
    """When items and events come, how long items are shown and how far apart they are.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording; an aligned one is described by its recorded times, where it has them.

    Returns
    -------
    dict
        Such as ``"item 2 onset"`` to ``median``, ``low`` and ``high`` in units of time, and the
        number of ``trials`` that have it.
    """
    prefix = "recorded_" if "recorded_item_onset" in dataset.variables else ""
    if is_aligned(dataset) and not prefix:
        return {}
    found: dict[str, dict[str, float]] = {}
    onset = _times(dataset, f"{prefix}item_onset")
    offset = _times(dataset, f"{prefix}item_offset")
    for item in range(0 if onset is None else onset.shape[1]):
        assert onset is not None
        _add(found, f"item {item + 1} onset", onset[:, item])
        if offset is not None:
            _add(found, f"item {item + 1} shown for", offset[:, item] - onset[:, item])
    for name in dataset.variables:
        if str(name).startswith(f"{prefix}event_"):
            title = str(name).removeprefix(f"{prefix}event_").replace("_", " ")
            _add(found, title, _times(dataset, str(name)))
    return found


def _times(dataset: xr.Dataset, name: str) -> np.ndarray | None:
    return dataset[name].values.astype(float) if name in dataset.variables else None


def _add(found: dict[str, dict[str, float]], title: str, values: np.ndarray | None) -> None:
    known = np.empty(0) if values is None else values[np.isfinite(values)]
    if known.size:
        found[title] = {
            "median": float(np.median(known)), "low": float(known.min()),
            "high": float(known.max()), "trials": int(known.size),
        }  # fmt: skip


def _activity(dataset: xr.Dataset) -> tuple[dict[str, Any], dict[str, Any]]:
    """Mean activity of units, and what is NaN, from one pass over the values."""
    activity = dataset["activity"].transpose("time", "unit", "trial")
    shape = (activity.sizes["unit"], activity.sizes["trial"])
    recorded = np.empty(shape, dtype=np.int64)
    total = np.empty(shape[0])
    for block in unit_blocks(activity):
        values = activity.isel(unit=block).values
        known = np.isfinite(values)
        recorded[block] = known.sum(axis=0)
        total[block] = np.where(known, values, 0.0).sum(axis=(0, 2), dtype=float)
    bins = max(1, activity.sizes["time"])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / recorded.sum(axis=1)
    mean = mean[np.isfinite(mean)]
    facts: dict[str, Any] = {"units": str(activity.attrs.get("units", ""))}
    if mean.size:
        facts |= {
            "low": float(mean.min()), "median": float(np.median(mean)), "high": float(mean.max())
        }  # fmt: skip
    absent = recorded == 0
    return facts, {
        "share": float((recorded.size * bins - recorded.sum()) / max(1, recorded.size * bins)),
        "units_missing_trials": int((absent.any(axis=1) & ~absent.all(axis=1)).sum()),
        "units_without_any": int(absent.all(axis=1).sum()),
        "trials_missing_units": int((absent.any(axis=0) & ~absent.all(axis=0)).sum()),
        "trials_without_any": int(absent.all(axis=0).sum()),
        "most_trials_missed": int(absent.sum(axis=1).max(initial=0)),
        "unit_missing_most": str(dataset["unit"].values[absent.sum(axis=1).argmax()]),
    }


def _units_by_session(dataset: xr.Dataset) -> dict[str, dict[str, int]]:
    if "session" not in dataset.variables:
        return {}
    sessions = dataset["session"].values.astype(str)
    areas = (
        dataset["area"].values.astype(str)
        if "area" in dataset.variables
        else np.full(sessions.size, "area not given")
    )
    return {name: _counts(areas[sessions == name]) for name in np.unique(sessions).tolist()}


def _label_counts(
    dataset: xr.Dataset, dim: str, known: tuple[str, ...]
) -> dict[str, dict[str, int]]:
    """Counts of the contract's labels, and of others that group rather than name."""
    names = [
        str(name)
        for name, variable in dataset.variables.items()
        if variable.dims == (dim,) and name != dim and not str(name).startswith("event_")
    ]
    counted = {}
    for name in sorted(names, key=lambda name: (name not in known, name)):
        values = dataset[name].values
        if name in known or (values.dtype.kind in "OUTbiu" and len(set(values.tolist())) <= 12):
            counts = _counts(values)
            if len(counts) <= MOST_GROUPS:
                counted[name] = counts
    return counted


def _counts(values: np.ndarray) -> dict[str, int]:
    kinds, counts = np.unique(values.astype(str), return_counts=True)
    return dict(zip(kinds.tolist(), counts.tolist(), strict=True))
