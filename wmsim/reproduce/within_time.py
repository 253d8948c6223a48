"""Decoders fitted and tested at each step, of every item that has been shown by then."""

from __future__ import annotations

import numpy as np
import xarray as xr

from wmsim.decoding import METRICS, cross_decode, scores
from wmsim.errors import WmsimError
from wmsim.pipeline import AnalysisConfig, Population, prepare
from wmsim.pipeline.jobs import Job
from wmsim.pipeline.statistics import FOLDS
from wmsim.pipeline.workers import spread
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.study import Study
from wmsim.reproduce.transfer import decodable, nested, ordered_tasks, task_coords
from wmsim.tasks import FEATURES


def within_time(study: Study, kind: Kind) -> xr.Dataset:
    """Within-time decoding of all subjects of a kind; measured once, shared by figures.

    Parameters
    ----------
    study : Study
        Where recordings come from.
    kind : Kind
        Subjects.

    Returns
    -------
    xarray.Dataset
        As :func:`measure_within_time` gives it, with the dimension ``subject``.
    """

    def compute(seed: int) -> xr.Dataset:
        with study.recording(kind, seed) as recording:
            return measure_within_time(recording, study.config.analysis, n_jobs=study.n_jobs)

    return study.measured("within", kind, compute)


def measure_within_time(
    recording: xr.Dataset, config: AnalysisConfig, *, n_jobs: int | None = None
) -> xr.Dataset:
    """Fit decoders of each item's features at each step, and test them at that step.

    Parameters
    ----------
    recording : xarray.Dataset
        Aligned, of N-back tasks.
    config : AnalysisConfig
        How; permutations and resamples of trials are not made.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    xarray.Dataset
        ``accuracy`` (task, feature, item, step, metric) on held-out trials; NaN before an item is
        shown, and for a feature of which a value has fewer than 5 trials at some item. ``nested``
        (task, feature) as in
        :func:`wmsim.reproduce.transfer.measure_transfer`. ``age`` (item, step): steps since the
        item was shown. Items and steps count from 0.
    """
    import joblib

    features = tuple(feature for feature in FEATURES if decodable(recording, feature))
    prepared = prepare(recording, config.changed(features=features))
    tasks = ordered_tasks(prepared.recording)
    n_items, n_steps = prepared.recording.sizes["item"], prepared.recording.sizes["time"]
    shape = (len(tasks), len(FEATURES), n_items, n_steps, len(METRICS))
    accuracy = np.full(shape, np.nan)
    processes, threads = spread(n_jobs, len(prepared.jobs))
    with joblib.parallel_config(backend="loky", inner_max_num_threads=threads):
        parallel = joblib.Parallel(n_jobs=processes)
        calls = (joblib.delayed(_diagonal)(job, config, key, threads)
                 for key, job in enumerate(prepared.jobs))  # fmt: skip
        for job, found in zip(prepared.jobs, parallel(calls), strict=True):
            place = accuracy[list(tasks).index(job.task), FEATURES.index(job.feature)]
            items, steps = zip(*job.design.states, strict=True)
            place[list(items), list(steps)] = found
    shown = prepared.recording["shown_item"].values.tolist()
    age = [[step - shown.index(item) for step in range(n_steps)] for item in range(n_items)]
    return xr.Dataset(
        {
            "accuracy": (("task", "feature", "item", "step", "metric"), accuracy),
            "nested": (("task", "feature"), nested(prepared.recording, tasks)),
        },
        coords={
            "feature": list(FEATURES), "metric": list(METRICS), "item": range(n_items),
            "step": range(n_steps), "age": (("item", "step"), age), **task_coords(tasks),
        },
    )  # fmt: skip


def _diagonal(job: Job, config: AnalysisConfig, key: int, threads: int) -> np.ndarray:
    """Accuracies of each state's decoders in that state, (state, metric)."""
    from threadpoolctl import threadpool_limits

    problem = job.problem
    if isinstance(problem, Population):
        raise WmsimError(
            "Within-time decoding needs one table of units; this recording's units were not "
            "recorded together. Give a recording of one subject."
        )
    rng = np.random.default_rng([config.seed, key, FOLDS])
    with threadpool_limits(threads):
        decoding = cross_decode(
            problem, n_folds=config.folds, estimator=config.estimator,
            penalties=config.penalties, balanced=config.balanced, rng=rng,
        )  # fmt: skip
    weights = np.ones((1, problem.n_trials))
    result = []
    for row, (item, step) in enumerate(problem.states):
        labels = np.where(problem.present((item, step)), problem.labels[item], -1)
        result.append(scores(decoding.decisions[row, step][None], labels, weights)[0, 0])
    return np.stack(result)
