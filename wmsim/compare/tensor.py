"""Similarity of generalisation tensors: does the brain transfer where the model transfers?

The code of item S at step T is a pattern for each value. Its transfer to another state (S', T') is
the cosine between the codes of both, corrected for noise: what a decoder of one state reads of the
other, as a share of what the other's own would read. The model's transfer, times how much code the
brain has on display and in memory, is what inner products between the brain's codes would be if it
transferred as the model does. The score is the cosine between these and the brain's own, over all
pairs of states: 1 where the brain transfers just as the model, about 0 where there is nothing to
transfer.

It is no correlation: a brain whose items have codes that are all orthogonal, or all alike, has
transfer that does not vary between different states, and a correlation would be noise. So each
state with itself takes part, and means are not taken off; a model of another kind scores above 0,
as far as it transfers between the same states. Pairs of one item and pairs of two items count
alike: how much more a code transfers within an item is what hypotheses differ in. Labels that never
repeat in a trial need nothing here, as codes of all items of a step are estimated at once, and what
their errors share is taken off inner products. The brain's own squared norms, noisy as they are,
are never divided by, and how much code it has is taken from the half that is not scored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wmsim.compare.halves import Half
from wmsim.compare.sides import Side
from wmsim.compare.splits import Split, Weighted
from wmsim.hypotheses.measures import Plan, similarity
from wmsim.pipeline.design import Design, State

FEWEST_PAIRS = 3


@dataclass(frozen=True)
class Tensors:
    """Transfer between states, of both sides.

    Attributes
    ----------
    names : tuple of str
        States: item and step.
    states : tuple of (int, int)
        The same, as numbers from 0.
    model, brain : ndarray, shape (state, state)
        Transfer; 1 where both states are the same.
    weight : ndarray, shape (state, state)
        How much code the brain has to transfer: geometric mean of both states' squared norms.
    """

    names: tuple[str, ...]
    states: tuple[State, ...]
    model: np.ndarray
    brain: np.ndarray
    weight: np.ndarray


def tensor(split: Split, step: None = None) -> Weighted:
    """Agreement of the model's transfer between states with the brain's.

    Parameters
    ----------
    split : Split
        Both sides.
    step : None
        The score is over all steps.

    Returns
    -------
    Weighted
        Of weights on values (resample, value), the score (resample,); NaN where fewer than 3 pairs
        of states count.

    Examples
    --------
    >>> from wmsim.compare.sides import Side
    >>> rng = np.random.default_rng(0)
    >>> labels = rng.integers(0, 4, (2, 80))
    >>> codes = rng.standard_normal((3, 2, 4, 20))
    >>> codes[0, 1] = 0
    >>> activity = sum(codes[:, item, labels[item]] for item in range(2))
    >>> side = Side("a", "all", "image", activity, labels, tuple("abcd"),
    ...             ("item 1", "item 2", "maintenance"), (0, 1, -1), np.zeros((3, 80, 0)))
    >>> half = Half(side, np.arange(80), activity.mean(axis=1))
    >>> tensor(Split(half, half, half, None))(np.ones((1, 4))).round(2)
    array([1.])
    """
    plan = Plan(design_of(split.brain.side))
    model, brain, other = (value_kernels(half) for half in (split.model, split.brain, split.other))

    def score(weights: np.ndarray) -> np.ndarray:
        ours, theirs, yardstick = (_weighted(one, weights) for one in (model, brain, other))
        return tensor_agreement(similarity(ours, plan), theirs, pair_weights(yardstick, plan))

    return score


def tensors(split: Split) -> Tensors:
    """Transfer of both sides, with names of states: what is compared."""
    design = design_of(split.brain.side)
    plan, ones = Plan(design), np.ones((1, split.brain.side.n_values))
    model, brain, other = (
        _weighted(value_kernels(half), ones)[0] for half in (split.model, split.brain, split.other)
    )
    steps = split.brain.side.steps
    return Tensors(
        names=tuple(f"item {item + 1} at {steps[step]}" for item, step in design.states),
        states=design.states,
        model=similarity(model, plan),
        brain=similarity(brain, plan),
        weight=pair_weights(other, plan),
    )


def design_of(side: Side) -> Design:
    """States of a side: each item at each step by which it was shown."""
    states = [(item, step) for step in range(len(side.steps)) for item in side.items_at(step)]
    return Design(tuple(states), side.shown)


def value_kernels(half: Half) -> np.ndarray:
    """Inner products between codes of one value in two states, (value, state, state).

    Noise's share is off, also between steps of the same trials.
    """
    k, n_steps = half.side.n_values, len(half.side.steps)
    sizes = [len(half.side.items_at(step)) for step in range(n_steps)]
    first = np.concatenate([[0], np.cumsum(sizes)])
    found = np.empty((k, first[-1], first[-1]))
    for one in range(n_steps):
        for other in range(one, n_steps):
            blocks = half.gram(one, other).reshape(sizes[one], k, sizes[other], k)
            own = np.einsum("svtv->vst", blocks)
            found[:, first[one] : first[one + 1], first[other] : first[other + 1]] = own
            found[:, first[other] : first[other + 1], first[one] : first[one + 1]] = own.swapaxes(
                1, 2
            )
    return found


def pair_weights(kernel: np.ndarray, plan: Plan) -> np.ndarray:
    """How much code pairs of states have, (..., state, state): geometric mean of squared norms.

    Squared norms are means over states on display and over states in memory, as those of single
    states are noisy; 0 where they are not positive.

    Parameters
    ----------
    kernel : ndarray, shape (..., state, state)
        Inner products without noise's share.
    plan : Plan
        Which states are which.

    Examples
    --------
    >>> plan = Plan(Design(states=((0, 0), (0, 1), (1, 1)), shown=(0, 1)))
    >>> pair_weights(np.diag([7.0, 4.0, 11.0]), plan)
    array([[9., 6., 9.],
           [6., 4., 6.],
           [9., 6., 9.]])
    """
    squared = np.diagonal(kernel, axis1=-2, axis2=-1)
    norm = np.zeros(squared.shape)
    for rows in (plan.encoding, plan.memory):
        if rows:
            mean = squared[..., rows].mean(axis=-1, keepdims=True)
            norm[..., rows] = np.sqrt(np.maximum(mean, 0))
    return np.asarray(norm[..., :, None] * norm[..., None, :])


def tensor_agreement(transfer: np.ndarray, kernel: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Cosine between inner products that transfer predicts and those that there are, (...).

    Parameters
    ----------
    transfer : ndarray, shape (..., state, state)
        The model's; cut off at 1.
    kernel : ndarray, shape (..., state, state)
        The brain's inner products without noise's share.
    weight : ndarray, shape (..., state, state)
        How much code the brain has; pairs with none do not count.

    Returns
    -------
    ndarray, shape (...)
        NaN where fewer than 3 pairs of different states count.

    Examples
    --------
    >>> alike, apart = np.ones((3, 3)), np.eye(3)
    >>> tensor_agreement(apart, np.stack([2 * apart, alike]), np.ones((3, 3))).round(3)
    array([1.   , 0.707])
    >>> float(tensor_agreement(apart, apart, np.diag([1.0, 1.0, 0.0])))
    nan
    """
    rows, columns = np.triu_indices(transfer.shape[-1])
    transfer, kernel, weight = (one[..., rows, columns] for one in (transfer, kernel, weight))
    there = weight > 0
    predicted, found = np.clip(transfer, -1, 1) * weight, np.where(there, kernel, 0.0)
    size = np.sqrt((predicted**2).sum(axis=-1) * (found**2).sum(axis=-1))
    counts = (there & (rows != columns)).sum(axis=-1) >= FEWEST_PAIRS
    counts &= size > 0
    cosine = (predicted * found).sum(axis=-1) / np.where(counts, size, 1.0)
    return np.where(counts, cosine, np.nan)


def _weighted(kernels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Inner products of states with weights on values, (resample, state, state)."""
    return np.asarray(np.tensordot(weights, kernels, axes=(1, 0)))
