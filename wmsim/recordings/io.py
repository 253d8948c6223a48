"""Recordings as files: netCDF-4, compressed, whole or absent, opened lazily."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import SchemaError, WmsimError
from wmsim.files import atomic_path, existing_file
from wmsim.recordings.checks import FILE_UNITS
from wmsim.recordings.hdf5 import member, open_hdf5
from wmsim.recordings.storable import require_storable
from wmsim.recordings.validate import validate

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_JSON = "json:"
# Attrs that netCDF or xarray would act on when reading; they are written under another name.
_KEPT = "kept."
_ACTED_ON = (
    *("_FillValue", "missing_value", "scale_factor", "add_offset", "dtype", "_Unsigned"),
    *("_Encoding", "coordinates", "grid_mapping", "bounds", "calendar"),
)
_COORDINATES = "wmsim_coordinates"
_CHUNK = {"time": 256, "unit": FILE_UNITS, "trial": 64}


def save(dataset: xr.Dataset, path: str | os.PathLike[str]) -> Path:
    """Validate a recording and save it as compressed netCDF-4.

    The file is whole or absent: an interrupted run leaves the old one.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording.
    path : path-like
        The file, usually ``.nc``; its folder is made as needed.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    SchemaError
        If the dataset breaks the contract.
    WmsimError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from wmsim.recordings import build_recording, open_recording
    >>> recording = build_recording(
    ...     np.ones((1, 2, 3)), time=[0], time_units="step", activity_units="a.u.",
    ...     features={"category": [["cup"]] * 3}, shown_item=[0], source="model",
    ... )
    >>> file = save(recording, Path(tempfile.mkdtemp()) / "one.nc")
    >>> with open_recording(file) as same:
    ...     same.identical(recording)
    True
    """
    lazy = hasattr(dataset["activity"].data, "dask") if "activity" in dataset else False
    validate(dataset, values=not lazy)
    require_storable(dataset)
    target = Path(path).expanduser()
    if target.is_dir():
        raise WmsimError(f"'{target}' is a folder, a file was expected. Add a name ending in .nc.")
    # netCDF lists the names of coordinates with spaces between them.
    spaced = [str(name) for name in dataset.coords if len(str(name).split()) > 1]
    stored = dataset.reset_coords([name for name in spaced if name not in dataset.dims])
    stored.attrs = _encode_attrs(dataset.attrs)
    if spaced:
        stored.attrs[_COORDINATES] = json.dumps(spaced)
    for name, variable in dataset.variables.items():
        stored[name].attrs = _encode_attrs(variable.attrs)
        stored[name].encoding = {}
    stored.encoding = {}
    with atomic_path(target) as temporary:
        stored.to_netcdf(temporary, format="NETCDF4", engine="netcdf4", encoding=_encoding(dataset))
        if lazy:  # computed while it was written, and only once: its values are checked now
            with open_recording(temporary, check=False) as written:
                validate(written)
    return target


def open_recording(
    path: str | os.PathLike[str], *, check: bool = True, chunks: Any = None
) -> xr.Dataset:
    """Open a recording lazily: labels are read, activity stays on disk until it is used.

    Parameters
    ----------
    path : path-like
        A file that :func:`save` (or another program) wrote.
    check : bool
        Whether to check everything but the activity's values against the contract.
    chunks : "auto", dict of str to int, optional
        Open the activity as a dask array in pieces of this size (``{"unit": 64}``), so that
        computations on a recording larger than memory go piece by piece. Not needed for
        :func:`~wmsim.recordings.align`, :func:`~wmsim.recordings.describe` and
        :func:`~wmsim.recordings.subset`, which read what they need.

    Returns
    -------
    xarray.Dataset
        A recording. Use it in a ``with`` block, or ``.close()`` it, to let go of the file.

    Raises
    ------
    WmsimError
        If the file is missing, damaged or no netCDF-4.
    SchemaError
        If it is no recording or breaks the contract.
    """
    file = existing_file(path, "recording")
    _require_hdf5(file)
    _require_own_data(file)
    try:
        dataset = xr.open_dataset(
            file, engine="netcdf4", decode_times=False, decode_timedelta=False, decode_coords=True
        )
        if chunks is not None and "activity" in dataset:
            dataset["activity"] = dataset["activity"].chunk(chunks)
    except Exception as error:
        raise _damaged(file, error) from error
    try:
        dataset = _decode(dataset)
        if check:
            validate(dataset, values=False)
    except SchemaError as error:
        dataset.close()
        raise SchemaError(f"'{file}': {error}") from None
    except Exception as error:
        dataset.close()
        raise _damaged(file, error) from error
    return dataset


def _require_hdf5(file: Path) -> None:
    with file.open("rb") as stream:
        start = stream.read(len(HDF5_SIGNATURE))
    if start == HDF5_SIGNATURE:
        return
    if start.startswith(b"CDF"):
        remedy = "It is netCDF-3: convert it with `nccopy -k nc4 OLD.nc NEW.nc`."
    elif not start:
        remedy = "It is empty: copy or make it again."
    else:
        remedy = "Bring other formats in with `wmsim import FORMAT PATH --out FILE.nc`."
    raise WmsimError(
        f"'{file}' is not netCDF-4: it begins with {start!r}, not with the HDF5 signature. {remedy}"
    )


def _require_own_data(file: Path) -> None:
    """Refuse links out of the file, which netCDF would follow."""
    with open_hdf5(file, "recording") as opened:
        for name in opened:
            member(opened, name)


def _decode(dataset: xr.Dataset) -> xr.Dataset:
    """Undo what :func:`save` did to attrs and coordinates."""
    dataset.attrs = _decode_attrs(dataset.attrs)
    for variable in dataset.variables.values():
        variable.attrs = _decode_attrs(variable.attrs)
    spaced = dataset.attrs.pop(_COORDINATES, None)
    if spaced is None:
        return dataset
    return dataset.set_coords([name for name in json.loads(spaced) if name in dataset.variables])


def _encoding(dataset: xr.Dataset) -> dict[Any, dict[str, Any]]:
    encoding: dict[Any, dict[str, Any]] = {}
    for name, variable in dataset.variables.items():
        if variable.dtype.kind == "f":
            encoding[name] = {"_FillValue": None}
        if variable.dtype.kind in "fiu" and variable.size > 1:
            packed = {"zlib": True, "complevel": 4, "shuffle": True}
            encoding[name] = encoding.get(name, {}) | packed
    activity = dataset["activity"]
    # A piece of a lazy array must not begin amid a chunk of the file, which would be packed twice.
    pieces = activity.chunksizes or {dim: (size,) for dim, size in activity.sizes.items()}
    encoding["activity"]["chunksizes"] = tuple(
        max(1, min(max(pieces[dim], default=1), _CHUNK[str(dim)])) for dim in activity.dims
    )
    return encoding


def _encode_attrs(attrs: dict[Any, Any]) -> dict[str, Any]:
    encoded = {}
    for name, value in attrs.items():
        acted_on = name in _ACTED_ON or str(name).startswith(_KEPT)
        encoded[f"{_KEPT}{name}" if acted_on else str(name)] = _encode_attr(value)
    return encoded


def _encode_attr(value: Any) -> Any:
    """Keep what netCDF can hold; write the rest as JSON text that :func:`_decode_attrs` reads."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    plain_text = isinstance(value, str) and value and not value.startswith(_JSON)
    if plain_text and value.isprintable():
        return value
    if isinstance(value, float):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    try:
        return _JSON + json.dumps(value)
    except (TypeError, ValueError):
        raise SchemaError(
            f"An attr holds a {type(value).__name__}, expected text, numbers, lists or dicts of "
            "them. Write it as text."
        ) from None


def _decode_attrs(attrs: dict[Any, Any]) -> dict[Any, Any]:
    return {str(name).removeprefix(_KEPT): _decode_attr(value) for name, value in attrs.items()}


def _decode_attr(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_JSON):
        try:
            return json.loads(value[len(_JSON) :])
        except json.JSONDecodeError:
            return value
    return value.item() if isinstance(value, np.generic) else value


def _damaged(file: Path, error: Exception) -> WmsimError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return WmsimError(
        f"'{file}' cannot be read as netCDF-4: it is truncated, damaged or another kind of HDF5 "
        f"file ({reason}). Copy or make it again; other formats need `wmsim import`."
    )
