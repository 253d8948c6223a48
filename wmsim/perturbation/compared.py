"""Which item a task compares with which probe, and at what steps."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from wmsim.errors import ConfigError
from wmsim.tasks import FEATURES, DMSTask, NBackTask, RetroCueTask, SternbergTask, Task, Trials

TABLE = (*FEATURES, "task", "view", "image", "target", "shown", "phase", "cue")


class Compared(NamedTuple):
    """Trials in which an item counts.

    Attributes
    ----------
    trials : Trials
        Those in which the item is compared with the probe.
    item, probe : int
        Columns of the labels.
    step, probe_step : int
        Steps at which they are shown.
    """

    trials: Trials
    item: int
    probe: int
    step: int
    probe_step: int


def compared(task: Task, trials: Trials, item: int) -> Compared:
    """Find out what an item is compared with.

    In an n-back task it is the item n later, in the others the probe. With a retro-cue, only
    trials count in which the item is cued; in Sternberg's task, match trials in which the probe
    matches another item do not.

    Parameters
    ----------
    task : Task
        Task of the trials.
    trials : Trials
        Trials of this task alone.
    item : int
        Item, from 0.

    Raises
    ------
    ConfigError
        If the task never compares this item.

    Examples
    --------
    >>> from wmsim.tasks import ItemSpace, generate_trials, parse_task
    >>> space = ItemSpace.of_counts(n_categories=4, identities=2, views=5)
    >>> task = parse_task("2-back-location")
    >>> trials = generate_trials([task], 8, space, rng=np.random.default_rng(0))
    >>> compared(task, trials, 1)[1:]
    (1, 3, 1, 3)
    """
    n_columns = trials.location.shape[1]
    if isinstance(task, NBackTask):
        n_compared, probe = n_columns - task.n, item + task.n
    else:
        n_compared, probe = _n_compared(task), n_columns - 1
    if item >= n_compared:
        raise ConfigError(
            f"Item {item} (from 0) is never compared with another in {task.name}; take one from 0 "
            f"to {n_compared - 1}."
        )
    keep = np.ones(len(trials.target), dtype=bool)
    if isinstance(task, RetroCueTask):
        keep = trials.cue == item
    elif isinstance(task, SternbergTask):
        values = getattr(trials, task.feature)
        elsewhere = (values[:, :probe] == values[:, probe:]).any(axis=1)
        keep = (values[:, item] == values[:, probe]) | ~elsewhere
    rows = {name: getattr(trials, name)[keep] for name in TABLE}
    step, probe_step = (int(np.argmax(trials.shown[0] == column)) for column in (item, probe))
    return Compared(replace(trials, **rows), item, probe, step, probe_step)


def _n_compared(task: Task) -> int:
    """How many items the probe may be compared with."""
    if isinstance(task, RetroCueTask | SternbergTask):
        return task.load
    if isinstance(task, DMSTask):
        return 1
    raise ConfigError(
        f"It is not known which item {task.name} compares with which; the causal test is for "
        f"n-back, delayed match-to-sample, Sternberg and retro-cue tasks."
    )
