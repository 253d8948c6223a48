"""Formats of other people's recordings, by name.

Adding a format is adding a module with one function and a line in :data:`IMPORTERS`. An
importer returns a validated recording whose attr ``import_account`` says what was found:
dims, labels, units kept, units dropped and why.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import xarray as xr

from wmsim.errors import WmsimError, choose
from wmsim.recordings.importing.kornblith2017 import import_kornblith2017

IMPORTERS: dict[str, Callable[..., xr.Dataset]] = {
    "kornblith2017": import_kornblith2017,
}


def import_recording(name: str, path: str | os.PathLike[str], **options: Any) -> xr.Dataset:
    """Import a file of a known format as a recording.

    Parameters
    ----------
    name : str
        Name of the format, a key of :data:`IMPORTERS`.
    path : path-like
        The file.
    **options
        Settings of the format's importer.

    Returns
    -------
    xarray.Dataset
        A recording; :func:`account` says what was found.

    Raises
    ------
    ConfigError
        If there is no such format.
    WmsimError
        If the file cannot be read as this format, or an option does not exist.

    Examples
    --------
    >>> import_recording("kornblit2017", "session.h5")
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: Unknown format 'kornblit2017'. Did you mean 'kornblith2017'? ...
    """
    importer = IMPORTERS[choose(name, IMPORTERS, "format")]
    for option in options:
        choose(option, option_names(importer), f"option of format {name}")
    return importer(path, **options)


def option_names(importer: Callable[..., xr.Dataset]) -> list[str]:
    """Names of an importer's options: its keyword-only parameters."""
    import inspect

    parameters = inspect.signature(importer).parameters.values()
    return [p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]


def account(dataset: xr.Dataset) -> str:
    """What an importer found: dims, labels, units kept, units dropped and why.

    Parameters
    ----------
    dataset : xarray.Dataset
        An imported recording.

    Returns
    -------
    str

    Raises
    ------
    WmsimError
        If the recording was not imported.
    """
    text = dataset.attrs.get("import_account")
    if not text:
        raise WmsimError(
            "This recording has no attr import_account: it was not imported by wmsim. "
            "Use wmsim.recordings.describe to see what it holds."
        )
    return str(text)
