"""Arrays of NumPy (.npz, .npy), alone or with tables beside them."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np

from wmsim.errors import WmsimError
from wmsim.recordings.importing.npy import SPIKES_AS_VECTORS, HoldsPickleError, fields, read_header
from wmsim.recordings.importing.rawdata import RawData, Values
from wmsim.recordings.importing.tables import (
    Paths,
    add_alf_rows,
    add_file,
    joint_path,
    table_files,
)

LARGEST = 2**33
# Deflate packs zeros 1000 to 1; real activity, mostly zeros, about 50 to 1.
SMALL = 2**28
MOST_PACKED = 200
ATTRS = ("session", "subject", "reference", "licence")


def read_arrays(paths: Paths) -> RawData:
    """Read .npz and .npy files, and tables (CSV, TSV, Parquet) that belong to them.

    Arrays keep their names. The array of a single .npy file without a name of ALF is called
    ``activity``. A structured array becomes one variable a field.

    Parameters
    ----------
    paths : path-like or sequence of path-like
        The files; labels may lie in a table beside the arrays.

    Returns
    -------
    RawData
        A big .npy is memory-mapped or lazy.

    Raises
    ------
    WmsimError
        If a file is missing, truncated, holds nothing but pickles, or would unpack to more
        than anybody saves.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "session.npz"
    >>> np.savez(file, rates=np.zeros((2, 3, 4)), image=np.array(["cup", "car"]))
    >>> {name: values.shape for name, values in read_arrays(file).variables.items()}
    {'rates': (2, 3, 4), 'image': (2,)}
    """
    files, folder, notes = table_files(paths)
    if folder is not None:
        raise WmsimError(
            f"'{folder}' is a folder, .npz or .npy files were expected. Name the files in it; a "
            "folder of ALF files or tables is read by read_tables."
        )
    variables: dict[str, Values] = {}
    for file in files:
        if file.suffix.lower() == ".npz":
            found = read_npz(file, notes)
            twice = sorted(set(found) & set(variables))
            if twice:
                raise WmsimError(f"'{file}' holds {twice[0]}, which another file holds too.")
            variables.update(found)
        else:
            add_file(variables, file, notes)
    arrays = [file for file in files if file.suffix.lower() == ".npy"]
    if len(arrays) == 1 and arrays[0].stem in variables and "." not in arrays[0].stem:
        variables = {"activity": variables.pop(arrays[0].stem)} | variables
    add_alf_rows(variables, notes)
    what = " and ".join(sorted({file.suffix.lower().lstrip(".") for file in files}))
    raw = RawData(joint_path(files), f"{what} file{'s' * (len(files) > 1)}", variables, notes=notes)
    _take_attrs(raw)
    return raw


def _take_attrs(raw: RawData) -> None:
    for name in ATTRS:
        value = raw.variables.get(name)
        if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind == "U":
            raw.attrs[name] = str(value)


def read_npz(file: Path, notes: list[str]) -> dict[str, Values]:
    """Arrays of a .npz file; those that are pickles are left out with a note.

    Parameters
    ----------
    file : pathlib.Path
        The file.
    notes : list of str
        Is added to.

    Returns
    -------
    dict of str to numpy.ndarray

    Raises
    ------
    WmsimError
        If it is no zip, is truncated, would unpack to too much, or holds pickles alone.
    """
    variables: dict[str, Values] = {}
    pickles: list[str] = []
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _require_honest(file, members)
            for member in members:
                if not member.filename.endswith(".npy"):
                    notes.append(f"skipped {member.filename} of {file.name}: no array")
                    continue
                name = variable_name(member.filename)
                try:
                    values = _member(archive, member, f"'{file.name}': {name}")
                except HoldsPickleError as error:
                    pickles.append(name)
                    notes.append(f"skipped {name}: {error}")
                    continue
                for key, value in fields(name, values).items():
                    if key in variables:
                        raise WmsimError(f"'{file}' holds {key} twice. Save it again.")
                    variables[key] = value
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WmsimError(
            f"'{file}' is no .npz file, or is truncated or damaged ({reason}). Save it with "
            "np.savez, or copy it again."
        ) from None
    except ValueError as error:
        raise WmsimError(f"'{file}' is damaged ({error}). Save or copy it again.") from None
    if not variables:
        held = f"pickles alone ({', '.join(pickles)})" if pickles else "no array"
        raise WmsimError(f"'{file}' holds {held}, expected plain arrays. {SPIKES_AS_VECTORS}")
    return variables


def variable_name(member: str) -> str:
    """Name of an array out of its path in the archive; nothing is ever written there.

    Examples
    --------
    >>> variable_name("../../etc/rates.npy")
    'etc.rates'
    """
    parts = re.split(r"[/\\]+", member.removesuffix(".npy"))
    return ".".join(part for part in parts if part.strip(".")) or "array"


def _require_honest(file: Path, members: list[zipfile.ZipInfo]) -> None:
    """Refuse archives that would unpack to more than they can mean."""
    total = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    worst = max(
        (m for m in members if m.file_size > SMALL),
        key=lambda m: m.file_size / max(1, m.compress_size),
        default=None,
    )
    ratio = worst.file_size / max(1, worst.compress_size) if worst is not None else 0.0
    if total > LARGEST or ratio > MOST_PACKED or packed > file.stat().st_size:
        raise WmsimError(
            f"'{file}' would unpack from {file.stat().st_size:,} to {total:,} bytes; at most "
            f"{LARGEST:,} bytes and {MOST_PACKED} to 1 are read from a .npz. This may be a zip "
            "bomb; if you trust it, save its arrays as .npy files, which need not be unpacked."
        )


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, place: str) -> np.ndarray:
    """One array, after its header has been checked against the size that it has."""
    with archive.open(member) as stream:
        header = read_header(stream, member.file_size, place)
        count = int(np.prod(header.shape, dtype=object))
        if header.start + count * header.dtype.itemsize != member.file_size:
            raise WmsimError(f"{place} is damaged: it is longer than its header says.")
    with archive.open(member) as stream:
        values = np.lib.format.read_array(stream, allow_pickle=False)
        stream.read(1)  # reaches the end, where the check sum is compared
    return values
