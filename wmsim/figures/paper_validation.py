"""Accuracy within tasks: tables of models and features, and means with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style

CHANCE = 0.5
# Above it a network is said to keep a feature well (section 4.1 of the paper).
KEPT = 0.85
LETTERS = {"location": "L", "identity": "I", "category": "C"}
METRIC = "one-vs-rest balanced accuracy"
# Numbers below are white, on dark cells.
DARK = 0.78
# What is asked for, what is not, and what of the latter does not follow from the former.
GROUPS: tuple[dict[str, Any], ...] = (
    {"label": "asked for", "fmt": "o", "color": COLOURS[0]},
    {"label": "not asked for", "fmt": "s", "color": COLOURS[1]},
    {"label": "not asked for, not nested", "fmt": "D", "color": COLOURS[4]},
)


def show_accuracies(ax: Any, values: np.ndarray, *, fontsize: float, **look: Any) -> Any:
    """A table of accuracies, from chance (dark) to 1 (bright), a number in each cell."""
    image = ax.imshow(values, vmin=CHANCE, vmax=1, cmap="viridis", **look)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            text = f"{value:.2f}".lstrip("0") if value < 0.995 else "1"
            ax.text(column, row, text, ha="center", va="center", fontsize=fontsize,
                    color="white" if value < DARK else "black")  # fmt: skip
    ax.set_facecolor("#eeeeee")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image


def frame(ax: Any, column: float, row: float, **look: Any) -> None:
    """A frame around a cell."""
    from matplotlib.patches import Rectangle

    ax.add_patch(Rectangle((column - 0.44, row - 0.43), 0.88, 0.86, fill=False, **look))


def colour_bar(figure: Any, image: Any, axes: Any, **where: Any) -> None:
    """A bar that says where chance is; what is below looks like chance, numbers tell."""
    bar = figure.colorbar(image, ax=axes, extend="min", **where)
    bar.set_label("balanced accuracy", labelpad=-8)
    bar.set_ticks([CHANCE, 1], labels=[".5", "1"])


def over_subjects(values: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Mean, and half the width of Student's 95 % interval, over the first axis.

    Examples
    --------
    >>> mean, half = over_subjects(np.array([0.8, 0.9, 1.0]))
    >>> round(float(mean), 2), round(float(half), 2)
    (0.9, 0.25)
    """
    from scipy.stats import t

    n = len(values)
    if n < 2:
        return values.mean(axis=0), None
    return values.mean(axis=0), t.ppf(0.975, n - 1) * values.std(axis=0, ddof=1) / np.sqrt(n)


def subject_point(ax: Any, x: float, values: np.ndarray, **look: Any) -> None:
    """Subjects as small points, their mean and interval as a large one beside them."""
    values = values[np.isfinite(values)]
    if not values.size:
        return
    fmt, colour = look.pop("fmt"), look.pop("color")
    mean, half = over_subjects(values)
    spread = np.linspace(-0.03, 0.03, values.size) if values.size > 1 else np.zeros(1)
    ax.plot(x - 0.07 + spread, values, fmt, color=colour, ms=2, alpha=0.6, mew=0)
    ax.errorbar(x + 0.05, mean, half, fmt=fmt, color=colour, ms=4.5, lw=1.2, capsize=2, **look)


def validation_figure(found: xr.Dataset, path_stem: str | Path) -> list[Path]:
    """Draw a table for each regime, and means over its cells.

    Parameters
    ----------
    found : xarray.Dataset
        ``validation`` (subject, row, feature, metric), ``asked`` and ``nested`` (row, feature),
        coordinates ``group``, ``kind``, ``row_feature``, ``row_n`` (row).
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        PNG and PDF.
    """
    groups = list(dict.fromkeys(found["group"].values.tolist()))
    most = max(int(np.count_nonzero(found["group"].values == group)) for group in groups)
    with style():
        figure = new_figure(1.45 * len(groups) + 3.2, 0.45 + 0.26 * most)
        axes = figure.subplots(1, len(groups) + 1, width_ratios=[1] * len(groups) + [2.1])
        for ax, group in zip(axes, groups, strict=False):
            image = validation_table(ax, found, group, n_rows=most)
            ax.set_title(group)
        axes[0].set_ylabel("task", loc="top")
        colour_bar(figure, image, list(axes[:-1]), fraction=0.04, pad=0.03)
        validation_points(axes[-1], found, groups)
        return save_figure(figure, path_stem)


def validation_table(ax: Any, found: xr.Dataset, group: str, *, n_rows: int | None = None) -> Any:
    """Rows of a group: mean over subjects; the asked feature framed.

    Parameters
    ----------
    ax : matplotlib Axes
        Where.
    found : xarray.Dataset
        As for :func:`validation_figure`.
    group : str
        Which rows.
    n_rows : int, optional
        Leave room for so many, so that tables side by side have cells of one size.
    """
    rows = found.isel(row=np.flatnonzero(found["group"].values == group))
    values = rows["validation"].sel(metric="balanced").mean("subject").values
    image = show_accuracies(ax, values, fontsize=7, aspect="auto")
    ax.set_facecolor("none")
    for row, column in np.argwhere(rows["asked"].values):
        frame(ax, column, row, lw=1.3)
    for row, column in np.argwhere(rows["nested"].values):
        ax.text(column + 0.42, row - 0.1, "*", ha="right", va="center", fontsize=7)
    kinds = rows["kind"].values
    for edge in np.flatnonzero(kinds[1:] != kinds[:-1]) + 0.5:
        ax.axhline(edge, color="black", lw=1)
    asked, n = rows["row_feature"].values, rows["row_n"].values
    labels = [f"{k}-back {LETTERS[feature]}" for k, feature in zip(n, asked, strict=True)]
    ax.set_yticks(range(len(labels)), labels)
    ax.set_xticks(range(rows.sizes["feature"]), [LETTERS[f] for f in rows["feature"].values])
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.set_xlabel("decoded feature")
    ax.set_ylim((n_rows or len(labels)) - 0.5, -0.5)
    return image


def validation_points(ax: Any, found: xr.Dataset, groups: list[str]) -> None:
    """Mean over cells of each group: asked for, not, not and not nested either."""
    other = ~found["asked"]
    kinds = (found["asked"], other, other & ~found["nested"])
    for x, group in enumerate(groups):
        here = found["group"] == group
        for number, (cells, look) in enumerate(zip(kinds, GROUPS, strict=True)):
            values = found["validation"].sel(metric="balanced").where(cells & here)
            shown = look | ({} if x == 0 else {"label": "_nolegend_"})
            place = x + 0.25 * (number - 1)
            subject_point(ax, place, values.mean(("row", "feature")).values, **shown)
    ax.axhline(CHANCE, color=GREY, lw=0.8, ls="--")
    ax.axhline(KEPT, color=GREY, lw=0.8, ls=":")
    right = len(groups) - 0.5
    ax.text(right, CHANCE + 0.005, "chance", color=GREY, fontsize=7, ha="right", va="bottom")
    ax.text(right, KEPT + 0.005, "paper: kept", color=GREY, fontsize=7, ha="right", va="bottom")
    ax.set_xlim(-0.5, right)
    ax.set_ylim(0.45, 1.02)
    ax.set_xticks(range(len(groups)), groups)
    ax.set_ylabel(METRIC)
    ax.set_title(f"n = {found.sizes['subject']} subject(s) of each kind", fontweight="normal")
    ax.legend(fontsize=6.5, loc="upper center", bbox_to_anchor=(0.5, -0.1))
