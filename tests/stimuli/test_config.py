"""Settings refuse what cannot work and say why."""

from __future__ import annotations

import pytest

from wmsim.errors import ConfigError
from wmsim.stimuli import CATEGORIES, StimulusConfig, TextureConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"identities": 1}, "identities is 1"),
        ({"object_size": 200}, "object_size 200 does not fit a quarter .* at most 112"),
        ({"azimuth": (30, -30)}, r"azimuth must be \(low, high\)"),
        ({"elevation": (-20, 10)}, "elevation must lie between 0"),
        ({"categories": ()}, "categories is empty"),
        ({"categories": ("car", "car")}, "named twice"),
        ({"objet_size": 64}, "Did you mean 'object_size'"),
        ({"background": 300}, "background.grey is 300"),
        ({"background": "photos"}, "background.grey is 'photos': Input should be a valid integer"),
        ({"background": {"cuont": 3}}, "TextureConfig: unknown setting 'cuont'. Did you mean"),
        ({"up_axis": "x"}, "up_axis is 'x'"),
    ],
)
def test_bad_settings_are_named(values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        StimulusConfig(**values)


def test_a_folder_means_all_its_categories() -> None:
    assert StimulusConfig(source="meshes").categories == ()
    assert StimulusConfig(source="meshes", categories=("mug",)).categories == ("mug",)


def test_the_larger_set_is_all_categories_of_four() -> None:
    larger = StimulusConfig.larger(novel_identities=1)
    assert sorted(larger.categories) == sorted(CATEGORIES)
    assert (larger.identities, larger.novel_identities) == (4, 1)
    assert StimulusConfig.larger(identities=3).identities == 3


@pytest.mark.parametrize("background", [None, 90, TextureConfig(source="photos", quilted=True)])
def test_settings_survive_json(background: object) -> None:
    config = StimulusConfig(background=background)
    assert StimulusConfig(**config.model_dump(mode="json")) == config
    assert config.changed(seed=1).background == background
