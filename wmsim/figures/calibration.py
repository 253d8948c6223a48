"""Calibration: right and wrong verdicts over units and trials, stated probabilities, p-values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style
from wmsim.hypotheses.calibration_tables import (
    ACCOUNTS,
    NAIVE_ANSWERS,
    Outcomes,
    is_right,
    is_wrong,
)
from wmsim.hypotheses.composition import HYPOTHESES
from wmsim.hypotheses.verdict import VERDICTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Share from which a cell is dark, and its number white.
DARK = 0.6
# Rows: name, colours, truths that count.
KINDS = {
    "right": ("right", "Blues", ACCOUNTS),
    "wrong": ("wrong", "Reds", HYPOTHESES),
    "naive": ("rules of thumb\nwrong", "Reds", NAIVE_ANSWERS),
}


def grid_figure(outcomes: Outcomes, path_stem: str | Path) -> list[Path]:
    """Draw shares of right and wrong verdicts over units and trials, a column for each signal.

    Right: where the truth is an account of memory. Wrong: all truths. Rules of thumb: where the
    truth is one of the three that they know.

    Parameters
    ----------
    outcomes : sequence of dict
        On the grid.
    path_stem : path-like
        Where to write, without ending.

    Returns
    -------
    list of pathlib.Path
        The PNG and the PDF.
    """
    signals = sorted({one["signal"] for one in outcomes})
    units = sorted({one["n_units"] for one in outcomes})
    trials = sorted({one["n_trials"] for one in outcomes})
    kinds = [kind for kind in KINDS if kind != "naive" or any(one["naive"] for one in outcomes)]
    with style():
        width, height = max(0.36 * len(units), 0.7) + 0.5, 0.26 * len(trials) + 0.45
        figure = new_figure(width * len(signals) + 1.3, height * len(kinds) + 0.4)
        panels = figure.subplots(len(kinds), len(signals), squeeze=False)
        for row, kind in zip(panels, kinds, strict=True):
            for panel, signal in zip(row, signals, strict=True):
                own = [one for one in outcomes if one["signal"] == signal]
                shares = _shares(own, units, trials, kind)
                image = _heat_map(panel, shares, units, trials, KINDS[kind][1])
                if panel is not row[0]:
                    panel.set_yticklabels([])
            row[0].set_ylabel("trials")
            figure.colorbar(
                image, ax=list(row), fraction=0.04, pad=0.02, label=f"{KINDS[kind][0]}, %"
            )
        for panel, signal in zip(panels[0], signals, strict=True):
            panel.set_title(f"signal {signal:g}")
        for panel in panels[-1]:
            panel.set_xlabel("units")
        return save_figure(figure, path_stem)


def _shares(
    outcomes: Outcomes, units: Sequence[int], trials: Sequence[int], kind: str
) -> np.ndarray:
    """(trials, units); NaN where there is no recording."""
    found = np.full((len(trials), len(units)), np.nan)
    for row, n_trials in enumerate(trials):
        for column, n_units in enumerate(units):
            own = [
                one for one in outcomes
                if one["n_trials"] == n_trials and one["n_units"] == n_units
                and one["truth"] in KINDS[kind][2]
                and (kind != "naive" or one["naive"] is not None)
            ]  # fmt: skip
            if own:
                told = {"right": is_right, "wrong": is_wrong, "naive": _naive_wrong}[kind]
                found[row, column] = 100 * np.mean([told(one) for one in own])
    return found


def _naive_wrong(outcome: dict[str, Any]) -> bool:
    return bool(outcome["naive"] != outcome["truth"])


def _heat_map(
    panel: Axes, shares: np.ndarray, units: Sequence[int], trials: Sequence[int], colours: str
) -> Any:
    image = panel.imshow(shares, vmin=0, vmax=100, cmap=colours, aspect="auto", origin="lower")
    panel.set_xticks(range(len(units)), [str(one) for one in units])
    panel.set_yticks(range(len(trials)), [str(one) for one in trials])
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)
    for row, column in np.argwhere(np.isfinite(shares)):
        value = shares[row, column]
        colour = "white" if value > 100 * DARK else "black"
        panel.text(float(column), float(row), f"{value:.0f}", ha="center", va="center",
                   color=colour, fontsize=6)  # fmt: skip
    return image


def reliability_figure(summary: dict[str, Any], path_stem: str | Path) -> list[Path]:
    """Draw stated probability against the share that is right; p-values without any code.

    Parameters
    ----------
    summary : dict
        From :func:`wmsim.hypotheses.calibration_tables.condense`, and ``p_values``: those of items
        on display (``encoding``) and held (``memory``).
    path_stem : path-like
        Where to write, without ending.
    """
    with style():
        figure = new_figure(6.4, 2.9)
        left, right = figure.subplots(1, 2)
        _reliability(left, summary["reliability"])
        _p_values(right, summary["p_values"])
        return save_figure(figure, path_stem)


def _reliability(panel: Axes, found: dict[str, Any]) -> None:
    bins = found["bins"]
    stated = np.array([one["stated"] for one in bins])
    met, low, high = (
        np.array([one["right"][name] for one in bins]) for name in ("value", "low", "high")
    )
    panel.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls="--")
    panel.errorbar(stated, met, [met - low, high - met], fmt="o-", ms=3, lw=1, capsize=2,
                   color=COLOURS[0])  # fmt: skip
    for one in bins:
        # Below its interval, or above where there is no room.
        at, below = (one["right"]["low"], -8) if one["right"]["low"] > 0.1 else (
            one["right"]["high"], 4
        )  # fmt: skip
        panel.annotate(str(one["n"]), (one["stated"], at), (0, below), fontsize=6, color=GREY,
                       textcoords="offset points", ha="center")  # fmt: skip
    panel.set(xlim=(0, 1.03), ylim=(0, 1.03), xlabel="stated probability",
              ylabel="share that is right")  # fmt: skip
    error = found["expected_calibration_error"]
    text = "no recording" if error is None else f"expected calibration error {error:.3f}"
    panel.set_title(f"Most probable hypothesis\n{text}")


def _p_values(panel: Axes, p_values: dict[str, Sequence[float]]) -> None:
    edges = np.linspace(0, 1, 11)
    named = {"encoding": "on display", "memory": "held"}
    for colour, (name, values) in zip(COLOURS, p_values.items(), strict=False):
        if len(values):
            panel.stairs(np.histogram(values, edges)[0] / len(values), edges, color=colour,
                         label=f"{named[name]} ({len(values)})")  # fmt: skip
    panel.axhline(0.1, color=GREY, lw=0.8, ls="--")
    panel.set(xlim=(0, 1), xlabel="p", ylabel="share of recordings")
    panel.set_ylim(0, 1.35 * max(0.1, panel.get_ylim()[1]))  # room for the legend
    panel.set_title("No code planted\np of there being one")
    if any(len(values) for values in p_values.values()):
        panel.legend(loc="upper right")


def confusion_figure(summary: dict[str, Any], path_stem: str | Path) -> list[Path]:
    """Draw which verdict each truth gets, and which answer of the rules of thumb.

    Parameters
    ----------
    summary : dict
        ``confusion`` and ``naive_confusion``.
    path_stem : path-like
        Where to write, without ending.
    """
    naive = any(sum(row.values()) for row in summary["naive_confusion"].values())
    with style():
        n_truths = len(summary["confusion"])
        figure = new_figure(3.4 + 2.2 * naive, 0.27 * n_truths + 1.3)
        ratios = [len(VERDICTS), len(NAIVE_ANSWERS)] if naive else [1]
        panels = figure.subplots(1, 1 + naive, width_ratios=ratios, squeeze=False)[0]
        _confusion(panels[0], summary["confusion"], "verdict")
        panels[0].set_ylabel("planted")
        if naive:
            _confusion(panels[1], summary["naive_confusion"], "rules of thumb")
        _share_bar(figure, panels)
        return save_figure(figure, path_stem)


def _share_bar(figure: Figure, panels: Sequence[Axes]) -> None:
    figure.colorbar(panels[0].images[0], ax=list(panels), fraction=0.04, pad=0.02, label="share")


def _confusion(panel: Axes, confusion: dict[str, dict[str, int]], title: str) -> None:
    truths, answers = list(confusion), list(next(iter(confusion.values())))
    counts = np.array([[confusion[truth][answer] for answer in answers] for truth in truths])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    panel.imshow(shares, vmin=0, vmax=1, cmap="Blues", aspect="auto")
    panel.set_xticks(range(len(answers)), answers, rotation=45, ha="right", rotation_mode="anchor")
    panel.set_yticks(range(len(truths)), truths)
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)
    panel.set_title(title)
    for row, column in np.argwhere(counts > 0):
        colour = "white" if shares[row, column] > DARK else "black"
        panel.text(float(column), float(row), str(counts[row, column]), ha="center", va="center",
                   color=colour, fontsize=6)  # fmt: skip
