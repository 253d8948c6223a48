"""Tables and folders of arrays: CSV, TSV, Parquet, ALF-style .npy."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wmsim.errors import WmsimError
from wmsim.files import did_you_mean_file
from wmsim.recordings.importing.npy import HoldsPickleError, fields, load_npy
from wmsim.recordings.importing.rawdata import RawData, Values

TEXT = {".csv", ".tsv", ".tab", ".txt"}
PARQUET = {".parquet", ".pqt", ".pq"}
KNOWN = TEXT | PARQUET | {".npy"}
OTHERS = {
    ".xlsx": "save the sheet as CSV",
    ".xls": "save the sheet as CSV",
    ".pkl": "write it with DataFrame.to_parquet or to_csv; a pickle can run code",
    ".pickle": "write it with DataFrame.to_parquet or to_csv; a pickle can run code",
    ".feather": "write it with DataFrame.to_parquet",
    ".gz": "unpack it first",
    ".zip": "unpack it first",
}
_NAMESPACE = re.compile(r"^_[A-Za-z0-9]+_(?=[A-Za-z])")
_UUID = re.compile(r"\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def read_tables(paths: Paths) -> RawData:
    """Read tables: one file, several, or all of a folder.

    Columns are named ``table.column``, where the table is the file's name without suffix.
    ALF files (``spikes.times.npy``, ``_ibl_trials.stimOn_times.npy``) are columns of their
    object, without the namespace: ``trials.stimOn_times``.

    Parameters
    ----------
    paths : path-like or sequence of path-like
        ``.csv``, ``.tsv``, ``.txt``, ``.parquet``, ``.pqt``, ``.npy``, or one folder of them.

    Returns
    -------
    RawData
        Numbers stay numbers: a column of integers with gaps is of floats with NaN. Numbers
        with leading zeros stay text. A list column of Parquet is ragged, one array a row.

    Raises
    ------
    WmsimError
        If a file is missing, damaged, not UTF-8, of unequal rows, holds a pickle, or names a
        column twice.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "trials.csv"
    >>> _ = file.write_text("image,on\\ncup,1.5\\ncar,\\n")
    >>> read_tables(file).variables
    {'trials.image': array(['cup', 'car'], dtype=object), 'trials.on': array([1.5, nan])}
    """
    files, folder, notes = table_files(paths)
    variables: dict[str, Values] = {}
    for file in files:
        add_file(variables, file, notes, lenient=folder is not None)
    add_alf_rows(variables, notes)
    if not variables:
        raise WmsimError(
            f"'{folder}' has nothing that can be read. {' '.join(notes)} Give the files by name."
        )
    what = "folder of tables" if folder is not None else "tables" if len(files) > 1 else "table"
    return RawData(folder or joint_path(files), what, variables, notes=notes)


def table_files(paths: Paths) -> tuple[list[Path], Path | None, list[str]]:
    """Files that are meant, the folder they are in if one was given, and what is left out."""
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    files = [Path(path).expanduser() for path in given]
    if not files:
        raise WmsimError("No file was given, expected one at least. Name a table or a folder.")
    if len(files) > 1 or not files[0].is_dir():
        return [_existing(file) for file in files], None, []
    folder = files[0]
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    known = [entry for entry in entries if entry.is_file() and entry.suffix.lower() in KNOWN]
    other = [entry.name + "/" * entry.is_dir() for entry in entries if entry not in known]
    if not known:
        held = ", ".join(other[:10]) or "nothing"
        raise WmsimError(
            f"'{folder}' has no table, expected files ending in {', '.join(sorted(KNOWN))}; it "
            f"holds {held}. Give the folder or the files that hold spikes and trials."
        )
    return known, folder, [f"skipped {', '.join(other[:10])}: no tables"] if other else []


def _existing(file: Path) -> Path:
    if file.is_dir():
        raise WmsimError(
            f"'{file}' is a folder, a file was expected. Give one folder alone, or files."
        )
    if not file.is_file():
        there = file.parent.is_dir()
        near = did_you_mean_file(file) if there else f" There is no folder '{file.parent}'."
        raise WmsimError(f"No file '{file}'.{near}")
    return file


def joint_path(files: Sequence[Path]) -> Path:
    """One path that names several files, for messages."""
    return files[0].with_name(" + ".join(file.name for file in files))


def add_file(
    variables: dict[str, Values], file: Path, notes: list[str], *, lenient: bool = False
) -> None:
    """Read one file into variables.

    Parameters
    ----------
    variables : dict
        Is added to.
    file : pathlib.Path
        A table or an array.
    notes : list of str
        Is added to.
    lenient : bool
        Whether a pickle is left out with a note, as in a folder that nobody looked through.

    Raises
    ------
    WmsimError
        If it cannot be read, or a variable of that name is there already.
    """
    try:
        found = read_file(file, notes)
    except HoldsPickleError as error:
        if not lenient:
            raise
        notes.append(f"skipped {table_name(file)}: {error}")
        return
    twice = sorted(set(found) & set(variables))
    if twice:
        raise WmsimError(
            f"'{file}' holds {twice[0]}, which another file holds too. Tables are named after "
            "their files: rename one of the two files."
        )
    variables.update(found)


def read_file(file: Path, notes: list[str]) -> dict[str, Values]:
    """Variables of one table or array."""
    from wmsim.recordings.importing.columnar import read_parquet, read_text

    suffix = file.suffix.lower()
    name = table_name(file)
    if suffix == ".npy":
        return _split_pairs(name, load_npy(file))
    if suffix in TEXT:
        return {f"{name}.{column}": values for column, values in read_text(file, notes).items()}
    if suffix in PARQUET:
        return {f"{name}.{column}": values for column, values in read_parquet(file, notes).items()}
    how = OTHERS.get(suffix)
    remedy = f"For {suffix}: {how}." if how else "Save it as one of these."
    raise WmsimError(
        f"'{file}' ends in '{suffix}', expected a table ({', '.join(sorted(KNOWN))}). {remedy}"
    )


def table_name(file: Path) -> str:
    """Name of the table in a file, without what ALF puts around it.

    Examples
    --------
    >>> table_name(Path("_ibl_trials.table.pqt")), table_name(Path("spikes.times.npy"))
    ('trials', 'spikes.times')
    """
    stem = _UUID.sub("", _NAMESPACE.sub("", file.stem))
    return stem.removesuffix(".table") or stem


def _split_pairs(name: str, values: Any) -> dict[str, Values]:
    """Pairs of start and end are given as two columns too, as ALF tables name them."""
    found = fields(name, values)
    if name.lower().endswith("intervals") and values.ndim == 2 and values.shape[1] == 2:
        found |= {f"{name}_0": values[:, 0], f"{name}_1": values[:, 1]}
    return found


def add_alf_rows(variables: dict[str, Values], notes: list[str]) -> None:
    """In ALF, spikes.clusters counts rows of clusters: give these rows their numbers."""
    if "spikes.clusters" not in variables or "clusters.row" in variables:
        return
    lengths = {
        len(values)
        for name, values in variables.items()
        if name.startswith("clusters.") and not isinstance(values, list) and values.ndim
    }
    has_names = any(f"clusters.{name}" in variables for name in ("cluster_id", "id", "unit_id"))
    if len(lengths) == 1 and not has_names:
        variables["clusters.row"] = np.arange(lengths.pop())
        notes.append("clusters.row: number of each row from 0, to which spikes.clusters refers")
