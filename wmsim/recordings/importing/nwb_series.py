"""Time series of NWB files: samples, their times, and the regions of interest they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from wmsim.errors import WmsimError
from wmsim.recordings.hdf5 import LARGEST, follow
from wmsim.recordings.importing.nwb_tables import labels_at, read_table, read_values

if TYPE_CHECKING:
    import h5py

# Groups within groups, and groups in all: a file may contain itself.
DEEPEST = 8
MOST_GROUPS = 10_000


@dataclass
class Series:
    """What is in the modules of a file.

    Attributes
    ----------
    variables : dict
        ``name.data``, ``name.timestamps``; columns of tables.
    rois : dict
        Series to the labels of its regions of interest, and where these came from.
    skipped : list of str
        What was not read, and why.
    scaled : list of str
        Series whose stored numbers are not in their unit yet.
    groups : int
        How many groups were looked at.
    """

    variables: dict[str, Any] = field(default_factory=dict)
    rois: dict[str, tuple[tuple[Any, ...], dict[str, np.ndarray]]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    scaled: list[str] = field(default_factory=list)
    groups: int = 0

    def named(self) -> dict[str, Any]:
        """All variables; labels of regions are ``rois.x``, or ``series.rois.x`` if they differ."""
        same = len({where for where, _ in self.rois.values()}) == 1
        labels = {
            f"rois.{label}" if same else f"{name}.rois.{label}": values
            for name, (_, columns) in self.rois.items()
            for label, values in columns.items()
        }
        return self.variables | labels


def read_series(group: h5py.Group, prefix: str, series: Series, depth: int = 0) -> None:
    """Read all time series and tables below a group; samples stay on disk where they are many.

    Parameters
    ----------
    group : h5py.Group
        Such as ``/acquisition`` or a processing module.
    prefix : str
        What names begin with.
    series : Series
        Gets what is found.
    depth : int
        Groups above this one.

    Notes
    -----
    Links that leave the file are not followed; they are among what is skipped.
    """
    import h5py

    if depth > DEEPEST:
        return
    for child in group:
        series.groups += 1
        if series.groups > MOST_GROUPS:
            series.skipped.append(f"{prefix}: the file has more than {MOST_GROUPS:,} groups")
            return
        name = f"{prefix}.{child}" if prefix else child
        try:
            found = follow(group, child)
            if not isinstance(found, h5py.Group):
                continue
            if _kind(found) == "PlaneSegmentation":
                continue  # its columns come with the series that it belongs to
            if "colnames" in found.attrs:
                table = read_table(found, name, series.skipped)
                series.variables |= {f"{name}.{column}": v for column, v in table.items()}
            elif {"data", "timestamps", "external_file"} & set(found):
                _read_one(found, name, series)
            else:
                read_series(found, name, series, depth + 1)
        except WmsimError as error:
            series.skipped.append(f"{name}: {error}")


def _read_one(group: h5py.Group, name: str, series: Series) -> None:
    if "external_file" in group:
        series.skipped.append(f"{name}: frames in other files, which are not followed")
    values = None
    if "data" in group:
        values = read_values(follow(group, "data"), f"{name}.data", series.skipped)
    if values is not None and values.size:
        of_parts = {"rois", "electrodes"} & set(group)
        series.variables[f"{name}.data"] = (
            values[:, None] if values.ndim == 1 and of_parts else values
        )
        _note_scale(group, name, series)
    times = _timestamps(group, name, 0 if values is None else len(values), series.skipped)
    if times is not None:
        series.variables[f"{name}.timestamps"] = times
    if "rois" in group and f"{name}.data" in series.variables:
        region = follow(group, "rois")
        rows = np.asarray(region[()])
        labels = labels_at(region, rows)
        where = (str(region.file[region.attrs["table"]].name), rows.tobytes())
        series.rois[name] = (where, labels)


def _timestamps(group: h5py.Group, name: str, length: int, skipped: list[str]) -> Any:
    """Times of samples in s, as stored or from the rate; None if the file has neither."""
    if "timestamps" in group:
        return read_values(follow(group, "timestamps"), f"{name}.timestamps", skipped)
    if "starting_time" not in group:
        return None
    stored = follow(group, "starting_time")
    start, rate = float(stored[()]), float(stored.attrs.get("rate", np.nan))
    if not rate > 0:
        skipped.append(f"{name}.timestamps: the rate is {rate:g} Hz")
        return None
    if length <= LARGEST:
        return start + np.arange(length) / rate
    import dask.array

    return start + dask.array.arange(length, chunks=2**22) / rate


def _note_scale(group: h5py.Group, name: str, series: Series) -> None:
    stored = follow(group, "data").attrs
    factor, offset = float(stored.get("conversion", 1)), float(stored.get("offset", 0))
    if factor != 1 or offset != 0:
        added = f" + {offset:g}" if offset else ""
        series.scaled.append(f"{name}.data (x {factor:g}{added} {stored.get('unit', '')})".rstrip())


def _kind(group: h5py.Group) -> str:
    return str(group.attrs.get("neurodata_type", ""))
