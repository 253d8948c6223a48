"""What a twin has to know of a recording: values, probes, times; and what it cannot work with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError, did_you_mean
from wmsim.files import content_key
from wmsim.recordings import validate
from wmsim.recordings.labels import feature_names, labels_of
from wmsim.recordings.schema import NO_ITEM
from wmsim.tasks.delayed import MAX_LOAD
from wmsim.twin.config import TwinConfig


@dataclass(frozen=True)
class Brain:
    """A recording whose trials are to be run.

    Attributes
    ----------
    name : str
        What it is called, such as its file's stem.
    recording : xarray.Dataset
        Continuous, in seconds.
    feature : str
        Feature whose values are shown.
    codes : ndarray of int, shape (trial, item)
        Index into `names`; -1 for no item.
    names : tuple of str
        Values of the feature, in their order.
    probes : ndarray of int, shape (trial, probe), or None
        Index into `names`; None where no label says what probes were.
    probe_labels : tuple of str
        Labels that they were read from.
    key : str
        Hash of the recording.
    """

    name: str
    recording: xr.Dataset
    feature: str
    codes: np.ndarray
    names: tuple[str, ...]
    probes: np.ndarray | None
    probe_labels: tuple[str, ...]
    key: str

    @property
    def load(self) -> np.ndarray:
        """Items of each trial, shape (trial,)."""
        return (self.codes >= 0).sum(axis=1)


def read_brain(recording: xr.Dataset, config: TwinConfig | None = None, *, name: str) -> Brain:
    """Check a recording, and read what a twin needs of it.

    Parameters
    ----------
    recording : xarray.Dataset
        A continuous recording in seconds, with a feature of its items.
    config : TwinConfig, optional
        Which feature, and which labels name probes.
    name : str
        What it is called, in messages too.

    Returns
    -------
    Brain

    Raises
    ------
    WmsimError
        If it is a model's, aligned, has no such feature, or trials that no task has.
    """
    config = config or TwinConfig()
    validate(recording, values=False)
    _require_times(recording, name)
    feature = _feature(recording, config.feature, name)
    codes, names = labels_of(recording, feature)
    _require_trials(codes, names, feature, name)
    probes, labels = _probes(recording, config, feature, names, name)
    if probes is not None and probes.shape[1] == 2:
        hits = (probes[:, :, None] == codes[:, None]).any(axis=2).sum(axis=1)
        if (hits != 1).any():
            raise WmsimError(
                f"{name}: in {(hits != 1).sum()} trials {int(hits[hits != 1][0])} of the two "
                f"probes ({', '.join(labels)}) were among the items, expected exactly one. Leave "
                "these trials out, or name one label of probes (--probe LABEL)."
            )
    return Brain(
        name, recording, feature, codes, tuple(names), probes, labels, recording_key(recording)
    )


def recording_key(recording: xr.Dataset) -> str:
    """Hash of what a recording holds, whatever file it is in.

    Parameters
    ----------
    recording : xarray.Dataset
        A recording.

    Returns
    -------
    str
        Of the values of all its variables; attrs do not count.
    """
    parts: list[object] = []
    for variable in sorted(str(one) for one in recording.variables):
        values = recording[variable].values
        plain = values.astype(str).tolist() if values.dtype.kind in "OUT" else None
        stored = plain if plain is not None else np.ascontiguousarray(values).tobytes()
        parts += [[variable, list(map(str, recording[variable].dims)), list(values.shape)], stored]
    return content_key(*parts)


def _require_times(recording: xr.Dataset, name: str) -> None:
    if recording.attrs.get("source") == "model":
        raise WmsimError(
            f"{name} is a model's recording (attr source), a brain's was expected: a twin is a "
            "network that runs a brain's trials. Give the brain's file."
        )
    if "shown_item" in recording.variables:
        raise WmsimError(
            f"{name} is an aligned recording: when things were shown is gone. Give the "
            "continuous recording that it was made from."
        )
    if recording["time"].attrs.get("units") != "s":
        raise WmsimError(
            f"{name} counts time in {recording['time'].attrs.get('units')!r}, seconds were "
            "expected (attr units of time: 's'). Convert it."
        )
    if "item_onset" not in recording.variables and "event_maintenance" not in recording.variables:
        raise WmsimError(
            f"{name} has neither item_onset over (trial, item) nor event_maintenance over (trial), "
            "so when items were shown is not known. Add one of them, in seconds."
        )


def _feature(recording: xr.Dataset, wanted: str | None, name: str) -> str:
    known = feature_names(recording)
    if wanted is not None:
        if wanted not in known:
            raise WmsimError(f"{name} has no feature '{wanted}'. {did_you_mean(wanted, known)}")
        return wanted
    if "image" in known:
        return "image"
    if len(known) > 1:
        raise WmsimError(
            f"{name} has several features ({', '.join(known)}) and none is 'image'. Say which one "
            "tells what was shown (--feature NAME)."
        )
    return known[0]


def _require_trials(codes: np.ndarray, names: list[str], feature: str, name: str) -> None:
    load = (codes >= 0).sum(axis=1)
    place = np.arange(codes.shape[1])
    holes = ((codes >= 0) != (place < load[:, None])).any(axis=1)
    if holes.any():
        raise WmsimError(
            f"{name}: in {holes.sum()} trials '{feature}' has no value for an item before the "
            "last one, so what was shown is not known. Leave these trials out."
        )
    if load.max() > MAX_LOAD:
        raise WmsimError(
            f"{name} has trials of {load.max()} items, networks learn sequences of at most "
            f"{MAX_LOAD}. Leave longer trials out."
        )
    ordered = np.sort(np.where(codes >= 0, codes, -1 - place), axis=1)
    twice = (np.diff(ordered, axis=1) == 0).any(axis=1)
    if twice.any():
        trial = int(twice.argmax())
        told = ", ".join(names[code] for code in codes[trial] if code >= 0)
        raise WmsimError(
            f"{name}: in {twice.sum()} trials a value of '{feature}' is shown twice (trial at "
            f"position {trial}: {told}); networks learn sequences that do not repeat. Leave these "
            "trials out, or name another feature."
        )


def _probes(
    recording: xr.Dataset, config: TwinConfig, feature: str, names: list[str], name: str
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Values of probes as codes, (trial, probe), and the labels that they were read from."""
    there = [str(one) for one in recording.variables if recording[one].dims == ("trial",)]
    usual = [
        ("left_probe", "right_probe"), (f"probe_1_{feature}", f"probe_2_{feature}"),
        (f"probe_{feature}",), ("probe_1", "probe_2"), ("probe",),
    ]  # fmt: skip
    found = [labels for labels in usual if set(labels) <= set(there)]
    labels = config.probes or (found[0] if found else ())
    for label in labels:
        if label not in there:
            raise WmsimError(
                f"{name} has no label '{label}' of trials. {did_you_mean(label, there)}"
            )
    if not labels:
        return None, ()
    named = "labels" in recording[feature].attrs
    columns = [_codes(recording[label].values, names, named, label, name) for label in labels]
    return np.column_stack(columns), tuple(labels)


def _codes(values: np.ndarray, names: list[str], named: bool, label: str, name: str) -> np.ndarray:
    """Integers of a feature with names are codes; others are looked up as text."""
    if values.dtype.kind in "iu" and named:
        codes = values.astype(np.int64)
    else:
        index = {value: code for code, value in enumerate(names)}
        codes = np.array([index.get(str(value), NO_ITEM) for value in values])
    wrong = (codes < 0) | (codes >= len(names))
    if wrong.any():
        raise WmsimError(
            f"{name}: '{label}' is {values[wrong][0]!r} in {wrong.sum()} trials, which is none of "
            f"the values that items have ({', '.join(names)}). Correct it, leave these trials "
            "out, or name other labels of probes (--probe LABEL)."
        )
    return codes
