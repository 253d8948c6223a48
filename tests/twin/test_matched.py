"""As many units as the brain, as noisy electrodes, all trials in their order."""

import json

import numpy as np
import pytest

from wmsim.recordings import align, validate
from wmsim.recordings.noise import NoiseConfig, measure_noise
from wmsim.twin import TwinConfig, as_recorded, run_twin, twin_design
from wmsim.twin.matched import for_bins


@pytest.fixture(scope="module")
def pair(brain, subject_for):
    design = twin_design(brain, name="b")
    return run_twin(subject_for(brain), design), design


def test_units_and_trials(pair, brain):
    clean, design = pair
    seen = as_recorded(clean, design)
    validate(seen)
    assert seen.sizes["unit"] == brain.sizes["unit"]
    assert np.array_equal(seen["trial"], brain["trial"])
    assert np.array_equal(seen["image"], brain["image"])
    assert set(seen["unit"].values) <= set(clean["unit"].values)
    assert np.array_equal(
        np.isnan(seen["activity"].values[:, 0]), np.isnan(clean["activity"].values[:, 0])
    )
    assert seen["activity"].attrs["units"] == "spikes/s"
    assert seen.identical(as_recorded(clean, design).assign_attrs(seen.attrs))


def test_noise_is_like_the_brains(pair, brain):
    clean, design = pair
    seen = as_recorded(clean, design)
    wanted = measure_noise(align(brain), features=["image"])
    reached = measure_noise(align(seen), features=["image"])
    assert abs(reached.fano / wanted.fano - 1) < 0.15
    assert abs(np.mean(reached.rates) / np.mean(wanted.rates) - 1) < 0.25
    assert abs(reached.persistence - wanted.persistence) < 0.15
    assert json.loads(seen.attrs["noise"])["measured"]["fano"] == pytest.approx(
        reached.fano, abs=1e-3
    )


def test_without_noise_and_with_all_units(pair):
    clean, design = pair
    from dataclasses import replace

    def with_config(**changes):
        return as_recorded(clean, replace(design, config=TwinConfig(**changes)))

    plain = with_config(noise=False)
    assert plain.sizes["unit"] == 6
    assert "noise" not in plain.attrs
    for unit in plain["unit"].values:
        assert np.array_equal(plain.activity.sel(unit=unit), clean.activity.sel(unit=unit),
                              equal_nan=True)  # fmt: skip
    assert with_config(units="all").sizes["unit"] == 20


def test_a_brain_without_spikes_is_matched_in_units(brain_with, subject_for, brain):
    field = brain_with(activity=np.random.default_rng(0).normal(size=(120, 30, 60)),
                       activity_units="z")  # fmt: skip
    design = twin_design(field)
    seen = as_recorded(run_twin(subject_for(field), design), design)
    assert seen.sizes["unit"] == 20  # all that the network has
    notes = json.loads(seen.attrs["matched"])["notes"]
    assert any("Noise is not matched" in note for note in notes)
    assert any("The brain has 30 units, the network 20" in note for note in notes)


def test_rates_are_flat_where_nothing_varies(maintenance_brain, subject_for):
    """Features of a blank, without latency: there is nothing else during maintenance."""
    design = twin_design(maintenance_brain, TwinConfig(latency=0.0))
    clean = run_twin(subject_for(maintenance_brain), design, control="encoder")
    seen = as_recorded(clean, design)
    validate(seen)
    assert any("rates are flat" in n for n in json.loads(seen.attrs["matched"])["notes"])


def test_what_bins_have_adds_up_to_what_windows_have():
    """Sums of bins that correlate: variance and correlation as Spearman and Brown have them."""
    asked = NoiseConfig(fano=2.0, persistence=0.4)
    bins, n = for_bins(asked, 4), 4
    mean, held = 1.5, bins.persistence
    within = np.full((2 * n, 2 * n), held * bins.fano * mean)
    np.fill_diagonal(within, bins.fano * mean)
    first, second = np.repeat([1.0, 0.0], n), np.repeat([0.0, 1.0], n)
    variance = first @ within @ first
    assert variance / (n * mean) == pytest.approx(2.0)
    assert first @ within @ second / variance == pytest.approx(0.4)
