"""Guess from names and shapes what the variables of a file are, for a draft to be checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import numpy as np

from wmsim.recordings.importing.numbered import count_items, grouped, one_an_item, shape_of
from wmsim.recordings.importing.rawdata import RawData
from wmsim.recordings.importing.vocabulary import (
    ACTIVITY_COLUMNS,
    AXIS,
    EVENTS,
    ITEM,
    OFF,
    ON,
    SPIKE_UNITS,
    TIMES,
    TRIAL_LABELS,
    UNIT_LABELS,
    UNIT_NAMES,
    UNIT_TABLES,
    feature_name,
    words,
)

MOST_LABELS = 200


@dataclass
class Guess:
    """What the variables of a file may be; empty where nothing fits.

    Attributes
    ----------
    spikes : dict of str to str
        ``times``, ``clusters``, ``observed``.
    activity : dict
        ``variable`` or ``columns``, and ``dims``.
    unsure : bool
        Whether other orders of `activity`'s axes fit equally well.
    time : str
        Variable with the time axis.
    onset, offset : str or list of str
        A variable, a pattern with ``{item}``, or columns, one an item.
    labels : dict of str to str or list of str
        Feature to its variable, pattern or columns.
    events, trials, units : dict of str to str
        Name or label to variable.
    unit_name : str
        Variable that names units.
    clock : dict of str to str
        Unit of times of ``trials``, ``spikes``, ``time``, where it is not seconds.
    n_trials : int
        0 if unknown.
    """

    spikes: dict[str, str] = field(default_factory=dict)
    activity: dict[str, Any] = field(default_factory=dict)
    unsure: bool = False
    time: str = ""
    onset: str | list[str] = ""
    offset: str | list[str] = ""
    labels: dict[str, str | list[str]] = field(default_factory=dict)
    events: dict[str, str] = field(default_factory=dict)
    trials: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    unit_name: str = ""
    clock: dict[str, str] = field(default_factory=dict)
    n_trials: int = 0


def guess(raw: RawData) -> Guess:
    """Guess what is what.

    Parameters
    ----------
    raw : RawData
        Contents of a file.

    Returns
    -------
    Guess
    """
    found = Guess()
    _spikes(raw, found)
    if not found.spikes:
        _activity(raw, found)
    _trials(raw, found)
    if found.activity:
        _dims(raw, found)
    _units(raw, found)
    _clock(raw, found)
    return found


def _numeric(values: Any) -> bool:
    return not isinstance(values, list) and getattr(values, "dtype", np.dtype("O")).kind in "fiu"


def _ragged(values: Any) -> bool:
    """Whether it is one array of numbers a unit."""
    return isinstance(values, list) and all(np.asarray(cell).dtype.kind in "fiu" for cell in values)


def _table(name: str) -> str:
    return name.rsplit(".", 1)[0].lower() if "." in name else ""


def _spikes(raw: RawData, found: Guess) -> None:
    """One array of times a unit, or one vector of times and one of units."""
    for name, values in raw.variables.items():
        told = set(words(name)) | set(re.findall("[a-z]+", _table(name)))
        spiking = bool(told & {"spike", "spikes", "spk"})
        ragged = _ragged(values) and bool(spiking or told & TIMES) and "obs" not in told
        vector = _numeric(values) and len(shape_of(values)) == 1
        flat = vector and spiking and set(words(name)) & TIMES
        if ragged or flat:
            found.spikes.setdefault("times", name)
        if _ragged(values) and told & {"obs", "observed"}:
            found.spikes.setdefault("observed", name)
    times = found.spikes.get("times")
    if times is None or isinstance(raw.variables[times], list):
        if times is None:
            found.spikes.clear()
        return
    for name, values in raw.variables.items():
        alike = shape_of(values) == shape_of(raw.variables[times]) and name != times
        if alike and set(words(name)) & SPIKE_UNITS:
            found.spikes.setdefault("clusters", name)


def _activity(raw: RawData, found: Guess) -> None:
    """The largest array of numbers of two axes or more, or columns such as voxel_1."""
    best, size = "", 0
    for name, values in raw.variables.items():
        shape = shape_of(values)
        told = set(words(name))
        item = told & (ITEM | ON | OFF | {"intervals", "onsets"}) and shape[-1:] <= (20,)
        many = values.size if _numeric(values) and len(shape) > 1 else 0
        if _ragged(values) and all(np.ndim(cell) == 2 for cell in values):
            many = sum(np.size(cell) for cell in values)  # one array a unit
        if many > size and not item:
            best, size = name, many
    if best:
        found.activity["variable"] = best
        return
    for stem in ACTIVITY_COLUMNS:
        names = [
            name
            for name, values in raw.variables.items()
            if re.fullmatch(rf"{stem}s?[_ ]?\d+", name.rsplit(".", 1)[-1], re.I)
            and _numeric(values)
        ]
        if len(names) > 2:
            start = re.sub(r"\d+$", "", names[0])
            found.activity |= {"columns": f"{start}*", "dims": ["trial", "unit"]}
            found.n_trials = len(raw.variables[names[0]])
            return


def _trial_variables(raw: RawData, found: Guess) -> list[str]:
    """Variables over trials: of the length that most variables with such names have."""
    taken = {*found.spikes.values(), found.activity.get("variable")}
    columns = found.activity.get("columns", "\0").rstrip("*")
    names = [
        name
        for name, values in raw.variables.items()
        if name not in taken
        and not name.startswith(columns)
        and len(shape_of(values)) in (1, 2)
        and values.size
        and _table(name) not in (*UNIT_TABLES, "spikes")
    ]
    lengths: dict[int, int] = {}
    for name in names:
        told = set(words(name))
        speaks = told & (ITEM | ON | set(EVENTS) | set(TRIAL_LABELS)) and not told <= TIMES
        length = shape_of(raw.variables[name])[0]
        lengths[length] = lengths.get(length, 0) + (10 if speaks else 1)
    if not found.n_trials and lengths:
        found.n_trials = max(lengths, key=lambda length: lengths[length])
    return [name for name in names if shape_of(raw.variables[name])[0] == found.n_trials]


def _trials(raw: RawData, found: Guess) -> None:
    names = _trial_variables(raw, found)
    numbers = [name for name in names if _numeric(raw.variables[name])]
    onsets, offsets, labels = [], [], []
    for name in names:
        told = set(words(name))
        timely = bool(told & (TIMES | ON)) or told <= set(EVENTS)
        event = next((EVENTS[word] for word in words(name) if word in EVENTS), None)
        label = next((TRIAL_LABELS[word] for word in words(name) if word in TRIAL_LABELS), None)
        vector = len(shape_of(raw.variables[name])) == 1
        if event and name in numbers and timely and vector and not told & {"id", "ids", "accuracy"}:
            found.events.setdefault(event, name)
        elif told & OFF and name in numbers and not told & ON:
            offsets.append(name)
        elif name in numbers and (told & ON or (told & TIMES and told & ITEM)):
            onsets.append(name)
        elif told & ITEM and not told & TIMES and not event and _is_label(raw.variables[name]):
            labels.append(name)
        elif label and vector and label not in found.trials:
            found.trials[label] = name
    found.onset = one_an_item(raw, onsets)
    found.offset = one_an_item(raw, offsets)
    n_items = count_items(raw, found.onset)
    for entry in grouped(raw, labels):
        if n_items in (0, count_items(raw, entry)):
            found.labels.setdefault(feature_name(entry), entry)
            n_items = n_items or count_items(raw, entry)


def _is_label(values: Any) -> bool:
    """Whether values are text, or few whole numbers."""
    if isinstance(values, list) or values.size > 10**7:
        return False
    array = np.asarray(values)
    if array.dtype.kind in "OUS":
        return True
    if array.dtype.kind not in "fiu":
        return False
    finite = array[np.isfinite(array)]
    return bool((finite == np.round(finite)).all() and len(np.unique(finite)) <= MOST_LABELS)


def _dims(raw: RawData, found: Guess) -> None:
    """Axes by their sizes: trials as many as labels, bins as times, units as unit labels."""
    if "variable" not in found.activity or _ragged(raw.variables[found.activity["variable"]]):
        return
    shape = shape_of(raw.variables[found.activity["variable"]])
    sizes = {"trial": {found.n_trials}, "unit": _unit_counts(raw), "time": set()}
    clocks = {
        shape_of(values)[0]: name
        for name, values in raw.variables.items()
        if len(shape_of(values)) == 1 and set(words(name)) & AXIS
        and _numeric(values) and _increases(values)
    }  # fmt: skip
    sizes["time"] = set(clocks) & set(shape)
    long = [axis for axis, size in enumerate(shape) if size > 1 or len(shape) <= 3]
    wanted = ("trial", "unit", "time") if len(long) == 3 else ("trial", "unit")
    choices = [wanted] if found.n_trials in shape or len(long) == 3 else [("time", "unit")]
    best, score, equal = None, -1, 0
    for order in (order for choice in choices for order in permutations(choice)):
        if len(order) != len(long):
            continue
        fits = sum(shape[axis] in sizes[dim] for axis, dim in zip(long, order, strict=True))
        best, equal = (order, 1) if fits > score else (best, equal + (fits == score))
        score = max(score, fits)
    if best is None or score <= 0:
        return
    dims = ["one"] * len(shape)
    for axis, dim in zip(long, best, strict=True):
        dims[axis] = dim
    found.activity["dims"], found.unsure = dims, equal > 1
    if "time" in dims:
        found.time = clocks.get(shape[dims.index("time")], "")


def _increases(values: Any) -> bool:
    return values.size < 10**7 and bool((np.diff(np.asarray(values, dtype=float)) > 0).all())


def _unit_counts(raw: RawData) -> set[int]:
    return {
        shape_of(values)[0]
        for name, values in raw.variables.items()
        if shape_of(values)
        and (_table(name) in UNIT_TABLES or set(words(name)) & {*SPIKE_UNITS, "area", "region"})
        and len(shape_of(values)) == 1
    }


def _units(raw: RawData, found: Guess) -> None:
    """Labels of units, and in a table of units its names."""
    taken = {*found.spikes.values(), *found.trials.values(), found.activity.get("variable")}
    length = None
    times = found.spikes.get("times")
    if times is not None and isinstance(raw.variables[times], list):
        length = len(raw.variables[times])
    elif "unit" in found.activity.get("dims", []) and "variable" in found.activity:
        shape = shape_of(raw.variables[found.activity["variable"]])
        length = shape[found.activity["dims"].index("unit")]
    for name, values in raw.variables.items():
        fits = len(shape_of(values)) == 1 and (length is None or shape_of(values)[0] == length)
        in_table = _table(name) in UNIT_TABLES
        loose = not _table(name) and shape_of(values) != (found.n_trials,)
        if not fits or name in taken or not (in_table or loose):
            continue
        short = name.rsplit(".", 1)[-1]
        if short.lower() in UNIT_NAMES and not found.unit_name and in_table:
            found.unit_name = name
            continue
        label = next((UNIT_LABELS[word] for word in words(name) if word in UNIT_LABELS), None)
        if label and np.asarray(values[:1]).dtype.kind in "OUSiu":
            found.units.setdefault(label, name)


def _clock(raw: RawData, found: Guess) -> None:
    """Milliseconds, where times could hardly be seconds."""
    first = found.onset[0] if isinstance(found.onset, list) else found.onset.replace("{item}", "1")
    span = 0.0
    if first:
        onset = np.asarray(raw.variables[first], dtype=float)
        onset = onset[:, 0] if onset.ndim == 2 else onset
        onset = onset[np.isfinite(onset)]
        span = float(np.ptp(onset)) if onset.size else 0.0
        between = float(np.median(np.abs(np.diff(onset)))) if onset.size > 1 else 0.0
        if between > 500 or (found.time and np.abs(onset).max(initial=0) > 100):
            found.clock["trials"] = "ms"
    if found.time:
        steps = np.diff(np.asarray(raw.variables[found.time], dtype=float))
        if steps.size and np.median(steps) >= 1:
            found.clock["time"] = "ms"
    times = found.spikes.get("times")
    if times is not None and span:
        values = raw.variables[times]
        cells = values if isinstance(values, list) else [np.asarray(values)]
        finite = [np.asarray(cell)[np.isfinite(cell)] for cell in cells]
        ends = [float(np.ptp(cell)) for cell in finite if cell.size]
        ratio = max(ends, default=0.0) / span
        alike = found.clock.get("trials", "s")
        if 200 < ratio < 5000:
            found.clock["spikes"] = "ms" if alike == "s" else "us"
        elif ratio < 0.02:
            found.clock["trials"] = "ms"
        elif alike == "ms":
            found.clock["spikes"] = "ms"
