"""Columns that belong together: one an item, numbered or in order of time."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from wmsim.recordings.importing.rawdata import RawData


def shape_of(values: Any) -> tuple[int, ...]:
    """Shape of an array; a ragged variable has none."""
    return () if isinstance(values, list) else tuple(getattr(values, "shape", ()))


def count_items(raw: RawData, entry: str | list[str]) -> int:
    """Items that a variable, a pattern or a list of columns stands for."""
    if isinstance(entry, list) or not entry:
        return len(entry)
    if "{item}" in entry:
        count = 0
        while entry.replace("{item}", str(count + 1)) in raw.variables:
            count += 1
        return count
    shape = shape_of(raw.variables[entry])
    return shape[1] if len(shape) == 2 else 1


def grouped(raw: RawData, names: list[str]) -> list[str | list[str]]:
    """Columns that are numbered from 1 become a pattern; the most items come first."""
    groups: list[str | list[str]] = []
    rest = list(names)
    for name in names:
        for number in re.finditer(r"\d+", name):
            pattern = f"{name[: number.start()]}{{item}}{name[number.end() :]}"
            members, count = [], 1
            while (member := pattern.replace("{item}", str(count))) in rest:
                members.append(member)
                count += 1
            zero = pattern.replace("{item}", "0")
            if zero in rest:
                members.insert(0, zero)
            if len(members) < 2:
                continue
            groups.append(members if zero in rest else pattern)
            rest = [other for other in rest if other not in members]
    return sorted([*groups, *rest], key=lambda entry: -count_items(raw, entry))


def one_an_item(raw: RawData, names: list[str]) -> str | list[str]:
    """The variables of onsets (or offsets), in order of time."""
    groups = grouped(raw, names)
    if not groups or count_items(raw, groups[0]) > 1 or len(groups) == 1:
        return groups[0] if groups else ""
    plain = [entry for entry in groups if isinstance(entry, str)]
    return sorted(plain, key=lambda name: _mean(raw.variables[name]))


def _mean(values: Any) -> float:
    times = np.asarray(values, dtype=float)
    times = times[np.isfinite(times)]
    return float(times.mean()) if times.size else np.inf
