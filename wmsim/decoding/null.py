"""Permutation nulls that keep the structure of a trial."""

from __future__ import annotations

import numpy as np

# Accuracies closer than this are the same number, rounded differently.
TIE = 1e-10


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
    return _shuffled(exchangeable(labels, within), labels.shape[1], rng)


def exchangeable(labels: np.ndarray, within: np.ndarray | None = None) -> list[np.ndarray]:
    """Groups of trials that may be exchanged, as positions; see :func:`trial_order`."""
    group = np.zeros(labels.shape[1], dtype=int) if within is None else within
    alike = np.concatenate([labels >= 0, group[None]])
    _, number = np.unique(alike, axis=1, return_inverse=True)
    number = number.ravel()
    return [np.flatnonzero(number == one) for one in range(number.max(initial=-1) + 1)]


def trials_alone(labels: np.ndarray, within: np.ndarray | None = None) -> int:
    """Number of trials that cannot be exchanged with any other one."""
    return sum(members.size == 1 for members in exchangeable(labels, within))


def _shuffled(groups: list[np.ndarray], n_trials: int, rng: np.random.Generator) -> np.ndarray:
    order = np.arange(n_trials)
    for members in groups:
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


def permuted_labels(
    labels: np.ndarray, n_permutations: int, *, within: np.ndarray | None = None,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Many permutations at once; see :func:`permute_trials`.

    Returns
    -------
    ndarray, shape (permutation, item, trial)
    """
    groups = exchangeable(labels, within)
    orders = [_shuffled(groups, labels.shape[1], rng) for _ in range(n_permutations)]
    found = np.empty((n_permutations, *labels.shape), labels.dtype)
    for row, order in zip(found, orders, strict=True):
        row[:] = labels[:, order]
    return found


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
    return float((1 + np.count_nonzero(null >= observed - TIE)) / (1 + null.size))
