"""Decoders fitted for their angles: to all trials, to resamples, to permuted labels; held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wmsim.decoding import Fitting, scores
from wmsim.errors import WmsimError
from wmsim.geometry.orthogonality import cosines, index_of_cosines, orthogonality_index
from wmsim.geometry.reduction import Reduction, span_coordinates


@dataclass(frozen=True)
class Orthogonality:
    """The index of one feature in one space.

    Attributes
    ----------
    cosines : ndarray, shape (value, value)
        Cosines between normals, fitted to all trials.
    index : float
        Index of these.
    bootstraps : ndarray, shape (draw,)
        Index of decoders fitted to each resample.
    permuted : ndarray, shape (permutation,)
        Index of decoders fitted to each permutation of the labels.
    n_dimensions : int
        Dimensions in which decoders were fitted.
    retained : float
        Share of the variance that these dimensions hold.
    """

    cosines: np.ndarray
    index: float
    bootstraps: np.ndarray
    permuted: np.ndarray
    n_dimensions: int
    retained: float


def measure_orthogonality(
    coordinates: np.ndarray, labels: np.ndarray, n_values: int, how: Fitting, *,
    dimensions: int | None = None, length: float | None = None,
    resamples: np.ndarray | None = None, permuted: np.ndarray | None = None,
    rng: np.random.Generator,
) -> Orthogonality:  # fmt: skip
    """Fit the decoders of a feature, of resampled trials and of permuted labels; their indices.

    Parameters
    ----------
    coordinates : ndarray, shape (trial, dimension)
        Patterns, or their :func:`~wmsim.geometry.reduction.span_coordinates`, which have the same
        angles and are few.
    labels : ndarray of int, shape (trial,)
        Value of each trial.
    n_values : int
        Number of values.
    how : Fitting
        Estimator, with one penalty.
    dimensions : int, optional
        Principal components to keep; they are found anew in each resample.
    length : float, optional
        Mean squared length that trials are brought to; see :class:`Reduction`.
    resamples : ndarray of int, shape (draw, trial), optional
        From :func:`draw_resamples`.
    permuted : ndarray of int, shape (permutation, trial), optional
        Permuted labels.
    rng : numpy.random.Generator
        Source of randomness, for estimators that need one.

    Returns
    -------
    Orthogonality

    Raises
    ------
    WmsimError
        If decoders are no hyperplanes, or trials do not extend in so many dimensions.
    """
    whole = Reduction.of(coordinates, dimensions, length)
    reduced = whole.apply(coordinates)
    matrix = cosines(fit_normals(reduced, labels[None], n_values, how, rng=rng)[0])
    draws = []
    for rows in () if resamples is None else resamples:
        drawn = coordinates[rows]
        space = Reduction.of(drawn, dimensions, length).apply(drawn)
        draws.append(fit_normals(space, labels[rows][None], n_values, how, rng=rng)[0])
    null = np.empty(0)
    if permuted is not None and len(permuted):
        null = orthogonality_index(fit_normals(reduced, permuted, n_values, how, rng=rng))
    return Orthogonality(
        cosines=matrix,
        index=float(index_of_cosines(matrix)),
        bootstraps=np.array([float(orthogonality_index(one)) for one in draws]),
        permuted=null,
        n_dimensions=reduced.shape[1],
        retained=whole.retained,
    )


def fit_normals(
    patterns: np.ndarray, labellings: np.ndarray, n_values: int, how: Fitting, *,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Normals of the decoders of several labellings of the same trials, fitted in one go.

    Parameters
    ----------
    patterns : ndarray, shape (trial, dimension)
        Activity.
    labellings : ndarray of int, shape (labelling, trial)
        Value of each trial.
    n_values : int
        Number of values.
    how : Fitting
        Estimator, with one penalty.
    rng : numpy.random.Generator
        Source of randomness, for estimators that need one.

    Returns
    -------
    ndarray, shape (labelling, value, dimension)
    """
    fitted = how.estimator.fit(
        patterns, _positive(labellings, n_values), how.penalties[0], balanced=how.balanced, rng=rng
    )
    if fitted.normals is None:
        raise WmsimError(
            "These decoders are no hyperplanes and have no normals, so no angles. Use the "
            "estimator 'svc', 'ridge' or 'lda', or a linear classifier."
        )
    return fitted.normals.reshape(len(labellings), n_values, -1)


def held_out_decisions(
    patterns: np.ndarray, labels: np.ndarray, n_values: int, fold: np.ndarray, how: Fitting, *,
    dimensions: tuple[int | None, ...] = (None,), length: float | None = None,
    coordinates: Callable[[np.ndarray], np.ndarray] | None = None, rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """What decoders say of trials of folds that they were fitted without, in several reductions.

    Parameters
    ----------
    patterns : ndarray, shape (trial, unit)
        Activity; it is z-scored, and its components found, in the training trials of each fold.
    labels : ndarray of int, shape (trial,), or (labelling, trial)
        Value of each trial; of several labellings, all are fitted in one go.
    n_values : int
        Number of values.
    fold : ndarray of int, shape (trial,)
        Fold of each trial; trials of fold -1 train always and are not tested.
    how : Fitting
        Estimator, with one penalty.
    dimensions : tuple of int or None
        Principal components to keep; None for all there is.
    length : float, optional
        As for :func:`measure_orthogonality`.
    coordinates : callable, optional
        Gives :func:`~wmsim.geometry.reduction.span_coordinates` of the patterns for training
        trials (trial,), where they are kept.
    rng : numpy.random.Generator
        Source of randomness, for estimators that need one.

    Returns
    -------
    ndarray, shape (reduction, trial, value), or (reduction, labelling, trial, value)
        NaN for trials that are not tested.
    """
    labellings = np.atleast_2d(labels)
    shape = (len(dimensions), len(labellings), labellings.shape[1], n_values)
    decisions = np.full(shape, np.nan)
    for held_out in np.unique(fold[fold >= 0]):
        train = fold != held_out
        found = coordinates(train) if coordinates else span_coordinates(patterns, train)
        for row, kept in enumerate(dimensions):
            space = Reduction.of(found[train], kept, length)
            fitted = how.estimator.fit(
                space.apply(found[train]), _positive(labellings[:, train], n_values),
                how.penalties[0], balanced=how.balanced, rng=rng,
            )  # fmt: skip
            said = fitted.decide(space.apply(found[~train]))
            said = said.reshape(len(said), len(labellings), n_values)
            decisions[row][:, ~train] = said.transpose(1, 0, 2)
    return decisions if np.ndim(labels) > 1 else decisions[:, 0]


def accuracies(decisions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Both accuracies of decisions (reduction, trial, value): (reduction, metric)."""
    tested = np.isfinite(decisions).all(axis=(0, 2))
    known = np.where(tested, labels, -1)
    return scores(decisions, known, np.ones((1, labels.size)))[:, 0]


def _positive(labellings: np.ndarray, n_values: int) -> np.ndarray:
    """Which trials have each value, of all labellings; (labelling and value, trial)."""
    positive = labellings[:, None] == np.arange(n_values)[:, None]
    lacking = np.argwhere(~positive.any(axis=2))
    if lacking.size:
        raise WmsimError(
            f"Value {lacking[0, 1]} does not occur among {labellings.shape[1]} training trials; "
            f"use fewer folds, more trials, or leave rare values out."
        )
    return positive.reshape(-1, labellings.shape[1])
