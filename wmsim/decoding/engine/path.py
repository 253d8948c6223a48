"""All labels, folds and values of C of one X, each started from a neighbour's solution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from wmsim.decoding.engine.batch import Solution, solve_on
from wmsim.decoding.engine.problem import (
    Gram,
    check_folds,
    check_patterns,
    gram_of,
    trial_costs,
)
from wmsim.decoding.engine.threads import n_threads


class PathSolution(NamedTuple):
    """Solved problems of all folds and penalties.

    Attributes
    ----------
    normals : ndarray, shape (fold, penalty, problem, unit)
        Normal vectors w; of standardised patterns, if these were asked for.
    offsets : ndarray, shape (fold, penalty, problem)
        Offsets b.
    gap : ndarray, shape (fold, penalty, problem)
        Relative duality gaps.
    steps : ndarray of int, shape (fold, penalty, problem, 3)
        Pair steps, Newton steps, and coefficients dropped in Newton steps.
    mean, spread : ndarray, shape (fold, unit)
        What the patterns were standardised with: 0 and 1 if they were not.
    """

    normals: np.ndarray
    offsets: np.ndarray
    gap: np.ndarray
    steps: np.ndarray
    mean: np.ndarray
    spread: np.ndarray


def svc_path(
    patterns: np.ndarray, positive: np.ndarray, train: np.ndarray, penalties: Sequence[float], *,
    balanced: bool = True, standardise: bool = False, gap: float = 1e-6,
    threads: int | None = None,
) -> PathSolution:  # fmt: skip
    """Solve linear SVCs for all labels, folds and penalties of one set of patterns.

    The trials of all folds together are solved first, from the smallest C to the largest; each
    fold then starts from there, where most coefficients are at the bound that they will have.

    Memory: 12 bytes times trials squared for the products, 8 bytes times penalties, labels and
    trials for starts and a few times that for the fold at work, and the result.

    Parameters
    ----------
    patterns : ndarray, shape (trial, unit)
        Activity.
    positive : ndarray of bool, shape (problem, trial)
        Which trials are of the class to be told from the rest.
    train : ndarray of bool, shape (fold, trial)
        Training trials of each fold.
    penalties : sequence of float
        Values of C.
    balanced : bool, default True
        See :func:`wmsim.decoding.engine.trial_costs`; the classes are counted in each fold.
    standardise : bool, default False
        Z-score each unit by the training trials of the fold; a unit that is constant there
        becomes 0.
    gap : float, default 1e-6
        Relative duality gap wanted.
    threads : int, optional
        See :func:`wmsim.decoding.engine.solve`.

    Returns
    -------
    PathSolution

    Raises
    ------
    WmsimError
        If a fold lacks one of the classes, or the input cannot be used.

    Examples
    --------
    >>> patterns = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> train = np.array([[True, True, True, True], [True, False, False, True]])
    >>> found = svc_path(patterns, patterns.T > 0, train, (100.0,))
    >>> found.normals.squeeze().round(6)
    array([1. , 0.5])
    """
    patterns = check_patterns(patterns)
    signs = np.where(positive, 1, -1)
    train = check_folds(train, signs, len(patterns))
    order = np.argsort(penalties, kind="stable")
    scalings = [_scaling(patterns, fold, standardise) for fold in (train.any(axis=0), *train)]
    workers = n_threads(threads)
    gram = gram_of((patterns - scalings[0][0]) / scalings[0][1], workers)
    whole = _whole(gram, signs * train.any(axis=0), penalties, order, balanced, gap, workers)
    parts = []
    for fold, (mean, spread) in zip(train, scalings[1:], strict=True):
        if standardise:
            gram = gram_of((patterns - mean) / spread, workers)
        parts.append(_fold(gram, signs * fold, penalties, whole, balanced, gap, workers))
    shape = (len(train), len(penalties), len(signs))
    return PathSolution(
        np.stack([part.normals for part in parts]).reshape(*shape, -1),
        np.stack([part.offsets for part in parts]).reshape(shape),
        np.stack([part.gap for part in parts]).reshape(shape),
        np.stack([part.steps for part in parts]).reshape(*shape, -1),
        np.stack([mean for mean, _ in scalings[1:]]),
        np.stack([spread for _, spread in scalings[1:]]),
    )


def _scaling(
    patterns: np.ndarray, train: np.ndarray, standardise: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of each unit, as in :func:`wmsim.decoding.standardise`."""
    n_units = patterns.shape[1]
    if not standardise:
        return np.zeros(n_units), np.ones(n_units)
    seen = patterns[train].astype(np.float64)
    mean, spread = seen.mean(axis=0), seen.std(axis=0)
    constant = spread <= 1e-7 * np.maximum(np.abs(mean), 1e-30)
    # Infinite spread makes a unit 0, without a special case for those who apply it.
    return mean, np.where(constant, np.inf, spread)


def _whole(
    gram: Gram, signs: np.ndarray, penalties: Sequence[float], order: np.ndarray, balanced: bool,
    gap: float, threads: int,
) -> np.ndarray:  # fmt: skip
    """Coefficients of all trials as shares of their bounds, (penalty, problem, trial)."""
    shares = np.zeros((len(penalties), *signs.shape))
    start = None
    for position in order:
        costs = trial_costs(signs, penalties[position], balanced)
        if start is not None:  # coefficients at their bounds grow with them
            start = start * costs
        found = solve_on(gram, signs, costs, start=start, gap=gap, threads=threads)
        start = shares[position] = _shares(found, costs)
    return shares


def _shares(found: Solution, costs: np.ndarray) -> np.ndarray:
    return np.divide(found.dual, costs, out=np.zeros(costs.shape), where=costs > 0)


def _fold(
    gram: Gram, signs: np.ndarray, penalties: Sequence[float], whole: np.ndarray,
    balanced: bool, gap: float, threads: int,
) -> Solution:  # fmt: skip
    """All penalties and problems of a fold, in this order, started from the whole."""
    costs = np.concatenate([trial_costs(signs, penalty, balanced) for penalty in penalties])
    repeated = np.tile(signs, (len(penalties), 1))
    start = whole.reshape(costs.shape) * costs
    return solve_on(gram, repeated, costs, start=start, gap=gap, threads=threads)
