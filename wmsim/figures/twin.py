"""A twin's trials beside the brain's, and how well networks answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from wmsim.twin import Design

TRIALS, MOST_DESIGNS = 5, 4
PALE = 0.45


def twin_figure(
    designs: Sequence[Design],
    accuracy: Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]],
    path_stem: str | Path,
) -> list[Path]:
    """Draw when trials showed what, to the brain and to networks; and accuracy at probes.

    Parameters
    ----------
    designs : sequence of Design
        Of all recordings; one of each kind of task is drawn.
    accuracy : mapping
        Recording to model to number of items to ``accuracy``.
    path_stem : path-like
        Where to write, without ending.

    Returns
    -------
    list of pathlib.Path
    """
    shown = _kinds(designs)[:MOST_DESIGNS]
    rows = [_examples(design) for design in shown]
    heights = [0.45 + 0.32 * len(chosen) for chosen in rows]
    with style():
        figure = new_figure(9.5, max(3.2, 0.6 + sum(heights)))
        panels = figure.subfigures(1, 2, squeeze=False, width_ratios=(1.7, 1))
        left, right = panels[0, 0], panels[0, 1]
        timelines = left.subplots(len(shown), 1, squeeze=False, height_ratios=heights)[:, 0]
        for axes, design, chosen in zip(timelines, shown, rows, strict=True):
            _timeline(axes, design, chosen)
        timelines[-1].set_xlabel("time (s), as recorded")
        most = max(task.load for design in shown for task in design.tasks)
        left.legend(*_keys(most), loc="outside lower center", ncols=3, fontsize=7)
        _accuracy(right.subplots(), accuracy)
        right.legend(loc="outside lower center", ncols=2, fontsize=7)
        return save_figure(figure, path_stem)


def counted(load: str) -> str:
    """A number of items in words.

    Examples
    --------
    >>> counted("1"), counted("3")
    ('1 item', '3 items')
    """
    return f"{load} item" if load == "1" else f"{load} items"


def _kinds(designs: Sequence[Design]) -> list[Design]:
    """The first design of each kind of task."""
    found: dict[Any, Design] = {}
    for design in designs:
        found.setdefault(tuple((t.load, t.shown, t.probes) for t in design.tasks), design)
    return list(found.values())


def _examples(design: Design) -> list[int]:
    """Trials that differ in their number of items or gaps, shortest first."""
    found: dict[tuple[int, ...], int] = {}
    for part in design.parts:
        for row, gaps in zip(part.rows, part.gaps, strict=True):
            found.setdefault((part.task.load, *gaps.tolist()), int(row))
    ordered = [found[key] for key in sorted(found, key=lambda one: (one[0], sum(one[1:]), one))]
    return [ordered[i] for i in np.unique(np.linspace(0, len(ordered) - 1, TRIALS).astype(int))]


def _timeline(axes: Axes, design: Design, trials: list[int]) -> None:
    brain, step = design.brain.recording, design.config.step
    n_probes = design.parts[0].task.probes
    recorded = {
        name: brain[name].values if name in brain.variables else None
        for name in ("item_onset", "item_offset", "event_maintenance", "event_probe")
    }
    display = design.parts[0].task.shown * step
    onset, offset = recorded["item_onset"], recorded["item_offset"]
    if onset is not None and offset is None:
        offset = onset + display
    for row, trial in enumerate(trials):
        if onset is not None and offset is not None:
            _bars(axes, row - 0.18, onset[trial], offset[trial], 1.0)
        _bars(axes, row + 0.18, design.onset[trial], design.offset[trial], PALE)
        for at, times in ((-0.18, recorded["event_maintenance"]), (0.18, design.maintenance)):
            if times is not None:
                axes.plot([times[trial]] * 2, [row + at - 0.13, row + at + 0.13], color=GREY, lw=1)
        if recorded["event_probe"] is not None:
            _probe(axes, row - 0.18, recorded["event_probe"][trial], display, 1.0)
        for probe in range(n_probes):
            _probe(axes, row + 0.18, design.probe[trial] + probe * display, display, PALE)
    axes.set_yticks(
        [row + at for row in range(len(trials)) for at in (-0.18, 0.18)],
        ["brain", "network"] * len(trials), fontsize=6,
    )  # fmt: skip
    axes.invert_yaxis()
    loads = "/".join(str(task.load) for task in design.tasks)
    axes.set_title(
        f"{design.brain.name}: {loads} items, steps of {step:g} s, "
        f"off by at most {design.rounding:.2g} s",
        loc="left",
    )


def _bars(axes: Axes, at: float, onset: np.ndarray, offset: np.ndarray, alpha: float) -> None:
    for item in np.flatnonzero(np.isfinite(onset)):
        axes.barh(at, offset[item] - onset[item], left=onset[item], height=0.28, alpha=alpha,
                  color=COLOURS[item % 4], linewidth=0)  # fmt: skip


def _probe(axes: Axes, at: float, start: float, display: float, alpha: float) -> None:
    if np.isfinite(start):
        axes.barh(at, 0.92 * display, left=start, height=0.28, color=COLOURS[6],
                  alpha=0.8 * alpha, linewidth=0)  # fmt: skip


def _keys(n_items: int) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    items = [Patch(color=COLOURS[item % 4]) for item in range(n_items)]
    handles = [*items, Line2D([], [], color=GREY, lw=1), Patch(color=COLOURS[6], alpha=0.8)]
    return handles, [
        *(f"item {item + 1}" for item in range(n_items)),
        "maintenance begins",
        "probe",
    ]


def _accuracy(
    axes: Axes, accuracy: Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]]
) -> None:
    """One point a recording; models side by side, numbers of items in colours."""
    models = list(dict.fromkeys(model for one in accuracy.values() for model in one))
    models = [m for m in models if any(one.get(m) for one in accuracy.values())]
    loads = sorted({load for one in accuracy.values() for found in one.values() for load in found})
    for number, load in enumerate(loads):
        colour = COLOURS[number % len(COLOURS)]
        for place, model in enumerate(models):
            values = [
                one[model][load]["accuracy"]
                for one in accuracy.values()
                if load in one.get(model, {})
            ]
            spread = np.linspace(-0.06, 0.06, len(values)) if len(values) > 1 else np.zeros(1)
            middle = place + 0.22 * (number - (len(loads) - 1) / 2)
            axes.plot(middle + spread[: len(values)], values, "o", ms=3.5, color=colour, alpha=0.7,
                      label=counted(load) if place == 0 else None)  # fmt: skip
    axes.axhline(0.5, color=GREY, lw=0.8, ls=":", label="guessing match / non-match")
    axes.set_xticks(range(len(models)), models, rotation=40, ha="right")
    axes.set(ylim=(-0.03, 1.03), xlim=(-0.6, max(len(models), 1) - 0.4),
             ylabel="share of probes answered rightly")  # fmt: skip
    axes.set_title("On the very trials, a point a recording", loc="left")
