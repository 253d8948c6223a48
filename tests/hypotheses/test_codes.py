"""Codes: each item's own part, unbiased by noise, from halves that share no trial."""

import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.hypotheses.codes import (
    Block,
    contrasts,
    grams,
    make_estimator,
    unexplained,
    whitener,
)

STATES = ((0, 0), (0, 1), (1, 1))
K = 3


def make_block(rng, *, n_trials=120, n_units=8, repeats=True, noise=0.0, seen=STATES):
    """Activity that is the sum of known codes, and these codes (state, value, unit)."""
    labels = rng.integers(0, K, (2, n_trials))
    if not repeats:
        labels[1] = (labels[0] + rng.integers(1, K, n_trials)) % K  # another one
    codes = rng.standard_normal((len(STATES), K, n_units))
    codes -= codes.mean(axis=1, keepdims=True)
    activity = noise * rng.standard_normal((2, n_trials, n_units)) + 5
    for row, (item, step) in enumerate(STATES):
        if (item, step) in seen:
            activity[step] += codes[row][labels[item]]
    return Block(activity, labels, K), codes


@pytest.mark.parametrize("k", [2, 3, 7])
def test_contrasts_are_orthonormal_and_sum_to_0(k):
    basis = contrasts(k)
    np.testing.assert_allclose(basis.T @ basis, np.eye(k - 1), atol=1e-12)
    np.testing.assert_allclose(basis.sum(axis=0), 0, atol=1e-12)


@pytest.mark.parametrize("repeats", [True, False])
def test_codes_are_those_that_were_planted(rng, repeats):
    block, codes = make_block(rng, repeats=repeats)
    found = make_estimator(block, STATES, rng=rng).codes(block.activity)
    wanted = np.einsum("vc,svu->scu", contrasts(K), codes)
    np.testing.assert_allclose(found, np.broadcast_to(wanted, found.shape), atol=1e-9)


def test_each_half_is_ordinary_least_squares(rng):
    block, _ = make_block(rng, noise=1.0)
    estimator = make_estimator(block, STATES, halvings=1, rng=rng)
    found = estimator.codes(block.activity)
    basis = contrasts(K)
    for half in (0, 1):
        trials = np.flatnonzero(np.abs(estimator.solve[1]).reshape(2, -1, 120)[half].sum(axis=0))
        regressors = np.column_stack([np.ones(trials.size), *basis[block.labels[:, trials]]])
        solution = np.linalg.lstsq(regressors, block.activity[1, trials], rcond=None)[0]
        np.testing.assert_allclose(found[0, half, 1:].reshape(4, -1), solution[1:], atol=1e-9)


@pytest.mark.parametrize("resample", [False, True])
def test_no_trial_is_in_both_halves(rng, resample):
    block, _ = make_block(rng)
    for solve in make_estimator(block, STATES, resample=resample, rng=rng).solve:
        used = np.abs(solve).reshape(5, 2, -1, 120).sum(axis=2) > 0
        assert not (used[:, 0] & used[:, 1]).any()
        assert used.any(axis=1).mean() > (0.5 if resample else 0.99)


def test_an_item_that_is_not_coded_gets_no_code_from_one_that_is(rng):
    # Where labels never repeat, the mean activity for a value of item 2 tells of item 1.
    block, _ = make_block(rng, repeats=False, seen=((0, 0), (0, 1)))
    marginal = [block.activity[1, block.labels[1] == v].mean(axis=0) for v in range(K)]
    assert np.std(marginal, axis=0).mean() > 0.1
    found = make_estimator(block, STATES, rng=rng).codes(block.activity)
    np.testing.assert_allclose(found[:, :, 2], 0, atol=1e-9)


def test_noise_adds_nothing_to_inner_products_on_average(rng):
    kernels = []
    for _ in range(150):
        block, _ = make_block(rng, n_trials=40, noise=1.0, seen=())
        kernels.append(grams(make_estimator(block, STATES, rng=rng).codes(block.activity)).kernel)
    mean, error = np.mean(kernels, axis=0), np.std(kernels, axis=0) / np.sqrt(150)
    assert (np.abs(mean) < 4 * error).all()
    codes = make_estimator(block, STATES, rng=rng).codes(block.activity)
    assert (codes**2).sum(axis=(0, 1, 3, 4)).min() > 1  # within a half noise does add


def test_inner_products_of_blocks_add_up_over_units(rng):
    block, _ = make_block(rng, noise=1.0)
    codes = make_estimator(block, STATES, rng=rng).codes(block.activity)
    parts = grams(codes[..., :3]) + grams(codes[..., 3:])
    np.testing.assert_allclose(parts.within, grams(codes).within, atol=1e-9)
    np.testing.assert_allclose(parts.kernel, grams(codes).kernel, atol=1e-9)


def test_items_that_some_trials_lack_are_told_from_those_they_have(rng):
    block, codes = make_block(rng)
    labels = block.labels.copy()
    lacking = rng.random(120) < 0.3
    activity = block.activity.copy()
    activity[1, lacking] -= codes[2][labels[1, lacking]] + 7  # fewer items, and another mean
    labels[1, lacking] = -1
    found = make_estimator(Block(activity, labels, K), STATES, rng=rng).codes(activity)
    wanted = np.einsum("vc,svu->scu", contrasts(K), codes)
    np.testing.assert_allclose(found, np.broadcast_to(wanted, found.shape), atol=1e-9)


def test_unexplained_is_free_of_codes_and_as_large_as_the_noise(rng):
    block, _ = make_block(rng, n_trials=30, noise=0.0)
    np.testing.assert_allclose(unexplained(block, STATES), 0, atol=1e-9)
    spread = [
        unexplained(make_block(rng, n_trials=30, noise=2.0)[0], STATES).std() for _ in range(40)
    ]
    assert np.mean(spread) == pytest.approx(2.0, rel=0.02)


def test_whitened_noise_is_white(rng):
    mixing = np.eye(6) + 0.3 * rng.standard_normal((6, 6))
    noise = rng.standard_normal((2, 4000, 6)) @ mixing
    white = (noise @ whitener(noise)).reshape(-1, 6)
    np.testing.assert_allclose(np.cov(white.T), np.eye(6), atol=0.05)


def test_a_unit_without_noise_is_not_blown_up(rng):
    noise = rng.standard_normal((2, 50, 4))
    noise[:, :, 2] = 0
    assert np.abs(whitener(noise)).max() < 5
    np.testing.assert_array_equal(whitener(np.zeros((2, 50, 4))), np.eye(4))


def test_too_few_trials_are_named_with_how_many_are_needed(rng):
    block, _ = make_block(rng, n_trials=14)
    with pytest.raises(WmsimError, match=r"14 trials are too few .* 3 values .* at least 8"):
        make_estimator(block, STATES, rng=rng)
