"""Codes of a half and their inner products: unbiased, equal to the slow reference."""

from dataclasses import replace

import numpy as np
import pytest

from wmsim.compare.halves import Half, halve, make_step
from wmsim.errors import WmsimError


def half_of(side, trials=None):
    trials = np.arange(side.n_trials) if trials is None else trials
    return Half(side, trials, np.zeros(side.activity[:, 0].shape))


def leave_one_out(half, step):
    """Each trial's product with what all others predict for it is free of its noise."""
    own, activity = half.steps[step], half.activity(step)
    labels, k = half.labels, half.side.n_values
    n_trials, n_units = activity.shape
    codes = own.solve @ activity
    gram = codes @ codes.T
    design = [np.ones(n_trials)]
    design += [(labels[item] == value) * 1.0 for item in own.items for value in range(k)]
    design = np.stack(design, axis=1)
    for trial in range(n_trials):
        others = np.arange(n_trials) != trial
        fit = np.linalg.lstsq(design[others], activity[others], rcond=None)[0]
        noise = activity[trial] @ (activity[trial] - design[trial] @ fit)
        gram -= noise * np.outer(own.solve[:, trial], own.solve[:, trial])
    return gram / n_units


@pytest.mark.parametrize("step", [0, 2])
def test_gram_is_the_slow_reference(simulated_pair, step):
    side = simulated_pair(n_items=2, n_values=4, n_trials=40, n_units_brain=6, seed=1).brain
    half = half_of(side, np.arange(3, 33))
    np.testing.assert_allclose(half.gram(step), leave_one_out(half, step), atol=1e-9)


def test_gram_is_unbiased_whatever_the_noise_of_each_trial(simulated_pair):
    """Noise that is large where one value is shown would else make that value stand out."""
    side = simulated_pair(n_items=2, n_values=4, n_trials=48, n_units_brain=12, noise=0).brain
    rng = np.random.default_rng(2)
    spread = np.where(side.labels[0] == 1, 2.5, 0.5)[:, None] * rng.uniform(0.5, 1.5, 12)
    truth = half_of(side).codes(2).reshape(8, -1)
    truth = truth @ truth.T / 12
    draws, naive = [], []
    for _ in range(400):
        noisy = side.activity + spread * rng.standard_normal(side.activity.shape)
        half = half_of(replace(side, activity=noisy))
        draws.append(half.gram(2))
        codes = half.codes(2).reshape(8, -1)
        naive.append(codes @ codes.T / 12)
    error = np.std(draws, axis=0) / np.sqrt(len(draws))
    assert (np.abs(np.mean(draws, axis=0) - truth) < 4 * error).all()
    # The test would see what it is for.
    assert (np.abs(np.mean(naive, axis=0) - truth) > 10 * error).any()


def test_gram_between_steps_is_unbiased_though_noise_is_shared(simulated_pair):
    side = simulated_pair(n_items=2, n_values=4, n_trials=48, n_units_brain=12, noise=0).brain
    rng = np.random.default_rng(3)
    clean = half_of(side)
    truth = clean.codes(0).reshape(4, -1) @ clean.codes(2).reshape(8, -1).T / 12
    draws = []
    for _ in range(400):
        # The same noise at all steps.
        noise = rng.standard_normal(side.activity.shape[1:])
        draws.append(half_of(replace(side, activity=side.activity + noise)).gram(0, 2))
    error = np.std(draws, axis=0) / np.sqrt(len(draws))
    assert (np.abs(np.mean(draws, axis=0) - truth) < 4 * error).all()


def test_codes_are_exact_without_noise_and_sum_to_zero(simulated_pair, rng):
    side = simulated_pair(n_items=3, n_values=5, n_trials=90, noise=0).brain
    codes = [half_of(side, rng.permutation(90)[:60]).codes(3) for _ in range(2)]
    np.testing.assert_allclose(codes[0], codes[1], atol=1e-9)
    np.testing.assert_allclose(codes[0].sum(axis=1), 0, atol=1e-9)
    half = half_of(side)
    np.testing.assert_allclose(half.expected(3, side.labels) + 3, side.activity[3], atol=1e-9)


def test_shifts_of_activity_do_not_matter(simulated_pair):
    side = simulated_pair(seed=4).brain
    shifts = 100 * np.random.default_rng(4).standard_normal((4, 1, 25))
    plain = halve(side, np.random.default_rng(0))
    moved = halve(replace(side, activity=side.activity + shifts), np.random.default_rng(0))
    for one, other in zip(plain, moved, strict=True):
        np.testing.assert_allclose(one.gram(3), other.gram(3), atol=1e-8)
        np.testing.assert_allclose(one.codes(1), other.codes(1), atol=1e-9)
        np.testing.assert_allclose(one.gram(0, 3), other.gram(0, 3), atol=1e-8)


def test_order_of_trials_and_rotations_of_units_do_not_matter(simulated_pair, rng):
    side = simulated_pair(seed=5, n_trials=120).brain
    trials = rng.permutation(120)[:70]
    turn = np.linalg.qr(rng.standard_normal((25, 25)))[0]
    turned = replace(side, activity=side.activity @ turn)
    np.testing.assert_allclose(
        half_of(side, trials).gram(2), half_of(turned, np.sort(trials)).gram(2), atol=1e-9
    )


def test_gram_between_steps_is_symmetric(simulated_pair):
    half = half_of(simulated_pair(seed=6).brain)
    np.testing.assert_allclose(half.gram(1, 3), half.gram(3, 1).T, atol=1e-12)


def test_trials_without_an_item_count_for_the_others(simulated_pair):
    side = simulated_pair(n_items=2, n_values=4, n_trials=80, noise=0, seed=7).brain
    labels = side.labels.copy()
    lacking = np.arange(80) % 4 == 0
    codes = half_of(side).codes(2)
    activity = side.activity.copy()
    activity[2, lacking] -= codes[1][labels[1, lacking]]
    labels[1, lacking] = -1
    found = half_of(replace(side, labels=labels, activity=activity)).codes(2)
    np.testing.assert_allclose(found, codes, atol=1e-9)


def test_leverage_is_the_share_in_one_s_own_prediction(simulated_pair):
    side = simulated_pair(n_items=2, n_values=4, n_trials=50).brain
    step = make_step(side.labels, (0, 1), 4)
    assert step.leverage.sum() == pytest.approx(1 + 2 * 3)
    bumped = np.zeros((50, 1))
    bumped[7] = 1
    predicted = step.project @ (step.project.T @ bumped)
    assert predicted[7, 0] == pytest.approx(step.leverage[7])


def test_halves_share_no_trial_and_are_centred_on_each_other(simulated_pair):
    side = simulated_pair(n_trials=101).brain
    one, other = halve(side, np.random.default_rng(0))
    assert np.array_equal(np.union1d(one.trials, other.trials), np.arange(101))
    assert one.trials.size + other.trials.size == 101
    np.testing.assert_allclose(one.origin, side.activity[:, other.trials].mean(axis=1))
    given = halve(side, np.random.default_rng(9), like=one.trials)
    assert np.array_equal(given[0].trials, one.trials)


def test_too_few_trials_are_refused(simulated_pair):
    side = simulated_pair(n_items=3, n_values=8, n_trials=45).brain
    with pytest.raises(WmsimError, match=r"45 trials cannot be divided .*more than 46 trials"):
        halve(side, np.random.default_rng(0))
