"""Predictivity against a plain reference, closed forms and planted truth."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import Ridge

from wmsim.compare.linear_maps import held_out_pls, held_out_ridge
from wmsim.compare.predictivity import (
    corrected,
    pls,
    predict_codes,
    ridge,
    spearman_brown,
    unit_predictivity,
    value_sums,
)
from wmsim.compare.splits import ceiling, shuffled, splits
from wmsim.errors import ConfigError

SCORES = {"ridge": ridge, "pls": pls}
METHODS = {"ridge": held_out_ridge, "pls": held_out_pls}


def centred(codes):
    return codes - codes.mean(axis=1, keepdims=True)


def drawn_codes(rng, n_items=3, n_values=7, n_inputs=12, n_outputs=5):
    return tuple(
        centred(rng.standard_normal((n_items, n_values, size)))
        for size in (n_inputs, n_outputs, n_inputs)
    )


def plain_maps(inputs, outputs, value, model):
    """Weights of an sklearn model on the other values, (input, output)."""
    kept = [v for v in range(inputs.shape[1]) if v != value]
    known, told = [], []
    for item in range(len(inputs)):
        for v in kept:
            known.append(inputs[item, v] - inputs[item, kept].mean(axis=0))
            told.append(outputs[item, v] - outputs[item, kept].mean(axis=0))
    return model.fit(np.array(known), np.array(told)).coef_.T


def plain_errors_and_predictions(inputs, outputs, new, models):
    errors, predicted = np.zeros(len(models)), np.zeros((len(models), *outputs.shape))
    for number, model in enumerate(models):
        for value in range(inputs.shape[1]):
            weights = plain_maps(inputs, outputs, value, model)
            for item in range(len(inputs)):
                missed = outputs[item, value] - inputs[item, value] @ weights
                errors[number] += (missed**2).sum()
                predicted[number, item, value] = new[item, value] @ weights
    return errors, predicted


def score_of(pair, method, step, *, of=lambda split: split, halvings=1):
    weights = np.ones((1, pair.brain.n_values))
    return np.mean(
        [SCORES[method](of(split), step)(weights)[0] for split in splits(pair, halvings, seed=[0])]
    )


@pytest.mark.parametrize("shape", [(3, 7, 12), (1, 5, 3), (2, 9, 40)])
def test_ridge_is_that_of_sklearn_refitted_without_each_value(shape):
    rng = np.random.default_rng(0)
    inputs, outputs, new = drawn_codes(rng, *shape)
    outputs = centred(outputs + inputs[..., :1])
    penalties = np.logspace(-3, 2, 6)
    power = (inputs**2).sum(axis=2).mean()
    models = [Ridge(alpha=one * power, fit_intercept=False) for one in penalties]
    errors, wanted = plain_errors_and_predictions(inputs, outputs, new, models)
    predicted, penalty = held_out_ridge(inputs, outputs, new, penalties=penalties)
    assert penalty == penalties[errors.argmin()]
    np.testing.assert_allclose(predicted, wanted[errors.argmin()], atol=1e-9)


def test_pls_is_that_of_sklearn_refitted_without_each_value():
    inputs, outputs, new = drawn_codes(np.random.default_rng(1))
    outputs = centred(outputs + 2 * inputs[..., :5])
    models = [PLSRegression(one, scale=False, tol=1e-16, max_iter=10_000) for one in (1, 2, 4, 8)]
    errors, wanted = plain_errors_and_predictions(inputs, outputs, new, models)
    predicted, chosen = held_out_pls(inputs, outputs, new, components=(1, 2, 4, 8))
    assert chosen == (1, 2, 4, 8)[errors.argmin()]
    np.testing.assert_allclose(predicted, wanted[errors.argmin()], atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_code_of_a_value_has_no_part_in_its_own_prediction(method):
    """Changing the brain's code of a value leaves its prediction, with a fixed setting."""
    rng = np.random.default_rng(2)
    inputs, outputs, new = drawn_codes(rng)
    changed = outputs.copy()
    changed[:, 3] += 10 * rng.standard_normal(changed[:, 3].shape)
    fixed = {"penalties": np.array([0.1])} if method == "ridge" else {"components": (2,)}
    before, after = (
        METHODS[method](inputs, centred(one), new, **fixed)[0] for one in (outputs, changed)
    )
    np.testing.assert_allclose(before[:, 3], after[:, 3], atol=1e-9)
    assert np.abs(before[:, 2] - after[:, 2]).max() > 0.1


@pytest.mark.parametrize("method", METHODS)
def test_rotation_and_scale_of_inputs_change_nothing(method):
    rng = np.random.default_rng(3)
    inputs, outputs, new = drawn_codes(rng)
    turn = 30 * np.linalg.qr(rng.standard_normal((12, 12)))[0]
    plain, setting = METHODS[method](inputs, outputs, new)
    turned, same = METHODS[method](inputs @ turn, outputs, new @ turn)
    assert same == setting
    np.testing.assert_allclose(turned, plain, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_activity_that_is_scored_never_changes_predictions(simulated_pair, method):
    split = splits(simulated_pair(n_trials=120), 1, seed=[0])[0]
    activity = split.brain.side.activity.copy()
    activity[:, split.brain.trials] = 100 * np.random.default_rng(0).standard_normal(
        activity[:, split.brain.trials].shape
    )
    side = replace(split.brain.side, activity=activity)
    changed = replace(
        split, brain=replace(split.brain, side=side), other=replace(split.other, side=side)
    )
    assert not np.allclose(changed.brain.codes(3), split.brain.codes(3))
    np.testing.assert_array_equal(
        predict_codes(changed, 3, method), predict_codes(split, 3, method)
    )


@pytest.mark.parametrize("method", METHODS)
def test_noise_free_linear_image_scores_1(simulated_pair, method):
    """Codes of 4 dimensions, of 8 values: 7 of them determine the map."""
    pair = simulated_pair(noise=0, n_values=8, n_trials=150)
    for step in range(4):
        assert score_of(pair, method, step) == pytest.approx(1, abs=2e-3)
        assert score_of(pair, method, step, of=ceiling) == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("method", METHODS)
def test_copy_is_near_the_ceiling_and_others_far_below(simulated_pair, method):
    settings = {"noise": 0.7, "n_values": 8, "n_trials": 150}
    found = {name: [] for name in ("copy", "ceiling", "unmatched", "unrelated", "shuffled")}
    for seed in range(3):
        copy = simulated_pair(seed=seed, **settings)
        apart = simulated_pair(seed=seed, matched=False, **settings)
        found["copy"].append(score_of(copy, method, 3))
        found["ceiling"].append(score_of(copy, method, 3, of=ceiling))
        found["unmatched"].append(score_of(apart, method, 3))
        found["unrelated"].append(
            score_of(simulated_pair(seed=seed, relation="unrelated", **settings), method, 3)
        )
        # Those that did other trials can be mapped to anything, were no value left out.
        found["shuffled"] += [
            score_of(shuffled(pair, np.random.default_rng(seed)), method, 3)
            for pair in (copy, apart)
        ]
    mean = {name: np.mean(scores) for name, scores in found.items()}
    assert mean["ceiling"] > 0.9
    assert mean["copy"] > 0.93 * mean["ceiling"]
    assert mean["unmatched"] > 0.93 * mean["ceiling"]
    assert abs(mean["shuffled"]) < 0.2
    assert mean["unrelated"] < 0.3


def test_model_of_the_item_on_display_loses_those_held(simulated_pair):
    """It has the model's own code of the latest item, and nothing at maintenance."""
    pair = simulated_pair(noise=0.3, noise_model=0, n_values=8, n_trials=150)
    activity = pair.model.activity.copy()
    for step in range(3):
        for value in range(8):
            shown = pair.model.labels[step] == value
            activity[step, shown] = activity[step, shown].mean(axis=0)
    activity[3] = 7.7
    display = replace(pair, model=replace(pair.model, activity=activity))
    for method in METHODS:
        first, later, held = (score_of(display, method, step) for step in (0, 2, 3))
        assert first > 0.85
        assert later < first - 0.15
        assert held == 0


@pytest.mark.parametrize("true", [1.0, 0.6])
def test_correction_finds_the_true_correlation_on_average(true):
    """Predictions without noise, of codes whose halves are as noisy as they are strong."""
    rng = np.random.default_rng(5)
    found, plain = [], []
    for _ in range(300):
        predicted = rng.standard_normal((2, 8, 15))
        code = true * predicted + np.sqrt(1 - true**2) * rng.standard_normal((2, 8, 15))
        own, other = (code + rng.standard_normal(code.shape) for _ in range(2))
        crossed, power, reliable = value_sums(predicted, own, other).sum(axis=1)
        found.append(corrected(crossed, power, reliable))
        plain.append(crossed / np.sqrt(power * (own**2).sum()))
    error = np.std(found) / np.sqrt(300)
    assert np.mean(found) == pytest.approx(true, abs=3 * error + 0.01)
    assert np.mean(plain) == pytest.approx(true / np.sqrt(2), abs=0.02)
    if true == 1:
        assert max(found) > 1  # not clipped


def test_weights_are_resamples_of_values(simulated_pair):
    split = splits(simulated_pair(n_trials=120), 1, seed=[0])[0]
    score = ridge(split, 3)
    codes = predict_codes(split, 3, "ridge"), split.brain.codes(3), split.other.codes(3)
    chosen = [0, 0, 2, 3, 3, 3]
    predicted, own, other = (one[:, chosen] for one in codes)
    wanted = (predicted * own).sum() / np.sqrt((predicted**2).sum() * (own * other).sum())
    weights = np.stack([np.ones(6), np.bincount(chosen, minlength=6)])
    assert score(weights)[1] == pytest.approx(wanted)
    assert score(weights).shape == (2,)
    np.testing.assert_allclose(score(3 * weights), score(weights))


def test_no_reliable_power_is_nan_without_a_warning(simulated_pair):
    split = splits(simulated_pair(n_trials=120), 1, seed=[0])[0]
    silent = replace(split.brain.side, activity=np.full_like(split.brain.side.activity, 2.0))
    quiet = replace(
        split,
        brain=replace(split.brain, side=silent, origin=0 * split.brain.origin + 2),
        other=replace(split.other, side=silent, origin=0 * split.other.origin + 2),
    )
    weights = np.ones((2, 6))
    for method, score in SCORES.items():
        assert np.isnan(score(quiet, 3)(weights)).all()
        found = unit_predictivity(quiet, 3, method)
        assert np.isnan(found.r).all()
        assert np.isnan(found.reliability).all()
        assert np.isnan(score(split, 3)(0 * weights)).all()


@pytest.mark.parametrize("method", METHODS)
def test_brain_without_whole_units_is_nan(simulated_pair, method):
    pair = simulated_pair(n_trials=120)
    empty = replace(pair, brain=replace(pair.brain, activity=pair.brain.activity[:, :, :0]))
    assert np.isnan(score_of(empty, method, 3))


def test_units_are_predicted_as_all_together_and_as_reliably_as_planted(simulated_pair):
    pair = simulated_pair(noise=0.4, n_values=8, n_trials=150)
    # Units that hold nothing.
    activity = pair.brain.activity.copy()
    activity[..., :5] = np.random.default_rng(0).standard_normal(activity[..., :5].shape)
    split = splits(replace(pair, brain=replace(pair.brain, activity=activity)), 1, seed=[0])[0]
    for method in METHODS:
        found = unit_predictivity(split, 3, method)
        assert found.r.shape == found.reliability.shape == (25,)
        assert np.median(found.r[5:]) > 0.8
        assert np.median(found.reliability[5:]) > 0.9
        assert found.reliability[:5].max() < 0.7
    # The score with one unit alone.
    one = corrected(*value_sums(*[
        codes[..., 7:8] for codes in
        (predict_codes(split, 3, "pls"), split.brain.codes(3), split.other.codes(3))
    ]).sum(axis=1))  # fmt: skip
    assert unit_predictivity(split, 3, "pls").r[7] == pytest.approx(float(one))


def test_spearman_brown_is_the_reliability_of_twice_the_trials():
    rng = np.random.default_rng(0)
    signal = rng.standard_normal(200_000)
    quarters = signal + 2 * rng.standard_normal((4, 200_000))
    halves = quarters[:2].mean(axis=0), quarters[2:].mean(axis=0)
    single = np.corrcoef(quarters[0], quarters[1])[0, 1]
    double = np.corrcoef(*halves)[0, 1]
    assert spearman_brown(np.array(single)) == pytest.approx(double, abs=0.01)


def test_unknown_method_is_named(simulated_pair):
    split = splits(simulated_pair(n_trials=120), 1, seed=[0])[0]
    with pytest.raises(ConfigError, match="Did you mean 'ridge'"):
        unit_predictivity(split, 0, "rigde")
