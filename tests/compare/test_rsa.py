"""RDMs and their correlation against rsatoolbox, and what they must be by construction."""

from dataclasses import replace

import numpy as np
import pytest
from rsatoolbox.data import Dataset
from rsatoolbox.rdm import RDMs, calc_rdm, calc_rdm_unbalanced, compare

from wmsim.compare.conditions import pair_sums, spread_items
from wmsim.compare.halves import Half
from wmsim.compare.rsa import codes_of_means, crossnobis, distances, rdm, rdm_correlation, rsa
from wmsim.compare.rsa import rsatoolbox_rdms as to_rdms
from wmsim.compare.splits import ceiling, shuffled, splits


def random_rdm(n, rng):
    codes = rng.standard_normal((n, 3))
    return distances(codes @ codes.T)


def vector(matrix):
    return matrix[np.triu_indices(len(matrix), 1)]


def all_trials(side):
    return Half(side, np.arange(side.n_trials), np.zeros(side.activity[:, 0].shape))


def test_correlation_is_rsatoolbox_s(rng):
    one, other = random_rdm(12, rng), random_rdm(12, rng)
    theirs = compare(RDMs(vector(one)[None]), RDMs(vector(other)[None]), method="corr").item()
    ours = rdm_correlation(one, other, 3)(np.ones((1, 4)))
    assert ours.item() == pytest.approx(theirs, abs=1e-12)


def test_weights_are_copies_of_values(rng):
    """Pairs within a copy of a stimulus count as often as the stimulus is drawn."""
    one, other = random_rdm(10, rng), random_rdm(10, rng)
    weights = np.array([2, 0, 1, 3, 1])
    x, y, times = [], [], []
    for a in range(10):
        for b in range(a):
            (_, v), (_, u) = divmod(a, 5), divmod(b, 5)
            x.append(one[a, b])
            y.append(other[a, b])
            times.append(weights[v] if v == u else weights[v] * weights[u])
    expected = np.corrcoef(np.repeat(x, times), np.repeat(y, times))[0, 1]
    assert rdm_correlation(one, other, 2)(weights[None])[0] == pytest.approx(expected)


def test_correlation_ignores_scale_offset_and_far_away_means(rng):
    one, other = random_rdm(8, rng), random_rdm(8, rng)
    weights = rng.multinomial(8, np.full(8, 1 / 8), size=20)
    np.testing.assert_allclose(
        rdm_correlation(one, 1e-3 * other + 1e6)(weights),
        rdm_correlation(one, other)(weights), atol=1e-5,
    )  # fmt: skip


@pytest.mark.filterwarnings("error")
def test_what_cannot_be_computed_is_nan(rng):
    one = random_rdm(5, rng)
    flat = 1 - np.eye(5)
    holed = np.where(np.eye(5), 0, np.nan)
    assert np.isnan(rdm_correlation(one, flat)(np.ones((2, 5)))).all()
    assert np.isnan(rdm_correlation(one, holed)(np.ones((2, 5)))).all()
    few = np.array([[5, 0, 0, 0, 0], [3, 2, 0, 0, 0], [1, 2, 2, 0, 0]])
    assert np.isnan(rdm_correlation(one, one)(few)).tolist() == [True, True, False]


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
def test_distances_of_one_balanced_item_are_rsatoolbox_s(simulated_pair, rng):
    """Codes of one item are means; all pairs of different trials count."""
    side = simulated_pair(n_items=1, n_values=5, n_trials=40, seed=3).brain
    labels = np.tile(np.arange(5), 8)
    activity = side.activity + rng.standard_normal((5, side.activity.shape[2]))[labels]
    side = replace(side, labels=labels[None], activity=activity)
    data = Dataset(activity[1], obs_descriptors={"value": labels, "trial": np.arange(40)})
    theirs = calc_rdm_unbalanced(
        data, method="crossnobis", descriptor="value", cv_descriptor="trial"
    )
    ours = rdm(all_trials(side), 1)
    np.testing.assert_allclose(vector(ours), theirs.get_vectors()[0], rtol=1e-9)


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
def test_crossnobis_of_balanced_runs_is_rsatoolbox_s(rng):
    labels, runs = np.tile(np.arange(5), 8), np.repeat(np.arange(8), 5)
    activity = rng.standard_normal((40, 7)) + rng.standard_normal((5, 7))[labels]
    data = Dataset(activity, obs_descriptors={"value": labels, "run": runs})
    theirs = calc_rdm(data, method="crossnobis", descriptor="value", cv_descriptor="run")
    ours = crossnobis(activity, labels, runs)
    np.testing.assert_allclose(vector(ours), theirs.get_vectors()[0], rtol=1e-9)


def test_units_that_miss_no_trial_give_the_same_either_way(simulated_pair):
    """The unbalanced path with nothing missing, one item: crossnobis of the same trials."""
    side = simulated_pair(n_items=1, n_values=5, n_trials=60, seed=4).brain
    unbalanced = replace(side, activity=side.activity[:, :, :10], holed=side.activity[:, :, 10:])
    ours, theirs = rdm(all_trials(side), 1), rdm(all_trials(unbalanced), 1)
    assert np.corrcoef(vector(ours), vector(theirs))[0, 1] > 0.99
    assert vector(theirs).mean() == pytest.approx(vector(ours).mean(), rel=0.05)


@pytest.mark.parametrize("offset", [0.0, 50.0])
def test_units_that_miss_trials_count(simulated_pair, offset):
    """Their RDM is that of all trials, also of images that never repeat, whatever their means."""
    pair = simulated_pair(n_trials=800, n_units_brain=40, n_values=8, seed=5)
    rng = np.random.default_rng(5)
    activity = pair.brain.activity.copy()
    late = activity[:, :, 20:] + offset * rng.standard_normal(20)
    late = np.where(rng.random(late.shape[1:]) < 0.2, np.nan, late)
    holed = replace(pair.brain, activity=activity[:, :, :20], holed=late)
    kept = splits(pair, 1, seed=[1])[0]
    missing = splits(replace(pair, brain=holed), 1, seed=[1])[0]
    full, found = rdm(kept.brain, 3), rdm(missing.brain, 3)
    assert np.corrcoef(vector(full), vector(found))[0, 1] > 0.98
    assert vector(found).mean() == pytest.approx(vector(full).mean(), rel=0.1)


def test_means_of_trials_become_codes(rng):
    """Exactly, without noise, for images that never repeat."""
    labels = np.stack([rng.permutation(6)[:3] for _ in range(90)], axis=1)
    codes = rng.standard_normal((3, 6, 4))
    codes -= codes.mean(axis=1, keepdims=True)
    activity = sum(codes[item][labels[item]] for item in range(3))
    means = np.stack([activity[labels[s] == v].mean(axis=0) for s in range(3) for v in range(6)])
    np.testing.assert_allclose(codes_of_means(labels, 6) @ means, codes.reshape(18, 4), atol=1e-9)
    # And they are not the means themselves, but for their mean.
    assert np.abs(means - means.mean(axis=0) - codes.reshape(18, 4)).max() > 0.1


def test_trials_of_one_fold_never_meet(rng):
    activity = rng.standard_normal((12, 3))
    condition = np.tile([0, 1, 2], 4)
    fold = np.repeat([0, 1], 6)
    before = crossnobis(activity, condition, fold)
    means = np.stack([
        [activity[(condition == c) & (fold == f)].mean(axis=0) for c in range(3)] for f in (0, 1)
    ])  # fmt: skip
    first, second = (half[:, None] - half for half in means)
    np.testing.assert_allclose(before, (first * second).mean(axis=-1), atol=1e-12)


def test_codes_drawn_at_random_have_the_same_distance_everywhere(rng):
    """Centred item by item they have not; put back about the population's mean they have."""
    found = np.zeros((2, 12, 12))
    for _ in range(300):
        codes = rng.standard_normal((3, 4, 20))
        codes = (codes - codes.mean(axis=1, keepdims=True)).reshape(12, 20)
        plain = distances(codes @ codes.T / 20)
        found += np.stack([plain, spread_items(plain, 3)]) / 300
    item = np.repeat(np.arange(3), 4)
    within = (item[:, None] == item) & ~np.eye(12, dtype=bool)
    between = item[:, None] != item
    assert found[0][within].mean() == pytest.approx(2, rel=0.02)
    assert found[0][between].mean() == pytest.approx(1.5, rel=0.02)
    assert found[1][between].mean() == pytest.approx(2, rel=0.02)


def test_pair_sums_are_sums_over_pairs(rng):
    values = rng.standard_normal((2, 6, 6))
    values = values + values.swapaxes(1, 2)
    weights = rng.integers(0, 4, (5, 3)).astype(float)
    expected = np.zeros((2, 5))
    for a in range(6):
        for b in range(6):
            u, v = a % 3, b % 3
            if a != b:
                times = weights[:, u] if u == v else weights[:, u] * weights[:, v]
                expected += values[:, a, b, None] * times
    np.testing.assert_allclose(pair_sums(values, 2)(weights), expected)


def test_rotated_copy_is_near_the_ceiling_and_shuffled_labels_at_zero(simulated_pair):
    found = {"copy": [], "ceiling": [], "shuffled": []}
    for seed in range(8):
        pair = simulated_pair(seed=seed, noise=1.0)
        split = splits(pair, 1, seed=[seed])[0]
        null = splits(shuffled(pair, np.random.default_rng(seed)), 1, seed=[seed])[0]
        for name, own in (("copy", split), ("ceiling", ceiling(split)), ("shuffled", null)):
            found[name].append(rsa(own, 3)(np.ones((1, 6)))[0])
    means = {name: np.mean(values) for name, values in found.items()}
    assert means["copy"] > 0.85
    assert means["ceiling"] > 0.85
    assert abs(means["shuffled"]) < 3 * np.std(found["shuffled"]) / np.sqrt(8) + 0.02


def test_rsatoolbox_gets_names_and_nan_for_items_not_shown_yet(simulated_pair):
    pair = simulated_pair(n_values=5)
    movie = to_rdms(pair.brain)
    assert movie.rdm_descriptors["step"] == ["item 1", "item 2", "item 3", "maintenance"]
    assert movie.pattern_descriptors["item"] == [1] * 5 + [2] * 5 + [3] * 5
    assert movie.pattern_descriptors["value"][:6] == [*pair.brain.values, "image 1"]
    matrices = movie.get_matrices()
    assert np.isnan(matrices[0][0, 5:]).all()
    assert np.isfinite(matrices[3]).all()
    half = splits(pair, 1, seed=[0])[0].brain
    np.testing.assert_allclose(to_rdms(half, 0).get_matrices()[0], rdm(half, 0))
    assert to_rdms(half, 0).n_cond == 5
