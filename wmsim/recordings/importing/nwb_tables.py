"""Tables of NWB files: plain and ragged columns, references, rows of other tables.

The layout is that of hdmf-common's DynamicTable
(https://hdmf-common-schema.readthedocs.io): a group with one dataset a column; a ragged column
``x`` has a second dataset ``x_index``, which says where each row ends.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wmsim.errors import WmsimError
from wmsim.recordings.hdf5 import LARGEST, follow
from wmsim.recordings.importing.lazy import lazy_hdf5

if TYPE_CHECKING:
    import h5py

# Arrays of more values are lazy.
IN_MEMORY = 10**6
MOST_TEXTS = 10**6
# Spike times may be many, but they do not compress: a small file of so many is made to harm.
MOST_SPIKES = 10**9
MOST_PACKED = 100

_INDEX = "_index"


def read_table(group: h5py.Group, table: str, skipped: list[str]) -> dict[str, Any]:
    """Columns of a table.

    Parameters
    ----------
    group : h5py.Group
        The table.
    table : str
        What it is called, for `skipped`.
    skipped : list of str
        Gets what was not read, with the reason: ``"units.waveforms: several arrays a row"``.

    Returns
    -------
    dict
        Column to an array (first axis: row; lazy where large), or to a list with one array a
        row where it is ragged. Columns that name rows of another table (``electrodes``) are
        there as row numbers, and the columns of that table beside them, under their own names
        unless this table has such a column; objects (``electrode_group``) are named.

    Raises
    ------
    WmsimError
        If a column leaves the file or is damaged.
    """
    import h5py

    names = set(group)
    columns: dict[str, Any] = {}
    regions: list[tuple[h5py.Dataset, Any]] = []
    for name in group:
        if name.endswith(_INDEX) and name.removesuffix(_INDEX) in names:
            continue
        stored = follow(group, name)
        if not isinstance(stored, h5py.Dataset):
            continue
        if name + _INDEX + _INDEX in names:
            skipped.append(f"{table}.{name}: several arrays a row")
            continue
        values: Any
        if name + _INDEX in names:
            values = _ragged(stored, follow(group, name + _INDEX), f"{table}.{name}", skipped)
        else:
            values = read_values(stored, f"{table}.{name}", skipped)
        if values is None:
            continue
        columns[name] = values
        if "table" in stored.attrs:
            regions.append((stored, values))
    for stored, rows in regions:
        for name, values in labels_at(stored, rows).items():
            columns.setdefault(name, values)
    for name, values in _group_locations(group, columns).items():
        columns.setdefault(name, values)
    return columns


def read_values(stored: h5py.Dataset, name: str, skipped: list[str]) -> Any:
    """Values of a dataset: numbers (lazy where large), text, or names of objects.

    Parameters
    ----------
    stored : h5py.Dataset
        Where they are.
    name : str
        What it is called, for `skipped`.
    skipped : list of str
        Gets its name and the reason if it is of another type.

    Returns
    -------
    numpy.ndarray, dask.array.Array or None
        None if it was not read.
    """
    import h5py

    if stored.shape is None or stored.dtype.names is not None:
        skipped.append(f"{name}: no plain array")
        return None
    if stored.dtype.kind in "fiub":
        if stored.size > IN_MEMORY:
            return lazy_hdf5(stored.file.filename, stored.name)
        return _with_elements(stored, stored[()])
    text = h5py.check_string_dtype(stored.dtype) is not None
    objects = h5py.check_ref_dtype(stored.dtype) is h5py.Reference
    if not (text or objects) or stored.size > MOST_TEXTS:
        many = text or objects
        why = f"{stored.size:,} texts, too many" if many else f"type {stored.dtype}"
        skipped.append(f"{name}: {why}")
        return None
    cells = np.asarray(stored.asstr(errors="replace")[()] if text else stored[()], dtype=object)
    if objects:
        return _names(stored, cells)
    return cells


def labels_at(region: h5py.Dataset, rows: Any) -> dict[str, np.ndarray]:
    """Columns of another table at some of its rows.

    Parameters
    ----------
    region : h5py.Dataset
        The column that names rows of another table.
    rows : numpy.ndarray of int, or list of them
        Rows of that table; a list where each row here may have several or none there.

    Returns
    -------
    dict of str to numpy.ndarray
        Columns of text and numbers. Where there are several rows, their different values are
        joined by " + "; such columns are text.

    Raises
    ------
    WmsimError
        If a row does not exist.
    """
    import h5py

    (table,) = targets(region, [region.attrs["table"]])
    if not isinstance(table, h5py.Group):
        return {}
    several = isinstance(rows, list) and any(len(each) != 1 for each in rows)
    if isinstance(rows, list) and not several:
        rows = np.array([each[0] for each in rows], dtype=int)
    labels = {}
    for name, values in read_table(table, "", []).items():
        if isinstance(values, list) or values.ndim != 1 or name == "id":
            continue
        every = np.concatenate([*rows, []]).astype(int) if several else np.asarray(rows)
        if every.size and not 0 <= every.min() <= every.max() < len(values):
            raise WmsimError(
                f"'{Path(region.file.filename).name}': {region.name} names rows "
                f"{every.min()} to {every.max()} of {table.name}, which has {len(values)}. "
                "Is the file damaged?"
            )
        values = np.asarray(values)
        labels[name] = (
            np.array([_joined(values[each]) for each in rows], dtype=object)
            if several
            else values[every]
        )
    return labels


def targets(anywhere: h5py.Dataset | h5py.Group, references: Any) -> list[Any]:
    """What object references point to, None for none.

    Raises
    ------
    WmsimError
        If one points to nothing.
    """
    found: dict[str, Any] = {"": None}
    names = []
    try:
        for reference in references:
            names.append(anywhere.file[reference].name if reference else "")
    except (ValueError, TypeError):
        names = [None]
    if None in names:
        raise WmsimError(
            f"'{Path(anywhere.file.filename).name}': {anywhere.name} refers to an object that is "
            "not in the file. Is the file damaged? Download or copy it again."
        )
    for name in names:
        if name not in found:
            found[name] = follow(anywhere.file["/"], name)
    return [found[name] for name in names]


def _ragged(
    stored: h5py.Dataset, index: Any, name: str, skipped: list[str]
) -> list[np.ndarray] | None:
    """One array a row."""
    many = stored.size or 0
    spikes = stored.name.endswith("/spike_times")
    if many > (MOST_SPIKES if spikes else LARGEST) or (
        many > LARGEST and stored.nbytes > MOST_PACKED * stored.id.get_storage_size()
    ):
        skipped.append(f"{name}: {many:,} values, too many")
        return None
    ends = np.asarray(index[()]).astype(np.int64).reshape(-1)
    starts = np.concatenate([[0], ends[:-1]])
    if ends.size and not ((ends >= starts).all() and 0 <= ends[-1] <= stored.shape[0]):
        raise WmsimError(
            f"'{Path(stored.file.filename).name}': {index.name} counts to {ends.max()}, but "
            f"{stored.name} has {stored.shape[0]} entries. Is the file damaged?"
        )
    numbers = stored.dtype.names is None and stored.dtype.kind in "fiub"
    flat = stored[()] if numbers else read_values(stored, name, skipped)
    if flat is None:
        return None
    return [flat[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


def _with_elements(stored: h5py.Dataset, values: np.ndarray) -> np.ndarray:
    """Text of an enumeration (EnumData), which is stored as numbers of its elements."""
    if "elements" not in stored.attrs or values.dtype.kind not in "iu":
        return values
    elements = read_values(targets(stored, [stored.attrs["elements"]])[0], "", [])
    if elements is None or not values.size or values.max() >= len(elements):
        return values
    return np.asarray(elements)[values]


def _names(stored: h5py.Dataset, references: np.ndarray) -> np.ndarray:
    """Names of the objects that references point to."""
    found = targets(stored, references.ravel())
    names = ["" if each is None else each.name.rsplit("/", 1)[-1] for each in found]
    return np.array(names, dtype=object).reshape(references.shape)


def _group_locations(group: h5py.Group, columns: dict[str, Any]) -> dict[str, np.ndarray]:
    """Locations of the electrode groups, where units name groups but no electrodes."""
    if "electrode_group" not in columns or "location" in columns:
        return {}
    groups = targets(group, np.ravel(follow(group, "electrode_group")[()]))
    locations = ["" if each is None else str(each.attrs.get("location", "")) for each in groups]
    return {"location": np.array(locations, dtype=object)}


def _joined(cells: np.ndarray) -> str:
    return " + ".join(dict.fromkeys(str(cell) for cell in cells.tolist()))
