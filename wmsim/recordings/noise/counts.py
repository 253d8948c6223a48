"""Spike counts of a given mean and Fano factor, and how strongly they can be correlated.

Counts are read off a standard normal variable through the inverse of their distribution
function, so that correlating the normal variables correlates the counts and leaves each count's
distribution as it is (Macke et al. 2009, doi:10.1162/neco.2008.02-08-713). The distribution is
binomial for a Fano factor below 1, Poisson at 1, and negative binomial above it, which is
Poisson spiking whose gain varies from trial to trial as a gamma variable (Goris et al. 2014,
doi:10.1038/nn.3711). All three obey one recursion (Panjer 1981, doi:10.1017/S0515036100006796):
p(k) = p(k - 1) (a + b / k).
"""

from __future__ import annotations

import numpy as np

ORDER = 8
ALMOST_NORMAL = 0.1
LATENT_MOST = 0.98
NEVER = 1e-12


def draw_counts(normal: np.ndarray, mean: np.ndarray, fano: float) -> np.ndarray:
    """Counts at the quantiles of standard normal variables.

    Parameters
    ----------
    normal : ndarray
        Standard normal variables.
    mean : ndarray, same shape
        Mean counts, from 0.
    fano : float
        Variance over mean. Below 1 it is met only where the mean is well above 1 - fano: what
        fires at most once has a Fano factor of 1 - mean at least.

    Returns
    -------
    ndarray of float64, same shape
        Whole numbers; they grow with `normal`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> counts = draw_counts(rng.standard_normal(20000), np.full(20000, 3.0), fano=2.0)
    >>> np.round([counts.mean(), counts.var() / counts.mean()], 1).tolist()
    [3.0, 2.0]
    """
    from scipy.special import ndtr

    flat = np.maximum(mean, 0.0).ravel()
    deviate = normal.ravel()
    counts = np.zeros(flat.size)
    many = _is_almost_normal(flat, fano)
    counts[many] = _many(deviate[many], flat[many], fano)
    active = np.flatnonzero(~many & (flat > NEVER))
    upper = ndtr(-deviate[active])  # from above, so that large counts are exact
    slope, shift, share = _panjer(flat[active], fano)
    survival = 1.0 - share
    number = 0
    while active.size:
        go_on = upper < survival
        number += 1
        active, upper = active[go_on], upper[go_on]
        slope, shift = slope[go_on], shift[go_on]
        share = share[go_on] * np.maximum(slope + shift / number, 0.0)
        survival = survival[go_on] - share
        counts[active] = number
        # Rounding would keep a survival of 1e-17 alive for ever.
        alive = (survival > 1e-15) & (share > 0)
        active, upper, survival = active[alive], upper[alive], survival[alive]
        slope, shift, share = slope[alive], shift[alive], share[alive]
    return counts.reshape(mean.shape)


def effective_fano(mean: np.ndarray, fano: float) -> np.ndarray:
    """Fano factor that counts of these means have; for fano < 1 it is that of whole spikes."""
    if fano >= 1:
        return np.full(np.shape(mean), float(fano))
    return 1.0 - mean / np.maximum(np.ceil(mean / (1.0 - fano) - 1e-9), 1.0)


def hermite_weights(mean: np.ndarray, fano: float) -> np.ndarray:
    """How a count follows the normal variable behind it: scaled Hermite coefficients.

    If two normal variables have the correlation r, counts i and j have the correlation
    sum over k of r**k w[i, k - 1] w[j, k - 1].

    Parameters
    ----------
    mean : ndarray, shape (unit,)
        Mean counts; must be above 0.
    fano : float
        Variance over mean.

    Returns
    -------
    ndarray, shape (unit, 8)
        Orders 1 to 8.
    """
    from scipy.special import ndtri

    weights = np.zeros((mean.size, ORDER))
    many = _is_almost_normal(mean, fano)
    spread = np.sqrt(np.maximum(mean * effective_fano(mean, fano), 1e-300))
    weights[many, 0] = spread[many]
    few = np.flatnonzero(~many & (mean > NEVER))
    slope, shift, share = _panjer(mean[few], fano)
    survival = 1.0 - share
    number = 0
    while few.size:
        threshold = -ndtri(np.clip(survival, 1e-300, 1 - 1e-15))
        density = np.exp(-(threshold**2) / 2) / np.sqrt(2 * np.pi)
        weights[few] += density[:, None] * _hermite(threshold)
        number += 1
        share = share * np.maximum(slope + shift / number, 0.0)
        survival = survival - share
        alive = (survival > 1e-12) & (share > 0)
        few, survival, share = few[alive], survival[alive], share[alive]
        slope, shift = slope[alive], shift[alive]
    return weights / spread[:, None]


def mean_correlation(weights: np.ndarray, latent: float) -> float:
    """Mean correlation of pairs of counts whose normal variables have the correlation `latent`.

    Parameters
    ----------
    weights : ndarray, shape (..., unit, order)
        From :func:`hermite_weights`, of two units or more; the mean is taken over what is before.
    latent : float
        Correlation.

    Returns
    -------
    float
    """
    n_units = weights.shape[-2]
    pairs = weights.sum(axis=-2) ** 2 - (weights**2).sum(axis=-2)
    powers = latent ** np.arange(1, ORDER + 1)
    return float((pairs @ powers).mean() / (n_units * (n_units - 1)))


def latent_correlation(weights: np.ndarray, wanted: float) -> float:
    """Correlation of normal variables that gives pairs of counts a wanted mean correlation.

    Parameters
    ----------
    weights : ndarray, shape (..., unit, order)
        From :func:`hermite_weights`.
    wanted : float
        Mean correlation of counts, from 0.

    Returns
    -------
    float
        NaN if no correlation of normal variables is strong enough.
    """
    if wanted == 0 or weights.shape[-2] < 2:
        return 0.0
    if mean_correlation(weights, LATENT_MOST) < wanted:
        return float("nan")
    low, high = 0.0, LATENT_MOST
    for _ in range(50):
        middle = (low + high) / 2
        if mean_correlation(weights, middle) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _panjer(mean: np.ndarray, fano: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """a, b and p(0) of the recursion."""
    if abs(fano - 1) < 1e-9:
        return np.zeros(mean.size), mean.copy(), np.exp(-mean)
    ratio = effective_fano(mean, fano)
    slope = (ratio - 1) / ratio
    with np.errstate(divide="ignore", invalid="ignore"):
        size = mean / (ratio - 1)
        none = np.where(ratio > 0, np.exp(-size * np.log(np.maximum(ratio, 1e-300))), 0.0)
    return slope, (size - 1) * slope, none


def _is_almost_normal(mean: np.ndarray, fano: float) -> np.ndarray:
    """Where the recursion would take long or underflow; counts are nearly normal there."""
    log_none = mean if abs(fano - 1) < 1e-9 else mean * np.log(fano) / (fano - 1)
    skew = abs(2 * fano - 1) / np.sqrt(np.maximum(mean * fano, 1e-300))
    return ((mean * min(fano, 1.0) > 25) & (skew < ALMOST_NORMAL)) | (log_none > 600)


def _many(normal: np.ndarray, mean: np.ndarray, fano: float) -> np.ndarray:
    """Large counts: normal, with the skewness that the distribution has, rounded."""
    value = mean + np.sqrt(mean * fano) * normal + (2 * fano - 1) / 6 * (normal**2 - 1)
    return np.maximum(np.rint(value), 0.0)


def _hermite(at: np.ndarray) -> np.ndarray:
    """He_(k-1)(at) / sqrt(k!) for k from 1 to the highest order, shape (at, order)."""
    polynomials = [np.ones_like(at), at]
    for k in range(2, ORDER):
        polynomials.append(at * polynomials[-1] - (k - 1) * polynomials[-2])
    scale = np.sqrt(np.cumprod(np.arange(1.0, ORDER + 1)))
    return np.stack(polynomials[:ORDER], axis=-1) / scale
