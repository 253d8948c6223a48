"""Agreement of swapped rotations."""

import time

import numpy as np
import pytest

from wmsim.compare.config import CompareConfig
from wmsim.compare.pairing import make_pairs
from wmsim.compare.splits import ceiling, splits
from wmsim.compare.swaps import half_grams, statistics, swap_statistics, swaps, weighted_grams
from wmsim.compare.tensor import design_of
from wmsim.hypotheses import plant
from wmsim.hypotheses.codes import contrasts
from wmsim.hypotheses.measures import Plan, measure


def planted(hypothesis, signal, seed, **settings):
    return plant(
        hypothesis=hypothesis, n_units=60, n_trials=200, n_items=4, signal=signal, seed=seed,
        **settings,
    )  # fmt: skip


@pytest.fixture(scope="module")
def h2_splits():
    """Splits of an H2 brain with models of H1 and H2."""
    brain = planted("H2", 1.0, 1)
    return {
        name: splits(make_pairs(planted(name, 8.0, 2), brain, CompareConfig())[0], 1, seed=[0])
        for name in ("H1", "H2")
    }


def test_the_own_account_agrees_and_another_does_not(h2_splits):
    ones = np.ones((1, h2_splits["H1"][0].brain.side.n_values))
    mean = {name: np.mean([swaps(s)(ones) for s in own]) for name, own in h2_splits.items()}
    top = np.mean([swaps(ceiling(split))(ones) for split in h2_splits["H2"]])
    assert mean["H2"] > 0.85
    assert top > 0.8
    assert mean["H1"] < 0.3


def test_statistics_are_those_of_a_verdict(h2_splits):
    half = h2_splits["H2"][0].model
    plan = Plan(design_of(half.side))
    expected = measure(half_grams(half), plan)
    found = statistics(half)
    assert set(found) == {"swap_stimulus", "swap_time"}
    assert found == pytest.approx({name: expected[name] for name in found})
    assert found["swap_stimulus"] > 0.8 > 0.2 > abs(found["swap_time"])


def test_weights_are_those_of_weighted_codes():
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((1, 2, 3, 5, 12))  # of values
    weights = np.array([2.0, 0.5, 1, 1, 0])
    basis = contrasts(5)
    centred = codes - codes.mean(axis=3, keepdims=True)
    from wmsim.hypotheses.codes import grams

    own = grams(np.einsum("vc,hnsvu->hnscu", basis, centred))
    found = weighted_grams(own, weights[None])
    scaled = centred * np.sqrt(weights)[:, None]
    # Traces and nuclear norms do not depend on axes: what rotations and inner products rest on.
    for s in range(3):
        for t in range(3):
            block = found.within[0, 0, 0, s, :, t]
            expected = scaled[0, 0, s] @ scaled[0, 0, t].T
            assert np.trace(block) == pytest.approx(np.trace(expected))
            assert np.linalg.norm(block, "nuc") == pytest.approx(np.linalg.norm(expected, "nuc"))


def test_resamples_differ_and_batches_do_not_matter(h2_splits):
    half = h2_splits["H2"][0].brain
    plan, own = Plan(design_of(half.side)), half_grams(half)
    k = half.side.n_values
    weights = np.random.default_rng(0).multinomial(k, np.full(k, 1 / k), 23).astype(float)
    together = swap_statistics(own, plan, weights)
    alone = np.concatenate([swap_statistics(own, plan, one[None]) for one in weights])
    assert together == pytest.approx(alone)
    assert (together.std(axis=0) > 0.01).all()


def test_it_says_that_it_is_costly_and_a_hundred_resamples_take_seconds_at_most(h2_splits):
    score = swaps(h2_splits["H2"][0])
    assert score.costly
    k = score.brain.across.shape[-1] + 1
    weights = np.random.default_rng(0).multinomial(k, np.full(k, 1 / k), 100)
    start = time.perf_counter()
    found = score(weights)
    assert time.perf_counter() - start < 10
    assert np.isfinite(found[(weights > 0).sum(axis=1) >= 3]).all()
    assert np.isnan(found[(weights > 0).sum(axis=1) < 3]).all()


def test_a_brain_without_a_yardstick_has_no_score():
    brain, model = planted("H2", 0.02, 3), planted("H2", 8.0, 2)
    split = splits(make_pairs(model, brain, CompareConfig())[0], 1, seed=[0])[0]
    assert np.isnan(swaps(split)(np.ones((2, split.brain.side.n_values)))).all()


@pytest.mark.parametrize("settings", [{"n_items": 1}, {"n_trials": 60}])
def test_no_swaps_or_too_few_trials_are_no_error(simulated_pair, settings):
    split = splits(simulated_pair(**{"n_trials": 100, **settings}), 1, seed=[0])[0]
    assert np.isnan(swaps(split)(np.ones((2, 6)))).all()
    assert statistics(split.brain) == {}
