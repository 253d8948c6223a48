"""Tasks with a delay and a probe: delayed match-to-sample, Sternberg, retro-cue.

Items, then blank steps, then a probe that calls for match or non-match. In all of them the
probe's values come equally often, and match and non-match equally often for each of these; values
of items come equally often given probe and answer. So no single value, neither of the probe nor
of an item, predicts the answer; only the comparison does (within one trial, where numbers do not
divide). Values of a trial's items never repeat in Sternberg and retro-cue tasks; distractors are
drawn without regard to anything else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from pydantic import Field, field_validator

from wmsim.config import Config
from wmsim.tasks.balance import balanced_within, distinct_within
from wmsim.tasks.items import ItemSpace
from wmsim.tasks.labels import labels_for
from wmsim.tasks.task import MATCH, NO_ACTION, NON_MATCH, known_feature, require_values
from wmsim.tasks.timeline import PROBE, Timeline
from wmsim.tasks.trials import Trials

DELAY, MAX_DELAY = 3, 20
MAX_LOAD = 6
MAX_DISTRACTORS = 4
NOWHERE = -1


class DelayedTask(Config, ABC):
    """What the tasks with a delay and a probe share.

    Attributes
    ----------
    feature : str
        ``"location"``, ``"identity"`` or ``"category"``.
    delay : int
        Blank steps in each delay, 1 to 20.
    """

    kind: ClassVar[str]
    feature: str
    delay: int = Field(default=DELAY, ge=1, le=MAX_DELAY)

    _feature = field_validator("feature")(known_feature)

    @property
    @abstractmethod
    def stem(self) -> str:
        """Name up to the feature."""

    @property
    @abstractmethod
    def timeline(self) -> Timeline:
        """Steps of a trial."""

    @property
    def name(self) -> str:
        """Name as used on the command line and in recordings; a delay other than 3 is told."""
        told = "" if self.delay == DELAY else f"-delay{self.delay}"
        return f"{self.stem}-{self.feature}{told}"

    @property
    def bits(self) -> tuple[str, ...]:
        """Bits of the task vector: the feature and the kind of task."""
        return (self.feature, self.kind)

    @property
    def step_bits(self) -> tuple[str, ...]:
        """None, unless a task says otherwise."""
        return ()

    @property
    def has_blanks(self) -> bool:
        """Delays are blank."""
        return True

    @abstractmethod
    def check(self, space: ItemSpace, items: int) -> None:
        """Raise a ConfigError if the feature takes too few values; `items` is not used."""

    @abstractmethod
    def asked(
        self, n_trials: int, n_values: int, *, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Draw what matters.

        Returns
        -------
        values : ndarray of int64, shape (trial, item)
            Values of the feature that is asked about; the probe comes last.
        matches : ndarray of bool, shape (trial,)
            Whether match is right.
        cue : ndarray of int64, shape (trial,), or None
            The cued item.
        """

    def draw(
        self, n_trials: int, space: ItemSpace, *, items: int, rng: np.random.Generator
    ) -> Trials:
        """Balanced trials; they bring their own length, `items` is not used."""
        values, matches, cue = self.asked(n_trials, space.n_values(self.feature), rng=rng)
        labels = labels_for(self.feature, values, space, rng=rng)
        line = self.timeline
        target = np.full((n_trials, line.n_steps), NO_ACTION, dtype=np.int64)
        target[:, line.phase.index(PROBE)] = np.where(matches, MATCH, NON_MATCH)
        return Trials.of_timeline(self, line, labels, target, cue)


class DMSTask(DelayedTask):
    """Delayed match-to-sample: is the probe's feature that of the sample?

    With distractors, each delay is followed by an item that has to be ignored, then by another
    delay. Distractors take every value equally often, whatever sample and probe are. They look
    like probes, so networks then get a bit that is on at the probe.

    Attributes
    ----------
    distractors : int
        Items to be ignored, 0 to 4.

    Examples
    --------
    >>> DMSTask(feature="location").timeline.names
    ('item 1', 'maintenance 1', 'maintenance 2', 'maintenance 3', 'probe')
    >>> task = DMSTask(feature="category", distractors=1, delay=1)
    >>> task.name
    'dms-d1-category-delay1'
    >>> task.timeline.names
    ('item 1', 'gap', 'item 2', 'maintenance', 'probe')
    """

    kind = "dms"
    distractors: int = Field(default=0, ge=0, le=MAX_DISTRACTORS)

    @property
    def stem(self) -> str:
        """Name up to the feature."""
        return f"dms-d{self.distractors}" if self.distractors else "dms"

    @property
    def step_bits(self) -> tuple[str, ...]:
        """The probe's bit, where distractors could be taken for it."""
        return ("probe",) if self.distractors else ()

    @property
    def timeline(self) -> Timeline:
        """Sample, for each distractor a gap and itself, delay, probe."""
        between = (("gap", self.delay), "item") * self.distractors
        return Timeline.of("item", *between, ("maintenance", self.delay), "probe")

    def check(self, space: ItemSpace, items: int) -> None:
        """Raise a ConfigError if the feature has but one value."""
        require_values(self.name, self.feature, space, 2, "add some or drop the task")

    def asked(
        self, n_trials: int, n_values: int, *, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Values of sample, distractors and probe."""
        probe, option = balanced_probes(n_trials, n_values, 2, rng)
        position = np.where(option == 0, 0, NOWHERE)
        sample = items_around(probe, option, position, 1, n_values, rng)
        cell = (probe * 2 + option) * n_values + sample[:, 0]
        others = [balanced_within(cell, n_values, rng=rng) for _ in range(self.distractors)]
        return np.column_stack([sample, *others, probe]), option == 0, None


class SternbergTask(DelayedTask):
    """Sternberg's task: was the probe's value among those of the items?

    The values of a trial's items never repeat, so a feature needs one more value than there are
    items. Matching probes repeat each of the items equally often.

    Attributes
    ----------
    load : int
        Number of items, 1 to 6.

    Examples
    --------
    >>> SternbergTask(load=2, feature="identity").name
    'sternberg-2-identity'
    """

    kind = "sternberg"
    load: int = Field(default=2, ge=1, le=MAX_LOAD)

    @property
    def stem(self) -> str:
        """Name up to the feature."""
        return f"sternberg-{self.load}"

    @property
    def timeline(self) -> Timeline:
        """Items, delay, probe."""
        return Timeline.of(("item", self.load), ("maintenance", self.delay), "probe")

    def check(self, space: ItemSpace, items: int) -> None:
        """Raise a ConfigError if the feature has too few values for the load."""
        _require_spare_value(self, self.load, space)

    def asked(
        self, n_trials: int, n_values: int, *, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Values of items and probe."""
        # Even options match the item of half their number, odd ones match none; interleaved, so
        # that an odd remainder is itself balanced between match and non-match.
        probe, option = balanced_probes(n_trials, n_values, 2 * self.load, rng)
        matches = option % 2 == 0
        position = np.where(matches, option // 2, NOWHERE)
        values = items_around(probe, option, position, self.load, n_values, rng)
        return np.column_stack([values, probe]), matches, None


class RetroCueTask(DelayedTask):
    """Retro-cue: is the probe's feature that of the item that was cued after the items were gone?

    Items, delay, cue (a bit an item, on at that step), delay, probe. The values of a trial's items
    never repeat. Of the probes that do not match, half have the value of an item that was not
    cued, half a value that was not shown, so that the cue has to be used.

    Attributes
    ----------
    load : int
        Number of items, 2 to 6.

    Examples
    --------
    >>> task = RetroCueTask(feature="location", delay=1)
    >>> task.name, task.timeline.names
    ('retrocue-location-delay1', ('item 1', 'item 2', 'maintenance 1', 'cue', 'maintenance 2', 'probe'))
    >>> task.step_bits
    ('cue 1', 'cue 2')
    """  # noqa: E501

    kind = "retrocue"
    load: int = Field(default=2, ge=2, le=MAX_LOAD)

    @property
    def stem(self) -> str:
        """Name up to the feature; a load other than 2 is told."""
        return "retrocue" if self.load == 2 else f"retrocue-{self.load}"

    @property
    def step_bits(self) -> tuple[str, ...]:
        """One bit for each item that a cue may name."""
        return tuple(f"cue {item + 1}" for item in range(self.load))

    @property
    def timeline(self) -> Timeline:
        """Items, delay, cue, delay, probe."""
        delay = ("maintenance", self.delay)
        return Timeline.of(("item", self.load), delay, "cue", delay, "probe")

    def check(self, space: ItemSpace, items: int) -> None:
        """Raise a ConfigError if the feature has too few values for the load."""
        _require_spare_value(self, self.load, space)

    def asked(
        self, n_trials: int, n_values: int, *, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Values of items and probe, and the cued item."""
        probe, option = balanced_probes(n_trials, n_values, 2 * self.load, rng)
        matches, cue = option % 2 == 0, option // 2
        cell = probe * 2 * self.load + option
        lure = balanced_within(cell, 2, rng=rng) == 0
        # One of the items that were not cued: as many steps on, counted round.
        ahead = 1 + balanced_within(cell * 2 + lure, self.load - 1, rng=rng)
        position = np.where(lure, (cue + ahead) % self.load, NOWHERE)
        position = np.where(matches, cue, position)
        where = cell * (self.load + 1) + position + 1
        values = items_around(probe, where, position, self.load, n_values, rng)
        return np.column_stack([values, probe]), matches, cue


def _require_spare_value(task: SternbergTask | RetroCueTask, load: int, space: ItemSpace) -> None:
    """Items never repeat, and a probe may be none of them."""
    most = space.n_values(task.feature) - 1
    remedy = f"use a load of at most {most}" if most > 1 else "add some or drop the task"
    require_values(task.name, task.feature, space, load + 1, remedy)


def balanced_probes(
    n_trials: int, n_values: int, n_options: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Value of each probe, and an option that comes equally often for each value."""
    probe = balanced_within(np.zeros(n_trials, dtype=np.int64), n_values, rng=rng)
    return probe, balanced_within(probe, n_options, rng=rng)


def items_around(
    probe: np.ndarray, cell: np.ndarray, position: np.ndarray, load: int, n_values: int,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Values of items that differ, with the probe's value at a position or nowhere (-1).

    `cell` numbers the kinds of trials; within probe and cell, items' values come equally often.
    Returns (trial, load).
    """
    trial = np.arange(probe.size)
    taken = np.zeros((probe.size, n_values), dtype=bool)
    taken[trial, probe] = True
    group = numbered(probe, cell)
    values = np.empty((probe.size, load), dtype=np.int64)
    for item in range(load):
        values[:, item] = probe
        free = np.flatnonzero(position != item)
        values[free, item] = distinct_within(numbered(group[free]), taken[free], rng=rng)
        taken[trial, values[:, item]] = True
        group = numbered(group, values[:, item])
    return values


def numbered(*keys: np.ndarray) -> np.ndarray:
    """Number the combinations of keys that occur, from 0."""
    if not keys[0].size:
        return keys[0]
    _, group = np.unique(np.column_stack(keys), axis=0, return_inverse=True)
    return group.reshape(-1)
