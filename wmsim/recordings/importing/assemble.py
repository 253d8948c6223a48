"""From what a reader found and what the mapping says to a recording, with an account of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.build import build_recording
from wmsim.recordings.importing.activity import Found, from_arrays, from_session, from_spikes
from wmsim.recordings.importing.columns import kept_rows, table_labels
from wmsim.recordings.importing.mapping import Mapping
from wmsim.recordings.importing.rawdata import RawData
from wmsim.recordings.importing.smoothing import in_unit_blocks, kernel, smooth, zscore
from wmsim.recordings.importing.structs import KeptElements, keep_elements
from wmsim.recordings.importing.trials import Trials, read_trials


@dataclass
class Units:
    """Units that are kept: their positions in the file, labels, and why others are not."""

    rows: np.ndarray
    total: int
    labels: dict[str, np.ndarray] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)


def assemble(raw: RawData, mapping: Mapping) -> xr.Dataset:
    """Make a recording of what a reader found.

    Parameters
    ----------
    raw : RawData
        Contents of a file.
    mapping : Mapping
        What is what in it.

    Returns
    -------
    xarray.Dataset
        A recording. Attr ``import_account`` says what was found, kept and dropped; attr
        ``config`` holds the mapping. Activity of more than 2^28 values is lazy (dask): it is
        binned block by block while it is saved or used.

    Raises
    ------
    WmsimError
        If the mapping names what is not there, or sizes, times or labels make no sense.
    SchemaError
        If what comes out breaks the contract.

    Examples
    --------
    >>> from pathlib import Path
    >>> raw = RawData(Path("a.npz"), "npz file", {
    ...     "spikes": [np.array([1.1, 5.2]), np.array([1.3])],
    ...     "on": np.array([1.0, 5.0]), "image": np.array(["cup", "car"]),
    ... })
    >>> mapping = Mapping(spikes={"times": "spikes"}, bins={"width": 0.5, "before": 0, "after": 1},
    ...                   items={"onset": "on", "labels": {"image": "image"}})
    >>> assemble(raw, mapping)["activity"].sel(trial=0).values
    array([[2., 2.],
           [0., 0.]], dtype=float32)
    """
    running = mapping.spikes is not None or "trial" not in mapping.activity.dims  # type: ignore[union-attr]
    raw, elements = keep_elements(raw, mapping)
    trials = read_trials(raw, mapping, running_clock=running)
    found = _activity(raw, mapping, trials)
    units = _units(raw, mapping, found, elements)
    activity = found.take(units.rows)
    activity = _with_rates(activity, mapping, units, found)
    activity, note = _treated(activity, mapping, found)
    recording = build_recording(
        activity,
        time=found.time,
        time_units=found.time_units,
        activity_units="z" if mapping.zscore else found.units,
        long_name=found.long_name,
        bin_width=found.bin_width,
        features=trials.features,
        unit=units.labels,
        trial={"trial": trials.rows} | trials.labels,
        item_onset=_in_steps(trials.onset, found),
        item_offset=trials.offset if found.time_units == "s" else None,
        events=trials.events if found.time_units == "s" else {},
        shown_item=found.shown_item,
        step_name=found.step_name,
        source="neural",
        config=mapping.model_dump_json(exclude_none=True, exclude_defaults=True),
        reference=mapping.reference or raw.attrs.get("reference"),
        licence=mapping.licence or raw.attrs.get("licence"),
        target=trials.actions.get("target"),
        response=trials.actions.get("response"),
    )
    recording.attrs["import_account"] = _account(
        raw, trials, units, recording, [*found.notes, *note]
    )
    return recording


def _in_steps(onset: np.ndarray | None, found: Found) -> np.ndarray | None:
    """Onsets of items in steps, where time is steps: the step that shows the item."""
    if onset is None or found.shown_item is None:
        return onset
    step = np.full(onset.shape[1], np.nan)
    for position, item in enumerate(found.shown_item):
        if 0 <= item < step.size:
            step[item] = position
    return np.where(np.isnan(onset), np.nan, step)


def _activity(raw: RawData, mapping: Mapping, trials: Trials) -> Found:
    if mapping.spikes is not None:
        return from_spikes(raw, mapping, trials)
    if "trial" in mapping.activity.dims:  # type: ignore[union-attr]
        return from_arrays(raw, mapping, trials)
    return from_session(raw, mapping, trials)


def _units(raw: RawData, mapping: Mapping, found: Found, elements: KeptElements | None) -> Units:
    rows, dropped = kept_rows(raw, mapping.units, found.n_units, "unit")
    units = Units(rows, found.n_units, dropped=dropped)
    if elements is not None:
        units = Units(rows, elements.total, dropped=elements.dropped)
    in_file = rows if elements is None else elements.rows
    default = np.array(found.unit_names)[rows] if found.unit_names else rows_as_names(in_file)
    units.labels = {"unit": default} | table_labels(raw, mapping.units, rows, found.n_units, "unit")
    for name in ("session", "subject"):
        value = getattr(mapping, name) or raw.attrs.get(name)
        if value and name not in units.labels:
            units.labels[name] = np.full(len(rows), value)
    return units


def rows_as_names(rows: np.ndarray) -> np.ndarray:
    """Names of units that have none: their number in the file, from 0."""
    return np.array([f"u{row}" for row in rows.tolist()])


def _with_rates(activity: Any, mapping: Mapping, units: Units, found: Found) -> Any:
    """Drop units below the least mean rate."""
    least = mapping.units.min_rate
    if least is None:
        return activity
    if found.units != "spikes/s":
        raise WmsimError(
            f"units: min_rate is given, but activity is in {found.units!r}, not in spikes/s. "
            "Leave min_rate out."
        )
    rates = np.concatenate([_mean_rate(np.asarray(activity[:, b])) for b in _blocks(activity)])
    keep = rates >= least
    if not keep.any():
        raise WmsimError(
            f"No unit is left: min_rate is {least:g} spikes/s, the highest mean rate is "
            f"{np.nanmax(rates):.3g}. Give a lower min_rate, or check the clock (ms?)."
        )
    if not keep.all():
        units.dropped[f"rate below {least:g} spikes/s"] = int((~keep).sum())
    units.rows = units.rows[keep]
    units.labels = {name: values[keep] for name, values in units.labels.items()}
    return activity[:, np.flatnonzero(keep)]


def _mean_rate(activity: np.ndarray) -> np.ndarray:
    recorded = np.isfinite(activity)
    total = np.where(recorded, activity, 0).sum(axis=(0, 2), dtype=float)
    return total / np.maximum(recorded.sum(axis=(0, 2)), 1)


def _blocks(activity: Any, largest: int = 2**25) -> list[slice]:
    each = max(1, largest // max(1, activity.shape[0] * activity.shape[2]))
    return [slice(first, first + each) for first in range(0, activity.shape[1], each)]


def _treated(activity: Any, mapping: Mapping, found: Found) -> tuple[Any, list[str]]:
    """Smoothed and z-scored activity, and what to say about it."""
    notes = []
    if mapping.smooth is not None:
        if found.time_units != "s" or found.bin_width is None:
            raise WmsimError("smooth: needs time in seconds, found steps. Leave it out.")
        weights, present = kernel(mapping.smooth, found.bin_width)
        activity = in_unit_blocks(activity, partial(smooth, weights=weights, present=present))
        how = "looks back only" if present == 0 else "looks both ways in time"
        notes.append(f"smoothed: {mapping.smooth.kernel}, {mapping.smooth.width:g} s ({how})")
    if mapping.zscore:
        activity = in_unit_blocks(activity, zscore)
        notes.append(
            "z-scored: each unit over all its trials and bins (decoders scale by training trials "
            "themselves; this is for display and for other programs)"
        )
    return activity, notes


def _account(
    raw: RawData, trials: Trials, units: Units, recording: xr.Dataset, notes: list[str],
) -> str:  # fmt: skip
    sizes = ", ".join(f"{dim} {recording.sizes[dim]}" for dim in recording.sizes)
    labels = [f"{name} ({len(names)} values)" for name, (_, names) in trials.features.items()]
    labels += [*trials.labels, *trials.actions, *(f"event_{name}" for name in trials.events)]
    time = recording["time"]
    lines = [
        f"{raw.what} {raw.path.name}",
        f"dims: {sizes}",
        f"time: {float(time[0]):g} to {float(time[-1]):g} {time.attrs['units']}"
        + (f", bins of {time.attrs['bin_width']:g} s" if "bin_width" in time.attrs else ""),
        f"labels: {', '.join(labels)}",
        f"units kept: {len(units.rows)} of {units.total}{_by_label(units.labels)}",
        f"units dropped: {_told(units.dropped)}",
        f"trials kept: {len(trials.rows)} of {trials.total}",
        f"trials dropped: {_told(trials.dropped)}",
    ]
    return "\n".join([*lines, *notes, *raw.notes])


def _by_label(labels: dict[str, np.ndarray]) -> str:
    parts = [
        _told(Counter(labels[name].astype(str).tolist()))
        for name in ("kind", "area", "session")
        if name in labels
    ]
    return f" ({'; '.join(parts)})" if parts else ""


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"
