"""Canonical correlation against scikit-learn on training conditions, and on held-out ones."""

import numpy as np
import pytest
from sklearn.cross_decomposition import CCA

from wmsim.compare.cca import canonical_axes, cca, common_dimension, held_out_correlation
from wmsim.compare.splits import ceiling, shuffled, splits


def products(codes):
    flat = codes.reshape(-1, codes.shape[-1])
    return flat @ flat.T


def test_axes_are_scikit_learn_s(rng):
    shared = rng.standard_normal((40, 3))
    x = shared @ rng.standard_normal((3, 3)) + 0.5 * rng.standard_normal((40, 3))
    y = shared @ rng.standard_normal((3, 3)) + 0.5 * rng.standard_normal((40, 3))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    on_x, on_y, correlation = canonical_axes(x, y)
    theirs = CCA(n_components=3, scale=False, max_iter=5000, tol=1e-12).fit(x, y)
    for ours, variates in zip((x @ on_x, y @ on_y), theirs.transform(x, y), strict=True):
        np.testing.assert_allclose(
            np.abs(ours), np.abs(variates / np.linalg.norm(variates, axis=0)), atol=1e-5
        )
    np.testing.assert_allclose(((x @ on_x) * (y @ on_y)).sum(axis=0), correlation, atol=1e-9)


def test_linear_maps_of_few_dimensions_do_not_matter(rng):
    """Of codes with no more dimensions than are kept, any invertible map may be made."""
    x, y = rng.standard_normal((2, 3, 8, 4))
    weights = rng.multinomial(8, np.full(8, 1 / 8), size=10)
    score = held_out_correlation(products(x), products(y), 3)
    mixed = held_out_correlation(products(x @ rng.standard_normal((4, 4))), products(y), 3)
    np.testing.assert_allclose(score(weights), mixed(weights), atol=1e-8)
    assert np.ptp(score(weights)) > 0.01


def test_unrelated_codes_correlate_in_sample_and_not_out_of_it():
    rng = np.random.default_rng(4)
    inside, outside = [], []
    for _ in range(60):
        x, y = rng.standard_normal((2, 3, 8, 100))
        low = [np.linalg.svd(c.reshape(24, 100))[0][:, :6] for c in (x, y)]
        inside.append(canonical_axes(*low)[2].mean())
        outside.append(held_out_correlation(products(x), products(y), 3)(np.ones((1, 8))).item())
    assert np.mean(inside) > 0.4
    assert abs(np.mean(outside)) < 3 * np.std(outside) / np.sqrt(60)


def test_dimensions_leave_two_conditions_each():
    assert [common_dimension(free) for free in (0, 2, 3, 9, 100)] == [0, 1, 1, 4, 10]


@pytest.mark.filterwarnings("error")
def test_what_cannot_be_computed_is_nan(rng):
    few = products(rng.standard_normal((1, 3, 5)))
    assert np.isnan(held_out_correlation(few, few)(np.ones((1, 3)))).all()
    codes = products(rng.standard_normal((1, 8, 5)))
    assert np.isnan(held_out_correlation(codes, np.zeros((8, 8)))(np.ones((1, 8)))).all()
    assert np.isnan(held_out_correlation(codes, codes)(np.zeros((1, 8)))).all()


def test_rotated_copy_is_near_the_ceiling_and_shuffled_labels_at_zero(simulated_pair):
    found = {"copy": [], "ceiling": [], "shuffled": []}
    for seed in range(10):
        pair = simulated_pair(seed=seed, noise=1.0, n_values=8)
        split = splits(pair, 1, seed=[seed])[0]
        null = splits(shuffled(pair, np.random.default_rng(seed)), 1, seed=[seed])[0]
        for name, own in (("copy", split), ("ceiling", ceiling(split)), ("shuffled", null)):
            found[name].append(cca(own, 3)(np.ones((1, 8)))[0])
    assert np.mean(found["copy"]) > 0.8
    assert np.mean(found["ceiling"]) > 0.8
    assert abs(np.mean(found["shuffled"])) < 3 * np.std(found["shuffled"]) / np.sqrt(10)
