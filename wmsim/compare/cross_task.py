"""Transfer between tasks: are codes of two tasks as alike in the brain as in the model?

In every state that all tasks have (an item at a step), the code of a feature in one task is
compared with its code in another: their cosine, corrected for noise. Trials of two tasks differ, so
inner products between their codes hold no noise of their own; squared norms within a task are
without noise's share. The score is the correlation, over pairs of tasks and states, of the
model's cosines with the brain's; pairs weigh as much as there is code in the half of the brain that
is not scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from wmsim.compare.halves import Half
from wmsim.compare.sides import Side
from wmsim.compare.splits import Split, Weighted
from wmsim.hypotheses.measures import FLOOR, LARGEST

FEWEST_PAIRS = 3
# Cosines that vary less than this (SD over pairs) count as varying so much: a side whose tasks are
# alike everywhere says nothing about where.
LEAST_SPREAD = 0.05
# An item and the name of a step.
NamedState = tuple[int, str]


def cross_task(splits: Sequence[Split]) -> Weighted:
    """Correlation of the model's transfer between tasks with the brain's.

    Parameters
    ----------
    splits : sequence of Split
        One for each task, of one feature, of one halving. Within a side, units are the same in
        all tasks and in the same order.

    Returns
    -------
    Weighted
        Of weights on values (resample, value), the score (resample,); NaN where there are fewer
        than 3 pairs of tasks and states, or tasks differ in values or units.
    """
    sides = [[getattr(split, name) for split in splits] for name in ("model", "brain", "other")]
    states = common_states([split.brain.side for split in splits])
    if len(splits) < 2 or not states or not all(_comparable(halves) for halves in sides):
        return lambda weights: np.full(len(weights), np.nan)
    between = [task_kernels(halves, states) for halves in sides]

    def score(weights: np.ndarray) -> np.ndarray:
        ours, theirs, yardstick = (np.tensordot(weights, one, axes=(1, 0)) for one in between)
        return weighted_correlation(
            task_cosines(ours), task_cosines(theirs), _pair_norms(yardstick, 0.0)
        )

    return score


def common_states(sides: Sequence[Side]) -> list[NamedState]:
    """States that all tasks have: an item and the name of a step by which it was shown."""
    every = [
        [
            (item, name)
            for step, name in enumerate(side.steps) for item in side.items_at(step)
        ]
        for side in sides
    ]  # fmt: skip
    return [state for state in every[0] if all(state in other for other in every[1:])]


def task_kernels(halves: Sequence[Half], states: Sequence[NamedState]) -> np.ndarray:
    """Inner products a unit between codes of one value and state in two tasks.

    Parameters
    ----------
    halves : sequence of Half
        One for each task, with the same units.
    states : sequence of (int, str)
        Item and name of step.

    Returns
    -------
    ndarray, shape (value, state, task, task)
        Within a task, without noise's share.
    """
    n_tasks, k = len(halves), halves[0].side.n_values
    found = np.empty((k, len(states), n_tasks, n_tasks))
    for row, state in enumerate(states):
        codes = []
        for task, half in enumerate(halves):
            step, position = _place(half, state)
            codes.append(half.codes(step)[position])
            own = np.diag(half.gram(step)).reshape(-1, k)
            found[:, row, task, task] = own[position]
        for one, other in combinations(range(n_tasks), 2):
            inner = (codes[one] * codes[other]).mean(axis=1)
            found[:, row, one, other] = found[:, row, other, one] = inner
    return found


def task_cosines(kernels: np.ndarray) -> np.ndarray:
    """Cosines between tasks of inner products (..., state, task, task), as (..., pair).

    A task that has next to no code in a state counts as having a fiftieth of the mean squared
    norm; cosines are cut off at 1.5.

    Examples
    --------
    >>> task_cosines(np.array([[[4.0, 3.0], [3.0, 9.0]]]))
    array([0.5])
    """
    squared = np.diagonal(kernels, axis1=-2, axis2=-1)
    least = np.maximum(FLOOR * squared.mean(axis=(-2, -1)), 1e-12)
    inner = np.stack([kernels[..., one, other] for one, other in _task_pairs(kernels)], axis=-1)
    cosine = inner.reshape(*kernels.shape[:-3], -1) / _pair_norms(kernels, least)
    return np.asarray(np.clip(cosine, -LARGEST, LARGEST))


def weighted_correlation(one: np.ndarray, other: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Pearson's correlation over the last axis, with weights; NaN where fewer than 3 count.

    Where one of them hardly varies (SD below 0.05) it counts as varying so much, and the
    correlation is small: noise alone would give any.

    Parameters
    ----------
    one, other, weight : ndarray, shape (..., pair)
        Weights are not negative.

    Returns
    -------
    ndarray, shape (...)

    Examples
    --------
    >>> a, w = np.array([0.0, 0.5, 1.0]), np.ones(3)
    >>> float(weighted_correlation(a, 2 - a, w).round(6))
    -1.0
    >>> float(weighted_correlation(a, a / 1000, w).round(3))
    0.008
    >>> float(weighted_correlation(a, a, np.array([1.0, 1.0, 0.0])))
    nan
    """
    total = weight.sum(axis=-1, keepdims=True)
    share = weight / np.where(total > 0, total, 1.0)
    left = [values - (share * values).sum(axis=-1, keepdims=True) for values in (one, other)]
    spread = [
        np.maximum(np.sqrt((share * values**2).sum(axis=-1)), LEAST_SPREAD) for values in left
    ]
    found = (share * left[0] * left[1]).sum(axis=-1) / (spread[0] * spread[1])
    return np.where((weight > 0).sum(axis=-1) >= FEWEST_PAIRS, found, np.nan)


def _pair_norms(kernels: np.ndarray, least: float | np.ndarray) -> np.ndarray:
    """Geometric means of squared norms, not below `least`, of pairs of tasks, (..., pair)."""
    squared = np.diagonal(kernels, axis1=-2, axis2=-1)
    norm = np.sqrt(np.maximum(squared, np.asarray(least)[..., None, None]))
    found = np.stack(
        [norm[..., one] * norm[..., other] for one, other in _task_pairs(kernels)], axis=-1
    )
    return np.asarray(found.reshape(*kernels.shape[:-3], -1))


def _task_pairs(kernels: np.ndarray) -> list[tuple[int, int]]:
    return list(combinations(range(kernels.shape[-1]), 2))


def _place(half: Half, state: NamedState) -> tuple[int, int]:
    """Step, and position of the item among those shown by then."""
    item, name = state
    step = half.side.steps.index(name)
    return step, half.side.items_at(step).index(item)


def _comparable(halves: Sequence[Half]) -> bool:
    """Whether values and the number of units are the same in all tasks."""
    return (
        len({half.side.values for half in halves}) == 1
        and len({half.side.activity.shape[2] for half in halves}) == 1
    )
