"""Decodability of distinct frames: planted codes, no picture in training and test."""

from dataclasses import replace

import numpy as np
import pytest

from wmsim.errors import ConfigError, WmsimError
from wmsim.pipeline import AnalysisConfig
from wmsim.pipeline.perceptual import _permuted, perceptual_decodability

QUICK = AnalysisConfig(folds=2, permutations=5, bootstrap=20)
FRAMES, PICTURES = "trained views, folds over frames", "trained views, folds over pictures"


def planted(stimuli, features, *, identity, picture, seed=0):
    """Features in which location, identity and the single picture are told by other channels."""
    rng = np.random.default_rng(seed)
    image, location = np.divmod(np.arange(len(features.maps)), stimuli.n_locations)
    n_units = 400
    code = 5 * rng.standard_normal((stimuli.n_locations, n_units))[location]
    code += identity * rng.standard_normal((20, n_units))[stimuli.identity[image]]
    code += picture * rng.standard_normal((len(stimuli), n_units))[image]
    code += 0.1 * rng.standard_normal(code.shape)
    return replace(features, maps=code.reshape(len(code), 100, 2, 2).astype(np.float32))


def test_what_is_planted_is_found(tiny_stimuli, tiny_features):
    maps = planted(tiny_stimuli, tiny_features, identity=5.0, picture=1.0)
    found = perceptual_decodability(tiny_stimuli, maps, config=QUICK)
    accuracy = found["accuracy"].sel(metric="multiclass")
    assert float(accuracy.sel(feature="location", evaluation=PICTURES)) == 1.0
    assert float(accuracy.sel(feature="identity", evaluation=PICTURES)) == 1.0
    assert float(accuracy.sel(feature="identity", evaluation="novel view angles")) == 1.0
    assert np.isnan(accuracy.sel(feature="identity", evaluation="novel identities"))
    assert found["n_values"].values.tolist() == [3, 6, 4]
    one = found.sel(feature="location", evaluation=FRAMES)
    n_train = tiny_stimuli.select("train").size * 4
    assert float(one["n_test"]) == n_train
    assert float(one["n_train"]) == n_train / 2
    p = found["p"].sel(evaluation=PICTURES, feature="location").values
    assert p == pytest.approx(1 / 6)


def test_a_picture_known_at_other_places_is_no_view_generalisation(tiny_stimuli, tiny_features):
    """A code of single pictures alone decodes identity over frames, and not over pictures."""
    maps = planted(tiny_stimuli, tiny_features, identity=0.0, picture=5.0)
    found = perceptual_decodability(tiny_stimuli, maps, of=("identity",), config=QUICK)
    accuracy = found["accuracy"].sel(metric="multiclass", feature="identity")
    assert float(accuracy.sel(evaluation=FRAMES)) > 0.8
    assert float(accuracy.sel(evaluation=PICTURES)) < 0.5
    assert float(accuracy.sel(evaluation="novel view angles")) < 0.5


def test_permutations_keep_pictures_whole_and_folds_balanced():
    rng = np.random.default_rng(0)
    image = np.repeat(np.arange(12), 4)
    identity, place = image // 2, np.tile(np.arange(4), 12)
    fold = image % 2
    for _ in range(10):
        drawn = _permuted(identity, image, fold, rng)
        assert all(np.unique(drawn[image == one]).size == 1 for one in range(12))
        for one in (0, 1):
            assert sorted(drawn[fold == one]) == sorted(identity[fold == one])
        places = _permuted(place, image, fold, rng)
        assert all(sorted(places[image == one]) == [0, 1, 2, 3] for one in range(12))


def test_refusals(tiny_stimuli, tiny_features):
    with pytest.raises(ConfigError, match="Unknown feature 'colour'"):
        perceptual_decodability(tiny_stimuli, tiny_features, of=("colour",))
    fewer = replace(tiny_features, maps=tiny_features.maps[:8])
    with pytest.raises(WmsimError, match="Encode these stimuli"):
        perceptual_decodability(tiny_stimuli, fewer)
    with pytest.raises(WmsimError, match="2 penalties"):
        perceptual_decodability(
            tiny_stimuli, tiny_features, config=AnalysisConfig(penalties=(0.1, 1.0))
        )
