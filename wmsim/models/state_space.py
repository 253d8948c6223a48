"""A diagonal linear state-space core: it remembers linearly and reads out through a gate."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import cast

import torch
from torch import nn

from wmsim.models.cores import State

# Eigenvalues start in this ring of the complex plane, at any angle.
RING = (0.5, 0.99)


class LinearRecurrence(nn.Module):
    """x_t = lambda x_(t-1) + gamma B u_t, with complex lambda, one a state.

    Real and imaginary parts are kept as real numbers, so that any precision, compiler and
    optimiser takes them. The modulus of lambda is exp(-exp(nu)), below 1 whatever nu is.

    Parameters
    ----------
    units : int
        Inputs, and real numbers in the state: half are real parts, half imaginary.
    """

    def __init__(self, units: int) -> None:
        super().__init__()
        n_states = units // 2
        low, high = RING
        squared = low**2 + (high**2 - low**2) * torch.rand(n_states)
        self.nu = nn.Parameter(torch.log(-0.5 * torch.log(squared)))
        self.theta = nn.Parameter(2 * math.pi * torch.rand(n_states))
        self.gamma = nn.Parameter(0.5 * torch.log1p(-squared))
        self.read = nn.Linear(units, units, bias=False)
        # Each input enters a state with a complex weight whose square sums to about 1.
        nn.init.normal_(self.read.weight, std=(2 * units) ** -0.5)

    def eigenvalues(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Real and imaginary parts, Tensor (state,) each."""
        modulus = torch.exp(-torch.exp(self.nu))
        return modulus * torch.cos(self.theta), modulus * torch.sin(self.theta)

    def drive(self, inputs: torch.Tensor) -> torch.Tensor:
        """What inputs (..., unit) add to the state (..., unit)."""
        return self.read(inputs) * torch.exp(self.gamma).repeat(2)

    def next(self, drive: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """One step: drive (trial, unit), state (trial, unit) to the state after it."""
        real, imaginary = self.eigenvalues()
        x, y = state.chunk(2, dim=-1)
        turned = torch.cat([real * x - imaginary * y, real * y + imaginary * x], dim=-1)
        return turned + drive


class StateSpaceBlock(nn.Module):
    """Norm, linear recurrence, gated nonlinearity, and the input added on.

    Parameters
    ----------
    units : int
        Inputs, outputs and real numbers in the state.
    """

    def __init__(self, units: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(units)
        self.recurrence = LinearRecurrence(units)
        self.mix = nn.Linear(units, units, bias=False)
        self.skip = nn.Linear(units, units)
        self.gate = nn.Linear(units, 2 * units)

    def output(self, inputs: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        """Inputs and states, both (..., unit), to outputs (..., unit)."""
        mixed = nn.functional.gelu(self.mix(states) + self.skip(self.norm(inputs)))
        return inputs + nn.functional.glu(self.gate(mixed))


class StateSpaceCore(nn.Module):
    """Blocks of diagonal linear recurrence, after Orvieto et al. [1]_.

    Hidden activity is the last block's output, which actions are read from. What is carried is
    the linear state of all blocks, recorded as kind "state": block by block, real parts, then
    imaginary parts.

    Parameters
    ----------
    units : int
        Outputs, and real numbers in the state of each block.
    layers : int
        Blocks.

    References
    ----------
    .. [1] Orvieto et al. (2023), Resurrecting recurrent neural networks for long sequences, ICML,
       arXiv 2303.06349.
    """

    kinds: tuple[str, ...] = ("hidden", "state")
    carried: tuple[str, ...] = ("state",)
    why_not = (
        "hidden activity of a state-space network is an output that no later step reads. What "
        "it carries is its linear state: change 'state' instead."
    )

    def __init__(self, units: int, layers: int) -> None:
        super().__init__()
        self.units = units
        self.blocks = nn.ModuleList(StateSpaceBlock(units) for _ in range(layers))

    def _blocks(self) -> Iterable[StateSpaceBlock]:
        return cast("Iterable[StateSpaceBlock]", self.blocks)

    def run(self, inputs: torch.Tensor) -> torch.Tensor:
        """See :class:`wmsim.models.cores.Core`."""
        for block in self._blocks():
            drive = block.recurrence.drive(block.norm(inputs))
            state, states = torch.zeros_like(drive[:, 0]), []
            for step in range(drive.shape[1]):
                state = block.recurrence.next(drive[:, step], state)
                states.append(state)
            inputs = block.output(inputs, torch.stack(states, dim=1))
        return inputs

    def initial(self, inputs: torch.Tensor) -> State:
        """See :class:`wmsim.models.cores.Core`: all zero."""
        return State(0, {"state": inputs.new_zeros(len(inputs), len(self.blocks) * self.units)})

    def step(self, inputs: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """See :class:`wmsim.models.cores.Core`."""
        after = []
        before = state.tensors["state"].split(self.units, dim=1)
        for block, own in zip(self._blocks(), before, strict=True):
            after.append(block.recurrence.next(block.recurrence.drive(block.norm(inputs)), own))
            inputs = block.output(inputs, after[-1])
        return inputs, state.next({"state": torch.cat(after, dim=1)})

    def seen(self, hidden: torch.Tensor, first: int) -> torch.Tensor:
        """See :class:`wmsim.models.cores.Core`: hidden activity itself."""
        return hidden
