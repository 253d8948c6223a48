"""Rotations swapped: what they are worth a task, and what the paper says of them."""

from __future__ import annotations

import numpy as np
import xarray as xr

from wmsim.reproduce.claims import Claim
from wmsim.reproduce.memory import METRIC_NOTE, OURS, mean_over_subjects, name_of, per_subject

SWAPS = (
    "fitted", "reconstructed", "swap_stimulus", "swap_time", "random_rotation", "in_use",
    "executive", "captured_stimulus", "captured_time", "rotation_dimension", "shared_dimension",
    "n_values",
)  # fmt: skip
HIGH = 0.80
SPACES = ("item", "step")


def other_items(memory: xr.Dataset) -> xr.DataArray:
    """Mean over R(S+k, T+k), k not 0, in each memory space."""
    return memory["swap_stimulus"].where(memory["offset"] != 0).mean("offset")


def other_times(memory: xr.Dataset, *, in_use: bool = True) -> xr.DataArray:
    """Mean over R(S, T-1) and R(S, T+1) in each memory space.

    Parameters
    ----------
    memory : xarray.Dataset
        From :func:`wmsim.reproduce.memory.memory_of`.
    in_use : bool, default True
        Rotations to steps at which the task still needs the item, or to those at which it no
        longer does.
    """
    return memory["swap_time"].where(donor_in_use(memory) == in_use).mean("shift")


def donor_in_use(memory: xr.Dataset) -> xr.DataArray:
    """Whether the item is of use at the step T + shift, (..., item, step, shift)."""
    used = memory["in_use"] == 1
    shifted = [used.shift(step=-int(shift), fill_value=False) for shift in memory["shift"].values]
    return xr.concat(shifted, memory["shift"])


def swap_summary(memory: xr.Dataset) -> xr.Dataset:
    """Means over memory spaces of each task, dims (..., task, metric).

    Returns
    -------
    xarray.Dataset
        ``fitted``, ``reconstructed``, ``other_item``, ``other_time`` (the item still of use),
        ``other_time_out_of_use``, ``random_rotation``.
    """
    used = memory["in_use"] == 1
    return xr.Dataset(
        {
            "fitted": memory["fitted"].where(used).mean(SPACES),
            "reconstructed": memory["reconstructed"].mean(SPACES),
            "other_item": other_items(memory).mean(SPACES),
            "other_time": other_times(memory).mean(SPACES),
            "other_time_out_of_use": other_times(memory, in_use=False).mean(SPACES),
            "random_rotation": memory["random_rotation"].mean(SPACES),
        }
    )


def swap_claims(
    memory: xr.Dataset, architecture: str, where: str, *, control: bool = True, by_n: bool = True
) -> list[Claim]:
    """What the paper says of swapped rotations, for one kind of subjects.

    Parameters
    ----------
    memory : xarray.Dataset
        Of one architecture, dims (subject, task, ...).
    architecture : str
        Who, for a reader.
    where : str
        Where the paper says it.
    control : bool, default True
        Compare with random rotations too.
    by_n : bool, default True
        One more claim for each n.

    Returns
    -------
    list of Claim
        Accuracy stays high with rotations of other items, over all tasks and for each n; it is
        lower with rotations of other times; it is higher than with random rotations.
    """
    items, times = other_items(memory), other_times(memory)
    spaces = "mean over memory spaces in use, then over tasks"
    stays = (
        f"{architecture}: decoders turned by the rotation of another item of the same age stay "
        f"accurate"
    )
    result = [
        Claim(
            f"{stays} ({where})",
            f"accuracy with R(S+k,T+k) in place of R(S,T), mean over k, {spaces} ({METRIC_NOTE})",
            per_subject(items), at_least=HIGH,
            note=f"{OURS} {_lost(memory)} By n and feature: {_by_task(items)}.",
        ),
        Claim(
            f"{architecture}: decoders turned by the rotation of another time are less accurate "
            f"({where})",
            f"accuracy with R(S+k,T+k) minus accuracy with R(S,T-1) or R(S,T+1), within a memory "
            f"space, {spaces} with n >= 2 ({METRIC_NOTE})",
            per_subject(items - times), at_least=0.0,
            note="The bound is ours. Only steps at which the item is still of use give rotations; "
            f"a 1-back task has one such step, and no swap. Accuracy with the rotation of another "
            f"time: {_number(times)}; with that of a step after the item's last use: "
            f"{_number(other_times(memory, in_use=False))}.",
        ),
    ]  # fmt: skip
    if control:
        result.append(_above_random(memory, architecture, where, spaces))
    for n in np.unique(memory["n_back"].values).tolist() if by_n else ():
        of_n = items.isel(task=np.flatnonzero(memory["n_back"].values == n))
        result.append(
            Claim(
                f"{stays}, {n}-back tasks ({where})",
                f"accuracy with R(S+k,T+k) in place of R(S,T), mean over k, {spaces} "
                f"({METRIC_NOTE})",
                per_subject(of_n),
                at_least=HIGH,
                note=OURS,
            )
        )
    return result


def _above_random(memory: xr.Dataset, architecture: str, where: str, spaces: str) -> Claim:
    return Claim(
        f"{architecture}: the rotation of another item does better than a random one ({where})",
        f"accuracy with R(S+k,T+k) minus accuracy with a random rotation in the same subspace, "
        f"{spaces} ({METRIC_NOTE})",
        per_subject(other_items(memory) - memory["random_rotation"]), at_least=0.0,
        note="A control of ours: the paper compares with no random rotation.",
    )  # fmt: skip


def _lost(memory: xr.Dataset) -> str:
    return f"With its own rotation: {_number(memory['reconstructed'])}."


def _number(values: xr.DataArray) -> str:
    found = mean_over_subjects(values)
    return f"{found:.2f}" if np.isfinite(found) else "none"


def _by_task(values: xr.DataArray) -> str:
    """Means over subjects, in words, task by task."""
    return ", ".join(
        f"{task} {_number(values.sel(task=[task]))}" for task in values["task"].values.tolist()
    )


def swap_claims_by_architecture(found: xr.Dataset, where: str) -> list[Claim]:
    """:func:`swap_claims` of every architecture in a dataset."""
    return [
        claim
        for architecture in found["architecture"].values.tolist()
        for claim in swap_claims(found.sel(architecture=architecture), name_of(architecture), where)
    ]
