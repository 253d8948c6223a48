"""Smoothing along time, looking back only or both ways, and z-scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from wmsim.errors import WmsimError
from wmsim.recordings.importing.mapping import Smoothing

# Beyond so many standard deviations (or time constants) a kernel is cut off.
REACH = {"gaussian": 4.0, "causal gaussian": 4.0, "exponential": 8.0, "boxcar": 0.5}


def kernel(smoothing: Smoothing, bin_width: float) -> tuple[np.ndarray, int]:
    """Weights of a smoothing kernel, and the position of its present bin.

    Parameters
    ----------
    smoothing : Smoothing
        Which kernel.
    bin_width : float
        Width of a bin in s.

    Returns
    -------
    weights : numpy.ndarray, shape (lag,)
        They add up to 1; the first belongs to the latest bin that counts.
    present : int
        Number of bins after the present one that count; 0 for causal kernels.

    Raises
    ------
    WmsimError
        If the kernel is narrower than a bin.

    Examples
    --------
    >>> kernel(Smoothing(kernel="boxcar", width=0.3), 0.1)
    (array([0.33333333, 0.33333333, 0.33333333]), 1)
    """
    if smoothing.width < bin_width * (0.999 if smoothing.kernel == "boxcar" else 0.25):
        raise WmsimError(
            f"smooth: width {smoothing.width:g} s is too narrow for bins of {bin_width:g} s: it "
            "would change nothing. Give a wider kernel or narrower bins."
        )
    reach = REACH[smoothing.kernel] * smoothing.width / bin_width
    causal = smoothing.kernel in ("causal gaussian", "exponential")
    if smoothing.kernel == "boxcar":
        half = max(0, round(reach - 0.5))
        return np.full(2 * half + 1, 1 / (2 * half + 1)), half
    lags = np.arange(0 if causal else -int(reach), int(reach) + 1) * bin_width
    if smoothing.kernel == "exponential":
        weights = np.exp(-lags / smoothing.width)
    else:
        weights = np.exp(-0.5 * (lags / smoothing.width) ** 2)
    return weights / weights.sum(), 0 if causal else int(reach)


def smooth(activity: np.ndarray, weights: np.ndarray, present: int) -> np.ndarray:
    """Convolve along time; bins that were not recorded count nowhere and stay NaN.

    At the ends, and beside NaN, the weights of the bins that exist are scaled to add up to 1,
    so that a constant stays constant.

    Parameters
    ----------
    activity : numpy.ndarray, shape (time, ...)
        Activity.
    weights, present
        As :func:`kernel` gives them.

    Returns
    -------
    numpy.ndarray of float32, shape (time, ...)

    Examples
    --------
    >>> smooth(np.array([0.0, 0.0, 3.0, 0.0]), np.full(3, 1 / 3), 1)
    array([0. , 1. , 1. , 1.5], dtype=float32)
    """
    from scipy.signal import oaconvolve

    values = np.asarray(activity, dtype=np.float64)
    shape = (-1,) + (1,) * (values.ndim - 1)
    recorded = np.isfinite(values)
    n_time = values.shape[0]
    where = slice(present, present + n_time)
    total = oaconvolve(np.where(recorded, values, 0.0), weights.reshape(shape), axes=0)[where]
    if recorded.all():
        weight = np.convolve(np.ones(n_time), weights)[where].reshape(shape)
    else:
        weight = oaconvolve(recorded.astype(float), weights.reshape(shape), axes=0)[where]
    with np.errstate(invalid="ignore", divide="ignore"):
        result = np.where(recorded, total / weight, np.nan)
    # The Fourier transform leaves rounding errors of either sign where nothing was.
    scale = np.abs(values[recorded]).max(initial=0.0)
    return np.where(np.abs(result) < 1e-12 * scale, 0.0, result).astype(np.float32)


def zscore(activity: np.ndarray) -> np.ndarray:
    """Take each unit's mean over time and trials away and divide by its standard deviation.

    Parameters
    ----------
    activity : numpy.ndarray, shape (time, unit, trial)
        NaN takes no part and stays. A unit that never changes becomes 0.

    Returns
    -------
    numpy.ndarray of float32, shape (time, unit, trial)

    Examples
    --------
    >>> zscore(np.array([[[1.0, 3.0]]]))
    array([[[-1.,  1.]]], dtype=float32)
    """
    values = np.asarray(activity, dtype=np.float64)
    recorded = np.isfinite(values)
    count = np.maximum(recorded.sum(axis=(0, 2), keepdims=True), 1)
    filled = np.where(recorded, values, 0.0)
    mean = filled.sum(axis=(0, 2), keepdims=True) / count
    centred = np.where(recorded, values - mean, 0.0)
    spread = np.sqrt((centred**2).sum(axis=(0, 2), keepdims=True) / count)
    constant = spread <= 1e-9 * np.maximum(np.abs(mean), 1e-300)
    scaled = centred / np.where(constant, 1.0, spread)
    return np.where(recorded, np.where(constant, 0.0, scaled), np.nan).astype(np.float32)


def in_unit_blocks(activity: Any, function: Any) -> Any:
    """Apply a function of (time, unit, trial) to each block of units; lazily if it is lazy."""
    if not hasattr(activity, "dask"):
        blocks = max(1, activity.size // 2**24)
        parts = np.array_split(np.arange(activity.shape[1]), min(blocks, activity.shape[1]))
        out = np.empty(activity.shape, dtype=np.float32)
        for part in parts:
            block = slice(part[0], part[-1] + 1)
            out[:, block] = function(activity[:, block])
        return out
    whole = activity.rechunk({0: -1, 2: -1})
    return whole.map_blocks(function, dtype=np.float32)
