"""How sure a mean over brains is: variances over brains, over stimuli, and over both.

=====================  ============================================================================
what was sampled       variance of the mean
=====================  ============================================================================
brains, each with      sample variance over brains / N. Each brain's stimuli are part of what makes
stimuli of its own     it differ from the next, so their sampling is in it.
brains and, for all,   V_brains + V_stimuli - V_interaction: the dual bootstrap [1]_, with its
the same stimuli       correction for small samples. The interaction is in both of the others.
stimuli of one brain   variance over resamples of its stimuli: it says nothing about other brains.
=====================  ============================================================================

Resampling brains needs no random numbers: the variance of a mean of N brains drawn with replacement
is known. Only stimuli are resampled, by whoever computed the scores.

References
----------
.. [1] Schütt, Kipnis, Diedrichsen & Kriegeskorte (2023), Statistical inference on representational
   geometries, eLife 12:e82566, :doi:`10.7554/eLife.82566`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

# What a variance is over, as results say it.
NOTHING, BRAINS, CROSSED, STIMULI = "", "brains", "brains and stimuli", "stimuli"
OVER = (NOTHING, BRAINS, CROSSED, STIMULI)
# Resamples of stimuli that have to be there: fewer, or a choice of them, say too little.
LEAST_RESAMPLES = 20
LEAST_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Estimate:
    """Means over brains, with what is known of their error; all arrays have the same shape.

    Attributes
    ----------
    mean : ndarray
        NaN where no brain has a score.
    variance : ndarray
        Of the mean; NaN where it cannot be told.
    df : ndarray
        Degrees of freedom of Student's t.
    n : ndarray of int
        Brains with a score.
    over : ndarray of int
        What the variance is over, a place in :data:`OVER`.
    """

    mean: np.ndarray
    variance: np.ndarray
    df: np.ndarray
    n: np.ndarray
    over: np.ndarray

    def interval(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Both ends of Student's interval; NaN where there is no variance."""
        from scipy.stats import t

        half = t.ppf(0.5 + level / 2, np.maximum(self.df, 1)) * np.sqrt(self.variance)
        return self.mean - half, self.mean + half

    def p_values(self, *, greater: bool = False) -> np.ndarray:
        """Probability of a mean so far from 0, or so far above it.

        A mean of exactly 0 without spread has p = 1. Any other without spread has NaN: values
        that are all the same say nothing about how much they could differ.
        """
        from scipy.stats import t

        spread = np.sqrt(self.variance)
        told = spread > 1e-12 * np.maximum(np.abs(self.mean), 1e-12)
        ratio = np.where(told, self.mean, 0.0) / np.where(told, spread, 1.0)
        df = np.maximum(self.df, 1)
        p = t.sf(ratio, df) if greater else 2 * t.sf(np.abs(ratio), df)
        p = np.where(told, p, np.where(self.mean == 0, 1.0, np.nan))
        return np.where(np.isfinite(self.mean) & np.isfinite(self.variance), p, np.nan)


def estimate(
    values: np.ndarray, resampled: np.ndarray, n_values: np.ndarray, *, shared: bool
) -> Estimate:
    """Mean over brains and its variance, of those brains that have a score.

    Parameters
    ----------
    values : ndarray, shape (..., brain)
        Scores, or differences of scores; NaN where a brain has none.
    resampled : ndarray, shape (..., brain, resample)
        The same with stimuli drawn with replacement; NaN where that allows no score.
    n_values : ndarray, shape (brain,)
        Stimuli of each brain.
    shared : bool
        Whether all brains saw the same stimuli, and a resample is the same in all of them.

    Returns
    -------
    Estimate
        Arrays of shape (...).

    Examples
    --------
    Brains differ by 1, and stimuli are their own.

    >>> scores = np.array([1.0, 2.0, 3.0])
    >>> found = estimate(scores, np.empty((3, 0)), np.full(3, 8), shared=False)
    >>> float(found.mean), round(float(found.variance), 3), int(found.df)
    (2.0, 0.333, 2)
    """
    there = np.isfinite(values)
    n = there.sum(axis=-1)
    mean, over_brains = _moments(values, there)
    fewest = np.where(there, n_values, np.iinfo(np.int64).max).min(axis=-1, initial=2**31)
    k = np.maximum(fewest, 2).astype(float)
    alone = n == 1
    needed = alone | shared
    over_stimuli, together = np.full(mean.shape, np.nan), np.full(mean.shape, np.nan)
    if needed.any() and resampled.shape[-1]:
        over_stimuli[needed], together[needed] = _over_resamples(
            resampled[needed], there[needed], over_brains[needed], k[needed]
        )
    crossed = shared & (n > 1) & np.isfinite(over_stimuli)
    both = np.maximum(over_brains, over_stimuli)
    both = np.maximum(over_brains + over_stimuli - together, both)
    over = np.select(
        [crossed, n > 1, alone & np.isfinite(over_stimuli)],
        [OVER.index(name) for name in (CROSSED, BRAINS, STIMULI)], OVER.index(NOTHING),
    )  # fmt: skip
    none = np.full(mean.shape, np.nan)
    variance = np.choose(over, [none, over_brains, both, over_stimuli])
    df = np.choose(over, [none, n - 1.0, np.minimum(n, k) - 1, k - 1])
    return Estimate(mean, variance, df, n, over)


def with_draws(found: Estimate, draws: np.ndarray, there: np.ndarray) -> Estimate:
    """Add to an estimate of one brain how sure the mean of random draws is, that was taken off.

    With several brains nothing is to be added: draws are made for each brain anew, so that what
    their mean is off by differs from brain to brain, and is in the variance over brains.

    Parameters
    ----------
    found : Estimate
        Of differences of scores and means of draws; arrays of shape (...).
    draws : ndarray, shape (..., brain, draw)
        Such as floors by single shuffles of labels; NaN where there is none.
    there : ndarray of bool, shape (..., brain)
        Brains that are in the estimate.

    Returns
    -------
    Estimate
        With Satterthwaite's degrees of freedom where something was added; the variance is NaN
        there with a single draw.
    """
    finite = np.isfinite(draws)
    n = finite.sum(axis=-1)
    over_draws = np.where(there, _moments(draws.astype(float), finite)[1], 0.0).sum(axis=-1)
    alone = found.over == OVER.index(STIMULI)
    total = np.where(alone, found.variance + over_draws, found.variance)
    parts = found.variance**2 / np.maximum(found.df, 1)
    least = np.where(there, n, 0).sum(axis=-1)
    parts = parts + over_draws**2 / np.maximum(least - 1, 1)
    known = alone & (over_draws > 0) & (parts > 0)
    df = np.where(known, total**2 / np.where(known, parts, 1.0), found.df)
    return replace(found, variance=total, df=df)


def _moments(values: np.ndarray, there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the last axis, and sample variance / N, of what is there."""
    n = there.sum(axis=-1)
    mean = np.where(there, values, 0.0).sum(axis=-1) / np.maximum(n, 1)
    squares = np.where(there, (values - mean[..., None]) ** 2, 0.0).sum(axis=-1)
    variance = squares / np.maximum(n - 1, 1) / np.maximum(n, 1)
    return np.where(n > 0, mean, np.nan), np.where(n > 1, variance, np.nan)


def _over_resamples(
    resampled: np.ndarray, there: np.ndarray, over_brains: np.ndarray, k: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Variance over stimuli of the mean over brains, and the interaction's share of it.

    ``k / (k - 1)`` makes both unbiased for scores that are means over k stimuli. The interaction
    is by how much brains differ more with resampled stimuli than with all of them.
    """
    finite = np.isfinite(resampled)
    usable = (finite | ~there[..., None]).all(axis=-2)
    enough = np.maximum(LEAST_SHARE * drawn(finite), LEAST_RESAMPLES)
    known = usable.sum(axis=-1) >= enough
    n = np.maximum(there.sum(axis=-1), 1)[:, None]
    kept = np.where(there[..., None] & usable[:, None, :], resampled, 0.0).astype(float)
    mean = kept.sum(axis=-2) / n
    squares = ((kept - mean[:, None, :]) ** 2 * there[..., None]).sum(axis=-2)
    within = squares / np.maximum(n - 1, 1) / n
    count = np.maximum(usable.sum(axis=-1), 2)
    centre = np.where(usable, mean, 0.0).sum(axis=-1) / count
    spread = np.where(usable, (mean - centre[:, None]) ** 2, 0.0).sum(axis=-1) / (count - 1)
    more = np.where(usable, within, 0.0).sum(axis=-1) / count - over_brains
    factor = k / (k - 1)
    return (
        np.where(known, factor * spread, np.nan),
        np.where(known, factor * np.maximum(more, 0.0), np.nan),
    )


def drawn(finite: np.ndarray) -> int:
    """Number of resamples that were drawn: up to the last that gave anything.

    Scores that are costly to resample are resampled less often; the rest is NaN.
    """
    anything = np.flatnonzero(finite.any(axis=tuple(range(finite.ndim - 1))))
    return int(anything[-1]) + 1 if anything.size else 0


def holm(p: np.ndarray) -> np.ndarray:
    """Correct p-values of several tests so that any false positive is as rare as one.

    Parameters
    ----------
    p : ndarray, shape (test,)
        NaN: not tested, and not counted.

    Returns
    -------
    ndarray, shape (test,)

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 6, 65-70.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, np.nan, 0.03])).tolist()
    [0.03, 0.06, nan, 0.06]
    """
    found = np.full(p.shape, np.nan)
    tested = np.flatnonzero(np.isfinite(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    factors = np.arange(order.size, 0, -1)
    found[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return found
