"""What the noise of a recording is like: rates, modulation, Fano factor, correlations, gaps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.align import align, bin_edges
from wmsim.recordings.noise.conditions import (
    Split,
    condition_features,
    condition_levels,
    explained_by_shown_item,
    split_by_condition,
)
from wmsim.recordings.select import is_aligned, step_names
from wmsim.recordings.validate import validate

FEWEST_SPIKES = 10


@dataclass(frozen=True)
class NoiseEstimate:
    """What was measured.

    Attributes
    ----------
    n_units, n_trials : int
        Sizes.
    rates : tuple of float
        Mean rate of each unit over steps and trials, in spikes/s.
    modulation : float
        Coefficient of variation of rates between values of the item on display (of all items, if
        no step shows one): that which gives units of these rates and this Fano factor the summed
        ratio of variance between and within conditions that was measured; 0 if that is negative,
        as an unbiased estimate can be. It is what decoders of encoding space can use. What is
        left of earlier items does not count, so that the strength of a memory is never put in but
        stays a finding.
    fano : float
        Variance of counts within a condition over their mean, steps pooled; median over units
        with at least 10 spikes (all that have any, if there are none).
    noise_correlation, correlation_spread : float
        Mean over pairs of units of the correlation of their residuals within a condition and
        step, and its standard deviation over pairs without what chance adds.
    persistence : float
        Mean over units and pairs of steps of the correlation of a unit's residuals at two steps
        of a trial.
    missing : float
        Share of (unit, trial) in which a unit was not recorded at all.
    window, delay_window : float
        Seconds in which spikes were counted, at steps that show an item and at others.
    features : tuple of str
        Features whose labels make the conditions.
    trials_per_value : float
        Trials a value at an item, mean; NaN without features.
    """

    n_units: int
    n_trials: int
    rates: tuple[float, ...]
    modulation: float
    fano: float
    noise_correlation: float
    correlation_spread: float
    persistence: float
    missing: float
    window: float
    delay_window: float
    features: tuple[str, ...]
    trials_per_value: float


def measure_noise(
    recording: xr.Dataset,
    *,
    features: Sequence[str] | None = None,
    window: float | None = None,
    delay_window: float | None = None,
) -> NoiseEstimate:
    """Measure the noise of a recording of spikes.

    Parameters
    ----------
    recording : xarray.Dataset
        Rates in spikes/s (or counts, ``"spikes"``). A continuous one is aligned first, with the
        windows that :func:`~wmsim.recordings.align` has by default.
    features : sequence of str, optional
        Features whose labels make the conditions; see
        :func:`~wmsim.recordings.noise.condition_features`. Their effects and those of items add
        up; the rest is noise.
    window, delay_window : float, optional
        Seconds in which spikes were counted, where the recording does not say (attr
        ``alignment`` or ``noise``).

    Returns
    -------
    NoiseEstimate

    Raises
    ------
    WmsimError
        If the recording is not one of spikes, its window is not known, or trials are too few to
        tell noise from signal.

    Notes
    -----
    Aligned rates of coarse bins are a little smooth (the bins at a window's edges count in part),
    which lowers the Fano factor: by about 3 % for 0.05 s bins in a 0.6 s window.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> rng = np.random.default_rng(0)
    >>> recording = build_recording(
    ...     rng.poisson(4.0, (1, 20, 400)) / 0.5, time=[0], time_units="step", shown_item=[0],
    ...     activity_units="spikes/s", source="planted",
    ...     features={"image": np.arange(400)[:, None] % 4},
    ... )
    >>> estimate = measure_noise(recording, window=0.5)
    >>> round(estimate.fano, 1), round(abs(estimate.noise_correlation), 1)
    (1.0, 0.0)
    """
    validate(recording, values=False)
    units = recording["activity"].attrs.get("units")
    if units not in ("spikes/s", "spikes"):
        raise WmsimError(
            f"activity is in {units!r}, expected 'spikes/s' (or counts, 'spikes'): Fano factors "
            "and rates are those of spikes. Take a recording of spikes as the target."
        )
    aligned = recording if is_aligned(recording) else align(recording)
    seconds = known_windows(aligned, window, delay_window)
    if seconds is None:
        raise WmsimError(
            "How long spikes were counted is not known (no attr alignment with windows in s), but "
            "the Fano factor depends on it. Give window= in seconds."
        )
    rates = _rates(aligned, seconds)
    chosen = condition_features(aligned, features)
    levels = condition_levels(aligned, chosen)
    split = split_by_condition(rates, levels)
    if not (split.freedom >= 2).any():
        raise WmsimError(
            f"{aligned.sizes['trial']} trials are too few to tell noise from signal in conditions "
            f"of {', '.join(chosen) or 'no feature'}. Name fewer features, or record more trials."
        )
    mean, spread = noise_correlation(split)
    shown = aligned["shown_item"].values >= 0
    lost = np.isnan(rates).all(axis=0).mean()
    fano = fano_factor(split, seconds, aligned.sizes["trial"])
    return NoiseEstimate(
        n_units=aligned.sizes["unit"],
        n_trials=aligned.sizes["trial"],
        rates=tuple(_unit_means(rates).tolist()),
        modulation=modulation(
            split, explained_by_shown_item(aligned, rates, chosen), seconds, fano
        ),
        fano=fano,
        noise_correlation=mean,
        correlation_spread=spread,
        persistence=persistence(split),
        missing=float(lost),
        window=_first(seconds[shown], seconds),
        delay_window=_first(seconds[~shown], seconds),
        features=tuple(chosen),
        trials_per_value=_trials_per_value(levels[:, : len(chosen) * aligned.sizes["item"]]),
    )


def known_windows(
    recording: xr.Dataset, window: float | None = None, delay_window: float | None = None
) -> np.ndarray | None:
    """Seconds in which spikes were counted at each step (or bin).

    Parameters
    ----------
    recording : xarray.Dataset
        A recording.
    window, delay_window : float, optional
        Given by hand, for steps that show an item (and probes) and for others; in seconds.

    Returns
    -------
    ndarray, shape (time,), or None
        None if the recording does not say and nothing is given.
    """
    time = recording["time"]
    if time.attrs.get("units") == "s":
        return np.diff(bin_edges(time), axis=1)[:, 0]
    names = step_names(recording)
    delay = is_delay(recording)
    if window is not None:
        return np.where(delay, window if delay_window is None else delay_window, window)
    if "noise" in recording.attrs:
        made = json.loads(recording.attrs["noise"])["config"]
        return known_windows(recording, made["window"], made["delay_window"])
    if "alignment" in recording.attrs:
        told = json.loads(recording.attrs["alignment"])
        windows = told.get("windows", {})
        if told.get("units") == "s" and set(names) <= set(windows):
            return np.array([windows[name][1] - windows[name][0] for name in names])
    return None


def is_delay(aligned: xr.Dataset) -> np.ndarray:
    """Steps that show no item and are no probe, shape (time,), bool."""
    probe = np.array([name.startswith("probe") for name in step_names(aligned)])
    return (aligned["shown_item"].values < 0) & ~probe


def fano_factor(split: Split, seconds: np.ndarray, n_trials: int) -> float:
    """Median over units of the variance of counts within conditions over their mean."""
    with np.errstate(invalid="ignore"):
        variance = np.nansum(split.within * seconds[:, None] ** 2, axis=0)
        known = np.isfinite(split.within)
        mean = np.where(known, split.mean * seconds[:, None], 0.0).sum(axis=0)
    spikes = mean * n_trials
    chosen = spikes >= FEWEST_SPIKES
    chosen = chosen if chosen.any() else mean > 0
    if not chosen.any():
        raise WmsimError("No unit has any spike in trials that can be compared. Check the rates.")
    return float(np.median(variance[chosen] / mean[chosen]))


def modulation(split: Split, explained: np.ndarray, seconds: np.ndarray, fano: float) -> float:
    """Coefficient of variation of rates between conditions that gives the measured signal.

    Parameters
    ----------
    split : Split
        Rates, split.
    explained : ndarray, shape (time, unit)
        Variance between conditions; NaN where it does not count.
    seconds : ndarray, shape (time,)
        Counting windows.
    fano : float
        Fano factor.

    Returns
    -------
    float
        c, where units of rate m, window w and Fano factor F have a ratio of variance between and
        within conditions of c**2 * m * w / F, and the sum of these ratios is the measured one.
    """
    known = np.isfinite(explained) & (split.within > 0) & (split.freedom > 2)
    freedom = split.freedom[known]
    # A noisy denominator makes ratios too large, by d / (d - 2).
    ratio = explained[known] / split.within[known] * (freedom - 2) / freedom
    total = (split.mean * seconds[:, None])[known].sum()
    return float(np.sqrt(max(fano * ratio.sum() / total, 0.0))) if total else 0.0


def noise_correlation(split: Split) -> tuple[float, float]:
    """Mean and spread over pairs of units of the correlation within conditions and steps."""
    n_units = split.residual.shape[2]
    products, weight = np.zeros((n_units, n_units)), np.zeros((n_units, n_units))
    for scaled, freedom in zip(scaled_residuals(split), split.freedom, strict=True):
        present = np.isfinite(scaled)
        filled = np.where(present, scaled, 0.0)
        here = present.astype(float)
        products += filled.T @ filled
        share = np.sqrt(freedom / np.maximum(present.sum(axis=0), 1))
        weight += (here.T @ here) * share[:, None] * share[None, :]
    pairs = np.triu_indices(n_units, 1)
    known = weight[pairs] > 2
    if not known.any():
        return 0.0, 0.0
    correlation = products[pairs][known] / weight[pairs][known]
    chance = (1 / weight[pairs][known]).mean()
    variance = correlation.var() - chance
    return float(correlation.mean()), float(np.sqrt(max(variance, 0.0)))


def persistence(split: Split) -> float:
    """Mean over units and pairs of steps of the correlation of a unit's residuals."""
    scaled = scaled_residuals(split)
    total = count = 0.0
    for first in range(scaled.shape[0]):
        for second in range(first + 1, scaled.shape[0]):
            product = scaled[first] * scaled[second]
            known = np.isfinite(product)
            rows = known.sum(axis=0)
            use = rows > 2
            trials = np.isfinite(scaled[first]).sum(axis=0)[use]
            share = split.freedom[first][use] / np.maximum(trials, 1)
            sums = np.where(known, product, 0.0).sum(axis=0)[use]
            total += float((sums / (rows[use] * share)).sum())
            count += float(use.sum())
    return total / count if count else 0.0


def scaled_residuals(split: Split) -> np.ndarray:
    """Residuals of unit variance, (time, trial, unit); NaN where a unit does not vary."""
    scale = np.sqrt(split.within)
    scale = np.where(scale > 1e-9 * np.abs(split.mean) + 1e-12, scale, np.nan)
    return split.residual / scale[:, None, :]


def _rates(aligned: xr.Dataset, seconds: np.ndarray) -> np.ndarray:
    """Rates in spikes/s, shape (time, trial, unit)."""
    activity = aligned["activity"]
    units = activity.attrs["units"]
    values = activity.transpose("time", "trial", "unit").values.astype(np.float64)
    if np.nanmin(values) < 0:
        raise WmsimError(
            f"activity goes down to {np.nanmin(values):g} {units}, expected rates from 0. "
            "Take the recording before it was scaled or had its baseline subtracted."
        )
    return values / seconds[:, None, None] if units == "spikes" else values


def _unit_means(rates: np.ndarray) -> np.ndarray:
    present = np.isfinite(rates)
    return np.where(present, rates, 0).sum(axis=(0, 1)) / np.maximum(present.sum(axis=(0, 1)), 1)


def _first(some: np.ndarray, every: np.ndarray) -> float:
    return round(float(some[0] if some.size else every[0]), 9)


def _trials_per_value(levels: np.ndarray) -> float:
    counts = [np.unique(item[item >= 0], return_counts=True)[1] for item in levels.T]
    every = np.concatenate([np.empty(0), *counts])
    return float(every.mean()) if every.size else float("nan")
