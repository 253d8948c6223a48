"""Principal angles against SciPy, what must not change them, and planes against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from wmsim.errors import WmsimError
from wmsim.geometry import plane, principal_angles

sizes = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(4, 30), st.integers(0, 2**31))


def draw(sizes):
    n_a, n_b, n_units, seed = sizes
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_a, n_units)), rng.normal(size=(n_b, n_units)), rng


@settings(max_examples=100)
@given(sizes)
def test_angles_are_those_of_scipy(sizes):
    a, b, _ = draw(sizes)
    # SciPy takes columns, and gives the largest angle first; where subspaces of different
    # dimension meet, it takes angles from cosines near 1, good to 1e-6 degrees or so.
    wanted = np.degrees(subspace_angles(a.T, b.T))[::-1]
    np.testing.assert_allclose(principal_angles(a, b), wanted, atol=1e-5)


@settings(max_examples=60)
@given(sizes)
def test_neither_bases_nor_rotations_of_space_change_angles(sizes):
    a, b, rng = draw(sizes)
    angles = principal_angles(a, b)
    mixed = rng.normal(size=(len(a), len(a))) + 3 * np.eye(len(a))
    turn, _ = np.linalg.qr(rng.normal(size=(a.shape[1],) * 2))
    np.testing.assert_allclose(principal_angles(mixed @ a, b), angles, atol=1e-5)
    np.testing.assert_allclose(principal_angles(a @ turn, b @ turn), angles, atol=1e-5)
    np.testing.assert_allclose(principal_angles(b, a), angles, atol=1e-8)


@pytest.mark.parametrize("angle", [0.0, 1e-7, 1e-3, 30.0, 89.999999, 90.0])
def test_angles_that_were_built_in(angle):
    """Two planes of six dimensions share a line and are tilted by a known angle."""
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(6, 6)))
    tilt = np.radians(angle)
    floor = turn[:2]
    tilted = np.stack([turn[0], np.cos(tilt) * turn[1] + np.sin(tilt) * turn[2]])
    np.testing.assert_allclose(principal_angles(floor, tilted), [0.0, angle], atol=2e-9)


def test_a_subspace_within_another_has_no_angle():
    a = np.random.default_rng(0).normal(size=(3, 10))
    np.testing.assert_allclose(principal_angles(a[:1] + a[1:2], a), [0.0], atol=1e-6)


@settings(max_examples=50)
@given(st.integers(3, 9), st.integers(3, 20), st.integers(0, 2**31))
def test_planes_are_principal_components(n_conditions, n_units, seed):
    patterns = np.random.default_rng(seed).normal(size=(n_conditions, n_units)) + 5.0
    basis = plane(patterns)
    np.testing.assert_allclose(basis @ basis.T, np.eye(2), atol=1e-10)
    components = PCA(n_components=2, svd_solver="full").fit(patterns).components_
    np.testing.assert_allclose(np.abs(np.diag(basis @ components.T)), [1.0, 1.0], atol=1e-6)
    np.testing.assert_allclose(principal_angles(plane(patterns + 7.0), basis), 0.0, atol=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: principal_angles(np.eye(3), np.eye(4)), "a has 3 units, b has 4"),
        (lambda: principal_angles(np.ones(3), np.eye(3)), r"a has shape \(3,\), expected"),
        (lambda: principal_angles(np.eye(3), np.zeros((2, 3))), "All rows are 0"),
        (lambda: principal_angles(np.eye(3), [[np.nan, 1, 2]]), "b holds NaN or infinity in 1 of"),
        (lambda: principal_angles(np.empty((0, 3)), np.eye(3)), r"a has shape \(0, 3\)"),
        (lambda: plane(np.eye(2)), "n_components is 2, but 2 patterns, centred, extend in 1"),
        (lambda: plane(np.eye(4), n_components=0), "Give 1 to 3"),
        (lambda: plane(np.full((4, 5), 0.1)), "The patterns are all alike"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(WmsimError, match=message):
        call()
