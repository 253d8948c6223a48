"""One recording through the pipeline, with its numbers, labelled results and pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.figures import pick, rdm_figure, state_name, tensor_map
from wmsim.files import atomic_path
from wmsim.pipeline import Analysis, AnalysisConfig, analyze
from wmsim.recordings import labels_of, states, step_names, subset
from wmsim.rsa import compare_rdms, rdms

# More panels than this are too small to read.
MOST_TENSORS, MOST_RDMS = 3, 12


def analyze_recording(
    recording: xr.Dataset,
    name: str,
    out: Path,
    config: AnalysisConfig,
    *,
    n_jobs: int | None = None,
) -> tuple[Analysis, list[dict[str, str]]]:
    """Run the pipeline and write what it gives.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording.
    name : str
        Its name in the report and in files.
    out : path
        The run's folder; writes ``results/NAME.nc`` and figures.
    config : AnalysisConfig
        How.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    Analysis
        With RSA added to its summary.
    list of dict
        Figures for the report: ``file``, ``title``, ``caption``.
    """
    result = analyze(recording, config, work=out / "work", n_jobs=n_jobs, label=f"analysis: {name}")
    distances = _add_rsa(result, config.seed)
    write_results(result, distances, out / "results" / f"{name}.nc")
    return result, recording_figures(result, distances, name, out)


def _add_rsa(result: Analysis, seed: int) -> dict[str, xr.Dataset]:
    """RDMs of each feature in every state (of the hardest task that asks for it)."""
    found = {}
    result.summary["rsa"] = {}
    for feature, numbers in result.summary["features"].items():
        task = numbers["tasks"][-1]
        part = result.recording
        if "task" in part.coords:
            part = subset(part, task=task)
        codes, _ = labels_of(part, feature)
        at = [(s, t) for s, t in states(part) if (codes[:, s] >= 0).any()]
        distances = rdms(part, feature, at=at, seed=seed)
        found[feature] = distances
        if distances.sizes["value"] < 3:
            continue
        result.summary["rsa"][feature] = _rsa_numbers(distances, task)
    return found


def _rsa_numbers(distances: xr.Dataset, task: str) -> dict[str, Any]:
    """Mean distance of each state, and the similarity of encoding RDMs to those of all states."""
    upper = np.triu_indices(distances.sizes["value"], k=1)
    mean = distances["dissimilarity"].values[:, upper[0], upper[1]].mean(axis=1)
    similar = compare_rdms(distances, distances).values
    items, steps = distances["item"].values, distances["step"].values
    rows = []
    for number, (item, step) in enumerate(zip(items, steps, strict=True)):
        own = int(np.flatnonzero(items == item)[0])
        value = float(similar[own, number])
        rows.append(
            {
                "item": int(item),
                "step": int(step),
                "mean_distance": float(mean[number]),
                "similarity_to_encoding": value if np.isfinite(value) else None,
            }
        )
    return {"task": task, "method": "crossnobis; Pearson correlation of RDMs", "states": rows}


def write_results(result: Analysis, distances: dict[str, xr.Dataset], path: Path) -> None:
    """The tensor as the file's root, RDMs as groups ``rdms/FEATURE``."""
    tensor = result.tensor.copy()
    tensor.attrs = {
        "schema": "wmsim.generalisation",
        "config": json.dumps(result.summary["config"]),
        "notes": " ".join(result.summary["notes"]),
    }
    with atomic_path(path) as temporary:
        tensor.to_netcdf(temporary, engine="netcdf4")
        for feature, one in distances.items():
            one.to_netcdf(temporary, engine="netcdf4", mode="a", group=f"rdms/{feature}")


def recording_figures(
    result: Analysis, distances: dict[str, xr.Dataset], name: str, out: Path
) -> list[dict[str, str]]:
    steps = step_names(result.recording)
    figures = []
    chosen = _tensors_to_show(result)
    stem = out / "figures" / f"{name}-tensor"
    tensor_map(result.tensor, chosen, stem, steps=steps)
    figures.append(
        {
            "file": f"{stem.name}.png",
            "title": f"{name}: generalisation of decoders",
            "caption": "Decoders fitted in the state of the row, tested in that of the column, on "
            "held-out trials. E3: item 3 while it is shown. M3,5: item 3 when item 5 is shown. "
            "White lines separate items. Dots: above chance, corrected for all cells (largest "
            "standardised accuracy under permuted labels, p at most .05, which takes 19 "
            "permutations or more). States that no statistic rests on are not tested.",
        }
    )
    for feature, one in distances.items():
        if one.sizes["value"] < 3:
            continue
        task = result.summary["rsa"][feature]["task"]
        shown = one.isel(state=slice(0, MOST_RDMS))
        stem = out / "figures" / f"{name}-rdms-{feature}"
        titles = [
            state_name(s, t, steps)
            for s, t in zip(shown["item"].values, shown["step"].values, strict=True)
        ]
        rdm_figure(shown, titles, stem)
        figures.append(
            {
                "file": f"{stem.name}.png",
                "title": f"{name}: RDMs of {feature}",
                "caption": f"Cross-validated distances between values of {feature} ({task}). "
                "E1: of item 1 while it is shown; M1,2: of item 1 while item 2 is. 0 is no "
                "difference, and noise lies on both sides of it.",
            }
        )
    return figures


def _tensors_to_show(result: Analysis) -> list[int]:
    """For each feature the last task that asks for it."""
    tasks, features = result.tensor["task"].values, result.tensor["feature"].values
    chosen = []
    for feature, numbers in result.summary["features"].items():
        wanted = (tasks == numbers["tasks"][-1]) & (features == feature)
        chosen.append(int(np.flatnonzero(wanted)[0]))
    return chosen[:MOST_TENSORS]


def headline(summary: dict[str, Any], feature: str) -> str:
    """One sentence about a feature, from its numbers."""
    numbers = summary["features"][feature]
    parts = []
    for name, words in (
        ("within", "decoded at {} while shown"),
        ("encoding_to_encoding", "{} by decoders of other items"),
        ("encoding_to_memory", "{} in memory by the decoders of encoding"),
        ("maintenance", "{} by decoders of maintenance itself"),
    ):
        found = pick(numbers, name)
        if found:
            parts.append(words.format(f"{found['value']:.2f}"))
    return f"{feature}: " + ", ".join(parts) + " (balanced accuracy, chance .5)."
