"""Kernels by their axioms, and codes whose cosines are those of a kernel."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import ConfigError
from wmsim.hypotheses.composition import (
    COMPONENTS,
    HYPOTHESES,
    MEANING,
    PURE,
    Composition,
    draw_codes,
    draw_composition,
)
from wmsim.pipeline.design import Design


def design_of(n_items, blanks=0, n_back=None):
    shown = (*range(n_items), *(-1,) * blanks)
    states = tuple((s, t) for s in range(n_items) for t in range(s, len(shown)))
    return Design(states, shown, n_back)


def cosines(codes):
    """Between codes (state, value, unit)."""
    flat = codes.reshape(len(codes), -1)
    norm = np.linalg.norm(flat, axis=1)
    return flat @ flat.T / np.outer(norm, norm)


def alike(composition):
    """Without what sets items apart by their position."""
    smoothness = {**composition.smoothness, "items": 1.0}
    return replace(composition, smoothness=smoothness, first=0.0)


drawn = st.builds(
    lambda hypothesis, seed: draw_composition(hypothesis, np.random.default_rng(seed)),
    st.sampled_from(HYPOTHESES), st.integers(0, 2**32 - 1),
)  # fmt: skip
coded = drawn.filter(lambda composition: composition.shares)
designs = st.one_of(
    st.builds(design_of, st.integers(1, 4), st.integers(0, 3)),
    st.integers(2, 5).flatmap(
        lambda n: st.builds(design_of, st.just(n), st.just(0), st.integers(1, n - 1))
    ),
)


@settings(max_examples=60)
@given(coded, designs)
def test_kernels_are_matrices_of_cosines(composition, design):
    kernel = composition.kernel(design)
    np.testing.assert_allclose(kernel, kernel.T, atol=1e-12)
    np.testing.assert_allclose(np.diag(kernel), 1)
    assert np.linalg.eigvalsh(kernel).min() > -1e-9


@settings(max_examples=40)
@given(coded.map(alike), st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_kernels_do_not_depend_on_the_names_of_items(composition, n_items, seed):
    """Items may be numbered in any order: what matters is when each is shown."""
    order = np.random.default_rng(seed).permutation(n_items).tolist()
    design = design_of(n_items, blanks=1)
    shown = (*order, -1)
    states = tuple((order[s], t) for s, t in design.states)
    np.testing.assert_allclose(
        composition.kernel(Design(states, shown)), composition.kernel(design), atol=1e-12
    )


@pytest.mark.parametrize("hypothesis", PURE)
def test_a_pure_hypothesis_says_what_states_have_to_share(hypothesis):
    design = design_of(3, blanks=2)
    kernel = Composition({PURE[hypothesis]: 1.0}).kernel(design)
    alike = {
        "H1": lambda a, b: a[0] == b[0],
        "H2": lambda a, b: design.age(a) == design.age(b),
        "H3": lambda a, b: a == b,
        "shared": lambda a, b: True,
        "drift": lambda a, b: a[1] == b[1],
    }[hypothesis]
    expected = [[float(alike(a, b)) for b in design.states] for a in design.states]
    np.testing.assert_array_equal(kernel, expected)


def test_smooth_codes_turn_by_the_same_angle_at_each_step():
    kernel = Composition({"age": 1.0}, {"age": 0.5}).kernel(design_of(1, blanks=3))
    np.testing.assert_allclose(kernel[0], [1, 0.5, 0.25, 0.125])


def test_the_first_item_may_have_a_code_of_its_own():
    design = design_of(3)
    plain, apart = (Composition({"age": 1.0}, first=f).kernel(design) for f in (0.0, 0.3))
    first = np.array([item == 0 for item, _ in design.states])
    np.testing.assert_allclose(apart, plain * np.where(first[:, None] == first, 1, 0.7))


def test_what_is_sensory_is_shared_by_items_on_display_and_gone_with_them():
    design = design_of(2, blanks=1)
    kernel = Composition({"slot": 1.0}, sensory=0.4).kernel(design)
    row = {state: number for number, state in enumerate(design.states)}
    assert kernel[row[0, 0], row[1, 1]] == pytest.approx(0.4)
    assert kernel[row[0, 0], row[0, 1]] == pytest.approx(np.sqrt(0.6))
    assert kernel[row[0, 1], row[0, 2]] == pytest.approx(1)


def test_realignment_brings_memory_nearer_to_encoding_where_it_is_compared():
    design = design_of(4, n_back=2)
    kernel = Composition({"age": 1.0}, realignment=0.36).kernel(design)
    row = {state: number for number, state in enumerate(design.states)}
    assert kernel[row[0, 0], row[0, 2]] == pytest.approx(0.6)
    assert kernel[row[1, 1], row[1, 3]] == pytest.approx(0.6)
    assert kernel[row[0, 0], row[0, 1]] == 0
    assert kernel[row[0, 0], row[0, 3]] == 0


@pytest.mark.parametrize("n_back", [None, 1])
def test_without_a_code_only_what_is_on_display_is_left(n_back):
    design = design_of(2, blanks=0 if n_back else 1, n_back=n_back)
    kernel = Composition({}, sensory=0.3, realignment=0.5 if n_back else 0).kernel(design)
    shown = np.array([design.age(state) == 0 for state in design.states])
    np.testing.assert_allclose(kernel, 0.3 * np.outer(shown, shown), atol=1e-12)
    assert not Composition({}).kernel(design).any()


@settings(max_examples=60)
@given(st.sampled_from(HYPOTHESES), st.integers(0, 2**32 - 1))
def test_drawn_compositions_are_what_their_names_say(hypothesis, seed):
    composition = draw_composition(hypothesis, np.random.default_rng(seed))
    shares = composition.shares
    assert set(shares) <= set(COMPONENTS)
    if hypothesis == "none":
        assert not shares
        return
    assert sum(shares.values()) == pytest.approx(1)
    if hypothesis == "mixture":
        assert len(shares) == 2
        assert min(shares.values()) >= 0.3
    else:
        assert shares[PURE[hypothesis]] >= 0.8


def test_an_unknown_hypothesis_is_named():
    with pytest.raises(ConfigError, match=r"Unknown hypothesis 'drif'\. Did you mean 'drift'"):
        draw_composition("drif", np.random.default_rng(0))
    assert set(PURE) < set(MEANING)


@settings(max_examples=30)
@given(coded, st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_codes_have_the_cosines_of_the_kernel_exactly_where_there_is_room(composition, k, seed):
    design = design_of(3, blanks=1)
    kernel = composition.kernel(design)
    rng = np.random.default_rng(seed)
    codes = draw_codes(kernel, k, 60, orthogonal=True, rng=rng)
    np.testing.assert_allclose(codes.sum(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose((codes**2).sum(axis=(1, 2)), k)
    np.testing.assert_allclose(cosines(codes), kernel, atol=1e-9)
    # All values are equally far apart, so each code is a rotated copy of each other.
    distances = ((codes[:, :, None] - codes[:, None]) ** 2).sum(axis=3)
    apart = distances[:, ~np.eye(k, dtype=bool)]
    np.testing.assert_allclose(apart, apart[0, 0])


def test_codes_drawn_at_random_have_the_cosines_on_average():
    kernel = Composition({"slot": 0.5, "age": 0.5}).kernel(design_of(3))
    rng = np.random.default_rng(3)
    found = np.mean([cosines(draw_codes(kernel, 4, 40, rng=rng)) for _ in range(200)], axis=0)
    np.testing.assert_allclose(found, kernel, atol=0.05)


def test_dimension_limits_each_code_to_one_subspace():
    kernel = Composition({"age": 1.0}).kernel(design_of(2))
    codes = draw_codes(kernel, 6, 40, dimension=2, rng=np.random.default_rng(0))
    assert [np.linalg.matrix_rank(code) for code in codes] == [2, 2, 2]
    full = draw_codes(kernel, 6, 40, rng=np.random.default_rng(0))
    assert np.linalg.matrix_rank(full[0]) == 5


@pytest.mark.parametrize(("n_values", "dimension"), [(1, None), (4, 4), (4, 0)])
def test_impossible_dimensions_are_refused(n_values, dimension):
    with pytest.raises(ConfigError, match=rf"A code of {n_values} value\(s\) cannot have"):
        draw_codes(np.eye(2), n_values, 10, dimension=dimension, rng=np.random.default_rng(0))


def test_no_code_at_all_is_zero():
    codes = draw_codes(np.zeros((3, 3)), 4, 10, orthogonal=True, rng=np.random.default_rng(0))
    assert codes.shape == (3, 4, 10)
    assert not codes.any()


def test_the_step_off_the_display_may_turn_codes_more_than_later_ones():
    design = Design(tuple((0, t) for t in range(4)), (0, -1, -1, -1))
    kernel = Composition({"age": 1.0}, {"age": 0.5, "display": 0.1}).kernel(design)
    np.testing.assert_allclose(kernel[0], [1, 0.1, 0.05, 0.025])
    np.testing.assert_allclose(kernel[1], [0.1, 1, 0.5, 0.25])
