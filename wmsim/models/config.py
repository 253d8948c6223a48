"""Settings of a network."""

from __future__ import annotations

from typing import Literal, cast

from pydantic import Field

from wmsim.config import Config
from wmsim.errors import choose

Architecture = Literal["rnn", "gru", "lstm"]
# Sizes with which the paper makes the architectures comparable.
PAPER_UNITS: dict[str, int] = {"rnn": 512, "gru": 256, "lstm": 256}


class NetworkConfig(Config):
    """A recurrent network that does N-back tasks.

    Attributes
    ----------
    architecture : {"rnn", "gru", "lstm"}
        Recurrent core; "rnn" is the vanilla (Elman) network.
    units : int
        Hidden units.
    max_n : int
        Largest n that the task vector can name (3 makes the paper's 6 bits).

    Examples
    --------
    >>> NetworkConfig.paper("rnn").units
    512
    """

    architecture: Architecture = "gru"
    units: int = Field(default=256, ge=1)
    max_n: int = Field(default=3, ge=1, le=4)

    @classmethod
    def paper(cls, architecture: str) -> NetworkConfig:
        """The paper's size of an architecture.

        Raises
        ------
        ConfigError
            If there is no such architecture.
        """
        units = PAPER_UNITS[choose(architecture, PAPER_UNITS, "architecture")]
        return cls(architecture=cast(Architecture, architecture), units=units)

    @property
    def task_bits(self) -> int:
        """Length of the task vector: one bit a feature, one bit an n."""
        return 3 + self.max_n
