"""Spike times become counts a bin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def bin_spikes(spikes: Sequence[np.ndarray], start: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Count each unit's spikes in bins around the start of each trial.

    Parameters
    ----------
    spikes : sequence of numpy.ndarray
        Spike times of each unit in s, on the clock of `start`.
    start : numpy.ndarray, shape (trial,)
        Time in s that is 0 in each trial.
    edges : numpy.ndarray, shape (time + 1,)
        Edges of the bins, after `start`. A spike on an edge counts in the later bin.

    Returns
    -------
    numpy.ndarray of float32, shape (time, unit, trial)
        Counts.

    Examples
    --------
    >>> spikes, edges = np.array([1.1, 1.3, 5.2]), np.array([0, 0.25, 0.5])
    >>> bin_spikes([spikes], np.array([1.0, 5.0]), edges)[:, 0]
    array([[1., 1.],
           [1., 0.]], dtype=float32)
    """
    bounds = start[:, None] + edges[None, :]
    counts = np.empty((len(edges) - 1, len(spikes), len(start)), dtype=np.float32)
    for unit, times in enumerate(spikes):
        before = np.searchsorted(np.sort(times), bounds.ravel(), side="left").reshape(bounds.shape)
        counts[:, unit, :] = np.diff(before, axis=1).T
    return counts
