"""Random directions: what a push of the same size does that knows nothing of the feature."""

from __future__ import annotations

import numpy as np

from wmsim.perturbation.moves import n_moves, opposite


def random_moves(
    n_draws: int, n_units: int, n_values: int, *, decoder: str, rng: np.random.Generator
) -> np.ndarray:
    """Gaussian vectors in place of normals, with the structure that the normals have.

    A draw has a vector of its own for each pair of values, and its negative for the way back, so
    that what differs between it and the decoders is the direction alone.

    Parameters
    ----------
    n_draws, n_units, n_values : int
        Sizes.
    decoder : {"pairs", "rest"}
        See :func:`wmsim.perturbation.moves.move_number`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of float64, shape (draw, move, unit)
        Of any length; NaN for moves that are none.

    Examples
    --------
    >>> draws = random_moves(2, 5, 3, decoder="rest", rng=np.random.default_rng(0))
    >>> bool((draws[:, 3:] == -draws[:, :3]).all())
    True
    """
    draws = np.full((n_draws, n_moves(n_values, decoder), n_units), np.nan)
    for there, back in opposite(n_values, decoder):
        draws[:, there] = rng.standard_normal((n_draws, n_units))
        draws[:, back] = -draws[:, there]
    return draws


def as_activity_varies(draws: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """Turn isotropic vectors into ones that vary as activity does.

    Multiplying by the symmetric root of the covariance gives vectors whose covariance is that of
    activity: large along axes along which trials differ, 0 where the network never is. Some of
    what they move is the feature itself, so they are the stricter control.

    Parameters
    ----------
    draws : ndarray, shape (..., unit)
        Isotropic vectors.
    patterns : ndarray, shape (trial, unit)
        Activity.
    """
    centred = patterns - patterns.mean(axis=0)
    values, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    root = (axes * np.sqrt(np.maximum(values, 0.0))) @ axes.T
    return draws @ root


def without_span(vectors: np.ndarray, span: np.ndarray) -> np.ndarray:
    """Take out of vectors what lies in the span of others.

    Parameters
    ----------
    vectors : ndarray, shape (..., unit)
        Vectors.
    span : ndarray, shape (vector, unit)
        Vectors that span what is taken out; rows of NaN do not count.

    Examples
    --------
    >>> without_span(np.array([[3.0, 4.0, 5.0]]), np.array([[2.0, 0.0, 0.0]]))
    array([[0., 4., 5.]])
    """
    there = span[np.isfinite(span).all(axis=1)]
    _, sizes, axes = np.linalg.svd(there, full_matrices=False)
    axes = axes[sizes > 1e-8 * sizes.max(initial=0.0)]
    return vectors - (vectors @ axes.T) @ axes


def of_length(vectors: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Vectors (..., unit) brought to lengths (...,); a vector of length 0 has no direction: NaN.

    Examples
    --------
    >>> of_length(np.array([[3.0, 4.0]]), np.array([10.0]))
    array([[6., 8.]])
    """
    norm = np.linalg.norm(vectors, axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(norm > 0, vectors / norm, np.nan) * np.asarray(length)[..., None]
