"""Values as other formats hold them, and as a recording had them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import SchemaError, did_you_mean
from wmsim.recordings.labels import label_names
from wmsim.recordings.schema import NO_ITEM


def activity_of(recording: xr.Dataset, *dims: str) -> np.ndarray:
    """Activity in an order of axes and a type that every format knows.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording, or a part of one.
    *dims : str
        The order of axes.

    Returns
    -------
    numpy.ndarray of float32 or float64
    """
    values = recording["activity"].transpose(*dims).values
    return values.astype(np.float64 if values.dtype.itemsize >= 8 else np.float32, copy=False)


def parsed(values: Any, dtype: Any) -> np.ndarray:
    """Numbers or truth values that were written as text, or lie beside None.

    Parameters
    ----------
    values : array-like
        Text, or objects; "" and None are NaN.
    dtype : dtype
        What they were.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    ValueError, OverflowError
        If one is no such number.
    """
    array, dtype = np.asarray(values, dtype=object), np.dtype(dtype)
    if dtype.kind == "b":
        truth = {"True": True, "False": False, "1": True, "0": False}
        cells = array.ravel().astype(str).tolist()
        if set(cells) - set(truth):
            raise ValueError(f"{sorted(set(cells) - set(truth))[0]!r} is neither True nor False")
        return np.array([truth[cell] for cell in cells], dtype=bool).reshape(array.shape)
    if dtype.kind == "f":
        text = array.astype(str)
        missing = np.isin(text, ["", "None", "<NA>"])
        return np.where(missing, "nan", text).astype(np.float64).astype(dtype)
    return np.array([int(cell) for cell in array.ravel().tolist()], dtype).reshape(array.shape)


def texts(values: np.ndarray) -> np.ndarray:
    """Text; "" where a format has no value (None or NaN among objects)."""
    if values.dtype.kind != "O":
        return values.astype(str)
    cells = ["" if cell is None or cell != cell else str(cell) for cell in values.ravel().tolist()]
    return np.array(cells, dtype=str).reshape(values.shape)


def jsonable(value: Any) -> Any:
    """Attrs as JSON can hold them: NumPy numbers become Python's, arrays and tuples lists.

    Raises
    ------
    SchemaError
        If something is neither text, number, list nor dict.
    """
    if isinstance(value, Mapping):
        return {str(key): jsonable(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [jsonable(inner) for inner in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise SchemaError(
        f"An attr holds a {type(value).__name__}, expected text, numbers, lists or dicts of them. "
        "Write it as text."
    )


def restored(values: Any, entry: Mapping[str, Any]) -> np.ndarray:
    """Values as a variable had them, whatever a format made of them.

    Parameters
    ----------
    values : array-like
        Its column, or its values.
    entry : mapping
        What the layout says about the variable.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    SchemaError
        If a value is of another type, or a label that it did not have.
    """
    array = np.asarray(values)
    try:
        if entry.get("as_names"):
            return _codes(texts(array), entry)
        if entry["dtype"] == "text":
            return texts(array)
        dtype = np.dtype(entry["dtype"])
        if array.dtype.kind in "OUT":
            array = parsed(array, dtype)
        return array.astype(dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise SchemaError(
            f"{entry['name']}: found {array.ravel()[:3].tolist()}, expected {entry['dtype']} as "
            f"wmsim wrote it ({error}). Export the recording again."
        ) from None


def _codes(values: np.ndarray, entry: Mapping[str, Any]) -> np.ndarray:
    names = label_names(dict(entry["attrs"])) or []
    table = {name: code for code, name in enumerate(names)}
    table[""] = int(entry["attrs"].get("no_item", NO_ITEM))
    kinds, inverse = np.unique(values, return_inverse=True)
    lost = [kind for kind in kinds.tolist() if kind not in table]
    if lost:
        raise SchemaError(
            f"{entry['name']}: found the label {lost[0]!r}. {did_you_mean(lost[0], names)} "
            "Correct it, or name the features by hand."
        )
    codes = np.array([table[kind] for kind in kinds.tolist()], dtype=np.dtype(entry["dtype"]))
    return codes[inverse].reshape(values.shape)
