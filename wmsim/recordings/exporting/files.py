"""Files of other libraries, looked at before those libraries open them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from wmsim.errors import WmsimError
from wmsim.files import existing_file
from wmsim.recordings.hdf5 import member, open_hdf5

if TYPE_CHECKING:
    import h5py

_PICKLE = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))


def require_start(
    path: str | os.PathLike[str], starts: tuple[bytes, ...], what: str, remedy: str
) -> Path:
    """Make sure that a file begins as its format does, and is no pickle.

    Parameters
    ----------
    path : path-like
        The file.
    starts : tuple of bytes
        What it may begin with; () for text, which may begin with anything.
    what : str
        What is expected, for messages.
    remedy : str
        How such a file is made, for messages.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    WmsimError
        If it is missing, a pickle, or begins otherwise.
    """
    file = existing_file(path, what)
    with file.open("rb") as stream:
        found = stream.read(8)
    if found.startswith(_PICKLE) or (file.suffix in (".pkl", ".pickle")):
        raise WmsimError(
            f"'{file}' is a pickle, a {what} was expected. Loading a pickle runs whatever is in "
            f"it, so wmsim never does. {remedy}"
        )
    if starts and not found.startswith(starts):
        begin = " or ".join(repr(start) for start in starts)
        raise WmsimError(f"'{file}' is no {what}: it begins with {found!r}, not {begin}. {remedy}")
    return file


def require_own_hdf5(path: str | os.PathLike[str], what: str, remedy: str) -> Path:
    """Make sure that a file is HDF5 and that all its data lies in it.

    Parameters
    ----------
    path, what, remedy
        As for :func:`require_start`.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    WmsimError
        If it is missing, not HDF5, damaged, or links to somewhere else.
    """
    file = require_start(path, (b"\x89HDF",), what, remedy)
    with open_hdf5(file, what) as opened:
        _walk(opened, set())
    return file


def _walk(group: h5py.Group, seen: set[int]) -> None:
    """Look at every member once; hard links may go round in circles."""
    import h5py

    for name in group:
        found = member(group, name)
        address = int(h5py.h5o.get_info(found.id).addr)
        if isinstance(found, h5py.Group) and address not in seen:
            seen.add(address)
            _walk(found, seen)
