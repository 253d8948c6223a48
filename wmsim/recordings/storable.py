"""What netCDF can store: names and types that it does not know are refused in our words."""

from __future__ import annotations

from typing import Any

import xarray as xr

from wmsim.errors import SchemaError


def require_storable(dataset: xr.Dataset) -> None:
    """Make sure that netCDF knows the names and types of a dataset.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording.

    Raises
    ------
    SchemaError
        If a variable or an attr has a name, or a variable a type, that netCDF cannot hold.

    Examples
    --------
    >>> require_storable(xr.Dataset({"left/right": ("trial", [1])}))
    Traceback (most recent call last):
        ...
    wmsim.errors.SchemaError: A variable is named 'left/right', expected text that begins ...
    """
    for name, variable in dataset.variables.items():
        _require_name(name, "A variable", "dataset.rename({...})")
        problem = _type_problem(variable)
        if problem is not None:
            raise SchemaError(f"{name}: {problem}")
        for attr in variable.attrs:
            _require_name(str(attr), f"{name}: an attr", f"dataset['{name}'].attrs")
    for attr in dataset.attrs:
        _require_name(str(attr), "An attr of the recording", "dataset.attrs")


def _require_name(name: Any, what: str, place: str) -> None:
    if not _is_name(name):
        raise SchemaError(
            f"{what} is named {name!r}, expected text that begins with a letter, digit or "
            f"underscore, without '/', line ends or spaces around it. Rename it: {place}."
        )


def _is_name(name: Any) -> bool:
    if not isinstance(name, str) or not name or name != name.strip():
        return False
    plain = all(ord(letter) >= 32 and letter not in "/\x7f" for letter in name)
    surrogate = any("\ud800" <= letter <= "\udfff" for letter in name)
    return plain and not surrogate and (ord(name[0]) > 127 or name[0].isalnum() or name[0] == "_")


def _type_problem(variable: xr.Variable) -> str | None:
    kind, width = variable.dtype.kind, variable.dtype.itemsize
    if kind in "biuOUT" or (kind == "f" and width in (4, 8)):
        return None
    near = {"f": "'float32'" if width == 2 else "'float64'"}.get(kind, "str")
    return (
        f"has type {variable.dtype}, expected whole numbers, floats of 4 or 8 bytes, truth values "
        f"or text. Convert it with .astype({near}), or leave it out with drop_vars."
    )
