"""Ridge (least-squares) classifiers: all labels, folds and penalties from one factorisation a fold.

Targets are +1 and -1, the intercept is not penalised: the problem of scikit-learn's
``RidgeClassifier``. With the centred training patterns X = U S V^T, the solution for any target y
and penalty a is w = V (S / (S^2 + a)) U^T y; only the diagonal depends on a, only U^T y on y.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from wmsim.decoding.engine.problem import check_folds, check_patterns
from wmsim.decoding.svc import LinearDecoders
from wmsim.errors import WmsimError


class RidgePath(NamedTuple):
    """Solutions of all folds and penalties.

    Attributes
    ----------
    normals : ndarray, shape (fold, penalty, problem, unit)
        Normal vectors w.
    offsets : ndarray, shape (fold, penalty, problem)
        Offsets b.
    """

    normals: np.ndarray
    offsets: np.ndarray


class Eigen(NamedTuple):
    """Centred, weighted training patterns by their principal axes, from the smaller product.

    Attributes
    ----------
    axes : ndarray, shape (component, unit)
        Orthonormal axes.
    variance : ndarray, shape (component,)
        Sum of squares along each, all positive.
    """

    axes: np.ndarray
    variance: np.ndarray


def fit_ridge(
    patterns: np.ndarray, positive: np.ndarray, *, penalty: float, balanced: bool = True
) -> LinearDecoders:
    """Fit a ridge classifier for each of many labellings.

    Parameters
    ----------
    patterns : ndarray, shape (trial, unit)
        Activity, scaled.
    positive : ndarray of bool, shape (problem, trial)
        Which trials are of the class to be told from the rest.
    penalty : float
        Penalty a on the squared length of w: scikit-learn's ``alpha``.
    balanced : bool, default True
        Shift the offset so that the two classes' mean decision values are -b and b. (Weighing
        trials instead would need a factorisation for each labelling.)

    Returns
    -------
    LinearDecoders

    Raises
    ------
    WmsimError
        If a labelling has one class only, or the patterns cannot be used.

    Examples
    --------
    >>> patterns = np.array([[0.0, 1.0], [0.0, -1.0], [1.0, 1.0], [1.0, -1.0]])
    >>> fit_ridge(patterns, patterns[:, 1][None] > 0, penalty=4.0).normals.round(3) + 0.0
    array([[0. , 0.5]])
    """
    everything = np.ones((1, len(patterns)), dtype=bool)
    found = ridge_path(patterns, positive, everything, (penalty,), balanced=balanced)
    return LinearDecoders(found.normals[0, 0], found.offsets[0, 0])


def ridge_path(
    patterns: np.ndarray, positive: np.ndarray, train: np.ndarray, penalties: Sequence[float], *,
    balanced: bool = True,
) -> RidgePath:  # fmt: skip
    """Fit ridge classifiers for all labels, folds and penalties of one set of patterns.

    Parameters
    ----------
    patterns : ndarray, shape (trial, unit)
        Activity.
    positive : ndarray of bool, shape (problem, trial)
        Which trials are of the class to be told from the rest.
    train : ndarray of bool, shape (fold, trial)
        Training trials of each fold.
    penalties : sequence of float
        Penalties a.
    balanced : bool, default True
        See :func:`fit_ridge`.

    Returns
    -------
    RidgePath

    Raises
    ------
    WmsimError
        If a fold lacks one of the classes, a penalty is not positive, or the input cannot be used.

    Examples
    --------
    >>> patterns = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> train = np.array([[True, True, True, True], [True, False, False, True]])
    >>> ridge_path(patterns, patterns.T > 0, train, (2.0,)).normals.squeeze().round(3)
    array([0.5, 0.4])
    """
    patterns = check_patterns(patterns).astype(np.float64)
    signs = np.where(positive, 1.0, -1.0)
    train = check_folds(train, signs, len(patterns))
    amounts = np.asarray(penalties, dtype=np.float64)
    if not (np.isfinite(amounts) & (amounts > 0)).all():
        raise WmsimError(f"Penalties must be positive numbers, found {amounts.tolist()}.")
    shape = (len(train), len(amounts), len(signs))
    found = RidgePath(np.empty((*shape, patterns.shape[1])), np.empty(shape))
    for number, fold in enumerate(train):
        _fit_fold(patterns[fold], signs[:, fold], amounts, balanced, found, number)
    return found


def _fit_fold(
    patterns: np.ndarray, signs: np.ndarray, penalties: np.ndarray, balanced: bool,
    found: RidgePath, number: int,
) -> None:  # fmt: skip
    """Fill in one fold."""
    mean = patterns.mean(axis=0)
    centred = patterns - mean
    eigen = principal(centred)
    # X^T y in the axes; centring y changes nothing, because X is centred.
    along = (signs @ centred) @ eigen.axes.T
    shrunk = along / (eigen.variance + penalties[:, None, None])
    normals = shrunk @ eigen.axes
    offsets = signs.mean(axis=1) - normals @ mean
    if balanced:
        offsets = -_midpoint(normals, patterns, signs)
    found.normals[number], found.offsets[number] = normals, offsets


def _midpoint(normals: np.ndarray, patterns: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Middle between the classes' means along each normal, (penalty, problem)."""
    means = [(own @ patterns) / own.sum(axis=1, keepdims=True) for own in (signs > 0, signs < 0)]
    return np.einsum("apu,pu->ap", normals, 0.5 * (means[0] + means[1]))


def principal(centred: np.ndarray) -> Eigen:
    """Principal axes of centred patterns, from the smaller of X X^T and X^T X.

    Parameters
    ----------
    centred : ndarray, shape (trial, unit)
        Patterns without their mean.

    Returns
    -------
    Eigen
        Axes along which patterns vary by more than rounding.
    """
    n_trials, n_units = centred.shape
    few_trials = n_trials < n_units
    product = centred @ centred.T if few_trials else centred.T @ centred
    variance, vectors = np.linalg.eigh(product)
    # Squares are known to about 1e-16 of the largest; less is no variance at all.
    kept = variance > variance.max(initial=0.0) * 1e-14 * max(n_trials, n_units)
    variance, vectors = variance[kept], vectors[:, kept]
    if few_trials:
        return Eigen((vectors / np.sqrt(variance)).T @ centred, variance)
    return Eigen(vectors.T, variance)
