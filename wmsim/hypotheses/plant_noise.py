"""Noise of planted recordings: private and shared, correlated in time, unequal; spikes."""

from __future__ import annotations

import numpy as np

# Spikes/s; beyond any neuron, and what keeps an exponential from running away.
LARGEST_RATE = 1000.0


def noise_in_steps(
    shape: tuple[int, ...], correlation: float, *, rng: np.random.Generator
) -> np.ndarray:
    """Normal noise of SD 1 that is correlated between successive steps, AR(1).

    Parameters
    ----------
    shape : tuple of int
        The first axis is that of steps.
    correlation : float
        Of successive steps, 0 to below 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of that shape
    """
    noise = rng.standard_normal(shape)
    for step in range(1, len(noise)) if correlation else ():
        noise[step] = correlation * noise[step - 1] + np.sqrt(1 - correlation**2) * noise[step]
    return noise


def shared_noise(
    n_steps: int, n_units: int, n_trials: int, *, share: float, factors: int,
    correlation: float = 0.0, rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Noise of common factors, in SDs of each unit's private noise.

    Parameters
    ----------
    n_steps, n_units, n_trials : int
        Sizes.
    share : float
        Of each unit's whole noise variance, private and shared; below 1.
    factors : int
        Number of factors; how strongly each drives a unit is drawn at random.
    correlation : float
        Of factors at successive steps.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (step, unit, trial)
    """
    loading = rng.standard_normal((n_units, factors))
    loading /= np.linalg.norm(loading, axis=1, keepdims=True)
    factor = noise_in_steps((n_steps, factors, n_trials), correlation, rng=rng)
    return np.asarray(np.sqrt(share / (1 - share)) * (loading @ factor))


def unequal_sds(n_units: int, sd: float, spread: float, *, rng: np.random.Generator) -> np.ndarray:
    """SDs of units' private noise, log-normal, with an expected mean square of `sd` squared.

    Parameters
    ----------
    n_units : int
        Units.
    sd : float
        Root mean square over units.
    spread : float
        SD of the logarithm.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (unit,)
    """
    return np.asarray(sd * np.exp(spread * rng.standard_normal(n_units) - spread**2))


def spike_rates(drive: np.ndarray, rest: np.ndarray, window: float, kind: str) -> np.ndarray:
    """Rates of units that are driven.

    Parameters
    ----------
    drive : ndarray, shape (step, unit, trial)
        In SDs of the Poisson noise at rest.
    rest : ndarray, shape (unit,)
        Rates without drive, in spikes/s.
    window : float
        Seconds in which spikes are counted.
    kind : {"log-linear", "rectified"}
        Both rise by the same number of spikes for a weak drive.

    Returns
    -------
    ndarray, shape (step, unit, trial)
        Spikes/s, at most 1000.

    Examples
    --------
    One SD of the noise of 9 spikes is 3 spikes:

    >>> spike_rates(np.ones((1, 1, 1)), np.array([9.0]), 1.0, "rectified").item()
    12.0
    """
    rest = rest[:, None]
    depth = drive / np.sqrt(rest * window)
    if kind == "log-linear":
        # Bounded, for an exponential would overflow long before the rates are cut off.
        rate = rest * np.exp(np.minimum(depth, np.log(LARGEST_RATE / rest)))
    else:
        rate = rest * np.maximum(1 + depth, 0.0)
    return np.asarray(np.minimum(rate, LARGEST_RATE))
