"""Recordings taken apart: trial tables, and the units that were recorded in the same trials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.labels import labels_of
from wmsim.recordings.select import step_names


@dataclass(frozen=True)
class Part:
    """Units that were recorded in the same trials.

    Attributes
    ----------
    session : int
        Number of the session in :class:`Pool`.
    recording : int
        Number of the recording that they are from.
    units : ndarray of int
        Their positions in it.
    activity : ndarray, shape (step, trial, unit)
        Trials are those of the session; NaN where the units were not recorded.
    recorded : ndarray of bool, shape (trial,)
        Trials in which they were.
    """

    session: int
    recording: int
    units: np.ndarray
    activity: np.ndarray
    recorded: np.ndarray


@dataclass(frozen=True)
class Session:
    """A trial table, and the units that were recorded in it, before anything is drawn.

    Attributes
    ----------
    name : str
        Its name.
    labels : ndarray of int, shape (item, trial)
        Index into `names`; -1 where there is no item.
    names : list of str
        Names of the feature's values.
    parts : tuple of Part
        Its units.
    """

    name: str
    labels: np.ndarray
    names: list[str]
    parts: tuple[Part, ...]

    @property
    def n_units(self) -> int:
        """Number of units."""
        return sum(part.units.size for part in self.parts)

    def usable(self, n_folds: int) -> list[str]:
        """Names of values with a trial for each fold at every item."""
        counts = [np.bincount(item[item >= 0], minlength=len(self.names)) for item in self.labels]
        enough = np.all(np.array(counts) >= n_folds, axis=0)
        return [name for name, yes in zip(self.names, enough.tolist(), strict=True) if yes]


def trial_tables(
    element: xr.Dataset, feature: str, number: int, name: str, dropped: list[dict[str, Any]]
) -> Iterator[Session]:
    """Take a recording apart into units and trials that hang together.

    Parameters
    ----------
    element : xarray.Dataset
        An aligned recording, or several that were joined.
    feature : str
        Which labels.
    number : int
        Number of the recording.
    name : str
        Its name.
    dropped : list of dict
        Units that fall out are added here; see :func:`fall_out`.

    Yields
    ------
    Session
        Units that share any trial are of one session, whose folds they share; those that were
        recorded in the very same trials are one part.

    Raises
    ------
    WmsimError
        If a trial lacks a step in all units.
    """
    codes, names = labels_of(element, feature)
    activity = element["activity"].transpose("time", "trial", "unit").values
    finite = np.isfinite(activity)
    any_unit = finite.any(axis=2)  # (step, trial)
    _require_all_steps(element, any_unit, name)
    recorded = finite.all(axis=0)  # (trial, unit)
    fall_out(dropped, name, int((~recorded.any(axis=0)).sum()), "no trial with all steps")
    groups = _connected(recorded)
    of_unit = element["session"].values.astype(str) if "session" in element else None
    for count, (trials, units) in enumerate(groups, start=1):
        own = set() if of_unit is None else set(of_unit[units].tolist())
        called = own.pop() if len(own) == 1 else f"{name} ({count})"
        called = name if len(groups) == 1 else called
        alike: dict[bytes, list[int]] = {}
        for unit in units.tolist():
            alike.setdefault(recorded[trials, unit].tobytes(), []).append(unit)
        parts = tuple(
            _part(number, np.array(members), activity[:, trials]) for members in alike.values()
        )
        yield Session(called, codes[trials].T, names, parts)


def _part(recording: int, units: np.ndarray, activity: np.ndarray) -> Part:
    own = np.ascontiguousarray(activity[:, :, units])
    return Part(-1, recording, units, own, np.isfinite(own[:, :, 0]).all(axis=0))


def _require_all_steps(element: xr.Dataset, present: np.ndarray, name: str) -> None:
    part = present.any(axis=0) & ~present.all(axis=0)
    if part.any():
        step = step_names(element)[int(np.argmax((~present[:, part]).any(axis=1)))]
        raise WmsimError(
            f"'{name}': {int(part.sum())} of {part.size} trials have no activity at step '{step}', "
            "expected all steps in each trial. Pool trials of equally many items "
            "(subset(n_items=...)), or leave these trials out (subset(trials=...))."
        )


def _connected(recorded: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Groups of trials and units that hang together, of recorded (trial, unit)."""
    left = recorded.any(axis=0)
    groups = []
    while left.any():
        units = np.zeros_like(left)
        units[np.argmax(left)] = True
        while True:
            trials = recorded[:, units].any(axis=1)
            grown = recorded[trials].any(axis=0)
            if (grown == units).all():
                break
            units = np.asarray(grown)
        groups.append((np.flatnonzero(trials), np.flatnonzero(units)))
        left &= ~units
    return groups


def named_apart(sessions: Sequence[Session]) -> list[Session]:
    """Sessions with a different name each."""
    seen: Counter[str] = Counter()
    named = []
    for session in sessions:
        seen[session.name] += 1
        count = seen[session.name]
        named.append(replace(session, name=f"{session.name} ({count})") if count > 1 else session)
    return named


def fall_out(dropped: list[dict[str, Any]], session: str, units: int, reason: str) -> None:
    """Note how many units of a session fall out, and why, for the account."""
    if units:
        dropped.append({"session": session, "units": units, "reason": reason})
