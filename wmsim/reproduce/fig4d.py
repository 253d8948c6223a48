"""Figure 4d: is the encoding space shared by all items?"""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from wmsim.figures.paper_memory import shared_encoding_figure
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.memory import (
    METRIC_NOTE,
    by_architecture,
    mean_over_subjects,
    mtmf_kinds,
    name_of,
    per_subject,
)
from wmsim.reproduce.study import Study

CLOSE = 0.05
ITEMS = ("trained_item",)


def measure(study: Study) -> xr.Dataset:
    """Decoders of E(i, i) at E(j, j), dims (architecture, subject, task, trained_item, ...)."""
    memory = by_architecture(study, mtmf_kinds(study.config), ["from_encoding", "age"])
    shown = memory["from_encoding"].where(memory["age"] == 0).mean("step")
    return xr.Dataset(
        {
            "accuracy": shown.transpose(
                "architecture", "subject", "task", "trained_item", "item", "metric"
            ).assign_attrs(long_name="decoders of E(i,i) of the trained item, tested at E(j,j)")
        }
    )


def validation(found: xr.Dataset) -> xr.DataArray:
    """Accuracy at the item that decoders were fitted to."""
    return _where(found, same=True)


def elsewhere(found: xr.Dataset) -> xr.DataArray:
    """Mean accuracy at the other items."""
    return _where(found, same=False)


def by_order(found: xr.Dataset, *, later: bool) -> xr.DataArray:
    """Accuracy at items that come later (or earlier) than the one that was fitted."""
    at, of = found["item"], found["trained_item"]
    return found["accuracy"].where((at > of) if later else (at < of)).mean("item")


def _where(found: xr.Dataset, *, same: bool) -> xr.DataArray:
    chosen = (found["trained_item"] == found["item"]) == same
    return found["accuracy"].where(chosen).mean("item")


def claims(found: xr.Dataset) -> list[Claim]:
    """Validation and transfer to other items are almost the same."""
    result = []
    for row, architecture in enumerate(found["architecture"].values.tolist()):
        one = found.isel(architecture=row)
        own, other = validation(one), elsewhere(one)
        lost = per_subject(own, over=ITEMS) - per_subject(other, over=ITEMS)
        arms = (own, other, by_order(one, later=True), by_order(one, later=False))
        means = [mean_over_subjects(arm, over=ITEMS) for arm in arms]
        result.append(
            Claim(
                f"{name_of(architecture)}: items share one encoding space: decoders do almost as "
                "well at other items as at their own (section 4.3, figure 4d)",
                "accuracy of decoders of E(i,i) at E(i,i) minus that at E(j,j), mean over items, "
                f"then over all tasks ({METRIC_NOTE})",
                lost,
                at_least=-CLOSE,
                at_most=CLOSE,
                note=f"The bound is ours: a difference within {CLOSE:.2f} is called almost none. "
                f"Accuracies: {means[0]:.3f} at the own item, {means[1]:.3f} at others: "
                f"{means[2]:.3f} at later items than the one fitted, {means[3]:.3f} at earlier "
                "ones. Decoders that were fitted while memory was emptier need not ignore what it "
                "holds later, even if items are encoded alike.",
            )
        )
    return result


def _draw(found: xr.Dataset, path_stem: Path) -> list[Path]:
    shown = found.assign(validation=validation(found), elsewhere=elsewhere(found))
    return shared_encoding_figure(shown, path_stem)


FIGURE = Figure(
    name="fig4d",
    title="One encoding space for all items",
    caption="Accuracy of decoders fitted at E(i,i), on held-out trials of the same item "
    "(validation, left boxes) and of the other items, E(j,j) (right boxes), by feature, in "
    "networks that learned all nine tasks. Points and boxes: items and tasks, mean over subjects. "
    "Diamonds: mean and 95 % interval over subjects. One-vs-rest balanced accuracy, chance .5 "
    "(dashed).",
    kinds=mtmf_kinds,
    measure=measure,
    claims=claims,
    draw=_draw,
)
