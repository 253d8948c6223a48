"""Loops over decision values and patterns of very many labellings (numba)."""

from __future__ import annotations

import numpy as np

from wmsim.decoding.engine.compiled import compiled


@compiled
def count(
    said: np.ndarray, offsets: np.ndarray, labels: np.ndarray, trained_item: int,
    items: np.ndarray, steps: np.ndarray, present: np.ndarray, hits: np.ndarray, yes: np.ndarray,
    correct: np.ndarray, correct_left: np.ndarray,
) -> None:  # fmt: skip
    """Count what the decoders of one state say of the trials of one fold; adds to the counts.

    Parameters
    ----------
    said : ndarray of float, shape (step, trial, value, labelling)
        Decision values, without offsets.
    offsets : ndarray of float, shape (value, labelling)
        Offsets.
    labels : ndarray of int, shape (item, trial, labelling)
        Values, -1 for none.
    trained_item : int
        Item that the decoders were fitted to.
    items, steps : ndarray of int, shape (test state,)
        States tested in; steps are rows of `said`.
    present : ndarray of bool, shape (test state, trial)
        Which trials have the state.
    hits, yes, correct, correct_left
        As in :class:`wmsim.decoding.counts.Counts`, without the axis of the trained state.
    """
    n_steps, n_trials, k, n = said.shape
    best = np.empty((n_trials, n), np.int16)
    second = np.empty((n_trials, n), np.int16)
    highest = np.empty(n, said.dtype)
    next_highest = np.empty(n, said.dtype)
    positive = np.empty((k, n), np.int32)
    for step in range(n_steps):
        positive[:] = 0
        for trial in range(n_trials):
            choose_two(said[step, trial], offsets, best[trial], second[trial], highest,
                       next_highest, positive)  # fmt: skip
        for state in range(items.size):
            if steps[state] != step:
                continue
            for one in range(n):
                for value in range(k):
                    yes[one, state, value] += positive[value, one]
            for trial in range(n_trials):
                here = said[step, trial]
                if not present[state, trial]:
                    for value in range(k):
                        for one in range(n):
                            yes[one, state, value] -= here[value, one] + offsets[value, one] > 0
                    continue
                for one in range(n):
                    label = labels[items[state], trial, one]
                    first = best[trial, one]
                    is_own = first == labels[trained_item, trial, one]
                    left = second[trial, one] if is_own else first
                    correct[one, state] += label == first
                    correct_left[one, state] += label == left
                    hits[one, state, label] += here[label, one] + offsets[label, one] > 0


@compiled
def choose_two(
    said: np.ndarray, offsets: np.ndarray, best: np.ndarray, second: np.ndarray,
    highest: np.ndarray, next_highest: np.ndarray, positive: np.ndarray,
) -> None:  # fmt: skip
    """The values with the largest and the next decision value of one trial, for all labellings.

    Of equal ones the first is taken, as by ``argmax``; `highest` and `next_highest` are working
    space, and `positive` (value, labelling) counts the decisions above 0.
    """
    k, n = said.shape
    for one in range(n):
        best[one], second[one] = 0, 1
        highest[one] = said[0, one] + offsets[0, one]
        next_highest[one] = said[1, one] + offsets[1, one]
        positive[0, one] += highest[one] > 0
        positive[1, one] += next_highest[one] > 0
        if next_highest[one] > highest[one]:
            best[one], second[one] = 1, 0
            highest[one], next_highest[one] = next_highest[one], highest[one]
    for value in range(2, k):
        for one in range(n):
            decision = said[value, one] + offsets[value, one]
            positive[value, one] += decision > 0
            above, between = decision > highest[one], decision > next_highest[one]
            second[one] = best[one] if above else (value if between else second[one])
            lower = decision if between else next_highest[one]
            next_highest[one] = highest[one] if above else lower
            best[one] = value if above else best[one]
            highest[one] = decision if above else highest[one]


@compiled
def class_sums(along: np.ndarray, labels: np.ndarray, sums: np.ndarray) -> None:
    """Sum patterns of each class, for many labellings.

    Parameters
    ----------
    along : ndarray of float, shape (block, trial, component)
        Patterns, their components divided into blocks that stay in the processor's cache.
    labels : ndarray of int, shape (trial, labelling)
        Class of each trial.
    sums : ndarray of float, shape (value, labelling, block, component)
        Zeros, to which the sums are added.
    """
    n_blocks, n_trials, width = along.shape
    for block in range(n_blocks):
        for one in range(labels.shape[1]):
            for trial in range(n_trials):
                label = labels[trial, one]
                for component in range(width):
                    sums[label, one, block, component] += along[block, trial, component]
