"""Certificates: normals, offsets and duality gaps of many problems, from their coefficients.

Nothing of what the solver believes is used: patterns and coefficients alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# A coefficient this near its bound, relative to the cost, is at it: where classes weigh the same,
# all may be at their bounds, and rounding leaves some just off.
AT_BOUND = 1e-10
# Below this many free trials, whether b is determined is looked at.
FEW_FREE = 3
# Slopes of the objective along b that are flat, relative to the sum of costs.
FLAT = 1e-9


class Certificate(NamedTuple):
    """What coefficients amount to.

    Attributes
    ----------
    normals : ndarray, shape (problem, unit)
        Normal vectors w.
    offsets : ndarray, shape (problem,)
        Offsets b, for centred patterns.
    gap : ndarray, shape (problem,)
        Primal minus dual objective, relative to the primal one.
    """

    normals: np.ndarray
    offsets: np.ndarray
    gap: np.ndarray


def certify(
    centred: np.ndarray, signs: np.ndarray, costs: np.ndarray, dual: np.ndarray
) -> Certificate:
    """Normals, offsets and duality gaps.

    Parameters
    ----------
    centred : ndarray, shape (trial, unit)
        Centred patterns.
    signs, costs, dual : ndarray, shape (problem, trial)
        y, costs, and coefficients y * alpha within their bounds.

    Returns
    -------
    Certificate
    """
    normals = dual @ centred
    slack = signs - normals @ centred.T
    offsets = offsets_of(signs, costs, dual, slack)
    losses = np.maximum(signs * (slack - offsets[:, None]), 0.0)
    square = np.einsum("pu,pu->p", normals, normals)
    primal = 0.5 * square + np.einsum("pt,pt->p", costs, losses)
    objective = np.einsum("pt,pt->p", dual, signs) - 0.5 * square
    return Certificate(normals, offsets, (primal - objective) / primal)


def offsets_of(
    signs: np.ndarray, costs: np.ndarray, dual: np.ndarray, slack: np.ndarray
) -> np.ndarray:
    """Offsets b: the mean slack of the free trials, which all have the same at the optimum.

    With hardly any free trials b may not be determined; then :func:`middle_offset` says.
    """
    size, margin = dual * signs, AT_BOUND * costs
    free = (size > margin) & (size < costs - margin)
    n_free = free.sum(axis=1)
    offsets = np.where(free, slack, 0.0).sum(axis=1) / np.maximum(n_free, 1)
    for few in np.flatnonzero(n_free < FEW_FREE):
        offsets[few] = middle_offset(signs[few], costs[few], slack[few])
    return offsets


def middle_offset(signs: np.ndarray, costs: np.ndarray, slack: np.ndarray) -> float:
    """Offset that costs least, for a given normal; the middle of its range, as libsvm takes it.

    Parameters
    ----------
    signs, costs, slack : ndarray, shape (trial,)
        y, costs, and y - w x.

    Examples
    --------
    Two trials at -2 and 2, and w = 0.25: any b from -0.5 to 0.5 costs the same.

    >>> middle_offset(np.array([-1, 1]), np.ones(2), np.array([-0.5, 0.5]))
    0.0
    """
    order = np.argsort(slack)
    # Raising b past a trial's slack costs a negative trial its cost, and saves a positive one's.
    slope = np.cumsum(costs[order]) - (costs * (signs > 0)).sum()
    tolerance = FLAT * costs.sum()
    first = np.flatnonzero(slope >= -tolerance)[0]
    last = np.flatnonzero(slope > tolerance)[0]
    return 0.5 * float(slack[order[first]] + slack[order[last]])
