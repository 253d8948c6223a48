"""Figures 4g and A4: decoders of encoding, rotated with the rotation of another memory space."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from wmsim.figures.intervals import (
    ARCHITECTURES,
    by_subject,
    chance_line,
    point,
    tell_n,
    with_interval,
)
from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEATURES = ("location", "identity", "category")
OWN, OTHER_ITEM, OTHER_TIME, RANDOM = "black", COLOURS[0], COLOURS[1], GREY


def swaps_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw accuracies with every rotation that was swapped in; rows features, columns tasks.

    Parameters
    ----------
    found : xarray.Dataset
        ``fitted``, ``random_rotation`` (architecture, subject, task, item, step, metric),
        ``swap_stimulus`` (..., offset, metric), ``swap_time`` (..., shift, metric), ``in_use``
        and ``donor_in_use`` (..., shift), with ``feature`` and ``n_back`` of each task.
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    counts = np.unique(found["n_back"].values).tolist()
    columns = [(name, n) for name in found["architecture"].values.tolist() for n in counts]
    with style():
        figure = new_figure(1.85 * len(columns) + 0.6, 5.0)
        axes = figure.subplots(len(FEATURES), len(columns), squeeze=False, sharex=True, sharey=True)
        for (row, column), ax in np.ndenumerate(axes):
            architecture, n = columns[column]
            own = (found["feature"].values == FEATURES[row]) & (found["n_back"].values == n)
            for task in np.flatnonzero(own):
                swap_panel(ax, found.sel(architecture=architecture).isel(task=task))
            if row == 0:
                ax.set_title(f"{ARCHITECTURES.get(architecture, architecture)}, {n}-back")
            if column == 0:
                ax.set_ylabel(f"{FEATURES[row]}\nbalanced accuracy")
        axes[0, 0].set_ylim(0.4, 1.03)
        tell_n(axes[-1, 0], found.sizes["subject"])
        figure.legend(
            handles=legend_handles(axes[0, 0]), loc="outside upper center",
            ncols=5 if len(columns) > 4 else 3, fontsize=7,
        )  # fmt: skip
        figure.supxlabel("rotation that is used", fontsize=8)
        return save_figure(figure, path_stem)


def swap_panel(ax: Axes, one: xr.Dataset) -> None:
    """Mean and interval for each rotation, of one architecture and task.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.
    one : xarray.Dataset
        As for :func:`swaps_figure`, without ``architecture``; several tasks are averaged.
    """
    spaces = ("item", "step")
    fitted = by_subject(one["fitted"].where(one["in_use"] == 1), *spaces)
    ax.axhline(float(with_interval(fitted)[0]), color="#BBBBBB", lw=2.5, zorder=0)
    chance_line(ax)
    offsets = [
        int(k) for k in one["offset"].values if one["swap_stimulus"].sel(offset=k).notnull().any()
    ]
    for k in offsets:
        colour = OWN if k == 0 else OTHER_ITEM
        values = by_subject(one["swap_stimulus"].sel(offset=k), *spaces)
        point(ax, k, values, fmt="D" if k == 0 else "o", color=colour)
    right = int(one["offset"].max())
    for place, shift in enumerate(one["shift"].values.tolist()):
        swapped = one["swap_time"].sel(shift=shift)
        useful = one["donor_in_use"].sel(shift=shift) == 1
        for chosen, face, aside in ((useful, OTHER_TIME, -0.2), (~useful, "white", 0.2)):
            shown = by_subject(swapped.where(chosen), *spaces)
            point(ax, right + place + aside, shown, fmt="s", color=OTHER_TIME, mfc=face)
    point(ax, right + 2, by_subject(one["random_rotation"], *spaces), fmt="^", color=RANDOM)
    every = range(1 - right, right)
    ticks = {k: _offset_label(k) for k in every} | {
        right: "T−1",
        right + 1: "T+1",
        right + 2: "random",
    }
    ax.set_xticks(list(ticks), list(ticks.values()), rotation=90, fontsize=6.5)
    ax.set_xlim(0.4 - right, right + 2.6)
    for edge in (right - 0.5, right + 1.5):
        ax.axvline(edge, color="#DDDDDD", lw=0.8, zorder=0)


def _offset_label(k: int) -> str:
    return "R(S,T)" if k == 0 else f"k = {k:+d}".replace("-", "−")


def legend_handles(ax: Axes) -> list:
    """What marks mean."""
    looks = (
        ("D", OWN, OWN, "own: R(S,T)"),
        ("o", OTHER_ITEM, OTHER_ITEM, "other item: R(S+k,T+k)"),
        ("s", OTHER_TIME, OTHER_TIME, "other time: R(S,T±1)"),
        ("s", OTHER_TIME, "white", "other time, item no longer of use"),
        ("^", RANDOM, RANDOM, "random rotation"),
    )
    handles = []
    for marker, colour, face, label in looks:
        handles += ax.plot([], [], marker, color=colour, mfc=face, ms=4, label=label)
    return handles
