"""Transfer between tasks: decoders of one task, tested in every task."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from wmsim.figures.style import new_figure, save_figure, style

PANELS = {
    "transfer": "z-scored in\nthe tested task",
    "transfer_trained_scaling": "z-scored in\nthe trained task",
}


def task_order(decoders: xr.Dataset) -> list[int]:
    """Tasks that ask for the feature first, then by what they ask for, then by name."""
    asked, named = decoders["asked"].values, decoders["asked_feature"].values.astype(str)
    names = decoders["task"].values.astype(str)
    return sorted(range(names.size), key=lambda n: (not asked[n], named[n], names[n]))


def transfer_figure(
    decoders: xr.Dataset, path_stem: str | Path, *, metric: str = "balanced"
) -> list[Path]:
    """Draw accuracies of decoders in every task, once for each way of scaling.

    Parameters
    ----------
    decoders : xarray.Dataset
        From :func:`wmsim.pipeline.decode`.
    path_stem : path-like
        Where to write, without ending.
    metric : {"balanced", "multiclass"}
        Which accuracy.

    Returns
    -------
    list of pathlib.Path
    """
    from matplotlib.colors import TwoSlopeNorm

    order = task_order(decoders)
    chance = 0.5 if metric == "balanced" else 1 / decoders.sizes["value"]
    names = [str(name) for name in decoders["task"].values[order]]
    with style():
        side = max(0.29 * len(order), 1.2)
        figure = new_figure(2 * side + 2.8, side + 1.75)
        panels = figure.subplots(1, 2, sharey=True)
        # White is chance, so that what is above and below it can be told apart at a glance.
        norm = TwoSlopeNorm(chance, 0.0, 1.0)
        for panel, (name, title) in zip(panels, PANELS.items(), strict=True):
            values = decoders[name].sel(metric=metric).values[np.ix_(order, order)]
            image = panel.imshow(values, norm=norm, cmap="RdBu_r")
            _write_values(panel, values, chance)
            panel.set_xticks(range(len(names)), names, rotation=90)
            panel.set_yticks(range(len(names)), names)
            panel.tick_params(length=0)
            panel.spines[:].set_visible(False)
            panel.set_title(title)
            panel.set_xlabel("tested in")
            for edge in _edges(decoders, order):
                panel.axhline(edge, color="black", lw=0.8)
                panel.axvline(edge, color="black", lw=0.8)
        panels[0].set_ylabel("trained in")
        bar = figure.colorbar(image, ax=list(panels), fraction=0.035, pad=0.02)
        bar.set_label(f"{metric} accuracy")
        bar.ax.axhline(chance, color="black", lw=1.2)
        bar.set_ticks([0.0, chance, 1.0], labels=["0", f"{chance:.2g} (chance)", "1"])
        return save_figure(figure, path_stem)


def _write_values(panel, values: np.ndarray, chance: float) -> None:  # type: ignore[no-untyped-def]
    size = 6.5 if len(values) <= 12 else 4.5
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            dark = (value - chance) / (1 - chance) > 0.65 or value < 0.35 * chance
            panel.text(
                column, row, f"{value:.2f}".lstrip("0"), ha="center", va="center",
                fontsize=size, color="white" if dark else "black",
            )  # fmt: skip


def _edges(decoders: xr.Dataset, order: list[int]) -> np.ndarray:
    """Where tasks begin that ask for something else."""
    named = decoders["asked_feature"].values.astype(str)[order]
    return np.flatnonzero(named[1:] != named[:-1]) + 0.5
