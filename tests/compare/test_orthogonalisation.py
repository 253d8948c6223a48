"""Agreement of orthogonalisation, against closed forms and planted cosines."""

from dataclasses import replace

import numpy as np
import pytest

from wmsim.compare.halves import Half, halve
from wmsim.compare.orthogonalisation import (
    agreement,
    index,
    orthogonalisation,
    unsigned_cosines,
    weighted_index,
)
from wmsim.compare.sides import Side
from wmsim.compare.splits import Split, ceiling, shuffled, splits
from wmsim.geometry.orthogonality import orthogonality_index, simplex_index


def side_of(codes, noise=0.0, n_trials=120, seed=0):
    """One item, one step, codes (value, unit)."""
    rng = np.random.default_rng(seed)
    k, n_units = codes.shape
    labels = rng.permutation(np.arange(n_trials) % k)[None]
    activity = codes[labels[0]] + noise * rng.standard_normal((n_trials, n_units))
    return Side(
        name="", task="", feature="image", activity=activity[None], labels=labels,
        values=tuple(map(str, range(k))), steps=("item 1",), shown=(0,),
        holed=np.zeros((1, n_trials, 0)),
    )  # fmt: skip


def split_of(model, brain):
    one = halve(model, np.random.default_rng(1))
    two = halve(brain, np.random.default_rng(2))
    return Split(one[0], two[0], two[1], None)


SIMPLEX = np.eye(6)
LINE = np.outer(np.arange(6) - 2.5, np.ones(6))


@pytest.mark.parametrize("codes", [SIMPLEX, LINE, np.random.default_rng(3).normal(size=(6, 9))])
def test_without_noise_the_index_is_that_of_the_codes(codes):
    half = halve(side_of(codes), np.random.default_rng(0))[0]
    assert index(half, 0) == pytest.approx(orthogonality_index(codes - codes.mean(axis=0)))


def test_a_line_and_a_simplex_agree_by_0_and_each_with_itself_by_1():
    ones = np.ones((1, 6))
    line, simplex = side_of(LINE), side_of(SIMPLEX, seed=1)
    assert orthogonalisation(split_of(line, simplex), 0)(ones) == pytest.approx([0])
    assert orthogonalisation(split_of(line, line), 0)(ones) == pytest.approx([1])
    assert orthogonalisation(split_of(simplex, simplex), 0)(ones) == pytest.approx([1])
    assert index(halve(simplex, np.random.default_rng(0))[0], 0) == pytest.approx(simplex_index(6))


def test_noise_does_not_pass_for_correlation():
    """Signs from other trials: the index errs far less than with absolute values."""
    errors = []
    for seed in range(40):
        rng = np.random.default_rng(100 + seed)
        codes = 0.6 * rng.standard_normal((8, 8)) @ rng.standard_normal((8, 40)) / np.sqrt(8)
        side = side_of(codes, noise=2.0, n_trials=192, seed=seed)
        half = halve(side, np.random.default_rng(seed))[0]
        gram = half.gram(0)
        naive = 1 - unsigned_cosines(gram, gram).mean()
        truth = orthogonality_index(codes - codes.mean(axis=0))
        errors.append([index(half, 0) - truth, naive - truth])
    own, absolute = np.mean(errors, axis=0)
    assert abs(own) < 0.08
    assert absolute < -0.1
    assert abs(own) < abs(absolute) / 2


def test_weights_count_pairs_of_values():
    rng = np.random.default_rng(4)
    pairs = rng.random(6)
    # Twice value 0, none of value 3: pairs (0,1) and (0,2) twice, (1,2) once.
    expected = 1 - (2 * pairs[0] + 2 * pairs[1] + pairs[3]) / 5
    assert weighted_index(pairs, np.array([[2, 1, 1, 0]])) == pytest.approx([expected])


@pytest.mark.parametrize("step", [0, 1, 3])
def test_a_copy_reaches_the_ceiling(simulated_pair, step):
    pair = simulated_pair(noise=0.3, n_units_brain=40, seed=5)
    ones = np.ones((1, 6))
    own = [splits(pair, 2, seed=[0])][0]
    value = np.mean([orthogonalisation(split, step)(ones) for split in own])
    top = np.mean([orthogonalisation(ceiling(split), step)(ones) for split in own])
    assert value > 0.9
    assert value > top - 0.05


def test_turning_and_scaling_the_model_change_nothing(simulated_pair):
    pair = simulated_pair(seed=6)
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((30, 30)))[0] * 5
    turned = replace(pair, model=replace(pair.model, activity=pair.model.activity @ turn))
    weights = np.random.default_rng(0).multinomial(6, np.full(6, 1 / 6), 9)
    one, other = (splits(own, 1, seed=[0])[0] for own in (pair, turned))
    for step in range(4):
        found = orthogonalisation(one, step)(weights)
        assert found == pytest.approx(orthogonalisation(other, step)(weights), nan_ok=True)


def test_what_cannot_be_computed_is_nan(simulated_pair):
    split = splits(simulated_pair(seed=7), 1, seed=[0])[0]
    score = orthogonalisation(split, 1)
    assert np.isnan(score(np.array([[6, 0, 0, 0, 0, 0]]))).all()
    assert np.isnan(agreement(np.zeros(2), np.zeros(2), 2)).all()
    silent = side_of(np.zeros((6, 9)))
    assert np.isnan(orthogonalisation(split_of(silent, silent), 0)(np.ones((2, 6)))).all()
    assert np.isnan(index(Half(silent, np.arange(60), np.zeros((1, 9))), 0))


def test_shuffled_labels_have_a_floor_below_the_score(simulated_pair):
    pair = simulated_pair(noise=0.3, n_units_brain=40, seed=8)
    rng, ones = np.random.default_rng(0), np.ones((1, 6))
    floor = [
        orthogonalisation(split, 1)(ones)[0]
        for _ in range(15) for split in splits(shuffled(pair, rng), 1, seed=[0])
    ]  # fmt: skip
    value = np.mean([orthogonalisation(s, 1)(ones) for s in splits(pair, 1, seed=[0])])
    assert np.nanmean(floor) < value - 0.05
