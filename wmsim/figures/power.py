"""Power by the number of trials, of units, and by what is true."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from wmsim.figures.style import GREY, new_figure, save_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = "osD^vPX<>*"
TRUTHS = {
    "H1": "H1, slots",
    "H2": "H2, chronological",
    "H3": "H3, both",
    "shared": "one shared code",
    "mixture": "mixture",
}


def power_figure(results: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw the share of right verdicts over trials, a curve for each number of units.

    Parameters
    ----------
    results : xarray.Dataset
        ``results`` of :class:`wmsim.hypotheses.power_analysis.Power`.
    path_stem : path-like
        Where to write, without ending.

    Returns
    -------
    list of pathlib.Path
    """
    n_rows, n_columns = results.sizes["assumption"], results.sizes["truth"]
    with style():
        figure = new_figure(1.75 * n_columns + 1.4, 1.75 * n_rows + 0.7)
        panels: Any = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
        for row, column in np.ndindex(n_rows, n_columns):
            _panel(panels[row, column], results.isel(assumption=row, truth=column))
        for panel, truth in zip(panels[0], results["truth"].values.tolist(), strict=True):
            panel.set_title(TRUTHS.get(truth, truth))
        for panel, name in zip(panels[:, 0], results["assumption"].values.tolist(), strict=True):
            panel.set_ylabel(f"{name}\nright verdicts" if n_rows > 1 else "share of right verdicts")
        figure.supxlabel("trials (of each session)", fontsize=8)
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, title="units", loc="outside right center", fontsize=7)
        return save_figure(figure, path_stem)


def _panel(panel: Axes, one: xr.Dataset) -> None:
    from matplotlib import colormaps
    from matplotlib.ticker import NullFormatter

    trials, units = one["trials"].values, one["units"].values
    # Lightness alone tells units apart, and the shape of points besides.
    colours = colormaps["cividis"](np.linspace(0, 0.9, units.size))
    too_few = (one["reason"].values != "").any(axis=0)
    for number, count in enumerate(units):
        own = one.isel(units=number)
        there = own["reason"].values == ""
        right = own["right"].values
        # An interval of 0 hits begins at 0, give or take the last digit.
        ends = np.maximum([right - own["right_low"].values, own["right_high"].values - right], 0)
        panel.errorbar(
            trials[there], right[there], ends[:, there], fmt=f"{MARKERS[number % len(MARKERS)]}-",
            color=colours[number], ms=3.5, lw=1.1, elinewidth=0.5, label=f"{count}",
        )  # fmt: skip
    panel.axhline(float(one.attrs["wanted"]), color="black", lw=0.8, ls="--", zorder=0)
    panel.set_xscale("log")
    panel.set_xticks(trials, [f"{n}" for n in trials], rotation=45, fontsize=7)
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.tick_params(which="minor", length=0)
    for count in trials[too_few]:
        panel.text(
            count, 0.03, "too few trials", rotation=90, fontsize=6, color=GREY, ha="center",
            va="bottom",
        )  # fmt: skip
    panel.set(ylim=(-0.04, 1.04), yticks=(0, 0.5, 1))
    if trials.size > 1:
        panel.set_xlim(trials[0] / 1.25, trials[-1] * 1.25)
