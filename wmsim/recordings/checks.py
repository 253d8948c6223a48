"""The single checks of a recording; each yields sentences: found, expected, remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from wmsim.recordings import schema
from wmsim.recordings.labels import feature_names, label_names
from wmsim.recordings.schema import ACTIONS, NO_ITEM, TIME_UNITS, Variable

_KINDS = {
    schema.TEXT: "OUT",
    schema.INTEGER: "iu",
    schema.NUMBER: "fiu",
    schema.FLOAT: "f",
    schema.TRUTH: "b",
}
_TOLERANCE = 1e-6
# In s; what lasts longer has another unit of time, or was not cut into trials.
LONGEST_TRIAL = 600
# Units in one packed piece of a file that wmsim saves.
FILE_UNITS = 16


def all_problems(dataset: xr.Dataset, *, values: bool) -> Iterator[str]:
    """Every problem of content, of the variables that are sound in themselves.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording without those variables whose dims or type are wrong.
    values : bool
        Whether to read the activity.

    Yields
    ------
    str
        A problem: variable, found, expected, remedy.
    """
    for dim in ("unit", "trial"):
        yield from names_differ(dataset, dim)
    yield from time_axis(dataset)
    yield from features(dataset)
    yield from actions(dataset)
    yield from steps(dataset)
    yield from onsets(dataset)
    yield from events(dataset)
    if values and "activity" in dataset.variables:
        yield from silent_units(dataset)


def dims_problem(dataset: xr.Dataset, variable: xr.Variable, known: Variable) -> str | None:
    """Say how a variable's dims differ from the contract, None if they do not."""
    if variable.dims == known.dims:
        return None
    found = ", ".join(f"{dim}: {size}" for dim, size in variable.sizes.items()) or "none"
    wanted = ", ".join(
        f"{dim}: {dataset.sizes[dim]}" if dim in dataset.sizes else dim for dim in known.dims
    )
    if set(variable.dims) == set(known.dims):
        remedy = f"Bring them in order with .transpose({', '.join(map(repr, known.dims))})."
    elif variable.ndim == len(known.dims):
        remedy = "Rename its dims, and give it one value for each."
    else:
        remedy = "Give it these dims."
    return f"has dims ({found}), expected ({wanted}). {remedy}"


def type_problem(variable: xr.Variable, known: Variable) -> str | None:
    """Say how a variable's type differs from the contract, None if it does not."""
    if any(variable.dtype.kind in _KINDS[kind] for kind in known.types):
        return None
    wanted = " or ".join(known.types)
    if schema.INTEGER in known.types and variable.dtype.kind == "f":
        remedy = "Where there is no value write -1, then use .astype(int)."
    elif schema.FLOAT in known.types:
        remedy = "Convert it with .astype('float32')."
    else:
        remedy = "Convert it with .astype(...)."
    return f"has type {variable.dtype}, expected {wanted}. {remedy}"


def text_problem(values: np.ndarray) -> str | None:
    """Say what is wrong with text: other types among it, or what no file can hold."""
    cells = values.ravel().tolist()
    kinds = {type(cell).__name__ for cell in cells}
    if kinds - {"str"}:
        return (
            f"has mixed types ({', '.join(sorted(kinds))}), expected text only. "
            "Write '' where there is no value and str(...) elsewhere."
        )
    for text in set(cells):
        if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            return f"holds {text!r}, which netCDF cannot store. Leave out NUL and surrogates."
    return None


def names_differ(dataset: xr.Dataset, dim: str) -> Iterator[str]:
    """Units and trials have a different name each."""
    if dim not in dataset.variables:
        return
    names, counts = np.unique(dataset[dim].values.astype(str), return_counts=True)
    if (counts > 1).any():
        yield (
            f"{dim}: the name {str(names[counts > 1][0])!r} occurs {counts.max()} times, expected "
            f"a different name for each {dim}. Put the session in front of it, or number them."
        )


def time_axis(dataset: xr.Dataset) -> Iterator[str]:
    """Time increases and is in known units."""
    if "time" not in dataset.variables:
        return
    units = dataset["time"].attrs.get("units")
    if units not in TIME_UNITS:
        yield (
            f"time: attr units is {units!r}, expected 's' or 'step'. "
            "Convert to seconds and set dataset['time'].attrs['units'] = 's'."
        )
    values = dataset["time"].values
    if not np.isfinite(values).all():
        yield "time: holds NaN or infinity, expected numbers. Give every bin its time."
        return
    late = np.flatnonzero(np.diff(values) <= 0)
    if late.size:
        at = int(late[0])
        yield (
            f"time: goes from {values[at]:g} to {values[at + 1]:g} at position {at + 1}, expected "
            "values that increase. Sort with dataset.sortby('time') and drop what is there twice."
        )
    elif units == "s" and values.size and np.ptp(values) > LONGEST_TRIAL:
        yield (
            f"time: goes from {values[0]:g} to {values[-1]:g} s, expected trials of at most "
            f"{LONGEST_TRIAL} s. This looks like milliseconds: divide it, item_onset, item_offset "
            "and events by 1000. Cut a recording that goes on and on into trials."
        )


def features(dataset: xr.Dataset) -> Iterator[str]:
    """There is a feature, its codes have names, and each trial has an item."""
    names = feature_names(dataset)
    if not names:
        held = [str(n) for n, v in dataset.variables.items() if v.dims == ("trial", "item")]
        found = f"({', '.join(held)} over (trial, item) have no such attr)" if held else ""
        yield (
            f"features: no sound variable has attr role='feature' {found}, expected at least one "
            "over (trial, item). Set dataset['image'].attrs['role'] = 'feature', or the like."
        )
        return
    present: np.ndarray = np.zeros((1, 1), dtype=bool)
    for name in names:
        variable = dataset[name]
        yield from _codes(name, variable)
        present = present | item_present(variable)
    empty = np.flatnonzero(~np.asarray(present).any(axis=1))
    if empty.size:
        yield (
            f"{', '.join(names)}: {empty.size} trials have no item (the first at position "
            f"{empty[0]}), expected one at least. Leave these trials out."
        )


def item_present(variable: xr.DataArray) -> np.ndarray:
    """Where a label says that there is an item; shape (trial, item)."""
    if variable.dtype.kind in "iu":
        return variable.values != int(variable.attrs.get("no_item", NO_ITEM))
    return variable.values.astype(str) != ""


def actions(dataset: xr.Dataset) -> Iterator[str]:
    """Targets and responses are the three actions."""
    for name in ("target", "response"):
        if name not in dataset.variables:
            continue
        values = dataset[name].values
        allowed: list[Any] = ["", *ACTIONS] if values.dtype.kind not in "iu" else [-1, 0, 1, 2]
        found = [value for value in np.unique(values).tolist() if value not in allowed]
        if found:
            yield (
                f"{name}: found {found[0]!r}, expected one of {', '.join(map(repr, allowed))} "
                "(no item, no action, non-match, match). Recode it."
            )


def _codes(name: str, variable: xr.DataArray) -> Iterator[str]:
    if variable.dtype.kind not in "iu":
        return
    try:
        labels = label_names(variable.attrs)
    except ValueError as error:
        yield (
            f"{name}: {error}, expected a list of names as JSON text. "
            f"Set dataset['{name}'].attrs['labels'] = json.dumps([...])."
        )
        return
    values = variable.values[item_present(variable)]
    if labels is not None and values.size and (values.min() < 0 or values.max() >= len(labels)):
        wrong = values.min() if values.min() < 0 else values.max()
        yield (
            f"{name}: found the code {wrong}, but attr labels has {len(labels)} names, for 0 to "
            f"{len(labels) - 1}. Add the missing names, or write -1 where there is no item."
        )


def steps(dataset: xr.Dataset) -> Iterator[str]:
    """Steps of an aligned recording show items that exist, each once."""
    if "shown_item" not in dataset.variables:
        return
    shown = dataset["shown_item"].values
    items = dataset.sizes.get("item", 0)
    wrong = shown[(shown < -1) | (shown >= items)]
    if wrong.size:
        yield (
            f"shown_item: found {wrong[0]}, expected -1 (none) to {items - 1}, for there are "
            f"{items} items. Count items from 0."
        )
    numbers, counts = np.unique(shown[shown >= 0], return_counts=True)
    if (counts > 1).any():
        yield (
            f"shown_item: item {numbers[counts > 1][0]} is shown at {counts.max()} steps, expected "
            "one step an item. Average the steps of an item, or leave shown_item out and use align."
        )


def onsets(dataset: xr.Dataset) -> Iterator[str]:
    """Onsets lie within time, in order, without overlap, and where there are labels."""
    if "item_onset" not in dataset.variables:
        return
    onset = dataset["item_onset"].values.astype(float)
    yield from _within_time(dataset, "item_onset")
    filled = np.fmax.accumulate(onset, axis=1)
    early = (onset[:, 1:] <= filled[:, :-1]).any(axis=1)
    if early.any():
        trial = int(np.argmax(early))
        yield (
            f"item_onset: does not increase from item to item in {early.sum()} trials (position "
            f"{trial}: {_numbers(onset[trial])}). Put the items of a trial in order of time."
        )
    for name in feature_names(dataset):
        lost = item_present(dataset[name]) & np.isnan(onset)
        if lost.any():
            yield (
                f"item_onset: is NaN for {lost.sum()} items that have a label in {name}. "
                "Give their onsets, or take the label away (-1, '')."
            )
    if "item_offset" in dataset.variables:
        yield from _offsets(onset, dataset["item_offset"].values.astype(float))


def _offsets(onset: np.ndarray, offset: np.ndarray) -> Iterator[str]:
    if (offset < onset).any():
        trial = int(np.argmax((offset < onset).any(axis=1)))
        yield (
            f"item_offset: comes before item_onset in trial {trial} ({_numbers(offset[trial])} "
            f"after {_numbers(onset[trial])}). Exchange or correct them."
        )
        return
    reached = np.fmax.accumulate(offset, axis=1)[:, :-1]
    late = (reached > onset[:, 1:] + _TOLERANCE).any(axis=1)
    if late.any():
        trial = int(np.argmax(late))
        yield (
            f"item_offset: items overlap in {late.sum()} trials (position {trial}: onsets "
            f"{_numbers(onset[trial])}, offsets {_numbers(offset[trial])}), expected each to end "
            "before the next begins. Correct the offsets or leave item_offset out."
        )


def events(dataset: xr.Dataset) -> Iterator[str]:
    """Events are in units of time; they may lie beyond what was recorded."""
    for name in dataset.variables:
        if str(name).startswith("event_"):
            yield from _within_time(dataset, str(name), only_other_units=True)


def _within_time(
    dataset: xr.Dataset, name: str, *, only_other_units: bool = False
) -> Iterator[str]:
    if "time" not in dataset.variables or dataset.sizes["time"] == 0:
        return
    time = dataset["time"].values.astype(float)
    values = dataset[name].values.astype(float)
    width = float(np.median(np.diff(time))) if time.size > 1 else 1.0
    low, high = time.min() - width, time.max() + width
    outside = values[(values < low - _TOLERANCE) | (values > high + _TOLERANCE)]
    if not outside.size:
        return
    worst = float(outside[np.argmax(np.abs(outside))])
    seconds = dataset["time"].attrs.get("units") == "s"
    looks = seconds and np.isfinite(worst) and np.abs(worst) > 20 * max(abs(low), abs(high))
    if only_other_units and not looks:
        return
    remedy = (
        "This looks like milliseconds: divide by 1000."
        if looks
        else "Count it from where time is 0, or record longer."
    )
    units = dataset["time"].attrs.get("units", "units of time")
    yield (
        f"{name}: found {worst:g}, but time goes from {time.min():g} to {time.max():g} {units}. "
        f"{remedy}"
    )


def silent_units(dataset: xr.Dataset) -> Iterator[str]:
    """Each unit was recorded at some time; read in blocks of units."""
    activity = dataset["activity"]
    if activity.size == 0:
        sizes = ", ".join(f"{dim}: {size}" for dim, size in activity.sizes.items())
        yield f"activity: is empty ({sizes}), expected one value at least. Check the selection."
        return
    lost: list[int] = []
    infinite = 0
    for block in unit_blocks(activity):
        values = activity[:, block, :].values
        lost.extend((np.flatnonzero(np.isnan(values).all(axis=(0, 2))) + block.start).tolist())
        infinite += int(np.isinf(values).sum())
    if lost:
        names = (
            [str(name) for name in dataset["unit"].values[lost[:5]]] if "unit" in dataset else []
        )
        more = ", ..." if len(lost) > 5 else ""
        yield (
            f"activity: {len(lost)} units are NaN throughout ({', '.join(names)}{more}), expected "
            "some activity of each. Leave them out: dataset.isel(unit=[...])."
        )
    if infinite:
        yield f"activity: {infinite} values are infinite, expected numbers or NaN. Write NaN there."


def unit_blocks(activity: xr.DataArray, largest: int = 2**24) -> Iterator[slice]:
    """Slices of units so that no block holds more than about `largest` values.

    They end where pieces of a lazy array or of a file end, so that none is made or read twice.
    """
    n_units = activity.sizes["unit"]
    each = max(1, largest // max(1, activity.size // max(1, n_units)))
    pieces = activity.chunksizes.get("unit")
    if pieces is None:
        each = each // FILE_UNITS * FILE_UNITS or each
        pieces = (each,) * -(-n_units // each)
    start = end = 0
    for piece in pieces:
        if end > start and end + piece - start > each:
            yield slice(start, end)
            start = end
        end = min(end + piece, n_units)
    if end > start:
        yield slice(start, end)


def _numbers(values: np.ndarray) -> str:
    return ", ".join(f"{value:g}" for value in values)
