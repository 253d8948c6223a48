"""Spike counts out of smoothed rates: exact where the smoothing is known.

A Gaussian of 2 bins can be undone in double precision over some tens of bins (the condition number
for 25 is 2 x 10^7); that every solution is a whole number shows that the smoothing was this one.
"""

from __future__ import annotations

import numpy as np

SD_BINS, REACH_BINS = 2, 10


def smoothing_matrix(n_bins: int) -> np.ndarray:
    """Smooth with a Gaussian of 2 bins that is cut at 10, with zeros beyond the ends.

    Parameters
    ----------
    n_bins : int
        Number of time bins.

    Returns
    -------
    numpy.ndarray, shape (bin, bin)
        Smoothed counts are this matrix times the counts.

    Examples
    --------
    >>> smoothing_matrix(25)[12].round(2)[10:15]
    array([0.12, 0.18, 0.2 , 0.18, 0.12])
    """
    distance = np.abs(np.arange(n_bins)[:, None] - np.arange(n_bins))
    reach = np.arange(-REACH_BINS, REACH_BINS + 1)
    kernel = np.exp(-(distance**2) / (2 * SD_BINS**2)) * (distance <= REACH_BINS)
    return kernel / np.exp(-(reach**2) / (2 * SD_BINS**2)).sum()


def spike_counts(values: np.ndarray, tolerance: float = 1e-4) -> np.ndarray | None:
    """Recover spike counts that were smoothed with :func:`smoothing_matrix`.

    Parameters
    ----------
    values : numpy.ndarray, shape (..., bin)
        Smoothed counts.
    tolerance : float
        How far from whole numbers the solution may lie.

    Returns
    -------
    numpy.ndarray, shape (..., bin), or None
        Whole numbers; None if the values are no such counts.

    Examples
    --------
    >>> counts = np.array([[0.0, 2.0, 0.0, 1.0, 0.0]])
    >>> spike_counts(counts @ smoothing_matrix(5))
    array([[0., 2., 0., 1., 0.]])
    >>> spike_counts(np.ones((1, 5))) is None
    True
    """
    flat = values.reshape(-1, values.shape[-1])
    solved = np.linalg.solve(smoothing_matrix(values.shape[-1]), flat.T).T
    counts = np.round(solved)
    if not (np.abs(solved - counts) < tolerance).all() or (counts < 0).any():
        return None
    return np.abs(counts).reshape(values.shape)
