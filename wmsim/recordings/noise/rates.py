"""From a model's activity to rates: monotone for each unit, never negative."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.checks import unit_blocks
from wmsim.recordings.noise.config import NoiseConfig


@dataclass(frozen=True)
class Scale:
    """What activity is centred and scaled by.

    Attributes
    ----------
    centre : ndarray, shape (unit,)
        Mean of each unit over times and trials.
    spread : float
        Root mean square over units of their standard deviations: one number for all, so that a
        unit that hardly varies does not look as if it did.
    """

    centre: np.ndarray
    spread: float


def activity_scale(activity: xr.DataArray) -> Scale:
    """Measure a recording's activity, in blocks of units.

    Parameters
    ----------
    activity : xarray.DataArray, dims (time, unit, trial)
        A model's activity.

    Returns
    -------
    Scale

    Raises
    ------
    WmsimError
        If nothing varies, or a unit has no activity at all.
    """
    centre = np.zeros(activity.sizes["unit"])
    variance = np.zeros(activity.sizes["unit"])
    for block in unit_blocks(activity):
        values = activity.isel(unit=block).transpose("time", "unit", "trial").values
        present = np.isfinite(values)
        count = present.sum(axis=(0, 2))
        if not count.all():
            name = activity["unit"].values[block][np.argmin(count)]
            raise WmsimError(
                f"Unit '{name}' has no activity at all. Leave it out (wmsim.recordings.subset)."
            )
        filled = np.where(present, values, 0.0).astype(np.float64)
        centre[block] = filled.sum(axis=(0, 2)) / count
        rest = np.where(present, filled - centre[block, None], 0.0)
        variance[block] = (rest**2).sum(axis=(0, 2)) / count
    spread = float(np.sqrt(variance.mean()))
    if not spread > 1e-12 * max(1.0, float(np.abs(centre).max())):
        raise WmsimError(
            "Activity does not vary from trial to trial or step to step, so it holds no signal "
            "that rates could follow. Check what was recorded."
        )
    return Scale(centre, spread)


def relative_rates(
    activity: np.ndarray, centre: np.ndarray, spread: float, depth: float, nonlinearity: str
) -> np.ndarray:
    """Rates relative to each unit's mean rate.

    Parameters
    ----------
    activity : ndarray, shape (time, unit, trial)
        Activity of either sign; NaN where there is none.
    centre : ndarray, shape (unit,)
        What is the mean rate.
    spread : float
        What is one standard deviation, for all units.
    depth : float
        How much a standard deviation changes the rate, in units of the mean.
    nonlinearity : {"affine", "exponential"}
        See :class:`~wmsim.recordings.noise.NoiseConfig`.

    Returns
    -------
    ndarray of float64, shape (time, unit, trial)
        Not negative, of mean 1 for each unit, and never falling where activity grows. An affine
        map keeps differences between trials as they are, up to a factor a unit, except where
        1 + depth * a falls below 0: those are all 0, and what told them apart is lost. The
        exponential one keeps all order, and stretches large activity.

    Examples
    --------
    >>> relative_rates(np.array([[[-1.0, 0.0, 1.0]]]), np.zeros(1), 1.0, 0.5, "affine")
    array([[[0.5, 1. , 1.5]]])
    """
    scaled = (activity.astype(np.float64) - centre[:, None]) / spread
    if nonlinearity == "affine":
        rates = np.maximum(1.0 + depth * scaled, 0.0)
    else:
        exponent = np.sqrt(np.log1p(depth**2)) * scaled
        rates = np.exp(exponent - np.nanmax(exponent, axis=(0, 2), keepdims=True))
    mean = np.nanmean(rates, axis=(0, 2), keepdims=True)
    return rates / np.where(mean > 0, mean, 1.0)


def draw_rates(config: NoiseConfig, n_units: int, rng: np.random.Generator) -> np.ndarray:
    """Mean rate of each unit in spikes/s, at random with respect to what the unit does.

    Parameters
    ----------
    config : NoiseConfig
        The rates' distribution.
    n_units : int
        Units.
    rng : numpy.random.Generator
        Randomness.

    Returns
    -------
    ndarray, shape (n_units,)
    """
    if config.rates is None:
        return config.rate_median * np.exp(config.rate_spread * rng.standard_normal(n_units))
    rounds = -(-n_units // len(config.rates))
    drawn = [rng.permutation(np.array(config.rates)) for _ in range(rounds)]
    return rng.permutation(np.concatenate(drawn)[:n_units])
