"""Codes of items, estimated: the pattern of each value in each state, from halves of the trials.

At every step, activity is regressed on the labels of all items shown so far at once, so that an
item whose label depends on another's (images that never repeat in a trial) gets its own part and
no more. Patterns are whitened with the covariance of what the labels leave unexplained. Inner
products are taken between patterns from one half of the trials and patterns from the other, so
noise adds nothing to them on average [1]_; this is repeated over several random halvings.

References
----------
.. [1] Walther, Nili, Ejaz, Alink, Kriegeskorte & Diedrichsen (2016), Reliability of dissimilarity
   measures for multi-voxel pattern analysis, NeuroImage 137, 188-200,
   :doi:`10.1016/j.neuroimage.2015.12.012`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wmsim.errors import WmsimError

State = tuple[int, int]
HALVINGS = 5
# Trials left over in a half once each regressor has taken one.
SPARE = 3
# Halves are drawn again, this often at most, while one lacks a value.
TRIES = 50


@dataclass(frozen=True)
class Block:
    """Trials and units that were recorded together.

    Attributes
    ----------
    activity : ndarray, shape (step, trial, unit)
        No NaN.
    labels : ndarray of int, shape (item, trial)
        Values, -1 where there is none.
    n_values : int
        Number of values k.
    """

    activity: np.ndarray
    labels: np.ndarray
    n_values: int


@dataclass(frozen=True)
class Grams:
    """Inner products of codes, of all that is measured afterwards.

    Codes are k - 1 contrasts between values, each a vector over units. Of several recordings at
    once, there is a first axis for them.

    Attributes
    ----------
    within : ndarray, shape (halving, 2, state, contrast, state, contrast)
        Between codes from the same half: what rotations are fitted to.
    across : ndarray, shape (halving, state, contrast, state, contrast)
        Between codes from the first half (first pair of axes) and those from the second.
    """

    within: np.ndarray
    across: np.ndarray

    def __add__(self, other: Grams) -> Grams:
        """Units of both together."""
        return Grams(self.within + other.within, self.across + other.across)

    @property
    def kernel(self) -> np.ndarray:
        """Cross-validated inner products between codes of states, (..., state, state)."""
        one_way = np.einsum("...hsctc->...st", self.across) / self.across.shape[-5]
        return np.asarray((one_way + one_way.swapaxes(-1, -2)) / 2)


@dataclass(frozen=True)
class Estimator:
    """What turns whitened activity of one block into codes; it depends on labels alone.

    Attributes
    ----------
    states : tuple of (int, int)
        Item and step.
    solve : tuple of ndarray, each of shape (halving x 2 x own state x contrast, trial)
        For each step, the least-squares solution for the states of that step.
    rows : tuple of ndarray of int
        For each step, which of `states` these are.
    n_halvings, n_contrasts : int
        Sizes.
    """

    states: tuple[State, ...]
    solve: tuple[np.ndarray, ...]
    rows: tuple[np.ndarray, ...]
    n_halvings: int
    n_contrasts: int

    def codes(self, activity: np.ndarray, order: np.ndarray | None = None) -> np.ndarray:
        """Codes of activity (step, trial, unit), as (halving, 2, state, contrast, unit).

        With `order`, those of ``activity[:, order]``: trials dealt out anew.
        """
        # Labels are fewer than units, so they are dealt out and the activity stays where it is.
        solutions = self.solve if order is None else [
            np.take(solve, np.argsort(order), axis=1) for solve in self.solve
        ]  # fmt: skip
        shape = (self.n_halvings, 2, len(self.states), self.n_contrasts, activity.shape[2])
        found = np.empty(shape, activity.dtype)
        for step, (solve, rows) in enumerate(zip(solutions, self.rows, strict=True)):
            if rows.size:
                own = (solve @ activity[step]).reshape(*shape[:2], rows.size, *shape[3:])
                found[:, :, rows] = own
        return found


def contrasts(n_values: int) -> np.ndarray:
    """Orthonormal contrasts between values, (value, k - 1): each column sums to 0.

    Examples
    --------
    >>> np.abs(contrasts(2).round(3)).tolist()
    [[0.707], [0.707]]
    """
    helmert = np.tril(np.ones((n_values, n_values - 1)), -1)
    helmert -= np.diag(np.arange(n_values - 1, -1, -1))[:, : n_values - 1]
    return np.asarray(helmert / np.linalg.norm(helmert, axis=0))


def design_matrix(
    labels: np.ndarray, items: Sequence[int], n_values: int
) -> tuple[np.ndarray, np.ndarray]:
    """Regressors of one step.

    Returns
    -------
    regressors : ndarray, shape (trial, regressor)
        A constant, one for items that some trials lack, then k - 1 contrasts of each item.
    columns : ndarray of int, shape (item, contrast)
        Which regressors are contrasts of which item.
    """
    basis = contrasts(n_values)
    parts = [np.ones((labels.shape[1], 1))]
    for item in items:
        there = labels[item] >= 0
        if not there.all():
            parts.append(there[:, None].astype(float))
    first = len(parts)
    lacking = np.zeros((1, n_values - 1))
    for item in items:
        parts.append(np.concatenate([basis, lacking])[labels[item]])
    columns = first + np.arange(len(items) * (n_values - 1)).reshape(len(items), -1)
    return np.concatenate(parts, axis=1), columns


def make_estimator(
    block: Block, states: Sequence[State], *, halvings: int = HALVINGS, resample: bool = False,
    rng: np.random.Generator,
) -> Estimator:  # fmt: skip
    """Least-squares solutions for random halves of the trials.

    Parameters
    ----------
    block : Block
        Its labels are used, and no activity.
    states : sequence of (item, step)
        All states in which items have codes; also those that do not matter.
    halvings : int
        How often trials are divided into two halves.
    resample : bool, default False
        Draw trials with replacement within each half.
    rng : numpy.random.Generator
        Source of randomness.

    Raises
    ------
    WmsimError
        If there are too few trials to tell the items' contributions apart in each half.
    """
    n_trials, k = block.labels.shape[1], block.n_values
    n_steps = block.activity.shape[0]
    rows = [np.array([r for r, (_, t) in enumerate(states) if t == step], dtype=int)
            for step in range(n_steps)]  # fmt: skip
    designs = [design_matrix(block.labels, [states[row][0] for row in own], k) for own in rows]
    full = max((regressors for regressors, _ in designs), key=lambda one: one.shape[1])
    halves = [_halves(full, resample, k, rng) for _ in range(halvings)]
    solutions = [
        _solutions(regressors, columns, halves) if own.size else np.zeros((0, n_trials))
        for own, (regressors, columns) in zip(rows, designs, strict=True)
    ]
    return Estimator(tuple(states), tuple(solutions), tuple(rows), halvings, k - 1)


def _halves(
    regressors: np.ndarray, resample: bool, n_values: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Random halves of the trials, drawn again where one cannot tell the regressors apart."""
    n_trials, n_regressors = regressors.shape
    middle = n_trials // 2
    for _ in range(TRIES if middle >= n_regressors + SPARE else 0):
        order = rng.permutation(n_trials)
        pair = order[:middle], order[middle:]
        if resample:
            pair = rng.choice(pair[0], pair[0].size), rng.choice(pair[1], pair[1].size)
        if all(np.linalg.matrix_rank(regressors[half]) == n_regressors for half in pair):
            return pair
    raise WmsimError(
        f"{n_trials} trials are too few to tell the codes of items with {n_values} values apart: "
        f"each half of them needs at least {n_regressors + SPARE}, with all values at all items, "
        "and items that do not always have the same values. Record more trials, or leave rare "
        "values out."
    )


def _solutions(
    regressors: np.ndarray, columns: np.ndarray, halves: list[tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    n_trials = len(regressors)
    solution = np.zeros((len(halves), 2, columns.size, n_trials))
    for number, pair in enumerate(halves):
        for half, trials in enumerate(pair):
            inverse = np.linalg.pinv(regressors[trials])[columns.ravel()]
            np.add.at(solution[number, half].T, trials, inverse.T)  # trials may come twice
    return solution.reshape(-1, n_trials)


def unexplained(block: Block, states: Sequence[State]) -> np.ndarray:
    """What labels leave of activity, (step, trial, unit), scaled up for the fitted regressors."""
    left = np.empty(block.activity.shape)
    n_trials = block.activity.shape[1]
    for step in range(len(left)):
        items = [item for item, t in states if t == step]
        regressors, _ = design_matrix(block.labels, items, block.n_values)
        base, extent, _ = np.linalg.svd(regressors, full_matrices=False)
        base = base[:, extent > 1e-10 * extent[0]]
        patterns = block.activity[step]
        left[step] = patterns - base @ (base.T @ patterns)
        left[step] *= np.sqrt(n_trials / max(n_trials - base.shape[1], 1))
    return left


def whitener(noise: np.ndarray, least: float = 0.0) -> np.ndarray:
    """Matrix that whitens noise (step, trial, unit), its covariance shrunk as Ledoit and Wolf do.

    Covariances of all steps are averaged, so that codes of different steps stay comparable.
    Units without any noise keep the smallest variance of the others.
    """
    from sklearn.covariance import ledoit_wolf_shrinkage

    n_units = noise.shape[2]
    flat = noise.reshape(-1, n_units)
    spread = np.sqrt(np.mean(flat**2, axis=0))
    if not spread.any():
        return np.eye(n_units)
    spread = np.where(spread > 0, spread, spread[spread > 0].min())
    flat = flat / spread
    correlation = flat.T @ flat / len(flat)
    # Steps of a trial are not independent: shrink as much as one step's trials alone ask for.
    shrink = max([least, *(ledoit_wolf_shrinkage(step) for step in noise / spread)])
    correlation = (1 - shrink) * correlation + shrink * np.eye(n_units)
    variance, axes = np.linalg.eigh(correlation)
    variance = np.maximum(variance, 1e-6 * variance.max())
    return np.asarray((axes / np.sqrt(variance)) @ axes.T / spread[:, None])


def grams(codes: np.ndarray) -> Grams:
    """Inner products of codes (halving, 2, state, contrast, unit)."""
    n, _, s, c = codes.shape[:4]
    flat = codes.reshape(n, 2, s * c, -1)
    within = flat @ flat.swapaxes(2, 3)
    across = flat[:, 0] @ flat[:, 1].swapaxes(1, 2)
    return Grams(within.reshape(n, 2, s, c, s, c), across.reshape(n, s, c, s, c))
