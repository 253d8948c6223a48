"""N-back tasks: is this item's feature the same as that of the item n steps ago?"""

from __future__ import annotations

import numpy as np
from pydantic import Field, field_validator

from wmsim.config import Config
from wmsim.errors import ConfigError
from wmsim.tasks.balance import balanced_within
from wmsim.tasks.items import ItemSpace
from wmsim.tasks.labels import labels_for
from wmsim.tasks.task import (
    FEATURES,
    MATCH,
    NO_ACTION,
    NON_MATCH,
    known_feature,
    require_values,
)
from wmsim.tasks.timeline import Timeline
from wmsim.tasks.trials import Trials

MAX_N = 4


class NBackTask(Config):
    """One N-back task.

    At each step that calls for an answer, match and non-match come equally often for each value
    of the remembered item, and the non-matching values equally often; the first n items, the
    features that the task does not ask for, and the views come equally often too (all within one
    trial, where numbers do not divide).

    Attributes
    ----------
    n : int
        How many items back the comparison goes, 1 to 4.
    feature : str
        ``"location"``, ``"identity"`` or ``"category"``.

    Examples
    --------
    >>> NBackTask(n=2, feature="location").name
    '2-back-location'
    """

    n: int = Field(ge=1, le=MAX_N)
    feature: str

    _feature = field_validator("feature")(known_feature)

    @property
    def name(self) -> str:
        """Name as used on the command line and in recordings."""
        return f"{self.n}-back-{self.feature}"

    @property
    def bits(self) -> tuple[str, ...]:
        """Bits of the task vector: the paper's one-hot feature and one-hot n."""
        return (self.feature, f"{self.n}-back")

    @property
    def step_bits(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def has_blanks(self) -> bool:
        """There is an item at every step."""
        return False

    def timeline(self, items: int) -> Timeline:
        """Steps of a trial: one an item."""
        return Timeline.of(("item", items))

    def check(self, space: ItemSpace, items: int) -> None:
        """Raise a ConfigError if a trial is too short, or the feature has but one value."""
        if items <= self.n:
            raise ConfigError(
                f"{self.name} with {items} items a trial never calls for an answer; "
                f"use at least {self.n + 1} items."
            )
        require_values(self.name, self.feature, space, 2, "add some or drop the task")

    def draw(
        self, n_trials: int, space: ItemSpace, *, items: int, rng: np.random.Generator
    ) -> Trials:
        """Balanced trials of `items` items."""
        n_values = space.n_values(self.feature)
        asked, target = _sequences(n_values, n_trials, items, self.n, rng)
        labels = labels_for(self.feature, asked, space, rng=rng)
        return Trials.of_timeline(self, self.timeline(items), labels, target)


def nback_tasks(
    ns: tuple[int, ...] = (1, 2, 3), features: tuple[str, ...] = FEATURES
) -> tuple[NBackTask, ...]:
    """All combinations of n and feature; by default the paper's nine tasks.

    Examples
    --------
    >>> [task.name for task in nback_tasks(ns=(1, 2), features=("category",))]
    ['1-back-category', '2-back-category']
    """
    return tuple(NBackTask(n=n, feature=feature) for n in ns for feature in features)


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
