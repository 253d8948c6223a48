"""Several networks of one kind as one computation: parameters stacked along a first dimension."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from wmsim.errors import ConfigError
from wmsim.models.network import WorkingMemoryNetwork

STACKABLE = ("rnn", "gru", "lstm")
LAYERS = ("reduce", "embed", "norm", "readout")
PARAMETERS = {f"{layer}.{kind}" for layer in LAYERS for kind in ("weight", "bias")} | {
    f"core.{kind}_{end}_l0" for kind in ("weight", "bias") for end in ("ih", "hh")
}


class StackedNetworks:
    """Networks that differ in their weights alone, run side by side.

    Each computes what it would alone, up to the order in which products are added: a matrix
    product becomes a batched one, and the recurrence is written out step by step with the gates
    of :class:`torch.nn.RNN`, :class:`torch.nn.GRU` and :class:`torch.nn.LSTM`.

    Parameters
    ----------
    networks : sequence of WorkingMemoryNetwork
        On one device, of one config and map shape. Their weights are copied.

    Attributes
    ----------
    parameters : dict of str to Parameter
        By the name in a single network, in its order; each with a first dimension, network.

    Raises
    ------
    ConfigError
        If they cannot be stacked.
    """

    def __init__(self, networks: Sequence[WorkingMemoryNetwork]) -> None:
        check_stackable(networks)
        self.config = networks[0].config
        own = [dict(network.named_parameters()) for network in networks]
        self.parameters = {
            name: nn.Parameter(torch.stack([one[name].detach() for one in own])) for name in own[0]
        }

    def __call__(self, maps: torch.Tensor, frame: torch.Tensor, task: torch.Tensor) -> torch.Tensor:
        """Logits of the three actions.

        Parameters
        ----------
        maps : Tensor (frame, cell, channel)
            Features of the different frames that any of the networks is shown.
        frame : Tensor of int64 (network, trial, item)
            Which of `maps` is shown.
        task : Tensor (network, trial, task_bits) or (network, trial, item, task_bits)
            Task vectors.

        Returns
        -------
        Tensor (network, trial, item, action)
        """
        inputs = self.inputs(maps, frame, task)
        hidden = STEPS[self.config.architecture](inputs, self.parameters)
        return _linear(hidden, self.parameters["readout.weight"], self.parameters["readout.bias"])

    def inputs(self, maps: torch.Tensor, frame: torch.Tensor, task: torch.Tensor) -> torch.Tensor:
        """Input of the recurrent cores, Tensor (network, trial, item, unit); see ``__call__``."""
        own = self.parameters
        n_networks, units = own["readout.weight"].shape[0], self.config.units
        n_frames, n_cells, _ = maps.shape
        reduced = torch.baddbmm(
            own["reduce.bias"][:, None],
            maps.flatten(0, 1).expand(n_networks, -1, -1),
            own["reduce.weight"].mT,
        )
        weight = own["embed.weight"]
        n_image = weight.shape[2] - task.shape[-1]
        seen = reduced.view(n_networks, n_frames, n_cells * units) @ weight[:, :, :n_image].mT
        asked = _linear(task, weight[:, :, n_image:], own["embed.bias"])
        if asked.ndim == 3:
            asked = asked[:, :, None]
        # Rows of all networks in one table, looked up as an embedding: its gradient adds up in
        # one order, so that a seed fixes the result.
        first = torch.arange(n_networks, device=frame.device)[:, None, None] * n_frames
        shown = nn.functional.embedding(frame + first, seen.flatten(0, 1))
        normal = nn.functional.layer_norm(shown + asked, (units,))
        return normal * _each(own["norm.weight"]) + _each(own["norm.bias"])

    @torch.no_grad()
    def write_into(self, networks: Sequence[WorkingMemoryNetwork]) -> None:
        """Copy the weights back into single networks."""
        for number, network in enumerate(networks):
            for name, parameter in network.named_parameters():
                parameter.copy_(self.parameters[name][number])


def can_stack(network: WorkingMemoryNetwork) -> bool:
    """Whether networks like this one can be stacked."""
    names = {name for name, _ in network.named_parameters()}
    return network.config.architecture in STACKABLE and names == PARAMETERS


def check_stackable(networks: Sequence[WorkingMemoryNetwork]) -> None:
    """Refuse networks that cannot run as one computation.

    Raises
    ------
    ConfigError
        If their core has no stacked form, or they differ in config or size.
    """
    first = networks[0]
    if not can_stack(first):
        raise ConfigError(
            f"Networks with a core '{first.config.architecture}' cannot be trained as one "
            f"computation, only {', '.join(STACKABLE)} can. Train them one by one or in processes."
        )
    shapes = [parameter.shape for parameter in first.parameters()]
    for other in networks[1:]:
        same = other.config == first.config
        if not same or [parameter.shape for parameter in other.parameters()] != shapes:
            raise ConfigError(
                f"Networks of different configs cannot be trained as one computation "
                f"({first.config!r} and {other.config!r}). Train them one by one or in processes."
            )


Parameters = dict[str, nn.Parameter]


def _each(vector: torch.Tensor) -> torch.Tensor:
    """(network, unit) to (network, 1, 1, unit)."""
    return vector[:, None, None]


def _linear(values: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Each network's linear layer; (network, ..., in) to (network, ..., out)."""
    flat = torch.baddbmm(bias[:, None], values.flatten(1, -2), weight.mT)
    return flat.view(*values.shape[:-1], weight.shape[1])


def _driven(inputs: torch.Tensor, own: Parameters) -> tuple[torch.Tensor, ...]:
    """What the inputs do to all gates, a Tensor (network, trial, gate and unit) an item."""
    return _linear(inputs, own["core.weight_ih_l0"], own["core.bias_ih_l0"]).unbind(2)


def _recurrent(hidden: torch.Tensor, own: Parameters) -> torch.Tensor:
    """What the hidden state does to all gates, Tensor (network, trial, gate and unit)."""
    return torch.baddbmm(own["core.bias_hh_l0"][:, None], hidden, own["core.weight_hh_l0"].mT)


def _start(inputs: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(inputs[:, :, 0])


def _rnn(inputs: torch.Tensor, own: Parameters) -> torch.Tensor:
    hidden, states = _start(inputs), []
    for drive in _driven(inputs, own):
        hidden = torch.tanh(drive + _recurrent(hidden, own))
        states.append(hidden)
    return torch.stack(states, dim=2)


def _gru(inputs: torch.Tensor, own: Parameters) -> torch.Tensor:
    hidden, states = _start(inputs), []
    for drive in _driven(inputs, own):
        reset_in, update_in, new_in = drive.chunk(3, dim=-1)
        reset_own, update_own, new_own = _recurrent(hidden, own).chunk(3, dim=-1)
        reset = torch.sigmoid(reset_in + reset_own)
        update = torch.sigmoid(update_in + update_own)
        new = torch.tanh(new_in + reset * new_own)
        hidden = new + update * (hidden - new)
        states.append(hidden)
    return torch.stack(states, dim=2)


def _lstm(inputs: torch.Tensor, own: Parameters) -> torch.Tensor:
    hidden, cell, states = _start(inputs), _start(inputs), []
    for drive in _driven(inputs, own):
        enter, forget, new, leave = (drive + _recurrent(hidden, own)).chunk(4, dim=-1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(enter) * torch.tanh(new)
        hidden = torch.sigmoid(leave) * torch.tanh(cell)
        states.append(hidden)
    return torch.stack(states, dim=2)


STEPS = {"rnn": _rnn, "gru": _gru, "lstm": _lstm}
