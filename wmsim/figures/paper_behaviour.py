"""Learning, and accuracy against the number of parameters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from wmsim.figures.intervals import ARCHITECTURES, with_interval
from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SPLITS = {
    "train": "trained view angles",
    "novel_angle": "novel view angles",
    "novel_identity": "novel identities",
}
MARKERS = "osD^v"


def behaviour_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw learning curves and accuracies.

    Parameters
    ----------
    found : xarray.Dataset
        ``learning`` (kind, subject, iteration), ``accuracy`` (kind, subject, split),
        ``parameters`` (kind, subject); ``architecture`` and ``units`` of each kind.
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    splits = [split for split in SPLITS if split in found["split"].values]
    with style():
        figure = new_figure(2.3 * (1 + len(splits)), 2.6)
        axes = figure.subplots(1, 1 + len(splits))
        _learning(axes[0], found)
        lowest = float(found["accuracy"].min())
        for ax, split in zip(axes[1:], splits, strict=True):
            _against_parameters(ax, found.sel(split=split))
            ax.set_title(SPLITS[split])
            ax.set_ylim(max(0.0, lowest - 0.05), 1.01)
        axes[1].set_ylabel("accuracy over all steps")
        axes[1].legend(fontsize=7, loc="lower right")
        for ax in axes[2:]:
            ax.tick_params(labelleft=False)
        return save_figure(figure, path_stem)


def _architectures(found: xr.Dataset) -> list[str]:
    return list(dict.fromkeys(found["architecture"].values.tolist()))


def _learning(ax: Axes, found: xr.Dataset) -> None:
    """A line for each subject of the largest size of each architecture."""
    for number, name in enumerate(_architectures(found)):
        own = found.isel(kind=np.flatnonzero(found["architecture"].values == name))
        largest = own.isel(kind=int(np.argmax(own["units"].values)))
        for row, subject in enumerate(largest["learning"].values):
            here = np.isfinite(subject)
            label = (
                f"{ARCHITECTURES.get(name, name)}, {int(largest['units'])}" if row == 0 else None
            )
            ax.plot(
                largest["iteration"].values[here], subject[here], color=COLOURS[number], lw=1,
                alpha=0.8, label=label,
            )  # fmt: skip
    ax.set_xlabel("iteration")
    ax.set_ylabel("accuracy over all steps")
    ax.set_title("learning")
    ax.set_ylim(top=1.01)
    ax.legend(fontsize=7, loc="lower right", title="units", title_fontsize=7)


def _against_parameters(ax: Axes, found: xr.Dataset) -> None:
    for number, name in enumerate(_architectures(found)):
        own = found.isel(kind=np.flatnonzero(found["architecture"].values == name))
        own = own.isel(kind=np.argsort(own["units"].values))
        parameters = own["parameters"].values[:, 0]
        values = own["accuracy"].values
        ax.plot(parameters, values, MARKERS[number], color=COLOURS[number], ms=2.5, alpha=0.35)
        mean, error = with_interval(values.T)
        known = error if np.isfinite(error).all() else None
        ax.errorbar(
            parameters, mean, known, fmt=f"-{MARKERS[number]}", ms=4, lw=1,
            color=COLOURS[number], capsize=2, label=ARCHITECTURES.get(name, name),
        )  # fmt: skip
    ax.set_xscale("log")
    ax.set_xlabel("trained parameters")
    ax.axhline(1, color=GREY, lw=0.5, ls=":")
    n = found.sizes["subject"]
    ax.text(0.03, 0.03, f"n = {n}", transform=ax.transAxes, fontsize=7, color=GREY)
