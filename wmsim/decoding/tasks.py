"""Decoders of one task tested in every task, on trials of the fold that they were fitted without.

Trials of another task never fitted a decoder, but they are tested in one fold only as well: each
trial has one decision of each decoder, and folds that share something (runs, real trials behind
pseudo-trials) stay apart. Units are z-scored at each step in two ways, which answer two questions:

- with the training trials of the tested task: is the code the same, up to baselines and gains of
  units that differ between tasks?
- with those of the task that the decoder was fitted in: would the very same read-out do?
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from wmsim.decoding.cross import Fitting, Problem, fit_fold, stack_folds, training_trials
from wmsim.decoding.scaling import Scaling
from wmsim.errors import WmsimError

State = tuple[int, int]
# Whose training trials activity is z-scored with.
SCALINGS = ("tested", "trained")


@dataclass(frozen=True)
class TaskDecoders:
    """Decoders of all states of one task, and how they do in every task.

    Attributes
    ----------
    tensors : tuple of ndarray of float64, shape (scaling, train state, test state, metric)
        Accuracies in each task, in all of its states, by :data:`SCALINGS`.
    probes : tuple of ndarray of float32, shape (scaling, trial, value)
        What the decoders of the probed state say of each task's held-out trials in that state.
    normals : ndarray of float32, shape (fold, state, value, unit), or None
        Normal vectors w, in the space that the task's own scaling gives; None where decoders are
        no hyperplanes.
    offsets : ndarray, shape (fold, state, value), or None
        Offsets b.
    penalty : ndarray, shape (fold, state, value)
        Penalty that was applied; NaN where there is none.
    """

    tensors: tuple[np.ndarray, ...]
    probes: tuple[np.ndarray, ...]
    normals: np.ndarray | None
    offsets: np.ndarray | None
    penalty: np.ndarray


class Tally:
    """Counts from which accuracies follow, added up as decisions come in.

    Memory: 8 bytes times decoders, test states and 2 + 2 times values, whatever the trials.

    Parameters
    ----------
    n_decoders, n_states, n_values : int
        Numbers of trained states, of tested states, and of values.
    """

    def __init__(self, n_decoders: int, n_states: int, n_values: int) -> None:
        self.hits = np.zeros((n_decoders, n_states, n_values))
        self.yes = np.zeros((n_decoders, n_states, n_values))
        self.correct = np.zeros((n_decoders, n_states))
        self.own = np.zeros((n_states, n_values))

    def add(self, decisions: np.ndarray, labels: np.ndarray, states: Sequence[int]) -> None:
        """Count the decisions at one step.

        Parameters
        ----------
        decisions : ndarray, shape (decoder, trial, value)
            Decision values, positive for "this value".
        labels : ndarray of int, shape (state, trial)
            True value in each tested state of that step, -1 where a trial takes no part.
        states : sequence of int
            Positions of these states in the tally.
        """
        n_decoders, _, k = decisions.shape
        of_value = (labels[:, None] == np.arange(k)[:, None]).astype(np.float64)
        yes = (decisions > 0).transpose(2, 0, 1).astype(np.float64)
        # Of each value: decoders x trials times trials x states.
        self.hits[:, states] += (yes @ of_value.transpose(1, 2, 0)).transpose(1, 2, 0)
        present = (labels >= 0).astype(np.float64)
        said = yes.reshape(k * n_decoders, -1) @ present.T
        self.yes[:, states] += said.reshape(k, n_decoders, -1).transpose(1, 2, 0)
        largest = decisions.argmax(axis=2)
        self.correct[:, states] += (largest[:, None] == labels).sum(axis=2)
        self.own[states] += of_value.sum(axis=2)

    def scores(self) -> np.ndarray:
        """Accuracies as :func:`wmsim.decoding.scores.scores` gives them; (decoder, state, metric).

        NaN where a state had no trial.
        """
        n = self.own.sum(axis=1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            hits = self.hits / self.own
            false_alarms = (self.yes - self.hits) / (n - self.own)
            both = np.where(n > self.own, (hits + 1 - false_alarms) / 2, hits)
            there = (self.own > 0).sum(axis=1)
            balanced = np.where(self.own > 0, both, 0.0).sum(axis=2) / there
            return np.stack([balanced, self.correct / n[:, 0]], axis=-1)


def decode_task(
    problems: Sequence[Problem], folds: Sequence[np.ndarray], own: int, how: Fitting, *,
    probe: State, scalings: Sequence[Sequence[Scaling]] | None = None, rng: np.random.Generator,
) -> TaskDecoders:  # fmt: skip
    """Fit the decoders of one task, fold by fold, and test them in all states of all tasks.

    Memory: 8 bytes times train states, steps, values and the trials of one task's fold for
    decisions, which are counted and forgotten; 8 bytes times the task's own activity, scaled;
    what is returned.

    Parameters
    ----------
    problems : sequence of Problem
        One a task, with the same units, steps and values.
    folds : sequence of ndarray of int, shape (trial,)
        Fold of each trial of each task, equally many folds in all.
    own : int
        Position of the task whose decoders are fitted.
    how : Fitting
        Estimator and penalties.
    probe : (int, int)
        A state of all tasks whose decisions in itself are kept.
    scalings : sequence of sequence of Scaling, optional
        Of each task and fold, from :func:`fold_scalings`; made here if they are not given.
    rng : numpy.random.Generator
        Source of randomness, for the folds in which the penalty is chosen.

    Returns
    -------
    TaskDecoders

    Raises
    ------
    WmsimError
        If tasks differ in units, steps, values or folds, or lack the probed state.
    """
    _check(problems, folds, probe)
    if scalings is None:
        scalings = [fold_scalings(*one) for one in zip(problems, folds, strict=True)]
    problem = problems[own]
    k, row = problem.n_values, problem.states.index(probe)
    tallies = [
        [Tally(len(problem.states), len(other.states), k) for _ in SCALINGS] for other in problems
    ]
    probes = [np.full((len(SCALINGS), other.n_trials, k), np.nan, np.float32) for other in problems]
    found = []
    for held_out in range(int(folds[own].max()) + 1):
        decoders = fit_fold(problem, folds[own], held_out, how, rng=rng)
        found.append(decoders.fitted)
        for number, other in enumerate(problems):
            test = np.flatnonzero(folds[number] == held_out)
            for way, scaling in enumerate((scalings[number][held_out], decoders.scaling)):
                scaled = scaling.apply(other.activity[:, test])
                # Rounded as kept decisions are: a trial has the same decision everywhere.
                said = decoders.decide(scaled).astype(np.float32)
                probes[number][way, test] = said[row, probe[1]]
                for states, step, labels in _by_step(other, test):
                    tallies[number][way].add(said[:, step], labels, states)
    normals, offsets, penalty = stack_folds(found, problem)
    if normals is not None:
        normals = normals.astype(np.float32)
    tensors = tuple(np.stack([tally.scores() for tally in both]) for both in tallies)
    return TaskDecoders(tensors, tuple(probes), normals, offsets, penalty)


def fold_scalings(problem: Problem, fold: np.ndarray) -> list[Scaling]:
    """What trials of each fold are z-scored with: mean and spread of all the other folds."""
    return [
        Scaling.of(problem.activity, training_trials(problem, fold, held_out))
        for held_out in range(int(fold.max()) + 1)
    ]


def probe_labels(problem: Problem, probe: State) -> np.ndarray:
    """True value of each trial in a state, -1 where it takes no part; (trial,)."""
    return np.where(problem.present(probe), problem.labels[probe[0]], -1)


def _by_step(problem: Problem, trials: np.ndarray) -> Iterator[tuple[list[int], int, np.ndarray]]:
    """States of each step, their positions, and labels (state, trial) of some trials."""
    for step in sorted({step for _, step in problem.states}):
        states = [place for place, state in enumerate(problem.states) if state[1] == step]
        recorded = np.isfinite(problem.activity[step, trials]).all(axis=1)
        items = [problem.states[place][0] for place in states]
        yield states, step, np.where(recorded, problem.labels[items][:, trials], -1)


def _check(problems: Sequence[Problem], folds: Sequence[np.ndarray], probe: State) -> None:
    first = problems[0]
    for number, (problem, fold) in enumerate(zip(problems, folds, strict=True)):
        found = (len(problem.activity), problem.activity.shape[2], problem.n_values)
        wanted = (len(first.activity), first.activity.shape[2], first.n_values)
        if found != wanted:
            raise WmsimError(
                f"Task {number + 1} has {found[0]} steps, {found[1]} units and {found[2]} values, "
                f"the first task {wanted[0]}, {wanted[1]} and {wanted[2]}; decoders can be tested "
                f"only where these are the same."
            )
        n_folds = int(fold.max()) + 1
        if n_folds != int(folds[0].max()) + 1 or (np.bincount(fold, minlength=n_folds) == 0).any():
            raise WmsimError(
                f"Task {number + 1} has trials in {np.unique(fold).size} folds, the first task in "
                f"{np.unique(folds[0]).size}; trials are tested in the same fold of all tasks. "
                f"Leave out the task, or folds that it lacks."
            )
        if probe not in problem.states:
            raise WmsimError(
                f"Task {number + 1} has no state of item {probe[0] + 1} at step {probe[1] + 1}; "
                f"probe a state that all tasks have."
            )
