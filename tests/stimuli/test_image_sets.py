"""Image sets in the layout of iWISDM: splits, labels, and what is said about broken ones."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wmsim.errors import ConfigError, WmsimError
from wmsim.stimuli import SPLITS, StimulusConfig, StimulusSet, TextureConfig, build_stimuli
from wmsim.stimuli.image_tables import find_image_set, kind_of
from wmsim.tasks import ItemSpace

COLUMNS = ["ctg_mod", "obj_mod", "ang_mod", "ref"]


def colour(category: int, item: int, angle: int) -> tuple[int, int, int]:
    """What a picture of an object from an angle looks like: one colour says all."""
    return (40 + 50 * category, 40 + 30 * item, 40 + 10 * angle)


def write_split(
    root: Path, folder: str, table: str | None, objects: dict[int, list[int]], angles: range,
    *, first: int = 0, size: int = 20, names: bool = False, mode: str = "RGB",
) -> list[dict]:  # fmt: skip
    """One split with a table of its own; returns the rows."""
    rows = []
    for category, items in objects.items():
        for item in items:
            for angle in angles:
                ref = first + len(rows)
                file = root / folder / str(ref) / "image.png"
                file.parent.mkdir(parents=True)
                picture = Image.new("RGB", (size, size), colour(category, item, angle))
                if mode == "RGBA":
                    picture.putalpha(Image.new("L", (size, size), 0))
                    picture.paste((200, 0, 0, 255), (5, 5, 15, 15))
                picture.save(file)
                row = dict(zip(COLUMNS, (category, item, angle, ref), strict=True))
                rows.append({**row, "ctg": f"kind {category}"} if names else row)
    if table:
        write_table(root / table, rows)
    return rows


def write_table(path: Path, rows: list[dict]) -> None:
    with open(path, "w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


TWO_OF_THREE = {0: [0, 1, 2], 1: [0, 1, 2]}


@pytest.fixture
def image_set(tmp_path: Path) -> Path:
    """2 categories of 3 trained objects; validation brings other angles and a fourth object."""
    root = tmp_path / "handpicked"
    write_split(root, "train", "train_metadata.csv", TWO_OF_THREE, range(4))
    items = {0: [0, 1, 2, 3], 1: [0, 1, 2, 3]}
    write_split(root, "val", "val.csv", items, range(10, 13), first=500)
    return root


def settings(root: Path, **values) -> StimulusConfig:
    usual = {"train_views": 4, "novel_views": 3, "novel_identities": 1}
    return StimulusConfig(
        source=str(root), **{**usual, "object_size": 16, "frame_size": 32, **values}
    )


def angle_of(stimuli: StimulusSet) -> np.ndarray:
    return (stimuli.images[:, 0, 0, 2].astype(int) - 40) // 10


def item_of(stimuli: StimulusSet) -> np.ndarray:
    return (stimuli.images[:, 0, 0, 1].astype(int) - 40) // 30


def test_splits_and_labels_follow_the_tables(image_set: Path) -> None:
    stimuli = build_stimuli(settings(image_set))
    assert stimuli.category_names == ("category-0", "category-1")
    assert stimuli.identity_names[:4] == (
        "category-0-0", "category-0-1", "category-1-0", "category-1-1",
    )  # fmt: skip
    train, angle, identity = (stimuli.select(split) for split in SPLITS)
    # 4 trained objects x (4 + 3 angles), 2 novel ones under the 3 angles that they have.
    assert (len(train), len(angle), len(identity)) == (16, 12, 6)
    assert np.array_equal((stimuli.images[:, 0, 0, 0] - 40) // 50, stimuli.category)
    assert set(angle_of(stimuli)[train]) == {0, 1, 2, 3}
    assert set(angle_of(stimuli)[angle]) == {10, 11, 12}
    assert set(item_of(stimuli)[identity]) == {3}
    assert not set(stimuli.view[train]) & set(stimuli.view[angle])
    for number in np.unique(stimuli.identity):
        assert len(set(item_of(stimuli)[stimuli.identity == number])) == 1
    for view in np.unique(stimuli.view):
        assert len(set(angle_of(stimuli)[stimuli.view == view])) == 1
    assert np.isnan(stimuli.azimuth).all()
    assert stimuli.origins[-1] == "val, obj_mod 3"


def test_pictures_lie_on_black_at_their_place(image_set: Path) -> None:
    stimuli = build_stimuli(settings(image_set))
    frame = stimuli.frames(0, 3)[0]
    assert (frame[16:, 16:] == stimuli.images[0, ..., :3]).all()
    frame[16:, 16:] = 0
    assert (frame == 0).all()
    assert (build_stimuli(settings(image_set, background=7)).frames(0, 0)[0, -1, -1] == 7).all()


def test_usual_size_is_112_on_224(image_set: Path) -> None:
    config = settings(image_set).changed(object_size=112, frame_size=224)
    stimuli = build_stimuli(config)
    assert stimuli.images.shape[1:] == (112, 112, 4)
    assert (stimuli.frames(0, 0)[0, :112, :112] == stimuli.images[0, ..., :3]).all()


def test_trials_can_be_made_of_every_split(image_set: Path) -> None:
    stimuli = build_stimuli(settings(image_set))
    views = {split: ItemSpace.of_stimuli(stimuli, split).views.shape for split in SPLITS}
    assert views == {"train": (4, 4), "novel_angle": (4, 3), "novel_identity": (2, 3)}


def test_the_seed_chooses_objects_and_views(image_set: Path) -> None:
    asked = {"train_views": 2, "novel_views": 1}
    keys = [build_stimuli(settings(image_set, seed=s, **asked)).key() for s in (0, 0, 1, 2)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    origins = {build_stimuli(settings(image_set, seed=s, **asked)).origins for s in range(6)}
    assert len(origins) > 1


def test_without_novel_objects_untrained_ones_of_training_serve(tmp_path: Path) -> None:
    write_split(tmp_path, "train", "train.csv", TWO_OF_THREE, range(4))
    stimuli = build_stimuli(settings(tmp_path, novel_views=0))
    novel = stimuli.select("novel_identity")
    assert len(novel) == 2 * 4
    assert set(stimuli.view[novel]) == set(stimuli.view[stimuli.select("train")])
    for kind in (0, 1):
        trained = stimuli.select("train")[stimuli.category[stimuli.select("train")] == kind]
        mine = novel[stimuli.category[novel] == kind]
        assert not set(item_of(stimuli)[trained]) & set(item_of(stimuli)[mine])


def test_a_folder_named_for_identities_has_other_objects_whatever_their_numbers(
    tmp_path: Path,
) -> None:
    write_split(tmp_path, "train", "train.csv", TWO_OF_THREE, range(4))
    write_split(tmp_path, "test_angle", "test_angle.csv", TWO_OF_THREE, range(20, 22))
    other = {0: [0, 1], 1: [0, 1]}
    write_split(tmp_path, "test_identity", "test_identity.csv", other, range(7, 10))
    stimuli = build_stimuli(settings(tmp_path, novel_views=2, novel_identities=2))
    assert set(angle_of(stimuli)[stimuli.select("novel_identity")]) == {7, 8, 9}
    assert [o.split(",")[0] for o in stimuli.origins] == ["train"] * 4 + ["test_identity"] * 4


def test_one_table_may_serve_all_folders(tmp_path: Path) -> None:
    rows = write_split(tmp_path, "train", None, TWO_OF_THREE, range(3))
    rows += write_split(tmp_path, "validation", None, TWO_OF_THREE, range(5, 7), first=90)
    write_table(tmp_path / "metadata.csv", rows)
    stimuli = build_stimuli(settings(tmp_path, train_views=3, novel_views=2))
    assert set(angle_of(stimuli)[stimuli.select("novel_angle")]) == {5, 6}


def test_names_floats_blanks_and_a_folder_around_are_forgiven(tmp_path: Path) -> None:
    root = tmp_path / "outer" / "inner"
    rows = write_split(root, "train", None, TWO_OF_THREE, range(4), names=True)
    (tmp_path / "outer" / "__MACOSX").mkdir()
    lines = [",".join(["", " ctg_mod", "obj_mod ", "ang_mod", "ref", "ctg"])]
    lines += [
        f"{n},{r['ctg_mod']}.0, {r['obj_mod']}.0,{r['ang_mod']},{r['ref']}.0 ,{r['ctg']}"
        for n, r in enumerate(rows)
    ]
    (root / "train_stim.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    stimuli = build_stimuli(settings(tmp_path / "outer", novel_views=0))
    assert stimuli.category_names == ("kind 0", "kind 1")
    one = build_stimuli(
        settings(tmp_path / "outer", novel_views=0, categories=("kind 1",), novel_identities=0)
    )
    assert one.category_names == ("kind 1",)
    with pytest.raises(ConfigError, match=r"'kind 3'. Did you mean 'kind"):
        build_stimuli(settings(tmp_path / "outer", categories=("kind 3",)))


def test_several_pictures_of_an_angle_are_several_views(tmp_path: Path) -> None:
    rows = write_split(tmp_path, "train", None, TWO_OF_THREE, range(4))
    for row in rows:
        row["ang_mod"] //= 2
    write_table(tmp_path / "train.csv", rows)
    stimuli = build_stimuli(settings(tmp_path, novel_views=0, novel_identities=0))
    assert len(stimuli) == 16
    assert set(angle_of(stimuli)) == {0, 1, 2, 3}


def test_pictures_with_alpha_go_with_textures(tmp_path: Path) -> None:
    write_split(tmp_path, "train", "train.csv", TWO_OF_THREE, range(4), mode="RGBA")
    config = settings(
        tmp_path, novel_views=0, background=TextureConfig(count=4), object_size=10, frame_size=64
    )
    stimuli = build_stimuli(config)
    frame = stimuli.frames(0, 0)[0]
    bare = stimuli.textures.pictures[stimuli.textures.of_frame[0, 0]]
    changed = (frame != bare).any(axis=2)
    # 10 x 10 of 20 x 20 pixels are solid, shown at half size in the middle of a quarter of 32.
    assert 16 <= changed.sum() <= 49
    assert (frame[16, 16] == (200, 0, 0)).all()


def test_opaque_pictures_refuse_textures(image_set: Path) -> None:
    with pytest.raises(WmsimError, match=r"image.png' is opaque, so a texture .* with alpha"):
        build_stimuli(settings(image_set, background=TextureConfig()))


def test_trained_pictures_in_validation_are_told(tmp_path: Path) -> None:
    write_split(tmp_path, "train", "train.csv", TWO_OF_THREE, range(4))
    write_split(tmp_path, "val", "val.csv", TWO_OF_THREE, range(2, 5))
    with pytest.warns(UserWarning, match="8 of 12 pictures of novel view angles .* are the same"):
        build_stimuli(settings(tmp_path))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("train", "train"), ("Training_set", "train"), ("val", "novel"), ("valid", "novel"),
        ("validation_novel_angle", "novel"), ("test", "novel"), ("val_obj", "novel_identity"),
        ("novel_identity", "novel_identity"), ("images", None), ("02691156", None),
    ],
)  # fmt: skip
def test_what_names_of_folders_mean(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


def test_meshes_are_no_image_set(tmp_path: Path, shapenet_like: Path) -> None:
    assert find_image_set(shapenet_like) is None
    (tmp_path / "pot").mkdir()
    (tmp_path / "pot" / "a.obj").touch()
    (tmp_path / "notes.csv").write_text("name,ref\n")
    assert find_image_set(tmp_path) is None


def rewritten(root: Path, change) -> None:
    """Pass the rows of the training table through `change`."""
    with open(root / "train_metadata.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    write_table(root / "train_metadata.csv", change(rows))


def other_ref(ref: str):
    return lambda rows: [{**rows[0], "ref": ref}, *rows[1:]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows + rows[:1], r"names ref '0' twice, in lines 2 and 26"),
        (other_ref("../val/500"), r"line 2: ref is '../val/500', which is no name of a folder"),
        (other_ref("/etc"), r"line 2: ref is '/etc'"),
        (other_ref(".."), r"line 2: ref is '..'"),
        (other_ref("a\\b"), r"line 2: ref is"),
        (other_ref("777"), r"line 2: there is no picture '.*train.777.image.png'"),
        (other_ref(""), r"line 2: ref is empty"),
        (
            lambda rows: [{k: v for k, v in row.items() if k != "ang_mod"} for row in rows],
            r"no column 'ang_mod'; found ctg_mod, obj_mod, ref. Expected ctg_mod, obj_mod",
        ),
        (
            lambda rows: [row for row in rows if (row["ctg_mod"], row["obj_mod"]) < ("1", "1")],
            r"too few objects for training: category-0 3, category-1 1; identities asks for 2",
        ),
        (
            lambda rows: [{**row, "ctg": f"kind {n % 2}"} for n, row in enumerate(rows)],
            r"calls ctg_mod 0 both 'kind 0' and 'kind 1'",
        ),
        (
            lambda rows: [{**row, "ctg": "one"} for row in rows],
            r"calls ctg_mod 0 both|one name in column ctg for several",
        ),
    ],
)
def test_broken_tables_are_named(image_set: Path, change, message: str) -> None:
    rewritten(image_set, change)
    with pytest.raises(WmsimError, match=message):
        build_stimuli(settings(image_set))


def test_a_missing_table_is_named_and_a_pickle_is_never_opened(image_set: Path) -> None:
    (image_set / "train_metadata.csv").unlink()
    (image_set / "val.csv").unlink()
    with pytest.raises(WmsimError, match=r"No csv file for the pictures in .*train'"):
        build_stimuli(settings(image_set))
    (image_set / "stim.pkl").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(WmsimError, match=r"'stim.pkl' is a pickle, .* not read; .*to_csv"):
        build_stimuli(settings(image_set))


def test_tables_that_compete_and_text_that_is_none(image_set: Path) -> None:
    table = image_set / "train_metadata.csv"
    (image_set / "train_more.csv").write_bytes(table.read_bytes())
    with pytest.raises(WmsimError, match=r"not clear: train_metadata.csv, train_more.csv"):
        build_stimuli(settings(image_set))
    (image_set / "train_more.csv").unlink()
    table.write_bytes(b"ctg_mod,obj_mod,ang_mod,ref\n\xff\xfe,1,1,1\n")
    with pytest.raises(WmsimError, match=r"Cannot read '.*train_metadata.csv' as a csv file"):
        build_stimuli(settings(image_set))


def test_no_training_is_said(tmp_path: Path) -> None:
    write_split(tmp_path, "val", "val.csv", TWO_OF_THREE, range(3))
    with pytest.raises(WmsimError, match=r"no folder for training; found 'val'. One with 'train'"):
        build_stimuli(settings(tmp_path))


def test_all_that_is_short_is_said_at_once(image_set: Path) -> None:
    asked = settings(image_set, train_views=9, novel_views=6, novel_identities=5)
    with pytest.raises(
        WmsimError,
        match=r"train_views 9, but 4 there, novel_views 6, but 3 there, novel_identities 5, but 2 "
        r"there.*Set train_views to 4 and novel_views to 3 and novel_identities to 2",
    ):
        build_stimuli(asked)


def test_links_out_of_the_set_are_not_followed(image_set: Path, tmp_path: Path) -> None:
    picture = image_set / "train" / "0" / "image.png"
    secret = tmp_path / "secret.png"
    picture.rename(secret)
    try:
        picture.symlink_to(secret)
    except OSError:
        pytest.skip("links cannot be made here")
    with pytest.raises(WmsimError, match="is a link to a file outside the image set"):
        build_stimuli(settings(image_set))


def test_a_broken_picture_is_named(image_set: Path) -> None:
    for file in image_set.glob("train/*/image.png"):
        file.write_bytes(b"\x89PNG")
    with pytest.raises(WmsimError, match=r"Cannot read the picture '.*image.png'"):
        build_stimuli(settings(image_set))
