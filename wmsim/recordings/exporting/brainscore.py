"""Brain-Score assemblies: presentation x neuroid x time_bin, written by hand, and back.

The layout is that of Brain-Score's ``NeuronRecordingAssembly`` in netCDF-4: one data
variable, plain coordinates on its dims, no MultiIndex and no coordinate of a dim's own name
(the loader makes a MultiIndex of all coordinates of a dim), ``stimulus_id`` as text, times
of bins in ms, attrs ``identifier`` and ``stimulus_set_identifier``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import ConfigError, SchemaError, WmsimError, did_you_mean
from wmsim.files import atomic_path
from wmsim.recordings.align import bin_edges
from wmsim.recordings.exporting.columns import from_columns, read_layout, to_columns
from wmsim.recordings.exporting.files import require_own_hdf5
from wmsim.recordings.exporting.foreign import Named, build_from_columns, one_step
from wmsim.recordings.exporting.values import activity_of
from wmsim.recordings.labels import feature_names, labels_of

DIMS = ("presentation", "neuroid", "time_bin")
KEY = "wmsim"
_AXES = dict(zip(DIMS, ("trial", "unit", "time"), strict=True))
_OWN = ("stimulus_id", "neuroid_id", "time_bin_start", "time_bin_end")
_MS = 1000.0


def to_brainscore(
    recording: xr.Dataset, *, stimulus: str | None = None, identifier: str = "wmsim"
) -> xr.DataArray:
    """Turn a recording into an assembly for Brain-Score.

    Labels of trials and items (``image_1``, ``image_2``, ``item_onset_1``, ...), units and
    time bins are coordinates; what they cannot say is JSON in attr ``wmsim``, so that
    :func:`from_brainscore` gives back the same recording. The activity is held in memory.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording, continuous or aligned.
    stimulus : str, optional
        The feature whose labels become ``stimulus_id``, joined by ``|`` where trials have
        several items; ``image``, else the first feature, by default.
    identifier : str
        Name of the assembly, and of the stimulus set that it refers to.

    Returns
    -------
    xarray.DataArray, dims (presentation, neuroid, time_bin)
        ``time_bin_start`` and ``time_bin_end`` are in ms; in an aligned recording they
        count steps (attr ``time_bin_units``).

    Raises
    ------
    ConfigError
        If there is no such feature.
    SchemaError
        If the dataset is no recording.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> recording = build_recording(
    ...     np.zeros((2, 1, 2)), time=[0.05, 0.15], time_units="s", activity_units="spikes/s",
    ...     features={"image": ([[0, 1], [1, -1]], ["cup", "car"])}, source="neural",
    ... )
    >>> assembly = to_brainscore(recording)
    >>> assembly.stimulus_id.values.tolist(), assembly.time_bin_end.values.tolist()
    (['cup|car', 'car'], [100.0, 200.0])
    """
    columns = to_columns(recording, reserved=(*DIMS, *_OWN))
    step = recording["time"].attrs["units"] == "step"
    edges = bin_edges(recording["time"])
    # Bins begin and end at whole microseconds: 0.1 + 0.05 is not quite 0.15.
    edges = edges if step else np.round(edges * _MS, 3)
    coords: dict[str, Any] = {
        "stimulus_id": ("presentation", _stimulus_ids(recording, stimulus)),
        "neuroid_id": ("neuroid", recording["unit"].values.astype(str)),
        "time_bin_start": ("time_bin", edges[:, 0]),
        "time_bin_end": ("time_bin", edges[:, 1]),
    }
    for dim, axis in _AXES.items():
        for name, values in getattr(columns, axis).items():
            coords[name] = (dim, values)
    attrs = {
        "identifier": identifier,
        "stimulus_set_identifier": identifier,
        "time_bin_units": "step" if step else "ms",
        KEY: columns.text,
    }
    activity = activity_of(recording, "trial", "unit", "time")
    return xr.DataArray(activity, coords, DIMS, name="data", attrs=attrs)


def save_brainscore(recording: xr.Dataset, path: str | os.PathLike[str], **options: Any) -> Path:
    """Save a recording as a netCDF-4 file that Brain-Score's loader opens.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording.
    path : path-like
        The file, usually ``.nc``.
    **options
        Passed to :func:`to_brainscore`.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    SchemaError
        If the dataset is no recording.
    WmsimError
        If the file cannot be written.
    """
    assembly = to_brainscore(recording, **options)
    dataset = assembly.to_dataset(name="data")
    named = ("identifier", "stimulus_set_identifier")
    dataset.attrs = {name: assembly.attrs[name] for name in named}
    encoding: dict[Any, dict[str, Any]] = {
        name: {"_FillValue": None} for name, v in dataset.variables.items() if v.dtype.kind == "f"
    }
    encoding["data"] |= {"zlib": True, "complevel": 4, "shuffle": True}
    target = Path(path).expanduser()
    with atomic_path(target) as temporary:
        dataset.to_netcdf(temporary, format="NETCDF4", engine="netcdf4", encoding=encoding)
    return target


def from_brainscore(
    assembly: xr.DataArray | str | os.PathLike[str],
    *,
    features: Mapping[str, Named] | None = None,
    onsets: Named | None = None,
    offsets: Named | None = None,
    events: Mapping[str, str] | None = None,
    shown_item: int | Sequence[int] | None = None,
    time_units: str = "ms",
    activity_units: str = "spikes/s",
    source: str = "neural",
) -> xr.Dataset:
    """Turn a Brain-Score assembly, or the file of one, into a recording.

    An assembly that wmsim wrote needs no arguments and comes back with every label, also
    after presentations, neuroids or time bins were chosen. Of any other, the arguments say
    which coordinate is which item's label; ``neuroid_id``, ``region`` and ``animal`` become
    ``unit``, ``area`` and ``subject``.

    Parameters
    ----------
    assembly : xarray.DataArray or path-like
        Over presentation, neuroid and, where it has one, time_bin, in any order; with plain
        coordinates or a MultiIndex.
    features : mapping, optional
        Feature name to the coordinate of presentations that labels it, or to one an item;
        ``{"image": "stimulus_id"}`` by default.
    onsets, offsets : str or list of str, optional
        The coordinate of each item's onset and offset, in `time_units`.
    events : mapping, optional
        Name of an event to the coordinate of its times, in `time_units`.
    shown_item : int or list of int, optional
        Where there is no time_bin: the item on display, from 0, or -1 for none.
    time_units : {"ms", "s"}
        Unit of ``time_bin_start``, ``time_bin_end``, onsets, offsets and events.
    activity_units : str
        Unit of the activity.
    source : {"neural", "model", "planted"}
        Where the activity comes from.

    Returns
    -------
    xarray.Dataset
        A recording; its times are bin centres in s.

    Raises
    ------
    WmsimError
        If dims or coordinates are missing, or the file is none of Brain-Score.
    SchemaError
        If it cannot be a recording; all problems are named.

    Examples
    --------
    >>> theirs = xr.DataArray(
    ...     np.eye(2), dims=("presentation", "neuroid"),
    ...     coords={
    ...         "stimulus_id": ("presentation", ["i1", "i2"]), "region": ("neuroid", ["V4", "IT"]),
    ...     },
    ... )
    >>> recording = from_brainscore(theirs)
    >>> recording.image.values.tolist(), recording.area.values.tolist()
    ([['i1'], ['i2']], ['V4', 'IT'])
    """
    if isinstance(assembly, str | os.PathLike):
        assembly = _opened(assembly)
    if not isinstance(assembly, xr.DataArray):
        raise WmsimError(
            f"Found a {type(assembly).__name__}, expected an assembly (an xarray.DataArray over "
            "presentation, neuroid and time_bin) or the path of one."
        )
    assembly = _plain(assembly)
    tables = {
        axis: {str(n): c.values for n, c in assembly.coords.items() if c.dims == (dim,)}
        for dim, axis in _AXES.items()
    }
    ours = assembly.attrs.get(KEY)
    if ours is not None and features is None and "time_bin" in assembly.dims:
        activity = assembly.transpose("time_bin", "neuroid", "presentation").values
        return from_columns(activity, tables, read_layout(ours, f"attr '{KEY}'"))
    given: dict[str, Any] = {"trial": dict(tables["trial"]), "unit": tables["unit"]}
    if features is None and "stimulus_id" in given["trial"]:
        features = {"image": "stimulus_id"}
    scale = _scale(time_units)
    for name in (*_names(onsets), *_names(offsets), *(events or {}).values()):
        if name in given["trial"]:
            given["trial"][name] = np.asarray(given["trial"][name], dtype=float) * scale
    given |= _time(assembly, tables["time"], scale, shown_item, features)
    return build_from_columns(
        given.pop("activity"), features=features, onsets=onsets, offsets=offsets, events=events,
        activity_units=activity_units, source=source, what="coordinate of presentation", **given,
    )  # fmt: skip


def _stimulus_ids(recording: xr.Dataset, stimulus: str | None) -> np.ndarray:
    known = feature_names(recording)
    name = stimulus or ("image" if "image" in known else known[0])
    if name not in known:
        raise ConfigError(f"No feature '{name}' in this recording. {did_you_mean(name, known)}")
    codes, names = labels_of(recording, name)
    table = np.array([*names, ""], dtype=object)
    return np.array(["|".join(filter(None, row)) for row in table[codes].tolist()], dtype=str)


def _opened(path: str | os.PathLike[str]) -> xr.DataArray:
    file = require_own_hdf5(
        path, "file of Brain-Score (netCDF-4)", "Write one with save_brainscore."
    )
    try:
        with xr.open_dataarray(
            file, engine="netcdf4", decode_times=False, decode_timedelta=False
        ) as opened:
            return opened.load()
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WmsimError(
            f"'{file}' is no assembly of Brain-Score, which holds one data variable ({reason}). "
            "A recording of wmsim is opened with open_recording."
        ) from error


def _plain(assembly: xr.DataArray) -> xr.DataArray:
    """Without MultiIndex, over the dims of an assembly only."""
    wanted = set(DIMS[:2])
    dims = {str(dim) for dim in assembly.dims}
    if not wanted <= dims or not dims <= set(DIMS):
        raise WmsimError(
            f"The assembly has dims ({', '.join(map(str, assembly.dims))}), expected "
            "(presentation, neuroid) or (presentation, neuroid, time_bin). Rename or select them."
        )
    levels = {dim for dim in assembly.dims if assembly.indexes.get(dim) is not None}
    multi = [dim for dim in levels if assembly.indexes[dim].nlevels > 1]
    return assembly.reset_index(multi) if multi else assembly


def _scale(time_units: str) -> float:
    if time_units not in ("ms", "s"):
        raise ConfigError(f"time_units is '{time_units}', expected 'ms' or 's'.")
    return 1.0 if time_units == "s" else 1.0 / _MS


def _names(columns: Named | None) -> list[str]:
    return [columns] if isinstance(columns, str) else list(columns or [])


def _time(
    assembly: xr.DataArray,
    bins: Mapping[str, Any],
    scale: float,
    shown_item: int | Sequence[int] | None,
    features: Mapping[str, Named] | None,
) -> dict[str, Any]:
    """Activity and time axis of somebody else's assembly."""
    if "time_bin" not in assembly.dims:
        values = assembly.transpose("neuroid", "presentation").values[None]
        shown = one_step(features, shown_item)
        return {"activity": values, "time": [0], "time_units": "step", "shown_item": shown}
    for name in ("time_bin_start", "time_bin_end"):
        if name not in bins:
            raise SchemaError(
                f"{name}: is missing, expected a coordinate over time_bin. "
                f"{did_you_mean(name, bins)} Add it with assembly.assign_coords."
            )
    start = np.asarray(bins["time_bin_start"], dtype=float) * scale
    end = np.asarray(bins["time_bin_end"], dtype=float) * scale
    order = np.argsort(start, kind="stable")
    activity = assembly.transpose("time_bin", "neuroid", "presentation").values[order]
    width = float(np.round(np.median(end - start), 9))
    centre = np.round((start + end)[order] / 2, 9)
    return {"activity": activity, "time": centre, "time_units": "s", "bin_width": width}
