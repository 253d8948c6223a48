"""How well a network does its tasks, over all steps and over those that call for an answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from wmsim.models import WorkingMemoryNetwork
from wmsim.tasks import IGNORED, NO_ACTION, Trials
from wmsim.training.batches import Frames, make_batch


@dataclass(frozen=True)
class Performance:
    """Shares of correct actions.

    Attributes
    ----------
    overall : float
        Over all steps of the trials; "no action" counts where it is right.
    executive : float
        Over the steps that call for match or non-match.
    n_trials : int
        Trials that were run.
    executive_by_task : dict of str to float
        ``executive`` of each task.
    chance : float
        What ``executive`` would be if in each task the same answer were given always: the one that
        is called for most often there.
    """

    overall: float
    executive: float
    n_trials: int
    executive_by_task: dict[str, float]
    chance: float


def respond(network: WorkingMemoryNetwork, trials: Trials, frames: Frames) -> np.ndarray:
    """Actions of a network on each step, ndarray of int64 (trial, step)."""
    batch = make_batch(trials, frames, network.config)
    with torch.inference_mode():
        return network(batch.maps, batch.frame, batch.task).argmax(-1).cpu().numpy()


def evaluate(network: WorkingMemoryNetwork, trials: Trials, frames: Frames) -> Performance:
    """Run a network on trials and count its correct actions.

    Parameters
    ----------
    network : WorkingMemoryNetwork
        A network.
    trials : Trials
        Trials.
    frames : Frames
        Features of the trials' split, on the network's device.

    Returns
    -------
    Performance
    """
    correct = respond(network, trials, frames) == trials.target
    executive = (trials.target != NO_ACTION) & (trials.target != IGNORED)
    return Performance(
        overall=float(correct[trials.target != IGNORED].mean()),
        executive=float(correct[executive].mean()),
        n_trials=trials.n_trials,
        executive_by_task={
            task.name: float(correct[rows][executive[rows]].mean())
            for index, task in enumerate(trials.tasks)
            if (rows := trials.task == index).any()
        },
        chance=_chance(trials, executive),
    )


def _chance(trials: Trials, executive: np.ndarray) -> float:
    """Share of right answers of one who always gives each task's most frequent one."""
    called_for = [
        trials.target[executive & (trials.task == index)[:, None]]
        for index in range(len(trials.tasks))
    ]
    most = [np.bincount(answers).max() for answers in called_for if len(answers)]
    return float(sum(most) / executive.sum())
