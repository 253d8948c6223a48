"""Read HDF5 that somebody else wrote: no links out of the file, no surprises in shape or size."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wmsim.errors import WmsimError, did_you_mean
from wmsim.files import existing_file

if TYPE_CHECKING:
    import h5py

LARGEST = 10**7
MOST_LINKS = 32


@contextlib.contextmanager
def open_hdf5(path: str | os.PathLike[str], what: str = "HDF5 file") -> Iterator[h5py.File]:
    """Open an HDF5 file of another program for reading.

    Parameters
    ----------
    path : path-like
        The file.
    what : str
        What is expected, for messages.

    Yields
    ------
    h5py.File

    Raises
    ------
    WmsimError
        If it is missing, not HDF5, or truncated; also for errors of HDF5 in the block.
    """
    import h5py

    file = existing_file(path, what)
    if not h5py.is_hdf5(file):
        raise WmsimError(
            f"'{file}' is not HDF5, a {what} was expected. Check the path, or download it again."
        )
    try:
        with h5py.File(file, "r") as opened:
            yield opened
    except (OSError, RuntimeError, KeyError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WmsimError(
            f"'{file}' is damaged or truncated ({reason}). Download or copy it again."
        ) from error


def member(group: h5py.Group, name: str) -> Any:
    """A member of a group that lies in this file itself.

    Parameters
    ----------
    group : h5py.Group
        Where to look.
    name : str
        Name of the member, without slashes.

    Returns
    -------
    h5py.Group or h5py.Dataset

    Raises
    ------
    WmsimError
        If it is missing, or is a link or has its data elsewhere.
    """
    import h5py

    place = Path(group.file.filename).name
    full = f"{group.name.rstrip('/')}/{name}"
    if name not in group:
        raise WmsimError(
            f"'{place}': {full} is missing. {did_you_mean(name, list(group)[:20])} "
            "Is this a file of this format?"
        )
    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise WmsimError(
            f"'{place}': {full} is a link to somewhere else ({type(link).__name__}), data in the "
            "file itself was expected. Links are not followed: copy the data into the file."
        )
    found = group[name]
    require_own_data(found, full)
    return found


def require_own_data(found: Any, full: str) -> None:
    """Refuse a dataset whose data lies in another file.

    Parameters
    ----------
    found : h5py.Group or h5py.Dataset
        What was opened.
    full : str
        Its path, for the message.

    Raises
    ------
    WmsimError
        If it is stored externally or virtual.
    """
    import h5py

    if isinstance(found, h5py.Dataset) and (found.external or found.is_virtual):
        raise WmsimError(
            f"'{Path(found.file.filename).name}': {full} keeps its data in another file, data in "
            "the file itself was expected. Such data is not followed: copy it into the file."
        )


def follow(group: h5py.Group, name: str) -> Any:
    """A member, by its name or path; soft links to other places in the same file are followed.

    Parameters
    ----------
    group : h5py.Group
        Where to look.
    name : str
        Name of the member, or a path; from the root of the file if it begins with a slash.

    Returns
    -------
    h5py.Group or h5py.Dataset
        Its ``name`` is a path without links.

    Raises
    ------
    WmsimError
        If it is missing, leaves the file, or goes round in a circle.
    """
    import h5py

    found: Any = group.file["/"] if name.startswith("/") else group
    steps = [part for part in name.split("/") if part not in ("", ".")]
    links = 0
    while steps:
        part = steps.pop(0)
        if not isinstance(found, h5py.Group):
            found = subgroup(found.parent, found.name.rsplit("/", 1)[-1])  # says that it is none
        link = found.get(part, getlink=True)
        if not isinstance(link, h5py.SoftLink):
            found = member(found, part)
            continue
        links += 1
        if links > MOST_LINKS:
            raise WmsimError(
                f"'{Path(group.file.filename).name}': {name} leads through more than {MOST_LINKS} "
                "links, data was expected. Is the file damaged?"
            )
        steps = [step for step in link.path.split("/") if step not in ("", ".")] + steps
        found = group.file["/"] if link.path.startswith("/") else found
    return found


def subgroup(group: h5py.Group, name: str) -> h5py.Group:
    """A group in a group, under the same conditions as :func:`member`."""
    import h5py

    found = member(group, name)
    if not isinstance(found, h5py.Group):
        raise WmsimError(
            f"'{Path(group.file.filename).name}': {found.name} is data, a group was expected. "
            "Is this a file of this format?"
        )
    return found


def array(group: h5py.Group, name: str, ndim: int, kinds: str = "fiub") -> np.ndarray:
    """Read a dataset of known rank and type.

    Parameters
    ----------
    group : h5py.Group
        Where to look.
    name : str
        Name of the dataset.
    ndim : int
        Number of axes that it must have.
    kinds : str
        Kinds of numpy types that are accepted.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    WmsimError
        If it is missing, a link, too large, or of another shape or type.
    """
    import h5py

    found = member(group, name)
    place = Path(group.file.filename).name
    if not isinstance(found, h5py.Dataset):
        raise WmsimError(
            f"'{place}': {found.name} is a group, an array was expected. "
            "Is this a file of this format?"
        )
    if len(found.shape or ()) != ndim or found.dtype.kind not in kinds:
        raise WmsimError(
            f"'{place}': {found.name} has shape {found.shape} and type {found.dtype}, expected "
            f"{ndim} axes and one of the types '{kinds}'. Is this a file of this format?"
        )
    if found.size > LARGEST:
        raise WmsimError(
            f"'{place}': {found.name} has {found.size:,} values, at most {LARGEST:,} are read. "
            "Is this a file of this format?"
        )
    return found[()]


def texts(values: np.ndarray) -> list[str]:
    """Bytes or text of HDF5 as a list of text."""
    cells = np.asarray(values).ravel().tolist()
    return [
        cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for cell in cells
    ]
