"""MNE-Python's Epochs, with their metadata, as raw data."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wmsim.errors import WmsimError
from wmsim.files import existing_file
from wmsim.recordings.importing.rawdata import RawData, Values
from wmsim.recordings.importing.spikes import IN_MEMORY

if TYPE_CHECKING:
    import mne

_CUT = "mne.Epochs(raw, events, event_id, metadata=table).save('NAME-epo.fif')"
OTHERS = {
    ".set": "mne.read_epochs_eeglab('NAME.set').save('NAME-epo.fif')",
    ".vhdr": f"raw = mne.io.read_raw_brainvision('NAME.vhdr'), then {_CUT}",
    ".edf": f"raw = mne.io.read_raw_edf('NAME.edf'), then {_CUT}",
    ".bdf": f"raw = mne.io.read_raw_bdf('NAME.bdf'), then {_CUT}",
    ".cnt": f"raw = mne.io.read_raw_cnt('NAME.cnt'), then {_CUT}",
    ".ds": f"raw = mne.io.read_raw_ctf('NAME.ds'), then {_CUT}",
    ".mff": f"raw = mne.io.read_raw_egi('NAME.mff'), then {_CUT}",
}
UNITS = {"mag": "T", "grad": "T/m", "ref_meg": "T", "hbo": "M", "hbr": "M"}


def read_mne(epochs: str | os.PathLike[str] | mne.BaseEpochs) -> RawData:
    """Read epochs of MNE-Python: EEG, MEG, iEEG.

    Parameters
    ----------
    epochs : path-like or mne.BaseEpochs
        A file ``...-epo.fif``, or epochs in memory.

    Returns
    -------
    RawData
        ``data`` (trial, unit, time), in V for electrodes and T for magnetometers; ``time`` in
        s; ``metadata.<column>`` and ``events.name``, ``events.code`` over trials;
        ``channels.name``, ``channels.type``, ``channels.bad`` over units. Large files stay on
        disk, as a lazy dask array.

    Raises
    ------
    WmsimError
        If MNE-Python is not installed, or the file is missing, damaged or holds no epochs.
    """
    try:
        import mne
    except ImportError:
        raise WmsimError(
            "Reading MNE's epochs needs MNE-Python, which is not installed. Install it: "
            "pip install wmsim[mne]"
        ) from None
    if isinstance(epochs, mne.BaseEpochs):
        return _raw(epochs, Path(epochs.filename or "epochs"))
    if not isinstance(epochs, (str, os.PathLike)):
        raise WmsimError(
            f"Found a {type(epochs).__name__}, expected a file -epo.fif or mne.Epochs. "
            "Cut continuous data into epochs: mne.Epochs(raw, events)."
        )
    file = _fif(Path(epochs).expanduser())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _raw(mne.read_epochs(file, preload=False, verbose="ERROR"), file)
    except WmsimError:
        raise
    except Exception as error:  # MNE has no error of its own for damaged files
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WmsimError(
            f"'{file}' holds no epochs that can be read: it is truncated, damaged, or holds "
            f"something else ({reason[:200]}). Copy it again; cut continuous data into epochs: "
            f"{_CUT}."
        ) from None


def _fif(path: Path) -> Path:
    how = OTHERS.get(path.suffix.lower())
    if how is not None:
        raise WmsimError(
            f"'{path}' is no file of epochs of MNE (-epo.fif). Convert it in Python: {how}."
        )
    file = existing_file(path, "file of epochs (-epo.fif)")
    if not file.name.lower().endswith((".fif", ".fif.gz")):
        raise WmsimError(
            f"'{file}' ends in '{file.suffix}', expected epochs of MNE (-epo.fif). Read it with "
            "MNE-Python and save it with Epochs.save('NAME-epo.fif')."
        )
    return file


def _raw(epochs: mne.BaseEpochs, path: Path) -> RawData:
    if len(epochs) == 0:
        raise WmsimError(
            f"'{path.name}' has no epoch, expected one at least. Were all dropped? See "
            "Epochs.drop_log."
        )
    names = {code: name for name, code in epochs.event_id.items()}
    codes = np.asarray(epochs.events[:, 2])
    kinds = epochs.get_channel_types()
    bads = set(epochs.info["bads"])
    variables: dict[str, Values] = {
        "data": _data(epochs),
        "time": np.asarray(epochs.times, dtype=float),
        "channels.name": np.array(epochs.ch_names),
        "channels.type": np.array(kinds),
        "channels.bad": np.array([name in bads for name in epochs.ch_names]),
        "events.name": np.array([names.get(code, str(code)) for code in codes.tolist()]),
        "events.code": codes,
    }
    if epochs.metadata is not None:
        for column in epochs.metadata.columns:
            variables[f"metadata.{column}"] = _column(epochs.metadata[column])
    units = [
        f"{count} {kind} in {UNITS.get(kind, 'V')}"
        for kind, count in sorted(Counter(kinds).items())
    ]
    notes = [f"channels: {', '.join(units)}"]
    if bads:
        notes.append(f"bad channels: {', '.join(sorted(bads))} (units: keep: channels.bad: false)")
    subject = (epochs.info.get("subject_info") or {}).get("his_id")
    attrs = {"subject": str(subject)} if subject else {}
    return RawData(path, "MNE epochs", variables, attrs, notes)


def _data(epochs: mne.BaseEpochs) -> Any:
    """Activity (trial, unit, time), lazy where it is large and still on disk."""
    shape = (len(epochs), len(epochs.ch_names), len(epochs.times))
    if epochs.preload or np.prod(shape) <= IN_MEMORY:
        return epochs.get_data(verbose="ERROR")
    import dask
    import dask.array

    _block(epochs, shape[0] - 1, shape[0])  # a truncated file is found out now
    each = max(1, 2**24 // (shape[1] * shape[2]))
    make = dask.delayed(_block, pure=False)
    source = dask.delayed(epochs, pure=False, traverse=False)
    blocks = [
        dask.array.from_delayed(
            make(source, first, min(first + each, shape[0])),
            (min(each, shape[0] - first), *shape[1:]),
            dtype=np.float64,
        )
        for first in range(0, shape[0], each)
    ]
    return dask.array.concatenate(blocks)


def _block(epochs: mne.BaseEpochs, first: int, last: int) -> np.ndarray:
    return epochs.get_data(item=slice(first, last), verbose="ERROR")


def _column(column: Any) -> np.ndarray:
    """A column of metadata: numbers with NaN, booleans, or text that is empty where missing."""
    from pandas.api import types

    if types.is_bool_dtype(column) and not column.hasnans:
        return column.to_numpy(dtype=bool)
    if types.is_numeric_dtype(column):
        gaps = bool(column.isna().any())
        return column.to_numpy(dtype=float, na_value=np.nan) if gaps else column.to_numpy()
    absent = column.isna().to_numpy()
    cells = ["" if gone else cell for cell, gone in zip(column.tolist(), absent, strict=True)]
    return np.array([str(cell) if _plain(cell) else cell for cell in cells], dtype=object)


def _plain(cell: Any) -> bool:
    return not isinstance(cell, (int, float, np.number))
