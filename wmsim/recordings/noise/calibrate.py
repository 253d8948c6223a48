"""Settings of noise that fit a model: what its own activity brings with it is deducted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from wmsim.recordings.noise.apply import Plan, make_plan
from wmsim.recordings.noise.conditions import (
    Split,
    condition_features,
    condition_levels,
    explained_by_shown_item,
    split_by_condition,
)
from wmsim.recordings.noise.config import MIN_FANO, NoiseConfig, largest_spread
from wmsim.recordings.noise.counts import effective_fano
from wmsim.recordings.noise.measure import FEWEST_SPIKES

MOST_CUT_OFF = 0.1
DEEPEST, STEEPEST = 20.0, 2.0
_ROUNDS = 12
_CLOSE = 0.005


@dataclass(frozen=True)
class Calibrated:
    """Settings that fit a model, and what a reader has to know of them.

    Attributes
    ----------
    config : NoiseConfig
        Settings.
    notes : tuple of str
        What could not be met.
    """

    config: NoiseConfig
    notes: tuple[str, ...]


def calibrated(
    config: NoiseConfig,
    recording: xr.Dataset,
    *,
    features: Sequence[str] | None = None,
    seed: int,
) -> Calibrated:
    """Settings under which a model shows, within and between conditions, what `config` says.

    :class:`~wmsim.recordings.noise.NoiseConfig` says what is added to a model's rates. A model's
    rates vary within conditions too (other features, other items), which adds to what an
    experimenter would call noise, and only a part of their variance lies between conditions. This
    takes both into account.

    Parameters
    ----------
    config : NoiseConfig
        Settings as measured in a recording.
    recording : xarray.Dataset
        An aligned model's recording.
    features : sequence of str, optional
        Features whose labels make the conditions.
    seed : int
        That of :func:`~wmsim.recordings.noise.add_noise`, so that units and rates are the same.

    Returns
    -------
    Calibrated
    """
    plan = make_plan(recording, config, seed)
    plan = replace(plan, recording=plan.recording.compute())  # read once, used often
    chosen = condition_features(plan.recording, features)
    levels = condition_levels(plan.recording, chosen)
    notes: list[str] = []
    depth = _depth(plan, chosen, config.modulation, notes)
    relative = plan.relative(slice(0, plan.rates.size), depth * config.signal)
    split = split_by_condition(relative.transpose(0, 2, 1), levels)
    expected = split.mean * plan.rates * plan.seconds[:, None]
    unlabelled = split.within * (plan.rates * plan.seconds[:, None]) ** 2
    if not np.isfinite(unlabelled).any() or not (split.freedom >= 2).any():
        notes.append("Trials are too few to tell what the model's rates do within conditions.")
        return Calibrated(config.changed(modulation=depth), tuple(notes))
    fano = _spiking_fano(expected, unlabelled, split, config.fano, notes)
    own = expected * effective_fano(expected, fano)
    fires = plan.rates > 0
    changes = _correlations(
        split.residual[:, :, fires] * (plan.rates * plan.seconds[:, None])[:, None, fires],
        np.maximum(split.freedom[:, fires], 1), own[:, fires], unlabelled[:, fires], config, notes,
    )  # fmt: skip
    return Calibrated(config.changed(modulation=depth, fano=fano, **changes), tuple(notes))


def _depth(plan: Plan, features: list[str], wanted: float, notes: list[str]) -> float:
    """Depth of modulation at which the item on display modulates rates by `wanted`."""
    if not wanted:
        notes.append(
            "No signal was measured in the target while items are shown, so the model's rates do "
            "not follow its activity at all. Take a target that its features can be decoded from."
        )
        return 0.0
    weight = plan.rates * plan.seconds[:, None]
    most = _largest_depth(plan)
    depth, reached, best = min(wanted, most), 0.0, (np.inf, wanted, 0.0)
    for _ in range(_ROUNDS):
        rates = plan.relative(slice(0, plan.rates.size), depth).transpose(0, 2, 1)
        explained = explained_by_shown_item(plan.recording, rates, features)
        mean = np.nanmean(rates, axis=1)
        known = np.isfinite(explained) & (mean > 0)
        square = (weight[known] * explained[known] / mean[known]).sum()
        reached = float(np.sqrt(max(square / (weight[known] * mean[known]).sum(), 0.0)))
        best = min(best, (abs(reached / wanted - 1), depth, reached))
        if best[0] < _CLOSE or not reached:
            break
        depth = min(depth * min(wanted / reached, 4.0), most)
    if best[0] > 0.05:
        notes.append(
            f"The item on display modulates the model's rates by {best[2]:.2g}, {wanted:.2g} was "
            "measured in the target: labels explain too little of the model's activity, and more "
            "modulation would bend its geometry"
            + (
                f" (over {MOST_CUT_OFF:.0%} of rates cut off at 0)."
                if plan.config.nonlinearity == "affine"
                else "."
            )
        )
    return best[1]


def _largest_depth(plan: Plan) -> float:
    """Depth up to which a map keeps geometry: few rates are cut off, none explodes."""
    if plan.config.nonlinearity == "exponential":
        return STEEPEST
    low, high = 0.0, DEEPEST
    for _ in range(12):
        middle = (low + high) / 2
        cut = float((plan.relative(slice(0, plan.rates.size), middle) == 0).mean())
        low, high = (middle, high) if cut <= MOST_CUT_OFF else (low, middle)
    return low


def _spiking_fano(
    expected: np.ndarray, unlabelled: np.ndarray, split: Split, wanted: float, notes: list[str]
) -> float:
    """Fano factor of spiking that, with the model's own variability, gives the wanted median."""
    known = np.isfinite(unlabelled)
    total = np.where(known, expected, 0.0).sum(axis=0)
    enough = total * split.trials.max() >= FEWEST_SPIKES
    enough = enough if enough.any() else total > 0
    share = np.where(known, unlabelled, 0.0).sum(axis=0)[enough] / total[enough]
    filled = np.where(known, expected, 0.0)[:, enough]

    def median(fano: float) -> float:
        spiking = (filled * effective_fano(filled, fano)).sum(axis=0) / total[enough]
        return float(np.median(spiking + share))

    low, high = MIN_FANO, 20.0
    if median(low) > wanted * 1.02:
        notes.append(
            f"The Fano factor is {median(low):.2f}, {wanted:.2f} was asked for: the model's own "
            "variability within conditions is larger already."
        )
        return low
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if median(middle) < wanted else (low, middle)
    return high


def _correlations(
    residual: np.ndarray, freedom: np.ndarray, own: np.ndarray, unlabelled: np.ndarray,
    config: NoiseConfig, notes: list[str],
) -> dict[str, float]:  # fmt: skip
    """What noise correlations and persistence are left to add to the model's."""
    variance = own + np.where(np.isfinite(unlabelled), unlabelled, 0.0)
    scale = np.sqrt(np.where(variance > 0, variance, np.inf))
    scaled = np.nan_to_num(residual / scale[:, None, :] / np.sqrt(freedom)[:, None, :])
    share = np.sqrt(own) / scale
    n_steps, _, n_units = scaled.shape
    pairs = np.triu_indices(n_units, 1)
    brought = np.einsum("tri,trj->ij", scaled, scaled)[pairs] / n_steps
    room = (share.T @ share)[pairs].mean() / n_steps if n_units > 1 else 1.0
    mean = float(brought.mean()) if n_units > 1 else 0.0
    left = (config.noise_correlation - mean) / room
    if left < -0.005:
        notes.append(
            f"The model's units correlate by {mean:.3f} within conditions, "
            f"{config.noise_correlation:.3f} was asked for."
        )
    correlation = min(max(left, 0.0), 0.9)
    own_spread = float(brought.var()) if n_units > 1 else 0.0
    spread = np.sqrt(max(config.correlation_spread**2 - own_spread, 0.0)) / room
    steps = np.triu_indices(n_steps, 1)
    lasting = 0.0
    if n_steps > 1:
        held = np.einsum("sru,tru->stu", scaled, scaled)[steps].mean()
        kept = np.einsum("su,tu->stu", share, share)[steps].mean()
        lasting = min(max((config.persistence - held) / kept, 0.0), 0.95)
        if held > config.persistence + 0.02:
            notes.append(
                f"The model's own variability within conditions lasts through a trial "
                f"(correlation {held:.2f}), more than was asked for ({config.persistence:.2f})."
            )
    return {
        "noise_correlation": float(correlation),
        "correlation_spread": float(largest_spread(correlation, float(spread))),
        "persistence": float(lasting),
    }
