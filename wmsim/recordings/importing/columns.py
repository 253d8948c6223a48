"""Columns of tables: rows that are kept, labels of units and trials, labels of items as codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from wmsim.errors import WmsimError
from wmsim.recordings.importing.mapping import TableMapping
from wmsim.recordings.importing.rawdata import RawData, one_dimensional
from wmsim.recordings.schema import ACTIONS, NO_ITEM


def kept_rows(
    raw: RawData, table: TableMapping, total: int, what: str
) -> tuple[np.ndarray, dict[str, int]]:
    """Rows of a table that are kept, and why others are not.

    Raises
    ------
    WmsimError
        If none is left; the message names the values that exist.
    """
    keep = np.ones(total, dtype=bool)
    dropped: dict[str, int] = {}
    for name, wanted in table.keep.items():
        values = one_for_each(raw, one_dimensional(raw, name, what), name, total, what)
        text = plain_text(values)
        chosen = np.isin(text, [str(value) for value in wanted])
        if not (chosen & keep).any():
            exist = ", ".join(sorted(set(text[keep].tolist()))[:12])
            raise WmsimError(
                f"No {what} is left: keep asks for {name} {' or '.join(map(str, wanted))}, found "
                f"{exist}. Correct the mapping."
            )
        for value in sorted(set(text[keep & ~chosen].tolist())):
            dropped[f"{name} {value or 'empty'}"] = int((keep & ~chosen & (text == value)).sum())
        keep &= chosen
    return np.flatnonzero(keep), dropped


def table_labels(
    raw: RawData, table: TableMapping, rows: np.ndarray, total: int, what: str
) -> dict[str, np.ndarray]:
    """Labels of the rows that are kept; booleans and integers stay what they are."""
    labels: dict[str, np.ndarray] = {}
    if table.name is not None:
        names = one_for_each(raw, one_dimensional(raw, table.name, what), table.name, total, what)
        labels[what] = whole_numbers(names)[rows]
    for label, column in table.columns.items():
        values = one_for_each(raw, one_dimensional(raw, column, what), column, total, what)[rows]
        labels[label] = _label(values, table.rename.get(label), label)
    for label, value in table.values.items():
        labels[label] = np.full(len(rows), value)
    return labels


def _label(values: np.ndarray, rename: dict[str, str] | None, label: str) -> np.ndarray:
    if rename is not None:
        text = plain_text(values)
        return np.array([rename.get(cell, cell) for cell in text.tolist()])
    values = whole_numbers(values)
    if label == "correct" and values.dtype.kind in "iu" and np.isin(values, (0, 1)).all():
        return values.astype(bool)
    return values


def one_for_each(raw: RawData, values: np.ndarray, name: str, total: int, what: str) -> np.ndarray:
    """The values, if there is one for each unit or trial.

    Raises
    ------
    WmsimError
        If there are more or fewer.
    """
    if len(values) != total:
        raise WmsimError(
            f"'{raw.path.name}': {name} has {len(values)} values, expected one for each of "
            f"{total} {what}s. Name a variable over {what}s."
        )
    return values


def encode_items(
    values: np.ndarray, no_item: tuple[Any, ...], names: dict[str, str], feature: str
) -> tuple[np.ndarray, list[str]]:
    """Labels of items as codes and names.

    Parameters
    ----------
    values : numpy.ndarray, shape (trial, item)
        Numbers or text.
    no_item : tuple
        Values that mean that there is no item, beside NaN and empty text.
    names : dict of str to str
        Name of each value; by default numbers are named by their digits.
    feature : str
        For messages.

    Returns
    -------
    codes : numpy.ndarray of int, shape (trial, item)
    names : list of str

    Raises
    ------
    WmsimError
        If text and numbers are mixed, numbers are not whole, or a value has no name.

    Examples
    --------
    >>> encode_items(np.array([[3, 7], [7, 0]]), (0,), {}, "image")
    (array([[ 0,  1],
           [ 1, -1]]), ['3', '7'])
    """
    _require_one_type(values, feature)
    whole = whole_numbers(values)
    if whole.dtype.kind == "f":
        odd = whole[np.isinf(whole) | (np.isfinite(whole) & (whole != np.round(whole)))]
        if odd.size:
            raise WmsimError(
                f"{feature}: found the label {odd[0]:g}, expected whole numbers or text. Labels "
                "are classes: bin a continuous quantity first, or name another variable."
            )
    text = plain_text(whole)
    absent = ~has_item(whole, no_item)
    found = np.unique(text[~absent])
    order = sorted(found.tolist(), key=_by_number)
    if names:
        unnamed = [value for value in order if value not in names]
        if unnamed:
            raise WmsimError(
                f"{feature}: value '{unnamed[0]}' has no name; names are given to "
                f"{', '.join(names)}. Add it under items: names, or to no_item."
            )
        order = [value for value in names if value in order]
    index = {value: code for code, value in enumerate(order)}
    codes = np.array([index.get(cell, NO_ITEM) for cell in text.ravel().tolist()])
    codes = np.where(absent, NO_ITEM, codes.reshape(text.shape))
    return codes, [names.get(value, value) for value in order]


def has_item(values: np.ndarray, no_item: tuple[Any, ...]) -> np.ndarray:
    """Where a label says that there is an item; NaN, None and empty text never do."""
    text = plain_text(values)
    return (text != "") & ~np.isin(text, [str(value) for value in no_item])


def _require_one_type(values: np.ndarray, feature: str) -> None:
    if values.dtype.kind != "O":
        return
    kinds: dict[str, Any] = {}
    for cell in values.ravel().tolist():
        if cell is None or cell == "" or cell != cell:
            continue
        kinds.setdefault("text" if isinstance(cell, (str, bytes)) else "numbers", cell)
    if len(kinds) > 1:
        raise WmsimError(
            f"{feature}: labels mix text and numbers ({kinds['text']!r} and {kinds['numbers']!r}), "
            "expected one or the other. Correct the column in the file."
        )


def _by_number(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text


def whole_numbers(values: np.ndarray) -> np.ndarray:
    """Floats that are whole become integers, bytes text; what has NaN or fractions stays."""
    values = np.asarray(values)
    if values.dtype.kind == "S":
        return values.astype(str)
    if values.dtype.kind == "O":
        cells = [c.decode("utf-8", "replace") if isinstance(c, bytes) else c for c in values.flat]
        if all(isinstance(cell, (int, float, np.number)) for cell in cells) and cells:
            return whole_numbers(np.array(cells, dtype=float).reshape(values.shape))
        text = ["" if cell is None or cell != cell else str(cell) for cell in cells]
        return np.array(text, dtype=str).reshape(values.shape)
    if (
        values.dtype.kind == "f"
        and np.isfinite(values).all()
        and (values == np.round(values)).all()
    ):
        return values.astype(np.int64)
    return values


def plain_text(values: np.ndarray) -> np.ndarray:
    """Every value as text: 5.0 is "5", NaN and None are empty."""
    values = whole_numbers(values)
    if values.dtype.kind == "f":
        cells = ["" if np.isnan(v) else f"{v:.15g}" for v in values.ravel().tolist()]
        return np.array(cells, dtype=str).reshape(values.shape)
    return values.astype(str)


def encode_actions(values: np.ndarray, name: str) -> np.ndarray:
    """Targets or responses, as words or as codes, as the contract has them."""
    whole = whole_numbers(values)
    if whole.dtype.kind in "iu":
        return whole
    if whole.dtype.kind == "f":
        return np.where(np.isfinite(whole), whole, NO_ITEM).astype(np.int64)
    index: dict[str, int] = {action: code for code, action in enumerate(ACTIONS)} | {"": NO_ITEM}
    unknown = sorted(set(np.unique(whole).tolist()) - set(index))
    if unknown:
        raise WmsimError(
            f"{name}: found {unknown[0]!r}, expected {', '.join(map(repr, ACTIONS))} or nothing. "
            "Recode the column."
        )
    return np.array([index[cell] for cell in whole.ravel().tolist()]).reshape(whole.shape)


def times_of(raw: RawData, values: np.ndarray, name: str) -> np.ndarray:
    """Times as floats; text that is none, and infinity, are refused."""
    try:
        times = np.asarray(values).astype(np.float64)
    except (TypeError, ValueError):
        example = next((v for v in np.asarray(values).ravel().tolist() if not _is_number(v)), "")
        raise WmsimError(
            f"'{raw.path.name}': {name} holds {example!r}, expected numbers. Leave the cell empty "
            "where there is none."
        ) from None
    if np.isinf(times).any():
        raise WmsimError(
            f"'{raw.path.name}': {name} holds infinite times ({np.isinf(times).sum()}), expected "
            "numbers. Write NaN, or leave the cell empty, where there is no time."
        )
    return times


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
