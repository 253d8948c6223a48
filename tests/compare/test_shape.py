"""Shape distance in closed form and against scipy; the score on held-out conditions."""

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes

from wmsim.compare.conditions import about_training, latin_folds, principal_scores
from wmsim.compare.shape import held_out_rotation, shape, shape_distance
from wmsim.compare.splits import ceiling, shuffled, splits


def products(codes):
    flat = codes.reshape(-1, codes.shape[-1])
    return flat @ flat.T


def test_distance_agrees_with_scipy(rng):
    x, y = rng.standard_normal((2, 9, 4))
    angle = shape_distance(x, y)
    assert np.sin(angle) ** 2 == pytest.approx(procrustes(x, y)[2])
    x, y = (codes - codes.mean(axis=0) for codes in (x, y))
    _, overlap = orthogonal_procrustes(x, y)
    assert np.cos(angle) == pytest.approx(overlap / np.linalg.norm(x) / np.linalg.norm(y))


@pytest.mark.parametrize("turn", [0.0, 0.3, 2.0])
def test_rotated_figures_have_distance_zero(turn):
    figure = np.array([[2.0, 0], [0, 1], [-1, -1], [-1, 0]])
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    assert shape_distance(figure, 5 * figure @ matrix - 3) == pytest.approx(0, abs=1e-7)
    # Other numbers of units, and more units than conditions.
    wide = np.concatenate([figure, np.zeros((4, 9))], axis=1)
    assert shape_distance(figure, wide) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("angle", [0.2, 0.7, 1.4])
def test_known_angle(angle):
    """A line and an ellipse with axes cos a along it and sin a across: the angle is a."""
    circle = np.array([[1.0, 0], [0, 1], [-1, 0], [0, -1]])
    turned = circle * [np.cos(angle), np.sin(angle)] @ np.array([[0.6, 0.8], [-0.8, 0.6]])
    assert shape_distance(circle * [1, 0], turned) == pytest.approx(angle)


def test_distance_is_a_metric(rng):
    a, b, c = rng.standard_normal((3, 7, 5))
    assert shape_distance(a, b) == pytest.approx(shape_distance(b, a))
    assert shape_distance(a, c) <= shape_distance(a, b) + shape_distance(b, c)
    assert np.isnan(shape_distance(a, np.ones((7, 2))))


def test_values_held_out_at_one_item_are_seen_at_another():
    folds = latin_folds(3, 8).reshape(3, 8)
    assert folds.max() == 4
    for held in range(5):
        out = folds == held
        assert out.any(axis=1).all()
        assert not out.all(axis=0).any()
        assert (~out).sum(axis=1).min() >= 6
    assert latin_folds(1, 3).tolist() == [0, 1, 2]


def test_training_conditions_say_nothing_of_those_held_out(rng):
    """Codes sum to 0, so uncentred they would: with one value held out, it is minus the rest."""
    codes = rng.standard_normal((2, 5, 3))
    train = latin_folds(2, 5) != 0
    other = codes.copy()
    other.reshape(10, 3)[~train] += 10 * rng.standard_normal((2, 3))
    about = about_training(2, 5, train)
    found = [
        (about @ (one - one.mean(axis=1, keepdims=True)).reshape(10, 3))[train]
        for one in (codes, other)
    ]
    np.testing.assert_allclose(found[0], found[1], atol=1e-12)


def test_principal_scores_are_those_of_an_svd(rng):
    codes = rng.standard_normal((9, 20))
    train = np.arange(9) < 7
    codes -= codes[train].mean(axis=0)
    _, _, axes = np.linalg.svd(codes[train], full_matrices=False)
    found = principal_scores(codes @ codes.T, train, 3)
    np.testing.assert_allclose(np.abs(found), np.abs(codes @ axes[:3].T), atol=1e-9)


def test_unrelated_codes_rotate_into_each_other_in_sample_and_not_out_of_it():
    rng = np.random.default_rng(3)
    inside, outside = [], []
    for _ in range(60):
        x, y = rng.standard_normal((2, 1, 8, 100))
        inside.append(np.cos(shape_distance(x[0], y[0])))
        outside.append(held_out_rotation(products(x), products(y))(np.ones((1, 8))).item())
    assert np.mean(inside) > 0.5
    assert abs(np.mean(outside)) < 3 * np.std(outside) / np.sqrt(60)


def test_rotation_and_scale_do_not_matter_and_weights_do(rng):
    x, y = rng.standard_normal((2, 3, 8, 5))
    turn = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    weights = rng.multinomial(8, np.full(8, 1 / 8), size=10)
    score = held_out_rotation(products(x), products(y), 3)
    moved = held_out_rotation(4 * products(x @ turn), products(y), 3)
    np.testing.assert_allclose(score(weights), moved(weights), atol=1e-9)
    assert np.ptp(score(weights)) > 0.01
    np.testing.assert_allclose(score(np.full((1, 8), 2.0)), score(np.ones((1, 8))))


@pytest.mark.filterwarnings("error")
def test_what_cannot_be_computed_is_nan(rng):
    codes = rng.standard_normal((1, 2, 5))
    assert np.isnan(held_out_rotation(products(codes), products(codes))(np.ones((1, 2)))).all()
    flat = np.zeros((8, 8))
    codes = products(rng.standard_normal((1, 8, 5)))
    assert np.isnan(held_out_rotation(codes, flat)(np.ones((1, 8)))).all()
    assert np.isnan(held_out_rotation(codes, -codes)(np.ones((1, 8)))).all()
    assert np.isnan(held_out_rotation(codes, codes)(np.zeros((1, 8)))).all()


def test_rotated_copy_is_near_the_ceiling_and_shuffled_labels_at_zero(simulated_pair):
    found = {"copy": [], "ceiling": [], "shuffled": []}
    for seed in range(10):
        pair = simulated_pair(seed=seed, noise=1.0)
        split = splits(pair, 1, seed=[seed])[0]
        null = splits(shuffled(pair, np.random.default_rng(seed)), 1, seed=[seed])[0]
        for name, own in (("copy", split), ("ceiling", ceiling(split)), ("shuffled", null)):
            found[name].append(shape(own, 3)(np.ones((1, 6)))[0])
    assert np.mean(found["copy"]) > 0.85
    assert np.mean(found["ceiling"]) > 0.9
    assert abs(np.mean(found["shuffled"])) < 3 * np.std(found["shuffled"]) / np.sqrt(10)
