"""Axioms of rotations, and agreement with scipy's orthogonal Procrustes where it is determined."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes

from wmsim.decoding import Problem, cross_decode, scores
from wmsim.geometry import (
    decode_swaps,
    fit_rotation,
    make_shape,
    plan_swaps,
    random_rotation,
    reconstruct,
)


def turned(rng, n):
    turn, _ = np.linalg.qr(rng.standard_normal((n, n)))
    return turn


shapes = st.tuples(st.integers(3, 8), st.integers(10, 40), st.integers(0, 10**6))


@settings(max_examples=40)
@given(shapes)
def test_a_rotated_scaled_shifted_copy_is_reconstructed_exactly(drawn):
    k, n_units, seed = drawn
    rng = np.random.default_rng(seed)
    normals = rng.standard_normal((k, n_units))
    copy = 2.5 * normals @ turned(rng, n_units) + rng.standard_normal(n_units)
    source, target = make_shape(normals), make_shape(copy)
    rotation = fit_rotation(source, target)
    rebuilt, captured = reconstruct(source, rotation, target)
    np.testing.assert_allclose(rebuilt, copy, atol=1e-8)
    assert captured == pytest.approx(1)
    assert rotation.scale == pytest.approx(1)


@settings(max_examples=40)
@given(shapes)
def test_what_is_determined_agrees_with_scipy(drawn):
    k, n_units, seed = drawn
    rng = np.random.default_rng(seed)
    a, b = (make_shape(rng.standard_normal((k, n_units))) for _ in range(2))
    rotation = fit_rotation(a, b)
    full, scale = orthogonal_procrustes(a.vertices, b.vertices)
    np.testing.assert_allclose(rotation.apply(a.vertices), a.vertices @ full, atol=1e-8)
    assert rotation.scale == pytest.approx(scale)
    disparity = procrustes(a.vertices, b.vertices)[2]
    assert 1 - rotation.scale**2 == pytest.approx(disparity, abs=1e-8)


@settings(max_examples=40)
@given(shapes)
def test_dimensions_are_bounded_and_the_rest_is_dropped(drawn):
    k, n_units, seed = drawn
    rng = np.random.default_rng(seed)
    a, b = (make_shape(rng.standard_normal((k, n_units))) for _ in range(2))
    rotation = fit_rotation(a, b)
    assert rotation.dimension == min(k - 1, n_units)
    assert rotation.shared_dimension == min(2 * (k - 1), n_units)
    outside = rng.standard_normal((2, n_units))
    outside -= outside @ rotation.source.T @ rotation.source
    np.testing.assert_allclose(rotation.apply(outside), 0, atol=1e-8)


def test_random_rotations_preserve_length_and_have_no_direction():
    rng = np.random.default_rng(0)
    a, b = (make_shape(rng.standard_normal((4, 30))) for _ in range(2))
    carried = [random_rotation(a, b, rng=rng).apply(a.vertices) for _ in range(400)]
    assert np.linalg.norm(carried[0]) == pytest.approx(1)
    assert np.abs(np.mean(carried, axis=0)).max() < 0.05


def chronological(seed, *, per_item):
    """Codes turn from age to age; one chain for all items (H2) or one for each (H3)."""
    rng = np.random.default_rng(seed)
    n_items, n_trials, n_units, k = 4, 160, 60, 4
    labels = rng.integers(0, k, (n_items, n_trials))
    chains = {}
    for chain in range(n_items if per_item else 1):
        basis = turned(rng, n_units)
        chains[chain] = [basis[:, age * k : (age + 1) * k].T * 6 for age in range(4)]
    activity = rng.standard_normal((4, n_trials, n_units))
    for step in range(4):
        for item in range(step + 1):
            chain = chains[item if per_item else 0]
            activity[step] += chain[step - item][labels[item]]
    states = tuple((s, t) for s in range(4) for t in range(s, 4))
    return Problem(activity, labels, k, states)


def accuracies(problem):
    decoding = cross_decode(problem, n_folds=4, rng=np.random.default_rng(0))
    swaps = plan_swaps(problem.states, [(0, 1), (0, 2), (1, 2), (1, 3)])
    found = decode_swaps(problem, decoding, swaps, rng=np.random.default_rng(1))
    by_kind = {}
    for row, swap in enumerate(swaps):
        labels = problem.labels[swap.target[0]]
        value = scores(found.decisions[[row]], labels, np.ones((1, problem.n_trials)))[0, 0, 0]
        by_kind.setdefault(swap.kind, []).append(value)
    captured = {}
    for share, swap in zip(found.captured, swaps, strict=True):
        captured.setdefault(swap.kind, []).append(share)
    return (
        {kind: np.mean(values) for kind, values in by_kind.items()},
        {kind: np.mean(values) for kind, values in captured.items()},
        found,
    )


def test_one_chain_for_all_items_lets_stimuli_be_swapped_but_not_times():
    accuracy, captured, found = accuracies(chronological(0, per_item=False))
    assert accuracy["reconstructed"] > 0.9
    assert accuracy["swap_stimulus"] > 0.85
    assert accuracy["swap_time"] < 0.6
    assert accuracy["random_rotation"] == pytest.approx(0.5, abs=0.06)
    assert captured["swap_stimulus"] > 0.5
    assert found.dimension == 3
    assert found.shared_dimension <= 6


def test_a_chain_for_each_item_lets_nothing_be_swapped():
    accuracy, captured, _ = accuracies(chronological(0, per_item=True))
    assert accuracy["reconstructed"] > 0.9
    assert accuracy["swap_stimulus"] < 0.65
    assert captured["swap_stimulus"] < 0.3


def test_plan_names_the_papers_swaps():
    states = tuple((s, t) for s in range(3) for t in range(s, 4))
    plan = plan_swaps(states, [(0, 1)])
    donors = {(swap.kind, swap.donor_source, swap.donor_target) for swap in plan}
    assert ("reconstructed", (0, 0), (0, 1)) in donors
    assert ("swap_stimulus", (1, 1), (1, 2)) in donors
    assert ("swap_stimulus", (2, 2), (2, 3)) in donors
    assert ("swap_time", (0, 0), (0, 2)) in donors
    unused = plan_swaps(states, [(0, 1)], in_use=[(0, 1), (1, 2)])
    assert not [swap for swap in unused if swap.kind == "swap_time"]
