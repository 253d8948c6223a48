"""Canonical correlation of a model's and a brain's codes, on held-out conditions.

Directions that correlate most are fitted on some conditions, in a common dimension, and
correlated on others: on those that they were fitted to, they correlate whatever the codes.

References
----------
.. [1] Hotelling (1936), Relations between two sets of variates, Biometrika 28, 321-377,
   :doi:`10.1093/biomet/28.3-4.321`.
.. [2] Raghu, Gilmer, Yosinski & Sohl-Dickstein (2017), SVCCA, NeurIPS 30, 6076-6085,
   :doi:`10.48550/arXiv.1706.05806` (principal components first).
"""

from __future__ import annotations

import numpy as np

from wmsim.compare.conditions import held_out_scores, weighted_cosine
from wmsim.compare.splits import Split, Weighted

MOST_DIMENSIONS = 10
# Training conditions (less their means) that each dimension needs: with as many dimensions as
# conditions any two codes correlate by 1 in sample, and axes mean nothing. Of 2, 3 and more, 2
# knows a network best in noisy copies of it (tests/benchmarks/known_answers.py).
A_DIMENSION = 2


def canonical_axes(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions of two sets of scores that correlate most.

    Parameters
    ----------
    x, y : ndarray, shape (condition, dimension)
        Centred, of full rank; as many dimensions each.

    Returns
    -------
    first, second : ndarray, shape (dimension, canonical dimension)
        To be multiplied from the right; on these conditions, variates have norm 1.
    correlation : ndarray, shape (canonical dimension,)
        In sample, largest first.

    Examples
    --------
    >>> x = np.array([[1.0, 1], [-1, 1], [1, -1], [-1, -1]])
    >>> _, _, correlation = canonical_axes(x, x @ np.array([[2.0, 1], [0, 1]]))
    >>> correlation.round(6).tolist()
    [1.0, 1.0]
    """
    (q_x, r_x), (q_y, r_y) = np.linalg.qr(x), np.linalg.qr(y)
    left, correlation, right = np.linalg.svd(q_x.T @ q_y, full_matrices=False)
    return np.linalg.solve(r_x, left), np.linalg.solve(r_y, right.T), correlation


def held_out_correlation(one: np.ndarray, other: np.ndarray, n_items: int = 1) -> Weighted:
    """Canonical correlation on conditions that axes were not fitted to, mean over dimensions.

    Parameters
    ----------
    one, other : ndarray, shape (item x value, item x value)
        Inner products of codes, without noise's share.
    n_items : int
        Number of items.

    Returns
    -------
    callable
        From weights (resample, value) to correlations (resample,), about the means of training
        conditions; all NaN with fewer than 2 training conditions less their means.

    Examples
    --------
    >>> codes = np.random.default_rng(0).standard_normal((24, 4))
    >>> mixed = codes @ np.random.default_rng(1).standard_normal((4, 4))
    >>> grams = [part @ part.T for part in (codes, mixed)]
    >>> held_out_correlation(*grams, n_items=3)(np.ones((1, 8))).round(6).tolist()
    [1.0]
    """
    folds = held_out_scores(one, other, n_items, common_dimension)
    if not folds:
        return lambda weights: np.full(len(weights), np.nan)
    both, first, second = np.zeros((3, *folds[0][1].shape))
    for train, x, y in folds:
        on_x, on_y, _ = canonical_axes(x[train], y[train])
        u, v = x[~train] @ on_x, y[~train] @ on_y
        both[~train], first[~train], second[~train] = u * v, u**2, v**2
    both, first, second = (
        part.reshape(n_items, -1, part.shape[1]).sum(axis=0) for part in (both, first, second)
    )
    return lambda weights: np.asarray(weighted_cosine(both, first, second, weights).mean(axis=-1))


def common_dimension(free: int) -> int:
    """Dimensions for so many training conditions less their means; 0 if they are too few."""
    return min(MOST_DIMENSIONS, free // A_DIMENSION)


def cca(split: Split, step: int | None) -> Weighted:
    """Canonical correlation of a model's and a brain's codes at a step, on held-out conditions.

    Parameters
    ----------
    split : Split
        Model and brain.
    step : int
        Which.
    """
    assert step is not None, "canonical correlation is that of one step"
    n_items = len(split.brain.steps[step].items)
    return held_out_correlation(split.model.gram(step), split.brain.gram(step), n_items)
