"""Figure 4b: decoders of encoding, tested at every later step."""

from __future__ import annotations

import numpy as np
import xarray as xr

from wmsim.figures.paper_memory import encoding_to_memory_figure
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.memory import (
    METRIC_NOTE,
    from_own_encoding,
    main_kind,
    memory_of,
    name_of,
    per_subject,
)
from wmsim.reproduce.study import Study

SHOWN = "identity"
DROP = 0.10


def kinds(config: ReproduceConfig) -> list[Kind]:
    """GRUs that learned all tasks."""
    return [main_kind(config)]


def measure(study: Study) -> xr.Dataset:
    """Accuracy of decoders of E(S, S) for item S at step T, of every task's feature."""
    kind = main_kind(study.config)
    memory = memory_of(study, kind)
    return xr.Dataset(
        {
            "accuracy": from_own_encoding(memory).assign_attrs(
                long_name="decoders of E(S,S), tested for item S at step T"
            ),
            **{name: memory[name] for name in ("executive", "in_use", "age")},
        },
        attrs={"architecture": kind.architecture, "shown_feature": SHOWN},
    )


def claims(found: xr.Dataset) -> list[Claim]:
    """Decoders of encoding do not read memory, in each of the identity tasks that are shown."""
    who = name_of(found.attrs["architecture"])
    chosen = found.isel(task=np.flatnonzero(found["feature"].values == SHOWN))
    result = []
    for task in chosen["task"].values.tolist():
        one = chosen.sel(task=task)
        lost = per_subject(one["accuracy"].where(one["age"] == 0)) - per_subject(
            one["accuracy"].where(one["in_use"] == 1)
        )
        result.append(
            Claim(
                f"{who}, {task}: decoders of encoding do not generalise to memory, against "
                "fixed slots (section 4.3, figure 4b)",
                f"accuracy of decoders of E(S,S) in E(S,S) minus that in M(S,T), mean over memory "
                f"spaces in use ({METRIC_NOTE})",
                lost,
                at_least=DROP,
                note=f"The bound is ours: a loss of {DROP:.2f} or more is called clear.",
            )
        )
    return result


FIGURE = Figure(
    name="fig4b",
    title="Decoders of encoding, tested at later steps",
    caption="Accuracy of decoders of object identity that were fitted when an item was shown, "
    "E(S,S) on the diagonal, and tested for the same item at later steps, in networks that learned "
    "all nine tasks. Red frames: the executive step, which compares with the item. Numbers: mean "
    "and half the 95 % interval over subjects; one-vs-rest balanced accuracy, chance .5.",
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=encoding_to_memory_figure,
)
