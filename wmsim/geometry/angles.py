"""Principal angles between subspaces, such as the planes that two sets of patterns lie near."""

from __future__ import annotations

import numpy as np

from wmsim.errors import WmsimError
from wmsim.geometry.procrustes import RANK_TOLERANCE, span


def plane(patterns: np.ndarray, n_components: int = 2) -> np.ndarray:
    """Orthonormal basis of the subspace in which patterns differ most: principal components.

    Parameters
    ----------
    patterns : array-like, shape (condition, unit)
        Mean activity of each condition; it is centred on its own mean.
    n_components : int, default 2
        Dimensions of the subspace; 2 for a plane.

    Returns
    -------
    ndarray, shape (component, unit)
        Orthonormal rows, the direction of largest variance first. Signs are arbitrary.

    Raises
    ------
    WmsimError
        If patterns are not a finite matrix, or do not extend in so many dimensions.

    Examples
    --------
    >>> square = np.array([[1.0, 1, 5], [1, -1, 5], [-1, 1, 5], [-1, -1, 5]])
    >>> np.abs(plane(square) @ [0, 0, 1]).round(6)
    array([0., 0.])
    """
    values = _matrix(patterns, "patterns", "(condition, unit)")
    centred = values - values.mean(axis=0)
    _, extent, basis = np.linalg.svd(centred, full_matrices=False)
    scale = max(float(extent[0]), np.finfo(float).eps * float(np.abs(values).max()))
    rank = int((extent > RANK_TOLERANCE * scale).sum()) if extent[0] > 0 else 0
    if not 1 <= n_components <= rank:
        raise WmsimError(
            f"n_components is {n_components}, but {len(values)} patterns, centred, extend in "
            f"{rank} dimensions. Give 1 to {rank}, or more conditions."
            if rank
            else "The patterns are all alike: they span no subspace. Are they of one condition?"
        )
    return basis[:n_components]


def principal_angles(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Principal angles between the row spaces of two matrices.

    Parameters
    ----------
    a, b : array-like, shape (dimension, unit)
        Rows that span each subspace; they need not be orthonormal nor equally many.

    Returns
    -------
    ndarray, shape (smaller dimension,)
        In degrees, 0 to 90, the smallest first. All 0: one subspace holds the other; all 90: they
        are orthogonal.

    Raises
    ------
    WmsimError
        If the matrices are not finite, have different numbers of units, or span nothing.

    Notes
    -----
    Subspaces of few dimensions drawn at random in many units are nearly orthogonal, and noise
    turns any two apart: compare angles with those between halves of the trials of one condition,
    or with those under permuted labels, before calling them large.

    References
    ----------
    .. [1] Bjoerck & Golub (1973), Numerical methods for computing angles between linear subspaces,
       Mathematics of Computation 27, 579-594, :doi:`10.1090/S0025-5718-1973-0348991-3`. Small
       angles are taken from sines: cosines near 1 have lost their digits.

    Examples
    --------
    >>> floor = np.array([[1.0, 0, 0], [0, 1, 0]])
    >>> tilted = np.array([[1.0, 0, 0], [0, 1, 1]])
    >>> principal_angles(floor, tilted).round(6)
    array([ 0., 45.])
    """
    first, second = (_matrix(m, name, "(dimension, unit)") for m, name in ((a, "a"), (b, "b")))
    if first.shape[1] != second.shape[1]:
        raise WmsimError(
            f"a has {first.shape[1]} units, b has {second.shape[1]}; expected the same units. "
            "Take the same units of both."
        )
    first, second = span(first), span(second)
    if not len(first) or not len(second):
        raise WmsimError("All rows are 0: they span no subspace. Give other patterns.")
    if len(first) < len(second):
        first, second = second, first
    overlap = first @ second.T
    cosines = np.clip(np.linalg.svd(overlap, compute_uv=False), 0.0, 1.0)
    outside = second - overlap.T @ first
    sines = np.clip(np.linalg.svd(outside, compute_uv=False)[::-1], 0.0, 1.0)
    sines = sines[: len(cosines)]
    angles = np.where(cosines**2 < 0.5, np.arccos(cosines), np.arcsin(sines))
    return np.degrees(angles)


def _matrix(values: np.ndarray, name: str, dims: str) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or 0 in array.shape:
        raise WmsimError(f"{name} has shape {array.shape}, expected {dims}. Give a matrix.")
    if not np.isfinite(array).all():
        raise WmsimError(
            f"{name} holds NaN or infinity in {int((~np.isfinite(array)).any(axis=0).sum())} of "
            f"{array.shape[1]} units. Leave these units out."
        )
    return array
