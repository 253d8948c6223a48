"""Sequential minimal optimisation: many cheap steps that find out which trials matter.

A step moves two dual coefficients against each other, chosen by the largest gain of second order
[1]_. It runs in float32 on the float32 Gram matrix: its only task is to bring coefficients to, or
away from, their bounds. The exact solution comes from :mod:`.newton`, in float64.

References
----------
.. [1] Fan, Chen & Lin (2005), Working set selection using second order information for training
   support vector machines, JMLR 6, 1889-1918.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wmsim.decoding.engine.compiled import compiled

# Smallest curvature of a step, relative to that of a typical trial: duplicates have none.
FLAT = 1e-7


@compiled
def movable(lower: np.ndarray, upper: np.ndarray, dual: np.ndarray, up: np.ndarray,
            down: np.ndarray) -> None:  # fmt: skip
    """Fill bit masks: all ones where a coefficient may grow (`up`) or shrink (`down`)."""
    for i in range(dual.size):
        up[i] = -1 if dual[i] < upper[i] else 0
        down[i] = -1 if dual[i] > lower[i] else 0


def _pair_steps(real: type, integer: type, bits: int) -> Callable[..., int]:
    """Compile :func:`take_pairs` for one precision."""
    sign = integer(bits - 1)
    least, most = integer(np.iinfo(integer).min), integer(np.iinfo(integer).max)
    zero, two, flat, none = real(0.0), real(2.0), real(FLAT), integer(0)

    @compiled
    def take_pairs(gram: np.ndarray, rows: np.ndarray, diagonal: np.ndarray, lower: np.ndarray,
                   upper: np.ndarray, dual: np.ndarray, slack: np.ndarray, up: np.ndarray,
                   down: np.ndarray, gain: np.ndarray, n_steps: int, tolerance: float,
                   index_bits: int) -> int:  # fmt: skip
        n = dual.size
        index_mask = integer((1 << index_bits) - 1)
        value_mask = integer(~((1 << index_bits) - 1))
        slack_bits: np.ndarray = slack.view(integer)
        gain_bits: np.ndarray = gain.view(integer)
        i, j, step = 0, 0, zero
        row_i, row_j = rows[0], rows[0]
        for taken in range(n_steps + 1):
            largest, smallest = least, most
            for k in range(n):
                slack[k] -= step * (row_i[k] - row_j[k])
            for k in range(n):
                pattern = slack_bits[k]
                pattern = integer(pattern ^ ((pattern >> sign) & most))
                pattern = integer((pattern & value_mask) | k)
                grows = integer((pattern & up[k]) | (least & ~up[k]))
                shrinks = integer((pattern & down[k]) | (most & ~down[k]))
                largest = grows if grows > largest else largest
                smallest = shrinks if shrinks < smallest else smallest
            if largest == least or smallest == most:
                return taken
            i = largest & index_mask
            top = slack[i]
            if top - slack[smallest & index_mask] <= tolerance or taken == n_steps:
                return taken
            row_i, own = rows[i], diagonal[i]
            for k in range(n):
                fall = top - slack[k]
                fall = fall if fall > zero else zero
                curvature = own + diagonal[k] - two * row_i[k]
                curvature = curvature if curvature > flat else flat
                gain[k] = fall * fall / curvature
            best = none
            for k in range(n):
                pattern = integer((gain_bits[k] & value_mask & down[k]) | k)
                best = pattern if pattern > best else best
            j = best & index_mask
            if down[j] == none or slack[j] >= top:
                return taken
            row_j = rows[j]
            wish = (top - slack[j]) / max(gram[i, i] + gram[j, j] - 2.0 * gram[i, j], FLAT)
            room_i, room_j = upper[i] - dual[i], dual[j] - lower[j]
            move = min(wish, room_i, room_j)
            dual[i] = upper[i] if move == room_i else dual[i] + move
            dual[j] = lower[j] if move == room_j else dual[j] - move
            up[i] = -1 if dual[i] < upper[i] else 0
            down[i] = -1
            up[j] = -1
            down[j] = -1 if dual[j] > lower[j] else 0
            step = real(move)
        return n_steps

    take_pairs.__doc__ = """Take at most `n_steps` steps; stop where no pair is off by `tolerance`.

    `slack` is y - K @ dual; it, `dual` and the masks `up` and `down` are changed in place. The
    largest entry is found by integer comparison, which compiles to vector instructions: floats
    of one sign are ordered as their bit patterns are, and the lowest bits carry the trial's
    index. It is thus found up to the bits that are left, which is enough to make progress, but
    may stop early: in float32 by 1e-4, in float64 by 1e-10.
    """
    return take_pairs


take_pairs32 = _pair_steps(np.float32, np.int32, 32)
take_pairs64 = _pair_steps(np.float64, np.int64, 64)


@compiled
def balance(gram: np.ndarray, lower: np.ndarray, upper: np.ndarray, dual: np.ndarray,
            slack: np.ndarray) -> None:  # fmt: skip
    """Make the coefficients sum to zero, moving those first that cost least.

    Coefficients carried over from other trials do not sum to zero; `dual` and `slack` (float64)
    are changed in place.
    """
    n = dual.size
    excess = dual.sum()
    portion = abs(excess) / 16.0
    scale = 0.0
    for i in range(n):
        scale = max(scale, upper[i] - lower[i])
    while abs(excess) > 1e-14 * scale:
        chosen, best = -1, 0.0
        for k in range(n):
            room = dual[k] - lower[k] if excess > 0 else upper[k] - dual[k]
            value = -slack[k] if excess > 0 else slack[k]
            if room > 0 and (chosen < 0 or value > best):
                chosen, best = k, value
        if chosen < 0:
            return
        room = dual[chosen] - lower[chosen] if excess > 0 else upper[chosen] - dual[chosen]
        move = min(abs(excess), room, max(portion, 1e-14 * scale))
        if excess > 0:
            dual[chosen] = lower[chosen] if move == room else dual[chosen] - move
            move = -move
        else:
            dual[chosen] = upper[chosen] if move == room else dual[chosen] + move
        excess += move
        row = gram[chosen]
        for k in range(n):
            slack[k] -= move * row[k]
