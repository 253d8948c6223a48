"""The door to the solver, against scikit-learn's own linear SVC."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.svm import SVC

from wmsim.decoding import fit_svc
from wmsim.errors import WmsimError


def objective(normal, offset, patterns, signs, costs):
    """Primal objective of the soft-margin SVC."""
    margins = 1 - signs * (patterns @ normal + offset)
    return 0.5 * normal @ normal + np.sum(costs * np.maximum(margins, 0))


def problem(seed, n_trials, n_units, spread):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n_trials) % 3)
    patterns = rng.standard_normal((n_trials, n_units)) + spread * np.eye(3, n_units)[labels]
    return patterns, labels == np.arange(3)[:, None]


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    n_trials=st.integers(12, 60),
    n_units=st.integers(3, 80),
    spread=st.floats(0, 4),
    penalty=st.sampled_from([0.001, 0.01, 1.0, 10.0]),
)
def test_objective_is_that_of_scikit_learn(seed, n_trials, n_units, spread, penalty):
    patterns, positive = problem(seed, n_trials, n_units, spread)
    found = fit_svc(patterns, positive, penalty=penalty, balanced=False)
    for row, labels in enumerate(positive):
        theirs = SVC(kernel="linear", C=penalty, random_state=0).fit(patterns, labels)
        signs = np.where(labels, 1, -1)
        ours = objective(found.normals[row], found.offsets[row], patterns, signs, penalty)
        reference = objective(theirs.coef_[0], theirs.intercept_[0], patterns, signs, penalty)
        bound = np.abs(theirs.dual_coef_).sum() - 0.5 * theirs.coef_[0] @ theirs.coef_[0]
        # Between their dual and their primal objective, which are apart by what libsvm leaves.
        assert bound * (1 - 1e-9) <= ours <= reference * (1 + 1e-6)


def test_balanced_weights_let_both_classes_weigh_the_same():
    patterns, positive = problem(1, 60, 5, 1.0)
    found = fit_svc(patterns, positive, penalty=0.1)
    theirs = SVC(
        kernel="linear", C=0.1, class_weight={False: 20 / 40, True: 1.0}, tol=1e-8, random_state=0
    )
    theirs.fit(patterns, positive[0])
    np.testing.assert_allclose(found.normals[0], theirs.coef_[0], atol=1e-5)
    assert found.offsets[0] == pytest.approx(theirs.intercept_[0], abs=1e-5)


def test_single_class_is_refused():
    with pytest.raises(WmsimError, match="0 trials of its value among 4 for training"):
        fit_svc(np.eye(4), np.zeros((1, 4), dtype=bool), penalty=1.0)
