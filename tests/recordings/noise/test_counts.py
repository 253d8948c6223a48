"""Counts: mean, Fano factor and correlation as asked for, against scipy's distributions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from wmsim.recordings.noise.counts import (
    draw_counts,
    effective_fano,
    hermite_weights,
    latent_correlation,
    mean_correlation,
)

GRID = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)


def reference(mean, fano):
    if fano == 1:
        return stats.poisson(mean)
    if fano > 1:
        return stats.nbinom(mean / (fano - 1), 1 / fano)
    size = np.ceil(mean / (1 - fano) - 1e-9)
    return stats.binom(size, mean / size)


@pytest.mark.parametrize("fano", [0.3, 0.8, 1, 1.4, 3.0, 12.0])
@pytest.mark.parametrize("mean", [0.004, 0.3, 2.0, 17.0])
def test_counts_are_quantiles_of_the_distribution(mean, fano):
    ours = draw_counts(GRID, np.full(GRID.size, mean), fano)
    theirs = reference(mean, fano).ppf(stats.norm.cdf(GRID))
    assert (ours == theirs).mean() > 0.999  # ties of rounding at most


@pytest.mark.parametrize(("mean", "fano"), [(300.0, 1), (5000.0, 1.5), (900.0, 0.5), (2e4, 3.0)])
def test_large_counts_have_mean_variance_and_skewness(mean, fano):
    ours = draw_counts(GRID, np.full(GRID.size, mean), fano)
    theirs = reference(mean, fano)
    np.testing.assert_allclose(ours.mean(), mean, rtol=1e-3)
    np.testing.assert_allclose(ours.var(), theirs.var(), rtol=0.01)
    np.testing.assert_allclose(ours, theirs.ppf(stats.norm.cdf(GRID)), rtol=0.01, atol=1)


@given(st.floats(0, 3000), st.floats(0.2, 20), st.integers(0, 2**32))
def test_counts_are_whole_and_grow_with_the_variable_and_the_mean(mean, fano, seed):
    normal = np.sort(np.random.default_rng(seed).standard_normal(50))
    counts = draw_counts(normal, np.full(50, mean), fano)
    assert (counts == np.rint(counts)).all()
    assert (counts >= 0).all()
    assert (np.diff(counts) >= 0).all()
    if mean == 0:
        assert not counts.any()


def test_fano_below_one_is_that_of_whole_spikes():
    mean = np.array([0.01, 0.5, 5.0, 50.0])
    counts = np.stack([draw_counts(GRID, np.full(GRID.size, m), 0.5) for m in mean])
    measured = counts.var(axis=1) / counts.mean(axis=1)
    np.testing.assert_allclose(measured, effective_fano(mean, 0.5), rtol=0.02)
    assert abs(measured[-1] - 0.5) < 0.01
    assert measured[0] > 0.98


@pytest.mark.parametrize("fano", [0.6, 1.0, 2.0])
@pytest.mark.parametrize("latent", [0.1, 0.6])
def test_correlation_of_counts_is_predicted(fano, latent):
    rng = np.random.default_rng(1)
    mean = np.array([0.2, 3.0, 40.0, 3000.0])
    shared = rng.standard_normal(200_000)
    own = rng.standard_normal((4, 200_000))
    normal = np.sqrt(latent) * shared + np.sqrt(1 - latent) * own
    counts = draw_counts(normal, np.broadcast_to(mean[:, None], normal.shape), fano)
    measured = np.corrcoef(counts)[np.triu_indices(4, 1)].mean()
    weights = hermite_weights(mean, fano)
    assert abs(mean_correlation(weights, latent) - measured) < 0.006


def test_latent_correlation_inverts_the_prediction():
    weights = hermite_weights(np.array([0.05, 0.4, 2.0, 30.0]), 1.5)
    for wanted in (0.0, 0.02, 0.2):
        latent = latent_correlation(weights, wanted)
        assert abs(mean_correlation(weights, latent) - wanted) < 1e-9
        assert latent >= wanted
    assert np.isnan(latent_correlation(weights, 0.95))
    assert latent_correlation(weights[:1], 0.5) == 0  # one unit has no pair
