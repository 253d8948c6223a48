"""The two sides of a comparison: a model's recording and a brain's, made ready alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from wmsim.compare.config import CompareConfig
from wmsim.errors import WmsimError, choose
from wmsim.hypotheses.codes import design_matrix
from wmsim.pipeline.jobs import NO_TASK, Task, find_tasks
from wmsim.pipeline.ready import make_ready
from wmsim.recordings import feature_names, labels_of

SMALLEST = 1e-12


@dataclass(frozen=True, eq=False)
class Side:
    """One task of a recording, with the labels of one feature.

    Attributes
    ----------
    name : str
        In messages and results.
    task, feature : str
        Which.
    activity : ndarray, shape (step, trial, unit)
        Of units that were recorded in all trials; no NaN.
    labels : ndarray of int, shape (item, trial)
        Values, -1 where there is none.
    values : tuple of str
        Names of the values.
    steps : tuple of str
        Names of the steps.
    shown : tuple of int
        Item on display at each step, -1 for none.
    holed : ndarray, shape (step, trial, unit)
        Activity of units that miss some trials, NaN there.
    notes : tuple of str
        What a reader has to know.
    """

    name: str
    task: str
    feature: str
    activity: np.ndarray
    labels: np.ndarray
    values: tuple[str, ...]
    steps: tuple[str, ...]
    shown: tuple[int, ...]
    holed: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def n_values(self) -> int:
        """Number of values."""
        return len(self.values)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.labels)

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return self.labels.shape[1]

    def items_at(self, step: int) -> tuple[int, ...]:
        """Items that were shown by a step; all of them where no step shows any."""
        by_then = [item for item in self.shown[: step + 1] if item >= 0]
        before = [item for item in range(self.n_items) if item not in self.shown]
        return tuple(sorted({*by_then, *before}))


def read_sides(recording: xr.Dataset, config: CompareConfig, name: str) -> list[Side]:
    """Make a recording ready: one side for each task and feature.

    Parameters
    ----------
    recording : xarray.Dataset
        Of a network or of a brain, continuous or aligned.
    config : CompareConfig
        How.
    name : str
        In messages.

    Raises
    ------
    WmsimError
        If the recording is not valid (it has no feature, say), or has no activity at some step.
    """
    notes: list[str] = []
    try:
        aligned = make_ready(recording, config.analysis, notes)
        features = _features(aligned, config)
    except WmsimError as error:
        raise WmsimError(f"{name}: {error}") from None
    return [
        _side(aligned.isel(trial=task.rows[0]), name, label, feature, config, notes)
        for label, task in _tasks(aligned, config).items()
        for feature in features
    ]


def _features(aligned: xr.Dataset, config: CompareConfig) -> list[str]:
    there = feature_names(aligned)
    for feature in config.analysis.features or ():
        if feature in config.pairs or feature in config.pairs.values():
            continue
        choose(feature, there, "feature")
    return there


def _tasks(aligned: xr.Dataset, config: CompareConfig) -> dict[str, Task]:
    tasks = find_tasks([aligned])
    for task in config.analysis.tasks or ():
        choose(task, tasks, "task")
    return {
        name: task for name, task in tasks.items()
        if not config.analysis.tasks or name in config.analysis.tasks
    }  # fmt: skip


def _side(
    part: xr.Dataset, name: str, task: str, feature: str, config: CompareConfig, notes: list[str]
) -> Side:
    codes, names = labels_of(part, feature)
    used = np.unique(codes[codes >= 0])
    position = np.full(max(len(names), 1), -1)
    position[used] = np.arange(used.size)
    labels = np.where(codes >= 0, position[codes], -1).T
    labels = labels[(labels >= 0).any(axis=1)]
    activity = part["activity"].transpose("time", "trial", "unit").values.astype(float)
    shown = part["shown_item"].values
    steps, activity, shown = _merged(_step_names(part, shown), activity, shown)
    items = config.items or len(labels)
    held = [n for n, item in enumerate(shown) if item < items and (item >= 0 or not config.items)]
    whole, holed, told = _complete(activity[held], name)
    return Side(
        name=name, task=task, feature=feature, activity=whole, labels=labels[:items],
        values=tuple(str(names[value]) for value in used),
        steps=tuple(steps[n] for n in held), shown=tuple(int(shown[n]) for n in held),
        holed=holed, notes=(*notes, *told),
    )  # fmt: skip


def _step_names(part: xr.Dataset, shown: np.ndarray) -> list[str]:
    if "step_name" in part:
        return [str(one) for one in part["step_name"].values]
    return [f"item {item + 1}" if item >= 0 else "maintenance" for item in shown]


def _merged(
    names: list[str], activity: np.ndarray, shown: np.ndarray
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """One step for several in a row of one phase ("maintenance 1", "maintenance 2"), their mean.

    Steps of probes hold no item of their own and are left out.
    """
    stems = [one if item >= 0 else re.sub(r" \d+$", "", one)
             for one, item in zip(names, shown, strict=True)]  # fmt: skip
    rows: list[list[int]] = []
    for n, stem in enumerate(stems):
        if rows and stems[rows[-1][-1]] == stem:
            rows[-1].append(n)
        elif not stem.startswith("probe"):
            rows.append([n])
    kept = [stems[own[0]] for own in rows]
    told = [
        f"{stem} {kept[: n + 1].count(stem)}" if kept.count(stem) > 1 else stem
        for n, stem in enumerate(kept)
    ]
    return (
        told,
        np.stack([activity[own].mean(axis=0) for own in rows]),
        np.array([shown[own[0]] for own in rows]),
    )


def _complete(activity: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Units with activity in all trials and steps, and the others."""
    missing = np.isnan(activity)
    empty = missing.all(axis=(1, 2))
    if empty.any():
        raise WmsimError(
            f"{name}: all activity is NaN at {int(empty.sum())} of {empty.size} aligned steps "
            f"(step {int(np.flatnonzero(empty)[0]) + 1} is the first). Choose a window in which "
            "activity was recorded (--window, --maintenance-window), or --items."
        )
    holes = missing.any(axis=(0, 1))
    told = []
    if holes.any():
        told.append(
            f"{int(holes.sum())} of {holes.size} units miss some trials: they count in RSA, whose "
            "unbalanced routines allow for it, and in no other score."
        )
    return activity[:, :, ~holes], activity[:, :, holes], told


def scaled(side: Side) -> Side:
    """The side with each unit in standard deviations of its own noise.

    Noise is what labels of all items shown leave unexplained. Units without any are scaled by the
    mean of the others'.
    """
    spread = np.sqrt(np.concatenate([_noise_power(side), _noise_power_holed(side)]))
    there = spread > SMALLEST * max(float(spread.max(initial=0.0)), SMALLEST)
    if not there.any():
        return side
    spread = np.where(there, spread, spread[there].mean())
    whole, holed = np.split(spread, [side.activity.shape[2]])
    return replace(side, activity=side.activity / whole, holed=side.holed / holed)


def _noise_power(side: Side) -> np.ndarray:
    """Variance that labels leave, over all steps, (unit,)."""
    left, total = np.zeros(side.activity.shape[2]), 0
    for step, base in enumerate(_explained(side, np.arange(side.n_trials))):
        patterns = side.activity[step]
        left += (patterns**2).sum(axis=0) - ((base.T @ patterns) ** 2).sum(axis=0)
        total += max(side.n_trials - base.shape[1], 1)
    return np.maximum(left, 0) / total


def _noise_power_holed(side: Side) -> np.ndarray:
    """The same of units that miss trials, from those that each has."""
    found = np.zeros(side.holed.shape[2])
    for unit in range(found.size):
        trials = np.flatnonzero(np.isfinite(side.holed[:, :, unit]).all(axis=0))
        left, total = 0.0, 0
        for step, base in enumerate(_explained(side, trials)):
            pattern = side.holed[step, trials, unit]
            left += float((pattern**2).sum() - ((base.T @ pattern) ** 2).sum())
            total += max(trials.size - base.shape[1], 0)
        found[unit] = max(left, 0.0) / max(total, 1)
    return found


def _explained(side: Side, trials: np.ndarray) -> Iterator[np.ndarray]:
    """For each step, an orthonormal basis of all that labels can explain, (trial, regressor)."""
    for step in range(len(side.steps)):
        labels = side.labels[:, trials]
        regressors, _ = design_matrix(labels, side.items_at(step), side.n_values)
        base, size, _ = np.linalg.svd(regressors, full_matrices=False)
        yield base[:, size > 1e-10 * size[0]] if size.size else base


def drawn(side: Side, most: int, rng: np.random.Generator) -> Side:
    """The side with so many units at most, drawn at random."""
    whole = side.activity.shape[2]
    n_units = whole + side.holed.shape[2]
    if n_units <= most:
        return side
    chosen = np.sort(rng.choice(n_units, most, replace=False))
    told = f"{most} of {n_units} units drawn at random."
    return replace(
        side, activity=side.activity[:, :, chosen[chosen < whole]],
        holed=side.holed[:, :, chosen[chosen >= whole] - whole], notes=(*side.notes, told),
    )  # fmt: skip


__all__ = ["NO_TASK", "Side", "drawn", "read_sides", "scaled"]
