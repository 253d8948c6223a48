"""A model that looks like a given recording of spikes, in one call."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Literal

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.align import align
from wmsim.recordings.match import match, paired_features
from wmsim.recordings.noise.apply import add_noise, without_cell_states
from wmsim.recordings.noise.calibrate import MOST_CUT_OFF, calibrated
from wmsim.recordings.noise.config import NoiseConfig
from wmsim.recordings.noise.measure import measure_noise
from wmsim.recordings.select import is_aligned
from wmsim.recordings.validate import validate


def electrode_view(
    recording: xr.Dataset,
    target: xr.Dataset | None = None,
    config: NoiseConfig | None = None,
    *,
    feature: str | None = None,
    target_feature: str | None = None,
    signal: float = 1.0,
    seed: int = 0,
) -> xr.Dataset:
    """Turn a model's activity into what an electrode would see: one call for all.

    Parameters
    ----------
    recording : xarray.Dataset
        A model's recording.
    target : xarray.Dataset, optional
        A recording of spikes to be like.
    config : NoiseConfig, optional
        Or settings; without either, the defaults.
    feature, target_feature : str, optional
        Conditions that are matched, with a target; see :func:`noise_like`.
    signal : float
        Multiplies the depth of modulation.
    seed : int
        Fixes everything that is drawn.

    Returns
    -------
    xarray.Dataset
        A recording with attr ``noise``.

    Raises
    ------
    WmsimError
        If both a target and settings are given, or as :func:`noise_like` and
        :func:`~wmsim.recordings.noise.add_noise`.
    """
    if target is not None and config is not None:
        raise WmsimError(
            "Both a target and settings of noise are given. Give one: settings like the target's "
            "are NoiseConfig.from_recording(target)."
        )
    if target is not None:
        return noise_like(
            recording, target, feature=feature, target_feature=target_feature, signal=signal,
            seed=seed,
        )  # fmt: skip
    config = config or NoiseConfig()
    return add_noise(recording, config.changed(signal=config.signal * signal), seed=seed)


def noise_like(
    recording: xr.Dataset,
    target: xr.Dataset,
    *,
    feature: str | None = None,
    target_feature: str | None = None,
    signal: float = 1.0,
    nonlinearity: Literal["affine", "exponential"] = "affine",
    window: float | None = None,
    delay_window: float | None = None,
    seed: int,
) -> xr.Dataset:
    """Make a model's recording look like one of spikes: its size, its rates, its noise.

    Units, values of a feature and trials are matched first (:func:`~wmsim.recordings.match`);
    then mean rates, modulation, Fano factor, noise correlations, their persistence and gaps are
    those measured in the target. What of these the model's own activity brings with it within
    conditions is left out of what is added.

    Parameters
    ----------
    recording : xarray.Dataset
        An aligned recording without noise.
    target : xarray.Dataset
        A recording of spikes; aligned with default windows if it is continuous.
    feature, target_feature : str, optional
        Features whose values are the conditions. By default those that
        :func:`~wmsim.recordings.match` pairs if they have as many values; if none has, trials are
        matched in number only, and a note says so.
    signal : float
        1.0: the item on display is coded with the signal-to-noise ratio of the target's
        population, so that decoders of encoding space have as much to go by; less where more
        modulation would cut off over a tenth of the model's rates at 0 (a note says so). 2.0:
        rates vary twice as much. Memories follow from the same scale: how strong they are is not
        matched.
    nonlinearity : {"affine", "exponential"}
        How activity becomes rate; see :class:`~wmsim.recordings.noise.NoiseConfig`.
    window, delay_window : float, optional
        Seconds in which the target's spikes were counted, if it does not say.
    seed : int
        Fixes everything that is drawn.

    Returns
    -------
    xarray.Dataset
        As :func:`~wmsim.recordings.noise.add_noise`; attr ``noise`` also holds what was measured
        in the target, in the result, and notes on what could not be met.

    Raises
    ------
    WmsimError
        If the target is no recording of spikes, or the model cannot be matched to it.
    """
    validate(recording, values=False)
    validate(target, values=False)
    if not is_aligned(recording):
        raise WmsimError(
            "The model's recording is continuous, an aligned one was expected. "
            "Use wmsim.recordings.align first."
        )
    target = target if is_aligned(target) else align(target)
    recording = without_cell_states(recording)
    pair = _pair(recording, target, feature, target_feature)
    features = (None, None) if pair is None else ([pair[0]], [pair[1]])
    wanted = measure_noise(target, features=features[1], window=window, delay_window=delay_window)
    matched, notes = _matched(recording, target, pair, seed)
    asked = NoiseConfig.from_recording(
        target, features=features[1], window=window, delay_window=delay_window
    ).changed(units=None, trials=None, signal=signal, nonlinearity=nonlinearity)
    matched = matched.compute()
    fitted = calibrated(asked, matched, features=features[0], seed=seed)
    result = add_noise(matched, fitted.config, seed=seed)
    reached = measure_noise(result, features=features[0])
    made = json.loads(result.attrs["noise"])
    made["target"], made["measured"] = _compact(asdict(wanted)), _compact(asdict(reached))
    made["notes"] = [*notes, *fitted.notes, *_distortion(made["reached"])]
    result.attrs["noise"] = json.dumps(made)
    return result


def _pair(
    recording: xr.Dataset, target: xr.Dataset, feature: str | None, target_feature: str | None
) -> tuple[str, str] | None:
    """Features to match; None where none was named and none fits."""
    if feature is not None or target_feature is not None:
        return paired_features(recording, target, feature, target_feature)
    try:
        pair = paired_features(recording, target)
    except WmsimError:
        return None
    counts = [
        np.unique(dataset[name].values).size
        for dataset, name in zip((recording, target), pair, strict=True)
    ]
    return pair if counts[0] == counts[1] else None


def _matched(
    recording: xr.Dataset, target: xr.Dataset, pair: tuple[str, str] | None, seed: int
) -> tuple[xr.Dataset, list[str]]:
    if pair is None:
        notes = [
            "No feature of the model has as many values as the target's: trials are matched in "
            "number only. Name feature= and target_feature= to match values."
        ]
        matched = match(recording, target, conditions=False, seed=seed)
    else:
        notes = []
        matched = match(recording, target, feature=pair[0], target_feature=pair[1], seed=seed)
        met = json.loads(matched.attrs["matched"])["met"]
        if met != "at each item":
            notes.append(f"Trials a value of '{pair[0]}' are matched {met}, not at each item.")
    for dim in ("unit", "trial"):
        if matched.sizes[dim] < target.sizes[dim]:
            notes.append(
                f"The model has {matched.sizes[dim]} {dim}s, the target {target.sizes[dim]}: "
                "take as many of the target (match_both), or record more."
            )
    return matched, notes


def _distortion(reached: dict[str, float]) -> list[str]:
    cut = reached["share_cut_off_at_0"]
    if cut <= 1.1 * MOST_CUT_OFF:
        return []
    return [
        f"{cut:.0%} of rates are cut off at 0, which bends the model's geometry. Take a smaller "
        "signal, or nonlinearity='exponential'."
    ]


def _compact(estimate: dict[str, Any]) -> dict[str, Any]:
    """Numbers without the list of rates, which the settings hold."""
    rates = np.array(estimate.pop("rates"))
    quartiles = np.quantile(rates, [0.25, 0.5, 0.75])
    estimate["rate_quartiles"] = quartiles.tolist()
    return {
        name: [round(v, 4) for v in value] if name == "rate_quartiles"
        else (round(value, 4) if isinstance(value, float) and np.isfinite(value) else value)
        for name, value in estimate.items()
        if not (isinstance(value, float) and not np.isfinite(value))
    }  # fmt: skip
