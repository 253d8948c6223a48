"""Decoders fitted and tested at the same step: tables of items and steps, curves of age."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.figures.intervals import ARCHITECTURES
from wmsim.figures.paper_validation import (
    CHANCE,
    GROUPS,
    METRIC,
    colour_bar,
    frame,
    over_subjects,
    show_accuracies,
)
from wmsim.figures.style import GREY, new_figure, save_figure, style

TITLES = {"relevant": "asked for", "irrelevant": "not asked for"}
EXAMPLE = "gru"


def within_time_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw tables of one network, and curves of all, a row for each n.

    Parameters
    ----------
    found : xarray.Dataset
        ``accuracy`` (network, subject, relevance, n, item, step, metric), coordinate ``age``
        (item, step).
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    names = found["network"].values.tolist()
    example = EXAMPLE if EXAMPLE in names else names[0]
    balanced = found["accuracy"].sel(metric="balanced")
    ns = found["n"].values.tolist()
    with style():
        figure: Any = new_figure(3.5 + 1.5 * len(names), 1.6 * len(ns) + 0.4)
        left, right = figure.subfigures(1, 2, width_ratios=[3.5, 1.5 * len(names)])
        tables = left.subplots(len(ns), len(TITLES), squeeze=False)
        for row, n in enumerate(ns):
            for ax, (relevance, title) in zip(tables[row], TITLES.items(), strict=True):
                mean = balanced.sel(network=example, relevance=relevance, n=n).mean("subject")
                image = _table(ax, mean.transpose("item", "step").values, found["age"].values, n)
                if row == 0:
                    ax.set_title(f"{ARCHITECTURES.get(example, example)}, {title}", fontsize=7)
            tables[row, 0].set_ylabel(f"$\\bf{{n = {n}}}$\nitem S")
        for ax in tables[-1]:
            ax.set_xlabel("step T")
        colour_bar(left, image, list(tables.ravel()), fraction=0.04, pad=0.02)
        _curves(right, balanced, found["age"], names)
        return save_figure(figure, path_stem)


def _table(ax: Any, values: np.ndarray, age: np.ndarray, n: int) -> Any:
    """Accuracy of item S (rows) at step T (columns); nothing before the item is shown."""
    image = show_accuracies(ax, values, fontsize=5.5, aspect="auto")
    for item, step in np.argwhere((age > 0) & (age <= n)):
        frame(ax, step, item, lw=0.9)
    ax.set_xticks(range(values.shape[1]), range(1, values.shape[1] + 1))
    ax.set_yticks(range(values.shape[0]), range(1, values.shape[0] + 1))
    return image


def _curves(figure: Any, balanced: xr.DataArray, age: xr.DataArray, names: list[str]) -> None:
    """Accuracy against age, a column for each network."""
    ns = balanced["n"].values.tolist()
    axes = figure.subplots(len(ns), len(names), squeeze=False, sharex=True, sharey=True)
    for column, name in enumerate(names):
        axes[0, column].set_title(ARCHITECTURES.get(name, name))
        for row, n in enumerate(ns):
            _curve(axes[row, column], balanced.sel(network=name, n=n), age.values, n)
        axes[-1, column].set_xlabel("T - S, steps")
    for ax in axes[:, 0]:
        ax.set_ylabel("accuracy")
    axes[0, 0].set_ylim(0.45, 1.03)
    axes[0, 0].text(0, CHANCE + 0.01, "chance", color=GREY, fontsize=6.5, va="bottom")
    count = f"n = {balanced.sizes['subject']}\nsubject(s)"
    axes[0, -1].text(0.98, 0.97, count, transform=axes[0, -1].transAxes, color=GREY, fontsize=6.5,
                     ha="right", va="top")  # fmt: skip
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, fontsize=6.5,
                  columnspacing=1.0, handlelength=1.8, title=METRIC, title_fontsize=7)  # fmt: skip


def _curve(ax: Any, one: xr.DataArray, age: np.ndarray, n: int) -> None:
    ages = np.arange(int(age.max()) + 1)
    for look, relevance in zip(GROUPS, ("relevant", "irrelevant", "free"), strict=True):
        values = one.sel(relevance=relevance).transpose("subject", "item", "step").values
        by_age = np.stack([values[:, age == steps].mean(axis=1) for steps in ages], axis=1)
        mean, half = over_subjects(by_age)
        free = relevance == "free"
        if not free:
            ax.plot(ages, by_age.T, color=look["color"], lw=0.5, alpha=0.5)
        ax.errorbar(
            ages, mean, None if free else half, fmt=f"{':' if free else '-'}{look['fmt']}",
            color=look["color"], ms=2.5, lw=1.2, capsize=1.5, label=look["label"],
        )  # fmt: skip
    ax.axvspan(0.5, n + 0.5, color="#f2f2f2", zorder=0)
    ax.axhline(CHANCE, color=GREY, lw=0.8, ls="--")
    ax.set_xticks(ages)
