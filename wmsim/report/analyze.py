"""``wmsim analyze``: one recording, or several as one population; numbers and a report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import xarray as xr

from wmsim.errors import WmsimError
from wmsim.files import output_folder, write_json
from wmsim.pipeline import Analysis, AnalysisConfig, analyze, is_joined
from wmsim.recordings import open_recording
from wmsim.report.page import write_page
from wmsim.report.recording import analyze_recording, headline, recording_figures, write_results
from wmsim.report.summary import new_summary, timed

POPULATION = "population"


def analyze_file(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    config: AnalysisConfig | None = None,
    *,
    n_jobs: int | None = None,
) -> dict[str, Any]:
    """Run the pipeline on a file and write ``summary.json``, ``report.html``, figures, results.

    Parameters
    ----------
    paths : path-like or sequence of path-like
        A recording; or several, which are pooled into a pseudo-population.
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
        If a file is no recording, cannot be analysed, or the folder cannot be written to.
    """
    from wmsim.figures import positions_figure, statistics_figure

    config = config or AnalysisConfig()
    files = [Path(p) for p in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
    _require_different(files)
    folder = output_folder(out)
    name = files[0].stem if len(files) == 1 else POPULATION
    command = " ".join(["wmsim analyze", *(file.name for file in files)])
    summary = new_summary(command, recordings={})
    with timed(summary, "total"):
        with ExitStack() as stack, timed(summary, "analysis"):
            opened = [stack.enter_context(open_recording(file)) for file in files]
            references = dict.fromkeys(str(one.attrs.get("reference", "")) for one in opened)
            result, figures = _analyzed(opened, name, folder, config, n_jobs)
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
        references=[reference for reference in references if reference],
    )
    return summary


def _require_different(files: Sequence[Path]) -> None:
    """A session that is pooled with itself would be in training and test."""
    if not files:
        raise WmsimError("No file was given, expected one recording or more.")
    known: set[Path] = set()
    for file in files:
        if file.resolve() in known:
            raise WmsimError(
                f"'{file}' was given twice; its trials would be in training and test. Name each "
                "recording once."
            )
        known.add(file.resolve())


def _analyzed(
    opened: list[xr.Dataset], name: str, folder: Path, config: AnalysisConfig, n_jobs: int | None
) -> tuple[Analysis, list[dict[str, str]]]:
    """Results and figures; without RDMs where trials are made of shared real trials."""
    first = opened[0]
    pooled = len(opened) > 1 or is_joined(first) or "population" in first.attrs
    if not pooled:
        return analyze_recording(first, name, folder, config, n_jobs=n_jobs)
    work, label = folder / "work", f"analysis: {name}"
    result = analyze(opened, config, work=work, n_jobs=n_jobs, label=label)
    # Distances are cross-validated over folds of trials, which would share activity here.
    result.summary["rsa"] = {}
    result.summary["notes"].append("No RDMs of pseudo-populations are made.")
    write_results(result, {}, folder / "results" / f"{name}.nc")
    return result, recording_figures(result, {}, name, folder)


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
