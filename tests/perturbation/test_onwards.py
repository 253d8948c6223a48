"""Networks that were stopped and run on, against the network itself."""

import numpy as np
import pytest
import torch

from wmsim.errors import ConfigError
from wmsim.models import NetworkConfig, WorkingMemoryNetwork
from wmsim.perturbation import onwards
from wmsim.perturbation.onwards import move_and_go_on, pause
from wmsim.training.batches import Batch

CARRIED = [("rnn", ("hidden",)), ("gru", ("hidden",)), ("lstm", ("hidden",)),
           ("lstm", ("cell state",)), ("lstm", ("hidden", "cell state")), ("ssm", ("state",)),
           ("slots", ("hidden",))]  # fmt: skip


def shown(architecture, n_trials=5, items=6):
    network = WorkingMemoryNetwork(
        NetworkConfig(architecture=architecture, units=12), (5, 2, 2), seed=0
    ).eval()
    generator = torch.Generator().manual_seed(1)
    task = torch.zeros(n_trials, network.config.task_bits)
    batch = Batch(
        maps=torch.randn(7, 4, 5, generator=generator),
        frame=torch.randint(7, (n_trials, items), generator=generator),
        task=task,
        target=torch.zeros(n_trials, items, dtype=torch.int64),
    )
    return network, batch


def probabilities(network, batch):
    with torch.inference_mode():
        return network(batch.maps, batch.frame, batch.task).softmax(-1).numpy()


@pytest.mark.parametrize(("architecture", "parts"), CARRIED)
def test_dose_0_is_the_network_left_alone(architecture, parts):
    network, batch = shown(architecture)
    paused = pause(network, batch, 1, 3, parts)
    shifts = np.random.default_rng(0).standard_normal((5, 2, paused.vectors.shape[1]))
    found, beyond = move_and_go_on(paused, shifts, np.array([0.0, 1.0]))
    plain = probabilities(network, batch)[:, 2:5]
    for direction in range(2):
        np.testing.assert_allclose(found[:, direction, 0], plain, atol=1e-6)
        np.testing.assert_array_equal(found[:, direction, 0], found[:, 0, 0])
    assert (beyond[:, :, 0] == 0).all()
    assert np.abs(found[:, :, 1] - found[:, :, 0]).max() > 1e-3
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize(("architecture", "parts"), CARRIED)
def test_all_at_once_is_one_after_the_other(architecture, parts, monkeypatch):
    monkeypatch.setattr(onwards, "ROWS_AT_ONCE", 30)
    network, batch = shown(architecture)
    paused = pause(network, batch, 0, 2, parts)
    shifts = np.random.default_rng(0).standard_normal((5, 4, paused.vectors.shape[1]))
    shifts[2, 3] = np.nan
    doses = np.array([-1.0, 0.0, 0.5, 2.0])
    found, _ = move_and_go_on(paused, shifts, doses)
    assert np.isnan(found[2, 3]).all()
    vectors = paused.vectors
    with torch.inference_mode():
        inputs = network.inputs(batch.maps, batch.frame, batch.task)
        for trial, direction, dose in [(0, 0, 0), (2, 1, 3), (4, 3, 2)]:
            _, _, state = network.advance(inputs[trial : trial + 1, 0])
            moved = vectors[trial] + doses[dose] * shifts[trial, direction].astype(np.float32)
            sizes = [state.tensors[part].shape[1] for part in parts]
            pieces = torch.from_numpy(moved).float()[None].split(sizes, dim=1)
            for part, piece in zip(parts, pieces, strict=True):
                state = network.with_activity(state, part, piece)
            for step in range(2):
                logits, _, state = network.advance(inputs[trial : trial + 1, step + 1], state)
                np.testing.assert_allclose(
                    found[trial, direction, dose, step], logits.softmax(-1)[0], atol=1e-5
                )


def test_what_is_not_carried_cannot_be_moved():
    network, batch = shown("ssm")
    with pytest.raises(ConfigError, match="change 'state' instead"):
        pause(network, batch, 0, 1, ("hidden",))
    network, batch = shown("gru")
    with pytest.raises(ConfigError, match="carries no 'cell state'"):
        pause(network, batch, 0, 1, ("cell state",))


def test_a_transformer_has_no_state_to_move():
    config = NetworkConfig(architecture="transformer", units=16)
    network = WorkingMemoryNetwork(config, (5, 2, 2), seed=0)
    _, batch = shown("gru")
    with pytest.raises(ConfigError, match="transformer has no recurrence"):
        pause(network, batch, 0, 1, ("hidden",))
