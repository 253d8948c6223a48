"""Parts of a recording: units and trials that have the labels asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import ConfigError, WmsimError, did_you_mean
from wmsim.recordings.select import is_aligned, item_exists, shown_items


def subset(
    dataset: xr.Dataset,
    *,
    n_items: int | None = None,
    trials: Any = None,
    units: Any = None,
    **labels: Any,
) -> xr.Dataset:
    """Keep those units and trials that have the labels asked for.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording.
    n_items : int, optional
        Keep trials of exactly so many items; items (and steps that show them) beyond are
        cut off.
    trials, units : array-like, optional
        Positions, or a mask of bool, or names (text); applied before everything else.
    **labels : value or list of values
        Any label of units (``area``, ``kind``, ``session``, ``subject``) or of trials
        (``task``, ``split``, ``n_back``, ``correct``, ...).

    Returns
    -------
    xarray.Dataset
        A part of the recording, still lazy where the recording was.

    Raises
    ------
    ConfigError
        If there is no such label.
    WmsimError
        If nothing is left; the message names the values that exist.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> recording = build_recording(
    ...     np.zeros((1, 3, 2)), time=[0], time_units="step", source="planted",
    ...     activity_units="a.u.", features={"image": [[0], [1]]}, shown_item=[0],
    ...     unit={"area": ["amygdala", "hippocampus", "amygdala"]},
    ... )
    >>> subset(recording, area="amygdala").sizes["unit"]
    2
    >>> subset(recording, area="amigdala")
    Traceback (most recent call last):
        ...
    wmsim.errors.WmsimError: No unit has area 'amigdala'. Did you mean 'amygdala'? ...
    """
    for dim, chosen in (("trial", trials), ("unit", units)):
        if chosen is not None:
            dataset = dataset.isel({dim: _positions(dataset, dim, chosen)})
    for name, wanted in labels.items():
        if wanted is None:
            continue
        dim = _dim_of_label(dataset, name)
        dataset = dataset.isel({dim: _matching(dataset, dim, name, wanted)})
    return dataset if n_items is None else _with_items(dataset, n_items)


def _dim_of_label(dataset: xr.Dataset, name: str) -> str:
    known = {
        str(n): str(v.dims[0])
        for n, v in dataset.variables.items()
        if v.dims in (("unit",), ("trial",)) and not str(n).startswith("event_")
    }
    if name not in known:
        raise ConfigError(f"No label '{name}' of units or trials. {did_you_mean(name, known)}")
    return known[name]


def _matching(dataset: xr.Dataset, dim: str, name: str, wanted: Any) -> np.ndarray:
    values = dataset[name].values
    alone = isinstance(wanted, str) or np.ndim(wanted) == 0
    choices = [wanted] if alone else list(wanted)
    chosen = np.isin(values.astype(str), [str(choice) for choice in choices])
    if not chosen.any():
        exist = [str(value) for value in np.unique(values.astype(str))]
        told = " or ".join(repr(choice) for choice in choices) or "any of no values"
        hint = did_you_mean(str(choices[0]) if choices else "", exist)
        raise WmsimError(f"No {dim} has {name} {told}. {hint}")
    return np.flatnonzero(chosen)


def _positions(dataset: xr.Dataset, dim: str, chosen: Any) -> np.ndarray:
    array = np.atleast_1d(np.asarray(chosen))
    size = dataset.sizes[dim]
    if array.dtype.kind in "OUT":
        names = dataset[dim].values.astype(str)
        lost = sorted(set(array.astype(str).tolist()) - set(names.tolist()))
        if lost:
            raise WmsimError(f"No {dim} is named '{lost[0]}'. {did_you_mean(lost[0], names[:20])}")
        index = {name: position for position, name in enumerate(names.tolist())}
        array = np.array([index[name] for name in array.astype(str).tolist()], dtype=int)
    elif array.dtype.kind == "b":
        if array.shape != (size,):
            raise WmsimError(
                f"The mask of {dim}s has shape {array.shape}, expected ({dim}: {size}). "
                "Give one truth value for each."
            )
        array = np.flatnonzero(array)
    if not array.size:
        raise WmsimError(f"No {dim} is left: none of {size} was chosen. Choose one at least.")
    if array.dtype.kind not in "iu" or array.min() < -size or array.max() >= size:
        raise WmsimError(
            f"{dim}s: found {array.tolist()[:5]}, expected positions from 0 to {size - 1}, a mask, "
            "or names."
        )
    return array


def _with_items(dataset: xr.Dataset, n_items: int) -> xr.Dataset:
    counts = item_exists(dataset).values.sum(axis=1)
    chosen = np.flatnonzero(counts == n_items)
    if not chosen.size:
        exist = ", ".join(str(count) for count in np.unique(counts))
        raise WmsimError(
            f"No trial has {n_items} items; trials have: {exist}. Ask for one of these."
        )
    part = dataset.isel(trial=chosen)
    used = np.flatnonzero(item_exists(part).values.any(axis=0))
    last = int(used.max()) + 1
    part = part.isel(item=slice(0, last))
    if not is_aligned(part):
        return part
    return part.isel(time=np.flatnonzero(shown_items(part) < last))
