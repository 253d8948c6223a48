"""The encoder's output as a recording: the right frames, the same labels, lazily the same."""

import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.recordings import save, states, validate
from wmsim.recordings.perceptual import record_frames, record_perceptual
from wmsim.recordings.subject import record


@pytest.fixture(scope="module")
def recording(tiny_subject):
    return record(tiny_subject, trials_per_task=20)


@pytest.fixture(scope="module")
def perceptual(tiny_subject, recording):
    return record_perceptual(tiny_subject, recording, items=None)


def test_each_trial_has_the_output_for_the_frame_that_it_showed(
    tiny_subject, recording, perceptual
):
    maps = tiny_subject.features.maps
    assert perceptual.sizes["unit"] == maps[0].size
    for trial, item in ((0, 0), (7, 3), (19, 4)):
        image, place = (int(recording[n][trial, item]) for n in ("image", "location"))
        wanted = maps[image * tiny_subject.stimuli.n_locations + place].ravel()
        np.testing.assert_array_equal(perceptual["activity"][item, :, trial], wanted)
    unit = 6
    channel, cell = int(perceptual["channel"][unit]), int(perceptual["cell"][unit])
    value = maps[:, channel].reshape(len(maps), -1)[0, cell]
    assert maps.reshape(len(maps), -1)[0, unit] == value


def test_labels_trials_and_tasks_are_those_of_the_recording(recording, perceptual):
    validate(perceptual)
    for name in ("identity", "category", "location", "image", "view", "trial", "task", "correct"):
        np.testing.assert_array_equal(perceptual[name], recording[name])
        assert perceptual[name].attrs.get("labels") == recording[name].attrs.get("labels")
    assert set(perceptual["kind"].values) == {"feature"}
    assert set(perceptual["area"].values) == {"efficientnet-lite0"}
    assert "target" not in perceptual


def test_one_item_by_default_and_lazily_the_same(tiny_subject, recording, perceptual, tmp_path):
    first = record_perceptual(tiny_subject, recording)
    assert states(first) == [(0, 0)]
    assert first.sizes["item"] == first.sizes["time"] == 1
    seen = (tiny_subject.stimuli, tiny_subject.features)
    lazy = record_perceptual(seen, recording, items=None, lazy=True, area="V4")
    assert lazy["activity"].chunks is not None
    np.testing.assert_array_equal(lazy["activity"], perceptual["activity"])
    assert set(lazy["area"].values) == {"V4"}
    save(lazy, tmp_path / "lazy.nc")


def test_frames_are_there_once(tiny_subject):
    stimuli = tiny_subject.stimuli
    frames = record_frames(tiny_subject, split="novel_angle")
    assert frames.sizes["trial"] == stimuli.select("novel_angle").size * stimuli.n_locations
    pairs = np.stack([frames["image"].values[:, 0], frames["location"].values[:, 0]])
    assert np.unique(pairs, axis=1).shape[1] == frames.sizes["trial"]
    image = frames["image"].values[:, 0]
    np.testing.assert_array_equal(frames["identity"].values[:, 0], stimuli.identity[image])
    everything = record_frames(tiny_subject)
    assert set(everything["split"].values) == {"train", "novel_angle", "novel_identity"}


def test_refusals(tiny_subject, recording):
    with pytest.raises(WmsimError, match="no 'image'"):
        record_perceptual(tiny_subject, recording.drop_vars("image"))
    with pytest.raises(WmsimError, match="items is 9; the recording has 5"):
        record_perceptual(tiny_subject, recording, items=9)
    beyond = recording.assign(image=recording["image"] + 1000)
    with pytest.raises(WmsimError, match=r"shows image .* Give the stimuli"):
        record_perceptual(tiny_subject, beyond)
    other = recording.assign(identity=(recording["identity"] + 1) % 6)
    with pytest.raises(WmsimError, match="in these stimuli that image is of identity"):
        record_perceptual(tiny_subject, other)


def test_features_of_other_stimuli_are_refused(tiny_subject, recording):
    from dataclasses import replace

    fewer = replace(tiny_subject.features, maps=tiny_subject.features.maps[:-4])
    with pytest.raises(WmsimError, match="Encode these stimuli"):
        record_perceptual((tiny_subject.stimuli, fewer), recording)
