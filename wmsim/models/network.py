"""The paper's network: point-wise convolution, task vector, layer norm, recurrence, actions."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from wmsim.models.config import NetworkConfig

CORES: dict[str, Any] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
N_ACTIONS = 3


class WorkingMemoryNetwork(nn.Module):
    """Frames' features in, one of three actions a step out.

    The point-wise convolution and the image's share of the fully connected layer depend on the
    frame alone, so they run once for each different frame of a batch.

    Parameters
    ----------
    config : NetworkConfig
        Core and size.
    map_shape : tuple of int
        (channel, row, column) of the encoder's feature maps.
    seed : int
        Fixes the initial weights; PyTorch's global state is left as it was.

    References
    ----------
    .. [1] Lei, Ito & Bashivan (2024), Geometry of naturalistic object representations in recurrent
       neural network models of working memory, NeurIPS.
    .. [2] He et al. (2015), ICCV, for the initialisation, :doi:`10.1109/ICCV.2015.123`.
    """

    def __init__(
        self, config: NetworkConfig, map_shape: tuple[int, int, int], *, seed: int
    ) -> None:
        super().__init__()
        channels, rows, columns = map_shape
        self.config = config
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            # A point-wise convolution is a linear map of channels; on maps that are stored channels
            # last it runs as one matrix product.
            self.reduce = nn.Linear(channels, config.units)
            self.embed = nn.Linear(config.units * rows * columns + config.task_bits, config.units)
            self.norm = nn.LayerNorm(config.units)
            self.core = CORES[config.architecture](config.units, config.units, batch_first=True)
            self.readout = nn.Linear(config.units, N_ACTIONS)
            _kaiming(self.core, config.units)

    def inputs(self, maps: torch.Tensor, frame: torch.Tensor, task: torch.Tensor) -> torch.Tensor:
        """Input of the recurrent core.

        Parameters
        ----------
        maps : Tensor (frame, cell, channel)
            Features of the different frames, cells of the map in rows.
        frame : Tensor of int64 (trial, item)
            Which of `maps` is shown.
        task : Tensor (trial, task_bits)
            Task vectors.

        Returns
        -------
        Tensor (trial, item, unit)
        """
        n_image = self.embed.in_features - self.config.task_bits
        seen = self.reduce(maps).flatten(1) @ self.embed.weight[:, :n_image].T
        asked = task @ self.embed.weight[:, n_image:].T + self.embed.bias
        # An embedding's gradient adds up in one order; that of plain indexing in any, so that a
        # seed would not fix the result on several threads.
        return self.norm(nn.functional.embedding(frame, seen) + asked[:, None])

    def forward(self, maps: torch.Tensor, frame: torch.Tensor, task: torch.Tensor) -> torch.Tensor:
        """Logits of the three actions, Tensor (trial, item, action); see :meth:`inputs`."""
        hidden, _ = self.core(self.inputs(maps, frame, task))
        return self.readout(hidden)

    def states(
        self, maps: torch.Tensor, frame: torch.Tensor, task: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Everything that the core holds, step by step.

        Returns
        -------
        logits : Tensor (trial, item, action)
        hidden : Tensor (trial, item, unit)
        cell : Tensor (trial, item, unit) or None
            The LSTM's cell state; other cores have none.
        """
        inputs = self.inputs(maps, frame, task)
        state = None
        hidden, cell = [], []
        for step in range(inputs.shape[1]):
            output, state = self.core(inputs[:, step : step + 1], state)
            hidden.append(output[:, 0])
            if isinstance(state, tuple):
                cell.append(state[1][0])
        activity = torch.stack(hidden, dim=1)
        return self.readout(activity), activity, torch.stack(cell, dim=1) if cell else None


def _kaiming(core: nn.RNNBase, units: int) -> None:
    """Kaiming initialisation of each gate's matrix; biases start at zero."""
    for name, parameter in core.named_parameters():
        if name.startswith("bias"):
            nn.init.zeros_(parameter)
            continue
        for gate in parameter.split(units):
            nn.init.kaiming_uniform_(gate, nonlinearity="linear")
