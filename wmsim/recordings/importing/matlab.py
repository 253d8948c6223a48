"""MATLAB files of version 5 to 7 and of version 7.3 (HDF5), to the same contents."""

from __future__ import annotations

import os
from pathlib import Path

from wmsim.errors import WmsimError
from wmsim.files import existing_file
from wmsim.recordings.importing.matlab_v5 import read_v5
from wmsim.recordings.importing.matlab_v73 import read_v73
from wmsim.recordings.importing.matlab_values import flat_values
from wmsim.recordings.importing.rawdata import RawData
from wmsim.recordings.io import HDF5_SIGNATURE

WHAT = "MATLAB file"
HEADER = 128


def read_matlab(path: str | os.PathLike[str]) -> RawData:
    """Read a MATLAB file of version 5 to 7.3.

    Parameters
    ----------
    path : path-like
        The file, usually ``.mat``.

    Returns
    -------
    RawData
        Arrays under the names they have in MATLAB, axes in MATLAB's order; fields of structs
        are ``s.field``, nested ones ``a.b.c``. A struct array or a cell array becomes one array
        where each element holds one value (NaN or "" where it is empty), else a list with one
        array an element. Arrays of version 7.3 with more than 10^7 values are lazy. ``notes``
        name what could not be read (tables, objects, functions), with the remedy.

    Raises
    ------
    WmsimError
        If the file is missing, truncated, of version 4 or no MATLAB file.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from scipy.io import savemat
    >>> file = Path(tempfile.mkdtemp()) / "session.mat"
    >>> units = np.array([(1.0, [1.5, 2.5]), (2.0, [0.5])], dtype=[("id", "O"), ("spikes", "O")])
    >>> savemat(file, {"rates": np.zeros((4, 2)), "units": units})
    >>> raw = read_matlab(file)
    >>> raw.variables["units.id"]
    array([1., 2.])
    >>> [spikes.tolist() for spikes in raw.variables["units.spikes"]]
    [[[1.5, 2.5]], [[0.5]]]
    """
    file = existing_file(path, WHAT)
    version = _version(file)
    variables = read_v73(file) if version == "7.3" else read_v5(file)
    notes: list[str] = []
    raw = RawData(file, f"{WHAT} (v{version})")
    for name, value in variables.items():
        raw.variables |= flat_values(name, value, notes)
    raw.notes = list(dict.fromkeys(notes))
    return raw


def _version(file: Path) -> str:
    """5 or 7.3, by what the file begins with."""
    with file.open("rb") as stream:
        start = stream.read(HEADER)
    if start.startswith(HDF5_SIGNATURE):
        return "7.3"
    number = int.from_bytes(start[124:126], "little" if start[126:128] == b"IM" else "big")
    if start[126:128] in (b"IM", b"MI") and number == 0x0100:
        return "5"
    if start[126:128] in (b"IM", b"MI") and number == 0x0200:
        return "7.3"
    if not start:
        raise WmsimError(f"'{file}' is empty, a {WHAT} was expected. Copy or download it again.")
    if start.startswith(b"MATLAB"):
        raise WmsimError(
            f"'{file}' begins like a {WHAT}, but its header is cut off or damaged. Copy or "
            "download it again."
        )
    if _is_v4(start):
        raise WmsimError(
            f"'{file}' is a {WHAT} of version 4, which holds neither structs nor cells. Load it in "
            "MATLAB and save it with save(..., '-v7')."
        )
    raise WmsimError(
        f"'{file}' is no {WHAT}: it begins with {start[:16]!r}. Check the path; other formats have "
        "readers of their own."
    )


def _is_v4(start: bytes) -> bool:
    """Whether the first 20 bytes are the header of a version 4 matrix, in either byte order."""
    if len(start) < 20:
        return False
    for order in ("little", "big"):
        words = [int.from_bytes(start[i : i + 4], order) for i in range(0, 20, 4)]  # type: ignore[arg-type]
        kind, _, _, imaginary, name_length = words
        thousands, rest = divmod(kind, 1000)
        digits = (thousands, rest // 100, rest % 100 // 10, rest % 10)
        known = digits[0] <= 4 and digits[1] == 0 and digits[2] <= 5 and digits[3] <= 2
        if known and imaginary in (0, 1) and 1 <= name_length <= 64:
            return True
    return False
