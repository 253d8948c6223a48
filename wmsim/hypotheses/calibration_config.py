"""Which recordings are planted for a calibration: a grid, and conditions that might mislead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import combinations, product
from typing import Any

import xarray as xr
from pydantic import Field, field_validator

from wmsim._version import __version__
from wmsim.config import Config
from wmsim.errors import ConfigError, choose
from wmsim.files import content_key
from wmsim.hypotheses.composition import HYPOTHESES
from wmsim.hypotheses.planting import plant, plant_sessions
from wmsim.hypotheses.verdict import VerdictConfig
from wmsim.pipeline import AnalysisConfig

PLAIN = "plain"
# What makes the recordings of a condition other than plain ones; settings of PlantConfig.
CONDITIONS: dict[str, dict[str, Any]] = {
    PLAIN: {},
    # With as many values as items, the others would always tell an item.
    "dependent labels": {"repeats": False, "n_values": 6},
    "unequal noise": {"unequal_noise": 0.8},
    "shared noise": {"shared_noise": 0.3, "noise_factors": 3, "noise_in_time": 0.5},
    "Poisson spikes": {"spiking": "log-linear"},
    "sensory code": {"sensory": 0.5},
    "overlap": {"overlap": 0.15},
    "missing units": {"missing": 0.2},
    "sessions": {},
    "session drift": {"session_drift": 45.0},
    "n-back, realigned": {"n_back": 2, "n_items": 5, "realignment": 0.3},
    "maintenance": {"n_items": 3, "maintenance": 2},
    "smooth codes": {"smoothness": 0.3, "decay": 0.7},
}
SESSIONS = 2
# Seed of the table; --seed gives recordings that nobody has looked at.
SEED = 20_261_123
PAIRS = tuple(combinations(("shared", "slot", "age", "chain"), 2))


@dataclass(frozen=True)
class Case:
    """One planted recording.

    Attributes
    ----------
    condition, truth : str
        One of :data:`CONDITIONS`, and of :data:`~wmsim.hypotheses.composition.HYPOTHESES`.
    n_units, n_trials : int
        Sizes; of several sessions, each has as many trials, and the units are divided up.
    signal : float
        As in :class:`~wmsim.hypotheses.plant_config.PlantConfig`.
    number : int
        Tells recordings of the same kind apart.
    """

    condition: str
    truth: str
    n_units: int
    n_trials: int
    signal: float
    number: int

    def seed(self, stream: int) -> int:
        """Seed of its own, the same whatever else is on the grid."""
        return int(content_key(stream, asdict(self)), 16) % 2**32

    def plant(self, stream: int) -> xr.Dataset | list[xr.Dataset]:
        """Plant it; mixtures take turns over the pairs of components."""
        settings: dict[str, Any] = {
            "n_units": self.n_units,
            "n_trials": self.n_trials,
            "signal": self.signal,
            "hypothesis": self.truth,
            "seed": self.seed(stream),
            **CONDITIONS[self.condition],
        }
        if self.truth == "mixture":
            settings["shares"] = dict.fromkeys(PAIRS[self.number % len(PAIRS)], 0.5)
        if self.condition == "sessions":
            settings["n_units"] = max(self.n_units // SESSIONS, 1)
            return plant_sessions(SESSIONS, **settings)
        return plant(**settings)


class CalibrationConfig(Config):
    """What is planted, how often, and how it is judged.

    Attributes
    ----------
    units, trials : tuple of int
        Sizes on the grid.
    signals : tuple of float
        Signals on the grid.
    truths : tuple of str
        Hypotheses that are planted.
    repeats : int
        Recordings of each truth in each cell of the grid.
    focus : tuple of (int, int, float)
        Cells (units, trials, signal) of the grid in which there are more.
    focus_repeats : int
        Recordings of each truth in these.
    conditions : tuple of str
        Of :data:`CONDITIONS`, tried in one cell; "plain" is the grid itself.
    middle : tuple of (int, int, float)
        Units, trials and signal of that cell.
    condition_repeats : int
        Recordings of each truth in each condition.
    naive : bool
        Whether rules of thumb judge the recordings too.
    verdict : VerdictConfig
        How recordings are judged.
    seed : int
        Fixes everything.

    Examples
    --------
    >>> config = CalibrationConfig(units=(20, 40), trials=(60,), signals=(1.0,), conditions=())
    >>> len(list(config.cases()))
    28
    """

    units: tuple[int, ...] = Field(default=(20, 40, 80, 200, 500), min_length=1)
    trials: tuple[int, ...] = Field(default=(60, 100, 200, 400, 1000), min_length=1)
    signals: tuple[float, ...] = Field(default=(0.5, 1.0, 2.0), min_length=1)
    truths: tuple[str, ...] = Field(default=HYPOTHESES, min_length=1)
    repeats: int = Field(default=2, ge=1)
    focus: tuple[tuple[int, int, float], ...] = ((200, 400, 1.0), (40, 100, 1.0))
    focus_repeats: int = Field(default=20, ge=1)
    conditions: tuple[str, ...] = tuple(name for name in CONDITIONS if name != PLAIN)
    middle: tuple[int, int, float] = (100, 200, 1.0)
    condition_repeats: int = Field(default=3, ge=1)
    naive: bool = True
    verdict: VerdictConfig = VerdictConfig(bootstrap=0, analysis=AnalysisConfig(nan_units="drop"))
    seed: int = Field(default=SEED, ge=0)

    @classmethod
    def preset(cls, name: str) -> CalibrationConfig:
        """ "full", the table that is kept with the code, or "small", minutes.

        Raises
        ------
        ConfigError
            If there is no such preset.
        """
        if choose(name, ("small", "full"), "preset") == "full":
            return cls()
        return cls(units=(40, 200), trials=(100, 400), signals=(1.0,), conditions=(), focus=())

    def cases(self) -> Iterator[Case]:
        """All recordings; those of every cell before the second of any."""
        grid = [(PLAIN, *cell) for cell in product(self.units, self.trials, self.signals)]
        times = {cell: self.focus_repeats if cell[1:] in self.focus else self.repeats
                 for cell in grid}  # fmt: skip
        times |= {(name, *self.middle): self.condition_repeats for name in self.conditions}
        for number in range(max(times.values())):
            some = [cell for cell, repeats in times.items() if number < repeats]
            for (condition, n_units, n_trials, signal), truth in product(some, self.truths):
                # A stable code added to no code is a code; to a stable code, nothing.
                if not (condition == "overlap" and truth in ("none", "shared")):
                    yield Case(condition, truth, n_units, n_trials, signal, number)

    def key(self, case: Case) -> str:
        """What a recording's outcome depends on, hashed."""
        how = self.verdict.model_dump(mode="json")
        return content_key(__version__, self.seed, self.naive, how, asdict(case))

    @field_validator("truths")
    @classmethod
    def _known_truths(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _all_known(names, HYPOTHESES, "hypothesis")

    @field_validator("conditions")
    @classmethod
    def _known_conditions(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _all_known(names, [name for name in CONDITIONS if name != PLAIN], "condition")


def _all_known(names: tuple[str, ...], known: Any, what: str) -> tuple[str, ...]:
    for name in names:
        try:
            choose(name, known, what)
        except ConfigError as error:
            raise ValueError(str(error).removesuffix(".")) from None
    return names
