"""Models against brains: ranks, steps and differences."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from wmsim.compare.config import SCORES
from wmsim.compare.inference import ALL, over_brains
from wmsim.compare.tables import SHORT, model_order
from wmsim.compare.variances import STIMULI
from wmsim.errors import WmsimError, choose
from wmsim.figures.compare_looks import controls_of, families_of, looks_of
from wmsim.figures.style import GREY, new_figure, save_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAND, TOP = "#ececec", "#bdbdbd"
MOST_PANELS = 4
# Inches that a legend needs.
LEAST_WIDTH = 4.2
# Corrected p-values and their marks.
MARKS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
# Models that still have room for numbers in the cells of a matrix.
MOST_NUMBERED = 14


def ranking_figure(
    comparison: xr.Dataset, ranking: xr.Dataset, path_stem: str | Path
) -> list[Path]:
    """Draw all models by all scores: means with intervals, brains, the floor and the ceiling.

    Parameters
    ----------
    comparison : xarray.Dataset
        From :func:`wmsim.compare.run.compare`.
    ranking : xarray.Dataset
        From :func:`wmsim.compare.inference.ranking`, of the same.
    path_stem : path-like
        Where to write, without ending.

    Returns
    -------
    list of pathlib.Path
        The PNG and the PDF.
    """
    scores = [
        score for score in ranking["score"].values.tolist()
        if np.isfinite(ranking["mean"].sel(score=score).values).any()
    ] or ranking["score"].values.tolist()  # fmt: skip
    models = model_order(ranking)
    columns = min(MOST_PANELS, len(scores))
    rows = -(-len(scores) // columns)
    with style():
        names = 0.055 * max(map(len, models)) + 0.3
        height = max(0.16 * len(models), 0.7) + 0.5
        width = max(1.75 * columns + names, LEAST_WIDTH)
        figure = new_figure(width, height * rows + (0.75 if width > 5 else 0.9))
        panels = figure.subplots(rows, columns, squeeze=False, sharey=True)
        for number, panel in enumerate(panels.ravel()):
            if number >= len(scores):
                panel.set_axis_off()
                continue
            _rank_panel(panel, comparison, ranking, scores[number], models)
        _model_ticks(panels, models, ranking)
        _rank_legend(figure, ranking, models)
        return save_figure(figure, path_stem)


def steps_figure(
    comparison: xr.Dataset, path_stem: str | Path, *, score: str, level: float = 0.95
) -> list[Path]:
    """Draw one score by step: means over brains with intervals, the floor and the ceiling.

    Parameters
    ----------
    comparison : xarray.Dataset
        From :func:`wmsim.compare.run.compare`.
    path_stem : path-like
        Where to write, without ending.
    score : str
        Which.
    level : float
        Of intervals.

    Returns
    -------
    list of pathlib.Path
        The PNG and the PDF.

    Raises
    ------
    ConfigError
        If there is no such score.
    WmsimError
        If it has no steps.
    """
    choose(score, comparison["score"].values.tolist(), "score")
    by_step = comparison.isel(step=comparison["step"].values != ALL)
    own = by_step.sel(score=score).transpose("model", "step", "brain", ...)
    if not np.isfinite(own["value"]).any():
        values = by_step["value"].transpose("score", ...).values
        there = np.isfinite(values).any(axis=(1, 2, 3))
        names = by_step["score"].values[there].tolist()
        raise WmsimError(
            f"Score '{score}' is over all steps at once, and has none to draw. Scores with steps: "
            f"{', '.join(names) or 'none'}."
        )
    steps = own["step"].values.tolist()
    found, top = over_brains(own), over_brains(own, "ceiling")
    low, high = found.interval(level)
    looks = looks_of(comparison)
    models = comparison["model"].values.tolist()
    with style():
        names = 0.05 * max(map(len, models)) + 0.6
        height = max(2.9, 0.145 * (len(models) + 2) + 0.3)
        # Intervals of many models need room beside one another.
        a_step = max(0.75, 0.075 * len(models))
        figure = new_figure(max(a_step * len(steps), 2.6) + 0.8 + names, height)
        panel = figure.subplots()
        places = np.arange(len(steps))
        _ceiling_of_steps(panel, places, *top.interval(level), top.mean)
        panel.plot(places, _mean_floor(own), "--", color="black", lw=0.9, label="floor", zorder=1)
        aside = np.linspace(-0.3, 0.3, len(models)) if len(models) > 1 else np.zeros(1)
        for row, model in enumerate(models):
            look = looks[model]
            error = np.stack([found.mean[row] - low[row], high[row] - found.mean[row]])
            panel.errorbar(
                places + aside[row], found.mean[row], np.nan_to_num(error), color=look["color"],
                marker=look["marker"], mfc=look["mfc"], ls=look["ls"], ms=3.2, lw=1.0,
                elinewidth=0.8, label=model, zorder=3,
            )  # fmt: skip
        panel.set_xticks(places, steps)
        panel.set_xlim(-0.45, len(steps) - 0.55)
        panel.set_ylabel(SCORES.get(score, score))
        panel.set_title(_brains(comparison, level))
        figure.legend(loc="outside right center", fontsize=6.5, handlelength=2.2)
        return save_figure(figure, path_stem)


def differences_figure(ranking: xr.Dataset, path_stem: str | Path, *, score: str) -> list[Path]:
    """Draw the differences between all models by one score, and which are significant.

    Parameters
    ----------
    ranking : xarray.Dataset
        From :func:`wmsim.compare.inference.ranking`.
    path_stem : path-like
        Where to write, without ending.
    score : str
        Which.

    Returns
    -------
    list of pathlib.Path
        The PNG and the PDF.

    Raises
    ------
    ConfigError
        If there is no such score.
    WmsimError
        If fewer than two models have it.
    """
    choose(score, ranking["score"].values.tolist(), "score")
    own = ranking.sel(score=score)
    ranks = own["rank"].values
    order = np.argsort(ranks, kind="stable")[: np.isfinite(ranks).sum()]
    if order.size < 2:
        raise WmsimError(
            f"{order.size} model(s) have score '{score}'; expected two or more, whose differences "
            "can be drawn."
        )
    names = own["model"].values[order].tolist()
    rows, columns = np.ix_(order[:-1], order[1:])
    p = own["p_corrected"].values[rows, columns]
    if not own["can_rank"]:
        p = np.ones_like(p)  # no mark of significance where the recordings rank nothing
    # Each pair once: the better model in the row.
    once = ~np.tri(order.size - 1, k=-1, dtype=bool)
    shown = np.where(once, own["difference"].values[rows, columns], np.nan)
    numbered = order.size <= MOST_NUMBERED
    with style():
        cell, label = (0.4 if numbered else 0.24) * len(shown), 0.06 * max(map(len, names))
        figure = new_figure(max(cell + label + 1.5, 3.4), max(cell, 0.8) + label + 0.8)
        panel = figure.subplots()
        image = _difference_cells(panel, shown, p, numbered)
        panel.set_yticks(range(len(shown)), names[:-1])
        panel.set_xticks(range(len(shown)), names[1:], rotation=45, ha="right",
                         rotation_mode="anchor")  # fmt: skip
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
        # Over the whole figure, as a long name is wider than few cells.
        title = textwrap.fill(SCORES.get(score, score), int(14 * figure.get_figwidth()))
        figure.suptitle(f"{title}:\nrow minus column")
        bar = figure.colorbar(image, ax=panel, fraction=0.045, pad=0.03)
        bar.set_label("difference")
        panel.set_xlabel(_told_marks(ranking), fontsize=6.5, color="#555555")
        return save_figure(figure, path_stem)


def _difference_cells(panel: Axes, shown: np.ndarray, p: np.ndarray, numbered: bool) -> Any:
    """Colour, number and mark of each pair; where there are many, the mark alone."""
    limit = float(np.nanmax(np.abs(shown), initial=0.0)) or 1.0
    image = panel.imshow(shown, vmin=-limit, vmax=limit, cmap="RdBu_r")
    for row, column in np.argwhere(np.isfinite(shown)):
        value, mark = shown[row, column], _mark(p[row, column])
        text = f"{_digits(value)}\n{mark}" if numbered else mark.replace("n.s.", "")
        panel.text(float(column), float(row), text, fontsize=5.5, ha="center", va="center",
                   color="white" if abs(value) > 0.65 * limit else "black",
                   linespacing=0.9)  # fmt: skip
    return image


def _rank_panel(
    panel: Axes, comparison: xr.Dataset, ranking: xr.Dataset, score: str, models: list[str]
) -> None:
    own = ranking.sel(score=score)
    values = comparison["value"].sel(score=score, step=ALL).transpose("model", "brain")
    looks = looks_of(ranking)
    ends: list[float] = []
    ceiling = [float(own[name]) for name in ("ceiling_low", "ceiling_high")]
    if np.isfinite(ceiling).all():
        panel.axvspan(*ceiling, color=TOP, lw=0, zorder=0.6)
        ends += ceiling
    for place, model in enumerate(models):
        one = own.sel(model=model)
        floor, top = float(one["floor"]), float(one["ceiling"])
        if np.isfinite([floor, top]).all():
            panel.fill_betweenx([place - 0.5, place + 0.5], floor, top, color=BAND, lw=0, zorder=0)
            panel.plot([top, top], [place - 0.5, place + 0.5], color=GREY, lw=1.0, zorder=0.8,
                       solid_capstyle="butt")  # fmt: skip
            ends += [floor, top]
        mean, low, high = (float(one[name]) for name in ("mean", "low", "high"))
        if not np.isfinite(mean):
            panel.text(0.5, place, "not available", fontsize=5.5, color=GREY, ha="center",
                       va="center", transform=panel.get_yaxis_transform())  # fmt: skip
            continue
        look = looks[model]
        dots = values.sel(model=model).values
        dots = dots[np.isfinite(dots)]
        aside = np.linspace(-0.22, 0.22, dots.size) if dots.size > 1 else np.zeros(dots.size)
        if comparison.sizes["brain"] > 1:
            panel.plot(dots, place + aside, "o", color=look["color"], ms=1.8, alpha=0.4, mew=0,
                       zorder=2)  # fmt: skip
            ends += np.quantile(dots, [0.02, 0.98]).tolist()
        if np.isfinite([low, high]).all():
            panel.plot([low, high], [place, place], color=look["color"], lw=1.3, zorder=3)
        panel.plot(mean, place, "o", color=look["color"], mfc=look["mfc"], ms=4.2, mew=1.1,
                   zorder=4)  # fmt: skip
        ends += [end for end in (mean, low, high) if np.isfinite(end)]
        if one["best_group"] and own["can_rank"]:
            best = float(one["rank"]) == 1
            panel.plot(1.04, place, "<", mfc="black" if best else "white", ms=4.2, color="black",
                       transform=panel.get_yaxis_transform(), clip_on=False, mew=0.8)  # fmt: skip
    _rank_axis(panel, score, len(models), ends)
    if not own["can_rank"]:
        panel.set_title(f"{SHORT.get(score, score)}: cannot rank", color=GREY)


def _rank_axis(panel: Axes, score: str, n_models: int, ends: list[float]) -> None:
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    room = 0.05 * max(high - low, 0.05)
    panel.set_xlim(low - room, high + room)
    panel.axvline(0, color="black", lw=0.6, ls=":", zorder=1)
    panel.set_ylim(n_models - 0.5, -0.5)
    panel.locator_params(axis="x", nbins=4)
    panel.tick_params(axis="x", labelsize=6.5)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    panel.set_title(SHORT.get(score, score))


def _model_ticks(panels: np.ndarray, models: list[str], ranking: xr.Dataset) -> None:
    """Names on the left; a line between trained models and controls."""
    controls = dict(zip(ranking["model"].values.tolist(), controls_of(ranking), strict=True))
    trained = sum(not controls[model] for model in models)
    for row in panels:
        row[0].set_yticks(range(len(models)), models)
        for label, model in zip(row[0].get_yticklabels(), models, strict=True):
            label.set_color(GREY if controls[model] else "black")
    if 0 < trained < len(models):
        for panel in panels.ravel():
            if panel.axison:
                panel.axhline(trained - 0.5, color="black", lw=0.5, zorder=1)


def _rank_legend(figure: Figure, ranking: xr.Dataset, models: list[str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    looks = looks_of(ranking)
    families = dict(zip(ranking["model"].values.tolist(), families_of(ranking), strict=True))
    entries: list[Any] = []
    known: set[str] = set()
    for model in sorted(models, key=lambda one: families[one]):
        family = families[model]
        if family and family not in known:
            known.add(family)
            entries.append(Line2D([], [], color=looks[model]["color"], marker="o", ms=4, lw=1.3,
                                  label=family))  # fmt: skip
    if controls_of(ranking).any():
        entries.append(Line2D([], [], color=GREY, marker="o", mfc="white", ms=4, lw=1.3,
                              label="control"))  # fmt: skip
    level = f"{100 * float(ranking.attrs['level']):g} %"
    over = sorted({one for one in ranking["over"].values.ravel().tolist() if one})
    entries += [
        Patch(color=BAND, label="floor to ceiling"),
        Patch(color=TOP, label=f"ceiling, {level}"),
        Line2D([], [], color="black", marker="<", ls="", ms=4, label="best"),
        Line2D([], [], color="black", marker="<", mfc="white", ls="", ms=4,
               label="not significantly worse"),
    ]  # fmt: skip
    figure.legend(handles=entries, loc="outside lower center", fontsize=6.5,
                  ncols=min(len(entries), max(int(figure.get_figwidth() / 0.85), 1)),
                  handlelength=1.4, columnspacing=1.2)  # fmt: skip
    what = f", mean and {level} interval over {' or '.join(over)}" if over else ""
    n = int(ranking.attrs["n_brains"])
    figure.suptitle(f"{n} brain{'s' * (n > 1)}{what}", fontsize=8)


def _ceiling_of_steps(
    panel: Axes, places: np.ndarray, low: np.ndarray, high: np.ndarray, mean: np.ndarray
) -> None:
    known = np.isfinite(low)
    if known.any():
        panel.fill_between(places, low, high, where=known, color=TOP, lw=0, alpha=0.7, zorder=0)
    panel.plot(places, mean, color=GREY, lw=1.4, label="ceiling", zorder=1)


def _mean_floor(own: xr.Dataset) -> np.ndarray:
    """Floor of each step, over models and brains."""
    return np.asarray(own["floor"].mean(["model", "brain"], skipna=True).values)


def _brains(comparison: xr.Dataset, level: float) -> str:
    n = comparison.sizes["brain"]
    over = "brains and stimuli" if comparison.attrs.get("shared_stimuli") else "brains"
    return f"{n} brain{'s' * (n > 1)}, {100 * level:g} % interval over {over if n > 1 else STIMULI}"


def _mark(p: float) -> str:
    """Stars of a corrected p-value.

    Examples
    --------
    >>> _mark(0.0004), _mark(0.03), _mark(0.4), _mark(float("nan"))
    ('***', '*', 'n.s.', '')
    """
    if not np.isfinite(p):
        return ""
    return next((mark for risk, mark in MARKS if p < risk), "n.s.")


def _told_marks(ranking: xr.Dataset) -> str:
    marks = ", ".join(f"{mark} P < {risk:g}" for risk, mark in reversed(MARKS))
    n = int(ranking.attrs["n_brains"])
    return f"{marks}\n(Holm, {n} brain{'s' * (n > 1)})"


def _digits(value: float) -> str:
    """Two digits, no 0 before the point.

    Examples
    --------
    >>> _digits(0.123), _digits(-0.5), _digits(1.0)
    ('.12', '−.50', '1.00')
    """
    return f"{value:.2f}".replace("0.", ".", 1).replace("-", "\N{MINUS SIGN}")


__all__ = ["differences_figure", "ranking_figure", "steps_figure"]
