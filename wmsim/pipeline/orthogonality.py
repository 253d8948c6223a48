"""How orthogonal the decoders of each feature are in one space of a recording, and its nulls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from wmsim.decoding import METRICS
from wmsim.errors import WmsimError, choose
from wmsim.geometry import simplex_index
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.jobs import find_tasks
from wmsim.pipeline.orthogonality_task import Found, Plan, make_plan, measure_task
from wmsim.pipeline.prepare import is_joined
from wmsim.progress import progress
from wmsim.recordings import feature_names, is_aligned

AS_IS = "as is"
NULLS = ("random directions", "permuted labels", "simplex")
PERMUTED = NULLS[1]


def orthogonality(
    recording: xr.Dataset,
    features: str | Sequence[str] | None = None,
    *,
    tasks: Sequence[str] | None = None,
    state: tuple[int, int] = (0, 0),
    dimensions: int | Sequence[int] | None = None,
    bootstraps: int = 10,
    length: float | None = None,
    across: str | None = None,
    config: AnalysisConfig | None = None,
    label: str = "orthogonality",
) -> xr.Dataset:
    """Orthogonalisation index of each feature's decoders in one state, task by task.

    Units are z-scored with all trials of the task (no accuracy is scored on them), decoders of one
    value against the rest are fitted to all trials, to resamples of them, and to permuted labels.
    Beside the index stand its nulls (see :mod:`wmsim.geometry.orthogonality`) and the accuracy of
    such decoders on held-out trials: angles between decoders that do not decode mean nothing.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording whose units were recorded together; perceptual ones, too
        (:func:`wmsim.recordings.perceptual.record_perceptual`).
    features : str or sequence of str, optional
        By default those that tasks ask for, or all that can be decoded where that is not known.
    tasks : sequence of str, optional
        By default all.
    state : (int, int), default (0, 0)
        Item S and step T, both from 0; E(1,1) by default.
    dimensions : int or sequence of int, optional
        Also measure in so many principal components, found in the trials that decoders are fitted
        to (of each resample, of each fold).
    bootstraps : int, default 10
        Resamples of trials, each with all values; 10 as in the paper.
    length : float, optional
        Mean squared length that trials are brought to, so that C means the same in all spaces. By
        default the number of units, which is what z-scored units have as they are.
    across : str, optional
        Label of items whose values are kept in one fold, so that held-out trials show others. By
        default "image", where each value of the feature has at least two; otherwise trials whose
        activity is one and the same share a fold.
    config : AnalysisConfig, optional
        Estimator and one penalty, folds (4 by default, here), permutations, seed. Tasks and
        features are not looked at.
    label : str
        What the progress bar says.

    Returns
    -------
    xarray.Dataset
        ``index`` (feature, task, reduction) of all trials; ``bootstrap`` (..., draw); ``permuted``
        (..., permutation); ``null_mean``, ``null_low``, ``null_high`` (..., null), 95 %; ``p`` of
        the index under permuted labels, two-sided; ``excess``, the index less the mean under
        permuted labels; ``accuracy`` (..., metric); ``cosine`` (..., value, value_2);
        ``n_dimensions``, ``retained``; ``n_trials``, ``n_patterns``, ``n_units``, ``rank``,
        ``n_values`` and ``n_folds`` (feature, task). NaN where a task has no such feature.

    Raises
    ------
    WmsimError
        If the recording is not valid, there is no such feature, task or state, or a feature cannot
        be decoded.

    Examples
    --------
    >>> from wmsim.hypotheses import plant
    >>> recording = plant(
    ...     n_trials=90, n_units=30, n_items=2, n_values=3, maintenance=1, signal=5.0, seed=1
    ... )
    >>> found = orthogonality(recording, "image", dimensions=5, bootstraps=3)
    >>> found["index"].dims, found["reduction"].values.tolist()
    (('feature', 'task', 'reduction'), ['as is', 'PCA 5'])
    >>> float(found["null_mean"].sel(null="simplex")[0, 0, 0])
    0.5
    """
    plan = make_plan(state, dimensions, bootstraps, length, across, config)
    _require_units_together(recording)
    every = find_tasks([recording])
    names = list(every) if tasks is None else [choose(name, every, "task") for name in tasks]
    wanted = wanted_features(recording, features)
    notes: list[str] = []
    found: dict[tuple[str, str], Found] = {}
    with progress(label, len(names)) as step:
        for name in names:
            part = recording.isel(trial=every[name].rows[0])
            for feature, one in measure_task(part, wanted, plan, notes):
                found[feature, name] = one
            step()
    if not found:
        raise WmsimError("No feature could be measured. " + " ".join(notes))
    return _dataset(found, names, plan, notes)


def wanted_features(
    recording: xr.Dataset, features: str | Sequence[str] | None
) -> tuple[str, ...] | None:
    """Features that were named, or that tasks ask for; None where that is not known."""
    known = feature_names(recording)
    if features is not None:
        named = [features] if isinstance(features, str) else list(features)
        return tuple(choose(name, known, "feature") for name in named)
    if "task_feature" not in recording:
        return None
    asked = {str(name) for name in np.unique(recording["task_feature"].values) if str(name)}
    return tuple(name for name in known if name in asked) or None


def _require_units_together(recording: xr.Dataset) -> None:
    if is_aligned(recording) and is_joined(recording):
        raise WmsimError(
            "Angles between decoders need one table of units; these sessions' units were not "
            "recorded together. Make a pseudo-population first "
            "(wmsim.recordings.pseudo_population)."
        )


def _dataset(
    found: dict[tuple[str, str], Found], tasks: list[str], plan: Plan, notes: list[str]
) -> xr.Dataset:
    features = list(dict.fromkeys(feature for feature, _ in found))
    cells = [[found.get((feature, task)) for task in tasks] for feature in features]
    most = max(len(one.values) for one in found.values())
    names = {feature: one.values for (feature, _), one in found.items()}
    kept = [AS_IS, *(f"PCA {number}" for number in plan.reductions[1:])]
    grid = ("feature", "task", "reduction")

    def filled(read: Any, shape: tuple[int, ...]) -> np.ndarray:
        """Values of all cells, NaN where there is none."""
        array = np.full((len(features), len(tasks), *shape), np.nan)
        for place, row in enumerate(cells):
            for column, one in enumerate(row):
                if one is not None:
                    value = np.asarray(read(one))
                    own = tuple(slice(0, size) for size in value.shape)
                    array[place, column, ...][own] = value
        return array

    n_kept, config = len(kept), plan.config
    draws, permutations = (n_kept, plan.bootstraps), (n_kept, config.permutations)
    variables = {
        "index": (grid, filled(lambda o: [m.index for m in o.measured], (n_kept,))),
        "bootstrap": ((*grid, "draw"), filled(lambda o: [m.bootstraps for m in o.measured], draws)),
        "permuted": (
            (*grid, "permutation"),
            filled(lambda o: [m.permuted for m in o.measured], permutations),
        ),
        "cosine": (
            (*grid, "value", "value_2"),
            filled(lambda o: [m.cosines for m in o.measured], (n_kept, most, most)),
        ),
        "accuracy": ((*grid, "metric"), filled(lambda o: o.accuracy, (n_kept, len(METRICS)))),
        "n_dimensions": (grid, filled(lambda o: [m.n_dimensions for m in o.measured], (n_kept,))),
        "retained": (grid, filled(lambda o: [m.retained for m in o.measured], (n_kept,))),
        **{
            f"null_{part}": (
                (*grid, "null"),
                filled(lambda o, p=part: _nulls(o)[p], (n_kept, len(NULLS))),
            )
            for part in ("mean", "low", "high")
        },
        "p": (grid, filled(lambda o: [two_sided(m.index, m.permuted) for m in o.measured],
                           (n_kept,))),
        **{
            name: (grid[:2], filled(lambda o, n=name: getattr(o, n), ()))
            for name in ("n_trials", "n_patterns", "n_units", "rank", "n_folds")
        },
        "n_values": (grid[:1], [len(names[feature]) for feature in features]),
        "value_name": (
            ("feature", "value"),
            [[*names[feature], *[""] * (most - len(names[feature]))] for feature in features],
        ),
    }  # fmt: skip
    dataset = xr.Dataset(
        variables,
        {"feature": features, "task": tasks, "reduction": kept, "null": list(NULLS),
         "metric": list(METRICS)},
    )  # fmt: skip
    dataset["excess"] = dataset["index"] - dataset["null_mean"].sel(null=PERMUTED, drop=True)
    dataset.attrs = {
        "state": json.dumps(list(plan.state)),
        "length": "units" if plan.length is None else plan.length,
        "config": json.dumps(config.told()),
        "notes": json.dumps(notes),
    }
    return dataset


def _nulls(found: Found) -> dict[str, np.ndarray]:
    """Mean and 95 % range of each null, (reduction, null)."""
    simplex = simplex_index(len(found.values))
    rows: dict[str, list[list[float]]] = {"mean": [], "low": [], "high": []}
    for random, one in zip(found.random, found.measured, strict=True):
        known = one.permuted.size > 0
        low, high = np.percentile(one.permuted, (2.5, 97.5)) if known else (np.nan, np.nan)
        mean = float(one.permuted.mean()) if known else np.nan
        lowest, highest = np.percentile(random, (2.5, 97.5))
        rows["mean"].append([float(random.mean()), mean, simplex])
        rows["low"].append([float(lowest), float(low), simplex])
        rows["high"].append([float(highest), float(high), simplex])
    return {part: np.array(values) for part, values in rows.items()}


def two_sided(observed: float, null: np.ndarray) -> float:
    """Twice the smaller of the two one-sided permutation p-values, at most 1; NaN without null."""
    if not null.size:
        return float("nan")
    above = 1 + np.count_nonzero(null >= observed - 1e-10)
    below = 1 + np.count_nonzero(null <= observed + 1e-10)
    return min(1.0, 2 * min(above, below) / (1 + null.size))
