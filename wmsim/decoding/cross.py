"""All decoders of one feature in all states, fold by fold, and what they say at every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wmsim.decoding.estimator import Estimator, Fitted, Penalty, join_fitted
from wmsim.decoding.estimators import make_estimator
from wmsim.decoding.scaling import Scaling
from wmsim.decoding.scores import scores
from wmsim.errors import WmsimError
from wmsim.recordings.folds import trial_folds

INNER_FOLDS = 3


@dataclass(frozen=True)
class Problem:
    """What is decoded: one feature of one recording (or one task of it), as arrays.

    Attributes
    ----------
    activity : ndarray, shape (step, trial, unit)
        Aligned activity; NaN where a trial has no such step.
    labels : ndarray of int, shape (item, trial)
        Index of each item's value, -1 where a trial has no such item.
    n_values : int
        Number of values k.
    states : tuple of (int, int)
        (item S, step T) pairs, in the order of the results.
    fold : ndarray of int, shape (trial,), optional
        Fold of each trial, from 0, where trials share activity (pseudo-trials, runs) and folds
        cannot be drawn freely. Trials without any label train nothing, not even the scaling, but
        decoders of their fold are applied to them; NaN in units then counts as their mean.
    """

    activity: np.ndarray
    labels: np.ndarray
    n_values: int
    states: tuple[tuple[int, int], ...]
    fold: np.ndarray | None = None

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return self.activity.shape[1]

    def present(self, state: tuple[int, int]) -> np.ndarray:
        """Trials that have the state's item and step, ndarray of bool (trial,)."""
        item, step = state
        return (self.labels[item] >= 0) & np.isfinite(self.activity[step]).all(axis=1)

    def folds(self, n_folds: int, *, rng: np.random.Generator) -> np.ndarray:
        """The folds that were given, or `n_folds` of whole trials, drawn."""
        if self.fold is None:
            return trial_folds(self.labels, n_folds, rng=rng)
        sizes = np.bincount(self.fold, minlength=2)
        if (sizes == 0).any():
            raise WmsimError(
                f"Fold {int(np.argmin(sizes)) + 1} of {sizes.size} has no trials; expected at "
                "least two folds, each with some. Keep trials of every fold."
            )
        return self.fold


@dataclass(frozen=True)
class CrossDecoding:
    """Decoders of all states and their held-out decision values.

    Attributes
    ----------
    decisions : ndarray of float32, shape (state, step, trial, value)
        What the decoders of each state, fitted without the trial's fold, say of the trial at
        each step.
    normals : ndarray, shape (fold, state, value, unit), or None
        Normal vectors w, in the fold's scaled space; None where decoders are no hyperplanes.
    offsets : ndarray, shape (fold, state, value), or None
        Offsets b.
    fold : ndarray of int, shape (trial,)
        Fold in which each trial was held out.
    penalty : ndarray, shape (fold, state, value)
        Penalty that was applied: C, alpha a trial, shrinkage; NaN where there is none.
    """

    decisions: np.ndarray
    normals: np.ndarray | None
    offsets: np.ndarray | None
    fold: np.ndarray
    penalty: np.ndarray

    def hyperplanes(self) -> tuple[np.ndarray, np.ndarray]:
        """Normals and offsets, or an error where decoders have none."""
        if self.normals is None or self.offsets is None:
            raise WmsimError(
                "These decoders are no hyperplanes and have no normals to rotate. Use the "
                "estimator 'svc', 'ridge' or 'lda', or a linear classifier."
            )
        return self.normals, self.offsets


@dataclass(frozen=True)
class Fitting:
    """How decoders are fitted.

    Attributes
    ----------
    estimator : Estimator
        From :func:`wmsim.decoding.estimators.make_estimator`.
    penalties : tuple
        Of several, one is chosen in training trials.
    balanced : bool
        Let both classes of a decoder weigh the same.
    """

    estimator: Estimator
    penalties: tuple[Penalty, ...]
    balanced: bool = True

    @classmethod
    def of(
        cls, estimator: Any, penalties: Sequence[Penalty] | None = None, balanced: bool = True
    ) -> Fitting:
        """An estimator by name (or a classifier), with its own penalties if none are given."""
        found = make_estimator(estimator)
        return cls(found, found.check(penalties), balanced)


@dataclass(frozen=True)
class FoldDecoders:
    """Decoders of all states that were fitted without the trials of one fold.

    Attributes
    ----------
    scaling : Scaling
        Of the training trials.
    fitted : Fitted
        Decoders of each state and, within it, each value.
    n_values : int
        Number of values.
    """

    scaling: Scaling
    fitted: Fitted
    n_values: int

    def decide(self, scaled: np.ndarray) -> np.ndarray:
        """Decision values of scaled activity (step, trial, unit): (state, step, trial, value)."""
        n_steps, n_trials, n_units = scaled.shape
        said = self.fitted.decide(scaled.reshape(-1, n_units))
        return said.reshape(n_steps, n_trials, -1, self.n_values).transpose(2, 0, 1, 3)


def cross_decode(
    problem: Problem,
    *,
    n_folds: int = 10,
    estimator: Any = "svc",
    penalties: Sequence[Penalty] | None = None,
    balanced: bool = True,
    rng: np.random.Generator,
) -> CrossDecoding:
    """Fit one-vs-rest decoders in every state and apply them at every step.

    A trial is in one fold, for all states: nothing is scored on a trial that fitted it. Scaling
    and penalty come from the training trials of each fold.

    Parameters
    ----------
    problem : Problem
        Activity, labels and states.
    n_folds : int, default 10
        Folds, where the problem gives none.
    estimator : {"svc", "ridge", "lda"} or object, default "svc"
        What decodes; see :func:`wmsim.decoding.estimators.make_estimator`.
    penalties : sequence, optional
        Values of C (svc), of alpha for each training trial (ridge) or of shrinkage (lda); by
        default 0.01, 1, and the formula of Ledoit and Wolf. Of several, the one with the best
        balanced accuracy in the encoding spaces within the training trials is taken, the same
        for all states of a fold.
    balanced : bool, default True
        Let both classes weigh the same; see :func:`wmsim.decoding.svc.fit_svc`.
    rng : numpy.random.Generator
        Source of randomness, for the folds.

    Returns
    -------
    CrossDecoding

    Raises
    ------
    WmsimError
        If there are too few trials for the folds, or for a value; if there is no such estimator.
    """
    how = Fitting.of(estimator, penalties, balanced)
    fold = problem.folds(n_folds, rng=rng)
    n_steps, n_trials, _ = problem.activity.shape
    shape = (len(problem.states), n_steps, n_trials, problem.n_values)
    decisions = np.empty(shape, dtype=np.float32)
    found = []
    for held_out in range(int(fold.max()) + 1):
        decoders = fit_fold(problem, fold, held_out, how, rng=rng)
        test = np.flatnonzero(fold == held_out)
        decisions[:, :, test] = decoders.decide(decoders.scaling.apply(problem.activity[:, test]))
        found.append(decoders.fitted)
    normals, offsets, penalty = stack_folds(found, problem)
    return CrossDecoding(decisions, normals, offsets, fold, penalty)


def stack_folds(
    found: Sequence[Fitted], problem: Problem
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray]:
    """Normals (fold, state, value, unit), offsets and penalties (fold, state, value)."""
    shape = (len(found), len(problem.states), problem.n_values)
    penalty = np.stack([one.penalty for one in found]).reshape(shape)
    normals = [one.normals for one in found if one.normals is not None]
    offsets = [one.offsets for one in found if one.offsets is not None]
    if not normals:
        return None, None, penalty
    return np.stack(normals).reshape(*shape, -1), np.stack(offsets).reshape(shape), penalty


def training_trials(problem: Problem, fold: np.ndarray, held_out: int) -> np.ndarray:
    """Trials that train what is tested on a fold, ndarray of bool (trial,)."""
    train = fold != held_out
    # Of folds that were given, trials without any label are there to be shown to decoders only.
    return train if problem.fold is None else train & (problem.labels >= 0).any(axis=0)


def fit_fold(
    problem: Problem, fold: np.ndarray, held_out: int, how: Fitting, *,
    rng: np.random.Generator,
) -> FoldDecoders:  # fmt: skip
    """Fit the decoders of all states without the trials of one fold.

    Parameters
    ----------
    problem : Problem
        Activity, labels and states.
    fold : ndarray of int, shape (trial,)
        Fold of each trial.
    held_out : int
        The fold that is left out.
    how : Fitting
        Estimator and penalties.
    rng : numpy.random.Generator
        Source of randomness, for the folds in which the penalty is chosen.

    Returns
    -------
    FoldDecoders
    """
    train = training_trials(problem, fold, held_out)
    scaling = Scaling.of(problem.activity, train)
    scaled = np.zeros(problem.activity.shape)
    scaled[:, train] = scaling.apply(problem.activity[:, train])
    inner = _inner_folds(problem, train, fold, how.penalties, rng)
    penalty = _choose_penalty(problem, scaled, train, inner, how, rng)
    fitted = _fit_states(problem, scaled, train, penalty, how, rng)
    return FoldDecoders(scaling, fitted, problem.n_values)


def _fit_states(
    problem: Problem, scaled: np.ndarray, train: np.ndarray, penalty: Penalty, how: Fitting,
    rng: np.random.Generator,
) -> Fitted:  # fmt: skip
    """Decoders of each state and value; states of the same patterns are fitted in one go."""
    groups: dict[tuple[int, bytes], list[int]] = {}
    for number, (item, step) in enumerate(problem.states):
        rows = train & problem.present((item, step))
        groups.setdefault((step, rows.tobytes()), []).append(number)
    parts: list[Fitted | None] = [None] * len(problem.states)
    for (step, mask), numbers in groups.items():
        rows = np.flatnonzero(np.frombuffer(mask, dtype=bool))
        positive = np.concatenate(
            [_positive(problem, problem.states[number][0], rows) for number in numbers]
        )
        fitted = how.estimator.fit(
            scaled[step, rows], positive, penalty, balanced=how.balanced, rng=rng
        )
        for place, number in enumerate(numbers):
            own = slice(place * problem.n_values, (place + 1) * problem.n_values)
            parts[number] = fitted.part(own)
    return join_fitted([part for part in parts if part is not None])


def _positive(problem: Problem, item: int, rows: np.ndarray) -> np.ndarray:
    """Which trials have each value, (value, trial); all values must be there."""
    positive = problem.labels[item, rows] == np.arange(problem.n_values)[:, None]
    lacking = np.flatnonzero(~positive.any(axis=1))
    if lacking.size:
        raise WmsimError(
            f"Value {lacking[0]} of item {item + 1} does not occur among {rows.size} training "
            f"trials; use fewer folds, more trials, or leave rare values out."
        )
    return positive


def _inner_folds(
    problem: Problem, train: np.ndarray, fold: np.ndarray, penalties: Sequence[Penalty],
    rng: np.random.Generator,
) -> np.ndarray | None:  # fmt: skip
    """Folds inside the training trials, in which C is chosen; None if there is no choice."""
    if len(penalties) == 1:
        return None
    inner = np.full(train.size, -1)
    if problem.fold is None:
        inner[train] = trial_folds(problem.labels[:, train], INNER_FOLDS, rng=rng)
        return inner
    # Whole folds stay together: trials of one fold may share activity.
    outer = np.unique(fold[train])
    if outer.size < 2:
        raise WmsimError(
            f"{len(penalties)} penalties were given, but with 2 folds there is one to train on, "
            "and nothing left to choose by. Give one penalty, or more folds."
        )
    group = rng.permutation(outer.size) % min(INNER_FOLDS, outer.size)
    inner[train] = group[np.searchsorted(outer, fold[train])]
    return inner


def _choose_penalty(
    problem: Problem, scaled: np.ndarray, train: np.ndarray, inner: np.ndarray | None,
    how: Fitting, rng: np.random.Generator,
) -> Penalty:  # fmt: skip
    """Penalty with the best balanced accuracy in the encoding spaces, in the training trials."""
    if inner is None:
        return how.penalties[0]
    first_step = {
        item: min(t for s, t in problem.states if s == item) for item, _ in problem.states
    }
    quality = np.zeros(len(how.penalties))
    for item, step in sorted(first_step.items()):
        rows = np.flatnonzero(train & problem.present((item, step)))
        patterns, labels, group = scaled[step, rows], problem.labels[item, rows], inner[rows]
        fitting = group != np.arange(int(inner.max()) + 1)[:, None]
        for fold in fitting:
            _positive(problem, item, rows[fold])
        path = how.estimator.path(
            patterns, _positive(problem, item, rows), fitting, how.penalties,
            balanced=how.balanced, rng=rng,
        )  # fmt: skip
        for fold, by_penalty in zip(fitting, path, strict=True):
            if fold.all():  # no trial of this inner fold has the item
                continue
            said = np.stack([fitted.decide(patterns[~fold]) for fitted in by_penalty])
            quality += scores(said, labels[~fold], np.ones((1, len(said[0]))))[:, 0, 0]
    return how.penalties[int(np.argmax(quality))]
