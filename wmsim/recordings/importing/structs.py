"""Files with one element a unit, each with its own copy of the trials: struct arrays of MATLAB."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wmsim.recordings.importing.columns import kept_rows
from wmsim.recordings.importing.mapping import Mapping
from wmsim.recordings.importing.rawdata import RawData, Values


@dataclass(frozen=True)
class KeptElements:
    """Elements that were kept before trials were read.

    Attributes
    ----------
    rows : numpy.ndarray of int, shape (unit,)
        Their positions in the file.
    total : int
        How many the file has.
    dropped : dict of str to int
        Why others were left out.
    """

    rows: np.ndarray
    total: int
    dropped: dict[str, int]


def keep_elements(raw: RawData, mapping: Mapping) -> tuple[RawData, KeptElements | None]:
    """Leave out elements of units that are not kept, before their trials are compared.

    Units of different sessions have different trials; only those of one session share a table of
    labels. With ``units: keep`` one session is chosen, and what is left has one table.

    Parameters
    ----------
    raw : RawData
        The file.
    mapping : Mapping
        What is what in it.

    Returns
    -------
    raw : RawData
        With the kept elements only; unchanged if activity does not come as one array a unit.
    kept : KeptElements or None
    """
    name = mapping.spikes.times if mapping.spikes else mapping.activity.variable  # type: ignore[union-attr]
    values = raw.find(name) if name is not None and raw.has(name) else None
    full = next((key for key in raw.variables if raw.variables[key] is values), "")
    if not isinstance(values, list) or "." not in full or not values:
        return raw, None
    table = full.rsplit(".", 1)[0] + "."
    rows, dropped = kept_rows(raw, mapping.units, len(values), "unit")
    if len(rows) == len(values):
        return raw, None
    variables = {
        key: _taken(value, rows, len(values)) if key.startswith(table) else value
        for key, value in raw.variables.items()
    }
    return replace(raw, variables=variables), KeptElements(rows, len(values), dropped)


def _taken(value: Values, rows: np.ndarray, total: int) -> Values:
    if isinstance(value, list):
        return [value[row] for row in rows] if len(value) == total else value
    return value[rows] if np.shape(value)[:1] == (total,) else value
