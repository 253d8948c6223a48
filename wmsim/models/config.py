"""Settings of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, cast

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
)

from wmsim.config import Config
from wmsim.errors import ConfigError, choose
from wmsim.tasks import FEATURES, Task
from wmsim.tasks.nback import MAX_N

Architecture = Literal["rnn", "gru", "lstm", "transformer", "ssm", "slots"]
# Sizes with which the paper makes the architectures comparable.
PAPER_UNITS: dict[str, int] = {"rnn": 512, "gru": 256, "lstm": 256}
# The paper's, and ours where it has none; those of slots are a multiple of the paper's six items.
DEFAULT_UNITS: dict[str, int] = PAPER_UNITS | {"transformer": 128, "ssm": 256, "slots": 252}


class _OfOneArchitecture(Config):
    """What only one architecture has."""

    def check(self, units: int) -> None:
        """Refuse a number of units that does not go with these settings; any will do here."""


class VanillaSettings(_OfOneArchitecture):
    """What only a vanilla network has.

    Attributes
    ----------
    recurrent : {"kaiming", "orthogonal"}
        Initial recurrent weights. "kaiming", as in the paper, serves trials of few steps. A random
        orthogonal matrix keeps the length of a vector [1]_: activity and gradients live through
        tens of steps, without which a vanilla network does not learn to remember over long delays.

    References
    ----------
    .. [1] Saxe, McClelland & Ganguli (2014), Exact solutions to the nonlinear dynamics of learning
       in deep linear neural networks, ICLR, :doi:`10.48550/arXiv.1312.6120`.
    """

    recurrent: Literal["kaiming", "orthogonal"] = "kaiming"


class LstmSettings(_OfOneArchitecture):
    """What only an LSTM has.

    Attributes
    ----------
    forget_bias : float
        Initial bias of the forget gates. At 0, as in the paper, a cell state loses half of what
        it holds at each step; at 1 it loses a quarter, and delays of tens of steps are learnt
        sooner and better [1]_.

    References
    ----------
    .. [1] Jozefowicz, Zaremba & Sutskever (2015), An empirical exploration of recurrent network
       architectures, ICML, PMLR 37, 2342-2350.
    """

    forget_bias: float = 0.0


class TransformerSettings(_OfOneArchitecture):
    """What only a transformer has.

    Attributes
    ----------
    layers : int
        Blocks of attention and feed-forward network.
    heads : int
        Heads of attention a layer; units are shared out among them.

    Examples
    --------
    >>> NetworkConfig(architecture="transformer", units=64, core=TransformerSettings(heads=3))
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: A transformer of 3 heads has 64 units: their number must be a ...
    """

    layers: int = Field(default=2, ge=1)
    heads: int = Field(default=4, ge=1)

    def check(self, units: int) -> None:
        """Rotary positions turn pairs of units within a head."""
        if units % (2 * self.heads):
            raise ConfigError(
                f"A transformer of {self.heads} heads has {units} units: their number must be a "
                f"multiple of {2 * self.heads}, twice the heads."
            )


class StateSpaceSettings(_OfOneArchitecture):
    """What only a state-space network has.

    Attributes
    ----------
    layers : int
        Blocks of linear recurrence and gate.
    """

    layers: int = Field(default=2, ge=1)

    def check(self, units: int) -> None:
        """A complex number of the state is two units."""
        if units % 2:
            raise ConfigError(
                f"A state-space network has {units} units: their number must be even, for the "
                f"real and imaginary parts of its state."
            )


class SlotSettings(_OfOneArchitecture):
    """What only a network with slots has.

    Attributes
    ----------
    slots : int
        Slots of the memory: the longest trial, in steps (items, and gaps, cues and probes where a
        task has them). Each has units / slots units.

    Examples
    --------
    >>> NetworkConfig(architecture="slots", units=256)
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: A memory of 6 slots has 256 units: their number must be a ...
    """

    slots: int = Field(default=6, ge=2)

    def check(self, units: int) -> None:
        """All slots are equally wide."""
        if units % self.slots:
            below = max(units // self.slots, 1) * self.slots
            raise ConfigError(
                f"A memory of {self.slots} slots has {units} units: their number must be a "
                f"multiple of {self.slots}, for example {below} or {below + self.slots}."
            )


CoreSettings = (
    VanillaSettings | LstmSettings | TransformerSettings | StateSpaceSettings | SlotSettings
)
SETTINGS_OF: dict[str, type[CoreSettings]] = {
    "rnn": VanillaSettings,
    "lstm": LstmSettings,
    "transformer": TransformerSettings,
    "ssm": StateSpaceSettings,
    "slots": SlotSettings,
}


class NetworkConfig(Config):
    """A network that does working memory tasks.

    Attributes
    ----------
    architecture : {"rnn", "gru", "lstm", "transformer", "ssm", "slots"}
        Core of the network. "rnn" is the vanilla (Elman) network; "ssm" a diagonal linear
        state-space network; "slots" writes each item once, into a slot of its own. The paper
        has the first three.
    units : int
        Units of the core that are recorded as "hidden"; by default as in
        :data:`DEFAULT_UNITS`. With slots, those of all slots together.
    max_n : int
        Largest n that the task vector can name (3 makes the paper's 6 bits; 0 for a network that
        does no N-back task).
    extra_bits : tuple of str
        Names of further bits of the task vector, which tasks other than N-back need: kinds of
        tasks ("dms", "sternberg", "retrocue", "sequence"), and bits that are on at some steps
        alone ("cue 1", "cue 2", ..., "probe"). Networks that do N-back tasks alone have none, and
        their settings have no such entry when they are written down. See :meth:`for_tasks`.
    core : VanillaSettings, LstmSettings, TransformerSettings, StateSpaceSettings or SlotSettings
        What only this architecture has. gru has nothing of the kind, and its settings have no such
        entry when they are written down. Another architecture laid over these settings starts
        with its own.

    Examples
    --------
    >>> NetworkConfig.paper("rnn").units
    512
    >>> NetworkConfig(architecture="transformer", core={"layers": 3}).core
    TransformerSettings(layers=3, heads=4)
    >>> NetworkConfig(architecture="gru").model_dump()
    {'architecture': 'gru', 'units': 256, 'max_n': 3}
    >>> NetworkConfig(architecture="gru", core={"layers": 3})
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: NetworkConfig: core is {'layers': 3}: gru has no settings of its ...
    """

    belongs_to: ClassVar[Mapping[str, str]] = {"core": "architecture"}

    architecture: Architecture = "gru"
    units: int = Field(
        default_factory=lambda there: DEFAULT_UNITS.get(there.get("architecture"), 256), ge=1
    )
    max_n: int = Field(default=3, ge=0, le=MAX_N)
    extra_bits: tuple[str, ...] = ()
    core: CoreSettings | None = None

    @classmethod
    def paper(cls, architecture: str) -> NetworkConfig:
        """The paper's size of an architecture; ours where the paper has none.

        Raises
        ------
        ConfigError
            If there is no such architecture.
        """
        name = choose(architecture, DEFAULT_UNITS, "architecture")
        return cls(architecture=cast(Architecture, name))

    def for_tasks(self, tasks: Sequence[Task]) -> NetworkConfig:
        """The same network with the task vector that some tasks need.

        Parameters
        ----------
        tasks : sequence of Task
            What the network shall learn.

        Returns
        -------
        NetworkConfig
            With a bit for n up to 3, or 4 where a task needs it, or none without N-back tasks.

        Examples
        --------
        >>> from wmsim.tasks import regime_tasks
        >>> NetworkConfig().for_tasks(regime_tasks("MTMF-4")).task_bits
        7
        >>> NetworkConfig().for_tasks(regime_tasks("RETROCUE")).bit_names
        ('location', 'identity', 'category', 'retrocue', 'cue 1', 'cue 2')
        """
        needed = [bit for task in tasks for bit in (*task.bits, *task.step_bits)]
        highest = max((n for n in range(1, MAX_N + 1) if f"{n}-back" in needed), default=0)
        known = {*FEATURES, *(f"{n}-back" for n in range(1, MAX_N + 1))}
        extra = tuple(dict.fromkeys(bit for bit in needed if bit not in known))
        fitted = self.changed(max_n=max(3, highest) if highest else 0, extra_bits=extra)
        return self if fitted == self else fitted

    @property
    def bit_names(self) -> tuple[str, ...]:
        """Names of the task vector's bits: one a feature, one an n, then further ones."""
        return (*FEATURES, *(f"{n}-back" for n in range(1, self.max_n + 1)), *self.extra_bits)

    @property
    def task_bits(self) -> int:
        """Length of the task vector."""
        return len(self.bit_names)

    @field_validator("extra_bits")
    @classmethod
    def _each_bit_once(cls, extra: tuple[str, ...]) -> tuple[str, ...]:
        ns = [f"{n}-back" for n in range(1, MAX_N + 1)]
        twice = [bit for bit in extra if extra.count(bit) > 1 or bit in (*FEATURES, *ns)]
        if twice:
            raise ValueError(
                f"'{twice[0]}' is there twice, or is a feature or an n, which have bits of their "
                "own; name each further bit once"
            )
        return extra

    @field_validator("core", mode="before")
    @classmethod
    def _settings_of_this_architecture(cls, core: Any, info: ValidationInfo) -> Any:
        architecture = info.data.get("architecture")
        if architecture is None:  # it is wrong itself, and that is what the user is told
            return None
        wanted = SETTINGS_OF.get(architecture)
        if wanted is None:
            if core is not None:
                raise ValueError(
                    f"{architecture} has no settings of its own; leave core out. "
                    f"{', '.join(SETTINGS_OF)} have"
                )
            return None
        if core is None or isinstance(core, dict):
            return wanted(**(core or {}))
        if not isinstance(core, wanted):
            raise ValueError(f"{architecture} takes {wanted.__name__}")
        return core

    @field_validator("core")
    @classmethod
    def _fits_units(cls, core: CoreSettings | None, info: ValidationInfo) -> CoreSettings | None:
        if core is not None and "units" in info.data:
            core.check(info.data["units"])
        return core

    @model_serializer(mode="wrap")
    def _without_what_is_not_there(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written = write(self)
        if self.core is None:
            written.pop("core", None)
        if not self.extra_bits:
            written.pop("extra_bits", None)
        return written
