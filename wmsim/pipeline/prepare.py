"""From a recording to the arrays that are analysed, one problem for each task and feature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from wmsim.decoding import Problem
from wmsim.errors import WmsimError, choose
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.design import Design
from wmsim.recordings import (
    align,
    feature_names,
    is_aligned,
    labels_of,
    states,
    subset,
    validate,
)

NO_TASK = "all"
HIDDEN, CELL_STATE = "hidden", "cell state"


@dataclass(frozen=True)
class Job:
    """One feature of one task.

    Attributes
    ----------
    task, feature : str
        Which.
    asked : bool or None
        Whether the task asks for the feature; None where that is not known.
    values : tuple of str
        Names of the feature's values.
    problem : Problem
        Arrays.
    design : Design
        States.
    """

    task: str
    feature: str
    asked: bool | None
    values: tuple[str, ...]
    problem: Problem
    design: Design


@dataclass(frozen=True)
class Prepared:
    """A recording made ready, and what was left out on the way.

    Attributes
    ----------
    recording : xarray.Dataset
        Aligned, transformed, in memory.
    jobs : tuple of Job
        What is to be analysed.
    notes : tuple of str
        What a reader has to know: units dropped, features left out.
    """

    recording: xr.Dataset
    jobs: tuple[Job, ...]
    notes: tuple[str, ...]


def prepare(recording: xr.Dataset, config: AnalysisConfig) -> Prepared:
    """Align, transform and check a recording, and list what is to be analysed.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording, continuous or aligned.
    config : AnalysisConfig
        How.

    Returns
    -------
    Prepared

    Raises
    ------
    WmsimError
        If the recording is not valid, units miss activity, or nothing is left to analyse.
    """
    validate(recording, values=False)
    notes: list[str] = []
    aligned = recording = _chosen_units(recording, config, notes)
    if not is_aligned(recording):
        aligned = align(
            recording, window=config.window, maintenance_window=config.maintenance_window
        )
        notes.append(
            f"Aligned: activity averaged {config.window[0]:g} to {config.window[1]:g} s after each "
            f"item's onset"
            + (
                f", and {config.maintenance_window[0]:g} to {config.maintenance_window[1]:g} s "
                f"after the start of maintenance."
                if "event_maintenance" in recording
                else "."
            )
        )
    aligned = _transformed(aligned.load(), config, notes)
    aligned = _complete_units(aligned, config, notes)
    jobs = tuple(_jobs(aligned, config, notes))
    if not jobs:
        raise WmsimError(
            "Nothing to analyse: no feature has enough trials of two or more values at every item. "
            + " ".join(notes)
        )
    return Prepared(aligned, jobs, tuple(notes))


def _chosen_units(recording: xr.Dataset, config: AnalysisConfig, notes: list[str]) -> xr.Dataset:
    kinds = config.kinds
    there = set(recording["kind"].values.tolist()) if "kind" in recording else set()
    if kinds is None and {CELL_STATE, HIDDEN} <= there:
        kinds = tuple(sorted(there - {CELL_STATE}))
        notes.append(f"Units: {', '.join(kinds)}; cell states left out (--kind '{CELL_STATE}').")
    wanted = {"kind": kinds, "area": config.areas}
    chosen: dict[str, Any] = {name: list(values) for name, values in wanted.items() if values}
    return subset(recording, **chosen) if chosen else recording


def _transformed(aligned: xr.Dataset, config: AnalysisConfig, notes: list[str]) -> xr.Dataset:
    activity = aligned["activity"]
    rates = activity.attrs.get("units") == "spikes/s"
    if config.transform == "sqrt" or (config.transform == "auto" and rates):
        if float(activity.min()) < 0:
            raise WmsimError(
                "Activity has negative values, of which there is no square root; use transform "
                "'none' (--transform none)."
            )
        notes.append("Square root of activity taken, which evens out the variance of counts.")
        aligned = aligned.assign(activity=activity.copy(data=np.sqrt(activity.values)))
    return aligned


def _complete_units(aligned: xr.Dataset, config: AnalysisConfig, notes: list[str]) -> xr.Dataset:
    """Drop (or refuse) units that miss activity where other units of the trial have some."""
    missing = np.isnan(aligned["activity"].transpose("time", "trial", "unit").values)
    recorded = ~missing.all(axis=2)
    holes = (missing & recorded[..., None]).any(axis=(0, 1)) | missing.all(axis=(0, 1))
    if not holes.any():
        return aligned
    named = ", ".join(str(name) for name in aligned["unit"].values[holes][:5])
    more = ", ..." if holes.sum() > 5 else ""
    share = f"{int(holes.sum())} of {holes.size} units ({named}{more})"
    if holes.all():
        raise WmsimError(
            f"All {holes.size} units have NaN activity in some trials, so no table of trials and "
            f"units is complete. Take a part of the recording in which units were recorded "
            f"together (wmsim.recordings.subset)."
        )
    if config.nan_units == "error":
        raise WmsimError(
            f"{share} have NaN activity in trials in which other units have activity; every trial "
            f"needs the same units. Analyse the rest with --nan-units drop, or take a part of the "
            f"recording in which they were all recorded (wmsim.recordings.subset)."
        )
    notes.append(f"Left out because of NaN activity: {share}.")
    return aligned.isel(unit=np.flatnonzero(~holes))


def _jobs(aligned: xr.Dataset, config: AnalysisConfig, notes: list[str]) -> Iterator[Job]:
    tasks = _tasks(aligned)
    names = feature_names(aligned)
    for feature in config.features or ():
        choose(feature, names, "feature")
    for task in config.tasks or ():
        choose(task, tasks, "task")
    asked_somewhere = {asked for _, asked, _ in tasks.values() if asked}
    for task, (rows, asked_feature, n_back) in tasks.items():
        if config.tasks and task not in config.tasks:
            continue
        for feature in names:
            if config.features is not None and feature not in config.features:
                continue
            if config.features is None and asked_somewhere and feature not in asked_somewhere:
                continue
            job = _job(aligned, task, rows, feature, n_back, asked_feature)
            reason = _unusable(job, config)
            if reason is None:
                yield job
            elif config.features is not None:
                raise WmsimError(f"Feature '{feature}' in task '{task}': {reason}")
            else:
                notes.append(f"Feature '{feature}' in task '{task}' left out: {reason}")


def _tasks(aligned: xr.Dataset) -> dict[str, tuple[np.ndarray, str | None, int | None]]:
    """Trials, asked feature and n of each task."""
    everything = np.arange(aligned.sizes["trial"])
    if "task" not in aligned:
        return {NO_TASK: (everything, None, None)}
    tasks = {}
    of_trial = aligned["task"].values.astype(str)
    for task in np.unique(of_trial).tolist():
        rows = everything[of_trial == task]
        asked = n_back = None
        if "task_feature" in aligned:
            asked = str(aligned["task_feature"].values[rows[0]]) or None
        if "n_back" in aligned:
            n_back = int(aligned["n_back"].values[rows[0]])
        tasks[task] = (rows, asked, n_back)
    return tasks


def _job(
    aligned: xr.Dataset, task: str, rows: np.ndarray, feature: str, n_back: int | None,
    asked_feature: str | None,
) -> Job:  # fmt: skip
    part = aligned.isel(trial=rows)
    codes, names = labels_of(part, feature)
    used = np.unique(codes[codes >= 0])
    position = np.full(max(len(names), 1), -1)
    position[used] = np.arange(used.size)
    labels = np.where(codes >= 0, position[codes], -1).T
    with_trials = tuple((s, t) for s, t in states(part) if (labels[s] >= 0).any())
    shown = tuple(int(item) for item in part["shown_item"].values)
    activity = part["activity"].transpose("time", "trial", "unit").values
    return Job(
        task=task,
        feature=feature,
        asked=None if asked_feature is None else asked_feature == feature,
        values=tuple(str(names[value]) for value in used),
        problem=Problem(activity, labels, int(used.size), with_trials),
        design=Design(with_trials, shown, n_back),
    )


def _unusable(job: Job, config: AnalysisConfig) -> str | None:
    """Why a feature cannot be decoded, or None."""
    problem = job.problem
    if problem.n_values < 2:
        return f"it takes {problem.n_values} value(s); decoding needs at least 2."
    if problem.n_trials < config.folds:
        return (
            f"{problem.n_trials} trials for {config.folds} folds; use fewer folds or more trials."
        )
    fewest = min(
        int((problem.labels[item] == value).sum())
        for item in {item for item, _ in problem.states}
        for value in range(problem.n_values)
    )
    # With fewer, a training set may miss a value, and accuracy would rest on one or two trials.
    if fewest < 5:
        return (
            f"one of its {problem.n_values} values has {fewest} trials at some item; 5 are needed."
        )
    return None
