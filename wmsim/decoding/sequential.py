"""Permutation tests that end early where the answer is clear: nothing there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wmsim.decoding.null import TIE, permutation_p


class SequentialP(NamedTuple):
    """A p-value, and when it was known.

    Attributes
    ----------
    p : float
        NaN without permutations, or where the statistic is NaN.
    reached_at : int or None
        Number of the permutation, from 1, that reached the statistic for the h-th time; later ones
        change nothing.
    """

    p: float
    reached_at: int | None


def sequential_p(observed: float, null: np.ndarray, stop_after: int | None) -> SequentialP:
    """One-sided p-value by permutations that end when enough of them reached the statistic.

    Parameters
    ----------
    observed : float
        Statistic of the data.
    null : ndarray, shape (permutation,)
        The statistic under permuted labels, in the order in which they were drawn.
    stop_after : int or None
        h, how many permutations have to reach or exceed the statistic for the end; None or 0:
        never ends early.

    Returns
    -------
    SequentialP
        p is h / m if the h-th such permutation was the m-th one, and (1 + k) / (1 + n) if only
        k < h of all n did. Both kinds together make p uniform where there is nothing [1]_,
        whatever was computed after the m-th permutation.

    References
    ----------
    .. [1] Besag & Clifford (1991), Biometrika 78, 301-304, :doi:`10.1093/biomet/78.2.301`.

    Examples
    --------
    >>> null = np.array([0.4, 0.7, 0.5, 0.8, 0.1, 0.2])
    >>> sequential_p(0.6, null, stop_after=2)
    SequentialP(p=0.5, reached_at=4)
    >>> sequential_p(0.6, null, stop_after=3).p
    0.42857142857142855
    """
    null = np.asarray(null)
    if null.size == 0 or np.isnan(observed):
        return SequentialP(float("nan"), None)
    if stop_after:
        reaching = np.flatnonzero(null >= observed - TIE)
        if reaching.size >= stop_after:
            reached_at = int(reaching[stop_after - 1]) + 1
            return SequentialP(stop_after / reached_at, reached_at)
    return SequentialP(permutation_p(observed, null), None)
