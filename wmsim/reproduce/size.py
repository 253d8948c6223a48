"""Network size as a factor: does the strategy change with the number of units?"""

from __future__ import annotations

import numpy as np
import xarray as xr

from wmsim.figures.paper_beyond import size_figure
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.fig2c import SPECIFIC
from wmsim.reproduce.fig4c import DROP
from wmsim.reproduce.figA1 import kinds as every_size
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.memory import METRIC_NOTE, name_of
from wmsim.reproduce.strategy import EXPLORATORY, balanced, strategies, told
from wmsim.reproduce.study import Study


def kinds(config: ReproduceConfig) -> list[Kind]:
    """Every architecture in every size, as in figure A1."""
    return every_size(config)


def measure(study: Study) -> xr.Dataset:
    """Strategies, dims (kind, subject, ...); see :func:`wmsim.reproduce.strategy.strategies`."""
    return strategies(study, [(kind, None) for kind in kinds(study.config)])


def claims(found: xr.Dataset) -> list[Claim]:
    """The strategy is the same at every size, in each architecture that has several."""
    result = []
    for name in dict.fromkeys(found["architecture"].values.tolist()):
        own = found.isel(kind=np.flatnonzero(found["architecture"].values == name))
        if own.sizes["kind"] > 1:
            result += _of_architecture(own.sortby("units"), name_of(name))
    return result


def _of_architecture(own: xr.Dataset, name: str) -> list[Claim]:
    """Claims on sizes of one architecture, smallest first."""
    units = own["units"].values.tolist()
    sizes = f"{units[0]} to {units[-1]} units"
    shared = own["item_over_time"]
    lost = own["encoding"] - own["encoding_to_memory"]
    specific = own["within_task"] - own["across_tasks"]
    change = specific.isel(kind=-1) - specific.isel(kind=0)
    lowest = (
        "The smallest over sizes of noisy values lies below their mean, so that this errs against "
        "the claim."
    )
    return [
        Claim(
            f"{name}, {sizes}: at every size, rotations are shared by items rather than by times",
            "accuracy with R(S+k,T+k) minus accuracy with R(S,T-1) or R(S,T+1), within a memory "
            f"space, mean over spaces and tasks; smallest over sizes ({METRIC_NOTE})",
            balanced(shared).min(axis=1), at_least=0.0,
            note=f"{EXPLORATORY} Bound: no difference. {lowest} By size: {_by_size(shared)}. "
            f"{_learned(own)}",
        ),
        Claim(
            f"{name}, {sizes}: at every size, memory is not held in the code of encoding",
            "accuracy of decoders of E(S,S) in E(S,S) minus that in M(S,T), mean over memory "
            f"spaces in use, then tasks; smallest over sizes ({METRIC_NOTE})",
            balanced(lost).min(axis=1), at_least=DROP,
            note=f"{EXPLORATORY} Bound: {DROP:.2f}, as in figure 4c. {lowest} By size: "
            f"{_by_size(lost)}.",
        ),
        Claim(
            f"{name}, {sizes}: how specific codes are to tasks does not depend on size",
            "E(1,1): accuracy within the task minus accuracy in tasks that ask for another "
            f"feature, mean over tasks and features; largest minus smallest size ({METRIC_NOTE})",
            balanced(change), at_least=-SPECIFIC, at_most=SPECIFIC,
            note=f"{EXPLORATORY} Bound: {SPECIFIC:.2f}, the loss that figure 2c calls "
            f"task-specific; a change as large would turn its verdict. By size: "
            f"{_by_size(specific)}.",
        ),
    ]  # fmt: skip


def _by_size(values: xr.DataArray) -> str:
    means = values.sel(metric="balanced")
    return ", ".join(
        f"{int(units)} units {told(means.isel(kind=row))}"
        for row, units in enumerate(means["units"].values)
    )


def _learned(own: xr.Dataset) -> str:
    """What each size reached in training."""
    accuracy = own["accuracy"].sel(split="train")
    parts = [
        f"{int(units)} units {told(accuracy.isel(kind=row), '.3f')} "
        f"({int(np.nansum(own['reached'].isel(kind=row)))} of {own.sizes['subject']} networks came "
        "to the criterion)"
        for row, units in enumerate(own["units"].values)
    ]
    return (
        f"Actions right on trained view angles (criterion {own.attrs['criterion']:g}): "
        f"{', '.join(parts)}."
    )


FIGURE = Figure(
    name="size",
    title="Network size as a factor",
    caption="All against the number of hidden units, in networks that learned all nine tasks. a) "
    "Share of correct actions on trained view angles; dashed: the criterion that ends training. "
    "Open: not all networks of this size came to it in the iterations that there are; what differs "
    "between sizes may then be due to learning less. b) Decoders of E(1,1): accuracy within their "
    "task minus accuracy in tasks that ask for another feature (dashed: what figure 2c calls "
    "task-specific). c) Decoders of E(S,S) at E(S,S) (open) and in memory M(S,T). d to f) Decoders "
    "of encoding turned by the own rotation, that of another item of the same age, that of another "
    "time, and a random one. Points and lines: mean and 95 % interval over subjects. One-vs-rest "
    "balanced accuracy, chance .5 (dashed).",
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=size_figure,
)
