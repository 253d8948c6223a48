"""What MATLAB keeps in structs and cells, as plain arrays under flat names.

Both versions of the file format are brought into the same nested form first: numbers are arrays
(or lazy ones), text is an array of rows, a cell array is an object array, a struct array a
structured one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

LARGEST_DENSE = 10**7


@dataclass(frozen=True)
class Unreadable:
    """A value that only MATLAB can read, by its class."""

    kind: str


def flat_values(name: str, value: Any, notes: list[str]) -> dict[str, Any]:
    """Give every array of a nested value a name.

    Parameters
    ----------
    name : str
        Name of the variable.
    value : object
        Its value, nested.
    notes : list of str
        What could not be kept, and why, is added here.

    Returns
    -------
    dict of str to values
        Numbers and text under `name`; fields of structs under ``name.field``. Elements of a
        struct array or of a cell array are joined: to one array where each holds one value
        (NaN or "" where it holds none), else to a list of arrays.

    Examples
    --------
    >>> cell = np.empty((2, 2), dtype=object)
    >>> cell[:] = [[np.array([[5]]), np.array([[2]])], [np.array([[3]]), np.zeros((0, 0))]]
    >>> flat_values("images", cell, [])
    {'images': array([[ 5.,  2.],
           [ 3., nan]])}
    """
    unreadable = _unreadable(value)
    if unreadable is not None:
        notes.append(f"skipped {name}: {unreadable}")
        return {}
    if hasattr(value, "tocsc"):
        return _sparse(name, value, notes)
    if value.dtype.names is not None:
        return _struct(name, value, notes)
    if value.dtype.kind == "O":
        return _cell(name, value, notes)
    return {name: _text(value) if value.dtype.kind == "U" else _native(value)}


def text_rows(codes: np.ndarray) -> np.ndarray:
    """Rows of text out of UTF-16 codes of shape (..., row, letter).

    Examples
    --------
    >>> text_rows(np.array([[104, 105], [98, 121]]))
    array(['hi', 'by'], dtype='<U2')
    """
    lines = codes.reshape(-1, codes.shape[-1]) if codes.ndim else codes.reshape(1, 1)
    text = [line.astype("<u2").tobytes().decode("utf-16-le", "replace") for line in lines]
    return np.array(text, dtype=str)


def _unreadable(value: Any) -> str | None:
    """Why a value cannot be read, with the remedy; None if it can."""
    if not isinstance(value, Unreadable):
        return None
    kind = value.kind or "object"
    if kind == "function_handle":
        return "it is a function, not data"
    remedy = {
        "table": "convert it in MATLAB: s = table2struct(t, 'ToScalar', true)",
        "timetable": "convert it in MATLAB: s = table2struct(timetable2table(t), 'ToScalar', true)",
        "string": "convert it in MATLAB: c = cellstr(s)",
        "categorical": "convert it in MATLAB: c = cellstr(x)",
        "datetime": "convert it in MATLAB to seconds: seconds(t - t(1))",
    }.get(
        kind,
        "convert it in MATLAB: s = struct(x), or table2struct(x, 'ToScalar', true) for a table",
    )
    return f"it is a MATLAB {kind}, which only MATLAB can read; {remedy}, then save"


def _sparse(name: str, value: Any, notes: list[str]) -> dict[str, Any]:
    rows, columns = value.shape
    if rows * columns > LARGEST_DENSE:
        notes.append(
            f"skipped {name}: it is sparse and would have {rows * columns:,} values when full, "
            f"at most {LARGEST_DENSE:,} are made; save the part that is needed with full()"
        )
        return {}
    return {name: _native(value.toarray())}


def _struct(name: str, value: np.ndarray, notes: list[str]) -> dict[str, Any]:
    elements = value.ravel(order="F")
    fields = value.dtype.names or ()
    each = []
    for element in elements:
        held: dict[str, Any] = {}
        for field in fields:
            held |= flat_values(f"{name}.{field}", element[field], notes)
        each.append(held)
    if len(each) == 1:
        return each[0]
    if not each:
        notes.append(f"skipped {name}: it is a struct array without elements")
    return _joined(each, value.shape, notes, single_axis=True)


def _cell(name: str, value: np.ndarray, notes: list[str]) -> dict[str, Any]:
    if not value.size:
        return {name: np.empty(value.shape)}
    each = [flat_values(name, element, notes) for element in value.ravel(order="F")]
    joined = _joined(each, value.shape, notes)
    others = [key for key in joined if key != name]
    if others and name in joined:
        # Cells of structs, [] where there is none.
        if any(np.size(held.get(name, ())) for held in each):
            notes.append(f"{name}: its cells mix structs and arrays; see {', '.join(others)}")
        else:
            del joined[name]
    return joined


def _joined(
    each: list[dict[str, Any]], shape: tuple[int, ...], notes: list[str], single_axis: bool = False
) -> dict[str, Any]:
    """Values of many elements by name, missing ones empty."""
    names = dict.fromkeys(key for held in each for key in held)
    joined: dict[str, Any] = {}
    for name in names:
        values = [held.get(name, np.empty((0, 0))) for held in each]
        if any(isinstance(value, list) for value in values):
            notes.append(
                f"skipped {name}: each of {len(values)} elements holds a list of arrays of "
                "different sizes; put what belongs to one unit into one array, padded with NaN"
            )
        elif all(value.size <= 1 for value in values):
            vector = _vector(values)
            joined[name] = vector if single_axis else vector.reshape(shape, order="F")
        else:
            joined[name] = values
            if sum(size > 1 for size in shape) > 1:
                told = " x ".join(map(str, shape))
                notes.append(f"{name}: {told} cells, in one list column by column")
    return joined


def _vector(values: list[Any]) -> np.ndarray:
    """One value each; where there is none NaN, or an empty text among text."""
    cells = [value.reshape(-1)[0] if value.size else None for value in values]
    if any(isinstance(cell, str) for cell in cells):
        return np.array(["" if cell is None else cell for cell in cells], dtype=object)
    kind = np.result_type(*_kinds(values))
    if any(cell is None for cell in cells):
        kind = np.result_type(kind, np.float64)
    return np.array([np.nan if cell is None else cell for cell in cells], dtype=kind)


def _kinds(values: Iterable[Any]) -> set[np.dtype]:
    return {value.dtype for value in values if value.size} or {np.dtype(np.float64)}


def _text(rows: np.ndarray) -> np.ndarray:
    """Rows of text; MATLAB pads the shorter ones of several with blanks."""
    cells = rows.reshape(-1).tolist()
    if len(cells) > 1:
        cells = [cell.rstrip(" ") for cell in cells]
    out = np.empty(max(1, len(cells)), dtype=object)
    out[:] = cells or [""]
    return out


def _native(values: Any) -> Any:
    return values.astype(values.dtype.newbyteorder("="), copy=False)
