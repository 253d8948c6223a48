"""Noise as asked for is noise as measured; what is not noise stays."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from wmsim.errors import WmsimError
from wmsim.recordings import open_recording, save, validate
from wmsim.recordings.noise import NoiseConfig, add_noise, apply, measure_noise
from wmsim.recordings.noise.counts import effective_fano
from wmsim.recordings.noise.rates import relative_rates

FLAT = {"modulation": 0.0, "rate_spread": 0.5, "rate_median": 6.0}


def test_poisson_mean_and_variance(model):
    seen = add_noise(model, NoiseConfig(**FLAT, window=0.5), seed=1)
    counts = seen["activity"].values.transpose(1, 0, 2).reshape(80, -1) * 0.5
    mean = seen["mean_rate"].values * 0.5
    trials = counts.shape[1]
    np.testing.assert_allclose(counts, np.rint(counts), atol=1e-4)
    assert (np.abs(counts.mean(axis=1) - mean) < 4.5 * np.sqrt(mean / trials)).all()
    assert abs(np.mean(counts.var(axis=1, ddof=1) / mean) - 1) < 0.02


@pytest.mark.parametrize("fano", [0.6, 1.0, 1.8, 3.0])
def test_fano_factor(model, fano):
    seen = add_noise(model, NoiseConfig(**FLAT, fano=fano), seed=2)
    asked = np.median(effective_fano(seen["mean_rate"].values * 0.6, fano))  # fano, if above 1
    assert abs(measure_noise(seen).fano / asked - 1) < 0.03


@pytest.mark.parametrize("fano", [0.8, 1.0, 2.0])
@pytest.mark.parametrize("wanted", [0.0, 0.05, 0.2])
def test_noise_correlation(model, fano, wanted):
    config = NoiseConfig(**FLAT, fano=fano, noise_correlation=wanted)
    assert abs(measure_noise(add_noise(model, config, seed=3)).noise_correlation - wanted) < 0.015


def test_spread_of_correlations_and_persistence(model):
    config = NoiseConfig(
        **FLAT, fano=1.5, noise_correlation=0.05, correlation_spread=0.1, persistence=0.3
    )
    found = measure_noise(add_noise(model, config, seed=4))
    assert abs(found.correlation_spread - 0.1) < 0.015
    assert abs(found.persistence - 0.3) < 0.03
    assert abs(found.fano - 1.5) < 0.06  # what is shared or lasts does not change the counts


def test_modulation_is_that_of_rates(model):
    config = NoiseConfig(modulation=0.4, rates=(400.0,), window=10.0)
    seen = add_noise(model, config, seed=5)
    rates = seen["activity"].values
    depth = np.sqrt((rates.std(axis=(0, 2)) ** 2).mean()) / 400
    assert abs(depth - 0.4) < 0.01
    none = add_noise(model, config.changed(signal=0.0), seed=5)["activity"].values
    assert np.abs(none / 400 - 1).max() < 0.1


def test_lognormal_and_given_rates(model):
    drawn = add_noise(model, NoiseConfig(rate_median=5.0, rate_spread=0.8), seed=6)["mean_rate"]
    assert abs(np.median(np.log(drawn)) - np.log(5)) < 0.4
    assert abs(np.std(np.log(drawn)) - 0.8) < 0.25
    given = tuple(np.arange(1.0, 81.0))
    exact = add_noise(model, NoiseConfig(rates=given), seed=6)["mean_rate"].values
    assert sorted(exact) == list(given)
    assert not (np.sort(exact) == exact).all()
    twice = add_noise(model, NoiseConfig(rates=given[:40]), seed=6)["mean_rate"].values
    assert sorted(twice) == sorted(given[:40] * 2)


@settings(max_examples=30)
@given(
    st.sampled_from(["affine", "exponential"]), st.floats(0, 3), st.integers(0, 2**32),
    st.floats(1e-3, 1e3),
)  # fmt: skip
def test_map_keeps_order_is_not_negative_and_has_mean_one(kind, depth, seed, scale):
    rng = np.random.default_rng(seed)
    activity = scale * rng.normal(size=(2, 3, 20))
    rates = relative_rates(activity, activity.mean(axis=(0, 2)), scale, depth, kind)
    assert (rates >= 0).all()
    np.testing.assert_allclose(rates.mean(axis=(0, 2)), 1)
    for unit in range(3):
        order = np.argsort(activity[:, unit].ravel())
        assert (np.diff(rates[:, unit].ravel()[order]) >= -1e-12).all()


def test_affine_map_keeps_geometry_exactly(model):
    activity = model["activity"].values.astype(float)
    centre = activity.mean(axis=(0, 2))
    rates = relative_rates(activity, centre, 1.0, 0.4, "affine")
    assert (rates > 0).all()
    np.testing.assert_allclose(rates - 1, 0.4 * (activity - centre[:, None]), atol=1e-9)


@pytest.mark.parametrize("kind", ["affine", "exponential"])
def test_geometry_is_kept_at_high_rates_and_lost_at_low_ones(model_with, kind):
    """Eight images on a ring; distances of mean activity, with noise and without."""
    rng = np.random.default_rng(3)
    images = np.arange(400)[:, None] % 8
    angle = 2 * np.pi * (images[:, 0] / 8 - rng.random((80, 1)))
    ring = model_with(
        n_items=1, delay=False, features={"image": images}, activity=np.tanh(np.cos(angle))[None]
    )

    def distances(recording):
        values = recording["activity"].values[0]
        mean = [values[:, images[:, 0] == image].mean(axis=1) for image in range(8)]
        return pdist(np.array(mean))

    def kept(rate, window):
        config = NoiseConfig(rates=(rate,), window=window, modulation=0.4, nonlinearity=kind)
        return np.corrcoef(distances(ring), distances(add_noise(ring, config, seed=7)))[0, 1]

    assert kept(100.0, 10.0) > 0.99
    assert kept(0.05, 0.2) < 0.8


def test_sizes_labels_and_what_is_told(model):
    config = NoiseConfig(units=30, trials=200, trial_loss=0.25)
    seen = add_noise(model, config, seed=8)
    validate(seen)
    assert (seen.sizes["unit"], seen.sizes["trial"]) == (30, 150)
    assert set(seen["unit"].values) < set(model["unit"].values)
    np.testing.assert_array_equal(
        seen["image"], model["image"].isel(trial=seen["trial"].values.astype(int))
    )
    assert seen.attrs["source"] == "model"
    assert seen.attrs["seed"] == 7
    assert set(seen["kind"].values) == {"hidden"}
    told = json.loads(seen.attrs["noise"])
    assert told["seed"] == 8
    assert NoiseConfig(**told["config"]) == config
    counts = add_noise(model, config.changed(as_counts=True), seed=8)
    assert counts["activity"].attrs["units"] == "spikes"
    np.testing.assert_allclose(counts["activity"], seen["activity"] * 0.6, rtol=1e-5)


def test_delays_are_counted_longer(model):
    seen = add_noise(model, NoiseConfig(**FLAT, delay_window=2.4), seed=9)["activity"].values
    assert abs(4 * seen[2].var(axis=1).mean() / seen[0].var(axis=1).mean() - 1) < 0.1


def test_missing_stays_missing_and_more_can_be_lost(model_with):
    values = model_with()["activity"].values.copy()
    values[1, 3, 10:20] = np.nan
    holed = model_with(activity=values)
    seen = add_noise(holed, NoiseConfig(), seed=10)["activity"].values
    np.testing.assert_array_equal(np.isnan(seen), np.isnan(values))
    for share in (0.2, 0.7):
        lost = add_noise(model_with(), NoiseConfig(unit_loss=share), seed=10)["activity"].values
        gone = np.isnan(lost).all(axis=0)
        assert (gone == np.isnan(lost).any(axis=0)).all()
        assert abs(gone.mean() - share) < 0.06
        runs = np.abs(np.diff(gone.astype(int), axis=1)).sum(axis=1)
        assert (runs <= 1).all()
        assert (~gone).sum(axis=1).min() >= 2


def test_same_seed_same_result_whatever_the_blocks(model, monkeypatch):
    config = NoiseConfig(fano=1.5, noise_correlation=0.1, persistence=0.2, unit_loss=0.1)
    first = add_noise(model, config, seed=11)
    assert first.identical(add_noise(model, config, seed=11))
    whole = apply.unit_blocks
    monkeypatch.setattr(apply, "unit_blocks", lambda a, largest=0: whole(a, 7 * a.size // 80))
    np.testing.assert_array_equal(first["activity"], add_noise(model, config, seed=11)["activity"])
    assert not np.array_equal(first["activity"], add_noise(model, config, seed=12)["activity"])


def test_lazy_recordings_give_the_same(model, tmp_path):
    config = NoiseConfig(units=20, trials=100)
    with open_recording(save(model, tmp_path / "model.nc")) as lazy:
        seen = add_noise(lazy, config, seed=13)
        assert not lazy["activity"].variable._in_memory
    np.testing.assert_array_equal(seen["activity"], add_noise(model, config, seed=13)["activity"])
    with open_recording(save(seen, tmp_path / "seen.nc")) as again:
        assert again.attrs["noise"] == seen.attrs["noise"]


def test_continuous_recordings_count_in_their_bins(continuous):
    seen = add_noise(continuous, NoiseConfig(rates=(100.0,)), seed=14)
    counts = seen["activity"].values * 0.1
    np.testing.assert_allclose(counts, np.rint(counts), atol=1e-4)
    assert abs(counts.mean() - 10) < 0.5


def test_cell_states_are_left_out(model_with):
    kinds = ["hidden"] * 50 + ["cell state"] * 30
    seen = add_noise(model_with(unit={"kind": kinds}), NoiseConfig(), seed=15)
    assert seen.sizes["unit"] == 50
    alone = add_noise(model_with(unit={"kind": "cell state"}), NoiseConfig(), seed=15)
    assert alone.sizes["unit"] == 80


def test_refusals(model, model_with):
    with pytest.raises(WmsimError, match="81 units are asked for, but the recording has 80"):
        add_noise(model, NoiseConfig(units=81), seed=0)
    with pytest.raises(WmsimError, match="401 trials are asked for, but the recording has 400"):
        add_noise(model, NoiseConfig(trials=401), seed=0)
    with pytest.raises(WmsimError, match=r"trial_loss 0.9 leaves none of 2 trials"):
        add_noise(model, NoiseConfig(trials=2, trial_loss=0.9), seed=0)
    with pytest.raises(WmsimError, match="has noise already"):
        add_noise(add_noise(model, NoiseConfig(), seed=0), NoiseConfig(), seed=0)
    with pytest.raises(WmsimError, match=r"noise_correlation 0.9 cannot be reached: counts are so"):
        add_noise(model, NoiseConfig(rates=(0.01,), noise_correlation=0.9), seed=0)
    with pytest.raises(WmsimError, match="Activity does not vary"):
        add_noise(model_with(activity=np.ones((3, 80, 400))), NoiseConfig(), seed=0)
    with pytest.raises(WmsimError, match="seed is -1"):
        add_noise(model, NoiseConfig(), seed=-1)
    empty = model["activity"].values.copy()
    empty[:, 5, 100:] = np.nan
    with pytest.raises(WmsimError, match="Unit 'u5' has no activity at all"):
        add_noise(model_with(activity=empty).isel(trial=slice(100, None)), NoiseConfig(), seed=0)
