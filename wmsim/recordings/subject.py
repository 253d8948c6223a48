"""A subject records itself: hidden states as a labelled recording.

The one module of :mod:`wmsim.recordings` that knows torch; it is not imported with the package.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import xarray as xr

from wmsim.recordings.build import build_recording
from wmsim.tasks import NBackTask, Trials, generate_trials
from wmsim.training import Subject
from wmsim.training.batches import make_batch

RECORDING_STREAM = 4


def record(
    subject: Subject,
    *,
    tasks: tuple[NBackTask, ...] | None = None,
    trials_per_task: int = 300,
    split: str = "novel_angle",
    seed: int = 0,
) -> xr.Dataset:
    """Run a subject on fresh trials and write down everything that its units do.

    Parameters
    ----------
    subject : Subject
        A trained network.
    tasks : tuple of NBackTask, optional
        Tasks to run, by default those that it was trained on.
    trials_per_task : int, default 300
        Trials of each.
    split : str, default "novel_angle"
        Items that are shown: ``"train"``, ``"novel_angle"`` or ``"novel_identity"``.
    seed : int
        Fixes the trials.

    Returns
    -------
    xarray.Dataset
        An aligned recording, one step an item. Units are the hidden units and, for an LSTM, its
        cell states as units of another kind. Labels, targets, responses; ``correct`` is True for
        trials without any wrong action.

    Raises
    ------
    ConfigError
        If there is no such split, or a task does not fit the network's task vector.
    """
    tasks = tasks or subject.config.tasks
    rng = np.random.default_rng([subject.config.seed, RECORDING_STREAM, seed])
    items = subject.config.training.items
    space = subject.space(split)
    trials = generate_trials(tasks, trials_per_task * len(tasks), space, items=items, rng=rng)
    batch = make_batch(trials, subject.frames(split), subject.network.config.max_n)
    with torch.inference_mode():
        logits, hidden, cell = subject.network.states(batch.maps, batch.frame, batch.task)
    response = logits.argmax(-1).cpu().numpy()
    kinds = {"hidden": hidden} | ({"cell state": cell} if cell is not None else {})
    activity = np.concatenate([state.cpu().numpy() for state in kinds.values()], axis=2)
    return build_recording(
        activity.transpose(1, 2, 0),
        time=np.arange(items),
        time_units="step",
        activity_units="a.u.",
        long_name="state of recurrent units",
        features=_features(trials, subject),
        unit=_units(kinds, subject),
        trial=_trials(trials, response, split),
        item_onset=np.tile(np.arange(items, dtype=float), (trials.n_trials, 1)),
        item_offset=np.tile(np.arange(1, items + 1, dtype=float), (trials.n_trials, 1)),
        shown_item=np.arange(items),
        target=trials.target,
        response=response,
        source="model",
        seed=seed,
        config=subject.config.model_dump(mode="json"),
    )


def _features(trials: Trials, subject: Subject) -> dict[str, Any]:
    stimuli = subject.stimuli
    return {
        "location": (trials.location, list(stimuli.location_names)),
        "identity": (trials.identity, list(stimuli.identity_names)),
        "category": (trials.category, list(stimuli.category_names)),
        "view": trials.view,
        "image": trials.image,
    }


def _units(kinds: dict[str, torch.Tensor], subject: Subject) -> dict[str, Any]:
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
    return {
        "task": names[trials.task],
        "n_back": trials.n_back,
        "task_feature": features[trials.task],
        "split": split,
        "correct": (response == trials.target).all(axis=1),
    }
