"""Formats that a recording can be exported to, by name.

Adding a format is adding a module with one function and a line in :data:`EXPORTERS`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import xarray as xr

from wmsim.errors import choose
from wmsim.recordings.exporting.brainscore import save_brainscore
from wmsim.recordings.exporting.mne import save_mne
from wmsim.recordings.exporting.nwb import save_nwb
from wmsim.recordings.exporting.rsatoolbox_files import save_rsatoolbox
from wmsim.recordings.exporting.table import save_csv, save_parquet

EXPORTERS: dict[str, Callable[[xr.Dataset, str | os.PathLike[str]], Path]] = {
    "brainscore": save_brainscore,
    "csv": save_csv,
    "mne": save_mne,
    "nwb": save_nwb,
    "parquet": save_parquet,
    "rsatoolbox": save_rsatoolbox,
}


def export(name: str, recording: xr.Dataset, path: str | os.PathLike[str]) -> Path:
    """Write a recording as a file of another library.

    Parameters
    ----------
    name : str
        Name of the format, a key of :data:`EXPORTERS`.
    recording : xarray.Dataset
        A recording.
    path : path-like
        The file; whole or absent.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ConfigError
        If there is no such format.
    SchemaError
        If the dataset is no recording.
    WmsimError
        If the file cannot be written, or the format cannot hold the recording.

    Examples
    --------
    >>> export("nbw", xr.Dataset(), "session.nwb")
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: Unknown format 'nbw'. Did you mean 'nwb'? There are: ...
    """
    return EXPORTERS[choose(name, EXPORTERS, "format")](recording, path)
