"""Orthogonalisation in perceptual and encoding space, over subjects and architectures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from wmsim.figures.intervals import ARCHITECTURES, point, tell_n
from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SPACES = ("perceptual", "encoding")
SIDE = 0.16


def orthogonality_by_architecture(
    found: xr.Dataset, reduction: str, path_stem: str | Path
) -> list[Path]:
    """Draw the index in both spaces, and their difference.

    Parameters
    ----------
    found : xarray.Dataset
        ``index`` and ``null_mean`` (architecture, subject, space, feature, reduction),
        ``difference`` and ``null_difference`` (architecture, subject, feature, reduction),
        ``n_values`` (feature).
    reduction : str
        Which.
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    chosen = found.sel(reduction=reduction)
    features = chosen["feature"].values.tolist()
    names = [ARCHITECTURES.get(name, name) for name in chosen["architecture"].values.tolist()]
    with style():
        figure = new_figure(1.9 * len(features) + 0.9, 4.2)
        panels = figure.subplots(2, len(features), sharex=True, sharey="row", squeeze=False)
        for column, feature in enumerate(features):
            upper, lower = panels[:, column]
            one = chosen.sel(feature=feature)
            _indices(upper, one)
            _differences(lower, one)
            k = int(one["n_values"].max())
            upper.axhline(1 - 1 / (k - 1), color="black", lw=0.8, ls=":", zorder=0,
                          label="regular simplex")  # fmt: skip
            upper.set_title(f"{feature} (1 of {k})")
            lower.set_xticks(range(len(names)), [name.replace(" ", "\n") for name in names])
        tell_n(panels[1, 0], chosen.sizes["subject"])
        panels[0, 0].set_ylabel("orthogonalisation index O")
        panels[1, 0].set_ylabel("O perceptual $-$ O encoding")
        handles: dict[str, Any] = {}
        for panel in panels[:, 0]:
            handles |= dict(zip(*reversed(panel.get_legend_handles_labels()), strict=True))
        figure.legend(
            list(handles.values()), list(handles), loc="outside lower center", ncols=2, fontsize=7
        )
        return save_figure(figure, path_stem)


def _indices(panel: Axes, one: xr.Dataset) -> None:
    for place in range(one.sizes["architecture"]):
        of_network = one.isel(architecture=place)
        for side, space in enumerate(SPACES):
            x = place + (2 * side - 1) * SIDE
            null = of_network["null_mean"].sel(space=space).values
            mean = np.nanmean(null) if np.isfinite(null).any() else np.nan
            panel.hlines(mean, x - 0.13, x + 0.13, color=GREY, lw=2, zorder=1,
                         label="permuted labels, mean" if place == side == 0 else "_")  # fmt: skip
            values = of_network["index"].sel(space=space).values
            panel.plot(np.full(values.size, x), values, "o", ms=2, alpha=0.4, color=COLOURS[side])
            point(panel, x, values[:, None].ravel(), color=COLOURS[side],
                  label=space if place == 0 else None)  # fmt: skip


def _differences(panel: Axes, one: xr.Dataset) -> None:
    for place in range(one.sizes["architecture"]):
        of_network = one.isel(architecture=place)
        point(panel, place - SIDE, of_network["difference"].values, color="black",
              label="difference" if place == 0 else None)  # fmt: skip
        point(panel, place + SIDE, of_network["null_difference"].values, color=GREY, fmt="D",
              label="the same of permuted labels" if place == 0 else None)  # fmt: skip
    panel.axhline(0, color="black", lw=0.8, ls=":")
