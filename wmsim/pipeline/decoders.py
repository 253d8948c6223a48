"""Decoders and what they do in other tasks, as one labelled dataset."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xarray as xr

from wmsim._version import __version__
from wmsim.decoding import METRICS, bootstrap_weights, permutation_p, permute_trials, scores
from wmsim.decoding.scaling import Scaling
from wmsim.decoding.tasks import SCALINGS, TaskDecoders, probe_labels
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.jobs import Job
from wmsim.pipeline.results import COVERAGE
from wmsim.pipeline.statistics import BOOTSTRAP, PERMUTATION

State = tuple[int, int]
DECISION = (
    "normal . z + offset, with z = (activity - mean) / spread: positive says 'this value', the "
    "largest of all values is the choice. mean and spread are those of the step that is tested, "
    "over the trials outside the fold: of the tested task, or (variables named "
    "..._trained_scaling) of the task that the decoder was fitted in; a unit of infinite spread "
    "counts as 0."
)
# What names of variables end with, by scaling.
SUFFIX = {"tested": "", "trained": "_trained_scaling"}
TRANSFER = {
    "transfer": "accuracy in the probed state of the decoders of that state",
    "transfer_low": "lower end of the 95 % interval, resampling the tested trials",
    "transfer_high": "upper end of the 95 % interval, resampling the tested trials",
    "transfer_chance": "mean over permutations of tested trials' labels within folds, decoders as "
    "they are; not within a task, whose decoders would have to be fitted anew",
    "transfer_p": "(1 + permutations at least as large) / (1 + permutations)",
}


@dataclass(frozen=True)
class TaskSet:
    """Tasks whose decoders were fitted.

    Attributes
    ----------
    recording : xarray.Dataset
        Aligned, transformed.
    jobs : tuple of Job
        One a task.
    folds : tuple of ndarray of int, shape (trial,)
        Fold of each trial of each task.
    scalings : tuple of list of Scaling
        Of each task and fold.
    probe : (int, int)
        The probed state.
    notes : tuple of str
        What a reader has to know.
    """

    recording: xr.Dataset
    jobs: tuple[Job, ...]
    folds: tuple[np.ndarray, ...]
    scalings: tuple[list[Scaling], ...]
    probe: State
    notes: tuple[str, ...]


def decoders_dataset(
    tasks: TaskSet, found: Sequence[TaskDecoders], config: AnalysisConfig
) -> xr.Dataset:
    """Label decoders and accuracies.

    Parameters
    ----------
    tasks : TaskSet
        What was decoded.
    found : sequence of TaskDecoders
        Of each task.
    config : AnalysisConfig
        How.

    Returns
    -------
    xarray.Dataset
        ``accuracy`` (train_task, train_state, test_task, test_state, metric), NaN where a task
        lacks a state, with activity z-scored in the tested task; ``accuracy_trained_scaling`` the
        same with activity z-scored as in the task that the decoders were fitted in, so that
        baselines and gains that differ between tasks count. States have coordinates
        ``train_item``, ``train_step``, ``test_item``, ``test_step``, from 0.

        ``transfer`` and its interval, chance and p (train_task, test_task, metric): of the probed
        state, E(1,1) where there is one, in itself (also ``..._trained_scaling``).

        ``normal`` (task, fold, state, value, unit) float32, ``offset`` and ``penalty`` (task, fold,
        state, value), with the coordinates ``state_item`` and ``state_step``; ``mean`` and
        ``spread`` (task, fold, step, unit). ``trial_fold`` (trial): in which fold a trial was held
        out, -1 where its task was not decoded. attr ``decision_value`` says how decisions follow.
        Without hyperplanes there is no ``normal`` and ``offset``.
    """
    states = sorted({state for job in tasks.jobs for state in job.design.states})
    data: dict[str, Any] = {}
    for way, scaling in enumerate(SCALINGS):
        data[f"accuracy{SUFFIX[scaling]}"] = _accuracy(tasks, found, states, way)
    data |= _transfer(tasks, found, config)
    data |= _decoders(found, tasks.jobs, states)
    for name in ("mean", "spread"):
        values = [[getattr(one, name) for one in of_task] for of_task in tasks.scalings]
        data[name] = (("task", "fold", "step", "unit"), np.array(values), {
            "long_name": f"{name} over the trials outside the fold, that scales activity",
        })  # fmt: skip
    notes = list(tasks.notes)
    if found[0].normals is None:
        notes.append(
            f"Decoders of {config.told()['estimator']} are no hyperplanes: they have no normals, "
            "and only their accuracies are kept."
        )
    dataset = xr.Dataset(data, coords=_coords(tasks, states), attrs=_attrs(tasks, config, notes))
    dataset["trial_fold"] = ("trial", _trial_fold(tasks))
    return dataset


def _accuracy(
    tasks: TaskSet, found: Sequence[TaskDecoders], states: list[State], way: int
) -> tuple[tuple[str, ...], np.ndarray, dict[str, str]]:
    """Accuracies with one of the scalings, NaN where a task lacks a state."""
    n, k = len(tasks.jobs), len(states)
    accuracy = np.full((n, k, n, k, len(METRICS)), np.nan)
    places = [[states.index(state) for state in job.design.states] for job in tasks.jobs]
    for a, one in enumerate(found):
        for b, tensor in enumerate(one.tensors):
            accuracy[np.ix_([a], places[a], [b], places[b])] = tensor[way][None, :, None]
    dims = ("train_task", "train_state", "test_task", "test_state", "metric")
    return dims, accuracy, {"long_name": "accuracy on held-out trials"}


def _transfer(
    tasks: TaskSet, found: Sequence[TaskDecoders], config: AnalysisConfig
) -> dict[str, Any]:
    """Accuracy of the probed state's decoders in that state, with interval, chance and p."""
    n, ways = len(tasks.jobs), len(SCALINGS)
    result = {name: np.full((ways, n, n, len(METRICS)), np.nan) for name in TRANSFER}
    for b, job in enumerate(tasks.jobs):
        labels = probe_labels(job.problem, tasks.probe)  # type: ignore[arg-type]
        said = np.stack([one.probes[b] for one in found], axis=1)
        said = said.reshape(ways * n, labels.size, -1)
        draws, permutations = config.bootstrap, config.permutations
        if job.shares_activity:
            draws = permutations = 0
        rng = np.random.default_rng([config.seed, b, BOOTSTRAP])
        drawn = scores(said, labels, bootstrap_weights(labels.size, draws, rng=rng))
        drawn = drawn.reshape(ways, n, 1 + draws, -1)
        result["transfer"][:, :, b] = drawn[:, :, 0]
        if draws:
            ends = np.nanpercentile(drawn[:, :, 1:], COVERAGE, axis=2)
            result["transfer_low"][:, :, b], result["transfer_high"][:, :, b] = ends
        if permutations:
            rng = np.random.default_rng([config.seed, b, PERMUTATION])
            null = _null(said, labels, tasks.folds[b], permutations, rng)
            _add_chance(result, null.reshape(permutations, ways, n, -1), b)
    dims = ("train_task", "test_task", "metric")
    return {
        f"{name}{SUFFIX[scaling]}": (dims, result[name][way], {"long_name": text})
        for way, scaling in enumerate(SCALINGS)
        for name, text in TRANSFER.items()
    }


def _null(
    said: np.ndarray, labels: np.ndarray, fold: np.ndarray, permutations: int,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Accuracies under permuted labels, (permutation, decoder, metric)."""
    ones = np.ones((1, labels.size))
    return np.stack(
        [
            scores(said, permute_trials(labels[None], within=fold, rng=rng)[0], ones)[:, 0]
            for _ in range(permutations)
        ]
    )


def _add_chance(result: dict[str, np.ndarray], null: np.ndarray, tested: int) -> None:
    """Chance and p of other tasks; null is (permutation, scaling, task, metric)."""
    _, ways, n, metrics = null.shape
    for way, a, metric in np.ndindex(ways, n, metrics):
        if a == tested:
            continue
        of_one = null[:, way, a, metric]
        value = float(result["transfer"][way, a, tested, metric])
        result["transfer_chance"][way, a, tested, metric] = of_one.mean()
        result["transfer_p"][way, a, tested, metric] = permutation_p(value, of_one)


def _decoders(
    found: Sequence[TaskDecoders], jobs: Sequence[Job], states: list[State]
) -> dict[str, Any]:
    """Decoders by task, fold, state and value; NaN where a task lacks a state."""
    parts: dict[str, tuple[list[np.ndarray | None], str]] = {
        "normal": ([one.normals for one in found], "normal vector w"),
        "offset": ([one.offsets for one in found], "offset b"),
        "penalty": ([one.penalty for one in found], "penalty that was applied"),
    }
    result: dict[str, Any] = {}
    for name, (arrays, text) in parts.items():
        whole = [array for array in arrays if array is not None]
        if not whole:
            continue
        n_folds, _, *rest = whole[0].shape
        values = np.full((len(jobs), n_folds, len(states), *rest), np.nan, whole[0].dtype)
        for task, (job, array) in enumerate(zip(jobs, whole, strict=True)):
            values[task][:, [states.index(state) for state in job.design.states]] = array
        dims = ("task", "fold", "state", "value", "unit")[: values.ndim]
        result[name] = (dims, values, {"long_name": text})
    return result


def _coords(tasks: TaskSet, states: list[State]) -> dict[str, Any]:
    recording = tasks.recording
    names = [job.task for job in tasks.jobs]
    items, steps = (np.array(part) for part in zip(*states, strict=True))
    coords: dict[str, Any] = {
        "metric": list(METRICS),
        "value": list(tasks.jobs[0].values),
        "fold": np.arange(len(tasks.scalings[0])),
        "step_name": ("step", recording["step_name"].values.astype(str)),
        "shown_item": ("step", recording["shown_item"].values),
        "trial": recording["trial"].values,
        "n_trials": ("task", [job.problem.n_trials for job in tasks.jobs]),
        "asked": ("task", [job.asked is True for job in tasks.jobs]),
        "asked_feature": ("task", [_asked_feature(recording, name) for name in names]),
    }
    for kind, state in (("", "state"), ("train_", "train_state"), ("test_", "test_state")):
        coords[f"{kind}task"] = names
        coords[f"{kind or 'state_'}item"] = (state, items)
        coords[f"{kind or 'state_'}step"] = (state, steps)
    for name, one in recording.coords.items():
        if one.dims == ("unit",):
            coords[str(name)] = ("unit", one.values)
    if "task" in recording:
        coords["trial_task"] = ("trial", recording["task"].values.astype(str))
    return coords


def _asked_feature(recording: xr.Dataset, task: str) -> str:
    if "task_feature" not in recording:
        return ""
    return str(recording["task_feature"].values[rows_of(recording, task)[0]])


def _attrs(tasks: TaskSet, config: AnalysisConfig, notes: list[str]) -> dict[str, Any]:
    recording = tasks.recording
    return {
        "schema": "wmsim.decoders",
        "feature": tasks.jobs[0].feature,
        "estimator": config.model_dump(mode="json")["estimator"],
        "config": json.dumps(config.told()),
        "decision_value": DECISION,
        "activity_units": str(recording["activity"].attrs.get("units", "")),
        "probe": json.dumps({"item": tasks.probe[0], "step": tasks.probe[1]}),
        "notes": json.dumps(notes),
        "source": str(recording.attrs.get("source", "unknown")),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "creation_library": "wmsim",
        "creation_library_version": __version__,
    }


def _trial_fold(tasks: TaskSet) -> np.ndarray:
    recording = tasks.recording
    fold = np.full(recording.sizes["trial"], -1)
    for job, own in zip(tasks.jobs, tasks.folds, strict=True):
        fold[rows_of(recording, job.task)] = own
    return fold


def rows_of(recording: xr.Dataset, task: str) -> np.ndarray:
    """Positions of a task's trials; all of them where trials are of no task."""
    if "task" not in recording:
        return np.arange(recording.sizes["trial"])
    return np.flatnonzero(recording["task"].values.astype(str) == task)
