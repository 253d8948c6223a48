"""Names of tasks and of regimes (sets of tasks), read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import Any

from wmsim.errors import ConfigError
from wmsim.tasks.delayed import DMSTask, RetroCueTask, SternbergTask
from wmsim.tasks.nback import MAX_N, NBackTask, nback_tasks
from wmsim.tasks.sequence import SequenceTask
from wmsim.tasks.task import FEATURES, Task

_FEATURE = f"(?P<feature>{'|'.join(FEATURES)})"
_DELAY = r"(?:-delay(?P<delay>\d{1,3}))?"
_STEPS = r"\d{1,3}(?:\+\d{1,3})*"
_SEVERAL = ("gaps", "delays")
_SEQUENCE = (
    rf"sequence-(?P<load>\d{{1,3}})-{_FEATURE}(?:-show(?P<shown>\d{{1,3}}))?"
    rf"(?:-gaps(?P<gaps>{_STEPS}))?(?:-delays(?P<delays>{_STEPS}))?(?:-probes(?P<probes>\d{{1,3}}))?"
)
# How names of each kind of task look; groups are settings of the task.
_PATTERNS: tuple[tuple[str, Callable[..., Task]], ...] = (
    (rf"(?P<n>\d{{1,3}})-back-{_FEATURE}", NBackTask),
    (rf"dms(?:-d(?P<distractors>\d{{1,3}}))?-{_FEATURE}{_DELAY}", DMSTask),
    (rf"sternberg-(?P<load>\d{{1,3}})-{_FEATURE}{_DELAY}", SternbergTask),
    (rf"retrocue(?:-(?P<load>\d{{1,3}}))?-{_FEATURE}{_DELAY}", RetroCueTask),
    (_SEQUENCE, SequenceTask),
)
TASK_NAMES = (
    "Tasks are N-BACK-FEATURE (1 to 4), dms-FEATURE, dms-dN-FEATURE (N distractors), "
    "sternberg-LOAD-FEATURE, retrocue-FEATURE and retrocue-LOAD-FEATURE, the last four with "
    "-delayN for another delay than 3 steps, and sequence-LOAD-FEATURE, with -showN (steps an item "
    "is shown), -gapsN+N, -delaysN+N (steps that trials draw from) and -probes2 behind it, in this "
    f"order; FEATURE is one of {', '.join(FEATURES)}."
)
REGIME_NAMES = (
    "Regimes are MTMF (1- to 3-back, three features), MTMF-4 (1- to 4-back), STMF-1 to STMF-4 "
    "(one n), DMS, STERNBERG (load 2), STERNBERG-LOAD, RETROCUE (2 items), RETROCUE-LOAD, "
    "SEQUENCE (load 2), SEQUENCE-LOAD (three features each), the name of a task, or several of "
    "these with commas between."
)


def parse_task(name: str) -> Task:
    """Read a task's name.

    Parameters
    ----------
    name : str
        Such as ``"2-back-location"``, ``"dms-category"``, ``"sternberg-3-identity"``,
        ``"retrocue-location-delay5"``, ``"sequence-3-identity-gaps0+1-delays13+15-probes2"``.

    Raises
    ------
    ConfigError
        If there is no such task.

    Examples
    --------
    >>> parse_task("sternberg-2-identity").load
    2
    >>> parse_task("3-back-identity").name
    '3-back-identity'
    """
    for pattern, make in _PATTERNS:
        found = re.fullmatch(pattern, name)
        if found:
            settings: dict[str, Any] = {
                key: _read(key, value)
                for key, value in found.groupdict().items() if value is not None
            }  # fmt: skip
            try:
                return make(**settings)
            except ConfigError as error:
                raise ConfigError(f"Unknown task '{name}'. {error} {TASK_NAMES}") from None
    close = difflib.get_close_matches(name, _common_names(), n=1)
    hint = f"Did you mean '{close[0]}'? " if close else ""
    raise ConfigError(f"Unknown task '{name}'. {hint}{TASK_NAMES}")


def _read(key: str, text: str) -> str | int | tuple[int, ...]:
    """A setting as it stands in a name: a feature, a number, or numbers with + between."""
    if key == "feature":
        return text
    return tuple(int(part) for part in text.split("+")) if key in _SEVERAL else int(text)


def regime_tasks(regime: str) -> tuple[Task, ...]:
    """Tasks that a network learns together.

    Parameters
    ----------
    regime : str
        The paper's ``"MTMF"`` (nine tasks) and ``"STMF-n"`` (one n, three features); ``"MTMF-4"``
        (1- to 4-back, twelve tasks); ``"DMS"``, ``"STERNBERG"`` (load 2), ``"STERNBERG-3"``,
        ``"RETROCUE"`` (2 items), ``"RETROCUE-3"``, ``"SEQUENCE"`` (load 2), ``"SEQUENCE-3"``
        (three features each); a task's name (STSF); or several of these with commas between.

    Returns
    -------
    tuple of Task
        Each once, in the order in which they are named.

    Raises
    ------
    ConfigError
        If there is no such regime or task.

    Examples
    --------
    >>> len(regime_tasks("MTMF")), len(regime_tasks("STMF-2")), len(regime_tasks("1-back-category"))
    (9, 3, 1)
    >>> [task.name for task in regime_tasks("dms-location, 1-back-location")]
    ['dms-location', '1-back-location']
    """
    parts = [part.strip() for part in regime.split(",")]
    return tuple(dict.fromkeys(task for part in parts for task in _tasks_of(part)))


def _tasks_of(part: str) -> tuple[Task, ...]:
    upper = part.upper()
    if upper in ("MTMF", "MTMF-4"):
        return nback_tasks(ns=tuple(range(1, 5 if upper.endswith("4") else 4)))
    several = re.fullmatch(r"STMF-([1-4])", upper)
    if several:
        return nback_tasks(ns=(int(several[1]),))
    several = re.fullmatch(r"(DMS|STERNBERG|RETROCUE|SEQUENCE)(?:-(\d))?", upper)
    if several and not (several[1] == "DMS" and several[2]):
        return tuple(parse_task(_name(several[1], several[2], feature)) for feature in FEATURES)
    if any(re.fullmatch(pattern, part) for pattern, _ in _PATTERNS):
        return (parse_task(part),)
    close = difflib.get_close_matches(part, [*_common_regimes(), *_common_names()], n=1)
    hint = f"Did you mean '{close[0]}'? " if close else ""
    raise ConfigError(f"Unknown regime '{part}'. {hint}{REGIME_NAMES} {TASK_NAMES}")


def _name(kind: str, load: str | None, feature: str) -> str:
    plain = kind.lower()
    load = "2" if load is None and plain in ("sternberg", "sequence") else load
    return f"{plain}-{feature}" if load is None else f"{plain}-{load}-{feature}"


def _common_names() -> list[str]:
    """Names to guess from, where one is misspelt."""
    tasks: list[Task] = list(nback_tasks(ns=tuple(range(1, MAX_N + 1))))
    for feature in FEATURES:
        tasks += [DMSTask(feature=feature), DMSTask(feature=feature, distractors=1)]
        tasks += [SternbergTask(feature=feature, load=load) for load in (1, 2, 3)]
        tasks += [SequenceTask(feature=feature, load=load) for load in (1, 2, 3)]
        tasks += [RetroCueTask(feature=feature, load=load) for load in (2, 3)]
    return [task.name for task in tasks]


def _common_regimes() -> list[str]:
    loads = [f"{kind}-{load}" for kind in ("STERNBERG", "RETROCUE", "SEQUENCE") for load in (2, 3)]
    one_n = [f"STMF-{n}" for n in range(1, MAX_N + 1)]
    return ["MTMF", "MTMF-4", *one_n, "DMS", "STERNBERG", "RETROCUE", "SEQUENCE", *loads]
