"""Every statistic of one feature, from labels and activity to arrays: data and null alike."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from wmsim.decoding import (
    CrossDecoding,
    Draws,
    Problem,
    bootstrap_weights,
    cross_decode,
    generalisation_tensor,
    left_out_tensor,
    never_repeats,
    permute_trials,
    score,
)
from wmsim.geometry import KINDS, Swap, SwapDecoding, decode_swaps, plan_swaps
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.design import Design, transfers
from wmsim.pipeline.population import Population

# Streams of random numbers that never meet.
FOLDS, BOOTSTRAP, PERMUTATION, ROTATION = 1, 2, 3, 4  # 5: folds of pooled sessions
OUT_OF_USE = "swap_time_out_of_use"


@dataclass
class Statistics:
    """Statistics of one feature.

    Attributes
    ----------
    values : dict of str to ndarray, shape (draw, metric)
        Each statistic; draw 0 is the plain one, the others are resamples of trials.
    left_out : dict of str to ndarray, shape (draw,)
        Multiclass transfer between items with the trained item's own value left out; only where
        items of a trial never repeat.
    by_item : ndarray, shape (item, draw, metric)
        ``within`` of each item.
    tensor : ndarray, shape (train state, test state, metric)
        The generalisation tensor.
    facts : dict of str to float
        Dimensions of rotations and the like.
    """

    values: dict[str, np.ndarray] = field(default_factory=dict)
    left_out: dict[str, np.ndarray] = field(default_factory=dict)
    by_item: np.ndarray = field(default_factory=lambda: np.empty((0, 1, 2)))
    tensor: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 2)))
    facts: dict[str, float] = field(default_factory=dict)


def observed(
    problem: Problem | Population, design: Design, config: AnalysisConfig, key: int
) -> Statistics:
    """Statistics of the data, with resamples of trials.

    Parameters
    ----------
    problem : Problem or Population
        Activity and labels.
    design : Design
        States.
    config : AnalysisConfig
        How.
    key : int
        Number of this task and feature, for its stream of random numbers.
    """
    rng = np.random.default_rng([config.seed, key, BOOTSTRAP])
    if not isinstance(problem, Population):
        weights = bootstrap_weights(problem.n_trials, config.bootstrap, rng=rng)
        return _statistics(problem, design, config, key, weights)
    if config.bootstrap:
        drawn, draws = problem.resampled(config.bootstrap, rng=rng)
        return _statistics(drawn, design, config, key, draws)
    drawn = problem.problem(rng=rng)
    return _statistics(drawn, design, config, key, np.ones((1, drawn.n_trials)))


def permuted(
    problem: Problem | Population, design: Design, config: AnalysisConfig, key: int,
    permutation: int,
) -> Statistics:  # fmt: skip
    """The same statistics with whole trials' labels permuted and every decoder fitted anew.

    Of sessions that are pooled, labels of real trials are permuted within each session, and the
    pseudo-population is drawn anew: pseudo-trials share real trials, so permuting their labels
    would keep what they share together.
    """
    rng = np.random.default_rng([config.seed, key, PERMUTATION, permutation])
    # States that no statistic rests on need no null; leaving them out saves a third of the time.
    if isinstance(problem, Population):
        shuffled = problem.permuted(rng=rng).problem(states=design.used, rng=rng)
    else:
        labels = permute_trials(problem.labels, within=problem.fold, rng=rng)
        shuffled = replace(problem, labels=labels, states=design.used)
    return _statistics(shuffled, design, config, key, np.ones((1, shuffled.n_trials)))


def _statistics(
    problem: Problem, design: Design, config: AnalysisConfig, key: int, draws: Draws
) -> Statistics:
    decoding = cross_decode(
        problem,
        n_folds=config.folds,
        penalties=config.penalties,
        balanced=config.balanced,
        rng=np.random.default_rng([config.seed, key, FOLDS]),
    )
    index = {state: row for row, state in enumerate(problem.states)}
    full = generalisation_tensor(problem, decoding, draws)
    result = Statistics(tensor=full[:, :, 0])
    groups = transfers(design)
    for name, pairs in groups.items():
        rows, columns = zip(*((index[a], index[b]) for a, b in pairs), strict=True)
        result.values[name] = full[rows, columns].mean(axis=0)
    encoding = [index[state] for state in design.encoding.values()]
    result.by_item = full[encoding, encoding]
    if never_repeats(problem.labels):
        left = left_out_tensor(problem, decoding, draws)
        for name, pairs in groups.items():
            if all(a[0] != b[0] for a, b in pairs):
                rows, columns = zip(*((index[a], index[b]) for a, b in pairs), strict=True)
                result.left_out[name] = left[rows, columns].mean(axis=0)
    _add_rotations(result, problem, decoding, design, config, key, draws, full)
    return result


def _add_rotations(
    result: Statistics, problem: Problem, decoding: CrossDecoding, design: Design,
    config: AnalysisConfig, key: int, draws: Draws, tensor: np.ndarray,
) -> None:  # fmt: skip
    """Add the Procrustes statistics, under names that begin with ``procrustes.``."""
    targets = [state for state in design.memory if state[0] in design.encoding]
    # Two normals are a shape on a line: every rotation of it is a sign.
    if not targets or problem.n_values < 3:
        return
    states = [state for state in problem.states if state[0] in design.encoding]
    swaps = plan_swaps(states, targets, in_use=targets)
    swaps += _out_of_use(plan_swaps(states, targets), swaps)
    rng = np.random.default_rng([config.seed, key, ROTATION])
    rotated = _rotated(problem, decoding, swaps, rng)
    scored = np.empty((len(swaps), len(draws), 2))
    for target in targets:
        rows = [row for row, swap in enumerate(swaps) if swap.target == target]
        labels = np.where(problem.present(target), problem.labels[target[0]], -1)
        scored[rows] = score(rotated.decisions[rows], labels, draws)
    held = [problem.states.index(target) for target in targets]
    result.values["procrustes.fitted"] = tensor[held, held].mean(axis=0)
    for kind in (*KINDS, OUT_OF_USE):
        rows = [row for row, swap in enumerate(swaps) if swap.kind == kind]
        if rows:
            result.values[f"procrustes.{kind}"] = _mean_of_targets(scored, swaps, rows)
            result.facts[f"captured_{kind}"] = float(rotated.captured[rows].mean())
    result.facts["rotation_dimension"] = rotated.dimension
    result.facts["shared_dimension"] = rotated.shared_dimension


def _rotated(
    problem: Problem, decoding: CrossDecoding, swaps: tuple[Swap, ...], rng: np.random.Generator
) -> SwapDecoding:
    """Decode swaps; trials without any label, which train nothing, are shown only in their fold."""
    labelled = (problem.labels >= 0).any(axis=0)
    if labelled.all() or problem.fold is None:
        return decode_swaps(problem, decoding, swaps, rng=rng)
    decisions = np.zeros((len(swaps), problem.n_trials, problem.n_values), dtype=np.float32)
    found = []
    for fold in range(len(decoding.normals)):
        rows = np.flatnonzero(labelled | (decoding.fold == fold))
        held_out = (decoding.fold[rows] != fold).astype(int)
        part = replace(
            problem, activity=problem.activity[:, rows], labels=problem.labels[:, rows],
            fold=held_out,
        )  # fmt: skip
        of_fold = replace(
            decoding, normals=decoding.normals[fold : fold + 1],
            offsets=decoding.offsets[fold : fold + 1], fold=held_out,
        )  # fmt: skip
        found.append(decode_swaps(part, of_fold, swaps, rng=rng))
        test = held_out == 0
        decisions[:, rows[test]] = found[-1].decisions[:, test]
    return SwapDecoding(
        swaps,
        decisions,
        np.mean([one.captured for one in found], axis=0),
        float(np.mean([one.dimension for one in found])),
        float(np.mean([one.shared_dimension for one in found])),
    )


def _out_of_use(everything: tuple[Swap, ...], chosen: tuple[Swap, ...]) -> tuple[Swap, ...]:
    """Swaps across time whose rotation belongs to an item that is no longer needed."""
    return tuple(
        replace(swap, kind=OUT_OF_USE)
        for swap in everything
        if swap.kind == "swap_time" and swap not in chosen
    )


def _mean_of_targets(scored: np.ndarray, swaps: tuple, rows: list[int]) -> np.ndarray:
    """Mean over the swaps of a target, then over targets, so that each target counts once."""
    by_target: dict[tuple[int, int], list[int]] = {}
    for row in rows:
        by_target.setdefault(swaps[row].target, []).append(row)
    return np.mean([scored[members].mean(axis=0) for members in by_target.values()], axis=0)
