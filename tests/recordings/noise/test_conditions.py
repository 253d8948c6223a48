"""What labels explain and what is left, against known variances."""

from __future__ import annotations

import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.recordings.noise.conditions import (
    condition_basis,
    condition_features,
    condition_levels,
    explained_by_shown_item,
    split_by_condition,
)


def test_single_factor_is_the_textbook_analysis_of_variance():
    from scipy import stats

    rng = np.random.default_rng(0)
    levels = np.repeat(np.arange(4), 10)[:, None]
    values = rng.normal(size=40) + levels[:, 0]
    split = split_by_condition(values[None, :, None], levels)
    groups = values.reshape(4, 10)
    assert split.freedom[0, 0] == 36
    np.testing.assert_allclose(split.within[0, 0], groups.var(axis=1, ddof=1).mean())
    between = values.var(ddof=0) * 40 - split.within[0, 0] * 36
    f = between / 3 / split.within[0, 0]
    np.testing.assert_allclose(f, stats.f_oneway(*groups).statistic)
    np.testing.assert_allclose(split.explained[0, 0], values.var(ddof=1) - split.within[0, 0])


def test_estimates_are_unbiased():
    rng = np.random.default_rng(1)
    levels = np.array([rng.permutation(4)[:2] for _ in range(60)])
    effects = rng.normal(size=(2, 4))
    signal = effects[0][levels[:, 0]] + effects[1][levels[:, 1]]
    values = signal[:, None] + 2.0 * rng.standard_normal((60, 4000))
    split = split_by_condition(values[None], levels)
    assert abs(split.within.mean() / 4 - 1) < 0.01
    assert abs(split.explained.mean() / signal.var(ddof=1) - 1) < 0.03


def test_residuals_are_of_no_condition():
    rng = np.random.default_rng(2)
    levels = rng.integers(0, 3, (50, 2))
    split = split_by_condition(rng.normal(size=(2, 50, 3)), levels)
    assert np.abs(split.residual.transpose(0, 2, 1) @ condition_basis(levels)).max() < 1e-10


def test_gaps_differ_between_units():
    rng = np.random.default_rng(3)
    levels = rng.integers(0, 3, (80, 1))
    values = rng.normal(size=(2, 80, 3))
    alone = split_by_condition(values[:, 20:, 1:2], levels[20:])
    values[:, :20, 1] = np.nan
    values[0, :, 2] = np.nan
    split = split_by_condition(values, levels)
    np.testing.assert_allclose(split.within[:, 1], alone.within[:, 0])
    assert split.trials[:, 1].tolist() == [60, 60]
    assert np.isnan(split.within[0, 2])
    assert split.freedom[0, 2] == 0


def test_only_the_item_on_display_counts(model_with):
    rng = np.random.default_rng(4)
    base = model_with(n_trials=300)
    images = base["image"].values
    rates = rng.normal(size=(3, 300, 400)) * 0.1
    rates += images[:, 0][None, :, None]  # item 1 is there at all steps
    explained = explained_by_shown_item(base, rates, ["image"])
    assert abs(explained[0].mean() / images[:, 0].var(ddof=1) - 1) < 0.02
    assert explained[1].mean() < 0.25 * explained[0].mean()  # images do not repeat: some is told
    assert np.isnan(explained[2]).all()


def test_features_that_can_make_conditions(model_with):
    rng = np.random.default_rng(5)
    features = {
        "location": rng.integers(0, 4, (60, 1)),
        "image": np.arange(60)[:, None],
        "task_set": np.zeros((60, 1), int),
        "category": rng.integers(0, 12, (60, 1)),
    }
    recording = model_with(
        n_trials=60, n_items=1, activity=rng.normal(size=(2, 80, 60)), features=features,
        trial={"task": ["a", "b"] * 30},
    )  # fmt: skip
    assert condition_features(recording) == ["location", "category"]
    assert condition_features(recording.isel(trial=slice(0, 20))) == ["location"]
    assert condition_levels(recording, ["location"]).shape == (60, 2)
    with pytest.raises(WmsimError, match=r"No feature 'locaton'. Did you mean 'location'"):
        condition_features(recording, ["locaton"])
