"""Measures: transfer by what states share, and swaps that agree with Procrustes."""

import numpy as np
import pytest

from wmsim.geometry.procrustes import Shape, fit_rotation
from wmsim.hypotheses.codes import contrasts, grams
from wmsim.hypotheses.composition import Composition, draw_codes
from wmsim.hypotheses.measures import Plan, measure, pair_means, similarity, swap_means
from wmsim.pipeline.design import Design

STATES = tuple((s, t) for t in range(4) for s in range(min(t + 1, 3)))
DESIGN = Design(STATES, (0, 1, 2, -1))
PURE = {
    "slot": {"same_item_from_encoding": 1, "same_item_in_memory": 1, "same_age_memory": 0,
             "same_age_encoding": 0, "swap_stimulus": 0, "swap_time": 1},
    "age": {"same_item_from_encoding": 0, "same_item_in_memory": 0, "same_age_memory": 1,
            "same_age_encoding": 1, "swap_stimulus": 1, "swap_time": 0},
    "chain": {"same_item_from_encoding": 0, "same_item_in_memory": 0, "same_age_memory": 0,
              "same_age_encoding": 0, "swap_stimulus": 0, "swap_time": 0},
    "shared": {"same_item_from_encoding": 1, "same_item_in_memory": 1, "same_age_memory": 1,
               "same_age_encoding": 1, "swap_stimulus": 1, "swap_time": 1},
}  # fmt: skip


def planted(rng, composition, *, noise=0.0, design=DESIGN, k=4, n_units=80):
    """Codes as an estimator gives them, (halving, 2, state, contrast, unit)."""
    kernel = composition.kernel(design)
    codes = contrasts(k).T @ draw_codes(kernel, k, n_units, orthogonal=True, rng=rng)
    return codes + noise * rng.standard_normal((3, 2, *codes.shape))


@pytest.mark.parametrize("name", PURE)
def test_pure_codes_transfer_and_swap_as_they_should(rng, name):
    codes = planted(rng, Composition({name: 1.0}))
    found = measure(grams(codes), Plan(DESIGN))
    for key, wanted in PURE[name].items():
        assert found[key] == pytest.approx(wanted, abs=1e-6), key


def test_similarity_is_the_kernel_that_was_planted(rng):
    mixed = Composition({"slot": 0.3, "age": 0.5, "shared": 0.2}, {"age": 0.4}, sensory=0.3)
    found = similarity(grams(planted(rng, mixed)).kernel, Plan(DESIGN))
    np.testing.assert_allclose(found, mixed.kernel(DESIGN), atol=1e-6)


def test_noise_does_not_lower_similarity_as_it_lowers_cosines(rng):
    codes = [planted(rng, Composition({"shared": 1.0}), noise=0.3, k=3) for _ in range(30)]
    found = [similarity(grams(one).kernel, Plan(DESIGN))[0, 1] for one in codes]
    plain = [
        (one[0, 0, 0] * one[0, 1, 1]).sum()
        / np.sqrt((one[0, 0, 0] ** 2).sum() * (one[0, 1, 1] ** 2).sum())
        for one in codes
    ]
    assert np.mean(found) == pytest.approx(1, abs=0.05)
    assert np.mean(plain) < 0.8


def test_pairs_are_sorted_by_what_their_states_share():
    plan = Plan(DESIGN)
    pairs = {
        name: {(STATES[a], STATES[b]) for a, b in zip(*rows, strict=True)}
        for name, rows in plan.pairs.items()
    }
    assert ((0, 0), (1, 1)) in pairs["same_age_encoding"]
    assert ((0, 1), (1, 2)) in pairs["same_age_memory"]
    assert ((0, 1), (0, 2)) in pairs["same_item_in_memory"]
    assert ((0, 0), (0, 3)) in pairs["same_item_from_encoding"]
    assert ((0, 1), (1, 1)) in pairs["same_time"]
    n = len(STATES)
    assert sum(len(found) for found in pairs.values()) == n * (n - 1) // 2
    assert len(set().union(*pairs.values())) == n * (n - 1) // 2


def test_items_that_are_never_compared_do_not_count():
    states = tuple((s, t) for t in range(4) for s in range(t + 1))
    plan = Plan(Design(states, (0, 1, 2, 3), n_back=2))
    assert plan.items == {0, 1}
    assert [states[row] for row in plan.memory] == [(0, 1), (0, 2), (1, 2), (1, 3)]
    assert [states[row] for row in plan.encoding] == [(0, 0), (1, 1)]


def test_swaps_agree_with_procrustes(rng):
    """The slow way: whole rotations in the space of units, one at a time."""
    codes = planted(rng, Composition({"age": 0.7, "slot": 0.3}), noise=0.4, n_units=20)
    plan = Plan(DESIGN)

    def shape(vectors):
        return Shape(vectors, vectors.mean(axis=0), 1.0)

    for name, rows in plan.swaps.items():
        inner = size = 0.0
        for source, target, start, end in rows:
            for halving in range(3):
                for half in (0, 1):
                    one, other = codes[halving, half], codes[halving, 1 - half]
                    rotation = fit_rotation(shape(one[start]), shape(one[end]))
                    carried = rotation.apply(one[source])
                    inner += (carried * other[target]).sum()
                    size += np.linalg.norm(carried) * np.linalg.norm(other[target])
        assert swap_means(grams(codes), plan)[name] == pytest.approx(inner / size, abs=1e-6)


def test_designs_without_neighbours_in_time_lack_that_measure():
    states = ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2))
    plan = Plan(Design(states, (0, 1, 2), n_back=1))
    assert "swap_time" not in plan.swaps
    assert "same_item_in_memory" not in plan.pairs


def test_where_there_is_no_code_measures_are_finite(rng):
    codes = rng.standard_normal((3, 2, len(STATES), 3, 10))
    found = measure(grams(codes), Plan(DESIGN))
    assert np.isfinite(list(found.values())).all()
    kernel = np.zeros((len(STATES),) * 2)
    assert set(pair_means(kernel, Plan(DESIGN)).values()) == {0.0}
