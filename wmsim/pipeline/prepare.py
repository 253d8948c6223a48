"""From a recording, or several, to the arrays that are analysed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np
import xarray as xr

from wmsim.decoding import Problem
from wmsim.errors import WmsimError
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.design import Design
from wmsim.pipeline.jobs import Job, Prepared, Task, find_jobs, find_tasks
from wmsim.pipeline.pooled import prepare_pooled
from wmsim.pipeline.ready import make_ready
from wmsim.recordings import feature_names, labels_of, states
from wmsim.recordings.populations.join import recorded


def prepare(recordings: xr.Dataset | Iterable[xr.Dataset], config: AnalysisConfig) -> Prepared:
    """Align, transform and check a recording, and list what is to be analysed.

    Parameters
    ----------
    recordings : xarray.Dataset or iterable of xarray.Dataset
        A recording, continuous or aligned. Several, or one that was joined of sessions, are pooled
        into a pseudo-population.
    config : AnalysisConfig
        How.

    Returns
    -------
    Prepared

    Raises
    ------
    WmsimError
        If a recording is not valid, units miss activity, or nothing is left to analyse.
    """
    every = [recordings] if isinstance(recordings, xr.Dataset) else list(recordings)
    if not every:
        raise WmsimError("No recording was given, expected one or more.")
    notes: list[str] = []
    ready = [make_ready(recording, config, notes) for recording in every]
    notes = list(dict.fromkeys(notes))
    if len(ready) > 1 or is_joined(ready[0]):
        prepared = prepare_pooled(ready, config, notes)
    else:
        prepared = _prepare_one(ready[0], config, notes)
    if not prepared.jobs:
        raise WmsimError(
            "Nothing to analyse: no feature has enough trials of two or more values at every item. "
            + " ".join(prepared.notes)
        )
    return prepared


def is_joined(aligned: xr.Dataset) -> bool:
    """Whether a recording holds sessions whose units were not recorded together.

    Parameters
    ----------
    aligned : xarray.Dataset
        A recording; where its trials are of several sessions, its activity is read.
    """
    if "trial_session" not in aligned or np.unique(aligned["trial_session"].values).size < 2:
        return False
    return not recorded(aligned).all()


def _prepare_one(aligned: xr.Dataset, config: AnalysisConfig, notes: list[str]) -> Prepared:
    aligned = _complete_units(aligned, config, notes)
    shares = "population" in aligned.attrs
    if "fold" in aligned:
        notes.append(
            "Folds are those of the recording's label 'fold'"
            + (
                ". It is a pseudo-population, whose trials share activity: they can be neither "
                "permuted nor resampled, so there is no chance level, p or interval. Analyse the "
                "sessions themselves to have them."
                if shares
                else "; labels are permuted within them."
            )
        )
    make = partial(_job, aligned, config, shares)
    tasks, features = find_tasks([aligned]), feature_names(aligned)
    jobs = tuple(find_jobs(tasks, features, config, notes, make))
    return Prepared(aligned, jobs, tuple(notes))


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
            f"units is complete. Take the recording apart into sessions whose units were recorded "
            f"together (wmsim.recordings.sessions), and analyse one, or the list of them as a "
            f"pseudo-population."
        )
    if config.nan_units == "error":
        raise WmsimError(
            f"{share} have NaN activity in trials in which other units have activity; every trial "
            f"needs the same units. Analyse the rest with --nan-units drop, or take a part of the "
            f"recording in which they were all recorded (wmsim.recordings.subset)."
        )
    notes.append(f"Left out because of NaN activity: {share}.")
    return aligned.isel(unit=np.flatnonzero(~holes))


def _job(
    aligned: xr.Dataset, config: AnalysisConfig, shares: bool, name: str, task: Task, feature: str
) -> Job | str:
    """A job, or why there is none."""
    part = aligned.isel(trial=task.rows[0])
    codes, names = labels_of(part, feature)
    used = np.unique(codes[codes >= 0])
    position = np.full(max(len(names), 1), -1)
    position[used] = np.arange(used.size)
    labels = np.where(codes >= 0, position[codes], -1).T
    with_trials = tuple((s, t) for s, t in states(part) if (labels[s] >= 0).any())
    shown = tuple(int(item) for item in part["shown_item"].values)
    activity = part["activity"].transpose("time", "trial", "unit").values
    fold = np.unique(part["fold"].values, return_inverse=True)[1] if "fold" in part else None
    problem = Problem(activity, labels, int(used.size), with_trials, fold)
    return _unusable(problem, config) or Job(
        task=name,
        feature=feature,
        asked=None if task.asked is None else task.asked == feature,
        values=tuple(str(names[value]) for value in used),
        problem=problem,
        design=Design(with_trials, shown, task.n_back),
        shares_activity=shares,
    )


def _unusable(problem: Problem, config: AnalysisConfig) -> str | None:
    """Why a feature cannot be decoded, or None."""
    if problem.n_values < 2:
        return f"it takes {problem.n_values} value(s); decoding needs at least 2."
    if problem.fold is not None and problem.fold.max() < 1:
        return "its trials are all of one fold (label 'fold'); at least 2 are needed."
    if problem.fold is None and problem.n_trials < config.folds:
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
