"""The causal test on a network whose memory is known."""

import numpy as np
import pytest
import xarray as xr

from wmsim.errors import ConfigError, WmsimError
from wmsim.perturbation import PerturbationConfig, perturb
from wmsim.perturbation.compared import compared
from wmsim.perturbation.curves import beyond_random, interval, pooled
from wmsim.perturbation.plan import make_plan
from wmsim.perturbation.shifts import make_shifts
from wmsim.tasks import ItemSpace, generate_trials, parse_task

CONTROLS = ("random", "natural", "outside", "unrelated identity", "unrelated category")


@pytest.fixture(scope="module")
def found(planted_subject):
    return perturb(
        planted_subject(1), task="1-back-location", trials=240, split="train", n_random=19,
        bootstrap=100, folds=3, doses=(0.25, 0.75, 2.0), penalty=1.0,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["match", "non-match"])
def test_the_true_direction_turns_the_answer_at_the_hyperplane(found, kind):
    other = {"match": "non-match", "non-match": "match"}[kind]
    own = found.sel(trial_kind=kind, direction="own", step=1)
    right, wrong = own["probability"].sel(action=kind), own["probability"].sel(action=other)
    assert float(own["hyperplane"]) == pytest.approx(0.5, abs=0.1)
    assert (right.sel(dose=[0, 0.25]) > 0.95).all()
    assert (right.sel(dose=[0.75, 1]) < 0.1).all()
    assert (wrong.sel(dose=[0.75, 1]) > 0.9).all()
    assert (own["probability"].sel(action="no action") < 1e-3).all()
    assert float(own["changed"].sel(dose=1)) == 1
    assert float(own["decoded"].sel(dose=0)) == 0
    assert float(own["decoded"].sel(dose=1)) == 1


@pytest.mark.parametrize("kind", ["match", "non-match"])
def test_directions_that_do_not_matter_change_nothing(found, kind):
    one = found.sel(trial_kind=kind, dose=1.0, step=1, action=kind)
    names = [name for name in one["direction"].values if str(name).startswith(("outside", "unrel"))]
    assert len(names) == 21
    assert (np.abs(one["change"].sel(direction=names)) < 0.02).all()
    if kind == "non-match":
        assert abs(float(one["change"].sel(direction="elsewhere"))) < 0.02
    contrast = one.sel(tested="own")
    assert (contrast["contrast_high"] < -0.5).all()
    assert (contrast["contrast_p"] == 1 / 20).all()


def test_controls_are_as_long_as_the_decoders_dose(found):
    own = found["length"].sel(direction="own")
    for name in found["direction"].values:
        if str(name).startswith(CONTROLS):
            np.testing.assert_allclose(found["length"].sel(direction=name), own, rtol=1e-4)
    assert (found["length"].sel(direction="means") >= own * (1 - 1e-6)).all()
    np.testing.assert_allclose(found["cosine"].sel(direction="own"), 1, rtol=1e-5)
    outside = [name for name in found["direction"].values if str(name).startswith("outside")]
    np.testing.assert_allclose(found["cosine"].sel(direction=outside), 0, atol=1e-5)


def test_intervals_hold_their_means_and_draws_are_labelled(found):
    for name in ("probability", "change", "changed", "chosen", "control"):
        low, value, high = found[f"{name}_low"], found[name], found[f"{name}_high"]
        ok = np.isnan(value) | ((low <= value + 1e-6) & (value <= high + 1e-6))
        assert ok.all(), name
    assert (found["kind"] == "random").sum() == 19
    assert int(found["n_trials"].sum()) == 240
    np.testing.assert_allclose(found["change"].sel(dose=0).fillna(0), 0, atol=1e-12)


def test_steps_in_between_are_reported_and_the_memory_lasts(planted_subject, small):
    subject = planted_subject(2)
    result = perturb(subject, task="2-back-location", item=1, **small)
    own = result.sel(direction="own", trial_kind="match")
    assert result.sizes["step"] == 2
    assert (result.attrs["step"], result.attrs["probe_step"]) == (1, 3)
    before = own["probability"].sel(step=1)
    np.testing.assert_allclose(before, before.sel(dose=0).broadcast_like(before), atol=1e-6)
    assert float(own["change"].sel(step=2, dose=1, action="match")) < -0.9


def test_one_against_the_rest_leaves_the_value_too(planted_subject, small):
    result = perturb(planted_subject(1), task="1-back-location", decoder="rest", **small)
    own = result.sel(direction="own", step=1, trial_kind="match", action="match")
    assert float(own["change"].sel(dose=1)) < -0.5
    assert float(own["decoded"].sel(dose=2)) == 1


def test_another_feature_can_be_moved_and_does_not_matter(planted_subject, small):
    result = perturb(planted_subject(1), task="1-back-location", feature="identity", **small)
    own = result.sel(direction="own", step=1, dose=1)
    assert float(own["decoded"].min()) > 0.95
    assert float(np.abs(own["change"]).max()) < 0.05
    assert "unrelated location" in result["direction"].values


def test_decoders_are_fitted_to_other_trials_than_those_that_they_move():
    rng = np.random.default_rng(0)
    space = ItemSpace.of_counts(n_categories=3, identities=2, views=2)
    task = parse_task("1-back-location")
    pair = compared(task, generate_trials([task], 150, space, rng=rng), 0)
    plan = make_plan(pair, "location", decoder="pairs", folds=3, rng=rng)
    states = rng.standard_normal((150, 10)) + 2 * np.eye(10)[plan.own.labels]
    config = PerturbationConfig(folds=3, n_random=2)
    own_fold = plan.fold == 1
    tampered = np.where(own_fold[:, None], rng.standard_normal((150, 10)) * 50, states)
    one, two = (
        make_shifts(data, plan, config, rng=np.random.default_rng(1)) for data in (states, tampered)
    )
    np.testing.assert_array_equal(one.vectors[own_fold], two.vectors[own_fold])
    assert (one.vectors[~own_fold] != two.vectors[~own_fold]).any()


def test_a_seed_fixes_the_result(planted_subject, small):
    subject = planted_subject(1)
    first, same, other = (
        perturb(subject, task="1-back-location", seed=seed, **small) for seed in (0, 0, 1)
    )
    xr.testing.assert_equal(first, same)
    assert not first["change"].equals(other["change"])


def test_intervals_over_draws_and_trials():
    rng = np.random.default_rng(0)
    means = np.tile(rng.normal(size=12), (2001, 1))
    over = interval(pooled(means, rng=rng))
    assert over.value == pytest.approx(means[0].mean())
    assert over.high - over.low == pytest.approx(2 * 1.96 * means[0].std() / 12**0.5, rel=0.1)
    none, p = beyond_random(means[:, :3], means, rng=rng)
    assert none.value.shape == p.shape == (3,)
    assert (p > 1 / 13).all()


@pytest.mark.parametrize(
    ("parts", "width"), [(("hidden",), 1), (("cell state",), 1), (("hidden", "cell state"), 2)]
)
def test_an_lstm_is_moved_in_each_part(tiny_subject, small, parts, width, monkeypatch):
    seen = []

    def watched(states, *rest, **settings):
        seen.append(states.shape[1])
        return make_shifts(states, *rest, **settings)

    monkeypatch.setattr("wmsim.perturbation.run.make_shifts", watched)
    result = perturb(tiny_subject, task="1-back-category", parts=parts, **small)
    assert seen == [12 * width]
    own = result.sel(direction="own", step=1)
    assert np.isfinite(own["probability"]).all()
    assert float(np.abs(own["change"]).max()) > 0
    assert result.attrs["parts"] == ", ".join(parts)


def test_wrong_requests_are_told(planted_subject, small):
    subject = planted_subject(1)
    with pytest.raises(ConfigError, match=r"not trained on '2-back-location'.*1-back-location"):
        perturb(subject, task="2-back-location")
    with pytest.raises(ConfigError, match="Did you mean 'location'"):
        perturb(subject, task="1-back-location", feature="locaton")
    with pytest.raises(ConfigError, match="Did you mean 'doses'"):
        perturb(subject, task="1-back-location", dose=1)
    with pytest.raises(ConfigError, match="Unknown direction 'sideways'"):
        perturb(subject, task="1-back-location", directions=("sideways",))
    with pytest.raises(ConfigError, match="carries no 'cell state'"):
        perturb(subject, task="1-back-location", parts=("cell state",), **small)
    with pytest.raises(WmsimError, match="at least 10 of each"):
        perturb(subject, task="1-back-location", **{**small, "trials": 10})
