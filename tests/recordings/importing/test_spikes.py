"""Binning of spikes, against counting one trial after the other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import WmsimError
from wmsim.recordings.importing.spikes import (
    bin_edges_around_zero,
    bin_spikes,
    lazy_bin_spikes,
    observed_bins,
    require_possible,
)

# Multiples of 1/8 are exact, so that spikes lie on edges as often as one likes.
EXACT = st.integers(-80, 80).map(lambda n: n / 8)
ANY = st.one_of(EXACT, st.floats(-10, 10))


def by_histogram(spikes, start, edges):
    """One trial after the other; the last bin of np.histogram would be closed, so one is added."""
    counts = np.zeros((len(edges) - 1, len(spikes), len(start)))
    for unit, times in enumerate(spikes):
        for trial, zero in enumerate(start):
            bounds = np.append(zero + edges, np.inf)
            counts[:, unit, trial] = np.histogram(times, bounds)[0][:-1]
    return counts


@st.composite
def binning(draw, times=ANY):
    spikes = [np.array(draw(st.lists(times, max_size=30)), float) for _ in range(2)]
    start = np.array(draw(st.lists(times, min_size=1, max_size=6)), float)
    edges = np.unique(draw(st.lists(EXACT, min_size=2, max_size=8, unique=True)))
    return spikes, start, edges


@settings(max_examples=120)
@given(binning())
def test_counts_are_those_of_histograms(case):
    """Unsorted spikes, trials in any order that overlap, edges at any distance."""
    np.testing.assert_array_equal(bin_spikes(*case), by_histogram(*case))


@settings(max_examples=60)
@given(binning(times=EXACT), st.floats(0.01, 3), st.integers(1, 30))
def test_even_edges_of_any_width(case, width, n_bins):
    spikes, start, _ = case
    edges = np.arange(-2, n_bins) * width
    np.testing.assert_array_equal(
        bin_spikes(spikes, start, edges), by_histogram(spikes, start, edges)
    )


@settings(max_examples=100)
@given(st.integers(0, 10**6), st.sampled_from([0.1, 0.05, 0.01, 1 / 3, 1e-3]))
def test_spikes_on_edges_that_cannot_be_exact(first, width):
    """Late in a session and on edges such as 0.3: the bin is that of start + edge <= spike."""
    start = np.array([first * 0.1, first * 0.1 + 7 * width])
    edges = np.arange(-5, 20) * width
    spikes = [(start[:, None] + edges).ravel(), np.nextafter((start[:, None] + edges).ravel(), 0)]
    np.testing.assert_array_equal(
        bin_spikes(spikes, start, edges), by_histogram(spikes, start, edges)
    )


def test_a_spike_counts_in_each_trial_that_it_lies_in():
    counts = bin_spikes([np.array([1.0])], np.array([0.0, 0.5, 1.0, 2.0]), np.array([0.0, 1.5]))
    assert counts[0, 0].tolist() == [1, 1, 1, 0]


def test_a_spike_on_an_edge_counts_in_the_later_bin():
    counts = bin_spikes([np.array([0.0, 1.0, 2.0])], np.array([0.0]), np.array([0.0, 1.0, 2.0]))
    assert counts[:, 0, 0].tolist() == [1, 1]


@settings(max_examples=30)
@given(binning(), st.integers(0, 5))
def test_lazy_counts_equal_eager_ones(case, more):
    spikes, start, edges = case
    spikes = spikes * (more + 1)
    lazy = lazy_bin_spikes(spikes, start, edges)
    assert lazy.dtype == np.float32
    np.testing.assert_array_equal(lazy.compute(scheduler="sync"), bin_spikes(spikes, start, edges))


def test_lazy_counts_come_in_several_blocks():
    start, edges = np.arange(2000.0), np.arange(3000) * 0.001
    lazy = lazy_bin_spikes([np.array([float(i)]) for i in range(7)], start, edges)
    assert len(lazy.chunks[1]) == 4
    found = lazy[0].sum(axis=1).compute(scheduler="sync")
    np.testing.assert_array_equal(found, [1] * 7)


@st.composite
def observation(draw):
    pairs = draw(st.lists(st.tuples(EXACT, EXACT).map(sorted), max_size=5))
    start = np.array(draw(st.lists(EXACT, min_size=1, max_size=4)), float)
    edges = np.unique(draw(st.lists(EXACT, min_size=2, max_size=6, unique=True)))
    return np.array(pairs, float).reshape(-1, 2), start, edges


@settings(max_examples=120)
@given(observation())
def test_observed_bins_are_those_that_intervals_cover(case):
    """By brute force: each piece of a bin, in steps of 1/16, lies in some interval."""
    intervals, start, edges = case
    found = observed_bins(intervals, start, edges)
    for bin_ in range(len(edges) - 1):
        for trial, zero in enumerate(start):
            low, high = zero + edges[bin_], zero + edges[bin_ + 1]
            middles = np.arange(low + 1 / 32, high, 1 / 16)
            covered = [any(a <= t <= b for a, b in intervals) for t in middles]
            assert found[bin_, trial] == all(covered)


@settings(max_examples=100)
@given(st.floats(0, 5), st.floats(0.01, 5), st.sampled_from([0.01, 0.025, 0.05, 0.1, 1 / 3, 0.5]))
def test_edges_hold_zero_and_all_that_was_asked_for(before, after, width):
    edges = bin_edges_around_zero(before, after, width)
    assert np.isclose(edges, 0, atol=1e-12).any()
    np.testing.assert_allclose(np.diff(edges), width)
    assert edges[0] <= -before + 1e-5 * width
    assert edges[-1] >= after - 1e-5 * width
    assert edges[-1] - edges[0] < before + after + 2 * width


def test_too_many_bins_or_values_are_refused():
    with pytest.raises(WmsimError, match=r"Give a larger bin width, or check .*clock: ms"):
        bin_edges_around_zero(1.0, 10**6, 0.01)
    with pytest.raises(WmsimError, match=r"The activity would have 1e.13 values; at most 1e.12"):
        require_possible(10**13, what="The activity")
    require_possible(10**12, what="The activity")
