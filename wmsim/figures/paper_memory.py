"""Figures 4b, c, d, f: decoders of encoding in memory, at other items, and rotated."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from wmsim.figures.intervals import (
    ARCHITECTURES,
    box,
    by_subject,
    chance_line,
    point,
    tell_n,
    with_interval,
)
from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EXECUTIVE, OTHER = COLOURS[1], COLOURS[0]
ACCURACY = "balanced accuracy"
FEATURES = ("location", "identity", "category")


def encoding_to_memory_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw accuracies of decoders of E(S, S) at every later step, one matrix a task.

    Parameters
    ----------
    found : xarray.Dataset
        ``accuracy`` (subject, task, item, step, metric), ``executive`` and ``in_use`` (subject,
        task, item, step); ``feature`` of each task; attrs ``shown_feature``, ``architecture``.
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    feature = found.attrs["shown_feature"]
    shown = found.isel(task=np.flatnonzero(found["feature"].values == feature))
    with style():
        figure = new_figure(2.35 * shown.sizes["task"] + 0.7, 2.75)
        axes = figure.subplots(1, shown.sizes["task"], squeeze=False, sharey=True)[0]
        image: Any = None
        for ax, task in zip(axes, shown["task"].values.tolist(), strict=True):
            image = _matrix(ax, shown.sel(task=task))
            ax.set_title(task.replace("-back-", "-back "))
        axes[0].set_ylabel("item S")
        bar = figure.colorbar(image, ax=list(axes), fraction=0.04, pad=0.02)
        bar.set_label(f"{ACCURACY} (chance .5)")
        who = ARCHITECTURES.get(found.attrs["architecture"], found.attrs["architecture"])
        figure.suptitle(
            f"{who}, all nine tasks; decoders fitted at E(S,S); red: executive step; "
            f"mean ± 95 % interval, n = {found.sizes['subject']}",
            fontsize=7.5,
        )  # fmt: skip
        return save_figure(figure, path_stem)


def _matrix(ax: Axes, one: xr.Dataset) -> Any:
    """S by T, with numbers and frames."""
    from matplotlib.patches import Rectangle

    values = one["accuracy"].sel(metric="balanced").transpose("subject", "item", "step").values
    mean, half = with_interval(values)
    image = ax.imshow(mean, vmin=0.5, vmax=1, cmap="cividis", aspect="equal")
    executive = one["executive"].max("subject").transpose("item", "step").values == 1
    for (item, step), value in np.ndenumerate(mean):
        if not np.isfinite(value):
            continue
        colour = "white" if value < 0.75 else "black"
        told = f"{value:.2f}".lstrip("0") if value < 1 else "1.0"
        ax.text(step, item - 0.12, told, ha="center", va="center", fontsize=6.5, color=colour)
        if np.isfinite(half[item, step]):
            told = f"±{half[item, step]:.2f}".replace("0.", ".")
            ax.text(step, item + 0.25, told, ha="center", va="center", fontsize=4.5, color=colour)
        if executive[item, step]:
            frame = Rectangle(
                (step - 0.46, item - 0.46), 0.92, 0.92, fill=False, ec="#E8000B", lw=1.8
            )
            ax.add_patch(frame)
    n_items, n_steps = mean.shape
    ax.set_xticks(range(n_steps), [str(step + 1) for step in range(n_steps)])
    ax.set_yticks(range(n_items), [str(item + 1) for item in range(n_items)])
    ax.set_xlabel("step T")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image


def executive_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw accuracies of decoders of encoding at executive and other memory steps.

    Parameters
    ----------
    found : xarray.Dataset
        ``validation``, ``executive`` and ``other`` (group, subject, task, item, metric), with
        ``n_back`` of each task.
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    # Diamonds compare like with like: the same items, in tasks that have both kinds of steps.
    both = found["executive"].notnull() & found["other"].notnull()
    words = {"executive": "executive step", "other": "memory steps before"}
    with style():
        figure = new_figure(1.05 * found.sizes["group"] + 1.2, 2.9)
        ax = figure.subplots()
        for x, group in enumerate(found["group"].values.tolist()):
            for name, colour, aside in (("executive", EXECUTIVE, -0.2), ("other", OTHER, 0.2)):
                points = found[name].sel(group=group, metric="balanced").mean("subject").values
                box(ax, x + aside, points.ravel(), colour)
                subjects = by_subject(found[name].where(both).sel(group=group), "item")
                point(ax, x + aside, subjects, fmt="D", color="black", mfc=colour, zorder=5)
            own = by_subject(found["validation"].sel(group=group), "item")
            ax.plot([x - 0.4, x + 0.4], [own.mean()] * 2, color="black", lw=1.8)
        for name, colour in (("executive", EXECUTIVE), ("other", OTHER)):
            ax.plot([], [], "s", color=colour, mfc="none", label=words[name])
        ax.plot([], [], color="black", lw=1.8, label="validation at E(S,S)")
        ax.plot(
            [],
            [],
            "D",
            color="black",
            mfc="none",
            ms=4,
            label="items with both: mean, 95 % interval",
        )
        chance_line(ax)
        ax.set_xticks(
            range(found.sizes["group"]),
            [name.replace(" ", "\n", 1) for name in found["group"].values],
        )
        ax.set_ylabel(f"{ACCURACY} of E(S,S) decoders")
        ax.set_ylim(0.4, 1.02)
        figure.legend(
            *ax.get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=7
        )
        tell_n(ax, found.sizes["subject"], (0.01, 0.03))
        return save_figure(figure, path_stem)


def shared_encoding_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw accuracies of decoders of E(i, i) at their own and at other items.

    Parameters
    ----------
    found : xarray.Dataset
        ``validation`` and ``elsewhere`` (architecture, subject, task, trained_item, metric), with
        ``feature`` of each task.
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    names = found["architecture"].values.tolist()
    arms = (("validation", GREY, -0.2), ("elsewhere", COLOURS[2], 0.2))
    labels = {"validation": "E(i,i), held-out trials", "elsewhere": "other items, E(j,j)"}
    with style():
        figure = new_figure(1.75 * len(names) + 0.8, 2.6)
        axes = figure.subplots(1, len(names), squeeze=False, sharey=True)[0]
        for ax, architecture in zip(axes, names, strict=True):
            for x, feature in enumerate(FEATURES):
                one = found.sel(architecture=architecture)
                one = one.isel(task=np.flatnonzero(found["feature"].values == feature))
                for name, colour, aside in arms:
                    points = one[name].sel(metric="balanced").mean("subject").values
                    box(ax, x + aside, points.ravel(), colour)
                    subjects = by_subject(one[name], "trained_item")
                    point(ax, x + aside, subjects, fmt="D", color="black", mfc=colour, zorder=5)
            chance_line(ax)
            ax.set_title(ARCHITECTURES.get(architecture, architecture))
            ax.set_xticks(range(len(FEATURES)), FEATURES)
            ax.set_xlim(-0.6, len(FEATURES) - 0.4)
        for name, colour, _ in arms:
            axes[0].plot([], [], "s", color=colour, mfc="none", label=labels[name])
        figure.legend(
            *axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=7
        )
        axes[0].set_ylabel(ACCURACY)
        axes[0].set_ylim(0.45, 1.02)
        tell_n(axes[0], found.sizes["subject"], (0.03, 0.14))
        return save_figure(figure, path_stem)


def reconstruction_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw accuracies of fitted and of rotated decoders over steps, and what rotating loses.

    Parameters
    ----------
    found : xarray.Dataset
        ``fitted`` and ``reconstructed`` (architecture, subject, task, item, step, metric),
        ``in_use`` and ``age`` (architecture, subject, task, item, step), with ``feature`` and
        ``n_back`` of each task; attrs ``shown_architecture``.
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    shown = found.sel(architecture=found.attrs["shown_architecture"])
    counts = np.unique(shown["n_back"].values).tolist()
    with style():
        figure = new_figure(1.75 * len(counts) + 2.6, 4.9)
        grid = figure.add_gridspec(
            len(FEATURES), len(counts) + 1, width_ratios=[*[1] * len(counts), 1]
        )
        first = None
        for row, feature in enumerate(FEATURES):
            for column, n in enumerate(counts):
                ax = figure.add_subplot(grid[row, column], sharex=first, sharey=first)
                first = first or ax
                own = (shown["feature"].values == feature) & (shown["n_back"].values == n)
                for task in np.flatnonzero(own):
                    _over_steps(ax, shown.isel(task=task))
                chance_line(ax)
                ax.set_title(f"{n}-back {feature}")
                ax.set_ylim(0.45, 1.03)
                ax.set_xticks(shown["step"].values + 1)
                ax.tick_params(labelleft=column == 0, labelbottom=row == len(FEATURES) - 1)
                if column == 0:
                    ax.set_ylabel(ACCURACY)
                if row == len(FEATURES) - 1:
                    ax.set_xlabel("step T")
        _gaps(figure.add_subplot(grid[:, -1]), found)
        handles = figure.axes[0].plot([], [], "-", color="black", label="fitted at M(S,T)")
        handles += figure.axes[0].plot([], [], ":", color="black", label="rotated from E(S,S)")
        who = ARCHITECTURES.get(found.attrs["shown_architecture"], "")
        figure.legend(
            handles=handles, loc="outside upper center", ncols=2, fontsize=7.5,
            title=f"{who}, colours: items S = 1 to {shown.sizes['item']}", title_fontsize=7.5,
        )  # fmt: skip
        return save_figure(figure, path_stem)


def _over_steps(ax: Axes, one: xr.Dataset) -> None:
    """A solid and a dotted line for each item."""
    import matplotlib as mpl

    n_items = one.sizes["item"]
    colours = mpl.colormaps["viridis"](np.linspace(0, 0.9, n_items))
    one = one.sel(metric="balanced").transpose("subject", ...)
    in_use = one["in_use"].max("subject").values == 1
    start = one["age"].max("subject").values == 0
    steps = np.arange(one.sizes["step"]) + 1
    for item in range(n_items):
        there = start[item] | in_use[item]
        fitted, half = with_interval(one["fitted"].values[:, item, there])
        rotated, _ = with_interval(one["reconstructed"].values[:, item, there])
        x = steps[there]
        # At encoding there is nothing to rotate: both lines start at the same place.
        rotated = np.where(start[item, there], fitted, rotated)
        ax.plot(x, fitted, "-o", color=colours[item], lw=1, ms=2)
        ax.plot(x, rotated, ":s", color=colours[item], lw=1.6, ms=2, mfc="white")
        if np.isfinite(half).all():
            ax.fill_between(x, fitted - half, fitted + half, color=colours[item], alpha=0.15, lw=0)


def _gaps(ax: Axes, found: xr.Dataset) -> None:
    """What rotating loses, by architecture and n."""
    counts = np.unique(found["n_back"].values).tolist()
    names = found["architecture"].values.tolist()
    for number, n in enumerate(counts):
        own = found.isel(task=np.flatnonzero(found["n_back"].values == n))
        for x, architecture in enumerate(names):
            one = own.sel(architecture=architecture)
            lost = by_subject(one["fitted"] - one["reconstructed"], "item", "step")
            where = x + 0.22 * (number - (len(counts) - 1) / 2)
            colour = COLOURS[number]
            ax.plot([where] * lost.size, lost, "o", color=colour, ms=2.5, alpha=0.35, mew=0)
            point(ax, where, lost, color=colour, label=f"{n}-back" if x == 0 else None)
    ax.axhline(0, color="black", lw=0.7)
    ax.set_xticks(
        range(len(names)), [ARCHITECTURES.get(name, name).replace(" ", "\n") for name in names]
    )
    ax.set_xlim(-0.6, len(names) - 0.4)
    low, high = ax.get_ylim()
    ax.set_ylim(min(low, -0.02), max(high, 0.06))
    ax.set_ylabel("accuracy lost by rotating: fitted − rotated")
    ax.legend(fontsize=7, loc="upper left")
    tell_n(ax, found.sizes["subject"])
