"""A subject's recording holds what the network did, under the labels of what it was shown."""

import numpy as np
import pytest
import torch

from wmsim.errors import ConfigError
from wmsim.recordings import labels_of, open_recording, save, states, validate
from wmsim.recordings.subject import record
from wmsim.tasks import parse_task


@pytest.fixture(scope="module")
def recording(tiny_subject):
    return record(tiny_subject, trials_per_task=20, split="train", seed=2)


def test_it_is_a_valid_aligned_recording(recording):
    validate(recording)
    assert dict(recording["activity"].sizes) == {"time": 5, "unit": 24, "trial": 60}
    assert len(states(recording)) == 15
    assert recording.attrs["source"] == "model"
    assert sorted(set(recording["kind"].values.tolist())) == ["cell state", "hidden"]


def test_activity_is_the_state_of_the_network_shown_these_items(recording, tiny_subject):
    frames = tiny_subject.frames("train")
    trial = 7
    task = parse_task(str(recording["task"].values[trial]))
    image, location = (recording[name].values[trial] for name in ("image", "location"))
    row = torch.from_numpy(frames.row[image * 4 + location])[None]
    from wmsim.models import task_vectors

    with torch.no_grad():
        logits, hidden, cell = tiny_subject.network.states(
            frames.maps, row, torch.from_numpy(task_vectors([task]))
        )
    both = torch.cat([hidden, cell], dim=2)[0].numpy()
    np.testing.assert_allclose(
        recording["activity"].isel(trial=trial).transpose("time", "unit"), both, atol=1e-5
    )
    np.testing.assert_array_equal(recording["response"].values[trial], logits[0].argmax(-1))


def test_labels_say_what_was_shown(recording, tiny_stimuli):
    image = recording["image"].values
    identity, names = labels_of(recording, "identity")
    np.testing.assert_array_equal(identity, tiny_stimuli.identity[image])
    assert tuple(names) == tiny_stimuli.identity_names
    correct = (recording["response"] == recording["target"]).all("item")
    np.testing.assert_array_equal(recording["correct"], correct)


def test_it_comes_back_from_disk(recording, tmp_path):
    save(recording, tmp_path / "x.nc")
    with open_recording(tmp_path / "x.nc") as again:
        np.testing.assert_array_equal(again["activity"], recording["activity"])
        assert again.attrs == recording.attrs


def test_seed_fixes_the_trials(tiny_subject, recording):
    same = record(tiny_subject, trials_per_task=20, split="train", seed=2)
    other = record(tiny_subject, trials_per_task=20, split="train", seed=3)
    np.testing.assert_array_equal(same["activity"], recording["activity"])
    assert not np.array_equal(other["image"], recording["image"])


def test_unknown_split(tiny_subject):
    with pytest.raises(ConfigError, match="Did you mean 'novel_angle'"):
        record(tiny_subject, split="novel_angel")
