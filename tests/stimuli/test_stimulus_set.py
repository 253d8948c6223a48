"""Labels, splits and frames of a set of stimuli."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from wmsim.errors import ConfigError, WmsimError
from wmsim.stimuli import LOCATIONS, SPLITS, StimulusConfig, StimulusSet, build_stimuli
from wmsim.stimuli.render import over

QUICK = StimulusConfig(categories=("mug", "table"), train_views=2, novel_views=1, object_size=24)


def test_labels_have_one_entry_a_picture(small: StimulusSet) -> None:
    # 2 categories x (2 trained identities x 6 views + 2 novel ones x 4 views)
    assert small.images.shape == (40, 56, 56, 4)
    assert small.images.dtype == np.uint8
    for labels in (small.category, small.identity, small.view, small.split):
        assert labels.shape == (40,)
    assert small.category.dtype == small.identity.dtype == small.view.dtype == np.int64


def test_trained_identities_come_first(small: StimulusSet) -> None:
    novel = small.select("novel_identity")
    assert small.n_trained == 4
    assert small.identity[small.select("train")].max() == 3
    assert small.identity[novel].min() == 4
    for index, name in enumerate(small.identity_names):
        category = small.category[small.identity == index]
        assert {small.category_names[kind] for kind in category} == {name.rsplit("-", 1)[0]}


def test_splits_are_disjoint_and_mean_what_they_say(small: StimulusSet) -> None:
    pairs = {
        split: set(zip(small.identity[index], small.view[index], strict=True))
        for split in SPLITS
        for index in [small.select(split)]
    }
    assert sum(map(len, pairs.values())) == len(set.union(*pairs.values())) == len(small)
    train, angle, novel = (small.select(split) for split in SPLITS)
    assert not set(small.view[train]) & set(small.view[angle])
    assert set(small.identity[train]) == set(small.identity[angle])
    assert not set(small.identity[train]) & set(small.identity[novel])
    assert set(small.view[novel]) == set(small.view[train])


def test_a_view_is_one_angle_for_all_identities(small: StimulusSet) -> None:
    for view in np.unique(small.view):
        assert len(np.unique(small.azimuth[small.view == view])) == 1


def test_the_seed_fixes_everything(small: StimulusSet) -> None:
    again = build_stimuli(small.config)
    assert np.array_equal(again.images, small.images)
    assert again.key() == small.key()
    other = build_stimuli(small.config.changed(seed=1))
    assert other.key() != small.key()
    assert not np.array_equal(other.images, small.images)


def test_the_key_covers_pixels_and_settings() -> None:
    import dataclasses

    stimuli = build_stimuli(QUICK)
    touched = stimuli.images.copy()
    touched[0, 0, 0, 0] ^= 1
    assert dataclasses.replace(stimuli, images=touched).key() != stimuli.key()
    renamed = dataclasses.replace(stimuli, config=QUICK.changed(background=127))
    assert renamed.key() != stimuli.key()


def test_workers_do_not_change_the_pictures() -> None:
    assert build_stimuli(QUICK, workers=2).key() == build_stimuli(QUICK).key()


@pytest.mark.parametrize("place", range(4))
def test_frames_hold_the_crop_at_the_right_place(small: StimulusSet, place: int) -> None:
    frame = small.frames(np.array([5]), np.array([place]))[0]
    assert frame.shape == (224, 224, 3)
    assert frame.dtype == np.uint8
    name = LOCATIONS[place]
    rows = slice(0, 112) if "upper" in name else slice(112, 224)
    columns = slice(0, 112) if "left" in name else slice(112, 224)
    quarter = frame[rows, columns]
    assert np.array_equal(quarter[28:84, 28:84], over(small.images[5], 128))
    frame = frame.astype(int)
    outside = np.abs(frame - small.grey).sum()
    assert outside == np.abs(quarter.astype(int) - small.grey).sum() > 0


def test_frames_of_crops_that_touch_are_seamless(everything: StimulusSet) -> None:
    frames = everything.frames(np.arange(4), np.arange(4)).astype(int)
    seam = np.concatenate([frames[:, 55:57], frames[:, :, 55:57].swapaxes(1, 2)], axis=1)
    assert (seam == everything.grey).all()


def test_frames_take_one_location_for_all(small: StimulusSet) -> None:
    assert np.array_equal(small.frames(np.arange(3), 2), small.frames(np.arange(3), [2, 2, 2]))


@pytest.mark.parametrize(
    ("image", "location", "message"),
    [(99, 0, "image must lie between 0 and 39; found 99"), (0, 4, "location must .* found 4")],
)
def test_frames_refuse_what_is_not_there(
    small: StimulusSet, image: int, location: int, message: str
) -> None:
    with pytest.raises(WmsimError, match=message):
        small.frames(image, location)


def test_an_unknown_split_is_named(small: StimulusSet) -> None:
    with pytest.raises(ConfigError, match=r"Unknown split 'novel_angel'. Did you mean"):
        small.select("novel_angel")


def test_importing_loads_no_heavy_library() -> None:
    code = (
        "import sys, wmsim.stimuli\n"
        "heavy = {'torch', 'trimesh', 'embreex', 'sklearn', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
