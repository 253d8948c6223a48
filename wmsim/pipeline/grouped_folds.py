"""Folds that keep groups of trials whole: trials that show the same image, or are one pattern."""

from __future__ import annotations

import numpy as np

from wmsim.errors import WmsimError


def most_folds(labels: np.ndarray, group: np.ndarray) -> int:
    """Groups in which the rarest value occurs: with more folds, some would lack it.

    Examples
    --------
    >>> most_folds(np.array([0, 0, 1, 1]), np.array([0, 1, 2, 2]))
    1
    """
    pairs = np.unique(np.stack([labels, group]), axis=1)
    return int(np.bincount(pairs[0])[np.unique(labels)].min())


def group_folds(
    labels: np.ndarray, group: np.ndarray, n_folds: int, *, rng: np.random.Generator
) -> np.ndarray:
    """Put whole groups of trials into folds, values spread evenly.

    Groups are placed one by one, the largest first and otherwise in random order, into the fold
    that has fewest trials of their values so far.

    Parameters
    ----------
    labels : ndarray of int, shape (trial,) or (feature, trial)
        Value of each trial, of one feature or of several.
    group : ndarray of int, shape (trial,)
        Group of each trial.
    n_folds : int
        Number of folds, from 2 to :func:`most_folds`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64, shape (trial,)
        Fold of each trial.

    Raises
    ------
    WmsimError
        If there are not so many groups of some value.

    Examples
    --------
    >>> labels, group = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 2, 2, 3])
    >>> fold = group_folds(labels, group, 2, rng=np.random.default_rng(0))
    >>> bool(fold[0] == fold[1] != fold[2])
    True
    """
    several = np.atleast_2d(labels)
    most = min(most_folds(one, group) for one in several)
    if not 2 <= n_folds <= most:
        raise WmsimError(
            f"{n_folds} folds were asked for; a value occurs in {most} groups of trials (images), "
            f"so that 2 to {most} are possible. Ask for these, or give more images of each value."
        )
    names, number = np.unique(group, return_inverse=True)
    columns = []
    for one in several:
        values = np.unique(one, return_inverse=True)[1]
        found = np.zeros((names.size, values.max() + 1))
        np.add.at(found, (number, values), 1)
        columns.append(found)
    counts = np.concatenate(columns, axis=1)
    order = rng.permutation(names.size)
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    filled = np.zeros((n_folds, counts.shape[1]))
    fold_of = np.empty(names.size, dtype=np.int64)
    for one in order:
        # Even in its own values first, then in all.
        crowding = filled @ counts[one] / counts[one].sum() + 1e-3 * filled.sum(axis=1)
        fold_of[one] = int(np.argmin(crowding + 1e-6 * rng.random(n_folds)))
        filled[fold_of[one]] += counts[one]
    return fold_of[number]
