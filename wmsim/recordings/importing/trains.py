"""Spike trains out of a file, where they were observed, and whether they fit the trials."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from wmsim.errors import WmsimError
from wmsim.recordings.importing.columns import times_of, whole_numbers
from wmsim.recordings.importing.mapping import Mapping
from wmsim.recordings.importing.rawdata import RawData, one_dimensional
from wmsim.recordings.importing.spikes import observed_bins


def spike_trains(raw: RawData, mapping: Mapping) -> tuple[list[np.ndarray], list[str]]:
    spikes = mapping.spikes
    assert spikes is not None
    second = mapping.seconds("spikes")
    times = raw.find(spikes.times)
    if spikes.clusters is not None:
        return _by_cluster(raw, mapping, second)
    if not isinstance(times, list):
        array = np.asarray(times)
        if array.dtype.kind == "O":
            times = [np.asarray(cell).reshape(-1) for cell in array.reshape(-1)]
        elif array.ndim == 2 and min(array.shape) > 1:
            times = list(array)  # padded with NaN
        else:
            raise WmsimError(
                f"'{raw.path.name}': {spikes.times} is one vector of {array.size} times, expected "
                "one vector for each unit. Name the unit of each spike: spikes: clusters."
            )
    trains = []
    for unit, train in enumerate(times):
        values = np.asarray(train).reshape(-1)
        if values.size and values.dtype.kind not in "fiu":
            raise WmsimError(
                f"'{raw.path.name}': {spikes.times} of unit {unit} holds {values.dtype}, expected "
                "times. Name another variable."
            )
        values = values.astype(np.float64)
        trains.append(values[np.isfinite(values)] * second)
    return trains, []


def _by_cluster(
    raw: RawData, mapping: Mapping, second: float
) -> tuple[list[np.ndarray], list[str]]:
    """Spikes of all units in one vector, told apart by a second one."""
    spikes = mapping.spikes
    assert spikes is not None
    assert spikes.clusters is not None
    times = times_of(raw, one_dimensional(raw, spikes.times, "spike"), spikes.times)
    clusters = whole_numbers(one_dimensional(raw, spikes.clusters, "spike"))
    if times.shape != clusters.shape:
        raise WmsimError(
            f"'{raw.path.name}': {spikes.times} has {times.size} values, {spikes.clusters} has "
            f"{clusters.size}, expected one unit for each spike."
        )
    table = mapping.units.name
    names = np.unique(clusters)
    if table is not None:
        # Units without a spike are units too, and the table has the order of their labels.
        names = whole_numbers(one_dimensional(raw, table, "unit"))
        strange = np.setdiff1d(np.unique(clusters).astype(str), names.astype(str))
        if strange.size:
            raise WmsimError(
                f"'{raw.path.name}': {spikes.clusters} has the unit {strange[0]}, which {table} "
                "does not list. Are they from the same sorting?"
            )
    order = np.argsort(clusters, kind="stable")
    ordered, times = clusters.astype(str)[order], times[order] * second
    index = {name: np.flatnonzero(ordered == name) for name in np.unique(ordered).tolist()}
    nothing = np.empty(0, dtype=int)
    return [times[index.get(str(name), nothing)] for name in names], [str(n) for n in names]


def observed_intervals(raw: RawData, mapping: Mapping, n_units: int) -> list[np.ndarray] | None:
    spikes = mapping.spikes
    assert spikes is not None
    if spikes.observed is None:
        return None
    intervals = raw.find(spikes.observed)
    if not isinstance(intervals, list):
        intervals = [np.asarray(intervals)] * n_units
    if len(intervals) != n_units:
        raise WmsimError(
            f"'{raw.path.name}': {spikes.observed} has intervals of {len(intervals)} units, "
            f"expected {n_units}."
        )
    second = mapping.seconds("spikes")
    checked = []
    for unit, each in enumerate(intervals):
        pairs = np.asarray(each, dtype=float)
        if pairs.size % 2 or (pairs.size and pairs.reshape(-1, 2).shape != pairs.shape):
            raise WmsimError(
                f"'{raw.path.name}': {spikes.observed} of unit {unit} has shape {pairs.shape}, "
                "expected (interval, 2): start and end."
            )
        checked.append(pairs.reshape(-1, 2) * second)
    return checked


def mask_unobserved(
    rate: Any, intervals: Sequence[np.ndarray], start: np.ndarray, edges: np.ndarray
) -> Any:
    """NaN where a unit was not observed."""
    if hasattr(rate, "dask"):
        import dask.array

        ends = np.cumsum((0, *rate.chunks[1]))
        parts = [
            rate[:, a:b].map_blocks(
                _mask_block, intervals=list(intervals[a:b]), start=start, edges=edges,
                dtype=np.float32,
            )
            for a, b in pairwise(ends)
        ]  # fmt: skip
        return dask.array.concatenate(parts, axis=1)
    return _mask_block(rate, intervals, start, edges)


def _mask_block(
    rate: np.ndarray, intervals: Sequence[np.ndarray], start: np.ndarray, edges: np.ndarray
) -> np.ndarray:
    rate = rate.astype(np.float32)
    for unit, pairs in enumerate(intervals):
        rate[:, unit][~observed_bins(pairs, start, edges)] = np.nan
    return rate


def bins_in_next_trial(
    start: np.ndarray, edges: np.ndarray, starts: np.ndarray | None = None
) -> np.ndarray:
    """Bins that reach beyond the time 0 of the next trial.

    Parameters
    ----------
    start : numpy.ndarray, shape (trial,)
        Time in s that is 0 in each trial, in any order.
    edges : numpy.ndarray, shape (time + 1,)
        Edges of the bins, after `start`.
    starts : numpy.ndarray, optional
        The same of all trials, if `start` has only some of them.

    Returns
    -------
    numpy.ndarray of bool, shape (time, trial)

    Examples
    --------
    >>> bins_in_next_trial(np.array([0.0, 1.5]), np.array([0.0, 1.0, 2.0]))
    array([[False, False],
           [ True, False]])
    """
    ordered = np.append(np.sort(start if starts is None else starts), np.inf)
    following = ordered[np.searchsorted(ordered, start, side="right")]
    return edges[1:, None] > (following - start)[None, :] + 1e-9


def require_one_clock(raw: RawData, spikes: Sequence[np.ndarray], zero: np.ndarray) -> None:
    """Spikes and trials lie on one clock, or nobody would notice that they do not."""
    low = min((train.min() for train in spikes if train.size), default=np.nan)
    high = max((train.max() for train in spikes if train.size), default=np.nan)
    if np.isnan(low):
        raise WmsimError(
            f"'{raw.path.name}' has no spike in any of {len(spikes)} units. Name another variable."
        )
    first, last = zero.min(), zero.max()
    inside = ((zero > low) & (zero < high)).mean()
    ratio = (high - low) / max(last - first, 1e-9)
    if inside == 0 or ratio > 200 or (len(zero) > 2 and ratio < 1 / 200):
        raise WmsimError(
            f"'{raw.path.name}': spikes lie between {low:g} and {high:g} s, trials between "
            f"{first:g} and {last:g} s: they are not on one clock. If one is in ms, say so: "
            "clock: {spikes: ms} or clock: {trials: ms}; if trials count from their own start, "
            "give zero."
        )
