"""Stacked networks against the same networks one by one."""

import pytest
import torch

from wmsim.errors import ConfigError
from wmsim.models import NetworkConfig, WorkingMemoryNetwork
from wmsim.models.stacked import StackedNetworks, can_stack


def networks(architecture, n=3, units=8):
    config = NetworkConfig(architecture=architecture, units=units)
    made = [WorkingMemoryNetwork(config, (5, 2, 2), seed=seed) for seed in range(n)]
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():  # Biases start at zero, where a wrong gate would not show.
        for network in made:
            for parameter in network.parameters():
                parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return made


def shown(n=3, n_frames=7, n_trials=4, items=6):
    generator = torch.Generator().manual_seed(1)
    maps = torch.randn(n_frames, 4, 5, generator=generator)
    frame = torch.randint(n_frames, (n, n_trials, items), generator=generator)
    task = torch.rand(n, n_trials, 6, generator=generator)
    return maps, frame, task


@pytest.mark.parametrize("architecture", ["rnn", "gru", "lstm"])
def test_each_computes_what_it_computes_alone_and_so_do_its_gradients(architecture):
    made = networks(architecture)
    maps, frame, task = shown()
    stacked = StackedNetworks(made)
    logits = stacked(maps, frame, task)
    weights = torch.randn(logits.shape, generator=torch.Generator().manual_seed(2))
    (logits * weights).sum().backward()
    for i, network in enumerate(made):
        alone = network(maps, frame[i], task[i])
        torch.testing.assert_close(logits[i], alone)
        (alone * weights[i]).sum().backward()
        for name, parameter in network.named_parameters():
            torch.testing.assert_close(stacked.parameters[name].grad[i], parameter.grad)


def test_task_vectors_may_change_from_step_to_step():
    made = networks("gru")
    maps, frame, _ = shown()
    task = torch.rand(3, 4, 6, 6, generator=torch.Generator().manual_seed(3))
    logits = StackedNetworks(made)(maps, frame, task)
    for i, network in enumerate(made):
        torch.testing.assert_close(logits[i], network(maps, frame[i], task[i]))


def test_weights_go_back_where_they_came_from():
    made = networks("lstm")
    stacked = StackedNetworks(made)
    others = [WorkingMemoryNetwork(made[0].config, (5, 2, 2), seed=9) for _ in made]
    stacked.write_into(others)
    for one, other in zip(made, others, strict=True):
        for name, tensor in one.state_dict().items():
            assert torch.equal(tensor, other.state_dict()[name])


def test_what_cannot_be_stacked_is_refused():
    other = WorkingMemoryNetwork(NetworkConfig(architecture="transformer", units=8), (5, 2, 2),
                                 seed=0)  # fmt: skip
    assert not can_stack(other)
    with pytest.raises(ConfigError, match="core 'transformer' cannot be trained as one"):
        StackedNetworks([other, other])
    with pytest.raises(ConfigError, match="different configs cannot be trained as one"):
        StackedNetworks([*networks("gru", 1), *networks("gru", 1, units=9)])
