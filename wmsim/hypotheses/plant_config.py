"""Settings of a planted recording."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from wmsim.config import Config
from wmsim.errors import ConfigError, choose, did_you_mean
from wmsim.hypotheses.composition import COMPONENTS, HYPOTHESES, PURE, Composition
from wmsim.pipeline.design import Design
from wmsim.recordings.schema import expected

DEFAULT = "H2"
# Of which a mixture is made if nothing else is said.
MIXTURE = {"slot": 0.5, "age": 0.5}
SMOOTH = ("age", "chain", "time", "slot", "display", "items")
# SD over values of a unit's mean response to the item on display, per SD of its private noise.
DEPTH = 0.2
# Numbers in a recording; several times as many are in memory when it is made.
LARGEST = 200_000_000


class PlantConfig(Config):
    """What is planted.

    Attributes
    ----------
    hypothesis : str, optional
        ``"H1"``, ``"H2"`` (the default), ``"H3"``, ``"shared"``, ``"mixture"`` (half slots, half
        chronology, unless `shares` says otherwise), ``"drift"`` or ``"none"``; see
        :mod:`wmsim.hypotheses.composition`.
    shares : dict of str to float, optional
        What codes are made of, in any proportion, out of "shared", "slot", "age", "chain",
        "time"; by default the component of the hypothesis alone. Without a hypothesis, several
        make a mixture; with one, most has to be of its component.
    n_units, n_trials, n_items : int
        Sizes.
    maintenance : int
        Steps after the items that show none.
    features : tuple of str
        Names of the features; each has codes of its own.
    n_values : int or tuple of int
        Values of each feature, or of all.
    repeats : bool
        Whether values may repeat within a trial; if not, an item's value says something about
        the others', as in most experiments with pictures.
    n_back : int, optional
        Makes the task an N-back task about the first feature: half the items from the n-th on
        match, ``target`` says which.
    signal : float
        1: the SD over values of a unit's mean response to the item on display is 0.2 of the SD of
        its private noise (root mean square over units). Of several features, each has that.
    decay : float
        Factor by which codes shrink with each step of age.
    dimension : int, optional
        Of the subspace of one code; by default, and at most, one less than there are values.
    smoothness : float or dict of str to float
        Cosine between codes one step apart, of "age", "chain" and "time"; or of each by name, as
        :class:`~wmsim.hypotheses.composition.Composition` takes it, also of "slot",
        "display" and "items".
    first : float
        Share of the code of the first item that no other item has.
    overlap : float
        Share (of the squared norm) of one stable code, added to those of the hypothesis.
    sensory : float
        Share of the code of the item on display that is the same for all items and gone with it;
        under "none" its squared norm, everything else being 0.
    realignment : float
        Share of the encoding code at the step that compares with the item; needs `n_back`.
    session_drift : float
        Angle in degrees by which codes turn from the first trial to the last.
    noise : float
        SD of units' private noise, in which everything else is measured. Not with `spiking`.
    unequal_noise : float
        SD of the logarithm of units' noise SDs. Not with `spiking`. At the same signal, more can
        be decoded, from the quieter units.
    shared_noise : float
        Share of the noise variance that units have in common.
    noise_factors : int
        Number of common factors.
    noise_in_time : float
        Correlation of noise between successive steps (AR(1)); with `spiking`, of the shared noise.
    spiking : {"log-linear", "rectified"}, optional
        Spikes are counted, Poisson, with rates that are an exponential or a rectified linear
        function of the code; Poisson noise is the private noise then.
    rate, rate_spread : float
        Median of units' mean rates in spikes/s, and SD of their logarithm.
    window : float
        Seconds in which spikes are counted.
    missing : float
        Share of units that are not recorded (NaN) in a block of trials.
    missing_trials : float
        Share of trials in that block.
    subject, session : str
        Names.
    seed : int
        Fixes everything.

    Examples
    --------
    >>> PlantConfig(shares={"slot": 0.7, "age": 0.3}).truth
    'mixture'
    >>> PlantConfig(hypothesis="shard")
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: PlantConfig: hypothesis is 'shard': Unknown hypothesis 'shard'. ...
    """

    hypothesis: str | None = None
    shares: dict[str, float] | None = None
    n_units: int = Field(default=200, ge=1, le=100_000)
    n_trials: int = Field(default=400, ge=1, le=1_000_000)
    n_items: int = Field(default=4, ge=1, le=100)
    maintenance: int = Field(default=0, ge=0, le=100)
    features: tuple[str, ...] = Field(default=("image",), min_length=1)
    n_values: int | tuple[int, ...] = 4
    repeats: bool = True
    n_back: int | None = Field(default=None, ge=1)
    signal: float = Field(default=1.0, ge=0, le=1e6)
    decay: float = Field(default=0.9, ge=0, le=1)
    dimension: int | None = Field(default=None, ge=1)
    smoothness: float | dict[str, float] = 0.0
    first: float = Field(default=0.0, ge=0, le=1)
    overlap: float = Field(default=0.0, ge=0, lt=1)
    sensory: float = Field(default=0.0, ge=0, le=1)
    realignment: float = Field(default=0.0, ge=0, le=1)
    session_drift: float = Field(default=0.0, ge=0, le=90)
    noise: float = Field(default=1.0, gt=0, le=1e6)
    unequal_noise: float = Field(default=0.0, ge=0, le=2)
    shared_noise: float = Field(default=0.0, ge=0, le=0.95)
    noise_factors: int = Field(default=1, ge=1)
    noise_in_time: float = Field(default=0.0, ge=0, lt=1)
    spiking: Literal["log-linear", "rectified"] | None = None
    rate: float = Field(default=8.0, gt=0, le=1000)
    rate_spread: float = Field(default=0.5, ge=0, le=3)
    window: float = Field(default=0.6, gt=0, le=1e4)
    missing: float = Field(default=0.0, ge=0, le=1)
    missing_trials: float = Field(default=0.25, gt=0, lt=1)
    subject: str = "planted"
    session: str = "planted"
    seed: int = Field(default=0, ge=0)

    @property
    def truth(self) -> str:
        """The hypothesis that holds: the one given, or what the shares amount to."""
        if self.hypothesis is not None:
            return self.hypothesis
        if not self.shares:
            return DEFAULT
        have = [name for name, share in self.shares.items() if share > 0]
        pure = {component: name for name, component in PURE.items()}
        return pure[have[0]] if len(have) == 1 else "mixture"

    @property
    def values(self) -> dict[str, int]:
        """Number of values of each feature."""
        counts = self.n_values
        counts = (counts,) * len(self.features) if isinstance(counts, int) else counts
        return dict(zip(self.features, counts, strict=True))

    @property
    def composition(self) -> Composition:
        """What codes are made of."""
        if self.truth == "none":
            shares: dict[str, float] = {}
        else:
            parts = self.shares or ({PURE[self.truth]: 1.0} if self.truth in PURE else MIXTURE)
            total = sum(parts.values())
            shares = {name: (1 - self.overlap) * part / total for name, part in parts.items()}
            if self.overlap:
                shares["shared"] = shares.get("shared", 0.0) + self.overlap
        smooth = self.smoothness
        if not isinstance(smooth, dict):
            smooth = dict.fromkeys(("age", "chain", "time"), smooth)
        return Composition(shares, smooth, self.sensory, self.realignment, self.first)

    @property
    def design(self) -> Design:
        """States, and the item on display at each step."""
        shown = (*range(self.n_items), *(-1,) * self.maintenance)
        states = ((s, t) for s in range(self.n_items) for t in range(s, len(shown)))
        return Design(tuple(states), shown, self.n_back)

    @field_validator("hypothesis")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        if name is None:
            return None
        spelt = {known.casefold(): known for known in HYPOTHESES}.get(name.casefold(), name)
        try:
            return choose(spelt, HYPOTHESES, "hypothesis")
        except ConfigError as error:
            raise ValueError(str(error).removesuffix(".")) from None

    @field_validator("shares")
    @classmethod
    def _of_components(cls, shares: dict[str, float] | None) -> dict[str, float] | None:
        for name, share in (shares or {}).items():
            if name not in COMPONENTS:
                hint = did_you_mean(name, COMPONENTS).removesuffix(".")
                raise ValueError(f"unknown component '{name}'. {hint}")
            if share < 0:
                raise ValueError(f"the share of '{name}' is below 0; expected 0 or more")
        if shares and not sum(shares.values()) > 0:
            raise ValueError("no component has a share above 0; for no code ask for 'none'")
        return shares

    @field_validator("smoothness")
    @classmethod
    def _are_cosines(cls, given: float | dict[str, float]) -> float | dict[str, float]:
        for name, cosine in (given if isinstance(given, dict) else {"": given}).items():
            if name not in ("", *SMOOTH):
                raise ValueError(
                    f"unknown '{name}'. {did_you_mean(name, SMOOTH).removesuffix('.')}"
                )
            if not 0 <= cosine <= 1:
                raise ValueError("a cosine from 0 to 1 is expected")
        return given

    @field_validator("features", mode="before")
    @classmethod
    def _one_or_several(cls, names: Any) -> Any:
        return (names,) if isinstance(names, str) else names

    @model_validator(mode="after")
    def _fits_together(self) -> PlantConfig:
        for problem in (
            self._wrong_size(), self._wrong_shares(), self._wrong_features(), self._wrong_task(),
            self._wrong_noise(),
        ):  # fmt: skip
            if problem is not None:
                raise ConfigError(f"PlantConfig: {problem}")
        return self

    def _wrong_size(self) -> str | None:
        steps = self.n_items + self.maintenance
        size = steps * self.n_units * self.n_trials
        if size > LARGEST:
            return (
                f"{steps} steps x {self.n_units} units x {self.n_trials} trials are {size:.1e} "
                f"numbers, expected {LARGEST:.0e} at most. Use fewer units or trials."
            )
        return None

    def _wrong_shares(self) -> str | None:
        shares, truth = self.shares or {}, self.truth
        have = [name for name, share in shares.items() if share > 0]
        if shares and truth == "none":
            return (
                "shares are given with hypothesis 'none', which has no code. Leave out one of them."
            )
        if shares and truth in PURE and 2 * shares.get(PURE[truth], 0) <= sum(shares.values()):
            return (
                f"shares are mostly not '{PURE[truth]}', which is what hypothesis '{truth}' is "
                "about. Change them, or leave the hypothesis out."
            )
        if shares and truth == "mixture" and len(have) < 2:
            return (
                f"a mixture of '{have[0]}' alone is none. Give shares of two components or more, "
                f"out of {', '.join(COMPONENTS)}, or leave 'mixture' out."
            )
        if self.overlap and truth == "none":
            return (
                "overlap adds a stable code, but hypothesis 'none' has no code in memory. Leave "
                "overlap out, or ask for 'shared'."
            )
        return None

    def _wrong_features(self) -> str | None:
        if isinstance(self.n_values, tuple) and len(self.n_values) != len(self.features):
            return (
                f"n_values has {len(self.n_values)} numbers for {len(self.features)} features "
                f"({', '.join(self.features)}). Give one for each, or one number for all."
            )
        if len(set(self.features)) < len(self.features) or not all(self.features):
            return f"features are {list(self.features)}. Give each a name of its own."
        for feature, count in self.values.items():
            if feature == "item" or expected(feature) is not None:
                return (
                    f"a feature is called '{feature}', which means something else in a recording. "
                    "Give it another name."
                )
            if not 2 <= count <= 1000:
                return f"'{feature}' has {count} values, expected 2 to 1000. Change n_values."
            if self.dimension is not None and self.dimension >= count:
                return (
                    f"dimension is {self.dimension}, but codes of the {count} values of "
                    f"'{feature}' span {count - 1} at most. Use a smaller dimension or more values."
                )
            if not self.repeats and count < self.n_items:
                return (
                    f"values never repeat in a trial, but '{feature}' has {count} for "
                    f"{self.n_items} items. Use {self.n_items} values or more, fewer items, or "
                    "let values repeat."
                )
        return None

    def _wrong_task(self) -> str | None:
        if self.n_back is None:
            if self.realignment:
                return (
                    "realignment is of the step that compares with an item, and this recording has "
                    "no such step. Set n_back, or leave realignment out."
                )
            return None
        if self.n_back >= self.n_items:
            return (
                f"a {self.n_back}-back task with {self.n_items} items never calls for an answer. "
                f"Use {self.n_back + 1} items or more."
            )
        if self.maintenance:
            return (
                f"n_back is set with {self.maintenance} maintenance step(s), but an N-back task "
                "has an item at every step. Leave one of them out."
            )
        if not self.repeats:
            return (
                "n_back needs items that match, but values never repeat. Let them, or leave "
                "n_back out."
            )
        return None

    def _wrong_noise(self) -> str | None:
        if self.spiking is not None and (self.noise != 1 or self.unequal_noise):
            return (
                "noise and unequal_noise do not go with spiking, where Poisson noise is the "
                "private noise. Leave them out; rate, rate_spread and window set it."
            )
        if round(self.missing_trials * self.n_trials) < 1 and self.missing:
            return (
                f"missing_trials is {self.missing_trials:g} of {self.n_trials} trials, which is "
                "none. Make it larger."
            )
        return None
