"""Statistics with their intervals and chance levels, as labelled arrays and as plain numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from wmsim.decoding import METRICS
from wmsim.decoding.correction import FORMING, state_adjacency, tensor_p
from wmsim.decoding.sequential import sequential_p
from wmsim.pipeline.jobs import Job
from wmsim.pipeline.population import Population
from wmsim.pipeline.statistics import Statistics

COVERAGE = (2.5, 97.5)
P_VALUES = ("p", "p_max", "p_cluster")
NAMES = {
    "accuracy": "accuracy on held-out trials",
    "chance": "mean over permutations; NaN in states that no statistic rests on",
    "p": "one-sided p, not corrected; NaN as for chance",
    "p_max": "p corrected over the cells of this analysis and metric, largest standardised value",
    "p_cluster": "p of the cell's cluster, corrected over the cells of this analysis and metric; 1 "
    "outside clusters",
}


@dataclass
class FeatureResult:
    """What came out for one feature of one task.

    Attributes
    ----------
    job : Job
        Which feature and task.
    data : Statistics
        Of the data.
    null : list of Statistics
        Of each permutation.
    """

    job: Job
    data: Statistics
    null: list[Statistics]


def number(
    draws: np.ndarray, null: np.ndarray, stop_after: int | None = None
) -> dict[str, float | int | None]:
    """One number with interval, chance and p-value.

    Parameters
    ----------
    draws : ndarray, shape (1 + resample,)
        The plain value first.
    null : ndarray, shape (permutation,)
        Values under permuted labels.
    stop_after : int, optional
        See :func:`wmsim.decoding.sequential.sequential_p`.

    Returns
    -------
    dict
        ``value``, ``low``, ``high`` (95 %, resampling trials), ``chance`` (mean of the null),
        ``p``, ``n_permutations`` behind p, and ``reached_at``, the permutation at which p was known
        because `stop_after` of them had reached the value; None where something was not computed.

    Examples
    --------
    >>> number(np.array([0.9, 0.8, 1.0]), np.array([0.5, 0.4, 0.6]))["p"]
    0.25
    """
    low, high = np.nanpercentile(draws[1:], COVERAGE) if draws.size > 1 else (np.nan, np.nan)
    chance = float(np.mean(null)) if null.size else math.nan
    test = sequential_p(float(draws[0]), null, stop_after)
    found = {
        "value": float(draws[0]), "low": float(low), "high": float(high), "chance": chance,
        "p": test.p,
    }  # fmt: skip
    told: dict[str, float | int | None] = {
        key: None if math.isnan(value) else value for key, value in found.items()
    }
    return told | {"n_permutations": test.reached_at or null.size, "reached_at": test.reached_at}


def entry(
    draws: np.ndarray,
    null: np.ndarray,
    left_out: np.ndarray | None = None,
    left_out_null: np.ndarray | None = None,
    stop_after: int | None = None,
) -> dict[str, Any]:
    """A statistic in both metrics.

    Parameters
    ----------
    draws : ndarray, shape (1 + resample, metric)
    null : ndarray, shape (permutation, metric)
    left_out, left_out_null : ndarray, shape (1 + resample,) and (permutation,), optional
        Multiclass transfer with the trained item's own value left out.
    stop_after : int, optional
        See :func:`number`.

    Returns
    -------
    dict
        :func:`number` of the balanced accuracy, and under ``multiclass`` that of the other; under
        ``multiclass_left_out`` a third, in designs without repeats.
    """
    result: dict[str, Any] = number(draws[:, 0], null[:, 0], stop_after)
    result["multiclass"] = number(draws[:, 1], null[:, 1], stop_after)
    if left_out is not None:
        result["multiclass_left_out"] = number(left_out, _array(left_out_null), stop_after)
    return result


def summarise_features(
    results: list[FeatureResult], stop_after: int | None = None
) -> dict[str, Any]:
    """Numbers of one or several tasks, averaged over tasks draw by draw.

    Parameters
    ----------
    results : list of FeatureResult
        Of one feature; with several, each statistic is the mean over the tasks that have it.
    stop_after : int, optional
        See :func:`number`.

    Returns
    -------
    dict
        Statistics by name, ``procrustes`` with those of rotations, ``within_by_item``, and facts.
    """
    names = list(dict.fromkeys(name for one in results for name in one.data.values))
    summary: dict[str, Any] = {}
    for name in names:
        having = [one for one in results if name in one.data.values]
        draws = np.mean([one.data.values[name] for one in having], axis=0)
        null = _mean_null(
            [[s.values[name] for s in one.null if name in s.values] for one in having]
        )
        left = left_null = None
        if all(name in one.data.left_out for one in having):
            left = np.mean([one.data.left_out[name] for one in having], axis=0)
            left_null = _mean_null([[s.left_out[name] for s in one.null] for one in having])[:, 0]
        _place(summary, name, entry(draws, null, left, left_null, stop_after))
    summary["within_by_item"] = _by_item(results, stop_after)
    first = results[0]
    summary["n_values"] = first.job.problem.n_values
    summary["n_trials"] = sum(one.job.problem.n_trials for one in results)
    summary["n_permutations"] = min(len(one.null) for one in results)
    summary["tasks"] = [one.job.task for one in results]
    summary["items_never_repeat"] = all(bool(one.data.left_out) for one in results)
    if isinstance(first.job.problem, Population):
        # Of pseudo-trials it cannot be said, and nothing can be left out; of real ones it can.
        summary["items_never_repeat"] = None
        summary["items_of_real_trials_never_repeat"] = all(one.job.never_repeats for one in results)
        summary["population"] = first.job.problem.account()
    for fact in first.data.facts:
        values = [one.data.facts[fact] for one in results if fact in one.data.facts]
        _place(summary, f"procrustes.{fact}", float(np.mean(values)))
    return summary


def _by_item(results: list[FeatureResult], stop_after: int | None) -> list[dict[str, Any]]:
    n_items = min(len(one.data.by_item) for one in results)
    draws = np.mean([one.data.by_item[:n_items] for one in results], axis=0)
    nulls = [_mean_null([[s.by_item[item] for s in one.null] for one in results])
             for item in range(n_items)]  # fmt: skip
    return [entry(draws[item], nulls[item], stop_after=stop_after) for item in range(n_items)]


def _mean_null(per_task: list[list[np.ndarray]]) -> np.ndarray:
    """Permutation p of the mean over tasks is the mean of their permutations p; (p, metric)."""
    n = min(len(values) for values in per_task)
    if n == 0:
        return np.empty((0, 2))
    stacked = np.array([[np.atleast_2d(v)[0] for v in values[:n]] for values in per_task])
    return stacked.mean(axis=0)


def _place(summary: dict[str, Any], name: str, value: Any) -> None:
    group, _, rest = name.partition(".")
    if rest:
        summary.setdefault(group, {})[rest] = value
    else:
        summary[name] = value


def _array(values: np.ndarray | None) -> np.ndarray:
    return np.empty(0) if values is None else values


def tensor_dataset(results: list[FeatureResult], *, forming: float = FORMING) -> xr.Dataset:
    """Generalisation tensors as a labelled dataset.

    Parameters
    ----------
    results : list of FeatureResult
        All tasks and features of a recording.
    forming : float, default 0.05
        See :func:`wmsim.decoding.correction.tensor_p`.

    Returns
    -------
    xarray.Dataset
        ``accuracy``, ``chance``, and p-values ``p``, ``p_max`` and ``p_cluster``, dims (analysis,
        train_state, test_state, metric); states carry ``item`` (S) and ``step`` (T), both counted
        from 0. NaN where an analysis lacks a state; what permutations give is measured in the
        states that statistics rest on, and NaN in others. Each analysis and metric is corrected
        over its own cells. ``n_permutations`` (analysis) is how many there were.
    """
    states = sorted({state for one in results for state in one.job.design.states})
    index = {state: row for row, state in enumerate(states)}
    shape = (len(results), len(states), len(states), len(METRICS))
    arrays = {name: np.full(shape, np.nan) for name in ("accuracy", "chance", *P_VALUES)}
    for row, one in enumerate(results):
        where = np.ix_([row], *[[index[s] for s in one.job.design.states]] * 2)
        arrays["accuracy"][where] = one.data.tensor
        if one.null:
            used = np.ix_([row], *[[index[s] for s in one.job.design.used]] * 2)
            null = np.stack([s.tensor for s in one.null])
            arrays["chance"][used] = null.mean(axis=0)
            for name, values in _tests(one, null, forming).items():
                arrays[name][used] = values
    dims = ("analysis", "train_state", "test_state", "metric")
    items, steps = (np.array(part) for part in zip(*states, strict=True))
    coords: dict[str, Any] = {
        "task": ("analysis", [one.job.task for one in results]),
        "feature": ("analysis", [one.job.feature for one in results]),
        "n_values": ("analysis", [one.job.problem.n_values for one in results]),
        "n_permutations": ("analysis", [len(one.null) for one in results]),
        "metric": list(METRICS),
    }
    for kind in ("train", "test"):
        coords[f"{kind}_item"] = (f"{kind}_state", items)
        coords[f"{kind}_step"] = (f"{kind}_state", steps)
    named = {name: (dims, array, {"long_name": NAMES[name]}) for name, array in arrays.items()}
    return xr.Dataset(named, coords=coords)


def _tests(one: FeatureResult, null: np.ndarray, forming: float) -> dict[str, np.ndarray]:
    """p-values by name, (train state, test state, metric), in the states that have a null."""
    design = one.job.design
    at = [design.states.index(state) for state in design.used]
    data = one.data.tensor[np.ix_(at, at)]
    adjacency = state_adjacency(*np.array(design.used).T)
    by_metric = [
        tensor_p(data[..., metric], null[..., metric], adjacency, forming=forming)
        for metric in range(len(METRICS))
    ]
    return {name: np.stack(p, axis=-1)
            for name, p in zip(P_VALUES, zip(*by_metric, strict=True), strict=True)}  # fmt: skip
