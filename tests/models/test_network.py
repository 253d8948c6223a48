"""The network against the paper's description, done the plain way."""

import numpy as np
import pytest
import torch

from wmsim.errors import ConfigError
from wmsim.models import NetworkConfig, WorkingMemoryNetwork, task_vectors
from wmsim.tasks import nback_tasks, parse_task


def network(architecture, seed=0):
    config = NetworkConfig(architecture=architecture, units=8)
    return WorkingMemoryNetwork(config, (5, 2, 2), seed=seed)


def shown(n_frames=7, n_trials=4, items=6):
    generator = torch.Generator().manual_seed(1)
    maps = torch.randn(n_frames, 4, 5, generator=generator)
    frame = torch.randint(n_frames, (n_trials, items), generator=generator)
    task = torch.from_numpy(task_vectors(nback_tasks()[:n_trials]))
    return maps, frame, task


@pytest.mark.parametrize("architecture", ["rnn", "gru", "lstm"])
def test_one_pass_a_frame_equals_every_frame_of_every_trial(architecture):
    net = network(architecture)
    maps, frame, task = shown()
    with torch.random.fork_rng():
        conv = torch.nn.Conv2d(5, 8, kernel_size=1)
    with torch.no_grad():
        conv.weight.copy_(net.reduce.weight[:, :, None, None])
        conv.bias.copy_(net.reduce.bias)
        images = maps.transpose(1, 2).reshape(-1, 5, 2, 2)
        plain = []
        for trial in range(4):
            flat = conv(images[frame[trial]]).flatten(2).transpose(1, 2).flatten(1)
            both = torch.cat([flat, task[trial].expand(6, -1)], dim=1)
            hidden, _ = net.core(net.norm(net.embed(both))[None])
            plain.append(net.readout(hidden)[0])
        torch.testing.assert_close(net(maps, frame, task), torch.stack(plain))


@pytest.mark.parametrize("architecture", ["rnn", "gru", "lstm"])
def test_states_step_by_step_are_those_of_the_whole_sequence(architecture):
    net = network(architecture)
    maps, frame, task = shown()
    with torch.no_grad():
        logits, hidden, cell = net.states(maps, frame, task)
        torch.testing.assert_close(logits, net(maps, frame, task))
    assert hidden.shape == (4, 6, 8)
    assert (cell is not None) == (architecture == "lstm")
    if cell is not None:
        assert not torch.allclose(cell, hidden)


def test_seed_fixes_weights_and_global_state_is_left_alone():
    before = torch.get_rng_state()
    one, same, other = network("gru", 1), network("gru", 1), network("gru", 2)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(one.embed.weight, same.embed.weight)
    assert not torch.equal(one.embed.weight, other.embed.weight)


def test_recurrent_weights_are_kaiming():
    config = NetworkConfig(architecture="lstm", units=200)
    net = WorkingMemoryNetwork(config, (5, 2, 2), seed=0)
    for name, parameter in net.core.named_parameters():
        if name.startswith("weight"):
            assert parameter.std().item() == pytest.approx((1 / 200) ** 0.5, rel=0.05)
        else:
            assert (parameter == 0).all()


def test_task_vector_has_the_papers_six_bits():
    vectors = task_vectors(nback_tasks())
    assert vectors.shape == (9, 6)
    assert len({tuple(row) for row in vectors.tolist()}) == 9
    np.testing.assert_array_equal(vectors.sum(axis=1), 2)
    with pytest.raises(ConfigError, match="make the network with max_n=4"):
        task_vectors([parse_task("4-back-location")])


def test_paper_sizes():
    assert [NetworkConfig.paper(a).units for a in ("rnn", "gru", "lstm")] == [512, 256, 256]
    with pytest.raises(ConfigError, match="Did you mean 'gru'"):
        NetworkConfig.paper("grue")
