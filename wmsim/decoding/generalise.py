"""The generalisation tensor: decoders of (S, T) tested at every (S', T')."""

from __future__ import annotations

import numpy as np

from wmsim.decoding.cross import CrossDecoding, Problem
from wmsim.decoding.reassemble import Draws, score
from wmsim.decoding.scores import leave_out


def generalisation_tensor(problem: Problem, decoding: CrossDecoding, draws: Draws) -> np.ndarray:
    """Score the decoders of every state in every state.

    Parameters
    ----------
    problem : Problem
        Labels and states.
    decoding : CrossDecoding
        Held-out decision values.
    draws : ndarray, shape (draw, trial), or Reassembly
        See :func:`wmsim.decoding.reassemble.score`.

    Returns
    -------
    ndarray of float64, shape (train state, test state, draw, metric)
        Element [a, b]: decoders fitted to item S of state a at its step T, tested for item S' of
        state b at its step T'.
    """
    columns = []
    for state in problem.states:
        labels = np.where(problem.present(state), problem.labels[state[0]], -1)
        columns.append(score(decoding.decisions[:, state[1]], labels, draws))
    return np.stack(columns, axis=1)


def left_out_tensor(problem: Problem, decoding: CrossDecoding, draws: Draws) -> np.ndarray:
    """Multiclass transfer between items with the trained item's own value left out of the choice.

    Parameters
    ----------
    problem, decoding, draws
        As for :func:`generalisation_tensor`.

    Returns
    -------
    ndarray of float64, shape (train state, test state, draw)
        NaN where both states are of one item. Chance is 1/(k - 1).

    Notes
    -----
    Leaving the own value out mends the choice, not the training: a decoder that was fitted where
    both items are present has learned that they differ, and says no to the other item's value.
    Transfer below 1/(k - 1) from such a state is no reversed code either; transfer from E(1, 1),
    where no other item has been seen, is free of it.
    """
    n = len(problem.states)
    result = np.full((n, n, len(draws)), np.nan)
    items = np.array([item for item, _ in problem.states])
    for item in np.unique(items):
        rows = np.flatnonzero(items == item)
        left = leave_out_item(problem, decoding.decisions[rows], item)
        for column, state in enumerate(problem.states):
            if state[0] == item:
                continue
            labels = np.where(problem.present(state), problem.labels[state[0]], -1)
            result[rows, column] = score(left[:, state[1]], labels, draws)[..., 1]
    return result


def leave_out_item(problem: Problem, decisions: np.ndarray, item: int) -> np.ndarray:
    """Take one item's value out of each trial's choice; (state, step, trial, value)."""
    n_states, n_steps, n_trials, k = decisions.shape
    flat = decisions.reshape(n_states * n_steps, n_trials, k)
    return leave_out(flat, problem.labels[item]).reshape(decisions.shape)


def never_repeats(labels: np.ndarray) -> bool:
    """Whether no value occurs twice within any trial, in a design where it could have.

    Parameters
    ----------
    labels : ndarray of int, shape (item, trial)
        Values, -1 for none.

    Returns
    -------
    bool
        True if items of a trial always differ; False also where no trial has two items.

    Examples
    --------
    >>> never_repeats(np.array([[0, 1], [1, 0]])), never_repeats(np.array([[0, 1], [1, 1]]))
    (True, False)
    """
    ordered = np.sort(labels, axis=0)
    pairs = (ordered[1:] >= 0) & (ordered[:-1] >= 0)
    repeats = pairs & (ordered[1:] == ordered[:-1])
    return bool(pairs.any() and not repeats.any())
