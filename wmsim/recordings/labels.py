"""Labels of items: integers with names, or text; both are read as codes and names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import SchemaError, did_you_mean
from wmsim.recordings.schema import ACTIONS, NO_ITEM


def feature_names(dataset: xr.Dataset) -> list[str]:
    """Names of the feature variables of a recording, in their order.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording.

    Returns
    -------
    list of str
    """
    return [
        str(name)
        for name, variable in dataset.variables.items()
        if variable.attrs.get("role") == "feature"
    ]


def labels_of(dataset: xr.Dataset, feature: str) -> tuple[np.ndarray, list[str]]:
    """Codes and names of a feature's labels, whether stored as integers or as text.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording.
    feature : str
        A feature variable, or ``"target"`` or ``"response"``.

    Returns
    -------
    codes : numpy.ndarray of int64, shape (trial, item)
        Index into `names`; -1 where there is no item.
    names : list of str
        Integers that carry no names are named by their digits. Text is sorted,
        except for actions, which keep the order of
        :data:`wmsim.recordings.schema.ACTIONS`.

    Raises
    ------
    SchemaError
        If there is no such feature, or an integer has no name.

    Examples
    --------
    >>> text = xr.Variable(("trial", "item"), [["cup", ""], ["car", "cup"]], {"role": "feature"})
    >>> codes, names = labels_of(xr.Dataset({"identity": text}), "identity")
    >>> names
    ['car', 'cup']
    >>> codes.tolist()
    [[1, -1], [0, 1]]
    """
    known = feature_names(dataset)
    actions = [name for name in ("target", "response") if name in dataset.variables]
    if feature not in known + actions:
        raise SchemaError(
            f"No feature '{feature}' in this recording. {did_you_mean(feature, known)}"
        )
    variable = dataset[feature].transpose("trial", "item")
    values = variable.values
    if values.dtype.kind in "iu":
        return _from_integers(values.astype(np.int64), variable.attrs, feature)
    return _from_text(values.astype(str), order=ACTIONS if feature in actions else None)


def encode_labels(
    values: Any, names: Sequence[str] | None = None
) -> tuple[np.ndarray, dict[str, Any]]:
    """Turn labels into what a recording stores: an array and its attrs.

    Parameters
    ----------
    values : array-like, shape (trial, item)
        Integers (-1 where there is no item) or text ("" where there is none).
    names : sequence of str, optional
        Names of the integers 0, 1, ...

    Returns
    -------
    values : numpy.ndarray, shape (trial, item)
        Integers as int32; text and what is wrong unchanged, for validation to name.
    attrs : dict
        ``labels`` (JSON list of names) and ``no_item``, for integers.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        return array, {}
    attrs: dict[str, Any] = {"no_item": NO_ITEM}
    if names is not None:
        attrs["labels"] = json.dumps([str(name) for name in names], ensure_ascii=False)
    small = array.size == 0 or np.abs(array).max() < 2**31
    return array.astype(np.int32 if small else np.int64), attrs


def label_names(attrs: dict[Any, Any]) -> list[str] | None:
    """Names that a variable's attrs give its codes; None if they give none.

    Raises
    ------
    ValueError
        If attr ``labels`` is not a list of text in JSON.
    """
    text = attrs.get("labels")
    if text is None:
        return None
    try:
        names = json.loads(text) if isinstance(text, str) else list(text)
    except (json.JSONDecodeError, TypeError):
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"attr labels is {text!r}")
    return names


def _from_integers(
    values: np.ndarray, attrs: dict[Any, Any], feature: str
) -> tuple[np.ndarray, list[str]]:
    present = values != int(attrs.get("no_item", NO_ITEM))
    try:
        names = label_names(attrs)
    except ValueError as error:
        raise SchemaError(f"{feature}: {error}, expected a JSON list of names.") from None
    if names is None and feature in ("target", "response"):
        names = list(ACTIONS)
    if names is None:
        found = np.unique(values[present])
        codes = np.where(present, np.searchsorted(found, values), NO_ITEM)
        return codes.astype(np.int64), [str(value) for value in found]
    codes = np.where(present, values, NO_ITEM)
    wrong = present & ((values < 0) | (values >= len(names)))
    if wrong.any():
        raise SchemaError(
            f"{feature}: found the code {values[wrong][0]}, but attr labels names only 0 to "
            f"{len(names) - 1}. Add the missing names, or use -1 where there is no item."
        )
    return codes.astype(np.int64), names


def _from_text(
    values: np.ndarray, order: Sequence[str] | None = None
) -> tuple[np.ndarray, list[str]]:
    names = sorted(set(np.unique(values).tolist()) - {""})
    if order is not None:
        names = [*order, *(name for name in names if name not in order)]
    index = {name: code for code, name in enumerate(names)} | {"": NO_ITEM}
    kinds, inverse = np.unique(values, return_inverse=True)
    codes = np.array([index[kind] for kind in kinds.tolist()], dtype=np.int64)
    return codes[inverse].reshape(values.shape), names
