"""Rank against time as a figure: similarity of codes by seconds and items, and both effects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style

N_BINS = 6
BARS = (
    ("rank", "items,\nequal\nseconds"),
    ("time", "seconds\n(one gap),\nequal rank"),
    ("difference", "items\nless\nseconds"),
)
ANSWERS = {
    "rank": "Codes change with items",
    "time": "Codes change with seconds",
    "both": "Codes change with items and seconds",
    "neither": "Codes change with neither",
    "undecided": "Undecided",
}


def rank_time_figure(
    found: xr.Dataset, summary: dict[str, Any], path_stem: str | Path
) -> list[Path]:
    """Draw how alike codes are by the seconds and the items between them, and what each costs.

    Parameters
    ----------
    found, summary
        From :func:`wmsim.hypotheses.rank_time.rank_or_time`.
    path_stem : path-like
        Where to write, without ending.

    Returns
    -------
    list of pathlib.Path
    """
    with style():
        figure = new_figure(7.0, 3.0)
        curves, effects = figure.subplots(1, 2, width_ratios=(1.25, 1))
        _draw_curves(curves, found)
        _draw_effects(effects, found, summary)
        nothing = summary["signal"]["p"] > 0.05
        told = "nothing decodable while held" if nothing else "items decodable while held"
        figure.suptitle(
            f"{ANSWERS[summary['answer']]}: {told} (p = {summary['signal']['p']:.2g})", fontsize=8
        )
        return save_figure(figure, path_stem)


def _draw_curves(panel: Any, found: xr.Dataset) -> None:
    """Weighted mean cosine by difference in seconds, a line for each difference in items."""
    time, rank = found["time_difference"].values, found["rank_difference"].values
    weight, cosine = found["weight"].values, found["similarity"].values
    edges = np.unique(np.quantile(time, np.linspace(0, 1, N_BINS + 1)))
    which = np.clip(np.searchsorted(edges, time, side="right") - 1, 0, len(edges) - 2)
    for number, items in enumerate(np.unique(rank)):
        points = []
        for one in range(len(edges) - 1):
            own = (rank == items) & (which == one)
            if own.any():
                # Inner products are weighed by the strength of both codes, squared by precision.
                share = weight[own] ** 2 / (weight[own] ** 2).sum()
                mean = share @ cosine[own]
                spread = np.sqrt(share**2 @ (cosine[own] - mean) ** 2)
                points.append((share @ time[own], mean, spread))
        x, y, error = np.array(points).T
        colour = COLOURS[number % len(COLOURS)]
        panel.errorbar(
            x, y, error, fmt="o-", color=colour, ms=3, lw=1, elinewidth=0.7,
            label=f"{items:g} item{'s' if items != 1 else ''} apart",
        )  # fmt: skip
    panel.axhline(0, color="black", lw=0.7, ls="--", zorder=0)
    panel.set(xlabel="difference in seconds since onset", ylabel="cosine between codes")
    panel.set_title("Similarity of held codes (bars: s.e. over pairs of cells)")
    panel.legend(fontsize=6.5)


def _draw_effects(panel: Any, found: xr.Dataset, summary: dict[str, Any]) -> None:
    """Cosine lost, each recording as a point, all together with an interval."""
    for place, (name, _) in enumerate(BARS):
        own = found["effect"].sel(effect_name=name).values
        aside = np.linspace(-0.12, 0.12, own.size) if own.size > 1 else np.zeros(1)
        if own.size > 1:
            panel.plot(place + aside - 0.2, own, "o", color=GREY, ms=2.5, mew=0, alpha=0.7)
        one = summary[name]
        if one["value"] is not None:
            panel.errorbar(
                place, one["value"], [[one["value"] - one["low"]], [one["high"] - one["value"]]],
                fmt="D", color=COLOURS[place], ms=5, lw=1.4, capsize=2.5,
            )  # fmt: skip
    panel.axhline(0, color="black", lw=0.7, ls="--", zorder=0)
    panel.set_xticks(range(len(BARS)), [label for _, label in BARS])
    panel.set_xlim(-0.5, len(BARS) - 0.5)
    # Single recordings without signal would set the scale.
    ends = [summary[name][end] for name, _ in BARS for end in ("low", "high")]
    known = [end for end in ends if end is not None]
    if known:
        reach = 1.3 * max(abs(end) for end in known)
        panel.set_ylim(-reach, reach)
    panel.set_ylabel("cosine lost (95 % interval)")
    panel.set_title("What it depends on")
    n = f"n = {summary['n_recordings']} recording{'s' if summary['n_recordings'] > 1 else ''}"
    panel.text(
        0.98, 0.02, f"{n}; interval over {summary['interval_over']}", transform=panel.transAxes,
        ha="right", fontsize=6.5, color="#555555",
    )  # fmt: skip
