"""What a recording holds, told so that a person can check it."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from wmsim.recordings.checks import unit_blocks
from wmsim.recordings.labels import feature_names, labels_of
from wmsim.recordings.schema import TRIAL_LABELS, UNIT_LABELS
from wmsim.recordings.select import is_aligned, item_exists, step_names

_ATTRS = ("source", "seed", "reference", "licence", "created_at", "creation_library_version")


def summarise(dataset: xr.Dataset) -> dict[str, Any]:
    """Numbers that describe a recording, as JSON-like values.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording.

    Returns
    -------
    dict
        ``sizes``; ``units`` and ``trials`` (label, then value, then count); ``features``
        (name, then value, then number of items); ``items_a_trial`` (number of items, then
        trials); ``time`` (first, last, units, aligned, steps); ``nan_share`` of the
        activity, which is read for it; ``attrs``.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> recording = build_recording(
    ...     np.zeros((1, 2, 2)), time=[0], time_units="step", source="planted", shown_item=[0],
    ...     activity_units="a.u.", features={"image": ([[0], [1]], ["cup", "car"])},
    ... )
    >>> summarise(recording)["features"]
    {'image': {'cup': 1, 'car': 1}}
    """
    time = dataset["time"]
    return {
        "sizes": {str(dim): int(size) for dim, size in dataset.sizes.items()},
        "units": _label_counts(dataset, UNIT_LABELS),
        "trials": _label_counts(dataset, TRIAL_LABELS),
        "features": {name: _feature_counts(dataset, name) for name in feature_names(dataset)},
        "items_a_trial": _counts(item_exists(dataset).values.sum(axis=1)),
        "time": {
            "first": float(time.values[0]),
            "last": float(time.values[-1]),
            "units": str(time.attrs.get("units")),
            "aligned": is_aligned(dataset),
            "steps": step_names(dataset) if is_aligned(dataset) else [],
        },
        "activity_units": str(dataset["activity"].attrs.get("units", "")),
        "nan_share": nan_share(dataset),
        "attrs": {name: dataset.attrs[name] for name in _ATTRS if name in dataset.attrs},
    }


def describe(dataset: xr.Dataset) -> str:
    """Describe a recording in a few lines.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording.

    Returns
    -------
    str
        What :func:`summarise` says, for a person.
    """
    facts = summarise(dataset)
    time = facts["time"]
    kind = "aligned" if time["aligned"] else "continuous"
    source = facts["attrs"].get("source", "unknown source")
    lines = [
        f"A recording ({source}, {kind}): " + _listed(facts["sizes"]),
        f"time: {time['first']:g} to {time['last']:g} {time['units']}"
        + (f" ({', '.join(time['steps'])})" if time["steps"] else ""),
        f"activity: {facts['activity_units'] or 'no units given'}, {facts['nan_share']:.1%} NaN",
        f"items a trial: {_listed(facts['items_a_trial'], unit=' trials')}",
    ]
    for title in ("units", "trials"):
        lines += [f"{title} by {name}: {_listed(c)}" for name, c in facts[title].items()]
    lines += [f"feature {name}: {_listed(counts)}" for name, counts in facts["features"].items()]
    lines += [f"{name}: {value}" for name, value in facts["attrs"].items() if name != "source"]
    return "\n".join(lines)


def nan_share(dataset: xr.Dataset) -> float:
    """Share of the activity that is NaN; read in blocks of units."""
    activity = dataset["activity"]
    missing = sum(
        int(np.isnan(activity.isel(unit=block).values).sum()) for block in unit_blocks(activity)
    )
    return missing / max(1, activity.size)


def _label_counts(dataset: xr.Dataset, names: tuple[str, ...]) -> dict[str, dict[str, int]]:
    return {name: _counts(dataset[name].values) for name in names if name in dataset.variables}


def _feature_counts(dataset: xr.Dataset, feature: str) -> dict[str, int]:
    codes, names = labels_of(dataset, feature)
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    return dict(zip(names, counts.tolist(), strict=True))


def _counts(values: np.ndarray) -> dict[str, int]:
    kinds, counts = np.unique(values.astype(str), return_counts=True)
    return dict(zip(kinds.tolist(), counts.tolist(), strict=True))


def _listed(counts: dict[str, int], unit: str = "", most: int = 12) -> str:
    shown = [f"{name} {count}{unit}" for name, count in list(counts.items())[:most]]
    more = f", ... ({len(counts)} in all)" if len(counts) > most else ""
    return ", ".join(shown) + more
