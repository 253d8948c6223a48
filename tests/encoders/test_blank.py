"""A blank frame's features are those of a plain frame, and are kept like the others."""

import dataclasses

import numpy as np
import pytest

from wmsim.encoders import EncoderConfig, Features, encode, with_blank
from wmsim.errors import WmsimError


@dataclasses.dataclass
class Settings:
    frame_size: int = 224


class Pictures:
    """Two plain frames, one of which is as blank as can be."""

    n_locations = 1
    images = np.zeros((2, 1))
    config = Settings()

    def __init__(self, grey=128):
        self.grey = grey

    def frames(self, image, location):
        grey = np.array([128, 30], dtype=np.uint8)[image]
        return np.broadcast_to(grey[:, None, None, None], (len(image), 224, 224, 3)).copy()

    def key(self):
        return "plain"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("features")


@pytest.fixture(scope="module")
def features(cache):
    return encode(Pictures(), EncoderConfig(grid=2), cache=cache)


def test_blank_is_the_encoding_of_a_plain_frame(features, cache, monkeypatch):
    config = EncoderConfig(grid=2)
    found = with_blank(features, Pictures(), config, cache=cache)
    assert found.maps is features.maps
    np.testing.assert_allclose(found.blank, features.maps[0], atol=1e-5)
    dark = with_blank(features, Pictures(grey=30), config, cache=cache)
    np.testing.assert_allclose(dark.blank, features.maps[1], atol=1e-5)
    monkeypatch.setattr("wmsim.encoders.blank.load_encoder", None)  # not called: it is cached
    again = with_blank(features, Pictures(), config, cache=cache)
    np.testing.assert_array_equal(again.blank, found.blank)


def test_a_blank_that_is_there_is_kept():
    features = Features(np.ones((2, 3, 1, 1)), 1, key="x", blank=np.zeros((3, 1, 1)))
    assert with_blank(features, Pictures()) is features


def test_features_of_another_encoder(cache):
    features = Features(np.ones((2, 3, 1, 1)), 1, key="x")
    with pytest.raises(WmsimError, match=r"shape \(1280, 2, 2\), those of the stimuli \(3, 1, 1\)"):
        with_blank(features, Pictures(), EncoderConfig(grid=2), cache=cache)
