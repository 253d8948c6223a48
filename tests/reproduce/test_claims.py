"""Claims: intervals and verdicts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from wmsim.reproduce import Claim, over_subjects, verdict

numbers = st.floats(-1, 1)


@given(st.lists(numbers, min_size=2, max_size=8))
def test_interval_is_students(values):
    mean, low, high = over_subjects(values)
    error = stats.sem(values)
    if error < 1e-12:
        assert low == pytest.approx(mean)
        assert high == pytest.approx(mean)
        return
    expected = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=error)
    assert (low, high) == pytest.approx(expected)


def test_one_subject_has_no_interval_and_decides_nothing():
    assert over_subjects([0.9]) == (0.9, None, None)
    assert Claim("learns", "accuracy", [1.0], at_least=0.5).judged("f")["verdict"] == "undecided"


def test_no_subject_has_no_value():
    judged = Claim("learns", "accuracy", [math.nan], at_least=0.5).judged("f")
    assert judged["value"] is None
    assert judged["n_subjects"] == 0


@given(
    low=numbers, width=st.floats(0, 1), at_least=st.none() | numbers, at_most=st.none() | numbers
)
def test_verdict_against_the_set_of_all_values_of_the_interval(low, width, at_least, at_most):
    high = low + width
    inside = [
        (at_least is None or value > at_least) and (at_most is None or value < at_most)
        for value in (low, high)
    ]
    found = verdict(low, high, at_least, at_most)
    if all(inside):
        assert found == "holds"
    elif (at_least is not None and high <= at_least) or (at_most is not None and low >= at_most):
        assert found == "does not hold"
    else:
        assert found == "undecided"


def test_missing_subjects_are_left_out_and_counted():
    judged = Claim("learns", "accuracy", [0.9, math.nan, 0.8], at_least=0.1).judged("figA1")
    assert judged["n_subjects"] == 2
    assert judged["values"] == [0.9, 0.8]


def test_a_claim_without_bounds_is_refused():
    with pytest.raises(ValueError, match="has no bound"):
        Claim("learns", "accuracy", [0.9])


def test_arms_that_are_the_same_do_not_differ():
    assert Claim("one is better", "difference", [0.0, 0.0], at_least=0).judged("f")["verdict"] == (
        "does not hold"
    )
