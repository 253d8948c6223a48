"""Figure 2a: decoders of every task, tested in every task."""

from __future__ import annotations

import xarray as xr

from wmsim.figures.intervals import ARCHITECTURES
from wmsim.figures.paper_transfer import transfer_matrices
from wmsim.models import Architecture
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.study import Study
from wmsim.reproduce.transfer import networks, other_tasks, transfer
from wmsim.reproduce.validation import KEPT, mean_claim

SHOWN: tuple[Architecture, ...] = ("rnn", "gru")
LAYOUT = (
    "Each panel is the feature that is decoded. Its blocks: the feature that the task asks for in "
    "which decoders were fitted (columns) and tested (rows); within a block, n of the task in "
    "which they were fitted (rows) and tested (columns). L: location, I: identity, C: category. "
    "Frames: one task, held-out pictures. "
    "Mean over subjects of the one-vs-rest balanced accuracy at E(1,1), dark is chance. Units are "
    "z-scored as in the task that a decoder was fitted in: the very same read-out is tested."
)


def kinds(config: ReproduceConfig) -> list[Kind]:
    """Networks of all nine tasks: vanilla and GRU."""
    return [Kind(architecture=one) for one in SHOWN if one in config.architectures]


def measure(study: Study) -> xr.Dataset:
    """Transfer between tasks; dims of :func:`measure_transfer`, network and subject."""
    return networks({kind.architecture: transfer(study, kind) for kind in kinds(study.config)})


def claims(found: xr.Dataset) -> list[Claim]:
    """Decoders of a task do well in all tasks in the vanilla RNN, and do not in the GRU."""
    across = other_tasks(found).sel(scaling="trained").mean(("task", "feature"))
    result = []
    for name in found["network"].values.tolist():
        vanilla = name == "rnn"
        result.append(
            mean_claim(
                f"{ARCHITECTURES[name]}: decoders of one task {'do' if vanilla else 'do not do'} "
                "well in tasks that ask for another feature (section 4.1, figure 2a)",
                "E(1,1), mean over features and pairs of tasks that ask for different ones",
                across.sel(network=name),
                at_least=KEPT if vanilla else None,
                at_most=None if vanilla else KEPT,
                note="The bound is ours: what all of the paper's decoders reach in their own task.",
            )
        )
    return result


FIGURE = Figure(
    name="fig2a",
    title="Decoders of one task in every other",
    caption=LAYOUT,
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=transfer_matrices,
)
