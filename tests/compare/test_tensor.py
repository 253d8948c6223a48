"""The tensor score: planted accounts prefer their own."""

from dataclasses import replace

import numpy as np
import pytest

from wmsim.compare.config import CompareConfig
from wmsim.compare.halves import Half
from wmsim.compare.pairing import make_pairs
from wmsim.compare.splits import Split, ceiling, shuffled, splits
from wmsim.compare.tensor import (
    design_of,
    pair_weights,
    tensor,
    tensor_agreement,
    tensors,
    value_kernels,
)
from wmsim.hypotheses import plant
from wmsim.hypotheses.measures import Plan

ACCOUNTS = ("H1", "H2", "H3", "shared")


def planted(hypothesis, signal, seed):
    return plant(
        hypothesis=hypothesis, n_units=60, n_trials=200, n_items=4, signal=signal, seed=seed
    )


def mean_score(pair, seed, of=lambda split: split):
    ones = np.ones((1, pair.brain.n_values))
    return np.mean([tensor(of(split))(ones)[0] for split in splits(pair, 1, seed=[seed])])


@pytest.mark.parametrize("truth", ACCOUNTS)
def test_a_planted_brain_prefers_models_of_its_own_account(truth):
    for draw in range(3):
        brain = planted(truth, 1.0, 700 + draw)
        scores = {}
        for row, name in enumerate(ACCOUNTS):
            model = planted(name, 8.0, 10 * draw + row)
            scores[name] = mean_score(make_pairs(model, brain, CompareConfig())[0], draw)
        assert max(scores, key=scores.get) == truth, scores
        assert scores[truth] > 0.85
        assert scores[truth] > max(own for name, own in scores.items() if name != truth) + 0.15


def test_a_rotated_copy_is_at_the_ceiling_and_another_geometry_below(simulated_pair):
    copy = simulated_pair(noise=0.3, n_units_brain=40, seed=1)
    other = simulated_pair(noise=0.3, n_units_brain=40, seed=1, relation="other geometry")
    assert mean_score(copy, 0) > 0.97
    assert mean_score(copy, 0) > mean_score(copy, 0, ceiling) - 0.02
    assert mean_score(other, 0) < mean_score(other, 0, ceiling) - 0.2


def test_shuffled_labels_score_about_0(simulated_pair):
    pair = simulated_pair(noise=0.5, seed=2)
    rng = np.random.default_rng(0)
    found = [mean_score(shuffled(pair, rng), draw) for draw in range(30)]
    assert abs(np.mean(found)) < 0.2
    assert max(found) < mean_score(pair, 0)


@pytest.mark.parametrize("change", ["rotated", "scaled"])
def test_turning_or_scaling_the_model_changes_nothing(simulated_pair, change):
    pair = simulated_pair(n_trials=150, seed=3)
    n_units = pair.model.activity.shape[2]
    rng = np.random.default_rng(1)
    turn = np.linalg.qr(rng.standard_normal((n_units, n_units)))[0]
    if change == "scaled":
        turn = 7 * np.eye(n_units)
    turned = replace(pair, model=replace(pair.model, activity=pair.model.activity @ turn))
    weights = np.concatenate([np.ones((1, 6)), rng.multinomial(6, np.full(6, 1 / 6), 5)])
    both = (splits(side, 1, seed=[0]) for side in (pair, turned))
    for one, other in zip(*both, strict=True):
        assert tensor(one)(weights) == pytest.approx(tensor(other)(weights), abs=1e-9)


def test_kernels_of_values_add_up_to_inner_products_of_all_codes(simulated_pair):
    pair = simulated_pair(n_trials=150, noise=0.0, seed=4)
    half = Half(pair.brain, np.arange(150), pair.brain.activity.mean(axis=1))
    kernels = value_kernels(half)
    states = design_of(pair.brain).states
    codes = {
        (item, step): code
        for step in range(4)
        for item, code in zip(pair.brain.items_at(step), half.codes(step), strict=True)
    }
    for row, one in enumerate(states):
        for column, other in enumerate(states):
            expected = (codes[one] * codes[other]).mean(axis=1)
            assert kernels[:, row, column] == pytest.approx(expected, abs=1e-8)


def test_resampling_a_value_counts_it_so_often(simulated_pair):
    split = splits(simulated_pair(seed=5), 1, seed=[0])[0]
    weights = np.array([[2.0, 0, 1, 1, 1, 1], [4.0, 0, 2, 2, 2, 2], [1.0, 1, 1, 1, 1, 1]])
    found = tensor(split)(weights)
    assert found[0] == pytest.approx(found[1])
    assert abs(found[0] - found[2]) > 1e-4


def test_states_without_a_code_in_the_brain_do_not_count():
    design = design_of(_side_of_two_items())
    plan = Plan(design)
    squared = np.where([state in plan.design.memory for state in design.states], -1.0, 4.0)
    weight = pair_weights(np.diag(squared), plan)
    assert (weight[plan.memory] == 0).all()
    transfer, kernel = np.ones((2, 5, 5))
    noisy = kernel.copy()
    noisy[plan.memory] = noisy[:, plan.memory] = 99.0
    # One pair of different states is left: too few.
    assert np.isnan(tensor_agreement(transfer, kernel, weight))
    weight[:] = 1
    weight[plan.memory[0]] = weight[:, plan.memory[0]] = 0
    kernel[plan.memory[0]] = kernel[:, plan.memory[0]] = 99.0
    assert tensor_agreement(transfer, kernel, weight) == pytest.approx(1)


def test_too_few_pairs_of_states_are_not_scored(simulated_pair):
    split = splits(simulated_pair(n_items=1, n_trials=80), 1, seed=[0])[0]
    assert np.isnan(tensor(split)(np.ones((3, 6)))).all()


def test_tensors_of_both_sides_have_names(simulated_pair):
    split = splits(simulated_pair(noise=0.1, n_units_brain=40, seed=6), 1, seed=[0])[0]
    found = tensors(split)
    assert len(found.names) == len(found.states) == 9
    assert found.names[:2] == ("item 1 at item 1", "item 1 at item 2")
    assert np.diag(found.model) == pytest.approx(np.ones(9))
    assert np.abs(found.model - found.brain).max() < 0.1
    assert (found.weight > 0).all()


def _side_of_two_items():
    from wmsim.compare.sides import Side

    return Side(
        name="", task="", feature="", activity=np.zeros((3, 8, 2)), labels=np.zeros((2, 8), int),
        values=tuple("abc"), steps=("item 1", "item 2", "maintenance"), shown=(0, 1, -1),
        holed=np.zeros((3, 8, 0)),
    )  # fmt: skip


def test_the_ceiling_scores_the_other_half(simulated_pair):
    split = ceiling(splits(simulated_pair(seed=7), 1, seed=[0])[0])
    assert isinstance(split, Split)
    assert split.model is split.other
    assert tensor(split)(np.ones((1, 6)))[0] > 0.8
