"""Arrays of HDF5 files that are too large for memory, read block by block when they are used."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wmsim.errors import WmsimError
from wmsim.files import content_key
from wmsim.recordings.hdf5 import member, open_hdf5

if TYPE_CHECKING:
    import dask.array
    import h5py

BLOCK_VALUES = 2**22
MOST_CHUNK_BYTES = 2**30


def lazy_hdf5(path: str | os.PathLike[str], name: str) -> dask.array.Array:
    """A dataset of an HDF5 file as a lazy array; the file is open only while a block is read.

    Parameters
    ----------
    path : path-like
        The file. It must still be there, unchanged, when the array is used.
    name : str
        Path of the dataset in the file, ``"processing/ophys/data"``.

    Returns
    -------
    dask.array.Array
        Axes and type as in the file, in blocks of about 4 million values that are made of
        whole HDF5 chunks.

    Raises
    ------
    WmsimError
        If the file is missing or damaged, or the dataset is missing, a link, holds no numbers,
        or is stored in chunks of more than a gigabyte. When a block is read: if the file is gone
        or has changed.

    Examples
    --------
    >>> import tempfile, h5py
    >>> file = Path(tempfile.mkdtemp()) / "session.h5"
    >>> with h5py.File(file, "w") as opened:
    ...     opened["ophys/data"] = np.arange(6.0).reshape(3, 2)
    >>> array = lazy_hdf5(file, "ophys/data")
    >>> array.shape, array[1:, 0].compute()
    ((3, 2), array([2., 4.]))
    """
    import dask.array

    file = Path(path).expanduser().resolve()
    with open_hdf5(file) as opened:
        dataset = dataset_at(opened, name)
        _require_readable(dataset)
        source = _OnDisk(file, name, tuple(dataset.shape), dataset.dtype)
        blocks = block_shape(source.shape, dataset.chunks)
    state = file.stat()
    key = content_key(str(file), name, state.st_size, state.st_mtime_ns, source.shape)
    return dask.array.from_array(
        source, chunks=blocks, name=f"hdf5-{key}", fancy=False, meta=np.empty(0, source.dtype)
    )


def dataset_at(opened: h5py.File, name: str) -> h5py.Dataset:
    """The dataset at a path of an open file, no step of which leaves the file.

    Raises
    ------
    WmsimError
        If it is missing, a link or a group.
    """
    import h5py

    found: Any = opened
    for part in name.strip("/").split("/"):
        if not isinstance(found, h5py.Group):
            break
        found = member(found, part)
    if not isinstance(found, h5py.Dataset):
        raise WmsimError(
            f"'{Path(opened.filename).name}': {name} is not an array, one was expected. "
            "Is this a file of this format?"
        )
    return found


def block_shape(
    shape: tuple[int, ...], chunks: tuple[int, ...] | None, most: int = BLOCK_VALUES
) -> tuple[int, ...]:
    """Shape of blocks of about `most` values, as whole in the last axes as possible.

    Parameters
    ----------
    shape : tuple of int
        Shape of the dataset.
    chunks : tuple of int, optional
        Shape of its HDF5 chunks; blocks are multiples of it, one chunk at least.
    most : int
        About how many values a block may have.

    Returns
    -------
    tuple of int

    Examples
    --------
    >>> block_shape((1000, 20, 50), None, most=10_000)
    (10, 20, 50)
    >>> block_shape((1000, 20, 50), (8, 4, 50), most=5_000)
    (8, 12, 50)
    """
    each = [min(c, n) if n else 1 for c, n in zip(chunks or (1,) * len(shape), shape, strict=True)]
    for axis in reversed(range(len(shape))):
        rest = math.prod(each) // each[axis]
        whole = max(1, most // max(1, rest * each[axis])) * each[axis]
        each[axis] = max(1, min(shape[axis], whole))
    return tuple(each)


@dataclass(frozen=True)
class _OnDisk:
    """What dask slices: opens the file for each slice, so that it travels between processes."""

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, index: Any) -> np.ndarray:
        with open_hdf5(self.path) as opened:
            dataset = dataset_at(opened, self.name)
            if dataset.shape != self.shape or dataset.dtype != self.dtype:
                raise WmsimError(
                    f"'{self.path}': {self.name} has changed: it has shape {dataset.shape} and "
                    f"type {dataset.dtype}, expected {self.shape} and {self.dtype} as when it was "
                    "first read. Import the file again."
                )
            return dataset[index]


def _require_readable(dataset: h5py.Dataset) -> None:
    place = f"'{Path(dataset.file.filename).name}': {dataset.name}"
    if dataset.dtype.kind not in "fiub" or dataset.shape is None:
        raise WmsimError(
            f"{place} has type {dataset.dtype} and shape {dataset.shape}, expected an array of "
            "numbers. Name another variable."
        )
    largest = math.prod(dataset.chunks or (1,)) * dataset.dtype.itemsize
    if largest > MOST_CHUNK_BYTES:
        raise WmsimError(
            f"{place} is stored in chunks of {largest:,} bytes, at most {MOST_CHUNK_BYTES:,} are "
            "read at once. Write it again in smaller chunks (h5repack -l CHUNK=...)."
        )
