"""Rotations of decoders through time: reconstructed, swapped across stimuli or time, random.

R(S=i, T=j) takes the shape of E(i, i) to that of M(i, j). It is fitted on the training trials of
a fold; the decoders that it reconstructs are scored on the trials held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wmsim.decoding import CrossDecoding, Problem, standardise
from wmsim.geometry.procrustes import (
    Rotation,
    Shape,
    fit_rotation,
    joint_span,
    make_shape,
    random_rotation,
    reconstruct,
)

State = tuple[int, int]
KINDS = ("reconstructed", "swap_stimulus", "swap_time", "random_rotation")
RANDOM_DRAWS = 10


@dataclass(frozen=True)
class Swap:
    """One reconstruction of the decoders of a memory space.

    Attributes
    ----------
    kind : str
        One of :data:`KINDS`.
    source, target : (int, int)
        E(i, i) and M(i, j): whose shape is rotated, and whose decoders it is to give.
    donor_source, donor_target : (int, int)
        Whose rotation is used; the same as `source` and `target` in a plain reconstruction.
    """

    kind: str
    source: State
    target: State
    donor_source: State
    donor_target: State


@dataclass(frozen=True)
class SwapDecoding:
    """What reconstructed decoders say of held-out trials.

    Attributes
    ----------
    swaps : tuple of Swap
        What was done.
    decisions : ndarray of float32, shape (swap, trial, value)
        At the target's step.
    captured : ndarray, shape (swap,)
        Share of the source shape that the rotation is determined for, mean over folds.
    dimension, shared_dimension : float
        Mean dimension of the rotations, and of the joint spans they were fitted in.
    """

    swaps: tuple[Swap, ...]
    decisions: np.ndarray
    captured: np.ndarray
    dimension: float
    shared_dimension: float


def plan_swaps(
    states: Sequence[State], targets: Sequence[State], in_use: Sequence[State] | None = None
) -> tuple[Swap, ...]:
    """List the reconstructions of memory spaces.

    Parameters
    ----------
    states : sequence of (item, step)
        All states whose decoders are at hand.
    targets : sequence of (item, step)
        Memory spaces M(i, j) to reconstruct.
    in_use : sequence of (item, step), optional
        Memory spaces whose item the task still needs, by default all. Only they give rotations for
        ``swap_time``, because what becomes of an item that is no longer needed says nothing about
        how memory is held. Where a target has no such neighbour (1-back), none is swapped in.

    Returns
    -------
    tuple of Swap
        For each target its own rotation; those of all other items at the same ages
        (``swap_stimulus``: R(i+k, j+k)); those of the same item one step later and earlier
        (``swap_time``: R(i, j+1), R(i, j-1)); and random ones.

    Examples
    --------
    >>> states = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    >>> [swap.kind for swap in plan_swaps(states, [(0, 1)])][:3]
    ['reconstructed', 'swap_stimulus', 'swap_time']
    """
    known = set(states)
    useful = known if in_use is None else known & set(in_use)
    encoding = {item: (item, min(t for s, t in states if s == item)) for item, _ in states}
    swaps = []
    for item, step in targets:
        source, target = encoding[item], (item, step)
        swaps.append(Swap("reconstructed", source, target, source, target))
        for other, start in encoding.items():
            donor = (other, step - source[1] + start[1])
            if other != item and donor in known:
                swaps.append(Swap("swap_stimulus", source, target, start, donor))
        for donor in ((item, step + 1), (item, step - 1)):
            if donor in useful and donor != source:
                swaps.append(Swap("swap_time", source, target, source, donor))
        swaps += [Swap("random_rotation", source, target, source, target)] * RANDOM_DRAWS
    return tuple(swaps)


def decode_swaps(
    problem: Problem,
    decoding: CrossDecoding,
    swaps: Sequence[Swap],
    *,
    rng: np.random.Generator,
) -> SwapDecoding:
    """Reconstruct decoders fold by fold and apply them to the trials held out.

    Parameters
    ----------
    problem : Problem
        Activity and labels.
    decoding : CrossDecoding
        Decoders of all states in all folds.
    swaps : sequence of Swap
        What to do; see :func:`plan_swaps`.
    rng : numpy.random.Generator
        Source of randomness, for random rotations.

    Returns
    -------
    SwapDecoding
    """
    index = {state: row for row, state in enumerate(problem.states)}
    decisions = np.zeros((len(swaps), problem.n_trials, problem.n_values), dtype=np.float32)
    captured = np.zeros(len(swaps))
    dimensions = []
    all_normals, all_offsets = decoding.hyperplanes()
    n_folds = len(all_normals)
    for fold in range(n_folds):
        test = np.flatnonzero(decoding.fold == fold)
        scaled = standardise(problem.activity, decoding.fold != fold)
        shapes = {state: make_shape(all_normals[fold, row]) for state, row in index.items()}
        rotations: dict[tuple[State, State], Rotation] = {}
        spans: dict[tuple[State, State], np.ndarray] = {}
        for row, swap in enumerate(swaps):
            rotation = _rotation(swap, shapes, rotations, spans, rng)
            normals, share = reconstruct(shapes[swap.source], rotation, shapes[swap.target])
            offsets = all_offsets[fold, index[swap.target]]
            decisions[row, test] = scaled[swap.target[1], test] @ normals.T + offsets
            captured[row] += share / n_folds
        dimensions += [(one.dimension, one.shared_dimension) for one in rotations.values()]
    dimension, shared = np.mean(dimensions, axis=0) if dimensions else (np.nan, np.nan)
    return SwapDecoding(tuple(swaps), decisions, captured, float(dimension), float(shared))


def _rotation(
    swap: Swap, shapes: dict[State, Shape], fitted: dict[tuple[State, State], Rotation],
    spans: dict[tuple[State, State], np.ndarray], rng: np.random.Generator,
) -> Rotation:  # fmt: skip
    """The rotation of a swap; each is fitted once a fold, and each joint span found once."""
    source, target = shapes[swap.donor_source], shapes[swap.donor_target]
    pair = (swap.donor_source, swap.donor_target)
    if swap.kind == "random_rotation":
        if pair not in spans:
            spans[pair] = joint_span(source, target)
        return random_rotation(source, target, basis=spans[pair], rng=rng)
    if pair not in fitted:
        fitted[pair] = fit_rotation(source, target)
    return fitted[pair]
