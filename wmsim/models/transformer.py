"""A small causal transformer: it remembers by looking back."""

from __future__ import annotations

import torch
from torch import nn

from wmsim.models.cores import State

EXPANSION = 4
ROTARY_BASE = 100.0


class Attention(nn.Module):
    """Causal attention with rotary positions, which know how far back an item is [1]_.

    Parameters
    ----------
    units : int
        Inputs and outputs.
    heads : int
        Heads, which share the units out.

    References
    ----------
    .. [1] Su et al. (2024), RoFormer: enhanced transformer with rotary position embedding,
       Neurocomputing, :doi:`10.1016/j.neucom.2023.127063`.
    """

    def __init__(self, units: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ask = nn.Linear(units, 3 * units)
        self.answer = nn.Linear(units, units)

    def project(self, inputs: torch.Tensor, first: int) -> tuple[torch.Tensor, ...]:
        """Queries, keys, values of inputs (trial, step, unit) from step `first` on.

        Returns
        -------
        tuple of Tensor (trial, head, step, unit of a head)
        """
        query, key, value = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2)
            for part in self.ask(inputs).chunk(3, dim=2)
        )
        return rotate(query, first), rotate(key, first), value

    def look_back(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
    ) -> torch.Tensor:
        """Queries of the last steps to what they find (trial, step, unit) there and before."""
        asked, there = query.shape[2], key.shape[2]
        scores = query @ key.transpose(2, 3) / key.shape[3] ** 0.5
        later = torch.ones(asked, there, dtype=torch.bool, device=query.device)
        later = later.triu(there - asked + 1)
        weights = scores.masked_fill(later, float("-inf")).softmax(dim=3)
        return self.answer((weights @ value).transpose(1, 2).flatten(2))


def rotate(heads: torch.Tensor, first: int) -> torch.Tensor:
    """Turn pairs of units by an angle that grows with the step.

    Parameters
    ----------
    heads : Tensor (trial, head, step, unit)
        Queries or keys.
    first : int
        Step of the first.

    Examples
    --------
    The product of a query and a key depends on how far apart they are, not on where.

    >>> query, key = torch.eye(8)[:2].reshape(2, 1, 1, 1, 8)
    >>> near = (rotate(query + key, 5) * rotate(key, 3)).sum()
    >>> bool(torch.isclose(near, (rotate(query + key, 2) * rotate(key, 0)).sum()))
    True
    """
    n_steps, n_pairs = heads.shape[2], heads.shape[3] // 2
    pair = torch.arange(n_pairs, device=heads.device)
    step = torch.arange(first, first + n_steps, device=heads.device)
    angle = step[:, None] * ROTARY_BASE ** (-pair / n_pairs)
    x, y = heads.chunk(2, dim=3)
    cos, sin = angle.cos().to(heads.dtype), angle.sin().to(heads.dtype)
    return torch.cat([x * cos - y * sin, x * sin + y * cos], dim=3)


class TransformerBlock(nn.Module):
    """Attention and a feed-forward network, each normalised before and added on after."""

    def __init__(self, units: int, heads: int) -> None:
        super().__init__()
        self.before_attention, self.before_feed = nn.LayerNorm(units), nn.LayerNorm(units)
        self.attention = Attention(units, heads)
        self.feed = nn.Sequential(
            nn.Linear(units, EXPANSION * units), nn.GELU(), nn.Linear(EXPANSION * units, units)
        )

    def forward(
        self, stream: torch.Tensor, past: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Steps (trial, step, unit), after past keys and values, if any.

        Returns
        -------
        stream : Tensor (trial, step, unit)
        keys, values : Tensor (trial, head, step, unit of a head)
            With the past ones.
        """
        first = 0 if past is None else past[0].shape[2]
        query, key, value = self.attention.project(self.before_attention(stream), first)
        if past is not None:
            key, value = torch.cat([past[0], key], dim=2), torch.cat([past[1], value], dim=2)
        stream = stream + self.attention.look_back(query, key, value)
        return stream + self.feed(self.before_feed(stream)), key, value


class TransformerCore(nn.Module):
    """Pre-norm causal transformer with rotary positions.

    Hidden activity is the residual stream after the last layer, normalised: what actions are read
    from. It is not carried: a later step looks back at keys and values, which come from the
    streams that *enter* each layer. A test that changes hidden activity and runs on is therefore
    not defined for it, and is refused.

    Parameters
    ----------
    units : int
        Width of the residual stream.
    layers, heads : int
        Blocks, and heads of attention in each.
    """

    kinds: tuple[str, ...] = ("hidden",)
    carried: tuple[str, ...] = ()
    why_not = (
        "a transformer has no recurrence. Later steps look back at keys and values of each layer "
        "and never at the hidden activity that actions are read from, so the causal test is not "
        "defined for it. It is for rnn, gru, lstm, slots, and for the 'state' of ssm."
    )

    def __init__(self, units: int, layers: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.blocks = nn.ModuleList(TransformerBlock(units, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(units)

    def run(self, inputs: torch.Tensor) -> torch.Tensor:
        """See :class:`wmsim.models.cores.Core`."""
        for block in self.blocks:
            inputs, _, _ = block(inputs)
        return self.norm(inputs)

    def initial(self, inputs: torch.Tensor) -> State:
        """See :class:`wmsim.models.cores.Core`: nothing to look back at."""
        trials, units = inputs.shape
        shape = (trials, len(self.blocks), self.heads, 0, units // self.heads)
        return State(0, {"keys": inputs.new_zeros(shape), "values": inputs.new_zeros(shape)})

    def step(self, inputs: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """See :class:`wmsim.models.cores.Core`."""
        stream, keys, values = inputs[:, None], [], []
        past = zip(state.tensors["keys"].unbind(1), state.tensors["values"].unbind(1), strict=True)
        for block, own in zip(self.blocks, past, strict=True):
            stream, key, value = block(stream, own)
            keys.append(key)
            values.append(value)
        cache = {"keys": torch.stack(keys, dim=1), "values": torch.stack(values, dim=1)}
        return self.norm(stream)[:, 0], state.next(cache)

    def seen(self, hidden: torch.Tensor, first: int) -> torch.Tensor:
        """See :class:`wmsim.models.cores.Core`: hidden activity itself."""
        return hidden
