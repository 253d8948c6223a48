"""``wmsim decode``: the decoders of a feature, kept, and tested in every task."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.figures import state_name, task_order, tensor_map, transfer_figure
from wmsim.files import existing_file, output_folder, write_json
from wmsim.pipeline import AnalysisConfig, decode
from wmsim.pipeline.decoders import SUFFIX
from wmsim.recordings import open_recording
from wmsim.report.page import write_page
from wmsim.report.summary import new_summary, timed

PARTS = {"value": "transfer", "low": "transfer_low", "high": "transfer_high",
         "chance": "transfer_chance", "p": "transfer_p"}  # fmt: skip
WORDS = {"tested": "z-scored in the tested task", "trained": "z-scored in the trained task"}


def decode_file(
    path: str | os.PathLike[str],
    feature: str,
    out: str | os.PathLike[str],
    config: AnalysisConfig | None = None,
    *,
    tasks: tuple[str, ...] | None = None,
    n_jobs: int | None = None,
) -> dict[str, Any]:
    """Decode a feature in all tasks of a file; write decoders, numbers, figure and report.

    Parameters
    ----------
    path : path-like
        A recording.
    feature : str
        What is decoded.
    out : path-like
        Folder for everything that is written; decoders go to
        ``results/NAME-FEATURE-decoders.nc``. Finished tasks are kept in ``work`` there.
    config : AnalysisConfig, optional
        How.
    tasks : tuple of str, optional
        Limit the analysis to these.
    n_jobs : int, optional
        Processes, by default one a core.

    Returns
    -------
    dict
        Content of ``summary.json``.

    Raises
    ------
    WmsimError
        If the file is no recording, cannot be decoded, or the folder cannot be written to.
    """
    file, folder = existing_file(path, "recording"), output_folder(out)
    name = f"{file.stem}-{feature}"
    written = folder / "results" / f"{name}-decoders.nc"
    summary = new_summary(f"wmsim decode {file.name} --feature {feature}", recordings={})
    with timed(summary, "total"):
        with timed(summary, "decoders"), open_recording(file) as recording:
            decoders = decode(
                recording, feature, tasks=tasks, config=config, out=written,
                work=folder / "work", n_jobs=n_jobs, label=f"decoders: {name}",
            )  # fmt: skip
            reference = str(recording.attrs.get("reference", ""))
        summary["decoding"] = {**transfer_summary(decoders), "file": f"results/{written.name}"}
        with timed(summary, "figures"):
            figures = _figures(decoders, summary["decoding"], name, folder)
    write_json(folder / "summary.json", summary)
    write_page(
        folder, summary, figures, title=f"wmsim: decoders of {feature}",
        introduction=sentences(summary["decoding"]), references=[reference] if reference else [],
    )  # fmt: skip
    return summary


def transfer_summary(decoders: xr.Dataset) -> dict[str, Any]:
    """Numbers of a decoding: tasks, and transfer of the probed state between them."""
    probe = json.loads(decoders.attrs["probe"])
    order = task_order(decoders)
    steps = [str(name) for name in decoders["step_name"].values]
    return {
        "feature": decoders.attrs["feature"],
        "value_names": [str(value) for value in decoders["value"].values],
        "tasks": [str(decoders["task"].values[n]) for n in order],
        "asked": [bool(decoders["asked"].values[n]) for n in order],
        "n_trials": [int(decoders["n_trials"].values[n]) for n in order],
        "n_units": int(decoders.sizes["unit"]),
        "n_states": int(decoders.sizes["state"]),
        "n_folds": int(decoders.sizes["fold"]),
        "state": {**probe, "name": state_name(probe["item"], probe["step"], steps)},
        "transfer": {
            scaling: {
                metric: _matrix(decoders, SUFFIX[scaling], metric, order)
                for metric in ("balanced", "multiclass")
            }
            for scaling in SUFFIX
        },
        "mean": {scaling: _means(decoders[f"transfer{SUFFIX[scaling]}"]) for scaling in SUFFIX},
        "estimator": decoders.attrs["estimator"],
        "decision_value": decoders.attrs["decision_value"],
        "notes": json.loads(decoders.attrs["notes"]),
        "config": json.loads(decoders.attrs["config"]),
    }


def _matrix(
    decoders: xr.Dataset, suffix: str, metric: str, order: list[int]
) -> list[list[dict[str, float | None]]]:
    """Numbers by trained and by tested task."""
    found = {key: decoders[f"{name}{suffix}"].sel(metric=metric).values[np.ix_(order, order)]
             for key, name in PARTS.items()}  # fmt: skip
    return [
        [
            {key: None if np.isnan(values[a, b]) else float(values[a, b])
             for key, values in found.items()}
            for b in range(len(order))
        ]
        for a in range(len(order))
    ]  # fmt: skip


def _means(transfer: xr.DataArray) -> dict[str, dict[str, float | None]]:
    """Mean over tasks tested in themselves, and over pairs of different ones."""
    own = np.eye(transfer.sizes["train_task"], dtype=bool)
    result: dict[str, dict[str, float | None]] = {}
    for metric in ("balanced", "multiclass"):
        values = transfer.sel(metric=metric).values
        across = values[~own]
        result[metric] = {
            "same_task": float(values[own].mean()),
            "other_task": float(across.mean()) if across.size else None,
        }
    return result


def sentences(decoding: dict[str, Any]) -> list[str]:
    """What came out, in words, from the numbers."""
    same = decoding["mean"]["tested"]["balanced"]["same_task"]
    lines = [
        f"{decoding['feature']}, decoders of {decoding['state']['name']}: {same:.2f} on held-out "
        f"trials of the same task (mean over {len(decoding['tasks'])} task(s); balanced accuracy, "
        f"chance .5)."
    ]
    across = {s: decoding["mean"][s]["balanced"]["other_task"] for s in WORDS}
    if across["tested"] is not None:
        told = ", ".join(f"{across[s]:.2f} with activity {WORDS[s]}" for s in WORDS)
        lines.append(f"In other tasks: {told}.")
    return lines


def _figures(
    decoders: xr.Dataset, decoding: dict[str, Any], name: str, folder: Path
) -> list[dict[str, str]]:
    if len(decoding["tasks"]) == 1:
        return [_tensor_figure(decoders, decoding, folder / "figures" / f"{name}-tensor")]
    stem = folder / "figures" / f"{name}-transfer"
    transfer_figure(decoders, stem)
    return [
        {
            "file": f"{stem.name}.png",
            "title": f"{decoding['feature']}: {decoding['state']['name']} in every task",
            "caption": "One-vs-rest balanced accuracy on held-out trials; white is chance. Lines "
            "separate tasks by the feature that they ask for; those that ask for this one come "
            "first. Left: units z-scored with training trials of the tested task, which asks "
            "whether the code is the same up to baselines and gains of units; right: z-scored as "
            "in the task that the decoder was fitted in, which asks whether the very same "
            "read-out would do.",
        }
    ]


def _tensor_figure(decoders: xr.Dataset, decoding: dict[str, Any], stem: Path) -> dict[str, str]:
    """A single task has no other to be tested in: its own tensor is drawn instead."""
    one = decoders[["accuracy"]].isel(train_task=0, test_task=0, drop=True).expand_dims("analysis")
    about = {
        "task": ("analysis", decoding["tasks"]),
        "feature": ("analysis", [decoding["feature"]]),
        "n_values": ("analysis", [len(decoding["value_names"])]),
    }
    steps = [str(step) for step in decoders["step_name"].values]
    tensor_map(one.assign_coords(about), [0], stem, steps=steps)
    return {
        "file": f"{stem.name}.png",
        "title": f"{decoding['feature']}: generalisation of decoders",
        "caption": "Decoders fitted in the state of the row, tested in that of the column, on "
        "held-out trials. E2: item 2 while it is shown. M1,2: item 1 when item 2 is shown.",
    }
