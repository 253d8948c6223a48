"""Figures of what the paper leaves open: network size, and other cores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from wmsim.figures.intervals import ARCHITECTURES, chance_line, point, tell_n, with_interval
from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOKS = {
    "rnn": (COLOURS[4], "s"), "gru": (COLOURS[2], "o"), "lstm": (COLOURS[3], "D"),
    "transformer": (COLOURS[0], "^"), "ssm": (COLOURS[1], "v"), "slots": (COLOURS[5], "P"),
}  # fmt: skip
NAMES = ARCHITECTURES | {"transformer": "transformer", "ssm": "state-space", "slots": "slots"}
ROTATED = (
    ("reconstructed", "own R(S,T)", "black", "D"),
    ("other_item", "other item R(S+k,T+k)", COLOURS[0], "o"),
    ("other_time", "other time R(S,T±1)", COLOURS[1], "s"),
    ("random_rotation", "random", GREY, "^"),
)
DECODERS = (
    ("encoding", "E(S,S)", GREY, "D"),
    ("encoding_elsewhere", "E(S,S) at E(S′,S′)", COLOURS[2], "o"),
    ("encoding_to_memory", "E(S,S) in memory", COLOURS[0], "s"),
    ("memory_hold", "M(S,T), steps before", COLOURS[3], "v"),
    ("memory_recall", "M(S,T), executive step", COLOURS[1], "^"),
)
SPECIFIC, LEARNED = 0.10, 0.90
ACCURACY = "balanced accuracy"


def size_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw behaviour and strategies against the number of hidden units.

    Parameters
    ----------
    found : xarray.Dataset
        From :func:`wmsim.reproduce.strategy.strategies`, dims (kind, subject, ...).
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    names = list(dict.fromkeys(found["architecture"].values.tolist()))
    with style():
        columns = max(3, len(names))
        figure = new_figure(2.45 * columns, 5.0)
        axes = figure.subplots(2, columns, squeeze=False)
        for name in names:
            own = found.isel(kind=np.flatnonzero(found["architecture"].values == name))
            _behaviour(axes[0, 0], own.sortby("units"), name)
            _specific(axes[0, 1], own.sortby("units"), name)
            _memory(axes[0, 2], own.sortby("units"), name)
        axes[0, 0].axhline(found.attrs["criterion"], color="black", lw=0.7, ls="--", zorder=0)
        axes[0, 0].set_ylabel("correct actions, trained angles")
        axes[0, 0].set_ylim(top=1.005)
        axes[0, 1].axhline(SPECIFIC, color="black", lw=0.7, ls="--", zorder=0)
        axes[0, 1].axhline(0, color="black", lw=0.5, zorder=0)
        axes[0, 1].set_ylabel("task-specific: same − other tasks")
        axes[0, 2].set_ylabel(f"{ACCURACY} of E(S,S) decoders")
        axes[0, 2].plot([], [], "-", color="black", label="in memory M(S,T)")
        axes[0, 2].plot([], [], ":", color="black", label="at encoding E(S,S)")
        axes[0, 2].legend(fontsize=6.5, loc="center left")
        _swaps(axes[1], found, names)
        for ax in (*axes[0, 3:], *axes[1, len(names) :]):
            ax.set_axis_off()
        used = [*axes[0, :3], *axes[1, : len(names)]]
        for ax, letter in zip(used, "abcdefghij", strict=False):
            _units_axis(ax, found["units"].values)
            ax.set_title(letter, loc="left")
        tell_n(axes[0, 0], found.sizes["subject"])
        _legend(figure, axes[0, 1], "upper")
        _legend(figure, axes[1, 0], "lower")
        return save_figure(figure, path_stem)


def _legend(figure: Any, ax: Axes, where: str) -> None:
    figure.legend(
        *ax.get_legend_handles_labels(), loc=f"outside {where} center", ncols=5, fontsize=7
    )


def _units_axis(ax: Axes, units: np.ndarray) -> None:
    ticks = np.unique(units).tolist()
    ax.set_xscale("log", base=2)
    ax.set_xticks(ticks, [str(tick) for tick in ticks], rotation=45 if len(ticks) > 4 else 0)
    ax.minorticks_off()
    ax.set_xlim(min(ticks) / 1.5, max(ticks) * 1.5)
    ax.set_xlabel("hidden units")


def _line(ax: Axes, x: np.ndarray, values: np.ndarray, **look: Any) -> None:
    """Means and intervals over subjects (subject, size), joined."""
    ax.plot(x, with_interval(values)[0], look.pop("ls", "-"), color=look["color"], lw=1)
    for place, column in zip(x, values.T, strict=True):
        point(ax, place, column, **look)


def _behaviour(ax: Axes, own: xr.Dataset, name: str) -> None:
    colour, marker = LOOKS.get(name, (GREY, "o"))
    values = own["accuracy"].sel(split="train").transpose("subject", "kind").values
    ax.plot(own["units"].values, with_interval(values)[0], color=colour, lw=1)
    for row, units in enumerate(own["units"].values):
        all_reached = bool((own["reached"].isel(kind=row) == 1).all())
        face = colour if all_reached else "white"
        point(ax, units, values[:, row], fmt=marker, color=colour, mfc=face)


def _specific(ax: Axes, own: xr.Dataset, name: str) -> None:
    colour, marker = LOOKS.get(name, (GREY, "o"))
    values = _balanced(own["within_task"] - own["across_tasks"])
    _line(ax, own["units"].values, values, color=colour, fmt=marker)
    ax.plot([], [], f"-{marker}", color=colour, ms=4, label=NAMES.get(name, name))


def _memory(ax: Axes, own: xr.Dataset, name: str) -> None:
    colour, marker = LOOKS.get(name, (GREY, "o"))
    x = own["units"].values
    _line(ax, x, _balanced(own["encoding_to_memory"]), color=colour, fmt=marker)
    _line(ax, x, _balanced(own["encoding"]), color=colour, fmt=marker, mfc="white", ls=":")
    chance_line(ax)
    ax.set_ylim(0.45, 1.03)


def _swaps(axes: np.ndarray, found: xr.Dataset, names: list[str]) -> None:
    """A panel for each architecture, a line for each rotation."""
    for ax, name in zip(axes, names, strict=False):
        own = found.isel(kind=np.flatnonzero(found["architecture"].values == name))
        own = own.sortby("units")
        for variable, label, colour, marker in ROTATED:
            x = own["units"].values
            _line(ax, x, _balanced(own[variable]), color=colour, fmt=marker)
            ax.plot([], [], f"-{marker}", color=colour, ms=3.5, label=label)
        chance_line(ax)
        ax.set_ylim(0.4, 1.03)
        ax.set_title(NAMES.get(name, name))
    axes[0].set_ylabel(f"{ACCURACY}, rotated")


def _balanced(values: xr.DataArray) -> np.ndarray:
    """One-vs-rest balanced accuracies, (subject, kind)."""
    return np.asarray(values.sel(metric="balanced").transpose("subject", "kind").values)


def cores_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw behaviour and strategies of several cores side by side.

    Parameters
    ----------
    found : xarray.Dataset
        From :func:`wmsim.reproduce.strategy.strategies`, dims (kind, subject, ...).
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    with style():
        figure = new_figure(1.15 * found.sizes["kind"] + 2.6, 5.6)
        axes = figure.subplots(2, 2)
        _actions(axes[0, 0], found)
        _arms(axes[0, 1], found, DECODERS)
        _arms(axes[1, 0], found, ROTATED)
        arms = (
            ("within_task", "same task", "#7A3E9D", "o"),
            ("across_tasks", "other feature's tasks", COLOURS[4], "s"),
        )
        _arms(axes[1, 1], found, arms)
        axes[0, 1].set_ylabel(ACCURACY)
        axes[1, 0].set_ylabel(f"{ACCURACY}, rotated")
        axes[1, 1].set_ylabel(f"{ACCURACY} at E(1,1)")
        for ax, letter in zip(axes.ravel(), "abcd", strict=True):
            ax.set_xticks(range(found.sizes["kind"]), _core_names(found), fontsize=6.5)
            ax.set_xlim(-0.6, found.sizes["kind"] - 0.4)
            ax.text(-0.16, 1.04, letter, transform=ax.transAxes, fontsize=11, fontweight="bold")
            # Above, where no point can be.
            ax.legend(fontsize=6, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
        tell_n(axes[0, 0], found.sizes["subject"])
        return save_figure(figure, path_stem)


def _core_names(found: xr.Dataset) -> list[str]:
    names = []
    several = found["architecture"].to_series().duplicated(keep=False).to_numpy()
    rows = zip(found["architecture"].values, found["activity"].values, several, strict=True)
    for architecture, activity, more in rows:
        name = NAMES.get(str(architecture), str(architecture)).replace(" ", "\n")
        names.append(f"{name}\n({activity})" if more else name)
    return names


def _actions(ax: Axes, found: xr.Dataset) -> None:
    shown = found.sel(split="novel_angle")
    for x, name in enumerate(found["architecture"].values.tolist()):
        colour, marker = LOOKS.get(name, (GREY, "o"))
        for variable, face, aside in (
            ("accuracy", colour, -0.12), ("executive_accuracy", "white", 0.12),
        ):  # fmt: skip
            _subjects(ax, x + aside, shown[variable].isel(kind=x).values, colour, marker, face)
    for face, label in (("black", "all steps"), ("white", "match / non-match steps")):
        ax.plot([], [], "o", color="black", mfc=face, ms=4, label=label)
    ax.axhline(LEARNED, color="black", lw=0.7, ls="--", zorder=0)
    ax.set_ylabel("correct actions, novel angles")
    ax.set_ylim(min(ax.get_ylim()[0], LEARNED - 0.02), 1.01)


def _arms(ax: Axes, found: xr.Dataset, arms: tuple[tuple[str, str, str, str], ...]) -> None:
    """One point with interval for each arm and kind."""
    for number, (variable, label, colour, marker) in enumerate(arms):
        values = _balanced(found[variable])
        aside = 0.7 * ((number + 0.5) / len(arms) - 0.5)
        for x in range(found.sizes["kind"]):
            _subjects(ax, x + aside, values[:, x], colour, marker, colour)
        ax.plot([], [], marker, color=colour, ms=4, label=label)
    chance_line(ax)
    ax.set_ylim(0.4, 1.03)


def _subjects(ax: Axes, x: float, values: np.ndarray, colour: str, marker: str, face: str) -> None:
    """A faint point a subject, their mean and interval."""
    ax.plot([x] * values.size, values, marker, color=colour, ms=2, alpha=0.35, mew=0)
    point(ax, x, values, fmt=marker, color=colour, mfc=face)
