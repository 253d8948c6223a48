"""Moves: from one value of a feature to another, along the normal of a decoder of the two."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wmsim.decoding import fit_svc
from wmsim.errors import WmsimError

PAIRS, REST = "pairs", "rest"
FEWEST = 5


class Moves(NamedTuple):
    """All moves between values of a feature; see :func:`move_number` for their order.

    Attributes
    ----------
    directions : ndarray, shape (move, unit)
        Normals of length 1, pointing to where the move goes; NaN for moves that are none.
    offsets : ndarray, shape (move,)
        ``directions @ x + offsets`` is the distance beyond the hyperplane; above 0, the decoder
        says that x is where the move goes.
    lengths : ndarray, shape (move,)
        Distance between the means of the two classes along the normal: dose 1.
    hyperplanes : ndarray, shape (move,)
        Dose that takes the mean of the class that is left onto the hyperplane.
    means : ndarray, shape (move, unit)
        From the mean of the class that is left to that of the class where the move goes.
    """

    directions: np.ndarray
    offsets: np.ndarray
    lengths: np.ndarray
    hyperplanes: np.ndarray
    means: np.ndarray


def move_number(start: np.ndarray, goal: np.ndarray, n_values: int, decoder: str) -> np.ndarray:
    """Number of the move between two values.

    Parameters
    ----------
    start, goal : ndarray of int
        Values; with decoders of one value against the rest only one of them counts, and the other
        is -1: ``start`` is left, or ``goal`` gone to.
    n_values : int
        Values of the feature.
    decoder : {"pairs", "rest"}
        Decoders of one value against another, or against the rest.

    Examples
    --------
    >>> move_number(np.array([0, 2]), np.array([1, 0]), 3, "pairs")
    array([1, 6])
    >>> move_number(np.array([1, -1]), np.array([-1, 1]), 3, "rest")
    array([1, 4])
    """
    if decoder == PAIRS:
        return start * n_values + goal
    return np.where(start >= 0, start, n_values + goal)


def opposite(n_values: int, decoder: str) -> list[tuple[int, int]]:
    """Pairs of moves that are each other's way back."""
    if decoder == REST:
        return [(value, n_values + value) for value in range(n_values)]
    pairs = ((a, b) for a in range(n_values) for b in range(a + 1, n_values))
    return [(a * n_values + b, b * n_values + a) for a, b in pairs]


def n_moves(n_values: int, decoder: str) -> int:
    """Length of the table of moves."""
    return n_values**2 if decoder == PAIRS else 2 * n_values


def fit_moves(
    patterns: np.ndarray, labels: np.ndarray, n_values: int, *, decoder: str = PAIRS,
    penalty: float = 0.01,
) -> Moves:  # fmt: skip
    """Fit a linear SVC for every pair of values (or each value against the rest).

    Activity is centred and divided by one number, its root mean square over units and trials: C
    then means the same for all networks, and angles between directions stay those of the state
    space in which the network is moved.

    Parameters
    ----------
    patterns : ndarray, shape (trial, unit)
        States of training trials.
    labels : ndarray of int, shape (trial,)
        Value of each trial, 0 to ``n_values - 1``.
    n_values : int
        Values of the feature.
    decoder : {"pairs", "rest"}
        Which two-way decoders.
    penalty : float
        C.

    Returns
    -------
    Moves

    Raises
    ------
    WmsimError
        If a value has too few trials, or units do not vary.

    Examples
    --------
    >>> patterns = np.array([[0.0, 1.0], [0.0, -1.0], [2.0, 1.0], [2.0, -1.0]] * 5)
    >>> moves = fit_moves(patterns, (patterns[:, 0] > 1).astype(int), 2)
    >>> moves.directions[1].round(6) + 0.0, moves.lengths[1].round(6)
    (array([1., 0.]), np.float64(2.0))
    """
    _check(labels, n_values)
    patterns = np.asarray(patterns, dtype=np.float64)
    centre = patterns.mean(axis=0)
    scale = np.sqrt(((patterns - centre) ** 2).mean())
    if not scale > 0:
        raise WmsimError("No unit varies over trials; there is no state to be moved.")
    scaled = (patterns - centre) / scale
    size = n_moves(n_values, decoder)
    moves = Moves(
        np.full((size, patterns.shape[1]), np.nan), np.full(size, np.nan), np.full(size, np.nan),
        np.full(size, np.nan), np.full((size, patterns.shape[1]), np.nan),
    )  # fmt: skip
    for there, back in opposite(n_values, decoder):
        goal, rows = _classes(labels, there, n_values, decoder)
        found = fit_svc(scaled[rows], goal[rows][None], penalty=penalty)
        steepness = np.linalg.norm(found.normals[0])
        normal = found.normals[0] / steepness
        offset = float(found.offsets[0] / steepness * scale - normal @ centre)
        left, reached = patterns[rows & ~goal].mean(axis=0), patterns[rows & goal].mean(axis=0)
        _enter(moves, there, normal, offset, left, reached)
        _enter(moves, back, -normal, -offset, reached, left)
    return moves


def _classes(
    labels: np.ndarray, there: int, n_values: int, decoder: str
) -> tuple[np.ndarray, np.ndarray]:
    """Trials of the class where a move goes, and all trials that its decoder is fitted to."""
    if decoder == REST:
        return labels != there, np.ones(labels.shape, dtype=bool)
    start, goal = divmod(there, n_values)
    return labels == goal, (labels == start) | (labels == goal)


def _enter(
    moves: Moves, number: int, normal: np.ndarray, offset: float, left: np.ndarray,
    reached: np.ndarray,
) -> None:  # fmt: skip
    moves.directions[number] = normal
    moves.offsets[number] = offset
    moves.lengths[number] = normal @ (reached - left)
    moves.hyperplanes[number] = -(normal @ left + offset) / moves.lengths[number]
    moves.means[number] = reached - left


def _check(labels: np.ndarray, n_values: int) -> None:
    counts = np.bincount(labels, minlength=n_values)
    if n_values < 2:
        raise WmsimError(f"{n_values} value(s) of the feature; moving needs at least 2.")
    if counts.min() < FEWEST:
        raise WmsimError(
            f"A value of the feature has {counts.min()} training trials, decoders need at least "
            f"{FEWEST} of each of the {n_values} values. Ask for more trials."
        )
