"""Kinds of subjects that figures are made of: one is trained once a seed and shared by all."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from wmsim.config import Config
from wmsim.models import DEFAULT_UNITS, Architecture

Variant = Literal["plain", "textures", "larger"]


class Kind(Config):
    """What subjects have in common that differ in their seed only.

    Attributes
    ----------
    architecture : str
        Recurrent core.
    regime : str
        What it learns; see :func:`wmsim.tasks.regime_tasks`.
    units : int, optional
        Hidden units; by default the paper's number for the architecture.
    variant : {"plain", "textures", "larger"}
        Stimuli: as they are, on textures, or of 8 categories with 4 identities each.

    Examples
    --------
    >>> Kind(architecture="rnn").name
    'rnn-512-MTMF'
    >>> Kind(regime="MTMF, DMS").name
    'gru-256-MTMF+DMS'
    """

    architecture: Architecture = "gru"
    regime: str = "MTMF"
    units: int | None = Field(default=None, ge=1)
    variant: Variant = "plain"

    @property
    def size(self) -> int:
        """Hidden units."""
        return self.units or DEFAULT_UNITS[self.architecture]

    @property
    def name(self) -> str:
        """Name in folders, files and figures; regimes that are learned together have + between."""
        ending = "" if self.variant == "plain" else f"-{self.variant}"
        regime = "+".join(part.strip() for part in self.regime.split(","))
        return f"{self.architecture}-{self.size}-{regime}{ending}"
