"""A subject records itself: hidden states as a labelled recording.

The one module of :mod:`wmsim.recordings` that knows torch; it is not imported with the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import xarray as xr

from wmsim.errors import ConfigError
from wmsim.recordings.build import build_recording
from wmsim.tasks import ACTIONS, IGNORED, NBackTask, Task, Trials, generate_trials
from wmsim.tasks.timeline import BLANK, CUE, MAINTENANCE, PADDING, PHASES, PROBE, step_names
from wmsim.training import Subject
from wmsim.training.batches import make_batch

RECORDING_STREAM = 4
NO_ITEM = -1


def record(
    subject: Subject,
    *,
    tasks: Sequence[Task] | None = None,
    trials_per_task: int = 300,
    split: str = "novel_angle",
    seed: int = 0,
) -> xr.Dataset:
    """Run a subject on fresh trials and write down everything that its units do.

    Parameters
    ----------
    subject : Subject
        A trained network.
    tasks : sequence of Task, optional
        Tasks to run, by default those that it was trained on. All need the same steps.
    trials_per_task : int, default 300
        Trials of each.
    split : str, default "novel_angle"
        Items that are shown: ``"train"``, ``"novel_angle"`` or ``"novel_identity"``.
    seed : int
        Fixes the trials.

    Returns
    -------
    xarray.Dataset
        An aligned recording, as :func:`record_trials` makes it.

    Raises
    ------
    ConfigError
        If there is no such split, a task does not fit the network's task vector, or tasks have
        different steps.
    """
    tasks = tuple(tasks or subject.config.tasks)
    rng = np.random.default_rng([subject.config.seed, RECORDING_STREAM, seed])
    items = subject.config.training.items
    space = subject.space(split)
    trials = generate_trials(tasks, trials_per_task * len(tasks), space, items=items, rng=rng)
    if not trials.share_timeline:
        raise ConfigError(
            f"Tasks have different steps: {_told(trials)}; a recording has one sequence of steps. "
            "Record them into a file each (wmsim record --task NAME, or record(tasks=...))."
        )
    return record_trials(subject, trials, split=split, seed=seed)


def record_trials(
    subject: Subject, trials: Trials, *, split: str = "novel_angle", seed: int | None = None
) -> xr.Dataset:
    """Run a subject on the very trials of a table and write down everything that its units do.

    Parameters
    ----------
    subject : Subject
        A trained network.
    trials : Trials
        Of items of `split`.
    split : str, default "novel_angle"
        Items that are shown.
    seed : int, optional
        Seed that made the trials, to be written down.

    Returns
    -------
    xarray.Dataset
        Where all trials have the same steps, each item at one of them, an aligned recording:
        ``shown_item`` is -1 at gaps, maintenance, cues and probes, which ``step_name`` names.
        Otherwise a continuous one that counts time in steps, for
        :func:`wmsim.recordings.align` (``window=(0, 1)``). Units are the hidden units and, for an
        LSTM, its cell states as units of another kind. Items have labels, target and response.
        As in recordings of humans, a probe is no item: it has ``event_probe`` and, over (trial),
        ``probe_<feature>``, ``probe_target``, ``probe_response`` and ``probe_in`` (whether its
        value of the feature in question was among the items). ``cued_item`` counts from 0.
        ``correct`` is True for trials without any wrong action at any step.

    Raises
    ------
    ConfigError
        If there is no such split, or a task does not fit the network's task vector.
    """
    network = subject.network
    batch = make_batch(trials, subject.frames(split), network.config)
    with torch.inference_mode():
        logits, *states = network.states(batch.maps, batch.frame, batch.task)
    response = logits.argmax(-1).cpu().numpy()
    kinds = dict(
        zip(network.kinds, [s.cpu().numpy() for s in states if s is not None], strict=True)
    )
    activity = np.concatenate(list(kinds.values()), axis=2)
    activity[trials.phase == PADDING] = np.nan
    onset, offset = _times(trials)
    return build_recording(
        activity.transpose(1, 2, 0),
        time=np.arange(trials.n_steps),
        time_units="step",
        activity_units="a.u.",
        long_name="state of recurrent units",
        features=_features(trials, subject),
        unit=_units(kinds, subject),
        trial=_trials(trials, response, split) | _probes(trials, response, subject),
        item_onset=onset,
        item_offset=offset,
        events=_events(trials),
        **_steps(trials),
        target=_of_items(trials, trials.target),
        response=_of_items(trials, response),
        source="model",
        seed=seed,
        config=subject.config.model_dump(mode="json"),
    )


def _told(trials: Trials) -> str:
    """The steps of one task of each timeline."""
    lines: dict[tuple[str, ...], str] = {}
    for index, task in enumerate(trials.tasks):
        phase = trials.phase[np.argmax(trials.task == index)]
        lines.setdefault(step_names(phase[phase != PADDING]), task.name)
    return "; ".join(f"{name} has {', '.join(steps)}" for steps, name in lines.items())


def _steps(trials: Trials) -> dict[str, Any]:
    """What makes the recording an aligned one, if it can be one."""
    shown, phase = trials.shown[0], trials.phase[0]
    columns = shown[shown != BLANK]
    if not trials.share_timeline or np.unique(columns).size < columns.size:
        return {}
    is_item = (shown >= 0) & (shown < trials.n_items)
    return {"shown_item": np.where(is_item, shown, NO_ITEM), "step_name": step_names(phase)}


def _times(trials: Trials) -> tuple[np.ndarray, np.ndarray]:
    """First step of each item and the one after its last, (trial, item); NaN for no item."""
    step = np.broadcast_to(np.arange(trials.n_steps, dtype=float), trials.shown.shape)
    onset = trials.at_columns(step, np.nan)[:, : trials.n_items]
    displayed = trials.shown[:, :, None] == np.arange(trials.n_items)
    return onset, onset + displayed.sum(axis=1)


def _events(trials: Trials) -> dict[str, np.ndarray]:
    """First step of maintenance, cue and probe in each trial; NaN where a trial has none."""
    events = {}
    for phase in (MAINTENANCE, CUE, PROBE):
        there = trials.phase == phase
        if there.any():
            events[PHASES[phase]] = np.where(there.any(axis=1), there.argmax(axis=1), np.nan)
    return events


def _of_items(trials: Trials, values: np.ndarray) -> np.ndarray:
    """Actions at the steps that show items, (trial, item); -1 for no item."""
    return trials.at_columns(values, NO_ITEM)[:, : trials.n_items]


def _names(subject: Subject) -> dict[str, list[str]]:
    stimuli = subject.stimuli
    return {
        "location": list(stimuli.location_names),
        "identity": list(stimuli.identity_names),
        "category": list(stimuli.category_names),
    }


def _features(trials: Trials, subject: Subject) -> dict[str, Any]:
    items = slice(trials.n_items)
    named = {
        name: (getattr(trials, name)[:, items], names) for name, names in _names(subject).items()
    }
    return named | {"view": trials.view[:, items], "image": trials.image[:, items]}


def _units(kinds: dict[str, np.ndarray], subject: Subject) -> dict[str, Any]:
    network = subject.network.config
    sizes = {kind: state.shape[2] for kind, state in kinds.items()}
    name = f"{network.architecture} seed {subject.config.seed}"
    return {
        "unit": [f"{kind} {i}" for kind, size in sizes.items() for i in range(size)],
        "kind": np.repeat(list(sizes), list(sizes.values())),
        "area": network.architecture,
        "session": "1",
        "subject": name,
    }


def _trials(trials: Trials, response: np.ndarray, split: str) -> dict[str, Any]:
    names = np.array([task.name for task in trials.tasks])
    features = np.array([task.feature for task in trials.tasks])
    right = (response == trials.target) | (trials.target == IGNORED)
    labels = {
        "task": names[trials.task],
        "task_feature": features[trials.task],
        "split": split,
        "correct": right.all(axis=1),
    }
    if all(isinstance(task, NBackTask) for task in trials.tasks):
        return labels | {"n_back": trials.n_back}
    labels["n_items"] = (trials.image[:, : trials.n_items] >= 0).sum(axis=1)
    return labels | ({"cued_item": trials.cue} if (trials.cue >= 0).any() else {})


def _probes(trials: Trials, response: np.ndarray, subject: Subject) -> dict[str, Any]:
    """Labels of probes over (trial), numbered where there are several; '' or -1 for no probe."""
    labels: dict[str, Any] = {}
    for number in range(trials.n_probes):
        column = trials.n_items + number
        stem = "probe" if trials.n_probes == 1 else f"probe_{number + 1}"
        for name, names in _names(subject).items():
            labels[f"{stem}_{name}"] = np.array([*names, ""])[getattr(trials, name)[:, column]]
        labels[f"{stem}_view"] = trials.view[:, column]
        labels[f"{stem}_image"] = trials.image[:, column]
        for name, values in (("target", trials.target), ("response", response)):
            taken = trials.at_columns(values, NO_ITEM)[:, column]
            labels[f"{stem}_{name}"] = np.array([*ACTIONS, ""])[taken]
        labels[f"{stem}_in"] = _among_items(trials, column)
    return labels


def _among_items(trials: Trials, column: int) -> np.ndarray:
    """Whether a probe's value of the feature in question was among its trial's items, (trial,)."""
    among = np.zeros(trials.n_trials, dtype=bool)
    for index, task in enumerate(trials.tasks):
        rows = trials.task == index
        labels = getattr(trials, task.feature)[rows]
        there = labels[:, column] >= 0
        same = labels[:, : trials.n_items] == labels[:, column : column + 1]
        among[rows] = there & same.any(axis=1)
    return among
