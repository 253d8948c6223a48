"""Finished pieces of a comparison, kept in files and read again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.compare.scoring import Scored
from wmsim.errors import WmsimError
from wmsim.files import atomic_path, existing_file
from wmsim.recordings import open_recording

Source = xr.Dataset | str | os.PathLike[str]
_BLOCK = 2**20


def source_key(source: Source) -> str:
    """What a recording holds, as a short text; of a file, its bytes."""
    digest = hashlib.sha256()
    if isinstance(source, xr.Dataset):
        for name in sorted(map(str, source.variables)):
            values = source[name].values
            values = values.astype(str) if values.dtype.kind in "OT" else values
            digest.update(f"{name} {values.dtype.str} {values.shape} {source[name].dims}".encode())
            digest.update(np.ascontiguousarray(values).tobytes())
            digest.update(json.dumps(dict(source[name].attrs), default=str).encode())
        digest.update(json.dumps(dict(source.attrs), default=str, sort_keys=True).encode())
        return digest.hexdigest()
    with existing_file(source, "recording").open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def opened(source: Source) -> Iterator[xr.Dataset]:
    """A recording, opened if it is a file."""
    if isinstance(source, xr.Dataset):
        yield source
        return
    with open_recording(source) as recording:
        yield recording


def write_scored(scored: Scored, path: Path) -> None:
    """Keep scores, whole or not at all."""
    about = {"steps": scored.steps, "about": scored.about, "notes": scored.notes}
    arrays: dict[str, Any] = {f"draws/{name}": rows for name, rows in scored.draws.items()}
    arrays |= {f"floor/{name}": rows for name, rows in scored.floor.items()}
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, about=np.array(json.dumps(about)), **arrays)


def read_scored(path: Path) -> Scored | None:
    """Scores that were kept, or None if they were not, or the file is damaged."""
    try:
        with np.load(path) as found:
            about = json.loads(str(found["about"]))
            groups: dict[str, dict[str, np.ndarray]] = {"draws": {}, "floor": {}}
            for name in found.files:
                group, _, score = name.partition("/")
                if group in groups:
                    groups[group][score] = found[name]
        return Scored(
            tuple(about["steps"]), groups["draws"], groups["floor"], about["about"],
            tuple(about["notes"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, EOFError, WmsimError):
        return None
    except Exception as error:  # a damaged archive: zipfile.BadZipFile, zlib.error
        if type(error).__module__ not in ("zipfile", "zlib"):
            raise
        return None
