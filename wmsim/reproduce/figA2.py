"""Figure A2: the vanilla RNN and the LSTM, its cell state too."""

from __future__ import annotations

import xarray as xr

from wmsim.figures.intervals import ARCHITECTURES
from wmsim.figures.paper_transfer import representations_figure
from wmsim.models import Architecture
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.fig2a import LAYOUT
from wmsim.reproduce.fig2c import LOSS, SPECIFIC
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.study import Study
from wmsim.reproduce.transfer import networks, other_tasks, own_task, transfer
from wmsim.reproduce.validation import OURS, kept_claims, mean_claim, validation_rows

SHOWN: tuple[Architecture, ...] = ("rnn", "lstm")


def kinds(config: ReproduceConfig) -> list[Kind]:
    """Networks of all nine tasks: vanilla and LSTM."""
    return [Kind(architecture=one) for one in SHOWN if one in config.architectures]


def measure(study: Study) -> xr.Dataset:
    """Rows of figure 2b, and transfer as in figure 2a of both states of the LSTM."""
    parts = {kind: transfer(study, kind) for kind in kinds(study.config)}
    found = validation_rows([(kind.architecture, kind, one) for kind, one in parts.items()])
    lstm = [kind for kind in parts if kind.architecture == "lstm"]
    if not lstm:
        return found
    cell = transfer(study, lstm[0], cell_states=True)
    states = networks({"lstm": parts[lstm[0]], "lstm cell": cell})
    return found.merge(states.drop_vars("nested"), compat="override", combine_attrs="override")


def claims(found: xr.Dataset) -> list[Claim]:
    """As in the GRU: all features are kept, the LSTM's cell state is task-specific too."""
    result = []
    for group in dict.fromkeys(found["group"].values.tolist()):
        result += kept_claims(found, group, f"{ARCHITECTURES[group]}, MTMF", "figure A2a")
    if "network" in found.dims:
        cell = found.sel(network="lstm cell")
        across = other_tasks(cell).sel(scaling="trained")
        lost = own_task(cell).mean(("task", "feature")) - across.mean(("task", "feature"))
        result.append(
            mean_claim(
                "LSTM cell state: features are encoded task by task (section 4.1, figure A2b)",
                LOSS,
                lost,
                at_least=SPECIFIC,
                note=OURS,
            )
        )
    return result


FIGURE = Figure(
    name="figA2",
    title="The vanilla RNN and the LSTM",
    caption="a: accuracy of decoders within each task, as in figure 2b. Framed: the feature that "
    "the task asks for; star: a feature that follows from it, or it from that one. b: transfer "
    f"between tasks in the LSTM's hidden and cell states, as in figure 2a. {LAYOUT}",
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=representations_figure,
)
