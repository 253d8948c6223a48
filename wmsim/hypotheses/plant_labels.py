"""Labels of items in planted trials."""

from __future__ import annotations

import numpy as np

NO_ACTION, NON_MATCH, MATCH = 0, 1, 2


def draw_labels(
    n_trials: int, n_items: int, n_values: int, *, repeats: bool = True, rng: np.random.Generator
) -> np.ndarray:
    """Values of items, all of them equally often, as far as numbers divide.

    Parameters
    ----------
    n_trials, n_items, n_values : int
        Sizes; at least as many values as items if `repeats` is False.
    repeats : bool, default True
        Whether values are drawn independently. Otherwise they never repeat within a trial; those
        of the first item come equally often, and what follows is as chance has it.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int, shape (trial, item)

    Examples
    --------
    >>> labels = draw_labels(20, 2, 4, repeats=False, rng=np.random.default_rng(0))
    >>> np.bincount(labels[:, 0]), bool((labels[:, 0] == labels[:, 1]).any())
    (array([5, 5, 5, 5]), False)
    """
    even = np.arange(n_trials) % n_values
    if repeats:
        return np.stack([rng.permutation(even) for _ in range(n_items)], axis=1)
    # Turning a whole sequence round the values keeps them different.
    orders = rng.permuted(np.tile(np.arange(n_values), (n_trials, 1)), axis=1)[:, :n_items]
    turn = rng.permutation(even)[:, None] - orders[:, :1]
    return np.asarray((orders + turn) % n_values)


def draw_n_back(
    n_trials: int, n_items: int, n_values: int, n_back: int, *, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Values of an N-back task: from item n on, half of them match the one n before.

    Parameters
    ----------
    n_trials, n_items, n_values, n_back : int
        Sizes; n_back below n_items.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    labels, target : ndarray of int, shape (trial, item)
        Values; 0 no action, 1 non-match, 2 match.

    Examples
    --------
    >>> labels, target = draw_n_back(10, 3, 4, 2, rng=np.random.default_rng(0))
    >>> np.bincount(target[:, 2], minlength=3), bool(target[:, :2].any())
    (array([0, 5, 5]), False)
    """
    labels = draw_labels(n_trials, n_items, n_values, rng=rng)
    target = np.full((n_trials, n_items), NO_ACTION)
    for item in range(n_back, n_items):
        match = rng.permutation(np.arange(n_trials) % 2 == 0)
        other = rng.integers(1, n_values, n_trials)
        labels[:, item] = (labels[:, item - n_back] + np.where(match, 0, other)) % n_values
        target[:, item] = np.where(match, MATCH, NON_MATCH)
    return labels, target
