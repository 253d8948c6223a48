"""Scaling of activity with numbers that come from training trials alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Scaling(NamedTuple):
    """Mean and spread of each unit at each step.

    Attributes
    ----------
    mean : ndarray of float64, shape (step, unit)
        Mean over the training trials that have the step.
    spread : ndarray of float64, shape (step, unit)
        Standard deviation; infinite for a unit that does not vary, which so becomes 0.
    """

    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, activity: np.ndarray, train: np.ndarray) -> Scaling:
        """Mean and spread over training trials, of activity of shape (step, trial, unit)."""
        seen = activity[:, train].astype(np.float64)
        present = np.isfinite(seen)
        count = np.maximum(present.sum(axis=1, keepdims=True), 1)
        mean = np.where(present, seen, 0.0).sum(axis=1, keepdims=True) / count
        deviation = np.where(present, seen - mean, 0.0)
        spread = np.sqrt((deviation**2).sum(axis=1, keepdims=True) / count)
        # A unit that is constant up to rounding carries nothing; dividing would blow up the
        # rounding.
        constant = spread <= 1e-7 * np.maximum(np.abs(mean), 1e-30)
        return cls(mean[:, 0], np.where(constant, np.inf, spread)[:, 0])

    def apply(self, activity: np.ndarray) -> np.ndarray:
        """Scale activity of shape (step, trial, unit); NaN becomes 0."""
        scaled = (activity - self.mean[:, None]) / self.spread[:, None]
        return np.nan_to_num(scaled, copy=False)


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
    return Scaling.of(activity, train).apply(activity)
