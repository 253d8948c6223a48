"""Long pandas tables, one row a value of activity, with every label beside it; and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from wmsim.errors import SchemaError, WmsimError, did_you_mean
from wmsim.recordings.exporting.columns import (
    AXES,
    Columns,
    from_columns,
    read_layout,
    recorded_names,
    to_columns,
)
from wmsim.recordings.exporting.foreign import Named, build_from_columns, one_step
from wmsim.recordings.exporting.values import activity_of

if TYPE_CHECKING:
    from pandas import DataFrame

KEY = "wmsim"
LARGEST = 2**32


def to_frame(recording: xr.Dataset, *, largest: int = LARGEST) -> DataFrame:
    """Turn a recording into a long table: one row a trial, unit and time bin.

    Labels of items are one column an item (``image_1``, ``image_2``, ...,
    ``item_onset_1``), text is categorical. ``frame.attrs["wmsim"]`` holds JSON with which
    :func:`from_frame` gives back the same recording.

    The table repeats each label at every row: it takes trials x units x time bins x (8
    bytes a column of numbers, 1 to 4 a column of text), easily 20 times the recording.
    :func:`~wmsim.recordings.exporting.save_table` writes it to a file in blocks instead.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording.
    largest : int
        Bytes that the table may take.

    Returns
    -------
    pandas.DataFrame
        Columns ``trial``, ``unit``, ``time``, ``activity``, then all labels.

    Raises
    ------
    WmsimError
        If the table would take more than `largest` bytes.
    SchemaError
        If the dataset is no recording.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> recording = build_recording(
    ...     np.zeros((1, 1, 2)), time=[0], time_units="step", activity_units="a.u.",
    ...     features={"image": [[3, 4], [5, -1]]}, shown_item=[0], source="model",
    ... )
    >>> to_frame(recording)[["trial", "unit", "activity", "image_1", "image_2"]]
       trial unit  activity  image_1  image_2
    0      0   u0       0.0        3        4
    1      1   u0       0.0        5       -1
    """
    columns = to_columns(recording)
    kinds = [values for axis in AXES for values in getattr(columns, axis).values()]
    a_row = 8 + sum(4 if values.dtype.kind == "U" else values.dtype.itemsize for values in kinds)
    size = recording["activity"].size * a_row
    if size > largest:
        raise WmsimError(
            f"The table would have {recording['activity'].size:,} rows and take about "
            f"{size / 1e9:.1f} GB, more than {largest / 1e9:.1f} GB. Write it to a file in blocks "
            "with save_table, take fewer units or trials, or raise `largest`."
        )
    (frame,) = frames(recording, columns, rows=recording["activity"].size)
    frame.attrs[KEY] = columns.text
    return frame


def frames(recording: xr.Dataset, columns: Columns, *, rows: int) -> Iterator[DataFrame]:
    """The long table of a recording in blocks of trials.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording.
    columns : Columns
        Its labels.
    rows : int
        About the number of rows of a block.

    Yields
    ------
    pandas.DataFrame
        Text has the same categories in all blocks.
    """
    from pandas import Categorical, DataFrame

    sizes = recording["activity"].sizes
    each = max(1, rows // max(1, sizes["unit"] * sizes["time"]))
    labels = [
        (axis, name, *_categories(values))
        for axis in AXES
        for name, values in getattr(columns, axis).items()
    ]
    labels.sort(key=lambda label: label[1] not in AXES)
    for first in range(0, sizes["trial"], each):
        trials = slice(first, min(first + each, sizes["trial"]))
        part = recording[["activity"]].isel(trial=trials)
        activity = activity_of(part, "trial", "unit", "time")
        block: dict[str, Any] = {}
        for axis, name, values, categories in labels:
            column = _along(axis, values[trials] if axis == "trial" else values, activity.shape)
            text = categories is not None
            block[name] = Categorical.from_codes(column, categories) if text else column
        names = list(block)
        block["activity"] = activity.ravel()
        yield DataFrame(block)[[*names[:3], "activity", *names[3:]]]


def from_frame(
    frame: DataFrame,
    *,
    features: Mapping[str, Named] | None = None,
    onsets: Named | None = None,
    offsets: Named | None = None,
    events: Mapping[str, str] | None = None,
    trial: str = "trial",
    unit: str = "unit",
    time: str | None = "time",
    activity: str = "activity",
    shown_item: int | Sequence[int] | None = None,
    time_units: str = "s",
    activity_units: str = "a.u.",
    source: str = "neural",
) -> xr.Dataset:
    """Turn a long table, one row a value, into a recording.

    A table that :func:`to_frame` made needs no arguments and comes back with every label,
    also after rows were dropped (what is missing is NaN) or sorted. For any other, the
    arguments say which column is what. Columns that do not vary within a trial become
    labels of trials, those that do not vary within a unit labels of units.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    features : mapping, optional
        Feature name to the column of each item, e.g. ``{"image": ["pic1", "pic2"]}``. NaN,
        "" and -1 are no item.
    onsets, offsets : str or list of str, optional
        The column of each item's onset and offset, in `time_units`.
    events : mapping, optional
        Name of an event to the column of its times.
    trial, unit, activity : str
        Columns that name trials and units, and that hold the activity.
    time : str, optional
        Column of times; None where there is one value a trial and unit.
    shown_item : int or list of int, optional
        The item at each step of an aligned recording, from 0; -1 for none.
    time_units : {"s", "step"}
        Unit of time.
    activity_units : str
        Unit of the activity.
    source : {"neural", "model", "planted"}
        Where the activity comes from.

    Returns
    -------
    xarray.Dataset
        A recording.

    Raises
    ------
    WmsimError
        If a column is missing, a row occurs twice, or a label varies within its trial.
    SchemaError
        If it cannot be a recording; all problems are named.

    Examples
    --------
    >>> from pandas import DataFrame
    >>> table = DataFrame(
    ...     {"trial": [1, 1, 2, 2], "cell": ["a", "b"] * 2, "rate": [3.0, 4, 5, 6],
    ...      "picture": ["cup", "cup", "car", "car"]}
    ... )
    >>> recording = from_frame(
    ...     table, features={"image": "picture"}, unit="cell", time=None, activity="rate"
    ... )
    >>> recording.activity.values.tolist(), recording.image.values.tolist()
    ([[[3.0, 5.0], [4.0, 6.0]]], [['cup'], ['car']])
    """
    text = frame.attrs.get(KEY)
    if text is not None and features is None:
        return _ours(frame, read_layout(text, f"frame.attrs['{KEY}']"))
    axes = {"trial": trial, "unit": unit} | ({} if time is None else {"time": time})
    rows = _Rows.of(frame, axes)
    values = rows.activity(frame, activity)
    tables: dict[str, dict[str, np.ndarray]] = {axis: {} for axis in AXES}
    for name in frame.columns:
        if name in axes.values() or name == activity:
            continue
        axis = next((axis for axis in axes if rows.is_constant(frame, name, axis)), None)
        if axis is None:
            raise WmsimError(
                f"The column '{name}' varies within trials, units and times, so it labels none of "
                "them. Drop it, or correct it."
            )
        tables[axis][str(name)] = rows.values(frame, name, axis)
    tables["trial"] = {"trial": rows.values(frame, trial, "trial")} | tables["trial"]
    tables["unit"] = {"unit": rows.values(frame, unit, "unit")} | tables["unit"]
    if time is None:
        axis_of_time: dict[str, Any] = {"time": [0], "time_units": "step"}
        axis_of_time["shown_item"] = one_step(features, shown_item)
    else:
        order = np.argsort(rows.values(frame, time, "time"), kind="stable")
        values = values[order]
        axis_of_time = {"time": rows.values(frame, time, "time")[order], "time_units": time_units}
        axis_of_time["shown_item"] = shown_item
    return build_from_columns(
        values, trial=tables["trial"], unit=tables["unit"], features=features, onsets=onsets,
        offsets=offsets, events=events, activity_units=activity_units, source=source,
        what="column", **axis_of_time,
    )  # fmt: skip


@dataclass(frozen=True)
class _Rows:
    """Which trial, unit and time bin each row of a table belongs to."""

    position: dict[str, np.ndarray]  # axis to the number of each row
    first: dict[str, np.ndarray]  # axis to the row where each of them appears first

    @classmethod
    def of(cls, frame: DataFrame, axes: Mapping[str, str]) -> _Rows:
        from pandas import factorize

        if not len(frame):
            raise WmsimError("The table has no rows, expected one a trial, unit and time.")
        position, first = {}, {}
        for axis, name in axes.items():
            _require(frame, name)
            codes = factorize(frame[name])[0]
            if (codes < 0).any():
                raise WmsimError(
                    f"The column '{name}' has no value in {(codes < 0).sum()} rows, expected the "
                    f"{axis} of each row. Fill them in, or drop these rows."
                )
            position[axis] = codes
            first[axis] = np.empty(codes.max() + 1, dtype=np.intp)
            # Written backwards, so that the first row of each is what stays.
            first[axis][codes[::-1]] = np.arange(codes.size)[::-1]
        return cls(position, first)

    def is_constant(self, frame: DataFrame, name: Any, axis: str) -> bool:
        """Whether a column has one value for each trial (unit, time)."""
        from pandas import factorize

        codes = factorize(frame[name])[0]
        return bool((codes == codes[self.first[axis]][self.position[axis]]).all())

    def values(self, frame: DataFrame, name: Any, axis: str) -> np.ndarray:
        """The value of a column for each trial (unit, time)."""
        return np.asarray(frame[name].iloc[self.first[axis]])

    def activity(self, frame: DataFrame, name: str) -> np.ndarray:
        """Activity of shape (time, unit, trial), NaN where there is no row."""
        _require(frame, name)
        given = frame[name]
        if given.dtype.kind not in "biuf":
            raise WmsimError(
                f"The column '{name}' has type {given.dtype}, expected numbers. Convert it, or "
                "name another column: activity='...'."
            )
        shape = tuple(
            self.first[axis].size if axis in self.first else 1 for axis in ("time", "unit", "trial")
        )
        rows = len(given)
        where = tuple(
            self.position.get(axis, np.zeros(rows, int)) for axis in ("time", "unit", "trial")
        )
        flat = np.ravel_multi_index(where, shape)
        present: np.ndarray = np.zeros(int(np.prod(shape)), dtype=bool)
        present[flat] = True
        repeated = rows - int(present.sum())
        if repeated:
            raise WmsimError(
                f"{repeated} rows repeat a trial, unit and time that another "
                "row has, expected one row a value. Drop them, or number the trials apart."
            )
        dtype = np.result_type(given.dtype, np.float32)
        values = np.full(shape, np.nan, dtype=dtype)
        values.reshape(-1)[flat] = given.to_numpy(dtype)
        return values


def _ours(frame: DataFrame, layout: dict[str, Any]) -> xr.Dataset:
    names = {e["name"]: e["columns"][0] for e in layout["variables"] if e["name"] in AXES}
    rows = _Rows.of(frame, names)
    tables: dict[str, dict[str, np.ndarray]] = {axis: {} for axis in AXES}
    for entry in layout["variables"]:
        for column in entry.get("columns", ()):
            if column not in frame.columns:
                continue
            if not rows.is_constant(frame, column, entry["axis"]):
                raise SchemaError(
                    f"The column '{column}' varies within a {entry['axis']}, expected one value "
                    "each. Correct it, or drop the rows that are wrong."
                )
            tables[entry["axis"]][column] = rows.values(frame, column, entry["axis"])
    values = rows.activity(frame, "activity")
    order = np.argsort(recorded_names(tables, layout, "time"), kind="stable")
    tables["time"] = {name: column[order] for name, column in tables["time"].items()}
    return from_columns(values[order], tables, layout)


def _require(frame: DataFrame, name: str) -> None:
    if name not in frame.columns:
        held = [str(column) for column in frame.columns]
        raise WmsimError(f"The table has no column '{name}'. {did_you_mean(name, held)}")


def _categories(values: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Codes and categories of text; numbers as they are."""
    if values.dtype.kind != "U":
        return values, None
    categories, codes = np.unique(values, return_inverse=True)
    small = np.min_scalar_type(-max(1, categories.size))
    return codes.ravel().astype(small), categories.astype(object)


def _along(axis: str, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Values of one axis at every row of (trial, unit, time)."""
    place = [1, 1, 1]
    place[AXES.index(axis)] = -1
    return np.broadcast_to(values.reshape(place), shape).ravel()
