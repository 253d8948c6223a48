"""Activity sampled through a whole session, cut into trials."""

from __future__ import annotations

import numpy as np

from wmsim.errors import WmsimError


def cut_session(
    samples: np.ndarray, timestamps: np.ndarray, start: np.ndarray, edges: np.ndarray
) -> np.ndarray:
    """Average the samples that fall into each bin around the start of each trial.

    Parameters
    ----------
    samples : numpy.ndarray, shape (time, unit)
        Samples of a whole session; NaN takes no part.
    timestamps : numpy.ndarray, shape (time,)
        Their times in s, increasing.
    start : numpy.ndarray, shape (trial,)
        Time in s that is 0 in each trial.
    edges : numpy.ndarray, shape (bin + 1,)
        Edges of the bins, after `start`.

    Returns
    -------
    numpy.ndarray of float32, shape (bin, unit, trial)
        NaN where no sample falls into a bin.

    Raises
    ------
    WmsimError
        If timestamps do not increase, or no bin of any trial has a sample.

    Examples
    --------
    >>> samples = np.arange(6.0)[:, None]
    >>> cut_session(samples, np.arange(6.0), np.array([1.0, 3.0]), np.array([0.0, 2.0]))[0, 0]
    array([1.5, 3.5], dtype=float32)
    """
    if np.any(np.diff(timestamps) <= 0):
        at = int(np.flatnonzero(np.diff(timestamps) <= 0)[0])
        raise WmsimError(
            f"Timestamps go from {timestamps[at]:g} to {timestamps[at + 1]:g} s at sample {at + 1},"
            " expected times that increase. Sort the samples."
        )
    bounds = start[None, :] + edges[:, None]
    before = np.searchsorted(timestamps, bounds - 1e-9)
    if not np.diff(before, axis=0).any():
        raise WmsimError(
            f"No sample falls into any trial: samples were taken from {timestamps[0]:g} to "
            f"{timestamps[-1]:g} s, trials lie between {bounds.min():g} and {bounds.max():g} s. "
            "Are times on one clock, in the same unit (clock: ms)?"
        )
    out = np.empty((len(edges) - 1, samples.shape[1], len(start)), dtype=np.float32)
    for first in range(0, samples.shape[1], 64):
        block = slice(first, first + 64)
        out[:, block] = _means(np.asarray(samples[:, block], float), before).transpose(0, 2, 1)
    return out


def _means(values: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Means between successive positions, shape (bin, trial, unit)."""
    recorded = np.isfinite(values)
    zero = np.zeros((1, values.shape[1]))
    # Centred first: sums over a long session would lose the digits of a drifting signal.
    centre = np.nanmean(np.where(recorded.any(axis=0), values, 0.0), axis=0)
    total = np.vstack([zero, np.cumsum(np.where(recorded, values - centre, 0.0), axis=0)])
    count = np.vstack([zero, np.cumsum(recorded, axis=0)])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.diff(total[before], axis=0) / np.diff(count[before], axis=0) + centre


def require_samples(timestamps: np.ndarray, width: float) -> None:
    """Refuse bins that are narrower than the time between two samples.

    Raises
    ------
    WmsimError
        If most bins would be empty.
    """
    if timestamps.size < 2:
        return
    spacing = float(np.median(np.diff(timestamps)))
    if width < spacing * 0.999:
        raise WmsimError(
            f"bins: width is {width:g} s, but there is one sample every {spacing:g} s: most bins "
            f"would be empty. Give a width of {spacing:.3g} s or more."
        )
