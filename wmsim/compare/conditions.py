"""Conditions (item, value) of a step: their folds, pairs, weights, and where codes are about.

Conditions are item-major: the row of value v of the n-th item is ``n * n_values + v``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

MOST_FOLDS = 5
# Variance below this share of the largest is rounding.
SMALLEST = 1e-10
TINY = float(np.finfo(float).tiny)


def latin_folds(n_items: int, n_values: int) -> np.ndarray:
    """Folds over conditions, in which a value held out at one item is seen at another.

    Parameters
    ----------
    n_items, n_values : int
        Conditions.

    Returns
    -------
    ndarray of int, shape (item x value,)
        Fold (v + S) mod F of value v of the S-th item, F being 5 or the number of values.

    Examples
    --------
    >>> latin_folds(2, 3).reshape(2, 3).tolist()
    [[0, 1, 2], [1, 2, 0]]
    """
    item, value = np.divmod(np.arange(n_items * n_values), n_values)
    return np.asarray((value + item) % min(n_values, MOST_FOLDS))


def pair_sums(values: np.ndarray, n_items: int) -> Callable[[np.ndarray], np.ndarray]:
    """Weighted sums over pairs of different conditions, as a function of weights on values.

    A pair of different values v and v' has the weight w_v w_v'; one of the same value at
    different items has w_v, so that a stimulus drawn once counts with all of its items.

    Parameters
    ----------
    values : ndarray, shape (..., item x value, item x value)
        Symmetric; diagonals do not count.
    n_items : int
        Number of items.

    Returns
    -------
    callable
        From weights (resample, value) to sums over ordered pairs (..., resample).

    Examples
    --------
    >>> float(pair_sums(np.ones((6, 6)), 2)(np.ones((1, 3)))[0])
    30.0
    >>> float(pair_sums(np.ones((6, 6)), 2)(np.array([[2.0, 1.0, 0.0]]))[0])
    22.0
    """
    k = values.shape[-1] // n_items
    blocks = values.reshape(*values.shape[:-2], n_items, k, n_items, k)
    between = blocks.sum(axis=(-4, -2))
    own = np.einsum("...svtv->...v", blocks) - np.einsum("...svsv->...v", blocks)
    between = between * (1 - np.eye(k))

    def weighted(weights: np.ndarray) -> np.ndarray:
        across = ((weights @ between) * weights).sum(axis=-1)
        return np.asarray(across + own @ weights.T)

    return weighted


def spread_items(distances: np.ndarray, n_items: int) -> np.ndarray:
    """Distances between codes about the mean of all stimuli there could be, not of these few.

    Codes of an item sum to 0, so those of different items are closer together than those of one
    item by a share 1 / k in whatever codes, also unrelated ones; without this, all models with
    several items would seem alike. Distances between items grow by the variance of both items'
    means over k stimuli.

    Parameters
    ----------
    distances : ndarray, shape (item x value, item x value)
        Squared, between centred codes.
    n_items : int
        Number of items.

    Examples
    --------
    Codes that all have the same distance from each other, as if drawn at random:

    >>> codes = np.eye(4).reshape(2, 2, 4)
    >>> codes = (codes - codes.mean(axis=1, keepdims=True)).reshape(4, 4)
    >>> centred = ((codes[:, None] - codes) ** 2).sum(axis=-1)
    >>> centred[0].round(3).tolist()
    [0.0, 2.0, 1.0, 1.0]
    >>> spread_items(centred, 2)[0].round(3).tolist()
    [0.0, 2.0, 2.0, 2.0]
    """
    item = np.repeat(np.arange(n_items), len(distances) // n_items)
    share = item_variance(distances, n_items)[item]
    return np.where(item[:, None] == item, distances, distances + share[:, None] + share)


def item_variance(distances: np.ndarray, n_items: int) -> np.ndarray:
    """Variance of the mean of an item's codes over as many stimuli as there are, (item,)."""
    k = len(distances) // n_items
    blocks = np.einsum("svsw->svw", distances.reshape(n_items, k, n_items, k))
    return np.asarray(blocks.sum(axis=(1, 2)) / (k * (k - 1)) / (2 * k))


def about_training(n_items: int, n_values: int, train: np.ndarray) -> np.ndarray:
    """Matrix that subtracts from every condition the mean of its item's training conditions.

    Codes sum to 0 over all values, so as they are those that are not held out tell the one
    that is; differences from the training conditions' mean do not.

    Parameters
    ----------
    n_items, n_values : int
        Conditions.
    train : ndarray of bool, shape (item x value,)
        Conditions that are not held out; of every item at least one.

    Returns
    -------
    ndarray, shape (item x value, item x value)
        To be multiplied from the left.
    """
    item = np.repeat(np.arange(n_items), n_values)
    shared = (item[:, None] == item) & train
    return np.asarray(np.eye(item.size) - shared / shared.sum(axis=1, keepdims=True))


def principal_scores(gram: np.ndarray, train: np.ndarray, most: int) -> np.ndarray:
    """Scores of all conditions on the principal components of the training conditions.

    Parameters
    ----------
    gram : ndarray, shape (condition, condition)
        Inner products of codes, centred on the training conditions. Without noise's share, some
        directions have no or negative variance; they are left out.
    train : ndarray of bool, shape (condition,)
        Conditions that components are taken from.
    most : int
        Components.

    Returns
    -------
    ndarray, shape (condition, component)
        Largest first; fewer than `most` where fewer have a positive variance.

    Examples
    --------
    >>> codes = np.array([[3.0, 0], [-3, 0], [0, 1], [0, -1], [1, 1]])
    >>> scores = principal_scores(codes @ codes.T, np.array([True] * 4 + [False]), 2)
    >>> np.abs(scores[[0, 2, 4]]).round(6).tolist()
    [[3.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    """
    variance, axes = np.linalg.eigh(gram[np.ix_(train, train)])
    variance, axes = variance[::-1][:most], axes[:, ::-1][:, :most]
    kept = variance > max(SMALLEST * float(np.abs(variance).max(initial=0.0)), TINY)
    return np.asarray(gram[:, train] @ axes[:, kept] / np.sqrt(variance[kept]))


def held_out_scores(
    one: np.ndarray, other: np.ndarray, n_items: int, dimensions: Callable[[int], int]
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Principal scores of two sets of codes in a common dimension, for every held-out fold.

    Parameters
    ----------
    one, other : ndarray, shape (item x value, item x value)
        Inner products of codes, without noise's share. With it, scores of shuffled labels are
        far from 0: where images never repeat in a trial, noise of an image's codes at different
        items is correlated, in all recordings alike.
    n_items : int
        Number of items.
    dimensions : callable
        From the number of training conditions (less their means) to that of dimensions.

    Returns
    -------
    list of (train, scores of one, scores of other)
        (item x value,) bool, (item x value, dimension), (item x value, dimension); empty if
        there are too few conditions, or no direction with any variance.
    """
    k = len(one) // n_items
    fold = latin_folds(n_items, k)
    found = []
    for held in range(fold.max() + 1):
        train = fold != held
        most = dimensions(int(train.sum()) - n_items)
        if most < 1:
            return []
        about = about_training(n_items, k, train)
        found.append((train, *(principal_scores(about @ gram @ about.T, train, most)
                               for gram in (one, other))))  # fmt: skip
    size = min(scores.shape[1] for _, *both in found for scores in both)
    if size < 1:
        return []
    return [(train, first[:, :size], second[:, :size]) for train, first, second in found]


def weighted_cosine(
    products: np.ndarray, one: np.ndarray, other: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Cosine from each value's share in an inner product and in both squared norms.

    Parameters
    ----------
    products, one, other : ndarray, shape (value, ...)
        Inner products and squared norms.
    weights : ndarray, shape (resample, value)
        Of values.

    Returns
    -------
    ndarray, shape (resample, ...)
        NaN where a norm is 0.
    """
    total, first, second = (np.tensordot(weights, part, 1) for part in (products, one, other))
    return divided(total, np.sqrt(np.maximum(first, 0) * np.maximum(second, 0)))


def divided(total: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Quotient; NaN where `scale` is not positive."""
    found = np.full(np.shape(total), np.nan)
    np.divide(total, scale, out=found, where=scale > TINY)
    return found
