"""Permutation nulls that keep the structure of a trial."""

from __future__ import annotations

import numpy as np


def permute_trials(labels: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """Give each trial the whole label sequence of another one.

    Dependence between the items of a trial (images that never repeat, targets that follow from
    them) stays in the null, because sequences are never taken apart.

    Parameters
    ----------
    labels : ndarray, shape (item, trial)
        Labels; trials with equally many items are exchanged among themselves.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (item, trial)

    Examples
    --------
    >>> labels = np.array([[0, 1, 2], [1, 2, 0]])
    >>> shuffled = permute_trials(labels, rng=np.random.default_rng(0))
    >>> sorted(map(tuple, shuffled.T)) == sorted(map(tuple, labels.T))
    True
    """
    present = labels >= 0
    order = np.arange(labels.shape[1])
    for pattern in np.unique(present, axis=1).T:
        alike = np.flatnonzero((present == pattern[:, None]).all(axis=0))
        order[alike] = rng.permutation(alike)
    return labels[:, order]


def permutation_p(observed: float, null: np.ndarray) -> float:
    """One-sided p-value, (1 + permutations at least as large) / (1 + permutations).

    Parameters
    ----------
    observed : float
        Statistic of the data.
    null : ndarray, shape (permutation,)
        The statistic under permuted labels.

    Returns
    -------
    float
        Never 0. NaN without permutations.

    Examples
    --------
    >>> permutation_p(0.9, np.array([0.5, 0.4, 0.6]))
    0.25
    """
    null = np.asarray(null)
    if null.size == 0:
        return float("nan")
    return float((1 + np.count_nonzero(null >= observed)) / (1 + null.size))
