"""Folds of trials, shared by everything that is trained and tested in one analysis."""

from __future__ import annotations

import numpy as np

from wmsim.errors import WmsimError


def trial_folds(labels: np.ndarray, n_folds: int, *, rng: np.random.Generator) -> np.ndarray:
    """Put each trial into one fold, values of all items spread evenly over folds.

    Trials are placed one by one, in random order, into the fold (of those with room) that has
    fewest of their items' values so far. Left to chance, a value that is frequent in a test fold
    is rare in the training folds, which pushes accuracy below chance where there is no signal.

    Parameters
    ----------
    labels : ndarray of int, shape (item, trial)
        Value of each item, -1 for none.
    n_folds : int
        Number of folds, at least 2.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64, shape (trial,)
        Fold of each trial; sizes differ by at most one.

    Raises
    ------
    WmsimError
        If there are fewer trials than folds, or fewer than two folds.

    References
    ----------
    .. [1] Sechidis, Tsoumakas & Vlahavas (2011), On the stratification of multi-label data,
       ECML PKDD, :doi:`10.1007/978-3-642-23808-6_10`, for stratification by several labels.

    Examples
    --------
    >>> folds = trial_folds(np.array([[0, 0, 1, 1, 0, 0, 1, 1]]), 2, rng=np.random.default_rng(0))
    >>> np.bincount(folds[[0, 1, 4, 5]]), np.bincount(folds[[2, 3, 6, 7]])
    (array([2, 2]), array([2, 2]))
    """
    n_items, n_trials = labels.shape
    _check(n_trials, n_folds)
    room = np.full(n_folds, n_trials // n_folds)
    room[rng.permutation(n_folds)[: n_trials % n_folds]] += 1
    counts = np.zeros((n_folds, n_items, int(labels.max(initial=0)) + 2))
    fold = np.empty(n_trials, dtype=np.int64)
    items = np.arange(n_items)
    for trial in rng.permutation(n_trials):
        # Value -1 (no item) is counted in the last column, as a value of its own.
        crowding = counts[:, items, labels[:, trial]].sum(axis=1) + 0.5 * rng.random(n_folds)
        crowding[room == 0] = np.inf
        chosen = int(np.argmin(crowding))
        fold[trial] = chosen
        room[chosen] -= 1
        counts[chosen, items, labels[:, trial]] += 1
    return fold


def _check(n_trials: int, n_folds: int) -> None:
    if n_folds < 2:
        raise WmsimError(f"{n_folds} fold(s) asked for; cross-validation needs at least 2.")
    if n_trials < n_folds:
        raise WmsimError(
            f"{n_trials} trials cannot be put into {n_folds} folds; use at most {n_trials} folds "
            f"or more trials."
        )
