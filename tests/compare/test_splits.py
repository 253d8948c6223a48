"""Who stands for whom: no trial of the brain is on both sides."""

import numpy as np

from wmsim.compare.splits import ceiling, shuffled, splits


def test_scored_and_fitted_trials_are_apart_and_each_is_scored_once_a_halving(simulated_pair):
    pair = simulated_pair(n_trials=150)
    found = splits(pair, 3, seed=[1])
    assert len(found) == 6
    for one, back in zip(found[::2], found[1::2], strict=True):
        assert not np.intersect1d(one.brain.trials, one.other.trials).size
        assert one.brain is back.other
        assert back.brain is one.other
    assert not np.array_equal(found[0].brain.trials, found[2].brain.trials)


def test_a_model_of_the_same_trials_stands_on_those_that_are_not_scored(simulated_pair):
    for split in splits(simulated_pair(), 2, seed=[2]):
        assert np.array_equal(split.model.trials, split.other.trials)
        assert not np.intersect1d(split.model.trials, split.brain.trials).size


def test_the_brain_is_halved_alike_whatever_the_model(simulated_pair):
    own = [
        splits(simulated_pair(seed=3, matched=matched, n_units_model=units), 2, seed=[5])
        for matched, units in ((True, 30), (False, 40))
    ]
    for one, other in zip(*own, strict=True):
        assert np.array_equal(one.brain.trials, other.brain.trials)


def test_inputs_are_states_on_the_brain_s_trials_or_what_codes_add_up_to(simulated_pair):
    matched = splits(simulated_pair(noise=0, seed=6), 1, seed=[0])[0]
    side = matched.states
    expected = side.activity[3, matched.brain.trials] - matched.model.origin[3]
    np.testing.assert_allclose(matched.inputs(3, matched.brain), expected)
    free = splits(simulated_pair(noise=0, seed=6, matched=False), 1, seed=[0])[0]
    assert free.states is None
    # Without noise both know what the model would do, but for the mean over other trials.
    # The recordings have the same codes, and other trials.
    predicted = free.model.expected(3, matched.brain.labels)
    centred = expected - expected.mean(axis=0)
    np.testing.assert_allclose(predicted - predicted.mean(axis=0), centred, atol=1e-9)


def test_ceiling_puts_the_other_half_in_the_model_s_place(simulated_pair):
    split = splits(simulated_pair(), 1, seed=[0])[0]
    top = ceiling(split)
    assert top.model is split.other
    assert top.brain is split.brain
    assert top.states is None
    assert top.inputs(2, top.other).shape == (len(split.other.trials), 25)


def test_shuffled_labels_say_nothing_of_the_model_and_leave_the_brain(simulated_pair):
    pair = simulated_pair(n_trials=600, noise=0.2, seed=8)
    null = shuffled(pair, np.random.default_rng(0))
    assert null.brain is pair.brain
    np.testing.assert_allclose(
        np.sort(null.model.activity, axis=1), np.sort(pair.model.activity, axis=1)
    )
    strength = [np.trace(splits(one, 1, seed=[1])[0].model.gram(3)) / 18 for one in (pair, null)]
    assert strength[0] > 0.3
    assert abs(strength[1]) < 0.02
