"""What is to be analysed: one job for each task and feature of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from wmsim.decoding import Problem, never_repeats
from wmsim.errors import WmsimError, choose
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.design import Design
from wmsim.pipeline.population import Population

NO_TASK = "all"


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
    problem : Problem or Population
        Arrays.
    design : Design
        States.
    shares_activity : bool
        Whether trials share activity, as those of a pseudo-population do whose real trials are not
        at hand: there is neither permuting nor resampling them.
    """

    task: str
    feature: str
    asked: bool | None
    values: tuple[str, ...]
    problem: Problem | Population
    design: Design
    shares_activity: bool = False

    @property
    def never_repeats(self) -> bool:
        """Whether items of a trial always differ, in every session."""
        if isinstance(self.problem, Population):
            return all(never_repeats(labels) for labels in self.problem.pool.labels)
        return never_repeats(self.problem.labels)

    def key_parts(self) -> tuple[Any, ...]:
        """Everything that a result depends on, but for the settings."""
        problem = self.problem
        if isinstance(problem, Population):
            arrays = problem.arrays()
        else:
            fold = () if problem.fold is None else (problem.fold,)
            arrays = (problem.activity, problem.labels, *fold)
        about = [self.task, self.feature, self.shares_activity, asdict(self.design)]
        return (*about, *(array.tobytes() for array in arrays))


@dataclass(frozen=True)
class Prepared:
    """What was made ready, and what was left out on the way.

    Attributes
    ----------
    recording : xarray.Dataset
        Aligned, transformed, in memory; of several recordings, all of them joined.
    jobs : tuple of Job
        What is to be analysed.
    notes : tuple of str
        What a reader has to know: units dropped, features left out.
    """

    recording: xr.Dataset
    jobs: tuple[Job, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """Trials of a task, and what it asks for.

    Attributes
    ----------
    rows : dict of int to ndarray of int
        Positions of its trials in each recording that has some, by the recording's number.
    asked : str, optional
        The feature that it asks for.
    n_back : int, optional
        n, of an N-back task.
    """

    rows: dict[int, np.ndarray] = field(default_factory=dict)
    asked: str | None = None
    n_back: int | None = None


def find_tasks(recordings: list[xr.Dataset]) -> dict[str, Task]:
    """Tasks of recordings, by name."""
    tasks: dict[str, Task] = {}
    for number, recording in enumerate(recordings):
        everything = np.arange(recording.sizes["trial"])
        names = np.full(everything.size, NO_TASK)
        if "task" in recording:
            names = recording["task"].values.astype(str)
        for name in np.unique(names).tolist():
            rows = everything[names == name]
            if name not in tasks:
                asked = n_back = None
                if "task_feature" in recording and name != NO_TASK:
                    asked = str(recording["task_feature"].values[rows[0]]) or None
                if "n_back" in recording and name != NO_TASK:
                    n_back = int(recording["n_back"].values[rows[0]])
                tasks[name] = Task({}, asked, n_back)
            tasks[name].rows[number] = rows
    return tasks


def find_jobs(
    tasks: dict[str, Task], features: list[str], config: AnalysisConfig, notes: list[str],
    make: Callable[[str, Task, str], Job | str],
) -> Iterator[Job]:  # fmt: skip
    """All jobs that the settings ask for and the trials allow.

    Parameters
    ----------
    tasks : dict of str to Task
        From :func:`find_tasks`.
    features : list of str
        Names of features.
    config : AnalysisConfig
        Limits the analysis to some.
    notes : list of str
        What is left out is added here.
    make : callable
        Makes a job of (name of the task, task, feature), or says why it cannot.

    Raises
    ------
    WmsimError
        If a feature or a task that was asked for does not exist or cannot be decoded.
    """
    for feature in config.features or ():
        choose(feature, features, "feature")
    for name in config.tasks or ():
        choose(name, tasks, "task")
    asked_somewhere = {task.asked for task in tasks.values() if task.asked}
    for name, task in tasks.items():
        if config.tasks and name not in config.tasks:
            continue
        for feature in features:
            if config.features is not None and feature not in config.features:
                continue
            if config.features is None and asked_somewhere and feature not in asked_somewhere:
                continue
            made = make(name, task, feature)
            if isinstance(made, Job):
                yield made
            elif config.features is not None:
                raise WmsimError(f"Feature '{feature}' in task '{name}': {made}")
            else:
                notes.append(f"Feature '{feature}' in task '{name}' left out: {made}")
