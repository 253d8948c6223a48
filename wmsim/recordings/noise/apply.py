"""Noise put on a recording: units and trials drawn, rates mapped, spikes counted, some lost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from wmsim._version import __version__
from wmsim.errors import WmsimError
from wmsim.recordings.checks import unit_blocks
from wmsim.recordings.noise.config import SPREAD_DIMENSIONS, NoiseConfig
from wmsim.recordings.noise.counts import (
    LATENT_MOST,
    draw_counts,
    hermite_weights,
    latent_correlation,
)
from wmsim.recordings.noise.measure import known_windows
from wmsim.recordings.noise.rates import Scale, activity_scale, draw_rates, relative_rates
from wmsim.recordings.schema import INNER_KINDS
from wmsim.recordings.validate import validate

CHOICE, RATES, SHARED, SPIKES, LOSS = range(5)
_STREAM = 0x6E6F6973


@dataclass(frozen=True)
class Plan:
    """What noise is put on, and with which numbers; the same seed gives the same plan.

    Attributes
    ----------
    recording : xarray.Dataset
        The units and trials that are kept.
    config : NoiseConfig
        Settings.
    seed : int
        Seed.
    rates : ndarray, shape (unit,)
        Mean rates, spikes/s.
    scale : Scale
        What activity is centred and scaled by.
    seconds : ndarray, shape (time,)
        Counting windows.
    """

    recording: xr.Dataset
    config: NoiseConfig
    seed: int
    rates: np.ndarray
    scale: Scale
    seconds: np.ndarray

    def relative(self, block: slice, depth: float | None = None) -> np.ndarray:
        """Relative rates of a block of units, (time, unit, trial); `depth` in place of the own."""
        activity = self.recording["activity"].isel(unit=block)
        wanted = self.config.modulation * self.config.signal if depth is None else depth
        return relative_rates(
            activity.transpose("time", "unit", "trial").values,
            self.scale.centre[block],
            self.scale.spread,
            wanted,
            self.config.nonlinearity,
        )


def add_noise(recording: xr.Dataset, config: NoiseConfig, *, seed: int) -> xr.Dataset:
    """Turn a model's activity into what an electrode would see.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording without noise, aligned or continuous, with activity of either sign. Cell
        states are left out if there are hidden units too: they are not what a unit puts out.
    config : NoiseConfig
        What the electrode is like.
    seed : int
        Fixes everything that is drawn.

    Returns
    -------
    xarray.Dataset
        A recording in spikes/s (or counts), in memory; the input is read in blocks of units.
        Labels stay, attr ``source`` too, and units keep their ``kind``: a hidden unit seen
        through an electrode is a hidden unit, and must not be pooled with neurons by mistake.
        Coordinate ``mean_rate`` (unit) is the rate that was given to each; attr ``noise``
        (JSON) holds settings, seed, and what was reached.

    Raises
    ------
    WmsimError
        If the recording has noise already, there are too few units or trials, or units fire
        too little to be correlated as asked.
    SchemaError
        If the dataset is no recording.

    Notes
    -----
    What is lost: differences between units in mean activity and its sign; differences below the
    rate of 0; the weight of units changes with their rate. What stays: each unit's order of
    trials, and, for equal rates and an affine map, the geometry up to a factor.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> rng = np.random.default_rng(0)
    >>> model = build_recording(
    ...     np.tanh(rng.normal(size=(2, 8, 50))), time=[0, 1], time_units="step", source="model",
    ...     activity_units="a.u.", features={"image": rng.integers(0, 3, (50, 2))},
    ...     shown_item=[0, 1],
    ... )
    >>> seen = add_noise(model, NoiseConfig(units=5, trial_loss=0.2), seed=1)
    >>> dict(seen.sizes), seen.activity.attrs["units"]
    ({'time': 2, 'unit': 5, 'trial': 40, 'item': 2}, 'spikes/s')
    """
    plan = make_plan(recording, config, seed)
    activity, reached = _spikes(plan)
    return _labelled(plan, _lose(activity, plan), reached)


def make_plan(recording: xr.Dataset, config: NoiseConfig, seed: int) -> Plan:
    """Draw units, trials and mean rates.

    Parameters
    ----------
    recording, config, seed
        As in :func:`add_noise`.

    Returns
    -------
    Plan
    """
    validate(recording, values=False)
    if "noise" in recording.attrs:
        raise WmsimError(
            "This recording has noise already (attr noise). Put noise on the recording that it "
            "was made from."
        )
    chosen = without_cell_states(recording)
    rng = stream(seed, CHOICE)
    trials = config.trials or chosen.sizes["trial"]
    kept = trials - round(config.trial_loss * trials)
    if not kept:
        raise WmsimError(
            f"trial_loss {config.trial_loss:g} leaves none of {trials} trials. Lose fewer."
        )
    for dim, number in (("unit", config.units), ("trial", config.trials)):
        if number is not None and number > chosen.sizes[dim]:
            raise WmsimError(
                f"{number} {dim}s are asked for, but the recording has {chosen.sizes[dim]}"
                + (f" {dim}s that are no cell states" if dim == "unit" else "")
                + f". Ask for as many at most, or record more {dim}s."
            )
    chosen = _some(chosen, "unit", config.units, rng)
    chosen = _some(chosen, "trial", kept, rng)
    seconds = known_windows(chosen, config.window, config.delay_window)
    assert seconds is not None  # windows are given
    rates = draw_rates(config, chosen.sizes["unit"], stream(seed, RATES))
    return Plan(chosen, config, seed, rates, activity_scale(chosen["activity"]), seconds)


def without_cell_states(recording: xr.Dataset) -> xr.Dataset:
    """Leave out cell states, or what else is behind hidden units, where there are those too."""
    if "kind" not in recording.variables:
        return recording
    kinds = recording["kind"].values.astype(str)
    inner = np.isin(kinds, INNER_KINDS)
    if inner.any() and (kinds == "hidden").any():
        return recording.isel(unit=np.flatnonzero(~inner))
    return recording


def stream(seed: int, purpose: int, unit: int = 0) -> np.random.Generator:
    """Randomness for one purpose (and unit), so that no block size changes a result."""
    if seed < 0:
        raise WmsimError(f"seed is {seed}, expected a whole number from 0.")
    return np.random.default_rng([_STREAM, seed, purpose, unit])


def _some(
    recording: xr.Dataset, dim: str, number: int | None, rng: np.random.Generator
) -> xr.Dataset:
    size = recording.sizes[dim]
    if number is None or number == size:
        return recording
    return recording.isel({dim: np.sort(rng.choice(size, number, replace=False))})


def _spikes(plan: Plan) -> tuple[np.ndarray, dict[str, float]]:
    """Rates or counts, float32 (time, unit, trial), and numbers that say what was reached."""
    config = plan.config
    sizes = plan.recording["activity"].sizes
    out = np.empty([sizes[dim] for dim in ("time", "unit", "trial")], dtype=np.float32)
    loadings, latents, lasting = _latents(plan)
    seconds = plan.seconds[:, None, None]
    square = cut = 0.0
    for block in unit_blocks(plan.recording["activity"], largest=2**22):
        relative = plan.relative(block)
        square += float(np.nanvar(relative, axis=(0, 2)).sum())
        cut += float((relative == 0).sum())
        mean = relative * plan.rates[block, None] * seconds
        normal = np.stack(
            [
                _normal(plan, unit, loadings[unit], latents, lasting)
                for unit in range(block.start, block.start + relative.shape[1])
            ],
            axis=1,
        )
        missing = np.isnan(mean)
        counts = draw_counts(normal, np.where(missing, 0.0, mean), config.fano)
        counts = np.where(missing, np.nan, counts)
        out[:, block, :] = counts if config.as_counts else counts / seconds
    return out, {
        "modulation": round(float(np.sqrt(square / sizes["unit"])), 4),
        "share_cut_off_at_0": round(cut / out.size, 4),
    }


def _latents(plan: Plan) -> tuple[np.ndarray, np.ndarray, float]:
    """Loadings (unit, dimension) on shared variables (dimension, time, trial); persistence."""
    config, sizes = plan.config, plan.recording.sizes
    weights = _weights(plan)
    shared = latent_correlation(weights, config.noise_correlation)
    if np.isnan(shared):
        counts = np.median(plan.rates[plan.rates > 0]) * plan.seconds.max()
        raise WmsimError(
            f"noise_correlation {config.noise_correlation:g} cannot be reached: counts are so "
            f"small (median {counts:.2g} a window) that even fully shared fluctuations correlate "
            "less. Ask for less, higher rates or a longer window."
        )
    lasting = _lasting(weights, config.persistence)
    rng = stream(plan.seed, SHARED)
    loadings = np.zeros((sizes["unit"], 1 + SPREAD_DIMENSIONS))
    loadings[:, 0] = np.sqrt(shared)
    directions = rng.standard_normal((sizes["unit"], SPREAD_DIMENSIONS))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    follow = max(float((weights[..., 0] ** 2).mean()), 1e-6)  # counts correlate less than latents
    extra = config.correlation_spread * np.sqrt(SPREAD_DIMENSIONS) / follow
    loadings[:, 1:] = directions * np.sqrt(min(extra, LATENT_MOST - shared))
    shape = (1 + SPREAD_DIMENSIONS, sizes["time"], sizes["trial"])
    return loadings, _persistent(rng, shape, lasting), lasting


def _weights(plan: Plan) -> np.ndarray:
    """Hermite weights of units that fire: (time, unit, order)."""
    fires = plan.rates[plan.rates > 0]
    windows, at = np.unique(plan.seconds, return_inverse=True)
    each = [hermite_weights(fires * window, plan.config.fano) for window in windows]
    return np.stack(each)[at]


def _lasting(weights: np.ndarray, wanted: float) -> float:
    """Correlation of normal variables at two steps that gives counts the wanted one."""
    steps = weights.shape[0]
    if not wanted or steps < 2:
        return 0.0
    pairs = (weights.sum(axis=0) ** 2 - (weights**2).sum(axis=0)) / (steps * (steps - 1))
    own, orders = pairs.mean(axis=0), np.arange(1, weights.shape[2] + 1)
    low, high = 0.0, LATENT_MOST
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if (middle**orders * own).sum() < wanted else (low, middle)
    return low


def _persistent(rng: np.random.Generator, shape: tuple[int, ...], lasting: float) -> np.ndarray:
    """Normal variables (..., time, trial), correlated between times."""
    fresh = rng.standard_normal(shape)
    if not lasting:
        return fresh
    held = rng.standard_normal((*shape[:-2], 1, shape[-1]))
    return np.sqrt(lasting) * held + np.sqrt(1 - lasting) * fresh


def _normal(
    plan: Plan, unit: int, loading: np.ndarray, latents: np.ndarray, lasting: float
) -> np.ndarray:
    """The normal variable behind a unit's counts, (time, trial)."""
    own = _persistent(stream(plan.seed, SPIKES, unit), latents.shape[1:], lasting)
    if not loading.any():
        return own
    rest = max(0.0, 1.0 - float(loading @ loading))
    return np.tensordot(loading, latents, axes=1) + np.sqrt(rest) * own


def _lose(activity: np.ndarray, plan: Plan) -> np.ndarray:
    """NaN in a run of trials at one end, for each unit; at least two trials stay."""
    share, n_trials = plan.config.unit_loss, activity.shape[2]
    if not share:
        return activity
    low, high = max(0.0, 2 * share - 1), min(1.0, 2 * share)
    for unit in range(activity.shape[1]):
        rng = stream(plan.seed, LOSS, unit)
        lost = min(round(rng.uniform(low, high) * n_trials), max(0, n_trials - 2))
        start = 0 if rng.random() < 0.5 else n_trials - lost
        activity[:, unit, start : start + lost] = np.nan
    return activity


def _labelled(plan: Plan, activity: np.ndarray, reached: dict[str, float]) -> xr.Dataset:
    config = plan.config
    units = {"units": "spikes" if config.as_counts else "spikes/s"}
    units["long_name"] = "spike count" if config.as_counts else "firing rate"
    result = plan.recording.assign(activity=(("time", "unit", "trial"), activity, units))
    result = result.assign_coords(mean_rate=("unit", plan.rates, {"units": "spikes/s"}))
    result = result[["activity", *(name for name in result.data_vars if name != "activity")]]
    made: dict[str, Any] = {
        "config": config.model_dump(mode="json"),
        "seed": plan.seed,
        "reached": reached,
        "version": __version__,
    }
    result.attrs = plan.recording.attrs | {"noise": json.dumps(made)}
    validate(result)
    return result
