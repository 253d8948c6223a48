"""Novel view angles keep away from trained ones and lie between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import ConfigError
from wmsim.stimuli import StimulusConfig
from wmsim.stimuli.views import draw_views, separation


@settings(max_examples=40)
@given(st.integers(1, 40), st.integers(0, 20), st.integers(0, 99))
def test_counts_ranges_and_distances_hold(train: int, novel: int, seed: int) -> None:
    config = StimulusConfig(train_views=train, novel_views=novel, seed=seed)
    views = draw_views(config)
    assert views.train == train
    assert len(views.azimuth) == len(views.elevation) == train + novel
    assert config.azimuth[0] <= views.azimuth.min() <= views.azimuth.max() <= config.azimuth[1]
    assert config.elevation[0] <= views.elevation.min()
    assert views.elevation.max() <= config.elevation[1]
    assert (separation(views) >= config.min_separation).all()


def test_novel_views_lie_between_trained_ones() -> None:
    views = draw_views(StimulusConfig())
    trained, novel = views.azimuth[: views.train], views.azimuth[views.train :]
    assert trained.min() < novel.min()
    assert novel.max() < trained.max()


def test_separation_is_the_angle_on_the_sphere() -> None:
    views = draw_views(StimulusConfig(train_views=1, novel_views=1, elevation=(0, 0)))
    assert separation(views)[0, 0] == pytest.approx(abs(np.diff(views.azimuth)[0]))


def test_a_full_circle_works() -> None:
    views = draw_views(StimulusConfig(azimuth=(0, 360), train_views=24, novel_views=12))
    assert np.ptp(views.azimuth) > 270


def test_too_many_views_say_what_to_do() -> None:
    config = StimulusConfig(train_views=400, novel_views=100)
    with pytest.raises(ConfigError, match=r"400 trained and 100 novel .* lower min_separation"):
        draw_views(config)


def test_seed_changes_views() -> None:
    one, other = draw_views(StimulusConfig(seed=1)), draw_views(StimulusConfig(seed=2))
    assert not np.allclose(one.azimuth, other.azimuth)
