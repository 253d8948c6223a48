"""Settings of an analysis of power."""

from __future__ import annotations

from typing import Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from wmsim.config import Config
from wmsim.errors import ConfigError, choose
from wmsim.hypotheses.plant_config import PlantConfig
from wmsim.hypotheses.verdict import UNDECIDED, VERDICTS, VerdictConfig
from wmsim.pipeline.design import Design

# What can come true, and be found to be true.
TRUTHS = tuple(name for name in VERDICTS if name != UNDECIDED)
# What a pilot recording says itself.
OF_DESIGN = ("n_items", "maintenance", "n_values", "repeats", "n_back", "decay", "noise_in_time")
# Numbers in a virtual recording; several times as many are in memory in each process.
LARGEST = 40_000_000


class PowerConfig(Config):
    """What is planned, and how power is found.

    Attributes
    ----------
    units, trials : tuple of int
        Numbers of units and of trials that are tried, each with each. Where units come from
        several sessions, `trials` are those of each session.
    n_items : int
        Items of a trial.
    maintenance : int
        Steps after the items that show none.
    n_values : int
        Values of the feature.
    repeats : bool
        Whether values may repeat within a trial.
    n_back : int, optional
        Makes the task an N-back task.
    signal : tuple of float
        As for :class:`~wmsim.hypotheses.PlantConfig`: at 1, the SD over values of a unit's mean
        response to the item on display is 0.2 of the SD of its noise. Several are several
        assumptions. With a pilot recording: of items that are held, instead of what it shows.
    decay : float
        Factor by which codes shrink with each step of age.
    noise_in_time : float
        Correlation of noise between successive steps.
    truths : tuple of str
        What might be true.
    pure : bool
        Whether codes follow a hypothesis to the letter, as planted recordings do by default. If
        not, they are as varied as the reference recordings behind a verdict: mostly, but not
        only, what the hypothesis says; see :func:`~wmsim.hypotheses.composition.draw_composition`.
    wanted : float
        Power that is wanted.
    tests : int
        Virtual recordings of each truth behind every number.
    verdict : VerdictConfig
        How recordings will be judged; its seed fixes everything, and a pilot recording is made
        ready as it says.

    Examples
    --------
    >>> PowerConfig(n_items=1)
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: PowerConfig: n_items is 1: Input should be greater than or equal ...
    """

    units: tuple[int, ...] = Field(default=(20, 40, 80, 160, 320), min_length=1)
    trials: tuple[int, ...] = Field(default=(60, 120, 240, 480, 960), min_length=1)
    n_items: int = Field(default=4, ge=2, le=20)
    maintenance: int = Field(default=0, ge=0, le=20)
    n_values: int = Field(default=4, ge=2, le=100)
    repeats: bool = True
    n_back: int | None = Field(default=None, ge=1)
    signal: tuple[float, ...] = Field(default=(1.0,), min_length=1)
    decay: float = Field(default=0.9, ge=0, le=1)
    noise_in_time: float = Field(default=0.0, ge=0, lt=1)
    truths: tuple[str, ...] = Field(default=("H1", "H2", "H3", "shared"), min_length=1)
    pure: bool = False
    wanted: float = Field(default=0.8, gt=0, lt=1)
    tests: int = Field(default=60, ge=10, le=10_000)
    verdict: VerdictConfig = VerdictConfig()

    @property
    def plan(self) -> PlantConfig:
        """The design as a planted recording has it, with as many units and trials as are tried."""
        return PlantConfig(
            n_units=max(self.units), n_trials=max(self.trials), n_items=self.n_items,
            maintenance=self.maintenance, n_values=self.n_values, repeats=self.repeats,
            n_back=self.n_back, decay=self.decay, noise_in_time=self.noise_in_time,
            seed=self.verdict.seed,
        )  # fmt: skip

    @property
    def assumed(self) -> tuple[float, ...] | None:
        """Signals that were asked for, rather than left at their default."""
        return self.signal if "signal" in self.model_fields_set else None

    @property
    def design(self) -> Design:
        """States of the design."""
        return self.plan.design

    def require_pilot_alone(self) -> None:
        """Refuse a design that is given beside a pilot recording, which has its own.

        Raises
        ------
        ConfigError
            If there is one.
        """
        default = PowerConfig()
        given = [name for name in OF_DESIGN if getattr(self, name) != getattr(default, name)]
        if given:
            raise ConfigError(
                f"{', '.join(given)} given, but the pilot recording says that itself. Leave out "
                "one or the other."
            )

    @field_validator("units", "trials", "signal", mode="before")
    @classmethod
    def _one_or_several(cls, values: Any) -> Any:
        return (values,) if isinstance(values, int | float) else values

    @field_validator("units", "trials", "signal")
    @classmethod
    def _sorted(cls, values: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        least = 0 if info.field_name == "signal" else 2
        if min(values) < least:
            raise ValueError(f"expected {least} or more each")
        return tuple(sorted(set(values)))

    @field_validator("truths", mode="before")
    @classmethod
    def _known(cls, names: Any) -> Any:
        names = (names,) if isinstance(names, str) else names
        for name in names:
            try:
                choose(name, TRUTHS, "truth")
            except ConfigError as error:
                raise ValueError(str(error).removesuffix(".")) from None
        return tuple(dict.fromkeys(names))

    @model_validator(mode="after")
    def _fits_together(self) -> PowerConfig:
        steps = self.n_items + self.maintenance
        size = max(self.units) * max(self.trials) * steps
        if size > LARGEST:
            raise ConfigError(
                f"PowerConfig: {max(self.units)} units x {max(self.trials)} trials x {steps} steps "
                f"are {size:.1e} numbers, expected {LARGEST:.0e} at most. Use fewer."
            )
        try:
            _ = self.plan
        except ConfigError as error:
            raise ConfigError(str(error).replace("PlantConfig:", "PowerConfig:", 1)) from None
        return self
