"""Formats of other people's recordings, by name.

Two kinds: a *preset* knows one published data set and needs nothing else; a *reader* opens any
file of a kind, and a :class:`~wmsim.recordings.importing.mapping.Mapping` says what is what in
it. Adding one is adding a module with one function and a line in :data:`PRESETS` or
:data:`READERS`. What comes out is a validated recording whose attr ``import_account`` says what
was found: dims, labels, units kept, units dropped and why.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from wmsim.errors import ConfigError, WmsimError, choose, did_you_mean
from wmsim.recordings.importing.arrays import read_arrays
from wmsim.recordings.importing.assemble import assemble
from wmsim.recordings.importing.concept_cells import import_concept_cells
from wmsim.recordings.importing.kornblith2017 import import_kornblith2017
from wmsim.recordings.importing.kyzar2024 import import_kyzar2024
from wmsim.recordings.importing.mapping import Mapping, read_mapping
from wmsim.recordings.importing.matlab import read_matlab
from wmsim.recordings.importing.mne_epochs import read_mne
from wmsim.recordings.importing.nwb import read_nwb_file
from wmsim.recordings.importing.panichello2021 import import_panichello2021
from wmsim.recordings.importing.rawdata import RawData
from wmsim.recordings.importing.tables import read_tables

AnyPath = str | os.PathLike[str]

PRESETS: dict[str, Callable[..., xr.Dataset]] = {
    "kornblith2017": import_kornblith2017,
    "sternberg-concept-cells": import_concept_cells,
    "dandi000469": import_kyzar2024,
    "panichello2021": import_panichello2021,
}
READERS: dict[str, Callable[[Sequence[Path]], RawData]] = {
    "arrays": read_arrays,
    "matlab": lambda paths: read_matlab(_single(paths, "matlab")),
    "mne": lambda paths: read_mne(_single(paths, "mne")),
    "nwb": lambda paths: read_nwb_file(_single(paths, "nwb")),
    "tables": read_tables,
}
SUFFIXES = {
    ".npz": "arrays", ".npy": "arrays", ".mat": "matlab", ".fif": "mne", ".nwb": "nwb",
    ".csv": "tables", ".tsv": "tables", ".txt": "tables", ".parquet": "tables", ".pqt": "tables",
}  # fmt: skip
BIN_OPTIONS = {"bin_width": "width", "before": "before", "after": "after"}


def import_recording(
    name: str,
    path: AnyPath | Sequence[AnyPath],
    *,
    mapping: Mapping | dict[str, Any] | AnyPath | None = None,
    **options: Any,
) -> xr.Dataset:
    """Import a recording from another program's or laboratory's file.

    Parameters
    ----------
    name : str
        A preset (``"kornblith2017"``, ...) or a kind of file: ``"tables"`` (CSV, Parquet,
        folders of .npy), ``"arrays"`` (.npz, .npy), ``"matlab"``, ``"nwb"``, ``"mne"``.
    path : path-like or sequence of path-like
        The file; several, where they belong together, for ``"tables"`` and ``"arrays"``.
    mapping : Mapping, dict or path-like, optional
        What is what in the file, for the kinds of file: settings, or a YAML file with them.
    **options
        Settings of the preset; for the kinds of file ``bin_width``, ``before`` and ``after``
        (s), which take the place of the mapping's.

    Returns
    -------
    xarray.Dataset
        A recording; :func:`account` says what was found.

    Raises
    ------
    ConfigError
        If there is no such format or option, or the mapping is wrong.
    WmsimError
        If the file cannot be read as this format, or the mapping does not fit it.

    Examples
    --------
    >>> import_recording("kornblit2017", "session.h5")
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: Unknown format 'kornblit2017'. Did you mean 'kornblith2017'? ...
    """
    paths = [Path(one) for one in ([path] if isinstance(path, (str, os.PathLike)) else path)]
    choose(name, [*PRESETS, *READERS], "format")
    for option in options:
        choose(option, option_names(name), f"option of format {name}")
    if name in READERS:
        what_is_what = _mapping(name, mapping, options)
        return assemble(READERS[name](paths), what_is_what)
    if mapping is not None:
        raise ConfigError(
            f"Format '{name}' knows what is in its files, a mapping is not used. Leave it out, or "
            f"import with one of {', '.join(READERS)}."
        )
    return PRESETS[name](_single(paths, name), **options)


def read_raw(path: AnyPath | Sequence[AnyPath], name: str | None = None) -> RawData:
    """Open a file of any known kind, without a mapping, to see what is in it.

    Parameters
    ----------
    path : path-like or sequence of path-like
        The file or files.
    name : str, optional
        Kind of file; by default its suffix says it.

    Returns
    -------
    RawData

    Raises
    ------
    WmsimError
        If the kind is not known, or the file cannot be read.
    """
    paths = [Path(one) for one in ([path] if isinstance(path, (str, os.PathLike)) else path)]
    kind = guess_format(paths[0]) if name is None else choose(name, READERS, "kind of file")
    return READERS[kind](paths)


def guess_format(path: AnyPath) -> str:
    """Kind of file that a suffix stands for; folders hold tables.

    Raises
    ------
    WmsimError
        If it is not known.

    Examples
    --------
    >>> guess_format("session.nwb")
    'nwb'
    """
    file = Path(path).expanduser()
    if file.is_dir():
        return "tables"
    if file.suffix.lower() not in SUFFIXES:
        raise WmsimError(
            f"'{file}': the suffix '{file.suffix}' is not known. "
            f"{did_you_mean(file.suffix, SUFFIXES)} Or name "
            f"the kind of file ({', '.join(READERS)}), or the published data set "
            f"({', '.join(PRESETS)})."
        )
    return SUFFIXES[file.suffix.lower()]


def option_names(name: str) -> list[str]:
    """Options of a format: a preset's keyword-only parameters, or those about bins."""
    import inspect

    if name in READERS:
        return list(BIN_OPTIONS)
    parameters = inspect.signature(PRESETS[name]).parameters.values()
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


def _single(paths: Sequence[Path], name: str) -> Path:
    if len(paths) != 1:
        raise WmsimError(
            f"Format '{name}' takes one file, found {len(paths)}. Import them one by one, then "
            "use wmsim.recordings.join or stack."
        )
    return paths[0]


def _mapping(
    name: str, given: Mapping | dict[str, Any] | AnyPath | None, options: dict[str, Any]
) -> Mapping:
    if given is None:
        raise ConfigError(
            f"Format '{name}' needs a mapping, which says what is what in the file. "
            "`wmsim import --describe FILE` writes one to fill in."
        )
    if isinstance(given, Mapping):
        mapping = given
    else:
        mapping = Mapping(**given) if isinstance(given, dict) else read_mapping(given)
    bins = {BIN_OPTIONS[option]: value for option, value in options.items()}
    return mapping.changed(bins=mapping.bins.changed(**bins)) if bins else mapping
