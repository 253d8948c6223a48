"""Subjects trained as one computation against the same trained one by one."""

import numpy as np
import pytest
import torch
from torch import nn

from wmsim.encoders import Features
from wmsim.errors import ConfigError
from wmsim.models import NetworkConfig, WorkingMemoryNetwork
from wmsim.tasks import ItemSpace, generate_trials, nback_tasks, parse_task
from wmsim.training import TrainingConfig
from wmsim.training.batches import frames_of, make_batch
from wmsim.training.checkpoint import State, load_state
from wmsim.training.loop import Source, _step, make_optimizer, train
from wmsim.training.stacked import Stack, clip_each, concatenate, train_stacked

TASKS = nback_tasks(ns=(1,))
SPACE = ItemSpace.of_counts(n_categories=4, identities=2, views=2)


def features():
    maps = np.random.default_rng(0).standard_normal((64, 6, 2, 2)).astype(np.float32)
    return Features(maps, 4, key="x")


def networks(architecture, seeds, units=12):
    config = NetworkConfig(architecture=architecture, units=units)
    return [WorkingMemoryNetwork(config, (6, 2, 2), seed=seed) for seed in seeds]


def one_by_one(architecture, config, folder, seeds, tasks=TASKS, space=SPACE, seen=None):
    made = networks(architecture, seeds)
    states = [
        train(network, tasks, space, seen or features(), config, folder / str(seed), seed=seed)
        for network, seed in zip(made, seeds, strict=True)
    ]
    return made, states


def stacked(architecture, config, folder, seeds, tasks=TASKS, space=SPACE, seen=None):
    made = networks(architecture, seeds)
    folders = [folder / str(seed) for seed in seeds]
    states = train_stacked(
        made, tasks, space, seen or features(), config, folders, seeds=list(seeds)
    )
    return made, states


@pytest.mark.parametrize("architecture", ["rnn", "gru", "lstm"])
def test_eight_at_once_learn_what_each_learns_alone(architecture):
    config = TrainingConfig(iterations=50, batch=16, learning_rate=3e-3)
    frames = frames_of(SPACE, features(), "cpu")
    sources = [Source(TASKS[:1], SPACE, config, seed) for seed in range(8)]
    stack = Stack(networks(architecture, range(8)), sources, [State() for _ in sources], frames)
    together = np.array([stack.step() for _ in range(50)]).T
    for network, source, losses in zip(
        networks(architecture, range(8)), sources, together, strict=True
    ):
        optimizer = make_optimizer(list(network.parameters()), config)
        alone = [
            _step(network, optimizer, make_batch(source.training(i), frames, network.config),
                  config, config.rate_at(i))
            for i in range(50)
        ]  # fmt: skip
        np.testing.assert_allclose(losses, alone, atol=1e-4)
        assert losses[-1] < losses[0]


def test_either_way_takes_up_the_others_checkpoints(tmp_path, monkeypatch):
    config = TrainingConfig(iterations=8, batch=24, evaluate_every=2)
    _, straight = one_by_one("gru", config, tmp_path / "straight", range(3))
    short = config.changed(iterations=4)
    for begun, ended in ((one_by_one, stacked), (stacked, one_by_one)):
        folder = tmp_path / begun.__name__
        begun("gru", short, folder, range(3))
        unfinished(folder, range(3))
        _, states = ended("gru", config, folder, range(3))
        for state, whole in zip(states, straight, strict=True):
            assert state.iteration == 8
            for name, entry in whole.history[-1].items():
                assert state.history[-1][name] == pytest.approx(entry, abs=1e-3), name
        assert load_state(folder / "2").finished


def unfinished(folder, seeds):
    from wmsim.training.checkpoint import save_state

    for seed in seeds:
        state = load_state(folder / str(seed))
        state.finished = False
        save_state(folder / str(seed), state)


def test_one_that_was_left_behind_catches_up(tmp_path):
    config = TrainingConfig(iterations=6, batch=24, evaluate_every=2)
    one_by_one("gru", config.changed(iterations=4), tmp_path, [1])
    unfinished(tmp_path, [1])
    _, states = stacked("gru", config, tmp_path, range(3))
    _, alone = one_by_one("gru", config, tmp_path / "alone", range(3))
    for state, other in zip(states, alone, strict=True):
        assert [entry["iteration"] for entry in state.history] == [2, 4, 6]
        assert state.history[-1]["loss"] == pytest.approx(other.history[-1]["loss"], abs=1e-4)


def test_each_stops_at_its_own_criterion_and_stays_as_it_was(tmp_path):
    space = ItemSpace.of_counts(n_categories=2, identities=1, views=1, n_locations=2)
    seen = Features(np.eye(4, 6, dtype=np.float32).reshape(4, 6, 1, 1).repeat(2, 2).repeat(2, 3),
                    2, key="x")  # fmt: skip
    tasks = (parse_task("1-back-location"),)
    config = TrainingConfig(iterations=600, batch=32, evaluate_every=10, criterion=0.97,
                            learning_rate=1e-2, items=4)  # fmt: skip
    common = {"tasks": tasks, "space": space, "seen": seen}
    ours, states = stacked("gru", config, tmp_path / "stacked", range(4), **common)
    _, alone = one_by_one("gru", config, tmp_path / "alone", range(4), **common)
    ends = [state.iteration for state in states]
    assert len(set(ends)) > 1
    assert max(ends) < 600
    assert ends == [state.iteration for state in alone]
    for seed, network in enumerate(ours):
        kept = load_state(tmp_path / "stacked" / str(seed))
        assert (kept.finished, kept.iteration) == (True, ends[seed])
        for name, tensor in network.state_dict().items():
            assert torch.equal(tensor, kept.network[name])


def test_a_checkpoint_holds_one_network_only(tmp_path):
    config = TrainingConfig(iterations=2, batch=24)
    stacked("gru", config, tmp_path / "stacked", range(6))
    one_by_one("gru", config, tmp_path / "alone", [0])
    ours, alone = (
        (tmp_path / way / "0" / "checkpoint.pt").stat().st_size for way in ("stacked", "alone")
    )
    assert ours == pytest.approx(alone, rel=0.05)


def test_every_networks_gradient_is_clipped_by_itself():
    generator = torch.Generator().manual_seed(0)
    shapes, scales = ((3, 4, 2), (3, 5)), torch.tensor([0.01, 1.0, 50.0])
    stack = [nn.Parameter(torch.zeros(shape)) for shape in shapes]
    for parameter in stack:
        noise = torch.randn(parameter.shape, generator=generator)
        parameter.grad = noise * scales.view(-1, *[1] * (noise.ndim - 1))
    single = [[nn.Parameter(torch.zeros(shape[1:])) for shape in shapes] for _ in range(3)]
    for i, own in enumerate(single):
        for parameter, whole in zip(own, stack, strict=True):
            parameter.grad = whole.grad[i].clone()
        nn.utils.clip_grad_norm_(own, 1.0)
    clip_each(stack, 1.0)
    for i, own in enumerate(single):
        for parameter, whole in zip(own, stack, strict=True):
            torch.testing.assert_close(whole.grad[i], parameter.grad)


def test_tables_of_trials_are_joined_and_padded():
    tables = [
        generate_trials(TASKS, 9, SPACE, items=6, rng=np.random.default_rng(seed))
        for seed in range(2)
    ]
    both = concatenate(tables)
    assert both.n_trials == 18
    np.testing.assert_array_equal(both.image[9:], tables[1].image)
    tasks = (parse_task("dms-location"),)
    short, long = (
        generate_trials(tasks, 4, SPACE, rng=np.random.default_rng(seed)) for seed in range(2)
    )
    from dataclasses import replace

    cut = replace(short, target=short.target[:, :-1])
    assert concatenate([cut, long]).target[:4, -1].tolist() == [-100] * 4


def test_refusals(tmp_path):
    config = TrainingConfig(iterations=2, batch=24)
    with pytest.raises(ConfigError, match="cannot be compiled and trained as one"):
        stacked("gru", config.changed(compile=True), tmp_path, range(2))
    with pytest.raises(ConfigError, match="'tf32' exists on CUDA GPUs only"):
        stacked("gru", config.changed(precision="tf32"), tmp_path, range(2))
    assert load_state(tmp_path / "0") is None
    assert State().iteration == 0
