"""Orthogonalisation in perceptual and encoding space, beside what meaningless labels give."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style

SPACE_COLOURS = {"perceptual": COLOURS[0], "encoding": COLOURS[1]}
PERMUTED, SIMPLEX = "permuted labels", "simplex"
SIDE = 0.17


def orthogonality_figure(
    comparisons: Sequence[xr.Dataset], path_stem: str | Path, *, over: xr.Dataset | None = None
) -> list[Path]:
    """Draw the index in both spaces, as they are and reduced, and the difference.

    Parameters
    ----------
    comparisons : sequence of xarray.Dataset
        From :func:`wmsim.pipeline.compare_orthogonality`, one a subject.
    path_stem : path-like
        Where to write, without ending.
    over : xarray.Dataset, optional
        From :func:`wmsim.pipeline.over_subjects`; its intervals are drawn.

    Returns
    -------
    list of pathlib.Path
    """
    first = comparisons[0]
    features = [str(name) for name in first["feature"].values]
    with style():
        figure = new_figure(1.9 * len(features) + 0.9, 4.6)
        panels = figure.subplots(2, len(features), sharex=True, squeeze=False)
        for column, feature in enumerate(features):
            upper, lower = panels[:, column]
            of_feature = [one.sel(feature=feature) for one in comparisons]
            _indices(upper, of_feature)
            _differences(lower, of_feature, over, feature)
            k = int(first["n_values"].sel(feature=feature).max())
            upper.set_title(f"{feature} (1 of {k})")
            _name_reductions(lower, first)
        panels[0, 0].set_ylabel("orthogonalisation index O")
        panels[1, 0].set_ylabel("O perceptual - O encoding")
        entries = panels[0, 0].get_legend_handles_labels()
        more = panels[1, 0].get_legend_handles_labels()
        figure.legend(
            [*entries[0], *more[0]], [*entries[1], *more[1]], loc="outside lower center",
            ncols=2, handletextpad=0.4,
        )  # fmt: skip
        return save_figure(figure, path_stem)


def single_space_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw the index of one recording, task by task, beside its nulls.

    Parameters
    ----------
    found : xarray.Dataset
        From :func:`wmsim.pipeline.orthogonality`.
    path_stem : path-like
        Where to write, without ending.

    Returns
    -------
    list of pathlib.Path
    """
    features = [str(name) for name in found["feature"].values]
    with style():
        figure = new_figure(1.9 * len(features) + 0.9, 2.9)
        panels = figure.subplots(1, len(features), squeeze=False)
        for panel, feature in zip(panels[0], features, strict=True):
            _indices(panel, [found.sel(feature=feature).expand_dims(space=["this recording"])])
            panel.set_title(f"{feature} (1 of {int(found['n_values'].sel(feature=feature))})")
            _name_reductions(panel, found)
        panels[0, 0].set_ylabel("orthogonalisation index O")
        figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center")
        return save_figure(figure, path_stem)


def _indices(panel: Any, comparisons: list[xr.Dataset]) -> None:
    """Points: tasks of one subject, or subjects; grey: range under permuted labels."""
    spaces = [str(name) for name in comparisons[0]["space"].values]
    kinds = comparisons[0]["reduction"].values
    for place, space in enumerate(spaces):
        shift = 0.0 if len(spaces) == 1 else (place - 0.5) * 2 * SIDE
        own = [one.sel(space=space) for one in comparisons]
        colour = SPACE_COLOURS.get(space, COLOURS[0])
        for at in range(kinds.size):
            values = _points([one["index"].isel(reduction=at) for one in own])
            _range(panel, at + shift, own, at, label=place == 0 and at == 0)
            spread = np.linspace(-0.07, 0.07, values.size) if values.size > 1 else np.zeros(1)
            panel.plot(
                at + shift + spread, values, "o", ms=3, color=colour, mew=0, zorder=3,
                label=f"{space}, a {_unit(comparisons)} a point" if at == 0 else None,
            )  # fmt: skip
    simplex = float(comparisons[0]["null_mean"].sel(null=SIMPLEX).max())
    panel.axhline(
        simplex, color="black", lw=0.8, ls=":", zorder=0, label="regular simplex, 1 - 1/(k - 1)"
    )


def _range(panel: Any, x: float, own: list[xr.Dataset], at: int, *, label: bool) -> None:
    low, high = (
        float(
            np.nanmean([one[f"null_{part}"].isel(reduction=at).sel(null=PERMUTED) for one in own])
        )
        for part in ("low", "high")
    )
    if np.isfinite(low):
        panel.plot(
            [x, x], [low, high], color=GREY, lw=6, alpha=0.35, solid_capstyle="butt", zorder=1,
            label="permuted labels, 95 % range (mean of tasks)" if label else None,
        )  # fmt: skip


def _differences(
    panel: Any, comparisons: list[xr.Dataset], over: xr.Dataset | None, feature: str
) -> None:
    for at in range(comparisons[0].sizes["reduction"]):
        for name, shift, colour, marker, told in (
            ("difference", -SIDE, "black", "o", "difference"),
            ("null_difference", SIDE, GREY, "D", "the same of permuted labels (means)"),
        ):
            values = _points([one[name].isel(reduction=at) for one in comparisons])
            spread = np.linspace(-0.07, 0.07, values.size) if values.size > 1 else np.zeros(1)
            panel.plot(
                at + shift + spread, values, marker, ms=2.5, color=colour, mew=0, ls="none",
                label=told if at == 0 else None,
            )  # fmt: skip
        _interval(panel, at - SIDE, over, feature, at)
    panel.axhline(0, color="black", lw=0.8, ls=":")


def _interval(panel: Any, x: float, over: xr.Dataset | None, feature: str, at: int) -> None:
    if over is None or over.attrs["n_subjects"] < 2:
        return
    one = over.sel(feature=feature).isel(reduction=at)
    mean, low, high = (float(one[f"difference{end}"]) for end in ("", "_low", "_high"))
    panel.errorbar(
        x - 0.12, mean, [[mean - low], [high - mean]], fmt="_", color=COLOURS[3], lw=1.5, ms=7,
        label="mean, 95 % interval over subjects" if at == 0 else None,
    )  # fmt: skip


def _points(values: list[xr.DataArray]) -> np.ndarray:
    """Of one subject its tasks; of several, each one's mean over tasks."""
    if len(values) > 1:
        return np.array([float(one.mean("task")) for one in values])
    found = values[0].values.ravel()
    return found[np.isfinite(found)]


def _unit(comparisons: list[xr.Dataset]) -> str:
    return "subject" if len(comparisons) > 1 else "task"


def _name_reductions(panel: Any, found: xr.Dataset) -> None:
    names = [str(name).replace(" ", "\n", 1) for name in found["reduction"].values]
    panel.set_xticks(range(len(names)), names)
    panel.set_xlim(-0.5, len(names) - 0.5)
