"""Codes of items in a half of the trials, and their inner products without the noise's share.

At every step, activity is regressed on the labels of all items shown so far at once, so that an
item whose label depends on another's (images that never repeat in a trial) gets its own part and
no more. Inner products of codes that were estimated from the same trials hold noise; its share is
estimated from each trial and a prediction of it by all others, which is unbiased whatever the
noise of each trial is [1]_, and taken off. It is what cross-validation does with as many folds as
trials, and needs no folds.

References
----------
.. [1] Kline, Saggio & Soelvsten (2020), Leave-out estimation of variance components, Econometrica
   88, 1859-1898, :doi:`10.3982/ECTA16410`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wmsim.compare.sides import Side
from wmsim.errors import WmsimError
from wmsim.hypotheses.codes import contrasts, design_matrix

# A trial that (all but) fixes a regressor alone cannot be predicted from others.
MOST_LEVERAGE = 1 - 1e-6
# Halves are drawn again, this often at most, while one lacks a value.
TRIES = 50
RANK_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Step:
    """What labels say about activity at one step, in a half of the trials.

    Attributes
    ----------
    items : tuple of int
        Items that were shown by then.
    solve : ndarray, shape (item x value, trial)
        Makes codes of activity: one pattern for each value of each item, which sum to 0 over the
        values of an item.
    project : ndarray, shape (trial, regressor)
        Orthonormal basis of everything that labels can explain.
    """

    items: tuple[int, ...]
    solve: np.ndarray
    project: np.ndarray

    @cached_property
    def leverage(self) -> np.ndarray:
        """Share of each trial in its own prediction, (trial,)."""
        return np.asarray((self.project**2).sum(axis=1))


@dataclass(frozen=True, eq=False)
class Half:
    """Some trials of a side.

    Attributes
    ----------
    side : Side
        All of them.
    trials : ndarray of int
        Which.
    origin : ndarray, shape (step, unit)
        Subtracted from activity; the mean over other trials, so that large means do not add
        variance, and noise stays independent.
    """

    side: Side
    trials: np.ndarray
    origin: np.ndarray

    @cached_property
    def labels(self) -> np.ndarray:
        """Values, (item, trial)."""
        return self.side.labels[:, self.trials]

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Regressions of all steps."""
        return tuple(
            make_step(self.labels, self.side.items_at(step), self.side.n_values)
            for step in range(len(self.side.steps))
        )

    def activity(self, step: int) -> np.ndarray:
        """Activity at a step, (trial, unit)."""
        return np.asarray(self.side.activity[step, self.trials] - self.origin[step])

    def codes(self, step: int, activity: np.ndarray | None = None) -> np.ndarray:
        """Code of each value of each item shown by a step, (item, value, unit).

        With `activity` (trial, unit), those of something else on the same trials.
        """
        own = self.steps[step]
        patterns = own.solve @ (self.activity(step) if activity is None else activity)
        return np.asarray(patterns.reshape(len(own.items), self.side.n_values, -1))

    def gram(self, step: int, other: int | None = None) -> np.ndarray:
        """Inner products of codes, a unit, without noise's share, (item x value, item x value).

        Parameters
        ----------
        step : int
            Of the codes in rows.
        other : int, optional
            Of those in columns; by default the same.
        """
        other = step if other is None else other
        if (step, other) not in self._grams:
            found = self._leave_out(step, other)
            if other != step:
                found = (found + self._leave_out(other, step).T) / 2
            self._grams[step, other] = found
        return self._grams[step, other]

    @cached_property
    def _grams(self) -> dict[tuple[int, int], np.ndarray]:
        return {}

    def _leave_out(self, one: int, other: int) -> np.ndarray:
        here, there = self.activity(one), self.activity(other)
        rows, columns = self.steps[one], self.steps[other]
        missed = there - columns.project @ (columns.project.T @ there)
        missed /= (1 - columns.leverage)[:, None]
        noise = np.einsum("tu,tu->t", here, missed)
        with_noise = (rows.solve @ here) @ (columns.solve @ there).T
        found = with_noise - (rows.solve * noise) @ columns.solve.T
        if one == other:
            found = (found + found.T) / 2
        return np.asarray(found / max(here.shape[1], 1))

    def expected(self, step: int, labels: np.ndarray) -> np.ndarray:
        """Activity that codes add up to on trials with such labels (item, trial), (trial, unit)."""
        own = self.steps[step]
        codes = self.codes(step)
        total = np.zeros((labels.shape[1], codes.shape[-1]))
        for row, item in enumerate(own.items):
            there = labels[item] >= 0
            total[there] += codes[row][labels[item, there]]
        return total


def make_step(labels: np.ndarray, items: tuple[int, ...], n_values: int) -> Step:
    """Regression of a step on labels (item, trial) of some items."""
    regressors, columns = design_matrix(labels, items, n_values)
    inverse = np.linalg.pinv(regressors)
    basis = contrasts(n_values)
    solve = basis @ inverse[columns.ravel()].reshape(len(items), n_values - 1, -1)
    left, size, _ = np.linalg.svd(regressors, full_matrices=False)
    basis_of_all = left[:, size > RANK_TOLERANCE * size[0]]
    return Step(items, solve.reshape(len(items) * n_values, -1), basis_of_all)


def halve(side: Side, rng: np.random.Generator, *, like: np.ndarray | None = None) -> list[Half]:
    """Divide trials into two random halves, each of which tells all codes apart.

    Parameters
    ----------
    side : Side
        What to divide.
    rng : numpy.random.Generator
        Source of randomness.
    like : ndarray of int, optional
        Trials of the first half, where they are given.

    Raises
    ------
    WmsimError
        If there are too few trials.
    """
    n_trials = side.labels.shape[1]
    every, rank = np.arange(n_trials), _rank(side, np.arange(n_trials))
    for _ in range(TRIES):
        first = np.sort(rng.permutation(n_trials)[: n_trials // 2]) if like is None else like
        pair = first, np.setdiff1d(every, first)
        if all(_rank(side, trials) == rank for trials in pair):
            means = [side.activity[:, trials].mean(axis=1) for trials in pair]
            return [Half(side, pair[0], means[1]), Half(side, pair[1], means[0])]
        if like is not None:
            break
    items = len(side.items_at(len(side.steps) - 1))
    needed = 2 * (items * (side.n_values - 1) + 2)
    raise WmsimError(
        f"{side.name}: {n_trials} trials cannot be divided into halves that both tell the codes of "
        f"{items} item(s) with {side.n_values} values apart (more than {needed} trials are needed, "
        "with every value at every item several times). Record more trials, or leave rare values "
        "out."
    )


def collinear(side: Side) -> int:
    """Dimensions of codes that labels leave open, because those of one item follow from others'.

    They are left out of the codes, alike in all halves (the least-squares solution without them).
    """
    items = _all_items(side)
    regressors, _ = design_matrix(side.labels, items, side.n_values)
    return regressors.shape[1] - abs(_rank(side, np.arange(side.n_trials)))


def _all_items(side: Side) -> tuple[int, ...]:
    return max((side.items_at(step) for step in range(len(side.steps))), key=len)


def _rank(side: Side, trials: np.ndarray) -> int:
    """Rank of the labels of all items; negative where one trial alone holds some of it."""
    regressors, _ = design_matrix(side.labels[:, trials], _all_items(side), side.n_values)
    left, size, _ = np.linalg.svd(regressors, full_matrices=False)
    kept = left[:, size > RANK_TOLERANCE * size[0]]
    rank = kept.shape[1]
    return rank if (kept**2).sum(axis=1).max() < MOST_LEVERAGE else -rank
