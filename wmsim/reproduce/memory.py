"""The measurement behind figures 4, A4 and A6: every memory space of every task of a subject."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from wmsim.pipeline import memory_spaces
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.study import Study
from wmsim.tasks import FEATURES, regime_tasks

OURS = "The bound is ours: the paper prints none."
WORDS = {"rnn": "vanilla RNN", "gru": "GRU", "lstm": "LSTM"}
METRIC_NOTE = "one-vs-rest balanced accuracy, held-out trials"


def memory_of(study: Study, kind: Kind) -> xr.Dataset:
    """Accuracies in all memory spaces, of decoders and rotated decoders; measured once a subject.

    Parameters
    ----------
    study : Study
        Where subjects, recordings and measurements are.
    kind : Kind
        Whose.

    Returns
    -------
    xarray.Dataset
        As :func:`wmsim.pipeline.memory_spaces` gives it, for the feature that each task asks for:
        dims (subject, task, ...), with ``feature`` and ``n_back`` of each task. NaN in a task
        whose feature had too few trials a value.
    """

    def compute(seed: int) -> xr.Dataset:
        config = study.config.analysis.changed(permutations=0, bootstrap=0)
        with study.recording(kind, seed) as recording:
            found = memory_spaces(recording, config, asked_only=True, n_jobs=study.n_jobs)
        return by_task(found, kind.regime)

    return study.measured("memory", kind, compute)


def by_task(spaces: xr.Dataset, regime: str) -> xr.Dataset:
    """Put the analyses of asked features along ``task``, all tasks of a regime in its order."""
    tasks = regime_tasks(regime)
    found = spaces.swap_dims(analysis="task").reset_coords("n_values")
    found = found.drop_vars(["feature", "asked", "n_back"])
    # A task that is missing has NaN, which a file of integers could not hold.
    found = found.assign(n_values=found["n_values"].astype(float))
    return found.reindex(task=[task.name for task in tasks]).assign_coords(
        feature=("task", [task.feature for task in tasks]),
        n_back=("task", [getattr(task, "n", -1) for task in tasks]),
    )


def mtmf_kinds(config: ReproduceConfig) -> list[Kind]:
    """Subjects that learned all nine tasks, one kind an architecture."""
    return [Kind(architecture=name) for name in config.architectures]


def main_kind(config: ReproduceConfig) -> Kind:
    """The subjects that the paper shows where it shows one architecture: GRUs, if there are any."""
    names = config.architectures
    return Kind(architecture="gru" if "gru" in names else names[0])


def by_architecture(
    study: Study, kinds: Sequence[Kind], variables: Sequence[str] | None = None
) -> xr.Dataset:
    """:func:`memory_of` of several kinds, along ``architecture``.

    Parameters
    ----------
    study : Study
    kinds : sequence of Kind
        One an architecture.
    variables : sequence of str, optional
        Which variables, by default all.

    Returns
    -------
    xarray.Dataset, dims (architecture, subject, task, ...)
    """
    parts = [memory_of(study, kind) for kind in kinds]
    if variables is not None:
        parts = [part[list(variables)] for part in parts]
    along = xr.Variable("architecture", [kind.architecture for kind in kinds])
    return joined(parts, along)


def joined(parts: Sequence[xr.Dataset], along: xr.Variable | str) -> xr.Dataset:
    """Concatenate; what one part lacks is NaN."""
    return xr.concat(
        list(parts), along, data_vars="all", coords="minimal", compat="override", join="outer",
        combine_attrs="override",
    )  # fmt: skip


def same_tasks(parts: Sequence[xr.Dataset]) -> list[xr.Dataset]:
    """All tasks of any part in each part, by n and feature, NaN where a part lacks them."""
    known = {
        str(task): (int(n), str(feature))
        for part in parts
        for task, n, feature in zip(
            part["task"].values, part["n_back"].values, part["feature"].values, strict=True
        )
    }
    order = sorted(known, key=lambda task: (known[task][0], FEATURES.index(known[task][1])))
    bare = [part.drop_vars(["n_back", "feature"]).reindex(task=order) for part in parts]
    labels = {
        "n_back": ("task", [known[task][0] for task in order]),
        "feature": ("task", [known[task][1] for task in order]),
    }
    return [part.assign_coords(labels) for part in bare]


def from_own_encoding(memory: xr.Dataset) -> xr.DataArray:
    """Decoders of E(S, S), tested for the same item at every step T: (..., item, step, metric)."""
    own = xr.DataArray(np.arange(memory.sizes["item"]), dims="item")
    found = memory["from_encoding"].isel(trained_item=own, item=own)
    return found.drop_vars("trained_item").transpose(..., "item", "step", "metric")


def name_of(architecture: str) -> str:
    """An architecture's name for a reader."""
    return WORDS.get(architecture, architecture)


def per_subject(values: xr.DataArray, *, over: Sequence[str] = ("item", "step")) -> np.ndarray:
    """One number a subject: mean over spaces within a task, then over tasks, balanced accuracy.

    Each task counts once, whatever the number of its memory spaces; NaN is left out.
    """
    chosen = values.sel(metric="balanced")
    within = chosen.mean([dim for dim in over if dim in chosen.dims])
    return np.asarray(within.mean([dim for dim in within.dims if dim != "subject"]).values)


def mean_over_subjects(values: xr.DataArray, *, over: Sequence[str] = ("item", "step")) -> float:
    """Mean of :func:`per_subject` over those that have a value; NaN if none has."""
    found = per_subject(values, over=over)
    finite = found[np.isfinite(found)]
    return float(finite.mean()) if finite.size else float("nan")
