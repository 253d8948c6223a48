"""The paper's network: point-wise convolution, task vector, layer norm, core, actions."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from wmsim.models.config import NetworkConfig
from wmsim.models.cores import GruCore, LstmCore, RecurrentCore, State, VanillaCore, with_activity
from wmsim.models.slots import SlotCore
from wmsim.models.state_space import StateSpaceCore
from wmsim.models.transformer import TransformerCore

CORES: dict[str, Any] = {
    "rnn": VanillaCore,
    "gru": GruCore,
    "lstm": LstmCore,
    "transformer": TransformerCore,
    "ssm": StateSpaceCore,
    "slots": SlotCore,
}
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
            own = config.core.model_dump() if config.core else {}
            self.core = CORES[config.architecture](config.units, **own)
            self.readout = nn.Linear(config.units, N_ACTIONS)
            if isinstance(self.core, RecurrentCore):
                self.core.initialise()

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of activity that :meth:`states` gives, "hidden" first."""
        return self.core.kinds

    @property
    def carried(self) -> tuple[str, ...]:
        """Kinds of activity that the next step starts from; see :meth:`with_activity`."""
        return self.core.carried

    def inputs(self, maps: torch.Tensor, frame: torch.Tensor, task: torch.Tensor) -> torch.Tensor:
        """Input of the recurrent core.

        Parameters
        ----------
        maps : Tensor (frame, cell, channel)
            Features of the different frames, cells of the map in rows.
        frame : Tensor of int64 (trial, item)
            Which of `maps` is shown.
        task : Tensor (trial, task_bits) or (trial, item, task_bits)
            Task vectors, the same at all steps or one a step.

        Returns
        -------
        Tensor (trial, item, unit)
        """
        n_image = self.embed.in_features - self.config.task_bits
        seen = self.reduce(maps).flatten(1) @ self.embed.weight[:, :n_image].T
        asked = task @ self.embed.weight[:, n_image:].T + self.embed.bias
        asked = asked[:, None] if task.ndim == 2 else asked
        # An embedding's gradient adds up in one order; that of plain indexing in any, so that a
        # seed would not fix the result on several threads.
        return self.norm(nn.functional.embedding(frame, seen) + asked)

    def forward(self, maps: torch.Tensor, frame: torch.Tensor, task: torch.Tensor) -> torch.Tensor:
        """Logits of the three actions, Tensor (trial, item, action); see :meth:`inputs`."""
        hidden = self.core.run(self.inputs(maps, frame, task))
        return self.readout(self.core.seen(hidden, 0))

    def states(
        self, maps: torch.Tensor, frame: torch.Tensor, task: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Everything that is recorded, step by step; see :meth:`inputs`.

        Returns
        -------
        logits : Tensor (trial, item, action)
        hidden : Tensor (trial, item, unit)
        more : Tensor (trial, item, unit) or None
            Activity of the second of :attr:`kinds`: an LSTM's cell state; the linear states of all
            layers of a state-space network side by side. Others have none.
        """
        inputs = self.inputs(maps, frame, task)
        state, logits = None, []
        activity: dict[str, list[torch.Tensor]] = {kind: [] for kind in self.kinds}
        for step in range(inputs.shape[1]):
            action, hidden, state = self.advance(inputs[:, step], state)
            logits.append(action)
            for kind in self.kinds:
                activity[kind].append(hidden if kind == "hidden" else state.tensors[kind])
        hidden, *more = (torch.stack(steps, dim=1) for steps in activity.values())
        return torch.stack(logits, dim=1), hidden, more[0] if more else None

    def advance(
        self, inputs: torch.Tensor, state: State | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, State]:
        """Go on by one step.

        Parameters
        ----------
        inputs : Tensor (trial, unit)
            What :meth:`inputs` gives for this step.
        state : State, optional
            As the step before left it, changed or not; by default nothing has been seen yet.

        Returns
        -------
        logits : Tensor (trial, action)
        hidden : Tensor (trial, unit)
        state : State
            Carried on to the next step.

        Examples
        --------
        >>> network = WorkingMemoryNetwork(NetworkConfig(units=8), (5, 2, 2), seed=0)
        >>> inputs = torch.ones(4, 8)
        >>> _, hidden, state = network.advance(inputs)
        >>> pushed = network.with_hidden(state, hidden + 1)
        >>> logits, hidden, state = network.advance(inputs, pushed)
        >>> logits.shape, hidden.shape, state.step
        (torch.Size([4, 3]), torch.Size([4, 8]), 2)
        """
        if state is None:
            state = self.core.initial(inputs)
        hidden, after = self.core.step(inputs, state)
        return self.act(hidden, state.step), hidden, after

    def act(self, hidden: torch.Tensor, step: int) -> torch.Tensor:
        """Logits (trial, action) that hidden activity (trial, unit) of a step would give."""
        return self.readout(self.core.seen(hidden[:, None], step))[:, 0]

    def with_hidden(self, state: State, hidden: torch.Tensor) -> State:
        """A carried state with another hidden vector; see :meth:`with_activity`.

        An LSTM's cell state stays as it is.

        Raises
        ------
        ConfigError
            If the shape is wrong, or the architecture carries no hidden activity: ssm carries
            its linear state alone, transformer nothing of the kind.
        """
        return with_activity(self.core, state, "hidden", hidden)

    def with_activity(self, state: State, kind: str, activity: torch.Tensor) -> State:
        """A carried state in which one kind of activity is another.

        What :meth:`advance` gives from it is what the network would have done. Replaced by
        itself, nothing changes.

        Parameters
        ----------
        state : State
            As :meth:`advance` left it.
        kind : str
            One of :attr:`carried`: "hidden"; "cell state" in an LSTM; "state" in ssm.
        activity : Tensor (trial, unit)
            What to put there.

        Raises
        ------
        ConfigError
            If this kind is not carried from step to step, or the shape is wrong.
        """
        return with_activity(self.core, state, kind, activity)


def n_parameters(network: nn.Module) -> int:
    """Number of trainable parameters.

    Examples
    --------
    >>> n_parameters(nn.Linear(3, 2))
    8
    """
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
