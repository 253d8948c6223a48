"""Orthogonality of recordings: labelled, paired between spaces, with an interval over subjects."""

import json

import numpy as np
import pytest
import xarray as xr
from scipy.stats import ttest_1samp, ttest_ind

from wmsim.errors import ConfigError, WmsimError
from wmsim.geometry import orthogonality_index
from wmsim.pipeline import AnalysisConfig
from wmsim.pipeline.compare_orthogonality import (
    MEAN,
    compare_orthogonality,
    over_subjects,
)
from wmsim.pipeline.grouped_folds import group_folds, most_folds
from wmsim.pipeline.orthogonality import orthogonality, two_sided
from wmsim.recordings import build_recording

QUICK = AnalysisConfig(folds=2, permutations=6)
N_TRIALS, N_IMAGES = 96, 24


def recording(n_units, *, seed=0, noise=0.0, names=("a", "b")):
    """Two tasks; 24 images of 8 identities in 4 categories; a frame gives the same activity."""
    rng = np.random.default_rng(7)
    image = rng.permutation(np.arange(2 * N_TRIALS) % N_IMAGES)
    item = np.stack([image, rng.permutation(image)], axis=1)
    code = np.random.default_rng([n_units, seed])
    frames = code.standard_normal((N_IMAGES, n_units))
    frames += 3 * code.standard_normal((8, n_units))[np.arange(N_IMAGES) // 3]
    activity = np.stack([frames[item[:, 0]], frames[item[:, 1]]])
    activity = activity + noise * code.standard_normal(activity.shape)
    return build_recording(
        activity.transpose(0, 2, 1), time=[0, 1], time_units="step", activity_units="a.u.",
        features={"identity": item // 3, "category": item // 6, "image": item},
        shown_item=[0, 1], source="planted",
        item_onset=np.tile([0.0, 1.0], (2 * N_TRIALS, 1)),
        trial={
            "task": np.repeat([f"1-back-{one}" for one in names], N_TRIALS),
            "task_feature": np.repeat(["identity", "category"], N_TRIALS),
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def spaces():
    return recording(300, seed=1), recording(30, seed=2)


@pytest.fixture(scope="module")
def compared(spaces):
    return compare_orthogonality(*spaces, dimensions=5, bootstraps=4, config=QUICK)


def test_labels_and_what_follows_from_what(spaces):
    found = orthogonality(spaces[1], dimensions=(5,), bootstraps=3, config=QUICK)
    assert found["index"].dims == ("feature", "task", "reduction")
    assert found["feature"].values.tolist() == ["identity", "category"]
    assert found["reduction"].values.tolist() == ["as is", "PCA 5"]
    cosine = found["cosine"].sel(feature="category").values[..., :4, :4]
    index = 1 - np.abs(cosine[..., *np.triu_indices(4, 1)]).mean(axis=-1)
    np.testing.assert_allclose(found["index"].sel(feature="category"), index)
    assert found["n_patterns"].values.tolist() == [[24, 24], [24, 24]]
    assert (found["rank"] == 23).all()
    assert found["n_dimensions"].values[0, 0].tolist() == [23, 5]
    np.testing.assert_allclose(
        found["excess"], found["index"] - found["permuted"].mean("permutation")
    )
    assert float(found["null_mean"].sel(feature="identity", null="simplex")[0, 0]) == 1 - 1 / 7
    assert "other values of 'image'" in found.attrs["notes"]
    assert found["bootstrap"].notnull().all()


def test_a_feature_has_the_same_numbers_alone_and_with_others(spaces):
    every = orthogonality(spaces[1], bootstraps=2, config=QUICK)
    alone = orthogonality(spaces[1], "category", tasks=["1-back-b"], bootstraps=2, config=QUICK)
    cell = {"feature": "category", "task": "1-back-b"}
    for name in ("index", "bootstrap", "permuted", "null_mean"):
        np.testing.assert_array_equal(alone[name].sel(cell), every[name].sel(cell))


def test_index_is_that_of_decoders_of_all_trials(spaces):
    from wmsim.decoding import fit_svc

    part = spaces[1].isel(trial=slice(0, N_TRIALS))
    x = part["activity"].values[1].T.astype(float)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    labels = part["category"].values[:, 1]
    normals = fit_svc(z, labels == np.arange(4)[:, None], penalty=0.01).normals
    found = orthogonality(
        spaces[1], "category", tasks=["1-back-a"], state=(1, 1), bootstraps=0, config=QUICK
    )
    assert float(found["index"].squeeze()) == pytest.approx(
        float(orthogonality_index(normals)), abs=1e-3
    )


def test_held_out_trials_show_other_images(spaces):
    """Labels of images that were drawn at random cannot be decoded, though every trial repeats."""
    drawn = np.random.default_rng(0).permutation(np.arange(N_IMAGES) % 4)
    shuffled = spaces[0].assign(
        category=spaces[0]["category"].copy(data=drawn[spaces[0]["image"].values])
    )
    found = orthogonality(shuffled, "category", bootstraps=0, config=QUICK)
    assert float(found["accuracy"].sel(metric="balanced").max()) < 0.75
    by_trial = orthogonality(
        shuffled.drop_vars("image").assign(shuffled[["activity"]] + 0.01),
        "category", bootstraps=0, config=QUICK,
    )  # fmt: skip
    # Without the label, trials of one pattern are found by what they do.
    assert float(by_trial["accuracy"].sel(metric="balanced").max()) < 0.75


def test_spaces_are_compared_trial_by_trial(spaces, compared):
    assert compared["space"].values.tolist() == ["perceptual", "encoding"]
    own = orthogonality(spaces[1], dimensions=5, bootstraps=4, config=QUICK)
    np.testing.assert_array_equal(compared["index"].sel(space="encoding"), own["index"])
    difference = compared["index"].sel(space="perceptual") - compared["index"].sel(space="encoding")
    np.testing.assert_allclose(compared["difference"], difference)
    np.testing.assert_allclose(
        compared["excess_difference"], compared["difference"] - compared["null_difference"]
    )
    assert float(compared.attrs["length"]) == 30.0
    # Trials in another order are brought back.
    shuffled = spaces[0].isel(trial=np.random.default_rng(0).permutation(2 * N_TRIALS))
    again = compare_orthogonality(shuffled, spaces[1], dimensions=5, bootstraps=4, config=QUICK)
    xr.testing.assert_allclose(again["index"], compared["index"])


def test_t_tests_are_those_of_scipy(compared):
    for cell in (
        {"feature": 0, "task": 1, "reduction": 0},
        {"feature": 1, "task": 0, "reduction": 1},
    ):
        draws = compared["bootstrap"].isel(cell)
        wanted = ttest_ind(draws.sel(space="perceptual"), draws.sel(space="encoding"))
        one = compared.isel(cell)
        assert float(one["t"]) == pytest.approx(wanted.statistic)
        assert float(one["t_p"]) == pytest.approx(wanted.pvalue)
    pooled = compared["bootstrap"].isel(feature=0, reduction=0)
    wanted = ttest_ind(
        pooled.sel(space="perceptual").values.ravel(), pooled.sel(space="encoding").values.ravel()
    )
    assert float(compared["t_pooled"][0, 0]) == pytest.approx(wanted.statistic)
    assert "not" in " ".join(json.loads(compared.attrs["notes"]))


def test_the_null_tells_where_dimension_alone_separates(compared):
    low, high = compared["null_low"], compared["null_high"]
    null = {"null": "permuted labels"}
    p, e = ({"space": s, **null} for s in ("perceptual", "encoding"))
    apart = (low.sel(p).values > high.sel(e).values) | (high.sel(p).values < low.sel(e).values)
    same = np.sign(compared["difference"].values) == np.sign(compared["null_difference"].values)
    np.testing.assert_array_equal(compared["null_separates"].values, apart & same)


def test_intervals_over_subjects_are_paired_t_intervals(compared):
    rng = np.random.default_rng(0)
    several = []
    for _ in range(4):
        one = compared.copy(deep=True)
        one["difference"] = one["difference"] + rng.normal()
        several.append(one)
    found = over_subjects(several)
    values = np.stack([one["difference"].mean("task").values for one in several])
    wanted = ttest_1samp(values[:, 0, 0], 0.0)
    interval = wanted.confidence_interval(0.95)
    assert float(found["difference"][0, 0]) == pytest.approx(values[:, 0, 0].mean())
    assert float(found["difference_low"][0, 0]) == pytest.approx(interval.low)
    assert float(found["difference_high"][0, 0]) == pytest.approx(interval.high)
    assert float(found["difference_p"][0, 0]) == pytest.approx(wanted.pvalue)
    overall = found["difference_by_subject"].sel(feature=MEAN)
    np.testing.assert_allclose(overall, values.mean(axis=1))
    alone = over_subjects([compared])
    assert np.isnan(alone["difference_low"]).all()
    assert np.isfinite(alone["difference"]).all()


def test_two_sided_p():
    null = np.array([0.1, 0.2, 0.3, 0.4])
    assert two_sided(0.5, null) == pytest.approx(2 / 5)
    assert two_sided(0.0, null) == pytest.approx(2 / 5)
    assert two_sided(0.25, null) == 1.0
    assert np.isnan(two_sided(0.2, np.empty(0)))


def test_groups_stay_whole_and_every_fold_has_every_value():
    rng = np.random.default_rng(0)
    group = rng.integers(0, 40, 300)
    labels = np.stack([group % 4, rng.integers(0, 3, 300)])
    fold = group_folds(labels, group, 5, rng=rng)
    assert all(np.unique(fold[group == one]).size == 1 for one in range(40))
    for own in labels:
        table = np.array(
            [[np.sum((fold == f) & (own == v)) for v in np.unique(own)] for f in range(5)]
        )
        assert table.min() > 0
    assert most_folds(labels[0], group) == 10


def one_value(space):
    return space.isel(trial=np.flatnonzero(space["category"].values[:, 0] == 0))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda p, e: orthogonality(e, "colour", config=QUICK), ConfigError, "'colour'"),
        (lambda p, e: orthogonality(e, tasks=["x"], config=QUICK), ConfigError, "Unknown task"),
        (lambda p, e: orthogonality(one_value(e), "category", config=QUICK), WmsimError,
         r"takes 1 value\(s\)"),
        (lambda p, e: orthogonality(e, state=(1, 0), config=QUICK), WmsimError,
         r"no state of item 2 at step 1.*\(1, 1\), \(1, 2\), \(2, 2\)"),
        (lambda p, e: orthogonality(e, dimensions=40, config=QUICK), WmsimError, "Ask for 1 to"),
        (lambda p, e: orthogonality(e, dimensions=(5, 5), config=QUICK), ConfigError, "different"),
        (lambda p, e: orthogonality(e, bootstraps=-1), ConfigError, "bootstraps is -1"),
        (lambda p, e: orthogonality(e, length=0.0), ConfigError, "length is 0"),
        (lambda p, e: orthogonality(e, config=AnalysisConfig(penalties=(0.1, 1))), ConfigError,
         "2 penalties"),
        (lambda p, e: orthogonality(e, "identity", across="category", config=QUICK), WmsimError,
         "occurs in one group of trials"),
        (lambda p, e: compare_orthogonality(p.isel(trial=slice(5, None)), e), WmsimError,
         "no trial '0'"),
        (lambda p, e: compare_orthogonality(p.assign(category=p["category"] * 0), e), WmsimError,
         "differ in 'category' of item 1"),
        (lambda p, e: over_subjects([]), WmsimError, "one a subject"),
    ],
)  # fmt: skip
def test_refusals(spaces, call, error, message):
    with pytest.raises(error, match=message):
        call(*spaces)
