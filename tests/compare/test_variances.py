"""Intervals and tests keep what they promise, with known components of variance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wmsim.compare.variances import (
    BRAINS,
    CROSSED,
    NOTHING,
    OVER,
    STIMULI,
    estimate,
    holm,
    with_draws,
)

N_SIMULATIONS = 1000
K = 10
TRUTH = 0.3


def simulated(n_brains, *, shared, brain_sd, stimulus_sd, noise_sd, n_models=1, n_resamples=500,
              seed=0):  # fmt: skip
    """Scores (simulation, model, brain) and resamples of them, of models that are all alike."""
    rng = np.random.default_rng(seed)

    def normal(*shape):
        return rng.standard_normal((N_SIMULATIONS, *shape))

    stimuli = stimulus_sd * normal(n_models, 1 if shared else n_brains, K)
    parts = TRUTH + brain_sd * normal(n_models, n_brains, 1) + stimuli
    parts = parts + noise_sd * normal(n_models, n_brains, K)
    # The same resamples in all simulations: so many that their own error is small.
    weights = rng.multinomial(K, np.full(K, 1 / K), size=n_resamples) / K
    return parts.mean(axis=-1), parts @ weights.T


def coverage(found, level=0.95):
    low, high = found.interval(level)
    return ((low <= TRUTH) & (high >= TRUTH)).mean()


@pytest.mark.parametrize(
    ("n_brains", "shared", "draw_sd"), [(1, False, 0.3), (1, False, 3.0), (8, True, 3.0)]
)
def test_a_floor_that_is_a_mean_of_few_shuffles_is_not_exact(n_brains, shared, draw_sd):
    values, resampled = simulated(
        n_brains, shared=shared, brain_sd=0.1 * (n_brains > 1), stimulus_sd=0.2, noise_sd=0.1
    )
    rng = np.random.default_rng(9)
    draws = TRUTH + draw_sd * rng.standard_normal((*values.shape, 6))
    floor = draws.mean(axis=-1)
    found = estimate(values - floor, resampled - floor[..., None], np.full(n_brains, K),
                     shared=shared)  # fmt: skip
    exact = (found.p_values(greater=True) < 0.05).mean()
    found = with_draws(found, draws, np.isfinite(values))
    wrong = (found.p_values(greater=True) < 0.05).mean()
    assert wrong <= 0.07
    assert wrong >= 0.02
    if n_brains == 1:
        assert exact > 0.09
    else:  # it is in the variance over brains
        assert wrong == exact


@pytest.mark.parametrize("brain_sd", [0.0, 0.1])
@pytest.mark.parametrize("n_brains", [3, 12])
def test_intervals_of_brains_with_their_own_stimuli_cover(n_brains, brain_sd):
    values, resampled = simulated(
        n_brains, shared=False, brain_sd=brain_sd, stimulus_sd=0.2, noise_sd=0.1
    )
    found = estimate(values, resampled, np.full(n_brains, K), shared=False)
    assert coverage(found) == pytest.approx(0.95, abs=0.02)
    assert (found.over == OVER.index(BRAINS)).all()


@pytest.mark.parametrize(
    ("brain_sd", "stimulus_sd", "noise_sd"),
    [(0.1, 0.0, 0.0), (0.0, 0.3, 0.0), (0.1, 0.3, 0.1), (0.05, 0.1, 0.5), (0.0, 0.0, 0.5)],
)
def test_intervals_of_brains_with_the_same_stimuli_cover(brain_sd, stimulus_sd, noise_sd):
    """Never too narrow; a little wide at most, where the interaction is all there is."""
    values, resampled = simulated(
        10, shared=True, brain_sd=brain_sd, stimulus_sd=stimulus_sd, noise_sd=noise_sd
    )
    found = estimate(values, resampled, np.full(10, K), shared=True)
    assert 0.93 <= coverage(found) <= 0.995
    assert (found.over == OVER.index(CROSSED)).all()


def test_shared_stimuli_taken_for_own_are_too_sure():
    """What the crossed variance is for."""
    values, resampled = simulated(10, shared=True, brain_sd=0.05, stimulus_sd=0.3, noise_sd=0.1)
    sizes = np.full(10, K)
    assert coverage(estimate(values, resampled, sizes, shared=False)) < 0.6
    assert coverage(estimate(values, resampled, sizes, shared=True)) > 0.93


def test_intervals_of_one_brain_cover_what_holds_for_it():
    values, resampled = simulated(1, shared=False, brain_sd=0.0, stimulus_sd=0.2, noise_sd=0.1)
    found = estimate(values, resampled, np.array([K]), shared=False)
    assert coverage(found) == pytest.approx(0.95, abs=0.02)
    assert (found.over == OVER.index(STIMULI)).all()
    assert (found.df == K - 1).all()


def test_the_crossed_variance_is_unbiased():
    brain, stimulus, noise, n = 0.1, 0.3, 0.4, 8
    values, resampled = simulated(
        n, shared=True, brain_sd=brain, stimulus_sd=stimulus, noise_sd=noise
    )
    found = estimate(values, resampled, np.full(n, K), shared=True)
    truth = brain**2 / n + stimulus**2 / K + noise**2 / (n * K)
    assert found.variance.mean() == pytest.approx(truth, rel=0.05)


def test_the_crossed_variance_is_rsatoolbox_s():
    """Brains drawn with replacement, very often, give what arithmetic gives."""
    inference_util = pytest.importorskip("rsatoolbox.util.inference_util")
    rng = np.random.default_rng(2)
    n, n_resamples = 6, 1000
    parts = rng.standard_normal((n, 1)) + rng.standard_normal(K) + 3 * rng.standard_normal((n, K))
    weights = rng.multinomial(K, np.full(K, 1 / K), size=n_resamples) / K
    values, resampled = parts.mean(axis=-1), parts @ weights.T
    brains = rng.integers(n, size=(250, n_resamples, n))
    both = np.take_along_axis(resampled.T[None], brains, axis=-1).mean(axis=-1).var()
    alone = values.var() / n  # what drawing them without end gives
    stimuli = resampled.mean(axis=0).var()
    expected = inference_util._dual_bootstrap(np.array([[both], [alone], [stimuli]]), n, K)
    assert max(alone * n / (n - 1), stimuli * K / (K - 1)) < expected[0] < both  # no bound is met
    found = estimate(values, resampled, np.full(n, K), shared=True)
    assert found.variance == pytest.approx(expected[0], rel=0.02)


@pytest.mark.parametrize("shared", [False, True])
def test_corrected_differences_of_models_that_are_alike_are_rarely_found(shared):
    values, resampled = simulated(
        8,
        shared=shared,
        brain_sd=0.1,
        stimulus_sd=0.1,
        noise_sd=0.1,
        n_models=4,
        n_resamples=200,
        seed=1,
    )
    one, other = np.triu_indices(4, 1)
    found = estimate(
        values[:, one] - values[:, other], resampled[:, one] - resampled[:, other],
        np.full(8, K), shared=shared,
    )  # fmt: skip
    p = found.p_values()
    assert (p < 0.05).any(axis=1).mean() > 0.1  # without correction there are many
    wrong = np.mean([(holm(row) < 0.05).any() for row in p])
    assert wrong <= 0.065


def test_one_sided_tests_of_nothing_are_uniform():
    values, resampled = simulated(6, shared=False, brain_sd=0.1, stimulus_sd=0.1, noise_sd=0.1)
    found = estimate(values - TRUTH, resampled, np.full(6, K), shared=False)
    p = found.p_values(greater=True).ravel()
    for share in (0.05, 0.5, 0.95):
        assert (p < share).mean() == pytest.approx(share, abs=0.035)


def plain_holm(p):
    """As the paper has it, a step at a time."""
    corrected, largest = {}, 0.0
    tested = sorted((value, place) for place, value in enumerate(p) if value == value)
    for rank, (value, place) in enumerate(tested):
        largest = max(largest, min(1.0, (len(tested) - rank) * value))
        corrected[place] = largest
    return [corrected.get(place, np.nan) for place in range(len(p))]


@given(arrays(float, st.integers(0, 30), elements=st.one_of(st.floats(0, 1), st.just(np.nan))))
def test_holm_is_the_plain_algorithm(p):
    np.testing.assert_allclose(holm(p), plain_holm(p), rtol=1e-12)


def test_brains_without_a_score_do_not_count():
    rng = np.random.default_rng(0)
    values, resampled = rng.standard_normal((2, 5)), rng.standard_normal((2, 5, 60))
    values[1, [0, 3]] = np.nan
    resampled[1, [0, 3]] = np.nan
    for shared in (False, True):
        found = estimate(values, resampled, np.full(5, K), shared=shared)
        there = [1, 2, 4]
        alone = estimate(values[1, there], resampled[1, there], np.full(3, K), shared=shared)
        assert found.n.tolist() == [5, 3]
        for name in ("mean", "variance", "df", "over"):
            assert getattr(found, name)[1] == pytest.approx(getattr(alone, name))


def test_nothing_gives_nothing():
    found = estimate(np.full((2, 3), np.nan), np.empty((2, 3, 0)), np.full(3, K), shared=True)
    assert np.isnan(found.mean).all()
    assert np.isnan(found.p_values()).all()
    assert (found.over == OVER.index(NOTHING)).all()


def test_too_few_resamples_are_none():
    """Those that were never drawn do not count; those that gave nothing do."""
    rng = np.random.default_rng(0)
    values, resampled = rng.standard_normal((1, 1)), rng.standard_normal((1, 1, 1000))
    costly = resampled.copy()
    costly[..., 100:] = np.nan
    assert np.isfinite(estimate(values, costly, np.array([K]), shared=False).variance)
    choosy = resampled.copy()
    choosy[..., ::3] = choosy[..., 1::3] = np.nan
    assert np.isnan(estimate(values, choosy, np.array([K]), shared=False).variance)


def test_values_that_are_all_the_same_prove_nothing():
    same = estimate(np.array([[0.2] * 4, [0.0] * 4]), np.empty((2, 4, 0)), np.full(4, K),
                    shared=False)  # fmt: skip
    np.testing.assert_array_equal(same.p_values(), [np.nan, 1.0])
