"""Parts of the engine: Newton's step, the factor it keeps, offsets, threads."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.decoding.engine.certificate import middle_offset, offsets_of
from wmsim.decoding.engine.newton import (
    drop_column,
    factorise,
    factorise_small,
    settle_free,
    solve_back,
    solve_forward,
)
from wmsim.decoding.engine.pairs import balance
from wmsim.decoding.engine.threads import n_threads, run_all


def positive_definite(rng, n):
    root = rng.standard_normal((n, 2 * n))
    return root @ root.T / n


@pytest.mark.parametrize("n", [1, 3, 30, 79, 80, 120])
def test_factor(n):
    matrix = positive_definite(np.random.default_rng(n), n)
    for factor in (factorise(matrix, 1e-12), factorise_small(matrix, 1e-12)):
        np.testing.assert_allclose(np.triu(factor).T @ np.triu(factor), matrix, atol=1e-10)


def test_factor_of_a_matrix_that_is_not_definite_is_finite():
    assert np.isfinite(np.triu(factorise(-np.eye(100), 1e-9))).all()


@settings(max_examples=20)
@given(n=st.integers(3, 40), n_drops=st.integers(1, 30), seed=st.integers(0, 10**6))
def test_dropping_from_the_factor_is_solving_without(n, n_drops, seed):
    rng = np.random.default_rng(seed)
    matrix, slack = positive_definite(rng, n), rng.standard_normal(n)
    factor = factorise(matrix, 1e-12)
    forward, ones, columns, move = slack.copy(), np.ones(n), np.arange(n), np.empty(n)
    solve_forward(factor, forward)
    solve_forward(factor, ones)
    left = list(range(n))
    for _ in range(min(n_drops, n - 2)):
        row = int(rng.integers(len(left)))
        drop_column(factor, columns, len(left), row, forward, ones)
        del left[row]
    offset = solve_back(factor, columns, len(left), forward, ones, move)
    m = len(left)
    system = np.block([[matrix[np.ix_(left, left)], np.ones((m, 1))], [np.ones((1, m)), 0]])
    expected = np.linalg.solve(system, np.append(slack[left], 0.0))
    np.testing.assert_allclose(move[left], expected[:-1], atol=1e-7)
    assert offset == pytest.approx(expected[-1], abs=1e-7)
    assert (move[np.setdiff1d(np.arange(n), left)] == 0).all()


@settings(max_examples=20)
@given(n=st.integers(4, 60), seed=st.integers(0, 10**6))
def test_newton_stays_within_bounds_and_raises_the_objective(n, seed):
    rng = np.random.default_rng(seed)
    patterns = rng.standard_normal((n, 5))
    gram, signs = patterns @ patterns.T, np.where(rng.random(n) < 0.5, 1.0, -1.0)
    lower, upper = np.where(signs > 0, 0.0, -1.0), np.where(signs > 0, 1.0, 0.0)
    dual = rng.uniform(lower, upper)
    before = dual.copy()
    settle_free(gram, lower, upper, dual, signs - gram @ dual, 1e-9, n)
    assert (dual >= lower).all()
    assert (dual <= upper).all()
    assert dual.sum() == pytest.approx(before.sum(), abs=1e-9)
    objective = [a @ signs - 0.5 * a @ gram @ a for a in (before, dual)]
    assert objective[1] >= objective[0] - 1e-9


@settings(max_examples=20)
@given(n=st.integers(2, 40), seed=st.integers(0, 10**6))
def test_balance_makes_the_sum_zero_within_bounds(n, seed):
    rng = np.random.default_rng(seed)
    signs = np.where(np.arange(n) % 2 == 0, 1.0, -1.0)
    upper, lower = np.where(signs > 0, 2.0, 0.0), np.where(signs > 0, 0.0, -2.0)
    dual, gram = rng.uniform(lower, upper), positive_definite(rng, n)
    slack = signs - gram @ dual
    balance(gram, lower, upper, dual, slack)
    assert dual.sum() == pytest.approx(0.0, abs=1e-9)
    assert (dual >= lower).all()
    assert (dual <= upper).all()
    np.testing.assert_allclose(slack, signs - gram @ dual, atol=1e-9)


def test_offset_without_free_trials_is_the_middle_of_its_range():
    """The convention of libsvm; scikit-learn's answer for the same four trials."""
    from sklearn.svm import SVC

    patterns, signs = np.array([[-3.0], [-1.0], [1.0], [4.0]]), np.array([-1, -1, 1, 1])
    theirs = SVC(kernel="linear", C=0.01, random_state=0).fit(patterns, signs)
    assert (np.abs(theirs.dual_coef_) == 0.01).all()
    dual = 0.01 * signs
    slack = signs - patterns @ (dual @ patterns)
    found = offsets_of(signs[None], np.full((1, 4), 0.01), dual[None], slack[None])
    assert found[0] == pytest.approx(theirs.intercept_[0], abs=1e-12)


@settings(max_examples=30)
@given(n=st.integers(2, 30), seed=st.integers(0, 10**6))
def test_no_offset_costs_less(n, seed):
    rng = np.random.default_rng(seed)
    signs = np.where(np.arange(n) % 2 == 0, 1, -1)
    costs, slack = rng.uniform(0.1, 1, n), np.round(rng.standard_normal(n), 1)

    def cost(offset):
        return np.sum(costs * np.maximum(signs * (slack - offset), 0))

    found = cost(middle_offset(signs, costs, slack))
    assert found <= min(cost(offset) for offset in slack) + 1e-12


def test_threads(monkeypatch):
    assert n_threads(3) == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert n_threads(None) == 5
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert 1 <= n_threads(None) <= (os.cpu_count() or 1)
    done = []
    run_all(done.append, 20, 3)
    assert sorted(done) == list(range(20))

    def fail(job):
        raise ValueError(job)

    with pytest.raises(ValueError, match="0"):
        run_all(fail, 3, 2)


def test_blas_is_single_threaded_within_and_as_before_afterwards():
    from threadpoolctl import threadpool_info, threadpool_limits

    def blas():
        return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}

    seen = []
    run_all(lambda job: None, 1, 1)  # loads what it limits
    with threadpool_limits(3, user_api="blas"):
        before = blas()
        inner = lambda job: seen.append(blas())  # noqa: E731
        run_all(lambda job: run_all(inner, 2, 2), 4, 2)
        assert blas() == before
    assert seen == [{1}] * 8


def test_importing_loads_no_compiler():
    code = (
        "import sys, wmsim.decoding.engine;"
        "assert not {'numba', 'torch', 'sklearn', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
