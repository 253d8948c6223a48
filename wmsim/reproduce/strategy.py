"""A subject's strategy in a few numbers: what figures about other subjects compare."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from wmsim.pipeline import memory_spaces
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.memory import by_task, from_own_encoding, joined, memory_of
from wmsim.reproduce.study import Study
from wmsim.reproduce.swaps import other_items, other_times
from wmsim.reproduce.transfer import measure_transfer, other_tasks, own_task, transfer

SPACES = ("item", "step")
EXPLORATORY = "Not a claim of the paper, which leaves this open: ours, exploratory."


def memory_numbers(memory: xr.Dataset, *, decodable: float | None = None) -> xr.Dataset:
    """Means over memory spaces of each task, then over tasks.

    Parameters
    ----------
    memory : xarray.Dataset
        From :func:`wmsim.reproduce.memory.memory_of`, dims (subject, task, ...).
    decodable : float, optional
        Rotations count only to and from memory spaces whose own decoders reach this one-vs-rest
        balanced accuracy: where an item cannot be read out there is no shape that could be rotated,
        and a rotation to it says nothing. By default all count.

    Returns
    -------
    xarray.Dataset, dims (subject, metric)
        ``encoding`` E(S,S), held-out trials; ``encoding_elsewhere`` decoders of E(S,S) at E(S',S');
        ``encoding_to_memory``; ``memory``, decoders of M(S,T) itself, and of these
        ``memory_recall`` (executive steps) and ``memory_hold`` (steps before); ``reconstructed``,
        ``other_item``, ``other_time``, ``random_rotation``; ``item_over_time`` and
        ``item_over_random``, differences taken within a memory space; ``decodable`` (subject),
        share of memory spaces in use in which rotations count.
    """
    used, recall = memory["in_use"] == 1, memory["executive"] == 1
    own, fitted = from_own_encoding(memory), memory["fitted"]
    enough = xr.ones_like(used)
    if decodable is not None:
        enough = fitted.sel(metric="balanced", drop=True) >= decodable
        memory = _with_decodable_donors(memory, enough)
    known = used & fitted.sel(metric="balanced", drop=True).notnull()
    item = other_items(memory).where(enough)
    time = other_times(memory).where(enough)
    random = memory["random_rotation"].where(enough)
    in_spaces = {
        "encoding": own.where(memory["age"] == 0),
        "encoding_to_memory": own.where(used),
        "memory": fitted.where(used),
        "memory_recall": fitted.where(used & recall),
        "memory_hold": fitted.where(used & ~recall),
        "reconstructed": memory["reconstructed"].where(enough),
        "other_item": item,
        "other_time": time,
        "random_rotation": random,
        "item_over_time": item - time,
        "item_over_random": item - random,
    }
    found = {name: values.mean(SPACES).mean("task") for name, values in in_spaces.items()}
    found["encoding_elsewhere"] = _elsewhere(memory)
    share = enough.where(known).astype(float).mean(SPACES).mean("task")
    return xr.Dataset({name: values.drop_attrs() for name, values in found.items()}).assign(
        decodable=share
    )


def _with_decodable_donors(memory: xr.Dataset, enough: xr.DataArray) -> xr.Dataset:
    """Leave out rotations that are those of a space in which the item cannot be read out."""
    times = [enough.shift(step=-int(k), fill_value=False) for k in memory["shift"].values]
    items = [
        enough.shift(item=-int(k), step=-int(k), fill_value=False) for k in memory["offset"].values
    ]
    return memory.assign(
        swap_time=memory["swap_time"].where(xr.concat(times, memory["shift"])),
        swap_stimulus=memory["swap_stimulus"].where(xr.concat(items, memory["offset"])),
    )


def _elsewhere(memory: xr.Dataset) -> xr.DataArray:
    """Decoders of E(S,S) at E(S',S'), S' not S."""
    shown = memory["from_encoding"].where(memory["age"] == 0).mean("step")
    other = shown.where(shown["trained_item"] != shown["item"])
    return other.mean(("trained_item", "item")).mean("task")


def transfer_numbers(between: xr.Dataset) -> xr.Dataset:
    """Decoders of E(1,1) in their own task and in tasks that ask for another feature.

    Parameters
    ----------
    between : xarray.Dataset
        From :func:`wmsim.reproduce.transfer.transfer`.

    Returns
    -------
    xarray.Dataset, dims (subject, metric)
        ``within_task``; ``across_tasks``, the very same read-out; ``across_tasks_rescaled``, each
        task z-scored on its own. Means over tasks and features.
    """
    over = ("task", "feature")
    across = other_tasks(between).mean(over)
    return xr.Dataset(
        {
            "within_task": own_task(between).mean(over),
            "across_tasks": across.sel(scaling="trained", drop=True),
            "across_tasks_rescaled": across.sel(scaling="tested", drop=True),
        }
    )


def strategy_of(
    study: Study, kind: Kind, *, activity: str | None = None, decodable: float | None = None
) -> xr.Dataset:
    """Behaviour, memory and transfer between tasks of all subjects of a kind.

    Parameters
    ----------
    study : Study
        Where measurements are; "memory", "transfer" and "behaviour" are shared with other figures.
    kind : Kind
        Subjects that learned several tasks.
    activity : str, optional
        Decode units of this kind only, such as ``"state"``, where a core is recorded in several
        ways; by default hidden units, and what other figures measured is used.
    decodable : float, optional
        See :func:`memory_numbers`.

    Returns
    -------
    xarray.Dataset
        :func:`memory_numbers` and :func:`transfer_numbers`; ``accuracy`` and
        ``executive_accuracy`` (subject, split); ``parameters`` and ``iterations`` (subject);
        ``reached`` (subject): 1 where the last evaluation of training came to its criterion.
    """
    behaviour = study.behaviour(kind)
    kept = ["accuracy", "executive_accuracy", "parameters", "iterations"]
    numbers = [
        behaviour[kept].drop_vars(["task", "iteration"], errors="ignore"),
        memory_numbers(_memory(study, kind, activity), decodable=decodable),
        transfer_numbers(_transfer(study, kind, activity)),
    ]
    found = xr.merge(numbers, compat="override", join="outer", combine_attrs="drop")
    reached = last_known(behaviour["learning"]) >= study.config.training.criterion
    return found.assign(reached=("subject", reached.astype(float)))


def last_known(learning: xr.DataArray) -> np.ndarray:
    """Last accuracy of each subject that is known, (subject,)."""
    values = learning.transpose("subject", "iteration").values
    return np.array([one[np.isfinite(one)][-1] for one in values])


def _memory(study: Study, kind: Kind, activity: str | None) -> xr.Dataset:
    """:func:`wmsim.reproduce.memory.memory_of`, of units of one kind."""
    if activity is None:
        return memory_of(study, kind)
    config = study.config.analysis.changed(permutations=0, bootstrap=0, kinds=(activity,))

    def compute(seed: int) -> xr.Dataset:
        with study.recording(kind, seed) as recording:
            found = memory_spaces(recording, config, asked_only=True, n_jobs=study.n_jobs)
        return by_task(found, kind.regime)

    return study.measured(f"memory-{activity}", kind, compute)


def _transfer(study: Study, kind: Kind, activity: str | None) -> xr.Dataset:
    """:func:`wmsim.reproduce.transfer.transfer`, of units of one kind."""
    if activity is None:
        return transfer(study, kind)
    config = study.config.analysis.changed(kinds=(activity,))

    def compute(seed: int) -> xr.Dataset:
        with study.recording(kind, seed) as recording:
            return measure_transfer(recording, config, n_jobs=study.n_jobs)

    return study.measured(f"transfer-{activity}", kind, compute)


def strategies(
    study: Study, kinds: Sequence[tuple[Kind, str | None]], *, decodable: float | None = None
) -> xr.Dataset:
    """:func:`strategy_of` of several kinds, along ``kind``.

    Parameters
    ----------
    study : Study
        Where measurements are.
    kinds : sequence of (Kind, str or None)
        Subjects, and which of their units.
    decodable : float, optional
        See :func:`memory_numbers`.

    Returns
    -------
    xarray.Dataset, dims (kind, subject, ...)
        With ``architecture``, ``units`` and ``activity`` of each kind; attrs ``criterion``, and
        ``decodable`` where there is one.
    """
    parts = [
        strategy_of(study, kind, activity=activity, decodable=decodable) for kind, activity in kinds
    ]
    names = [" ".join([kind.name, *([activity] if activity else [])]) for kind, activity in kinds]
    found = joined(parts, xr.Variable("kind", names)).assign_coords(
        architecture=("kind", [kind.architecture for kind, _ in kinds]),
        units=("kind", [kind.size for kind, _ in kinds]),
        activity=("kind", [activity or "hidden" for _, activity in kinds]),
    )
    found.attrs = {"criterion": study.config.training.criterion}
    if decodable is not None:
        found.attrs["decodable"] = decodable
    return found


def balanced(values: xr.DataArray) -> np.ndarray:
    """One-vs-rest balanced accuracies with subjects first, (subject, ...)."""
    return np.asarray(values.sel(metric="balanced").transpose("subject", ...).values)


def told(values: np.ndarray | xr.DataArray, form: str = ".2f") -> str:
    """Mean of what is finite, for a note; "none" where nothing is."""
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    return format(float(finite.mean()), form) if finite.size else "none"
