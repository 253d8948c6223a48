"""Training that can be stopped anywhere, and subjects that can be read back."""

import json

import numpy as np
import pytest
import torch

from wmsim.config import override
from wmsim.encoders import Features
from wmsim.errors import ConfigError, WmsimError
from wmsim.models import NetworkConfig, WorkingMemoryNetwork
from wmsim.tasks import ItemSpace, generate_trials, nback_tasks, parse_task
from wmsim.training import SubjectConfig, TrainingConfig, load_subject, pick_device, train_subject
from wmsim.training.batches import frames_of, make_batch
from wmsim.training.checkpoint import load_state
from wmsim.training.evaluate import evaluate
from wmsim.training.loop import train


def train_in(folder, config, stimuli, features):
    return train_subject(config, folder, device="cpu", stimuli=stimuli, features=features)


def test_stopped_and_taken_up_equals_straight_through(
    tiny_config, tiny_stimuli, tiny_features, tiny_subject, tmp_path, monkeypatch
):
    def stop_at(limit):
        from wmsim.training import loop

        plain, done = loop._step, []

        def step(*args):
            if len(done) == limit:
                raise KeyboardInterrupt
            done.append(1)
            return plain(*args)

        monkeypatch.setattr("wmsim.training.loop._step", step)
        return plain

    plain = stop_at(17)
    with pytest.raises(KeyboardInterrupt):
        train_in(tmp_path, tiny_config, tiny_stimuli, tiny_features)
    assert load_state(tmp_path).iteration == 10
    monkeypatch.setattr("wmsim.training.loop._step", plain)
    again = train_in(tmp_path, tiny_config, tiny_stimuli, tiny_features)
    for ours, straight in zip(
        again.network.parameters(), tiny_subject.network.parameters(), strict=True
    ):
        torch.testing.assert_close(ours, straight, rtol=0, atol=0)
    assert again.history == tiny_subject.history


def test_a_finished_subject_is_read_back(
    tiny_config, tiny_stimuli, tiny_features, tmp_path, monkeypatch
):
    first = train_in(tmp_path, tiny_config, tiny_stimuli, tiny_features)
    monkeypatch.setattr("wmsim.training.subject.encode", lambda *a, **k: tiny_features)
    again = load_subject(tmp_path, device="cpu")
    assert again.config == tiny_config
    assert again.performance("train").overall == first.performance("train").overall


def test_a_seed_fixes_training_on_several_threads(tmp_path):
    """Sums that are added up in any order would differ from run to run."""
    space = ItemSpace.of_counts(n_categories=4, identities=2, views=2)
    maps = np.random.default_rng(0).standard_normal((64, 32, 2, 2)).astype(np.float32)
    features = Features(maps, 4, key="x")
    config = TrainingConfig(iterations=12, batch=256, evaluate_every=12)
    threads, found = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        for run in range(3):
            network = WorkingMemoryNetwork(NetworkConfig(units=128), (32, 2, 2), seed=0)
            folder = tmp_path / str(run)
            train(network, nback_tasks(), space, features, config, folder, seed=0)
            found.append(torch.cat([p.detach().flatten() for p in network.parameters()]))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


def test_it_learns_and_stops_at_the_criterion(tmp_path):
    space = ItemSpace.of_counts(n_categories=2, identities=1, views=1, n_locations=2)
    maps = np.eye(4, dtype=np.float32).reshape(4, 4, 1, 1)
    features = Features(maps, 2, key="x")
    network = WorkingMemoryNetwork(NetworkConfig(units=32), (4, 1, 1), seed=0)
    config = TrainingConfig(iterations=2000, batch=64, evaluate_every=25, criterion=0.99,
                            learning_rate=5e-3, items=4)  # fmt: skip
    tasks = (parse_task("1-back-location"),)
    state = train(network, tasks, space, features, config, tmp_path, seed=0)
    assert state.finished
    assert state.iteration < 2000
    trials = generate_trials(tasks, 400, space, items=4, rng=np.random.default_rng(99))
    result = evaluate(network, trials, frames_of(space, features, "cpu"))
    assert result.overall > 0.98
    assert result.executive > 0.97


def test_each_frame_of_a_batch_comes_once(tiny_stimuli, tiny_features):
    space = ItemSpace.of_stimuli(tiny_stimuli, "train")
    frames = frames_of(space, tiny_features, "cpu")
    assert len(frames.maps) == space.images.size * 4
    trials = generate_trials(nback_tasks(), 9, space, rng=np.random.default_rng(0))
    batch = make_batch(trials, frames, NetworkConfig())
    unique = np.unique(tiny_features.frame(trials.image, trials.location))
    assert len(batch.maps) in (unique.size, len(frames.maps))
    for trial in range(9):
        for item in range(6):
            frame = tiny_features.frame(trials.image[trial, item], trials.location[trial, item])
            expected = tiny_features.maps[frame].reshape(6, 4).T
            shown = batch.maps[batch.frame[trial, item]].numpy()
            np.testing.assert_array_equal(shown, expected)


def test_another_subjects_folder_is_left_alone(tiny_config, tiny_stimuli, tiny_features, tmp_path):
    train_in(tmp_path, tiny_config, tiny_stimuli, tiny_features)
    with pytest.raises(WmsimError, match=r"other settings \(seed 3 there, 4 asked\)"):
        train_in(tmp_path, tiny_config.changed(seed=4), tiny_stimuli, tiny_features)
    slower = override(tiny_config, ["training.learning_rate=1e-5"])
    with pytest.raises(WmsimError, match=r"settings \(training.learning_rate \S+ there, 1e-05 ask"):
        train_in(tmp_path, slower, tiny_stimuli, tiny_features)


def test_damaged_folders_say_so(tiny_config, tmp_path):
    with pytest.raises(WmsimError, match="No subject in"):
        load_subject(tmp_path)
    (tmp_path / "subject.json").write_text(json.dumps(tiny_config.model_dump(mode="json")))
    with pytest.raises(WmsimError, match="not trained to the end"):
        load_subject(tmp_path)
    longer = tiny_config.changed(curriculum=("STMF-1", "STMF-2"))
    (tmp_path / "subject.json").write_text(json.dumps(longer.model_dump(mode="json")))
    training = longer.training
    most = 2 * 3 * training.lesson_iterations + training.iterations
    with pytest.raises(WmsimError, match=f"iteration 0 of at most {most}"):
        load_subject(tmp_path)
    (tmp_path / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(WmsimError, match="cannot be read as PyTorch weights"):
        load_subject(tmp_path)
    torch.save({"some": torch.zeros(1)}, tmp_path / "checkpoint.pt")
    with pytest.raises(WmsimError, match="is not a checkpoint of wmsim"):
        load_subject(tmp_path)
    (tmp_path / "subject.json").write_text("{")
    with pytest.raises(WmsimError, match="is damaged"):
        load_subject(tmp_path)


def test_a_checkpoint_cannot_run_code(tmp_path, tiny_config):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "owned"), "w"))

    (tmp_path / "subject.json").write_text(json.dumps(tiny_config.model_dump(mode="json")))
    torch.save(Evil(), tmp_path / "checkpoint.pt")
    with pytest.raises(WmsimError, match="cannot be read"):
        load_subject(tmp_path)
    assert not (tmp_path / "owned").exists()


def test_the_papers_schedule_is_kept_under_its_name():
    paper = TrainingConfig.paper()
    assert paper.rate_at(0) == 3e-5
    assert paper.rate_at(250) == pytest.approx(3e-7)
    assert TrainingConfig().rate_at(10**4) == TrainingConfig().learning_rate
    assert TrainingConfig.for_architecture("rnn").learning_rate == 5e-4


def test_a_rate_that_falls_does_so_over_the_tasks_alone():
    config = TrainingConfig(schedule="cosine", iterations=80, lesson_iterations=400)
    assert {config.rate_at(at, last=False) for at in range(400)} == {config.learning_rate}
    rates = [config.rate_at(at) for at in range(80)]
    assert rates[0] == config.learning_rate
    assert rates[40] == pytest.approx(config.learning_rate / 2)
    assert (np.diff(rates) < 0).all()
    assert 0 < rates[-1] < 1e-3 * config.learning_rate


def test_a_device_that_is_not_there():
    assert pick_device("cpu") == "cpu"
    with pytest.raises(ConfigError, match=r"Device 'cuda:77' cannot be used.*cpu"):
        pick_device("cuda:77")
    with pytest.raises(ConfigError, match="Device 'gpu' cannot be used"):
        pick_device("gpu")


def test_unknown_settings_of_a_subject():
    with pytest.raises(ConfigError, match="unknown setting 'networks'"):
        SubjectConfig(networks=NetworkConfig())
