"""Recordings of equal size: as many units, values of a feature, and trials of each, as another.

Arms that are compared get equally many trials and units; more of either decodes better.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.balance import (
    Labels,
    as_many,
    equally_many,
    paired_features,
    paired_values,
    used_labels,
)
from wmsim.recordings.validate import validate

_STREAM = 0x6D617463


def match(
    recording: xr.Dataset,
    target: xr.Dataset,
    *,
    feature: str | None = None,
    target_feature: str | None = None,
    conditions: bool = True,
    seed: int,
) -> xr.Dataset:
    """Sub-sample a recording so that it has the size of another.

    Parameters
    ----------
    recording : xarray.Dataset
        The recording to take a part of.
    target : xarray.Dataset
        The recording whose number of units, values and trials is wanted.
    feature : str, optional
        Feature of `recording` whose values are the conditions. By default one that has as many
        values as the target's, of the same name if there is one.
    target_feature : str, optional
        Feature of the target; by default of the same name, or its only one.
    conditions : bool
        Whether to match values and trials a value; False matches units and trials alone.
    seed : int
        Fixes what is drawn.

    Returns
    -------
    xarray.Dataset
        A part of the recording, lazy where it was. Units are drawn at random. Values: those that
        leave most trials (whole trials go whose items have other values). Trials are drawn so
        that each value has the target's number of trials at each item that both have; if no
        choice of trials does that, over all these items together; if there are too few, as many
        as can be without any value having more than the target's. Which of these it was, and
        everything else that was done, is in attr ``matched`` (JSON).

    Raises
    ------
    WmsimError
        If features cannot be paired, the recording has fewer values than the target, or no trial
        is left.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> def made(units, trials, values):
    ...     return build_recording(
    ...         np.zeros((1, units, trials)), time=[0], time_units="step", source="planted",
    ...         activity_units="a.u.", features={"image": np.arange(trials)[:, None] % values},
    ...         shown_item=[0],
    ...     )
    >>> part = match(made(units=9, trials=60, values=6), made(units=4, trials=20, values=4), seed=0)
    >>> dict(part.sizes), np.unique(part["image"], return_counts=True)[1].tolist()
    ({'time': 1, 'unit': 4, 'trial': 20, 'item': 1}, [5, 5, 5, 5])
    """
    rng = _begin(recording, target, seed)
    units = _drawn_units(recording, target, rng)
    done: dict[str, Any] = {"seed": seed, "units": [recording.sizes["unit"], units.size]}
    if conditions:
        names = paired_features(recording, target, feature, target_feature)
        own, other = used_labels(recording, names[0]), used_labels(target, names[1])
        if own.n_values < other.n_values:
            raise WmsimError(
                f"'{names[0]}' takes {own.n_values} values, the target's '{names[1]}' "
                f"{other.n_values}; values cannot be added. Use match_both, which leaves out some "
                "of the target's, or another feature."
            )
        own, other = paired_values(own, other, rng)
        if not own.trials.size:
            raise WmsimError(_no_trials(recording, names[0], other.n_values))
        level, chosen = as_many(own, other, rng)
        trials = own.trials[chosen]
        done |= _told(level, names, own, other, chosen)
    else:
        number = min(recording.sizes["trial"], target.sizes["trial"])
        trials = np.sort(rng.choice(recording.sizes["trial"], number, replace=False))
    done["trials"] = [recording.sizes["trial"], int(trials.size)]
    return _part(recording, units, trials, done)


def match_both(
    first: xr.Dataset,
    second: xr.Dataset,
    *,
    feature: str | None = None,
    second_feature: str | None = None,
    seed: int,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Sub-sample two recordings so that they are of one size, the largest that both have.

    Parameters
    ----------
    first, second : xarray.Dataset
        Recordings.
    feature, second_feature : str, optional
        Features whose values are the conditions; as in :func:`match`, but the numbers of values
        may differ.
    seed : int
        Fixes what is drawn.

    Returns
    -------
    first, second : xarray.Dataset
        Parts with equally many units, values, and trials of each value at each item that both
        have (if no choice of trials does that: over all these items together). Attr ``matched``
        (JSON) says what was done.

    Raises
    ------
    WmsimError
        If features cannot be paired, or no trials are left.
    """
    rng = _begin(first, second, seed)
    names = paired_features(first, second, feature, second_feature)
    own, other = used_labels(first, names[0]), used_labels(second, names[1])
    units = _drawn_units(first, second, rng), _drawn_units(second, first, rng)
    own, other = paired_values(own, other, rng)
    for dataset, labels, name in ((first, own, names[0]), (second, other, names[1])):
        if not labels.trials.size:
            raise WmsimError(_no_trials(dataset, name, labels.n_values))
    level, chosen = equally_many(own, other, rng)
    parts = []
    for i, (dataset, labels) in enumerate(((first, own), (second, other))):
        trials = labels.trials[chosen[i]]
        done = {
            "seed": seed,
            "units": [dataset.sizes["unit"], units[i].size],
            "trials": [dataset.sizes["trial"], int(trials.size)],
        }
        sides = (own, other) if i == 0 else (other, own)
        ordered = names if i == 0 else names[::-1]
        done |= _told(level, ordered, sides[0], sides[1], chosen[i])
        parts.append(_part(dataset, units[i], trials, done))
    return parts[0], parts[1]


def _begin(first: xr.Dataset, second: xr.Dataset, seed: int) -> np.random.Generator:
    for dataset in (first, second):
        validate(dataset, values=False)
    if seed < 0:
        raise WmsimError(f"seed is {seed}, expected a whole number from 0.")
    return np.random.default_rng([_STREAM, seed])


def _drawn_units(dataset: xr.Dataset, other: xr.Dataset, rng: np.random.Generator) -> np.ndarray:
    size = dataset.sizes["unit"]
    number = min(size, other.sizes["unit"])
    return np.sort(rng.choice(size, number, replace=False))


def _told(
    level: str, names: tuple[str, str], own: Labels, other: Labels, chosen: np.ndarray
) -> dict[str, Any]:
    items = min(own.codes.shape[1], other.codes.shape[1])
    counts = own.indicator(items)[:, chosen].sum(axis=1).reshape(items, -1).astype(int)
    return {
        "feature": names[0],
        "target_feature": names[1],
        "values": dict(zip(own.names, other.names, strict=True)),
        "met": level,
        "trials_a_value": dict(zip(own.names, counts.T.tolist(), strict=True)),
    }


def _no_trials(dataset: xr.Dataset, feature: str, number: int) -> str:
    return (
        f"No trial has items of {number} values of '{feature}' alone: each of "
        f"{dataset.sizes['trial']} trials shows more. Record trials with fewer values, take "
        "trials of fewer items, or match another feature."
    )


def _part(
    dataset: xr.Dataset, units: np.ndarray, trials: np.ndarray, done: dict[str, Any]
) -> xr.Dataset:
    part = dataset.isel(unit=units, trial=trials)
    part.attrs = dataset.attrs | {"matched": json.dumps(done)}
    return part
