"""Nothing that is tested was trained on; the arithmetic is that of plain ridge decoders."""

import numpy as np
import pytest

from wmsim.decoding import Problem, permute_trials
from wmsim.decoding.estimators import make_estimator
from wmsim.decoding.held_out import condition_table, held_out_tensor, shuffled_conditions
from wmsim.decoding.scaling import Scaling
from wmsim.decoding.scores import scores
from wmsim.errors import WmsimError


def made(seed=0, n=120, n_units=8, k=3, m=4):
    """Two items at two steps; a feature of k values and a condition of m."""
    rng = np.random.default_rng(seed)
    labels, condition = rng.integers(k, size=(2, n)), rng.integers(m, size=(2, n))
    activity = rng.standard_normal((2, n, n_units))
    activity[0] += rng.standard_normal((k, n_units))[labels[0]]
    activity[1] += rng.standard_normal((k, n_units))[labels[1]]
    problem = Problem(activity, labels, k, ((0, 0), (0, 1), (1, 1)))
    return problem, condition, rng.integers(3, size=n), rng


def test_it_is_ridge_fitted_without_fold_and_split():
    problem, split, fold, rng = made()
    found = held_out_tensor(problem, split, fold, problem.labels[None], penalty=2.0, rng=rng)
    ridge = make_estimator("ridge")
    for trial in (0, 17, 80):
        for column, (item, step) in enumerate(problem.states):
            for row, (own, at) in enumerate(problem.states):
                usable = fold != fold[trial]
                train, other = (usable & (split[i] != split[item, trial]) for i in (own, item))
                z = Scaling.of(problem.activity, train).apply(problem.activity[:, train])[at]
                positive = problem.labels[own, train] == np.arange(3)[:, None]
                fitted = ridge.fit(z, positive, 2.0, balanced=True, rng=rng)
                tested = Scaling.of(problem.activity, other).apply(problem.activity[:, [trial]])[
                    step
                ]
                np.testing.assert_allclose(
                    found.decisions[row, column, trial], fitted.decide(tested)[0], atol=1e-5
                )


def test_accuracies_are_those_of_the_decisions():
    problem, split, fold, rng = made(1)
    permuted = permute_trials(problem.labels, rng=rng)
    found = held_out_tensor(problem, split, fold, np.stack([problem.labels, permuted]), rng=rng)
    ones = np.ones((1, problem.n_trials))
    for column, (item, _) in enumerate(problem.states):
        expected = scores(found.decisions[:, column], problem.labels[item], ones)[:, 0]
        np.testing.assert_allclose(found.accuracy[0, :, column], expected)
    # The second labelling is what it would be as the first.
    alone = held_out_tensor(problem, split, fold, permuted[None], rng=rng)
    np.testing.assert_allclose(found.accuracy[1], alone.accuracy[0])


def test_activity_of_the_tested_condition_and_fold_changes_no_decoder():
    problem, split, fold, _ = made(2)
    labellings = problem.labels[None]
    before = held_out_tensor(problem, split, fold, labellings, rng=np.random.default_rng(0))
    activity = problem.activity.copy()
    trial = 5
    state = 0  # item 0 at step 0, where only item 0 matters
    gone = (split[0] == split[0, trial]) | (fold == fold[trial])
    gone[trial] = False
    activity[:, gone] += 100.0
    changed = Problem(activity, problem.labels, 3, problem.states)
    after = held_out_tensor(changed, split, fold, labellings, rng=np.random.default_rng(0))
    np.testing.assert_allclose(
        before.decisions[state, state, trial], after.decisions[state, state, trial], atol=1e-5
    )


def test_seen_decoders_have_as_many_items_and_know_the_condition():
    """Values whose order turns with the condition can be decoded only where it was seen."""
    rng = np.random.default_rng(3)
    labels, condition = np.tile([0, 1], 120)[None], np.repeat([0, 1], 120)[None]
    where = 2 * condition[0] + labels[0]
    activity = 4 * np.eye(4)[where][None] + rng.standard_normal((1, 240, 4))
    problem = Problem(activity, labels, 2, ((0, 0),))
    fold = rng.integers(4, size=240)
    found = held_out_tensor(problem, condition, fold, labels[None], rng=rng)
    seen = scores(found.seen[:, 0], labels[0], np.ones((1, 240)))[0, 0, 0]
    assert seen > 0.9
    assert abs(found.accuracy[0, 0, 0, 0] - 0.5) < 0.15


def test_shuffled_conditions_stay_whole():
    problem, condition, _, rng = made(4)
    labels = problem.labels
    for one in shuffled_conditions(labels, condition, 20, rng=rng):
        for c in range(4):
            own = condition == c
            pairs = np.unique(np.stack([labels[own], one[own]]), axis=1)
            # Each value becomes one other value, and no two the same.
            assert pairs.shape[1] == np.unique(pairs[0]).size == np.unique(pairs[1]).size


def test_of_nested_conditions_each_keeps_one_value():
    rng = np.random.default_rng(5)
    identity = rng.integers(6, size=(2, 100))
    category = identity // 2
    shuffled = shuffled_conditions(category, identity, 30, rng=rng)
    assert any((one != category).any() for one in shuffled)
    for one in shuffled:
        table = condition_table(one, identity) > 0
        assert (table.sum(axis=0) == 1).all()
        assert (table.sum(axis=1) == 2).all()


def test_a_value_that_only_the_split_has_is_refused():
    labels, split = np.array([[0, 1] * 20]), np.array([[0, 1] * 20])
    problem = Problem(np.random.default_rng(0).standard_normal((1, 40, 3)), labels, 2, ((0, 0),))
    fold = np.arange(40) // 2 % 2
    with pytest.raises(WmsimError, match="left for training"):
        held_out_tensor(problem, split, fold, labels[None], rng=np.random.default_rng(0))
