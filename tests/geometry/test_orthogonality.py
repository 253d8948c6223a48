"""The index in closed form, its nulls, decoders against scikit-learn, and a planted truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln

from wmsim.decoding import Fitting
from wmsim.errors import WmsimError
from wmsim.geometry import (
    Reduction,
    accuracies,
    cosines,
    draw_resamples,
    held_out_decisions,
    measure_orthogonality,
    orthogonality_index,
    permute_groups,
    random_indices,
    same_patterns,
    simplex_index,
    span_coordinates,
)

SVC = Fitting.of("svc", (0.1,))
sizes = st.tuples(st.integers(2, 8), st.integers(8, 30), st.integers(0, 2**31))


def slow_index(normals):
    found = []
    for i in range(len(normals)):
        for j in range(i + 1, len(normals)):
            a, b = normals[i], normals[j]
            found.append(1 - abs(a @ b / np.sqrt((a @ a) * (b @ b))))
    return np.mean(found)


@pytest.mark.parametrize(
    ("normals", "wanted"),
    [
        (np.eye(5), 1.0),
        (np.outer([1, -2, 3.0], [1, 2, 3.0]), 0.0),
        (np.eye(4) - 1 / 4, 1 - 1 / 3),
        (np.eye(8) - 1 / 8, 1 - 1 / 7),
        ([[1.0, 0], [1, 1]], 1 - np.sqrt(0.5)),
        # Corners of a square: neighbours at right angles, others opposite.
        ([[1.0, 1], [1, -1], [-1, 1], [-1, -1]], 2 / 3),
    ],
)
def test_closed_forms(normals, wanted):
    assert orthogonality_index(normals) == pytest.approx(wanted, abs=1e-12)


@settings(max_examples=50)
@given(sizes)
def test_index_is_that_of_a_loop_and_neither_lengths_signs_nor_rotations_matter(drawn):
    k, d, seed = drawn
    rng = np.random.default_rng(seed)
    normals = rng.standard_normal((3, k, d))
    wanted = [slow_index(one) for one in normals]
    np.testing.assert_allclose(orthogonality_index(normals), wanted, atol=1e-10)
    turn, _ = np.linalg.qr(rng.standard_normal((d, d)))
    factor = rng.choice([-1, 1], (k, 1)) * rng.uniform(0.1, 9, (k, 1))
    np.testing.assert_allclose(orthogonality_index(factor * normals @ turn), wanted, atol=1e-10)


@settings(max_examples=50)
@given(sizes)
def test_normals_of_equal_length_that_cancel_are_at_most_a_simplex(drawn):
    k, d, seed = drawn
    rng = np.random.default_rng(seed)
    # A random polygon: pairs of opposite vectors, or a closed chain of unit vectors of a plane.
    half = rng.standard_normal((k, d))
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    cancelling = np.concatenate([half, -half])
    assert orthogonality_index(cancelling) <= simplex_index(2 * k) + 1e-12


def test_two_values_have_no_angle_between_them():
    assert orthogonality_index([[1.0, 2], [-1, -2]]) == pytest.approx(0.0)
    assert simplex_index(2) == 0.0


def test_a_normal_of_zero_has_no_direction():
    assert np.isnan(cosines([[0.0, 0], [1, 0]])[0, 1])
    assert np.isnan(orthogonality_index([[0.0, 0], [1, 0]]))


@pytest.mark.parametrize("d", [2, 3, 4, 5, 12, 20480])
def test_random_directions_have_the_mean_of_theory(d):
    found = random_indices(4, d, 4000, rng=np.random.default_rng(d))
    wanted = 1 - np.exp(gammaln(d / 2) - gammaln((d + 1) / 2)) / np.sqrt(np.pi)
    error = found.std() / np.sqrt(found.size)
    assert abs(found.mean() - wanted) < 4 * error
    if d > 10:
        assert wanted == pytest.approx(1 - np.sqrt(2 / np.pi / d), abs=0.02 / d**0.5)


def test_triangles_are_distributed_as_vectors_are():
    d, k = 7, 4
    rng = np.random.default_rng(0)
    direct = orthogonality_index(rng.standard_normal((20000, k, d)))
    found = random_indices(k, d, 20000, rng=rng)
    quantiles = (0.05, 0.25, 0.5, 0.75, 0.95)
    np.testing.assert_allclose(
        np.quantile(found, quantiles), np.quantile(direct, quantiles), atol=0.006
    )


def planted(n_units, *, seed=0, k=8, n_trials=160, inner=3, signal=6.0):
    """Classes at the same places of a subspace of 3 dimensions, and noise in every unit."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n_trials) % k
    means = np.random.default_rng(99).standard_normal((k, inner))
    basis, _ = np.linalg.qr(rng.standard_normal((n_units, inner)))
    patterns = signal * means[labels] @ basis.T + rng.standard_normal((n_trials, n_units))
    return patterns, labels


def test_decoders_are_those_of_scikit_learn_resample_by_resample():
    from sklearn.svm import SVC as Reference

    patterns, labels = planted(30, k=4, n_trials=60)
    rng = np.random.default_rng(1)
    draws = draw_resamples(labels, 4, 3, rng=rng)
    found = measure_orthogonality(patterns, labels, 4, SVC, resamples=draws, rng=rng)

    def reference(rows):
        normals = []
        for value in range(4):
            y = labels[rows] == value
            own, rest = y.sum(), (~y).sum()
            # Our C counts for the rarer class.
            weight = {True: min(own, rest) / own, False: min(own, rest) / rest}
            model = Reference(kernel="linear", C=0.1, tol=1e-8, class_weight=weight, random_state=0)
            normals.append(model.fit(patterns[rows], y).coef_[0])
        return slow_index(normals)

    assert found.index == pytest.approx(reference(np.arange(60)), abs=1e-3)
    np.testing.assert_allclose(found.bootstraps, [reference(rows) for rows in draws], atol=2e-3)


def test_coordinates_of_the_span_change_nothing():
    patterns, labels = planted(400, k=4, n_trials=60)
    rng = np.random.default_rng(1)
    draws = draw_resamples(labels, 4, 4, rng=rng)
    permuted = permute_groups(labels, np.arange(60), 3, rng=rng)
    few = span_coordinates(patterns, standardise=False)
    assert few.shape == (60, 60)
    for kept in (None, 5):
        one, other = (
            measure_orthogonality(
                x, labels, 4, SVC, dimensions=kept, length=50.0, resamples=draws,
                permuted=permuted, rng=rng,
            )
            for x in (patterns, few)
        )  # fmt: skip
        np.testing.assert_allclose(one.cosines, other.cosines, atol=2e-3)
        np.testing.assert_allclose(one.bootstraps, other.bootstraps, atol=2e-3)
        np.testing.assert_allclose(one.permuted, other.permuted, atol=2e-3)


def test_principal_components_are_those_of_scikit_learn_and_lengths_are_brought_to_one():
    from sklearn.decomposition import PCA

    patterns, _ = planted(50)
    found = Reduction.of(patterns, 6, 40.0)
    pca = PCA(6, svd_solver="full").fit(patterns)
    np.testing.assert_allclose(np.abs(found.basis @ pca.components_.T), np.eye(6), atol=1e-6)
    assert found.retained == pytest.approx(pca.explained_variance_ratio_.sum())
    reduced = found.apply(patterns)
    assert (reduced**2).sum(axis=1).mean() == pytest.approx(40.0)
    np.testing.assert_allclose(
        reduced / found.scale, pca.transform(patterns) * np.sign(
            np.diag(found.basis @ pca.components_.T)
        ), atol=1e-6,
    )  # fmt: skip


@settings(max_examples=20)
@given(st.integers(3, 20), st.integers(1, 40), st.integers(0, 2**31))
def test_span_coordinates_keep_products_of_zscored_training_trials(n, d, seed):
    rng = np.random.default_rng(seed)
    patterns = rng.standard_normal((n, d))
    train = np.ones(n, dtype=bool)
    train[: rng.integers(0, n - 1)] = False
    if train.sum() < 2:
        return
    z = (patterns - patterns[train].mean(axis=0)) / patterns[train].std(axis=0)
    found = span_coordinates(patterns, train)
    np.testing.assert_allclose(found[train] @ found[train].T, z[train] @ z[train].T, atol=1e-6)
    # Others are projected: their products with training trials stay.
    np.testing.assert_allclose(found[~train] @ found[train].T, z[~train] @ z[train].T, atol=1e-6)


def test_blocks_of_units_add_up(monkeypatch):
    patterns, _ = planted(100, n_trials=30)
    whole = span_coordinates(patterns)
    monkeypatch.setattr("wmsim.geometry.reduction.BLOCK", 7)
    pieces = span_coordinates(patterns)
    np.testing.assert_allclose(pieces @ pieces.T, whole @ whole.T, atol=1e-9)


def test_dimension_alone_moves_the_index_and_components_undo_it():
    """The same classes among 20 and among 2,000 units: raw they differ, and so do the nulls.

    Classes lie far enough apart for components to be found among 2,000 noisy units; at half the
    distance they are not (the index then differs by .05 in 3 components, too).
    """
    found = {}
    for n_units in (20, 2000):
        patterns, labels = planted(n_units, signal=12.0)
        patterns = span_coordinates(patterns, standardise=False)
        rng = np.random.default_rng(2)
        permuted = permute_groups(labels, np.arange(labels.size), 10, rng=rng)
        for kept in (None, 3):
            found[n_units, kept] = measure_orthogonality(
                patterns, labels, 8, SVC, dimensions=kept, length=20.0, permuted=permuted, rng=rng
            )
    raw = found[2000, None].index - found[20, None].index
    assert raw > 0.08
    # High dimension drives it to the simplex, not to 1.
    assert found[2000, None].index == pytest.approx(simplex_index(8), abs=0.02)
    assert found[2000, None].permuted.mean() == pytest.approx(simplex_index(8), abs=0.01)
    # Labels that mean nothing tell the spaces apart just so.
    assert found[2000, None].permuted.min() > found[20, None].permuted.max() + 0.03
    # In as many dimensions as the classes have, the spaces are alike.
    assert abs(found[2000, 3].index - found[20, 3].index) < 0.03
    assert found[20, 3].n_dimensions == found[2000, 3].n_dimensions == 3


def test_trials_that_are_one_pattern_are_found_and_permuted_together():
    rng = np.random.default_rng(0)
    frames = rng.standard_normal((6, 40))
    shown = np.array([0, 1, 2, 3, 4, 5, 0, 1, 0])
    patterns = (frames[shown] * (1 + 1e-7 * rng.standard_normal((9, 40)))).astype(np.float32)
    group = same_patterns(patterns)
    assert np.unique(np.stack([group, shown]), axis=1).shape[1] == 6
    labels = np.array([0, 0, 1, 1, 2, 2])[shown]
    for one in permute_groups(labels, group, 30, rng=rng):
        assert all(np.unique(one[group == g]).size == 1 for g in range(6))
        assert sorted(one[np.unique(group, return_index=True)[1]]) == [0, 0, 1, 1, 2, 2]


def test_held_out_decisions_are_those_of_a_plain_loop():
    from wmsim.decoding import fit_svc

    patterns, labels = planted(60, k=4, n_trials=60, signal=2.0)
    fold = np.arange(60) // 4 % 3
    rng = np.random.default_rng(0)
    found = held_out_decisions(patterns, labels, 4, fold, SVC, dimensions=(None, 10), rng=rng)
    wanted = np.empty((60, 4))
    for one in range(3):
        train = fold != one
        mean, spread = patterns[train].mean(axis=0), patterns[train].std(axis=0)
        z = (patterns - mean) / spread
        w, b = fit_svc(z[train], labels[train] == np.arange(4)[:, None], penalty=0.1)
        wanted[~train] = z[~train] @ w.T + b
    np.testing.assert_allclose(found[0], wanted, atol=5e-3)
    assert found.shape == (2, 60, 4)
    both = accuracies(found, labels)
    assert both.shape == (2, 2)
    assert both[0, 1] == pytest.approx((wanted.argmax(axis=1) == labels).mean(), abs=0.02)


def test_several_labellings_are_fitted_in_one_go_and_fold_minus_one_is_never_tested():
    patterns, labels = planted(60, k=4, n_trials=60)
    fold = np.where(np.arange(60) < 40, -1, 0)
    rng = np.random.default_rng(0)
    other = rng.permutation(labels)
    both = held_out_decisions(patterns, np.stack([labels, other]), 4, fold, SVC, rng=rng)
    alone = held_out_decisions(patterns, other, 4, fold, SVC, rng=rng)
    np.testing.assert_allclose(both[0, 1][40:], alone[0][40:], atol=2e-3)
    assert np.isnan(both[0, :, :40]).all()
    assert np.isfinite(both[0, :, 40:]).all()


def test_every_resample_has_every_value():
    labels = np.array([0] * 20 + [1] * 2 + [2] * 3)
    draws = draw_resamples(labels, 3, 50, rng=np.random.default_rng(0))
    assert all(np.unique(labels[row]).size == 3 for row in draws)
    again = draw_resamples(labels, 3, 50, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(draws, again)


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: orthogonality_index(np.ones((1, 3))), r"\(1, 3\), expected \(..., value, unit\)"),
        (lambda: simplex_index(1), "1 value"),
        (lambda: draw_resamples(np.zeros(5, int), 1, 2, rng=RNG), "two values or more"),
        (lambda: draw_resamples(np.zeros(5, int), 2, 2, rng=RNG), r"\[5, 0\] trials"),
        (lambda: span_coordinates(np.ones((4, 3))), "does not vary"),
        (lambda: span_coordinates(np.ones(4)), r"shape \(4,\)"),
        (lambda: span_coordinates(np.array([[0, np.nan], [1, 2]])), "hold NaN"),
        (lambda: Reduction.of(RNG.normal(size=(5, 9)), 5), "extend in 4 .* Ask for 1 to 4"),
        (
            lambda: measure_orthogonality(np.eye(4), np.zeros(4, int), 2, SVC, rng=RNG),
            "Value 1 does not occur among 4",
        ),
    ],
)
def test_refusals(call, message):
    with pytest.raises(WmsimError, match=message):
        call()


def test_classifiers_without_normals_are_refused():
    from sklearn.neighbors import KNeighborsClassifier

    patterns, labels = planted(20, k=4, n_trials=40)
    how = Fitting.of(KNeighborsClassifier(3))
    with pytest.raises(WmsimError, match="no hyperplanes"):
        measure_orthogonality(patterns, labels, 4, how, rng=RNG)


@pytest.mark.parametrize("estimator", ["ridge", "lda"])
def test_other_linear_estimators(estimator):
    patterns, labels = planted(20, k=4, n_trials=80)
    how = Fitting.of(estimator)
    permuted = permute_groups(labels, np.arange(80), 4, rng=np.random.default_rng(0))
    found = measure_orthogonality(patterns, labels, 4, how, permuted=permuted, rng=RNG)
    assert 0 <= found.index <= 1
    assert found.permuted.shape == (4,)
