"""Decoders that never saw the condition they are tested in: cross-condition generalisation.

An item has a feature that is decoded, and a condition: the value of another of its features.
Conditions are put into splits; decoders of a split are fitted to items of all other conditions,
in other trials, and tested on items of its own [1]_. Beside them stand decoders that have seen as
many items, of all conditions.

References
----------
.. [1] Bernardi, Benna, Rigotti, Munuera, Fusi & Salzman (2020), The geometry of abstraction in the
   hippocampus and prefrontal cortex, Cell 183, 954-967, :doi:`10.1016/j.cell.2020.09.031`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wmsim.decoding.cross import Problem, training_trials
from wmsim.decoding.ridge import principal
from wmsim.decoding.scaling import Scaling
from wmsim.errors import WmsimError


@dataclass(frozen=True)
class HeldOut:
    """What decoders say of conditions that they have not seen.

    Attributes
    ----------
    accuracy : ndarray, shape (labelling, train state, test state, metric)
        Balanced one-vs-rest and multiclass accuracy, as :func:`wmsim.decoding.scores.scores` gives
        them; NaN where there is nothing to test.
    decisions : ndarray of float32, shape (train state, test state, trial, value)
        For the first labelling; each trial by decoders that saw neither it nor its condition.
    seen : ndarray of float32, shape (train state, test state, trial, value)
        The same of decoders fitted to equally many items of all conditions, but not to the trial.
    """

    accuracy: np.ndarray
    decisions: np.ndarray
    seen: np.ndarray


def held_out_tensor(
    problem: Problem, split: np.ndarray, fold: np.ndarray, labellings: np.ndarray, *,
    penalty: float = 1.0, rng: np.random.Generator,
) -> HeldOut:  # fmt: skip
    """Fit ridge decoders in every state without a split's conditions; test them on those.

    Units are scaled at each step with training items, so that nothing of what is tested, trial
    or condition, takes part in that either. One factorisation serves all labellings.

    Parameters
    ----------
    problem : Problem
        Activity, labels and states.
    split : ndarray of int, shape (item, trial)
        Split of each item's condition, from 0; -1 where it has none.
    fold : ndarray of int, shape (trial,)
        Fold of each trial: no decoder is tested on a trial that it was fitted to.
    labellings : ndarray of int, shape (labelling, item, trial)
        Values of the feature, the true ones first; -1 where the problem's labels are.
    penalty : float, default 1.0
        Penalty for each training trial; see :class:`wmsim.decoding.estimators.Ridge`.
    rng : numpy.random.Generator
        Source of randomness: which items the decoders that have seen all conditions do without.

    Returns
    -------
    HeldOut

    Raises
    ------
    WmsimError
        If a split leaves a state's decoders without any item of a value.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels, condition = np.repeat([0, 1], 40), np.tile([0, 1], 40)
    >>> activity = np.eye(4)[labels] + np.eye(4)[2 + condition] + rng.normal(0, 0.2, (80, 4))
    >>> problem = Problem(activity[None], labels[None], 2, ((0, 0),))
    >>> fold = np.arange(80) // 2 % 4
    >>> float(held_out_tensor(problem, condition[None], fold, labels[None, None], rng=rng)
    ...       .accuracy[0, 0, 0, 0])
    1.0
    """
    n_states, k = len(problem.states), problem.n_values
    shape = (n_states, n_states, problem.n_trials, k)
    found = [np.full(shape, np.nan, np.float32) for _ in range(2)]
    counts = _Counts(len(labellings), n_states, k)
    for held_fold in range(int(fold.max()) + 1):
        usable = training_trials(problem, fold, held_fold) & (split >= 0) & (problem.labels >= 0)
        for held_split in range(int(split.max()) + 1):
            kept = usable & (split != held_split)
            every = _as_many(usable, kept, problem.labels, rng)
            tested = (fold == held_fold) & (split == held_split)
            unseen, seen = (_Part(problem, train, tested) for train in (kept, every))
            for row, state in enumerate(problem.states):
                own = labellings[:, state[0]]
                _require_values(own[0, unseen.trials(state)], k, state)
                told = unseen.decide(state, own, penalty)
                counts.add(row, told, labellings, unseen)
                unseen.keep(found[0][row], told)
                seen.keep(found[1][row], seen.decide(state, own[:1], penalty))
    return HeldOut(counts.accuracies(), found[0], found[1])


def _require_values(labels: np.ndarray, n_values: int, state: tuple[int, int]) -> None:
    lacking = np.setdiff1d(np.arange(n_values), labels)
    if lacking.size:
        raise WmsimError(
            f"Value {lacking[0]} of item {state[0] + 1} does not occur in the conditions and "
            f"trials that are left for training ({labels.size} trials). Use more splits or fewer "
            "folds, more trials, or leave rare values out."
        )


def _as_many(
    usable: np.ndarray, kept: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """As many of the usable trials as are kept, of each item's values; bool (item, trial)."""
    found = np.zeros_like(usable)
    for item, value in np.argwhere(_of_values(labels, kept).any(axis=2)):
        own = np.flatnonzero(usable[item] & (labels[item] == value))
        n = np.count_nonzero(kept[item] & (labels[item] == value))
        found[item, rng.permutation(own)[:n]] = True
    return found


def _of_values(labels: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Which trials have each value, (item, value, trial)."""
    values = np.arange(labels.max() + 1)
    return (labels[:, None] == values[:, None]) & kept[:, None]


class _Part:
    """Training items of one fold and split, and the tested ones, scaled.

    Activity at a step is scaled, for the items of one position, with those of their trials that
    train: their condition is not among what is tested.

    Parameters
    ----------
    problem : Problem
        Activity, labels and states.
    train, tested : ndarray of bool, shape (item, trial)
        Items that decoders are fitted to, and those that they are tested on.
    """

    def __init__(self, problem: Problem, train: np.ndarray, tested: np.ndarray) -> None:
        self.problem, self.train = problem, train
        self.scaling = {
            item: Scaling.of(problem.activity, train[item]) for item, _ in problem.states
        }
        # Row of each tested state, its trials, and where these lie among all that is tested.
        self.columns: list[tuple[int, np.ndarray, slice]] = []
        rows, end = [np.empty((0, problem.activity.shape[2]))], 0
        for row, state in enumerate(problem.states):
            there = np.flatnonzero(tested[state[0]] & problem.present(state))
            if there.size:
                rows.append(self._scaled(state, there))
                self.columns.append((row, there, slice(end, end + there.size)))
                end += there.size
        self.rows = np.concatenate(rows)

    def trials(self, state: tuple[int, int]) -> np.ndarray:
        """Training trials of a state."""
        return np.flatnonzero(self.train[state[0]] & self.problem.present(state))

    def _scaled(self, state: tuple[int, int], trials: np.ndarray) -> np.ndarray:
        item, step = state
        own = Scaling(*(part[step : step + 1] for part in self.scaling[item]))
        return own.apply(self.problem.activity[step : step + 1, trials])[0]

    def decide(self, state: tuple[int, int], labels: np.ndarray, penalty: float) -> np.ndarray:
        """Decision values of decoders of a state, (tested row, labelling, value).

        Labels are (labelling, trial). With centred patterns X = U S V^T, weights are linear in
        the targets; one factorisation serves all labellings.
        """
        trials = self.trials(state)
        patterns = self._scaled(state, trials)
        n, mean = len(patterns), patterns.mean(axis=0)
        axes, variance = principal(patterns - mean)
        along = (patterns - mean) @ axes.T
        is_own = labels[:, trials, None] == np.arange(self.problem.n_values)
        is_own = is_own.transpose(1, 0, 2).reshape(n, -1)
        weights = (along / (variance + penalty * n)).T @ np.where(is_own, 1.0, -1.0)
        said = along @ weights
        own = np.where(is_own, said, 0.0).sum(axis=0)
        counts = is_own.sum(axis=0)
        rest = (said.sum(axis=0) - own) / np.maximum(n - counts, 1)
        # Offsets lie halfway between the means of the value's trials and of the others.
        middle = (own / np.maximum(counts, 1) + rest) / 2
        told = ((self.rows - mean) @ axes.T) @ weights - middle
        return np.asarray(told.reshape(len(told), len(labels), -1))

    def keep(self, array: np.ndarray, said: np.ndarray) -> None:
        """Keep what was said of the first labelling; array is (test state, trial, value)."""
        for row, trials, place in self.columns:
            array[row, trials] = said[place, 0]


class _Counts:
    """Counts from which accuracies of all labellings follow."""

    def __init__(self, n_labellings: int, n_states: int, n_values: int) -> None:
        shape = (n_labellings, n_states, n_states)
        self.n_values = n_values
        self.hits, self.own = np.zeros((2, *shape, n_values))
        self.yes = np.zeros((*shape, n_values))
        self.correct = np.zeros(shape)

    def add(self, row: int, said: np.ndarray, labellings: np.ndarray, part: _Part) -> None:
        """Count what decoders of one state say of the tested items."""
        values = np.arange(self.n_values)
        for column, trials, rows in part.columns:
            one = said[rows]  # (trial, labelling, value)
            true = labellings[:, part.problem.states[column][0], trials].T
            of_value, yes = true[..., None] == values, one > 0
            place = (slice(None), row, column)
            self.hits[place] += (yes & of_value).sum(axis=0)
            self.yes[place] += yes.sum(axis=0)
            self.own[place] += of_value.sum(axis=0)
            self.correct[place] += (one.argmax(axis=2) == true).sum(axis=0)

    def accuracies(self) -> np.ndarray:
        """(labelling, train state, test state, metric)."""
        n = self.own.sum(axis=-1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            hits = self.hits / self.own
            alarms = (self.yes - self.hits) / (n - self.own)
            both = np.where(n > self.own, (hits + 1 - alarms) / 2, hits)
            there = self.own > 0
            balanced = np.where(there, both, 0.0).sum(axis=-1) / there.sum(axis=-1)
            return np.stack([balanced, self.correct / n[..., 0]], axis=-1)


def shuffled_conditions(
    labels: np.ndarray, condition: np.ndarray, n: int, *, rng: np.random.Generator
) -> np.ndarray:
    """Labellings that keep conditions whole and forget how they correspond to one another.

    Within every condition the values of the feature are exchanged for one another, the same way in
    all trials; where each condition has one value alone (identities of a category), conditions
    are exchanged. What tells values apart within a condition stays as it is, so that the null
    is a geometry as decodable as the data's, in which conditions have nothing in common.

    Parameters
    ----------
    labels, condition : ndarray of int, shape (item, trial)
        Value, and condition, of each item; -1 where there is none.
    n : int
        Number of labellings.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (labelling, item, trial)
    """
    present = (labels >= 0) & (condition >= 0)
    table = condition_table(labels, condition) > 0
    found = np.repeat(labels[None], n, axis=0)
    nested = (table.sum(axis=0) <= 1).all()
    used = np.flatnonzero(table.any(axis=0))
    for one in found:
        new = np.tile(np.arange(len(table))[:, None], table.shape[1])
        if nested:
            new[:, used] = new_values(table, used, rng)
        else:
            for column in used:
                own = np.flatnonzero(table[:, column])
                new[own, column] = rng.permutation(own)
        one[present] = new[labels[present], condition[present]]
    return found


def new_values(table: np.ndarray, used: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Values of conditions that have one each, dealt out anew, (1, condition)."""
    return np.asarray(rng.permutation(table[:, used].argmax(axis=0))[None])


def condition_table(labels: np.ndarray, condition: np.ndarray) -> np.ndarray:
    """Number of items with each value in each condition, (value, condition)."""
    present = (labels >= 0) & (condition >= 0)
    table = np.zeros((int(labels.max()) + 1, int(condition.max()) + 1), dtype=int)
    np.add.at(table, (labels[present], condition[present]), 1)
    return table
