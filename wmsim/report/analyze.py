"""``wmsim analyze``: one recording, its numbers and its report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from wmsim.files import output_folder, write_json
from wmsim.pipeline import AnalysisConfig
from wmsim.recordings import open_recording
from wmsim.report.page import write_page
from wmsim.report.recording import analyze_recording, headline
from wmsim.report.summary import new_summary, timed


def analyze_file(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    config: AnalysisConfig | None = None,
    *,
    n_jobs: int | None = None,
) -> dict[str, Any]:
    """Run the pipeline on a file and write ``summary.json``, ``report.html``, figures, results.

    Parameters
    ----------
    path : path-like
        A recording.
    out : path-like
        Folder for everything that is written. Finished pieces are kept in ``work`` there, so a
        run that was stopped goes on when it is started again.
    config : AnalysisConfig, optional
        How.
    n_jobs : int, optional
        Processes, by default one a core.

    Returns
    -------
    dict
        Content of ``summary.json``.

    Raises
    ------
    WmsimError
        If the file is no recording, cannot be analysed, or the folder cannot be written to.
    """
    from wmsim.figures import positions_figure, statistics_figure

    config = config or AnalysisConfig()
    folder = output_folder(out)
    name = Path(path).stem
    summary = new_summary(f"wmsim analyze {Path(path).name}", recordings={})
    with timed(summary, "total"):
        with open_recording(path) as opened, timed(summary, "analysis"):
            reference = str(opened.attrs.get("reference", ""))
            result, figures = analyze_recording(opened, name, folder, config, n_jobs=n_jobs)
        summary["recordings"][name] = result.summary
        with timed(summary, "figures"):
            statistics_figure(summary["recordings"], folder / "figures" / "statistics")
            positions_figure(summary["recordings"], folder / "figures" / "positions")
    write_json(folder / "summary.json", summary)
    write_page(
        folder,
        summary,
        [
            *overview_figures(),
            *({**figure, "recording": name} for figure in figures),
        ],
        title=f"wmsim: {name}",
        introduction=[headline(result.summary, feature) for feature in result.summary["features"]],
        references=[reference] if reference else [],
    )
    return summary


def overview_figures() -> list[dict[str, str]]:
    """Entries of the two figures that show all recordings."""
    return [
        {
            "file": "statistics.png",
            "title": "Transfer between states, and rotations",
            "caption": "Points: value on held-out trials; lines: 95 % interval over trials; grey "
            "ticks: chance measured by permutation.",
        },
        {
            "file": "positions.png",
            "title": "Each item while it is shown",
            "caption": "Multiclass accuracy at the item's own step; lines: 95 % interval over "
            "trials; dotted: chance measured by permutation.",
        },
    ]
