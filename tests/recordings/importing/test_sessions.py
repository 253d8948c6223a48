"""Whole sessions cut into trials, against averaging one bin after the other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import WmsimError
from wmsim.recordings.importing.sessions import cut_session, require_samples


def one_by_one(samples, timestamps, start, edges):
    out = np.full((len(edges) - 1, samples.shape[1], len(start)), np.nan)
    for trial, zero in enumerate(start):
        for bin_ in range(len(edges) - 1):
            inside = (timestamps >= zero + edges[bin_] - 1e-9) & (
                timestamps < zero + edges[bin_ + 1] - 1e-9
            )
            for unit in range(samples.shape[1]):
                values = samples[inside, unit]
                values = values[np.isfinite(values)]
                if values.size:
                    out[bin_, unit, trial] = values.mean()
    return out


@settings(max_examples=200)
@given(
    st.lists(st.integers(1, 12), min_size=2, max_size=60),
    st.lists(st.integers(0, 300), min_size=1, max_size=6),
    st.lists(st.integers(-20, 40), min_size=2, max_size=8, unique=True),
    st.integers(0, 2**32 - 1),
)
def test_bins_hold_means_of_their_samples(gaps, start, edges, seed):
    """Uneven sampling, samples on edges, trials in any order, gaps (NaN)."""
    timestamps = np.cumsum(gaps) / 8
    rng = np.random.default_rng(seed)
    samples = rng.normal(100, 5, (len(gaps), 3))
    samples[rng.random(samples.shape) < 0.2] = np.nan
    start, edges = np.array(start) / 8, np.sort(edges) / 8
    expected = one_by_one(samples, timestamps, start, edges)
    bounds = start[None, :] + edges[:, None]
    if not np.diff(np.searchsorted(timestamps, bounds - 1e-9), axis=0).any():
        with pytest.raises(WmsimError, match=r"No sample falls into any trial"):
            cut_session(samples, timestamps, start, edges)
        return
    found = cut_session(samples, timestamps, start, edges)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.dtype == np.float32


def test_many_units_come_in_blocks():
    samples = np.arange(200.0 * 130).reshape(200, 130)
    found = cut_session(samples, np.arange(200) * 0.1, np.array([5.0]), np.array([0.0, 1.0]))
    np.testing.assert_allclose(found[0, :, 0], samples[50:60].mean(axis=0))


def test_a_drifting_signal_keeps_its_digits():
    """After a million samples of 10^6 the small change from bin to bin is still there."""
    n = 10**6
    wave = np.sin(np.arange(n) / 50)
    samples = (1e6 + wave)[:, None]
    found = cut_session(samples, np.arange(n) * 0.01, np.array([9990.0]), np.array([0.0, 0.1, 0.2]))
    expected = [wave[999000:999010].mean(), wave[999010:999020].mean()]
    np.testing.assert_allclose(found[:, 0, 0] - np.float32(1e6), expected, atol=0.07)


@pytest.mark.parametrize("timestamps", [[0, 1, 1, 2], [3, 2, 1, 0]])
def test_timestamps_must_increase(timestamps):
    times = np.array(timestamps, float)
    with pytest.raises(WmsimError, match=r"expected times that increase. Sort the samples"):
        cut_session(np.zeros((4, 1)), times, np.array([0.0]), np.array([0.0, 1.0]))


def test_another_clock_is_noticed():
    with pytest.raises(WmsimError, match=r"in the same unit .clock: ms.."):
        cut_session(np.zeros((4, 1)), np.arange(4.0), np.array([5e3]), np.array([0.0, 1.0]))


def test_bins_narrower_than_samples_are_refused():
    with pytest.raises(WmsimError, match=r"Give a width of 0.1 s or more"):
        require_samples(np.arange(9) * 0.1, 0.05)
    require_samples(np.arange(9) * 0.1, 0.1)
    require_samples(np.array([1.0]), 0.1)
