"""Recordings out of columns that somebody else wrote: which column is which item's label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError, did_you_mean
from wmsim.recordings.build import build_recording

# What other formats call a unit's or trial's label, and what it is called here.
WORDS = {
    "neuroid_id": "unit",
    "name": "unit",
    "channel": "unit",
    "ch_name": "unit",
    "region": "area",
    "brain_area": "area",
    "animal": "subject",
}

Named = str | Sequence[str]


def build_from_columns(
    activity: np.ndarray,
    *,
    trial: Mapping[str, Any],
    unit: Mapping[str, Any],
    features: Mapping[str, Named] | None,
    time: Any,
    time_units: str,
    activity_units: str,
    source: str,
    what: str,
    onsets: Named | None = None,
    offsets: Named | None = None,
    events: Mapping[str, str] | None = None,
    shown_item: Sequence[int] | None = None,
    step_name: Sequence[str] | None = None,
    bin_width: float | None = None,
) -> xr.Dataset:
    """Build a recording from columns, told which column is which item's label.

    Parameters
    ----------
    activity : numpy.ndarray, shape (time, unit, trial)
        What the units did.
    trial, unit : mapping
        Columns with one value a trial, or unit. What is no feature, onset, offset or event
        is kept as a label under its name; names of :data:`WORDS` become wmsim's.
    features : mapping
        Feature name to the trial column of each item, in their order. NaN, None, "" and -1
        are no item; whole numbers are kept as codes, other numbers become text.
    time, time_units, activity_units, source, shown_item, step_name, bin_width
        As for :func:`~wmsim.recordings.build_recording`.
    what : str
        What the columns are called in this format, for messages.
    onsets, offsets : str or sequence of str, optional
        The trial column of each item's onset and offset, in `time_units`.
    events : mapping, optional
        Name of an event to the trial column of its times.

    Returns
    -------
    xarray.Dataset
        A recording.

    Raises
    ------
    WmsimError
        If no features are named, or a column does not exist.
    SchemaError
        If the contract is broken otherwise.
    """
    if not features:
        raise WmsimError(
            f"This was not written by wmsim, so nothing says which {what} is which item's label. "
            f"Say it: features={{'image': ['name of item 1', ...]}}. There are: "
            f"{', '.join(map(str, trial)) or 'none'}."
        )
    used: set[str] = set()
    labels = {
        name: _labels([_column(trial, column, what, used) for column in _list(columns)])
        for name, columns in features.items()
    }
    times: dict[str, Any] = {
        name: _times([_column(trial, column, what, used) for column in _list(columns)])
        for name, columns in (("item_onset", onsets), ("item_offset", offsets))
        if columns is not None
    }
    happened = {
        name: _times([_column(trial, column, what, used)])[:, 0]
        for name, column in (events or {}).items()
    }
    fixed = {"activity", "time", "item_onset", "item_offset", "shown_item", "step_name", *labels}
    return build_recording(
        activity,
        time=time,
        time_units=time_units,
        activity_units=activity_units,
        features=labels,
        source=source,
        unit=_rest(unit, set(), {*fixed, *trial}),
        trial=_rest(trial, used, fixed),
        events=happened,
        shown_item=shown_item,
        step_name=step_name,
        bin_width=bin_width,
        **times,
    )


def one_step(
    features: Mapping[str, Named] | None, shown_item: int | Sequence[int] | None
) -> list[int]:
    """``shown_item`` of data without a time axis: the only item, unless something else is said.

    Raises
    ------
    WmsimError
        If trials have several items and nobody said which was on display.
    """
    several = any(len(_list(columns)) > 1 for columns in (features or {}).values())
    if shown_item is None and several:
        raise WmsimError(
            "This data has no time axis and trials of several items: it is not known which item "
            "was on display. Give shown_item=0 for the first, ..., or -1 for none (maintenance)."
        )
    return [0] if shown_item is None else [int(item) for item in np.atleast_1d(shown_item)]


def _list(columns: Named) -> list[str]:
    return [columns] if isinstance(columns, str) else [str(column) for column in columns]


def _column(table: Mapping[str, Any], name: str, what: str, used: set[str]) -> np.ndarray:
    if name not in table:
        raise WmsimError(f"No {what} '{name}'. {did_you_mean(name, [str(n) for n in table])}")
    used.add(name)
    return np.asarray(table[name])


def _rest(table: Mapping[str, Any], used: set[str], taken: set[str]) -> dict[str, np.ndarray]:
    """Columns that are plain labels, under wmsim's names where those are free."""
    rest: dict[str, np.ndarray] = {}
    for name in table:
        values = np.asarray(table[name])
        if name in used or values.ndim != 1:
            continue
        if values.dtype.kind not in "biufOUT":
            values = values.astype(str)
        if values.dtype.kind == "O":
            values = np.array(["" if _missing(cell) else str(cell) for cell in values.tolist()])
        word = WORDS.get(str(name), str(name))
        if (word in table and word != name) or word in rest or word in taken:
            word = str(name)
        repeats = word in ("trial", "unit") and len(set(values.tolist())) < len(values)
        while word in taken or repeats:
            word, repeats = f"{word}_", False
        rest[word] = values
    return rest


def _labels(columns: list[np.ndarray]) -> np.ndarray:
    """Labels of all items, shape (trial, item): whole numbers, or text."""
    cells = [[None if _missing(cell) else cell for cell in column.tolist()] for column in columns]
    present = [cell for column in cells for cell in column if cell is not None]
    if all(isinstance(cell, int | float) and float(cell).is_integer() for cell in present):
        table = [[-1 if cell is None else int(cell) for cell in column] for column in cells]
        return np.array(table, dtype=np.int64).T
    words = [["" if cell is None else _word(cell) for cell in column] for column in cells]
    # A column of codes beside one of text still says -1 where there is no item.
    return np.array([["" if word == "-1" else word for word in column] for column in words]).T


def _word(cell: Any) -> str:
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def _times(columns: list[np.ndarray]) -> np.ndarray:
    """Times of all items, shape (trial, item)."""
    numbers = []
    for column in columns:
        try:
            numbers.append(np.array([np.nan if c is None else c for c in column.tolist()], float))
        except (TypeError, ValueError):
            raise WmsimError(
                f"Times were expected, found {column.ravel()[:3].tolist()}. Name columns of "
                "numbers."
            ) from None
    return np.stack(numbers, axis=1)


def _missing(cell: Any) -> bool:
    return cell is None or cell != cell or (isinstance(cell, str) and not cell)
