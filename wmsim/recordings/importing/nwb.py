"""NWB files of other laboratories: units, trials, intervals, time series, fluorescence.

Read with h5py alone, by the layout of NWB 2 (https://nwb-schema.readthedocs.io): no schema has
to be there, so that files with unknown extensions open, and no link out of the file is followed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wmsim.errors import WmsimError
from wmsim.recordings.hdf5 import follow, open_hdf5
from wmsim.recordings.importing.nwb_series import Series, read_series
from wmsim.recordings.importing.nwb_tables import read_table
from wmsim.recordings.importing.rawdata import RawData

if TYPE_CHECKING:
    import h5py

WHAT = "NWB file"
SECTIONS = {
    "acquisition": "acquisition",
    "processing": "",
    "analysis": "analysis",
    "stimulus/presentation": "stimulus",
}
OWN_NAMESPACES = {"core", "hdmf-common", "hdmf-experimental"}


def read_nwb_file(path: str | os.PathLike[str]) -> RawData:
    """Read an NWB 2 file (HDF5) of any laboratory.

    Parameters
    ----------
    path : path-like
        The file. It must stay where it is while large arrays of it are in use.

    Returns
    -------
    RawData
        ``units.x`` (``spike_times`` and ``obs_intervals`` are lists with one array a unit;
        columns of the electrodes table, such as ``location``, are columns of units);
        ``trials.x`` and other interval tables; of time series ``module.container.series.data``
        (processing) or ``acquisition.series.data``, with ``.timestamps`` in s; ``rois.x``,
        columns of the regions of interest. Series of more than 10^6 values are lazy. Attrs
        ``session``, ``subject`` and ``reference``; ``notes`` say what was not read.

    Raises
    ------
    WmsimError
        If the file is missing, damaged, no NWB, NWB 1 or Zarr, or if units or trials lie in
        another file.
    """
    _refuse_zarr(path)
    with open_hdf5(path, WHAT) as opened:
        place = Path(opened.filename)
        _require_nwb(opened, place)
        raw = RawData(place, WHAT)
        series = Series()
        if "units" in opened:
            units = read_table(follow(opened, "units"), "units", series.skipped)
            raw.variables |= {f"units.{name}": values for name, values in units.items()}
        intervals = follow(opened, "intervals") if "intervals" in opened else {}
        for name in intervals:
            table = read_table(follow(intervals, name), name, series.skipped)
            raw.variables |= {f"{name}.{column}": values for column, values in table.items()}
        for section, prefix in SECTIONS.items():
            found = _found(opened, section)
            if found is not None:
                read_series(found, prefix, series)
        raw.variables |= series.named()
        raw.attrs = _attrs(opened)
        raw.notes = _notes(opened, series)
    return raw


def _attrs(opened: h5py.File) -> dict[str, str]:
    """Session, subject and publications; a session is told from those of other subjects."""
    subject = _text(opened, "general/subject/subject_id")
    session = _text(opened, "general/session_id")
    if session and subject and subject not in session:
        session = f"sub-{subject}_ses-{session}"
    found = {
        "session": session or _text(opened, "identifier"),
        "subject": subject,
        "reference": _text(opened, "general/related_publications"),
        "identifier": _text(opened, "identifier"),
    }
    return {name: text for name, text in found.items() if text}


def _text(opened: h5py.File, name: str) -> str:
    """Text of a small dataset, several joined by "; "."""
    import h5py

    place = _found(opened, name)
    if not isinstance(place, h5py.Dataset) or h5py.check_string_dtype(place.dtype) is None:
        return ""
    if place.size is None or place.size > 100:
        return ""
    cells = np.ravel(np.asarray(place.asstr(errors="replace")[()], dtype=object)).tolist()
    return "; ".join(str(cell).strip() for cell in cells)[:10_000]


def _found(opened: h5py.File, name: str) -> Any:
    """What lies at a path, None if nothing does."""
    import h5py

    place: Any = opened
    for part in name.split("/"):
        if not isinstance(place, h5py.Group) or part not in place:
            return None
        place = follow(place, part)
    return place


def _notes(opened: h5py.File, series: Series) -> list[str]:
    notes = [f"skipped {what}" for what in dict.fromkeys(series.skipped)]
    if series.scaled:
        notes.append(f"numbers as stored, before conversion: {', '.join(series.scaled)}")
    extensions = sorted(set(_found(opened, "specifications") or ()) - OWN_NAMESPACES)
    if extensions:
        notes.append(f"extensions, read without their schema: {', '.join(extensions)}")
    return notes


def _refuse_zarr(path: str | os.PathLike[str]) -> None:
    folder = Path(path).expanduser()
    marks = (".zgroup", "zarr.json", ".zmetadata")
    if folder.is_dir() and any((folder / mark).exists() for mark in marks):
        raise WmsimError(
            f"'{folder}' is a Zarr store, an NWB file (HDF5) was expected. Convert it: open it "
            "with hdmf_zarr.NWBZarrIO and export it with pynwb.NWBHDF5IO(file, 'w').export()."
        )


def _require_nwb(opened: h5py.File, place: Path) -> None:
    version = opened.attrs.get("nwb_version")
    if version is None and "nwb_version" in opened:
        version = _text(opened, "nwb_version") or "1"
    if version is None:
        raise WmsimError(
            f"'{place}' is HDF5, but not NWB (it has no attribute nwb_version; it holds "
            f"{', '.join(list(opened)[:10]) or 'nothing'}). Import it as what it is."
        )
    text = version.decode() if isinstance(version, bytes) else str(version)
    if not re.match(r"(NWB-)?[2-9]", text):
        raise WmsimError(
            f"'{place}' is NWB {text}, version 2 was expected. Convert it, or import it as plain "
            "arrays."
        )
