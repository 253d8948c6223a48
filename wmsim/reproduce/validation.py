"""Accuracy of decoders within each task, as a table of models and features; claims about it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from wmsim.reproduce.claims import Claim
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.transfer import own_task

# "Fully retrievable" has no number in the paper; all its decoders reached .85.
FULLY, KEPT = 0.95, 0.85
# A smaller difference counts as none.
MORE = 0.01
OURS = "The bound is ours: the paper prints none."
NESTED = (
    "Category follows from identity, and half of identity from category, so that a network that "
    "keeps the one keeps something of the other."
)


def validation_rows(parts: Sequence[tuple[str, Kind, xr.Dataset]]) -> xr.Dataset:
    """Accuracy within each task of several kinds, one row a task of a kind.

    Parameters
    ----------
    parts : sequence of (str, Kind, xarray.Dataset)
        Group (panel of a figure), kind, and its transfer, see
        :func:`wmsim.reproduce.transfer.transfer`.

    Returns
    -------
    xarray.Dataset
        ``validation`` (subject, row, feature, metric), ``asked`` and ``nested`` (row, feature);
        coordinates ``group``, ``kind``, ``row_feature`` (the asked one) and ``row_n`` (row).
    """
    rows = [_rows(group, kind, found) for group, kind, found in parts]
    return xr.concat(rows, "row", data_vars="minimal", join="outer", combine_attrs="override")


def _rows(group: str, kind: Kind, found: xr.Dataset) -> xr.Dataset:
    own = own_task(found).rename(task="row", asked_feature="row_feature", n_back="row_n")
    own = own.drop_vars("row")
    nested = found["nested"].isel(subject=0).transpose("task", "feature").values
    rows = xr.Dataset(
        {
            "validation": own.transpose("subject", "row", "feature", "metric"),
            "asked": (own["feature"] == own["row_feature"]).transpose("row", "feature"),
            "nested": (("row", "feature"), nested),
        }
    )
    n = rows.sizes["row"]
    return rows.assign_coords(group=("row", [group] * n), kind=("row", [kind.name] * n))


def cell_mean(rows: xr.Dataset, chosen: xr.DataArray) -> xr.DataArray:
    """Mean validation accuracy over some cells.

    Parameters
    ----------
    rows : xarray.Dataset
        From :func:`validation_rows`.
    chosen : xarray.DataArray of bool
        Cells, dims (row, feature).

    Returns
    -------
    xarray.DataArray
        Dims (subject, metric); NaN where no cell was decoded.
    """
    return rows["validation"].where(chosen).mean(("row", "feature"))


def irrelevant(rows: xr.Dataset, group: str, *, free: bool = False) -> xr.DataArray:
    """Cells of a group that are not asked for; `free` ones do not follow from what is either."""
    cells = ~rows["asked"] & (rows["group"] == group)
    return cells & ~rows["nested"] if free else cells


def relevant(rows: xr.Dataset, group: str) -> xr.DataArray:
    """Cells of a group that are asked for."""
    return rows["asked"] & (rows["group"] == group)


def mean_claim(
    claim: str, statistic: str, values: xr.DataArray, *, note: str = "", paper: str = "",
    at_least: float | None = None, at_most: float | None = None,
) -> Claim:  # fmt: skip
    """A claim on balanced accuracy; the note tells the same in multiclass accuracy.

    Parameters
    ----------
    claim, statistic, note, paper, at_least, at_most
        See :class:`wmsim.reproduce.claims.Claim`.
    values : xarray.DataArray
        Dims (subject, metric).
    """
    other = values.sel(metric="multiclass").values
    other = other[np.isfinite(other)]
    told = f"In multiclass accuracy: {other.mean():.3f}." if other.size else ""
    return Claim(
        claim,
        f"{statistic}; one-vs-rest balanced accuracy",
        values.sel(metric="balanced").transpose("subject").values.tolist(),
        at_least=at_least, at_most=at_most, paper=paper,
        note=" ".join(part for part in (note, told) if part),
    )  # fmt: skip


def kept_claims(rows: xr.Dataset, group: str, name: str, where: str) -> list[Claim]:
    """Claims on networks that keep everything: what is asked for in full, the rest above .85.

    Parameters
    ----------
    rows : xarray.Dataset
        From :func:`validation_rows`.
    group, name : str
        Group, and what it is called.
    where : str
        Section or figure.
    """
    return [
        mean_claim(
            f"{name}: the asked feature can be read out in full ({where})",
            "E(1,1), held-out pictures, asked feature, mean over tasks",
            cell_mean(rows, relevant(rows, group)), at_least=FULLY, paper="full", note=OURS,
        ),
        mean_claim(
            f"{name}: features that are not asked for are kept well ({where})",
            "E(1,1), held-out pictures, other features, mean over tasks and features",
            cell_mean(rows, irrelevant(rows, group)), at_least=KEPT, paper="> .85", note=NESTED,
        ),
        mean_claim(
            f"{name}: so are those that the asked one tells nothing about ({where})",
            "E(1,1), new pictures, location where an object's feature is asked for and object's "
            "features where location is; mean over tasks and features",
            cell_mean(rows, irrelevant(rows, group, free=True)), at_least=KEPT, paper="> .85",
            note="A stricter reading of the claim before: nested features left out.",
        ),
    ]  # fmt: skip
