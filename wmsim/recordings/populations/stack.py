"""Recordings that share their trials, one beside the other: no resampling is needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.labels import feature_names, labels_of
from wmsim.recordings.populations.tables import (
    checked,
    merged_attrs,
    merged_unit_labels,
    require_same_time,
    session_names,
)
from wmsim.recordings.validate import validate


def stack(recordings: Iterable[xr.Dataset], *, without: Sequence[str] = ()) -> xr.Dataset:
    """Put the units of recordings that share one trial table into one recording.

    Trial i has to be the same trial in all of them: recorded at the same time by other
    electrodes, or shown to other subjects in the same order.

    Parameters
    ----------
    recordings : iterable of xarray.Dataset
        Recordings with the same trials, labels and time axis.
    without : sequence of str
        Labels of trials to leave out, because they are each subject's own (``correct``,
        ``response``, ``event_answer``, ...).

    Returns
    -------
    xarray.Dataset
        One recording with all units. Names of units stay different: where they are not, the
        session is put in front.

    Raises
    ------
    WmsimError
        If a label differs; the first one is named, with both values.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> def patient(name):
    ...     return build_recording(
    ...         np.zeros((1, 2, 3)), time=[0], time_units="step", source="planted",
    ...         activity_units="a.u.", features={"image": [[0], [1], [0]]}, shown_item=[0],
    ...         unit={"session": name},
    ...     )
    >>> stack([patient("p1"), patient("p2")])["unit"].values.tolist()
    ['p1/u0', 'p1/u1', 'p2/u0', 'p2/u1']
    """
    parts = checked(recordings, "stack")
    parts = [part.drop_vars([name for name in without if name in part.variables]) for part in parts]
    names = session_names(parts)
    require_same_time(parts, names)
    for part, name in zip(parts[1:], names[1:], strict=True):
        _require_same_trials(parts[0], part, names[0], name)
    first = parts[0]
    of_units = [str(n) for n, v in first.variables.items() if "unit" in v.dims]
    activity = np.concatenate(
        [part["activity"].transpose("time", "unit", "trial").values for part in parts], axis=1
    )
    labels = merged_unit_labels(parts, names)
    # Dropped first, because the old units are fewer than the new ones.
    result = first.drop_vars(of_units)
    result = result.assign_coords({name: ("unit", values) for name, values in labels.items()})
    result["activity"] = (("time", "unit", "trial"), activity, dict(first["activity"].attrs))
    result = result[["activity", *(name for name in result.data_vars if name != "activity")]]
    result.attrs = merged_attrs(parts, names)
    validate(result)
    return result


def _require_same_trials(first: xr.Dataset, other: xr.Dataset, name: str, other_name: str) -> None:
    sizes = [(one.sizes["trial"], one.sizes.get("item", 0)) for one in (first, other)]
    where = f"'{name}' and '{other_name}'"
    if sizes[0] != sizes[1]:
        raise WmsimError(
            f"{where} have {sizes[0][0]} and {sizes[1][0]} trials of {sizes[0][1]} and "
            f"{sizes[1][1]} items, so they share no trial table. Put them together with join or "
            "pseudo_population."
        )
    features = set(feature_names(first)) | set(feature_names(other))
    for label in dict.fromkeys([*map(str, first.variables), *map(str, other.variables)]):
        dims = (first if label in first.variables else other)[label].dims
        if "unit" in dims or "time" in dims:
            continue
        for one, one_name in ((first, name), (other, other_name)):
            if label not in one.variables:
                raise WmsimError(
                    f"{label}: '{one_name}' has no such label, the other one has. Add it, or leave "
                    f"it out: stack(..., without=['{label}'])."
                )
        a, b = (_values(one, label, label in features) for one in (first, other))
        differ = _differ(a, b)
        if differ.any():
            at = tuple(int(axis[0]) for axis in np.nonzero(differ))
            raise WmsimError(
                f"{label}: differs between {where}, first in the trial at position {at[0]} "
                f"({a[at]} and {b[at]}). If it is each subject's own, leave it out: "
                f"stack(..., without=['{label}']); if the trials are others, use join or "
                "pseudo_population."
            )


def _values(dataset: xr.Dataset, label: str, is_feature: bool) -> np.ndarray:
    if not is_feature:
        return dataset[label].values
    codes, names = labels_of(dataset, label)
    return np.array([*names, ""])[codes]


def _differ(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind == "f" and b.dtype.kind == "f":
        return ~np.isclose(a, b, equal_nan=True)
    if a.dtype.kind in "biuf" and b.dtype.kind in "biuf":
        return np.asarray(a != b)
    return a.astype(str) != b.astype(str)
