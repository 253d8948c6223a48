"""Long tables as CSV or Parquet files, written in blocks of trials, and read back."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import xarray as xr

from wmsim.errors import WmsimError
from wmsim.files import atomic_path, existing_file, write_text
from wmsim.recordings.exporting.columns import LAYOUT, to_columns
from wmsim.recordings.exporting.files import require_start
from wmsim.recordings.exporting.frame import KEY, frames, from_frame
from wmsim.recordings.exporting.values import parsed

ROWS = 2**20
_SUFFIXES = {".csv": "csv", ".parquet": "parquet", ".pq": "parquet"}


def save_table(recording: xr.Dataset, path: str | os.PathLike[str], *, rows: int = ROWS) -> Path:
    """Save a recording as a long table: CSV or Parquet, by the file's name.

    Only about `rows` rows are in memory at a time, whatever the size of the recording.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording.
    path : path-like
        The file, ending in ``.csv`` or ``.parquet``.
    rows : int
        About the number of rows of a block; a block holds one trial at least.

    Returns
    -------
    pathlib.Path
        The file. Columns are those of :func:`~wmsim.recordings.exporting.to_frame`.

    Raises
    ------
    WmsimError
        If the name ends otherwise, or the file cannot be written.
    SchemaError
        If the dataset is no recording.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from wmsim.recordings import build_recording
    >>> recording = build_recording(
    ...     np.zeros((2, 3, 4)), time=[0, 1], time_units="step", activity_units="a.u.",
    ...     features={"image": ([[0, 1]] * 4, ["cup", "car"])}, shown_item=[0, 1],
    ...     source="model",
    ... )
    >>> file = save_table(recording, Path(tempfile.mkdtemp()) / "a.csv")
    >>> print(file.read_text()[:60])
    "trial","unit","time","activity","image_1","image_2","shown_
    >>> read_table(file).identical(recording)
    True
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        raise WmsimError(
            f"'{Path(path).name}' ends in '{suffix}', expected one of {', '.join(_SUFFIXES)}. "
            "Rename it."
        )
    return {"csv": save_csv, "parquet": save_parquet}[_SUFFIXES[suffix]](recording, path, rows=rows)


def save_csv(recording: xr.Dataset, path: str | os.PathLike[str], *, rows: int = ROWS) -> Path:
    """Save a recording as a CSV table, with its layout beside it in ``<name>.json``.

    CSV knows no types; :func:`read_table` needs the second file to give back the same
    recording, other programs do not.

    Parameters
    ----------
    recording, path, rows
        As for :func:`save_table`.

    Returns
    -------
    pathlib.Path
        The CSV file, in UTF-8.
    """
    columns = to_columns(recording)
    target = Path(path).expanduser()
    with atomic_path(target) as temporary:
        with temporary.open("w", encoding="utf-8", newline="") as stream:
            for number, block in enumerate(frames(recording, columns, rows=rows)):
                # All text is in quotes, so that line ends within it are kept.
                block.to_csv(
                    stream, index=False, header=number == 0, lineterminator="\n",
                    quoting=csv.QUOTE_NONNUMERIC,
                )  # fmt: skip
        write_text(_beside(target), columns.text + "\n")
    return target


def save_parquet(recording: xr.Dataset, path: str | os.PathLike[str], *, rows: int = ROWS) -> Path:
    """Save a recording as a Parquet table; its layout is in the file's metadata.

    Parameters
    ----------
    recording, path, rows
        As for :func:`save_table`.

    Returns
    -------
    pathlib.Path
        The file.
    """
    import pyarrow
    import pyarrow.parquet

    columns = to_columns(recording)
    target = Path(path).expanduser()
    with atomic_path(target) as temporary:
        writer = None
        try:
            for block in frames(recording, columns, rows=rows):
                table = pyarrow.Table.from_pandas(block, preserve_index=False)
                if writer is None:
                    metadata = {**(table.schema.metadata or {}), KEY: columns.text}
                    schema = table.schema.with_metadata(metadata)
                    writer = pyarrow.parquet.ParquetWriter(temporary, schema, compression="zstd")
                writer.write_table(table.cast(schema))
        finally:
            if writer is not None:
                writer.close()
    return target


def read_table(path: str | os.PathLike[str], **options: Any) -> xr.Dataset:
    """Read a recording from a long table, CSV or Parquet, all of it into memory.

    Parameters
    ----------
    path : path-like
        A file that :func:`save_table` wrote, or any long table.
    **options
        Passed to :func:`~wmsim.recordings.exporting.from_frame`; needed for tables that
        wmsim did not write.

    Returns
    -------
    xarray.Dataset
        A recording.

    Raises
    ------
    WmsimError
        If the file is missing, damaged or of another kind, or a column is missing.
    """
    file = existing_file(path, "table")
    kind = _SUFFIXES.get(file.suffix.lower())
    starts = (b"PAR1",) if kind == "parquet" else ()
    require_start(file, starts, "table (CSV or Parquet)", "Write one with save_table.")
    if kind is None:
        raise WmsimError(
            f"'{file}' ends in '{file.suffix}', expected one of {', '.join(_SUFFIXES)}. Rename it."
        )
    try:
        frame = _read_parquet(file) if kind == "parquet" else _read_csv(file)
    except WmsimError:
        raise
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WmsimError(
            f"'{file}' cannot be read as {kind} ({reason}). Copy or make it again."
        ) from error
    return from_frame(frame, **options)


def _read_parquet(file: Path) -> Any:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(file)
    frame = table.to_pandas()
    text = (table.schema.metadata or {}).get(KEY.encode())
    if text is not None:
        frame.attrs[KEY] = text.decode()
    return frame


def _read_csv(file: Path) -> Any:
    import pandas

    layout = _beside(file)
    ours = layout.is_file() and _is_layout(layout)
    if not ours:
        return pandas.read_csv(file, encoding="utf-8")
    # The layout says what is a number; "NA", "1" and "" may be labels.
    frame = pandas.read_csv(file, encoding="utf-8", dtype=str, keep_default_na=False)
    if "activity" in frame:
        frame["activity"] = parsed(frame["activity"], float)
    frame.attrs[KEY] = layout.read_text(encoding="utf-8")
    return frame


def _beside(target: Path) -> Path:
    return target.with_name(f"{target.name}.json")


def _is_layout(file: Path) -> bool:
    try:
        return json.loads(file.read_text(encoding="utf-8"))["layout"] == LAYOUT
    except (ValueError, KeyError, TypeError):
        return False
