"""Reference recordings: made by parts and in batches, they are what they would be made whole."""

from dataclasses import replace

import numpy as np
import pytest

from wmsim.hypotheses import reference
from wmsim.hypotheses.codes import Block, Grams, grams, make_estimator
from wmsim.hypotheses.composition import HYPOTHESES
from wmsim.hypotheses.measures import Plan, measure, measure_all
from wmsim.hypotheses.reference import Strengths, make_reference, observe
from wmsim.pipeline.design import Design

STATES = ((0, 0), (0, 1), (1, 1), (0, 2), (1, 2))
DESIGN = Design(STATES, (0, 1, -1))
K = 3


def make_block(rng, n_trials=60, n_units=8, signal=1.0):
    codes = signal * rng.standard_normal((len(STATES), K, n_units))
    labels = rng.integers(0, K, (2, n_trials))
    activity = rng.standard_normal((3, n_trials, n_units))
    for row, (item, step) in enumerate(STATES):
        activity[step] += codes[row][labels[item]]
    return Block(activity, labels, K)


def test_trials_dealt_out_anew(rng):
    block = make_block(rng)
    estimator = make_estimator(block, STATES, rng=rng)
    order = rng.permutation(60)
    np.testing.assert_allclose(
        estimator.codes(block.activity, order), estimator.codes(block.activity[:, order]),
        atol=1e-12,
    )  # fmt: skip


def test_codes_are_added_by_parts(rng):
    noise = rng.standard_normal((2, 2, len(STATES), K - 1, 8))
    codes = rng.standard_normal((len(STATES), K - 1, 8))
    whole = grams(noise + codes)
    parts = Grams(np.empty_like(whole.within), np.empty_like(whole.across))
    reference._Noise.of(noise).with_codes(codes, parts)
    np.testing.assert_allclose(parts.within, whole.within, atol=1e-12)
    np.testing.assert_allclose(parts.across, whole.across, atol=1e-12)


def test_several_are_measured_as_one(rng):
    each = [grams(rng.standard_normal((2, 2, len(STATES), K - 1, 8))) for _ in range(4)]
    several = Grams(np.stack([g.within for g in each]), np.stack([g.across for g in each]))
    plan = Plan(DESIGN)
    found = measure_all(several, plan)
    for number, one in enumerate(each):
        alone = measure(one, plan)
        assert alone.keys() == found.keys()
        for name, value in alone.items():
            assert found[name][number] == pytest.approx(value, abs=1e-12), name


def test_batches_change_nothing(rng, monkeypatch):
    observed = observe([make_block(rng)], DESIGN, halvings=2, rng=rng)
    whole = make_reference(observed, each=20, rng=np.random.default_rng(3))
    monkeypatch.setattr(reference, "BATCH", 1)
    apart = make_reference(observed, each=20, rng=np.random.default_rng(3))
    np.testing.assert_allclose(apart.values, whole.values, atol=1e-12)
    np.testing.assert_allclose(apart.kernels, whole.kernels, atol=1e-12)
    assert (apart.group == whole.group).all()
    counts = np.bincount(whole.truth)
    assert counts.tolist() == [40 if name == "mixture" else 20 for name in HYPOTHESES]


def test_strength_follows_the_recording(rng):
    observed = observe([make_block(rng, 200)], DESIGN, halvings=2, rng=rng)
    measured = np.diag(observed.grams.kernel)
    sure = Strengths.of(observed, np.full(len(STATES), 1e-6))
    drawn = np.array([sure.draw(rng) for _ in range(400)])
    np.testing.assert_allclose(drawn.mean(axis=0), measured, rtol=0.05)
    # Where a single state says nothing, it has the mean of its age.
    unsure = Strengths.of(observed, np.full(len(STATES), 1e6))
    np.testing.assert_allclose(unsure.centre[[0, 2]], measured[[0, 2]].mean(), rtol=1e-6)
    assert (np.array([unsure.draw(rng) for _ in range(50)]) >= 0).all()


def test_codes_live_where_the_recordings_do(rng):
    block = make_block(rng, 200, n_units=40, signal=0.5)
    silent = np.arange(40) >= 10
    activity = block.activity.copy()
    activity[..., silent] = rng.standard_normal(activity[..., silent].shape)
    observed = observe([Block(activity, block.labels, K)], DESIGN, halvings=2, rng=rng)
    noises = [reference.noise_codes(observed, rng) for _ in range(5)]
    gains = reference.unit_gains(observed, noises)
    assert gains.mean() == pytest.approx(1)
    assert gains[silent].mean() < 0.3 < 2 < gains[~silent].mean()


def test_units_that_do_not_differ_are_alike(rng):
    observed = observe([make_block(rng, 200, n_units=40, signal=0.0)], DESIGN, rng=rng)
    noises = [reference.noise_codes(observed, rng) for _ in range(20)]
    even = replace(observed, power=np.full(40, 2.0))
    np.testing.assert_allclose(reference.unit_gains(even, noises), 1)
    np.testing.assert_allclose(reference.unit_gains(replace(observed, power=None), noises), 1)
