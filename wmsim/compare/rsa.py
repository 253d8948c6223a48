"""Representational similarity: distances between codes of a model and of a brain.

Distances are free of noise's share as codes' inner products are, so they need no folds; the
estimate is that of the crossnobis distance [1]_ with identity noise (activity was scaled by its
noise before), with all pairs of different trials instead of few folds. Where some units miss
trials, rsatoolbox's unbalanced crossnobis takes its place [2]_.

References
----------
.. [1] Walther et al. (2016), Reliability of dissimilarity measures for multi-voxel pattern
   analysis, NeuroImage 137, 188-200, :doi:`10.1016/j.neuroimage.2015.12.012`.
.. [2] rsatoolbox, van den Bosch et al. (2025), :doi:`10.1101/2025.05.22.655542`.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from wmsim.compare.conditions import SMALLEST, divided, pair_sums, spread_items
from wmsim.compare.halves import Half
from wmsim.compare.sides import Side
from wmsim.compare.splits import Split, Weighted
from wmsim.hypotheses.codes import contrasts

if TYPE_CHECKING:
    from rsatoolbox.rdm import RDMs

FOLDS = 5


def distances(gram: np.ndarray) -> np.ndarray:
    """Squared distances of what has such inner products.

    Parameters
    ----------
    gram : ndarray, shape (condition, condition)
        Inner products.

    Examples
    --------
    >>> distances(np.array([[1.0, 0.0], [0.0, 4.0]])).tolist()
    [[0.0, 5.0], [5.0, 0.0]]
    """
    own = np.diag(gram)
    return np.asarray(own[:, None] + own - 2 * gram)


def rdm_correlation(one: np.ndarray, other: np.ndarray, n_items: int = 1) -> Weighted:
    """Pearson correlation of two RDMs, as a function of weights on values.

    Parameters
    ----------
    one, other : ndarray, shape (item x value, item x value)
        Dissimilarities; diagonals do not count. All NaN where one has a NaN.
    n_items : int
        Number of items.

    Returns
    -------
    callable
        From weights (resample, value) to correlations (resample,); NaN where distances that
        count do not differ.

    Examples
    --------
    >>> one = distances(np.diag([1.0, 2.0, 3.0, 4.0]))
    >>> rdm_correlation(one, 5 * one + 1)(np.ones((1, 4))).round(6).tolist()
    [1.0]
    """
    off = 1 - np.eye(len(one))
    # Centred and scaled first: sums of squares of large distances would round.
    x, y = (_standardised(rdm, off) for rdm in (one, other))
    sums = pair_sums(np.stack([off, x, y, x * x, y * y, x * y]), n_items)

    def weighted(weights: np.ndarray) -> np.ndarray:
        count, sx, sy, sxx, syy, sxy = sums(weights)
        count = np.where(count > 0, count, np.nan)
        vx, vy = sxx / count - (sx / count) ** 2, syy / count - (sy / count) ** 2
        spread = np.where(np.minimum(vx, vy) > SMALLEST, np.maximum(vx, 0) * np.maximum(vy, 0), 0)
        return divided(sxy / count - sx * sy / count**2, np.sqrt(spread))

    return weighted


def _standardised(rdm: np.ndarray, off: np.ndarray) -> np.ndarray:
    count = off.sum()
    centred = (rdm - (rdm * off).sum() / count) * off
    spread = np.sqrt((centred**2).sum() / count)
    # Distances that are all the same but for rounding do not correlate.
    return centred / spread if spread > SMALLEST * np.abs(rdm).max() else np.zeros_like(rdm)


def rsa(split: Split, step: int | None) -> Weighted:
    """Correlation of a model's and a brain's RDM at a step.

    Parameters
    ----------
    split : Split
        Model and brain.
    step : int
        Which.
    """
    assert step is not None, "an RDM is that of one step"
    n_items = len(split.brain.steps[step].items)
    return rdm_correlation(rdm(split.model, step), rdm(split.brain, step), n_items)


def rdm(half: Half, step: int) -> np.ndarray:
    """RDM of a step, (item x value, item x value), a unit.

    Of all units by rsatoolbox's unbalanced crossnobis where some miss trials; NaN where a pair
    of conditions has no unit in trials of different folds.
    """
    holes = half.side.holed.shape[2] > 0
    found = _unbalanced(half, step) if holes else distances(half.gram(step))
    return spread_items(found, len(half.steps[step].items))


def _unbalanced(half: Half, step: int) -> np.ndarray:
    """Crossnobis from all units, also those that miss trials.

    A trial is an observation of the condition of each of its items, all in the trial's fold, so
    that it never meets itself.
    """
    items, k = half.steps[step].items, half.side.n_values
    here = np.concatenate([half.activity(step), _holed(half, step)], axis=1)
    labels = half.labels[list(items)]
    row, trial = np.nonzero(labels >= 0)
    condition = row * k + labels[row, trial]
    # Trials in the order of the first item's values: every fold gets its share of each.
    fold = np.empty(len(here), dtype=int)
    fold[np.argsort(labels[0], kind="stable")] = np.arange(fold.size) % min(FOLDS, fold.size)
    found = np.full((len(items) * k,) * 2, np.nan)
    there = np.unique(condition)
    found[np.ix_(there, there)] = crossnobis(here[trial], condition, fold[trial])
    np.fill_diagonal(found, 0.0)
    # Distances of means of trials, from here on those of codes.
    own = codes_of_means(labels, k)
    return distances(-own @ found @ own.T / 2)


def codes_of_means(labels: np.ndarray, n_values: int) -> np.ndarray:
    """What makes codes of the mean activity in all conditions, given which items go together.

    The mean over trials with a value at an item also holds the codes of the other items of those
    trials, which do not cancel where, say, images never repeat in a trial.

    Parameters
    ----------
    labels : ndarray of int, shape (item, trial)
        Values, -1 where there is none.
    n_values : int
        Number of values.

    Returns
    -------
    ndarray, shape (item x value, item x value)
        Codes in rows, means of conditions in columns; rows sum to 0.

    Examples
    --------
    With one item there is nothing but the mean over values to take off.

    >>> codes_of_means(np.array([[0, 1, 1, 2]]), 3).round(3).tolist()
    [[0.667, -0.333, -0.333], [-0.333, 0.667, -0.333], [-0.333, -0.333, 0.667]]
    """
    n = len(labels) * n_values
    shown = (labels[:, None] == np.arange(n_values)[:, None]).reshape(n, -1).astype(float)
    together = shown @ shown.T
    shares = together / np.maximum(np.diag(together), 1)[:, None]
    basis = np.kron(np.eye(len(labels)), contrasts(n_values))
    centre = np.eye(n) - 1 / n
    return np.asarray(basis @ np.linalg.pinv(centre @ shares @ basis) @ centre)


def _holed(half: Half, step: int) -> np.ndarray:
    """Activity (trial, unit) of units that miss trials, less their mean over the other trials.

    Means have to go first: pairs of conditions are seen by different units, and what such a
    unit always does would not cancel.
    """
    activity = half.side.holed[step]
    own = activity[half.trials]
    others = np.delete(activity, half.trials, axis=0)
    # Units that have no other trial are left with their own mean.
    return np.asarray(own - np.where(np.isfinite(others).any(axis=0), _mean(others), _mean(own)))


def _mean(activity: np.ndarray) -> np.ndarray:
    """Mean over trials that are there; NaN where none is."""
    return divided(np.nansum(activity, axis=0), np.isfinite(activity).sum(axis=0).astype(float))


def crossnobis(activity: np.ndarray, condition: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Unbalanced crossnobis by rsatoolbox, identity noise, a unit.

    Parameters
    ----------
    activity : ndarray, shape (observation, unit)
        NaN where a unit misses.
    condition, fold : ndarray of int, shape (observation,)
        Labels; observations of the same fold never meet.

    Returns
    -------
    ndarray, shape (condition, condition)
        Conditions in order.
    """
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm_unbalanced

    data = Dataset(activity, obs_descriptors={"condition": condition, "fold": fold})
    with warnings.catch_warnings():
        # Of whole-number arrays that rsatoolbox fills with NaN, and of pairs that never meet.
        warnings.simplefilter("ignore", RuntimeWarning)
        found = calc_rdm_unbalanced(
            data, method="crossnobis", descriptor="condition", cv_descriptor="fold"
        )
    # rsatoolbox puts conditions in the order in which they first occur.
    order = np.argsort(np.asarray(found.pattern_descriptors["condition"]))
    return np.asarray(found.get_matrices()[0][np.ix_(order, order)])


def rsatoolbox_rdms(trials: Half | Side, step: int | None = None) -> RDMs:
    """RDMs as rsatoolbox has them: to save, to show as a movie, to compare.

    Parameters
    ----------
    trials : Half or Side
        Some trials, or all of them.
    step : int, optional
        Which; by default all. RDMs of all steps have all items, with NaN at those that are not
        shown yet.

    Returns
    -------
    rsatoolbox.rdm.RDMs
        Conditions have the descriptors ``item`` (1 is the first), ``value`` (its name); RDMs have
        ``step`` (its name).
    """
    from rsatoolbox.rdm import RDMs

    half = trials if isinstance(trials, Half) else _all_trials(trials)
    side = half.side
    steps = list(range(len(side.steps))) if step is None else [step]
    items = sorted({item for one in steps for item in half.steps[one].items})
    k = side.n_values
    matrices = np.full((len(steps), len(items) * k, len(items) * k), np.nan)
    for matrix, one in zip(matrices, steps, strict=True):
        rows = [items.index(item) * k + v for item in half.steps[one].items for v in range(k)]
        matrix[np.ix_(rows, rows)] = rdm(half, one)
    upper = np.triu_indices(len(items) * k, 1)
    return RDMs(
        matrices[:, upper[0], upper[1]],
        dissimilarity_measure="crossnobis",
        descriptors={"name": side.name, "feature": side.feature, "task": side.task},
        rdm_descriptors={"step": [side.steps[one] for one in steps]},
        pattern_descriptors={
            "item": [item + 1 for item in items for _ in range(k)],
            "value": [value for _ in items for value in side.values],
        },
    )


def _all_trials(side: Side) -> Half:
    return Half(side, np.arange(side.n_trials), side.activity.mean(axis=1))
