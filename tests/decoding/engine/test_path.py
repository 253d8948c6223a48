"""All labels, folds and penalties at once against one fit at a time."""

import numpy as np
import pytest

from wmsim.decoding import standardise as z_score
from wmsim.decoding.engine import solve, svc_path, trial_costs
from wmsim.errors import WmsimError

PENALTIES = (1.0, 0.001, 10.0, 0.01)  # in no order, on purpose


def planted(seed, n_trials=90, n_units=30, signal=0.8):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n_trials) % 3)
    codes = rng.standard_normal((3, n_units)) * signal
    patterns = rng.standard_normal((n_trials, n_units)) * rng.uniform(0.2, 5, n_units)
    patterns = patterns + codes[labels] + 3.0
    fold = rng.permutation(np.arange(n_trials) % 4)
    return patterns, labels == np.arange(3)[:, None], fold != np.arange(4)[:, None]


@pytest.mark.parametrize("balanced", [True, False])
@pytest.mark.parametrize("standardise", [True, False])
def test_the_path_is_one_fit_at_a_time(balanced, standardise):
    patterns, positive, train = planted(0)
    patterns[:, 4] = 2.0
    found = svc_path(
        patterns, positive, train, PENALTIES, balanced=balanced, standardise=standardise
    )
    assert found.gap.max() < 1e-6
    for f, fold in enumerate(train):
        scaled = z_score(patterns[None], fold)[0] if standardise else patterns
        np.testing.assert_allclose(
            ((patterns - found.mean[f]) / found.spread[f])[fold], scaled[fold], atol=1e-9
        )
        signs = np.where(positive[:, fold], 1, -1)
        for c, penalty in enumerate(PENALTIES):
            alone = solve(scaled[fold], signs, trial_costs(signs, penalty, balanced))
            np.testing.assert_allclose(found.normals[f, c], alone.normals, atol=2e-4)
            said = scaled @ found.normals[f, c].T + found.offsets[f, c]
            np.testing.assert_allclose(said, scaled @ alone.normals.T + alone.offsets, atol=3e-3)


def test_a_held_out_trial_changes_nothing_in_its_fold():
    patterns, positive, train = planted(1)
    one = svc_path(patterns, positive, train, PENALTIES, standardise=True)
    patterns[~train[2]] += 50.0
    other = svc_path(patterns, positive, train, PENALTIES, standardise=True)
    np.testing.assert_allclose(one.normals[2], other.normals[2], atol=2e-4)
    assert np.abs(one.normals[1] - other.normals[1]).max() > 1e-2


def test_a_fold_without_a_class_is_named():
    patterns, positive, train = planted(2)
    train[1, positive[2]] = False
    with pytest.raises(WmsimError, match=r"Fold 1: Decoder 2 has 0 trials of its value among"):
        svc_path(patterns, positive, train, PENALTIES)
    with pytest.raises(WmsimError, match=r"booleans of shape \(fold, 90\)"):
        svc_path(patterns, positive, train[:, :10], PENALTIES)
