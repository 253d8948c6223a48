"""All decoders at once against one decoder at a time, and nothing where there is nothing."""

from dataclasses import replace

import numpy as np
import pytest

from wmsim.decoding import (
    Problem,
    bootstrap_weights,
    cross_decode,
    fit_svc,
    generalisation_tensor,
    left_out_tensor,
    standardise,
)
from wmsim.errors import WmsimError


def planted(seed, *, n_trials=80, n_units=20, k=4, signal=2.0):
    """Two items, three steps; every item is coded in the same units at every step it is held."""
    rng = np.random.default_rng(seed)
    labels = np.array([rng.permutation(k)[:2] for _ in range(n_trials)]).T
    activity = rng.standard_normal((3, n_trials, n_units))
    codes = rng.standard_normal((2, k, n_units)) * signal / 2
    for step in range(3):
        for item in range(min(step + 1, 2)):
            activity[step] += codes[item, labels[item]]
    return Problem(activity, labels, k, ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2)))


def test_decisions_are_those_of_one_decoder_at_a_time():
    problem = planted(0)
    found = cross_decode(problem, n_folds=4, rng=np.random.default_rng(1))
    for fold in range(4):
        train = found.fold != fold
        scaled = standardise(problem.activity, train)
        for row, (item, step) in enumerate(problem.states):
            for value in range(4):
                one = fit_svc(
                    scaled[step, train], (problem.labels[item, train] == value)[None], penalty=0.01
                )
                for other in range(3):
                    expected = scaled[other, ~train] @ one.normals[0] + one.offsets[0]
                    np.testing.assert_allclose(
                        found.decisions[row, other, ~train, value], expected, atol=1e-4
                    )


def test_a_trial_never_meets_the_decoders_that_it_fitted():
    """Change one trial's activity: only decoders of other folds may change their normals."""
    problem = planted(3)
    before = cross_decode(problem, n_folds=5, rng=np.random.default_rng(1))
    activity = problem.activity.copy()
    activity[:, 7] += 5
    after = cross_decode(
        Problem(activity, problem.labels, 4, problem.states),
        n_folds=5, rng=np.random.default_rng(1),
    )  # fmt: skip
    own = before.fold[7]
    np.testing.assert_array_equal(before.normals[own], after.normals[own])
    others = [fold for fold in range(5) if fold != own]
    assert all(not np.allclose(before.normals[f], after.normals[f]) for f in others)


def test_no_signal_is_at_chance_however_many_units():
    values = []
    for seed in range(12):
        problem = planted(seed, signal=0.0, n_units=150)
        decoding = cross_decode(problem, n_folds=5, rng=np.random.default_rng(seed))
        values.append(generalisation_tensor(problem, decoding, np.ones((1, 80)))[:, :, 0, 0])
    assert np.mean(values) == pytest.approx(0.5, abs=0.01)
    assert np.mean([v.diagonal() for v in values]) == pytest.approx(0.5, abs=0.03)


def test_transfer_between_items_follows_what_was_planted():
    problem = planted(1)
    decoding = cross_decode(problem, n_folds=5, rng=np.random.default_rng(0))
    weights = bootstrap_weights(80, 30, rng=np.random.default_rng(0))
    tensor = generalisation_tensor(problem, decoding, weights)
    assert tensor[0, 0, 0, 0] > 0.9
    assert tensor[0, 2, 0, 0] > 0.8  # same item, other step: the code stays
    # Codes of the two items are unrelated, and item 1's is still there when item 2 is shown.
    # Because items never repeat, reading item 1 means never being right about item 2: below 1/4
    # without any reversal of a code.
    assert tensor[0, 3, 0, 1] < 0.15
    left = left_out_tensor(problem, decoding, weights)
    assert np.isnan(left[0, 0]).all()
    assert left[0, 3, 0] == pytest.approx(1 / 3, abs=0.13)


def test_decoders_fitted_where_both_items_are_present_learn_that_items_differ():
    """Such a decoder says "not this one" to the other item's value, even with its own left out."""
    problem = planted(1)
    decoding = cross_decode(problem, n_folds=5, rng=np.random.default_rng(0))
    left = left_out_tensor(problem, decoding, np.ones((1, 80)))
    assert left[1, 3, 0] < 0.2


def test_c_is_chosen_in_the_training_trials():
    """A tiny C tells means apart only; a fluctuation that all units share takes more."""
    problem = planted(2)
    rng = np.random.default_rng(1)
    shared = 2 * rng.standard_normal((3, 80, 1)) * rng.choice([-1.0, 1.0], 20)
    problem = replace(problem, activity=problem.activity + shared)
    found = cross_decode(problem, n_folds=3, penalties=(1e-6, 1.0), rng=np.random.default_rng(0))
    assert (found.penalty == 1.0).all()


def test_trials_without_an_item_take_no_part():
    problem = planted(4)
    labels, activity = problem.labels.copy(), problem.activity.copy()
    labels[1, :20] = -1
    activity[1:, :20] = np.nan
    gappy = Problem(activity, labels, 4, problem.states)
    decoding = cross_decode(gappy, n_folds=4, rng=np.random.default_rng(0))
    tensor = generalisation_tensor(gappy, decoding, np.ones((1, 80)))
    assert np.isfinite(tensor).all()
    assert tensor[0, 0, 0, 0] > 0.85


def test_a_value_that_training_lacks_is_named():
    problem = planted(5, n_trials=12)
    labels = problem.labels.copy()
    labels[0] = np.array([3, *([0, 1, 2] * 4)[:11]])
    with pytest.raises(
        WmsimError, match=r"Value \d of item \d does not occur among 8 training trials"
    ):
        cross_decode(
            Problem(problem.activity, labels, 4, problem.states),
            n_folds=3, rng=np.random.default_rng(0),
        )  # fmt: skip


def test_folds_that_are_given_are_kept():
    problem = planted(6)
    runs = np.repeat(np.arange(4), 20)
    found = cross_decode(replace(problem, fold=runs), n_folds=10, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(found.fold, runs)
    assert len(found.normals) == 4
    with pytest.raises(WmsimError, match="Fold 2 of 2 has no trials; expected at least two folds"):
        cross_decode(replace(problem, fold=runs * 0), rng=np.random.default_rng(0))
    with pytest.raises(WmsimError, match="Fold 2 of 4 has no trials"):
        cross_decode(
            replace(problem, fold=np.where(runs == 1, 0, runs)), rng=np.random.default_rng(0)
        )


def test_c_is_chosen_without_parting_trials_that_share_activity():
    """Copies of trials in one fold: parted, they would recommend the C that learns by heart."""
    rng = np.random.default_rng(0)
    labels = np.tile(rng.permutation(np.arange(40) % 2), 6)[None]
    noise = rng.standard_normal((1, 40, 200))
    noise[..., :3] += 0.5 * labels[0, :40, None]
    activity = np.tile(noise, (1, 6, 1))
    fold = np.tile(np.arange(40) // 10, 6)
    whole = Problem(activity, labels, 2, ((0, 0),), fold)
    kept = cross_decode(whole, penalties=(1e-4, 1.0), rng=np.random.default_rng(1))
    free = replace(whole, fold=None)
    parted = cross_decode(free, n_folds=4, penalties=(1e-4, 1.0), rng=np.random.default_rng(1))
    assert (parted.penalty == 1.0).all()
    assert (kept.penalty == 1e-4).any()
    with pytest.raises(WmsimError, match="nothing left to choose by"):
        cross_decode(
            replace(whole, fold=fold % 2), penalties=(0.1, 1.0), rng=np.random.default_rng(0)
        )
