"""Smoothing and z-scores: against scipy, constants, impulses and gaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from wmsim.errors import WmsimError
from wmsim.recordings.importing.mapping import Smoothing
from wmsim.recordings.importing.smoothing import in_unit_blocks, kernel, smooth, zscore

KERNELS = ("gaussian", "causal gaussian", "exponential", "boxcar")
CAUSAL = ("causal gaussian", "exponential")
kernels = st.builds(
    lambda name, width: kernel(Smoothing(kernel=name, width=width), 0.1),
    st.sampled_from(KERNELS),
    st.floats(0.1, 1.5),
)


def weighted_mean(values, weights, present):
    """The definition: a mean of the bins that exist and were recorded."""
    out = np.full(len(values), np.nan)
    for t in np.flatnonzero(np.isfinite(values)):
        at = t + present - np.arange(len(weights))
        inside = (at >= 0) & (at < len(values))
        inside[inside] = np.isfinite(values[at[inside]])
        out[t] = np.sum(weights[inside] * values[at[inside]]) / weights[inside].sum()
    return out


@settings(max_examples=100)
@given(kernels)
def test_weights_add_up_to_one_and_are_not_negative(made):
    weights, present = made
    assert np.isclose(weights.sum(), 1)
    assert (weights >= 0).all()
    assert 0 <= present < len(weights)
    np.testing.assert_array_equal(weights.argmax(), 0 if present == 0 else weights.argmax())


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_that_look_both_ways_are_even(name):
    weights, present = kernel(Smoothing(kernel=name, width=0.35), 0.05)
    if name in CAUSAL:
        assert present == 0
        assert (np.diff(weights) <= 0).all()
    else:
        assert present == len(weights) // 2
        np.testing.assert_allclose(weights, weights[::-1])


def test_shapes_of_kernels():
    weights, _ = kernel(Smoothing(kernel="exponential", width=0.2), 0.1)
    np.testing.assert_allclose(weights[1:] / weights[:-1], np.exp(-0.5))
    weights, present = kernel(Smoothing(kernel="gaussian", width=0.2), 0.1)
    np.testing.assert_allclose(weights[present + 2] / weights[present], np.exp(-0.5))
    assert kernel(Smoothing(kernel="boxcar", width=0.5), 0.1)[0].tolist() == [0.2] * 5


@settings(max_examples=100)
@given(st.lists(st.one_of(st.just(np.nan), st.floats(-100, 100)), min_size=1, max_size=40), kernels)
def test_smoothing_is_a_mean_of_what_was_recorded(values, made):
    values = np.array(values)
    np.testing.assert_allclose(
        smooth(values, *made), weighted_mean(values, *made), rtol=1e-5, atol=1e-5
    )


def test_gaussian_is_that_of_scipy_away_from_the_ends():
    values = np.random.default_rng(0).random((100, 3, 2))
    found = smooth(values, *kernel(Smoothing(kernel="gaussian", width=0.2), 0.1))
    expected = gaussian_filter1d(values, 2.0, axis=0, truncate=4.0)
    np.testing.assert_allclose(found[8:-8], expected[8:-8], rtol=1e-5)


@settings(max_examples=50)
@given(kernels, st.floats(-50, 50), st.integers(1, 40))
def test_constants_stay(made, value, n_time):
    np.testing.assert_allclose(
        smooth(np.full((n_time, 2), value), *made), value, rtol=1e-5, atol=1e-9
    )


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("at", [0, 20, 39])
def test_causal_kernels_show_nothing_before_an_impulse(name, at):
    impulse = np.zeros(40)
    impulse[at] = 1
    found = smooth(impulse, *kernel(Smoothing(kernel=name, width=0.3), 0.1))
    early = found[:at]
    if name in CAUSAL:
        assert (early == 0).all()
    elif at:
        assert early.max() > 0
    assert found[at] > 0


def test_gaps_stay_and_hide_nothing_beyond():
    values = np.ones((20, 2))
    values[5, 0] = np.nan
    values[:, 1] = np.nan
    found = smooth(values, *kernel(Smoothing(kernel="boxcar", width=0.3), 0.1))
    assert np.isnan(found[5, 0])
    np.testing.assert_allclose(np.delete(found[:, 0], 5), 1)
    assert np.isnan(found[:, 1]).all()


@pytest.mark.parametrize("name", KERNELS)
def test_too_narrow_kernels_are_refused(name):
    with pytest.raises(WmsimError, match=r"too narrow for bins of 0.1 s"):
        kernel(Smoothing(kernel=name, width=0.02), 0.1)


def test_zscores_have_mean_0_and_standard_deviation_1():
    values = np.random.default_rng(0).gamma(2, 30, (15, 4, 8))
    values[3, 1] = np.nan
    found = zscore(values)
    assert np.isnan(found[3, 1]).all()
    np.testing.assert_allclose(np.nanmean(found, axis=(0, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(np.nanstd(found, axis=(0, 2)), 1, rtol=1e-6)
    # A unit's shape stays: the largest value is the largest again.
    assert (np.nanargmax(found[:, 0]) == np.nanargmax(values[:, 0])).all()


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
def test_units_that_never_change_become_zero(value):
    values = np.full((5, 2, 3), value)
    values[0, 1, 0] = np.nan
    found = zscore(values)
    assert (found[:, 0] == 0).all()
    assert np.isnan(found[0, 1, 0])
    assert zscore(np.full((2, 1, 2), np.nan)).shape == (2, 1, 2)


def test_blocks_of_units_change_nothing():
    import dask.array

    values = np.random.default_rng(0).random((10, 7, 5)).astype(np.float32)
    lazy = dask.array.from_array(values, chunks=(4, 3, 2))
    expected = zscore(values)
    np.testing.assert_allclose(in_unit_blocks(values, zscore), expected, rtol=1e-6)
    found = in_unit_blocks(lazy, zscore)
    assert hasattr(found, "dask")
    np.testing.assert_allclose(found.compute(scheduler="sync"), expected, rtol=1e-6)
