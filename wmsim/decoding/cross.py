"""All decoders of one feature in all states, fold by fold, and what they say at every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wmsim.decoding.scaling import standardise
from wmsim.decoding.scores import scores
from wmsim.decoding.svc import fit_svc
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
    normals : ndarray, shape (fold, state, value, unit)
        Normal vectors w, in the fold's scaled space.
    offsets : ndarray, shape (fold, state, value)
        Offsets b.
    fold : ndarray of int, shape (trial,)
        Fold in which each trial was held out.
    penalty : ndarray, shape (fold,)
        C of each fold.
    """

    decisions: np.ndarray
    normals: np.ndarray
    offsets: np.ndarray
    fold: np.ndarray
    penalty: np.ndarray


def cross_decode(
    problem: Problem,
    *,
    n_folds: int = 10,
    penalties: Sequence[float] = (0.01,),
    balanced: bool = True,
    rng: np.random.Generator,
) -> CrossDecoding:
    """Fit one-vs-rest decoders in every state and apply them at every step.

    A trial is in one fold, for all states: nothing is scored on a trial that fitted it. Scaling
    and C come from the training trials of each fold.

    Parameters
    ----------
    problem : Problem
        Activity, labels and states.
    n_folds : int, default 10
        Folds, where the problem gives none.
    penalties : sequence of float
        Values of C; of several, the one with the best balanced accuracy in the encoding spaces
        within the training trials is taken, the same for all states of a fold.
    balanced : bool, default True
        See :func:`wmsim.decoding.svc.fit_svc`.
    rng : numpy.random.Generator
        Source of randomness, for the folds.

    Returns
    -------
    CrossDecoding

    Raises
    ------
    WmsimError
        If there are too few trials for the folds, or for a value.
    """
    fold = problem.folds(n_folds, rng=rng)
    n_folds = int(fold.max()) + 1
    labelled = (problem.labels >= 0).any(axis=0) if problem.fold is not None else fold >= 0
    n_states, k = len(problem.states), problem.n_values
    n_steps, n_trials, n_units = problem.activity.shape
    decisions = np.empty((n_states, n_steps, n_trials, k), dtype=np.float32)
    normals = np.empty((n_folds, n_states, k, n_units))
    offsets = np.empty((n_folds, n_states, k))
    chosen = np.empty(n_folds)
    for held_out in range(n_folds):
        train = (fold != held_out) & labelled
        scaled = standardise(problem.activity, train)
        inner = _inner_folds(problem, train, fold, penalties, rng)
        chosen[held_out] = _choose_penalty(problem, scaled, train, inner, penalties, balanced)
        normals[held_out], offsets[held_out] = _fit_states(
            problem, scaled, train, chosen[held_out], balanced
        )
        test = np.flatnonzero(fold == held_out)
        said = np.einsum("ptu,svu->sptv", scaled[:, test], normals[held_out], optimize=True)
        decisions[:, :, test] = said + offsets[held_out][:, None, None]
    return CrossDecoding(decisions, normals, offsets, fold, chosen)


def _fit_states(
    problem: Problem, scaled: np.ndarray, train: np.ndarray, penalty: float, balanced: bool,
    states: Sequence[tuple[int, int]] | None = None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Normals (state, value, unit) and offsets (state, value) fitted on the training trials."""
    fitted = []
    for state in problem.states if states is None else states:
        item, step = state
        rows = np.flatnonzero(train & problem.present(state))
        positive = problem.labels[item, rows] == np.arange(problem.n_values)[:, None]
        if not positive.any(axis=1).all():
            value = int(np.flatnonzero(~positive.any(axis=1))[0])
            raise WmsimError(
                f"Value {value} of item {item + 1} does not occur among {rows.size} training "
                f"trials; use fewer folds, more trials, or leave rare values out."
            )
        fitted.append(fit_svc(scaled[step, rows], positive, penalty=penalty, balanced=balanced))
    return np.stack([one.normals for one in fitted]), np.stack([one.offsets for one in fitted])


def _inner_folds(
    problem: Problem, train: np.ndarray, fold: np.ndarray, penalties: Sequence[float],
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
            f"{len(penalties)} values of C were given, but with 2 folds there is one to train on, "
            "and nothing left to choose C by. Give one value of C, or more folds."
        )
    group = rng.permutation(outer.size) % min(INNER_FOLDS, outer.size)
    inner[train] = group[np.searchsorted(outer, fold[train])]
    return inner


def _choose_penalty(
    problem: Problem, scaled: np.ndarray, train: np.ndarray, inner: np.ndarray | None,
    penalties: Sequence[float], balanced: bool,
) -> float:  # fmt: skip
    """C with the best balanced accuracy in the encoding spaces, inside the training trials."""
    if inner is None:
        return float(penalties[0])
    first_step = {
        item: min(t for s, t in problem.states if s == item) for item, _ in problem.states
    }
    encoding = sorted(first_step.items())
    quality = np.zeros(len(penalties))
    for index, penalty in enumerate(penalties):
        for held_out in range(int(inner.max()) + 1):
            fitting, testing = train & (inner != held_out), train & (inner == held_out)
            normals, offsets = _fit_states(problem, scaled, fitting, penalty, balanced, encoding)
            for row, (item, step) in enumerate(encoding):
                said = scaled[step, testing] @ normals[row].T + offsets[row]
                ones = np.ones((1, said.shape[0]))
                quality[index] += scores(said[None], problem.labels[item, testing], ones)[0, 0, 0]
    return float(penalties[int(np.argmax(quality))])
