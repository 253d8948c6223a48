"""Correction over a tensor: brute force, error rates by simulation, planted clusters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.decoding import permutation_p
from wmsim.decoding.correction import (
    max_p,
    rank_p,
    standardise_cells,
    state_adjacency,
    tensor_p,
)
from wmsim.errors import WmsimError

STATES = [(s, t) for s in range(3) for t in range(s, 3)]
ADJACENCY = state_adjacency(*np.array(STATES).T)
N = len(STATES)


def correlated(rng, n):
    """Tensors whose cells share noise by train state, test state and altogether, in steps."""
    noise = rng.standard_normal((n, N, N)) + rng.standard_normal((n, N, 1))
    noise += rng.standard_normal((n, 1, N)) + rng.standard_normal((n, 1, 1))
    spread = 1 + np.arange(N)[:, None] + np.arange(N)  # cells differ in how far they vary
    return np.round(0.5 + 0.01 * spread * noise, 2)


def leave_one_out(values):
    """Each labelling against mean and deviation of the others, one by one."""
    found = np.zeros(values.shape)
    for row in range(len(values)):
        others = np.delete(values, row, axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            found[row] = (values[row] - others.mean(axis=0)) / others.std(axis=0, ddof=1)
    return np.nan_to_num(found, nan=0.0)


def by_hand(values, forming):
    """p, p_max and p_cluster of row 0 by loops over labellings, cells and neighbours."""
    n, side = len(values), range(values.shape[1])
    cells = [(a, b) for a in side for b in side if np.isfinite(values[:, a, b]).all()]
    rank = {c: np.array([np.mean(values[:, *c] >= v - 1e-10) for v in values[:, *c]])
            for c in cells}  # fmt: skip
    z = {c: (values[:, *c] - values[:, *c].mean()) / values[:, *c].std() for c in cells}

    def clusters(row):
        left = {c for c in cells if rank[c][row] <= forming}
        while left:
            grown, edge = set(), [left.pop()]
            while edge:
                a, b = edge.pop()
                grown.add((a, b))
                near = {(o, b) for o in side if ADJACENCY[a, o]}
                near |= {(a, o) for o in side if ADJACENCY[b, o]}
                edge += list(near & left)
                left -= near
            yield grown, sum(z[c][row] for c in grown)

    largest = [max((mass for _, mass in clusters(row)), default=-np.inf) for row in range(n)]
    highest = [max(z[c][row] for c in cells) for row in range(n)]
    found = np.full((3, *values.shape[1:]), np.nan)
    for c in cells:
        found[:, *c] = rank[c][0], np.mean(np.array(highest) >= z[c][0] - 1e-10), 1.0
    # The data count once, whatever their own largest is.
    for c in cells:
        found[1][c] = (1 + sum(h >= z[c][0] - 1e-10 for h in highest[1:])) / n
    for grown, mass in clusters(0):
        for c in grown:
            found[2][c] = (1 + sum(m >= mass - 1e-10 for m in largest[1:])) / n
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("forming", [0.05, 0.2])
def test_p_values_are_those_of_brute_force(seed, forming):
    rng = np.random.default_rng(seed)
    values = correlated(rng, 41)
    values[0, 1:4, 2] += 0.6
    values[:, 0, 5] = np.nan
    values[3, 4, 4] = np.nan
    found = tensor_p(values[0], values[1:], ADJACENCY, forming=forming)
    np.testing.assert_allclose(np.stack(found), by_hand(values, forming), rtol=1e-12)
    assert (found.p_cluster < 1).sum() >= 2


def test_neighbours_share_an_item_or_a_step():
    neighbours = {(STATES[a], STATES[b]) for a in range(N) for b in range(N) if ADJACENCY[a, b]}
    assert ((0, 1), (0, 2)) in neighbours
    assert ((0, 1), (1, 1)) in neighbours
    assert ((0, 0), (0, 2)) not in neighbours
    assert ((0, 0), (1, 1)) not in neighbours
    assert (ADJACENCY == ADJACENCY.T).all()
    assert not ADJACENCY.diagonal().any()


@settings(max_examples=50)
@given(seed=st.integers(0, 10**6), n=st.integers(4, 60))
def test_leaving_each_labelling_out_of_its_own_scale_changes_nothing(seed, n):
    values = correlated(np.random.default_rng(seed), n).reshape(n, -1)
    values[:, 3] = 0.5
    together, apart = standardise_cells(values), leave_one_out(values)
    for z in (together, apart):
        np.testing.assert_array_equal(z[:, 3], 0)
    # Where one labelling alone differs from all others, it is infinitely far from them.
    if np.isfinite(apart).all():
        np.testing.assert_array_equal(max_p(together), max_p(apart))


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 40))
def test_uncorrected_p_is_that_of_one_cell(seed, n):
    values = correlated(np.random.default_rng(seed), n).reshape(n, -1)
    found = rank_p(values)[0]
    expected = [permutation_p(values[0, c], values[1:, c]) for c in range(N * N)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert (max_p(standardise_cells(values)) >= 1 / n).all()


def errors(rng, *, n_tests, effect=None):
    """How often any cell without effect has p <= .05, for p, p_max, p_cluster."""
    false = np.zeros(3)
    for _ in range(n_tests):
        values = correlated(rng, 60)
        nothing = np.ones((N, N), bool)
        if effect is not None:
            values[0][effect] += 1.0
            nothing[effect] = False
        found = tensor_p(values[0], values[1:], ADJACENCY)
        false += [(p[nothing] <= 0.05).any() for p in found]
    return false / n_tests


def test_family_wise_error_is_kept_without_any_effect():
    """Of 400 tensors, 5 % have a false positive; more than 8.3 % come by chance in 1 of 500."""
    uncorrected, by_max, by_cluster = errors(np.random.default_rng(0), n_tests=400)
    assert uncorrected > 0.2
    assert by_max < 0.083
    assert by_cluster < 0.083
    assert by_max > 0.02  # not for want of trying


def test_effects_elsewhere_make_no_false_positives():
    by_max = errors(np.random.default_rng(1), n_tests=300, effect=np.s_[:3, :3])[1]
    assert by_max < 0.088


def test_weak_but_connected_effects_are_found_as_a_cluster():
    rng = np.random.default_rng(2)
    found = {"block": np.zeros(2), "scattered": np.zeros(2)}
    at = {"block": [(3, 3), (3, 4), (4, 3), (4, 4), (3, 5), (4, 5)],
          "scattered": [(0, 0), (0, 3), (1, 5), (3, 1), (5, 0), (5, 4)]}  # fmt: skip
    for _ in range(60):
        for name, cells in at.items():
            values = 0.5 + 0.05 * rng.standard_normal((100, N, N))
            for cell in cells:
                values[0][cell] += 0.11
            tests = tensor_p(values[0], values[1:], ADJACENCY)
            hit = [np.mean([p[cell] <= 0.05 for cell in cells]) for p in tests[1:]]
            found[name] += np.array(hit) / 60
    by_max, by_cluster = found["block"]
    assert by_cluster > by_max + 0.2
    assert by_cluster > found["scattered"][1] + 0.2
    assert by_max == pytest.approx(found["scattered"][0], abs=0.1)


def test_a_strong_cell_is_told_from_its_neighbours():
    values = 0.5 + 0.05 * np.random.default_rng(3).standard_normal((200, N, N))
    values[0] = 0.5
    values[0, 2, 2] = 1.0
    found = tensor_p(values[0], values[1:], ADJACENCY)
    assert found.p_max[2, 2] == pytest.approx(1 / 200)
    assert (np.delete(found.p_max.ravel(), 2 * N + 2) > 0.05).all()


def test_without_permutations_there_is_no_p():
    values = np.full((N, N), 0.5)
    assert all(np.isnan(p).all() for p in tensor_p(values, np.empty((0, N, N)), ADJACENCY))
    # Too few for any cell to be among the highest 5 %: no cluster, and no error.
    few = correlated(np.random.default_rng(0), 6)
    assert (tensor_p(few[0], few[1:], ADJACENCY).p_cluster == 1).all()


def test_wrong_shapes_and_thresholds_are_said():
    values = np.zeros((3, N, N))
    with pytest.raises(WmsimError, match=r"found \(6, 6\), \(2, 6, 5\) and \(6, 6\)"):
        tensor_p(values[0], values[1:, :, :5], ADJACENCY)
    with pytest.raises(WmsimError, match=r"is 5, expected a number between 0 and 1, such as 0\.05"):
        tensor_p(values[0], values[1:], ADJACENCY, forming=5)
