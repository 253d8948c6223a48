"""Options of stimuli on the command line: what they set, and what does not go together."""

from __future__ import annotations

from pathlib import Path

import pytest

from wmsim.cli.subjects import stimulus_config
from wmsim.errors import ConfigError
from wmsim.stimuli import StimulusConfig, TextureConfig


@pytest.mark.parametrize(
    ("options", "background"),
    [
        ({}, None),
        ({"background": "90"}, 90),
        ({"background": "textures"}, TextureConfig()),
        ({"textures": 12}, TextureConfig(count=12)),
        ({"quilted": True}, TextureConfig(quilted=True)),
        ({"background": "photos"}, TextureConfig(source="photos")),
        ({"background": "./7"}, TextureConfig(source="./7")),
        (
            {"background": "photos", "textures": 5, "quilted": True},
            TextureConfig(source="photos", count=5, quilted=True),
        ),
    ],
)
def test_backgrounds(options: dict, background: object) -> None:
    assert stimulus_config(None, [], seed=3, **options).background == background


def test_the_larger_set_and_folders() -> None:
    assert stimulus_config(None, [], seed=0, larger=True) == StimulusConfig.larger()
    few = stimulus_config(None, ["car"], seed=0, larger=True, identities=3)
    assert (few.categories, few.identities) == (("car",), 3)
    of_folder = stimulus_config(Path("meshes"), [], seed=0, larger=True)
    assert (of_folder.source, of_folder.categories, of_folder.identities) == ("meshes", (), 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"background": "90", "textures": 3}, "--background 90 is a grey level, which --textures"),
        ({"background": "90", "quilted": True}, "--quilted do not go with"),
        ({"background": "300"}, "background.grey is 300"),
        ({"textures": 0}, "count is 0"),
    ],
)
def test_what_does_not_go_together(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        stimulus_config(None, [], seed=0, **options)
