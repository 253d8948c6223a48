"""``wmsim orthogonality``: how orthogonal features are, perceived and encoded."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.files import (
    atomic_path,
    content_key,
    existing_file,
    file_sha256,
    output_folder,
    write_json,
)
from wmsim.pipeline.compare_orthogonality import (
    DIMENSIONS,
    compare_orthogonality,
    over_subjects,
)
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.orthogonality import PERMUTED, orthogonality
from wmsim.pipeline.orthogonality_task import DEFAULT
from wmsim.pipeline.perceptual import perceptual_decodability
from wmsim.recordings import open_recording
from wmsim.report.page import write_page
from wmsim.report.summary import new_summary, timed

CHECKPOINT = "checkpoint.pt"
ONE_SPACE = "this recording"


def orthogonality_of(
    paths: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    features: Sequence[str] | None = None,
    tasks: Sequence[str] | None = None,
    dimensions: Sequence[int] = DIMENSIONS,
    bootstraps: int = 10,
    trials: int = 300,
    split: str = "novel_angle",
    config: AnalysisConfig | None = None,
    device: str = "auto",
) -> dict[str, Any]:
    """Measure orthogonalisation in subjects, or in recordings; write numbers, figures, a report.

    Parameters
    ----------
    paths : sequence of path-like
        Folders of trained subjects, in which perceptual and encoding space are compared; or
        recordings (netCDF), each measured by itself.
    out : path-like
        Folder for everything that is written. What is finished is kept in ``work`` there.
    features, tasks : sequence of str, optional
        By default those that tasks ask for, and all.
    dimensions : sequence of int
        Principal components to which spaces are also reduced.
    bootstraps : int, default 10
        Resamples of trials.
    trials : int, default 300
        Trials a task that subjects are shown.
    split : str
        What they are shown.
    config : AnalysisConfig, optional
        Decoders, folds, permutations, seed.
    device : str
        Where subjects run.

    Returns
    -------
    dict
        Content of ``summary.json``.

    Raises
    ------
    WmsimError
        If a path is neither subject nor recording, subjects and recordings are mixed, or one
        cannot be measured.
    """
    config = config or DEFAULT
    named = _named(paths)
    subjects = all(path.is_dir() for path in named.values())
    folder = output_folder(out)
    command = " ".join(["wmsim orthogonality", *(path.name for path in named.values())])
    summary = new_summary(command, recordings={})
    part: dict[str, Any] = {"subjects": {}, "over_subjects": None, "decodability": {}}
    how = {
        "dimensions": list(dimensions),
        "bootstraps": bootstraps,
        "trials": trials,
        "split": split,
        "config": config.told(),
        "features": features,
        "tasks": tasks,
    }
    found: dict[str, xr.Dataset] = {}
    with timed(summary, "total"):
        with timed(summary, "angles"):
            for name, path in named.items():
                found[name] = _angles(path, folder, how, config, device)
                _save(found[name], folder / "results" / f"{name}-orthogonality.nc")
                part["subjects"][name] = _told(found[name])
        over = over_subjects(list(found.values())) if subjects else None
        if over is not None:
            _save(over, folder / "results" / "over-subjects.nc")
            part["over_subjects"] = _told_over(over)
        with timed(summary, "figures"):
            figures = _figures(found, over, folder / "figures")
        if subjects:
            with timed(summary, "decodability"):
                part["decodability"] = _decodability(named, folder, config, device)
    summary["orthogonality"] = part
    write_json(folder / "summary.json", summary)
    write_page(
        folder, summary, figures, title="wmsim: orthogonalisation", introduction=sentences(part)
    )
    return summary


def sentences(part: dict[str, Any]) -> list[str]:
    """What came out, in words, from the numbers."""
    lines = []
    for name, one in part["subjects"].items():
        for row in one["rows"]:
            told = ", ".join(
                f"{space} {s['index']:.3f} (permuted labels {_three(s['permuted'])})"
                for space, s in row["spaces"].items()
            )
            lines.append(
                f"{name}, {row['feature']}, {row['reduction']}: O {told}; simplex "
                f"{row['simplex']:.3f}."
            )
    over = part["over_subjects"]
    for row in over["rows"] if over else ():
        one = row["difference"]
        interval = "" if one["low"] is None else f" [{one['low']:+.3f}, {one['high']:+.3f}]"
        lines.append(
            f"{row['feature']}, {row['reduction']}: perceptual less encoding "
            f"{one['value']:+.3f}{interval} over {over['n_subjects']} subject(s); less that of "
            f"permuted labels {_three(row['excess_difference']['value'])}."
        )
    for key, one in part["decodability"].items():
        for row in one["rows"]:
            lines.append(
                f"{key}, {row['feature']}, {row['evaluation']}: multiclass "
                f"{row['multiclass']['value']:.4f}, balanced {row['balanced']['value']:.4f} "
                f"(paper {row['paper']:.4f})."
            )
    return lines


def _named(paths: Sequence[str | os.PathLike[str]]) -> dict[str, Path]:
    """Different names of all that was given; either folders or files."""
    if not paths:
        raise WmsimError("Nothing was given, expected a subject's folder or a recording.")
    given = [Path(path).expanduser() for path in paths]
    folders = [path for path in given if path.is_dir()]
    if folders and len(folders) < len(given):
        raise WmsimError(
            f"'{folders[0]}' is a subject's folder, other paths are files. Measure subjects, in "
            "which two spaces are compared, and recordings in runs of their own."
        )
    for path in given:
        if not folders:
            existing_file(path, "recording")
        elif not (path / CHECKPOINT).is_file():
            raise WmsimError(f"'{path}' holds no trained subject (no {CHECKPOINT} in it).")
    if len({path.resolve() for path in given}) < len(given):
        raise WmsimError("A path was given twice; name each once.")
    names = [path.name if path.is_dir() else path.stem for path in given]
    if len(set(names)) < len(names):
        names = [
            f"{path.resolve().parent.name}-{name}" for path, name in zip(given, names, strict=True)
        ]
    if len(set(names)) < len(names):
        names = [f"{number + 1}-{name}" for number, name in enumerate(names)]
    return dict(zip(names, given, strict=True))


def _key(path: Path, how: dict[str, Any]) -> str:
    source = path / CHECKPOINT if path.is_dir() else path
    plain = json.loads(json.dumps(how, default=list))
    return content_key("orthogonality", file_sha256(source), plain)


def _angles(
    path: Path, folder: Path, how: dict[str, Any], config: AnalysisConfig, device: str
) -> xr.Dataset:
    """What was finished before, or is measured now."""
    kept = folder / "work" / f"{_key(path, how)}.nc"
    found = _read(kept)
    if found is None and path.is_dir():
        found = _of_subject(path, how, config, device)
    elif found is None:
        found = _of_file(path, how, config)
    _save(found, kept)
    return found


def _of_subject(path: Path, how: dict[str, Any], config: AnalysisConfig, device: str) -> xr.Dataset:
    from wmsim.recordings.perceptual import record_perceptual
    from wmsim.recordings.subject import record
    from wmsim.training import load_subject

    subject = load_subject(path, device=device)
    recording = record(subject, trials_per_task=how["trials"], split=how["split"], seed=config.seed)
    perceptual = record_perceptual(subject, recording, lazy=True)
    return compare_orthogonality(
        perceptual, recording, how["features"], tasks=how["tasks"],
        dimensions=how["dimensions"], bootstraps=how["bootstraps"], config=config,
    )  # fmt: skip


def _of_file(path: Path, how: dict[str, Any], config: AnalysisConfig) -> xr.Dataset:
    with open_recording(path) as recording:
        return orthogonality(
            recording, how["features"], tasks=how["tasks"], dimensions=how["dimensions"],
            bootstraps=how["bootstraps"], config=config, label=f"orthogonality: {path.stem}",
        )  # fmt: skip


def _decodability(
    named: dict[str, Path], folder: Path, config: AnalysisConfig, device: str
) -> dict[str, Any]:
    """The table of each encoder and set of stimuli, once."""
    from wmsim.training import load_subject

    tables: dict[str, Any] = {}
    known: dict[str, str] = {}
    settings = config.changed(folds=2)
    for path in named.values():
        subject = load_subject(path, device=device)
        if subject.features.key in known:
            continue
        encoder = subject.config.encoder.name
        title = encoder if encoder not in tables else f"{encoder} {len(tables) + 1}"
        known[subject.features.key] = title
        kept = folder / "work" / f"{content_key(subject.features.key, settings.told())}.nc"
        found = _read(kept)
        if found is None:
            found = perceptual_decodability(subject.stimuli, subject.features, config=settings)
        _save(found, kept)
        _save(found, folder / "results" / f"{title.replace(' ', '-')}-decodability.nc")
        tables[title] = _told_table(found)
    return tables


def _told(found: xr.Dataset) -> dict[str, Any]:
    """Numbers of one subject or recording, means over tasks."""
    both = found if "space" in found.dims else found.expand_dims(space=[ONE_SPACE])
    spaces = [str(name) for name in both["space"].values]
    mean = both.mean("task")
    rows = []
    for feature in both["feature"].values:
        for reduction in both["reduction"].values:
            here = mean.sel(feature=feature, reduction=reduction)
            null = here["null_mean"]
            row: dict[str, Any] = {
                "feature": str(feature),
                "reduction": str(reduction),
                "simplex": _number(null.sel(null="simplex").max()),
                "spaces": {space: _told_space(here.sel(space=space)) for space in spaces},
            }
            if "difference" in both:
                for key in ("difference", "null_difference", "excess_difference"):
                    row[key] = _number(here[key])
                row["t"] = _number(here["t_pooled"])
                row["t_p"] = _number(here["t_pooled_p"])
            rows.append(row)
    return {
        "spaces": spaces,
        "n_tasks": int(both.sizes["task"]),
        "rows": rows,
        "notes": json.loads(found.attrs["notes"]),
    }


def _told_space(here: xr.Dataset) -> dict[str, float | None]:
    return {
        "index": _number(here["index"]),
        "bootstrap": _number(here["bootstrap"].mean()) if here.sizes["draw"] else None,
        "permuted": _number(here["null_mean"].sel(null=PERMUTED)),
        "permuted_low": _number(here["null_low"].sel(null=PERMUTED)),
        "permuted_high": _number(here["null_high"].sel(null=PERMUTED)),
        "random": _number(here["null_mean"].sel(null="random directions")),
        "balanced": _number(here["accuracy"].sel(metric="balanced")),
        "multiclass": _number(here["accuracy"].sel(metric="multiclass")),
        "n_dimensions": _number(here["n_dimensions"]),
        "retained": _number(here["retained"]),
    }


def _told_over(over: xr.Dataset) -> dict[str, Any]:
    rows = []
    for feature in over["feature"].values:
        for reduction in over["reduction"].values:
            here = over.sel(feature=feature, reduction=reduction)
            row: dict[str, Any] = {"feature": str(feature), "reduction": str(reduction)}
            for key in ("difference", "excess_difference"):
                row[key] = {
                    "value": _number(here[key]),
                    **{end: _number(here[f"{key}_{end}"]) for end in ("low", "high", "p")},
                    "by_subject": [_number(one) for one in here[f"{key}_by_subject"]],
                }
            rows.append(row)
    return {"n_subjects": int(over.attrs["n_subjects"]), "rows": rows}


def _told_table(found: xr.Dataset) -> dict[str, Any]:
    rows = []
    for feature in found["feature"].values:
        for evaluation in found["evaluation"].values:
            here = found.sel(feature=feature, evaluation=evaluation)
            if np.isnan(here["n_test"]):
                continue
            row: dict[str, Any] = {
                "feature": str(feature),
                "evaluation": str(evaluation),
                "n_values": int(here["n_values"]),
                "paper": _number(here["paper"]),
                "n_train": int(here["n_train"]),
                "n_test": int(here["n_test"]),
            }
            for metric in found["metric"].values:
                row[str(metric)] = {
                    key: _number(here[name].sel(metric=metric))
                    for key, name in (("value", "accuracy"), ("low", "low"), ("high", "high"),
                                      ("chance", "chance"), ("p", "p"))
                }  # fmt: skip
            rows.append(row)
    return {"rows": rows, "n_units": int(found.attrs["n_units"])}


def _number(value: Any) -> float | None:
    found = float(value)
    return None if np.isnan(found) else found


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _figures(
    found: dict[str, xr.Dataset], over: xr.Dataset | None, folder: Path
) -> list[dict[str, str]]:
    from wmsim.figures.orthogonality import orthogonality_figure, single_space_figure

    if over is not None:
        orthogonality_figure(list(found.values()), folder / "orthogonality", over=over)
        return [_figure_entry("orthogonality", len(found))]
    entries = []
    for name, one in found.items():
        single_space_figure(one, folder / f"{name}-orthogonality")
        entries.append({**_figure_entry(f"{name}-orthogonality", 1), "title": name})
    return entries


def _figure_entry(name: str, n_subjects: int) -> dict[str, str]:
    points = "subjects, each the mean of its tasks" if n_subjects > 1 else "tasks"
    return {
        "file": f"{name}.png",
        "title": "Orthogonalisation index",
        "caption": f"Points: {points}. Grey: 95 % range of decoders of permuted labels in the same "
        "space. Dotted: regular simplex, where normals that cancel are as far apart as they can "
        "be.",
    }


def _save(dataset: xr.Dataset, path: Path) -> None:
    with atomic_path(path) as temporary:
        dataset.to_netcdf(temporary, engine="netcdf4")


def _read(path: Path) -> xr.Dataset | None:
    """What was finished before, or None if it was not, or was cut off."""
    if not path.is_file():
        return None
    try:
        with xr.open_dataset(path, engine="netcdf4") as found:
            return found.load()
    except Exception:
        return None
