"""Decoders of the first item, fitted in every task and tested in every task."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from wmsim.decoding import METRICS
from wmsim.pipeline import AnalysisConfig, decode
from wmsim.pipeline.grouped_folds import group_folds, most_folds
from wmsim.recordings import labels_of
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.study import Study
from wmsim.tasks import FEATURES

CELL_STATE = "cell state"
PICTURES = 7  # stream of random numbers
# Whose training trials scale activity: first what a read-out of raw activity would do, the paper's.
SCALINGS = {"trained": "transfer_trained_scaling", "tested": "transfer"}
# The pipeline decodes no feature of which a value has fewer trials.
FEWEST = 5


def transfer(study: Study, kind: Kind, *, cell_states: bool = False) -> xr.Dataset:
    """Transfer between tasks of all subjects of a kind; measured once, shared by figures.

    Parameters
    ----------
    study : Study
        Where recordings come from.
    kind : Kind
        Subjects.
    cell_states : bool
        Decode an LSTM's cell states instead of its hidden units.

    Returns
    -------
    xarray.Dataset
        As :func:`measure_transfer` gives it, with the dimension ``subject``.
    """
    config, name = study.config.analysis, "transfer"
    if cell_states:
        config, name = config.changed(kinds=(CELL_STATE,)), "transfer-cell"

    def compute(seed: int) -> xr.Dataset:
        with study.recording(kind, seed) as recording:
            return measure_transfer(recording, config, n_jobs=study.n_jobs)

    return study.measured(name, kind, compute)


def measure_transfer(
    recording: xr.Dataset, config: AnalysisConfig, *, n_jobs: int | None = None
) -> xr.Dataset:
    """Decode the first item while it is shown, in all tasks, with decoders of each of them.

    Parameters
    ----------
    recording : xarray.Dataset
        Aligned; the first step shows the first item.
    config : AnalysisConfig
        How; permutations and resamples of trials are not made.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    xarray.Dataset
        ``accuracy`` (scaling, feature, train_task, test_task, metric) on held-out pictures (see
        :func:`by_picture`) in the state E(1,1). scaling "trained": units are z-scored with
        training trials of the task that the decoder was fitted in, wherever it is tested;
        "tested": with those of the tested task, which takes baselines and gains of units out that
        differ between tasks. NaN for a feature
        of which a value has fewer than 5 trials.
        ``nested`` (task, feature): whether the feature follows from the asked one, or the asked
        one from it. Tasks come by what they ask for, then by n: coordinates ``asked_feature`` and
        ``n_back`` (task).
    """
    first = recording.isel(time=slice(0, 1), item=slice(0, 1)).load()
    first = by_picture(first, config.folds, seed=config.seed)
    plain = config.changed(permutations=0, bootstrap=0)
    tasks = ordered_tasks(recording)
    names = list(tasks)
    shape = (len(SCALINGS), len(FEATURES), len(names), len(names), len(METRICS))
    accuracy = np.full(shape, np.nan)
    for row, feature in enumerate(FEATURES):
        if not decodable(first, feature):
            continue
        found = decode(first, feature, config=plain, n_jobs=n_jobs, label=f"decoders: {feature}")
        for way, variable in enumerate(SCALINGS.values()):
            kept = found[variable].sel(train_task=names, test_task=names)
            accuracy[way, row] = kept.transpose("train_task", "test_task", "metric").values
    return xr.Dataset(
        {
            "accuracy": (("scaling", "feature", "train_task", "test_task", "metric"), accuracy),
            "nested": (("task", "feature"), nested(recording, tasks)),
        },
        coords={
            "scaling": list(SCALINGS), "feature": list(FEATURES), "metric": list(METRICS),
            "train_task": names, "test_task": names, **task_coords(tasks),
        },
    )  # fmt: skip


def by_picture(first: xr.Dataset, most: int, *, seed: int = 0) -> xr.Dataset:
    """Folds of pictures, the same in all tasks.

    The state of a network without noise, while it is shown the first item, is fixed by the task
    and the frame. Trials that show the same picture would be one pattern, in training and in test.

    Parameters
    ----------
    first : xarray.Dataset
        Aligned, its first item and step.
    most : int
        Folds, if every identity has as many pictures; else as many as it has.
    seed : int
        Fixes the folds.

    Returns
    -------
    xarray.Dataset
        With the label ``fold``; as it was where a value has one picture only.
    """
    if "image" not in first:
        return first
    image = labels_of(first, "image")[0][:, 0]
    labels = np.stack([labels_of(first, name)[0][:, 0] for name in ("identity", "category")])
    folds = min(most, *(most_folds(one, image) for one in labels))
    if folds < 2:
        return first
    fold = group_folds(labels, image, folds, rng=np.random.default_rng([seed, PICTURES]))
    return first.assign(fold=("trial", fold))


def decodable(recording: xr.Dataset, feature: str) -> bool:
    """Whether the pipeline takes a feature: all values often enough, in all tasks and items."""
    codes = labels_of(recording, feature)[0]
    task = recording["task"].values.astype(str)
    values = np.unique(codes[codes >= 0])
    counts = [
        (codes[task == name][..., None] == values).sum(axis=0).min() for name in np.unique(task)
    ]
    return min(counts) >= FEWEST


def ordered_tasks(recording: xr.Dataset) -> dict[str, tuple[str, int]]:
    """What each task asks for, and its n; by feature, then by n."""
    labels = (recording[name].values for name in ("task", "task_feature", "n_back"))
    found = {str(t): (str(f), int(n)) for t, f, n in zip(*labels, strict=True)}
    return dict(sorted(found.items(), key=lambda one: (FEATURES.index(one[1][0]), one[1][1])))


def task_coords(tasks: Mapping[str, tuple[str, int]]) -> dict[str, object]:
    """Coordinates of the dimension ``task``."""
    return {
        "task": list(tasks),
        "asked_feature": ("task", [feature for feature, _ in tasks.values()]),
        "n_back": ("task", [n for _, n in tasks.values()]),
    }


def nested(recording: xr.Dataset, tasks: Mapping[str, tuple[str, int]]) -> np.ndarray:
    """Features that are not asked for, but follow from the asked one or it from them.

    Parameters
    ----------
    recording : xarray.Dataset
        Labels.
    tasks : mapping
        From :func:`ordered_tasks`.

    Returns
    -------
    ndarray of bool, shape (task, feature)
    """
    codes = {feature: labels_of(recording, feature)[0].ravel() for feature in FEATURES}
    result = np.zeros((len(tasks), len(FEATURES)), dtype=bool)
    for row, (asked, _) in enumerate(tasks.values()):
        for column, feature in enumerate(FEATURES):
            if feature != asked:
                result[row, column] = _follow(codes[feature], codes[asked])
    return result


def _follow(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether each value of one goes with a single value of the other."""
    there = (one >= 0) & (other >= 0)
    pairs = np.unique(np.stack([one[there], other[there]]), axis=1).shape[1]
    return pairs in (np.unique(one[there]).size, np.unique(other[there]).size)


def networks(parts: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Several kinds side by side along the new dimension ``network``."""
    along = xr.Variable("network", list(parts))
    return xr.concat(
        list(parts.values()), along, data_vars="all", join="outer", combine_attrs="override"
    )


def own_task(found: xr.Dataset) -> xr.DataArray:
    """Accuracy in the task that the decoder was fitted in: (..., task, ...), any scaling."""
    own = found["accuracy"].isel(scaling=0, drop=True)
    same = xr.DataArray(np.arange(own.sizes["train_task"]), dims="task")
    own = own.isel(train_task=same, test_task=same).drop_vars(["train_task", "test_task"])
    return own.assign_coords({name: found[name] for name in ("task", "asked_feature", "n_back")})


def other_tasks(found: xr.Dataset, *, same_feature: bool = False) -> xr.DataArray:
    """Mean accuracy in other tasks, of the decoders of each task.

    Parameters
    ----------
    found : xarray.Dataset
        From :func:`transfer`.
    same_feature : bool
        In tasks that ask for the same feature with another n, instead of those that ask for
        another feature.

    Returns
    -------
    xarray.DataArray
        Dims as ``accuracy``, with ``train_task`` renamed to ``task`` and no ``test_task``.
    """
    asked = found["asked_feature"].values
    alike = asked[:, None] == asked
    chosen = xr.DataArray(
        alike & ~np.eye(asked.size, dtype=bool) if same_feature else ~alike,
        {"train_task": found["train_task"], "test_task": found["test_task"]},
        ("train_task", "test_task"),
    )
    mean = found["accuracy"].where(chosen).mean("test_task").rename(train_task="task")
    return mean.assign_coords({name: found[name] for name in ("asked_feature", "n_back")})
