"""The generalisation tensor as a picture: trained at (S, T), tested at (S', T')."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.figures.style import new_figure, save_figure, style

# Corrected p at which a cell is marked.
LEVEL = 0.05


def tensor_map(
    tensor: xr.Dataset,
    analyses: list[int],
    path_stem: str | Path,
    *,
    metric: str = "balanced",
    steps: list[str] | None = None,
) -> list[Path]:
    """Draw generalisation tensors side by side.

    Where a tensor has ``p_max``, cells in which it is at most .05 get a dot.

    Parameters
    ----------
    tensor : xarray.Dataset
        See :func:`wmsim.pipeline.results.tensor_dataset`.
    analyses : list of int
        Which of its analyses.
    path_stem : path-like
        Where to write, without ending.
    metric : {"balanced", "multiclass"}
        Which accuracy.
    steps : list of str, optional
        Names of steps; those that are no items are named in the labels.

    Returns
    -------
    list of pathlib.Path
    """
    with style():
        n_states = tensor.sizes["train_state"]
        side = max(1.2 + 0.125 * n_states, 2.9)
        figure = new_figure(side * len(analyses) + 1.1, side + 0.35)
        panels = np.atleast_1d(figure.subplots(1, len(analyses)))
        for panel, analysis in zip(panels, analyses, strict=True):
            one = tensor.isel(analysis=analysis)
            values = one["accuracy"].sel(metric=metric).values
            chance = 0.5 if metric == "balanced" else 1 / int(one["n_values"])
            image = panel.imshow(values, vmin=chance, vmax=1, cmap="viridis", origin="upper")
            _mark(panel, one, metric)
            labels = [
                state_name(s, t, steps)
                for s, t in zip(
                    tensor["train_item"].values, tensor["train_step"].values, strict=True
                )
            ]
            panel.set_xticks(range(n_states), labels, rotation=90, fontsize=5.5)
            panel.set_yticks(range(n_states), labels, fontsize=5.5)
            for edge in np.flatnonzero(np.diff(tensor["train_item"].values)) + 0.5:
                panel.axhline(edge, color="white", lw=0.8)
                panel.axvline(edge, color="white", lw=0.8)
            panel.set(xlabel="tested at", ylabel="trained at")
            panel.set_title(f"{one['task'].item()}: {one['feature'].item()}")
            panel.spines[:].set_visible(False)
        named = "balanced accuracy" if metric == "balanced" else "multiclass accuracy"
        bar = figure.colorbar(image, ax=list(panels), fraction=0.04, pad=0.02)
        bar.set_label(f"{named} (from chance)")
        return save_figure(figure, path_stem)


def _mark(panel: Any, tensor: xr.Dataset, metric: str) -> None:
    """A dot in each cell that is above chance, corrected for all cells."""
    if "p_max" not in tensor:
        return
    rows, columns = np.nonzero(tensor["p_max"].sel(metric=metric).values <= LEVEL)
    # Black with a white rim is seen on dark cells and on bright ones.
    panel.scatter(columns, rows, s=3.5, c="black", edgecolors="white", linewidths=0.3)


def state_name(item: int, step: int, steps: list[str] | None) -> str:
    """Short name of a state.

    Examples
    --------
    >>> steps = ["item 1", "item 2", "maintenance"]
    >>> [state_name(0, step, steps) for step in range(3)]
    ['E1', 'M1,2', 'M1,maint.']
    """
    name = steps[step] if steps is not None else f"item {step + 1}"
    if name == f"item {item + 1}":
        return f"E{item + 1}"
    where = str(int(name.split()[1])) if name.startswith("item ") else f"{name[:5]}."
    return f"M{item + 1},{where}"
