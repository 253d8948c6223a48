"""Figure of identities that were never trained: behaviour, codes and memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from wmsim.figures.intervals import ARCHITECTURES, chance_line, point, tell_n
from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEATURES = ("location", "identity", "category")
SPLITS = (
    ("train", "trained angles", GREY, "D"),
    ("novel_angle", "novel angles", COLOURS[0], "o"),
    ("novel_identity", "novel identities", COLOURS[1], "s"),
)
# What decoders are fitted to and tested on.
ARMS = (
    ("trained", "trained", "trained → trained", COLOURS[0], "o"),
    ("novel", "novel", "novel → novel", COLOURS[1], "s"),
    ("trained", "novel", "trained → novel", COLOURS[3], "^"),
    ("novel", "trained", "novel → trained", COLOURS[4], "v"),
)
NUMBERS = (
    ("encoding", "E(S,S)"),
    ("encoding_to_memory", "E(S,S)\nin M(S,T)"),
    ("memory", "M(S,T)"),
    ("reconstructed", "own\nR(S,T)"),
    ("other_item", "other\nitem"),
    ("other_time", "other\ntime"),
    ("random_rotation", "random"),
)
IDENTITIES = (("trained", COLOURS[0], COLOURS[0], "o"), ("novel", COLOURS[1], "white", "s"))


def novel_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw behaviour, decoders across splits, and memory spaces, a row an architecture.

    Parameters
    ----------
    found : xarray.Dataset
        ``executive_by_task`` (architecture, subject, split, task); ``accuracy`` (architecture,
        subject, scaling, feature, fitted, tested, task, item, metric) with ``asked_feature``
        (task); numbers of memory spaces (architecture, subject, identities, metric).
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    names = found["architecture"].values.tolist()
    with style():
        figure = new_figure(9.4, 2.15 * len(names) + 0.9)
        axes = figure.subplots(len(names), 3, squeeze=False, width_ratios=[1, 1.05, 1.75])
        for row, name in enumerate(names):
            one = found.isel(architecture=row)
            _behaviour(axes[row, 0], one)
            _codes(axes[row, 1], one)
            _memory(axes[row, 2], one)
            who = ARCHITECTURES.get(name, name)
            axes[row, 0].set_ylabel(f"{who}\nexecutive accuracy")
            axes[row, 1].set_ylabel("balanced accuracy at E(S,S)")
            axes[row, 2].set_ylabel("balanced accuracy")
        tell_n(axes[0, 0], found.sizes["subject"])
        for ax, title in zip(axes[0], ("behaviour", "fitted → tested", "memory"), strict=True):
            handles, labels = ax.get_legend_handles_labels()
            ax.legend(
                handles, labels, fontsize=6, ncols=2 if len(labels) > 2 else 3, title=title,
                title_fontsize=7, loc="lower center", bbox_to_anchor=(0.5, 1.0),
            )  # fmt: skip
        for ax in axes[:-1].ravel():
            ax.tick_params(labelbottom=False)
        return save_figure(figure, path_stem)


def _subjects(ax: Axes, x: float, values: np.ndarray, colour: str, marker: str, face: str) -> None:
    ax.plot([x] * values.size, values, marker, color=colour, ms=2, alpha=0.35, mew=0)
    point(ax, x, values, fmt=marker, color=colour, mfc=face)


def _asked(ax: Axes, features: tuple[str, ...]) -> None:
    ax.set_xticks(range(len(features)), features)
    ax.set_xlim(-0.5, len(features) - 0.5)


def _behaviour(ax: Axes, one: xr.Dataset) -> None:
    asked = one["asked_feature"].values
    for number, (split, label, colour, marker) in enumerate(SPLITS):
        if split not in one["split"].values:
            continue
        right = one["executive_by_task"].sel(split=split)
        for x, feature in enumerate(FEATURES):
            own = right.isel(task=np.flatnonzero(asked == feature)).mean("task").values
            _subjects(ax, x + 0.24 * (number - 1), own, colour, marker, colour)
        ax.plot([], [], marker, color=colour, ms=4, label=label)
    chance_line(ax)
    _asked(ax, FEATURES)
    ax.set_ylim(0.45, 1.03)


def _codes(ax: Axes, one: xr.Dataset) -> None:
    accuracy = one["accuracy"].sel(scaling="trained", metric="balanced")
    features = tuple(accuracy["feature"].values.tolist())
    for number, (fitted, tested, label, colour, marker) in enumerate(ARMS):
        for x, feature in enumerate(features):
            own = accuracy.sel(feature=feature, fitted=fitted, tested=tested)
            own = own.isel(task=np.flatnonzero(one["asked_feature"].values == feature))
            values = own.mean(("task", "item")).values
            _subjects(ax, x + 0.18 * (number - 1.5), values, colour, marker, colour)
        ax.plot([], [], marker, color=colour, ms=4, label=label)
    chance_line(ax)
    _asked(ax, features)
    ax.set_ylim(0.45, 1.03)


def _memory(ax: Axes, one: xr.Dataset) -> None:
    for identities, colour, face, marker in IDENTITIES:
        aside = -0.15 if identities == "trained" else 0.15
        for x, (variable, _) in enumerate(NUMBERS):
            values = one[variable].sel(identities=identities, metric="balanced").values
            _subjects(ax, x + aside, values, colour, marker, face)
        ax.plot([], [], marker, color=colour, mfc=face, ms=4, label=f"{identities} identities")
    chance_line(ax)
    ax.axvline(2.5, color="#DDDDDD", lw=0.8, zorder=0)
    ax.set_xticks(range(len(NUMBERS)), [label for _, label in NUMBERS], fontsize=6.5)
    ax.set_xlim(-0.5, len(NUMBERS) - 0.5)
    ax.set_ylim(0.4, 1.03)
