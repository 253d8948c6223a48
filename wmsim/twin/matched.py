"""A twin as the brain was recorded: as many units, seen through as noisy electrodes.

:func:`wmsim.recordings.noise.noise_like` draws trials, which would part twin and brain. Here all
trials stay. Noise is measured in the brain's aligned steps (windows of 0.6 s and more) but put on
bins of one network step; how that translates is in :func:`for_bins`.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.files import content_key
from wmsim.recordings import align
from wmsim.recordings.noise import (
    NoiseConfig,
    NoiseEstimate,
    add_noise,
    calibrated,
    measure_noise,
)
from wmsim.recordings.noise.apply import make_plan
from wmsim.recordings.noise.calibrate import DEEPEST, MOST_CUT_OFF
from wmsim.recordings.noise.conditions import explained_by_shown_item
from wmsim.recordings.noise.config import MIN_FANO
from wmsim.recordings.noise.rates import activity_scale
from wmsim.twin.design import Design

_UNITS = 0x756E6974
SPIKES = ("spikes/s", "spikes")
# Rounds in which noise of bins is set so that that of steps is as measured, and modulation.
_ROUNDS, _DEPTHS, _CLOSE = 5, 8, 0.03


def as_recorded(clean: xr.Dataset, design: Design) -> xr.Dataset:
    """Draw as many units as the brain has, and see them through electrodes as noisy as its.

    Parameters
    ----------
    clean : xarray.Dataset
        A twin as :func:`wmsim.twin.run_twin` gives it.
    design : Design
        Whose trials it ran. Its settings say whether units are drawn and noise is put on.

    Returns
    -------
    xarray.Dataset
        All trials in their order; in spikes/s where there is noise. Attr ``matched`` (JSON) says
        what was done, attr ``noise`` what was measured in the brain and in the result, and notes
        what could not be met.

    Notes
    -----
    Mean rates, modulation by the item on display, Fano factor, noise correlations and their
    persistence are the brain's. What of these the network's own activity brings with it within
    conditions is left out of what is added.
    """
    config, brain = design.config, design.brain.recording
    seed = int(content_key(str(clean.attrs["model"]), design.brain.key, config.seed)[:7], 16)
    notes: list[str] = []
    drawn = clean
    if config.units == "matched":
        drawn = _drawn(clean, brain.sizes["unit"], seed, notes)
    result = drawn
    units = str(brain["activity"].attrs.get("units"))
    if config.noise and units not in SPIKES:
        notes.append(
            f"Noise is not matched: the brain's activity is in {units!r}, and what is measured "
            "(rates, Fano factors) is that of spikes. Units are matched alone."
        )
    elif config.noise:
        try:
            result, more = _noisy(drawn, design, seed)
            notes += more
        except WmsimError as error:
            notes.append(f"Noise is not matched: {error}")
    done = {
        "seed": seed, "units": [clean.sizes["unit"], result.sizes["unit"]],
        "noise": "noise" in result.attrs, "notes": notes,
    }  # fmt: skip
    return result.assign_attrs(matched=json.dumps(done))


def for_bins(asked: NoiseConfig, n_bins: float) -> NoiseConfig:
    """Settings of bins that give windows of `n_bins` bins the settings asked for.

    Counts of n bins of variance F m each that correlate by r between any two have the Fano factor
    F (1 + (n - 1) r), and two windows of n bins correlate by n r / (1 + (n - 1) r) (Spearman and
    Brown's formula). Correlations between units are those of windows, because what units share
    lasts as long as what they do not.

    Parameters
    ----------
    asked : NoiseConfig
        Settings of windows.
    n_bins : float
        Bins a window.

    Examples
    --------
    >>> one = for_bins(NoiseConfig(fano=1.4, persistence=0.5), 3)
    >>> round(one.persistence, 3), round(one.fano, 3)
    (0.25, 0.933)
    """
    held = asked.persistence / (n_bins - (n_bins - 1) * asked.persistence)
    fano = asked.fano / (1 + (n_bins - 1) * held)
    return asked.changed(persistence=held, fano=min(max(fano, MIN_FANO), 20.0))


def _drawn(clean: xr.Dataset, wanted: int, seed: int, notes: list[str]) -> xr.Dataset:
    there = clean.sizes["unit"]
    if wanted > there:
        notes.append(f"The brain has {wanted} units, the network {there}: all of them are kept.")
        return clean
    rng = np.random.default_rng([_UNITS, seed])
    return clean.isel(unit=np.sort(rng.choice(there, wanted, replace=False)))


def _noisy(drawn: xr.Dataset, design: Design, seed: int) -> tuple[xr.Dataset, list[str]]:
    brain, feature = design.brain.recording, [design.brain.feature]
    target, model = align(brain), align(drawn)
    wanted = measure_noise(target, features=feature)
    asked = NoiseConfig.from_recording(target, features=feature).changed(units=None, trials=None)
    notes: list[str] = []
    if _constant(model):
        notes.append("What the model does in the brain's windows does not vary: rates are flat.")
        drawn, fitted = _jittered(drawn, seed), asked.changed(modulation=0.0)
    else:
        # What it says of modulation is about windows; that of bins follows.
        found = calibrated(asked, model, features=feature, seed=seed)
        notes += [note for note in found.notes if "modulat" not in note and "signal" not in note]
        depth = _depth(drawn, asked, feature, seed, notes)
        fitted = found.config.changed(modulation=depth)
    bins = for_bins(fitted, max(1.0, asked.window / design.config.step))
    result, reached = _tuned(drawn, bins, wanted, feature, seed, notes)
    made = json.loads(result.attrs["noise"])
    made["target"], made["measured"] = _told(wanted), _told(reached)
    made["notes"] = notes
    return result.assign_attrs(noise=json.dumps(made)), notes


def _depth(
    drawn: xr.Dataset, asked: NoiseConfig, features: list[str], seed: int, notes: list[str]
) -> float:
    """Depth of modulation of bins at which aligned rates are modulated as the brain's."""
    wanted = asked.modulation
    if not wanted:
        notes.append("No signal was measured in the brain while items are shown: rates are flat.")
        return 0.0
    plan = make_plan(drawn, asked, seed)
    every = slice(0, plan.rates.size)
    depth, reached = wanted, 0.0
    for _ in range(_DEPTHS):
        relative = plan.relative(every, depth)
        while (relative == 0).sum() > MOST_CUT_OFF * np.isfinite(relative).sum():
            depth *= 0.95
            relative = plan.relative(every, depth)
        reached = _modulation(drawn, relative, plan.rates, features)
        if not reached or abs(reached / wanted - 1) < _CLOSE:
            break
        depth = min(depth * min(wanted / reached, 3.0), DEEPEST)
    if abs(reached / wanted - 1) > 0.1:
        notes.append(
            f"The item on display modulates the model's rates by {reached:.2g}, {wanted:.2g} was "
            f"measured in the brain: more would cut off over {MOST_CUT_OFF:.0%} of rates at 0."
        )
    return depth


def _modulation(
    drawn: xr.Dataset, relative: np.ndarray, rates: np.ndarray, features: list[str]
) -> float:
    """Coefficient of variation of aligned rates between values of the item on display."""
    aligned = align(drawn.assign(activity=(drawn["activity"].dims, relative.astype(np.float32))))
    seen = aligned["activity"].transpose("time", "trial", "unit").values.astype(float)
    explained = explained_by_shown_item(aligned, seen, features)
    mean = np.nanmean(seen, axis=1)
    weight = np.broadcast_to(rates, mean.shape)
    known = np.isfinite(explained) & (mean > 0)
    square = (weight[known] * explained[known] / mean[known]).sum()
    return float(np.sqrt(max(square / (weight[known] * mean[known]).sum(), 0.0)))


def _tuned(
    drawn: xr.Dataset, config: NoiseConfig, wanted: NoiseEstimate, features: list[str], seed: int,
    notes: list[str],
) -> tuple[xr.Dataset, NoiseEstimate]:  # fmt: skip
    """Noise of bins that has the wanted Fano factor and persistence in aligned steps."""
    for _ in range(_ROUNDS):
        result, config = _put_on(drawn, config, seed, notes)
        reached = measure_noise(align(result), features=features)
        fano = wanted.fano / reached.fano
        held = wanted.persistence - reached.persistence
        if abs(fano - 1) < _CLOSE and (abs(held) < _CLOSE or (held < 0 and not config.persistence)):
            break
        # Steps are several bins long, so that they correlate more than bins do.
        lasting = config.persistence + held * (config.persistence + 0.05) / (
            wanted.persistence + 0.05
        )
        config = config.changed(
            fano=min(max(config.fano * fano, MIN_FANO), 20.0),
            persistence=min(max(lasting, 0.0), 0.95),
        )
    if abs(fano - 1) > 0.1:
        notes.append(
            f"The Fano factor of steps is {reached.fano:.2f}, the brain's {wanted.fano:.2f}."
        )
    if abs(held) > 0.1:
        notes.append(
            f"A unit's counts at two steps correlate by {reached.persistence:.2f}, the brain's by "
            f"{wanted.persistence:.2f}: windows overlap, and the model's own activity lasts."
        )
    return result, reached


def _put_on(
    drawn: xr.Dataset, config: NoiseConfig, seed: int, notes: list[str]
) -> tuple[xr.Dataset, NoiseConfig]:
    """Noise; without correlations between units where counts are too small for them."""
    try:
        return add_noise(drawn, config, seed=seed), config
    except WmsimError as error:
        if "noise_correlation" not in str(error):
            raise
        notes.append(f"Units' noise is not correlated: {error}")
        config = config.changed(noise_correlation=0.0)
        return add_noise(drawn, config, seed=seed), config


def _constant(recording: xr.Dataset) -> bool:
    try:
        activity_scale(recording["activity"])
    except WmsimError:
        return True
    return False


def _jittered(recording: xr.Dataset, seed: int) -> xr.Dataset:
    """The same with activity that varies a little, where none does; no rate follows it."""
    rng = np.random.default_rng([_UNITS, seed, 1])
    activity = recording["activity"]
    return recording.assign(
        activity=activity + 1e-3 * rng.standard_normal(activity.shape).astype(np.float32)
    ).assign_attrs(recording.attrs)


def _told(estimate: NoiseEstimate) -> dict[str, Any]:
    """Numbers of an estimate without the list of rates."""
    numbers = dataclasses.asdict(estimate)
    rates = np.array(numbers.pop("rates"))
    numbers = {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in numbers.items()
        if not (isinstance(value, float) and not np.isfinite(value))
    }
    return numbers | {"rate_quartiles": np.quantile(rates, [0.25, 0.5, 0.75]).round(4).tolist()}
