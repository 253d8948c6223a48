"""The very trials of a network's recording, rebuilt from its labels (torch-free)."""

from __future__ import annotations

import re

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.labels import label_names
from wmsim.recordings.schema import ACTIONS
from wmsim.tasks import IGNORED, Trials, parse_task
from wmsim.tasks.timeline import BLANK, CUE, GAP, ITEM, MAINTENANCE, PADDING, PHASES, PROBE

NAMED = ("location", "identity", "category")
LABELS = (*NAMED, "view", "image")
NONE = -1


def recorded_trials(recording: xr.Dataset) -> Trials:
    """Rebuild the table of trials that a network was recorded on.

    Parameters
    ----------
    recording : xarray.Dataset
        As :func:`wmsim.recordings.subject.record_trials` makes it, aligned, or continuous with
        time in steps.

    Returns
    -------
    Trials
        With the same items, probes, steps and targets.

    Raises
    ------
    WmsimError
        If labels that this needs are not there.
    """
    names = _needed(recording, "task").values.astype(str)
    tasks = tuple(parse_task(name) for name in dict.fromkeys(names.tolist()))
    index = {task.name: number for number, task in enumerate(tasks)}
    stems = _probe_stems(recording)
    labels = {name: _columns(recording, name, stems) for name in LABELS}
    n_items = recording.sizes["item"]
    phase, shown = _steps(recording, n_items, len(stems))
    cue = np.full(len(names), NONE)
    if "cued_item" in recording.variables:
        cue = recording["cued_item"].values.astype(np.int64)
    return Trials(
        tasks, np.array([index[name] for name in names]), **labels,
        target=_targets(recording, phase, shown, stems), shown=shown, phase=phase, cue=cue,
        n_probes=len(stems),
    )  # fmt: skip


def _needed(recording: xr.Dataset, name: str) -> xr.DataArray:
    if name not in recording.variables:
        raise WmsimError(f"The recording has no '{name}', which its trials are rebuilt from.")
    return recording[name]


def _probe_stems(recording: xr.Dataset) -> list[str]:
    """Beginnings of the labels of probes, in order."""
    several = [
        match[1] for name in map(str, recording.variables)
        if (match := re.fullmatch(r"(probe(?:_\d+)?)_image", name))
    ]  # fmt: skip
    return sorted(several, key=lambda stem: (len(stem), stem))


def _columns(recording: xr.Dataset, name: str, stems: list[str]) -> np.ndarray:
    """Labels of items, then of probes, (trial, column)."""
    variable = _needed(recording, name).transpose("trial", "item")
    if variable.dtype.kind not in "iu":
        raise WmsimError(f"'{name}' of the recording is no index of the network's stimuli.")
    columns = [variable.values.astype(np.int64)]
    for stem in stems:
        own = _needed(recording, f"{stem}_{name}").values
        if name in NAMED:
            code = {label: row for row, label in enumerate(label_names(variable.attrs) or ())}
            own = np.array([code.get(str(value), NONE) for value in own])
        columns.append(own.astype(np.int64)[:, None])
    return np.concatenate(columns, axis=1)


def _steps(recording: xr.Dataset, n_items: int, n_probes: int) -> tuple[np.ndarray, np.ndarray]:
    """What each step is for, and the column on display, both (trial, step)."""
    if "shown_item" in recording.variables:
        return _shared_steps(recording, n_items)
    if recording["time"].attrs.get("units") != "step":
        raise WmsimError("Time of the recording is not in the network's steps.")
    return _own_steps(recording, n_items, n_probes)


def _shared_steps(recording: xr.Dataset, n_items: int) -> tuple[np.ndarray, np.ndarray]:
    names = [str(one) for one in recording["step_name"].values]
    shown_item = recording["shown_item"].values
    phase, shown, probes = [], [], 0
    for name, item in zip(names, shown_item, strict=True):
        stem = re.sub(r" \d+$", "", name)
        if stem not in PHASES or (stem == "item") != (item >= 0):
            raise WmsimError(f"Step '{name}' of the recording is none that networks have.")
        phase.append(PHASES.index(stem))
        shown.append(int(item) if item >= 0 else n_items + probes if stem == "probe" else BLANK)
        probes += stem == "probe"
    n_trials = recording.sizes["trial"]
    return np.tile(phase, (n_trials, 1)), np.tile(shown, (n_trials, 1))


def _own_steps(recording: xr.Dataset, n_items: int, n_probes: int) -> tuple[np.ndarray, np.ndarray]:
    """Steps of each trial from onsets, offsets and events; activity ends where the trial does."""
    onset = _needed(recording, "item_onset").transpose("trial", "item").values
    offset = _needed(recording, "item_offset").transpose("trial", "item").values
    activity = recording["activity"].transpose("trial", "time", "unit").isel(unit=0).values
    step = np.arange(recording.sizes["time"])
    there = ~np.isnan(activity)
    phase = np.where(step < np.nanmax(offset, axis=1)[:, None], GAP, MAINTENANCE)
    shown = np.full(phase.shape, BLANK)
    for item in range(n_items):
        here = (step >= onset[:, item, None]) & (step < offset[:, item, None])
        phase[here], shown[here] = ITEM, item
    if "event_cue" in recording.variables:
        phase[step == recording["event_cue"].values[:, None]] = CUE
    if n_probes:
        first = _needed(recording, "event_probe").values
        each = (there.sum(axis=1) - first) / n_probes
        for probe in range(n_probes):
            begin = (first + probe * each)[:, None]
            here = (step >= begin) & (step < begin + each[:, None])
            phase[here], shown[here] = PROBE, n_items + probe
    phase[~there], shown[~there] = PADDING, BLANK
    return phase, shown


def _targets(
    recording: xr.Dataset, phase: np.ndarray, shown: np.ndarray, stems: list[str]
) -> np.ndarray:
    """Right actions at the last step of each item and probe, (trial, step)."""
    n_trials, n_items = recording.sizes["trial"], recording.sizes["item"]
    asked = np.zeros((n_trials, n_items + len(stems)), dtype=np.int64)
    if "target" in recording.variables:
        values = recording["target"].transpose("trial", "item").values
        asked[:, :n_items] = np.maximum(values, 0) if values.dtype.kind in "iu" else 0
    for number, stem in enumerate(stems):
        if f"{stem}_target" in recording.variables:
            words = recording[f"{stem}_target"].values.astype(str)
            asked[:, n_items + number] = [max(_action(word), 0) for word in words]
    target = np.where(phase == PADDING, IGNORED, 0)
    last = (shown != BLANK) & (np.roll(shown, -1, axis=1) != shown)
    last[:, -1] = shown[:, -1] != BLANK
    trial, step = np.nonzero(last)
    target[trial, step] = asked[trial, shown[trial, step]]
    return target


def _action(word: str) -> int:
    return ACTIONS.index(word) if word in ACTIONS else NONE
