"""The trials of a file: which are kept, their labels, items and events, and where time 0 is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from wmsim.errors import WmsimError
from wmsim.recordings.importing.columns import (
    encode_actions,
    encode_items,
    has_item,
    kept_rows,
    one_for_each,
    table_labels,
    times_of,
)
from wmsim.recordings.importing.mapping import ItemsMapping, Mapping, Names, Times
from wmsim.recordings.importing.rawdata import RawData, as_array, one_dimensional

MOST_ITEMS = 100


@dataclass
class Trials:
    """Trials that are kept.

    Attributes
    ----------
    rows : numpy.ndarray of int, shape (trial,)
        Their positions in the file.
    total : int
        How many the file has.
    labels : dict of str to numpy.ndarray, shape (trial,)
        Labels of trials, ``trial`` among them.
    features : dict of str to (codes, names)
        Codes of shape (trial, item), -1 where there is no item.
    actions : dict of str to numpy.ndarray, shape (trial, item)
        ``target`` and ``response``.
    onset, offset : numpy.ndarray, shape (trial, item), or None
        In s (or steps), counted from `zero`.
    events : dict of str to numpy.ndarray, shape (trial,)
        Likewise.
    zero : numpy.ndarray, shape (trial,)
        Time in s, on the clock of the file, that is 0 in each trial.
    all_zeros : numpy.ndarray
        The same of all trials of the file, those that are not kept too.
    dropped : dict of str to int
        Why trials were left out, and how many.
    """

    rows: np.ndarray
    total: int
    labels: dict[str, np.ndarray] = field(default_factory=dict)
    features: dict[str, tuple[np.ndarray, list[str]]] = field(default_factory=dict)
    actions: dict[str, np.ndarray] = field(default_factory=dict)
    onset: np.ndarray | None = None
    offset: np.ndarray | None = None
    events: dict[str, np.ndarray] = field(default_factory=dict)
    zero: np.ndarray = field(default_factory=lambda: np.empty(0))
    all_zeros: np.ndarray = field(default_factory=lambda: np.empty(0))
    dropped: dict[str, int] = field(default_factory=dict)


def read_trials(raw: RawData, mapping: Mapping, *, running_clock: bool) -> Trials:
    """Read what the mapping says about trials.

    Parameters
    ----------
    raw : RawData
        The file.
    mapping : Mapping
        What is what in it.
    running_clock : bool
        Whether times run on through the session (spike times), so that each trial needs a
        time 0; False where activity is cut into trials already.

    Returns
    -------
    Trials

    Raises
    ------
    WmsimError
        If a variable is missing, or lengths, types or times make no sense.
    """
    labels = {name: _per_item(raw, names) for name, names in mapping.items.labels.items()}
    if not labels:
        raise WmsimError(
            "items: no labels are given, expected at least one feature, such as "
            "labels: {image: image_{item}}."
        )
    total = _common_length(raw, labels, mapping)
    rows, dropped = kept_rows(raw, mapping.trials, total, "trial")
    trials = Trials(rows=rows, total=total, dropped=dropped)
    trials.labels = table_labels(raw, mapping.trials, rows, total, "trial")
    trials.features = {
        name: encode_items(
            values[rows], mapping.items.no_item, mapping.items.names.get(name, {}), name
        )
        for name, values in labels.items()
    }
    for name in ("target", "response"):
        names = getattr(mapping.items, name)
        if names is not None:
            values = one_for_each(raw, _per_item(raw, names), f"items: {name}", total, "trial")
            trials.actions[name] = encode_actions(values[rows], name)
    exists = np.any([has_item(values, mapping.items.no_item) for values in labels.values()], axis=0)
    _add_times(raw, mapping, trials, exists, running_clock)
    return trials


def _add_times(
    raw: RawData, mapping: Mapping, trials: Trials, exists: np.ndarray, running_clock: bool
) -> None:
    """Times of items and events; `exists` (trial, item) is about all trials of the file."""
    second = mapping.seconds("trials")
    onset = _item_times(raw, mapping.items, "onset", exists)
    offset = _item_times(raw, mapping.items, "offset", exists)
    events = {name: _event_times(raw, mapping, name, trials) for name in mapping.events}
    zero = np.zeros(trials.total)
    if mapping.zero is not None:
        zero = _column(raw, mapping.zero, trials) * second
    elif running_clock:
        if onset is None or not onset.on_clock.any():
            raise WmsimError(
                "Time 0 of each trial is not known: give items: onset a variable of the file, or "
                "zero: the variable that holds it."
            )
        zero = np.fmin.reduce(onset.values[:, onset.on_clock], axis=1) * second
    rows = trials.rows
    lost = int(np.isnan(zero[rows]).sum())
    if lost:
        raise WmsimError(
            f"'{raw.path.name}': {lost} of {len(rows)} trials have no time 0 "
            f"({mapping.zero or 'onset of the first item'} is missing). Leave them out with "
            "trials: keep, or give another zero."
        )
    trials.zero = zero[rows]
    trials.all_zeros = zero[np.isfinite(zero)]
    trials.onset = None if onset is None else onset.after(zero, second)[rows]
    trials.offset = None if offset is None else offset.after(zero, second)[rows]
    trials.events = {name: times.after(zero, second)[rows, 0] for name, times in events.items()}


@dataclass(frozen=True)
class _Times:
    """Times (trial, column), on the clock of the file or, where that is said, after time 0."""

    values: np.ndarray
    on_clock: np.ndarray

    def after(self, zero: np.ndarray, second: float) -> np.ndarray:
        """In s after time 0 of each trial."""
        return self.values * second - np.where(self.on_clock, zero[:, None], 0.0)


def _event_times(raw: RawData, mapping: Mapping, name: str, trials: Trials) -> _Times:
    given = mapping.events[name]
    if not isinstance(given, str):
        return _Times(np.full((trials.total, 1), float(given)), np.array([False]))
    values = _column(raw, given, trials)
    if np.isnan(values[trials.rows]).all():
        raise WmsimError(
            f"'{raw.path.name}': events: {name} ({given}) has no time in any trial, expected one "
            "at least. Name another column, or leave it out of events."
        )
    return _Times(values[:, None], np.array([True]))


def _column(raw: RawData, name: str, trials: Trials) -> np.ndarray:
    values = times_of(raw, one_dimensional(raw, name, "trial"), name)
    return one_for_each(raw, values, name, trials.total, "trial")


def _item_times(raw: RawData, items: ItemsMapping, which: str, exists: np.ndarray) -> _Times | None:
    """Onsets or offsets, NaN where there is no item."""
    given = getattr(items, which)
    if given is None:
        return None
    found, on_clock = _given_times(raw, given, which, exists)
    if found.shape != exists.shape:
        turned = found.shape == exists.shape[::-1]
        raise WmsimError(
            f"'{raw.path.name}': items: {which} has shape {found.shape} (trial, item), the labels "
            f"have {exists.shape}. "
            + ("Transpose one of them." if turned else f"Give one {which} for each item.")
        )
    # Files write anything (0, the trial's end, a copy) where an item was not shown.
    return _Times(np.where(exists, found, np.nan), on_clock)


def _given_times(
    raw: RawData, given: Times, which: str, exists: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Times (trial, item), and which items' times are on the clock of the file."""
    if isinstance(given, str) or (
        isinstance(given, tuple) and all(isinstance(one, str) for one in given)
    ):
        found = times_of(raw, _per_item(raw, given), f"items: {which}")  # type: ignore[arg-type]
        return found, np.ones(found.shape[1], dtype=bool)
    each = given if isinstance(given, tuple) else (given,)
    columns = [
        times_of(raw, one_dimensional(raw, one, "trial"), one)
        if isinstance(one, str)
        else np.full(len(exists), float(one))
        for one in each
    ]
    lengths = {len(column) for column in columns}
    if lengths != {len(exists)}:
        raise WmsimError(
            f"'{raw.path.name}': items: {which} has {sorted(lengths)} values, expected one for "
            f"each of {len(exists)} trials. Name variables over trials."
        )
    return np.stack(columns, axis=1), np.array([isinstance(one, str) for one in each])


def _per_item(raw: RawData, names: Names) -> np.ndarray:
    """Values of shape (trial, item) from one variable, several columns or a pattern."""
    if isinstance(names, str) and "{item}" not in names:
        values = as_array(raw, names)
        if values.ndim == 2 and values.shape[0] == 1:
            values = values[0]  # a row vector, as MATLAB writes them: trials, not items
        if values.ndim == 1:
            return values[:, None]
        if values.ndim == 2:
            return values
        raise WmsimError(
            f"'{raw.path.name}': {names} has shape {values.shape}, expected (trial, item). Name "
            "another variable, or one column an item."
        )
    columns = _numbered(raw, names) if isinstance(names, str) else names
    vectors = [one_dimensional(raw, name, "trial") for name in columns]
    lengths = {name: len(vector) for name, vector in zip(columns, vectors, strict=True)}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise WmsimError(f"Items have different numbers of trials ({told}), expected the same.")
    if len({vector.dtype.kind for vector in vectors}) > 1:
        vectors = [vector.astype(object) for vector in vectors]
    return np.stack(vectors, axis=1)


def _numbered(raw: RawData, pattern: str) -> list[str]:
    """Names that a pattern stands for, counted from 1 until one is missing."""
    names: list[str] = []
    while len(names) < MOST_ITEMS:
        name = pattern.replace("{item}", str(len(names) + 1))
        if not raw.has(name):
            break
        names.append(name)
    if not names:
        raw.find(pattern.replace("{item}", "1"))  # says what is there instead
    return names


def _common_length(raw: RawData, labels: dict[str, np.ndarray], mapping: Mapping) -> int:
    shapes = {name: values.shape for name, values in labels.items()}
    if len(set(shapes.values())) > 1:
        told = ", ".join(f"{name}: {shape}" for name, shape in shapes.items())
        raise WmsimError(
            f"'{raw.path.name}': labels have different shapes (trial, item): {told}. "
            "Give each feature one label for each item of each trial."
        )
    total, n_items = next(iter(shapes.values()))
    if not total:
        raise WmsimError(f"'{raw.path.name}' has no trial, expected one at least.")
    if n_items > MOST_ITEMS or (n_items > 10 and n_items > total):
        raise WmsimError(
            f"'{raw.path.name}': labels have shape {(total, n_items)}, expected (trial, item). Are "
            "its axes exchanged? Name one column an item, or transpose it."
        )
    return int(total)
