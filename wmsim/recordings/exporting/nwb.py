"""NWB: a recording as units table, trials table and activity, and back.

A recording's time is relative to each trial; NWB has one clock. Trials are laid one after
the other on a clock that begins at 0, with a gap between them, so that no two overlap.
Labels are columns: of ``/units`` one row a unit (no spike times: a recording has none), of
the trials table one a label (``image_1``, ``image_2``, ...). Times of items and events are
there twice: absolute, as other programs expect (``item_1_onset``, ``probe_time``), and as
they were recorded (``item_onset_1``, ``event_probe``), so that nothing is lost to rounding.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
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
from wmsim.recordings.exporting.files import require_own_hdf5
from wmsim.recordings.exporting.values import activity_of

if TYPE_CHECKING:
    from pynwb import NWBFile
    from pynwb.epoch import TimeIntervals
    from pynwb.misc import Units

KEY = "wmsim"
GAP = 1.0
_RESERVED = (
    *("id", "start_time", "stop_time", "time_zero", "tags", "timeseries"),
    *("spike_times", "obs_intervals", "electrodes", "electrode_group"),
    *("waveform_mean", "waveform_sd", "waveforms", "colnames", "description"),
    *("columns", "name", "parent", "children", "object_id", "data", "meanings_tables"),
)
_BLOCK = 2**24


def save_nwb(
    recording: xr.Dataset,
    path: str | os.PathLike[str],
    *,
    session_start_time: datetime | None = None,
    session_description: str | None = None,
) -> Path:
    """Save a recording as an NWB file; the activity is read in blocks of trials.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording, continuous or aligned. One step of an aligned recording takes 1 s of
        the file's clock.
    path : path-like
        The file, usually ``.nwb``.
    session_start_time : datetime.datetime, optional
        When the session began; when the recording was made (attr ``created_at``) by
        default, and then ``notes`` say that the session's date is not known.
    session_description : str, optional
        What the session was.

    Returns
    -------
    pathlib.Path
        The file: ``/units``, ``/intervals/trials``, and ``/processing/wmsim/activity`` of
        shape (trial x time, unit) with timestamps in s; what NWB has no place for is JSON
        in ``/scratch/wmsim``.

    Raises
    ------
    SchemaError
        If the dataset is no recording.
    WmsimError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from wmsim.recordings import build_recording
    >>> recording = build_recording(
    ...     np.zeros((2, 3, 4)), time=[0, 1], time_units="step", activity_units="a.u.",
    ...     features={"image": ([[0, 1]] * 4, ["cup", "car"])}, shown_item=[0, 1],
    ...     source="model",
    ... )
    >>> file = save_nwb(recording, Path(tempfile.mkdtemp()) / "a.nwb")
    >>> read_nwb(file).identical(recording)
    True
    """
    from pynwb import NWBHDF5IO

    columns = to_columns(recording, reserved=_reserved(recording))
    # NWB has no table of time bins: their labels go beside the layout.
    columns.layout["time"] = {name: values.tolist() for name, values in columns.time.items()}
    file = _nwb_file(recording, columns, session_start_time, session_description)
    start = _trial_starts(recording)
    file.units = _units(columns)
    file.trials = _trials(recording, columns, start)
    module = file.create_processing_module(KEY, "Activity of the units, trial after trial")
    module.add(_activity(recording, start))
    file.add_scratch(
        columns.text, name=KEY, description="JSON that wmsim needs to read the recording back"
    )
    target = Path(path).expanduser()
    with atomic_path(target) as temporary, NWBHDF5IO(str(temporary), "w") as opened:
        opened.write(file)
    return target


def read_nwb(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read a recording from an NWB file that :func:`save_nwb` wrote.

    Parameters
    ----------
    path : path-like
        The file. NWB files of other programs are imported with ``wmsim import nwb``.

    Returns
    -------
    xarray.Dataset
        A recording.

    Raises
    ------
    WmsimError
        If the file is missing, damaged, or was not written by wmsim.
    """
    from pynwb import NWBHDF5IO

    file = require_own_hdf5(path, "file of NWB", "Write one with save_nwb.")
    try:
        with NWBHDF5IO(str(file), "r") as opened:
            nwb = opened.read()
            layout = nwb.scratch[KEY].data if nwb.scratch and KEY in nwb.scratch else None
            if layout is None:
                raise WmsimError(
                    f"'{file}' is NWB, but not of wmsim: it has no /scratch/{KEY}. "
                    "Import it with `wmsim import nwb`."
                )
            values = np.asarray(nwb.processing[KEY]["activity"].data[()])
            tables = {"trial": _table(nwb.trials), "unit": _table(nwb.units)}
    except WmsimError:
        raise
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WmsimError(
            f"'{file}' cannot be read as NWB ({reason}). Copy or make it again."
        ) from error
    kept = read_layout(layout, f"'{file}', /scratch/{KEY}")
    tables["time"] = kept.get("time", {})
    trials, units = (len(next(iter(tables[axis].values()))) for axis in ("trial", "unit"))
    return from_columns(values.reshape(trials, -1, units).transpose(1, 2, 0), tables, kept)


def _nwb_file(
    recording: xr.Dataset,
    columns: Columns,
    session_start_time: datetime | None,
    session_description: str | None,
) -> NWBFile:
    from pynwb import NWBFile
    from pynwb.file import Subject

    notes = f"Written by wmsim; times are on a clock of the file, {GAP:g} s between two trials."
    if recording["time"].attrs["units"] == "step":
        notes += " Time counts steps: 1 s is one step."
    if session_start_time is None:
        session_start_time = _created(recording)
        notes += " The session's date is not known: session_start_time is when the data was made."
    subjects = set(recording["subject"].values.astype(str)) if "subject" in recording else set()
    subject = subjects.pop() if len(subjects) == 1 else ""
    return NWBFile(
        session_description=session_description
        or f"Recording of wmsim, source: {recording.attrs['source']}",
        identifier=hashlib.sha256(columns.text.encode()).hexdigest()[:32],
        session_start_time=session_start_time,
        notes=notes,
        subject=Subject(subject_id=subject) if subject else None,
    )


def _created(recording: xr.Dataset) -> datetime:
    try:
        created = datetime.fromisoformat(str(recording.attrs["created_at"]))
    except (KeyError, ValueError):
        return datetime(1970, 1, 1, tzinfo=UTC)
    return created if created.tzinfo else created.replace(tzinfo=UTC)


def _reserved(recording: xr.Dataset) -> tuple[str, ...]:
    items = recording.sizes.get("item", 0)
    absolute = [f"item_{i + 1}_{edge}" for i in range(items) for edge in ("onset", "offset")]
    return (*_RESERVED, *absolute, *(f"{name}_time" for name in _events(recording)))


def _events(recording: xr.Dataset) -> list[str]:
    names = [str(name) for name in recording.variables]
    return [name.removeprefix("event_") for name in names if name.startswith("event_")]


def _trial_starts(recording: xr.Dataset) -> np.ndarray:
    """When each trial starts on the file's clock, in s."""
    edges = bin_edges(recording["time"])
    return np.arange(recording.sizes["trial"]) * (edges.max() - edges.min() + GAP)


def _units(columns: Columns) -> Units:
    from pynwb.misc import Units

    return Units(
        name="units",
        description="One row a unit; the columns of 'activity' are in this order",
        columns=[_column(name, values, "label of units") for name, values in columns.unit.items()],
    )


def _trials(recording: xr.Dataset, columns: Columns, start: np.ndarray) -> TimeIntervals:
    from pynwb.epoch import TimeIntervals

    edges = bin_edges(recording["time"])
    zero = start - edges.min()
    clock = "s on the file's clock"
    made = [
        _column("start_time", start, f"start of what was recorded, {clock}"),
        _column("stop_time", start + (edges.max() - edges.min()), f"its end, {clock}"),
        _column("time_zero", zero, f"the trial's time 0, {clock}"),
    ]
    for edge in ("onset", "offset"):
        if f"item_{edge}" in recording.variables:
            for item, times in enumerate(recording[f"item_{edge}"].values.T):
                text = f"{edge} of item {item + 1}, {clock}; NaN: no such item"
                made.append(_column(f"item_{item + 1}_{edge}", times + zero, text))
    for name in _events(recording):
        times = recording[f"event_{name}"].values.astype(float)
        made.append(_column(f"{name}_time", times + zero, f"event '{name}', {clock}"))
    timed = [f"{name}_{edge}" for name in ("item", "recorded_item") for edge in ("onset", "offset")]
    for name, values in columns.trial.items():
        relative = name.startswith("event_") or name.rpartition("_")[0] in timed
        text = "as recorded, from the trial's time 0" if relative else "label of trials or items"
        made.append(_column(name, values, text))
    return TimeIntervals(name="trials", description="One row a trial", columns=made)


def _column(name: str, values: np.ndarray, description: str) -> Any:
    from hdmf.common import VectorData

    data = values.tolist() if values.dtype.kind in "OUT" else values
    return VectorData(name=name, description=description, data=data)


def _activity(recording: xr.Dataset, start: np.ndarray) -> Any:
    from hdmf.backends.hdf5.h5_utils import H5DataIO
    from hdmf.data_utils import DataChunkIterator
    from pynwb import TimeSeries

    activity = recording["activity"]
    data = DataChunkIterator(
        data=_rows(recording),
        maxshape=(activity.sizes["trial"] * activity.sizes["time"], activity.sizes["unit"]),
        dtype=np.dtype(np.float32 if activity.dtype.itemsize < 8 else np.float64),
        buffer_size=256,
    )
    times = recording["time"].values.astype(float) - bin_edges(recording["time"]).min()
    return TimeSeries(
        name="activity",
        data=H5DataIO(data, compression="gzip", shuffle=True),
        timestamps=(start[:, None] + times[None, :]).ravel(),
        unit=str(activity.attrs.get("units", "")) or "unknown",
        description=(
            f"{activity.attrs.get('long_name', 'activity')}: one row a time bin of a trial, "
            "trial after trial; one column a row of /units; NaN: not recorded"
        ),
    )


def _rows(recording: xr.Dataset) -> Iterator[np.ndarray]:
    """Rows of activity, one a time bin, read in blocks of trials."""
    sizes = recording.sizes
    each = max(1, _BLOCK // max(1, sizes["time"] * sizes["unit"]))
    for first in range(0, sizes["trial"], each):
        part = recording[["activity"]].isel(trial=slice(first, first + each))
        yield from activity_of(part, "trial", "time", "unit").reshape(-1, sizes["unit"])


def _table(table: Any) -> dict[str, Any]:
    return {name: np.asarray(table[name].data[()]) for name in table.colnames}
