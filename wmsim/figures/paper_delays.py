"""Figure of tasks with a delay: what is held, in which code, and what a cue does to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from wmsim.figures.intervals import ARCHITECTURES, chance_line, point, tell_n, with_interval
from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLES = {"DMS": "delayed match-to-sample", "STERNBERG": "Sternberg", "RETROCUE": "retro-cue"}
ITEMS = (COLOURS[0], COLOURS[1], COLOURS[2], COLOURS[3])
LEARNED = 0.75


def delays_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw a column a kind of delayed task: behaviour, decoders by step, time by time; then more.

    Parameters
    ----------
    found : xarray.Dataset
        From :func:`wmsim.reproduce.other_tasks.measure`, dims (regime, subject, feature, ...).
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    regimes = found["regime"].values.tolist()
    with style():
        figure = new_figure(2.9 * len(regimes), 9.2)
        parts: Any = figure.subfigures(2, 1, height_ratios=[3.1, 1.1])
        top, bottom = parts
        axes = top.subplots(3, len(regimes), squeeze=False, height_ratios=[0.8, 1, 1.1])
        image = None
        for column, regime in enumerate(regimes):
            one = found.sel(regime=regime)
            steps = str(found.attrs[f"steps {regime}"]).split("|")
            kept = one.where(one["learned"] == 1)
            _behaviour(axes[0, column], one)
            _by_step(axes[1, column], kept, steps)
            image = _time_by_time(axes[2, column], kept, steps)
            axes[0, column].set_title(TITLES.get(regime, regime))
        for row, label in enumerate(("probes judged right", "balanced accuracy", "fitted at")):
            axes[row, 0].set_ylabel(label)
        bar = top.colorbar(image, ax=list(axes[2]), fraction=0.03, pad=0.02)
        bar.set_label("balanced accuracy, item 1")
        axes[1, min(1, len(regimes) - 1)].legend(fontsize=5.5, loc="lower left")
        tell_n(axes[0, 0], found.sizes["subject"])
        _below(bottom, found, regimes)
        who = ARCHITECTURES.get(found.attrs["architecture"], found.attrs["architecture"])
        figure.suptitle(f"{who}; mean and 95 % interval over subjects", fontsize=7.5)
        for part, letter, height in ((top, "a", 0.95), (top, "b", 0.68), (top, "c", 0.34),
                                     (bottom, "d", 0.97)):  # fmt: skip
            part.text(0.005, height, letter, fontsize=11, fontweight="bold", va="top")
        return save_figure(figure, path_stem)


def _behaviour(ax: Axes, one: xr.Dataset) -> None:
    right = one["probe"].sel(split="novel_angle")
    features = right["feature"].values.tolist()
    for x, feature in enumerate(features):
        values = right.sel(feature=feature).values
        ax.plot([x] * values.size, values, "o", color=COLOURS[0], ms=2.5, alpha=0.35, mew=0)
        point(ax, x, values, color=COLOURS[0])
    chance_line(ax)
    ax.axhline(LEARNED, color=GREY, lw=0.7, ls=":", zorder=0)
    ax.set_xticks(range(len(features)), features)
    ax.set_xlim(-0.5, len(features) - 0.5)
    ax.set_ylim(0.35, 1.03)


def _short(steps: list[str]) -> list[str]:
    return [step.replace("maintenance", "blank") for step in steps]


def _of_subjects(values: xr.DataArray, *rest: str) -> np.ndarray:
    """Mean over features, (subject, rest)."""
    chosen = values.sel(metric="balanced") if "metric" in values.dims else values
    found = chosen.mean([dim for dim in chosen.dims if dim not in ("subject", *rest)])
    return np.asarray(found.transpose("subject", *rest).values)


def _by_step(ax: Axes, kept: xr.Dataset, steps: list[str]) -> None:
    """Decoders of each step, and those of encoding, at every step."""
    values = _of_subjects(kept["time_by_time"], "item", "trained_step", "step")
    x = np.arange(len(steps))
    shown = [at for at, name in enumerate(steps) if name.startswith("item")]
    for item, at in enumerate(shown):
        colour = ITEMS[item % len(ITEMS)]
        own = np.diagonal(values[:, item], axis1=1, axis2=2)[:, : x.size]
        encoding = values[:, item, at, : x.size]
        for numbers, face, line, label in (
            (own, colour, "-", f"item {item + 1}, fitted at step"),
            (encoding, "white", ":", f"item {item + 1}, fitted at encoding"),
        ):
            mean, half = with_interval(numbers)
            ax.plot(x, mean, f"{line}o", color=colour, mfc=face, ms=3, lw=1, label=label)
            ax.fill_between(x, mean - half, mean + half, color=colour, alpha=0.15, lw=0)
    chance_line(ax)
    ax.set_xticks(x, _short(steps), rotation=90, fontsize=6.5)
    ax.set_xlim(-0.4, x.size - 0.6)
    ax.set_ylim(-0.02, 1.03)


def _time_by_time(ax: Axes, kept: xr.Dataset, steps: list[str]) -> Any:
    values = _of_subjects(kept["time_by_time"].isel(item=0), "trained_step", "step")
    mean = with_interval(values[:, : len(steps), : len(steps)])[0]
    image = ax.imshow(mean, vmin=0.5, vmax=1, cmap="cividis", aspect="auto")
    for (row, column), value in np.ndenumerate(mean):
        if np.isfinite(value):
            colour = "white" if value < 0.75 else "black"
            told = f"{value:.2f}".lstrip("0") if value < 0.995 else "1.0"
            ax.text(column, row, told, ha="center", va="center", fontsize=5, color=colour)
    ax.set_xticks(range(len(steps)), _short(steps), rotation=90, fontsize=6.5)
    ax.set_yticks(range(len(steps)), _short(steps), fontsize=6.5)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("tested at")
    return image


def _below(figure: Any, found: xr.Dataset, regimes: list[str]) -> None:
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1, 1.5])
    _as_between_items(left, found, regimes)
    _other_item(middle, found, regimes)
    if "by_cue" not in found or "RETROCUE" not in regimes:
        right.set_axis_off()
        return
    _cues(right, found.sel(regime="RETROCUE"), str(found.attrs["steps RETROCUE"]).split("|"))


def _as_between_items(ax: Axes, found: xr.Dataset, regimes: list[str]) -> None:
    """Decoders of the first item, of the task itself and of 3-back tasks, by age."""
    across = found["across"].sel(metric="balanced")
    (nback,) = set(across["fitted_in"].values.tolist()) - set(regimes)
    x = across["age"].values
    for number, regime in enumerate(regimes):
        colour = ITEMS[number]
        here = across.sel(tested_in=regime).where(found["learned"].sel(regime=regime) == 1)
        aside = x + 0.12 * (number - (len(regimes) - 1) / 2)
        for values, form, face in (
            (here.sel(fitted_in=regime, scaling="tested"), "-o", colour),
            (here.sel(fitted_in=nback, scaling="tested"), ":o", "white"),
            (here.sel(fitted_in=nback, scaling="trained"), ":x", colour),
        ):
            mean, half = with_interval(_of_subjects(values, "age"))
            ax.errorbar(
                aside, mean, half, fmt=form, color=colour, mfc=face, ms=3.5, lw=0.8, elinewidth=0.8
            )
        ax.plot([], [], "s", color=colour, ms=4, label=TITLES.get(regime, regime))
    for form, face, label in (
        ("o", "black", "fitted in the task"), ("o", "white", "fitted in 3-back"),
        ("x", "black", "the same, not scaled anew"),
    ):  # fmt: skip
        ax.plot([], [], form, color="black", mfc=face, ms=4, label=label)
    chance_line(ax)
    ax.set_xticks(x)
    ax.set_xlabel("steps after item 1")
    ax.set_ylim(-0.02, 1.03)
    ax.set_ylabel("balanced accuracy, item 1")
    ax.legend(fontsize=5, loc="lower left")


def _other_item(ax: Axes, found: xr.Dataset, regimes: list[str]) -> None:
    """Decoders of one item, tested for the other one."""
    several = [
        regime for regime in regimes
        if found["between_items"].sel(regime=regime, score="left_out").notnull().any()
    ]  # fmt: skip
    features = found["feature"].values.tolist()
    for number, regime in enumerate(several):
        one = found.sel(regime=regime)
        kept = one["between_items"].sel(score="left_out").where(one["learned"] == 1)
        colour = ITEMS[regimes.index(regime)]
        for x, feature in enumerate(features):
            where = x + 0.3 * (number - (len(several) - 1) / 2)
            values = kept.sel(feature=feature).values
            ax.plot([where] * values.size, values, "o", color=colour, ms=2.5, alpha=0.35)
            point(ax, where, values, color=colour)
            k = float(one["n_values"].sel(feature=feature).mean())
            if np.isfinite(k):
                ax.plot([where - 0.12, where + 0.12], [1 / (k - 1)] * 2, "k--", lw=0.8)
        ax.plot([], [], "o", color=colour, ms=4, label=TITLES.get(regime, regime))
    ax.set_xticks(range(len(features)), features)
    ax.set_xlim(-0.5, len(features) - 0.5)
    ax.set_ylim(-0.02, 1.03)
    ax.set_ylabel("accuracy, other item")
    ax.legend(fontsize=6.5, loc="upper right")


def _cues(ax: Axes, one: xr.Dataset, steps: list[str]) -> None:
    kept = one.where(one["learned"] == 1)
    x = np.arange(len(steps))
    arms = (
        (kept["by_cue"].sel(cue="cued"), COLOURS[1], "-o", "cued item"),
        (kept["by_cue"].sel(cue="not cued"), GREY, "-s", "item that is not cued"),
        (
            kept["between_cues"].sel(cue="cued"),
            COLOURS[2],
            ":^",
            "cued item's decoder, other place",
        ),
    )
    for values, colour, form, label in arms:
        mean, half = with_interval(_of_subjects(values, "step")[:, : x.size])
        ax.plot(x, mean, form, color=colour, ms=3, lw=1, label=label)
        ax.fill_between(x, mean - half, mean + half, color=colour, alpha=0.15, lw=0)
    chance_line(ax)
    ax.axvline(steps.index("cue"), color="#DDDDDD", lw=5, zorder=0)
    ax.set_xticks(x, _short(steps), rotation=90, fontsize=6.5)
    ax.set_ylim(-0.02, 1.03)
    ax.set_ylabel("balanced accuracy")
    ax.set_title("retro-cue")
    ax.legend(fontsize=6.5, loc="lower left")
