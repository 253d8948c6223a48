"""Sessions that were not recorded together, as one recording; and taken apart again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError, did_you_mean
from wmsim.recordings.checks import unit_blocks
from wmsim.recordings.labels import encode_labels, feature_names, label_names, labels_of
from wmsim.recordings.populations.tables import (
    AXIS_LABELS,
    checked,
    concatenated,
    merged_attrs,
    merged_trial_labels,
    merged_unit_labels,
    require_same_time,
    session_names,
)
from wmsim.recordings.schema import NO_ITEM
from wmsim.recordings.select import item_exists, shown_items
from wmsim.recordings.validate import validate


def join(recordings: Iterable[xr.Dataset]) -> xr.Dataset:
    """Put sessions that were not recorded together into one recording.

    Trials of one session follow those of another. Activity is NaN where a unit was not recorded,
    so nothing is made up and nothing is lost; :func:`sessions` takes it apart again.

    Parameters
    ----------
    recordings : iterable of xarray.Dataset
        Recordings with the same features and the same time axis (continuous ones of different
        length are aligned first). Trials may have unequally many items.

    Returns
    -------
    xarray.Dataset
        Its trials carry ``trial_session``, its units ``session``. Names of units and trials stay
        different: where they are not, the session is put in front. Labels that a session lacks
        are "", -1 or NaN there; codes of features are the same for the same name.

    Raises
    ------
    WmsimError
        If features, time axes, units of activity or sources differ.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> def session(name, images):
    ...     return build_recording(
    ...         np.ones((1, 2, len(images))), time=[0], time_units="step", source="planted",
    ...         activity_units="a.u.", features={"image": [[i] for i in images]}, shown_item=[0],
    ...         unit={"session": name},
    ...     )
    >>> joined = join([session("s1", "abc"), session("s2", "ba")])
    >>> joined.activity.values[0, :, 2:]
    array([[ 1., nan, nan],
           [ 1., nan, nan],
           [nan,  1.,  1.],
           [nan,  1.,  1.]], dtype=float32)
    """
    parts = checked(recordings, "join")
    names = session_names(parts)
    require_same_time(parts, names)
    features = _shared_features(parts, names)
    n_items = max(part.sizes["item"] for part in parts)
    units = merged_unit_labels(parts, names)
    named = np.repeat(np.array(names), [part.sizes["unit"] for part in parts])
    own = units.get("session", np.full(named.size, "")).astype(str)
    units["session"] = np.where(own == "", named, own)
    data: dict[str, Any] = {"activity": _activity(parts)}
    data |= {feature: _feature(parts, feature, n_items) for feature in features}
    data |= _other_items(parts, names, n_items, features)
    trials = merged_trial_labels(parts, names)
    attrs = {name: _label_attrs(parts, name) for name in trials}
    data |= {n: ("trial", v, attrs[n]) for n, v in trials.items() if n.startswith("event_")}
    coords: dict[str, Any] = {name: ("unit", values) for name, values in units.items()}
    coords |= {n: ("trial", v, attrs[n]) for n, v in trials.items() if not n.startswith("event_")}
    coords |= {n: parts[0][n].variable for n in ("time", *AXIS_LABELS) if n in parts[0].variables}
    joined = xr.Dataset(data, coords, merged_attrs(parts, names))
    validate(joined)
    return joined


def _shared_features(parts: Sequence[xr.Dataset], names: Sequence[str]) -> list[str]:
    first = feature_names(parts[0])
    for part, name in zip(parts[1:], names[1:], strict=True):
        own = feature_names(part)
        for feature in [*first, *own]:
            if feature not in own or feature not in first:
                lacking, has = (name, own) if feature not in own else (names[0], first)
                raise WmsimError(
                    f"Feature '{feature}' is missing in '{lacking}', expected the same features "
                    f"in all recordings. {did_you_mean(feature, has)} Rename or drop it."
                )
    return first


def _activity(parts: Sequence[xr.Dataset]) -> tuple[tuple[str, ...], np.ndarray, dict[str, Any]]:
    n_time = parts[0].sizes["time"]
    shape = (n_time, *(sum(part.sizes[dim] for part in parts) for dim in ("unit", "trial")))
    activity = np.full(shape, np.nan, dtype=np.float32)
    unit = trial = 0
    for part in parts:
        units, trials = part.sizes["unit"], part.sizes["trial"]
        values = part["activity"].transpose("time", "unit", "trial").values
        activity[:, unit : unit + units, trial : trial + trials] = values
        unit, trial = unit + units, trial + trials
    return ("time", "unit", "trial"), activity, dict(parts[0]["activity"].attrs)


def _feature(parts: Sequence[xr.Dataset], feature: str, n_items: int) -> tuple[Any, ...]:
    """A feature's labels over all trials, the same code for the same name."""
    read = [labels_of(part, feature) for part in parts]
    every = list(dict.fromkeys(name for _, names in read for name in names))
    stored = [part[feature] for part in parts]
    blocks = []
    for codes, names in read:
        position = np.array([*(every.index(name) for name in names), NO_ITEM])
        blocks.append(_padded(position[codes], n_items, NO_ITEM))
    codes = np.concatenate(blocks)
    attrs = {key: value for key, value in stored[0].attrs.items() if key != "labels"}
    if any(one.dtype.kind in "OUT" for one in stored):
        attrs.pop("no_item", None)
        return ("trial", "item"), np.array([*every, ""])[codes], attrs
    if not any(label_names(one.attrs) for one in stored):  # integers without names stay themselves
        return ("trial", "item"), np.array([*map(int, every), NO_ITEM])[codes], attrs
    values, label_attrs = encode_labels(codes, every)
    return ("trial", "item"), values, attrs | label_attrs


def _other_items(
    parts: Sequence[xr.Dataset], names: Sequence[str], n_items: int, features: Sequence[str]
) -> dict[str, Any]:
    """Onsets, targets, ... over (trial, item)."""
    every = dict.fromkeys(
        str(name) for part in parts for name, v in part.variables.items()
        if v.dims == ("trial", "item") and name not in features
    )  # fmt: skip
    data: dict[str, Any] = {}
    for name in every:
        for part, session in zip(parts, names, strict=True):
            if name in ("item_onset", "item_offset") and name not in part.variables:
                raise WmsimError(
                    f"{name}: is missing in '{session}', but other recordings have it. Add it "
                    "there, or drop it in all."
                )
        given = [part[name] if name in part.variables else None for part in parts]
        text = any(one is not None and one.dtype.kind in "OUT" for one in given)
        if text and name in ("target", "response"):
            given = [one if one is None else _as_text(part, name)
                     for part, one in zip(parts, given, strict=True)]  # fmt: skip
        flat = [None if one is None else _filled(one.values, n_items).ravel() for one in given]
        sizes = [part.sizes["trial"] * n_items for part in parts]
        values = concatenated(flat, sizes).reshape(-1, n_items)
        data[name] = (("trial", "item"), values, {} if text else _label_attrs(parts, name))
    return data


def _as_text(part: xr.Dataset, name: str) -> xr.DataArray:
    codes, names = labels_of(part, name)
    return xr.DataArray(np.array([*names, ""])[codes], dims=("trial", "item"))


def _label_attrs(parts: Sequence[xr.Dataset], name: str) -> dict[str, Any]:
    return next((dict(part[name].attrs) for part in parts if name in part.variables), {})


def _filled(values: np.ndarray, n_items: int) -> np.ndarray:
    kind = values.dtype.kind
    if kind == "b" and values.shape[1] < n_items:
        values = values.astype(np.int64)
    return _padded(values, n_items, {"f": np.nan, "O": "", "U": "", "T": ""}.get(kind, NO_ITEM))


def _padded(values: np.ndarray, n_items: int, fill: Any) -> np.ndarray:
    lacking = n_items - values.shape[1]
    if not lacking:
        return values
    return np.concatenate([values, np.full((len(values), lacking), fill, values.dtype)], axis=1)


def recorded(dataset: xr.Dataset) -> np.ndarray:
    """Whether a unit has any activity in a trial; read in blocks of units.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording.

    Returns
    -------
    numpy.ndarray of bool, shape (unit, trial)
    """
    activity = dataset["activity"].transpose("time", "unit", "trial")
    blocks = unit_blocks(activity)
    return np.concatenate([np.isfinite(activity[:, b].values).any(axis=0) for b in blocks])


def sessions(dataset: xr.Dataset) -> list[xr.Dataset]:
    """Take a recording apart into sessions whose units were all recorded in the same trials.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording, for instance from :func:`join`.

    Returns
    -------
    list of xarray.Dataset
        One for each ``session`` of units and each set of trials in which they were recorded (a
        unit that was lost half-way is on its own), in the order of the units. Items beyond a
        session's own are cut off.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> activity = np.ones((1, 3, 4)); activity[0, 2, 2:] = np.nan
    >>> recording = build_recording(
    ...     activity, time=[0], time_units="step", source="planted", shown_item=[0],
    ...     activity_units="a.u.", features={"image": [[0], [1], [0], [1]]},
    ... )
    >>> [(part.sizes["unit"], part.sizes["trial"]) for part in sessions(recording)]
    [(2, 4), (1, 2)]
    """
    validate(dataset, values=False)
    where = recorded(dataset)
    of_unit = dataset["session"].values.astype(str) if "session" in dataset else [""] * len(where)
    groups: dict[tuple[str, bytes], list[int]] = {}
    for unit, (session, row) in enumerate(zip(of_unit, where, strict=True)):
        groups.setdefault((str(session), row.tobytes()), []).append(unit)
    return [
        _own_items(dataset.isel(unit=units, trial=np.flatnonzero(where[units[0]])))
        for units in groups.values()
        if where[units[0]].any()
    ]


def _own_items(part: xr.Dataset) -> xr.Dataset:
    used = np.flatnonzero(item_exists(part).values.any(axis=0))
    last = int(used.max()) + 1 if used.size else 0
    if "shown_item" in part.variables:
        last = max(last, int(shown_items(part).max()) + 1)
    return part.isel(item=slice(0, last))
