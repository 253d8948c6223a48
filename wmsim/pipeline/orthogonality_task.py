"""Decoders of all features of one task in one state: their angles, nulls and accuracy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

import numpy as np
import xarray as xr

from wmsim.decoding import Fitting, Problem
from wmsim.errors import ConfigError, WmsimError
from wmsim.geometry import (
    Orthogonality,
    accuracies,
    draw_resamples,
    held_out_decisions,
    measure_orthogonality,
    permute_groups,
    random_indices,
    same_patterns,
    span_coordinates,
)
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.grouped_folds import group_folds, most_folds
from wmsim.pipeline.jobs import Job
from wmsim.pipeline.prepare import prepare
from wmsim.recordings import feature_names, is_aligned, labels_of, states

RANDOM_DRAWS = 1000
FOLDS, RESAMPLES, PERMUTATIONS, RANDOM, FITS = range(5)
DEFAULT = AnalysisConfig(folds=4)
BY_IMAGE = "image"


@dataclass(frozen=True)
class Found:
    """What was found for one feature in one task.

    Attributes
    ----------
    values : tuple of str
        Names of the feature's values.
    n_trials, n_patterns, n_units, rank, n_folds : int
        Trials; different patterns among them; units; dimensions that trials extend in; folds.
    measured : tuple of Orthogonality
        One a reduction.
    accuracy : ndarray, shape (reduction, metric)
        On held-out trials.
    random : ndarray, shape (reduction, draw)
        Indices of random directions of as many dimensions.
    """

    values: tuple[str, ...]
    n_trials: int
    n_patterns: int
    n_units: int
    rank: int
    n_folds: int
    measured: tuple[Orthogonality, ...]
    accuracy: np.ndarray
    random: np.ndarray


@dataclass(frozen=True)
class Plan:
    """How a space is measured.

    Attributes
    ----------
    state : (int, int)
        Item S and step T.
    reductions : tuple of int or None
        Principal components to keep; None: all dimensions.
    bootstraps : int
        Resamples of trials.
    length : float, optional
        Mean squared length of trials.
    across : str, optional
        Label of items whose values are kept in one fold.
    config : AnalysisConfig
        Decoders, permutations, folds, seed.
    """

    state: tuple[int, int]
    reductions: tuple[int | None, ...]
    bootstraps: int
    length: float | None
    across: str | None
    config: AnalysisConfig


class Part(NamedTuple):
    """One feature of the task, ready to be measured.

    Attributes
    ----------
    job : Job
        Which.
    rows : ndarray of int, shape (trial,)
        Trials that have the state.
    labels : ndarray of int, shape (trial,)
        Value of each.
    group : ndarray of int, shape (trial,)
        Which of them share a fold.
    space : Space
        Their activity.
    """

    job: Job
    rows: np.ndarray
    labels: np.ndarray
    group: np.ndarray
    space: Space


class Space:
    """Activity of some trials, and coordinates of it, which are kept.

    Parameters
    ----------
    patterns : ndarray, shape (trial, unit)
        Activity.
    """

    def __init__(self, patterns: np.ndarray) -> None:
        self.patterns = patterns
        self.whole = span_coordinates(patterns)
        self.same = same_patterns(self.whole)
        self._kept: dict[bytes, np.ndarray] = {}

    def coordinates(self, train: np.ndarray) -> np.ndarray:
        """Coordinates of all trials, z-scored with the training trials."""
        key = train.tobytes()
        if key not in self._kept:
            self._kept[key] = span_coordinates(self.patterns, train)
        return self._kept[key]


def make_plan(
    state: tuple[int, int], dimensions: int | Sequence[int] | None, bootstraps: int,
    length: float | None, across: str | None, config: AnalysisConfig | None,
) -> Plan:  # fmt: skip
    """Settings, checked."""
    config = config or DEFAULT
    if len(config.penalties_used) != 1:
        raise ConfigError(
            f"{len(config.penalties_used)} penalties were given; angles are compared between "
            "decoders of one and the same penalty. Give one."
        )
    kept = [dimensions] if isinstance(dimensions, int) else list(dimensions or ())
    if any(number < 1 for number in kept) or len(set(kept)) < len(kept):
        raise ConfigError(f"dimensions are {kept}, expected different numbers of at least 1.")
    if bootstraps < 0:
        raise ConfigError(f"bootstraps is {bootstraps}, expected 0 or more.")
    if length is not None and not 0 < length < np.inf:
        raise ConfigError(f"length is {length}, expected a positive number.")
    return Plan((state[0], state[1]), (None, *kept), bootstraps, length, across, config)


def measure_task(
    part: xr.Dataset, features: tuple[str, ...] | None, plan: Plan, notes: list[str]
) -> Iterator[tuple[str, Found]]:
    """Measure each feature of one task.

    Parameters
    ----------
    part : xarray.Dataset
        Trials of the task.
    features : tuple of str, optional
        Features; by default all that can be decoded.
    plan : Plan
        How.
    notes : list of str
        What a reader has to know is added here.

    Yields
    ------
    feature : str
    found : Found
    """
    alone, state = _only(part, plan)
    prepared = prepare(alone, plan.config.changed(features=features, tasks=None))
    _note(notes, *prepared.notes)
    spaces: dict[bytes, Space] = {}
    parts = [_part(job, prepared.recording, state, spaces, plan, notes) for job in prepared.jobs]
    for one, fold in zip(parts, _folds(parts, plan, notes), strict=True):
        yield one.job.feature, _measure(one, fold, plan)


def _part(
    job: Job, recording: xr.Dataset, state: tuple[int, int], spaces: dict[bytes, Space],
    plan: Plan, notes: list[str],
) -> Part:  # fmt: skip
    problem = job.problem
    if not isinstance(problem, Problem):
        raise WmsimError(
            "Angles between decoders need one table of units; make a pseudo-population first "
            "(wmsim.recordings.pseudo_population)."
        )
    require_state(problem.states, state)
    item, step = state
    rows = np.flatnonzero(problem.present(state))
    key = rows.tobytes()
    if key not in spaces:  # the same for all features, as a rule
        spaces[key] = Space(problem.activity[step, rows])
    labels = problem.labels[item, rows]
    group = _group(recording, job.feature, rows, item, labels, spaces[key].same, plan, notes)
    return Part(job, rows, labels, group, spaces[key])


def _folds(parts: Sequence[Part], plan: Plan, notes: list[str]) -> list[np.ndarray]:
    """Folds of each part; parts of the same trials and groups share them."""
    kinds = [(one.rows.tobytes(), one.group.tobytes()) for one in parts]
    found: dict[tuple[bytes, bytes], np.ndarray] = {}
    for kind in dict.fromkeys(kinds):
        alike = [one for one, own in zip(parts, kinds, strict=True) if own == kind]
        most = min(most_folds(one.labels, one.group) for one in alike)
        n_folds = min(plan.config.folds, most)
        named = ", ".join(one.job.feature for one in alike)
        if n_folds < 2:
            raise WmsimError(
                f"A value of {named} (task '{alike[0].job.task}') occurs in one group of trials "
                "alone (one image, or one pattern); held-out trials would lack it. Give more "
                "images, or another label to hold out by (across)."
            )
        if n_folds < plan.config.folds:
            _note(
                notes,
                f"{n_folds} folds instead of {plan.config.folds} for {named}: no more groups "
                "(images) of a value.",
            )
        labels = np.stack([one.labels for one in alike])
        rng = _rng(plan.config.seed, alike[0].job.task, named, FOLDS)
        found[kind] = group_folds(labels, alike[0].group, n_folds, rng=rng)
    return [found[kind] for kind in kinds]


def _measure(part: Part, fold: np.ndarray, plan: Plan) -> Found:
    job, labels, space, config = part.job, part.labels, part.space, plan.config
    k, n_units = job.problem.n_values, space.patterns.shape[1]
    how = Fitting.of(config.estimator, config.penalties, config.balanced)
    rngs = [_rng(config.seed, job.task, job.feature, stream) for stream in range(5)]
    length = float(n_units) if plan.length is None else plan.length
    resamples = draw_resamples(labels, k, plan.bootstraps, rng=rngs[RESAMPLES])
    permuted = permute_groups(labels, space.same, config.permutations, rng=rngs[PERMUTATIONS])
    measured = tuple(
        measure_orthogonality(
            space.whole, labels, k, how, dimensions=kept, length=length, resamples=resamples,
            permuted=permuted, rng=rngs[FITS],
        )
        for kept in plan.reductions
    )  # fmt: skip
    decisions = held_out_decisions(
        space.patterns, labels, k, fold, how, dimensions=plan.reductions, length=length,
        coordinates=space.coordinates, rng=rngs[FITS],
    )  # fmt: skip
    sizes = [n_units if n is None else n for n in plan.reductions]
    random = [random_indices(k, n, RANDOM_DRAWS, rng=rngs[RANDOM]) for n in sizes]
    return Found(
        values=job.values,
        n_trials=labels.size,
        n_patterns=int(space.same.max()) + 1,
        n_units=n_units,
        rank=space.whole.shape[1],
        n_folds=int(fold.max()) + 1,
        measured=measured,
        accuracy=accuracies(decisions, labels),
        random=np.stack(random),
    )


def _rng(seed: int, task: str, feature: str, stream: int) -> np.random.Generator:
    """One stream a task and feature: the same in every space, so that draws are paired."""
    return np.random.default_rng([seed, crc32(f"{task}\n{feature}".encode()), stream])


def _group(
    recording: xr.Dataset, feature: str, rows: np.ndarray, item: int, labels: np.ndarray,
    same: np.ndarray, plan: Plan, notes: list[str],
) -> np.ndarray:  # fmt: skip
    """Which trials share a fold: those of the same image, or of the same activity."""
    name = plan.across
    if name is None and BY_IMAGE in feature_names(recording) and feature != BY_IMAGE:
        name = BY_IMAGE
    if name is not None:
        codes = labels_of(recording, name)[0][rows, item]
        if plan.across is not None or most_folds(labels, codes) >= 2:
            _note(notes, f"Held-out trials show other values of '{name}' than training trials.")
            return np.unique(codes, return_inverse=True)[1]
    return same


def _note(notes: list[str], *new: str) -> None:
    notes.extend(note for note in new if note not in notes)


def _only(part: xr.Dataset, plan: Plan) -> tuple[xr.Dataset, tuple[int, int]]:
    """Of an aligned recording the state that is looked at, alone: little is loaded then."""
    if not is_aligned(part):
        return part, plan.state
    require_state(states(part), plan.state)
    item, step = plan.state
    timing = [
        name for name in part.variables
        if name in ("item_onset", "item_offset") or str(name).startswith("event_")
    ]  # fmt: skip
    alone = part.drop_vars(timing).isel(time=[step], item=[item])
    return alone.assign_coords(shown_item=("time", [0])), (0, 0)


def require_state(known: Sequence[tuple[int, int]], state: tuple[int, int]) -> None:
    """Say which states there are, if this one is not there."""
    if state not in known:
        told = ", ".join(f"({s + 1}, {t + 1})" for s, t in known)
        raise WmsimError(
            f"There is no state of item {state[0] + 1} at step {state[1] + 1}. There are (item, "
            f"step), counted from 1: {told}."
        )
