"""All scores of one model on one brain, with resamples, the floor and the ceiling."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wmsim.compare.cca import cca
from wmsim.compare.cka import cka
from wmsim.compare.config import ALL, CompareConfig
from wmsim.compare.cross_task import cross_task
from wmsim.compare.orthogonalisation import orthogonalisation
from wmsim.compare.pairing import Pair
from wmsim.compare.predictivity import pls, ridge
from wmsim.compare.rsa import rsa
from wmsim.compare.shape import shape
from wmsim.compare.splits import Split, Weighted, ceiling, shuffled, splits
from wmsim.compare.swaps import swaps
from wmsim.compare.tensor import tensor
from wmsim.compare.verdicts import judge_side

PER_STEP: dict[str, Callable[[Split, int], Weighted]] = {
    "rsa": rsa, "cka": cka, "shape": shape, "cca": cca, "ridge": ridge, "pls": pls,
    "orthogonalisation": orthogonalisation,
}  # fmt: skip
WHOLE: dict[str, Callable[[Split, None], Weighted]] = {"tensor": tensor, "swaps": swaps}
# A score that few of the halvings allow is none.
LEAST_SHARE = 0.5
# Where resampling means fitting anew.
FEW_RESAMPLES = 60
# Streams of random numbers that never meet.
HALVES, STIMULI, SHUFFLES = range(1, 4)


@dataclass(frozen=True)
class Scored:
    """Scores of one model on one brain.

    Attributes
    ----------
    steps : tuple of str
        "all", then the steps.
    draws : dict of str to ndarray, shape (step, 1 + resample)
        For each score, the score itself and those with stimuli resampled. NaN: not available.
    floor : dict of str to ndarray, shape (step, shuffle)
        With the model's labels shuffled over trials.
    about : dict
        Sizes, whether trials are the same, and verdicts (of each pair, as
        :func:`~wmsim.compare.verdicts.judge_side` gives them): of a model; of a brain and of the
        halves of its trials.
    notes : tuple of str
        What a reader has to know.
    """

    steps: tuple[str, ...]
    draws: dict[str, np.ndarray]
    floor: dict[str, np.ndarray] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def score_pairs(
    pairs: Sequence[Pair], config: CompareConfig, brain: str, *, shared: bool
) -> Scored:
    """Score a model on a brain: the mean over its tasks and features.

    Parameters
    ----------
    pairs : sequence of Pair
        One for each task and feature.
    config : CompareConfig
        How.
    brain : str
        Its name, on which halvings and resamples depend.
    shared : bool
        Whether stimuli are resampled alike for all brains.
    """
    draws = _draws(pairs, config, brain, shared, lambda split: split)
    floor = _floor(pairs, config, brain)
    notes = [note for pair in pairs for note in pair.notes]
    first = pairs[0]
    about = {
        "matched": all(pair.matched for pair in pairs),
        "n_values": first.brain.n_values,
        "n_items": first.brain.n_items,
        "n_units": first.brain.activity.shape[2] + first.brain.holed.shape[2],
        "n_model_units": first.model.activity.shape[2],
        "n_trials": sum({pair.brain.task: pair.brain.n_trials for pair in pairs}.values()),
        "jobs": _jobs(pairs),
    }
    if "verdict" in config.scores:
        about["verdicts"] = [judge_side(pair.model, config) for pair in pairs]
    return Scored(_steps(pairs), draws, floor, about, tuple(dict.fromkeys(notes)))


def score_ceiling(
    pairs: Sequence[Pair], config: CompareConfig, brain: str, *, shared: bool
) -> Scored:
    """What the brain's other half of trials scores in a model's place; see :func:`score_pairs`."""
    draws = _draws(pairs, config, brain, shared, ceiling)
    about: dict[str, Any] = {"jobs": _jobs(pairs)}
    if "verdict" in config.scores:
        halved = [_splits(pair, config.changed(halvings=1), brain)[0] for pair in pairs]
        about["verdicts"] = [judge_side(pair.brain, config) for pair in pairs]
        about["halves"] = [
            [judge_side(half.side, config, half.trials) for half in (one.brain, one.other)]
            for one in halved
        ]
    return Scored(_steps(pairs), draws, {}, about)


def weights_of(pair: Pair, config: CompareConfig, brain: str, *, shared: bool) -> np.ndarray:
    """Weights on values, (1 + resample, value): ones, then resamples with replacement.

    All values of the brain are drawn, by name, and those that are compared are taken of them, so
    that resamples are the same stimuli whatever a model has (and, where stimuli are shared,
    whatever the brain is).
    """
    every = sorted(pair.every or pair.brain.values)
    which = 0 if shared else zlib.crc32(brain.encode())
    rng = np.random.default_rng([config.seed, STIMULI, which])
    counts = rng.multinomial(len(every), np.full(len(every), 1 / len(every)), config.bootstrap)
    columns = [every.index(value) for value in pair.brain.values]
    return np.concatenate([np.ones((1, len(columns))), counts[:, columns]])


def _jobs(pairs: Sequence[Pair]) -> list[list[Any]]:
    """Task, feature, steps and values of each pair, as JSON has them."""
    return [
        [pair.brain.task, pair.brain.feature, list(pair.brain.steps), list(pair.brain.values)]
        for pair in pairs
    ]


def _steps(pairs: Sequence[Pair]) -> tuple[str, ...]:
    return (ALL, *dict.fromkeys(step for pair in pairs for step in pair.brain.steps))


def _splits(pair: Pair, config: CompareConfig, brain: str) -> list[Split]:
    task = zlib.crc32(pair.brain.task.encode())
    return splits(
        pair, config.halvings, seed=[config.seed, HALVES, zlib.crc32(brain.encode()), task]
    )


def _draws(
    pairs: Sequence[Pair], config: CompareConfig, brain: str, shared: bool,
    of: Callable[[Split], Split],
) -> dict[str, np.ndarray]:  # fmt: skip
    steps = _steps(pairs)
    halved = [[of(split) for split in _splits(pair, config, brain)] for pair in pairs]
    found: dict[str, list[np.ndarray]] = {name: [] for name in config.scores}
    for pair, own in zip(pairs, halved, strict=True):
        weights = weights_of(pair, config, brain, shared=shared)
        for name in config.scores:
            if name in PER_STEP:
                rows = [
                    _mean([PER_STEP[name](split, step) for split in own], weights)
                    for step in range(len(pair.brain.steps))
                ]
                found[name].append(_placed(rows, pair.brain.steps, steps))
            elif name in WHOLE:
                whole = _mean([WHOLE[name](split, None) for split in own], weights)
                found[name].append(_placed([], (), steps, whole))
    if "cross_task" in config.scores:
        found["cross_task"] = _across_tasks(pairs, halved, config, brain, shared, steps)
    return {name: _nanmean(np.stack(rows)) for name, rows in found.items() if rows}


def _across_tasks(
    pairs: Sequence[Pair], halved: list[list[Split]], config: CompareConfig, brain: str,
    shared: bool, steps: tuple[str, ...],
) -> list[np.ndarray]:  # fmt: skip
    """Transfer between tasks, for each feature that has several of one design."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for number, pair in enumerate(pairs):
        key = (pair.brain.feature, pair.brain.values, pair.brain.steps, pair.brain.shown)
        groups.setdefault(key, []).append(number)
    found = []
    for members in groups.values():
        if len(members) < 2:
            continue
        weights = weights_of(pairs[members[0]], config, brain, shared=shared)
        fitted = [
            cross_task([halved[number][n] for number in members])
            for n in range(len(halved[members[0]]))
        ]
        found.append(_placed([], (), steps, _mean(fitted, weights)))
    return found


def _floor(pairs: Sequence[Pair], config: CompareConfig, brain: str) -> dict[str, np.ndarray]:
    """Scores of one halving each, with labels dealt out anew for each."""
    rows: dict[str, list[np.ndarray]] = {}
    scores = tuple(name for name in config.scores if name != "verdict")
    if not scores:
        return {}
    once = config.changed(halvings=1, scores=scores)
    for number in range(config.shuffles):
        rng = np.random.default_rng([config.seed, SHUFFLES, zlib.crc32(brain.encode()), number])
        dealt = [shuffled(pair, rng) for pair in pairs]
        own = once.changed(seed=config.seed + 1 + number)
        for name, draws in _plain(dealt, own, brain).items():
            rows.setdefault(name, []).append(draws[:, 0])
    return {name: np.stack(one, axis=1) for name, one in rows.items()}


def _plain(pairs: Sequence[Pair], config: CompareConfig, brain: str) -> dict[str, np.ndarray]:
    """Scores without resamples."""
    return _draws(pairs, config.changed(bootstrap=0), brain, False, lambda split: split)


def _mean(fitted: Sequence[Weighted], weights: np.ndarray) -> np.ndarray:
    """Mean over halvings, (1 + resample,); NaN where fewer than half of them allow it."""
    used = weights
    if any(getattr(one, "costly", False) for one in fitted):
        used = weights[: 1 + FEW_RESAMPLES]
    rows = np.stack([np.asarray(one(used), float) for one in fitted])
    there = np.isfinite(rows)
    enough = there.mean(axis=0) >= LEAST_SHARE
    total = np.where(there, rows, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    found = np.full(len(weights), np.nan)
    found[: len(used)] = np.where(enough, total, np.nan)
    return found


def _placed(
    rows: list[np.ndarray], own: Sequence[str], steps: tuple[str, ...],
    whole: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Rows of steps at their places, (step, 1 + resample); "all" is their mean or `whole`."""
    if whole is None:
        whole = _nanmean(np.stack(rows))
    found = np.full((len(steps), whole.size), np.nan)
    found[0] = whole
    for row, step in zip(rows, own, strict=True):
        found[steps.index(step)] = row
    return found


def _nanmean(rows: np.ndarray) -> np.ndarray:
    """Mean over the first axis, of what is there; NaN where nothing is."""
    there = np.isfinite(rows)
    count = there.sum(axis=0)
    total = np.where(there, rows, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
