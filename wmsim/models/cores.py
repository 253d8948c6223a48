"""What every core can do, and the three of the paper: vanilla RNN, GRU, LSTM.

A core turns inputs into hidden activity, one step after the other and never backwards in time. It
can run a whole trial at once (:meth:`Core.run`, fast) or one step from a carried state
(:meth:`Core.step`, which lets a causal test change the state in between); both give the same
numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import nn

from wmsim.errors import ConfigError, did_you_mean


@dataclass(frozen=True)
class State:
    """What a core carries from one step to the next.

    Attributes
    ----------
    step : int
        Steps done.
    tensors : dict of str to Tensor
        What is carried, by name. Names are kinds of activity ("hidden", "cell state", "state")
        or, in a transformer, "keys" and "values". The first dimension is the trial.
    """

    step: int
    tensors: dict[str, torch.Tensor]

    def next(self, tensors: dict[str, torch.Tensor]) -> State:
        """The state a step later, with what is carried then."""
        return State(self.step + 1, tensors)


class Core(Protocol):
    """The part of a network that remembers.

    Attributes
    ----------
    kinds : tuple of str
        Kinds of activity that are recorded; the first is "hidden", what the actions are read from.
    carried : tuple of str
        Kinds of activity that the next step starts from. Only these can be changed to an effect.
    why_not : str
        Said to a user who wants to change hidden activity that is not carried; empty where it is.
    """

    kinds: tuple[str, ...]
    carried: tuple[str, ...]
    why_not: str

    def run(self, inputs: torch.Tensor) -> torch.Tensor:
        """Inputs (trial, step, unit) to hidden activity (trial, step, unit)."""

    def initial(self, inputs: torch.Tensor) -> State:
        """State before the first step, for trials whose first inputs are these (trial, unit)."""

    def step(self, inputs: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """Inputs of one step (trial, unit) to its hidden activity (trial, unit), and on."""

    def seen(self, hidden: torch.Tensor, first: int) -> torch.Tensor:
        """What actions are read from: hidden activity (trial, step, unit), from step `first` on."""


def with_activity(core: Core, state: State, kind: str, activity: torch.Tensor) -> State:
    """Replace one kind of activity in a carried state; see
    :meth:`wmsim.models.WorkingMemoryNetwork.with_activity`.
    """
    if kind not in core.carried:
        if kind in core.kinds:
            raise ConfigError(f"'{kind}' cannot be changed to an effect: {core.why_not}")
        raise ConfigError(
            f"The network carries no '{kind}' from step to step. {did_you_mean(kind, core.carried)}"
        )
    there = state.tensors[kind]
    if activity.shape != there.shape:
        raise ConfigError(
            f"'{kind}' must have shape (trial, unit) = {tuple(there.shape)}, "
            f"found {tuple(activity.shape)}."
        )
    return replace(state, tensors={**state.tensors, kind: activity})


class RecurrentCore(nn.RNNBase):
    """What the paper's three cores share; parameters and their names are PyTorch's."""

    kinds: tuple[str, ...] = ("hidden",)
    carried: tuple[str, ...] = ("hidden",)
    why_not = ""

    def initialise(self) -> None:
        """Kaiming initialisation of each gate's matrix; biases start at zero."""
        for name, parameter in self.named_parameters():
            if name.startswith("bias"):
                nn.init.zeros_(parameter)
                continue
            for gate in parameter.split(self.hidden_size):
                nn.init.kaiming_uniform_(gate, nonlinearity="linear")

    def run(self, inputs: torch.Tensor) -> torch.Tensor:
        """See :class:`Core`."""
        return self(inputs)[0]

    def initial(self, inputs: torch.Tensor) -> State:
        """See :class:`Core`: all zero."""
        zeros = inputs.new_zeros(len(inputs), self.hidden_size)
        return State(0, dict.fromkeys(self.carried, zeros))

    def step(self, inputs: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """See :class:`Core`."""
        hidden, _ = self(inputs[:, None], state.tensors["hidden"][None].contiguous())
        return hidden[:, 0], state.next({"hidden": hidden[:, 0]})

    def seen(self, hidden: torch.Tensor, first: int) -> torch.Tensor:
        """See :class:`Core`: hidden activity itself."""
        return hidden


class VanillaCore(RecurrentCore, nn.RNN):
    """Elman's network, tanh; `recurrent` as in :class:`wmsim.models.VanillaSettings`."""

    def __init__(self, units: int, *, recurrent: str) -> None:
        super().__init__(units, units, batch_first=True)
        self.recurrent = recurrent

    def initialise(self) -> None:
        """See :class:`RecurrentCore`; recurrent weights as `recurrent` says."""
        super().initialise()
        if self.recurrent == "orthogonal":
            nn.init.orthogonal_(self.get_parameter("weight_hh_l0"))


class GruCore(RecurrentCore, nn.GRU):
    """Gated recurrent unit."""

    def __init__(self, units: int) -> None:
        super().__init__(units, units, batch_first=True)


class LstmCore(RecurrentCore, nn.LSTM):
    """Long short-term memory; both its hidden and its cell state are carried and recorded.

    `forget_bias` as in :class:`wmsim.models.LstmSettings`.
    """

    kinds = ("hidden", "cell state")
    carried = ("hidden", "cell state")

    def __init__(self, units: int, *, forget_bias: float) -> None:
        super().__init__(units, units, batch_first=True)
        self.forget_bias = forget_bias

    def initialise(self) -> None:
        """See :class:`RecurrentCore`; forget gates, the second of four, have their own bias."""
        super().initialise()
        units = self.hidden_size
        nn.init.constant_(self.get_parameter("bias_ih_l0")[units : 2 * units], self.forget_bias)

    def step(self, inputs: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """See :class:`Core`."""
        before = tuple(state.tensors[kind][None].contiguous() for kind in self.carried)
        hidden, (_, cell) = self(inputs[:, None], before)
        return hidden[:, 0], state.next({"hidden": hidden[:, 0], "cell state": cell[0]})
