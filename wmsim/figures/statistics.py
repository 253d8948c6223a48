"""Statistics with intervals and chance, for every feature of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style

ROWS = (
    ("within", "within E(S,S)"),
    ("encoding_to_encoding", "E(S,S) to E(S',S')"),
    ("encoding_to_memory", "E(S,S) to M(S,T)"),
    ("same_age_transfer", "same age, other item"),
    ("same_item_transfer", "same item, other time"),
    ("procrustes.fitted", "M(S,T): fitted"),
    ("procrustes.reconstructed", "rotated from E(S,S)"),
    ("procrustes.swap_stimulus", "rotation of another item"),
    ("procrustes.swap_time", "rotation of another time"),
    ("procrustes.random_rotation", "random rotation"),
    ("maintenance", "within maintenance"),
)


def pick(summary: dict[str, Any], name: str) -> dict[str, Any] | None:
    """A statistic of a feature's summary by its dotted name, or None."""
    found: Any = summary
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, dict) and "value" in found else None


def statistics_figure(
    recordings: dict[str, dict[str, Any]], path_stem: str | Path, *, metric: str = "balanced"
) -> list[Path]:
    """Draw the main statistics of recordings side by side.

    Parameters
    ----------
    recordings : dict of str to dict
        ``recordings`` of a summary.
    path_stem : path-like
        Where to write, without ending.
    metric : {"balanced", "multiclass"}
        Which accuracy.

    Returns
    -------
    list of pathlib.Path
    """
    with style():
        figure = new_figure(2.1 + 2.6 * len(recordings), 3.6)
        panels = figure.subplots(1, len(recordings), sharey=True, squeeze=False)[0]
        for panel, (name, recording) in zip(panels, recordings.items(), strict=True):
            for number, (feature, summary) in enumerate(recording["features"].items()):
                offset = 0.22 * (number - (len(recording["features"]) - 1) / 2)
                _draw(panel, summary, offset, COLOURS[number % len(COLOURS)], feature, metric)
            panel.set_title(name)
            panel.set_xlabel(
                "one-vs-rest balanced accuracy" if metric == "balanced" else "multiclass accuracy"
            )
            panel.set_xlim(*((0.4, 1.02) if metric == "balanced" else (0.0, 1.02)))
            panel.grid(axis="y", color="#eeeeee", lw=0.8)
            panel.set_axisbelow(True)
            _legend_below(panel, -0.14, ncols=4, handletextpad=0.2)
        panels[0].set_yticks(range(len(ROWS)), [label for _, label in ROWS])
        panels[0].set_ylim(len(ROWS) - 0.5, -0.5)
        return save_figure(figure, path_stem)


def _draw(
    panel: Any, summary: dict[str, Any], offset: float, colour: str, label: str, metric: str
) -> None:
    for row, (name, _) in enumerate(ROWS):
        found = pick(summary, name)
        if found is None:
            continue
        one = found if metric == "balanced" else found["multiclass"]
        if one["low"] is not None:
            panel.plot([one["low"], one["high"]], [row + offset] * 2, color=colour, lw=1.4)
        panel.plot(one["value"], row + offset, "o", color=colour, ms=3.5, label=label)
        label = "_nolegend_"
        if one["chance"] is not None:
            panel.plot(one["chance"], row + offset, "|", color=GREY, ms=6, mew=1)


def _legend_below(panel: Any, below: float, **look: Any) -> None:
    """Within the panel, a legend's markers would be taken for values."""
    look = {"fontsize": 6.5, "columnspacing": 1.0} | look
    panel.legend(loc="upper center", bbox_to_anchor=(0.5, below), **look)


def positions_figure(recordings: dict[str, dict[str, Any]], path_stem: str | Path) -> list[Path]:
    """Draw multiclass accuracy at each item's own step, with intervals and measured chance.

    Parameters
    ----------
    recordings : dict of str to dict
        ``recordings`` of a summary.
    path_stem : path-like
        Where to write, without ending.

    Returns
    -------
    list of pathlib.Path
    """
    with style():
        figure = new_figure(2.7 * len(recordings) + 0.4, 2.8)
        panels = figure.subplots(1, len(recordings), sharey=True, squeeze=False)[0]
        for panel, (name, recording) in zip(panels, recordings.items(), strict=True):
            for number, (feature, summary) in enumerate(recording["features"].items()):
                colour = COLOURS[number % len(COLOURS)]
                entries = [entry["multiclass"] for entry in summary["within_by_item"]]
                x = [position + 1 + 0.08 * number for position in range(len(entries))]
                panel.plot(x, [e["value"] for e in entries], "o-", color=colour, ms=3.5, lw=1,
                           label=f"{feature} (1 of {summary['n_values']})")  # fmt: skip
                for where, entry in zip(x, entries, strict=True):
                    if entry["low"] is not None:
                        panel.plot([where] * 2, [entry["low"], entry["high"]], color=colour, lw=1)
                if all(entry["chance"] is not None for entry in entries):
                    panel.plot(x, [e["chance"] for e in entries], ":", color=colour, lw=1)
            panel.set(title=name, xlabel="item", ylim=(0, 1.02))
            panel.set_xticks(range(1, recording["n_items"] + 1))
            _legend_below(panel, -0.24, ncols=2)
        panels[0].set_ylabel("multiclass accuracy (dotted: chance)")
        return save_figure(figure, path_stem)
