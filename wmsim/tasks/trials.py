"""Vectorised generation of N-back trials: seeded, balanced, with every item's labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wmsim.errors import ConfigError
from wmsim.tasks.balance import balanced_within
from wmsim.tasks.items import ItemSpace
from wmsim.tasks.nback import MATCH, NO_ACTION, NON_MATCH, NBackTask

LABELS = ("location", "identity", "category", "view", "image")


@dataclass(frozen=True)
class Trials:
    """A table of N-back trials.

    Attributes
    ----------
    tasks : tuple of NBackTask
        Tasks that occur.
    task : ndarray of int64, shape (trial,)
        Index into `tasks`.
    location, identity, category, view, image : ndarray of int64, shape (trial, item)
        Labels of each item.
    target : ndarray of int64, shape (trial, item)
        0 no action, 1 non-match, 2 match.
    """

    tasks: tuple[NBackTask, ...]
    task: np.ndarray
    location: np.ndarray
    identity: np.ndarray
    category: np.ndarray
    view: np.ndarray
    image: np.ndarray
    target: np.ndarray

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return self.target.shape[0]

    @property
    def n_items(self) -> int:
        """Number of items in each trial."""
        return self.target.shape[1]

    @property
    def n_back(self) -> np.ndarray:
        """n of each trial's task, shape (trial,)."""
        return np.array([task.n for task in self.tasks])[self.task]


def generate_trials(
    tasks: Sequence[NBackTask],
    n_trials: int,
    space: ItemSpace,
    *,
    items: int = 6,
    rng: np.random.Generator,
) -> Trials:
    """Generate trials of one or several tasks, mixed in random order.

    Tasks come equally often. In each task, at each step that calls for an answer, match and
    non-match come equally often for each value of the remembered item, and the non-matching
    values equally often; the first n items, the features that the task does not ask for, and the
    views come equally often too (all within one trial, where numbers do not divide).

    Parameters
    ----------
    tasks : sequence of NBackTask
        Which tasks to mix.
    n_trials : int
        Number of trials in total.
    space : ItemSpace
        What can be shown.
    items : int, default 6
        Items in a trial.
    rng : numpy.random.Generator
        Source of randomness; the same state gives the same trials.

    Returns
    -------
    Trials

    Raises
    ------
    ConfigError
        If a trial is too short for a task, or a feature has fewer than two values.

    Examples
    --------
    >>> from wmsim.tasks import ItemSpace, generate_trials, nback_tasks
    >>> space = ItemSpace.of_counts(n_categories=4, identities=2, views=5)
    >>> trials = generate_trials(nback_tasks(), 900, space, rng=np.random.default_rng(1))
    >>> trials.target.shape
    (900, 6)
    >>> np.bincount(trials.task)
    array([100, 100, 100, 100, 100, 100, 100, 100, 100])
    """
    tasks = tuple(tasks)
    _check(tasks, n_trials, space, items)
    task = balanced_within(np.zeros(n_trials, dtype=np.int64), len(tasks), rng=rng)
    columns = {name: np.empty((n_trials, items), dtype=np.int64) for name in (*LABELS, "target")}
    for index, one in enumerate(tasks):
        rows = np.flatnonzero(task == index)
        for name, values in _one_task(one, rows.size, space, items, rng).items():
            columns[name][rows] = values
    return Trials(tasks=tasks, task=task, **columns)


def _check(tasks: tuple[NBackTask, ...], n_trials: int, space: ItemSpace, items: int) -> None:
    if not tasks:
        raise ConfigError("No task was given; name at least one, such as '1-back-location'.")
    if n_trials < 1:
        raise ConfigError(f"n_trials is {n_trials}; at least 1 trial is needed.")
    for task in tasks:
        if items <= task.n:
            raise ConfigError(
                f"{task.name} with {items} items a trial never calls for an answer; "
                f"use at least {task.n + 1} items."
            )
        if space.n_values(task.feature) < 2:
            raise ConfigError(
                f"{task.name} needs at least 2 values of '{task.feature}', the stimuli have "
                f"{space.n_values(task.feature)}; add some or drop the task."
            )


def _one_task(
    task: NBackTask, n_trials: int, space: ItemSpace, items: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Labels of all items of `n_trials` trials of one task; each value (trial, item)."""
    if n_trials == 0:
        return {name: np.empty((0, items), dtype=np.int64) for name in (*LABELS, "target")}
    asked, target = _sequences(space.n_values(task.feature), n_trials, items, task.n, rng)
    location = asked if task.feature == "location" else None
    if location is None:
        location = _columns(np.zeros_like(asked), space.n_locations, rng)
    row = _identity_rows(task.feature, asked, space, rng)
    view = _columns(row, space.images.shape[1], rng)
    return {
        "location": location,
        "identity": space.identities[row],
        "category": space.category[row],
        "view": space.views[row, view],
        "image": space.images[row, view],
        "target": target,
    }


def _sequences(
    n_values: int, n_trials: int, items: int, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Values of the asked feature and what they call for, both (trial, item)."""
    values = np.empty((n_trials, items), dtype=np.int64)
    target = np.full((n_trials, items), NO_ACTION, dtype=np.int64)
    for step in range(items):
        if step < n:
            values[:, step] = balanced_within(np.zeros(n_trials, dtype=np.int64), n_values, rng=rng)
            continue
        # Even options are matches, odd ones the different non-matches; interleaved, so that an
        # odd remainder of a group is itself balanced between match and non-match.
        option = balanced_within(values[:, step - n], 2 * (n_values - 1), rng=rng)
        offset = np.where(option % 2 == 0, 0, option // 2 + 1)
        values[:, step] = (values[:, step - n] + offset) % n_values
        target[:, step] = np.where(offset == 0, MATCH, NON_MATCH)
    return values, target


def _identity_rows(
    feature: str, asked: np.ndarray, space: ItemSpace, rng: np.random.Generator
) -> np.ndarray:
    """Row of `space.identities` of each item, given the asked feature's values."""
    if feature == "identity":
        return asked
    if feature == "location":
        return _columns(np.zeros_like(asked), space.identities.size, rng)
    rows = np.empty_like(asked)
    for value, category in enumerate(np.unique(space.category)):
        members = np.flatnonzero(space.category == category)
        here = asked == value
        step = np.broadcast_to(np.arange(asked.shape[1]), asked.shape)[here]
        rows[here] = members[balanced_within(step, members.size, rng=rng)]
    return rows


def _columns(groups: np.ndarray, n_options: int, rng: np.random.Generator) -> np.ndarray:
    """Balanced options within (group, item), shape (trial, item)."""
    n_items = groups.shape[1]
    combined = groups * n_items + np.arange(n_items)
    return balanced_within(combined.ravel(), n_options, rng=rng).reshape(groups.shape)
