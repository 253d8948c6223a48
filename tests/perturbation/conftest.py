"""A network whose memory is known: what it holds, where, and how it answers."""

import numpy as np
import pytest
import torch

from wmsim.encoders import Features
from wmsim.models import NetworkConfig
from wmsim.models.cores import State, with_activity
from wmsim.tasks import MATCH, NO_ACTION, NON_MATCH
from wmsim.training import Subject, SubjectConfig, TrainingConfig

N_PLACES, SHARPNESS, BACKGROUND = 4, 20.0, 6


class PlantedNetwork(torch.nn.Module):
    """Holds the last n items; compares the places of the newest and the oldest by a product.

    An item is its place (one-hot), its identity (one-hot) and some activity that nothing reads.
    Its place moved from a to b by dose d has a product of 1 - d with a and of d with b.
    """

    kinds = carried = ("hidden",)
    why_not = ""

    def __init__(self, n):
        super().__init__()
        self.n, self.config = n, NetworkConfig(units=8)
        self.anchor = torch.nn.Parameter(torch.zeros(1))

    def inputs(self, maps, frame, task):
        return maps.flatten(1)[frame]

    def advance(self, inputs, state=None):
        width = inputs.shape[1]
        if state is None:
            state = State(0, {"hidden": inputs.new_zeros(len(inputs), width * self.n)})
        held = state.tensors["hidden"]
        oldest = held[:, width * (self.n - 1) :]
        same = (oldest[:, :N_PLACES] * inputs[:, :N_PLACES]).sum(1)
        logits = inputs.new_full((len(inputs), 3), -SHARPNESS)
        if state.step < self.n:
            logits[:, NO_ACTION] = SHARPNESS
        logits[:, MATCH] = SHARPNESS * (same - 0.5)
        logits[:, NON_MATCH] = SHARPNESS * (0.5 - same)
        hidden = torch.cat([inputs, held[:, : width * (self.n - 1)]], dim=1)
        return logits, hidden, State(state.step + 1, {"hidden": hidden})

    def with_activity(self, state, kind, activity):
        return with_activity(self, state, kind, activity)


@pytest.fixture(scope="session")
def planted_features(tiny_stimuli):
    rng = np.random.default_rng(0)
    n_images = len(tiny_stimuli.images)
    place = np.tile(np.eye(N_PLACES), (n_images, 1))
    identity = np.eye(int(tiny_stimuli.identity.max()) + 1)[tiny_stimuli.identity]
    identity = np.repeat(identity, N_PLACES, axis=0)
    ignored = rng.standard_normal((len(place), BACKGROUND))
    maps = np.concatenate([place, identity, ignored], axis=1).astype(np.float32)
    return Features(maps[:, :, None, None], N_PLACES, key="planted")


@pytest.fixture(scope="session")
def planted_subject(tiny_stimuli, planted_features):
    """A subject that does n-back tasks about location, by construction."""

    def make(n=1, regime=None, network=None):
        config = SubjectConfig(
            stimuli=tiny_stimuli.config, training=TrainingConfig(items=5), seed=3,
            regime=regime or f"STMF-{n}",
        )  # fmt: skip
        net = network or PlantedNetwork(n)
        return Subject(config, net.eval(), tiny_stimuli, planted_features, [], 0.0)

    return make


@pytest.fixture
def small():
    """Settings that take a second."""
    return {
        "trials": 240, "split": "train", "n_random": 9, "bootstrap": 60, "folds": 3,
        "doses": (0.25, 0.75, 1.0, 2.0), "penalty": 1.0,
    }  # fmt: skip
