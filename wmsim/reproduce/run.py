"""``wmsim reproduce``: train, measure, judge, draw; resumable at every step."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from wmsim.config import differences
from wmsim.errors import ConfigError, WmsimError
from wmsim.files import atomic_path, output_folder, write_json, write_text
from wmsim.report.page import write_page
from wmsim.report.summary import new_summary, timed
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.registry import figures
from wmsim.reproduce.study import Study
from wmsim.training.checkpoint import read_settings, write_settings

COLUMNS = ("figure", "claim", "statistic", "paper", "value", "low", "high", "n_subjects", "verdict")


def reproduce(
    names: Sequence[str],
    out: str | os.PathLike[str],
    config: ReproduceConfig | None = None,
    *,
    subjects: int = 3,
    seed: int = 0,
    device: str = "auto",
    n_jobs: int | None = None,
) -> dict[str, Any]:
    """Reproduce figures of the paper; a run that was stopped goes on when it is started again.

    Parameters
    ----------
    names : sequence of str
        Such as ``["fig4b", "fig4g"]``; ``"all"`` for the whole paper, ``"beyond"`` for what the
        paper leaves open.
    out : path-like
        Folder for everything that is written. Subjects, recordings and measurements in it are
        shared by all figures.
    config : ReproduceConfig, optional
        How; by default the preset "demo".
    subjects : int, default 3
        Networks of each kind. More can be asked for later.
    seed : int, default 0
        Seed of the first; the others follow.
    device : str
        Where to train.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    dict
        Content of ``summary.json``; ``claims`` is a list of ``{figure, claim, statistic, value,
        low, high, verdict, ...}``, see :meth:`wmsim.reproduce.claims.Claim.judged`.

    Raises
    ------
    ConfigError
        If there is no such figure.
    WmsimError
        If the folder cannot be written to or holds a study with other settings.
    """
    if subjects < 1:
        raise ConfigError(f"subjects is {subjects}; at least 1 is needed.")
    config = config or ReproduceConfig.preset("demo")
    chosen = figures(list(names))
    if not chosen:
        raise ConfigError("No figure was named; name one, such as fig4b, or all.")
    folder = output_folder(out)
    _same_study(folder, config)
    study = Study(folder, config, seeds=range(seed, seed + subjects), device=device, n_jobs=n_jobs)
    summary = new_summary(
        f"wmsim reproduce {' '.join(names)}", recordings={}, config=config.model_dump(mode="json"),
        subject_seeds=list(study.seeds), claims=[], figures=[],
    )  # fmt: skip
    start = time.perf_counter()
    with timed(summary, "training"):
        study.train([kind for one in chosen for kind in one.kinds(config)])
    for one in chosen:
        with timed(summary, one.name):
            _figure(one, study, summary)
        summary["seconds"]["total"] = round(time.perf_counter() - start, 2)
        _write(folder, summary, done=one is chosen[-1])
    return summary


def _same_study(folder: Path, config: ReproduceConfig) -> None:
    """Measurements of other settings would be taken for those of these."""
    try:
        write_settings(folder / "study", config.model_dump(mode="json"))
    except WmsimError:
        there = read_settings(folder / "study")
        different = sorted(differences(there, config.model_dump(mode="json")))
        raise WmsimError(
            f"'{folder}' holds a study with other settings ({', '.join(different)}). Give another "
            "--out, or delete that folder."
        ) from None


def _figure(one: Figure, study: Study, summary: dict[str, Any]) -> None:
    """Measure, judge and draw one figure."""
    found = one.measure(study)
    found.attrs |= {"schema": "wmsim.figure", "figure": one.name, "title": one.title}
    with atomic_path(study.folder / "results" / f"{one.name}.nc") as temporary:
        found.to_netcdf(temporary, engine="netcdf4")
    with xr.open_dataset(study.folder / "results" / f"{one.name}.nc", engine="netcdf4") as kept:
        found = kept.load()
    summary["claims"] += [claim.judged(one.name) for claim in one.claims(found)]
    one.draw(found, study.folder / "figures" / one.name)
    summary["figures"].append(
        {"file": f"{one.name}.png", "title": f"{one.name}: {one.title}", "caption": one.caption}
    )


def _write(folder: Path, summary: dict[str, Any], *, done: bool) -> None:
    """What is known so far: numbers, table of claims, page."""
    summary["finished"] = done
    write_json(folder / "summary.json", summary)
    write_text(folder / "claims.csv", claims_csv(summary["claims"]))
    introduction = [
        headline(summary["claims"]),
        f"{len(summary['subject_seeds'])} network(s) of each kind, seeds "
        f"{', '.join(map(str, summary['subject_seeds']))}. Intervals are Student's, 95 %, over "
        "networks; a claim holds where the whole interval lies within its bounds, does not hold "
        "where all of it lies outside, and is undecided otherwise.",
    ]
    if not done:
        introduction.insert(0, "This run has not come to its end.")
    write_page(
        folder, summary, summary["figures"],
        title="wmsim: the paper, reproduced", introduction=introduction,
    )  # fmt: skip


def headline(claims: Sequence[dict[str, Any]]) -> str:
    """How many claims hold, in a sentence.

    Examples
    --------
    >>> headline([{"verdict": "holds"}, {"verdict": "undecided"}])
    'Of 2 claims 1 holds, 0 do not hold, 1 is undecided.'
    """
    counts = {word: sum(one["verdict"] == word for one in claims)
              for word in ("holds", "does not hold", "undecided")}  # fmt: skip
    held, failed, open_ = counts.values()
    return (
        f"Of {len(claims)} claims {held} {'holds' if held == 1 else 'hold'}, "
        f"{failed} {'does' if failed == 1 else 'do'} not hold, "
        f"{open_} {'is' if open_ == 1 else 'are'} undecided."
    )


def claims_csv(claims: Sequence[dict[str, Any]]) -> str:
    """The table of claims as CSV."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(claims)
    return stream.getvalue()
