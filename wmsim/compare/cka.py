"""Centred kernel alignment, debiased: inner products of codes of a model and of a brain.

Alignment of few conditions in many units is near 1 whatever the codes, as each code is most
like itself. The debiased estimate leaves a condition's product with itself out [1]_ [3]_.

References
----------
.. [1] Song, Smola, Gretton, Bedo & Borgwardt (2012), Feature selection via dependence
   maximization, Journal of Machine Learning Research 13, 1393-1434,
   https://jmlr.org/papers/v13/song12a.html (their unbiased estimator, HSIC_1).
.. [2] Kornblith, Norouzi, Lee & Hinton (2019), Similarity of neural network representations
   revisited, ICML, PMLR 97, 3519-3529, https://proceedings.mlr.press/v97/kornblith19a.html.
.. [3] Murphy, Zylberberg & Fyshe (2024), Correcting biased centered kernel alignment measures in
   biological and artificial neural networks, :doi:`10.48550/arXiv.2405.01012`.
"""

from __future__ import annotations

import numpy as np

from wmsim.compare.conditions import divided, item_variance, pair_sums
from wmsim.compare.rsa import distances
from wmsim.compare.splits import Split, Weighted

FEWEST = 4


def u_centred(gram: np.ndarray) -> np.ndarray:
    """Inner products centred so that their products with others' are unbiased.

    Parameters
    ----------
    gram : ndarray, shape (condition, condition)
        Inner products of at least 4 conditions, symmetric; the diagonal does not count.

    Returns
    -------
    ndarray, shape (condition, condition)
        Diagonal 0; every row sums to 0.

    References
    ----------
    .. [1] Szekely & Rizzo (2014), Partial distance correlation with methods for dissimilarities,
       Annals of Statistics 42, 2382-2412, :doi:`10.1214/14-AOS1255`.

    Examples
    --------
    >>> codes = np.arange(10.0).reshape(5, 2) ** 2
    >>> float(np.abs(u_centred(codes @ codes.T).sum(axis=0)).max().round(6))
    0.0
    """
    n = len(gram)
    off = gram * (1 - np.eye(n))
    rows = off.sum(axis=1, keepdims=True) / (n - 2)
    centred = off - rows - rows.T + off.sum() / ((n - 1) * (n - 2))
    np.fill_diagonal(centred, 0.0)
    return centred


def hsic(one: np.ndarray, other: np.ndarray) -> float:
    """Unbiased Hilbert-Schmidt independence criterion of two matrices of inner products.

    Parameters
    ----------
    one, other : ndarray, shape (condition, condition)
        At least 4 conditions; diagonals do not count.

    Examples
    --------
    >>> codes = np.diag([2.0, 1.0, 1.0, 0.0, 0.0])
    >>> round(hsic(codes @ np.ones((5, 5)) @ codes, np.ones((5, 5))), 9)
    0.0
    """
    n = len(one)
    return float((u_centred(one) * u_centred(other)).sum() / (n * (n - 3)))


def debiased_cka(one: np.ndarray, other: np.ndarray, n_items: int = 1) -> Weighted:
    """Debiased CKA of two matrices of inner products, as a function of weights.

    Parameters
    ----------
    one, other : ndarray, shape (item x value, item x value)
        Inner products of codes.
    n_items : int
        Number of items.

    Returns
    -------
    callable
        From weights (resample, value) to alignment (resample,). Matrices are centred once and
        their entries weighted, a first-order bootstrap: resamples do not centre anew. All NaN
        for fewer than 4 conditions.

    Examples
    --------
    >>> codes = np.random.default_rng(0).standard_normal((8, 30))
    >>> gram = codes @ codes.T
    >>> debiased_cka(gram, 3 * gram)(np.ones((1, 8))).round(6).tolist()
    [1.0]
    """
    if len(one) < FEWEST:
        return lambda weights: np.full(len(weights), np.nan)
    x, y = u_centred(one), u_centred(other)
    sums = pair_sums(np.stack([x * y, x * x, y * y]), n_items)

    def weighted(weights: np.ndarray) -> np.ndarray:
        both, first, second = sums(weights)
        return divided(both, np.sqrt(first * second))

    return weighted


def about_population(gram: np.ndarray, n_items: int) -> np.ndarray:
    """Inner products of codes about the mean of all stimuli there could be, not of these few.

    Codes of an item sum to 0, so their products with each other are a little negative whatever
    the codes, and those between items are not; left so, all models with several items would seem
    alike (:func:`wmsim.compare.conditions.spread_items` does the same to distances).
    """
    share = item_variance(distances(gram), n_items)
    blocks = np.kron(np.diag(share), np.ones((len(gram) // n_items,) * 2))
    return np.asarray(gram + blocks)


def cka(split: Split, step: int | None) -> Weighted:
    """Debiased CKA of a model's and a brain's codes at a step.

    Parameters
    ----------
    split : Split
        Model and brain.
    step : int
        Which.
    """
    assert step is not None, "alignment is that of one step"
    n_items = len(split.brain.steps[step].items)
    return debiased_cka(
        about_population(split.model.gram(step), n_items),
        about_population(split.brain.gram(step), n_items),
        n_items,
    )
