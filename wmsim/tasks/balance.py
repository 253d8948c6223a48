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
