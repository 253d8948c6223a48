"""Figure A6: variants of stimuli and tasks, in one figure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from wmsim.figures.intervals import ARCHITECTURES, by_subject, chance_line, point, tell_n
from wmsim.figures.paper_swaps import OTHER_ITEM, OTHER_TIME, OWN, RANDOM, swap_panel
from wmsim.figures.style import COLOURS, new_figure, save_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOKS = {"rnn": (COLOURS[4], "s"), "gru": (COLOURS[2], "o"), "lstm": (COLOURS[3], "D")}
CRITERION = 0.9
SWAPS = (
    ("reconstructed", "own\nR(S,T)", OWN),
    ("other_item", "other\nitem", OTHER_ITEM),
    ("other_time", "other\ntime", OTHER_TIME),
    ("random_rotation", "random", RANDOM),
)


def variants_figure(
    found: xr.Dataset, summary: xr.Dataset, words: Mapping[str, str], path_stem: str | Path
) -> list[Path]:
    """Draw frames, behaviour, swaps and transfer of variants.

    Parameters
    ----------
    found : xarray.Dataset
        Dims (variant, architecture, subject, ...): ``accuracy``, ``executive_accuracy``,
        ``within_task`` and ``across_tasks`` (..., decoded, metric), what
        :func:`wmsim.figures.paper_swaps.swap_panel` needs, and ``frames`` (frame, row, column,
        colour).
    summary : xarray.Dataset
        ``reconstructed``, ``other_item``, ``other_time``, ``random_rotation``, dims (variant,
        architecture, subject, task, metric).
    words : mapping
        Names of variants for a reader.
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    with style():
        figure = new_figure(8.2, 7.4)
        rows: Any = figure.subfigures(3, 1, height_ratios=[1, 1.25, 1.1])
        top, middle, bottom = rows
        frames, behaviour = top.subfigures(1, 2, width_ratios=[1.25, 1])
        _frames(frames, found["frames"].values)
        _behaviour(behaviour, found, words)
        _swaps(middle, found, summary, words)
        _between_tasks(bottom, found, words)
        for part, letter in ((frames, "a"), (behaviour, "b"), (middle, "c"), (bottom, "d")):
            part.suptitle(letter, x=0.01, ha="left", fontsize=11, fontweight="bold")
        return save_figure(figure, path_stem)


def _subjects(ax: Axes, x: float, values: np.ndarray, colour: str, marker: str, face: str) -> None:
    """A faint point a subject, their mean and interval."""
    ax.plot([x] * values.size, values, marker, color=colour, ms=2, alpha=0.35, mew=0)
    point(ax, x, values, fmt=marker, color=colour, mfc=face)


def _frames(figure: Any, frames: np.ndarray) -> None:
    for ax, frame in zip(figure.subplots(1, len(frames), squeeze=False)[0], frames, strict=True):
        ax.imshow(frame)
        ax.set_axis_off()


def _architectures(found: xr.Dataset) -> list[tuple[str, str, str, float]]:
    """Name, colour, marker and place of each architecture beside the middle."""
    names = found["architecture"].values.tolist()
    aside = 0.3 * (np.arange(len(names)) - (len(names) - 1) / 2)
    return [
        (name, *LOOKS.get(name, (COLOURS[number], "o")), float(where))
        for number, (name, where) in enumerate(zip(names, aside, strict=True))
    ]


def _variant_ticks(ax: Axes, found: xr.Dataset, words: Mapping[str, str]) -> None:
    told = [fill(words[name], 15) for name in found["variant"].values]
    ax.set_xticks(range(len(told)), told, fontsize=7)
    ax.set_xlim(-0.6, len(told) - 0.4)


def _behaviour(figure: Any, found: xr.Dataset, words: Mapping[str, str]) -> None:
    ax = figure.subplots()
    for name, colour, marker, aside in _architectures(found):
        for x, variant in enumerate(found["variant"].values.tolist()):
            one = found.sel(variant=variant, architecture=name)
            every, executive = one["accuracy"].values, one["executive_accuracy"].values
            _subjects(ax, x + aside - 0.05, every, colour, marker, colour)
            _subjects(ax, x + aside + 0.05, executive, colour, marker, "white")
        ax.plot([], [], marker, color=colour, ms=4, label=ARCHITECTURES.get(name, name))
    ax.axhline(CRITERION, color="black", lw=0.7, ls="--", zorder=0)
    _variant_ticks(ax, found, words)
    ax.set_ylabel("accuracy, novel view angles")
    # Room for the number of subjects below the lowest point.
    ax.set_ylim(ax.get_ylim()[0] - 0.02, 1.01)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper right", ncols=3, fontsize=7)
    tell_n(ax, found.sizes["subject"])


def _swaps(figure: Any, found: xr.Dataset, summary: xr.Dataset, words: Mapping[str, str]) -> None:
    most = int(found["n_back"].max())
    variants = found["variant"].values.tolist()
    axes = figure.subplots(
        1, 1 + len(variants), sharey=True, width_ratios=[1.9, *[1] * len(variants)]
    )
    names = found["architecture"].values.tolist()
    shown = "gru" if "gru" in names else names[0]
    longest = found.isel(task=np.flatnonzero(found["n_back"].values == most))
    one = longest.sel(variant="four_back", architecture=shown)
    swap_panel(axes[0], one)
    axes[0].set_title(f"{most}-back, {ARCHITECTURES.get(shown, shown)}")
    axes[0].set_ylabel("balanced accuracy")
    axes[0].set_ylim(0.4, 1.03)
    for ax, variant in zip(axes[1:], variants, strict=True):
        for name, _, marker, aside in _architectures(found):
            for x, (variable, _, colour) in enumerate(SWAPS):
                values = by_subject(summary[variable].sel(variant=variant, architecture=name))
                _subjects(ax, x + aside, values, colour, marker, colour)
            ax.plot([], [], marker, color="black", ms=3.5, label=ARCHITECTURES.get(name, name))
        chance_line(ax)
        ax.set_title(fill(words[variant], 20), fontsize=7)
        ax.set_xticks(range(len(SWAPS)), [label for _, label, _ in SWAPS], fontsize=6.5)
        ax.set_xlim(-0.6, len(SWAPS) - 0.4)
    axes[1].legend(fontsize=6.5, loc="upper right")


def _between_tasks(figure: Any, found: xr.Dataset, words: Mapping[str, str]) -> None:
    decoded = found["decoded"].values.tolist()
    axes = figure.subplots(1, len(decoded), sharey=True, squeeze=False)[0]
    for ax, feature in zip(axes, decoded, strict=True):
        for name, colour, marker, aside in _architectures(found):
            for x, variant in enumerate(found["variant"].values.tolist()):
                one = found.sel(variant=variant, architecture=name, decoded=feature)
                one = one.sel(metric="balanced")
                same, other = one["within_task"].values, one["across_tasks"].values
                _subjects(ax, x + aside - 0.06, same, colour, marker, "white")
                _subjects(ax, x + aside + 0.06, other, colour, marker, colour)
        chance_line(ax)
        ax.set_title(f"decoded: {feature}")
        _variant_ticks(ax, found, words)
    for name, colour, marker, _ in _architectures(found):
        axes[-1].plot([], [], marker, color=colour, mfc="white", ms=4,
                      label=f"{ARCHITECTURES.get(name, name)}: same task")  # fmt: skip
        axes[-1].plot([], [], marker, color=colour, ms=4,
                      label=f"{ARCHITECTURES.get(name, name)}: other tasks")  # fmt: skip
    axes[0].set_ylabel("balanced accuracy at E(1,1)")
    axes[0].set_ylim(0.4, 1.03)
    figure.legend(
        *axes[-1].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=7
    )
