"""Identities are drawn far apart, and the first ones do not depend on how many there are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.stimuli.catalogue import MADE
from wmsim.stimuli.draws import Choice, Range, draw, embed, farthest, separated_draws

SPACE = {"legs": Choice((3, 4, 5), 3.0), "height": Range(1.0, 2.0), "width": Range(-1.0, 1.0, 2.0)}


def test_embedding_puts_options_their_weight_apart() -> None:
    one = embed(SPACE, {"legs": 3, "height": 1.5, "width": 0.0})
    other = embed(SPACE, {"legs": 5, "height": 1.5, "width": 0.0})
    assert np.linalg.norm(one - other) == pytest.approx(3.0)


def test_embedding_scales_ranges_to_their_weight() -> None:
    low = embed(SPACE, {"legs": 3, "height": 1.0, "width": -1.0})
    high = embed(SPACE, {"legs": 3, "height": 2.0, "width": 1.0})
    assert np.linalg.norm(high - low) == pytest.approx(np.hypot(1.0, 2.0))


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 8), st.integers(1, 6))
def test_farthest_points_are_a_prefix_and_never_repeat(seed: int, few: int, more: int) -> None:
    points = np.random.default_rng(seed).normal(size=(20, 3))
    long = farthest(points, few + more)
    assert farthest(points, few) == long[:few]
    assert len(set(long)) == len(long)


@pytest.mark.parametrize("category", list(MADE))
def test_separated_draws_are_farther_apart_than_plain_draws(category: str) -> None:
    space = MADE[category][0]

    def smallest_gap(values: list) -> float:
        points = np.array([embed(space, one) for one in values])
        gaps = np.linalg.norm(points[:, None] - points[None], axis=2)
        return gaps[np.triu_indices(len(points), 1)].min()

    chosen, plain = [], []
    for seed in range(5):
        chosen.append(smallest_gap(separated_draws(space, 4, np.random.default_rng(seed))))
        rng = np.random.default_rng(seed)
        plain.append(smallest_gap([draw(space, rng) for _ in range(4)]))
    assert min(chosen) > np.median(plain)
    assert np.mean(chosen) > 1.15 * np.mean(plain)


def test_more_identities_leave_the_first_ones() -> None:
    few = separated_draws(SPACE, 2, np.random.default_rng(3))
    many = separated_draws(SPACE, 12, np.random.default_rng(3))
    assert many[:2] == few
