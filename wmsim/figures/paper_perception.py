"""Decodability of features in the perceptual space."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style


def perception_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw accuracies by feature and evaluation.

    Parameters
    ----------
    found : xarray.Dataset
        From :func:`wmsim.pipeline.perceptual_decodability`.
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    chosen = found.sel(metric="multiclass")
    features = found["feature"].values.tolist()
    with style():
        figure = new_figure(4.6, 2.6)
        ax = figure.subplots()
        n = chosen.sizes["evaluation"]
        for row, evaluation in enumerate(chosen["evaluation"].values.tolist()):
            one = chosen.sel(evaluation=evaluation)
            x = np.arange(len(features)) + (row - (n - 1) / 2) * 0.17
            value = one["accuracy"].values
            error = np.clip([value - one["low"].values, one["high"].values - value], 0, None)
            ax.errorbar(x, value, error, fmt="o", ms=4, lw=1, color=COLOURS[row], label=evaluation)
            ax.hlines(one["chance"].values, x - 0.06, x + 0.06, color=GREY, lw=1.5)
        places = np.arange(len(features))
        ax.plot(places, found["paper"].values, "k*", ms=6, label="paper, ResNet50", zorder=3)
        ax.set_xticks(places, [f"{name}\n(1 of {int(k)})" for name, k in
                               zip(features, found["n_values"].values, strict=True)])  # fmt: skip
        ax.set_ylabel("multiclass accuracy")
        ax.set_ylim(0, 1.04)
        figure.legend(loc="outside right center", fontsize=7)
        return save_figure(figure, path_stem)
