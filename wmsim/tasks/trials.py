"""The table of trials, and its seeded, balanced generation for one or several tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wmsim.errors import ConfigError
from wmsim.tasks.balance import balanced_within
from wmsim.tasks.items import ItemSpace
from wmsim.tasks.labels import LABELS
from wmsim.tasks.task import Task
from wmsim.tasks.timeline import BLANK, PADDING, Timeline

# Target of padding. PyTorch's cross-entropy leaves this value out by itself.
IGNORED = -100


@dataclass(frozen=True)
class Trials:
    """A table of trials, of one task or of several.

    Columns of labels are the items, in order of display, and behind them the probes. A trial
    with fewer items, probes or steps than others has -1 there, and its targets are ignored.

    Attributes
    ----------
    tasks : tuple of Task
        Tasks that occur.
    task : ndarray of int64, shape (trial,)
        Index into `tasks`.
    location, identity, category, view, image : ndarray of int64, shape (trial, item)
        Labels of each item and probe; -1 where a trial has none.
    target : ndarray of int64, shape (trial, step)
        0 no action, 1 non-match, 2 match; -100 (:data:`IGNORED`) beyond the end of a trial.
    shown : ndarray of int64, shape (trial, step)
        Column of what is on display; -1 for a blank frame.
    phase : ndarray of int64, shape (trial, step)
        What the step is for, index into :data:`wmsim.tasks.timeline.PHASES`; -1 beyond the end.
    cue : ndarray of int64, shape (trial,)
        Item that cue steps name, -1 for none.
    n_probes : int
        How many of the columns are probes.
    """

    tasks: tuple[Task, ...]
    task: np.ndarray
    location: np.ndarray
    identity: np.ndarray
    category: np.ndarray
    view: np.ndarray
    image: np.ndarray
    target: np.ndarray
    shown: np.ndarray
    phase: np.ndarray
    cue: np.ndarray
    n_probes: int = 0

    @classmethod
    def of_timeline(
        cls,
        task: Task,
        timeline: Timeline,
        labels: dict[str, np.ndarray],
        target: np.ndarray,
        cue: np.ndarray | None = None,
    ) -> Trials:
        """Trials of one task that share a timeline.

        Parameters
        ----------
        task : Task
            Their task.
        timeline : Timeline
            Their steps.
        labels : dict of str to ndarray of int64, shape (trial, item)
            location, identity, category, view and image of items, then probes.
        target : ndarray of int64, shape (trial, step)
            Correct actions.
        cue : ndarray of int64, shape (trial,), optional
            The item that is cued.
        """
        n_trials = len(target)
        return cls(
            tasks=(task,),
            task=np.zeros(n_trials, dtype=np.int64),
            **labels,
            target=target,
            shown=np.tile(timeline.shown, (n_trials, 1)),
            phase=np.tile(timeline.phase, (n_trials, 1)),
            cue=np.full(n_trials, -1) if cue is None else cue,
            n_probes=timeline.n_probes,
        )

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return self.target.shape[0]

    @property
    def n_items(self) -> int:
        """Largest number of items in a trial, probes not counted."""
        return self.image.shape[1] - self.n_probes

    @property
    def n_steps(self) -> int:
        """Largest number of steps in a trial."""
        return self.target.shape[1]

    @property
    def n_back(self) -> np.ndarray:
        """n of each trial's task, shape (trial,); 0 where it is no N-back task."""
        return np.array([getattr(task, "n", 0) for task in self.tasks])[self.task]

    @property
    def share_timeline(self) -> bool:
        """Whether all trials have the same steps."""
        return bool((self.shown == self.shown[0]).all() and (self.phase == self.phase[0]).all())

    def at_columns(self, values: np.ndarray, missing: float) -> np.ndarray:
        """Values at the step that shows each item and probe (the first, where several do).

        That is when an answer is called for.

        Parameters
        ----------
        values : ndarray, shape (trial, step)
            Such as `target`.
        missing : float
            What stands where a trial has no such item.

        Returns
        -------
        ndarray, shape (trial, item)
            Columns as in the labels.
        """
        out = np.full(self.image.shape, missing, dtype=values.dtype)
        trial, step = np.nonzero(self.shown[:, ::-1] != BLANK)
        step = self.n_steps - 1 - step  # last first: of several, the first is written last
        out[trial, self.shown[trial, step]] = values[trial, step]
        return out


def generate_trials(
    tasks: Sequence[Task],
    n_trials: int,
    space: ItemSpace,
    *,
    items: int = 6,
    rng: np.random.Generator,
) -> Trials:
    """Generate trials of one or several tasks, mixed in random order.

    Tasks come equally often; how each balances its trials is said where it is defined
    (:mod:`wmsim.tasks.nback`, :mod:`wmsim.tasks.delayed`). Shorter trials are padded at their end.

    Parameters
    ----------
    tasks : sequence of Task
        Which tasks to mix.
    n_trials : int
        Number of trials in total.
    space : ItemSpace
        What can be shown.
    items : int, default 6
        Items in a trial of an N-back task. Other tasks have a length of their own.
    rng : numpy.random.Generator
        Source of randomness; the same state gives the same trials.

    Returns
    -------
    Trials

    Raises
    ------
    ConfigError
        If a trial is too short for a task, or a feature has too few values.

    Examples
    --------
    >>> from wmsim.tasks import ItemSpace, generate_trials, nback_tasks, parse_task
    >>> space = ItemSpace.of_counts(n_categories=4, identities=2, views=5)
    >>> trials = generate_trials(nback_tasks(), 900, space, rng=np.random.default_rng(1))
    >>> trials.target.shape
    (900, 6)
    >>> np.bincount(trials.task)
    array([100, 100, 100, 100, 100, 100, 100, 100, 100])
    >>> mixed = [parse_task("1-back-location"), parse_task("dms-location")]
    >>> trials = generate_trials(mixed, 2, space, items=3, rng=np.random.default_rng(1))
    >>> trials.shown[np.argsort(trials.task)]
    array([[ 0,  1,  2, -1, -1],
           [ 0, -1, -1, -1,  3]])
    """
    tasks = tuple(tasks)
    _check(tasks, n_trials, space, items)
    task = balanced_within(np.zeros(n_trials, dtype=np.int64), len(tasks), rng=rng)
    rows = [np.flatnonzero(task == index) for index in range(len(tasks))]
    parts = [
        (own, one.draw(own.size, space, items=items, rng=rng))
        for one, own in zip(tasks, rows, strict=True) if own.size
    ]  # fmt: skip
    return _mixed(tasks, task, parts)


def _check(tasks: tuple[Task, ...], n_trials: int, space: ItemSpace, items: int) -> None:
    if not tasks:
        raise ConfigError("No task was given; name at least one, such as '1-back-location'.")
    if n_trials < 1:
        raise ConfigError(f"n_trials is {n_trials}; at least 1 trial is needed.")
    for task in tasks:
        task.check(space, items)


def _mixed(
    tasks: tuple[Task, ...], task: np.ndarray, parts: list[tuple[np.ndarray, Trials]]
) -> Trials:
    """One table out of one for each task, padded to the longest; `parts` have rows and trials."""
    n_items = max(part.n_items for _, part in parts)
    n_probes = max(part.n_probes for _, part in parts)
    n_steps = max(part.n_steps for _, part in parts)
    labels = {name: np.full((task.size, n_items + n_probes), -1, dtype=np.int64) for name in LABELS}
    target = np.full((task.size, n_steps), IGNORED, dtype=np.int64)
    shown = np.full((task.size, n_steps), BLANK, dtype=np.int64)
    phase = np.full((task.size, n_steps), PADDING, dtype=np.int64)
    cue = np.full(task.size, -1, dtype=np.int64)
    for rows, part in parts:
        is_probe = np.arange(part.image.shape[1]) >= part.n_items
        column = np.arange(part.image.shape[1]) + np.where(is_probe, n_items - part.n_items, 0)
        for name in LABELS:
            labels[name][np.ix_(rows, column)] = getattr(part, name)
        steps = np.arange(part.n_steps)
        target[np.ix_(rows, steps)] = part.target
        # A blank (-1) takes the last entry.
        shown[np.ix_(rows, steps)] = np.append(column, BLANK)[part.shown]
        phase[np.ix_(rows, steps)] = part.phase
        cue[rows] = part.cue
    return Trials(tasks, task, **labels, target=target, shown=shown, phase=phase, cue=cue,
                  n_probes=n_probes)  # fmt: skip
