"""Ridge classifiers against scikit-learn's, one fit at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import RidgeClassifier

from wmsim.decoding.ridge import fit_ridge, principal, ridge_path
from wmsim.errors import WmsimError


def planted(seed, n_trials, n_units):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n_trials) % 3)
    patterns = rng.standard_normal((n_trials, n_units)) + np.eye(3, n_units)[labels] + 2.0
    return patterns, labels == np.arange(3)[:, None], rng.permutation(np.arange(n_trials) % 4)


@settings(max_examples=20)
@given(
    seed=st.integers(0, 10**6), n_trials=st.integers(24, 70), n_units=st.integers(3, 100),
    scale=st.sampled_from([1e-6, 1.0, 1e6]), constant=st.booleans(),
)  # fmt: skip
def test_path_is_scikit_learn_one_at_a_time(seed, n_trials, n_units, scale, constant):
    patterns, positive, fold = planted(seed, n_trials, n_units)
    if constant:
        patterns[:, 1] = 5.0
    patterns = patterns * scale
    train = fold != np.arange(4)[:, None]
    penalties = np.array([0.1, 30.0]) * scale**2
    found = ridge_path(patterns, positive, train, penalties, balanced=False)
    for f in (0, 3):
        for a, penalty in enumerate(penalties):
            for row, labels in enumerate(positive):
                theirs = RidgeClassifier(alpha=penalty, solver="svd")
                theirs.fit(patterns[train[f]], labels[train[f]])
                said = patterns @ found.normals[f, a, row] + found.offsets[f, a, row]
                np.testing.assert_allclose(said, theirs.decision_function(patterns), atol=1e-6)


def test_balanced_means_lie_at_equal_distances():
    patterns, positive, _ = planted(0, 60, 10)
    found = fit_ridge(patterns, positive, penalty=1.0)
    said = patterns @ found.normals.T + found.offsets
    for row, labels in enumerate(positive):
        assert said[labels, row].mean() == pytest.approx(-said[~labels, row].mean())
        assert said[labels, row].mean() > 0


@pytest.mark.parametrize("shape", [(20, 50), (50, 20)])
def test_axes_are_those_of_a_singular_value_decomposition(shape):
    patterns = np.random.default_rng(0).standard_normal(shape)
    patterns[3] = patterns[4]
    centred = patterns - patterns.mean(axis=0)
    found = principal(centred)
    singular = np.linalg.svd(centred, compute_uv=False)
    np.testing.assert_allclose(
        np.sort(found.variance)[::-1], singular[singular > 1e-9] ** 2, rtol=1e-9
    )
    np.testing.assert_allclose(found.axes @ found.axes.T, np.eye(len(found.axes)), atol=1e-9)


def test_patterns_that_do_not_vary_give_no_normal():
    positive = np.array([[True, False, False, False]])
    found = fit_ridge(np.full((4, 3), 2.0), positive, penalty=1.0, balanced=False)
    np.testing.assert_array_equal(found.normals, 0)
    assert found.offsets[0] == pytest.approx(-0.5)


def test_what_cannot_be_fitted_is_said():
    patterns, positive, fold = planted(0, 24, 5)
    with pytest.raises(WmsimError, match="Penalties must be positive numbers, found"):
        fit_ridge(patterns, positive, penalty=0.0)
    with pytest.raises(WmsimError, match="0 trials of its value among 24 for training"):
        fit_ridge(patterns, positive & False, penalty=1.0)
    with pytest.raises(WmsimError, match="NaN or infinity"):
        fit_ridge(np.where(np.eye(24, 5) > 0, np.inf, patterns), positive, penalty=1.0)
    train = fold != np.arange(4)[:, None]
    train[2, positive[1]] = False
    with pytest.raises(WmsimError, match="Fold 2: Decoder 1 has 0 trials of its value"):
        ridge_path(patterns, positive, train, (1.0,))
