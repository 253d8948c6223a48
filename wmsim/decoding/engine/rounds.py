"""One problem: rounds of pair steps and Newton's step until the duality gap is closed."""

from __future__ import annotations

import numpy as np

from wmsim.decoding.engine.compiled import compiled
from wmsim.decoding.engine.newton import settle_free
from wmsim.decoding.engine.pairs import balance, movable, take_pairs32, take_pairs64


@compiled
def offset_range(lower: np.ndarray, upper: np.ndarray, dual: np.ndarray, slack: np.ndarray
                 ) -> tuple[float, float]:  # fmt: skip
    """Largest slack of those that may grow, smallest of those that may shrink.

    At the optimum the first does not exceed the second, and the offset lies between them.
    """
    highest, lowest = -1e300, 1e300
    for i in range(dual.size):
        if dual[i] < upper[i] and slack[i] > highest:
            highest = slack[i]
        if dual[i] > lower[i] and slack[i] < lowest:
            lowest = slack[i]
    return highest, lowest


@compiled
def duality_gap(signs: np.ndarray, lower: np.ndarray, upper: np.ndarray, dual: np.ndarray,
                slack: np.ndarray, offset: float) -> tuple[float, float]:  # fmt: skip
    """Primal minus dual objective, and the primal one."""
    square, losses, linear = 0.0, 0.0, 0.0
    for i in range(dual.size):
        square += dual[i] * (signs[i] - slack[i])
        linear += dual[i] * signs[i]
        losses += (upper[i] - lower[i]) * max(0.0, signs[i] * (slack[i] - offset))
    return square + losses - linear, 0.5 * square + losses


@compiled
def refresh(gram: np.ndarray, dual: np.ndarray, before: np.ndarray, slack: np.ndarray) -> None:
    """Bring slack, exact for the coefficients `before`, up to date with `dual`."""
    for i in range(dual.size):
        change = dual[i] - before[i]
        if change != 0.0:
            before[i] = dual[i]
            row = gram[i]
            for k in range(dual.size):
                slack[k] -= change * row[k]


@compiled
def solve_rounds(gram: np.ndarray, gram32: np.ndarray, diagonal: np.ndarray, signs: np.ndarray,
                 lower: np.ndarray, upper: np.ndarray, dual: np.ndarray, slack: np.ndarray,
                 settings: np.ndarray, most_free: int, index_bits: int, single: bool
                 ) -> tuple[float, int, int, int]:  # fmt: skip
    """Solve one problem in place.

    Parameters
    ----------
    gram, gram32, diagonal : ndarray, shape (trial, trial), (trial, trial), (trial,)
        K in float64 and float32, its diagonal in float32.
    signs, lower, upper : ndarray, shape (trial,)
        y, and the bounds of y * alpha; 0 for trials that are not in training.
    dual, slack : ndarray, shape (trial,)
        Start, and y - K @ dual for it; changed in place.
    settings : ndarray
        First and later numbers of pair steps, rounds, relative gap wanted, ridge.
    most_free : int
        Largest number of free coefficients in a Newton step.
    index_bits : int
        Bits that a trial's index needs.
    single : bool
        Take pair steps in float32, as long as that gets on.

    Returns
    -------
    gap : float
        Relative duality gap.
    steps, rounds, drops : int
        Pair steps, Newton steps, and coefficients dropped in them.
    """
    n = dual.size
    n_steps, later, n_rounds = int(settings[0]), int(settings[1]), int(settings[2])
    wanted, ridge = settings[3], settings[4]
    up32, down32 = np.empty(n, np.int32), np.empty(n, np.int32)
    slack32, gain32 = np.empty(n, np.float32), np.empty(n, np.float32)
    up64, down64 = np.empty(n, np.int64), np.empty(n, np.int64)
    slack64, gain64 = np.empty(n), np.empty(n)
    balance(gram, lower, upper, dual, slack)
    before = dual.copy()
    steps, drops, gap = 0, 0, 1e300
    for done in range(n_rounds):
        if single:
            movable(lower, upper, dual, up32, down32)
            slack32[:] = slack
            taken = take_pairs32(gram, gram32, diagonal, lower, upper, dual, slack32, up32,
                                 down32, gain32, n_steps, 1e-6, index_bits)  # fmt: skip
        else:
            movable(lower, upper, dual, up64, down64)
            slack64[:] = slack
            taken = take_pairs64(gram, gram, diagonal, lower, upper, dual, slack64, up64,
                                 down64, gain64, n_steps, 0.0, index_bits)  # fmt: skip
        steps += taken
        refresh(gram, dual, before, slack)
        drops += settle_free(gram, lower, upper, dual, slack, ridge, most_free)
        refresh(gram, dual, before, slack)
        highest, lowest = offset_range(lower, upper, dual, slack)
        difference, primal = duality_gap(signs, lower, upper, dual, slack, 0.5 * (highest + lowest))
        gap = difference / primal
        if gap <= wanted:
            return gap, steps, done + 1, drops
        single = single and taken == n_steps
        n_steps = later
    return gap, steps, n_rounds, drops


@compiled
def solve_many(gram: np.ndarray, gram32: np.ndarray, diagonal: np.ndarray, signs: np.ndarray,
               lower: np.ndarray, upper: np.ndarray, dual: np.ndarray, slack: np.ndarray,
               steps: np.ndarray, problems: np.ndarray, settings: np.ndarray, most_free: int,
               index_bits: int, single: bool) -> None:  # fmt: skip
    """Solve the problems of these numbers, each from where it stands; see :func:`solve_rounds`.

    All but the first three and last five are arrays with one row a problem, changed in place;
    ``steps`` counts what was done.
    """
    for p in problems:
        _, pairs, rounds, drops = solve_rounds(
            gram, gram32, diagonal, signs[p], lower[p], upper[p], dual[p], slack[p], settings,
            most_free, index_bits, single,
        )  # fmt: skip
        steps[p, 0] += pairs
        steps[p, 1] += rounds
        steps[p, 2] += drops
