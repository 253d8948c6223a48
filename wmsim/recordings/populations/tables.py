"""What recordings must share to be put together, and how their labels are put together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.build import recording_attrs
from wmsim.recordings.validate import validate

AXIS_LABELS = ("shown_item", "step_name")
# Attrs that are texts about where data came from; those of all recordings are kept.
TOLD = ("reference", "licence", "import_account")


def checked(recordings: Iterable[xr.Dataset], what: str) -> list[xr.Dataset]:
    """A list of valid recordings, at least one.

    Raises
    ------
    WmsimError
        If a single dataset, nothing, or the same recording twice was given.
    SchemaError
        If one is no recording.
    """
    if isinstance(recordings, xr.Dataset):
        raise WmsimError(f"{what} takes a list of recordings, found one. Write [a, b, ...].")
    found = list(recordings)
    if not found:
        raise WmsimError(
            f"{what} takes a list of recordings, found an empty one. Give one or more."
        )
    if len({id(recording) for recording in found}) < len(found):
        raise WmsimError(
            f"{what} was given the same recording twice; its trials would count twice, and be in "
            "training and test. Give each once."
        )
    for recording in found:
        validate(recording, values=False)
    return found


def session_names(recordings: Sequence[xr.Dataset]) -> list[str]:
    """A different name for each recording: its session, or its number.

    Examples
    --------
    >>> one = xr.Dataset(coords={"session": ("unit", ["s1", "s1"])})
    >>> session_names([one, one, xr.Dataset()])
    ['s1', 's1 (2)', 'recording 3']
    """
    names: list[str] = []
    # Sessions that were joined before keep their names.
    taken = {
        str(name)
        for one in recordings
        if "trial_session" in one
        for name in np.unique(one["trial_session"].values)
    }
    for number, recording in enumerate(recordings, start=1):
        own = set(
            recording["session"].values.astype(str).tolist() if "session" in recording else []
        )
        name = own.pop() if len(own) == 1 else f"recording {number}"
        clash = name in names or (name in taken and "trial_session" not in recording)
        names.append(f"{name} ({number})" if clash else name)
    return names


def require_same_time(recordings: Sequence[xr.Dataset], names: Sequence[str]) -> None:
    """Refuse recordings whose time axes, steps, windows or units of activity differ.

    Raises
    ------
    WmsimError
        Names the first difference, both recordings and the remedy.
    """
    first = recordings[0]
    for recording, name in zip(recordings[1:], names[1:], strict=True):
        where = f"'{names[0]}' and '{name}'"
        for attribute, of in (("units", "time"), ("units", "activity")):
            a, b = (one[of].attrs.get(attribute) for one in (first, recording))
            if a != b:
                raise WmsimError(
                    f"{of}: is in {a!r} and {b!r} in {where}, expected the same units. "
                    "Convert one of them."
                )
        a, b = (_steps_or_span(one) for one in (first, recording))
        if a != b or not np.allclose(first["time"].values, recording["time"].values):
            raise WmsimError(
                f"time: is {a} and {b} in {where}, expected the same axis. Align both with the "
                "same windows (wmsim.recordings.align), or cut them to the same times or items "
                "(subset(n_items=...))."
            )
        a, b = (_windows(one) for one in (first, recording))
        if a != b:
            raise WmsimError(
                f"Steps of {where} were averaged over different windows: {a} and {b}. "
                "Align both with the same windows."
            )


def _steps_or_span(recording: xr.Dataset) -> str:
    if "shown_item" in recording.variables:
        steps = ", ".join(recording["step_name"].values.astype(str)) if (
            "step_name" in recording.variables
        ) else str(recording["shown_item"].values.tolist())  # fmt: skip
        return f"{recording.sizes['time']} steps ({steps})"
    time = recording["time"].values
    return f"{time.size} bins from {time[0]:g} to {time[-1]:g}"


def _windows(recording: xr.Dataset) -> Any:
    text = recording.attrs.get("alignment")
    return json.loads(text)["windows"] if text else None


def merged_unit_labels(
    recordings: Sequence[xr.Dataset], names: Sequence[str]
) -> dict[str, np.ndarray]:
    """Labels of all units, one recording after the other; unit names stay different.

    Parameters
    ----------
    recordings : sequence of xarray.Dataset
        Recordings.
    names : sequence of str
        Put in front of the names of units where these are not different.

    Returns
    -------
    dict of str to ndarray, shape (unit,)
        What a recording lacks is filled: "" (text), -1 (integers), NaN (floats).
    """
    labels = _merged_labels(recordings, "unit")
    own = [recording["unit"].values.astype(str) for recording in recordings]
    units = np.concatenate(own)
    if np.unique(units).size < units.size:
        pairs = zip(names, own, strict=True)
        units = np.concatenate([np.char.add(f"{name}/", units) for name, units in pairs])
    return {"unit": units, **{name: values for name, values in labels.items() if name != "unit"}}


def merged_trial_labels(
    recordings: Sequence[xr.Dataset], names: Sequence[str]
) -> dict[str, np.ndarray]:
    """Labels and events of all trials, one recording after the other; names stay different.

    Returns
    -------
    dict of str to ndarray, shape (trial,)
        Filled as by :func:`merged_unit_labels`; ``trial_session`` says where a trial is from.
    """
    labels = _merged_labels(recordings, "trial")
    own = [recording["trial"].values.astype(str) for recording in recordings]
    trials = np.concatenate(own)
    if np.unique(trials).size < trials.size:
        pairs = zip(names, own, strict=True)
        trials = np.concatenate([np.char.add(f"{name}/", trial) for name, trial in pairs])
    session = np.repeat(np.array(names), [one.size for one in own])
    if "trial_session" in labels:
        known = labels["trial_session"].astype(str)
        session = np.where(known == "", session, known)
    return {**labels, "trial": trials, "trial_session": session}


def _merged_labels(recordings: Sequence[xr.Dataset], dim: str) -> dict[str, np.ndarray]:
    every = dict.fromkeys(
        str(name) for one in recordings for name, v in one.variables.items() if v.dims == (dim,)
    )
    return {
        name: concatenated(
            [one[name].values if name in one.variables else None for one in recordings],
            [one.sizes[dim] for one in recordings],
        )
        for name in every
    }


def concatenated(values: Sequence[np.ndarray | None], sizes: Sequence[int]) -> np.ndarray:
    """Concatenate labels; None is filled, and mixed types become text.

    Examples
    --------
    >>> concatenated([np.array([True, False]), None], [2, 1])
    array([ 1,  0, -1])
    >>> concatenated([np.array([1]), np.array(["a"])], [1, 1])
    array(['1', 'a'], dtype='<U21')
    """
    given = [one for one in values if one is not None]
    kinds = {"t" if one.dtype.kind in "OUT" else one.dtype.kind for one in given}
    missing = len(given) < len(values)
    if "t" in kinds:
        given = [one.astype(str) for one in given]
        fill: Any = ""
    elif "f" in kinds:
        fill = np.nan
    else:
        fill = -1
        if "b" in kinds and (missing or len(kinds) > 1):
            given = [one.astype(np.int64) for one in given]
    remaining = iter(given)
    parts = [
        np.full(size, fill) if one is None else next(remaining)
        for one, size in zip(values, sizes, strict=True)
    ]
    return np.concatenate(parts)


def merged_attrs(recordings: Sequence[xr.Dataset], names: Sequence[str]) -> dict[str, Any]:
    """Attrs of a recording put together: what all agree on, and the sources of all.

    Raises
    ------
    WmsimError
        If activity of networks is to be mixed with activity of brains.
    """
    sources = [str(recording.attrs["source"]) for recording in recordings]
    for source, name in zip(sources, names, strict=True):
        if source != sources[0]:
            raise WmsimError(
                f"'{names[0]}' is of source '{sources[0]}' and '{name}' of source '{source}'; "
                "recordings that are put together must be of one kind. Analyse them apart."
            )
    first = recordings[0].attrs
    same = {
        key: value
        for key, value in first.items()
        if all(key in one.attrs and one.attrs[key] == value for one in recordings)
    }
    for key in TOLD:
        told = dict.fromkeys(str(one.attrs[key]) for one in recordings if one.attrs.get(key))
        if told:
            same[key] = "\n".join(told)
    return {**same, **recording_attrs(sources[0])}
