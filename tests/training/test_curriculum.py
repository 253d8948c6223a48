"""Lessons that come before the tasks."""

import numpy as np
import pytest
import torch

from wmsim.encoders import Features
from wmsim.models import NetworkConfig, WorkingMemoryNetwork
from wmsim.tasks import ItemSpace, parse_task, regime_tasks
from wmsim.training import SubjectConfig, TrainingConfig
from wmsim.training.checkpoint import State, load_state
from wmsim.training.evaluate import Performance
from wmsim.training.loop import note, train
from wmsim.training.presets import for_tasks

SPACE = ItemSpace.of_counts(n_categories=4, identities=2, views=2)


def trained(folder, config, lessons=("1-back-location", "1-back-category")):
    maps = np.random.default_rng(0).standard_normal((64, 8, 2, 2)).astype(np.float32)
    network = WorkingMemoryNetwork(NetworkConfig(units=8), (8, 2, 2), seed=0)
    state = train(
        network, (parse_task("1-back-identity"),), SPACE, Features(maps, 4, key="x"), config,
        folder, seed=0, lessons=[regime_tasks(one) for one in lessons],
    )  # fmt: skip
    return network, state


CONFIG = TrainingConfig(
    iterations=6, lesson_iterations=4, lesson_criterion=2, lesson_patience=1, criterion=2,
    evaluate_every=3, batch=8,
)  # fmt: skip


def test_each_lesson_has_its_iterations_and_the_tasks_have_theirs(tmp_path):
    _, state = trained(tmp_path, CONFIG)
    assert state.passed == [4, 8]
    assert state.iteration == 8 + 6
    assert [entry["iteration"] for entry in state.history] == [3, 4, 7, 8, 11, 14]


def test_a_lesson_that_is_learnt_is_over(tmp_path):
    _, state = trained(tmp_path, CONFIG.changed(lesson_criterion=1e-9))
    assert state.passed == [3, 6]
    assert state.iteration == 6 + 6


@pytest.mark.parametrize(
    ("executive", "over_at"), [(0.6, 800), (0.64, 800), (0.66, 400), (0.89, 400), (0.9, 50)]
)
def test_a_lesson_of_which_nothing_was_learnt_goes_on(executive, over_at):
    config = TrainingConfig(lesson_iterations=400, lesson_patience=2, lesson_criterion=0.9)
    state = State()
    while not state.passed:
        state.iteration += 50
        note(state, [1.0], Performance(0.9, executive, 512, {}, 0.6), config, last=False)
    assert state.passed == [over_at]


def test_a_lesson_goes_on_no_longer_than_patience_lasts(tmp_path, monkeypatch):
    from wmsim.training import loop

    def guessing(*args):
        return Performance(0.9, 0.6, 512, {}, chance=0.6)

    monkeypatch.setattr(loop, "evaluate", guessing)
    _, state = trained(tmp_path, CONFIG.changed(lesson_patience=2, evaluate_every=5))
    assert state.passed == [8, 16]
    assert [entry["iteration"] for entry in state.history] == [4, 5, 8, 12, 13, 16, 21, 22]


def test_tasks_are_those_of_the_lesson(tmp_path, monkeypatch):
    from wmsim.training import loop

    seen = []
    plain = loop.generate_trials

    def told(tasks, n_trials, *args, **kwargs):
        if n_trials == CONFIG.batch:
            seen.append(tasks[0].feature)
        return plain(tasks, n_trials, *args, **kwargs)

    monkeypatch.setattr(loop, "generate_trials", told)
    trained(tmp_path, CONFIG)
    assert seen == ["location"] * 4 + ["category"] * 4 + ["identity"] * 6


def test_stopped_within_a_lesson_it_goes_on_there(tmp_path, monkeypatch):
    from wmsim.training import loop

    straight, state = trained(tmp_path / "straight", CONFIG)
    plain, done = loop._step, []

    def step(*args):
        if len(done) == 6:
            raise KeyboardInterrupt
        done.append(1)
        return plain(*args)

    monkeypatch.setattr(loop, "_step", step)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "stopped", CONFIG)
    monkeypatch.setattr(loop, "_step", plain)
    kept = load_state(tmp_path / "stopped")
    assert (kept.iteration, kept.passed) == (4, [4])
    again, resumed = trained(tmp_path / "stopped", CONFIG)
    assert resumed.history == state.history
    for ours, other in zip(again.parameters(), straight.parameters(), strict=True):
        torch.testing.assert_close(ours, other, rtol=0, atol=0)


@pytest.mark.parametrize(("counted", "finished"), [("steps", True), ("answers", False)])
def test_a_criterion_may_be_for_answers_alone(counted, finished):
    """A network that always says no action is right at most steps of a long trial."""
    config = TrainingConfig(criterion=0.95, criterion_of=counted)
    state = State(iteration=50)
    guessing = Performance(
        overall=0.96, executive=0.5, n_trials=9, executive_by_task={}, chance=0.5
    )
    for _ in range(2):
        note(state, [1.0], guessing, config)
        state.iteration += 50
    assert state.finished is finished


def test_accuracy_before_the_last_lesson_does_not_count():
    config = TrainingConfig(criterion=0.9)
    state = State(iteration=100, passed=[50])
    state.history.append({"iteration": 50.0, "loss": 0, "accuracy": 1, "executive_accuracy": 1})
    note(state, [1.0], Performance(1.0, 1.0, 9, {}, 0.5), config)
    assert not state.finished


def test_the_task_vector_has_bits_for_all_lessons():
    config = for_tasks(SubjectConfig(regime="dms-identity", curriculum=("4-back-location",)))
    assert config.network.max_n == 4
    assert "dms" in config.network.bit_names
    assert config.tasks == (parse_task("dms-identity"),)
