"""Every statistic of one feature, from labels and activity to arrays: data and null alike."""

from __future__ import annotations

from collections.abc import Sequence
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
from wmsim.decoding.null import trials_alone
from wmsim.decoding.ridge_null import ridge_tensors
from wmsim.geometry import KINDS, Swap, SwapDecoding, decode_swaps, plan_swaps
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.design import Design, State, transfers
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
        problem = with_folds(problem, config, key)
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
    rng = _permutation_rng(config, key, permutation)
    # States that no statistic rests on need no null; leaving them out saves a third of the time.
    if isinstance(problem, Population):
        shuffled = problem.permuted(rng=rng).problem(states=design.used, rng=rng)
    else:
        problem = with_folds(problem, config, key)
        labels = permute_trials(problem.labels, within=problem.fold, rng=rng)
        shuffled = replace(problem, labels=labels, states=design.used)
    ones = np.ones((1, shuffled.n_trials))
    return _statistics(shuffled, design, config, key, ones, rotates(config, permutation))


def all_permuted(
    problem: Problem | Population, design: Design, config: AnalysisConfig, key: int,
    permutations: Sequence[int],
) -> list[Statistics]:  # fmt: skip
    """Statistics of several permutations, those of ridge decoders from one factorisation a fold.

    Rotations are of single decoders and take as long as ever; see
    :attr:`AnalysisConfig.rotation_permutations`.
    """
    fixed = problem if isinstance(problem, Population) else with_folds(problem, config, key)
    if config.estimator != "ridge" or isinstance(fixed, Population) or fixed.fold is None:
        return [permuted(problem, design, config, key, one) for one in permutations]
    problem = replace(fixed, states=design.used)
    labellings = np.stack(
        [
            permute_trials(
                problem.labels, within=problem.fold, rng=_permutation_rng(config, key, one)
            )
            for one in permutations
        ]
    )
    null = ridge_tensors(
        problem, labellings, penalties=config.penalties_used, balanced=config.balanced,
        rng=_fold_rng(config, key),
    )  # fmt: skip
    found = []
    ones, never = np.ones((1, problem.n_trials)), never_repeats(problem.labels)
    for row, permutation in enumerate(permutations):
        full, left = null.accuracy[row][:, :, None], null.left_out[row][:, :, None]
        shuffled = replace(problem, labels=labellings[row])
        result = _transfers(shuffled, design, full, left if never else None)
        if rotates(config, permutation) and _rotations_of(shuffled, design):
            decoding = _decoded(shuffled, config, key)
            _add_rotations(result, shuffled, decoding, design, config, key, ones, full)
        found.append(result)
    return found


def rotates(config: AnalysisConfig, permutation: int) -> bool:
    """Whether rotations have this permutation behind them."""
    fewer = config.rotation_permutations
    return fewer is None or permutation < fewer


def with_folds(problem: Problem, config: AnalysisConfig, key: int) -> Problem:
    """Folds drawn once for data and permutations of ridge decoders.

    Labels are then permuted within folds, so that the values of data and permutations are spread
    over them alike, and patterns are factorised once. Where folds are so small that most trials
    could not move, they are drawn for each permutation anew, as for other estimators.
    """
    if problem.fold is not None or config.estimator != "ridge":
        return problem
    fold = problem.folds(config.folds, rng=_fold_rng(config, key))
    if 2 * trials_alone(problem.labels, fold) > problem.n_trials:
        return problem
    return replace(problem, fold=fold)


def _fold_rng(config: AnalysisConfig, key: int) -> np.random.Generator:
    return np.random.default_rng([config.seed, key, FOLDS])


def _permutation_rng(config: AnalysisConfig, key: int, permutation: int) -> np.random.Generator:
    return np.random.default_rng([config.seed, key, PERMUTATION, permutation])


def _decoded(problem: Problem, config: AnalysisConfig, key: int) -> CrossDecoding:
    return cross_decode(
        problem,
        n_folds=config.folds,
        estimator=config.estimator,
        penalties=config.penalties,
        balanced=config.balanced,
        rng=_fold_rng(config, key),
    )


def _statistics(
    problem: Problem, design: Design, config: AnalysisConfig, key: int, draws: Draws,
    rotations: bool = True,
) -> Statistics:  # fmt: skip
    decoding = _decoded(problem, config, key)
    full = generalisation_tensor(problem, decoding, draws)
    never = never_repeats(problem.labels)
    left = left_out_tensor(problem, decoding, draws) if never else None
    result = _transfers(problem, design, full, left)
    if rotations and decoding.normals is not None and _rotations_of(problem, design):
        _add_rotations(result, problem, decoding, design, config, key, draws, full)
    return result


def _transfers(
    problem: Problem, design: Design, full: np.ndarray, left: np.ndarray | None
) -> Statistics:
    """Means over cells of the tensor (train state, test state, draw, metric)."""
    index = {state: row for row, state in enumerate(problem.states)}
    result = Statistics(tensor=full[:, :, 0])
    for name, pairs in transfers(design).items():
        rows, columns = zip(*((index[a], index[b]) for a, b in pairs), strict=True)
        result.values[name] = full[rows, columns].mean(axis=0)
        if left is not None and all(a[0] != b[0] for a, b in pairs):
            result.left_out[name] = left[rows, columns].mean(axis=0)
    encoding = [index[state] for state in design.encoding.values()]
    result.by_item = full[encoding, encoding]
    return result


def _rotations_of(problem: Problem, design: Design) -> tuple[State, ...]:
    """Memory spaces to whose decoders those of encoding can be rotated."""
    # Two normals are a shape on a line: every rotation of it is a sign.
    if problem.n_values < 3:
        return ()
    return tuple(state for state in design.memory if state[0] in design.encoding)


def _add_rotations(
    result: Statistics, problem: Problem, decoding: CrossDecoding, design: Design,
    config: AnalysisConfig, key: int, draws: Draws, tensor: np.ndarray,
) -> None:  # fmt: skip
    """Add the Procrustes statistics, under names that begin with ``procrustes.``."""
    targets = _rotations_of(problem, design)
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
    normals, offsets = decoding.hyperplanes()
    for fold in range(len(normals)):
        rows = np.flatnonzero(labelled | (decoding.fold == fold))
        held_out = (decoding.fold[rows] != fold).astype(int)
        part = replace(
            problem, activity=problem.activity[:, rows], labels=problem.labels[:, rows],
            fold=held_out,
        )  # fmt: skip
        of_fold = replace(
            decoding, normals=normals[fold : fold + 1], offsets=offsets[fold : fold + 1],
            fold=held_out,
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
