"""Other arithmetic than float32 is checked against it, and leaves nothing behind."""

import contextlib
import json
import shutil
import warnings

import numpy as np
import pytest
import torch

from wmsim.encoders import Features
from wmsim.errors import ConfigError, WmsimError
from wmsim.models import NetworkConfig, WorkingMemoryNetwork
from wmsim.tasks import ItemSpace, nback_tasks
from wmsim.training import TrainingConfig, check_precision
from wmsim.training.batches import frames_of
from wmsim.training.loop import Source, train
from wmsim.training.precision import (
    TOLERANCE,
    autocast,
    check_available,
    compiled,
    float_flags,
    judge,
)

SPACE = ItemSpace.of_counts(n_categories=4, identities=2, views=2)
TASKS = nback_tasks(ns=(1,))


def features():
    maps = np.random.default_rng(0).standard_normal((64, 6, 2, 2)).astype(np.float32)
    return Features(maps, 4, key="x")


def network(architecture="gru"):
    config = NetworkConfig(architecture=architecture, units=12)
    return WorkingMemoryNetwork(config, (6, 2, 2), seed=0)


@pytest.mark.parametrize("architecture", ["rnn", "gru", "lstm"])
def test_bf16_is_another_arithmetic_within_its_tolerance(architecture):
    made = network(architecture)
    before = [parameter.clone() for parameter in made.parameters()]
    source = Source(TASKS, SPACE, TrainingConfig(batch=24, precision="bf16"), 0)
    check = check_precision(made, source, frames_of(SPACE, features(), "cpu"), iterations=4)
    assert 0 < check.difference <= check.tolerance == TOLERANCE["bf16"]
    assert len(check.float32) == len(check.other) == 4
    for parameter, kept in zip(made.parameters(), before, strict=True):
        assert torch.equal(parameter, kept)


def test_training_in_bf16_keeps_its_check_and_float32_weights(tmp_path):
    config = TrainingConfig(iterations=2, batch=24, precision="bf16")
    made = network()
    train(made, TASKS, SPACE, features(), config, tmp_path, seed=0)
    found = json.loads((tmp_path / "precision.json").read_text())
    assert found["precision"] == "bf16"
    assert found["difference"] <= found["tolerance"]
    assert all(parameter.dtype == torch.float32 for parameter in made.parameters())


def test_too_far_is_refused_and_near_the_limit_is_said():
    with pytest.raises(WmsimError, match=r"bf16.* differ from float32 by 0\.2; at most 0\.05"):
        judge("bf16", False, [1.0, 1.0], [1.0, 1.2])
    with pytest.raises(WmsimError, match="differ from float32 by nan"):
        judge("bf16", False, [1.0, 1.0], [1.0, float("nan")])
    with pytest.warns(UserWarning, match=r"tf32, compiled\) differ .* 0\.01 is the limit"):
        judge("tf32", True, [1.0], [1.005])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert judge("tf32", False, [1.0], [1.001]).difference == pytest.approx(0.001)


def test_tf32_is_refused_where_it_would_be_float32():
    with pytest.raises(ConfigError, match="'tf32' exists on CUDA GPUs only; training runs on cpu"):
        check_available("tf32", "cpu")
    check_available("tf32", "cuda:0")
    check_available("bf16", "cpu")


@pytest.mark.parametrize("precision", ["float32", "tf32"])
def test_pytorchs_settings_come_back(precision):
    def flags():
        return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32

    before = flags()
    with contextlib.suppress(KeyboardInterrupt), float_flags(precision, torch.device("cuda")):
        during = flags()
        raise KeyboardInterrupt
    assert during == (precision == "tf32",) * 2
    assert flags() == before


def test_autocast_ends_with_its_block():
    before = torch.backends.mkldnn.enabled
    with contextlib.suppress(KeyboardInterrupt), autocast("bf16", torch.device("cpu")):
        during = torch.is_autocast_enabled("cpu")
        raise KeyboardInterrupt
    assert during
    assert not torch.is_autocast_enabled("cpu")
    assert torch.backends.mkldnn.enabled == before


def test_a_network_that_cannot_be_compiled_says_so(monkeypatch):
    from torch._dynamo.exc import TorchDynamoException

    def fails(run):
        def call(*inputs):
            raise TorchDynamoException("no compiler\nmore")

        return call

    monkeypatch.setattr("torch.compile", fails)
    with pytest.raises(WmsimError, match=r"torch.compile cannot be used here \(no compiler\)"):
        compiled(network())(torch.zeros(1))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")
def test_compiled_training_equals_plain_training():
    source = Source(TASKS, SPACE, TrainingConfig(batch=24, compile=True), 0)
    check = check_precision(network(), source, frames_of(SPACE, features(), "cpu"), iterations=3)
    assert check.compiled
    assert check.difference <= 1e-4
