"""Recognition after a sequence: items with gaps, a long delay, then one probe or two.

The task of many recordings in humans. Times are told in steps, so that one network step may stand
for 0.2 s of a recording or for 0.1 s; gaps and delays differ between trials. Trials are balanced
as in :mod:`wmsim.tasks.delayed`, or are the very trials of a recording
(:func:`sequence_trials`).
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, field_validator

from wmsim.config import Config
from wmsim.errors import ConfigError
from wmsim.tasks.balance import balanced_within, distinct_within
from wmsim.tasks.delayed import DELAY, MAX_LOAD, NOWHERE, balanced_probes, items_around, numbered
from wmsim.tasks.items import ItemSpace
from wmsim.tasks.labels import labels_for
from wmsim.tasks.task import MATCH, NO_ACTION, NON_MATCH, known_feature, require_values
from wmsim.tasks.timeline import BLANK, GAP, ITEM, MAINTENANCE, PADDING, PROBE
from wmsim.tasks.trials import IGNORED, Trials

MAX_SHOWN = 10
MAX_GAP = 20
LONGEST_DELAY = 100

Gap = Annotated[int, Field(ge=0, le=MAX_GAP)]
Delay = Annotated[int, Field(ge=1, le=LONGEST_DELAY)]


class SequenceTask(Config):
    """Was the probe among the items of the sequence?

    Items never repeat within a trial. Pictures are at one place (location 0), unless location is
    what is asked about. Each probe calls for match or non-match at its first step. Networks get a
    bit that is on at probes, since a picture behind gaps and blanks of any length could be
    another item.

    Attributes
    ----------
    feature : str
        ``"location"``, ``"identity"`` or ``"category"``.
    load : int
        Number of items, 1 to 6.
    shown : int
        Steps that each item and each probe is on display, 1 to 10.
    gaps : tuple of int
        Blank steps between two items, each 0 to 20. A trial draws one of them.
    delays : tuple of int
        Blank steps between the last item and the first probe, each 1 to 100. A trial draws one.
    probes : int
        1: match and non-match equally often. 2: one behind the other, exactly one of which was
        among the items.

    Examples
    --------
    >>> task = SequenceTask(feature="identity", load=3, gaps=(0, 1), delays=(13, 15), probes=2)
    >>> task.name
    'sequence-3-identity-gaps0+1-delays13+15-probes2'
    >>> task.bits, task.step_bits
    (('identity', 'sequence'), ('probe',))
    """

    kind: ClassVar[str] = "sequence"
    feature: str
    load: int = Field(default=2, ge=1, le=MAX_LOAD)
    shown: int = Field(default=1, ge=1, le=MAX_SHOWN)
    gaps: tuple[Gap, ...] = (0,)
    delays: tuple[Delay, ...] = (DELAY,)
    probes: int = Field(default=1, ge=1, le=2)

    _feature = field_validator("feature")(known_feature)

    @field_validator("gaps", "delays")
    @classmethod
    def _each_once_in_order(cls, lengths: tuple[int, ...]) -> tuple[int, ...]:
        """Sorted, so that equal tasks have one name."""
        if not lengths:
            raise ValueError("there is none; give at least one number of steps")
        twice = [length for length in lengths if lengths.count(length) > 1]
        if twice:
            raise ValueError(f"{twice[0]} is there twice; give each number of steps once")
        return tuple(sorted(lengths))

    @property
    def name(self) -> str:
        """Name as used on the command line and in recordings; defaults are not told."""
        told = f"{self.kind}-{self.load}-{self.feature}"
        if self.shown != 1:
            told += f"-show{self.shown}"
        if self.gaps != (0,):
            told += f"-gaps{_joined(self.gaps)}"
        if self.delays != (DELAY,):
            told += f"-delays{_joined(self.delays)}"
        return told if self.probes == 1 else f"{told}-probes{self.probes}"

    @property
    def bits(self) -> tuple[str, ...]:
        """Bits of the task vector: the feature and the kind of task."""
        return (self.feature, self.kind)

    @property
    def step_bits(self) -> tuple[str, ...]:
        """The probe's bit."""
        return ("probe",)

    @property
    def has_blanks(self) -> bool:
        """Delays are blank."""
        return True

    def check(self, space: ItemSpace, items: int) -> None:
        """Raise a ConfigError if the feature has too few values for the load."""
        most = space.n_values(self.feature) - 1
        remedy = f"use a load of at most {most}" if most > 0 else "add some or drop the task"
        require_values(self.name, self.feature, space, self.load + 1, remedy)

    def draw(
        self, n_trials: int, space: ItemSpace, *, items: int, rng: np.random.Generator
    ) -> Trials:
        """Balanced trials; they bring their own length, `items` is not used.

        Each value comes equally often as the first probe, each is as often a match as not, and
        matches repeat each item equally often. Gaps, and delays given the gap, come equally often
        given the answer to the first probe.
        """
        first, option = balanced_probes(n_trials, space.n_values(self.feature), 2 * self.load, rng)
        values, probes = self._asked(first, option, space.n_values(self.feature), rng)
        gap = balanced_within(option % 2, len(self.gaps), rng=rng)
        delay = balanced_within(numbered(option % 2, gap), len(self.delays), rng=rng)
        gaps, delays = np.array(self.gaps)[gap], np.array(self.delays)[delay]
        return sequence_trials(self, space, values, probes, gaps, delays, rng=rng)

    def _asked(
        self, first: np.ndarray, option: np.ndarray, n_values: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Values of items and probes.

        Options that are even have a first probe that matches the item of half their number; with
        odd ones the first probe matches none, and a second one the item of half their number.
        """
        matches, item = option % 2 == 0, option // 2
        position = np.where(matches, item, NOWHERE)
        values = items_around(first, option, position, self.load, n_values, rng)
        if self.probes == 1:
            return values, first[:, None]
        taken = np.zeros((first.size, n_values), dtype=bool)
        np.put_along_axis(taken, values, True, axis=1)
        second = np.take_along_axis(values, item[:, None], axis=1)[:, 0]
        # Trials with these items in this order; what is left comes equally often behind them.
        groups = numbered(*values[matches].T)
        second[matches] = distinct_within(groups, taken[matches], rng=rng)
        return values, np.column_stack([first, second])


def sequence_trials(
    task: SequenceTask, space: ItemSpace, values: np.ndarray, probes: np.ndarray,
    gaps: np.ndarray, delays: np.ndarray, *, views: int | None = None, rng: np.random.Generator,
) -> Trials:  # fmt: skip
    """The very trials, as they were shown to somebody else.

    Parameters
    ----------
    task : SequenceTask
        Says how many items and probes there are, how long they are shown and what is asked. Gaps
        and delays may be others than its own.
    space : ItemSpace
        What can be shown.
    values : ndarray of int, shape (trial, item)
        Values of the feature that is asked about, ``0 .. space.n_values(feature) - 1``; none
        twice in a trial.
    probes : ndarray of int, shape (trial, probe)
        Values of probes. Where there are two, exactly one is among the items.
    gaps : ndarray of int, shape (trial,) or (trial, item - 1)
        Blank steps between items, the same throughout a trial or each of its own.
    delays : ndarray of int, shape (trial,)
        Blank steps between the last item and the first probe; at least 1.
    views : int, optional
        Column of ``space.images`` under which everything is shown. By default a view is drawn for
        each item, equally often.
    rng : numpy.random.Generator
        Draws what is not asked for.

    Returns
    -------
    Trials
        Trials that are shorter than others are padded at their end.

    Raises
    ------
    ConfigError
        If shapes do not fit, a value or a view does not exist, values repeat, or two probes do not
        hold exactly one match.

    Examples
    --------
    >>> task = SequenceTask(feature="identity", load=2, probes=2)
    >>> space = ItemSpace.of_counts(n_categories=3, identities=2, views=4)
    >>> trials = sequence_trials(
    ...     task, space, np.array([[0, 5], [3, 1]]), np.array([[0, 2], [4, 3]]),
    ...     np.array([0, 1]), np.array([2, 3]), rng=np.random.default_rng(0),
    ... )
    >>> trials.shown
    array([[ 0,  1, -1, -1,  2,  3, -1, -1],
           [ 0, -1,  1, -1, -1, -1,  2,  3]])
    >>> trials.target
    array([[   0,    0,    0,    0,    2,    1, -100, -100],
           [   0,    0,    0,    0,    0,    0,    1,    2]])
    """
    task.check(space, task.load)
    values, probes, gaps, delays = _checked(task, space, values, probes, gaps, delays)
    columns = np.column_stack([values, probes])
    labels = labels_for(task.feature, columns, space, rng=rng)
    if task.feature != "location":
        labels["location"] = np.zeros_like(columns)
    if views is not None:
        labels |= _seen_from(views, labels["identity"], space)
    match = (probes[:, :, None] == values[:, None]).any(axis=2)
    return Trials(
        tasks=(task,), task=np.zeros(len(values), dtype=np.int64), **labels,
        **_steps(task, match, gaps, delays), cue=np.full(len(values), -1), n_probes=task.probes,
    )  # fmt: skip


def _steps(
    task: SequenceTask, match: np.ndarray, gaps: np.ndarray, delays: np.ndarray
) -> dict[str, np.ndarray]:
    """Targets, what is shown, and phases, each (trial, step).

    `match` is (trial, probe), `gaps` (trial, item - 1), `delays` (trial,).
    """
    before = np.column_stack([np.zeros_like(delays), gaps, delays])
    before = np.pad(before, ((0, 0), (0, task.probes - 1)))
    ends = np.cumsum(before + task.shown, axis=1)
    onsets = ends - task.shown
    step = np.arange(ends[:, -1].max())
    inside = (step >= onsets[:, :, None]) & (step < ends[:, :, None])
    shown = np.where(inside.any(axis=1), inside.argmax(axis=1), BLANK)
    blank = np.where(step < onsets[:, task.load - 1, None], GAP, MAINTENANCE)
    phase = np.where(shown >= task.load, PROBE, np.where(shown == BLANK, blank, ITEM))
    target = np.full(shown.shape, NO_ACTION)
    np.put_along_axis(target, onsets[:, task.load :], np.where(match, MATCH, NON_MATCH), axis=1)
    over = step >= ends[:, -1:]
    phase[over], target[over] = PADDING, IGNORED
    return {"target": target, "shown": shown, "phase": phase}


def _seen_from(view: int, identity: np.ndarray, space: ItemSpace) -> dict[str, np.ndarray]:
    """View and image of each item under one view; `identity` is (trial, item)."""
    n_views = space.images.shape[1]
    if not 0 <= view < n_views:
        raise ConfigError(f"views is {view}; it must be one of the stimuli's, 0 to {n_views - 1}.")
    row = (space.identities == identity[:, :, None]).argmax(axis=2)
    return {"view": space.views[row, view], "image": space.images[row, view]}


def _checked(
    task: SequenceTask, space: ItemSpace, values: np.ndarray, probes: np.ndarray,
    gaps: np.ndarray, delays: np.ndarray,
) -> tuple[np.ndarray, ...]:  # fmt: skip
    """The arrays of :func:`sequence_trials` as int64, gaps (trial, item - 1), or a ConfigError."""
    n_trials = len(np.atleast_1d(values))
    if n_trials < 1:
        raise ConfigError("There is no trial; at least 1 is needed.")
    n_values = space.n_values(task.feature)
    if np.ndim(gaps) == 1:
        gaps = np.repeat(np.asarray(gaps)[:, None], task.load - 1, axis=1)
    values = _whole("values", values, (n_trials, task.load), 0, n_values - 1)
    probes = _whole("probes", probes, (n_trials, task.probes), 0, n_values - 1)
    gaps = _whole("gaps", gaps, (n_trials, task.load - 1), 0, MAX_GAP)
    delays = _whole("delays", delays, (n_trials,), 1, LONGEST_DELAY)
    for name, table in (("values", values), ("probes", probes)):
        twice = (np.diff(np.sort(table, axis=1), axis=1) == 0).any(axis=1)
        if twice.any():
            raise ConfigError(
                f"Trial {twice.argmax()} has {name} {table[twice.argmax()].tolist()}, one of "
                "which is there twice; they must differ. Leave such trials out."
            )
    n_matches = (probes[:, :, None] == values[:, None]).any(axis=2).sum(axis=1)
    if task.probes == 2 and (n_matches != 1).any():
        trial = (n_matches != 1).argmax()
        raise ConfigError(
            f"Trial {trial} has the probes {probes[trial].tolist()}, {n_matches[trial]} of which "
            f"are among its items {values[trial].tolist()}; exactly 1 must be. Leave such trials "
            "out, or set probes to 1."
        )
    return values, probes, gaps, delays


def _whole(name: str, found: np.ndarray, shape: tuple[int, ...], low: int, high: int) -> np.ndarray:
    """An array of int64 of a shape, each of its numbers from low to high."""
    table = np.asarray(found)
    if table.shape != shape:
        raise ConfigError(f"{name} must have the shape {shape}; they have {table.shape}.")
    if table.size and table.dtype.kind not in "iu":
        raise ConfigError(f"{name} must be whole numbers; they are of type {table.dtype}.")
    wrong = table[(table < low) | (table > high)]
    if wrong.size:
        raise ConfigError(f"{name} must be from {low} to {high}; there is a {wrong[0]}.")
    return table.astype(np.int64)


def _joined(lengths: tuple[int, ...]) -> str:
    return "+".join(str(length) for length in lengths)
