"""Recordings in rsatoolbox's own HDF5 files; its pickles are refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.files import atomic_path
from wmsim.recordings.exporting.columns import Columns, read_layout
from wmsim.recordings.exporting.files import require_own_hdf5
from wmsim.recordings.exporting.rsatoolbox import (
    ESCAPED,
    KEY,
    TABLES,
    from_rsatoolbox,
    to_temporal,
)


def save_rsatoolbox(recording: xr.Dataset, path: str | os.PathLike[str]) -> Path:
    """Save a recording as an rsatoolbox ``TemporalDataset`` in rsatoolbox's own HDF5.

    ``rsatoolbox.data.load_dataset(path, file_type="hdf5")`` opens it. That format knows
    ASCII only: labels with other letters are written with backslash escapes.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording.
    path : path-like
        The file, usually ``.hdf5``.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    SchemaError
        If the dataset is no recording.
    WmsimError
        If the file cannot be written.
    """
    dataset = to_temporal(recording)
    layout = read_layout(dataset.descriptors[KEY], f"descriptors['{KEY}']")
    layout[ESCAPED] = []
    for name in TABLES:
        table = getattr(dataset, name)
        for column, values in table.items():
            if values.dtype.kind == "U" and not all(text.isascii() for text in values.tolist()):
                table[column] = np.array([_escape(text) for text in values.tolist()])
                layout[ESCAPED].append(column)
    dataset.descriptors[KEY] = Columns({}, {}, {}, layout).text
    target = Path(path).expanduser()
    with atomic_path(target) as temporary:
        temporary.unlink(missing_ok=True)
        dataset.save(str(temporary), file_type="hdf5")
    return target


def load_rsatoolbox(path: str | os.PathLike[str], **options: Any) -> xr.Dataset:
    """Read a recording from an HDF5 file that rsatoolbox (or :func:`save_rsatoolbox`) wrote.

    Parameters
    ----------
    path : path-like
        The file. Pickles (``.pkl``) are refused: loading one runs whatever is in it.
    **options
        Passed to :func:`from_rsatoolbox`.

    Returns
    -------
    xarray.Dataset
        A recording.

    Raises
    ------
    WmsimError
        If the file is missing, a pickle, damaged or none of rsatoolbox.
    """
    from rsatoolbox.data import load_dataset

    file = require_own_hdf5(
        path, "file of rsatoolbox", "Save it with dataset.save(path, file_type='hdf5')."
    )
    try:
        dataset = load_dataset(str(file), file_type="hdf5")
    except Exception as error:
        raise WmsimError(
            f"'{file}' is HDF5, but no dataset of rsatoolbox ({type(error).__name__}: {error}). "
            "Save one with dataset.save(path, file_type='hdf5')."
        ) from error
    return from_rsatoolbox(dataset, **options)


def _escape(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")
