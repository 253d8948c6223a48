"""Make a recording out of arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xarray as xr

from wmsim._version import __version__
from wmsim.errors import SchemaError
from wmsim.recordings.labels import encode_labels
from wmsim.recordings.schema import ACTIONS, SCHEMA, SCHEMA_VERSION
from wmsim.recordings.validate import validate


def build_recording(
    activity: Any,
    *,
    time: Any,
    time_units: str,
    activity_units: str,
    features: Mapping[str, Any],
    source: str,
    unit: Mapping[str, Any] | None = None,
    trial: Mapping[str, Any] | None = None,
    item_onset: Any = None,
    item_offset: Any = None,
    events: Mapping[str, Any] | None = None,
    shown_item: Any = None,
    step_name: Sequence[str] | None = None,
    target: Any = None,
    response: Any = None,
    bin_width: float | None = None,
    long_name: str = "activity",
    seed: int | None = None,
    config: Mapping[str, Any] | str | None = None,
    reference: str | None = None,
    licence: str | None = None,
    attrs: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """Build and validate a recording.

    Parameters
    ----------
    activity : array-like, shape (time, unit, trial)
        Stored as float32; NaN where nothing was recorded. A dask array stays lazy, and its
        values are checked when it is saved.
    time : array-like, shape (time,)
        Bin centres in seconds, or step numbers.
    time_units : {"s", "step"}
        Unit of `time`, of onsets, offsets and events.
    activity_units : str
        ``"spikes/s"``, ``"a.u."``, ``"z"``, ...
    features : mapping
        Feature name to labels of shape (trial, item), or to (labels, names): integers
        (-1: no item) or text ("": no item).
    source : {"model", "neural", "planted"}
        Where the activity comes from.
    unit, trial : mapping, optional
        Labels of units (``unit``, ``area``, ``kind``, ``session``, ``subject``, or your
        own) and of trials (``trial``, ``task``, ``n_back``, ``task_feature``, ``split``,
        ``correct``, or your own). A label that is one value holds for all. Units are
        named ``u0``, ``u1``, ... and trials 0, 1, ... unless named here.
    item_onset, item_offset : array-like, shape (trial, item), optional
        In units of `time`; NaN where a trial has fewer items.
    events : mapping, optional
        Name (without ``event_``) to times of shape (trial,).
    shown_item : array-like of int, shape (time,), optional
        Makes the recording an aligned one: the item on display at each step, -1 for none.
    step_name : sequence of str, optional
        Names of the steps of an aligned recording; made from `shown_item` by default.
    target, response : array-like, shape (trial, item), optional
        0 "no action", 1 "non-match", 2 "match", -1 no item; or these words.
    bin_width : float, optional
        Width of a bin, in units of `time`.
    long_name : str
        What the activity is.
    seed : int, optional
        Seed that made the recording.
    config : mapping or str, optional
        Settings that made the recording; kept as JSON text.
    reference, licence : str, optional
        Where the data came from, and under what licence.
    attrs : mapping, optional
        Other attrs of the recording.

    Returns
    -------
    xarray.Dataset
        A recording that :func:`~wmsim.recordings.validate` accepts.

    Raises
    ------
    SchemaError
        If lengths do not fit or the contract is broken otherwise; all problems are named.

    Examples
    --------
    >>> recording = build_recording(
    ...     np.zeros((2, 3, 4)), time=[0, 1], time_units="step", activity_units="a.u.",
    ...     features={"location": ([[0, 1]] * 4, ["left", "right"])}, shown_item=[0, 1],
    ...     source="model", trial={"task": "1-back location"},
    ... )
    >>> dict(recording.sizes)
    {'time': 2, 'unit': 3, 'trial': 4, 'item': 2}
    >>> recording.step_name.values.tolist()
    ['item 1', 'item 2']
    """
    lazy = hasattr(activity, "dask")
    array = activity.astype(np.float32) if lazy else np.asarray(activity, dtype=np.float32)
    if array.ndim != 3:
        raise SchemaError(
            f"activity has shape {array.shape}, expected three axes (time, unit, trial). "
            "Give it one axis for each, in this order."
        )
    sizes = dict(zip(("time", "unit", "trial"), array.shape, strict=True))
    maker = _Maker(sizes)
    activity_attrs = {"units": activity_units, "long_name": long_name}
    maker.add("activity", ("time", "unit", "trial"), array, activity_attrs)
    time_attrs = {"units": time_units} | ({} if bin_width is None else {"bin_width": bin_width})
    maker.add("time", ("time",), np.asarray(time), time_attrs)
    maker.labels("unit", {"unit": [f"u{i}" for i in range(sizes["unit"])]} | dict(unit or {}))
    maker.labels("trial", {"trial": np.arange(sizes["trial"])} | dict(trial or {}))
    for name, values in features.items():
        maker.items(name, values, {"role": "feature"})
    for name, values in (("target", target), ("response", response)):
        if values is not None:
            maker.items(name, (values, ACTIONS), {})
    for name, values in (("item_onset", item_onset), ("item_offset", item_offset)):
        if values is not None:
            maker.add(name, ("trial", "item"), np.asarray(values, float), {"units": time_units})
    for name, values in (events or {}).items():
        maker.add(f"event_{name}", ("trial",), np.asarray(values, float), {"units": time_units})
    if shown_item is not None:
        names = default_step_names(shown_item) if step_name is None else step_name
        maker.add("shown_item", ("time",), np.asarray(shown_item), {})
        maker.add("step_name", ("time",), np.asarray(names), {})
    dataset = maker.finish()
    dataset.attrs = recording_attrs(source, seed=seed, config=config) | dict(attrs or {})
    for name, text in (("reference", reference), ("licence", licence)):
        if text is not None:
            dataset.attrs[name] = text
    validate(dataset, values=not lazy)
    return dataset


def recording_attrs(
    source: str, *, seed: int | None = None, config: Mapping[str, Any] | str | None = None
) -> dict[str, Any]:
    """Attrs that every recording carries, with the time and version of its making.

    Parameters
    ----------
    source : {"model", "neural", "planted"}
        Where the activity comes from.
    seed : int, optional
        Seed that made the recording.
    config : mapping or str, optional
        Settings that made the recording.

    Returns
    -------
    dict
    """
    attrs: dict[str, Any] = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "source": source,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "creation_library": "wmsim",
        "creation_library_version": __version__,
    }
    if seed is not None:
        attrs["seed"] = int(seed)
    if config is not None:
        attrs["config"] = config if isinstance(config, str) else json.dumps(config, default=str)
    return attrs


def default_step_names(shown_item: Any) -> list[str]:
    """Name the steps: 'item 1', ..., and 'maintenance' (numbered if there are several).

    Examples
    --------
    >>> default_step_names([0, 1, -1])
    ['item 1', 'item 2', 'maintenance']
    """
    shown = [int(item) for item in shown_item]
    delays = shown.count(-1)
    names: list[str] = []
    count = 0
    for item in shown:
        count += item == -1
        delay = f"maintenance {count}" if delays > 1 else "maintenance"
        names.append(delay if item == -1 else f"item {item + 1}")
    return names


class _Maker:
    """Collects variables whose lengths fit, and what does not fit, for one message."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self.sizes = sizes
        self.origin = dict.fromkeys(sizes, "activity")
        self.variables: dict[str, xr.Variable] = {}
        self.problems: list[str] = []

    def add(
        self, name: str, dims: tuple[str, ...], values: np.ndarray, attrs: dict[str, Any]
    ) -> None:
        """Add a variable if its shape fits to those before it."""
        wanted = tuple(
            self.sizes.get(dim, size) for dim, size in zip(dims, values.shape, strict=False)
        )
        if values.ndim != len(dims) or values.shape != wanted:
            told = ", ".join(f"{dim}: {self.sizes.get(dim, 'any')}" for dim in dims)
            owner = sorted({self.origin[dim] for dim in dims if dim in self.origin})
            self.problems.append(
                f"{name}: has shape {values.shape}, expected ({told}) as in "
                f"{' and '.join(owner)}. Give one value for each."
            )
            return
        for dim, size in zip(dims, values.shape, strict=True):
            if dim not in self.sizes:
                self.sizes[dim], self.origin[dim] = size, name
        self.variables[name] = xr.Variable(dims, values, attrs)

    def labels(self, dim: str, labels: dict[str, Any]) -> None:
        """Add labels along one dim; a single value is repeated."""
        for name, values in labels.items():
            array = np.asarray(values)
            if array.ndim == 0:
                array = np.full(self.sizes[dim], array[()])
            self.add(name, (dim,), array, {})

    def items(self, name: str, labels: Any, attrs: dict[str, Any]) -> None:
        """Add labels of items, given as values or as (values, names)."""
        named = isinstance(labels, tuple) and len(labels) == 2
        values, label_attrs = encode_labels(*(labels if named else (labels,)))
        self.add(name, ("trial", "item"), values, attrs | label_attrs)

    def finish(self) -> xr.Dataset:
        """The dataset: labels of one dim are coordinates, all else data variables."""
        if self.problems:
            raise SchemaError("This is no recording yet:\n- " + "\n- ".join(self.problems))
        plain = {
            name: variable
            for name, variable in self.variables.items()
            if variable.ndim > 1 or name.startswith("event_")
        }
        coords = {name: var for name, var in self.variables.items() if name not in plain}
        return xr.Dataset(plain, coords)
