"""Newton's step on the free coefficients: exact, however hard the problem.

Coefficients strictly between their bounds are free. With all others held, the dual problem is
solved by one linear system, K_FF x + b = y - K_FB x_B, sum(x) = 0. The way there is followed to
the first bound that is met; that coefficient is dropped from the Cholesky factor by rotations, and
the rest goes on. Each step raises the dual objective, so that nothing can cycle.
"""

from __future__ import annotations

import numpy as np

from wmsim.decoding.engine.compiled import compiled

# Below, calling LAPACK costs more than it saves.
LAPACK_FROM = 80


@compiled
def factorise_small(matrix: np.ndarray, floor: float) -> np.ndarray:
    """Upper Cholesky factor of the upper triangle of `matrix`; never fails."""
    n = matrix.shape[0]
    factor = np.empty((n, n))
    for r in range(n):
        row = factor[r]
        row[r:] = matrix[r, r:]
        k = 0
        while k + 4 <= r:  # four earlier rows at a time keep the sums in vector registers
            first, second, third, fourth = factor[k], factor[k + 1], factor[k + 2], factor[k + 3]
            a, b, c, d = first[r], second[r], third[r], fourth[r]
            for j in range(r, n):
                row[j] -= a * first[j] + b * second[j] + c * third[j] + d * fourth[j]
            k += 4
        while k < r:
            first = factor[k]
            a = first[r]
            for j in range(r, n):
                row[j] -= a * first[j]
            k += 1
        inverse = 1.0 / np.sqrt(max(row[r], floor))
        for j in range(r, n):
            row[j] *= inverse
    return factor


@compiled
def factorise(matrix: np.ndarray, floor: float) -> np.ndarray:
    """Upper Cholesky factor."""
    if matrix.shape[0] < LAPACK_FROM:
        return factorise_small(matrix, floor)
    try:
        return np.linalg.cholesky(matrix).T.copy()
    except Exception:  # not positive definite, up to rounding
        return factorise_small(matrix, floor)


@compiled
def solve_forward(factor: np.ndarray, values: np.ndarray) -> None:
    """Solve U^T x = values in place."""
    n = values.size
    for r in range(n):
        row = factor[r]
        values[r] /= row[r]
        known = values[r]
        for j in range(r + 1, n):
            values[j] -= row[j] * known


@compiled
def drop_column(factor: np.ndarray, columns: np.ndarray, n_rows: int, gone: int,
                forward: np.ndarray, ones: np.ndarray) -> None:  # fmt: skip
    """Take the variable of row `gone` out of the factor; its column is left in place, unused.

    The forward solutions are rotated along, so that they need not be found again.
    """
    n = factor.shape[1]
    for r in range(gone, n_rows - 1):
        pivot = columns[r + 1]
        above, below = factor[r], factor[r + 1]
        a, b = above[pivot], below[pivot]
        length = np.sqrt(a * a + b * b)
        cosine, sine = a / length, b / length
        for j in range(pivot, n):
            x, y = above[j], below[j]
            above[j] = cosine * x + sine * y
            below[j] = cosine * y - sine * x
        x, y = forward[r], forward[r + 1]
        forward[r], forward[r + 1] = cosine * x + sine * y, cosine * y - sine * x
        x, y = ones[r], ones[r + 1]
        ones[r], ones[r + 1] = cosine * x + sine * y, cosine * y - sine * x
        columns[r] = pivot


@compiled
def solve_back(factor: np.ndarray, columns: np.ndarray, n_rows: int, forward: np.ndarray,
               ones: np.ndarray, move: np.ndarray) -> float:  # fmt: skip
    """Move of the free coefficients that keeps their sum; returns the offset b that goes with it.

    `forward` and `ones` are the forward solutions for slack and for ones.
    """
    n = factor.shape[1]
    cross, square = 0.0, 0.0
    for r in range(n_rows):
        cross += forward[r] * ones[r]
        square += ones[r] * ones[r]
    offset = cross / square
    move[:] = 0.0
    r = n_rows - 1
    while r >= 3:  # four rows at a time: one pass over what is known serves them all
        c0, c1, c2, c3 = columns[r], columns[r - 1], columns[r - 2], columns[r - 3]
        row0, row1, row2, row3 = factor[r], factor[r - 1], factor[r - 2], factor[r - 3]
        s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
        for j in range(c0 + 1, n):
            known = move[j]
            s0 += row0[j] * known
            s1 += row1[j] * known
            s2 += row2[j] * known
            s3 += row3[j] * known
        x0 = (forward[r] - offset * ones[r] - s0) / row0[c0]
        s1 += row1[c0] * x0
        x1 = (forward[r - 1] - offset * ones[r - 1] - s1) / row1[c1]
        s2 += row2[c0] * x0 + row2[c1] * x1
        x2 = (forward[r - 2] - offset * ones[r - 2] - s2) / row2[c2]
        s3 += row3[c0] * x0 + row3[c1] * x1 + row3[c2] * x2
        x3 = (forward[r - 3] - offset * ones[r - 3] - s3) / row3[c3]
        move[c0], move[c1], move[c2], move[c3] = x0, x1, x2, x3
        r -= 4
    while r >= 0:
        own, row, last = columns[r], factor[r], 0.0
        for j in range(own + 1, n):
            last += row[j] * move[j]
        move[own] = (forward[r] - offset * ones[r] - last) / row[own]
        r -= 1
    # A nearly singular system magnifies rounding; the sum is kept all the same.
    drift = move.sum() / n_rows
    for r in range(n_rows):
        move[columns[r]] -= drift
    return offset


@compiled
def first_bound(move: np.ndarray, free: np.ndarray, columns: np.ndarray, n_rows: int,
                lower: np.ndarray, upper: np.ndarray, dual: np.ndarray
                ) -> tuple[float, int]:  # fmt: skip
    """Share of the move that keeps within bounds, and the row of the bound met (-1: none)."""
    share, row = 1.0, -1
    for r in range(n_rows):
        trial, change = free[columns[r]], move[columns[r]]
        room = upper[trial] - dual[trial] if change > 0 else lower[trial] - dual[trial]
        if abs(change) * share > abs(room):
            share, row = room / change, r
    return share, row


@compiled
def free_trials(lower: np.ndarray, upper: np.ndarray, dual: np.ndarray, most: int) -> np.ndarray:
    """Indices of the free coefficients; of more than `most`, some evenly spread ones."""
    found = np.empty(dual.size, np.int64)
    n = 0
    for i in range(dual.size):
        if lower[i] < dual[i] < upper[i]:
            found[n] = i
            n += 1
    if n <= most:
        return found[:n]
    chosen = np.empty(most, np.int64)
    for k in range(most):
        chosen[k] = found[k * n // most]
    return chosen


@compiled
def settle_free(gram: np.ndarray, lower: np.ndarray, upper: np.ndarray, dual: np.ndarray,
                slack: np.ndarray, ridge: float, most: int) -> int:  # fmt: skip
    """Solve for the free coefficients, dropping those that meet a bound; returns the drops.

    `dual` is changed in place, `slack` (float64, y - K @ dual before the call) is not.
    """
    free = free_trials(lower, upper, dual, most)
    n = free.size
    if n < 2:
        return 0
    matrix, forward, ones = np.empty((n, n)), np.empty(n), np.ones(n)
    for r in range(n):
        row, source = matrix[r], gram[free[r]]
        for j in range(n):
            row[j] = source[free[j]]
        row[r] += ridge
        forward[r] = slack[free[r]]
    factor = factorise(matrix, 0.1 * ridge)
    solve_forward(factor, forward)
    solve_forward(factor, ones)
    columns, move = np.arange(n), np.empty(n)
    n_rows, drops = n, 0
    while n_rows >= 2:
        offset = solve_back(factor, columns, n_rows, forward, ones, move)
        share, met = first_bound(move, free, columns, n_rows, lower, upper, dual)
        for r in range(n_rows):
            dual[free[columns[r]]] += share * move[columns[r]]
            forward[r] += share * (offset * ones[r] - forward[r])
        if met < 0:
            break
        gone = columns[met]
        trial = free[gone]
        dual[trial] = upper[trial] if move[gone] > 0 else lower[trial]
        drop_column(factor, columns, n_rows, met, forward, ones)
        n_rows -= 1
        drops += 1
    return drops
