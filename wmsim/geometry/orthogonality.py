r"""How orthogonal the decoders of a feature are: the index, and what it is without any geometry.

The index [1]_ of normals :math:`w_i` is the mean of :math:`1 - |\cos(w_i, w_j)|` over pairs. Three
numbers have to stand beside it, because it does not depend on geometry alone:

- Directions drawn at random are nearly orthogonal in many dimensions: the index goes to 1.
- Decoders of one value against the rest are no random directions. Each has the trials of the
  others' values on its other side, so their normals nearly cancel. Normals of equal length that add
  up to 0 have an index of at most :math:`1 - 1/(k - 1)`, which a regular simplex reaches. This, not
  1, is where high dimension drives them: with more dimensions than trials, noise alone holds all
  classes equally far apart.
- Permuted labels say where between the two a space of this dimension and these trials ends up.

References
----------
.. [1] Lei, Ito & Bashivan (2024), Geometry of naturalistic object representations in recurrent
   neural network models of working memory, NeurIPS 37, equation 1.
"""

from __future__ import annotations

import numpy as np

from wmsim.errors import WmsimError

# Attempts at a resample that has all values.
ATTEMPTS = 200


def cosines(normals: np.ndarray) -> np.ndarray:
    """Cosines between all pairs of normals.

    Parameters
    ----------
    normals : array-like, shape (..., value, unit)
        Normal vectors.

    Returns
    -------
    ndarray, shape (..., value, value)
        NaN where a normal is 0 and has no direction.
    """
    vectors = np.asarray(normals, dtype=np.float64)
    if vectors.ndim < 2 or vectors.shape[-2] < 2 or vectors.shape[-1] < 1:
        raise WmsimError(
            f"normals has shape {vectors.shape}, expected (..., value, unit) with two values or "
            "more: there are no angles otherwise."
        )
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        directions = vectors / np.where(length > 0, length, np.nan)
    return np.clip(directions @ np.swapaxes(directions, -1, -2), -1.0, 1.0)


def orthogonality_index(normals: np.ndarray) -> np.ndarray:
    """Orthogonalisation index: mean of 1 - |cos| over all pairs of normals.

    Parameters
    ----------
    normals : array-like, shape (..., value, unit)
        Normal vectors of one feature's decoders.

    Returns
    -------
    ndarray of float64, shape (...)
        0 where all are parallel (either way round), 1 where all are orthogonal.

    Raises
    ------
    WmsimError
        If there are fewer than two normals.

    Notes
    -----
    Two decoders of one value against the rest have opposite normals: with k = 2 the index is 0,
    whatever the space.

    Examples
    --------
    >>> round(float(orthogonality_index(np.eye(4))), 6)
    1.0
    >>> round(float(orthogonality_index(np.eye(4) - 0.25)), 6)
    0.666667
    """
    return index_of_cosines(cosines(normals))


def index_of_cosines(matrix: np.ndarray) -> np.ndarray:
    """The index of cosines of shape (..., value, value); the diagonal is not looked at."""
    rows, columns = np.triu_indices(matrix.shape[-1], 1)
    return 1.0 - np.abs(matrix[..., rows, columns]).mean(axis=-1)


def simplex_index(n_values: int) -> float:
    """Index of a regular simplex, 1 - 1/(k - 1): the most that normals which cancel can have.

    Examples
    --------
    >>> round(simplex_index(4), 3), simplex_index(2)
    (0.667, 0.0)
    """
    if n_values < 2:
        raise WmsimError(f"{n_values} value(s) have no angles between them; at least 2 are needed.")
    return 1.0 - 1.0 / (n_values - 1)


def random_indices(
    n_values: int, n_dimensions: int, n_draws: int, *, rng: np.random.Generator
) -> np.ndarray:
    r"""Indices of directions drawn at random, independently of each other.

    The mean is :math:`1 - \Gamma(d/2) / (\sqrt\pi \, \Gamma((d + 1)/2))`, about
    :math:`1 - \sqrt{2 / (\pi d)}`. Cosines of d > k dimensions are drawn without making vectors of
    them, as those of the rows of Bartlett's triangle [1]_.

    Parameters
    ----------
    n_values : int
        Directions, k.
    n_dimensions : int
        Dimensions, d.
    n_draws : int
        Draws.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (draw,)

    References
    ----------
    .. [1] Bartlett (1933), On the theory of statistical regression, Proceedings of the Royal
       Society of Edinburgh 53, 260-283, :doi:`10.1017/S0370164600015637`.

    Examples
    --------
    >>> found = random_indices(4, 100_000, 200, rng=np.random.default_rng(0))
    >>> bool(abs(found.mean() - (1 - np.sqrt(2 / np.pi / 100_000))) < 1e-3)
    True
    """
    if n_dimensions <= n_values:
        vectors = rng.standard_normal((n_draws, n_values, n_dimensions))
        return orthogonality_index(vectors)
    below = np.tril(rng.standard_normal((n_draws, n_values, n_values)), -1)
    freedom = n_dimensions - np.arange(n_values)
    diagonal = np.sqrt(rng.chisquare(freedom, (n_draws, n_values)))
    return orthogonality_index(below + diagonal[:, :, None] * np.eye(n_values))


def draw_resamples(
    labels: np.ndarray, n_values: int, n_draws: int, *, rng: np.random.Generator
) -> np.ndarray:
    """Resamples of trials, with replacement, each of which has all values.

    Parameters
    ----------
    labels : ndarray of int, shape (trial,)
        Value of each trial.
    n_values : int
        Number of values.
    n_draws : int
        Resamples.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int, shape (draw, trial)
        Positions of trials.

    Raises
    ------
    WmsimError
        If a value is so rare that resamples lack it.
    """
    counts = np.bincount(labels, minlength=n_values)
    if n_values < 2 or (counts == 0).any():
        raise WmsimError(
            f"Values occur in {counts.tolist()} trials; expected two values or more, each in some "
            "trials. Leave out values that do not occur."
        )
    found = np.empty((n_draws, labels.size), dtype=np.int64)
    for row in found:
        for _ in range(ATTEMPTS):
            row[:] = rng.integers(0, labels.size, labels.size)
            if np.bincount(labels[row], minlength=n_values).all():
                break
        else:
            raise WmsimError(
                f"{ATTEMPTS} resamples in a row lacked a value, of which there are "
                f"{counts.min()} trials; use more trials, or leave rare values out."
            )
    return found
