"""Two accuracies, always both: one-vs-rest balanced accuracy, and multiclass accuracy."""

from __future__ import annotations

import numpy as np

OVR, MULTICLASS = 0, 1
METRICS = ("balanced", "multiclass")


def scores(decisions: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Score decision values of one-vs-rest decoders against labels.

    Parameters
    ----------
    decisions : ndarray, shape (decoder, trial, value)
        Decision values, positive for "this value".
    labels : ndarray of int, shape (trial,)
        Index of the true value, -1 where a trial takes no part.
    weights : ndarray, shape (draw, trial)
        How often each trial counts; a row of ones gives the plain scores, bootstrap counts give
        resampled ones.

    Returns
    -------
    ndarray of float64, shape (decoder, draw, metric)
        Metric 0: one-vs-rest balanced accuracy, mean over values (chance .5): the mean of the
        shares of "yes" among trials of the value and of "no" among the others. Metric 1: share of
        trials whose largest decision value is that of the true value (chance about 1/k).

    Examples
    --------
    >>> decisions = np.array([[[1.0, -1.0], [-1.0, 1.0], [1.0, -1.0]]])
    >>> scores(decisions, np.array([0, 1, 1]), np.ones((1, 3))).ravel()
    array([0.75      , 0.66666667])
    """
    taking_part = labels >= 0
    decisions = decisions[:, taking_part]
    labels = labels[taking_part]
    weights = np.asarray(weights, dtype=np.float64)[:, taking_part]
    return np.stack(
        [_balanced(decisions, labels, weights), _multiclass(decisions, labels, weights)], axis=-1
    )


def _balanced(decisions: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    total = weights.sum(axis=1)
    per_value = []
    for value in range(decisions.shape[-1]):
        own = labels == value
        yes = (decisions[..., value] > 0).astype(np.float64)
        own_weight = weights[:, own].sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            hits = yes[:, own] @ weights[:, own].T / own_weight
            false_alarms = yes[:, ~own] @ weights[:, ~own].T / (total - own_weight)
        # A resample may have no other value: then there is nothing but hits to go by.
        both = (hits + 1 - false_alarms) / 2
        per_value.append(np.where(np.isfinite(both) | ~np.isfinite(hits), both, hits))
    return _mean_present(np.stack(per_value))


def _multiclass(decisions: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    correct = (decisions.argmax(axis=-1) == labels).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return correct @ weights.T / weights.sum(axis=1)


def _mean_present(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis; a value without trials in a draw does not count in it."""
    present = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(present, values, 0.0).sum(axis=0) / present.sum(axis=0)


def leave_out(decisions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Take a value out of each trial's choice.

    Where items of a trial never repeat, a decoder that reads item i well can never be right about
    item j. Transfer is then also scored with item i's own value left out (chance 1/(k - 1)).

    Parameters
    ----------
    decisions : ndarray, shape (decoder, trial, value)
        Decision values.
    labels : ndarray of int, shape (trial,)
        Value to leave out; -1 leaves none out.

    Returns
    -------
    ndarray, shape (decoder, trial, value)
        A copy in which the value's decision is -inf.
    """
    left = decisions.copy()
    trials = np.flatnonzero(labels >= 0)
    left[:, trials, labels[trials]] = -np.inf
    return left


def bootstrap_weights(n_trials: int, n_draws: int, *, rng: np.random.Generator) -> np.ndarray:
    """How often each trial is drawn; the first row counts each once.

    Parameters
    ----------
    n_trials, n_draws : int
        Number of trials, and of resamples.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of float64, shape (1 + draw, trial)
    """
    drawn = rng.multinomial(n_trials, np.full(n_trials, 1 / n_trials), size=n_draws)
    return np.concatenate([np.ones((1, n_trials)), drawn])
