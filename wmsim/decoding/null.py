"""Permutation nulls that keep the structure of a trial."""

from __future__ import annotations

import numpy as np


def trial_order(
    labels: np.ndarray, *, within: np.ndarray | None = None, rng: np.random.Generator
) -> np.ndarray:
    """A random order of trials that exchanges those that may be exchanged.

    Parameters
    ----------
    labels : ndarray, shape (item, trial)
        Labels; trials with the same items present are exchanged among themselves.
    within : ndarray, shape (trial,), optional
        Groups of trials (folds that are runs, trials in which the same units were recorded) that
        are not to be mixed.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int, shape (trial,)
        Trial j takes the place of trial ``order[j]``.
    """
    group = np.zeros(labels.shape[1], dtype=int) if within is None else within
    alike = np.concatenate([labels >= 0, group[None]])
    order = np.arange(labels.shape[1])
    for pattern in np.unique(alike, axis=1).T:
        members = np.flatnonzero((alike == pattern[:, None]).all(axis=0))
        order[members] = rng.permutation(members)
    return order


def permute_trials(
    labels: np.ndarray, *, within: np.ndarray | None = None, rng: np.random.Generator
) -> np.ndarray:
    """Give each trial the whole label sequence of another one.

    Dependence between the items of a trial (images that never repeat, targets that follow from
    them) stays in the null, because sequences are never taken apart.

    Parameters
    ----------
    labels : ndarray, shape (item, trial)
        Labels.
    within, rng
        As for :func:`trial_order`.

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
    return labels[:, trial_order(labels, within=within, rng=rng)]


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
