"""The null of ridge decoders against refitting every decoder for every labelling."""

from dataclasses import replace

import numpy as np
import pytest

from wmsim.decoding import (
    Problem,
    cross_decode,
    generalisation_tensor,
    left_out_tensor,
    permutation_p,
    permute_trials,
)
from wmsim.decoding.null import permuted_labels
from wmsim.decoding.ridge import fit_ridge
from wmsim.decoding.ridge_null import ridge_null, ridge_tensors
from wmsim.decoding.scaling import standardise
from wmsim.errors import ConfigError, WmsimError

STATES = ((0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2))


def planted(seed=0, *, n_trials=60, n_units=20, k=4, n_items=3, signal=1.0, states=STATES):
    rng = np.random.default_rng(seed)
    labels = np.array([rng.permutation(max(k, n_items))[:n_items] % k for _ in range(n_trials)]).T
    activity = rng.standard_normal((n_items, n_trials, n_units))
    for item, step in states:
        code = rng.standard_normal((k, n_units))
        activity[step] += signal * code[labels[item]]
    return Problem(activity, labels, k, tuple(states))


def gappy():
    """Trials that lack an item, its activity, or any label."""
    problem = planted(3, n_trials=90)
    labels, activity = problem.labels.copy(), problem.activity.copy()
    labels[2, :30] = -1
    activity[2, :25] = np.nan
    labels[:, 84:] = -1
    activity[1, 84:, :5] = np.nan
    return replace(problem, labels=labels, activity=activity)


def with_folds(problem, n_folds=4):
    return replace(problem, fold=problem.folds(n_folds, rng=np.random.default_rng(1)))


def refitted(problem, labels, **how):
    """The slow way: all decoders of one labelling fitted on their own."""
    one = replace(problem, labels=labels)
    rng = np.random.default_rng(2)
    found = cross_decode(one, estimator="ridge", rng=rng, **how)
    ones = np.ones((1, one.n_trials))
    tensor = generalisation_tensor(one, found, ones)[:, :, 0]
    return tensor, left_out_tensor(one, found, ones)[:, :, 0], found.penalty[:, 0, 0]


CASES = {
    "more trials than units": (planted(), {}),
    "fewer trials than units": (planted(1, n_trials=40, n_units=70), {}),
    "two values": (planted(2, k=2), {}),
    "not balanced": (planted(4), {"balanced": False}),
    "items and activity missing": (gappy(), {}),
    "small penalty": (planted(5), {"penalties": (1e-6,)}),
    "penalty chosen": (planted(6, signal=0.3), {"penalties": (1e-3, 0.3, 100.0)}),
    "penalty chosen, items missing": (gappy(), {"penalties": (0.01, 30.0)}),
    "some states": (planted(7, states=STATES[1:5]), {}),
}


@pytest.mark.parametrize("case", CASES)
def test_all_labellings_are_as_if_fitted_one_by_one(case):
    problem, how = CASES[case]
    problem = with_folds(problem)
    rng = np.random.default_rng(5)
    labellings = permuted_labels(problem.labels, 5, within=problem.fold, rng=rng)
    labellings[0] = problem.labels
    found = ridge_tensors(
        problem, labellings, rng=np.random.default_rng(2), batch=2, threads=2, dtype=np.float64,
        **{"penalties": (1.0,), **how},
    )  # fmt: skip
    for number, labels in enumerate(labellings):
        tensor, left, penalty = refitted(problem, labels, **how)
        np.testing.assert_allclose(found.accuracy[number], tensor, atol=1e-12)
        np.testing.assert_allclose(found.left_out[number], left, atol=1e-12)
        np.testing.assert_array_equal(found.penalty[number], penalty)
    if len(how.get("penalties", ())) > 1:
        assert len(np.unique(found.penalty)) > 1


def test_single_precision_moves_next_to_no_decision():
    problem = with_folds(planted(8, n_trials=120, n_units=80))
    labellings = permuted_labels(problem.labels, 20, rng=np.random.default_rng(0))
    single, double = (
        ridge_tensors(problem, labellings, rng=np.random.default_rng(0), dtype=dtype).accuracy
        for dtype in (np.float32, np.float64)
    )
    assert (single != double).mean() < 1e-3
    np.testing.assert_allclose(single, double, atol=2 / 30)


def test_one_cell_by_hand():
    """Fold by fold with `fit_ridge`, scored by counting: nothing of the pipeline."""
    problem = with_folds(planted(9))
    found = ridge_tensors(problem, problem.labels[None], rng=np.random.default_rng(0))
    k, (item, step), (item_tested, step_tested) = 4, STATES[1], STATES[4]
    yes = np.empty((k, problem.n_trials), bool)
    best = np.empty(problem.n_trials, int)
    for fold in range(4):
        train, test = problem.fold != fold, problem.fold == fold
        scaled = standardise(problem.activity, train)
        positive = problem.labels[item, train] == np.arange(k)[:, None]
        one = fit_ridge(scaled[step, train], positive, penalty=1.0 * train.sum(), balanced=True)
        said = scaled[step_tested, test] @ one.normals.T + one.offsets
        yes[:, test], best[test] = said.T > 0, said.argmax(axis=1)
    labels = problem.labels[item_tested]
    balanced = [(yes[v, labels == v].mean() + 1 - yes[v, labels != v].mean()) / 2 for v in range(k)]
    assert found.accuracy[0, 1, 4, 0] == pytest.approx(np.mean(balanced))
    assert found.accuracy[0, 1, 4, 1] == pytest.approx((best == labels).mean())


def test_permutations_are_those_of_trials_within_folds():
    labels = gappy().labels
    fold = np.arange(90) % 3
    many = permuted_labels(labels, 4, within=fold, rng=np.random.default_rng(0))
    rng = np.random.default_rng(0)
    for one in many:
        np.testing.assert_array_equal(one, permute_trials(labels, within=fold, rng=rng))
        for part in range(3):
            assert sorted(map(tuple, one[:, fold == part].T)) == sorted(
                map(tuple, labels[:, fold == part].T)
            )


def test_p_is_uniform_without_a_code_and_small_with_one():
    """A design in which the label is partly predictable from its trial's other items."""
    p, middle = [], []
    for seed in range(60):
        problem = planted(100 + seed, n_trials=48, n_units=12, signal=0.0)
        rng = np.random.default_rng(seed)
        found = ridge_null(problem, n_folds=3, n_permutations=39, rng=rng, threads=1)
        problem, null = replace(problem, fold=found.fold), found.accuracy
        data = ridge_tensors(problem, problem.labels[None], rng=rng, threads=1).accuracy[0]
        for a, b, m in ((0, 0, 0), (0, 5, 1), (2, 4, 0), (5, 0, 0)):
            p.append(permutation_p(data[a, b, m], null[:, a, b, m]))
            # Equal ones half above and half below, as if ties were broken at random.
            below = permutation_p(-data[a, b, m], -null[:, a, b, m])
            middle.append((p[-1] + 1 - below) / 2)
    # 240 p-values, 12 of them expected at the level .05, with a deviation of 3.4 if independent.
    assert (np.array(p) <= 0.05).mean() < 0.10
    assert np.mean(middle) == pytest.approx(0.5, abs=0.06)
    problem = with_folds(planted(1))
    null = ridge_null(problem, n_permutations=99, rng=np.random.default_rng(0)).accuracy
    data = ridge_tensors(problem, problem.labels[None], rng=np.random.default_rng(0)).accuracy
    assert permutation_p(data[0, 0, 0, 0], null[:, 0, 0, 0]) == 0.01


def test_a_seed_fixes_the_null_whatever_the_batch():
    problem = planted()
    one, other = (
        ridge_null(problem, n_folds=4, n_permutations=7, penalties=(0.1, 10.0), batch=batch,
                   threads=threads, rng=np.random.default_rng(4))
        for batch, threads in ((None, 1), (3, 2))
    )  # fmt: skip
    np.testing.assert_array_equal(one.accuracy, other.accuracy)
    np.testing.assert_array_equal(one.penalty, other.penalty)


def test_what_cannot_be_permuted_or_fitted_is_said():
    problem, rng = planted(n_trials=24), np.random.default_rng(0)
    with pytest.raises(WmsimError, match=r"24 of 24 trials have no other one .* fewer folds"):
        ridge_null(problem, n_folds=24, n_permutations=3, rng=rng)
    with pytest.raises(WmsimError, match=r"expected `problem\.fold`"):
        ridge_tensors(problem, problem.labels[None], rng=rng)
    rare = problem.labels.copy()
    rare[1] = np.where(np.arange(24) == 5, 3, rare[1] % 3)
    with pytest.raises(WmsimError, match=r"Value 3 of item 2 does not occur among \d+ training"):
        ridge_null(replace(problem, labels=rare), n_folds=3, n_permutations=3, rng=rng)
    with pytest.raises(ConfigError, match="positive numbers, at least one; found"):
        ridge_null(problem, n_folds=3, n_permutations=3, penalties=(0.0,), rng=rng)
    halves = replace(problem, fold=np.arange(24) % 2)
    with pytest.raises(WmsimError, match="nothing left to choose by"):
        ridge_null(halves, n_permutations=3, penalties=(0.1, 1.0), rng=rng)
