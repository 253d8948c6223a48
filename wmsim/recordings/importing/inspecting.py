"""What is in a file, for a person to read, and a mapping to fill in."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from wmsim.recordings.importing.guessing import Guess, guess
from wmsim.recordings.importing.numbered import count_items, shape_of
from wmsim.recordings.importing.rawdata import RawData, Values

GUESSED = "  # guessed"
WIDEST = 46
SAMPLED = 10**6
_PLAIN = re.compile(r"[A-Za-z_][\w.\-]*")
_RESERVED = {"on", "off", "yes", "no", "true", "false", "null", "y", "n", "nan"}


def describe_raw(raw: RawData) -> str:
    """What is in a file: names, shapes, types, values, what is missing, what each may be.

    Parameters
    ----------
    raw : RawData
        Contents of a file.

    Returns
    -------
    str
        A table, one variable a line, and notes of the reader.

    Examples
    --------
    >>> from pathlib import Path
    >>> raw = RawData(Path("a.csv"), "table", {"trials.image": np.array(["cup", "car", ""])})
    >>> print(describe_raw(raw))
    table a.csv, 1 variable
    <BLANKLINE>
    name          shape  type  values     missing  may be
    trials.image  (3,)   text  car, cup   1        image of item 1
    """
    roles = _roles(raw, guess(raw))
    rows = [("name", "shape", "type", "values", "missing", "may be")]
    for name, values in raw.variables.items():
        rows.append((_cut(name), *_summary(values), roles.get(name, "")))
    widths = [max(len(row[i]) for row in rows) for i in range(6)]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    count = len(raw.variables)
    head = f"{raw.what} {raw.path.name}, {count} variable{'s' * (count != 1)}"
    attrs = [f"{name}: {value}" for name, value in raw.attrs.items()]
    notes = [*attrs, *raw.notes]
    return "\n".join([head, "", *table, *([""] if notes else []), *notes])


def _summary(values: Values) -> tuple[str, str, str, str]:
    """Shape, type, values and how many are missing."""
    if isinstance(values, list):
        kind = str(np.asarray(values[0]).dtype) if values else ""
        return f"{len(values)} arrays", kind, _sizes(values), ""
    if hasattr(values, "dask"):
        return str(values.shape), str(values.dtype), "not read yet", ""
    array = np.asarray(values)
    part = array.reshape(-1)[:SAMPLED] if array.size <= SAMPLED else array[: _rows(array)].ravel()
    seen = "" if part.size == array.size else f" (of the first {part.size})"
    if array.dtype.kind in "fiu":
        finite = part[np.isfinite(part)]
        missing = str(int(np.isnan(part).sum())) + seen if array.dtype.kind == "f" else "0"
        told = f"{finite.min():.6g} to {finite.max():.6g}" if finite.size else "none"
        whole = finite.size and array.dtype.kind == "f" and (finite == np.round(finite)).all()
        kind = f"{array.dtype}{' (whole)' if whole else ''}"
        return str(array.shape), kind, told, missing
    if array.dtype.kind == "b":
        return str(array.shape), "bool", f"true: {int(part.sum())}{seen}", "0"
    text = part.astype(str)
    names = sorted(set(text.tolist()) - {"", "nan", "None"})
    more = f", ... ({len(names)} different)" if len(names) > 3 else ""
    kind = "text" if array.dtype.kind in "OUS" else str(array.dtype)
    return (
        str(array.shape), kind, _cut(", ".join(names[:3])) + more,
        str(int(np.isin(text, ("", "nan", "None")).sum())),
    )  # fmt: skip


def _sizes(cells: list[np.ndarray]) -> str:
    """Lengths of the arrays of a ragged variable, axis by axis."""
    shapes = [np.shape(cell) for cell in cells]
    if len({len(shape) for shape in shapes}) != 1 or len(shapes[0]) < 2:
        sizes = [np.size(cell) for cell in cells] or [0]
        return f"{min(sizes)} to {max(sizes)} values each"
    ends = [(min(lengths), max(lengths)) for lengths in zip(*shapes, strict=True)]
    told = [f"{low}" if low == high else f"{low} to {high}" for low, high in ends]
    return f"each ({', '.join(told)})"


def _rows(array: np.ndarray) -> int:
    return max(1, SAMPLED * array.shape[0] // array.size)


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 3]}..."


def _roles(raw: RawData, found: Guess) -> dict[str, str]:
    """What each variable may be, in words."""
    told = {"times": "spike times", "clusters": "unit of each spike", "observed": "when observed"}
    roles = {variable: told[key] for key, variable in found.spikes.items()}
    if "variable" in found.activity:
        dims = ", ".join(found.activity.get("dims", []))
        roles[found.activity["variable"]] = f"activity ({dims})" if dims else "activity"
    if "columns" in found.activity:
        start = found.activity["columns"].rstrip("*")
        roles |= {name: "activity" for name in raw.variables if name.startswith(start)}
    if found.time:
        roles[found.time] = "time axis"
    entries = {"onset": found.onset, "offset": found.offset, **found.labels}
    for what, entry in entries.items():
        for index, name in enumerate(_members(raw, entry)):
            many = isinstance(entry, str) and "{item}" not in entry and count_items(raw, entry) > 1
            roles[name] = f"{what} of items" if many else f"{what} of item {index + 1}"
    roles |= {variable: f"event {name}" for name, variable in found.events.items()}
    roles |= {variable: f"{name} of trials" for name, variable in found.trials.items()}
    roles |= {variable: f"{name} of units" for name, variable in found.units.items()}
    if found.unit_name:
        roles[found.unit_name] = "names of units"
    return roles


def _members(raw: RawData, entry: str | list[str]) -> list[str]:
    if isinstance(entry, list):
        return entry
    if "{item}" not in entry:
        return [entry] if entry else []
    return [entry.replace("{item}", str(i + 1)) for i in range(count_items(raw, entry))]


def draft_mapping(raw: RawData) -> str:
    """Write a mapping with what can be guessed from names and shapes, to be filled in.

    Parameters
    ----------
    raw : RawData
        Contents of a file.

    Returns
    -------
    str
        YAML. Lines that were guessed end in ``# guessed``; what cannot be known, and what may
        be added, stands commented out, with the choices.

    Examples
    --------
    >>> from pathlib import Path
    >>> raw = RawData(Path("a.npz"), "npz file", {
    ...     "spike_times": [np.array([0.5]), np.array([2.5])],
    ...     "image_on": np.array([0.0, 2.0]), "image": np.array(["cup", "car"]),
    ... })
    >>> print("\\n".join(draft_mapping(raw).splitlines()[3:10]))
    spikes:
      times: spike_times  # guessed
      # observed: intervals (start, end) in which each unit was observed
    items:
      onset: image_on  # guessed
      # offset: when each item disappears
      labels:
    """
    found = guess(raw)
    lines = [
        f"# Mapping of {raw.path.name} ({raw.what}), drafted by wmsim.",
        "# Check each line that is marked '# guessed'. Lines that are commented out may be filled",
        "# in. Names are those that `wmsim import --describe` lists.",
        *_activity_lines(raw, found),
        *_item_lines(raw, found),
        *_table_lines(raw, found),
        *_other_lines(raw, found),
    ]
    return "\n".join(lines) + "\n"


def _activity_lines(raw: RawData, found: Guess) -> list[str]:
    if found.spikes:
        lines = ["spikes:", *(f"  {k}: {quoted(v)}{GUESSED}" for k, v in found.spikes.items())]
        flat = not isinstance(raw.variables[found.spikes["times"]], list)
        if flat and "clusters" not in found.spikes:
            lines.append("  # clusters: variable with the unit of each spike")
        if "observed" not in found.spikes:
            lines.append("  # observed: intervals (start, end) in which each unit was observed")
        return lines
    if not found.activity:
        return [
            "# One of the two is needed:",
            "# spikes: {times: VARIABLE, clusters: VARIABLE}",
            "# activity: {variable: VARIABLE, dims: [trial, unit, time], units: spikes/s}",
            f"# VARIABLE: {_choices(raw, lambda v: isinstance(v, list) or _numbers(v))}",
        ]
    way = "variable" if "variable" in found.activity else "columns"
    lines = ["activity:", f"  {way}: {quoted(found.activity[way])}{GUESSED}"]
    dims = found.activity.get("dims")
    if dims is None:
        values = raw.variables[found.activity["variable"]]
        ragged = isinstance(values, list)
        axes = ["unit", "trial", "time"] if ragged else ["trial", "unit", "time"][: values.ndim]
        shape = f"{len(values)} arrays, {_sizes(values)}" if ragged else f"{values.shape}"
        lines.append(f"  # dims: [{', '.join(axes)}]  # its shape is {shape}: name each axis")
    else:
        also = ": other orders fit too, check" if found.unsure else ""
        lines.append(f"  dims: [{', '.join(dims)}]{GUESSED}{also}")
    lines.append("  # units: spikes/s  # or counts, a.u., z, dF/F, V")
    return [*lines, *_time_lines(found, dims)]


def _time_lines(found: Guess, dims: list[str] | None) -> list[str]:
    if found.time:
        return ["time:", f"  variable: {quoted(found.time)}{GUESSED}"]
    if dims is not None and "time" not in dims:
        return ["# time: {steps: [maintenance]}  # when activity was taken: item 1, maintenance"]
    return [
        "# time: {start: -0.5, step: 0.05}  # first bin centre and bin width",
        "# time: {steps: [item 1, item 2, maintenance]}  # or the step that each bin is",
    ]


def _item_lines(raw: RawData, found: Guess) -> list[str]:
    lines = ["items:"]
    helps = {"onset": "when each item appears", "offset": "when each item disappears"}
    for which, entry in (("onset", found.onset), ("offset", found.offset)):
        if entry and count_items(raw, entry) == _n_items(raw, found):
            lines.append(f"  {which}: {quoted(entry)}{GUESSED}")
        elif entry:
            lines.append(f"  # {which}: {quoted(entry)}  # one for each item is expected")
        else:
            lines.append(f"  # {which}: {helps[which]}")
    if found.labels:
        lines.append("  labels:")
        lines += [f"    {quoted(k)}: {quoted(v)}{GUESSED}" for k, v in found.labels.items()]
    else:
        lines.append("  # labels: {image: COLUMN}  # or [COLUMN, COLUMN], or image_{item}")
        of_trials = [n for n, v in raw.variables.items() if shape_of(v)[:1] == (found.n_trials,)]
        lines.append(f"  # COLUMN: {', '.join(of_trials[:20]) or 'none has one value a trial'}")
    lines += [
        "  # no_item: [0]  # values that mean that there is no item",
        "  # names: {image: {1: face, 2: house}}  # names of the values",
    ]
    return lines


def _n_items(raw: RawData, found: Guess) -> int:
    if found.labels:
        return count_items(raw, next(iter(found.labels.values())))
    return count_items(raw, found.onset)


def _table_lines(raw: RawData, found: Guess) -> list[str]:
    lines = []
    for name, columns in (("trials", found.trials), ("units", found.units)):
        unit_name = found.unit_name if name == "units" else ""
        if columns or unit_name:
            lines.append(f"{name}:")
        else:
            lines += [f"# {name}:", f"#   columns: {{label: COLUMN}}  # labels of {name}"]
            continue
        if unit_name:
            lines.append(f"  name: {quoted(unit_name)}{GUESSED}")
        if columns:
            lines.append("  columns:")
            lines += [f"    {quoted(k)}: {quoted(v)}{GUESSED}" for k, v in columns.items()]
        if "kind" in columns and name == "units":
            lines += _kind_lines(raw, columns["kind"])
        lines.append("  # keep: {COLUMN: [VALUE]}  # which to keep")
    return lines


def _kind_lines(raw: RawData, column: str) -> list[str]:
    """Kinds have names of their own; which value is which only the lab knows."""
    names = sorted(set(np.asarray(raw.variables[column]).astype(str).tolist()))[:8]
    known = {"good": "single unit", "mua": "multi unit", "su": "single unit", "mu": "multi unit"}
    known |= dict.fromkeys(("eeg", "mag", "grad", "seeg", "ecog"), "sensor")
    if names and all(name.lower() in known for name in names):
        pairs = ", ".join(f"{quoted(name)}: {known[name.lower()]}" for name in names)
        return ["  rename:", f"    kind: {{{pairs}}}{GUESSED}"]
    pairs = ", ".join(f"{quoted(name)}: single unit" for name in names)
    return [f"  # rename: {{kind: {{{pairs}}}}}  # or multi unit, voxel, sensor"]


def _other_lines(raw: RawData, found: Guess) -> list[str]:
    lines = []
    if found.events:
        lines.append("events:")
        lines += [f"  {quoted(k)}: {quoted(v)}{GUESSED}" for k, v in found.events.items()]
    else:
        lines.append("# events: {maintenance: COLUMN, probe: COLUMN}  # other times of a trial")
    if found.clock:
        pairs = ", ".join(f"{name}: {unit}" for name, unit in sorted(found.clock.items()))
        lines.append(f"clock: {{{pairs}}}{GUESSED}: times look too large for seconds")
    else:
        lines.append("# clock: ms  # unit of times, if not s; or {trials: s, spikes: 30000 Hz}")
    if found.spikes or "trial" not in found.activity.get("dims", ["trial"]):
        lines.append("# zero: COLUMN  # time 0 of each trial; by default the first item's onset")
        lines.append("# bins: {width: 0.05, before: 1.0, after: 5.0}")
    lines.append("# smooth: {kernel: causal gaussian, width: 0.1}  # or gaussian, boxcar")
    for name in ("session", "subject"):
        if name not in raw.attrs and name not in found.units:
            lines.append(f"# {name}: NAME")
    return lines


def quoted(value: str | list[str]) -> str:
    """A name (or a list of names) as YAML takes it.

    Examples
    --------
    >>> quoted("trials.image"), quoted("on"), quoted(["a", "b_{item}"])
    ('trials.image', '"on"', '[a, "b_{item}"]')
    """
    if isinstance(value, list):
        return f"[{', '.join(quoted(each) for each in value)}]"
    plain = _PLAIN.fullmatch(value) and value.lower() not in _RESERVED
    return value if plain else json.dumps(value)


def _numbers(values: Any) -> bool:
    return getattr(values, "dtype", np.dtype("O")).kind in "fiu"


def _choices(raw: RawData, fits: Any) -> str:
    names = [name for name, values in raw.variables.items() if fits(values)]
    return ", ".join(names[:20]) or "none holds numbers"
