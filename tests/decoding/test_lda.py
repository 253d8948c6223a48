"""Shrinkage LDA against scikit-learn's, one fit at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import ledoit_wolf
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from wmsim.decoding.lda import fit_lda, lda_path
from wmsim.errors import WmsimError


def planted(seed, n_trials, n_units):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n_trials) % 3)
    patterns = rng.standard_normal((n_trials, n_units)) * rng.uniform(0.5, 3, n_units)
    patterns = patterns + np.eye(3, n_units)[labels] + 2.0
    return patterns, labels == np.arange(3)[:, None], rng.permutation(np.arange(n_trials) % 4)


def deviations(patterns, labels):
    """Patterns less the mean of their class."""
    return patterns - np.where(
        labels[:, None], patterns[labels].mean(axis=0), patterns[~labels].mean(axis=0)
    )


@settings(max_examples=20)
@given(
    seed=st.integers(0, 10**6), n_trials=st.integers(30, 70), n_units=st.integers(3, 90),
    solver=st.sampled_from(["lsqr", "eigen"]),
)  # fmt: skip
def test_path_is_scikit_learn_one_at_a_time(seed, n_trials, n_units, solver):
    patterns, positive, fold = planted(seed, n_trials, n_units)
    train = fold != np.arange(4)[:, None]
    shrinkages = (0.05, 0.7, 1.0)
    found = lda_path(patterns, positive, train, shrinkages, balanced=False)
    for f in (0, 2):
        for a, shrinkage in enumerate(shrinkages):
            for row, labels in enumerate(positive):
                theirs = LinearDiscriminantAnalysis(solver=solver, shrinkage=shrinkage)
                theirs.fit(patterns[train[f]], labels[train[f]])
                said = patterns @ found.normals[f, a, row] + found.offsets[f, a, row]
                np.testing.assert_allclose(
                    said, theirs.decision_function(patterns), rtol=1e-6, atol=1e-6
                )


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), n_trials=st.integers(20, 70), n_units=st.integers(2, 90))
def test_automatic_shrinkage_is_that_of_ledoit_and_wolf(seed, n_trials, n_units):
    patterns, positive, _ = planted(seed, n_trials, n_units)
    found = lda_path(patterns, positive, np.ones((1, n_trials), bool))
    for row, labels in enumerate(positive):
        _, amount = ledoit_wolf(deviations(patterns, labels), assume_centered=True)
        assert found.amounts[0, 0, row] == pytest.approx(amount, rel=1e-7, abs=1e-9)


def test_equal_priors_put_the_border_between_the_means():
    patterns, positive, _ = planted(0, 60, 10)
    found = fit_lda(patterns, positive)
    said = patterns @ found.normals.T + found.offsets
    for row, labels in enumerate(positive):
        assert said[labels, row].mean() == pytest.approx(-said[~labels, row].mean())
        assert said[labels, row].mean() > 0


def test_what_cannot_be_fitted_is_said():
    patterns, positive, _ = planted(0, 24, 5)
    for wrong in (-0.1, 1.5, "automatic", float("nan")):
        with pytest.raises(WmsimError, match="number from 0 to 1 or 'auto', found"):
            fit_lda(patterns, positive, shrinkage=wrong)
    with pytest.raises(WmsimError, match=r"within-class covariance is singular.*larger shrinkage"):
        fit_lda(np.random.default_rng(0).standard_normal((24, 40)), positive, shrinkage=0.0)
    with pytest.raises(WmsimError, match="0 trials of its value among 24 for training"):
        fit_lda(patterns, positive & False)
