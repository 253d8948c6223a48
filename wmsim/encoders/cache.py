"""A cache of arrays on disk that is whole or not there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from wmsim.files import atomic_path, file_sha256, write_json


def read_cached(path: Path) -> np.ndarray | None:
    """Read a cached array, or say with None that it has to be made.

    An array that was cut off, changed or left without its checksum is not read.

    Parameters
    ----------
    path : path
        The ``.npy`` file; its checksum stands beside it in ``.json``.

    Returns
    -------
    ndarray or None
    """
    try:
        note = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if note["sha256"] != file_sha256(path):
            return None
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_cached(path: Path, array: np.ndarray) -> None:
    """Write an array and its checksum, the checksum last.

    Raises
    ------
    WmsimError
        If the disk is full or the folder cannot be written to.
    """
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        np.save(stream, array, allow_pickle=False)
    write_json(path.with_suffix(".json"), {"sha256": file_sha256(path), "shape": array.shape})
