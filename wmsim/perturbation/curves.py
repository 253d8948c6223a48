"""Means over trials, intervals, and what a direction does beyond what random ones do."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wmsim.decoding import bootstrap_weights

ENDS = (0.025, 0.975)


class Interval(NamedTuple):
    """A number with its 95 % interval; arrays of one shape."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


def resampled(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Means over trials under weights.

    Parameters
    ----------
    values : ndarray, shape (trial, ...)
        One number a trial and condition.
    weights : ndarray, shape (1 + draw, trial)
        From :func:`wmsim.decoding.bootstrap_weights`: how often each trial counts.

    Returns
    -------
    ndarray of float64, shape (1 + draw, ...)
        The first is the plain mean.
    """
    flat = values.reshape(len(values), -1).astype(np.float64)
    # Divided last: weights are whole numbers, so that a share of all trials is 1 exactly.
    means = (weights @ flat) / weights.sum(axis=1, keepdims=True)
    return means.reshape(-1, *values.shape[1:])


def interval(means: np.ndarray) -> Interval:
    """Value and interval from resampled numbers, shape (1 + draw, ...)."""
    low, high = np.quantile(means[1:], ENDS, axis=0)
    return Interval(means[0], low, high)


def pooled(means: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """Mean over random directions, which are resampled too.

    Parameters
    ----------
    means : ndarray, shape (1 + draw, direction, ...)
        Resampled means of several random directions.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (1 + draw, ...)
    """
    n_directions = means.shape[1]
    weights = bootstrap_weights(n_directions, len(means) - 1, rng=rng) / n_directions
    return np.einsum("bd,bd...->b...", weights, means)


def change(means: np.ndarray, zero: int) -> np.ndarray:
    """Resampled means (draw, direction, dose, ...) less those at the dose with number `zero`."""
    return means - means[:, :, zero : zero + 1]


def beyond_random(
    tested: np.ndarray, random: np.ndarray, *, rng: np.random.Generator
) -> tuple[Interval, np.ndarray]:
    """What directions change beyond what random directions of the same length do.

    Parameters
    ----------
    tested, random : ndarray, shape (1 + draw, direction, ...)
        Resampled changes of the directions that are tested, and of random ones.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    difference : Interval of shape (direction, ...)
        Change less the mean change of random directions; trials and random directions resampled.
    p : ndarray, shape (direction, ...)
        (1 + random directions that change as much, up or down) / (1 + random directions).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> random = np.tile(rng.normal(0, 0.01, 19), (201, 1))
    >>> difference, p = beyond_random(np.full((201, 1), -0.5), random, rng=rng)
    >>> difference.value.round(2), p
    (array([-0.5]), array([0.05]))
    """
    difference = tested - pooled(random, rng=rng)[:, None]
    as_much = np.abs(random[0])[:, None] >= np.abs(tested[0])[None]
    p = (1 + as_much.sum(axis=0)) / (1 + random.shape[1])
    return interval(difference), np.where(np.isfinite(difference[0]), p, np.nan)
