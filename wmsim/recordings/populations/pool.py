"""The real trials behind a pseudo-population: values paired, folds drawn, who falls out and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError, choose
from wmsim.recordings.folds import trial_folds
from wmsim.recordings.populations.apart import (
    Part,
    Session,
    fall_out,
    named_apart,
    trial_tables,
)
from wmsim.recordings.populations.draw import Members, cell_members, draw
from wmsim.recordings.populations.tables import checked, require_same_time, session_names
from wmsim.recordings.select import shown_items

PAIRINGS = ("name", "order")
# Folds are drawn again, this often at most, while some of them have no, or one, trial of a value.
TRIES = 20


@dataclass(frozen=True)
class Pool:
    """Real trials of sessions, ready to be drawn from.

    Attributes
    ----------
    values : tuple of str
        Names of the feature's values.
    labels : tuple of ndarray of int, each of shape (item, trial)
        For each session the index of each item's value; -1 where there is none of these.
    fold : tuple of ndarray of int, each of shape (trial,)
        For each session the fold of each real trial.
    n_folds : int
        Number of folds.
    parts : tuple of Part
        Groups of units.
    account : dict
        JSON-like: what each session gave, what fell out and why.
    """

    values: tuple[str, ...]
    labels: tuple[np.ndarray, ...]
    fold: tuple[np.ndarray, ...]
    n_folds: int
    parts: tuple[Part, ...]
    account: dict[str, Any] = field(default_factory=dict)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.labels[0])

    @property
    def n_real(self) -> int:
        """Number of real trials of all sessions together."""
        return sum(fold.size for fold in self.fold)

    @property
    def n_units(self) -> int:
        """Number of units of all parts together."""
        return sum(part.units.size for part in self.parts)

    def members(self) -> list[Members]:
        """Real trials of each cell, for each part."""
        k = len(self.values)
        return [
            cell_members(self.labels[p.session], self.fold[p.session], k, self.n_folds, p.recorded)
            for p in self.parts
        ]

    def most(self) -> int:
        """Real trials in the fullest cell: so many pseudo-trials of each use every real one."""
        return max(cell.size for members in self.members() for cell in members)

    def assemble(self, n_each: int, *, rng: np.random.Generator) -> np.ndarray:
        """Draw pseudo-trials; activity of shape (step, pseudo-trial, unit)."""
        index = draw(self.members(), n_each, rng=rng)
        return np.concatenate(
            [part.activity[:, rows] for part, rows in zip(self.parts, index.T, strict=True)], axis=2
        )


def make_pool(
    recordings: xr.Dataset | Iterable[xr.Dataset], feature: str, *, n_folds: int = 10,
    values: Sequence[str] | None = None, pair: str = "name", rng: np.random.Generator,
) -> Pool:  # fmt: skip
    """Take sessions apart, pair their values and put each real trial into a fold.

    Parameters
    ----------
    recordings, feature, n_folds, values, pair
        See :func:`wmsim.recordings.pseudo_population`.
    rng : numpy.random.Generator
        Source of randomness, for the folds.

    Returns
    -------
    Pool

    Raises
    ------
    WmsimError
        If recordings are not aligned with the same steps, or too little is left.
    """
    choose(pair, PAIRINGS, "pairing of values")
    found = [recordings] if isinstance(recordings, xr.Dataset) else recordings
    elements = checked(found, "pseudo_population")
    names = session_names(elements)
    for element in elements:
        shown_items(element)
    require_same_time(elements, names)
    dropped: list[dict[str, Any]] = []
    every = [
        session
        for number, (element, name) in enumerate(zip(elements, names, strict=True))
        for session in trial_tables(element, feature, number, name, dropped)
    ]
    kept = _with_all_items(named_apart(every), dropped)
    kept, chosen = _paired(kept, n_folds, values, pair, feature, dropped)
    pool = _with_folds(kept, chosen, n_folds, rng, dropped)
    account = {
        "feature": feature,
        "values": list(pool.values),
        "pairing": pair,
        "folds": n_folds,
        "units": pool.n_units,
        **pool.account,
        "fell_out": dropped,
    }
    return replace(pool, account=account)


def _with_all_items(sessions: Sequence[Session], dropped: list[dict[str, Any]]) -> list[Session]:
    """Sessions that have every item that any of them has; items that none has are cut off."""
    has = [{i for i, item in enumerate(one.labels) if (item >= 0).any()} for one in sessions]
    items = sorted(set().union(*has))
    kept = []
    for session, own in zip(sessions, has, strict=True):
        lacking = [f"item {item + 1}" for item in items if item not in own]
        if lacking:
            reason = f"no label of {', '.join(lacking)}"
            fall_out(dropped, session.name, session.n_units, reason)
        else:
            kept.append(session)
    return kept


def _paired(
    sessions: list[Session], n_folds: int, values: Sequence[str] | None, pair: str, feature: str,
    dropped: list[dict[str, Any]],
) -> tuple[list[Session], list[str]]:  # fmt: skip
    """Sessions with labels as indices of the values that all of them have, and these values."""
    usable = [one.usable(n_folds) for one in sessions]
    told = "; ".join(
        f"{s.name}: {len(u)} of {len(s.names)}" for s, u in zip(sessions, usable, strict=True)
    )
    if values is not None and pair == "order":
        raise WmsimError("values are named, so they are paired by name; leave pair='order' out.")
    kept = []
    for session, own in zip(sessions, usable, strict=True):
        lacking = [v for v in map(str, values or ()) if v not in own]
        if lacking or len(own) < 2:
            what = f"of {feature} {lacking[0]!r}" if lacking else f"of two values of {feature}"
            reason = f"fewer than {n_folds} trials (one a fold) {what} at some item"
            fall_out(dropped, session.name, session.n_units, reason)
        else:
            kept.append((session, own))
    if values is not None:
        names = [str(value) for value in values]
    elif pair == "order":
        names = [f"value {j + 1}" for j in range(min((len(own) for _, own in kept), default=0))]
    else:
        names = [n for n in (kept[0][1] if kept else []) if all(n in own for _, own in kept)]
    if not kept or len(names) < 2:
        raise WmsimError(
            f"'{feature}': the sessions have {len(names)} values in common with {n_folds} trials "
            f"or more at every item, expected two at least (values with enough trials: "
            f"{told or 'no session left'}). Use fewer folds, leave out sessions with few trials, "
            "or pair values of different names by their order (pair='order')."
        )
    return [_recoded(one, own, names, pair) for one, own in kept], names


def _recoded(session: Session, usable: list[str], names: list[str], pair: str) -> Session:
    chosen = names if pair == "name" else usable[: len(names)]
    # The last entry stands for code -1, no item.
    position = np.array([*(chosen.index(n) if n in chosen else -1 for n in session.names), -1])
    labels = position[session.labels]
    used = (labels >= 0).any(axis=0)
    parts = tuple(
        replace(p, activity=p.activity[:, used].copy(), recorded=p.recorded[used])
        for p in session.parts
    )
    return replace(session, labels=labels[:, used], names=list(chosen), parts=parts)


def _with_folds(
    sessions: Sequence[Session], values: list[str], n_folds: int, rng: np.random.Generator,
    dropped: list[dict[str, Any]],
) -> Pool:  # fmt: skip
    labels: list[np.ndarray] = []
    folds: list[np.ndarray] = []
    parts: list[Part] = []
    told: list[dict[str, Any]] = []
    for session in sessions:
        fold, empty = _best_folds(session, len(values), n_folds, rng)
        kept = []
        for part, cell in zip(session.parts, empty, strict=True):
            if cell is None:
                kept.append(replace(part, session=len(labels)))
            else:
                item, number, value = np.unravel_index(
                    cell, (len(session.labels), n_folds, len(values))
                )
                reason = (
                    f"no trial of {session.names[value]!r} at item {item + 1} in fold {number + 1}"
                )
                fall_out(dropped, session.name, part.units.size, reason)
        if kept:
            told.append(_told(session, kept, values, fold, n_folds))
            labels.append(session.labels)
            folds.append(fold)
            parts += kept
    if not parts:
        raise WmsimError(
            f"No session is left in which every one of {n_folds} folds has a trial of each value "
            "at each item. Use fewer folds, or fewer values."
        )
    return Pool(
        tuple(values), tuple(labels), tuple(folds), n_folds, tuple(parts), {"sessions": told}
    )


def _best_folds(
    session: Session, n_values: int, n_folds: int, rng: np.random.Generator
) -> tuple[np.ndarray, list[int | None]]:
    """Folds that leave most units complete, and for each part its first empty cell, if any.

    Among those, folds with fewest cells of a single trial, which could not be resampled. Labels
    alone decide, so the choice cannot favour any result.
    """
    best: tuple[tuple[int, int], np.ndarray, list[int | None]] | None = None
    for _ in range(TRIES):
        fold = trial_folds(session.labels, n_folds, rng=rng)
        empty: list[int | None] = []
        complete = single = 0
        for part in session.parts:
            cells = cell_members(session.labels, fold, n_values, n_folds, part.recorded)
            sizes = np.array([cell.size for cell in cells])
            empty.append(int(np.argmin(sizes)) if sizes.min() == 0 else None)
            complete += part.units.size if sizes.min() else 0
            single += int((sizes == 1).sum())
        if best is None or (complete, -single) > best[0]:
            best = (complete, -single), fold, empty
        if complete == session.n_units and not single:
            break
    assert best is not None
    return best[1], best[2]


def _told(
    session: Session, kept: Sequence[Part], values: list[str], fold: np.ndarray, n_folds: int
) -> dict[str, Any]:
    """What a session gave."""
    numbers = [
        [[int((item == value).sum()) for item in session.labels[:, part.recorded]]
         for value in range(len(values))]
        for part in kept
    ]  # fmt: skip
    cells = [
        cell.size
        for part in kept
        for cell in cell_members(session.labels, fold, len(values), n_folds, part.recorded)
    ]
    return {
        "session": session.name,
        "units": int(sum(part.units.size for part in kept)),
        "real_trials": int(np.any([part.recorded for part in kept], axis=0).sum()),
        "own_values": session.names,
        "trials_of_a_value": [int(np.min(numbers)), int(np.max(numbers))],
        "trials_of_a_value_in_a_fold": [int(min(cells)), int(max(cells))],
    }
