"""Decoders of one feature in every task: kept, labelled, and tested in all tasks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from wmsim.decoding import Problem
from wmsim.decoding.cross import Fitting
from wmsim.decoding.scaling import Scaling
from wmsim.decoding.tasks import TaskDecoders, decode_task, fold_scalings
from wmsim.errors import WmsimError
from wmsim.files import atomic_path, content_key
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.decoders import TaskSet, decoders_dataset, rows_of
from wmsim.pipeline.jobs import Job, Prepared
from wmsim.pipeline.population import Population
from wmsim.pipeline.prepare import prepare
from wmsim.pipeline.statistics import FOLDS
from wmsim.pipeline.workers import spread
from wmsim.progress import progress

# Settings that decoders depend on.
OF_DECODERS = ("folds", "penalties", "balanced", "estimator", "seed")


@dataclass(frozen=True)
class Work:
    """What all pieces of the work share.

    Attributes
    ----------
    problems : tuple of Problem
        One a task.
    folds : tuple of ndarray of int, shape (trial,)
        Fold of each trial of each task.
    scalings : tuple of list of Scaling
        Of each task and fold.
    probe : (int, int)
        State whose decisions are kept.
    config : AnalysisConfig
        How.
    """

    problems: tuple[Problem, ...]
    folds: tuple[np.ndarray, ...]
    scalings: tuple[list[Scaling], ...]
    probe: tuple[int, int]
    config: AnalysisConfig


def decode(
    recording: xr.Dataset,
    feature: str,
    *,
    tasks: Sequence[str] | None = None,
    config: AnalysisConfig | None = None,
    out: str | os.PathLike[str] | None = None,
    work: str | os.PathLike[str] | None = None,
    n_jobs: int | None = None,
    label: str = "decoders",
) -> xr.Dataset:
    """Fit the decoders of a feature in all states of all tasks, and test each in all of them.

    Every trial is in one fold. Decoders are tested on trials that they were not fitted to; those
    of other tasks too are tested only in the fold of the same number, so that each trial has one
    decision of each decoder. Units are z-scored at each step with training trials, in another task
    in two ways: with those of the task that is tested (``accuracy``: is it the same code?), and
    with those of the task that the decoder was fitted in (``accuracy_trained_scaling``: would the
    very same read-out do?). Tasks keep the trials that they have.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording whose units were recorded together, or a pseudo-population.
    feature : str
        What is decoded.
    tasks : sequence of str, optional
        Limit the analysis to these, by default all; a single one is fine.
    config : AnalysisConfig, optional
        How; its features and tasks are not looked at.
    out : path-like, optional
        File (netCDF) to write.
    work : path-like, optional
        Folder in which finished tasks are kept, so that a run that was stopped goes on.
    n_jobs : int, optional
        Processes; by default one a core. Results do not depend on it.
    label : str
        What the progress bar says.

    Returns
    -------
    xarray.Dataset
        ``accuracy`` (train_task, train_state, test_task, test_state, metric), the decoders
        themselves (``normal``, ``offset``, ``penalty``), the ``mean`` and ``spread`` that scale
        activity for them, and ``trial_fold``; see
        :func:`wmsim.pipeline.decoders.decoders_dataset`.

    Raises
    ------
    WmsimError
        If the recording is not valid, there is no such feature or task, or it cannot be decoded.

    Examples
    --------
    >>> from wmsim.hypotheses import plant
    >>> recording = plant(
    ...     n_trials=60, n_units=20, n_items=2, n_values=3, maintenance=1, signal=5.0, seed=1
    ... )
    >>> found = decode(recording, "image", config=AnalysisConfig(folds=3, bootstrap=20), n_jobs=1)
    >>> found["normal"].dims
    ('task', 'fold', 'state', 'value', 'unit')
    """
    config = (config or AnalysisConfig()).changed(
        features=(feature,), tasks=None if tasks is None else tuple(tasks)
    )
    prepared = prepare(recording, config)
    notes = list(prepared.notes)
    jobs = _same_values(prepared.jobs, notes)
    folds = _folds(prepared, jobs, config)
    problems = tuple(_problem(job) for job in jobs)
    scalings = tuple(fold_scalings(*one) for one in zip(problems, folds, strict=True))
    shared = Work(problems, folds, scalings, _probe(problems), config)
    _tell_trials(jobs, notes)
    found = _decoded(shared, None if work is None else Path(work), n_jobs, label)
    done = TaskSet(prepared.recording, jobs, folds, scalings, shared.probe, tuple(notes))
    dataset = decoders_dataset(done, found, config)
    if out is not None:
        save_decoders(dataset, out)
    return dataset


def save_decoders(dataset: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write decoders as compressed netCDF, whole or not at all."""
    packed = {
        str(name): {"zlib": True, "complevel": 1}
        for name, one in dataset.data_vars.items()
        if one.dtype.kind == "f" and one.ndim
    }
    with atomic_path(path) as temporary:
        dataset.to_netcdf(temporary, engine="netcdf4", encoding=packed)


def _problem(job: Job) -> Problem:
    if isinstance(job.problem, Population):
        raise WmsimError(
            "Decoders of several tasks need one table of units; these sessions' units were not "
            "recorded together. Make a pseudo-population first "
            "(wmsim.recordings.pseudo_population), and decode that."
        )
    return job.problem


def _same_values(jobs: tuple[Job, ...], notes: list[str]) -> tuple[Job, ...]:
    """Jobs in which labels are numbers of the values that all tasks have; others are no label."""
    common = [value for value in jobs[0].values if all(value in job.values for job in jobs)]
    missing = {value for job in jobs for value in job.values} - set(common)
    if not missing:
        return jobs
    if len(common) < 2:
        own = "; ".join(f"{job.task}: {', '.join(job.values)}" for job in jobs)
        raise WmsimError(
            f"Tasks have {len(common)} value(s) of '{jobs[0].feature}' in common, at least 2 are "
            f"needed ({own}). Name the tasks that share values (--task)."
        )
    notes.append(
        f"Left out, because not all tasks have enough trials of them: {', '.join(sorted(missing))} "
        f"of '{jobs[0].feature}'."
    )
    changed = []
    for job in jobs:
        problem = _problem(job)
        code = np.array([common.index(v) if v in common else -1 for v in job.values])
        labels = np.where(problem.labels >= 0, code[problem.labels], -1)
        problem = replace(problem, labels=labels, n_values=len(common))
        changed.append(replace(job, values=tuple(common), problem=problem))
    return tuple(changed)


def _folds(
    prepared: Prepared, jobs: tuple[Job, ...], config: AnalysisConfig
) -> tuple[np.ndarray, ...]:
    """Fold of each trial of each task; of folds that the recording names, all tasks have all."""
    if "fold" not in prepared.recording:
        return tuple(
            _problem(job).folds(config.folds, rng=_rng(config, key))
            for key, job in enumerate(jobs)
        )  # fmt: skip
    named = prepared.recording["fold"].values
    of_task = [named[rows_of(prepared.recording, job.task)] for job in jobs]
    known = np.unique(np.concatenate(of_task))
    for job, own in zip(jobs, of_task, strict=True):
        lacking = np.setdiff1d(known, own)
        if lacking.size:
            raise WmsimError(
                f"Task '{job.task}' has no trials in fold {lacking[0]} (label 'fold'), other tasks "
                f"have; trials are tested in the same fold of all tasks. Leave out the task "
                f"(--task names those to keep), or the trials of that fold."
            )
    return tuple(np.searchsorted(known, own) for own in of_task)


def _rng(config: AnalysisConfig, key: int) -> np.random.Generator:
    """The stream of folds that an analysis of this feature alone has."""
    return np.random.default_rng([config.seed, key, FOLDS])


def _probe(problems: Sequence[Problem]) -> tuple[int, int]:
    """The first state that all tasks have: E(1,1), where an item is shown at the first step."""
    common = set(problems[0].states).intersection(*(one.states for one in problems))
    if not common:
        raise WmsimError("Tasks have no item and step in common; decode them one by one (--task).")
    return min(common, key=lambda state: (state[1], state[0]))


def _tell_trials(jobs: Sequence[Job], notes: list[str]) -> None:
    sizes = [job.problem.n_trials for job in jobs]
    if min(sizes) < max(sizes):
        notes.append(
            f"Tasks have {min(sizes)} to {max(sizes)} trials. Decoders of more trials are better "
            f"ones: before comparing tasks as sources of transfer, give them equally many "
            f"(wmsim.recordings.subset)."
        )


def _decoded(
    shared: Work, folder: Path | None, n_jobs: int | None, label: str
) -> list[TaskDecoders]:
    """Decoders of each task, read where they are finished, else fitted."""
    import joblib

    files = _files(shared, folder)
    found: dict[int, TaskDecoders] = {}
    with progress(label, len(files)) as step:
        for own, file in enumerate(files):
            done = _read(file, len(files))
            if done is not None:
                found[own] = done
                step()
        todo = [own for own in range(len(files)) if own not in found]
        processes, threads = spread(n_jobs, len(todo))
        with joblib.parallel_config(backend="loky", inner_max_num_threads=threads):
            parallel = joblib.Parallel(n_jobs=processes, return_as="generator_unordered")
            calls = (joblib.delayed(_work)(shared, own, threads) for own in todo)
            for own, one in parallel(calls) if todo else ():
                _write(files[own], one)
                found[own] = one
                step()
    return [found[own] for own in range(len(files))]


def _files(shared: Work, folder: Path | None) -> list[Path | None]:
    if folder is None:
        return [None] * len(shared.problems)
    settings = shared.config.model_dump(mode="json", include=set(OF_DECODERS))
    arrays = [
        array.tobytes()
        for problem, fold in zip(shared.problems, shared.folds, strict=True)
        for array in (problem.activity, problem.labels, np.array(problem.states), fold)
    ]
    key = content_key("decoders", settings, list(shared.probe), *arrays)
    return [folder / f"{key}-task{own}.npz" for own in range(len(shared.problems))]


def _work(shared: Work, own: int, threads: int) -> tuple[int, TaskDecoders]:
    from threadpoolctl import threadpool_limits

    config = shared.config
    how = Fitting.of(config.estimator, config.penalties, config.balanced)
    rng = _rng(config, own)
    # Drawn again, so that what follows is what an analysis of this task alone would draw.
    shared.problems[own].folds(config.folds, rng=rng)
    with threadpool_limits(threads):
        return own, decode_task(
            shared.problems, shared.folds, own, how, probe=shared.probe,
            scalings=shared.scalings, rng=rng,
        )  # fmt: skip


def _write(file: Path | None, found: TaskDecoders) -> None:
    if file is None:
        return
    arrays = dict(_named(found))
    with atomic_path(file) as temporary, open(temporary, "wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)


def _named(found: TaskDecoders) -> Iterator[tuple[str, np.ndarray]]:
    yield "penalty", found.penalty
    if found.normals is not None and found.offsets is not None:
        yield "normals", found.normals
        yield "offsets", found.offsets
    for number, (tensor, probe) in enumerate(zip(found.tensors, found.probes, strict=True)):
        yield f"tensor{number}", tensor
        yield f"probe{number}", probe


def _read(file: Path | None, n_tasks: int) -> TaskDecoders | None:
    """A finished task, or None if it is not, or was cut off."""
    if file is None or not file.is_file():
        return None
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return TaskDecoders(
                tuple(arrays[f"tensor{number}"] for number in range(n_tasks)),
                tuple(arrays[f"probe{number}"] for number in range(n_tasks)),
                arrays.get("normals"),
                arrays.get("offsets"),
                arrays["penalty"],
            )
    except Exception:
        return None
