"""RDMs against brute force, and what they must be by construction."""

import numpy as np
import pytest

from wmsim.errors import ConfigError, WmsimError
from wmsim.hypotheses import plant
from wmsim.recordings import build_recording
from wmsim.rsa import compare_rdms, rank_rdm, rdms, to_rsatoolbox
from wmsim.rsa.rdms import _crossnobis

PICTURES = {"maintenance": 1, "repeats": False, "spiking": "log-linear", "signal": 5.0}


def reference(patterns, labels, folds):
    """Mean product of pattern differences over all pairs of trials from different folds."""
    k = labels.max() + 1
    matrix = np.zeros((k, k))

    def product(a, b):
        pairs = [
            patterns[i] @ patterns[j]
            for i in np.flatnonzero(labels == a)
            for j in np.flatnonzero(labels == b)
            if folds[i] != folds[j]
        ]
        return np.mean(pairs)

    for a in range(k):
        for b in range(k):
            if a != b:
                matrix[a, b] = product(a, a) + product(b, b) - 2 * product(a, b)
    return matrix / patterns.shape[1]


def test_distances_are_those_of_brute_force():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 50)
    folds = rng.integers(0, 3, 50)
    patterns = rng.standard_normal((50, 6)) + 2 * np.eye(4, 6)[labels]
    np.testing.assert_allclose(
        _crossnobis(patterns, labels, folds), reference(patterns, labels, folds), atol=1e-10
    )


def test_planted_code_is_there_when_shown_and_pure_noise_has_distance_zero():
    planted = plant(**PICTURES, n_trials=200, n_units=40, n_values=5, n_items=3, seed=2)
    distances = rdms(planted, "image")["dissimilarity"]
    upper = np.triu_indices(5, 1)
    assert (distances.values[:, upper[0], upper[1]].mean(axis=1) > 0.05).all()
    noise = plant(
        **PICTURES | {"signal": 0}, n_trials=400, n_units=40, n_values=5, n_items=3, seed=2
    )
    nothing = rdms(noise, "image")["dissimilarity"].values[:, upper[0], upper[1]]
    assert abs(nothing.mean()) < 0.01
    assert (nothing < 0).any()


def test_comparison_matches_conditions_by_name():
    planted = plant(**PICTURES, n_trials=120, n_units=40, n_values=5, n_items=3, seed=2)
    distances = rdms(planted, "image", at=[(0, 0)])
    shuffled = distances.isel(value=[3, 1, 0, 4, 2], value_b=[3, 1, 0, 4, 2])
    assert compare_rdms(distances, shuffled).item() == pytest.approx(1)
    assert to_rsatoolbox(distances).n_cond == 5


def test_recordings_without_common_values_are_refused():
    planted = plant(**PICTURES, n_trials=60, n_units=10, n_values=4, n_items=3, seed=2)
    distances = rdms(planted, "image", at=[(0, 0)])
    other = distances.assign_coords(value=list("abcd"), value_b=list("abcd"))
    with pytest.raises(WmsimError, match=r"share 0 value.*at least 3.*rank_rdm"):
        compare_rdms(distances, other)
    with pytest.raises(ConfigError, match="Did you mean 'cosine'"):
        compare_rdms(distances, distances, method="cosin")


def test_rank_is_there_in_any_recording_of_sequences():
    planted = plant(**PICTURES, n_trials=120, n_units=40, n_items=4, n_values=5, seed=2)
    found = rank_rdm(planted, 3)
    assert found["value"].values.tolist() == ["item 1", "item 2", "item 3"]
    upper = np.triu_indices(3, 1)
    assert (found["dissimilarity"].values[0][upper] > -0.05).all()
    shifted = planted.copy(deep=True)
    shifted["activity"][1] += 30  # the second item's step differs in every unit
    apart = rank_rdm(shifted, 3)["dissimilarity"].values[0]
    assert apart[0, 1] > 1
    assert apart[1, 2] > 1
    assert apart[0, 2] < 0.1 * apart[0, 1]


def test_a_value_with_one_trial_is_named():
    labels = np.array([[0], [0], [1], [1], [2]])
    recording = build_recording(
        np.random.default_rng(0).random((1, 3, 5)), time=[0], time_units="step",
        activity_units="a.u.", features={"image": (labels, ["cat", "dog", "cow"])},
        shown_item=[0], source="planted",
    )  # fmt: skip
    with pytest.raises(WmsimError, match="cow has fewer than 2 trials"):
        rdms(recording, "image")
