"""What a reader found in a file: named arrays, nothing renamed, converted or dropped yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from wmsim.errors import WmsimError

Ragged = list[np.ndarray]
Values = Any  # a numpy or dask array, or a list of arrays, one a unit


@dataclass
class RawData:
    """Contents of a file (or of several that belong together) under the names they have there.

    Attributes
    ----------
    path : pathlib.Path
        The file or folder.
    what : str
        What it is, for messages: ``"NWB file"``, ``"MATLAB file"``, ...
    variables : dict
        Name to values. Columns of tables are named ``table.column`` (``trials.start_time``,
        ``units.brain_region``); other arrays have plain names. Values are arrays of any rank
        (lazy dask arrays too), or a list with one array a unit where they are ragged.
    attrs : dict of str to str
        ``session``, ``subject``, ``reference``, ``licence``, where the file says them.
    notes : list of str
        What a person should know: what was skipped and why.

    Examples
    --------
    >>> raw = RawData(Path("a.npz"), "npz file", {"trials.image": np.array([1, 2]), "rates": 0})
    >>> raw.find("image")
    array([1, 2])
    >>> raw.find("imagge")
    Traceback (most recent call last):
        ...
    wmsim.errors.WmsimError: 'a.npz' has no variable 'imagge'. Did you mean 'trials.image'? ...
    """

    path: Path
    what: str
    variables: dict[str, Values] = field(default_factory=dict)
    attrs: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Whether there is exactly one variable of this name."""
        return name in self.variables or len(self._ending(name)) == 1

    def find(self, name: str) -> Values:
        """A variable by its full name, or by the part after the last table's name.

        Raises
        ------
        WmsimError
            If there is none, or several tables have such a column.
        """
        if name in self.variables:
            return self.variables[name]
        found = self._ending(name)
        if len(found) == 1:
            return self.variables[found[0]]
        if found:
            raise WmsimError(
                f"'{self.path.name}' has several variables '{name}': {', '.join(found)}. "
                "Write the full name in the mapping."
            )
        skipped = [f"{note} " for note in self.notes if note.startswith(f"skipped {name}:")]
        raise WmsimError(
            f"'{self.path.name}' has no variable '{name}'. {''.join(skipped)}"
            f"{self._what_there_is(name)} "
            f"`wmsim import --describe` lists what is in the file."
        )

    def table(self, name: str) -> dict[str, Values]:
        """Columns of one table, by their short names."""
        start = f"{name}."
        return {
            key.removeprefix(start): value
            for key, value in self.variables.items()
            if key.startswith(start)
        }

    def _ending(self, name: str) -> list[str]:
        return [key for key in self.variables if key.endswith(f".{name}")]

    def _what_there_is(self, name: str) -> str:
        import difflib

        names = list(self.variables)
        short = {key.rsplit(".", 1)[-1]: key for key in names}
        close = [short[key] for key in difflib.get_close_matches(name, short, n=1)]
        hint = f"Did you mean '{close[0]}'? " if close else ""
        more = ", ..." if len(names) > 20 else ""
        return f"{hint}There are: {', '.join(names[:20]) or 'none'}{more}."


def one_dimensional(raw: RawData, name: str, what: str) -> np.ndarray:
    """A variable as a vector; axes of length 1 are dropped, as MATLAB writes them.

    Parameters
    ----------
    raw : RawData
        Where to look.
    name : str
        Name of the variable.
    what : str
        What it shall be, for the message.

    Returns
    -------
    numpy.ndarray, one axis

    Raises
    ------
    WmsimError
        If it is missing or has more axes.
    """
    values = as_array(raw, name)
    if values.ndim > 1 and sum(size != 1 for size in values.shape) <= 1:
        values = values.reshape(-1)
    if values.ndim != 1:
        raise WmsimError(
            f"'{raw.path.name}': {name} has shape {values.shape}, expected one value for each "
            f"{what}. Name another variable in the mapping."
        )
    return values


def as_array(raw: RawData, name: str) -> np.ndarray:
    """A variable in memory.

    Of a variable with one array a unit, single values become a vector over units; longer ones are
    a table that all units must have a copy of.

    Raises
    ------
    WmsimError
        If it is missing, or units have different tables.
    """
    values = raw.find(name)
    if not isinstance(values, list):
        return np.asarray(values)
    cells = [np.asarray(cell).reshape(-1) for cell in values]
    if any(cell.size > 1 for cell in cells):
        return shared_table(raw, name, values)
    single = [cell[0] if cell.size else None for cell in cells]
    return _vector(single)


def _vector(cells: list[Any]) -> np.ndarray:
    """A vector of plain numbers or text; None becomes NaN or an empty text."""
    if any(isinstance(cell, str) for cell in cells):
        return np.array([cell if cell is not None else "" for cell in cells], dtype=object)
    return np.array([np.nan if cell is None else cell for cell in cells])


def shared_table(raw: RawData, name: str, values: list[np.ndarray]) -> np.ndarray:
    """The one table of labels that all units have a copy of.

    Raises
    ------
    WmsimError
        If units have different tables; the message says how many, and how to choose.
    """
    groups: list[tuple[np.ndarray, list[int]]] = []
    for unit, value in enumerate(values):
        table = np.asarray(value)
        for first, units in groups:
            if _same(first, table):
                units.append(unit)
                break
        else:
            groups.append((table, [unit]))
    if len(groups) == 1:
        return groups[0][0]
    told = ", ".join(
        f"{len(units)} units of shape {table.shape}, the first at position {units[0]}"
        for table, units in groups[:5]
    )
    raise WmsimError(
        f"'{raw.path.name}': units have {len(groups)} different tables of {name} ({told}): they "
        "were not recorded together. Import each group by itself with units: keep, such as "
        "keep: {session: [1]}, then pool or join the recordings."
    )


def _same(first: np.ndarray, second: np.ndarray) -> bool:
    if first.shape != second.shape or first.dtype.kind != second.dtype.kind:
        return False
    if first.dtype.kind == "f":
        return bool(np.array_equal(first, second, equal_nan=True))
    return bool(np.array_equal(first, second))
