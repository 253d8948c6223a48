"""Frames with textures: what is behind an object, what is not, and which frame has which."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import WmsimError
from wmsim.stimuli import SPLITS, StimulusConfig, StimulusSet, TextureConfig, build_stimuli
from wmsim.stimuli.backgrounds import make_textures

PLAIN = StimulusConfig(
    categories=("mug", "car"), train_views=3, novel_views=2, object_size=32, frame_size=64
)
TEXTURED = PLAIN.changed(background=TextureConfig(count=5))


@pytest.fixture(scope="module")
def plain() -> StimulusSet:
    return build_stimuli(PLAIN)


@pytest.fixture(scope="module")
def textured() -> StimulusSet:
    return build_stimuli(TEXTURED)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Seven pictures, each of one colour and noise of its own, of many sizes and kinds."""
    from PIL import Image

    rng = np.random.default_rng(0)
    sizes = [(90, 120), (64, 64), (300, 70), (20, 40), (128, 128), (70, 70), (65, 200)]
    for number, size in enumerate(sizes):
        pixels = np.full((*size, 3), 30 * number + 20) + rng.integers(-8, 8, (*size, 3))
        ending = ("png", "jpg", "JPEG")[number % 3]
        (tmp_path / "photos" / "inner").mkdir(parents=True, exist_ok=True)
        folder = tmp_path / "photos" / ("inner" if number > 4 else "")
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.{ending}")
    (tmp_path / "photos" / "notes.txt").write_text("not a picture")
    (tmp_path / "photos" / ".hidden.png").write_text("not a picture")
    return tmp_path / "photos"


def all_frames(stimuli: StimulusSet, split: str) -> np.ndarray:
    index = stimuli.select(split)
    image, location = np.repeat(index, 4), np.tile(np.arange(4), len(index))
    return stimuli.frames(image, location)


def test_textures_change_nothing_but_what_is_behind(
    plain: StimulusSet, textured: StimulusSet
) -> None:
    assert np.array_equal(plain.images, textured.images)
    images = np.arange(len(plain))
    for place in range(4):
        grey, behind = plain.frames(images, place), textured.frames(images, place)
        assert grey.shape == behind.shape == (len(plain), 64, 64, 3)
        assert behind.dtype == np.uint8
        top, left = (32 * half for half in divmod(place, 2))
        quarter = (slice(None), slice(top, top + 32), slice(left, left + 32))
        alpha = plain.images[..., 3]
        solid, clear = alpha == 255, alpha == 0
        assert np.array_equal(grey[quarter][solid], behind[quarter][solid])
        texture = textured.textures.pictures[textured.textures.of_frame[:, place]]
        assert np.array_equal(behind[quarter][clear], texture[quarter][clear])
        texture[quarter] = behind[quarter]
        assert np.array_equal(texture, behind)  # the other three quarters are bare texture


def test_no_box_remains_around_the_object(textured: StimulusSet) -> None:
    """The share of pixels that differ from the texture is the object and its shadow alone."""
    frames = textured.frames(np.arange(len(textured)), 0)
    bare = textured.textures.pictures[textured.textures.of_frame[:, 0]]
    touched = (frames != bare).any(axis=3).mean(axis=(1, 2))
    covered = (textured.images[..., 3] > 0).mean(axis=(1, 2)) / 4
    assert (touched <= covered).all()
    assert (touched > 0).all()


def test_splits_share_no_texture(textured: StimulusSet) -> None:
    textures = textured.textures
    assert len(textures.pictures) == len(textures.origins) == 3 * 5
    assert len({picture.tobytes() for picture in textures.pictures}) == 15
    for split in SPLITS:
        seen = textures.of_frame[textured.select(split)]
        assert set(textures.split[np.unique(seen)]) == {split}


@settings(max_examples=25)
@given(
    count=st.integers(1, 7),
    identities=st.integers(1, 4),
    views=st.integers(1, 8),
    seed=st.integers(0, 99),
)
def test_a_texture_tells_neither_location_nor_identity(
    count: int, identities: int, views: int, seed: int
) -> None:
    split = np.repeat("train", identities * views)
    config = TextureConfig(count=count)
    textures = make_textures(config, split, n_locations=4, size=8, seed=seed)
    used = [np.bincount(column, minlength=count) for column in textures.of_frame.T]
    assert all(np.ptp(times) <= 1 for times in used)
    if views % count == 0:
        by_identity = textures.of_frame.reshape(identities, views, 4)
        times = [np.bincount(mine.ravel(), minlength=count) for mine in by_identity]
        assert (np.array(times) == 4 * views // count).all()


def test_the_seed_fixes_textures_and_their_places(textured: StimulusSet) -> None:
    again, other = build_stimuli(TEXTURED), build_stimuli(TEXTURED.changed(seed=1))
    assert again.key() == textured.key()
    assert np.array_equal(again.textures.of_frame, textured.textures.of_frame)
    assert not np.array_equal(again.textures.of_frame, other.textures.of_frame)
    assert not np.array_equal(again.textures.pictures, other.textures.pictures)


def test_novel_splits_leave_textures_of_training_as_they_are(textured: StimulusSet) -> None:
    alone = build_stimuli(TEXTURED.changed(novel_views=0, novel_identities=0))
    assert np.array_equal(alone.textures.pictures, textured.textures.pictures[:5])


def test_the_key_covers_textures_and_which_frame_has_them(
    plain: StimulusSet, textured: StimulusSet
) -> None:
    pictures, of_frame = textured.textures.pictures.copy(), textured.textures.of_frame.copy()
    pictures[3, 0, 0, 0] ^= 1
    of_frame[[0, 1]] = (of_frame[[0, 1]] + 1) % 5
    touched = dataclasses.replace(textured.textures, pictures=pictures)
    moved = dataclasses.replace(textured.textures, of_frame=of_frame)
    keys = {plain.key(), textured.key()}
    keys |= {dataclasses.replace(textured, textures=other).key() for other in (touched, moved)}
    assert len(keys) == 4


def test_pictures_of_a_folder_are_cut_and_dealt_to_splits(photos: Path) -> None:
    config = PLAIN.changed(background=TextureConfig(source=str(photos), count=4))
    stimuli = build_stimuli(config)
    textures = stimuli.textures
    assert textures.pictures.shape == (12, 64, 64, 3)
    files = {split: set() for split in SPLITS}
    for split, origin, picture in zip(
        textures.split, textures.origins, textures.pictures, strict=True
    ):
        files[split].add(origin)
        number = int(Path(origin).stem)
        assert np.abs(picture.astype(int) - (30 * number + 20)).mean() < 9
        # Filled to the rim: a picture that is too small is mirrored.
        assert np.abs(picture[-1].astype(int) - (30 * number + 20)).mean() < 9
    assert sum(map(len, files.values())) == len(set.union(*files.values())) == 7
    assert build_stimuli(config).key() == stimuli.key()
    assert np.ptp(all_frames(stimuli, "train").mean(axis=(1, 2, 3))) > 30


def test_a_changed_picture_changes_the_key(photos: Path) -> None:
    from PIL import Image

    config = PLAIN.changed(background=TextureConfig(source=str(photos), count=7))
    before = build_stimuli(config).key()
    Image.new("RGB", (80, 80), (1, 200, 3)).save(photos / "4.jpg")
    assert build_stimuli(config).key() != before


@pytest.mark.parametrize("source", ["made", "folder"])
def test_quilted_textures_differ_and_keep_their_colours(source: str, photos: Path) -> None:
    source = str(photos) if source == "folder" else source
    config = TextureConfig(source=source, count=3, quilted=True)
    split = np.array(["train"] * 3)
    quilted = make_textures(config, split, n_locations=4, size=64, seed=0)
    straight = make_textures(config.changed(quilted=False), split, n_locations=4, size=64, seed=0)
    assert quilted.origins == straight.origins
    assert not np.array_equal(quilted.pictures, straight.pictures)
    gap = quilted.pictures.mean(axis=(1, 2)) - straight.pictures.mean(axis=(1, 2))
    assert np.abs(gap).max() < 60


def test_folders_of_textures_that_do_not_suffice(tmp_path: Path) -> None:
    from PIL import Image

    def make(source: Path) -> None:
        config = TextureConfig(source=str(source), count=2)
        make_textures(config, np.array(["train"]), n_locations=4, size=32, seed=0)

    with pytest.raises(WmsimError, match=r"No folder of textures .*gone'. Give 'made'"):
        make(tmp_path / "gone")
    for number in range(2):
        Image.new("RGB", (40, 40)).save(tmp_path / f"{number}.png")
    with pytest.raises(WmsimError, match=r"has 2 pictures .*at least 3 are needed"):
        make(tmp_path)
    Image.new("RGB", (300, 4)).save(tmp_path / "0.png")
    Image.new("RGB", (300, 4)).save(tmp_path / "1.png")
    Image.new("RGB", (300, 4)).save(tmp_path / "2.png")
    with pytest.raises(WmsimError, match=r"\d.png' has 300 x 4 pixels; at least 16"):
        make(tmp_path)


def test_a_broken_picture_among_textures_is_named(photos: Path) -> None:
    for file in photos.rglob("*.*"):
        file.write_bytes(file.read_bytes()[:60])
    config = PLAIN.changed(background=TextureConfig(source=str(photos), count=2))
    with pytest.raises(WmsimError, match=r"Cannot read the picture '.*photos.*\d\.(png|jpg|JPEG)'"):
        build_stimuli(config)


def test_textures_go_with_meshes(square: Path) -> None:
    import shutil

    root = square.parents[3]
    shutil.copytree(root / "signs" / "one", root / "signs" / "two")
    for model in ("one", "two"):
        folder = root / "signs" / model / "models"
        (folder / "square.obj").rename(folder / "model_normalized.obj")
    config = StimulusConfig(
        source=str(root), novel_identities=0, train_views=1, novel_views=0, object_size=32,
        frame_size=64, background=TextureConfig(count=2),
    )  # fmt: skip
    stimuli = build_stimuli(config)
    frames = stimuli.frames(np.arange(2), 0)
    solid = stimuli.images[..., 3] == 255
    assert np.array_equal(frames[:, :32, :32][solid], stimuli.images[solid][:, :3])
    assert frames[:, 32:].std() > 5
