"""Folds, scaling, scores and nulls against slow, obviously right versions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import zscore
from sklearn.metrics import balanced_accuracy_score

from wmsim.decoding import (
    bootstrap_weights,
    leave_out,
    never_repeats,
    permutation_p,
    permute_trials,
    scores,
    standardise,
    trial_folds,
)
from wmsim.errors import WmsimError


@settings(max_examples=40)
@given(n_items=st.integers(1, 4), n_trials=st.integers(10, 80), n_folds=st.integers(2, 10),
       seed=st.integers(0, 10**6))  # fmt: skip
def test_folds_are_equal_in_size(n_items, n_trials, n_folds, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, 5, (n_items, n_trials))
    fold = trial_folds(labels, n_folds, rng=rng)
    assert np.ptp(np.bincount(fold, minlength=n_folds)) <= 1


def test_folds_spread_the_values_of_every_item():
    rng = np.random.default_rng(0)
    labels = np.array([rng.permutation(9)[:3] for _ in range(216)]).T
    fold = trial_folds(labels, 10, rng=rng)
    by_chance = rng.permutation(np.arange(216) % 10)

    def unevenness(folds):
        counts = [
            [np.bincount(item[folds == f], minlength=9) for f in range(10)] for item in labels
        ]
        return np.var(counts)

    assert unevenness(fold) < 0.5 * unevenness(by_chance)


def test_impossible_folds_say_what_to_do():
    rng = np.random.default_rng(0)
    with pytest.raises(WmsimError, match="use at most 3 folds"):
        trial_folds(np.zeros((1, 3), int), 5, rng=rng)
    with pytest.raises(WmsimError, match="needs at least 2"):
        trial_folds(np.zeros((1, 3), int), 1, rng=rng)


def test_scaling_is_the_z_score_of_training_trials():
    rng = np.random.default_rng(0)
    activity = rng.gamma(2, 3, (3, 20, 4))
    activity[..., 2] = 1 / 3  # constant
    train = np.arange(20) < 15
    scaled = standardise(activity, train)
    expected = zscore(activity[:, train][..., [0, 1, 3]], axis=1)
    np.testing.assert_allclose(scaled[:, train][..., [0, 1, 3]], expected)
    assert (scaled[..., 2] == 0).all()
    changed = activity.copy()
    changed[:, ~train] += 100
    np.testing.assert_array_equal(standardise(changed, train)[:, train], scaled[:, train])


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), k=st.integers(2, 6), n=st.integers(12, 60))
def test_scores_are_those_of_scikit_learn(seed, k, n):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % k)
    labels[:2] = -1
    decisions = rng.standard_normal((3, n, k))
    weights = bootstrap_weights(n, 2, rng=rng)
    found = scores(decisions, labels, weights)
    part = labels >= 0
    for d in range(3):
        for draw in range(3):
            w = weights[draw][part]
            per_value = [
                balanced_accuracy_score(
                    labels[part] == v, decisions[d, part, v] > 0, sample_weight=w
                )
                for v in range(k)
                if w[labels[part] == v].sum() > 0
            ]
            assert found[d, draw, 0] == pytest.approx(np.mean(per_value))
            hits = decisions[d, part].argmax(1) == labels[part]
            assert found[d, draw, 1] == pytest.approx(np.average(hits, weights=w))


def test_left_out_value_is_never_chosen():
    rng = np.random.default_rng(0)
    decisions = rng.standard_normal((2, 30, 4))
    labels = rng.integers(-1, 4, 30)
    chosen = leave_out(decisions, labels).argmax(-1)
    assert not (chosen == labels)[:, labels >= 0].any()
    np.testing.assert_array_equal(chosen[:, labels < 0], decisions.argmax(-1)[:, labels < 0])


def test_permutation_keeps_each_trials_sequence():
    rng = np.random.default_rng(0)
    labels = np.array([rng.permutation(5)[:3] for _ in range(40)]).T
    labels[2, :15] = -1
    shuffled = permute_trials(labels, rng=rng)
    assert sorted(map(tuple, shuffled.T)) == sorted(map(tuple, labels.T))
    np.testing.assert_array_equal(shuffled[2] < 0, labels[2] < 0)
    assert never_repeats(shuffled)
    assert not np.array_equal(shuffled, labels)


def test_permutation_keeps_to_groups():
    rng = np.random.default_rng(0)
    labels = np.array([np.arange(30), np.arange(30)])
    runs = np.repeat([2, 0, 1], 10)
    shuffled = permute_trials(labels, within=runs, rng=rng)
    np.testing.assert_array_equal(runs[shuffled[0]], runs)
    np.testing.assert_array_equal(shuffled[0], shuffled[1])
    assert (shuffled[0] != np.arange(30)).sum() > 15


def test_p_is_never_zero_and_uniform_under_the_null():
    rng = np.random.default_rng(0)
    assert permutation_p(10.0, np.zeros(99)) == 0.01
    assert np.isnan(permutation_p(1.0, np.empty(0)))
    draws = rng.standard_normal((4000, 20))
    p = np.array([permutation_p(row[0], row[1:]) for row in draws])
    for level in (0.05, 0.25, 0.5):
        assert (p <= level).mean() == pytest.approx(level, abs=0.03)
