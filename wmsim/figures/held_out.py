"""Cross-condition generalisation as a figure: held-out conditions beside seen ones, and chance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style

COLUMNS = (
    ("within", "when shown\nE(S,S)"),
    ("within_memory", "when held\nM(S,T)"),
    ("encoding_to_memory", "E(S,S) to\nM(S,T)"),
    ("same_age_transfer", "same age,\nother item"),
    ("encoding_to_encoding", "E(S,S) to\nE(S',S')"),
)
# Panels in a row.
ACROSS = 3


def held_out_figure(
    summary: dict[str, Any], path_stem: str | Path, *, metric: str = "balanced", most: int = 12
) -> list[Path]:
    """Draw accuracy in held-out conditions, one panel for each pair of features.

    Parameters
    ----------
    summary : dict
        From :func:`wmsim.pipeline.held_out.held_out_conditions`.
    path_stem : path-like
        Where to write, without ending.
    metric : {"balanced", "multiclass"}
        Which accuracy.
    most : int, default 12
        Panels, at most; the first ones are drawn.

    Returns
    -------
    list of pathlib.Path
    """
    analyses = summary["analyses"][:most]
    across = min(ACROSS, len(analyses))
    down = -(-len(analyses) // across)
    with style():
        figure = new_figure(max(2.6 * across, 3.4), 2.35 * down + 0.45)
        panels = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
        for number, (panel, analysis) in enumerate(zip(panels, analyses, strict=False)):
            _draw(panel, analysis, metric)
            if number % across == 0:
                panel.set_ylabel(f"{metric} accuracy")
        for panel in panels[len(analyses) :]:
            panel.set_visible(False)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=6.5)
        return save_figure(figure, path_stem)


def _draw(panel: Any, analysis: dict[str, Any], metric: str) -> None:
    there = [(name, label) for name, label in COLUMNS if name in analysis]
    first = True
    for place, (name, _) in enumerate(there):
        one = analysis[name] if metric == "balanced" else analysis[name]["multiclass"]
        if one["null_low"] is not None:
            panel.plot(
                [place - 0.14] * 2, [one["null_low"], one["null_high"]], color=GREY, lw=6,
                alpha=0.35, solid_capstyle="butt", zorder=1,
                label="null, 95 % range" if first else None,
            )  # fmt: skip
        for aside, value, colour, marker, label in (
            (-0.14, one, COLOURS[1], "o", "condition held out"),
            (0.14, one["seen"], COLOURS[0], "s", "condition seen, as many items"),
        ):
            error = None
            if value["low"] is not None:
                # A percentile interval need not hold the value of the data itself.
                error = [
                    [max(value["value"] - value["low"], 0)],
                    [max(value["high"] - value["value"], 0)],
                ]
            panel.errorbar(
                place + aside, value["value"], error, fmt=marker, color=colour, ms=3.5, lw=1.2,
                label=label if first else None,
            )  # fmt: skip
        first = False
    chance = 0.5 if metric == "balanced" else 1 / analysis["n_values"]
    panel.axhline(chance, color="black", lw=0.7, ls="--", zorder=0)
    panel.set_xticks(range(len(there)), [label for _, label in there], rotation=40, ha="right")
    panel.set_xlim(-0.5, len(there) - 0.5)
    panel.set_title(
        f"{analysis['task']}\n{analysis['feature']}, {analysis['held_out']} held out", fontsize=7
    )
    panel.text(
        0.03, 0.03, f"n = {analysis['n_trials']} trials, {analysis['n_splits']} splits",
        transform=panel.transAxes, fontsize=6, color="#555555",
    )  # fmt: skip
