"""The training loop: from top to bottom, resumable at every checkpoint."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from wmsim.encoders import Features
from wmsim.models import WorkingMemoryNetwork
from wmsim.progress import progress
from wmsim.tasks import ItemSpace, Task, Trials, generate_trials
from wmsim.training.batches import Batch, Frames, frames_of, make_batch
from wmsim.training.checkpoint import State, load_state, save_state
from wmsim.training.config import TrainingConfig
from wmsim.training.evaluate import Performance, evaluate
from wmsim.training.precision import (
    PrecisionCheck,
    autocast,
    check_available,
    compiled,
    float_flags,
    judge,
    kept_check,
)

# Streams of random numbers that never meet: training batches, evaluations.
TRAINING_STREAM, EVALUATION_STREAM = 1, 2
CHECKED_ITERATIONS = 20
# Some networks answer by chance for hundreds of iterations before they see what is asked. Answers
# that are better by this are no accident: evaluations have a thousand of them, an SD of .015.
ABOVE_CHANCE = 0.05

Told = Callable[[int, str], None]


@dataclass(frozen=True)
class Source:
    """Where a subject's trials come from; each depends on seed and iteration alone.

    Attributes
    ----------
    tasks : tuple of Task
        Mixed in every batch.
    space : ItemSpace
        Items of the training split.
    config : TrainingConfig
        Sizes.
    seed : int
        Fixes the trials.
    """

    tasks: tuple[Task, ...]
    space: ItemSpace
    config: TrainingConfig
    seed: int

    def training(self, iteration: int) -> Trials:
        """Trials of a training step, counted from 0."""
        return self._draw(TRAINING_STREAM, iteration, self.config.batch)

    def evaluation(self, iteration: int) -> Trials:
        """Fresh trials for the evaluation after so many iterations."""
        return self._draw(EVALUATION_STREAM, iteration, 2 * self.config.batch)

    def _draw(self, stream: int, iteration: int, n_trials: int) -> Trials:
        rng = np.random.default_rng([self.seed, stream, iteration])
        items = self.config.items
        return generate_trials(self.tasks, n_trials, self.space, items=items, rng=rng)


def train(
    network: WorkingMemoryNetwork,
    tasks: tuple[Task, ...],
    space: ItemSpace,
    features: Features,
    config: TrainingConfig,
    folder: Path,
    *,
    seed: int,
    lessons: Sequence[tuple[Task, ...]] = (),
    told: Told | None = None,
) -> State:
    """Train a network in place, taking up an earlier run if there is one in `folder`.

    Every batch depends on the seed and its own number alone, so a run that was stopped and taken
    up again sees the same trials as one that was not.

    Parameters
    ----------
    network : WorkingMemoryNetwork
        On the device to be used.
    tasks : tuple of Task
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
    lessons : sequence of tuple of Task
        What is learnt before, one after the other; see :class:`TrainingConfig`.
    told : callable, optional
        Called with (iteration, note) after each iteration.

    Returns
    -------
    State
        With ``finished`` True.

    Raises
    ------
    ConfigError
        If the device cannot compute with the precision that was asked for.
    WmsimError
        If that precision, or the compiled network, strays too far from float32.
    """
    device = next(network.parameters()).device
    check_available(config.precision, device)
    optimizer = make_optimizer(list(network.parameters()), config)
    state = load_state(folder) or State()
    if state.iteration:
        network.load_state_dict(state.network)
        optimizer.load_state_dict(state.optimizer)
    if state.finished:
        return state
    frames = frames_of(space, features, device)
    sources = [Source(own, space, config, seed) for own in (*lessons, tasks)]
    source = sources[len(state.passed)]
    if config.compile or config.precision != "float32":
        kept_check(folder, lambda: check_precision(network, source, frames))
    run = compiled(network) if config.compile else network
    label = f"training {network.config.architecture}"
    most = config.most_iterations(len(lessons))
    with progress(label, most, done=state.iteration) as step:
        losses: list[float] = []
        started = time.perf_counter() - state.seconds
        while not state.finished:
            last = len(state.passed) == len(lessons)
            rate = config.rate_at(state.in_lesson, last=last)
            batch = make_batch(source.training(state.iteration), frames, network.config)
            losses.append(_step(run, optimizer, batch, config, rate))
            state.iteration += 1
            if due(state.in_lesson, config, last=last):
                result = evaluate(network, source.evaluation(state.iteration), frames)
                note(state, losses, result, config, last=last)
                source = sources[len(state.passed)]
                losses = []
                state.network, state.optimizer = network.state_dict(), optimizer.state_dict()
                state.seconds = time.perf_counter() - started
                save_state(folder, state)
            said = f"accuracy {state.history[-1]['accuracy']:.3f}" if state.history else ""
            step(note=said)
            if told is not None:
                told(state.iteration, said)
    return state


def check_precision(
    network: WorkingMemoryNetwork, source: Source, frames: Frames, *,
    iterations: int = CHECKED_ITERATIONS,
) -> PrecisionCheck:  # fmt: skip
    """Train copies of a network for a few iterations, in float32 and as it is configured.

    Parameters
    ----------
    network : WorkingMemoryNetwork
        Left as it is.
    source : Source
        Its trials and settings.
    frames : Frames
        Features, on the network's device.
    iterations : int
        How many, each on the same trials for both.

    Returns
    -------
    PrecisionCheck
        Losses of both; a warning is given where they differ by more than a quarter of the
        tolerance.

    Raises
    ------
    WmsimError
        If losses differ by more than the tolerance, :data:`wmsim.training.precision.TOLERANCE`.
    """
    plain = source.config.changed(precision="float32", compile=False)
    losses = []
    for config in (plain, source.config):
        copied = copy.deepcopy(network)
        optimizer = make_optimizer(list(copied.parameters()), config)
        run = compiled(copied) if config.compile else copied
        losses.append([
            _step(
                run, optimizer,
                make_batch(source.training(iteration), frames, network.config),
                config, config.rate_at(iteration),
            )
            for iteration in range(iterations)
        ])  # fmt: skip
    return judge(source.config.precision, source.config.compile, *losses)


def make_optimizer(parameters: list[nn.Parameter], config: TrainingConfig) -> torch.optim.AdamW:
    """AdamW as a config has it."""
    return torch.optim.AdamW(
        parameters, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
    )


def due(iteration: int, config: TrainingConfig, *, last: bool = True) -> bool:
    """Whether an evaluation and a checkpoint come after so many iterations of a lesson."""
    most = config.iterations if last else config.lesson_iterations
    return iteration % most == 0 or iteration % config.evaluate_every == 0


def note(
    state: State, losses: list[float], result: Performance, config: TrainingConfig, *,
    last: bool = True,
) -> None:  # fmt: skip
    """Write an evaluation into the history, and whether it ends training, or a lesson before."""
    state.history.append(
        {
            "iteration": float(state.iteration),
            "loss": float(np.mean(losses)),
            "accuracy": result.overall,
            "executive_accuracy": result.executive,
        }
    )
    if not last:
        if _is_over(state.in_lesson, result, config):
            state.passed.append(state.iteration)
        return
    counted = "accuracy" if config.criterion_of == "steps" else "executive_accuracy"
    begun = state.passed[-1] if state.passed else 0
    since = [entry[counted] for entry in state.history if entry["iteration"] > begun][-2:]
    reached = len(since) == 2 and min(since) >= config.criterion
    state.finished = reached or state.in_lesson == config.iterations


def _is_over(iteration: int, result: Performance, config: TrainingConfig) -> bool:
    """Whether a lesson is, after so many iterations of it."""
    if result.executive >= config.lesson_criterion:
        return True
    stuck = result.executive < result.chance + ABOVE_CHANCE
    longest = config.lesson_iterations * (config.lesson_patience if stuck else 1)
    return iteration >= longest


def _step(
    network: nn.Module, optimizer: torch.optim.Optimizer, batch: Batch, config: TrainingConfig,
    rate: float,
) -> float:  # fmt: skip
    for group in optimizer.param_groups:
        group["lr"] = rate
    device = batch.maps.device
    with float_flags(config.precision, device):
        with autocast(config.precision, device):
            logits = network(batch.maps, batch.frame, batch.task)
        loss = nn.functional.cross_entropy(logits.float().flatten(0, 1), batch.target.flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), config.clip)
    optimizer.step()
    return float(loss.detach())
