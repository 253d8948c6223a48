"""Several recordings pooled into pseudo-populations, one for each task and feature."""

from __future__ import annotations

from itertools import count

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.design import Design
from wmsim.pipeline.jobs import Job, Prepared, Task, find_jobs, find_tasks
from wmsim.pipeline.population import Population
from wmsim.recordings import feature_names, join, states
from wmsim.recordings.populations import make_pool

# A stream of random numbers of its own, for the folds of real trials.
POOL = 5


def prepare_pooled(
    recordings: list[xr.Dataset], config: AnalysisConfig, notes: list[str]
) -> Prepared:
    """List what is to be analysed in sessions that were not recorded together.

    Parameters
    ----------
    recordings : list of xarray.Dataset
        Aligned with the same steps, transformed.
    config : AnalysisConfig
        How.
    notes : list of str
        What a reader has to know so far.

    Returns
    -------
    Prepared
        Its recording is all of them joined, as they are: NaN where a unit was not recorded.

    Raises
    ------
    WmsimError
        If one is a pseudo-population already, or they cannot be joined.
    """
    for recording in recordings:
        if "fold" in recording:
            raise WmsimError(
                "A recording with the label 'fold' has folds (and perhaps pseudo-trials) of its "
                "own and cannot be pooled. Give the sessions that it was made of."
            )
    every = [feature_names(recording) for recording in recordings]
    shared = [name for name in every[0] if all(name in own for own in every)]
    other = sorted({name for own in every for name in own} - set(shared))
    if other:
        notes.append(f"Not in all recordings, and left out: {', '.join(other)}.")
    recordings = [
        one.drop_vars([name for name in own if name in other])
        for one, own in zip(recordings, every, strict=True)
    ]
    joined = recordings[0] if len(recordings) == 1 else join(recordings)
    number = count()

    def make(name: str, task: Task, feature: str) -> Job | str:
        return _job(recordings, config, notes, next(number), name, task, feature)

    jobs = tuple(find_jobs(find_tasks(recordings), shared, config, notes, make))
    if jobs:
        notes.append(
            "Of sessions pooled into a pseudo-population, only the item that a pseudo-trial is "
            "matched on has a label, for the sessions saw different other items."
        )
    if any(job.never_repeats for job in jobs):
        notes.append(
            "Items of a trial never repeat in the sessions. Transfer between items falls below "
            "chance because there is information; the trained item's own value cannot be left out "
            "of the choice here, because it is another one in each session. A decoder of one item "
            "can be right a little more often than chance by reading another one that is shown, "
            "which this one is not (1/(k - 1) against 1/k); permuted labels do not know of that."
        )
    return Prepared(joined, jobs, tuple(notes))


def _job(
    recordings: list[xr.Dataset], config: AnalysisConfig, notes: list[str], number: int, name: str,
    task: Task, feature: str,
) -> Job | str:  # fmt: skip
    parts = [recordings[n].isel(trial=rows) for n, rows in task.rows.items()]
    rng = np.random.default_rng([config.seed, number, POOL])
    try:
        pool = make_pool(parts, feature, n_folds=config.folds, pair=config.pair, rng=rng)
    except WmsimError as error:
        return str(error)
    n_each = pool.most() if config.pseudo_trials is None else config.pseudo_trials
    first = parts[0]
    known = tuple((s, t) for s, t in states(first) if s < pool.n_items)
    population = Population(pool, n_each, known)
    notes.append(_told(population, name, feature))
    return Job(
        task=name,
        feature=feature,
        asked=None if task.asked is None else task.asked == feature,
        values=pool.values,
        problem=population,
        design=Design(known, tuple(int(i) for i in first["shown_item"].values), task.n_back),
    )


def _told(population: Population, task: str, feature: str) -> str:
    pool, account = population.pool, population.account()
    text = (
        f"'{feature}' in task '{task}': pseudo-population of {len(pool.labels)} sessions, "
        f"{pool.n_units} units, {pool.n_real} real trials; {len(pool.values)} values, paired by "
        f"{account['pairing']} (arbitrary where sessions had items of their own); "
        f"{pool.n_folds} folds of real trials, {population.n_each} pseudo-trials of each value in "
        f"each fold, for each item."
    )
    for one in account["fell_out"]:
        text += f" Fell out: {one['units']} units of {one['session']} ({one['reason']})."
    return text
