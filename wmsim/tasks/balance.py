"""Balanced assignment: every option equally often in every group, in random order."""

from __future__ import annotations

import numpy as np


def balanced_within(groups: np.ndarray, n_options: int, *, rng: np.random.Generator) -> np.ndarray:
    """Assign options to members so that each group uses all options equally often.

    Within a group the counts of two options differ by at most one; which members get which
    option is random, and so is which options get the odd one.

    Parameters
    ----------
    groups : ndarray of int, shape (n,)
        Group of each member, from 0.
    n_options : int
        Number of options.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64, shape (n,)
        Option of each member, ``0 .. n_options - 1``. Runs of consecutive options (modulo
        `n_options`) are what an odd remainder is made of.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> np.bincount(balanced_within(np.zeros(8, int), 4, rng=rng))
    array([2, 2, 2, 2])
    """
    n = groups.size
    # Sorting group + uniform(0, 1) shuffles within groups and keeps groups apart.
    order = np.argsort(groups + rng.random(n))
    sorted_groups = groups[order]
    sizes = np.bincount(sorted_groups)
    first = np.cumsum(sizes) - sizes
    rank = np.arange(n) - first[sorted_groups]
    start = rng.integers(n_options, size=sizes.size)
    options = np.empty(n, dtype=np.int64)
    options[order] = (rank + start[sorted_groups]) % n_options
    return options


def distinct_within(
    groups: np.ndarray, taken: np.ndarray, *, rng: np.random.Generator
) -> np.ndarray:
    """Assign each member an option that is not taken, all of them equally often in each group.

    Parameters
    ----------
    groups : ndarray of int, shape (n,)
        Group of each member, from 0. Members of a group have equally many options left.
    taken : ndarray of bool, shape (n, option)
        Options that a member cannot have; at least one is left.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64, shape (n,)
        Option of each member. Where members of a group have the same options left, counts of
        two options differ by at most one.

    Examples
    --------
    >>> taken = np.array([[True, False, False]] * 4)
    >>> chosen = distinct_within(np.zeros(4, int), taken, rng=np.random.default_rng(0))
    >>> np.bincount(chosen)
    array([0, 2, 2])
    """
    free = (~taken).sum(axis=1)
    rank = np.empty(groups.size, dtype=np.int64)
    for count in np.unique(free):
        here = np.flatnonzero(free == count)
        rank[here] = balanced_within(groups[here], int(count), rng=rng)
    # The option of rank r is the first with r + 1 free ones up to it.
    return np.argmax((~taken).cumsum(axis=1) > rank[:, None], axis=1)
