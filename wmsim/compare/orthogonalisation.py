r"""Agreement of orthogonalisation: are the values of an item as far from parallel in both?

The index of an item's code at a step is the mean of :math:`1 - |\cos|` over pairs of values, as in
[1]_, of cosines that are corrected for noise. An absolute value turns noise into correlation, so
its sign is taken from the other half of the trials: where a cosine is real, both halves agree on
its sign; where it is noise, signs are heads or tails and it cancels. Cosines too small to be told
from noise are lost in part, so that the index errs towards orthogonal, mostly by less than absolute
values make it err the other way.

Two numbers agree by 1 less their difference, as a share of the index of a regular simplex,
1 - 1/(k - 1), which is what k patterns that add up to 0 can reach: 1 if both are equal, 0 if one
side holds all values on a line and the other is as orthogonal as can be.

References
----------
.. [1] Lei, Ito & Bashivan (2024), Geometry of naturalistic object representations in recurrent
   neural network models of working memory, NeurIPS 37, equation 1.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from wmsim.compare.halves import Half
from wmsim.compare.splits import Split, Weighted
from wmsim.geometry.orthogonality import simplex_index

# A value with less than this share of the mean squared norm counts as having so much.
FLOOR = 0.02


def orthogonalisation(split: Split, step: int) -> Weighted:
    """Agreement of both sides' orthogonalisation index at a step, mean over items.

    Parameters
    ----------
    split : Split
        Both sides.
    step : int
        Which.

    Returns
    -------
    Weighted
        Of weights on values (resample, value), the score (resample,), 0 to 1; NaN where a side has
        no code of any item that can be told from noise, or a resample has one value.

    Examples
    --------
    >>> from wmsim.compare.sides import Side
    >>> rng = np.random.default_rng(0)
    >>> labels = rng.integers(0, 4, (1, 80))
    >>> codes = rng.standard_normal((1, 4, 20))
    >>> side = Side("a", "all", "image", codes[:, labels[0]], labels, tuple("abcd"), ("item 1",),
    ...             (0,), np.zeros((1, 80, 0)))
    >>> half = Half(side, np.arange(40), np.zeros((1, 20)))
    >>> orthogonalisation(Split(half, half, half, None), 0)(np.ones((1, 4)))
    array([1.])
    """
    sides = [_pairs_of(half, step) for half in (split.model, split.brain)]
    # Items that both sides code.
    together = np.isfinite(sides[0][:, 0]) & np.isfinite(sides[1][:, 0])
    k = split.brain.side.n_values

    def score(weights: np.ndarray) -> np.ndarray:
        model, brain = (weighted_index(pairs[together].mean(axis=0), weights) for pairs in sides)
        return agreement(model, brain, k)

    return score if together.any() else lambda weights: np.full(len(weights), np.nan)


def index(half: Half, step: int) -> float:
    """Orthogonalisation index of a half of the trials at a step, mean over items; NaN for no code.

    Parameters
    ----------
    half : Half
        Whose cosines; their signs are taken from the other half.
    step : int
        Which.
    """
    pairs = _pairs_of(half, step)
    coded = np.isfinite(pairs[:, 0])
    return float(1 - pairs[coded].mean()) if coded.any() else float("nan")


def agreement(one: np.ndarray, other: np.ndarray, n_values: int) -> np.ndarray:
    """1 less the difference of two indexes as a share of the simplex's, not below 0; NaN for k = 2.

    Examples
    --------
    >>> agreement(np.array([0.5, 0.0]), np.array([0.5, 0.8]), 6)
    array([1., 0.])
    """
    if n_values < 3:
        return np.full(np.shape(one), np.nan)
    return np.maximum(1 - abs(one - other) / simplex_index(n_values), 0.0)


def unsigned_cosines(gram: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Absolute cosines of pairs of values, with signs from another estimate of the same codes.

    Parameters
    ----------
    gram : ndarray, shape (value, value)
        Inner products without noise's share.
    other : ndarray, shape (value, value)
        The same, of other trials.

    Returns
    -------
    ndarray, shape (pair,)
        Negative where the two disagree about the sign; all NaN where squared norms are not
        positive on average.

    Examples
    --------
    >>> gram = np.array([[1.0, -0.6, 0.1], [-0.6, 1.0, 0.0], [0.1, 0.0, 1.0]])
    >>> unsigned_cosines(gram, gram)
    array([0.6, 0.1, 0. ])
    >>> unsigned_cosines(gram, -gram)
    array([-0.6, -0.1,  0. ])
    """
    rows, columns = np.triu_indices(len(gram), 1)
    squared = np.diag(gram)
    if not squared.mean() > 0:
        return np.full(rows.size, np.nan)
    norm = np.sqrt(np.maximum(squared, FLOOR * squared.mean()))
    cosine = np.clip(gram[rows, columns] / (norm[rows] * norm[columns]), -1, 1)
    return np.asarray(cosine * np.sign(other[rows, columns])) + 0.0


def weighted_index(pairs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The index with weights on values, (resample,).

    Parameters
    ----------
    pairs : ndarray, shape (pair,)
        Absolute cosines of pairs of values, in the order of ``numpy.triu_indices(k, 1)``.
    weights : ndarray, shape (resample, value)
        Pairs weigh the product.

    Examples
    --------
    >>> weighted_index(np.array([0.6, 0.1, 0.2]), np.array([[1, 1, 1], [2, 1, 0], [3, 0, 0]]))
    array([0.7, 0.4, nan])
    """
    rows, columns = np.triu_indices(weights.shape[1], 1)
    product = weights[:, rows] * weights[:, columns]
    total = product.sum(axis=1)
    mean = (product @ pairs) / np.where(total > 0, total, 1)
    return np.where(total > 0, 1 - mean, np.nan)


def _pairs_of(half: Half, step: int) -> np.ndarray:
    """Absolute cosines of each item's pairs of values, (item, pair)."""
    n_items, k = len(half.side.items_at(step)), half.side.n_values
    items = np.arange(n_items)
    own, other = (
        one.gram(step).reshape(n_items, k, n_items, k)[items, :, items]
        for one in (half, _rest(half))
    )
    return np.stack([unsigned_cosines(*pair) for pair in zip(own, other, strict=True)])


@lru_cache(maxsize=8)
def _rest(half: Half) -> Half:
    """The other trials of a half's side; itself, where there are none."""
    trials = np.setdiff1d(np.arange(half.side.n_trials), half.trials)
    if not trials.size:
        return half
    return Half(half.side, trials, half.side.activity[:, half.trials].mean(axis=1))
