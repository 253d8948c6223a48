"""Folders of meshes: their layouts, and what is said about those that do not suffice."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from wmsim.errors import ConfigError, WmsimError
from wmsim.stimuli import StimulusConfig, build_stimuli
from wmsim.stimuli.folders import file_objects
from wmsim.stimuli.render import over

TETRAHEDRON = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\n"


def fill(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TETRAHEDRON)
    return root


def settings(root: Path, **values) -> StimulusConfig:
    return StimulusConfig(source=str(root), **{"novel_identities": 0, **values})


def test_plain_folders(tmp_path: Path) -> None:
    fill(tmp_path, "pot/a.obj", "pot/b.obj", "pan/one/mesh.obj", "pan/two/mesh.obj", "pot/.c.obj")
    found = file_objects(settings(tmp_path))
    assert sorted(found) == ["pan", "pot"]
    assert {item.origin for item in found["pot"]} == {"pot/a.obj", "pot/b.obj"}
    assert {item.origin for item in found["pan"]} == {"pan/one/mesh.obj", "pan/two/mesh.obj"}
    assert {item.axes for items in found.values() for item in items} == {"y"}


@pytest.mark.parametrize("inside", ["models/model_normalized.obj", "model.obj"])
def test_both_versions_of_shapenet(tmp_path: Path, inside: str) -> None:
    fill(tmp_path, f"02691156/aa/{inside}", f"02691156/bb/{inside}")
    (found,) = file_objects(settings(tmp_path)).items()
    assert found[0] == "airplane"
    assert {item.axes for item in found[1]} == {"shapenet"}


def test_names_come_from_the_taxonomy(tmp_path: Path) -> None:
    fill(tmp_path, "00000001/aa/model.obj", "00000001/bb/model.obj")
    taxonomy = [{"synsetId": "00000001", "name": "teapot,kettle"}]
    (tmp_path / "taxonomy.json").write_text(json.dumps(taxonomy))
    assert list(file_objects(settings(tmp_path))) == ["teapot"]
    (tmp_path / "metadata.csv").write_text("synset_id,category\n00000001,samovar\n")
    assert list(file_objects(settings(tmp_path))) == ["samovar"]


def test_a_broken_taxonomy_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "00000001/aa/model.obj", "00000001/bb/model.obj")
    (tmp_path / "taxonomy.json").write_text("{")
    with pytest.raises(WmsimError, match=r"names of categories .* Mend or remove taxonomy.json"):
        file_objects(settings(tmp_path))


def test_up_axis_can_be_said(tmp_path: Path) -> None:
    fill(tmp_path, "pot/a.obj", "pot/b.stl")
    axes = {item.path.suffix: item.axes for item in file_objects(settings(tmp_path))["pot"]}
    assert axes == {".obj": "y", ".stl": "z"}
    found = file_objects(settings(tmp_path, up_axis="z"))
    assert {item.axes for item in found["pot"]} == {"z"}


def test_the_seed_chooses_identities(tmp_path: Path) -> None:
    fill(tmp_path, *(f"pot/{letter}.obj" for letter in "abcdefghij"))
    picks = [
        tuple(item.origin for item in file_objects(settings(tmp_path, seed=seed))["pot"])
        for seed in (0, 0, 1, 2, 3)
    ]
    assert picks[0] == picks[1]
    assert len(set(picks)) > 2
    further = file_objects(settings(tmp_path, novel_identities=3))["pot"]
    assert tuple(item.origin for item in further[:2]) == picks[0]


@pytest.mark.parametrize(
    ("names", "values", "message"),
    [
        ((), {}, r"No meshes in .* Expected category/identity"),
        (("pot/readme.txt",), {}, r"No meshes in"),
        (("pot/a.obj",), {}, r"'pot' .* has 1 identity; 2 trained ones and 0 novel ones"),
        (("pot/a.obj", "pot/b.obj"), {"novel_identities": 2}, r"not for 2 novel .* to 0"),
    ],
)
def test_folders_that_do_not_suffice(
    tmp_path: Path, names: tuple[str, ...], values: dict, message: str
) -> None:
    with pytest.raises(WmsimError, match=message):
        file_objects(settings(fill(tmp_path, *names), **values))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(WmsimError, match=r"No folder .*gone'. Give 'procedural'"):
        build_stimuli(settings(tmp_path / "gone"))
    (tmp_path / "file").touch()
    with pytest.raises(WmsimError, match=r"is a file; a folder of meshes or pictures was"):
        build_stimuli(settings(tmp_path / "file"))


def test_an_unknown_category_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "pot/a.obj", "pot/b.obj")
    with pytest.raises(ConfigError, match=r"'pott'. Did you mean 'pot'"):
        file_objects(settings(tmp_path, categories=("pott",)))


def test_real_meshes_render_with_their_textures(shapenet_like: Path, tmp_path: Path) -> None:
    shutil.copytree(shapenet_like / "04379243", tmp_path / "04379243")
    config = settings(tmp_path, train_views=2, novel_views=1, novel_identities=2, object_size=64)
    with pytest.warns(UserWarning, match=r"laminat.jpg'.*was not found"):
        stimuli = build_stimuli(config)
    assert stimuli.category_names == ("table",)
    assert len(stimuli) == 2 * 3 + 2 * 2
    # The red checked cloth of one of the tables comes from a texture only.
    cloth = next(i for i, origin in enumerate(stimuli.origins) if "a7834b73" in origin)
    pixels = over(stimuli.images[stimuli.identity == cloth], 128).astype(int)
    drawn = np.abs(pixels - 128).max(axis=-1) > 40
    red = pixels[..., 0] - pixels[..., 2]
    assert red[drawn].mean() > 40
    assert red[drawn].std() > 15


def test_all_real_meshes_can_be_read(shapenet_like: Path) -> None:
    config = settings(shapenet_like, identities=4)
    found = file_objects(config)
    assert sorted(found) == ["chair", "lamp", "sofa", "table"]
    assert all(len(items) == 4 for items in found.values())
