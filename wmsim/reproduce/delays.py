"""The measurement behind the figure other_tasks: what is held, and how, in tasks with a delay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from wmsim.decoding import METRICS
from wmsim.pipeline import AnalysisConfig, analyze, decode
from wmsim.recordings import subset
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.study import Study
from wmsim.reproduce.transfer import decodable
from wmsim.tasks import FEATURES

# Statistics of the pipeline, by the name that they have here.
STATISTICS = {
    "encoding": "within",
    "encoding_to_maintenance": "encoding_to_maintenance",
    "maintenance": "maintenance",
    "between_items": "maintenance_transfer",
}
ROTATIONS = {"fitted": "fitted", "reconstructed": "reconstructed"}
LEFT_OUT = "multiclass_left_out"
CUED = ("cued", "not cued")


def delays_of(study: Study, kind: Kind, regime: str) -> xr.Dataset:
    """:func:`measure_delays` of all subjects of a kind, in the tasks of a regime; measured once."""

    def compute(seed: int) -> xr.Dataset:
        with study.recording(kind, seed, regime=regime) as recording:
            return measure_delays(recording, study.config.analysis, n_jobs=study.n_jobs)

    return study.measured(f"delays-{regime}", kind, compute)


def measure_delays(
    recording: xr.Dataset, config: AnalysisConfig, *, n_jobs: int | None = None
) -> xr.Dataset:
    """Decode the asked feature of items at encoding and through delays.

    Parameters
    ----------
    recording : xarray.Dataset
        Aligned, of tasks with blank steps and one probe.
    config : AnalysisConfig
        How; permutations and resamples of trials are not made.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    xarray.Dataset
        ``encoding``, ``encoding_to_maintenance``, ``maintenance``, ``between_items`` (task,
        score): the pipeline's statistics, see :func:`wmsim.pipeline.transfers`. score is a metric
        or ``"left_out"``: multiclass, the own item's value left out of the choice (chance
        1/(k - 1)); NaN where items may repeat. ``fitted``, ``reconstructed`` (task, score):
        decoders of memory spaces, and those of encoding rotated to them. ``time_by_time`` (task,
        item, trained_step, step, metric). ``n_values`` (task). Where items are cued,
        ``by_cue`` (task, cue, step, metric): decoders of an item at each step, of trials that cue
        it or another one; ``between_cues`` (task, cue, step, metric): the same tested for another
        item, of trials that cue that one (or, as the first, another). Steps are those before the
        probe. NaN in tasks of which a value has too few trials.
    """
    features = _asked(recording)
    names = list(features)
    parts = [
        _of_task(subset(recording, task=[name]).load(), name, feature, config, n_jobs)
        for name, feature in features.items()
    ]
    found = xr.concat(parts, xr.Variable("task", names), data_vars="all", join="outer")
    return found.assign_coords(asked_feature=("task", list(features.values())))


def _asked(recording: xr.Dataset) -> dict[str, str]:
    """What each task asks for."""
    pairs = zip(recording["task"].values, recording["task_feature"].values, strict=True)
    asked = {str(task): str(feature) for task, feature in pairs}
    return dict(sorted(asked.items(), key=lambda one: FEATURES.index(one[1])))


def _of_task(
    one: xr.Dataset, name: str, feature: str, config: AnalysisConfig, n_jobs: int | None
) -> xr.Dataset:
    plain = config.changed(permutations=0, bootstrap=0, features=(feature,), tasks=(name,))
    kept = [str(step) for step in one["step_name"].values if not str(step).startswith("probe")]
    n_items, n_steps = one.sizes["item"], len(kept)
    scores = (*METRICS, "left_out")
    time_by_time = np.full((n_items, n_steps, n_steps, len(METRICS)), np.nan)
    said: dict[str, np.ndarray] = {
        variable: np.full(len(scores), np.nan) for variable in (*STATISTICS, *ROTATIONS)
    }
    n_values = np.nan
    if decodable(one, feature):
        done = analyze(one, plain, n_jobs=n_jobs, label=f"delay: {name}")
        numbers = done.summary["tasks"][name][feature]
        n_values = float(numbers["n_values"])
        for variable, statistic in STATISTICS.items():
            said[variable] = _scored(numbers.get(statistic))
        for variable, statistic in ROTATIONS.items():
            said[variable] = _scored(numbers.get("procrustes", {}).get(statistic))
        _place(time_by_time, done.tensor.isel(analysis=0))
    found = xr.Dataset(
        {
            **{variable: ("score", values) for variable, values in said.items()},
            "time_by_time": (("item", "trained_step", "step", "metric"), time_by_time),
            "n_values": n_values,
        },
        coords={
            "score": list(scores), "metric": list(METRICS), "item": np.arange(n_items),
            "step": np.arange(n_steps), "trained_step": np.arange(n_steps),
        },
    )  # fmt: skip
    return found.assign(_cued(one, feature, plain, kept, n_jobs)) if "cued_item" in one else found


def _scored(statistic: dict[str, Any] | None) -> np.ndarray:
    """Balanced, multiclass and left-out accuracy of an entry of the pipeline's summary."""
    if statistic is None:
        return np.full(3, np.nan)
    values = [statistic["value"], statistic["multiclass"]["value"]]
    values.append(statistic[LEFT_OUT]["value"] if LEFT_OUT in statistic else np.nan)
    return np.array(values, dtype=float)


def _place(time_by_time: np.ndarray, tensor: xr.Dataset) -> None:
    """Decoders of an item at one step, tested for it at another."""
    item, step = tensor["train_item"].values, tensor["train_step"].values
    accuracy = tensor["accuracy"].transpose("train_state", "test_state", "metric").values
    for a, b in np.ndindex(item.size, item.size):
        if item[a] == item[b]:
            time_by_time[item[a], step[a], step[b]] = accuracy[a, b]


def _cued(
    one: xr.Dataset, feature: str, config: AnalysisConfig, steps: Sequence[str], n_jobs: int | None
) -> dict[str, Any]:
    """Items that are cued and items that are not, step by step."""
    n_items, n_steps, shape = one.sizes["item"], len(steps), (len(steps), len(METRICS))
    cued = one["cued_item"].values.astype(int)
    apart = one.assign(task=("trial", [f"cue {item}" for item in cued]))
    by_cue = np.full((len(CUED), *shape), np.nan)
    between = np.full((len(CUED), *shape), np.nan)
    if np.unique(cued).size == n_items and decodable(apart, feature):
        # Tasks of their own: decoders are fitted to trials with one cue, tested on those of any.
        found = decode(apart, feature, config=config.changed(tasks=None), n_jobs=n_jobs)
        accuracy = _labelled(found, n_items, n_steps)
        pairs = [(a, b) for a in range(n_items) for b in range(n_items) if a != b]
        both = [(item, item) for item in range(n_items)]
        by_cue[0] = _mean([accuracy[i, i, j, j] for i, j in both])
        by_cue[1] = _mean([accuracy[c, i, c, i] for c, i in pairs])
        between[0] = _mean([accuracy[i, i, j, j] for i, j in pairs])
        # Item a where b is cued, tested for item b where a is.
        between[1] = _mean([accuracy[b, a, a, b] for a, b in pairs])
    return {
        "by_cue": xr.DataArray(by_cue, {"cue": list(CUED)}, ("cue", "step", "metric")),
        "between_cues": xr.DataArray(between, {"cue": list(CUED)}, ("cue", "step", "metric")),
    }


def _labelled(found: xr.Dataset, n_items: int, n_steps: int) -> np.ndarray:
    """Accuracy (fitted cue, fitted item, tested cue, tested item, step, metric), at one step."""
    cues = [f"cue {item}" for item in range(n_items)]
    accuracy = found["accuracy"].sel(train_task=cues, test_task=cues)
    accuracy = accuracy.transpose("train_task", "train_state", "test_task", "test_state", "metric")
    values = accuracy.values
    result = np.full((n_items, n_items, n_items, n_items, n_steps, len(METRICS)), np.nan)
    item, step = found["train_item"].values, found["train_step"].values
    for a, b in np.ndindex(item.size, item.size):
        if step[a] == step[b]:
            result[:, item[a], :, item[b], step[a]] = values[:, a, :, b]
    return result


def _mean(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Mean, NaN where any part has none: steps before all items have been shown."""
    return np.mean(parts, axis=0)
