"""Rank against time: what similarities of codes depend on.

A code that turns with the items that came since loses similarity with the difference in rank, at
equal elapsed time; one that turns with time loses it with the difference in seconds, at equal
ranks. A code that fades loses it with neither.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wmsim.hypotheses.rank_time_codes import Cell

# Slopes of log strength over the range of ranks, of seconds, and from items to maintenance.
STEEPEST = 3.0
# Knots of the function of seconds that rank is measured beside, and pairs for each.
KNOTS = (3, 7)
PAIRS_EACH = 25


class Effects(NamedTuple):
    """What similarities depend on.

    Attributes
    ----------
    signal : float
        Mean squared norm of the codes of held items.
    rank : float
        Cosine lost for each item more between two codes, at equal elapsed time.
    time : float
        Cosine lost for each second more between two codes, at equal ranks.
    """

    signal: float
    rank: float
    time: float


class Pairs(NamedTuple):
    """Pairs of cells, and how far apart they are.

    Attributes
    ----------
    first, second : ndarray of int, shape (pair,)
        Cells; each pair once, a cell with itself too.
    rank, time : ndarray, shape (pair,)
        Differences in items since, and in seconds since.
    same_item : ndarray of bool, shape (pair,)
        Whether both are of one item.
    states : ndarray of int, shape (pair,)
        Number of the pair of items, steps and ranks: within it, seconds alone differ.
    """

    first: np.ndarray
    second: np.ndarray
    rank: np.ndarray
    time: np.ndarray
    same_item: np.ndarray
    states: np.ndarray


def find_pairs(cells: list[Cell]) -> Pairs:
    """All pairs of cells."""
    first, second = np.triu_indices(len(cells))
    time = np.array([cell.time for cell in cells])
    rank = np.array([cell.rank for cell in cells])
    item = np.array([cell.item for cell in cells])
    state = np.unique(
        np.array([(c.item, c.step, c.rank) for c in cells]), axis=0, return_inverse=True
    )[1].ravel()
    both = np.sort(np.stack([state[first], state[second]]), axis=0)
    return Pairs(
        first, second, np.abs(rank[first] - rank[second]), np.abs(time[first] - time[second]),
        item[first] == item[second], np.unique(both, axis=1, return_inverse=True)[1].ravel(),
    )  # fmt: skip


def strengths(kernel: np.ndarray, cells: list[Cell], least: float) -> np.ndarray:
    """Norms of codes, (cell,), smooth in rank and seconds; at least so strong on average.

    A code that fades loses inner product with all others without turning. The squared norm is
    modelled as exp(a + b rank + c time + d maintenance), fitted by least squares, with at most a
    factor of e^3 over the range of each; so few numbers hardly follow the noise.
    """
    from scipy.optimize import least_squares

    squared = np.diag(kernel)
    level = max(float(squared.mean()), least, 1e-300)
    about = np.array([(c.rank, c.time, float(c.maintenance)) for c in cells], dtype=float)
    about -= about.mean(axis=0)
    about /= np.maximum(np.ptp(about, axis=0), 1e-9)

    def shape(slopes: np.ndarray) -> np.ndarray:
        one = np.exp(about @ slopes)
        return np.asarray(level * one / one.mean())

    # A little is taken off for slopes, which without any signal would be arbitrary.
    def residual(slopes: np.ndarray) -> np.ndarray:
        return np.concatenate([shape(slopes) / level - squared / level, 0.1 * slopes])

    found = least_squares(residual, np.zeros(about.shape[1]), bounds=(-STEEPEST, STEEPEST))
    return np.sqrt(shape(found.x))


def effects(kernel: np.ndarray, cells: list[Cell], pairs: Pairs, least: float = 0.0) -> Effects:
    """What is lost of the similarity of codes with rank at equal time, and with time at equal rank.

    Similarities are those of :func:`similarities`, fitted as cosines times the norms of both codes.

    - Rank: pairs of cells are compared whose codes are as far apart in seconds, but more or fewer
      items apart. The cosine is any piecewise linear function of the difference in seconds (one
      for pairs of one item, one for pairs of two), and a slope on the difference in items.
    - Time: pairs are compared within the same two items, steps and ranks, trials that took longer
      with trials that took less. The cosine is a level for each, and a slope on the difference in
      seconds.

    Parameters
    ----------
    kernel : ndarray, shape (cell, cell)
        Similarities.
    cells : list of Cell
        Cells.
    pairs : Pairs
        Of these cells.
    least : float
        Squared norm that codes are taken to have at least, so that cosines stay finite.

    Returns
    -------
    Effects
        Slopes with their sign turned: positive where similarity falls with distance. NaN where
        the cells cannot tell.
    """
    fit = _Fit.of(kernel, cells, pairs, least)
    return Effects(
        float(np.diag(kernel).mean()), -fit.slope(fit.over_rank), -fit.slope(fit.over_time)
    )


def explained(
    kernel: np.ndarray, cells: list[Cell], pairs: Pairs, least: float, *,
    error: np.ndarray, slope_error: tuple[float, float],
) -> tuple[float, float]:  # fmt: skip
    """Shares of the variance of similarities that rank alone and time alone explain.

    Squares of noisy numbers are too large by the square of their standard error, which is taken
    off, both from slopes and from similarities.

    Parameters
    ----------
    kernel, cells, pairs, least
        As for :func:`effects`.
    error : ndarray, shape (pair,)
        Standard error of each similarity.
    slope_error : (float, float)
        Standard errors of the effects of rank and time.

    Returns
    -------
    rank, time : float
        From 0 to 1; NaN where similarities vary no more than noise does.
    """
    fit = _Fit.of(kernel, cells, pairs, least)
    level = np.column_stack([pairs.same_item, ~pairs.same_item]) * fit.weight[:, None]
    left = fit.observed - level @ np.linalg.lstsq(level, fit.observed, rcond=None)[0]
    total = float(left @ left - error @ error)
    shares = []
    for regressors, own_error in zip((fit.over_rank, fit.over_time), slope_error, strict=True):
        squared = fit.slope(regressors) ** 2 - own_error**2
        unique = _alone(regressors * fit.weight[:, None])
        share = squared * float(unique @ unique) / total if total > 0 else np.nan
        shares.append(float(np.clip(share, 0, 1)))
    return shares[0], shares[1]


class _Fit(NamedTuple):
    """Similarities of pairs, and the regressors of cosines."""

    observed: np.ndarray
    weight: np.ndarray
    over_rank: np.ndarray
    over_time: np.ndarray

    @classmethod
    def of(cls, kernel: np.ndarray, cells: list[Cell], pairs: Pairs, least: float) -> _Fit:
        norm = strengths(kernel, cells, least)
        smooth = _hats(pairs.time)
        same = pairs.same_item[:, None]
        over_rank = np.column_stack([pairs.rank, smooth * same, smooth * ~same])
        over_time = np.column_stack([pairs.time, pairs.states[:, None] == np.unique(pairs.states)])
        observed = kernel[pairs.first, pairs.second]
        return cls(observed, norm[pairs.first] * norm[pairs.second], over_rank, over_time)

    def slope(self, regressors: np.ndarray) -> float:
        """Coefficient of the first regressor of cosines, NaN if the others span it."""
        weighted = regressors * self.weight[:, None]
        left = _alone(weighted)
        if left @ left <= 1e-8 * (weighted[:, 0] @ weighted[:, 0]) or not left.any():
            return float("nan")
        return float(left @ self.observed / (left @ left))


def _hats(values: np.ndarray) -> np.ndarray:
    """Basis of piecewise linear functions with knots at quantiles, (value, knot); rows sum to 1."""
    n = int(np.clip(len(values) // PAIRS_EACH, *KNOTS))
    knots = np.unique(np.quantile(values, np.linspace(0, 1, n)))
    return np.stack([np.interp(values, knots, one) for one in np.eye(len(knots))], axis=1)


def _alone(regressors: np.ndarray) -> np.ndarray:
    """What the others leave of the first regressor."""
    own, rest = regressors[:, 0], regressors[:, 1:]
    return np.asarray(own - rest @ np.linalg.lstsq(rest, own, rcond=None)[0])
