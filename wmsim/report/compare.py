"""``wmsim compare``: models against brains, a ranking, a report, and all it takes to redo it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import xarray as xr

from wmsim._version import __version__
from wmsim.compare.config import CompareConfig
from wmsim.compare.inference import cannot_rank
from wmsim.compare.inference import ranking as rank
from wmsim.compare.run import compare
from wmsim.compare.tables import ranking_table, scores_table, write_csv, write_latex
from wmsim.compare.variances import CROSSED
from wmsim.errors import WmsimError
from wmsim.files import atomic_path, output_folder, write_json, write_text
from wmsim.report.compare_answers import not_learnt, share_answered
from wmsim.report.compare_conclusions import conclusions, two
from wmsim.report.compare_controls import add_controls
from wmsim.report.compare_figures import draw
from wmsim.report.compare_methods import computed_scores, methods
from wmsim.report.compare_provenance import (
    NAME,
    Provenance,
    new_files,
    read_provenance,
    require_same,
    write_provenance,
)
from wmsim.report.compare_rdms import PairRDMs, toolbox_inference, write_rdms
from wmsim.report.compare_roles import Cast, PathLike, cast_files
from wmsim.report.page import write_page
from wmsim.report.summary import new_summary, timed
from wmsim.report.verdict_store import plain

NOT_ASKED = "RSA was not among the scores."


@dataclass(frozen=True)
class Results:
    """What came out.

    Attributes
    ----------
    comparison : xarray.Dataset
        All scores.
    ranking : xarray.Dataset
        Ranks and tests.
    rdms : list of PairRDMs
        RDMs, where RSA was asked for.
    inference : dict
        rsatoolbox's own, or why there is none.
    """

    comparison: xr.Dataset
    ranking: xr.Dataset
    rdms: list[PairRDMs]
    inference: dict[str, Any]


def compare_files(
    paths: PathLike | Sequence[PathLike],
    out: PathLike,
    config: CompareConfig | None = None,
    *,
    models: Sequence[PathLike] = (),
    brains: Sequence[PathLike] = (),
    controls: bool = True,
    add: bool = False,
    n_jobs: int | None = None,
) -> dict[str, Any]:
    """Compare models with brains; write results, tables, figures, references and a report.

    Parameters
    ----------
    paths : path-like or sequence of path-like
        Recordings. Which are models' and which brains' is told by their attribute ``source``;
        planted ones are models where there is a brain, else brains. A model that ran the trials
        of a brain (:mod:`wmsim.twin`) is compared with that brain, any other with all.
    out : path-like
        Folder for everything that is written. Finished pairs are kept in ``work`` there, so a run
        that was stopped goes on when it is started again.
    config : CompareConfig, optional
        How; with `add`, that of the earlier comparison.
    models, brains : sequence of path-like
        Recordings whose role is given, whatever their source is.
    controls : bool
        Make the encoder alone and an untrained network take part, where they are not among the
        files and a model's recording says how its network was made.
    add : bool
        Add files to the comparison that is in `out`; what it has is not done again. It keeps
        its controls, or has none, as before.
    n_jobs : int, optional
        Processes, by default one a core. Results do not depend on it.

    Returns
    -------
    dict
        Content of ``summary.json``: ``scores``, ``ranking``, ``conclusions``, ``notes``,
        ``methods``, ``inference`` and more.

    Raises
    ------
    WmsimError
        If there is no model or no brain, none can be compared, a file is no recording, an earlier
        one has changed, or controls of an earlier comparison were to be left out.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    notes: list[str] = []
    already: list[str] = []
    if add:
        earlier = _earlier(Path(out))
        if config is not None:
            require_same(config, earlier.config)
        if earlier.controls and not controls:
            raise WmsimError(
                f"The comparison in '{out}' has controls, and adding to it keeps them. Leave "
                "--no-controls out, or compare anew into another folder."
            )
        config, controls = earlier.config, earlier.controls
        already = _known(earlier, [*given, *models, *brains])
        given, models, brains = _added(earlier, given, models, brains)
        notes += _other_version(earlier)
    config = config or CompareConfig()
    cast = cast_files(given, models=models, brains=brains)
    folder = output_folder(out)
    files = " ".join(one.path.name for one in cast.files)
    summary = new_summary(f"wmsim compare {files}", recordings={}, already_there=already)
    notes += already
    with timed(summary, "total"):
        if controls:
            with timed(summary, "controls"):
                made, left_out = add_controls(cast, folder / "controls")
            # Behind all that was given: what comes first stays first when models are added.
            cast = replace(cast, models=(*cast.models, *made))
            notes += left_out
        results = _results(cast, config, folder, summary, n_jobs)
        _tell(summary, results, cast, config, notes)
        _write(folder, results, summary)
        write_provenance(folder, cast, config, controls=controls, libraries=summary["libraries"])
        with timed(summary, "figures"):
            figures = draw(results.comparison, results.ranking, results.rdms, folder / "figures")
    write_json(folder / "summary.json", summary)
    write_page(
        folder, summary, figures, title="wmsim: models against brains", introduction=[],
        references=dict.fromkeys(_references(cast)),
    )  # fmt: skip
    return summary


def compare_again(
    provenance: PathLike, out: PathLike, *, n_jobs: int | None = None
) -> dict[str, Any]:
    """Do a comparison again: the same files, which are checked, and the same settings.

    Parameters
    ----------
    provenance : path-like
        ``provenance.json`` of a comparison.
    out : path-like
        Folder for everything that is written.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    dict
        As :func:`compare_files`.

    Raises
    ------
    WmsimError
        If a file is missing or has changed.
    """
    earlier = read_provenance(provenance)
    return compare_files(
        [], out, earlier.config, models=earlier.models, brains=earlier.brains,
        controls=earlier.controls, n_jobs=n_jobs,
    )  # fmt: skip


def _earlier(folder: Path) -> Provenance:
    file = folder.expanduser() / NAME
    if not file.is_file():
        raise WmsimError(
            f"There is no finished comparison in '{folder}' (no {NAME}), so nothing can be added "
            "to it. Leave --add out, and name all files."
        )
    return read_provenance(file)


def _added(
    earlier: Provenance, given: list[PathLike], models: Sequence[PathLike],
    brains: Sequence[PathLike],
) -> tuple[list[PathLike], list[PathLike], list[PathLike]]:  # fmt: skip
    """Files of the earlier comparison in their roles, then the new ones."""
    if not given and not models and not brains:
        raise WmsimError("No file was given; name the recordings that are to be added.")
    # In the order of the earlier comparison, so that what was first stays so.
    return (
        [*earlier.models, *earlier.brains, *new_files(given, earlier)],
        [*earlier.models, *new_files(models, earlier)],
        [*earlier.brains, *new_files(brains, earlier)],
    )


def _known(earlier: Provenance, files: list[PathLike]) -> list[str]:
    """Says which files the earlier comparison has already."""
    new = new_files(files, earlier)
    names = ", ".join(dict.fromkeys(Path(one).name for one in files if one not in new))
    if not names:
        return []
    more = "" if new else " Nothing is new."
    return [f"In the earlier comparison already, and not added again: {names}.{more}"]


def _other_version(earlier: Provenance) -> list[str]:
    if earlier.version == __version__:
        return []
    return [
        f"The earlier comparison was made by wmsim {earlier.version}, this is {__version__}; all "
        "of it was done again."
    ]


def _results(
    cast: Cast, config: CompareConfig, folder: Path, summary: dict[str, Any], n_jobs: int | None
) -> Results:
    with timed(summary, "scores"):
        comparison = compare(cast.models, cast.brains, config, work=folder / "work", n_jobs=n_jobs)
    with timed(summary, "ranking"):
        ranking = rank(comparison, level=config.level)
    if "rsa" not in config.scores:
        return Results(comparison, ranking, [], {"applies": False, "why": NOT_ASKED})
    with timed(summary, "rdms"):
        rdms = write_rdms(
            cast.models, cast.brains, config, folder / "results" / "rdms", n_jobs=n_jobs
        )
        shared = bool(comparison.attrs["shared_stimuli"])
        inference = toolbox_inference(rdms, config, folder / "work", shared=shared)
    return Results(comparison, ranking, rdms, inference)


def _tell(
    summary: dict[str, Any], results: Results, cast: Cast, config: CompareConfig, notes: list[str]
) -> None:
    """Add all numbers and words to the summary."""
    comparison, ranking = results.comparison, results.ranking
    libraries = {"wmsim": __version__, **summary["libraries"]}
    answered = [(one, share_answered(one)) for one in cast.models]
    summary["models"] = [
        {
            "name": one.name, "control": one.control, "family": one.family,
            "recordings": {brain: str(path) for brain, path in one.recordings.items()},
            "answered": share,
        }
        for one, share in answered
    ]  # fmt: skip
    summary["brains"] = {
        name: {"file": str(path), **_sizes(comparison, name)} for name, path in cast.brains.items()
    }
    summary["scores"] = plain(scores_table(comparison, level=config.level))
    summary["ranking"] = plain(ranking_table(ranking))
    summary["conclusions"] = conclusions(ranking, cast)
    reasons = {str(one): cannot_rank(ranking.sel(score=one)) for one in ranking["score"].values}
    summary["cannot_rank"] = {score: reason for score, reason in reasons.items() if reason}
    told = [json.loads(one.attrs["notes"]) for one in (comparison, ranking)]
    every = [*notes, *not_learnt(answered), *cast.notes, *told[0], *told[1]]
    summary["notes"] = list(dict.fromkeys(every))
    summary["methods"] = methods(comparison, ranking, config, cast, libraries, results.inference)
    summary["inference"] = plain(results.inference)
    summary["references"] = _bibtex(results, cast)
    summary["config"] = config.told()


def _sizes(comparison: xr.Dataset, brain: str) -> dict[str, int]:
    own = comparison.sel(brain=brain)
    return {name: int(own[name]) for name in ("n_units", "n_trials", "n_items", "n_values")}


def _bibtex(results: Results, cast: Cast) -> str:
    from wmsim.report.compare_references import bibtex

    scores = computed_scores(results.comparison)
    crossed = bool((results.ranking["over"].values == CROSSED).any())
    toolbox = bool(results.inference.get("applies"))
    return bibtex(
        scores, toolbox="rsa" in scores, crossed=crossed or toolbox, recordings=_references(cast)
    )


def _references(cast: Cast) -> list[str]:
    return [text for one in cast.files if (text := str(one.attrs.get("reference", "")))]


def _write(folder: Path, results: Results, summary: dict[str, Any]) -> None:
    """Labelled results, tables, references."""
    for name, dataset in (("comparison", results.comparison), ("ranking", results.ranking)):
        packed = {
            variable: {"zlib": True, "complevel": 4}
            for variable, values in dataset.data_vars.items() if values.dtype.kind in "fi"
        }  # fmt: skip
        with atomic_path(folder / "results" / f"{name}.nc") as temporary:
            dataset.to_netcdf(temporary, engine="netcdf4", encoding=packed)
    write_csv(summary["scores"], folder / "tables" / "scores.csv")
    write_csv(summary["ranking"], folder / "tables" / "ranking.csv")
    write_latex(results.ranking, folder / "tables" / "ranking.tex")
    write_text(folder / "references.bib", summary["references"])


def headlines(summary: dict[str, Any]) -> list[str]:
    """What came out: for each score models by rank, then what that allows to say."""
    scores = dict.fromkeys(row["score"] for row in summary["ranking"])
    lines = list(summary["already_there"])
    for score in scores:
        rows = [row for row in summary["ranking"] if row["score"] == score]
        known = [row for row in rows if row["mean"] is not None]
        if not known:
            continue
        told = ", ".join(f"{row['rank']}. {row['model']} {_value(row)}" for row in known)
        ceiling, floor = known[0]["ceiling"], known[0]["floor"]
        ends = [f"{name} {two(one)}" for name, one in (("ceiling", ceiling), ("floor", floor))
                if one is not None]  # fmt: skip
        mark = " (cannot rank models, see below)" if score in summary["cannot_rank"] else ""
        lines.append(f"{score}{mark}: {told}" + (f" ({', '.join(ends)})" if ends else "") + ".")
    return [*lines, "", *summary["conclusions"]]


def _value(row: dict[str, Any]) -> str:
    if row["low"] is None:
        return two(row["mean"])
    return f"{two(row['mean'])} [{two(row['low'])}, {two(row['high'])}]"


__all__ = ["compare_again", "compare_files", "headlines"]
