"""rsatoolbox: recordings as ``Dataset`` (trials x units) or ``TemporalDataset``, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.exporting.columns import (
    Columns,
    from_columns,
    read_layout,
    recorded_names,
    to_columns,
)
from wmsim.recordings.exporting.foreign import Named, build_from_columns, one_step
from wmsim.recordings.exporting.values import activity_of
from wmsim.recordings.labels import feature_names, labels_of
from wmsim.recordings.select import encoding_space, is_aligned, item_exists, memory_space
from wmsim.recordings.validate import validate

if TYPE_CHECKING:
    from rsatoolbox.data import Dataset, TemporalDataset

KEY = "wmsim"
ESCAPED = "escaped"
TABLES = {"obs_descriptors": "trial", "channel_descriptors": "unit", "time_descriptors": "time"}


def to_rsatoolbox(
    recording: xr.Dataset, *, item: int | None = None, step: int | None = None
) -> Dataset:
    """Turn an aligned recording, or one state of it, into an rsatoolbox ``Dataset``.

    Every label becomes a descriptor: of trials in ``obs_descriptors`` (labels of items one
    an item: ``image_1``, ``image_2``, ``item_onset_1``, ...), of units in
    ``channel_descriptors``. Codes with names are written as names. What descriptors cannot
    hold is JSON in ``descriptors["wmsim"]``; with it :func:`from_rsatoolbox` gives back the
    same recording.

    Parameters
    ----------
    recording : xarray.Dataset
        An aligned recording, or one with a single time bin.
    item : int, optional
        S, from 0: rows are the trials that have this item, and descriptors ``image``, ...
        (one a feature, without a number) hold its labels, for
        ``calc_rdm(..., descriptor="image")``.
    step : int, optional
        T, from 0; by default the step that shows `item`. With neither `item` nor `step`,
        each row is a trial at a step. With either, ``item_onset`` and ``item_offset`` are
        left out: they count steps.

    Returns
    -------
    rsatoolbox.data.Dataset
        Measurements of shape (trials, units), or (trials x steps, units).

    Raises
    ------
    WmsimError
        If the recording is not aligned, or has no such item or step.
    SchemaError
        If the dataset is no recording.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> recording = build_recording(
    ...     np.zeros((2, 3, 4)), time=[0, 1], time_units="step", activity_units="a.u.",
    ...     features={"image": ([[0, 1]] * 4, ["cup", "car"])}, shown_item=[0, 1],
    ...     source="model",
    ... )
    >>> dataset = to_rsatoolbox(recording, item=0, step=1)
    >>> dataset.measurements.shape
    (4, 3)
    >>> dataset.obs_descriptors["image"].tolist()
    ['cup', 'cup', 'cup', 'cup']
    >>> to_rsatoolbox(recording).measurements.shape
    (8, 3)
    """
    from rsatoolbox.data import Dataset

    validate(recording, values=False)
    part, labels, about = _state(recording, item, step)
    columns = to_columns(part, reserved=feature_names(part))
    trials, steps = part.sizes["trial"], part.sizes["time"]
    activity = activity_of(part, "trial", "time", "unit").reshape(trials * steps, -1)
    rows = {name: np.repeat(values, steps) for name, values in columns.trial.items()}
    rows |= {name: np.tile(values, trials) for name, values in columns.time.items()}
    return Dataset(
        activity,
        descriptors=_descriptors(columns, part) | about,
        obs_descriptors=rows | labels,
        channel_descriptors=dict(columns.unit),
    )


def to_temporal(recording: xr.Dataset) -> TemporalDataset:
    """Turn a recording into an rsatoolbox ``TemporalDataset``.

    Descriptors as :func:`to_rsatoolbox` writes them; ``time``, ``shown_item`` and other
    labels of time bins are ``time_descriptors``.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording, continuous or aligned.

    Returns
    -------
    rsatoolbox.data.TemporalDataset
        Measurements of shape (trial, unit, time).

    Raises
    ------
    SchemaError
        If the dataset is no recording.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> recording = build_recording(
    ...     np.zeros((2, 3, 4)), time=[0, 1], time_units="step", activity_units="a.u.",
    ...     features={"image": ([[0, 1]] * 4, ["cup", "car"])}, shown_item=[0, 1],
    ...     source="model",
    ... )
    >>> dataset = to_temporal(recording)
    >>> dataset.measurements.shape, dataset.obs_descriptors["image_2"].tolist()
    ((4, 3, 2), ['car', 'car', 'car', 'car'])
    >>> from_rsatoolbox(dataset).identical(recording)
    True
    """
    from rsatoolbox.data import TemporalDataset

    columns = to_columns(recording)
    return TemporalDataset(
        activity_of(recording, "trial", "unit", "time"),
        descriptors=_descriptors(columns, recording),
        obs_descriptors=dict(columns.trial),
        channel_descriptors=dict(columns.unit),
        time_descriptors=dict(columns.time),
    )


def from_rsatoolbox(
    dataset: Dataset | TemporalDataset,
    *,
    features: Mapping[str, Named] | None = None,
    onsets: Named | None = None,
    offsets: Named | None = None,
    events: Mapping[str, str] | None = None,
    shown_item: int | Sequence[int] | None = None,
    time_units: str = "s",
    activity_units: str = "a.u.",
    source: str = "neural",
) -> xr.Dataset:
    """Turn an rsatoolbox ``Dataset`` or ``TemporalDataset`` into a recording.

    A dataset that wmsim wrote needs no arguments and comes back with every label, also
    after trials, units or times were chosen with rsatoolbox. For any other, the arguments
    say which ``obs_descriptors`` are which item's label.

    Parameters
    ----------
    dataset : rsatoolbox.data.Dataset or rsatoolbox.data.TemporalDataset
        The dataset.
    features : mapping, optional
        Feature name to the descriptor of each item, e.g.
        ``{"image": ["first_image", "second_image"]}``. NaN, "" and -1 are no item.
    onsets, offsets : str or list of str, optional
        The descriptor of each item's onset and offset, in `time_units`.
    events : mapping, optional
        Name of an event to the descriptor of its times.
    shown_item : int or list of int, optional
        Of a ``Dataset``, which has no time: the item on display, from 0, or -1 for none. Of
        a ``TemporalDataset`` whose times are steps: the item at each step.
    time_units : {"s", "step"}
        Unit of the descriptor ``time``.
    activity_units : str
        Unit of the measurements.
    source : {"neural", "model", "planted"}
        Where the activity comes from.

    Returns
    -------
    xarray.Dataset
        A recording.

    Raises
    ------
    WmsimError
        If this is no such dataset, or a descriptor does not exist.
    SchemaError
        If it cannot be a recording; all problems are named.

    Examples
    --------
    >>> from rsatoolbox.data import Dataset
    >>> theirs = Dataset(np.eye(2), obs_descriptors={"picture": ["cup", "car"]})
    >>> recording = from_rsatoolbox(theirs, features={"image": "picture"})
    >>> recording.image.values.ravel().tolist(), recording.step_name.values.tolist()
    (['cup', 'car'], ['item 1'])
    """
    measurements = _measurements(dataset)
    layout = dataset.descriptors.get(KEY)
    if layout is not None and features is None:
        return _ours(dataset, measurements, read_layout(layout, f"descriptors['{KEY}']"))
    given: dict[str, Any] = {"trial": dataset.obs_descriptors, "unit": dataset.channel_descriptors}
    times = getattr(dataset, "time_descriptors", {})
    if measurements.ndim == 2:
        given |= {"time": [0], "time_units": "step"}
        given["shown_item"] = one_step(features, shown_item)
        activity = measurements.T[None]
    else:
        given |= {"time": np.asarray(times["time"]), "time_units": time_units}
        given["shown_item"] = shown_item
        activity = measurements.transpose(2, 1, 0)
    return build_from_columns(
        activity, features=features, onsets=onsets, offsets=offsets, events=events,
        activity_units=activity_units, source=source, what="obs_descriptor", **given,
    )  # fmt: skip


def _state(
    recording: xr.Dataset, item: int | None, step: int | None
) -> tuple[xr.Dataset, dict[str, np.ndarray], dict[str, Any]]:
    """The part of a recording that is asked for, the item's labels, and what it is."""
    if not is_aligned(recording) and recording.sizes["time"] > 1:
        raise WmsimError(
            f"This recording is continuous ({recording.sizes['time']} time bins, no shown_item), "
            "an aligned one was expected. Use wmsim.recordings.align first, or to_temporal."
        )
    if item is None:
        if step is None:
            return recording, {}, {}
        if not 0 <= step < recording.sizes["time"]:
            raise WmsimError(
                f"No step {step}: this recording has {recording.sizes['time']}, counted from 0. "
                "Ask for one of these."
            )
        return _one_step(recording, step), {}, {"step": step}
    space = encoding_space(recording, item) if step is None else memory_space(recording, item, step)
    at = int(space["step"])
    trials = np.flatnonzero(item_exists(recording).values[:, item])
    part = _one_step(recording, at).isel(trial=trials)
    labels = {}
    for name in feature_names(part):
        codes, names = labels_of(part, name)
        labels[name] = np.array([*names, ""])[codes[:, item]]
    return part, labels, {"item": item, "step": at}


def _one_step(recording: xr.Dataset, step: int) -> xr.Dataset:
    """One step of a recording; onsets count steps, of which there is one now."""
    part = recording.isel(time=[step])
    return part.drop_vars(["item_onset", "item_offset"], errors="ignore")


def _descriptors(columns: Columns, recording: xr.Dataset) -> dict[str, Any]:
    return {
        KEY: columns.text,
        "source": str(recording.attrs["source"]),
        "activity_units": str(recording["activity"].attrs.get("units", "")),
        "time_units": str(recording["time"].attrs["units"]),
    }


def _measurements(dataset: Any) -> np.ndarray:
    from rsatoolbox.data import Dataset

    if not isinstance(dataset, Dataset):
        raise WmsimError(
            f"Found a {type(dataset).__name__}, expected an rsatoolbox Dataset or TemporalDataset. "
            "Files are read with load_rsatoolbox."
        )
    return np.asarray(dataset.measurements)


def _ours(dataset: Any, measurements: np.ndarray, layout: dict[str, Any]) -> xr.Dataset:
    tables = {
        axis: {
            column: _unescaped(values) if column in layout.get(ESCAPED, ()) else values
            for column, values in getattr(dataset, name, {}).items()
        }
        for name, axis in TABLES.items()
    }
    if measurements.ndim == 3:
        return from_columns(measurements.transpose(2, 1, 0), tables, layout)
    rows = {column: np.asarray(values) for column, values in tables["trial"].items()}
    names = {axis: recorded_names({axis: rows}, layout, axis) for axis in ("trial", "time")}
    _, first_trial, trial = _positions(names["trial"])
    _, first_time, time = _positions(names["time"])
    order = np.argsort(names["time"][first_time], kind="stable")
    time, first_time = np.argsort(order)[time], first_time[order]
    shape = (first_time.size, measurements.shape[1], first_trial.size)
    activity = np.full(shape, np.nan, dtype=np.result_type(measurements.dtype, np.float32))
    activity[time, :, trial] = measurements
    tables["trial"] = {column: values[first_trial] for column, values in rows.items()}
    tables["time"] = {column: values[first_time] for column, values in rows.items()}
    return from_columns(activity, tables, layout)


def _positions(names: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Different names in order of appearance, where each is first, and which each row has."""
    kinds, first, inverse = np.unique(names, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return kinds[order], first[order], np.argsort(order)[inverse.ravel()]


def _unescaped(values: Any) -> np.ndarray:
    return np.array([str(text).encode("ascii").decode("unicode_escape") for text in values])
