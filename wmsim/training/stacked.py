"""Training several subjects as one computation; each learns what it would learn alone."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from wmsim.encoders import Features
from wmsim.errors import ConfigError
from wmsim.models import WorkingMemoryNetwork
from wmsim.models.stacked import StackedNetworks
from wmsim.progress import progress
from wmsim.tasks import IGNORED, ItemSpace, Task, Trials
from wmsim.training.batches import Frames, frames_of, make_batch
from wmsim.training.checkpoint import State, load_state, save_state
from wmsim.training.config import TrainingConfig
from wmsim.training.evaluate import evaluate
from wmsim.training.loop import Source, check_precision, due, make_optimizer, note
from wmsim.training.precision import autocast, check_available, float_flags, kept_check

# Stands in tables of trials beyond the end of a trial, where it is no target.
PADDING = -1


def train_stacked(
    networks: Sequence[WorkingMemoryNetwork],
    tasks: tuple[Task, ...],
    space: ItemSpace,
    features: Features,
    config: TrainingConfig,
    folders: Sequence[Path],
    *,
    seeds: Sequence[int],
) -> list[State]:
    """Train networks in place and side by side; see :func:`wmsim.training.loop.train`.

    Each network sees the trials of its own seed, has its own gradient clipped, is evaluated and
    stops on its own, and leaves the checkpoints that it would leave alone. One that has come to
    its end leaves the stack. After an interruption those that are behind go on first.

    Parameters
    ----------
    networks : sequence of WorkingMemoryNetwork
        Of one config, on the device to be used.
    tasks, space, features, config
        What they share.
    folders : sequence of path
        Where each one's checkpoints are written.
    seeds : sequence of int
        Fix each one's trials.

    Returns
    -------
    list of State
        One a network, ``finished`` True; ``seconds`` is the time of the whole stack.

    Raises
    ------
    ConfigError
        If the networks cannot be stacked, or the device lacks the precision.
    """
    device = next(networks[0].parameters()).device
    check_available(config.precision, device)
    if config.compile:
        raise ConfigError(
            "Networks cannot be compiled and trained as one computation. Choose 'one by one' or "
            "'processes', or leave out compile."
        )
    frames = frames_of(space, features, device)
    sources = [Source(tasks, space, config, seed) for seed in seeds]
    states = [load_state(folder) or State() for folder in folders]
    for network, state in zip(networks, states, strict=True):
        if state.iteration:
            network.load_state_dict(state.network)
    if config.precision != "float32" and not all(state.finished for state in states):
        for network, source, folder in zip(networks, sources, folders, strict=True):
            kept_check(folder, _checking(network, source, frames))
    done = sum(state.iteration for state in states)
    label = f"training {len(networks)} {networks[0].config.architecture}"
    with progress(label, config.iterations * len(networks), done=done) as step:
        while group := _hindmost(states):
            stack = Stack(
                [networks[i] for i in group], [sources[i] for i in group],
                [states[i] for i in group], frames,
            )  # fmt: skip
            started, before = time.perf_counter(), [states[i].seconds for i in group]
            while _hindmost(states) == group:
                stack.step()
                if due(stack.iteration, config):
                    seconds = time.perf_counter() - started
                    for i, earlier in zip(group, before, strict=True):
                        states[i].seconds = earlier + seconds
                    stack.evaluate()
                    for i in group:
                        save_state(folders[i], states[i])
                    worst = min(states[i].history[-1]["accuracy"] for i in group)
                    step(0, note=f"{len(group)} left, accuracy from {worst:.3f}")
                step(len(group))
    return states


class Stack:
    """Networks that are at the same iteration, and their common optimizer.

    Parameters
    ----------
    networks : sequence of WorkingMemoryNetwork
        Changed by :meth:`evaluate`, not by :meth:`step`.
    sources : sequence of Source
        Trials of each.
    states : sequence of State
        Where each one is; the iteration is counted on by :meth:`step`.
    frames : Frames
        Features on their device.
    """

    def __init__(
        self, networks: Sequence[WorkingMemoryNetwork], sources: Sequence[Source],
        states: Sequence[State], frames: Frames,
    ) -> None:  # fmt: skip
        self.networks, self.sources, self.states = networks, sources, states
        self.frames = frames
        self.config = sources[0].config
        self.stacked = StackedNetworks(networks)
        self.parameters = list(self.stacked.parameters.values())
        self.optimizer = make_optimizer(self.parameters, self.config)
        if states[0].iteration:
            stacked = _stack_optimizers([state.optimizer for state in states])
            self.optimizer.load_state_dict(stacked)
        self.losses: list[np.ndarray] = []

    @property
    def iteration(self) -> int:
        """Iterations done, the same for all."""
        return self.states[0].iteration

    def step(self) -> np.ndarray:
        """Train each network on its next batch; losses, shape (network,)."""
        config, device = self.config, self.frames.maps.device
        for group in self.optimizer.param_groups:
            group["lr"] = config.rate_at(self.iteration)
        trials = concatenate([source.training(self.iteration) for source in self.sources])
        batch = make_batch(trials, self.frames, self.stacked.config)
        shape = (len(self.networks), config.batch)
        target = batch.target.unflatten(0, shape)
        with float_flags(config.precision, device):
            with autocast(config.precision, device):
                logits = self.stacked(
                    batch.maps, batch.frame.unflatten(0, shape), batch.task.unflatten(0, shape)
                )
            each = nn.functional.cross_entropy(
                logits.float().flatten(0, 2), target.flatten(), reduction="none",
                ignore_index=IGNORED,
            )  # fmt: skip
            counted = (target != IGNORED).flatten(1).sum(1)
            losses = each.view(len(self.networks), -1).sum(1) / counted
            self.optimizer.zero_grad(set_to_none=True)
            losses.sum().backward()
        clip_each(self.parameters, config.clip)
        self.optimizer.step()
        for state in self.states:
            state.iteration += 1
        self.losses.append(losses.detach().cpu().numpy())
        return self.losses[-1]

    def evaluate(self) -> None:
        """Bring the single networks and their states up to date, and test each."""
        self.stacked.write_into(self.networks)
        optimizers = _unstack_optimizer(self.optimizer.state_dict(), len(self.networks))
        for i, (network, state) in enumerate(zip(self.networks, self.states, strict=True)):
            trials = self.sources[i].evaluation(state.iteration)
            result = evaluate(network, trials, self.frames)
            note(state, [float(losses[i]) for losses in self.losses], result, self.config)
            state.network, state.optimizer = network.state_dict(), optimizers[i]
        self.losses = []


def concatenate(tables: Sequence[Trials]) -> Trials:
    """Tables of trials of the same tasks, one after the other; shorter ones are padded."""
    first = tables[0]
    columns: dict[str, Any] = {
        field.name: _joined([getattr(table, field.name) for table in tables], field.name)
        for field in dataclasses.fields(first)
        if isinstance(getattr(first, field.name), np.ndarray)
    }
    return dataclasses.replace(first, **columns)


def _joined(columns: Sequence[np.ndarray], name: str) -> np.ndarray:
    if columns[0].ndim == 1:
        return np.concatenate(columns)
    width = max(column.shape[1] for column in columns)
    padding = IGNORED if name == "target" else PADDING
    return np.concatenate([
        np.pad(column, ((0, 0), (0, width - column.shape[1])), constant_values=padding)
        for column in columns
    ])  # fmt: skip


@torch.no_grad()
def clip_each(parameters: Sequence[nn.Parameter], largest: float) -> None:
    """Scale each network's gradient down to a norm of at most `largest`.

    As :func:`torch.nn.utils.clip_grad_norm_`, for each entry of the first dimension by itself.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norms = [torch.linalg.vector_norm(gradient.flatten(1), dim=1) for gradient in gradients]
    norm = torch.linalg.vector_norm(torch.stack(norms), dim=0)
    factor = (largest / (norm + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(factor.view(-1, *[1] * (gradient.ndim - 1)))


def _hindmost(states: Sequence[State]) -> list[int]:
    """Those with the fewest iterations among those that have not come to their end."""
    todo = [i for i, state in enumerate(states) if not state.finished]
    fewest = min((states[i].iteration for i in todo), default=0)
    return [i for i in todo if states[i].iteration == fewest]


def _checking(network: WorkingMemoryNetwork, source: Source, frames: Frames) -> Any:
    return lambda: check_precision(network, source, frames)


def _stack_optimizers(single: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """State dicts of AdamW of single networks as that of a stack; all at the same step."""
    first = single[0]
    state = {
        index: {
            name: value
            if name == "step"
            else torch.stack([one["state"][index][name].to("cpu") for one in single])
            for name, value in moments.items()
        }
        for index, moments in first["state"].items()
    }
    return {"state": state, "param_groups": first["param_groups"]}


def _unstack_optimizer(stacked: dict[str, Any], n_networks: int) -> list[dict[str, Any]]:
    """The other way round; tensors are copied, so that a file holds no other network's."""
    return [
        {
            "state": {
                index: {
                    name: value.clone() if name == "step" else value[number].clone()
                    for name, value in moments.items()
                }
                for index, moments in stacked["state"].items()
            },
            "param_groups": stacked["param_groups"],
        }
        for number in range(n_networks)
    ]
