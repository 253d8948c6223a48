"""Rank against time, as arrays: codes of items by how many items, and how many seconds, came since.

Trials are sorted by the seconds that passed since an item, at a step and rank; codes are estimated
in each bin, from both halves of the trials. Similarities between bins (cells) are inner products
of codes from different halves, so that noise adds nothing to them on average.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from wmsim.hypotheses.codes import SPARE, design_matrix

# Bins of elapsed time at one step and rank, at most.
MOST_BINS = 4
# Trials in a half for each regressor: with one, nothing would average noise out.
ROOM = 1.5


@dataclass(frozen=True)
class Moments:
    """Activity at steps, and how old each item is by then.

    Attributes
    ----------
    activity : ndarray, shape (step, trial, unit)
        Whitened; no NaN.
    labels : ndarray of int, shape (item, trial)
        Values, -1 where there is none.
    n_values : int
        Number of values k.
    elapsed : ndarray, shape (item, step, trial)
        Seconds since the item's onset; NaN where it has not been shown.
    rank : ndarray of int, shape (item, step, trial)
        Items shown since; -1 where the item has not been shown.
    shows : ndarray of int, shape (step,)
        Item on display, -1 for none.
    axes : ndarray, shape (contrast, axis), optional
        Axes among the contrasts between values along which codes can be estimated, from
        :func:`estimable_axes`; by default all.
    """

    activity: np.ndarray
    labels: np.ndarray
    n_values: int
    elapsed: np.ndarray
    rank: np.ndarray
    shows: np.ndarray
    axes: np.ndarray | None = None

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return self.labels.shape[1]

    def items(self, step: int) -> list[int]:
        """Items that some trial has been shown by a step."""
        return self._items[step]

    @cached_property
    def _items(self) -> list[list[int]]:
        there = np.asarray((self.rank >= 0).any(axis=2))
        return [np.flatnonzero(there[:, step]).tolist() for step in range(there.shape[1])]

    def permuted_times(self, rng: np.random.Generator) -> Moments:
        """Elapsed times dealt out anew among trials with the same ranks."""
        order = np.arange(self.n_trials)
        _, kind = np.unique(self.rank.reshape(-1, order.size), axis=1, return_inverse=True)
        for one in np.unique(kind):
            own = np.flatnonzero(kind.ravel() == one)
            order[own] = rng.permutation(own)
        return replace(self, elapsed=self.elapsed[:, :, order])

    def permuted_labels(self, rng: np.random.Generator) -> Moments:
        """Whole trials' labels dealt out anew among trials with the same items."""
        order = np.arange(self.n_trials)
        _, kind = np.unique(self.labels >= 0, axis=1, return_inverse=True)
        for one in np.unique(kind):
            own = np.flatnonzero(kind.ravel() == one)
            order[own] = rng.permutation(own)
        return replace(self, labels=self.labels[:, order])


@dataclass(frozen=True)
class Cell:
    """Trials in which an item, held at a step, is of about the same age.

    Attributes
    ----------
    item, step, rank : int
        Which item, when, and how many items came since.
    trials : ndarray of int
        Positions.
    time : float
        Mean of the seconds since the item's onset.
    maintenance : bool
        Whether the step shows no item.
    """

    item: int
    step: int
    rank: int
    trials: np.ndarray
    time: float
    maintenance: bool


def find_cells(moments: Moments, most_bins: int = MOST_BINS) -> list[Cell]:
    """Cells of all held items, with as many bins of elapsed time as the trials allow.

    Parameters
    ----------
    moments : Moments
        Activity and ages.
    most_bins : int
        Bins of one item, step and rank, at most; fewer where a bin would have too few trials to
        tell the items' codes apart in each half.

    Returns
    -------
    list of Cell
        None of an item while it is on display.
    """
    found = []
    for step, shown in enumerate(moments.shows.tolist()):
        items = moments.items(step)
        least = 2 * trials_needed(len(items), moments.n_values)
        for item in items:
            if item == shown:
                continue
            ranks = moments.rank[item, step]
            for rank in np.unique(ranks[ranks >= 0]).tolist():
                there = np.flatnonzero((ranks == rank) & (moments.labels[item] >= 0))
                times = moments.elapsed[item, step, there]
                for own in _bins(times, min(most_bins, there.size // least)):
                    found.append(
                        Cell(item, step, rank, there[own], float(times[own].mean()), shown < 0)
                    )
    return found


def trials_needed(n_items: int, n_values: int) -> int:
    """Trials that each half of a cell needs to tell the codes of all items apart."""
    return int(np.ceil(ROOM * (1 + n_items * (n_values - 1)))) + SPARE


def _bins(times: np.ndarray, n_bins: int) -> Iterator[np.ndarray]:
    """Positions of trials in each of so many bins, equally many in each."""
    if n_bins:
        yield from np.array_split(np.argsort(times, kind="stable"), n_bins)


def draw_halves(moments: Moments, n: int, rng: np.random.Generator) -> np.ndarray:
    """Random halves of trials, alike in how long they took; bool (halving, trial)."""
    total = np.nan_to_num(moments.elapsed).sum(axis=(0, 1))
    halves = np.zeros((n, moments.n_trials), dtype=bool)
    for half in halves:
        # Neighbours in time go to different halves.
        order = np.argsort(total + 1e-9 * rng.random(total.size))
        first = rng.random(order.size // 2) < 0.5
        half[order[: 2 * first.size : 2]] = first
        half[order[1 : 2 * first.size : 2]] = ~first
        half[order[2 * first.size :]] = rng.random(order.size % 2) < 0.5
    return halves


def similarities(
    moments: Moments, cells: list[Cell], halves: np.ndarray, left_out: np.ndarray | None = None
) -> np.ndarray:
    """Inner products between codes of cells, cross-validated.

    Parameters
    ----------
    moments : Moments
        Activity.
    cells : list of Cell
        Cells.
    halves : ndarray of bool, shape (halving, trial)
        From :func:`draw_halves`.
    left_out : ndarray of bool, shape (trial,), optional
        Trials that take no part.

    Returns
    -------
    ndarray, shape (cell, cell)
        In squared standard deviations of noise; 0 on average where there is no code.
    """
    axes = np.eye(moments.n_values - 1) if moments.axes is None else moments.axes
    size = axes.shape[1] * moments.activity.shape[2]
    kernel = np.zeros((len(cells), len(cells)))
    solve = _Solver(moments)
    for half in halves:
        codes = np.empty((2, len(cells), size))
        for row, cell in enumerate(cells):
            for side in (0, 1):
                own = cell.trials[half[cell.trials] == bool(side)]
                if left_out is not None:
                    own = own[~left_out[own]]
                solution = axes.T @ solve(cell, own)
                codes[side, row] = (solution @ moments.activity[cell.step, own]).ravel()
        kernel += codes[0] @ codes[1].T
    return (kernel + kernel.T) / (2 * len(halves))


def estimable_axes(labels: np.ndarray, n_values: int) -> np.ndarray:
    """Axes among contrasts along which the codes of all items can be told apart.

    Where labels of a trial's items follow from one another (each trial has two values of the first
    four, say), what items contribute along some contrasts can only be known summed over items.

    Parameters
    ----------
    labels : ndarray of int, shape (item, trial)
        Values, -1 where there is none.
    n_values : int
        Number of values.

    Returns
    -------
    ndarray, shape (contrast, axis)
        Orthonormal; no axes where none is left.

    Examples
    --------
    >>> labels = np.array([[0, 1, 2, 3] * 3, [2, 3, 0, 1, 3, 2, 1, 0, 2, 3, 0, 1]])
    >>> estimable_axes(labels, 4).shape
    (3, 2)
    """
    items = np.flatnonzero((labels >= 0).any(axis=1)).tolist()
    regressors, columns = design_matrix(labels, items, n_values)
    _, extent, axes = np.linalg.svd(regressors, full_matrices=True)
    rank = int((extent > 1e-9 * extent[0]).sum())
    # Each null vector, item by item: no axis may have a part in it.
    confused = axes[rank:][:, columns].reshape(-1, columns.shape[1])
    _, extent, axes = np.linalg.svd(np.concatenate([confused, np.zeros((1, columns.shape[1]))]))
    return np.asarray(axes[int((extent > 1e-9).sum()) :].T)


class _Solver:
    """Least-squares solutions, each made once: steps with the same items and trials share them."""

    def __init__(self, moments: Moments) -> None:
        self.moments = moments
        self.designs: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}
        self.solved: dict[tuple[bytes, bytes], np.ndarray] = {}

    def __call__(self, cell: Cell, trials: np.ndarray) -> np.ndarray:
        """Solution for the cell's item, (contrast, trial); labels of all items count."""
        items = self.moments.items(cell.step)
        which = bytes(items)
        if which not in self.designs:
            self.designs[which] = design_matrix(self.moments.labels, items, self.moments.n_values)
        key = (which, trials.tobytes())
        if key not in self.solved:
            regressors, columns = self.designs[which]
            own = regressors[trials]
            gram = own.T @ own
            # Next to nothing, for trials that lack a value: the least-norm solution.
            gram += 1e-8 * np.trace(gram) / len(gram) * np.eye(len(gram))
            self.solved[key] = np.linalg.solve(gram, own.T)[columns]
        return self.solved[key][items.index(cell.item)]
