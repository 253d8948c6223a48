"""Many units, few trials: the same geometry in as many dimensions as trials span, or fewer.

Decoders of n trials lie in the span of these trials, whatever the number of units. In coordinates
of that span all distances and angles are what they were, and what follows (resamples, permuted
labels, principal components) does not see the units any more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wmsim.decoding.scaling import Scaling
from wmsim.errors import WmsimError

# Units that are z-scored at a time.
BLOCK = 4096
# Directions whose extent is less than this share of the largest are rounding: of activity that is
# stored with 24 bits, and of products of it.
RANK_TOLERANCE = 1e-6
# Trials that lie closer than this share of their mean length are one pattern, computed twice.
SAME = 1e-4


def span_coordinates(
    patterns: np.ndarray, train: np.ndarray | None = None, *, standardise: bool = True
) -> np.ndarray:
    """Coordinates of z-scored trials within their own span: distances and angles stay.

    Of trials that are not in training these are the coordinates of their projection onto the span
    of those that are: all that decoders of the training trials can see of them.

    Units are z-scored and taken up block by block, in the products of all pairs of trials; what is
    held in memory beside the patterns does not grow with the number of units.

    Parameters
    ----------
    patterns : ndarray, shape (trial, unit)
        Activity, finite.
    train : ndarray of bool, shape (trial,), optional
        Trials whose mean, spread and span are used; by default all.
    standardise : bool, default True
        Z-score each unit; a unit that does not vary becomes 0.

    Returns
    -------
    ndarray of float64, shape (trial, dimension)
        As many dimensions as training trials extend in, the one with the largest extent first.

    Raises
    ------
    WmsimError
        If patterns are no finite matrix, or do not vary over the trials.

    Examples
    --------
    >>> patterns = np.random.default_rng(0).normal(size=(5, 1000))
    >>> found = span_coordinates(patterns, standardise=False)
    >>> found.shape, bool(np.allclose(found @ found.T, patterns @ patterns.T))
    ((5, 5), True)
    """
    values = np.asarray(patterns)
    if values.ndim != 2 or 0 in values.shape:
        raise WmsimError(f"Expected patterns of shape (trial, unit), found shape {values.shape}.")
    seen = np.ones(len(values), dtype=bool) if train is None else train
    products = np.zeros((len(values), len(values)))
    for start in range(0, values.shape[1], BLOCK):
        block = values[:, start : start + BLOCK].astype(np.float64)
        if not np.isfinite(block).all():
            raise WmsimError(
                f"Units {start} to {start + block.shape[1] - 1} hold NaN or infinity; leave such "
                "units or trials out."
            )
        if standardise:
            block = Scaling.of(block[None], seen).apply(block[None])[0]
        products += block @ block.T
    extent, directions = np.linalg.eigh(products[np.ix_(seen, seen)])
    kept = np.flatnonzero(extent > RANK_TOLERANCE**2 * extent[-1])[::-1]
    if not extent[-1] > 0:
        raise WmsimError("Activity does not vary over the trials: all units are constant.")
    return products[:, seen] @ (directions[:, kept] / np.sqrt(extent[kept]))


@dataclass(frozen=True)
class Reduction:
    """A space of fewer dimensions, and of a length that can be compared.

    Attributes
    ----------
    mean : ndarray, shape (dimension,)
        What is subtracted.
    basis : ndarray, shape (component, dimension), or None
        Principal components that are kept; None for all dimensions.
    scale : float
        What is multiplied with.
    retained : float
        Share of the variance that is kept.
    """

    mean: np.ndarray
    basis: np.ndarray | None
    scale: float
    retained: float

    @classmethod
    def of(
        cls, coordinates: np.ndarray, dimensions: int | None = None, length: float | None = None
    ) -> Reduction:
        """Principal components of trials, and one number that brings them to a length.

        Components are not scaled one by one: that would be another geometry.

        Parameters
        ----------
        coordinates : ndarray, shape (trial, dimension)
            Training trials.
        dimensions : int, optional
            Components to keep; by default all dimensions are, as they are.
        length : float, optional
            Mean squared length of the centred training trials. What C means depends on it: one C
            is a harder margin in a space of 20,000 z-scored units than in one of 200. By default
            lengths stay.

        Raises
        ------
        WmsimError
            If trials do not extend in so many dimensions.
        """
        mean = coordinates.mean(axis=0)
        centred = coordinates - mean
        total = float((centred**2).sum())
        basis, kept = None, total
        if dimensions is not None:
            # Of products of dimensions, of which there are at most as many as trials.
            extent, directions = np.linalg.eigh(centred.T @ centred)
            rank = int((extent > RANK_TOLERANCE**2 * extent[-1]).sum()) if total > 0 else 0
            if not 1 <= dimensions <= rank:
                raise WmsimError(
                    f"{dimensions} dimensions were asked for, but {len(centred)} trials extend in "
                    f"{rank} (those of the same stimulus may be alike). Ask for 1 to {rank}."
                )
            basis = directions[:, ::-1][:, :dimensions].T
            kept = float(extent[-dimensions:].sum())
        scale = 1.0 if length is None else float(np.sqrt(length * len(centred) / kept))
        return cls(mean, basis, scale, kept / total if total > 0 else 0.0)

    def apply(self, coordinates: np.ndarray) -> np.ndarray:
        """Trials (trial, dimension) in this space."""
        centred = coordinates - self.mean
        return self.scale * (centred if self.basis is None else centred @ self.basis.T)


def same_patterns(coordinates: np.ndarray) -> np.ndarray:
    """Groups of trials whose patterns are one and the same, but for rounding.

    A network without noise does the same whenever it sees the same. Such trials are one
    observation: in training and in test they would leak, and labels have to be permuted over
    groups, not trials.

    Parameters
    ----------
    coordinates : ndarray, shape (trial, dimension)
        Patterns, or their :func:`span_coordinates`.

    Returns
    -------
    ndarray of int, shape (trial,)
        Number of each trial's group, from 0.

    Examples
    --------
    >>> same_patterns(np.array([[0.0, 1], [1, 1], [0, 1]])).tolist()
    [0, 1, 0]
    """
    centred = coordinates - coordinates.mean(axis=0)
    products = centred @ centred.T
    squared = np.diag(products)
    distance = squared[:, None] + squared - 2 * products
    close = distance <= SAME**2 * max(float(squared.mean()), np.finfo(float).tiny)
    np.fill_diagonal(close, True)
    return np.unique(close.argmax(axis=1), return_inverse=True)[1]


def permute_groups(
    labels: np.ndarray, group: np.ndarray, n_permutations: int, *, rng: np.random.Generator
) -> np.ndarray:
    """Labels permuted over groups of trials that are one observation.

    Parameters
    ----------
    labels : ndarray of int, shape (trial,)
        Value of each trial. Where trials of one group differ in it, they are groups of their own.
    group : ndarray of int, shape (trial,)
        From :func:`same_patterns`.
    n_permutations : int
        How many.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int, shape (permutation, trial)
        As many groups have each value as before; numbers of trials may differ.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = permute_groups(np.array([0, 0, 1]), np.array([0, 0, 1]), 20, rng=rng)
    >>> np.unique(found, axis=0).tolist()
    [[0, 0, 1], [1, 1, 0]]
    """
    kinds, number = np.unique(np.stack([group, labels]), axis=1, return_inverse=True)
    number = number.ravel()
    orders = [rng.permutation(kinds.shape[1]) for _ in range(n_permutations)]
    if not orders:
        return np.empty((0, labels.size), dtype=np.int64)
    return np.stack([kinds[1][order][number] for order in orders])
