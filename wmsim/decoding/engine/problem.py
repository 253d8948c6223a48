"""What is solved: checked input, costs of the trials, and the Gram matrix all problems share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wmsim.decoding.engine.threads import run_all
from wmsim.errors import WmsimError

# Trials are padded to a multiple of this, so that vector loops have no remainder.
LANES = 32
# Trials whose products are found at a time.
BLOCK = 256


class Gram(NamedTuple):
    """Inner products of centred trials, scaled to a mean of 1 on the diagonal.

    Centring changes nothing but the offset, which is free, and scaling by s changes C to C * s:
    what follows is then independent of the units of activity.

    Attributes
    ----------
    centred : ndarray of float64, shape (trial, unit)
        Patterns without their mean.
    mean : ndarray of float64, shape (unit,)
        The mean.
    scale : float
        s, the mean squared length of the centred trials.
    double, single : ndarray of float64 and float32, shape (padded trial, padded trial)
        The products.
    diagonal : ndarray of float32, shape (padded trial,)
        Their diagonal.
    """

    centred: np.ndarray
    mean: np.ndarray
    scale: float
    double: np.ndarray
    single: np.ndarray
    diagonal: np.ndarray


def gram_of(patterns: np.ndarray, threads: int) -> Gram:
    """Centre the patterns and multiply all pairs.

    Memory: 12 bytes times the number of trials squared.

    Parameters
    ----------
    patterns : ndarray, shape (trial, unit)
        Activity.
    threads : int
        Threads to use.

    Raises
    ------
    WmsimError
        If it is empty, has another number of dimensions, or holds NaN or infinity.
    """
    centred = check_patterns(patterns).astype(np.float64)
    mean = centred.mean(axis=0)
    centred -= mean
    scale = float(np.einsum("tu,tu->", centred, centred) / len(centred))
    n = padded(len(centred))
    double = np.zeros((n, n))
    unit = centred / np.sqrt(scale) if scale > 0 else centred
    single = np.zeros((n, n), np.float32)

    def one(job: int) -> None:
        rows = slice(job * BLOCK, min((job + 1) * BLOCK, len(unit)))
        double[rows, : len(unit)] = unit[rows] @ unit.T
        single[rows] = double[rows]

    run_all(one, -(-len(unit) // BLOCK), threads)
    return Gram(
        centred, mean, scale if scale > 0 else 1.0, double, single, single.diagonal().copy()
    )


def check_patterns(patterns: np.ndarray) -> np.ndarray:
    """Return patterns that can be fitted, or say what is wrong with them."""
    patterns = np.asarray(patterns)
    if patterns.ndim != 2 or 0 in patterns.shape:
        raise WmsimError(
            f"Expected patterns of shape (trial, unit) with at least one of each, found shape "
            f"{patterns.shape}."
        )
    if not np.issubdtype(patterns.dtype, np.number) or np.iscomplexobj(patterns):
        raise WmsimError(f"Expected real numbers as patterns, found dtype {patterns.dtype}.")
    broken = ~np.isfinite(patterns).all(axis=1)
    if broken.any():
        raise WmsimError(
            f"{int(broken.sum())} of {len(patterns)} trials hold NaN or infinity, the first is "
            f"trial {int(np.flatnonzero(broken)[0])}; leave such trials out before decoding."
        )
    return patterns


def check_problems(signs: np.ndarray, costs: np.ndarray, n_trials: int) -> None:
    """Say what is wrong with labels or costs, if anything is.

    Parameters
    ----------
    signs, costs : ndarray, shape (problem, trial)
        +1, -1 or 0 (not in training), and the cost of each trial.
    n_trials : int
        Number of trials of the patterns.

    Raises
    ------
    WmsimError
        If shapes or values do not fit, or a problem has one class only.
    """
    if signs.ndim != 2 or signs.shape[1] != n_trials or costs.shape != signs.shape:
        raise WmsimError(
            f"Expected labels and costs of shape (problem, {n_trials}), one column a trial, found "
            f"{signs.shape} and {costs.shape}."
        )
    if not np.isin(signs, (-1, 0, 1)).all():
        raise WmsimError("Labels must be +1, -1, or 0 for trials that are not in training.")
    if not (np.isfinite(costs).all() and (costs >= 0).all()):
        raise WmsimError("Costs of trials must be finite and not negative.")
    weighing = np.where(costs > 0, signs, 0)
    positive, negative = (weighing > 0).sum(axis=1), (weighing < 0).sum(axis=1)
    single = np.flatnonzero((positive == 0) | (negative == 0))
    if single.size:
        bad = int(single[0])
        raise WmsimError(
            f"Decoder {bad} has {positive[bad]} trials of its value among "
            f"{positive[bad] + negative[bad]} for training; it needs some with and some without. "
            f"Use fewer folds or more trials."
        )


def check_folds(train: np.ndarray, signs: np.ndarray, n_trials: int) -> np.ndarray:
    """Training trials of each fold as booleans, or what is wrong with them.

    Parameters
    ----------
    train : ndarray of bool, shape (fold, trial)
        Training trials.
    signs : ndarray, shape (problem, trial)
        Labels, +1 or -1.
    n_trials : int
        Number of trials of the patterns.

    Raises
    ------
    WmsimError
        If shapes do not fit, or a class does not occur in a fold.
    """
    train = np.asarray(train, dtype=bool)
    if train.ndim != 2 or train.shape[1] != n_trials or not len(train):
        raise WmsimError(
            f"Expected training trials as booleans of shape (fold, {n_trials}), found shape "
            f"{train.shape}."
        )
    check_problems(signs, np.ones(signs.shape), n_trials)
    for number, fold in enumerate(train):
        try:
            check_problems(signs * fold, np.ones(signs.shape), n_trials)
        except WmsimError as error:
            raise WmsimError(f"Fold {number}: {error}") from None
    return train


def trial_costs(signs: np.ndarray, penalty: float, balanced: bool) -> np.ndarray:
    """C of each trial.

    Parameters
    ----------
    signs : ndarray, shape (problem, trial)
        +1, -1 or 0 (not in training).
    penalty : float
        C.
    balanced : bool
        Let both classes weigh the same: violations by the frequent class cost C times the ratio
        of the rare one's trials to its own.

    Returns
    -------
    ndarray of float64, shape (problem, trial)

    Examples
    --------
    >>> trial_costs(np.array([[1, -1, -1, 0]]), 10.0, balanced=True)
    array([[10.,  5.,  5.,  0.]])
    """
    if not (np.isfinite(penalty) and penalty > 0):
        raise WmsimError(f"C must be a positive number, found {penalty}.")
    costs = np.where(signs != 0, float(penalty), 0.0)
    if balanced:
        positive = (signs > 0).sum(axis=1, keepdims=True)
        negative = (signs < 0).sum(axis=1, keepdims=True)
        rare = np.minimum(positive, negative)
        own = np.where(signs > 0, positive, negative)
        costs *= np.where(rare > 0, rare, own) / np.maximum(own, 1)
    return costs


def padded(n_trials: int) -> int:
    """Number of trials, rounded up to full vector registers."""
    return -(-n_trials // LANES) * LANES
