"""Means with 95 % intervals over subjects, and boxes, as figures of several subjects show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ARCHITECTURES = {"rnn": "vanilla RNN", "gru": "GRU", "lstm": "LSTM"}
CHANCE = 0.5
CONFIDENCE = 0.95


def with_interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over subjects, and half the width of Student's 95 % interval.

    Parameters
    ----------
    values : ndarray, shape (subject, ...)
        NaN where a subject has no value.

    Returns
    -------
    mean, half : ndarray, shape (...)
        NaN: no mean of none, no interval of one.

    Examples
    --------
    >>> mean, half = with_interval(np.array([[0.8], [0.9], [1.0]]))
    >>> round(float(mean[0]), 2), round(float(half[0]), 2)
    (0.9, 0.25)
    """
    from scipy.stats import t

    there = np.isfinite(values)
    n = there.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, values, 0.0).sum(axis=0) / n
        spread = np.where(there, (values - mean) ** 2, 0.0).sum(axis=0) / (n - 1)
        half = t.ppf(0.5 + CONFIDENCE / 2, np.maximum(n - 1, 1)) * np.sqrt(spread / n)
    return np.where(n > 0, mean, np.nan), np.where(n > 1, half, np.nan)


def by_subject(values: xr.DataArray, *within: str) -> np.ndarray:
    """Balanced accuracy a subject: mean over the dimensions `within`, then over all others."""
    chosen = values.sel(metric="balanced")
    chosen = chosen.mean([dim for dim in within if dim in chosen.dims])
    return np.asarray(chosen.mean([dim for dim in chosen.dims if dim != "subject"]).values)


def point(ax: Axes, x: float, values: np.ndarray, **look: Any) -> None:
    """Mean and interval over subjects (subject,) at a place; nothing where there is no value."""
    mean, half = with_interval(values)
    if np.isfinite(mean):
        error = half if np.isfinite(half) else None
        ax.errorbar(x, mean, error, **{"ms": 4, "lw": 1.2, "capsize": 2, "fmt": "o", **look})


def box(ax: Axes, x: float, values: np.ndarray, colour: str, width: float = 0.32) -> None:
    """Quartiles and median, whiskers to the extremes, and every value as a point beside it."""
    values = values[np.isfinite(values)]
    if not values.size:
        return
    line = {"color": colour, "lw": 0.9}
    ax.boxplot(
        values, positions=[x], widths=width, whis=(0, 100), showfliers=False, manage_ticks=False,
        boxprops=line, whiskerprops=line, capprops=line, medianprops={**line, "lw": 1.6},
    )  # fmt: skip
    aside = np.random.default_rng(0).uniform(-0.4, 0.4, values.size) * width
    ax.plot(x + aside, values, "o", color=colour, ms=2, alpha=0.35, mew=0)


def chance_line(ax: Axes) -> None:
    """Where decoders without information are."""
    ax.axhline(CHANCE, color="black", lw=0.7, ls="--", zorder=0)


def tell_n(ax: Axes, n: int, where: tuple[float, float] = (0.03, 0.03)) -> None:
    """Number of subjects, within the axes."""
    ax.text(*where, f"n = {n}", transform=ax.transAxes, fontsize=7, color="#555555")
