"""Scaling of activity with numbers that come from training trials alone."""

from __future__ import annotations

import numpy as np


def standardise(activity: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Z-score each unit over all steps of the training trials.

    One scale serves all steps, so that decoders of different steps live in one space and can be
    rotated into each other.

    Parameters
    ----------
    activity : ndarray, shape (step, trial, unit)
        Activity; NaN where a trial has no such step.
    train : ndarray of bool, shape (trial,)
        Training trials.

    Returns
    -------
    ndarray of float64, shape (step, trial, unit)
        NaN becomes 0; a unit that does not vary over the training trials becomes 0.
    """
    seen = activity[:, train]
    mean = np.nanmean(seen, axis=(0, 1), dtype=np.float64)
    spread = np.nanstd(seen, axis=(0, 1), dtype=np.float64)
    # A unit that is constant up to rounding carries nothing; dividing would blow up the rounding.
    constant = spread <= 1e-7 * np.maximum(np.abs(mean), 1e-30)
    scaled = (activity - mean) / np.where(constant, 1.0, spread)
    scaled[..., constant] = 0.0
    return np.nan_to_num(scaled, copy=False)
