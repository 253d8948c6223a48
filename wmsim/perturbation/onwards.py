"""A network stopped after an item, moved, and run on with the items that follow (torch)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from wmsim.models import WorkingMemoryNetwork
from wmsim.models.cores import State
from wmsim.tasks import ACTIONS
from wmsim.training.batches import Batch

# Rows that go through the network together: few enough for their gates to fit into memory.
ROWS_AT_ONCE = 1 << 15


@dataclass(frozen=True)
class Paused:
    """A network that has seen the items up to the one that is perturbed.

    Attributes
    ----------
    network : WorkingMemoryNetwork
        The network.
    state : State
        What it carries, for all trials.
    inputs : Tensor (trial, step, unit)
        Inputs of the steps that follow.
    parts : tuple of str
        Kinds of activity that are moved.
    """

    network: WorkingMemoryNetwork
    state: State
    inputs: torch.Tensor
    parts: tuple[str, ...]

    @property
    def vectors(self) -> np.ndarray:
        """What is moved, ndarray of float32 (trial, unit); several parts side by side."""
        return torch.cat([self.state.tensors[part] for part in self.parts], dim=1).cpu().numpy()

    def go_on(self, vectors: torch.Tensor, trial: torch.Tensor) -> torch.Tensor:
        """Run on from other states.

        Parameters
        ----------
        vectors : Tensor (row, unit)
            In place of :attr:`vectors`.
        trial : Tensor of int64 (row,)
            Trial that each row belongs to: what else is carried, and what is shown next.

        Returns
        -------
        Tensor (row, step, action)
            Probabilities of the actions at the steps that follow.
        """
        state = replace(
            self.state, tensors={name: one[trial] for name, one in self.state.tensors.items()}
        )
        sizes = [self.state.tensors[part].shape[1] for part in self.parts]
        for part, activity in zip(self.parts, vectors.split(sizes, dim=1), strict=True):
            state = self.network.with_activity(state, part, activity)
        found = []
        for step in range(self.inputs.shape[1]):
            logits, _, state = self.network.advance(self.inputs[trial, step], state)
            found.append(logits.softmax(-1))
        return torch.stack(found, dim=1)


def pause(
    network: WorkingMemoryNetwork, batch: Batch, last: int, steps: int, parts: tuple[str, ...]
) -> Paused:
    """Run trials up to and including a step.

    Parameters
    ----------
    network : WorkingMemoryNetwork
        The network.
    batch : Batch
        Trials.
    last : int
        The step after which the network is stopped.
    steps : int
        Steps that will follow.
    parts : tuple of str
        Kinds of activity that will be moved.

    Raises
    ------
    ConfigError
        If the network does not carry these from step to step.
    """
    with torch.inference_mode():
        inputs = network.inputs(batch.maps, batch.frame, batch.task)
        state = None
        for step in range(last + 1):
            _, hidden, state = network.advance(inputs[:, step], state)
        assert state is not None
        for part in parts:
            # Refuses what is not carried, and says why.
            network.with_activity(state, part, state.tensors.get(part, hidden))
    return Paused(network, state, inputs[:, last + 1 : last + 1 + steps], parts)


def move_and_go_on(
    paused: Paused, shifts: np.ndarray, doses: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Move every trial's state along every direction by every dose, and run on.

    Parameters
    ----------
    paused : Paused
        The network.
    shifts : ndarray, shape (trial, direction, unit)
        Where dose 1 leads; NaN where a trial has no such direction.
    doses : ndarray, shape (dose,)
        Multiples of it. Dose 0 is run once, for all directions.

    Returns
    -------
    probability : ndarray of float32, shape (trial, direction, dose, step, action)
    beyond : ndarray of float32, shape (trial, direction, dose)
        Share of units that are outside the range which they have in any of the trials.
    """
    device = paused.inputs.device
    start = torch.from_numpy(paused.vectors).to(device)
    low, high = start.amin(0), start.amax(0)
    some = doses != 0
    amounts = torch.as_tensor(doses[some], dtype=start.dtype, device=device)[:, None]
    n_trials, n_directions, _ = shifts.shape
    sizes = (n_trials, n_directions, len(doses))
    probability = np.empty((*sizes, paused.inputs.shape[1], len(ACTIONS)), dtype=np.float32)
    beyond = np.zeros(sizes, dtype=np.float32)
    everyone = torch.arange(n_trials, device=device)
    together = max(1, ROWS_AT_ONCE // (n_trials * len(doses)))
    with torch.inference_mode():
        probability[:, :, ~some] = paused.go_on(start, everyone).cpu().numpy()[:, None, None]
        for first in range(0, n_directions, together):
            now = np.arange(first, min(first + together, n_directions))
            shift = torch.from_numpy(shifts[:, now].astype(np.float32)).to(device)
            moved = start[:, None, None] + amounts * shift[:, :, None]
            shape = moved.shape[:3]
            rows = everyone[:, None, None].expand(shape).reshape(-1)
            found = paused.go_on(moved.reshape(len(rows), -1), rows).reshape(*shape, -1)
            where = np.ix_(np.arange(n_trials), now, np.flatnonzero(some))
            probability[where] = found.reshape(*shape, *probability.shape[3:]).cpu().numpy()
            beyond[where] = ((moved < low) | (moved > high)).float().mean(-1).cpu().numpy()
    nowhere = ~np.isfinite(shifts).all(axis=2)
    probability[nowhere], beyond[nowhere] = np.nan, np.nan
    return probability, beyond
