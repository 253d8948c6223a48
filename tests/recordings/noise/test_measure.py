"""Noise measured: planted truth, other people's formats, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.recordings import align, build_recording
from wmsim.recordings.noise import NoiseConfig, add_noise, measure_noise


def planted(modulation=0.5, fano_shape=None, n_units=60, n_trials=600, seed=0, **changes):
    """One item of 6 images; rates drawn per unit and image, Poisson or gamma-Poisson counts."""
    rng = np.random.default_rng(seed)
    image = np.arange(n_trials) % 6
    mean = rng.uniform(2, 20, (n_units, 1))
    tuning = rng.standard_normal((n_units, 6))
    tuning -= tuning.mean(axis=1, keepdims=True)
    tuning /= tuning.std(axis=1, keepdims=True)
    rates = mean * np.maximum(1 + modulation * tuning[:, image], 0)
    gain = 1.0 if fano_shape is None else rng.gamma(fano_shape, 1 / fano_shape, rates.shape)
    counts = rng.poisson(rates * gain * 0.5)
    given = {
        "time": [0], "time_units": "step", "activity_units": "spikes/s", "source": "planted",
        "features": {"image": image[:, None]}, "shown_item": [0],
    } | changes  # fmt: skip
    return build_recording(counts[None] / 0.5, **given), mean[:, 0]


@pytest.mark.parametrize("modulation", [0.1, 0.3, 0.5])
def test_modulation_and_fano_of_poisson_units(modulation):
    recording, mean = planted(modulation)
    found = measure_noise(recording, window=0.5)
    assert abs(found.modulation / modulation - 1) < 0.1
    assert abs(found.fano - 1) < 0.03
    assert abs(found.noise_correlation) < 0.003
    assert found.correlation_spread < 0.02
    np.testing.assert_allclose(found.rates, mean, rtol=0.2)
    assert (found.n_units, found.n_trials, found.trials_per_value) == (60, 600, 100)


def test_no_signal_is_no_modulation():
    found = [
        measure_noise(planted(0.0, seed=seed)[0], window=0.5).modulation ** 2 for seed in range(8)
    ]
    assert np.mean(found) < 0.03**2 * 2


def test_overdispersion_of_a_varying_gain():
    recording, mean = planted(0.0, fano_shape=4.0)
    expected = np.median(1 + mean * 0.5 / 4)
    assert abs(measure_noise(recording, window=0.5).fano / expected - 1) < 0.06


def test_counts_and_rates_are_the_same(model):
    config = NoiseConfig(fano=1.5, noise_correlation=0.1)
    rates = measure_noise(add_noise(model, config, seed=1))
    counts = measure_noise(add_noise(model, config.changed(as_counts=True), seed=1))
    assert abs(rates.fano - counts.fano) < 1e-4
    assert abs(rates.modulation - counts.modulation) < 1e-4


def test_settings_come_back(model):
    """What is asked for is what is found, all at once."""
    asked = NoiseConfig(
        units=60, rate_median=4.0, rate_spread=0.7, modulation=0.3, fano=1.6, delay_window=1.2,
        noise_correlation=0.08, persistence=0.25, unit_loss=0.1,
    )  # fmt: skip
    seen = add_noise(model, asked, seed=2)
    found = NoiseConfig.from_recording(seen)
    assert (found.units, found.trials) == (60, 400)
    assert (found.window, found.delay_window) == (0.6, 1.2)
    assert abs(found.fano - 1.6) < 0.1
    assert abs(found.noise_correlation - 0.08) < 0.02
    assert abs(found.persistence - 0.25) < 0.05
    assert abs(found.unit_loss - 0.1) < 0.04
    np.testing.assert_allclose(
        np.quantile(found.rates, [0.25, 0.5, 0.75]),
        np.quantile(seen["mean_rate"], [0.25, 0.5, 0.75]),
        rtol=0.1,
    )


def test_continuous_targets_are_aligned_first(continuous_with):
    rng = np.random.default_rng(3)
    onset = np.tile([0.0, 1.0], (120, 1))
    recording = continuous_with(
        activity=rng.poisson(0.5, (80, 4, 120)) / 0.1,
        time=np.arange(80) * 0.1 - 0.95,
        features={"image": np.arange(120)[:, None] % 3 + np.zeros((1, 2), int)},
        item_onset=onset,
        item_offset=onset + 0.2,
        events={"maintenance": np.full(120, 2.0)},
        trial={},
    )
    found = measure_noise(recording)
    assert found == measure_noise(align(recording))
    assert (found.window, found.delay_window) == (0.6, 2.4)
    assert abs(found.fano - 1) < 0.15


def test_refusals(model, aligned):
    recording, _ = planted()
    with pytest.raises(WmsimError, match="How long spikes were counted is not known"):
        measure_noise(recording)
    with pytest.raises(WmsimError, match=r"activity is in 'a.u.', expected 'spikes/s'"):
        measure_noise(model, window=0.5)
    negative = recording.assign(activity=recording["activity"] - 30)
    negative["activity"].attrs = recording["activity"].attrs
    with pytest.raises(WmsimError, match=r"activity goes down to -30 spikes/s"):
        measure_noise(negative, window=0.5)
    silent = recording.assign(activity=recording["activity"] * 0)
    silent["activity"].attrs = recording["activity"].attrs
    with pytest.raises(WmsimError, match="No unit has any spike"):
        measure_noise(silent, window=0.5)
    with pytest.raises(WmsimError, match=r"3 trials are too few to tell noise .* of image"):
        measure_noise(recording.isel(trial=slice(0, 3)), window=0.5, features=["image"])
