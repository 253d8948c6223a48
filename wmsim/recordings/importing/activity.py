"""Activity out of a file: binned spikes, arrays brought into order, sessions cut into trials."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wmsim.errors import WmsimError
from wmsim.recordings.importing.mapping import ActivityMapping, Mapping
from wmsim.recordings.importing.rawdata import RawData, one_dimensional
from wmsim.recordings.importing.sessions import cut_session, require_samples
from wmsim.recordings.importing.spikes import (
    IN_MEMORY,
    bin_edges_around_zero,
    bin_spikes,
    lazy_bin_spikes,
    require_possible,
)
from wmsim.recordings.importing.trains import (
    bins_in_next_trial,
    mask_unobserved,
    observed_intervals,
    require_one_clock,
    spike_trains,
)
from wmsim.recordings.importing.trials import Trials

ORDER = ("time", "unit", "trial")


@dataclass
class Found:
    """Activity (time, unit, trial) of all units, with its time axis.

    Attributes
    ----------
    n_units : int
        Units in the file.
    time : numpy.ndarray
        Bin centres in s, or steps.
    time_units : str
        "s" or "step".
    units, long_name : str
        What the numbers are.
    bin_width : float, optional
        In s.
    make : callable
        Positions of units to activity (time, unit, trial), in memory or lazy.
    notes : list of str
        What a person should know.
    unit_names : list of str
        Where the file names them in a way that no mapping can: columns of a table.
    shown_item, step_name : list, optional
        Of aligned activity.
    """

    n_units: int
    time: np.ndarray
    time_units: str
    units: str
    long_name: str
    make: Any
    bin_width: float | None = None
    notes: list[str] = field(default_factory=list)
    unit_names: list[str] = field(default_factory=list)
    shown_item: list[int] | None = None
    step_name: list[str] | None = None

    def take(self, units: np.ndarray) -> Any:
        """Activity of some units."""
        return self.make(units)


def from_spikes(raw: RawData, mapping: Mapping, trials: Trials) -> Found:
    """Bin spike times around time 0 of each trial; NaN where a unit was not observed."""
    spikes, names = spike_trains(raw, mapping)
    require_one_clock(raw, spikes, trials.zero)
    edges = _edges(mapping, trials)
    width = mapping.bins.width
    observed = observed_intervals(raw, mapping, len(spikes))
    foreign, notes = _foreign_bins(mapping, trials, edges)
    require_possible(
        (len(edges) - 1) * len(spikes) * len(trials.zero), what="The activity of all bins"
    )

    def make(units: np.ndarray) -> Any:
        chosen = [spikes[unit] for unit in units]
        many = (len(edges) - 1) * len(chosen) * len(trials.zero) > IN_MEMORY
        count = (lazy_bin_spikes if many else bin_spikes)(chosen, trials.zero, edges)
        rate = _without(count / np.float32(width), foreign)
        if observed is None:
            return rate
        return mask_unobserved(rate, [observed[unit] for unit in units], trials.zero, edges)

    return Found(
        n_units=len(spikes), time=(edges[:-1] + edges[1:]) / 2, time_units="s", units="spikes/s",
        long_name="firing rate", make=make, bin_width=width, notes=notes,
        unit_names=names,
    )  # fmt: skip


def from_session(raw: RawData, mapping: Mapping, trials: Trials) -> Found:
    """Cut samples of a whole session into trials."""
    activity = mapping.activity
    assert activity is not None
    values, names = _values(raw, activity)
    order: list[str] = [dim for dim in activity.dims if dim != "one"]
    samples = _without_ones(values, activity.dims).transpose(
        [order.index("time"), order.index("unit")]
    )
    timestamps = _session_time(raw, mapping, samples.shape[0])
    require_samples(timestamps, mapping.bins.width)
    edges = _edges(mapping, trials)
    foreign, notes = _foreign_bins(mapping, trials, edges)

    def make(units: np.ndarray) -> Any:
        cut = cut_session(samples[:, units], timestamps, trials.zero, edges)
        return _without(cut, foreign)

    return Found(
        n_units=samples.shape[1], time=(edges[:-1] + edges[1:]) / 2, time_units="s",
        units=activity.units, long_name="activity", make=make, bin_width=mapping.bins.width,
        notes=notes, unit_names=names,
    )  # fmt: skip


def from_arrays(raw: RawData, mapping: Mapping, trials: Trials) -> Found:
    """Bring an array that is cut into trials into order (time, unit, trial)."""
    activity = mapping.activity
    assert activity is not None
    values, names = _values(raw, activity)
    dims: list[str] = ["time" if dim == "step" else dim for dim in activity.dims]
    if len(getattr(values, "shape", ())) != len(dims):
        raise WmsimError(
            f"'{raw.path.name}': {activity.variable or activity.columns} has shape {values.shape}, "
            f"expected the axes ({', '.join(activity.dims)}). Correct activity: dims; an axis of "
            "length 1 is 'one'."
        )
    values = _without_ones(values, tuple(dims))
    dims = [dim for dim in dims if dim != "one"]
    if "time" not in dims:
        values, dims = values[None], ["time", *dims]
    sizes = dict(zip(dims, values.shape, strict=True))
    _require_trials(raw, sizes, trials)
    time = _time_axis(raw, mapping, sizes["time"])
    values = values.transpose([dims.index(dim) for dim in ORDER])

    def make(units: np.ndarray) -> Any:
        part = values[:, units][:, :, trials.rows]
        if activity.units == "counts" and time.get("bin_width"):
            part = part / np.float32(time["bin_width"])
        return part.astype(np.float32)

    rate = activity.units == "counts" and bool(time.get("bin_width"))
    return Found(
        n_units=sizes["unit"], units="spikes/s" if rate else activity.units,
        long_name="firing rate" if rate else "activity", make=make, unit_names=names, **time,
    )  # fmt: skip


def _foreign_bins(
    mapping: Mapping, trials: Trials, edges: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """Bins of the next trial of the file, kept or not, (time, trial); and what to say of them."""
    if mapping.bins.into_next_trial:
        return np.zeros((len(edges) - 1, len(trials.zero)), dtype=bool), []
    foreign = bins_in_next_trial(trials.zero, edges, trials.all_zeros)
    return foreign, [f"bins masked because they lie in the next trial: {foreign.mean():.1%}"]


def _without(activity: Any, bins: np.ndarray) -> Any:
    """NaN in some bins (time, trial) of all units."""
    if hasattr(activity, "dask"):
        import dask.array

        return dask.array.where(bins[:, None], np.float32(np.nan), activity)
    np.copyto(activity, np.float32(np.nan), where=bins[:, None])
    return activity


def _edges(mapping: Mapping, trials: Trials) -> np.ndarray:
    """Edges of the bins; by default 1 s beyond the first item and the last item or event."""
    before, after = mapping.bins.before, mapping.bins.after
    times = [trials.onset, trials.offset, *trials.events.values()]
    if before is None:
        first = [] if trials.onset is None else [trials.onset]
        before = 1.0 - min((_extreme(np.fmin, values) for values in first), default=0.0)
    if after is None:
        known = [_extreme(np.fmax, values) for values in times if values is not None]
        after = 1.0 + max(known, default=0.0)
    return bin_edges_around_zero(before, after, mapping.bins.width)


def _extreme(function: np.ufunc, values: np.ndarray) -> float:
    """Smallest or largest of 0 and times, NaN left out."""
    return float(function.reduce(values, axis=None, initial=0.0))


def _values(raw: RawData, activity: ActivityMapping) -> tuple[Any, list[str]]:
    """The array, and names of units where columns of a table are units."""
    if activity.columns is None:
        assert activity.variable is not None
        values = raw.find(activity.variable)
        if isinstance(values, list):
            values = _stacked(raw, activity.variable, values, activity.dims)
        if not hasattr(values, "shape") or values.dtype.kind not in "fiub":
            raise WmsimError(
                f"'{raw.path.name}': {activity.variable} holds {getattr(values, 'dtype', 'text')}, "
                "expected numbers. Name another variable."
            )
        return values, []
    patterns = [activity.columns] if isinstance(activity.columns, str) else activity.columns
    names = [
        name
        for pattern in patterns
        for name in raw.variables
        if fnmatch.fnmatchcase(name, pattern)
        or fnmatch.fnmatchcase(name.rsplit(".", 1)[-1], pattern)
    ]
    names = list(dict.fromkeys(names))
    if not names:
        raw.find(patterns[0])
    columns = np.stack([_column(raw, name) for name in names], axis=activity.dims.index("unit"))
    return columns, [name.rsplit(".", 1)[-1] for name in names]


def _column(raw: RawData, name: str) -> np.ndarray:
    try:
        return one_dimensional(raw, name, "trial").astype(np.float64)
    except (TypeError, ValueError):
        raise WmsimError(
            f"'{raw.path.name}': column {name} holds text, expected activity. Name the columns of "
            "activity more narrowly (activity: columns)."
        ) from None


def _stacked(raw: RawData, name: str, values: list[np.ndarray], dims: tuple[str, ...]) -> Any:
    """One array a unit become one array, if they have the same shape."""
    if dims[0] != "unit":
        raise WmsimError(
            f"'{raw.path.name}': {name} has one array a unit, so activity: dims must begin with "
            f"unit; found {', '.join(dims)}."
        )
    shapes = _shapes(values)
    if len(shapes) > 1:
        told = ", ".join(f"{count} of shape {shape}" for shape, count in shapes.items())
        raise WmsimError(
            f"'{raw.path.name}': units have {name} of different shapes ({told}): they do not share "
            "their trials. Import each group by itself (units: keep), then join them with "
            "wmsim.recordings.join."
        )
    return np.stack(values)


def _shapes(values: Sequence[np.ndarray]) -> dict[tuple[int, ...], int]:
    """How often each shape occurs."""
    shapes: dict[tuple[int, ...], int] = {}
    for value in values:
        shape = tuple(np.shape(value))
        shapes[shape] = shapes.get(shape, 0) + 1
    return shapes


def _without_ones(values: Any, dims: tuple[str, ...]) -> Any:
    """Drop axes that the mapping calls 'one'."""
    if len(values.shape) != len(dims):
        raise WmsimError(
            f"The activity has shape {values.shape}, expected the axes ({', '.join(dims)}). "
            "Correct activity: dims; an axis of length 1 is 'one'."
        )
    for axis in reversed(range(len(dims))):
        if dims[axis] == "one":
            if values.shape[axis] != 1:
                raise WmsimError(
                    f"activity: dims calls axis {axis} 'one', but it has {values.shape[axis]} "
                    "entries. Name it time, step, unit or trial."
                )
            values = values[(slice(None),) * axis + (0,)]
    return values


def _require_trials(raw: RawData, sizes: dict[str, int], trials: Trials) -> None:
    if sizes["trial"] == trials.total:
        return
    other = [dim for dim in ("unit", "time") if sizes[dim] == trials.total]
    hint = (
        f"But it has {sizes[other[0]]} along '{other[0]}': are trial and {other[0]} exchanged in "
        "activity: dims?"
        if other
        else "Name the labels of these trials, or leave out the trials that have none."
    )
    told = ", ".join(f"{dim}: {size}" for dim, size in sizes.items())
    raise WmsimError(
        f"'{raw.path.name}': activity has {sizes['trial']} trials ({told}), the labels have "
        f"{trials.total}. {hint}"
    )


def _session_time(raw: RawData, mapping: Mapping, length: int) -> np.ndarray:
    time = mapping.time
    if time is None or time.steps is not None:
        raise WmsimError(
            "A whole session needs the times of its samples: give time: variable, or time: start "
            "and step."
        )
    second = mapping.seconds("time")
    if time.variable is None:
        assert time.step is not None
        return ((time.start or 0.0) + np.arange(length) * time.step) * second
    values = one_dimensional(raw, time.variable, "sample").astype(np.float64) * second
    if len(values) != length:
        raise WmsimError(
            f"'{raw.path.name}': {time.variable} has {len(values)} times, the activity has "
            f"{length} samples. Are time and unit exchanged in activity: dims?"
        )
    return values


def _time_axis(raw: RawData, mapping: Mapping, length: int) -> dict[str, Any]:
    """Fields of :class:`Found` about time."""
    time = mapping.time
    if time is not None and time.steps is not None:
        return _steps(time.steps, length)
    if time is None:
        if length != 1:
            raise WmsimError(
                f"The activity has {length} time bins, but their times are not known. Give time: "
                "variable, or time: start and step, or time: steps."
            )
        return _steps(("item 1",), 1)
    second = mapping.seconds("time")
    if time.variable is None:
        assert time.step is not None
        values = ((time.start or 0.0) + np.arange(length) * time.step) * second
        return {"time": values, "time_units": "s", "bin_width": time.step * second}
    values = one_dimensional(raw, time.variable, "time bin").astype(np.float64) * second
    if len(values) != length:
        raise WmsimError(
            f"'{raw.path.name}': {time.variable} has {len(values)} times, the activity has "
            f"{length} time bins. Correct activity: dims, or name another variable."
        )
    width = float(np.median(np.diff(values))) if length > 1 else None
    return {"time": values, "time_units": "s", "bin_width": width}


def _steps(names: tuple[str, ...], length: int) -> dict[str, Any]:
    if len(names) != length:
        raise WmsimError(
            f"time: steps names {len(names)} steps ({', '.join(names)}), the activity has {length}."
        )
    shown = []
    for name in names:
        numbered = re.fullmatch(r"item (\d+)", name)
        shown.append(int(numbered.group(1)) - 1 if numbered else -1)
    return {
        "time": np.arange(length), "time_units": "step", "shown_item": shown,
        "step_name": list(names),
    }  # fmt: skip
