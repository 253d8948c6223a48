"""Spike times become counts a bin: fast, exact, in blocks of units where there are many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wmsim.errors import WmsimError
from wmsim.recordings.checks import FILE_UNITS

# Values of activity above which it is made in blocks when it is needed (1 GB of float32).
IN_MEMORY = 2**28
MOST_VALUES = 10**12


def bin_spikes(spikes: Sequence[np.ndarray], start: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Count each unit's spikes in bins around the start of each trial.

    Parameters
    ----------
    spikes : sequence of numpy.ndarray
        Spike times of each unit in s, on the clock of `start`; in any order.
    start : numpy.ndarray, shape (trial,)
        Time in s that is 0 in each trial. Trials may be in any order and may overlap: a spike
        counts in each.
    edges : numpy.ndarray, shape (time + 1,)
        Edges of the bins, after `start`, increasing. A spike on an edge counts in the later bin.

    Returns
    -------
    numpy.ndarray of float32, shape (time, unit, trial)
        Counts.

    Notes
    -----
    Time goes with the number of spikes that lie in trials, not with that of bins.

    Examples
    --------
    >>> spikes, edges = np.array([1.1, 1.3, 5.2]), np.array([0, 0.25, 0.5])
    >>> bin_spikes([spikes], np.array([1.0, 5.0]), edges)[:, 0]
    array([[1., 1.],
           [1., 0.]], dtype=float32)
    """
    start, edges = np.asarray(start, float), np.asarray(edges, float)
    counts = np.empty((len(edges) - 1, len(spikes), len(start)), dtype=np.float32)
    order = np.argsort(start, kind="stable")
    ordered = start[order]
    place = np.argsort(order)
    sorted_already = bool((np.diff(start) >= 0).all())
    for unit, times in enumerate(spikes):
        in_order = _count(np.sort(times), ordered, edges)
        # Writing to scattered trials costs more than the counting, so it is done only if needed.
        counts[:, unit] = in_order if sorted_already else in_order[:, place]
    return counts


def _count(times: np.ndarray, start: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Counts of one unit; times and start are sorted; shape (time, trial)."""
    n_bins, n_trials = len(edges) - 1, len(start)
    first = np.searchsorted(times, start + edges[0], side="left")
    last = np.searchsorted(times, start + edges[-1], side="left")
    each = last - first
    if not each.any():
        return np.zeros((n_bins, n_trials))
    trial = np.repeat(np.arange(n_trials), each)
    # Position among all spikes of the n-th spike of a trial.
    spike = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each - first, each)
    bins = _bin_of(times[spike], start[trial], edges)
    flat = np.bincount(bins * n_trials + trial, minlength=n_bins * n_trials)
    return flat.reshape(n_bins, n_trials)


def _bin_of(times: np.ndarray, start: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Bin of each time: start + edges[bin] <= time < start + edges[bin + 1], exactly."""
    last = len(edges) - 2
    width = (edges[-1] - edges[0]) / (last + 1)
    if np.abs(np.diff(edges) - width).max() > 1e-6 * width:
        guess = np.searchsorted(edges, times - start, side="right") - 1
    else:
        guess = ((times - start - edges[0]) / width).astype(np.int64)
    guess = np.clip(guess, 0, last)
    # Rounding can put a spike on the wrong side of an edge, by one bin at most.
    guess -= (times < start + edges[guess]) & (guess > 0)
    guess += (times >= start + edges[guess + 1]) & (guess < last)
    return guess


def lazy_bin_spikes(spikes: Sequence[np.ndarray], start: np.ndarray, edges: np.ndarray) -> Any:
    """As :func:`bin_spikes`, but counted block by block of units when the values are needed.

    Parameters
    ----------
    spikes, start, edges
        As for :func:`bin_spikes`.

    Returns
    -------
    dask.array.Array of float32, shape (time, unit, trial)
        A block holds about 64 MB.
    """
    import dask
    import dask.array

    n_bins, n_trials = len(edges) - 1, len(start)
    each = max(1, 2**24 // max(1, n_bins * n_trials))
    each = each // FILE_UNITS * FILE_UNITS or each
    make = dask.delayed(bin_spikes, pure=False)
    blocks = []
    for first in range(0, len(spikes), each):
        part = list(spikes[first : first + each])
        shape = (n_bins, len(part), n_trials)
        blocks.append(dask.array.from_delayed(make(part, start, edges), shape, dtype=np.float32))
    return dask.array.concatenate(blocks, axis=1)


def observed_bins(intervals: np.ndarray, start: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Bins that lie wholly within the intervals in which a unit was observed.

    Parameters
    ----------
    intervals : numpy.ndarray, shape (interval, 2)
        Start and end in s; they may touch or overlap.
    start : numpy.ndarray, shape (trial,)
        Time in s that is 0 in each trial.
    edges : numpy.ndarray, shape (time + 1,)
        Edges of the bins, after `start`.

    Returns
    -------
    numpy.ndarray of bool, shape (time, trial)

    Examples
    --------
    >>> observed_bins(np.array([[0.0, 1.5]]), np.array([0.0, 1.0]), np.array([0.0, 0.5, 1.0]))
    array([[ True,  True],
           [ True, False]])
    """
    merged = _merged(np.asarray(intervals, float).reshape(-1, 2))
    low, high = edges[:-1, None] + start, edges[1:, None] + start
    at = np.searchsorted(merged[:, 0], low + 1e-9, side="right") - 1
    ends = np.append(merged[:, 1], -np.inf)
    return (at >= 0) & (high <= ends[at] + 1e-9)


def _merged(intervals: np.ndarray) -> np.ndarray:
    """Intervals in order, joined where they touch."""
    intervals = intervals[np.argsort(intervals[:, 0], kind="stable")]
    if len(intervals) < 2:
        return intervals
    reach = np.maximum.accumulate(intervals[:, 1])
    new = np.append(True, intervals[1:, 0] > reach[:-1] + 1e-9)
    ends = reach[np.append(np.flatnonzero(new)[1:] - 1, len(intervals) - 1)]
    return np.stack([intervals[new, 0], ends], axis=1)


def bin_edges_around_zero(before: float, after: float, width: float) -> np.ndarray:
    """Edges of bins from `before` s before time 0 to `after` s after it; 0 is an edge.

    Raises
    ------
    WmsimError
        If there would be more bins than anybody wants.

    Examples
    --------
    >>> bin_edges_around_zero(0.1, 0.2, 0.1).round(2)
    array([-0.1,  0. ,  0.1,  0.2])
    """
    bins = (before + after) / width
    if bins > 10**7:
        raise WmsimError(
            f"{bins:.3g} bins from {-before:g} to {after:g} s, {width:g} s wide; at most 1e+07 are "
            "made. Give a larger bin width, or check whether times are in ms (clock: ms)."
        )
    # A last bin that only just begins is kept: nothing of `after` is lost.
    first, last = -np.ceil(before / width - 1e-6), np.ceil(after / width - 1e-6)
    return np.arange(int(first), int(last) + 1) * width


def require_possible(values: int, *, what: str) -> None:
    """Refuse what no disk could hold.

    Raises
    ------
    WmsimError
        If there would be more than 10^12 values.
    """
    if values > MOST_VALUES:
        raise WmsimError(
            f"{what} would have {values:.3g} values; at most {MOST_VALUES:.0e} are made. "
            "Give a larger bin width, a shorter time, or fewer units."
        )
