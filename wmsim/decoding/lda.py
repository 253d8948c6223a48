"""Shrinkage LDA: all labels, folds and shrinkages from one factorisation a fold.

The within-class covariance of two classes is the total one, less a product of the difference d of
the class means with itself: S_w = S_t - q d d^T, q the product of the classes' shares. S_t is
factorised once a fold; shrinkage changes its eigenvalues, and each labelling is a correction of
rank one, by the formula of Sherman and Morrison.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from wmsim.decoding.engine.problem import check_folds, check_patterns
from wmsim.decoding.ridge import principal
from wmsim.decoding.svc import LinearDecoders
from wmsim.errors import WmsimError

AUTO = "auto"
SINGULAR = (
    "The within-class covariance is singular: the classes can be told apart along a direction in "
    "which neither varies. Use a larger shrinkage, fewer units or more trials."
)


class LdaPath(NamedTuple):
    """Solutions of all folds and shrinkages.

    Attributes
    ----------
    normals : ndarray, shape (fold, shrinkage, problem, unit)
        Normal vectors w.
    offsets : ndarray, shape (fold, shrinkage, problem)
        Offsets b.
    amounts : ndarray, shape (fold, shrinkage, problem)
        Shrinkage applied: what "auto" came to.
    """

    normals: np.ndarray
    offsets: np.ndarray
    amounts: np.ndarray


def fit_lda(
    patterns: np.ndarray, positive: np.ndarray, *, shrinkage: float | str = AUTO,
    balanced: bool = True,
) -> LinearDecoders:  # fmt: skip
    """Fit a linear discriminant with a shrunk covariance for each of many labellings.

    Parameters
    ----------
    patterns : ndarray, shape (trial, unit)
        Activity, scaled.
    positive : ndarray of bool, shape (problem, trial)
        Which trials are of the class to be told from the rest.
    shrinkage : float or "auto", default "auto"
        How far the within-class covariance S is shrunk: (1 - shrinkage) S + shrinkage m I, with m
        the mean of its diagonal. "auto" is the formula of Ledoit and Wolf [1]_ for the deviations
        of all trials from their class means. (scikit-learn's "auto" scales units and shrinks each
        class apart, which is not this.)
    balanced : bool, default True
        Equal priors; else each class's prior is its share of trials.

    Returns
    -------
    LinearDecoders

    Raises
    ------
    WmsimError
        If a labelling has one class only, the shrinkage is no number from 0 to 1, or the
        covariance is singular.

    References
    ----------
    .. [1] Ledoit & Wolf (2004), A well-conditioned estimator for large-dimensional covariance
       matrices, J. Multivariate Analysis 88, :doi:`10.1016/S0047-259X(03)00096-4`.

    Examples
    --------
    >>> patterns = np.array([[0.0, 1.0], [1.0, -1.0], [1.0, 3.0], [0.0, -3.0]])
    >>> fit_lda(patterns, patterns[:, 1][None] > 0, shrinkage=1.0).normals.round(2) + 0.0
    array([[0. , 6.4]])
    """
    everything = np.ones((1, len(patterns)), dtype=bool)
    found = lda_path(patterns, positive, everything, (shrinkage,), balanced=balanced)
    return LinearDecoders(found.normals[0, 0], found.offsets[0, 0])


def lda_path(
    patterns: np.ndarray, positive: np.ndarray, train: np.ndarray,
    shrinkages: Sequence[float | str] = (AUTO,), *, balanced: bool = True,
) -> LdaPath:  # fmt: skip
    """Fit linear discriminants for all labels, folds and shrinkages of one set of patterns.

    Parameters
    ----------
    patterns : ndarray, shape (trial, unit)
        Activity.
    positive : ndarray of bool, shape (problem, trial)
        Which trials are of the class to be told from the rest.
    train : ndarray of bool, shape (fold, trial)
        Training trials of each fold.
    shrinkages : sequence of float or "auto"
        See :func:`fit_lda`.
    balanced : bool, default True
        See :func:`fit_lda`.

    Returns
    -------
    LdaPath

    Raises
    ------
    WmsimError
        See :func:`fit_lda`; also if a fold lacks one of the classes.

    Examples
    --------
    >>> patterns = np.array([[-3.0], [-1.0], [1.0], [3.0]])
    >>> train = np.ones((1, 4), dtype=bool)
    >>> lda_path(patterns, patterns.T > 0, train, (0.0, 0.5)).normals.squeeze()
    array([4., 4.])
    """
    patterns = check_patterns(patterns).astype(np.float64)
    signs = np.where(positive, 1.0, -1.0)
    train = check_folds(train, signs, len(patterns))
    for shrinkage in shrinkages:
        _check_shrinkage(shrinkage)
    shape = (len(train), len(shrinkages), len(signs))
    found = LdaPath(np.empty((*shape, patterns.shape[1])), np.empty(shape), np.empty(shape))
    for number, fold in enumerate(train):
        moments = _Moments.of(patterns[fold], signs[:, fold])
        for position, shrinkage in enumerate(shrinkages):
            place = number, position
            amount = moments.ledoit_wolf() if shrinkage == AUTO else float(shrinkage)
            found.amounts[place] = amount
            found.normals[place] = moments.normals(found.amounts[place])
            found.offsets[place] = moments.offsets(found.normals[place], balanced)
    return found


def _check_shrinkage(shrinkage: float | str) -> None:
    number = isinstance(shrinkage, (int, float)) and 0 <= shrinkage <= 1
    if not (number or shrinkage == AUTO):
        raise WmsimError(f"Shrinkage must be a number from 0 to 1 or 'auto', found {shrinkage!r}.")


class _Moments(NamedTuple):
    """What a fold's patterns and labels amount to; all else follows.

    ``axes`` and ``variance`` are those of the total covariance; ``along`` is the difference of
    the class means in them, ``middle`` (problem, unit) the point between the means, ``share`` the
    share of trials of the value, ``fourth`` the mean fourth power of trials' distances to their
    class means.
    """

    n_trials: int

    axes: np.ndarray
    variance: np.ndarray
    along: np.ndarray
    middle: np.ndarray
    share: np.ndarray
    fourth: np.ndarray

    @classmethod
    def of(cls, patterns: np.ndarray, signs: np.ndarray) -> _Moments:
        """Factorise the patterns, and average the classes of each labelling."""
        mean = patterns.mean(axis=0)
        centred = patterns - mean
        eigen = principal(centred)
        own = [signs > 0, signs < 0]
        means = [(one @ centred) / one.sum(axis=1, keepdims=True) for one in own]
        length = np.einsum("tu,tu->t", centred, centred)
        squares = np.zeros(signs.shape)
        for one, center in zip(own, means, strict=True):
            from_center = length - 2 * center @ centred.T + (center**2).sum(axis=1)[:, None]
            squares += one * from_center
        return cls(
            n_trials=len(patterns),
            axes=eigen.axes,
            variance=eigen.variance / len(patterns),
            along=(means[0] - means[1]) @ eigen.axes.T,
            middle=mean + 0.5 * (means[0] + means[1]),
            share=(signs > 0).mean(axis=1),
            fourth=(squares**2).mean(axis=1),
        )

    @property
    def between(self) -> np.ndarray:
        """q, by which the product of the difference of means enters, shape (problem,)."""
        return self.share * (1 - self.share)

    @property
    def trace(self) -> np.ndarray:
        """Trace of the within-class covariance, shape (problem,)."""
        return self.variance.sum() - self.between * (self.along**2).sum(axis=1)

    def ledoit_wolf(self) -> np.ndarray:
        """Shrinkage by the formula of Ledoit and Wolf, shape (problem,)."""
        n_units = self.axes.shape[1]
        difference = (self.along**2).sum(axis=1)
        frobenius = (
            (self.variance**2).sum()
            - 2 * self.between * (self.along**2 @ self.variance)
            + (self.between * difference) ** 2
        )
        spread = frobenius - self.trace**2 / n_units
        noise = (self.fourth - frobenius) / self.n_trials
        return np.clip(noise / np.maximum(spread, 1e-300), 0.0, 1.0)

    def normals(self, amount: np.ndarray) -> np.ndarray:
        """Inverse of the shrunk within-class covariance times the difference, (problem, unit)."""
        keep = 1 - amount
        identity = amount * self.trace / self.axes.shape[1]
        # The difference of means lies in the axes: what is orthogonal to them plays no part.
        shrunk = keep[:, None] * self.variance + identity[:, None]
        if not (shrunk > 0).all():
            raise WmsimError(SINGULAR)
        solved = self.along / shrunk
        left = 1 - keep * self.between * np.einsum("pa,pa->p", self.along, solved)
        if not (left > 1e-10).all():
            raise WmsimError(SINGULAR)
        return (solved / left[:, None]) @ self.axes

    def offsets(self, normals: np.ndarray, balanced: bool) -> np.ndarray:
        """Offsets that put the border between the means, or nearer to the rarer class's."""
        middle = -np.einsum("pu,pu->p", normals, self.middle)
        return middle if balanced else middle + np.log(self.share / (1 - self.share))
