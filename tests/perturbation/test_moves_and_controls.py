"""Moves along normals, and random vectors with the same structure."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import WmsimError
from wmsim.perturbation.controls import (
    as_activity_varies,
    of_length,
    random_moves,
    without_span,
)
from wmsim.perturbation.moves import fit_moves, move_number, n_moves, opposite

K, UNITS = 3, 12


@pytest.fixture(scope="module")
def clusters():
    """Three values on the first three axes, noise everywhere."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(K), 40)
    states = 0.3 * rng.standard_normal((labels.size, UNITS)) + 5.0
    states[:, :K] += 4 * np.eye(K)[labels]
    return states, labels


@pytest.mark.parametrize("decoder", ["pairs", "rest"])
def test_dose_one_goes_from_mean_to_mean_through_the_hyperplane(clusters, decoder):
    states, labels = clusters
    moves = fit_moves(states, labels, K, decoder=decoder)
    start, goal = (0, 2) if decoder == "pairs" else (-1, 2)
    number = int(move_number(np.array(start), np.array(goal), K, decoder))
    normal, length = moves.directions[number], moves.lengths[number]
    left = states[labels == 0] if decoder == "pairs" else states[labels != 2]
    reached = states[labels == 2].mean(axis=0)
    assert np.linalg.norm(normal) == pytest.approx(1)
    assert normal @ (left.mean(axis=0) + length * normal) == pytest.approx(normal @ reached)
    on_plane = left.mean(axis=0) + moves.hyperplanes[number] * length * normal
    assert normal @ on_plane + moves.offsets[number] == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(moves.means[number], reached - left.mean(axis=0))
    assert (left @ normal + moves.offsets[number] < 0).all()
    assert (states[labels == 2] @ normal + moves.offsets[number] > 0).all()


def test_normals_point_from_one_value_to_the_other(clusters):
    moves = fit_moves(*clusters, K)
    true = np.zeros(UNITS)
    true[[0, 2]] = -1, 1
    assert moves.directions[2] @ true / np.sqrt(2) > 0.95
    np.testing.assert_array_equal(moves.directions[2], -moves.directions[6])


def test_scale_and_shift_of_activity_do_not_turn_normals(clusters):
    states, labels = clusters
    plain, changed = fit_moves(states, labels, K), fit_moves(50 * states - 7, labels, K)
    np.testing.assert_allclose(plain.directions, changed.directions, atol=1e-6)
    np.testing.assert_allclose(50 * plain.lengths, changed.lengths, rtol=1e-6)


def test_too_few_trials_of_a_value_are_told():
    with pytest.raises(WmsimError, match="2 training trials, decoders need at least 5"):
        fit_moves(np.ones((12, 3)), np.repeat([0, 1], [10, 2]), 2)
    with pytest.raises(WmsimError, match="No unit varies"):
        fit_moves(np.ones((12, 3)), np.repeat([0, 1], 6), 2)


@pytest.mark.parametrize("decoder", ["pairs", "rest"])
def test_random_moves_have_the_structure_of_decoders(decoder):
    draws = random_moves(4, UNITS, K, decoder=decoder, rng=np.random.default_rng(0))
    assert draws.shape == (4, n_moves(K, decoder), UNITS)
    back = {number for pair in opposite(K, decoder) for number in pair}
    assert np.isfinite(draws[:, sorted(back)]).all()
    assert np.isnan(draws[:, [n for n in range(draws.shape[1]) if n not in back]]).all()
    for there, here in opposite(K, decoder):
        np.testing.assert_array_equal(draws[:, there], -draws[:, here])


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.1, 50))
def test_vectors_get_the_length_asked_for(seed, length):
    rng = np.random.default_rng(seed)
    vectors = of_length(rng.standard_normal((3, 5)), np.full(3, length))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), length)


def test_natural_vectors_have_the_covariance_of_activity():
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((4, 4))
    states = rng.standard_normal((500, 4)) @ mixing + 3
    natural = as_activity_varies(rng.standard_normal((40_000, 4)), states)
    np.testing.assert_allclose(np.cov(natural.T), np.cov(states.T), rtol=0.1, atol=0.1)


def test_without_span_nothing_of_the_span_is_left():
    rng = np.random.default_rng(0)
    span = rng.standard_normal((3, 8))
    # One of them twice, and one that is none: the span has three dimensions.
    left = without_span(
        rng.standard_normal((2, 5, 8)), np.vstack([span, span[:1], np.full((1, 8), np.nan)])
    )
    np.testing.assert_allclose(left @ span.T, 0, atol=1e-12)
    assert np.linalg.matrix_rank(left.reshape(-1, 8)) == 5
