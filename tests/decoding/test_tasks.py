"""Decoders of one task in other tasks: what was planted, and no trial ever met by its decoder."""

from dataclasses import replace

import numpy as np
import pytest

from wmsim.decoding import Problem, cross_decode, generalisation_tensor, scores
from wmsim.decoding.cross import Fitting
from wmsim.decoding.scaling import Scaling
from wmsim.decoding.tasks import Tally, decode_task, fold_scalings, probe_labels
from wmsim.errors import WmsimError

STATES = ((0, 0), (0, 1), (1, 1))
HOW = Fitting.of("svc")


def task(seed, codes, *, n_trials=80, gain=1.0, shift=0.0, states=STATES):
    """Two items in two steps, coded by `codes` (item, value, unit)."""
    rng = np.random.default_rng(seed)
    k, n_units = codes.shape[1:]
    labels = rng.integers(0, k, (2, n_trials))
    activity = rng.standard_normal((2, n_trials, n_units))
    activity += codes[0, labels[0]]
    activity[1] += codes[1, labels[1]]
    return Problem(activity * gain + shift, labels, k, states)


def codes_of(seed, k=4, n_units=20):
    return np.random.default_rng([seed, 1]).standard_normal((2, k, n_units))


def decode_all(problems, *, how=HOW, n_folds=4, probe=(0, 0)):
    folds = [p.folds(n_folds, rng=np.random.default_rng(n)) for n, p in enumerate(problems)]
    found = []
    for own, problem in enumerate(problems):
        rng = np.random.default_rng(own)
        problem.folds(n_folds, rng=rng)
        found.append(decode_task(problems, folds, own, how, probe=probe, rng=rng))
    return folds, found


def test_the_diagonal_is_what_one_task_alone_gives():
    problems = [task(s, codes_of(0)) for s in (1, 2)]
    how = Fitting.of("svc", (0.001, 0.1))
    folds, found = decode_all(problems, how=how)
    for own, problem in enumerate(problems):
        alone = cross_decode(
            problem, n_folds=4, penalties=(0.001, 0.1), rng=np.random.default_rng(own)
        )
        tensor = generalisation_tensor(problem, alone, np.ones((1, problem.n_trials)))[:, :, 0]
        for way in (0, 1):  # within a task, both scalings are one
            np.testing.assert_allclose(found[own].tensors[own][way], tensor, atol=1e-12)
            np.testing.assert_array_equal(found[own].probes[own][way], alone.decisions[0, 0])
        np.testing.assert_array_equal(found[own].penalty, alone.penalty)
        np.testing.assert_array_equal(folds[own], alone.fold)
        np.testing.assert_array_equal(found[own].normals, alone.normals.astype(np.float32))


@pytest.mark.parametrize("estimator", ["svc", "lda"])
def test_other_tasks_are_those_of_one_decoder_at_a_time(estimator):
    problems = [task(1, codes_of(0)), task(2, codes_of(3), gain=2.0, shift=1.0, n_trials=60)]
    folds, found = decode_all(problems, how=Fitting.of(estimator))
    one, tested = found[0], problems[1]
    said = np.empty((2, 3, 2, 60, 4))
    for fold in range(4):
        own_scaling = Scaling.of(problems[0].activity, folds[0] != fold)
        scaling = Scaling.of(tested.activity, folds[1] != fold)
        test = folds[1] == fold
        for way, scale in enumerate((scaling, own_scaling)):
            scaled = scale.apply(tested.activity)[:, test]
            for state in range(3):
                for value in range(4):
                    said[way, state][:, test, value] = (
                        scaled @ one.normals[fold, state, value] + one.offsets[fold, state, value]
                    )
    for way in (0, 1):
        np.testing.assert_allclose(one.probes[1][way], said[way, 0, 0], atol=1e-4)
        for column, (item, step) in enumerate(STATES):
            expected = scores(said[way][:, step], tested.labels[item], np.ones((1, 60)))[:, 0]
            np.testing.assert_allclose(one.tensors[1][way][:, column], expected, atol=1e-12)


def test_no_decision_comes_from_a_decoder_that_saw_the_trial():
    """Change a trial: what decoders of its own fold are, and say of others, stays as it was."""
    problems = [task(s, codes_of(0)) for s in (1, 2)]
    _, before = decode_all(problems)
    activity = problems[0].activity.copy()
    activity[:, 7] += 5
    folds, after = decode_all([replace(problems[0], activity=activity), problems[1]])
    own = folds[0][7]
    np.testing.assert_array_equal(before[0].normals[own], after[0].normals[own])
    for fold in set(range(4)) - {own}:
        assert not np.allclose(before[0].normals[fold], after[0].normals[fold])
    # Decoders of the other task are as they were; of the changed task's trials, those of the fold
    # are scaled by the others.
    np.testing.assert_array_equal(before[1].normals, after[1].normals)
    same = (folds[0] == own) & (np.arange(80) != 7)
    np.testing.assert_array_equal(before[1].probes[0][:, same], after[1].probes[0][:, same])
    test = folds[1] == own
    np.testing.assert_array_equal(before[0].probes[1][0, test], after[0].probes[1][0, test])
    assert not np.array_equal(before[0].probes[1][0, ~test], after[0].probes[1][0, ~test])


def test_shared_codes_transfer_and_separate_ones_do_not():
    shared = [task(s, codes_of(0)) for s in (1, 2)]
    _, found = decode_all(shared)
    assert found[0].tensors[1][0, 0, 0, 0] > 0.85
    assert found[1].tensors[0][0, 2, 2, 0] > 0.75
    values = []
    for seed in range(6):
        separate = [task(seed, codes_of(seed)), task(seed + 50, codes_of(seed + 90))]
        _, found = decode_all(separate)
        assert found[0].tensors[0][0, 0, 0, 0] > 0.85
        values += [found[0].tensors[1][0, 0, 0, 0], found[1].tensors[0][0, 0, 0, 0]]
    assert np.mean(values) == pytest.approx(0.5, abs=0.05)


def test_gains_and_baselines_count_only_where_the_trained_task_scales():
    rng = np.random.default_rng(0)
    codes = codes_of(0)
    # A baseline that looks like one of the values.
    gain, shift = np.exp(0.5 * rng.standard_normal(20)), 3 * codes[0, 0]
    problems = [task(1, codes), task(2, codes, gain=gain, shift=shift)]
    _, found = decode_all(problems)
    tested, trained = found[0].tensors[1][:, 0, 0, 0]
    assert tested > 0.85
    assert trained < tested - 0.15


def test_trials_that_lack_an_item_take_no_part():
    problem = task(1, codes_of(0))
    labels, activity = problem.labels.copy(), problem.activity.copy()
    labels[1, :20] = -1
    activity[1, :20] = np.nan
    gappy = replace(problem, labels=labels, activity=activity)
    problems = [gappy, task(2, codes_of(0))]
    _, found = decode_all(problems)
    alone = cross_decode(gappy, n_folds=4, rng=np.random.default_rng(0))
    tensor = generalisation_tensor(gappy, alone, np.ones((1, 80)))[:, :, 0]
    np.testing.assert_allclose(found[0].tensors[0][0], tensor, atol=1e-12)
    assert np.isfinite(found[1].tensors[0]).all()
    assert (probe_labels(gappy, (1, 1))[:20] == -1).all()


def test_tallies_are_scores():
    rng = np.random.default_rng(0)
    decisions = rng.standard_normal((5, 40, 3)).astype(np.float32)
    labels = rng.integers(-1, 3, (3, 40))
    labels[1] = np.where(labels[1] == 2, 0, labels[1])  # a value that is never tested
    labels[2] = np.where(labels[2] >= 0, 1, -1)  # nothing else is tested
    tally = Tally(5, 3, 3)
    for half in (slice(0, 15), slice(15, 40)):
        tally.add(decisions[:, half], labels[:, half], [0, 1, 2])
    expected = [scores(decisions, one, np.ones((1, 40)))[:, 0] for one in labels]
    np.testing.assert_allclose(tally.scores(), np.stack(expected, axis=1), atol=1e-12)


def test_decoders_that_are_no_hyperplanes_are_tested_in_other_tasks_too():
    from sklearn.naive_bayes import GaussianNB

    problems = [task(s, codes_of(0)) for s in (1, 2)]
    _, found = decode_all(problems, how=Fitting.of(GaussianNB()))
    assert found[0].normals is None
    assert found[0].tensors[1][0, 0, 0, 0] > 0.7


def test_tasks_that_do_not_fit_are_refused():
    one, other = (task(s, codes_of(0)) for s in (1, 2))
    fold = np.arange(80) % 4
    scalings = [fold_scalings(one, fold)] * 2

    def run(second, second_fold=fold, probe=(0, 0)):
        return decode_task(
            [one, second], [fold, second_fold], 0, HOW, probe=probe, scalings=scalings,
            rng=np.random.default_rng(0),
        )  # fmt: skip

    with pytest.raises(WmsimError, match="Task 2 has 2 steps, 10 units and 4 values, the first"):
        run(replace(other, activity=other.activity[..., :10]))
    with pytest.raises(WmsimError, match="Task 2 has trials in 3 folds, the first task in 4"):
        run(other, np.minimum(fold, 2))
    with pytest.raises(WmsimError, match="Task 2 has no state of item 2 at step 2"):
        run(replace(other, states=STATES[:2]), probe=(1, 1))
