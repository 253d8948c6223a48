"""N-back tasks: is this item's feature the same as that of the item n steps ago?"""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from wmsim.config import Config
from wmsim.errors import ConfigError, choose, did_you_mean

FEATURES = ("location", "identity", "category")
MAX_N = 4
NO_ACTION, NON_MATCH, MATCH = 0, 1, 2
ACTIONS = ("no action", "non-match", "match")


class NBackTask(Config):
    """One N-back task.

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

    @field_validator("feature")
    @classmethod
    def _known_feature(cls, feature: str) -> str:
        try:
            return choose(feature, FEATURES, "feature")
        except ConfigError as error:
            raise ValueError(str(error)) from None

    @property
    def name(self) -> str:
        """Name as used on the command line and in recordings."""
        return f"{self.n}-back-{self.feature}"


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


def parse_task(name: str) -> NBackTask:
    """Read a task's name.

    Parameters
    ----------
    name : str
        Such as ``"2-back-location"``.

    Raises
    ------
    ConfigError
        If there is no such task.

    Examples
    --------
    >>> parse_task("3-back-identity").n
    3
    """
    known = [task.name for task in nback_tasks(ns=tuple(range(1, MAX_N + 1)))]
    parts = re.fullmatch(r"([1-9])-back-(\w+)", name)
    if parts is None or name not in known:
        raise ConfigError(f"Unknown task '{name}'. {did_you_mean(name, known)}")
    return NBackTask(n=int(parts[1]), feature=parts[2])


def regime_tasks(regime: str) -> tuple[NBackTask, ...]:
    """Tasks of a training regime of the paper.

    Parameters
    ----------
    regime : str
        ``"MTMF"`` (all nine), ``"STMF-n"`` (one n, three features), or a task's name (STSF).

    Raises
    ------
    ConfigError
        If there is no such regime.

    Examples
    --------
    >>> len(regime_tasks("MTMF")), len(regime_tasks("STMF-2")), len(regime_tasks("1-back-category"))
    (9, 3, 1)
    """
    if regime.upper() == "MTMF":
        return nback_tasks()
    several = re.fullmatch(r"STMF-([1-4])", regime.upper())
    if several:
        return nback_tasks(ns=(int(several[1]),))
    if "-back-" in regime:
        return (parse_task(regime),)
    known = ["MTMF", *(f"STMF-{n}" for n in range(1, MAX_N + 1)), "1-back-location"]
    raise ConfigError(
        f"Unknown regime '{regime}'. {did_you_mean(regime, known)} "
        "The name of any task is a regime too (STSF)."
    )
