"""Controls: a network's own trials are rebuilt from its recording, and run again."""

import dataclasses
import json

import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.hypotheses import plant
from wmsim.models import NetworkConfig
from wmsim.recordings import open_recording, save
from wmsim.recordings.build import build_recording
from wmsim.recordings.subject import record, record_trials
from wmsim.report import compare_controls
from wmsim.report.compare_controls import add_controls, encoder_activity, own_control
from wmsim.report.compare_roles import cast_files
from wmsim.report.compare_trials import recorded_trials
from wmsim.tasks import generate_trials
from wmsim.training import Subject, SubjectConfig, TrainingConfig, for_tasks
from wmsim.training.subject import new_network

REGIMES = {
    "nback": "STMF-1",
    "sternberg": "sternberg-2-identity,sternberg-2-category",
    "retrocue": "retrocue-2-location",
    "sequences": "sequence-2-identity-show2-gaps0+2-delays2+3-probes2,sequence-2-identity",
    "mixed": "sternberg-2-identity,dms-location",
}


@pytest.fixture(scope="module")
def subject_of(tiny_stimuli, tiny_features):
    """A network with its initial weights, for a regime."""
    rng = np.random.default_rng(1)
    blank = rng.standard_normal(tiny_features.maps.shape[1:]).astype(np.float32)
    features = dataclasses.replace(tiny_features, blank=blank)

    def make(regime, architecture="lstm"):
        config = for_tasks(
            SubjectConfig(
                stimuli=tiny_stimuli.config, regime=regime, seed=3,
                network=NetworkConfig(architecture=architecture, units=12),
                training=TrainingConfig(items=4),
            )
        )  # fmt: skip
        network = new_network(config, features).eval()
        return Subject(config, network, tiny_stimuli, features, [], 0.0)

    return make


@pytest.mark.parametrize("regime", REGIMES.values(), ids=REGIMES)
def test_trials_are_rebuilt(subject_of, regime):
    subject = subject_of(regime)
    tasks, rng = subject.config.tasks, np.random.default_rng(0)
    trials = generate_trials(tasks, 12 * len(tasks), subject.space("train"), items=4, rng=rng)
    again = recorded_trials(record_trials(subject, trials, split="train"))
    names = [[table.tasks[one].name for one in table.task] for table in (trials, again)]
    assert names[0] == names[1]
    for what in ("location", "identity", "category", "view", "image", "shown", "cue", "n_probes"):
        assert np.array_equal(getattr(again, what), getattr(trials, what)), what
    # Where a gap ends is told by the next item; blanks look alike to the network.
    differs = again.phase != trials.phase
    assert (trials.shown[differs] == -1).all()
    last = np.diff(np.pad(trials.shown, ((0, 0), (0, 1)), constant_values=-9)) != 0
    shown = (trials.shown >= 0) & last
    assert np.array_equal(again.target[~shown] == -100, trials.target[~shown] == -100)
    assert trials.n_steps == again.n_steps


@pytest.mark.parametrize("regime", REGIMES.values(), ids=REGIMES)
def test_the_same_network_does_the_same_again(subject_of, regime):
    subject = subject_of(regime)
    tasks, rng = subject.config.tasks, np.random.default_rng(0)
    trials = generate_trials(tasks, 10 * len(tasks), subject.space("train"), items=4, rng=rng)
    recorded = record_trials(subject, trials, split="train")
    again = own_control(recorded, subject, "untrained")
    assert np.array_equal(again["activity"], recorded["activity"], equal_nan=True)
    assert np.array_equal(again["image"], recorded["image"])


def test_encoder_shows_what_is_on_display_and_nothing_else(subject_of):
    subject = subject_of(REGIMES["sternberg"], "gru")
    recorded = record(subject, trials_per_task=30, split="train")
    made = own_control(recorded, subject, "encoder")
    assert made.sizes == recorded.sizes
    assert set(made["kind"].values) == {"feature"}
    activity = made["activity"].transpose("trial", "time", "unit").values
    trials = recorded_trials(recorded)
    same = (trials.image[:, 1] == trials.image[0, 1]) & (
        trials.location[:, 1] == trials.location[0, 1]
    )
    step = int(np.argmax(trials.shown[0] == 1))
    assert np.allclose(activity[same, step], activity[0, step])
    # A blank frame is the same whatever was shown before it.
    blank = int(np.argmax(trials.shown[0] == -1))
    assert np.ptp(activity[:, blank], axis=0).max() == 0
    twice = [encoder_activity(subject, trials, "train", 12) for _ in range(2)]
    assert np.array_equal(*twice)


def test_trials_that_cannot_be_rebuilt_are_told(subject_of):
    subject = subject_of(REGIMES["nback"])
    recorded = record(subject, trials_per_task=10, split="train")
    with pytest.raises(WmsimError, match="no 'image'"):
        own_control(recorded.drop_vars("image"), subject, "encoder")
    with pytest.raises(WmsimError, match="label 'split'"):
        own_control(recorded.drop_vars("split"), subject, "encoder")
    with pytest.raises(WmsimError, match="not in split 'novel_identity'"):
        own_control(
            recorded.assign_coords(split=("trial", ["novel_identity"] * recorded.sizes["trial"])),
            subject, "encoder",
        )  # fmt: skip


@pytest.fixture
def network_and_brain(subject_of, tmp_path, monkeypatch):
    """Files of a network and of a brain; the network is at hand and need not be rendered."""
    subject = subject_of(REGIMES["nback"])
    monkeypatch.setattr(compare_controls, "untrained_subject", lambda *_, **__: subject)
    save(record(subject, trials_per_task=10, split="train"), tmp_path / "network.nc")
    save(plant(n_units=4, n_trials=12, n_items=2).assign_attrs(source="neural"),
         tmp_path / "monkey.nc")  # fmt: skip
    return tmp_path / "network.nc", tmp_path / "monkey.nc"


def test_controls_are_made_once(network_and_brain, tmp_path, monkeypatch):
    cast = cast_files(network_and_brain)
    models, notes = add_controls(cast, tmp_path / "controls")
    assert [(one.name, one.control) for one in models] == [("untrained",) * 2, ("encoder",) * 2]
    assert notes == []
    with open_recording(tmp_path / "controls" / "encoder.nc") as found:
        assert found.attrs["control"] == "encoder"
    monkeypatch.setattr(compare_controls, "own_control", None)
    assert add_controls(cast, tmp_path / "controls")[0] == models


def test_controls_that_are_there_are_not_made(network_and_brain, tmp_path):
    models, _ = add_controls(cast_files(network_and_brain), tmp_path / "controls")
    cast = cast_files([*network_and_brain, tmp_path / "controls" / "encoder.nc"])
    assert {one.control for one in cast.models} == {"", "encoder"}
    assert [one.control for one in add_controls(cast, tmp_path / "more")[0]] == ["untrained"]
    assert len(models) == 2


def test_models_that_say_nothing_of_themselves_have_no_controls(network_and_brain, tmp_path):
    save(plant(n_units=4, n_trials=12, n_items=2), tmp_path / "planted.nc")
    models, notes = add_controls(
        cast_files([network_and_brain[1], tmp_path / "planted.nc"]), tmp_path
    )
    assert models == ()
    assert "Controls left out (an untrained network and the encoder's features alone)" in notes[0]


def test_a_failure_leaves_controls_out(network_and_brain, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise WmsimError("No folder of meshes.")

    monkeypatch.setattr(compare_controls, "untrained_subject", broken)
    models, notes = add_controls(cast_files(network_and_brain), tmp_path / "controls")
    assert models == ()
    assert "No folder of meshes." in notes[0]


def small_brain():
    """Two of five images a trial, in spikes, as kornblith2017 has them."""
    rng = np.random.default_rng(5)
    codes = np.array([rng.permutation(5)[:2] for _ in range(40)])
    other = np.array([rng.choice(np.setdiff1d(np.arange(5), row)) for row in codes])
    onset = np.arange(2) * 0.4 + np.zeros((40, 1))
    time = (np.arange(-10, 90) + 0.5) * 0.05
    rates = rng.uniform(2, 12, (5, 6))[codes[:, 0]]
    spikes = rng.poisson(rates.T[None] * 0.05, (time.size, 6, 40)) / 0.05
    return build_recording(
        spikes, time=time, time_units="s", bin_width=0.05, activity_units="spikes/s",
        source="neural", features={"image": (codes, list("abcde"))}, item_onset=onset,
        item_offset=onset + 0.2, events={"maintenance": [0.7] * 40, "probe": [3.2] * 40},
        trial={"task": "order", "left_probe": codes[:, 0], "right_probe": other},
    )  # fmt: skip


def test_controls_of_a_twin_run_the_brains_trials(subject_of, tmp_path, monkeypatch):
    from wmsim.twin import TwinConfig, as_recorded, merged_tasks, run_twin, twin_design

    brain = small_brain()
    save(brain, tmp_path / "monkey.nc")
    design = twin_design(brain, TwinConfig(), name="monkey")
    subject = subject_of(",".join(task.name for task in merged_tasks([design])), "gru")
    monkeypatch.setattr(compare_controls, "untrained_subject", lambda *_, **__: subject)
    save(as_recorded(run_twin(subject, design), design), tmp_path / "twin.nc")
    cast = cast_files([tmp_path / "twin.nc", tmp_path / "monkey.nc"])
    assert [one.family for one in cast.models] == ["gru"]
    models, notes = add_controls(cast, tmp_path / "controls")
    assert notes == []
    for model in models:
        path = model.recording_for("monkey")
        assert path == tmp_path / "controls" / "monkey" / f"{model.control}.nc"
        with open_recording(path) as found:
            assert np.array_equal(found["image"], brain["image"])
            assert found.sizes["unit"] == brain.sizes["unit"]
            assert json.loads(found.attrs["twin"])["brain"] == "monkey"
            assert "noise" in found.attrs


def test_controls_of_a_twin_have_its_probes_and_units(subject_of, tmp_path, monkeypatch):
    from wmsim.twin import TwinConfig, as_recorded, merged_tasks, run_twin, twin_design

    brain = small_brain()
    for name in ("monkey", "ape"):
        save(brain.assign_coords(trial=np.arange(40) + len(name)), tmp_path / f"{name}.nc")
    with open_recording(tmp_path / "monkey.nc") as recording:
        own = recording.load()
    design = twin_design(own, TwinConfig(probes=("right_probe",), units="all"), name="monkey")
    subject = subject_of(",".join(task.name for task in merged_tasks([design])), "gru")
    monkeypatch.setattr(compare_controls, "untrained_subject", lambda *_, **__: subject)
    twin = as_recorded(run_twin(subject, design), design)
    save(twin, tmp_path / "twin.nc")
    cast = cast_files([tmp_path / f"{name}.nc" for name in ("twin", "monkey", "ape")])
    models, notes = add_controls(cast, tmp_path / "controls")
    assert [one.control for one in models] == ["untrained", "encoder"]
    assert len(notes) == 1
    assert "have not run the trials of ape" in notes[0]
    for model in models:
        with open_recording(model.recording_for("monkey")) as found:
            assert found.sizes["unit"] == twin.sizes["unit"] != brain.sizes["unit"]
            assert json.loads(found.attrs["twin"])["probes"] == ["right_probe"]
