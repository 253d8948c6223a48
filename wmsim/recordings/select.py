"""Encoding and memory spaces of an aligned recording, and its steps.

S is the item that a label belongs to, T the step at which activity is taken. Both are
counted from 0 and always explicit.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.checks import item_present
from wmsim.recordings.labels import feature_names, labels_of

NO_ACTION = 0


def is_aligned(dataset: xr.Dataset) -> bool:
    """Whether the time axis of a recording is a sequence of steps (it has ``shown_item``)."""
    return "shown_item" in dataset.variables


def step_of_item(aligned: xr.Dataset, item: int) -> int:
    """Position on the time axis of the step that shows an item.

    Parameters
    ----------
    aligned : xarray.Dataset
        An aligned recording.
    item : int
        The item, from 0.

    Returns
    -------
    int
        Position from 0.

    Raises
    ------
    WmsimError
        If the recording is not aligned or no step shows this item.
    """
    shown = shown_items(aligned)
    found = np.flatnonzero(shown == item)
    if item < 0 or not found.size:
        items = ", ".join(str(i) for i in shown[shown >= 0]) or "none"
        raise WmsimError(
            f"No step shows item {item}; items count from 0 and steps show: {items}. "
            "Ask for one of these."
        )
    return int(found[0])


def memory_space(aligned: xr.Dataset, item: int, step: int) -> xr.DataArray:
    """Activity at step T, to be read against the labels of item S: M(S, T).

    Parameters
    ----------
    aligned : xarray.Dataset
        An aligned recording.
    item : int
        S, the item that the labels belong to, from 0.
    step : int
        T, the position on the time axis at which activity is taken, from 0. It must not
        lie before the step that shows the item.

    Returns
    -------
    xarray.DataArray, dims (trial, unit)
        With the labels of units and trials, and scalar coordinates ``item`` and ``step``.

    Raises
    ------
    WmsimError
        If the recording is not aligned, has no such item or step, or T comes before S.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> recording = build_recording(
    ...     np.arange(6).reshape(3, 2, 1), time=[0, 1, 2], time_units="step", source="planted",
    ...     activity_units="a.u.", features={"image": [[0, 1]]}, shown_item=[0, 1, -1],
    ... )
    >>> memory_space(recording, item=0, step=2).values
    array([[4., 5.]], dtype=float32)
    """
    shown_at = _first_step(aligned, item)
    steps = aligned.sizes["time"]
    if not 0 <= step < steps:
        raise WmsimError(
            f"No step {step}: this recording has {steps}, counted from 0 to {steps - 1} "
            f"({', '.join(step_names(aligned))}). Ask for one of these."
        )
    if step < shown_at:
        raise WmsimError(
            f"Step {step} comes before item {item} is shown (step {shown_at}): there is no memory "
            "of what has not been seen. Ask for a later step."
        )
    space = aligned["activity"].isel(time=step).transpose("trial", "unit")
    space = space.drop_vars([n for n in ("time", "shown_item") if n in space.coords])
    return space.assign_coords(item=item, step=step)


def encoding_space(aligned: xr.Dataset, item: int) -> xr.DataArray:
    """Activity at the step that shows an item: E(S, S).

    Parameters
    ----------
    aligned : xarray.Dataset
        An aligned recording.
    item : int
        S, the item, from 0.

    Returns
    -------
    xarray.DataArray, dims (trial, unit)
        As :func:`memory_space` gives it.

    Raises
    ------
    WmsimError
        If the recording is not aligned or no step shows this item.
    """
    return memory_space(aligned, item, step_of_item(aligned, item))


def states(aligned: xr.Dataset, include_probe: bool = False) -> list[tuple[int, int]]:
    """All pairs (S, T) of an aligned recording: T is the step that shows S, or later.

    Parameters
    ----------
    aligned : xarray.Dataset
        An aligned recording.
    include_probe : bool
        Whether steps whose name begins with "probe" count as T.

    Returns
    -------
    list of (int, int)
        Item and step, both from 0, in order of S, then T.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> recording = build_recording(
    ...     np.zeros((3, 2, 1)), time=[0, 1, 2], time_units="step", source="planted",
    ...     activity_units="a.u.", features={"image": [[0, 1]]}, shown_item=[0, 1, -1],
    ... )
    >>> states(recording)
    [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2)]
    """
    shown = shown_items(aligned)
    names = step_names(aligned)
    wanted = [t for t, name in enumerate(names) if include_probe or not name.startswith("probe")]
    items = sorted(int(item) for item in shown if item >= 0)
    if not items:  # a recording of maintenance alone shows none, and holds all
        items = list(range(aligned.sizes.get("item", 0)))
    return [(s, t) for s in items for t in wanted if t >= _first_step(aligned, s)]


def step_names(aligned: xr.Dataset) -> list[str]:
    """Names of the steps of an aligned recording, in order."""
    from wmsim.recordings.build import default_step_names

    if "step_name" in aligned.variables:
        return [str(name) for name in aligned["step_name"].values]
    return default_step_names(shown_items(aligned))


def item_exists(dataset: xr.Dataset) -> xr.DataArray:
    """Where a trial has an item (a label of any feature), dims (trial, item), bool."""
    present = [item_present(dataset[n].transpose("trial", "item")) for n in feature_names(dataset)]
    shape = (dataset.sizes["trial"], dataset.sizes.get("item", 0))
    exists = np.any(present, axis=0) if present else np.zeros(shape, dtype=bool)
    return xr.DataArray(exists, dims=("trial", "item"))


def executive_steps(aligned: xr.Dataset) -> xr.DataArray:
    """Steps that call for match or non-match, in each trial.

    They are read from ``target`` where the recording has it, else from ``n_back``: an
    item calls for an answer when there is one n items before it.

    Parameters
    ----------
    aligned : xarray.Dataset
        An aligned recording.

    Returns
    -------
    xarray.DataArray of bool, dims (trial, time)
        Use ``.any("trial")`` for the steps that do in any trial.

    Raises
    ------
    WmsimError
        If the recording has neither ``target`` nor ``n_back``.
    """
    shown = shown_items(aligned)
    items = np.arange(aligned.sizes["item"])
    if "target" in aligned.variables:
        acts = labels_of(aligned, "target")[0] > NO_ACTION
    elif "n_back" in aligned.variables:
        n_back = aligned["n_back"].values[:, None]
        acts = (items[None, :] >= n_back) & item_exists(aligned).values
    else:
        raise WmsimError(
            "This recording has neither target nor n_back, so no step is known to call for match "
            "or non-match. Add target over (trial, item) or n_back over (trial)."
        )
    at_step = np.zeros((aligned.sizes["trial"], shown.size), dtype=bool)
    shows = shown >= 0
    at_step[:, shows] = acts[:, shown[shows]]
    coords = {name: aligned[name].variable for name in ("trial", "time")}
    return xr.DataArray(at_step, coords, ("trial", "time"), name="executive")


def _first_step(aligned: xr.Dataset, item: int) -> int:
    """Step that shows an item; 0 in a recording of maintenance alone, which shows none."""
    shown = shown_items(aligned)
    if (shown < 0).all() and 0 <= item < aligned.sizes["item"]:
        return 0
    return step_of_item(aligned, item)


def shown_items(aligned: xr.Dataset) -> np.ndarray:
    """Item that each step shows, -1 for none; refuses a continuous recording.

    Parameters
    ----------
    aligned : xarray.Dataset
        An aligned recording.

    Returns
    -------
    numpy.ndarray of int, shape (time,)

    Raises
    ------
    WmsimError
        If the recording is not aligned.
    """
    if not is_aligned(aligned):
        raise WmsimError(
            "This recording is continuous (it has no shown_item), an aligned one was expected. "
            "Use wmsim.recordings.align first."
        )
    return aligned["shown_item"].values
