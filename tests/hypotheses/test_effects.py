"""Effects: intervals over trials, and p of there being any code."""

import numpy as np

from wmsim.hypotheses.codes import Block
from wmsim.hypotheses.effects import bootstrap_effects, permutation_p
from wmsim.hypotheses.reference import observe
from wmsim.pipeline.design import Design

STATES = ((0, 0), (0, 1), (1, 1), (0, 2), (1, 2))
DESIGN = Design(STATES, (0, 1, -1))


def make_block(rng, *, signal=1.0, n_trials=80, n_units=10, seen=STATES, codes=None):
    if codes is None:
        codes = signal * rng.standard_normal((len(STATES), 3, n_units))
    n_units = codes.shape[2]
    labels = rng.integers(0, 3, (2, n_trials))
    activity = rng.standard_normal((3, n_trials, n_units))
    for row, (item, step) in enumerate(STATES):
        if (item, step) in seen:
            activity[step] += codes[row][labels[item]]
    return Block(activity, labels, 3)


def test_p_is_small_only_where_there_is_a_code(rng):
    block = make_block(rng, signal=1.0, seen=((0, 0), (1, 1)))
    observed = observe([block], DESIGN, rng=rng)
    p = permutation_p([block], observed, 99, rng=rng)
    assert p["encoding"] == 0.01
    assert p["memory"] > 0.01


def test_p_is_uniform_where_there_is_no_code(rng):
    found = []
    for _ in range(60):
        block = make_block(rng, signal=0.0, n_trials=40)
        observed = observe([block], DESIGN, halvings=2, rng=rng)
        found.append(list(permutation_p([block], observed, 19, rng=rng).values()))
    p = np.array(found)
    # 60 draws of 1/20, ..., 20/20: mean .525, standard error .037.
    assert np.abs(p.mean(axis=0) - 0.525).max() < 0.13
    assert (p <= 0.05).mean() < 0.13
    assert p.min() >= 0.05


def test_without_permutations_there_is_no_p(rng):
    block = make_block(rng, signal=1.0)
    assert np.isnan(permutation_p([block], observe([block], DESIGN, rng=rng), 0, rng=rng)["memory"])


def test_intervals_hold_the_value_and_shrink_with_trials(rng):
    wide, narrow = (
        bootstrap_effects([block], observe([block], DESIGN, rng=rng), 40, rng=rng)
        for block in (
            make_block(rng, signal=0.7, n_trials=60),
            make_block(rng, signal=0.7, n_trials=600),
        )
    )
    for name, effect in narrow.items():
        assert effect.low <= effect.value <= effect.high
        if not name.startswith("signal"):
            assert effect.high - effect.low < wide[name].high - wide[name].low


def test_intervals_cover_the_truth(rng):
    hits = 0
    for _ in range(30):
        codes = 0.8 * rng.standard_normal((len(STATES), 3, 20))
        block = make_block(rng, n_trials=100, codes=codes)
        observed = observe([block], DESIGN, halvings=2, rng=rng)
        effect = bootstrap_effects([block], observed, 30, rng=rng)["same_item_in_memory"]
        one, other = (codes[row] - codes[row].mean(axis=0) for row in (1, 3))
        truth = (one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum())
        hits += effect.low <= truth <= effect.high
    assert hits >= 24


def test_without_resamples_there_is_no_interval(rng):
    block = make_block(rng, signal=1.0)
    found = bootstrap_effects([block], observe([block], DESIGN, rng=rng), 0, rng=rng)
    assert np.isnan(found["same_age_memory"].low)


def test_resamples_that_miss_a_value_are_drawn_again(rng):
    block = make_block(rng, signal=1.0, n_trials=24)
    found = bootstrap_effects([block], observe([block], DESIGN, rng=rng), 10, rng=rng)
    assert all(np.isfinite(effect.value) for effect in found.values())
