"""Decoders of every task in every task, and within a task against across tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.figures.intervals import ARCHITECTURES
from wmsim.figures.paper_validation import (
    CHANCE,
    LETTERS,
    METRIC,
    colour_bar,
    frame,
    show_accuracies,
    subject_point,
    validation_table,
)
from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style

NETWORKS = ARCHITECTURES | {"lstm": "LSTM hidden state", "lstm cell": "LSTM cell state"}
WITHIN: dict[str, Any] = {"label": "same task", "fmt": "o", "color": "#7A3E9D"}
ACROSS: dict[str, Any] = {
    "label": "tasks that ask for another feature", "fmt": "s", "color": COLOURS[4],
}  # fmt: skip
OTHER_N: dict[str, Any] = {
    "label": "tasks that ask for the same, of other n", "fmt": "D", "color": COLOURS[2],
}  # fmt: skip
WAYS = {
    "trained": "the very same read-out\n(z-scored as in the fitted task; the paper's)",
    "tested": "baselines and gains taken out\n(each task z-scored on its own)",
}


def transfer_matrices(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw the matrices of figure 2a, a row for each network.

    Parameters
    ----------
    found : xarray.Dataset
        ``accuracy`` (network, subject, scaling, feature, train_task, test_task, metric),
        coordinates ``asked_feature`` and ``n_back`` (task).
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    names = found["network"].values.tolist()
    with style():
        figure = new_figure(7.2, 2.3 * len(names) + 0.25)
        axes = figure.subplots(len(names), found.sizes["feature"], squeeze=False)
        _matrices(figure, axes, found, {name: ARCHITECTURES.get(name, name) for name in names})
        return save_figure(figure, path_stem)


def _matrices(figure: Any, axes: np.ndarray, found: xr.Dataset, names: dict[str, str]) -> None:
    """A row of panels for each network, a column for each decoded feature."""
    paper = found["accuracy"].sel(scaling="trained", metric="balanced").mean("subject")
    for row, (network, title) in enumerate(names.items()):
        for ax, feature in zip(axes[row], found["feature"].values.tolist(), strict=True):
            values = paper.sel(network=network, feature=feature)
            image = _matrix(ax, found, values.transpose("train_task", "test_task").values)
            ax.set_title(f"decoders of {feature}" if row == 0 else "")
        name = title.replace(" ", "~")
        axes[row, 0].set_ylabel(f"$\\bf{{{name}}}$\nblock: tested task asks for\nrow: n fitted in")
    for ax in axes[-1]:
        ax.set_xlabel("column: n tested in\nblock: fitted task asks for")
    colour_bar(figure, image, list(axes.ravel()), fraction=0.03, pad=0.02)


def _matrix(ax: Any, found: xr.Dataset, accuracy: np.ndarray) -> Any:
    """Blocks of tasks by what they ask for; in a block, n fitted in (rows) and tested in."""
    asked, n = found["asked_feature"].values, found["n_back"].values.astype(int)
    features, ns = list(dict.fromkeys(asked.tolist())), np.unique(n).tolist()
    task = {(f, k): row for row, (f, k) in enumerate(zip(asked.tolist(), n.tolist(), strict=True))}
    cells = [(feature, k) for feature in features for k in ns]
    image = np.full((len(cells), len(cells)), np.nan)
    for y, (tested, fitted_n) in enumerate(cells):
        for x, (fitted, tested_n) in enumerate(cells):
            place = task.get((fitted, fitted_n)), task.get((tested, tested_n))
            if None not in place:
                image[y, x] = accuracy[place]
                if place[0] == place[1]:
                    frame(ax, x, y, lw=0.9)
    drawn = show_accuracies(ax, image, fontsize=4.8)
    for edge in range(1, len(features)):
        ax.axhline(edge * len(ns) - 0.5, color="white", lw=1.6)
        ax.axvline(edge * len(ns) - 0.5, color="white", lw=1.6)
    _block_labels(ax, [LETTERS[feature] for feature in features], ns)
    return drawn


def _block_labels(ax: Any, features: list[str], ns: list[int]) -> None:
    """n at every cell, and the task's feature at every block."""
    size, middle = len(ns), (len(ns) - 1) // 2
    labels = [
        f"{k}\n{feature}" if row == middle else f"{k}"
        for feature in features
        for row, k in enumerate(ns)
    ]
    beside = [
        f"{feature}  {k}" if row == middle else f"{k}"
        for feature in features
        for row, k in enumerate(ns)
    ]
    places = range(size * len(features))
    ax.set_xticks(places, labels, fontsize=6.5)
    ax.set_yticks(places, beside, fontsize=6.5)
    ax.tick_params(pad=1.5)


def representations_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw figure A2: tables of validation accuracy (a), transfer in the LSTM's states (b).

    Parameters
    ----------
    found : xarray.Dataset
        As for :func:`wmsim.figures.paper_validation.validation_figure` (groups: architectures)
        and, where there is an LSTM, for :func:`transfer_matrices`.
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    groups = list(dict.fromkeys(found["group"].values.tolist()))
    states = found["network"].values.tolist() if "network" in found.dims else []
    with style():
        figure: Any = new_figure(9.4 if states else 1.2 + 1.7 * len(groups), 5.0 if states else 2.8)
        if states:
            left, right = figure.subfigures(1, 2, width_ratios=[1, 3.3])
            axes = right.subplots(len(states), found.sizes["feature"], squeeze=False)
            _matrices(right, axes, found, {name: NETWORKS.get(name, name) for name in states})
            right.suptitle("b", x=0.01, ha="left", fontweight="bold", fontsize=10)
        else:
            left = figure
        tables = left.subplots(len(groups) if states else 1, 1 if states else len(groups))
        for ax, group in zip(np.atleast_1d(tables), groups, strict=True):
            validation_table(ax, found, group)
            ax.set_title(ARCHITECTURES.get(group, group))
        left.suptitle("a", x=0.01, ha="left", fontweight="bold", fontsize=10)
        return save_figure(figure, path_stem)


def within_across_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw accuracies within a task and across tasks, by architecture and way of scaling.

    Parameters
    ----------
    found : xarray.Dataset
        ``within`` (network, subject, feature, task, metric), ``across`` and ``other_n`` with
        ``scaling`` too.
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    names = found["network"].values.tolist()
    balanced = found.sel(metric="balanced")
    with style():
        figure = new_figure(0.9 + 2 * (0.85 * len(names) + 0.6), 2.7)
        axes = figure.subplots(1, len(WAYS), sharey=True)
        for ax, (way, title) in zip(axes, WAYS.items(), strict=True):
            for x, name in enumerate(names):
                one = balanced.sel(network=name)
                _box_and_points(ax, x - 0.29, one["within"], WITHIN, first=x == 0)
                other = one.sel(scaling=way)
                _box_and_points(ax, x, other["across"], ACROSS, first=x == 0)
                _box_and_points(ax, x + 0.29, other["other_n"], OTHER_N, first=x == 0)
            ax.axhline(CHANCE, color=GREY, lw=0.8, ls="--")
            ax.set_xticks(range(len(names)), [ARCHITECTURES.get(name, name) for name in names])
            ax.set_xlim(-0.5, len(names) - 0.5)
            ax.set_title(title, fontsize=7, fontweight="normal")
        axes[0].set_ylabel(METRIC)
        axes[0].text(-0.45, CHANCE + 0.004, "chance", color=GREY, fontsize=6.5, va="bottom")
        count = f"n = {found.sizes['subject']} subject(s) each"
        axes[1].text(len(names) - 0.55, CHANCE + 0.004, count, color=GREY, fontsize=6.5,
                     ha="right", va="bottom")  # fmt: skip
        lowest = min(float(balanced[name].min()) for name in ("within", "across", "other_n"))
        axes[0].set_ylim(min(0.45, lowest - 0.03), 1.03)
        axes[0].legend(fontsize=6.5, loc="lower left", bbox_to_anchor=(0.0, 0.12))
        return save_figure(figure, path_stem)


def _box_and_points(
    ax: Any, x: float, values: xr.DataArray, look: dict[str, Any], *, first: bool
) -> None:
    """A box over tasks and features, and subjects with their mean and interval."""
    cells = values.mean("subject").values.ravel()
    ax.boxplot(
        cells[np.isfinite(cells)], positions=[x], widths=0.25, whis=(0, 100), patch_artist=True,
        manage_ticks=False, zorder=1, medianprops={"color": GREY},
        boxprops={"facecolor": look["color"], "alpha": 0.25, "lw": 0},
        whiskerprops={"color": look["color"], "lw": 0.8},
        capprops={"color": look["color"], "lw": 0.8},
    )  # fmt: skip
    shown = look if first else look | {"label": "_nolegend_"}
    subject_point(ax, x, values.mean(("feature", "task")).values, **shown)
