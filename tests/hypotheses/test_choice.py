"""Choice: probabilities that mean what they say, and recordings unlike all hypotheses."""

import numpy as np
import pytest

from wmsim.hypotheses.choice import UNLIKE, Judge
from wmsim.hypotheses.composition import HYPOTHESES
from wmsim.hypotheses.reference import Reference

N = len(HYPOTHESES)


def make_reference(rng, *, each=60, spread=1.0, tails=np.inf):
    """Measures that are normal (or have heavy tails) around a point for each hypothesis."""
    truth = np.repeat(np.arange(N), each)
    noise = rng.standard_normal((truth.size, 3))
    if np.isfinite(tails):
        noise /= np.sqrt(rng.chisquare(tails, (truth.size, 1)) / tails)
    centre = np.array([[0, 0, 0], [3, 0, 0], [0, 3, 0], [0, 0, 3], [3, 3, 0], [0, 3, 3], [3, 0, 3]])
    values = centre[truth] + spread * noise
    return Reference(("a", "b", "c"), values, truth, truth, np.zeros((truth.size, 1, 1)))


def named(values):
    return dict(zip(("a", "b", "c"), values, strict=True))


def test_probabilities_add_up_and_find_the_truth(rng):
    judge = Judge.of(make_reference(rng, spread=0.5))
    choice = judge.choose(named([3.0, 0.1, -0.1]))
    assert choice.best == HYPOTHESES[1]
    assert sum(choice.probability.values()) == pytest.approx(1)
    assert choice.probability["H2"] > 0.9
    assert not choice.unlike


def test_half_way_between_two_is_neither(rng):
    choice = Judge.of(make_reference(rng)).choose(named([1.5, 0.0, 0.0]))
    assert max(choice.probability.values()) < 0.75
    assert choice.probability["H1"] + choice.probability["H2"] > 0.8


@pytest.mark.parametrize("tails", [np.inf, 3])
def test_probabilities_are_calibrated_on_fresh_recordings(rng, tails):
    judge = Judge.of(make_reference(rng, each=150, tails=tails))
    fresh = make_reference(rng, each=100, tails=tails)
    found = np.array([
        list(judge.choose(named(values)).probability.values()) for values in fresh.values
    ])  # fmt: skip
    sure, right = found.max(axis=1), found.argmax(axis=1) == fresh.truth
    for low, high in ((0.3, 0.6), (0.6, 0.9), (0.9, 1.01)):
        own = (sure >= low) & (sure < high)
        error = 3 * np.sqrt(max(right[own].mean() * (1 - right[own].mean()), 0.01) / own.sum())
        assert abs(right[own].mean() - sure[own].mean()) < error + 0.03


def test_heavy_tails_are_noticed(rng):
    normal = Judge.of(make_reference(rng, each=150))
    heavy = Judge.of(make_reference(rng, each=150, tails=1.5))
    assert heavy.freedom < normal.freedom


def test_what_is_far_from_everything_is_called_unlike(rng):
    judge = Judge.of(make_reference(rng, spread=0.5))
    assert judge.choose(named([30.0, 0.0, 0.0])).unlike
    assert judge.choose(named([30.0, 0.0, 0.0])).distance > UNLIKE
    assert not any(
        judge.choose(named(values)).unlike for values in make_reference(rng, spread=0.5).values
    )


def test_sensitivity_counts_right_wrong_and_undecided(rng):
    clear = Judge.of(make_reference(rng, spread=0.3)).sensitivity(0.9)
    blurred = Judge.of(make_reference(rng, spread=3.0)).sensitivity(0.9)
    for name in HYPOTHESES:
        assert sum(clear[name].values()) == pytest.approx(1)
        assert clear[name]["right"] > 0.95
        assert blurred[name]["undecided"] > 0.8
