"""Files that are whole or absent: atomic writes, checked output folders, content keys."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wmsim.errors import WmsimError

# A disk with fewer bytes left is full, as far as a failed write is concerned.
FULL = 1 << 16


def output_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder for results and make sure that it can be written to.

    Parameters
    ----------
    path : path-like
        The folder; parents are made as needed.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    WmsimError
        If it is a file, cannot be made or cannot be written to.
    """
    folder = Path(path).expanduser()
    if folder.exists() and not folder.is_dir():
        raise WmsimError(f"'{folder}' is a file, a folder was expected. Give another --out.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"wmsim")
    except OSError as error:
        raise _cannot_write(folder, error) from error
    return folder


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`, renamed onto it when the block ends well.

    A reader never sees half a file, and an interrupted run leaves the old one.

    Parameters
    ----------
    path : path-like
        Where the finished file shall be; its folder is made as needed.

    Yields
    ------
    pathlib.Path
        Where to write. It keeps the suffix of `path`.

    Raises
    ------
    WmsimError
        If the disk is full or the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with atomic_path(folder / "note.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> (folder / "note.txt").read_text()
    'whole'
    """
    target = Path(path).expanduser()
    temporary = target.with_name(f".{target.stem}.{os.getpid()}.part{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    except WmsimError:
        raise
    except Exception as error:
        # Libraries that write (torch, netCDF, matplotlib) make errors of their own of a full disk.
        if _is_full(target.parent, error):
            full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            raise _cannot_write(target, full) from error
        raise
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file atomically, as UTF-8."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | os.PathLike[str], content: Any) -> None:
    """Write JSON atomically; NaN is refused because JSON has none."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def content_key(*parts: Any) -> str:
    """Hash JSON-like values (and bytes) into a short key.

    Parameters
    ----------
    *parts : bytes or JSON-like
        Everything that the result depends on. The order counts.

    Returns
    -------
    str
        20 hexadecimal digits.

    Examples
    --------
    >>> content_key({"a": 1, "b": 2}) == content_key({"b": 2, "a": 1})
    True
    >>> content_key("a", "b") == content_key("ab")
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
        digest.update(f"{len(data)}:".encode())
        digest.update(data)
    return digest.hexdigest()[:20]


def file_sha256(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, read in pieces, as hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def existing_file(path: str | os.PathLike[str], what: str = "file") -> Path:
    """Return the path of a file that must be there.

    Raises
    ------
    WmsimError
        If it is missing or a folder.
    """
    file = Path(path).expanduser()
    if file.is_dir():
        raise WmsimError(f"'{file}' is a folder, a {what} was expected. Name the file in it.")
    if not file.is_file():
        folder = file.parent
        near = did_you_mean_file(file) if folder.is_dir() else f" There is no folder '{folder}'."
        raise WmsimError(f"No {what} '{file}'.{near}")
    return file


def did_you_mean_file(file: Path) -> str:
    """Name the file in the same folder whose name is nearest, if one is near."""
    import difflib

    names = sorted(entry.name for entry in file.parent.iterdir())
    close = difflib.get_close_matches(file.name, names, n=1)
    return f" Did you mean '{file.parent / close[0]}'?" if close else " Check the path."


def cache_folder() -> Path:
    """Folder for what can be made again: ``WMSIM_CACHE_DIR`` or the user's cache."""
    named = os.environ.get("WMSIM_CACHE_DIR")
    if named:
        return Path(named).expanduser()
    import pooch

    return Path(pooch.os_cache("wmsim"))


def _is_full(folder: Path, error: BaseException) -> bool:
    """Whether an error came of a full disk: one says so, or there is no room left."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno == errno.ENOSPC:
            return True
        cause = cause.__cause__ or cause.__context__
    try:
        return shutil.disk_usage(folder).free < FULL
    except OSError:
        return False


def _cannot_write(path: Path, error: OSError) -> WmsimError:
    reason = error.strerror or str(error)
    return WmsimError(
        f"Cannot write '{path}': {reason}. Free some space or give a folder that can be written to."
    )
