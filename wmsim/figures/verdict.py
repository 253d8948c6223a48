"""The verdict as pictures: data beside predictions, effects, and probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style
from wmsim.hypotheses.verdict import VERDICTS, Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWN = ("H1", "H2", "H3", "shared", "mixture")
COLOUR = dict(zip(DRAWN, COLOURS, strict=False))
ROWS = {
    "same_item_from_encoding": "same item:\ndisplay to memory",
    "same_item_in_memory": "same item:\nmemory, other step",
    "same_age_encoding": "other item:\ndisplay to display",
    "same_age_memory": "other item:\nmemory, same age",
    "same_time": "other item:\nsame step",
    "nothing_shared": "other item,\nage and step",
    "swap_stimulus": "rotation of\nanother item",
    "swap_time": "rotation of\nanother time",
}
# States more than these are labelled, but not with room for each.
MOST_LABELLED = 24


def similarity_figure(verdict: Verdict, path_stem: str | Path) -> list[Path]:
    """Draw similarities between states: data, and what hypotheses predict.

    Parameters
    ----------
    verdict : Verdict
        Result of :func:`wmsim.hypotheses.verdict.verdict`.
    path_stem : path-like
        Where to write, without ending.

    Returns
    -------
    list of pathlib.Path
        The PNG and the PDF.
    """
    order, ages = by_age(verdict)
    labels = [state_label(verdict, row) for row in order]
    panels = {"data": verdict.similarity, **{name: verdict.predicted[name] for name in DRAWN}}
    with style():
        side = float(np.clip(0.9 + 0.115 * len(order), 1.5, 2.6))
        figure = new_figure(3 * side + 1.3, 2 * side + 0.9)
        axes = figure.subplots(2, 3, sharex=True, sharey=True)
        for panel, (name, kernel) in zip(axes.ravel(), panels.items(), strict=True):
            image = panel.imshow(kernel[np.ix_(order, order)], vmin=-1, vmax=1, cmap="RdBu_r")
            for edge in np.flatnonzero(np.diff(ages)) + 0.5:
                panel.axhline(edge, color="black", lw=0.5)
                panel.axvline(edge, color="black", lw=0.5)
            panel.spines[:].set_visible(False)
            panel.tick_params(length=0)
            panel.set_title(_title(verdict, name))
        for panel in axes[:, 0]:
            panel.set_yticks(range(len(order)), labels, fontsize=_size(order))
        for panel in axes[1]:
            panel.set_xticks(range(len(order)), labels, rotation=90, fontsize=_size(order))
        bar = figure.colorbar(image, ax=axes, fraction=0.035, pad=0.02, aspect=30)
        bar.set_label("cosine between codes, corrected for noise")
        figure.suptitle(_heading(verdict), fontsize=9)
        return save_figure(figure, path_stem)


def evidence_figure(
    verdict: Verdict, path_stem: str | Path, *, threshold: float = 0.9
) -> list[Path]:
    """Draw effects against what hypotheses predict, and their probabilities.

    Parameters
    ----------
    verdict : Verdict
        Result of :func:`wmsim.hypotheses.verdict.verdict`.
    path_stem : path-like
        Where to write, without ending.
    threshold : float
        Probability that a verdict needs.

    Returns
    -------
    list of pathlib.Path
        The PNG and the PDF.
    """
    rows = [name for name in ROWS if name in verdict.effects]
    with style():
        figure = new_figure(7.2, 0.46 * len(rows) + 1.1)
        left, right = figure.subplots(1, 2, width_ratios=[1.9, 1])
        _effects(left, verdict, rows)
        _probabilities(right, verdict, threshold)
        figure.legend(
            *left.get_legend_handles_labels(), loc="outside lower center", ncols=6,
            handlelength=1.2, columnspacing=1.2, fontsize=7,
        )  # fmt: skip
        figure.suptitle(_heading(verdict), fontsize=9)
        return save_figure(figure, path_stem)


def _effects(panel: Axes, verdict: Verdict, rows: list[str]) -> None:
    """Bars: ranges of hypotheses, one below the other; black: data."""
    step = 0.15
    for place, name in enumerate(rows):
        for number, hypothesis in enumerate(DRAWN):
            mean, low, high = verdict.predicted_effects[hypothesis][name]
            y = place + (number - (len(DRAWN) - 1) / 2) * step
            panel.plot([low, high], [y, y], color=COLOUR[hypothesis], lw=3.2, alpha=0.55,
                       solid_capstyle="butt", label=hypothesis if place == 0 else None)  # fmt: skip
            panel.plot(mean, y, "|", color=COLOUR[hypothesis], ms=4.5, mew=1.2)
        one = verdict.effects[name]
        half = step * len(DRAWN) / 2
        if np.isfinite(one.low):
            panel.fill_between([one.low, one.high], place - half, place + half, color="black",
                               alpha=0.15, lw=0)  # fmt: skip
        panel.plot([one.value] * 2, [place - half, place + half], color="black", lw=1.3,
                   label="data" if place == 0 else None)  # fmt: skip
    for place in range(1, len(rows)):
        panel.axhline(place - 0.5, color="#dddddd", lw=0.6)
    panel.set_yticks(range(len(rows)), [ROWS[name] for name in rows], fontsize=7)
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.set_xlim(*_reach(verdict, rows))
    panel.tick_params(axis="y", length=0)
    panel.set_xlabel("transfer, or share of the own rotation's")


def _reach(verdict: Verdict, rows: list[str]) -> tuple[float, float]:
    """Ends of the axis: everything, but no more than ratios of noise leave of interest."""
    values = [
        value for name in rows
        for value in (
            verdict.effects[name].value,
            *(one for hypothesis in DRAWN for one in verdict.predicted_effects[hypothesis][name]),
        )
    ]  # fmt: skip
    return max(min([-0.1, *values]) - 0.05, -1.6), min(max([1.0, *values]) + 0.05, 1.6)


def _probabilities(panel: Axes, verdict: Verdict, threshold: float) -> None:
    names = list(verdict.choice.probability)
    for place, name in enumerate(names):
        value = verdict.choice.probability[name]
        known = name in VERDICTS
        panel.barh(place, value, height=0.65, color=COLOUR.get(name, "white"), lw=0.8,
                   edgecolor=COLOUR.get(name, GREY), hatch=None if known else "////",
                   alpha=0.85)  # fmt: skip
        panel.text(value + 0.03, place, _share(value), va="center", fontsize=7)
    panel.axvline(threshold, color="black", ls="--", lw=0.9)
    panel.set_yticks(range(len(names)), names)
    panel.tick_params(axis="y", length=0)
    panel.set_ylim(len(names) - 0.5, -0.5)
    panel.set_xlim(0, 1.18)
    panel.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    panel.spines["bottom"].set_bounds(0, 1)
    panel.set_xlabel("probability (dashed: verdict)")


def by_age(verdict: Verdict) -> tuple[list[int], np.ndarray]:
    """States that a verdict rests on, ordered by age and item, and their ages."""
    age = np.array([step - _shown(verdict, item) for item, step in verdict.states])
    order = sorted(verdict.used, key=lambda row: (age[row], verdict.states[row]))
    return order, age[order]


def _shown(verdict: Verdict, item: int) -> int:
    """Step at which an item is on display: the first of its states."""
    return min(step for other, step in verdict.states if other == item)


def state_label(verdict: Verdict, row: int) -> str:
    """Name of a state, items and steps counted from 1: E(1,1), M(1,2)."""
    item, step = verdict.states[row]
    kind = "E" if step == _shown(verdict, item) else "M"
    return f"{kind}({item + 1},{step + 1})"


def _title(verdict: Verdict, name: str) -> str:
    if name == "data":
        return name
    return f"{name} ({_share(verdict.choice.probability[name])})"


def _share(probability: float) -> str:
    """Never 0 or 1, which would be certainties."""
    if probability < 0.005:
        return "<.01"
    return ">.99" if probability >= 0.995 else f"{probability:.2f}".removeprefix("0")


def _heading(verdict: Verdict) -> str:
    """Task and feature; recordings that know of no tasks have none."""
    task = "" if verdict.task == "all" else f"{verdict.task}: "
    return f"{task}{verdict.feature}: {verdict.verdict}"


def _size(order: list[int]) -> float:
    return 5.5 if len(order) <= MOST_LABELLED else 4.0


__all__: list[Any] = ["by_age", "evidence_figure", "similarity_figure", "state_label"]
