"""What a task is, to everything that trains on it, evaluates it and records it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from wmsim.errors import ConfigError, choose

if TYPE_CHECKING:
    from wmsim.tasks.items import ItemSpace
    from wmsim.tasks.trials import Trials

FEATURES = ("location", "identity", "category")
NO_ACTION, NON_MATCH, MATCH = 0, 1, 2
ACTIONS = ("no action", "non-match", "match")


class Task(Protocol):
    """What a task has to say about itself.

    A task draws its own trials, each with a timeline of its own, so that trials of different
    tasks, or with gaps of different lengths, go through one table
    (:class:`wmsim.tasks.Trials`), one training loop and one recorder.

    Attributes
    ----------
    name : str
        As used on the command line and in recordings; no two tasks share one.
    feature : str
        Which feature of the items is asked about.
    bits : tuple of str
        Names of the bits of the task vector that are on throughout its trials.
    step_bits : tuple of str
        Names of bits that a network needs for it and that are on at some steps only: ``"cue 1"``
        where item 1 is cued, ..., ``"probe"`` at probes.
    has_blanks : bool
        Whether its trials show blank frames, for which features are needed.
    """

    @property
    def name(self) -> str:
        """Name."""

    @property
    def feature(self) -> str:
        """Feature that is asked about."""

    @property
    def bits(self) -> tuple[str, ...]:
        """Bits that are on throughout."""

    @property
    def step_bits(self) -> tuple[str, ...]:
        """Bits that are on at some steps."""

    @property
    def has_blanks(self) -> bool:
        """Whether trials show blank frames."""

    def check(self, space: ItemSpace, items: int) -> None:
        """Raise a ConfigError if the task cannot be done with these items.

        Parameters
        ----------
        space : ItemSpace
            What can be shown.
        items : int
            Items in a trial, for tasks that leave it open (N-back).
        """

    def draw(
        self, n_trials: int, space: ItemSpace, *, items: int, rng: np.random.Generator
    ) -> Trials:
        """Balanced trials of this task alone; at least one."""


def known_feature(feature: str) -> str:
    """Return a feature that tasks can ask for, for validators of settings.

    Raises
    ------
    ValueError
        If there is no such feature; the message helps.
    """
    try:
        return choose(feature, FEATURES, "feature")
    except ConfigError as error:
        raise ValueError(str(error)) from None


def require_values(name: str, feature: str, space: ItemSpace, needed: int, remedy: str) -> None:
    """Raise a ConfigError if a feature takes fewer values than a task needs."""
    found = space.n_values(feature)
    if found < needed:
        raise ConfigError(
            f"{name} needs at least {needed} values of '{feature}', the stimuli have {found}; "
            f"{remedy}."
        )
