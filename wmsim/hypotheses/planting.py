"""Planted recordings: their geometry is known by construction."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import ConfigError
from wmsim.hypotheses.composition import draw_codes
from wmsim.hypotheses.plant_config import DEPTH, PlantConfig
from wmsim.hypotheses.plant_labels import draw_labels, draw_n_back
from wmsim.hypotheses.plant_noise import (
    noise_in_steps,
    shared_noise,
    spike_rates,
    unequal_sds,
)
from wmsim.recordings import build_recording

# Streams of randomness: what changes one setting leaves the draws behind the others alone.
LABELS, CODES, NOISE, UNITS, MISSING = range(5)


def plant(config: PlantConfig | None = None, **settings: Any) -> xr.Dataset:
    """Plant a recording whose codes follow a hypothesis.

    At every step each item shown so far adds the code of its value in this state, M(S, T), to
    the activity of the units; codes of different states are as alike as the hypothesis says, and
    otherwise random. Then comes noise, or spikes are drawn.

    Parameters
    ----------
    config : PlantConfig, optional
        Settings; by default the default ones.
    **settings
        Some of them changed, by name, such as ``hypothesis="H1"``.

    Returns
    -------
    xarray.Dataset
        An aligned recording with source "planted", one step an item, then maintenance. Attrs
        ``hypothesis``, ``seed`` and ``config`` say what was planted.

    Raises
    ------
    ConfigError
        If a setting is unknown, cannot be used or does not go with another.

    Examples
    --------
    >>> recording = plant(hypothesis="H1", n_units=30, n_trials=50, n_items=3, seed=7)
    >>> dict(recording.sizes), recording.attrs["hypothesis"]
    ({'time': 3, 'unit': 30, 'trial': 50, 'item': 3}, 'H1')
    >>> plant(n_values=3, n_items=4, repeats=False)
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: PlantConfig: values never repeat in a trial, but 'image' has 3 for...
    """
    config = _settled(config, settings)
    labels, target = planted_labels(config)
    response = _response(config, planted_codes(config), labels)
    activity = _with_holes(config, _observed(config, response))
    n_back = {} if config.n_back is None else {"n_back": config.n_back}
    task = (
        f"order of {config.n_items} items"
        if not n_back
        else f"{config.n_back}-back-{config.features[0]}"
    )
    asked = {"task_feature": config.features[0]} if n_back else {}
    return build_recording(
        activity,
        time=np.arange(len(activity)),
        time_units="step",
        activity_units="a.u." if config.spiking is None else "spikes/s",
        long_name="planted activity",
        features={name: (codes, _value_names(config, name)) for name, codes in labels.items()},
        unit={
            "area": "planted", "session": config.session, "subject": config.subject,
            **({} if config.spiking is None else {"kind": "single unit"}),
        },
        trial={"task": task, **n_back, **asked},
        shown_item=config.design.shown,
        target=target,
        source="planted",
        seed=config.seed,
        config=config.model_dump(mode="json"),
        attrs={"hypothesis": config.truth},
    )  # fmt: skip


def plant_sessions(
    sessions: int, config: PlantConfig | None = None, **settings: Any
) -> list[xr.Dataset]:
    """Plant sessions that were not recorded together: each has units and trials of its own.

    Parameters
    ----------
    sessions : int
        How many.
    config, **settings
        As for :func:`plant`, for each session; their seeds are made from the one that is given.

    Returns
    -------
    list of xarray.Dataset
        Their units say ``session``: the name that was set (by default "session"), and a number.

    Raises
    ------
    ConfigError
        As :func:`plant`, and if there is no session.

    Examples
    --------
    >>> from wmsim.recordings import join
    >>> both = plant_sessions(2, n_units=5, n_trials=20, seed=1)
    >>> dict(join(both).sizes)
    {'time': 4, 'unit': 10, 'trial': 40, 'item': 4}
    """
    if sessions < 1:
        raise ConfigError(f"sessions is {sessions}, expected 1 or more.")
    config = _settled(config, settings)
    named = config.session != PlantConfig.model_fields["session"].default
    stem = config.session if named else "session"
    seeds = np.random.SeedSequence(config.seed).generate_state(sessions)
    return [
        plant(config.changed(session=f"{stem} {number}", seed=int(seed)))
        for number, seed in enumerate(seeds, start=1)
    ]


def planted_labels(config: PlantConfig) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
    """Labels of the items of a planted recording.

    Returns
    -------
    labels : dict of str to ndarray of int, shape (trial, item)
        Of each feature.
    target : ndarray of int, shape (trial, item), or None
        Right actions in an N-back task.
    """
    rng = _stream(config, LABELS)
    labels, target = {}, None
    for feature, n_values in config.values.items():
        sizes = config.n_trials, config.n_items, n_values
        if config.n_back is not None and feature == config.features[0]:
            labels[feature], target = draw_n_back(*sizes, config.n_back, rng=rng)
        else:
            labels[feature] = draw_labels(*sizes, repeats=config.repeats, rng=rng)
    return labels, target


def planted_codes(config: PlantConfig) -> dict[str, np.ndarray]:
    """Codes that a recording is planted with, the truth behind it.

    Returns
    -------
    dict of str to ndarray, shape (end, state, value, unit)
        Of each feature, in SDs of private noise; states as in ``config.design``. With
        `session_drift` there are two ends, the codes of the first and of the last trial would be
        orthogonal at 90 degrees; otherwise one.
    """
    rng = _stream(config, CODES)
    design = config.design
    kernel = config.composition.kernel(design)
    size = np.array([config.decay ** design.age(state) for state in design.states])
    scale = DEPTH * config.signal * np.sqrt(config.n_units) * size[:, None, None]
    ends = 2 if config.session_drift else 1
    return {
        feature: scale * np.stack([
            draw_codes(
                kernel, n_values, config.n_units, dimension=config.dimension, orthogonal=True,
                rng=rng,
            )
            for _ in range(ends)
        ])
        for feature, n_values in config.values.items()
    }  # fmt: skip


def _settled(config: PlantConfig | None, settings: dict[str, Any]) -> PlantConfig:
    return PlantConfig(**settings) if config is None else config.changed(**settings)


def _stream(config: PlantConfig, stream: int) -> np.random.Generator:
    return np.random.default_rng([config.seed, stream])


def _value_names(config: PlantConfig, feature: str) -> list[str]:
    return [f"{feature} {value + 1}" for value in range(config.values[feature])]


def _response(
    config: PlantConfig, codes: dict[str, np.ndarray], labels: dict[str, np.ndarray]
) -> np.ndarray:
    """What items add up to, (step, unit, trial), in SDs of private noise."""
    design = config.design
    response = np.zeros((len(design.shown), config.n_units, config.n_trials))
    turned = np.radians(config.session_drift) * np.linspace(0, 1, config.n_trials)
    weights = [np.ones(config.n_trials)] if not config.session_drift else [
        np.cos(turned), np.sin(turned)
    ]  # fmt: skip
    for feature, ends in codes.items():
        for row, (item, step) in enumerate(design.states):
            values = labels[feature][:, item]
            for weight, end in zip(weights, ends, strict=True):
                response[step] += weight * end[row][values].T
    return response


def _observed(config: PlantConfig, response: np.ndarray) -> np.ndarray:
    """Activity with noise, or rates of spikes that were counted."""
    rng = _stream(config, NOISE)
    drive = response
    if config.shared_noise:
        drive = response + shared_noise(
            *response.shape, share=config.shared_noise, factors=config.noise_factors,
            correlation=config.noise_in_time, rng=rng,
        )  # fmt: skip
    of_units = _stream(config, UNITS)
    if config.spiking is not None:
        spread = config.rate_spread * of_units.standard_normal(config.n_units)
        rates = spike_rates(drive, config.rate * np.exp(spread), config.window, config.spiking)
        return np.asarray(rng.poisson(rates * config.window) / config.window)
    private = noise_in_steps(response.shape, config.noise_in_time, rng=rng)
    sds = unequal_sds(config.n_units, 1.0, config.unequal_noise, rng=of_units)[:, None]
    noise = (drive - response + private) * sds
    return np.asarray(config.noise * (response + noise))


def _with_holes(config: PlantConfig, activity: np.ndarray) -> np.ndarray:
    """NaN where units were not recorded: some of them, in one block of trials."""
    lost = round(config.missing * config.n_units)
    if not lost:
        return activity
    rng = _stream(config, MISSING)
    units = rng.choice(config.n_units, lost, replace=False)
    length = min(max(round(config.missing_trials * config.n_trials), 1), config.n_trials - 1)
    first = rng.integers(config.n_trials - length + 1)
    activity[:, units, first : first + length] = np.nan
    return activity
