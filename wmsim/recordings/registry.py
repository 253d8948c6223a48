"""Public recordings: what there is, where it is, fetched once and checked.

Archives whose files the registry does not list (they are many, or large) are downloaded with
the archive's own program; then the files that are here are known by their names.

The entries are in ``datasets/registry.json`` of the project (``wmsim/registry`` when
installed).
"""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import Field, model_validator

import wmsim._version
from wmsim.config import Config
from wmsim.errors import WmsimError, choose, did_you_mean
from wmsim.files import atomic_path, cache_folder, existing_file, file_sha256

PACKAGE = Path(wmsim._version.__file__).parent


class RemoteFile(Config):
    """A file of a public recording.

    Attributes
    ----------
    name : str
        File name.
    session : str
        Short name of the session in it.
    bytes : int
        Size.
    sha256 : str
        Checksum, 64 hexadecimal digits.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
    session: str
    bytes: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class PublicRecording(Config):
    """A public recording: what it is, where it is, what to cite.

    Attributes
    ----------
    name, description, citation, doi, licence, licence_url, homepage : str
        What it is, whose it is and on what terms.
    format : str
        Name that :func:`wmsim.recordings.importing.import_recording` knows it by.
    folder : str
        Folder that its files are kept in.
    commit, base_url : str, optional
        Where the listed files are: version, and address up to their names.
    files : tuple of RemoteFile
        Its files; none if the registry does not list them.
    download : str, optional
        Where no file is listed: the command that downloads them, with ``{folder}`` for the
        folder above `folder`.
    pattern : str
        Where no file is listed: what the names of its files look like.
    """

    name: str
    description: str
    format: str
    folder: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
    citation: str
    doi: str
    licence: str
    licence_url: str
    homepage: str
    commit: str | None = None
    base_url: str | None = Field(default=None, pattern=r"^https://.*/$")
    files: tuple[RemoteFile, ...] = ()
    download: str | None = None
    pattern: str = "*"

    @model_validator(mode="after")
    def _one_way(self) -> PublicRecording:
        listed = bool(self.files and self.base_url and self.commit)
        if listed == (self.download is not None) or bool(self.files) != listed:
            raise ValueError("give files with base_url and commit, or download")
        return self

    def file(self, file_or_session: str) -> RemoteFile:
        """The listed file of this name or session.

        Raises
        ------
        WmsimError
            If there is none.
        """
        if not self.files:
            raise WmsimError(how_to_download(self))
        for file in self.files:
            if file_or_session in (file.name, file.session):
                return file
        known = [file.session for file in self.files]
        raise WmsimError(
            f"'{self.name}' has no file or session '{file_or_session}'. "
            f"{did_you_mean(file_or_session, known)}"
        )

    def url(self, file: RemoteFile) -> str:
        """Where a listed file can be downloaded."""
        return f"{self.base_url}{quote(file.name)}"


@functools.cache
def datasets() -> dict[str, PublicRecording]:
    """All public recordings that the registry knows, by name.

    Returns
    -------
    dict of str to PublicRecording

    Raises
    ------
    WmsimError
        If the registry is missing or damaged.

    Examples
    --------
    >>> sorted(datasets())
    ['dandi000469', 'kornblith2017', 'panichello2021', 'sternberg-concept-cells']
    >>> datasets()["kornblith2017"].licence
    'ODbL-1.0'
    """
    places = (PACKAGE / "registry", PACKAGE.parent / "datasets")
    file = next((p / "registry.json" for p in places if (p / "registry.json").is_file()), None)
    if file is None:
        raise WmsimError(
            f"No registry.json in {' or '.join(str(place) for place in places)}, the list of "
            "public recordings was expected there. Install wmsim again."
        )
    try:
        entries: dict[str, dict[str, Any]] = json.loads(file.read_text("utf-8"))["datasets"]
        return {name: PublicRecording(name=name, **entry) for name, entry in entries.items()}
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise WmsimError(
            f"'{file}' is damaged ({error}), the list of public recordings was expected. "
            "Install wmsim again."
        ) from error


def dataset(name: str) -> PublicRecording:
    """The public recording of this name.

    Raises
    ------
    ConfigError
        If the registry does not know it.

    Examples
    --------
    >>> dataset("kornblit2017")
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: Unknown public recording 'kornblit2017'. Did you mean ...
    """
    return datasets()[choose(name, datasets(), "public recording")]


def folders(entry: PublicRecording) -> list[Path]:
    """Folders that a recording's files are looked for in: the user's, then the cache's.

    Parameters
    ----------
    entry : PublicRecording
        A public recording.

    Returns
    -------
    list of pathlib.Path
        ``WMSIM_DATA_DIR`` (if set) and the cache.
    """
    named = os.environ.get("WMSIM_DATA_DIR")
    mine = [Path(named).expanduser() / entry.folder] if named else []
    return [*mine, cache_folder() / "datasets" / entry.folder]


def locate(name: str, file_or_session: str) -> Path | None:
    """Find a file that is here already; nothing is downloaded.

    Parameters
    ----------
    name : str
        Name of the public recording.
    file_or_session : str
        Name of a file, or of the session in it. Where the registry lists no files: its name,
        or the part of it before the last underscore (``sub-1_ses-2``).

    Returns
    -------
    pathlib.Path or None
        None if it is not here.

    Raises
    ------
    WmsimError
        If the registry has no such recording or file.
    """
    entry = dataset(name)
    if entry.files:
        return _here(entry, entry.file(file_or_session))
    found = (place for _, place in listing(name))
    return next((p for p in found if p and file_or_session in _names(p)), None)


def listing(name: str) -> list[tuple[str, Path | None]]:
    """Files of a public recording, and where they are.

    Parameters
    ----------
    name : str
        Name of the public recording.

    Returns
    -------
    list of (str, pathlib.Path or None)
        File name, and its place, None if it is not here. Where the registry lists no files,
        those that are here; empty if none is.

    Raises
    ------
    ConfigError
        If the registry does not know the recording.
    """
    entry = dataset(name)
    if entry.files:
        return [(file.name, _here(entry, file)) for file in entry.files]
    found: dict[str, Path] = {}
    for folder in folders(entry):
        for path in sorted(folder.rglob(entry.pattern)) if folder.is_dir() else ():
            if path.is_file():
                found.setdefault(path.name, path)
    return list(found.items())


def how_to_download(entry: PublicRecording) -> str:
    """How to get a recording whose files the registry does not list.

    Examples
    --------
    >>> "dandi download" in how_to_download(dataset("dandi000469"))
    True
    """
    folder = _download_folder(entry)
    command = (entry.download or "").format(folder=folder.parent)
    return (
        f"The registry does not list the files of '{entry.name}' and their checksums, so wmsim "
        f"does not download them. Make the folder '{folder.parent}' and run `{command}`, or put "
        f"files from {entry.homepage} into '{folder}'; `wmsim datasets {entry.name}` then lists "
        f"them. Licence: {entry.licence} ({entry.licence_url}); cite https://doi.org/{entry.doi}"
    )


def fetch(name: str, file_or_session: str | None = None) -> list[Path]:
    """Find files of a public recording, downloading those that are not here.

    A file that is here is checked too: one with a wrong checksum is never returned.

    Parameters
    ----------
    name : str
        Name of the public recording.
    file_or_session : str, optional
        Name of a file, or of the session in it; all files by default.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    WmsimError
        If the registry has no such recording or file, a checksum is wrong, or a file is
        not here and cannot be downloaded; the message says where to put it by hand. Always
        where the registry lists no files; the message says how to download them.
    """
    entry = dataset(name)
    if not entry.files:
        raise WmsimError(how_to_download(entry))
    files = entry.files if file_or_session is None else (entry.file(file_or_session),)
    return [_fetch_one(entry, file) for file in files]


def verify(entry: PublicRecording, file: RemoteFile, path: Path) -> Path:
    """Return the path of a file whose checksum is right.

    Parameters
    ----------
    entry : PublicRecording
        The public recording.
    file : RemoteFile
        The file that it should be.
    path : pathlib.Path
        Where it is.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    WmsimError
        If it is missing or the checksum is wrong.
    """
    found = file_sha256(existing_file(path, "recording"))
    if found != file.sha256:
        raise WmsimError(
            f"'{path}' has SHA-256 {found[:12]}... and {path.stat().st_size:,} bytes, expected "
            f"{file.sha256[:12]}... and {file.bytes:,}: it is damaged or another version. "
            f"Delete it and fetch it again, from {entry.url(file)}"
        )
    return path


def _names(path: Path) -> tuple[str, ...]:
    """What a file may be called: by its name, without suffix, and without its last part."""
    return path.name, path.stem, path.stem.rpartition("_")[0]


def _here(entry: PublicRecording, file: RemoteFile) -> Path | None:
    places = (folder / file.name for folder in folders(entry))
    return next((place for place in places if place.is_file()), None)


def _download_folder(entry: PublicRecording) -> Path:
    """``WMSIM_DATA_DIR`` if it is set and can be written to, else the cache."""
    *mine, cache = folders(entry)
    for folder in mine:
        there = next((place for place in (folder, *folder.parents) if place.is_dir()), None)
        if there is not None and os.access(there, os.W_OK):
            return folder
    return cache


def _fetch_one(entry: PublicRecording, file: RemoteFile) -> Path:
    found = _here(entry, file)
    if found is not None:
        return verify(entry, file, found)
    target = _download_folder(entry) / file.name
    with atomic_path(target) as temporary:
        _download(entry, file, temporary)
        if file_sha256(temporary) != file.sha256:
            raise WmsimError(
                f"{entry.url(file)} gave {temporary.stat().st_size:,} bytes with another checksum "
                f"than {file.sha256[:12]}... ({file.bytes:,} bytes); nothing was kept. Try again; "
                f"if it stays so, the file was changed: report it at {entry.homepage}"
            )
    return target


def _download(entry: PublicRecording, file: RemoteFile, target: Path) -> None:
    import pooch

    url = entry.url(file)
    try:
        pooch.HTTPDownloader(timeout=20)(url, str(target), None)
    except Exception as error:
        places = " or ".join(f"'{folder}'" for folder in folders(entry))
        raise WmsimError(
            f"Cannot download {url} ({type(error).__name__}). Without a network, put the file "
            f"'{file.name}' ({file.bytes:,} bytes) into {places}. Licence: {entry.licence} "
            f"({entry.licence_url}); cite https://doi.org/{entry.doi}"
        ) from error
