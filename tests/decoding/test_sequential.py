"""Permutation tests that end early: uniform without a code, and the same p where they do not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.decoding import permutation_p
from wmsim.decoding.sequential import sequential_p


@settings(max_examples=100)
@given(
    null=st.lists(st.integers(0, 8), min_size=1, max_size=40), observed=st.integers(-1, 9),
    h=st.integers(1, 10), more=st.lists(st.integers(0, 8), max_size=10),
)  # fmt: skip
def test_p_is_that_of_drawing_one_by_one(null, observed, h, more):
    """Written as it is told: draw until h have reached the statistic, or until the end."""
    reached, expected = 0, None
    for drawn, value in enumerate(null, start=1):
        reached += value >= observed
        if reached == h:
            expected = (h / drawn, drawn)
            break
    found = sequential_p(observed, np.array(null, float), h)
    assert found == (expected or (permutation_p(observed, np.array(null)), None))
    if expected:  # what is computed beyond does not count
        assert sequential_p(observed, np.array(null + more, float), h) == found


@pytest.mark.parametrize("h", [1, 5, 20])
def test_p_is_uniform_without_a_code(h):
    """For every level that p can take; statistics in steps, as accuracies are, are conservative."""
    rng = np.random.default_rng(h)
    draws = rng.standard_normal((6000, 100))
    p = np.array([sequential_p(row[0], row[1:], h).p for row in draws])
    for level in (0.02, 0.05, 0.1, 0.25, 0.5):
        reachable = p[p <= level + 1e-12].max()  # p takes few values above h / n
        assert (p <= level + 1e-12).mean() == pytest.approx(reachable, abs=0.02)
    steps = np.round(draws, 1)
    p = np.array([sequential_p(row[0], row[1:], h).p for row in steps])
    for level in (0.02, 0.05, 0.1, 0.25):
        assert (p <= level).mean() <= level + 0.01


def test_most_of_the_work_is_saved_where_there_is_nothing():
    rng = np.random.default_rng(0)
    draws = rng.standard_normal((500, 1000))
    ends = [sequential_p(row[0], row[1:], 10).reached_at or 999 for row in draws]
    assert np.median(ends) < 30


def test_without_a_number_nothing_ends():
    null = np.full(50, 0.5)
    for never in (None, 0):
        assert sequential_p(0.4, null, never) == (1.0, None)
    assert np.isnan(sequential_p(0.4, np.empty(0), 5).p)
    assert np.isnan(sequential_p(np.nan, null, 5).p)
    # Equal up to rounding is reached.
    assert sequential_p(0.1 + 0.2, np.array([0.3]), 1).reached_at == 1
