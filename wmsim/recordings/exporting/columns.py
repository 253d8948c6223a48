"""A recording's labels as flat columns, and back: the one encoding that all exports share.

Tables, descriptors and coordinates have one axis. Labels over (trial, item) become one column
an item, ``image_1``, ``image_2``, ...; codes with names are written as names, "" where there
is no item. What columns cannot say (attrs, types, which column is which variable) is kept
beside them as JSON, the *layout*, so that :func:`from_columns` gives back the recording.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import SchemaError, WmsimError, did_you_mean
from wmsim.recordings.exporting.values import jsonable, restored
from wmsim.recordings.labels import label_names
from wmsim.recordings.schema import NO_ITEM
from wmsim.recordings.validate import validate

LAYOUT = "wmsim.columns 1"
AXES = ("trial", "unit", "time")
WIDEST = 256
LARGEST = 10**6

Table = Mapping[str, Any]


@dataclass(frozen=True)
class Columns:
    """Labels of a recording as columns.

    Attributes
    ----------
    trial, unit, time : dict of str to numpy.ndarray
        Columns with one value each. No name occurs twice, not even in two of them.
    layout : dict
        What :func:`from_columns` needs beside them; JSON can hold it.
    """

    trial: dict[str, np.ndarray]
    unit: dict[str, np.ndarray]
    time: dict[str, np.ndarray]
    layout: dict[str, Any]

    @property
    def text(self) -> str:
        """The layout as JSON, in ASCII."""
        return json.dumps(self.layout)

    def columns_of(self, name: str) -> list[str]:
        """Names of the columns that hold a variable."""
        for entry in self.layout["variables"]:
            if entry["name"] == name:
                return list(entry.get("columns", []))
        return []


def to_columns(recording: xr.Dataset, *, reserved: Collection[str] = ()) -> Columns:
    """Write the labels of a recording as flat columns.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording.
    reserved : collection of str
        Names that a format needs for itself; a column of such a name gets ``_`` behind it.

    Returns
    -------
    Columns

    Raises
    ------
    SchemaError
        If this is no recording, or it holds what columns and JSON cannot.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> recording = build_recording(
    ...     np.zeros((1, 1, 2)), time=[0], time_units="step", activity_units="a.u.",
    ...     features={"image": ([[0, 1], [1, -1]], ["cup", "car"])}, shown_item=[0],
    ...     source="model",
    ... )
    >>> {name: values.tolist() for name, values in to_columns(recording).trial.items()}
    {'trial': [0, 1], 'image_1': ['cup', 'car'], 'image_2': ['car', '']}
    """
    validate(recording, values=False)
    tables: dict[str, dict[str, np.ndarray]] = {axis: {} for axis in AXES}
    entries = [_entry(recording, name) for name in _ordered(recording)]
    taken = {"activity", *reserved}
    for entry in entries:
        variable = recording[entry["name"]].variable
        axis = _axis(variable)
        if entry["name"] == "activity":
            continue
        if axis is None:
            entry["values"] = _plain(variable.values, entry["name"])
            continue
        entry["axis"] = axis
        entry["columns"] = []
        for label, values in _split(entry, variable, axis):
            column = _free(label, taken)
            tables[axis][column] = values
            entry["columns"].append(column)
    layout = {"layout": LAYOUT, "attrs": jsonable(recording.attrs), "variables": entries}
    layout["names"] = {
        axis: recording[axis].values.astype(str).tolist()
        for axis in AXES
        if any("values" in entry and axis in entry["dims"] for entry in entries)
    }
    return Columns(**tables, layout=layout)


def from_columns(
    activity: np.ndarray, tables: Mapping[str, Table], layout: Mapping[str, Any]
) -> xr.Dataset:
    """Read a recording from columns that :func:`to_columns` wrote.

    Parameters
    ----------
    activity : numpy.ndarray, shape (time, unit, trial)
        What the units did.
    tables : mapping
        ``"trial"``, ``"unit"`` and ``"time"`` to columns by name: all that were written or
        fewer, in any order. Values may be text, as in a CSV file.
    layout : mapping
        What was written beside them.

    Returns
    -------
    xarray.Dataset
        A recording.

    Raises
    ------
    SchemaError
        If a column is missing or holds other things than it did, or this is no recording.
    """
    try:
        recording = _assembled(activity, tables, layout)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise SchemaError(
            "What wmsim wrote beside the labels does not fit to them "
            f"({type(error).__name__}: {error}). Export the recording again."
        ) from error
    validate(recording, values=False)
    return recording


def _assembled(
    activity: np.ndarray, tables: Mapping[str, Table], layout: Mapping[str, Any]
) -> xr.Dataset:
    variables: dict[bool, dict[str, xr.Variable]] = {False: {}, True: {}}
    for entry in layout["variables"]:
        if entry["name"] == "activity":
            values = np.asarray(activity, dtype=np.dtype(entry["dtype"]))
        elif "values" in entry:
            values = restored(_unwrapped(entry, tables, layout), entry)
        else:
            values = _joined(entry, tables[entry["axis"]])
        variable = xr.Variable(tuple(entry["dims"]), values, dict(entry["attrs"]))
        variables[entry["coord"]][entry["name"]] = variable
    recording = xr.Dataset(variables[False], variables[True])
    recording.attrs = dict(layout["attrs"])
    return recording


def read_layout(text: Any, place: str) -> dict[str, Any]:
    """Read the layout that :attr:`Columns.text` wrote.

    Parameters
    ----------
    text : str
        JSON.
    place : str
        Where it was found, for messages.

    Returns
    -------
    dict

    Raises
    ------
    WmsimError
        If it is no layout, or one of another version.
    """
    try:
        layout = json.loads(text.decode() if isinstance(text, bytes) else str(text))
        version = layout["layout"]
        entries = [(e["name"], e["dims"], e["dtype"], e["attrs"]) for e in layout["variables"]]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise WmsimError(
            f"{place}: the layout that wmsim writes beside the labels is damaged "
            f"(it begins with {str(text)[:30]!r}). Export the recording again."
        ) from None
    if version != LAYOUT or not entries:
        raise WmsimError(
            f"{place}: the layout is '{version}', this wmsim reads '{LAYOUT}'. "
            "Export the recording again with this version."
        )
    return layout


def _ordered(recording: xr.Dataset) -> list[str]:
    """Names of all variables; those of the axes first, so that they keep their own names."""
    names = list(recording.variables)
    wrong = [name for name in names if not isinstance(name, str)]
    if wrong:
        raise SchemaError(f"A variable is named {wrong[0]!r}, expected text. Rename it.")
    first = [name for name in AXES if name in names]
    return [*first, *(str(name) for name in names if name not in first)]


def _entry(recording: xr.Dataset, name: str) -> dict[str, Any]:
    variable = recording[name].variable
    if variable.dtype.kind not in "biufOUT" or variable.dtype == np.longdouble:
        raise SchemaError(
            f"{name}: has type {variable.dtype}, expected numbers, truth values or text. "
            "Convert it with .astype(...), or leave it out with dataset.drop_vars."
        )
    text = variable.dtype.kind in "OUT"
    return {
        "name": name,
        "dims": [str(dim) for dim in variable.dims],
        "dtype": "text" if text else variable.dtype.newbyteorder("=").name,
        "attrs": jsonable(variable.attrs),
        "coord": name in recording.coords,
    }


def _axis(variable: xr.Variable) -> str | None:
    """The axis whose table holds a variable; None if no table can."""
    axes = [dim for dim in variable.dims if dim in AXES]
    others = [dim for dim in variable.dims if dim not in AXES]
    if len(axes) != 1 or len(others) > 1 or any(variable.sizes[dim] > WIDEST for dim in others):
        return None
    return str(axes[0])


def _split(
    entry: dict[str, Any], variable: xr.Variable, axis: str
) -> Iterator[tuple[str, np.ndarray]]:
    """Columns of a variable, by the name they should have."""
    values = variable.transpose(axis, ...).values
    # Half floats are widened and bytes put in order, for formats that know neither.
    wide = {"text": np.dtype(str), "float16": np.dtype("f4")}.get(entry["dtype"])
    values = values.astype(wide or np.dtype(entry["dtype"]), copy=False)
    names = _names(variable) if variable.dtype.kind in "iu" else None
    if names is not None:
        entry["as_names"] = True
        no_item = int(variable.attrs.get("no_item", NO_ITEM))
        codes = values.astype(np.int64)
        values = np.array([*names, ""])[np.where(codes == no_item, len(names), codes)]
    if values.ndim == 1:
        yield entry["name"], values
        return
    for index in range(values.shape[1]):
        yield f"{entry['name']}_{index + 1}", values[:, index]


def _names(variable: xr.Variable) -> list[str] | None:
    """Names of codes, if they say as much as the codes do."""
    try:
        names = label_names(variable.attrs)
    except ValueError:
        return None
    if not names or "" in names or len(set(names)) < len(names):
        return None
    no_item = int(variable.attrs.get("no_item", NO_ITEM))
    values = variable.values
    known = (values == no_item) | ((values >= 0) & (values < len(names)))
    return names if known.all() and not 0 <= no_item < len(names) else None


def _joined(entry: Mapping[str, Any], table: Table) -> np.ndarray:
    """The values of a variable out of its columns."""
    for column in entry["columns"]:
        if column not in table:
            raise SchemaError(
                f"{entry['name']}: the column '{column}' is missing, which wmsim wrote. "
                f"{did_you_mean(column, list(table)[:20])}"
            )
    columns = [restored(table[column], entry) for column in entry["columns"]]
    if len(entry["dims"]) == 1:
        return columns[0]
    values = np.stack(columns, axis=1) if columns else np.zeros((0, 0))
    return values if entry["dims"][0] == entry["axis"] else values.T


def _plain(values: np.ndarray, name: str) -> Any:
    if values.size > LARGEST:
        raise SchemaError(
            f"{name}: has {values.size:,} values over several axes, at most {LARGEST:,} can be "
            f"kept beside columns. Leave it out: recording.drop_vars('{name}')."
        )
    return {"shape": list(values.shape), "flat": values.ravel().tolist()}


def _unwrapped(
    entry: Mapping[str, Any], tables: Mapping[str, Table], layout: Mapping[str, Any]
) -> np.ndarray:
    """Values that were kept beside the columns, of those trials and units that are left."""
    stored = entry["values"]
    values = np.array(stored["flat"], dtype=object).reshape(stored["shape"])
    for position, dim in enumerate(entry["dims"]):
        if dim not in AXES:
            continue
        index = {name: at for at, name in enumerate(layout["names"][dim])}
        names = [str(name) for name in recorded_names(tables, layout, dim)]
        lost = [name for name in names if name not in index]
        if lost:
            raise SchemaError(
                f"{entry['name']}: no {dim} was named '{lost[0]}' when wmsim wrote it. "
                f"{did_you_mean(lost[0], list(index)[:20])}"
            )
        values = values.take([index[name] for name in names], axis=position)
    return values


def recorded_names(tables: Mapping[str, Table], layout: Mapping[str, Any], axis: str) -> np.ndarray:
    """Names of trials or units, or the times, as their columns say.

    Parameters
    ----------
    tables, layout : mapping
        As for :func:`from_columns`.
    axis : {"trial", "unit", "time"}
        Which.

    Returns
    -------
    numpy.ndarray
    """
    entry = next(entry for entry in layout["variables"] if entry["name"] == axis)
    return _joined(entry, tables[axis])


def _free(label: str, taken: set[str]) -> str:
    """A name that every format accepts and that is not taken yet; takes it."""
    column = re.sub(r"\W", "_", label) or "_"
    while column in taken:
        column += "_"
    taken.add(column)
    return column
