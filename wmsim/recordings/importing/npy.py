"""Read .npy arrays that somebody else wrote: no pickle, nothing allocated that is not there."""

from __future__ import annotations

from typing import IO, Any, NamedTuple

import numpy as np

from wmsim.errors import WmsimError
from wmsim.files import existing_file

# Files above these sizes are memory-mapped, and read block by block (dask).
MAPPED = 2**26
LAZY = 2**30
SPIKES_AS_VECTORS = (
    "Save arrays of one type: spike times as one vector of times and one of the unit of each "
    "spike (np.concatenate(times), np.repeat(names, lengths)), unequal trials padded with NaN."
)


class HoldsPickleError(WmsimError):
    """An array of Python objects, which only running its code would read."""


class Header(NamedTuple):
    """What a .npy file says about its array."""

    shape: tuple[int, ...]
    dtype: np.dtype
    start: int


def load_npy(path: Any) -> Any:
    """Read a .npy file; a big one is memory-mapped, a very big one a lazy dask array.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    numpy.ndarray, numpy.memmap or dask.array.Array

    Raises
    ------
    WmsimError
        If it is missing, truncated, no .npy file, or holds a pickle.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "a.npy"
    >>> np.save(file, np.arange(3))
    >>> load_npy(file)
    array([0, 1, 2])
    """
    file = existing_file(path, ".npy file")
    size = file.stat().st_size
    with file.open("rb") as stream:
        header = read_header(stream, size, f"'{file.name}'")
    if size < MAPPED or header.dtype.names:
        return np.load(file, allow_pickle=False)
    mapped = np.load(file, mmap_mode="r", allow_pickle=False)
    if size < LAZY or mapped.ndim < 2:
        return mapped
    import dask.array

    return dask.array.from_array(mapped, chunks="auto", name=False)


def read_header(stream: IO[bytes], size: int, place: str) -> Header:
    """Read and check the header of a .npy array, before anything is allocated.

    Parameters
    ----------
    stream : binary file
        At the array's beginning.
    size : int
        Bytes that there are, header included.
    place : str
        Where it is, for messages.

    Returns
    -------
    Header

    Raises
    ------
    HoldsPickleError
        If its values are Python objects.
    WmsimError
        If it is no array, or promises more than there is.
    """
    shape, dtype = _parsed(stream, place)
    if dtype.hasobject:
        raise HoldsPickleError(
            f"{place} holds Python objects (a pickle), expected plain numbers or text. A pickle "
            f"can run code and is not opened. {SPIKES_AS_VECTORS}"
        )
    if any(length < 0 for length in shape):
        raise WmsimError(f"{place} has shape {shape}, expected lengths from 0. Save it again.")
    count = 1
    for length in shape:
        count *= length
    start = stream.tell()
    # A type without size would still take memory for each value.
    needed, there = count * max(1, dtype.itemsize), size - start
    if needed > there:
        raise WmsimError(
            f"{place} is truncated or damaged: its header promises {count:,} values of "
            f"{dtype} ({needed:,} bytes), found {max(0, there):,} bytes. Copy or save it again."
        )
    return Header(shape, dtype, start)


def _parsed(stream: IO[bytes], place: str) -> tuple[tuple[int, ...], np.dtype]:
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        version = np.lib.format.read_magic(stream)
        shape, _, dtype = readers[version](stream)
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WmsimError(
            f"{place} is no array of NumPy, or is truncated in its header ({reason[:120]}). "
            "Save it with np.save, or copy it again."
        ) from None
    return shape, dtype


def fields(name: str, values: Any) -> dict[str, Any]:
    """A structured array as one variable a field; any other as it is.

    Examples
    --------
    >>> table = np.array([(1, 2.5)], dtype=[("image", int), ("on", float)])
    >>> fields("trials", table)
    {'trials.image': array([1]), 'trials.on': array([2.5])}
    """
    if values.dtype.names is None:
        return {name: values}
    return {f"{name}.{field}": values[field] for field in values.dtype.names}
