"""A model that looks like a recording: planted ones, and a real one."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from wmsim.errors import WmsimError
from wmsim.recordings import align, import_recording
from wmsim.recordings.noise import (
    NoiseConfig,
    add_noise,
    calibrated,
    electrode_view,
    measure_noise,
    noise_like,
)

TARGET = NoiseConfig(
    units=40, trials=250, rate_median=6.0, rate_spread=0.7, modulation=0.3, fano=1.6,
    noise_correlation=0.06, persistence=0.2,
)  # fmt: skip


@pytest.fixture(scope="module")
def target(model_with):
    return add_noise(model_with(seed=5), TARGET, seed=5)


@pytest.mark.parametrize("unlabelled", [0.0, 0.25])
def test_a_planted_target_is_met(model_with, target, unlabelled):
    seen = noise_like(model_with(n_trials=700, unlabelled=unlabelled), target, seed=1)
    wanted, found = measure_noise(target), measure_noise(seen)
    assert (found.n_units, found.n_trials) == (40, 250)
    assert stats.ks_2samp(found.rates, wanted.rates).pvalue > 0.5
    assert abs(found.fano - wanted.fano) < 0.12
    assert abs(found.noise_correlation - wanted.noise_correlation) < 0.025
    assert abs(found.persistence - wanted.persistence) < 0.06
    assert abs(found.modulation / wanted.modulation - 1) < 0.2
    assert found.trials_per_value == wanted.trials_per_value


def test_what_the_model_brings_is_left_out(model_with, target):
    asked = NoiseConfig.from_recording(target).changed(units=None, trials=None)
    bare = calibrated(asked, model_with(), seed=1).config
    varied = calibrated(asked, model_with(unlabelled=0.4), seed=1).config
    assert abs(bare.fano - asked.fano) < 0.05
    assert varied.fano < bare.fano - 0.1
    assert varied.persistence < bare.persistence
    assert varied.modulation > bare.modulation


def test_what_cannot_be_met_is_said(model_with, target):
    calm = add_noise(model_with(seed=5), TARGET.changed(fano=1.0, persistence=0.0), seed=5)
    told = json.loads(noise_like(model_with(unlabelled=3.0), calm, seed=1).attrs["noise"])
    text = " ".join(told["notes"])
    assert "was measured in the target" in text
    assert told["reached"]["share_cut_off_at_0"] <= 0.11
    small = noise_like(model_with(n_units=30, n_trials=120), target, seed=1)
    text = " ".join(json.loads(small.attrs["noise"])["notes"])
    assert "The model has 30 units, the target 40" in text
    assert "matched fewer, not at each item" in text


def test_unpaired_features_match_numbers_only(model_with, target):
    seen = noise_like(model_with(n_values=7), target, seed=1)
    assert seen.sizes["trial"] == 250
    assert "trials are matched in number only" in json.loads(seen.attrs["noise"])["notes"][0]


def test_no_signal_in_the_target(model_with):
    """A target whose unbiased estimate of signal is negative gives flat rates, and says so."""
    config = TARGET.changed(modulation=0.0, persistence=0.0, fano=1.0)
    for seed in range(20):
        target = add_noise(model_with(), config, seed=seed)
        if measure_noise(target).modulation == 0:
            break
    told = json.loads(noise_like(model_with(), target, seed=1).attrs["noise"])
    assert told["config"]["modulation"] == 0
    assert any("No signal was measured" in note for note in told["notes"])


def test_signal_scales_what_can_be_decoded(model_with, target):
    model = model_with(n_trials=700)
    depth = [
        measure_noise(noise_like(model, target, signal=signal, seed=2)).modulation
        for signal in (0.5, 1.0)
    ]
    assert abs(depth[1] / depth[0] - 2) < 0.5


def test_one_call(model, target):
    assert electrode_view(model, target, seed=3).identical(noise_like(model, target, seed=3))
    config = NoiseConfig(units=10, signal=0.5)
    direct = add_noise(model, config.changed(signal=1.0), seed=3)
    assert electrode_view(model, config=config, signal=2.0, seed=3).identical(direct)
    assert electrode_view(model).identical(add_noise(model, NoiseConfig(), seed=0))
    with pytest.raises(WmsimError, match="Both a target and settings of noise are given"):
        electrode_view(model, target, config)


def test_refusals(model, target, continuous):
    with pytest.raises(WmsimError, match="The model's recording is continuous"):
        noise_like(continuous, target, seed=0)
    with pytest.raises(WmsimError, match=r"activity is in 'a.u.', expected 'spikes/s'"):
        noise_like(model, model, seed=0)
    with pytest.raises(WmsimError, match="has noise already"):
        noise_like(target, target, seed=0)


@pytest.mark.recordings
def test_a_real_session_is_met(model_with, recordings_dir):
    """68 units of the human medial temporal lobe, 9 images at 3 positions."""
    file = next((recordings_dir / "kornblith2017").glob("399e11sb*.h5"))
    session = align(import_recording("kornblith2017", file))
    model = model_with(n_units=150, n_trials=600, n_items=3, n_values=9, unlabelled=0.3)
    wanted = measure_noise(session)
    seen = noise_like(model, session, seed=0)
    found = measure_noise(seen)
    assert (found.n_units, found.n_trials) == (68, 216)
    assert stats.ks_2samp(found.rates, wanted.rates).pvalue > 0.5
    assert abs(found.fano - wanted.fano) < 0.15
    assert abs(found.noise_correlation - wanted.noise_correlation) < 0.01
    assert abs(found.correlation_spread - wanted.correlation_spread) < 0.02
    assert abs(found.persistence - wanted.persistence) < 0.06
    assert (found.window, found.delay_window) == (wanted.window, wanted.delay_window)
    assert np.unique(seen["image"], return_counts=True)[1].tolist() == [72] * 9
