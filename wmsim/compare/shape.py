"""Shape of codes: how well a rotation carries a model's codes into a brain's.

:func:`shape_distance` is the distance of two shapes as they are. As a score, the rotation is
fitted on some conditions and judged on others, since few conditions in many units can always be
rotated into each other to some degree.

References
----------
.. [1] Williams, Kunz, Kornblith & Linderman (2021), Generalized shape metrics on neural
   representations, NeurIPS 34, 4738-4750, :doi:`10.48550/arXiv.2110.14739`.
"""

from __future__ import annotations

import numpy as np

from wmsim.compare.conditions import held_out_scores, weighted_cosine
from wmsim.compare.splits import Split, Weighted

# Fewer training conditions (after their means) determine no rotation worth the name.
FEWEST = 2
MOST_DIMENSIONS = 10


def shape_distance(x: np.ndarray, y: np.ndarray) -> float:
    """Angle between two shapes, at the rotation that makes it smallest, in radians.

    Parameters
    ----------
    x, y : ndarray, shape (condition, unit of x), (condition, unit of y)
        Codes; centred and scaled here. Reflections count as rotations.

    Returns
    -------
    float
        0 for rotated copies, pi / 2 at most; NaN if all conditions of one are alike.

    Notes
    -----
    arccos of the nuclear norm of x'y over both Frobenius norms [1]_; the sine of it squared is
    what :func:`scipy.spatial.procrustes` calls disparity.

    References
    ----------
    .. [1] Williams et al. (2021), :doi:`10.48550/arXiv.2110.14739`.

    Examples
    --------
    >>> square = np.array([[1.0, 0], [0, 1], [-1, 0], [0, -1]])
    >>> line = np.array([[1.0], [0], [-1], [0]])
    >>> turned = square @ np.array([[0.6, 0.8], [-0.8, 0.6]])
    >>> round(shape_distance(square, 3 * turned + 1), 6)
    0.0
    >>> round(float(np.degrees(shape_distance(square, line))), 6)
    45.0
    """
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    scale = np.linalg.norm(x) * np.linalg.norm(y)
    if scale == 0:
        return float("nan")
    # The part of x'y that matters is that between the spans, of conditions x conditions at most.
    left, right = (np.asarray(np.linalg.qr(codes.T, mode="r")).T for codes in (x, y))
    overlap = np.linalg.svd(left.T @ right, compute_uv=False).sum()
    return float(np.arccos(np.clip(overlap / scale, 0, 1)))


def held_out_rotation(one: np.ndarray, other: np.ndarray, n_items: int = 1) -> Weighted:
    """Cosine of rotated codes with others on conditions that the rotation was not fitted to.

    Both are reduced to the same number of principal components of the training conditions: a
    third of how many there are (less their means), 2 to 10.

    Parameters
    ----------
    one, other : ndarray, shape (item x value, item x value)
        Inner products of codes, without noise's share; those of `one` are rotated.
    n_items : int
        Number of items.

    Returns
    -------
    callable
        From weights (resample, value) to cosines (resample,); all NaN with fewer than 2 training
        conditions less their means.

    Examples
    --------
    >>> codes = np.random.default_rng(0).standard_normal((24, 4))
    >>> turn, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((4, 4)))
    >>> grams = [part @ part.T for part in (codes, 2 * codes @ turn)]
    >>> held_out_rotation(*grams, n_items=3)(np.ones((1, 8))).round(6).tolist()
    [1.0]
    """
    folds = held_out_scores(one, other, n_items, common_dimension)
    if not folds:
        return lambda weights: np.full(len(weights), np.nan)
    both, first, second = np.zeros((3, len(one)))
    for train, x, y in folds:
        left, _, right = np.linalg.svd(x[train].T @ y[train])
        turned, there = x[~train] @ left @ right, y[~train]
        both[~train] = (turned * there).sum(axis=1)
        first[~train], second[~train] = (turned**2).sum(axis=1), (there**2).sum(axis=1)
    both, first, second = (part.reshape(n_items, -1).sum(axis=0) for part in (both, first, second))
    return lambda weights: weighted_cosine(both, first, second, weights)


def common_dimension(free: int) -> int:
    """Dimensions for so many training conditions less their means; 0 if they are too few.

    With half as many as conditions instead of a third, noisy copies were told less well from
    other geometries in simulations with much noise, and better with little; a single dimension
    is no shape.
    """
    return min(MOST_DIMENSIONS, max(free // 3, 2)) if free >= FEWEST else 0


def shape(split: Split, step: int | None) -> Weighted:
    """Cosine of a model's rotated codes with a brain's at a step, on held-out conditions.

    Parameters
    ----------
    split : Split
        Model and brain.
    step : int
        Which.
    """
    assert step is not None, "shape is that of one step"
    n_items = len(split.brain.steps[step].items)
    return held_out_rotation(split.model.gram(step), split.brain.gram(step), n_items)
