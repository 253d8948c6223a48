"""Timelines: which step shows an item, a blank, a cue or a probe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wmsim.errors import ConfigError, choose

# What a step is for. A gap is a blank before the last item, maintenance a blank after it.
ITEM, MAINTENANCE, CUE, PROBE, GAP = range(5)
PHASES = ("item", "maintenance", "cue", "probe", "gap")
# Beyond the end of a trial that is shorter than others of its table.
PADDING = -1
BLANK = -1


@dataclass(frozen=True)
class Timeline:
    """The steps of a trial.

    Attributes
    ----------
    phase : tuple of int
        What each step is for: index into :data:`PHASES`.

    Examples
    --------
    >>> line = Timeline.of("item", "item", ("maintenance", 2), "probe")
    >>> line.names
    ('item 1', 'item 2', 'maintenance 1', 'maintenance 2', 'probe')
    >>> line.shown.tolist()
    [0, 1, -1, -1, 2]
    """

    phase: tuple[int, ...]

    @classmethod
    def of(cls, *parts: str | tuple[str, int]) -> Timeline:
        """A timeline out of names of phases, each with how many steps it takes (1).

        Raises
        ------
        ConfigError
            If there is no such phase, or no item.
        """
        pairs = [(part, 1) if isinstance(part, str) else part for part in parts]
        phase = tuple(
            PHASES.index(choose(name, PHASES, "phase")) for name, count in pairs
            for _ in range(count)
        )  # fmt: skip
        if ITEM not in phase:
            raise ConfigError("A timeline needs at least one item; it has none. Add an 'item'.")
        return cls(phase)

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return len(self.phase)

    @property
    def n_items(self) -> int:
        """Number of items, probes not counted."""
        return self.phase.count(ITEM)

    @property
    def n_probes(self) -> int:
        """Number of probes."""
        return self.phase.count(PROBE)

    @property
    def shown(self) -> np.ndarray:
        """What each step shows, ndarray of int64 (step,): items, then probes; -1 for a blank."""
        phase = np.array(self.phase)
        shown = np.full(phase.size, BLANK)
        shown[phase == ITEM] = np.arange(self.n_items)
        shown[phase == PROBE] = self.n_items + np.arange(self.n_probes)
        return shown

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the steps, as recordings have them; see :func:`step_names`."""
        return step_names(self.phase)


def step_names(phase: Sequence[int] | np.ndarray) -> tuple[str, ...]:
    """Name steps as aligned recordings do.

    Parameters
    ----------
    phase : sequence of int, shape (step,)
        Index into :data:`PHASES`, each item at one step.

    Returns
    -------
    tuple of str
        "item 1", "item 2", ...; other phases are numbered where they take several steps.

    Examples
    --------
    >>> step_names([ITEM, MAINTENANCE, PROBE])
    ('item 1', 'maintenance', 'probe')
    """
    phases = [int(one) for one in phase]
    names: list[str] = []
    for step, one in enumerate(phases):
        alone = phases.count(one) == 1 and one != ITEM
        number = phases[: step + 1].count(one)
        names.append(PHASES[one] if alone else f"{PHASES[one]} {number}")
    return tuple(names)
