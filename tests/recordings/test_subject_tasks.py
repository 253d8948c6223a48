"""Recordings of tasks with delays, cues and probes look like those of humans."""

import dataclasses

import numpy as np
import pytest
import torch

from wmsim.errors import ConfigError
from wmsim.models import NetworkConfig, WorkingMemoryNetwork, task_vectors
from wmsim.recordings import align, labels_of, open_recording, save, states, validate
from wmsim.recordings.subject import record, record_trials
from wmsim.tasks import ACTIONS, Trials, generate_trials, parse_task, regime_tasks
from wmsim.tasks.balance import balanced_within
from wmsim.tasks.labels import labels_for
from wmsim.tasks.timeline import GAP, ITEM, MAINTENANCE, PADDING, PROBE
from wmsim.training import Subject

DELAYED = "dms-category,sternberg-2-location,retrocue-location,dms-d1-location,1-back-identity,"
DELAYED += "sequence-2-location-show2-probes2"


@pytest.fixture(scope="module")
def subject(tiny_config, tiny_stimuli, tiny_features):
    """Not trained: what is asked is how its activity is written down, not whether it is right."""
    tasks = regime_tasks(DELAYED)
    network = NetworkConfig(architecture="lstm", units=9).for_tasks([*tasks, Gaps()])
    config = tiny_config.changed(regime=DELAYED, network=network)
    features = dataclasses.replace(tiny_features, blank=np.zeros_like(tiny_features.maps[0]))
    made = WorkingMemoryNetwork(network, tiny_features.maps.shape[1:], seed=0).eval()
    return Subject(config, made, tiny_stimuli, features, [], 0.0)


class Gaps:
    """A task as a twin of a recording may have it: two items, gaps of 0 to 2 steps, a probe."""

    name, feature = "gaps", "location"
    bits, step_bits, has_blanks = ("location", "gaps"), ("probe",), True

    def check(self, space, items):
        pass

    def draw(self, n_trials, space, *, items, rng):
        group = np.zeros(n_trials, dtype=int)
        gap = balanced_within(group, 3, rng=rng)
        values = np.stack([balanced_within(group, 3, rng=rng) for _ in range(3)], axis=1)
        phase = np.full((n_trials, 7), PADDING)
        shown, target = np.full((n_trials, 7), -1), np.full((n_trials, 7), -100)
        for trial, blanks in enumerate(gap):
            steps = [ITEM, *[GAP] * blanks, ITEM, MAINTENANCE, MAINTENANCE, PROBE]
            phase[trial, : len(steps)] = steps
            target[trial, : len(steps)] = 0
            shown[trial, [0, blanks + 1, blanks + 4]] = [0, 1, 2]
            target[trial, blanks + 4] = 1 + (values[trial, 2] in values[trial, :2])
        labels = labels_for("location", values, space, rng=rng)
        return Trials((self,), group, **labels, target=target, shown=shown, phase=phase,
                      cue=np.full(n_trials, -1), n_probes=1)  # fmt: skip


def one_task(subject, name, **options):
    return record(subject, tasks=[parse_task(name)], trials_per_task=12, split="train", **options)


@pytest.mark.parametrize(
    ("name", "steps", "shown"),
    [
        ("dms-category-delay2", "item 1, maintenance 1, maintenance 2, probe", [0, -1, -1, -1]),
        ("sternberg-2-location-delay1", "item 1, item 2, maintenance, probe", [0, 1, -1, -1]),
        (
            "retrocue-location-delay1",
            "item 1, item 2, maintenance 1, cue, maintenance 2, probe",
            [0, 1, -1, -1, -1, -1],
        ),
        ("dms-d1-location-delay1", "item 1, gap, item 2, maintenance, probe", [0, -1, 1, -1, -1]),
    ],
)  # fmt: skip
def test_steps_are_named_and_only_items_are_shown(subject, name, steps, shown, tmp_path):
    recording = one_task(subject, name)
    validate(recording)
    assert ", ".join(recording["step_name"].values) == steps
    assert recording["shown_item"].values.tolist() == shown
    assert recording.sizes["item"] == max(shown) + 1
    first = {what: steps.split(", ").index(what) for what in steps.split(", ")}
    for what in ("probe", "cue"):
        assert (f"event_{what}" in recording) == (what in first)
    delay = first.get("maintenance", first.get("maintenance 1"))
    assert set(recording["event_maintenance"].values) == {delay}
    assert set(recording["event_probe"].values) == {first["probe"]}
    assert all(t < first["probe"] for _, t in states(recording))
    save(recording, tmp_path / "x.nc")
    with open_recording(tmp_path / "x.nc") as again:
        validate(again)
        np.testing.assert_array_equal(again["activity"], recording["activity"])
        assert again["probe_target"].values.tolist() == recording["probe_target"].values.tolist()


def test_activity_is_that_of_a_network_shown_these_frames(subject):
    recording = one_task(subject, "retrocue-location-delay1")
    network, features = subject.network, subject.features
    task = torch.from_numpy(task_vectors([parse_task("retrocue-location-delay1")], network.config))
    cells = features.maps.reshape(len(features.maps), 6, 4).transpose(0, 2, 1)
    maps = torch.from_numpy(np.concatenate([cells, np.zeros((1, 4, 6), np.float32)]))
    blank, names = len(cells), list(subject.stimuli.location_names)
    for trial in range(12):
        image, location = (recording[name].values[trial] for name in ("image", "location"))
        first, second = features.frame(image, location)
        place = names.index(str(recording["probe_location"].values[trial]))
        probe = features.frame(int(recording["probe_image"].values[trial]), place)
        frame = torch.tensor([[first, second, blank, blank, blank, probe]])
        bits = task[:, None].repeat(1, 6, 1)
        cue = f"cue {int(recording['cued_item'].values[trial]) + 1}"
        bits[:, 3, network.config.bit_names.index(cue)] = 1
        bits[:, 5, network.config.bit_names.index("probe")] = 1
        with torch.no_grad():
            logits, hidden, cell = network.states(maps, frame, bits)
        both = torch.cat([hidden, cell], dim=2)[0].numpy()
        written = recording["activity"].isel(trial=trial).transpose("time", "unit")
        np.testing.assert_allclose(written, both, atol=1e-5)
        answer = logits[0].argmax(-1)
        np.testing.assert_array_equal(recording["response"].values[trial], answer[:2])
        assert recording["probe_response"].values[trial] == ACTIONS[answer[5]]


def test_probes_have_the_right_answer_and_it_counts_as_correct_only_with_all_else(subject):
    recording = one_task(subject, "sternberg-2-location")
    location, names = labels_of(recording, "location")
    probe = np.array([names.index(str(name)) for name in recording["probe_location"].values])
    among = (location == probe[:, None]).any(axis=1)
    np.testing.assert_array_equal(recording["probe_in"], among)
    np.testing.assert_array_equal(recording["probe_target"] == "match", among)
    assert (recording["target"] == 0).all()
    wrong = (recording["response"] != recording["target"]).any("item")
    wrong = wrong | (recording["probe_response"] != recording["probe_target"])
    assert not recording["correct"].values[wrong.values].any()
    assert set(recording["n_items"].values) == {2}
    assert "n_back" not in recording
    assert "cued_item" not in recording


def test_a_probe_that_was_seen_but_not_cued_is_in_and_no_match(subject):
    recording = record(subject, tasks=[parse_task("retrocue-location")], trials_per_task=96)
    target, among = recording["probe_target"].values, recording["probe_in"].values
    assert (target[~among] == "non-match").all()
    assert (target[among] == "non-match").sum() == 24


def test_an_answer_is_due_when_a_probe_appears_however_long_it_stays(subject):
    recording = one_task(subject, "sequence-2-location-show2-probes2")
    first, second = (recording[f"probe_{number}_target"].values for number in (1, 2))
    assert set(first) == set(second) == {"match", "non-match"}
    assert (first != second).all()
    np.testing.assert_array_equal(recording["probe_1_target"] == "match", recording["probe_1_in"])
    np.testing.assert_array_equal(recording["item_offset"] - recording["item_onset"], 2)


def test_n_back_recordings_have_no_probe(subject):
    recording = one_task(subject, "1-back-identity")
    assert recording["step_name"].values.tolist() == [f"item {i}" for i in range(1, 6)]
    assert recording["n_back"].values.tolist() == [1] * 12
    assert not [n for n in recording.variables if str(n).startswith(("event_", "probe"))]


def test_tasks_of_different_steps_go_into_files_of_their_own(subject):
    with pytest.raises(ConfigError, match=r"different steps: .*dms-category has item 1, .*--task"):
        record(subject, split="train", trials_per_task=4)
    both = [parse_task("dms-category"), parse_task("dms-location")]
    together = record(subject, tasks=both, trials_per_task=4, split="train")
    assert set(together["task"].values) == {"dms-category", "dms-location"}


def test_a_task_that_the_network_has_no_bits_for(tiny_subject):
    with pytest.raises(ConfigError, match=r"dms-location does not fit.*no bit 'dms'"):
        record(tiny_subject, tasks=[parse_task("dms-location")], split="train")


def test_trials_with_gaps_of_their_own_make_a_recording_that_can_be_aligned(subject):
    """What a twin of a recording needs: any timeline, any trials, through the same recorder."""
    rng = np.random.default_rng(0)
    trials = generate_trials([Gaps()], 30, subject.space("train"), rng=rng)
    recording = record_trials(subject, trials, split="train")
    validate(recording)
    assert "shown_item" not in recording.variables
    late = recording["event_probe"].values
    np.testing.assert_array_equal(recording["item_onset"].values[:, 1], late - 3)
    ended = recording["time"].values[:, None] > late
    np.testing.assert_array_equal(np.isnan(recording["activity"]).all("unit").values, ended)
    aligned = align(recording, window=(0, 1), maintenance_window=(0, 2), probe_window=(0, 1))
    assert aligned["step_name"].values.tolist() == ["item 1", "item 2", "maintenance", "probe"]
    activity = recording["activity"].values
    each = np.arange(30)
    second = recording["item_onset"].values[:, 1].astype(int)
    np.testing.assert_allclose(
        aligned["activity"].values[1].T, activity[second, :, each], atol=1e-6
    )
    held = (activity[second + 1, :, each] + activity[second + 2, :, each]) / 2
    np.testing.assert_allclose(aligned["activity"].values[2].T, held, atol=1e-6)


def test_tasks_of_different_steps_in_one_table_are_written_with_their_own_times(subject):
    tasks = [parse_task("sternberg-2-location"), Gaps(), parse_task("1-back-identity")]
    rng = np.random.default_rng(0)
    trials = generate_trials(tasks, 30, subject.space("train"), items=4, rng=rng)
    recording = record_trials(subject, trials, split="train")
    validate(recording)
    n_back = (recording["task"] == "1-back-identity").values
    np.testing.assert_array_equal(np.isnan(recording["event_probe"]), n_back)
    np.testing.assert_array_equal(recording["probe_target"] == "", n_back)
    np.testing.assert_array_equal((recording["location"] >= 0).sum("item"), np.where(n_back, 4, 2))
    np.testing.assert_array_equal((recording["target"] == -1).any("item"), ~n_back)
