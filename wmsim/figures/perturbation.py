"""The causal test: what a network answers when its memory is moved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style

ACTION_COLOURS = {"match": COLOURS[0], "non-match": COLOURS[1], "no action": COLOURS[2]}
# Grey lines: the right action under directions that should not matter.
CONTROLS = {
    "random": ("random, isotropic", ":"),
    "natural": ("random, as activity varies", "--"),
    "outside": ("the same outside the decoders' span", "-."),
    "unrelated": ("decoder of another feature", (0, (5, 1, 1, 1, 1, 1))),
    "elsewhere": ("decoder, to a third value", "-"),
}
DOTS = {"own": ("o", COLOURS[0]), "means": ("D", COLOURS[5]), "elsewhere": ("s", COLOURS[3]),
        "unrelated": ("^", COLOURS[4]), "natural": ("x", GREY), "outside": ("+", GREY),
        "random": (".", GREY)}  # fmt: skip
DOT_NAMES = {"own": "decoder's normal", "means": "class means"} | {
    kind: label for kind, (label, _) in CONTROLS.items()
}
TITLES = {
    "match": "Match trials: the stored value is moved away from the probe's",
    "non-match": "Non-match trials: the stored value is moved to the probe's",
}


def perturbation_figure(
    results: Mapping[str, xr.Dataset], path_stem: str | Path, *, trial_kind: str = "match"
) -> list[Path]:
    """Draw probabilities of the three actions against dose, one panel a task.

    Parameters
    ----------
    results : mapping of str to xarray.Dataset
        Results of :func:`wmsim.perturbation.perturb` by task; columns are features.
    path_stem : path-like
        Where to write, without ending.
    trial_kind : {"match", "non-match"}
        Which trials.

    Returns
    -------
    list of pathlib.Path
    """
    places, n_rows, n_columns = _places(results)
    with style():
        figure = new_figure(max(2.1 * n_columns + 0.6, 4.6), 1.65 * n_rows + 1.5)
        panels = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False)
        for panel in panels.flat:
            panel.set_visible(False)
        handles: dict[str, Any] = {}
        for name, result in results.items():
            panel = panels[places[name]]
            panel.set_visible(True)
            one = result.sel(trial_kind=trial_kind).isel(step=-1)
            _panel(panel, one, trial_kind, handles)
            panel.set_title(f"{result.attrs['task']}, n = {int(one['n_trials'])}")
        _label_edges(panels)
        figure.suptitle(TITLES[trial_kind], fontsize=9)
        figure.legend(
            handles.values(), handles, loc="outside lower center", ncols=2, fontsize=7,
            handlelength=3,
        )  # fmt: skip
        return save_figure(figure, path_stem)


def effects_figure(results: Mapping[str, xr.Dataset], path_stem: str | Path) -> list[Path]:
    """Draw how much dose 1 changes the probability of the right action, by direction and task.

    Parameters
    ----------
    results : mapping of str to xarray.Dataset
        Results of :func:`wmsim.perturbation.perturb` by task.
    path_stem : path-like
        Where to write, without ending.

    Returns
    -------
    list of pathlib.Path
    """
    with style():
        figure = new_figure(7.2, 0.55 * len(results) + 1.5)
        panels = figure.subplots(1, 2, sharey=True)
        handles: dict[str, Any] = {}
        for panel, kind in zip(panels, TITLES, strict=True):
            for row, result in enumerate(results.values()):
                one = result.sel(trial_kind=kind, action=kind, dose=1.0).isel(step=-1)
                _dots(panel, one, row, handles)
            panel.axvline(0, color="black", lw=0.8)
            panel.set_title(f"{kind} trials")
            panel.set_xlabel(f"change of P({kind}) at dose 1")
            panel.grid(axis="x", color="#eeeeee", lw=0.8)
            panel.set_axisbelow(True)
        panels[0].set_yticks(range(len(results)), list(results))
        panels[0].set_ylim(len(results) - 0.4, -0.6)
        figure.legend(
            handles.values(), handles, loc="outside lower center", ncols=3, fontsize=7,
        )  # fmt: skip
        return save_figure(figure, path_stem)


def _places(results: Mapping[str, xr.Dataset]) -> tuple[dict[str, tuple[int, int]], int, int]:
    """Row and column of each task: features side by side if that leaves no gap, else in turn."""
    rows = list(dict.fromkeys(_row(one) for one in results.values()))
    columns = list(dict.fromkeys(str(one.attrs["feature"]) for one in results.values()))
    places = {
        name: (rows.index(_row(one)), columns.index(str(one.attrs["feature"])))
        for name, one in results.items()
    }
    if len(set(places.values())) == len(rows) * len(columns) == len(results):
        return places, len(rows), len(columns)
    width = min(len(results), 3)
    in_turn = {name: divmod(number, width) for number, name in enumerate(results)}
    return in_turn, -(-len(results) // width), width


def _row(result: xr.Dataset) -> str:
    """What tasks of a row of panels have in common: the task without its feature."""
    task, asked = str(result.attrs["task"]), str(result.attrs["task_feature"])
    return task.replace(f"-{asked}", "", 1)


def _panel(panel: Any, one: xr.Dataset, trial_kind: str, handles: dict[str, Any]) -> None:
    dose = one["dose"].values
    panel.axvline(float(one["hyperplane"]), color="#bbbbbb", lw=1)
    for action, colour in ACTION_COLOURS.items():
        own = one.sel(direction="own", action=action)
        low, high = own["probability_low"].values, own["probability_high"].values
        panel.fill_between(dose, low, high, color=colour, alpha=0.25, lw=0)
        drawn = panel.plot(dose, own["probability"].values, "o-", color=colour, ms=2.5,
                           lw=1.4, zorder=3)[0]  # fmt: skip
        handles.setdefault(f"P({action}): decoder's normal", drawn)
    for kind, (label, line) in CONTROLS.items():
        curve = _control(one, kind, trial_kind)
        if curve is not None:
            drawn = panel.plot(dose, curve, ls=line, color=GREY, lw=1)[0]
            handles.setdefault(f"P({trial_kind}): {label}", drawn)
    panel.set_ylim(-0.02, 1.02)


def _control(one: xr.Dataset, kind: str, action: str) -> np.ndarray | None:
    """Mean curve of a kind of direction that should not matter, or None if there is none."""
    if "against" in one.dims and kind in one["against"].values:
        return one["control"].sel(against=kind, action=action).values
    rows = np.flatnonzero(one["kind"].values == kind)
    curves = one["probability"].sel(action=action).isel(direction=rows).values
    return curves.mean(axis=0) if len(rows) and np.isfinite(curves).all() else None


def _label_edges(panels: np.ndarray) -> None:
    for row in panels:
        row[0].set_ylabel("probability")
    for column in panels.T:
        lowest = [panel for panel in column if panel.get_visible()][-1]
        lowest.set_xlabel("dose (distance of class means;\ngrey line: hyperplane)")


def _dots(panel: Any, one: xr.Dataset, row: int, handles: dict[str, Any]) -> None:
    kinds = one["kind"].values.astype(str)
    for place, (kind, (marker, colour)) in enumerate(DOTS.items()):
        chosen = one.isel(direction=np.flatnonzero(kinds == kind))
        values = chosen["change"].values
        height = row + 0.7 * (place / (len(DOTS) - 1) - 0.5)
        if not values.size or not np.isfinite(values).all():
            continue
        if kind in ("random", "natural", "outside"):
            # Every draw is a direction of its own: all are shown, not their mean alone.
            drawn = panel.plot(values, np.full(values.size, height), marker, color=colour, ms=3,
                               alpha=0.6, mew=0.8)[0]  # fmt: skip
        else:
            ends = chosen["change_low"].values, chosen["change_high"].values
            panel.hlines(np.full(values.size, height), *ends, color=colour, lw=1.2)
            drawn = panel.plot(values, np.full(values.size, height), marker, color=colour, ms=3.5,
                               ls="none")[0]  # fmt: skip
        handles.setdefault(DOT_NAMES[kind], drawn)
