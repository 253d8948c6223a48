"""Cross-condition generalisation: numbers with intervals, chance and p, words, and tensors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from wmsim._version import __version__
from wmsim.decoding import METRICS, Problem, permutation_p, scores
from wmsim.decoding.held_out import HeldOut
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.design import transfers
from wmsim.pipeline.jobs import Job
from wmsim.pipeline.results import COVERAGE

MEANING = {
    "within": "at the step that shows the item",
    "within_memory": "at one later step",
    "encoding_to_memory": "from the step that shows the item to later ones",
    "encoding_to_encoding": "from one item's display to another's",
}


@dataclass(frozen=True)
class Crossing:
    """A feature to decode, and the conditions that are held out.

    Attributes
    ----------
    job : Job
        Task and feature.
    held_out : str
        The other feature.
    condition : ndarray of int, shape (item, trial)
        Its values; -1 where there is none.
    n_splits : int
        Into how many splits its values can be put.
    problem : Problem
        Arrays of the job.
    """

    job: Job
    held_out: str
    condition: np.ndarray
    n_splits: int
    problem: Problem


@dataclass(frozen=True)
class Measured:
    """What came out for one pair of features.

    Attributes
    ----------
    crossing : Crossing
        Which.
    n_splits : int
        Splits that were made.
    found : HeldOut
        Decisions and accuracies.
    weights : ndarray, shape (draw, trial)
        Resamples of trials, the first one counting each once.
    """

    crossing: Crossing
    n_splits: int
    found: HeldOut
    weights: np.ndarray


def entry(measured: Measured, null: str) -> dict[str, Any]:
    """Statistics of one analysis, with intervals, chance and p; JSON-like."""
    crossing, found = measured.crossing, measured.found
    job, problem = crossing.job, crossing.problem
    row = {state: number for number, state in enumerate(problem.states)}
    told: dict[str, Any] = {
        "task": job.task, "feature": job.feature, "held_out": crossing.held_out,
        "asked": job.asked, "n_splits": measured.n_splits, "n_values": problem.n_values,
        "n_trials": problem.n_trials,
    }  # fmt: skip
    drawn = {name: _resampled(getattr(found, name), problem, measured.weights)
             for name in ("decisions", "seen")}  # fmt: skip
    for name, pairs in transfers(job.design).items():
        places = [(row[a], row[b]) for a, b in pairs]
        rows, columns = np.array(places).T
        # (draw, metric)
        own, seen = (drawn[one][rows, columns].mean(axis=0) for one in ("decisions", "seen"))
        of_null = found.accuracy[1:, rows, columns].mean(axis=1)
        per_metric = [
            _number(own[:, m], seen[:, m], of_null[:, m], problem.n_trials)
            for m in range(len(METRICS))
        ]
        told[name] = {**per_metric[0], "multiclass": per_metric[1]}
    told["words"] = _words(told, null)
    return told


def _resampled(decisions: np.ndarray, problem: Problem, weights: np.ndarray) -> np.ndarray:
    """Accuracies of resampled trials, (train state, test state, draw, metric)."""
    n = len(problem.states)
    found = np.empty((n, n, len(weights), len(METRICS)))
    for column, (item, _) in enumerate(problem.states):
        told = np.isfinite(decisions[0, column, :, 0])
        labels = np.where(told, problem.labels[item], -1)
        found[:, column] = scores(decisions[:, column], labels, weights)
    return found


def _number(own: np.ndarray, seen: np.ndarray, null: np.ndarray, n: int) -> dict[str, Any]:
    return {
        **_interval(own), "n": n,
        "chance": float(null.mean()) if null.size else None,
        "p": permutation_p(float(own[0]), null) if null.size else None,
        "null_low": float(np.percentile(null, COVERAGE[0])) if null.size else None,
        "null_high": float(np.percentile(null, COVERAGE[1])) if null.size else None,
        "seen": _interval(seen),
        "cost": _interval(seen - own),
    }  # fmt: skip


def _interval(draws: np.ndarray) -> dict[str, float | None]:
    low, high = np.nanpercentile(draws[1:], COVERAGE) if draws.size > 1 else (None, None)
    return {
        "value": float(draws[0]),
        "low": None if low is None else float(low),
        "high": None if high is None else float(high),
    }


def _words(about: dict[str, Any], null: str) -> str:
    """The main statistics in a sentence."""
    told = []
    against = "conditions shuffled" if null == "conditions" else "trials permuted"
    for name, where in MEANING.items():
        if name in about:
            one = about[name]
            p = "" if one["p"] is None else f", p = {one['p']:.3g} with {against}"
            told.append(
                f"{where}: {one['value']:.2f} (conditions seen: {one['seen']['value']:.2f}{p})"
            )
    return (
        f"{about['feature']} in values of {about['held_out']} that were held out: "
        + "; ".join(told)
        + "."
    )


def as_dataset(measured: Sequence[Measured], config: AnalysisConfig, null: str) -> xr.Dataset:
    """All tensors, NaN where an analysis lacks a state."""
    crossings = [one.crossing for one in measured]
    states = sorted({state for one in crossings for state in one.problem.states})
    shape = (len(crossings), len(states), len(states), len(METRICS))
    data = {name: np.full(shape, np.nan) for name in ("accuracy", "chance", "p", "seen")}
    for number, one in enumerate(measured):
        problem, found = one.crossing.problem, one.found
        own = [states.index(state) for state in problem.states]
        place = np.ix_([number], own, own)
        values, of_null = found.accuracy[0], found.accuracy[1:]
        data["accuracy"][place] = values
        once = np.ones((1, problem.n_trials))
        data["seen"][place] = _resampled(found.seen, problem, once)[:, :, 0]
        if len(of_null):
            data["chance"][place] = of_null.mean(axis=0)
            reached = (of_null >= values - 1e-10).sum(axis=0)
            data["p"][place] = (1 + reached) / (1 + len(of_null))
    items, steps = (np.array(part) for part in zip(*states, strict=True))
    dims = ("analysis", "train_state", "test_state", "metric")
    coords: dict[str, Any] = {
        "metric": list(METRICS),
        "task": ("analysis", [one.job.task for one in crossings]),
        "feature": ("analysis", [one.job.feature for one in crossings]),
        "held_out": ("analysis", [one.held_out for one in crossings]),
        "n_splits": ("analysis", [one.n_splits for one in measured]),
        "n_values": ("analysis", [one.problem.n_values for one in crossings]),
    }
    for end in ("train", "test"):
        coords[f"{end}_item"] = (f"{end}_state", items)
        coords[f"{end}_step"] = (f"{end}_state", steps)
    return xr.Dataset(
        {name: (dims, values) for name, values in data.items()}, coords=coords,
        attrs={
            "schema": "wmsim.held_out", "null": null, "config": json.dumps(config.told()),
            "creation_library": "wmsim", "creation_library_version": __version__,
        },
    )  # fmt: skip
