"""Sessions that were not recorded together, analysed as one population."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wmsim.decoding import Problem, Reassembly, trial_order
from wmsim.recordings.populations import Pool
from wmsim.recordings.populations.draw import draw_resampled, pseudo_labels


@dataclass(frozen=True)
class Population:
    """One feature of sessions, from which problems are drawn.

    Attributes
    ----------
    pool : Pool
        Real trials.
    n_each : int
        Pseudo-trials of each value in each fold, for each item.
    states : tuple of (int, int)
        (item S, step T) pairs, in the order of the results.
    """

    pool: Pool
    n_each: int
    states: tuple[tuple[int, int], ...]

    @property
    def n_values(self) -> int:
        """Number of values k."""
        return len(self.pool.values)

    @property
    def n_trials(self) -> int:
        """Number of real trials."""
        return self.pool.n_real

    def account(self) -> dict[str, Any]:
        """What each session gave, what fell out and why; JSON-like."""
        return {**self.pool.account, "pseudo_trials_of_a_value_in_a_fold": self.n_each}

    def arrays(self) -> tuple[np.ndarray, ...]:
        """All arrays that results depend on."""
        return (
            np.array([self.n_each, self.pool.n_folds, self.n_values]),
            *self.pool.labels,
            *self.pool.fold,
            *(part.activity for part in self.pool.parts),
            *(np.array([part.session]) for part in self.pool.parts),
        )

    def problem(
        self, *, states: tuple[tuple[int, int], ...] | None = None, rng: np.random.Generator
    ) -> Problem:
        """Draw pseudo-trials.

        Parameters
        ----------
        states : tuple of (int, int), optional
            States, by default all.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        Problem
            With folds that share no real trial.
        """
        pool = self.pool
        labels, fold = pseudo_labels(pool.n_items, pool.n_folds, self.n_values, self.n_each)
        activity = pool.assemble(self.n_each, rng=rng)
        return Problem(
            activity, labels, self.n_values, self.states if states is None else states, fold
        )

    def permuted(self, *, rng: np.random.Generator) -> Population:
        """Give each real trial of a session the whole label sequence of another one.

        Folds stay with the label sequences, which is the same as drawing them anew for permuted
        labels, and never fails. Trials are exchanged within a session, among those that have
        labels at the same items and in which the same units were recorded.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.
        """
        pool = self.pool
        orders = []
        for session, labels in enumerate(pool.labels):
            recorded = np.array([p.recorded for p in pool.parts if p.session == session])
            _, within = np.unique(recorded, axis=1, return_inverse=True)
            orders.append(trial_order(labels, within=within.ravel(), rng=rng))
        parts = tuple(
            replace(part, activity=part.activity[:, orders[part.session]]) for part in pool.parts
        )
        return replace(self, pool=replace(pool, parts=parts))

    def resampled(self, n_draws: int, *, rng: np.random.Generator) -> tuple[Problem, Reassembly]:
        """Draw pseudo-trials, and resamples of the real trials behind those held out.

        Parameters
        ----------
        n_draws : int
            Number of resamples.
        rng : numpy.random.Generator
            Source of randomness; the pseudo-trials are those of :meth:`problem`.

        Returns
        -------
        Problem
            Pseudo-trials, then trials without labels; see
            :class:`wmsim.decoding.reassemble.Reassembly`.
        Reassembly
        """
        problem = self.problem(rng=rng)
        pool = self.pool
        assert problem.fold is not None
        n_steps, n_pseudo, n_units = problem.activity.shape
        blocks, folds, position = [problem.activity], [problem.fold], []
        start, unit = n_pseudo, 0
        for part in pool.parts:
            trials = np.flatnonzero(part.recorded)
            alone = np.full((n_steps, trials.size, n_units), np.nan, problem.activity.dtype)
            alone[:, :, unit : unit + part.units.size] = part.activity[:, trials]
            of_trial = np.full(part.recorded.size, -1)
            of_trial[trials] = start + np.arange(trials.size)
            position.append(of_trial)
            blocks.append(alone)
            folds.append(pool.fold[part.session][trials])
            start, unit = start + trials.size, unit + part.units.size
        blocks.append(np.full((n_steps, pool.n_folds, n_units), np.nan, problem.activity.dtype))
        folds.append(np.arange(pool.n_folds))
        index = draw_resampled(pool.members(), self.n_each, n_draws, rng=rng)
        for column, of_trial in enumerate(position):
            index[:, :, column] = of_trial[index[:, :, column]]
        n_more = start + pool.n_folds - n_pseudo
        labels = np.concatenate([problem.labels, np.full((pool.n_items, n_more), -1)], axis=1)
        extended = replace(
            problem,
            activity=np.concatenate(blocks, axis=1),
            labels=labels,
            fold=np.concatenate(folds),
        )
        return extended, Reassembly(index, start + problem.fold)
