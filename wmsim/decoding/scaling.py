"""Scaling of activity with numbers that come from training trials alone."""

from __future__ import annotations

import numpy as np


def standardise(activity: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Z-score each unit at each step by the training trials.

    What is left is how trials differ at a step: a shift of baseline from one step to the next,
    or windows of different length, are neither a failure nor a success of transfer. The axes stay
    the units, so decoders of different steps can still be rotated into each other.

    Parameters
    ----------
    activity : ndarray, shape (step, trial, unit)
        Activity; NaN where a trial has no such step.
    train : ndarray of bool, shape (trial,)
        Training trials.

    Returns
    -------
    ndarray of float64, shape (step, trial, unit)
        NaN becomes 0; a unit that does not vary over the training trials of a step becomes 0 there.
    """
    seen = activity[:, train].astype(np.float64)
    present = np.isfinite(seen)
    count = np.maximum(present.sum(axis=1, keepdims=True), 1)
    mean = np.where(present, seen, 0.0).sum(axis=1, keepdims=True) / count
    spread = np.sqrt((np.where(present, seen - mean, 0.0) ** 2).sum(axis=1, keepdims=True) / count)
    # A unit that is constant up to rounding carries nothing; dividing would blow up the rounding.
    constant = spread <= 1e-7 * np.maximum(np.abs(mean), 1e-30)
    scaled = np.where(constant, 0.0, (activity - mean) / np.where(constant, 1.0, spread))
    return np.nan_to_num(scaled, copy=False)
