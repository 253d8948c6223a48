"""The training loop: from top to bottom, resumable at every checkpoint."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from wmsim.encoders import Features
from wmsim.models import WorkingMemoryNetwork
from wmsim.progress import progress
from wmsim.tasks import ItemSpace, NBackTask, generate_trials
from wmsim.training.batches import Batch, frames_of, make_batch
from wmsim.training.checkpoint import State, load_state, save_state
from wmsim.training.config import TrainingConfig
from wmsim.training.evaluate import Performance, evaluate

# Streams of random numbers that never meet: training batches, evaluations.
TRAINING_STREAM, EVALUATION_STREAM = 1, 2


def train(
    network: WorkingMemoryNetwork,
    tasks: tuple[NBackTask, ...],
    space: ItemSpace,
    features: Features,
    config: TrainingConfig,
    folder: Path,
    *,
    seed: int,
) -> State:
    """Train a network in place, taking up an earlier run if there is one in `folder`.

    Every batch depends on the seed and its own number alone, so a run that was stopped and taken
    up again sees the same trials as one that was not.

    Parameters
    ----------
    network : WorkingMemoryNetwork
        On the device to be used.
    tasks : tuple of NBackTask
        Mixed in every batch.
    space : ItemSpace
        Items of the training split.
    features : Features
        Features of the stimuli.
    config : TrainingConfig
        How.
    folder : path
        Where checkpoints are written.
    seed : int
        Fixes the trials.

    Returns
    -------
    State
        With ``finished`` True.
    """
    device = next(network.parameters()).device
    frames = frames_of(space, features, device)
    optimizer = torch.optim.AdamW(
        network.parameters(),
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        fused=True,
    )
    state = load_state(folder) or State()
    if state.iteration:
        network.load_state_dict(state.network)
        optimizer.load_state_dict(state.optimizer)
    if state.finished:
        return state
    label = f"training {network.config.architecture}"
    with progress(label, config.iterations, done=state.iteration) as step:
        losses: list[float] = []
        started = time.perf_counter() - state.seconds
        while not state.finished:
            rng = np.random.default_rng([seed, TRAINING_STREAM, state.iteration])
            trials = generate_trials(tasks, config.batch, space, items=config.items, rng=rng)
            batch = make_batch(trials, frames, network.config.max_n)
            losses.append(_step(network, optimizer, batch, config, state.iteration))
            state.iteration += 1
            last = state.iteration == config.iterations
            if last or state.iteration % config.evaluate_every == 0:
                rng = np.random.default_rng([seed, EVALUATION_STREAM, state.iteration])
                trials = generate_trials(
                    tasks, 2 * config.batch, space, items=config.items, rng=rng
                )
                result = evaluate(network, trials, frames)
                state.history.append(_entry(state.iteration, losses, result))
                losses = []
                state.finished = last or _reached(state, config)
                state.network, state.optimizer = network.state_dict(), optimizer.state_dict()
                state.seconds = time.perf_counter() - started
                save_state(folder, state)
            step(note=f"accuracy {state.history[-1]['accuracy']:.3f}" if state.history else "")
    return state


def _step(
    network: WorkingMemoryNetwork,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    config: TrainingConfig,
    iteration: int,
) -> float:
    for group in optimizer.param_groups:
        group["lr"] = config.rate_at(iteration)
    logits = network(batch.maps, batch.frame, batch.task)
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), batch.target.flatten())
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), config.clip)
    optimizer.step()
    return float(loss.detach())


def _entry(iteration: int, losses: list[float], result: Performance) -> dict[str, float]:
    return {
        "iteration": float(iteration),
        "loss": float(np.mean(losses)),
        "accuracy": result.overall,
        "executive_accuracy": result.executive,
    }


def _reached(state: State, config: TrainingConfig) -> bool:
    last = [entry["accuracy"] for entry in state.history[-2:]]
    return len(last) == 2 and min(last) >= config.criterion
