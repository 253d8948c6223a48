"""``wmsim calibrate``: how often verdicts are right, with tables and figures."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wmsim.errors import WmsimError
from wmsim.figures.calibration import confusion_figure, grid_figure, reliability_figure
from wmsim.files import atomic_path, output_folder, write_json, write_text
from wmsim.hypotheses.calibration import calibrate
from wmsim.hypotheses.calibration_config import CONDITIONS, PLAIN, CalibrationConfig
from wmsim.hypotheses.calibration_tables import Outcomes, condense
from wmsim.hypotheses.composition import HYPOTHESES
from wmsim.report.page import write_page
from wmsim.report.summary import new_summary, timed

if TYPE_CHECKING:
    import xarray as xr

READING = (
    "Recordings are planted with a known truth, each by a seed of its own, and judged by the "
    "very procedure of wmsim verdict. All truths are planted equally often, which is what stated "
    "probabilities assume beforehand.",
    "Right: the verdict is what was planted; wrong: it is something else; the rest is undecided. "
    "Signal 1: the SD over values of a unit's response to the item on display is 0.2 of the SD of "
    "its noise.",
    "Rules of thumb: H1 if decoders fitted at encoding keep .8 of their accuracy at the last "
    "memory step; otherwise H2 if decoders rotated as another item's are nearer in accuracy to "
    "those rotated as their own than to chance, else H3. They know no other answer.",
)
FIGURES = (
    ("grid", "Right and wrong verdicts", "Percent of recordings, over units and trials. Right: "
     "where there is something to be found (H1, H2, H3, shared, mixture). Wrong: all recordings. "
     "Rules of thumb: recordings of H1, H2 and H3, the only answers that they know."),
    ("confusion", "What was planted, and what was said", "Numbers of recordings, all cells of "
     "the grid."),
    ("reliability", "Stated probabilities, and p without code", "Left: mean stated probability "
     "of the most probable hypothesis, and how often it is the truth (95 %, Wilson); numbers of "
     "recordings. Right: p-values where no code was planted."),
)  # fmt: skip


def calibrate_into(
    out: str | os.PathLike[str], config: CalibrationConfig | None = None, *, n_jobs: int = 1
) -> dict[str, Any]:
    """Calibrate; write ``summary.json``, ``report.html``, figures, tables and all outcomes.

    Parameters
    ----------
    out : path-like
        Folder for everything that is written. Finished recordings are kept in ``work`` there, so
        a run that was stopped goes on when it is started again.
    config : CalibrationConfig, optional
        What to plant, by default the preset "full".
    n_jobs : int, default 1
        Processes.

    Returns
    -------
    dict
        Content of ``summary.json``.

    Raises
    ------
    WmsimError
        If the folder cannot be written to.
    """
    config = config or CalibrationConfig()
    folder = output_folder(out)
    summary = new_summary("wmsim calibrate", recordings={}, config=config.model_dump(mode="json"))
    with timed(summary, "total"):
        with timed(summary, "recordings"):
            outcomes = calibrate(config, folder / "work", n_jobs=n_jobs)
        write_calibration(folder, outcomes, config, summary)
    return summary


def write_calibration(
    folder: Path, outcomes: Outcomes, config: CalibrationConfig, summary: dict[str, Any]
) -> None:
    """Write everything that follows from outcomes."""
    plain = [one for one in outcomes if one["condition"] == PLAIN]
    if not plain:
        raise WmsimError("There is no recording on the grid to make a table of.")
    empty = [one for one in plain if one["truth"] == "none"]
    found = condense(outcomes)
    found["p_values"] = {
        name: [one[f"p_{name}"] for one in empty if one[f"p_{name}"] is not None]
        for name in ("encoding", "memory")
    }
    n_units, n_trials, signal = config.middle
    found |= {
        "reading": list(READING),
        "middle": f"{n_units} units, {n_trials} trials, signal {signal:g}",
        "condition_settings": {name: CONDITIONS[name] for name in found["conditions"]},
    }
    summary["calibration"] = found
    _draw(folder / "figures", plain, found)
    save_outcomes(outcomes, folder / "results" / "calibration.nc")
    write_text(folder / "results" / "calibration.csv", as_csv(found["cells"]))
    write_json(folder / "summary.json", summary)
    figures = [
        {"file": f"{name}.png", "title": title, "caption": caption}
        for name, title, caption in FIGURES
    ]
    write_page(
        folder, summary, figures, title="wmsim: how often is the verdict right?",
        introduction=sentences(found),
    )  # fmt: skip


def _draw(folder: Path, plain: Outcomes, found: dict[str, Any]) -> None:
    grid_figure(plain, folder / "grid")
    confusion_figure(found, folder / "confusion")
    reliability_figure(found, folder / "reliability")


def sentences(found: dict[str, Any]) -> list[str]:
    """What came out, in words.

    Parameters
    ----------
    found : dict
        From :func:`wmsim.hypotheses.calibration_tables.condense`.
    """
    plain = found["conditions"][PLAIN]
    accounts, none = plain["accounts"], plain["no_account"]["verdict"]
    error = found["reliability"]["expected_calibration_error"]
    lines = [f"{found['n_recordings']} recordings were planted and judged."]
    if accounts["right"]["n"]:
        lines.append(
            f"On the grid, {_percent(accounts['right'])} of the verdicts on recordings that follow "
            f"an account of memory are right, {_percent(accounts['wrong'])} are wrong, the others "
            "are undecided."
        )
    if none["n"]:
        lines.append(f"Where there is none to be found, {_percent(none)} get a verdict.")
    if error is not None:
        lines.append(f"Stated probabilities are off by {error:.3f} on average.")
    return lines


def _percent(one: dict[str, Any]) -> str:
    return f"{100 * one['value']:.1f} % [{100 * one['low']:.1f}, {100 * one['high']:.1f}]"


def as_csv(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as CSV; shares with four digits."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return stream.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else value


def outcomes_table(outcomes: Outcomes) -> xr.Dataset:
    """All outcomes, labelled: dims ``recording`` and ``hypothesis``."""
    import xarray as xr

    lacking = dict.fromkeys(HYPOTHESES, np.nan)
    text = ("condition", "truth", "verdict", "best", "naive", "reason")
    whole = ("n_units", "n_trials", "number", "seed")
    real = ("signal", "distance", "exponent", "p_encoding", "p_memory", "seconds")
    columns: dict[str, Any] = {
        **{name: [one[name] or "" for one in outcomes] for name in text},
        **{name: np.array([one[name] for one in outcomes], dtype=np.int64) for name in whole},
        **{name: np.array([one[name] for one in outcomes], dtype=float) for name in real},
    }
    probability = [list((one["probability"] or lacking).values()) for one in outcomes]
    found = xr.Dataset(
        {name: ("recording", values) for name, values in columns.items()},
        coords={"hypothesis": list(HYPOTHESES)},
        attrs={"schema": "wmsim.calibration"},
    )
    found["probability"] = (("recording", "hypothesis"), np.array(probability))
    found["seconds"].attrs["units"] = "s"
    return found


def save_outcomes(outcomes: Outcomes, path: Path) -> None:
    """Write :func:`outcomes_table` as netCDF."""
    with atomic_path(path) as temporary:
        outcomes_table(outcomes).to_netcdf(temporary, engine="netcdf4")
