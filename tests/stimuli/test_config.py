"""Settings refuse what cannot work and say why."""

from __future__ import annotations

import pytest

from wmsim.errors import ConfigError
from wmsim.stimuli import StimulusConfig


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
        ({"background": 300}, "background is 300"),
        ({"up_axis": "x"}, "up_axis is 'x'"),
    ],
)
def test_bad_settings_are_named(values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        StimulusConfig(**values)


def test_a_folder_means_all_its_categories() -> None:
    assert StimulusConfig(source="meshes").categories == ()
    assert StimulusConfig(source="meshes", categories=("mug",)).categories == ("mug",)
