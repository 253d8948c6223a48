"""MNE: recordings as ``EpochsArray``, units as channels and labels as metadata, and back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.files import atomic_path
from wmsim.recordings.align import bin_edges
from wmsim.recordings.exporting.columns import (
    Columns,
    from_columns,
    read_layout,
    to_columns,
)
from wmsim.recordings.exporting.files import require_start
from wmsim.recordings.exporting.values import activity_of

if TYPE_CHECKING:
    from mne import BaseEpochs, EpochsArray

KEY = "wmsim"
LARGEST = 1_900_000_000
_FIF = (b"\x00\x00\x00\x64",)
_EVEN = 1e-3
_GRID = 0.05


def to_mne(recording: xr.Dataset) -> EpochsArray:
    """Turn a recording into MNE's ``EpochsArray``.

    Units are channels of type misc, trials are epochs, every label of trials and items
    (``image_1``, ``image_2``, ..., ``item_onset_1``) is a column of ``metadata``. MNE keeps
    activity as float64 and times on a grid of samples: where bin centres do not lie on it, a
    sample has the time at which its bin begins (up to half a bin earlier). Steps of an
    aligned recording become samples 0, 1, 2, ... at ``sfreq`` 1, so that 1 s in MNE is one
    step. ``info["description"]`` holds JSON with which :func:`from_mne` gives back the same
    recording.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording, continuous with even time bins, or aligned.

    Returns
    -------
    mne.EpochsArray
        Of shape (trial, unit, time).

    Raises
    ------
    WmsimError
        If mne is not installed, or time bins are uneven.
    SchemaError
        If the dataset is no recording.
    """
    mne = _mne()
    from pandas import DataFrame

    columns = to_columns(recording, reserved=("index",))
    rate, first = _samples(recording)
    names = _channel_names(recording["unit"].values.astype(str).tolist())
    beside = {
        "first_sample": first,
        "rate": rate,
        "channels": names,
        "unit": {name: values.tolist() for name, values in columns.unit.items()},
        "time": {name: values.tolist() for name, values in columns.time.items()},
        # FIF files keep metadata to 10 decimals only.
        "trial": {
            name: values.tolist()
            for name, values in columns.trial.items()
            if values.dtype.kind == "f" or name == columns.columns_of("trial")[0]
        },
    }
    columns.layout["mne"] = beside
    info = mne.create_info(names, rate, "misc", verbose="error")
    info["description"] = columns.text
    count = recording.sizes["trial"]
    return mne.EpochsArray(
        activity_of(recording, "trial", "unit", "time").astype(np.float64),
        info,
        events=np.stack([np.arange(count), np.zeros(count), np.ones(count)], axis=1).astype(int),
        event_id={"trial": 1},
        tmin=first / rate,
        metadata=DataFrame(_cells(columns)),
        verbose="error",
    )


def from_mne(epochs: BaseEpochs) -> xr.Dataset:
    """Turn epochs that :func:`to_mne` made into a recording, with every label.

    Parameters
    ----------
    epochs : mne.BaseEpochs
        The epochs, or a part of them: epochs, channels and times may have been chosen with
        MNE. Those of other programs are imported with ``wmsim import mne``.

    Returns
    -------
    xarray.Dataset
        A recording.

    Raises
    ------
    WmsimError
        If mne is not installed, or the epochs were not made by wmsim.
    """
    mne = _mne()
    if not isinstance(epochs, mne.BaseEpochs):
        raise WmsimError(
            f"Found a {type(epochs).__name__}, expected MNE Epochs. Files are read with load_mne."
        )
    text = epochs.info["description"]
    if epochs.metadata is None or not str(text).startswith("{"):
        raise WmsimError(
            "These epochs were not made by wmsim (info['description'] has no layout, or metadata "
            "is missing). Import them with `wmsim import mne`."
        )
    layout = read_layout(text, "info['description']")
    beside = layout.get("mne")
    if not isinstance(beside, dict):
        raise WmsimError("info['description'] holds no layout of to_mne. Make the epochs again.")
    channels = _chosen(epochs.ch_names, beside["channels"], "channel")
    times = _bins(epochs.times, beside)
    tables = {
        "unit": {n: np.array(v)[channels] for n, v in beside["unit"].items()},
        "time": {n: np.array(v)[times] for n, v in beside["time"].items()},
        "trial": _exact(epochs.metadata, beside["trial"]),
    }
    activity = epochs.get_data(copy=False).transpose(2, 1, 0)
    return from_columns(activity, tables, layout)


def save_mne(recording: xr.Dataset, path: str | os.PathLike[str]) -> Path:
    """Save a recording as epochs in MNE's FIF format.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording.
    path : path-like
        The file; MNE expects a name that ends in ``-epo.fif`` or ``_epo.fif``.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    WmsimError
        If mne is not installed, the name does not end in ``.fif``, the recording is too
        large for one file, or the file cannot be written.
    SchemaError
        If the dataset is no recording.
    """
    target = Path(path).expanduser()
    if target.suffix != ".fif":
        raise WmsimError(
            f"'{target.name}' does not end in .fif, as MNE's files do. "
            f"Name it '{target.stem}-epo.fif'."
        )
    epochs = to_mne(recording)
    double = recording["activity"].dtype.itemsize == 8
    size = recording["activity"].size * (8 if double else 4)
    if size > LARGEST:
        raise WmsimError(
            f"The activity takes {size / 1e9:.1f} GB, FIF holds at most 2 GB a file. "
            "Save fewer units or trials, or save as nwb."
        )
    with atomic_path(target) as temporary:
        named = temporary.with_name(f"{temporary.stem}-epo.fif")
        try:
            fmt = "double" if double else "single"
            epochs.save(named, fmt=fmt, overwrite=True, verbose="error")
            os.replace(named, temporary)
        finally:
            named.unlink(missing_ok=True)
    return target


def load_mne(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read a recording from a FIF file that :func:`save_mne` wrote.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    xarray.Dataset
        A recording.

    Raises
    ------
    WmsimError
        If mne is not installed, or the file is missing, damaged or not of wmsim.
    """
    mne = _mne()
    file = require_start(path, _FIF, "FIF file of MNE", "Write one with save_mne.")
    try:
        epochs = mne.read_epochs(file, verbose="error")
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WmsimError(
            f"'{file}' cannot be read as epochs of MNE ({reason}). Copy or make it again."
        ) from error
    return from_mne(epochs)


def _mne() -> Any:
    try:
        import mne
    except ImportError:
        raise WmsimError(
            "This needs MNE, which is not installed. Install it: pip install wmsim[mne]"
        ) from None
    return mne


def _samples(recording: xr.Dataset) -> tuple[float, int]:
    """Sampling rate, and the number of the first sample on MNE's grid."""
    time = recording["time"]
    if time.attrs["units"] == "step":
        return 1.0, 0
    width = float(np.diff(bin_edges(time)[0])[0])
    values = time.values.astype(float)
    if values.size > 1:
        gaps = np.diff(values)
        width = float((values[-1] - values[0]) / (values.size - 1))
        if np.abs(gaps - width).max() > _EVEN * width:
            raise WmsimError(
                f"time: bins are {gaps.min():g} to {gaps.max():g} s apart, MNE's samples are even. "
                "Bin the activity evenly, align it, or export to another format."
            )
    return 1.0 / width, int(np.floor(values[0] / width + _EVEN))


def _channel_names(units: list[str]) -> list[str]:
    """Names of units as FIF can hold them: ASCII, short, without colons; else numbered."""
    fit = [
        name.isascii() and name.isprintable() and ":" not in name and 0 < len(name) <= 15
        and name == name.strip()
        for name in units
    ]  # fmt: skip
    taken = {name for name, good in zip(units, fit, strict=True) if good}
    names = []
    for index, (name, good) in enumerate(zip(units, fit, strict=True)):
        other = f"unit{index}"
        while other in taken:
            other += "_"
        names.append(name if good else other)
    return names


def _cells(columns: Columns) -> dict[str, Any]:
    """Columns as pandas can hold them; text as objects, for every version of pandas."""
    return {
        name: values.astype(object) if values.dtype.kind == "U" else values
        for name, values in columns.trial.items()
    }


def _chosen(names: list[str], written: list[str], what: str) -> np.ndarray:
    index = {name: position for position, name in enumerate(written)}
    lost = [name for name in names if name not in index]
    if lost:
        raise WmsimError(
            f"The {what} '{lost[0]}' is not one that wmsim wrote. "
            f"Drop it with epochs.drop_channels(['{lost[0]}'])."
        )
    return np.array([index[name] for name in names], dtype=int)


def _bins(times: np.ndarray, beside: dict[str, Any]) -> np.ndarray:
    """The time bin that each sample was, also after cropping and decimating."""
    samples = times * float(beside["rate"])
    bins = np.round(samples).astype(int) - int(beside["first_sample"])
    count = len(next(iter(beside["time"].values())))
    off = np.abs(samples - np.round(samples)).max() > _GRID
    if off or bins.min() < 0 or bins.max() >= count:
        raise WmsimError(
            f"The epochs go from {times[0]:g} to {times[-1]:g} s in {times.size} samples, which "
            "are not time bins that wmsim wrote. Were they shifted or resampled? Read them before."
        )
    return bins


def _exact(metadata: Any, written: dict[str, list[Any]]) -> dict[str, np.ndarray]:
    """Metadata with numbers as they were, where FIF only rounded them."""
    columns = {str(name): np.asarray(metadata[name], dtype=object) for name in metadata.columns}
    key = next(iter(written))
    index = {str(name): position for position, name in enumerate(written[key])}
    rows = [index.get(str(name), -1) for name in columns.get(key, np.array([]))]
    if not rows or min(rows) < 0:
        return columns
    for name, values in written.items():
        if name == key or name not in columns:
            continue
        found = np.array([np.nan if v is None else v for v in columns[name]], dtype=float)
        exact = np.array(values, dtype=float)[rows]
        same = np.isclose(found, exact, rtol=1e-9, atol=1e-9, equal_nan=True)
        # Rounded up, the largest numbers become infinite.
        same |= np.isinf(found) & (np.abs(exact) > 1e307) & (np.sign(found) == np.sign(exact))
        columns[name] = np.where(same, exact, found)
    return columns
