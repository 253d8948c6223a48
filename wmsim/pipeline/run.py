"""Run the pipeline on a recording: in parallel, resumable, the same for networks and brains."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.decoding.estimators import make_estimator
from wmsim.files import atomic_path, content_key
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.jobs import Job, Prepared
from wmsim.pipeline.population import Population
from wmsim.pipeline.prepare import prepare
from wmsim.pipeline.results import summarise_features, tensor_dataset
from wmsim.pipeline.statistics import Statistics, all_permuted, observed, with_folds
from wmsim.pipeline.stopping import Nulls, averaged, describe_end
from wmsim.pipeline.workers import spread
from wmsim.progress import progress

# Permutations computed between two looks at the disk.
CHUNK = 5
# The same of ridge decoders, whose permutations share their factorisations.
LARGE_CHUNK = 50


@dataclass(frozen=True)
class Analysis:
    """What the pipeline gives for one recording.

    Attributes
    ----------
    summary : dict
        Numbers, JSON-like: ``features`` by feature, ``tasks`` by task and feature, ``notes``.
    tensor : xarray.Dataset
        The generalisation tensors; see :func:`wmsim.pipeline.results.tensor_dataset`.
    recording : xarray.Dataset
        The recording as it was analysed: aligned, transformed; of several, all of them joined.
    """

    summary: dict[str, Any]
    tensor: xr.Dataset
    recording: xr.Dataset


@dataclass(frozen=True)
class Piece:
    """A part of the work that is done in one go: the data, or a few permutations."""

    job: int
    permutations: tuple[int, ...] | None
    file: Path | None


def analyze(
    recordings: xr.Dataset | Iterable[xr.Dataset],
    config: AnalysisConfig | None = None,
    *,
    work: Path | None = None,
    n_jobs: int | None = None,
    label: str = "analysis",
) -> Analysis:
    """Run the pipeline on one recording, or on several as one pseudo-population.

    Parameters
    ----------
    recordings : xarray.Dataset or iterable of xarray.Dataset
        A recording of a network or of a brain; continuous ones are aligned first. Several, or one
        from :func:`wmsim.recordings.join`, are pooled: trials are resampled by condition within
        folds, for each feature; for chance, labels of real trials are permuted within each
        session, and trials resampled and decoders fitted anew. A recording with the label ``fold``
        keeps its folds.
    config : AnalysisConfig, optional
        How.
    work : path, optional
        Folder in which finished pieces are kept, so that a run that was stopped goes on.
    n_jobs : int, optional
        Processes; by default one a core. Results do not depend on it.
    label : str
        What the progress bar says.

    Returns
    -------
    Analysis

    Raises
    ------
    WmsimError
        If the recording is not valid or cannot be analysed; the message says why.

    Examples
    --------
    >>> from wmsim.hypotheses import plant
    >>> recording = plant(
    ...     n_trials=60, n_units=20, n_items=2, n_values=3, maintenance=1, signal=5.0, seed=1
    ... )
    >>> config = AnalysisConfig(folds=3, permutations=2, bootstrap=20)
    >>> result = analyze(recording, config, n_jobs=1)
    >>> sorted(result.summary["features"])
    ['image']
    """
    config = config or AnalysisConfig()
    prepared = prepare(recordings, config)
    pieces = list(_pieces(prepared.jobs, config, work))
    nulls = Nulls(
        prepared.jobs, [_planned(job, config) for job in prepared.jobs], config.stop_after
    )
    for piece, results in _run(prepared.jobs, pieces, config, n_jobs, label, nulls):
        nulls.add(piece.job, piece.permutations, results)
    return Analysis(
        _summary(prepared, nulls, config),
        tensor_dataset(nulls.results(), forming=config.cluster_forming),
        prepared.recording,
    )


def _planned(job: Job, config: AnalysisConfig) -> int:
    return 0 if job.shares_activity else config.permutations_of(job.asked)


def _pieces(jobs: tuple[Job, ...], config: AnalysisConfig, work: Path | None) -> Iterator[Piece]:
    """All pieces of work; jobs take turns, so that permutations that end early end at once."""
    # Where the null ends, and what is made of it, changes no permutation.
    settings = config.model_dump(mode="json", exclude={"stop_after", "cluster_forming"})
    keys = [content_key(number, *job.key_parts(), settings) for number, job in enumerate(jobs)]
    for number, key in enumerate(keys):
        yield Piece(number, None, work and work / f"{key}-data.npz")
    planned = [_planned(job, config) for job in jobs]
    size = LARGE_CHUNK if config.estimator == "ridge" else CHUNK
    for start in range(0, max(planned, default=0), size):
        for number, key in enumerate(keys):
            if start < planned[number]:
                chunk = tuple(range(start, min(start + size, planned[number])))
                yield Piece(number, chunk, work and work / f"{key}-null{start}.npz")


def _run(
    jobs: tuple[Job, ...], pieces: list[Piece], config: AnalysisConfig, n_jobs: int | None,
    label: str, nulls: Nulls,
) -> Iterator[tuple[Piece, list[Statistics]]]:  # fmt: skip
    """Results of each piece that is wanted when its turn comes."""
    import joblib

    todo, n_done = [], 0
    with progress(label, len(pieces)) as step:
        for piece in pieces:
            done = _read(piece.file) if nulls.wants(piece.job, piece.permutations) else None
            if done is None:
                todo.append(piece)
            else:
                step()
                n_done += 1
                yield piece, done
        processes, threads = spread(n_jobs, len(todo))
        with joblib.parallel_config(backend="loky", inner_max_num_threads=threads):
            parallel = joblib.Parallel(n_jobs=processes, return_as="generator_unordered")
            calls = (
                joblib.delayed(_work)(index, jobs[p.job], p, config)
                for index, p in enumerate(todo)
                if nulls.wants(p.job, p.permutations)
            )
            for index, results in parallel(calls):
                _write(todo[index].file, results)
                step()
                n_done += 1
                yield todo[index], results
        if n_done < len(pieces):
            step(len(pieces) - n_done, note="ended early")


def _work(
    index: int, job: Job, piece: Piece, config: AnalysisConfig
) -> tuple[int, list[Statistics]]:
    from threadpoolctl import threadpool_limits

    if job.shares_activity:
        config = config.changed(bootstrap=0)
    with threadpool_limits(1):
        if piece.permutations is None:
            return index, [observed(job.problem, job.design, config, piece.job)]
        return index, all_permuted(job.problem, job.design, config, piece.job, piece.permutations)


def _write(file: Path | None, results: list[Statistics]) -> None:
    if file is None:
        return
    arrays: dict[str, np.ndarray] = {}
    for number, one in enumerate(results):
        for group in ("values", "left_out"):
            for name, array in getattr(one, group).items():
                arrays[f"{number}|{group}|{name}"] = array
        arrays[f"{number}|by_item|"] = one.by_item
        arrays[f"{number}|tensor|"] = one.tensor
        arrays[f"{number}|facts|"] = np.array(json.dumps(one.facts))
    with atomic_path(file) as temporary, open(temporary, "wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)


def _read(file: Path | None) -> list[Statistics] | None:
    """Finished results, or None if there are none or they were cut off."""
    if file is None or not file.is_file():
        return None
    results: dict[int, Statistics] = {}
    try:
        with np.load(file, allow_pickle=False) as arrays:
            for key in arrays.files:
                number, group, name = key.split("|")
                one = results.setdefault(int(number), Statistics())
                if group in ("values", "left_out"):
                    getattr(one, group)[name] = arrays[key]
                elif group == "facts":
                    one.facts = json.loads(str(arrays[key]))
                else:
                    setattr(one, group, arrays[key])
    except Exception:
        return None
    return [results[number] for number in sorted(results)] or None


def _summary(prepared: Prepared, nulls: Nulls, config: AnalysisConfig) -> dict[str, Any]:
    results = nulls.results()
    tasks: dict[str, dict[str, Any]] = {}
    for number, one in enumerate(results):
        numbers = summarise_features([one], config.stop_after)
        numbers["permutations_ended"] = describe_end(nulls, [number])
        rotations = numbers.get("procrustes", {})
        # A 1-back task has no other time at which the item is of use. Its only swap across time is
        # marked, and does not enter the feature's mean over tasks.
        if "swap_time" not in rotations and "swap_time_out_of_use" in rotations:
            rotations["swap_time"] = {**rotations["swap_time_out_of_use"], "in_use": False}
        tasks.setdefault(one.job.task, {})[one.job.feature] = numbers
    features = {}
    for feature in dict.fromkeys(one.job.feature for one in results):
        group = averaged(nulls.jobs, feature)
        numbers = summarise_features([results[n] for n in group], config.stop_after)
        numbers["permutations_ended"] = describe_end(nulls, group)
        features[feature] = numbers
    recording = prepared.recording
    interval, chance = _explained(prepared.jobs, config)
    return {
        "source": str(recording.attrs.get("source", "unknown")),
        "n_units": _n_units(prepared),
        "n_trials": int(recording.sizes["trial"]),
        "n_items": int(recording.sizes["item"]),
        "steps": [str(name) for name in recording["step_name"].values],
        "interval": interval,
        "chance": chance,
        "notes": [*prepared.notes, *_of_estimator(config)],
        "config": config.told(),
        "features": features,
        "tasks": tasks,
    }


def _n_units(prepared: Prepared) -> int:
    """Units that were analysed; where pooled populations differ, those of the largest."""
    pooled = [job.problem.pool.n_units for job in prepared.jobs
              if isinstance(job.problem, Population)]  # fmt: skip
    return max(pooled) if pooled else int(prepared.recording.sizes["unit"])


def _of_estimator(config: AnalysisConfig) -> list[str]:
    """What cannot be said of decoders that are no hyperplanes."""
    if make_estimator(config.estimator).linear:
        return []
    return [
        f"Decoders of {config.told()['estimator']} are no hyperplanes: they have no normals, and "
        "rotations are left out."
    ]


def _explained(jobs: tuple[Job, ...], config: AnalysisConfig) -> tuple[str, str]:
    """What intervals and chance levels are."""
    if any(job.shares_activity for job in jobs):
        return ("none: trials of a pseudo-population share activity",) * 2
    if any(isinstance(job.problem, Population) for job in jobs):
        return (
            "95 %, decoders as they are; real trials resampled within session, fold and value "
            "(n - 1 of n, Rao & Wu 1988), each item on its own, and held-out pseudo-trials put "
            "together anew; not over subjects",
            "mean over permutations of whole trials' labels within each session, pseudo-trials "
            "drawn and all decoders fitted anew",
        )
    fixed = (_has_folds(job, config, key) for key, job in enumerate(jobs))
    where = " within folds" if any(fixed) else ""
    return (
        "95 %, resampling trials of this one recording; not over subjects",
        f"mean over permutations of whole trials' labels{where}, all decoders fitted anew",
    )


def _has_folds(job: Job, config: AnalysisConfig, key: int) -> bool:
    if isinstance(job.problem, Population):
        return False
    return with_folds(job.problem, config, key).fold is not None
