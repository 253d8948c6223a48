"""Trials of two recordings with equally many of each value: which values, and which trials."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.labels import feature_names, labels_of

EACH_ITEM, OVERALL, FEWER = "at each item", "overall", "fewer"
_MOST_SUBSETS = 500
_SECONDS = 20.0


@dataclass(frozen=True)
class Labels:
    """Labels of the trials that can be used.

    ``codes`` (trial, item), from 0; ``names`` of the codes; ``trials`` are positions in the
    recording.
    """

    codes: np.ndarray
    names: list[str]
    trials: np.ndarray
    n_values: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_values", len(self.names))

    def indicator(self, items: int) -> np.ndarray:
        """Whether a trial has a value at an item, (item * value, trial)."""
        values = np.arange(self.n_values)
        hits = self.codes[:, :items, None] == values  # (trial, item, value)
        return hits.reshape(len(self.codes), -1).T.astype(float)


def used_labels(dataset: xr.Dataset, feature: str) -> Labels:
    """Labels of all trials of a recording, values that no item has left out.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording.
    feature : str
        Feature.

    Returns
    -------
    Labels
    """
    codes, names = labels_of(dataset, feature)
    used = np.unique(codes[codes >= 0])
    position = np.full(len(names) + 1, -1)
    position[used] = np.arange(used.size)
    return Labels(position[codes], [names[code] for code in used], np.arange(codes.shape[0]))


def paired_features(
    recording: xr.Dataset,
    target: xr.Dataset,
    feature: str | None = None,
    target_feature: str | None = None,
) -> tuple[str, str]:
    """Which feature of one recording stands for which feature of the other.

    Parameters
    ----------
    recording, target : xarray.Dataset
        Recordings.
    feature, target_feature : str, optional
        What is known already.

    Returns
    -------
    (str, str)

    Raises
    ------
    WmsimError
        If there is no such feature, or it is not clear which.
    """
    own, other = _value_counts(recording), _value_counts(target)
    for name, counts in ((feature, own), (target_feature, other)):
        if name is not None and name not in counts:
            labels_of(recording if counts is own else target, name)  # its error helps
    if feature is not None and target_feature is None:
        target_feature = feature if feature in other else _only(other)
    if target_feature is not None and feature is None:
        same = [name for name in own if own[name] == other[target_feature]]
        feature = target_feature if target_feature in same else next(iter(same), None)
    if feature is None and target_feature is None:
        pairs = [(a, b) for a in own for b in other if own[a] == other[b] > 1]
        pairs.sort(key=lambda pair: pair[0] != pair[1])
        feature, target_feature = pairs[0] if pairs else (_only(own), _only(other))
    if feature is None or target_feature is None:
        told = [
            ", ".join(f"{n} ({c} values)" for n, c in counts.items()) for counts in (own, other)
        ]
        raise WmsimError(
            f"Which feature stands for which is not clear: the recording has {told[0] or 'none'}; "
            f"the other has {told[1] or 'none'}. Name one of each: feature= and that of the other."
        )
    return feature, target_feature


def _value_counts(dataset: xr.Dataset) -> dict[str, int]:
    return {name: used_labels(dataset, name).n_values for name in feature_names(dataset)}


def _only(counts: dict[str, int]) -> str | None:
    return next(iter(counts)) if len(counts) == 1 else None


def paired_values(own: Labels, other: Labels, rng: np.random.Generator) -> tuple[Labels, Labels]:
    """Equally many values on both sides, in an order in which they stand for each other.

    Parameters
    ----------
    own, other : Labels
        All labels of two recordings.
    rng : numpy.random.Generator
        Draws between sets of values that leave equally many trials.

    Returns
    -------
    own, other : Labels
        Without trials that have any other value. Values of the same names stand for each other;
        if names differ, the most frequent for the most frequent, and so on.
    """
    number = min(own.n_values, other.n_values)
    own, other = _fewer_values(own, number, rng), _fewer_values(other, number, rng)
    if set(own.names) == set(other.names):
        return _ordered(own, np.argsort(own.names)), _ordered(other, np.argsort(other.names))
    return tuple(  # type: ignore[return-value]
        _ordered(side, np.argsort(-_totals(side), kind="stable")) for side in (own, other)
    )


def _totals(labels: Labels) -> np.ndarray:
    return np.bincount(labels.codes[labels.codes >= 0], minlength=labels.n_values)


def _ordered(labels: Labels, order: np.ndarray) -> Labels:
    """The same labels, value order[i] becoming value i."""
    position = np.append(np.argsort(order), -1)
    names = [labels.names[i] for i in order]
    return Labels(position[labels.codes], names, labels.trials)


def _fewer_values(labels: Labels, number: int, rng: np.random.Generator) -> Labels:
    """Those values that leave most trials; a trial with any other value goes."""
    if number == labels.n_values:
        return labels
    has = (labels.codes[:, :, None] == np.arange(labels.n_values)).any(axis=1)
    best, most = np.arange(number), -1
    for chosen in _subsets(labels.n_values, number, rng):
        left = int((~np.delete(has, chosen, axis=1).any(axis=1)).sum())
        if left > most:
            best, most = chosen, left
    rows = np.flatnonzero(~np.delete(has, best, axis=1).any(axis=1))
    position = np.full(labels.n_values + 1, -1)
    position[best] = np.arange(number)
    names = [labels.names[i] for i in best]
    return Labels(position[labels.codes[rows]], names, labels.trials[rows])


def _subsets(total: int, number: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Sets of values in random order: all, or as many as can be tried."""
    if math.comb(total, number) <= _MOST_SUBSETS:
        every = [np.array(chosen) for chosen in itertools.combinations(range(total), number)]
        return [every[i] for i in rng.permutation(len(every))]
    return [np.sort(rng.permutation(total)[:number]) for _ in range(_MOST_SUBSETS)]


def as_many(own: Labels, other: Labels, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Trials of one side that have the numbers of the other, and how far that could be met.

    Parameters
    ----------
    own, other : Labels
        Of equally many values, value i of one standing for value i of the other.
    rng : numpy.random.Generator
        Draws between choices of trials.

    Returns
    -------
    level : {"at each item", "overall", "fewer"}
        See :func:`~wmsim.recordings.match`.
    chosen : ndarray of int
        Rows of ``own.codes``.

    Raises
    ------
    WmsimError
        If no trial is left.
    """
    items = min(own.codes.shape[1], other.codes.shape[1])
    has, wanted = own.indicator(items), other.indicator(items).sum(axis=1)
    n_own, n_other = own.codes.shape[0], other.codes.shape[0]
    for level in (EACH_ITEM, OVERALL):
        rows = has if level == EACH_ITEM else _pool(has, own.n_values)
        sums = wanted if level == EACH_ITEM else _pool(wanted, own.n_values)
        if n_own < n_other or (rows.sum(axis=1) < sums).any():
            continue
        rows, sums = np.concatenate([rows, np.ones((1, n_own))]), np.append(sums, n_other)
        chosen = _solve(rows, sums, sums, rng.random((n_own,)))
        if chosen is not None:
            return level, chosen
    weight = 1 + 1e-3 * rng.random((n_own,))
    chosen = _solve(has, np.zeros_like(wanted), wanted, weight, best=True)
    if chosen is None or not chosen.size:
        raise WmsimError(
            f"No trial is left: values of the target have {wanted.min():g} to {wanted.max():g} "
            f"trials at an item, and no trial of the recording fits. Match another feature, or "
            "use conditions=False."
        )
    return FEWER, chosen


def equally_many(
    own: Labels, other: Labels, rng: np.random.Generator
) -> tuple[str, tuple[np.ndarray, np.ndarray]]:
    """The most trials of two sides that have the same numbers.

    Parameters
    ----------
    own, other : Labels
        Of equally many values, value i of one standing for value i of the other.
    rng : numpy.random.Generator
        Draws between choices of trials.

    Returns
    -------
    level : {"at each item", "overall"}
        See :func:`~wmsim.recordings.match_both`.
    chosen : (ndarray of int, ndarray of int)
        Rows of ``own.codes`` and ``other.codes``.

    Raises
    ------
    WmsimError
        If no trials are left.
    """
    items = min(own.codes.shape[1], other.codes.shape[1])
    first, second = own.indicator(items), other.indicator(items)
    weight = 1 + 1e-3 * rng.random((first.shape[1] + second.shape[1],))
    split = first.shape[1]
    for level in (EACH_ITEM, OVERALL):
        if level == OVERALL:
            first, second = _pool(first, own.n_values), _pool(second, own.n_values)
        both = np.concatenate([first, -second], axis=1)
        count = np.concatenate([np.ones(split), -np.ones(second.shape[1])])[None]
        # A value that both have at an item stays: one trial at least.
        there = (first.sum(axis=1) > 0) & (second.sum(axis=1) > 0)
        alone = np.concatenate([first, np.zeros_like(second)], axis=1)[there]
        rows = np.concatenate([both, count, alone])
        low = np.concatenate([np.zeros(len(both) + 1), np.ones(len(alone))])
        high = np.concatenate([np.zeros(len(both) + 1), np.full(len(alone), np.inf)])
        chosen = _solve(rows, low, high, weight, best=True)
        if chosen is not None and chosen.size:
            return level, (chosen[chosen < split], chosen[chosen >= split] - split)
    raise WmsimError(
        f"No choice of trials gives each of {own.n_values} values as many trials in both "
        f"recordings ({split} and {second.shape[1]} trials could be used). Match another feature."
    )


def _pool(array: np.ndarray, n_values: int) -> np.ndarray:
    """Sum over items of what is (item * value, ...)."""
    return array.reshape(-1, n_values, *array.shape[1:]).sum(axis=0)


def _solve(
    rows: np.ndarray, low: np.ndarray, high: np.ndarray, weight: np.ndarray, *, best: bool = False
) -> np.ndarray | None:
    """Positions of trials whose sums over `rows` lie from `low` to `high`; None if there are none.

    Of all choices, one of large weight, which random weights make a random one; the largest with
    `best`. Integer programming, because counts at all items have to hold at once.
    """
    from scipy.optimize import LinearConstraint, milp
    from scipy.sparse import csr_matrix

    result = milp(
        -weight,
        integrality=np.ones(weight.size),
        bounds=(0, 1),
        constraints=LinearConstraint(csr_matrix(rows), low, high),
        options={"time_limit": _SECONDS, "mip_rel_gap": 1e-3 if best else 0.2},
    )
    return None if result.x is None else np.flatnonzero(result.x > 0.5)
