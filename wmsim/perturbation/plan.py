"""Which trials are moved, and from where to where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wmsim.errors import WmsimError
from wmsim.perturbation.compared import Compared
from wmsim.perturbation.moves import PAIRS, move_number
from wmsim.recordings.folds import trial_folds
from wmsim.tasks import FEATURES, MATCH, NON_MATCH
from wmsim.tasks.balance import balanced_within

TRIAL_KINDS = ("match", "non-match")
FEWEST = 10


@dataclass(frozen=True)
class Feature:
    """A feature of the perturbed item, and the moves that are made in it.

    Attributes
    ----------
    name : str
        Its name.
    n_values : int
        Values that it takes.
    labels : ndarray of int, shape (trial,)
        Value of the perturbed item, 0 to ``n_values - 1``.
    moves : dict of str to ndarray of int, shape (trial,)
        Number of each trial's move, by direction; -1 where there is none.
    """

    name: str
    n_values: int
    labels: np.ndarray
    moves: dict[str, np.ndarray]


@dataclass(frozen=True)
class Plan:
    """What is done to each trial.

    Attributes
    ----------
    kind : ndarray of int, shape (trial,)
        Index into :data:`TRIAL_KINDS`.
    fold : ndarray of int, shape (trial,)
        Fold; see :func:`wmsim.recordings.folds.trial_folds`.
    own : Feature
        The feature that is moved.
    unrelated : tuple of Feature
        Features that can be moved while the own one stays what it is.
    """

    kind: np.ndarray
    fold: np.ndarray
    own: Feature
    unrelated: tuple[Feature, ...]


def make_plan(
    pair: Compared, feature: str, *, decoder: str, folds: int, rng: np.random.Generator
) -> Plan:  # fmt: skip
    """Say for each trial where its state is moved.

    The stored value goes to that of the probe, where the two differ: in non-match trials of the
    task's own feature, this should make a match of them. Where they do not differ, it goes to one
    of the other values, all equally often. A value `elsewhere` is neither the stored one nor the
    probe's: moving there should leave a non-match what it is. Other features are moved to values
    that occur together with the stored value of the own one, so that only they change.

    Parameters
    ----------
    pair : Compared
        Trials, the item that is remembered, and the one that it is compared with.
    feature : str
        Feature that is moved.
    decoder : {"pairs", "rest"}
        See :func:`wmsim.perturbation.moves.move_number`.
    folds : int
        Number of folds.
    rng : numpy.random.Generator
        Source of randomness.

    Raises
    ------
    WmsimError
        If there are too few match or non-match trials.
    """
    trials, item, probe = pair.trials, pair.item, pair.probe
    codes = {name: _codes(getattr(trials, name)) for name in FEATURES}
    kind = _kinds(trials.target[:, pair.probe_step])
    own, k = codes[feature]
    stored, asked = own[:, item], own[:, probe]
    labels = np.stack([codes[name][0][:, item] for name in FEATURES] + [kind])
    differ = stored != asked
    goal = np.where(differ, asked, _other(stored, k, rng))
    moves = {"own": _numbers(stored, goal, differ, k, decoder)}
    if k > 2:
        third = _third(stored, asked, k, rng)
        away = _numbers(stored, third, differ, k, decoder)
        moves["elsewhere"] = np.where(differ & (kind == 1), away, -1)
    others = [
        found
        for name in FEATURES
        if name != feature
        and (found := _unrelated(name, codes[name], (own, k), item, decoder, rng)) is not None
    ]
    return Plan(kind, trial_folds(labels, folds, rng=rng), Feature(feature, k, stored, moves),
                tuple(others))  # fmt: skip


def _codes(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Labels (trial, item) as numbers from 0, and how many there are."""
    names, codes = np.unique(values, return_inverse=True)
    return codes.reshape(values.shape), names.size


def _kinds(target: np.ndarray) -> np.ndarray:
    counts = [int((target == action).sum()) for action in (MATCH, NON_MATCH)]
    if min(counts) < FEWEST:
        raise WmsimError(
            f"{counts[0]} match and {counts[1]} non-match trials, at least {FEWEST} of each are "
            f"needed. Ask for more trials."
        )
    return np.where(target == MATCH, 0, 1)


def _other(stored: np.ndarray, n_values: int, rng: np.random.Generator) -> np.ndarray:
    """A value that differs from the stored one, all equally often."""
    return (stored + 1 + balanced_within(stored, n_values - 1, rng=rng)) % n_values


def _third(
    stored: np.ndarray, asked: np.ndarray, n_values: int, rng: np.random.Generator
) -> np.ndarray:
    """A value that is neither; any other one where the two are the same."""
    allowed = np.ones((stored.size, n_values), dtype=bool)
    allowed[np.arange(stored.size), stored] = False
    allowed[np.arange(stored.size), asked] = False
    return _pick(allowed, rng)


def _pick(allowed: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One of the allowed values of each trial, at random; allowed is (trial, value)."""
    return np.where(allowed, rng.random(allowed.shape), -1.0).argmax(axis=1)


def _numbers(
    stored: np.ndarray, goal: np.ndarray, towards: np.ndarray, n_values: int, decoder: str
) -> np.ndarray:
    """Numbers of moves; against the rest, `towards` a goal, or away from the stored value."""
    if decoder == PAIRS:
        return move_number(stored, goal, n_values, decoder)
    return move_number(
        np.where(towards, -1, stored), np.where(towards, goal, -1), n_values, decoder
    )


def _unrelated(
    name: str, codes: tuple[np.ndarray, int], own: tuple[np.ndarray, int], item: int, decoder: str,
    rng: np.random.Generator,
) -> Feature | None:  # fmt: skip
    """A feature that can change while the own one does not, or None if it cannot."""
    values, k = codes
    together = np.zeros((own[1], k), dtype=bool)
    together[own[0].ravel(), values.ravel()] = True
    stored = values[:, item]
    allowed = together[own[0][:, item]]
    # "Away from this value" leads to all others, so that all must be possible.
    if decoder != PAIRS and not allowed.all():
        return None
    allowed[np.arange(stored.size), stored] = False
    if not allowed.any(axis=1).all():
        return None
    goal = _pick(allowed, rng)
    nowhere = np.zeros(stored.shape, dtype=bool)
    return Feature(name, k, stored, {"unrelated": _numbers(stored, goal, nowhere, k, decoder)})
