"""A memory of slots, one an item: the account H1 made flesh."""

from __future__ import annotations

import torch
from torch import nn

from wmsim.errors import ConfigError
from wmsim.models.cores import State


class SlotCore(nn.Module):
    """Each item is written into a slot of its own and stays there unchanged.

    At step t the embedded input goes into slot t; nothing ever overwrites or decays it. Slots that
    are not written yet are zero and are not read. A feed-forward controller, which holds nothing
    from step to step, compares the item on display with each written slot: squared differences
    along learned directions, the same for all slots. It takes the slots in order of age, so that
    "n back" is the same place at every step.

    Hidden activity is the contents of all slots side by side: slot 0's units, then slot 1's, and
    so on. The controller's own units are not among it, for they hold the item on display in one
    format at all steps, which is no part of H1.

    Parameters
    ----------
    units : int
        Of all slots together.
    slots : int
        Longest trial, in steps; tasks with gaps, cues or probes have more steps than items.
    """

    kinds: tuple[str, ...] = ("hidden",)
    carried: tuple[str, ...] = ("hidden",)
    why_not = ""

    def __init__(self, units: int, slots: int) -> None:
        super().__init__()
        self.slots, self.width = slots, units // slots
        self.write = nn.Linear(units, self.width)
        self.directions = nn.Linear(self.width, units)
        self.judge = nn.Linear(slots * units, units)

    def contents(self, inputs: torch.Tensor) -> torch.Tensor:
        """What an input (..., unit) leaves in its slot (..., unit / slots)."""
        return torch.tanh(self.write(inputs))

    def run(self, inputs: torch.Tensor) -> torch.Tensor:
        """See :class:`wmsim.models.cores.Core`."""
        n_steps = inputs.shape[1]
        self._check(n_steps)
        written = torch.ones(n_steps, self.slots, device=inputs.device, dtype=inputs.dtype).tril()
        contents = nn.functional.pad(self.contents(inputs), (0, 0, 0, self.slots - n_steps))
        return (contents[:, None] * written[None, :, :, None]).flatten(2)

    def initial(self, inputs: torch.Tensor) -> State:
        """See :class:`wmsim.models.cores.Core`: empty slots."""
        return State(0, {"hidden": inputs.new_zeros(len(inputs), self.slots * self.width)})

    def step(self, inputs: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """See :class:`wmsim.models.cores.Core`."""
        self._check(state.step + 1)
        before = state.tensors["hidden"]
        start = state.step * self.width
        hidden = torch.cat(
            [before[:, :start], self.contents(inputs), before[:, start + self.width :]], dim=1
        )
        return hidden, state.next({"hidden": hidden})

    def seen(self, hidden: torch.Tensor, first: int) -> torch.Tensor:
        """What the controller makes of the slots; see :class:`wmsim.models.cores.Core`."""
        slots = hidden.unflatten(2, (self.slots, self.width))
        by_age = []
        for step in range(hidden.shape[1]):
            written = slots[:, step, : first + step + 1].flip(1)
            by_age.append(nn.functional.pad(written, (0, 0, 0, self.slots - written.shape[1])))
        along = self.directions(torch.stack(by_age, dim=1))
        shown, older = along[:, :, :1], along[:, :, 1:]
        # A network of rectified units alone stays at chance: it has to find the comparison of two
        # vectors before any of its weights is of use.
        compared = torch.cat([shown, (shown - older).square()], dim=2)
        return torch.relu(self.judge(compared.flatten(2)))

    def _check(self, n_steps: int) -> None:
        if n_steps > self.slots:
            raise ConfigError(
                f"A trial of {n_steps} steps does not fit a memory of {self.slots} slots; make "
                f"the network with slots={n_steps} and units that are a multiple of {n_steps}."
            )
