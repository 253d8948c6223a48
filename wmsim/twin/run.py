"""A network, or a control, runs the very trials of a recording and writes down what it does."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.build import build_recording
from wmsim.recordings.schema import NO_ITEM
from wmsim.tasks import ACTIONS, IGNORED, ItemSpace, Trials
from wmsim.tasks.sequence import sequence_trials
from wmsim.tasks.timeline import BLANK, PADDING, PROBE
from wmsim.training import Subject
from wmsim.training.batches import make_batch
from wmsim.training.subject import new_network
from wmsim.twin.design import Design, Part
from wmsim.twin.subjects import require_fit

_TRIALS, _PROJECTION = 0x7472696C, 0x70726F6A
# Labels with these in their names are about the brain's answers, and would be taken for the
# network's; folds are of the brain's analysis.
_OWN = ("correct", "response", "answer", "reaction", "target", "fold")

# Trials of a part: activity (trial, step, unit), actions (trial, step) or None.
Runner = Callable[[Trials], tuple[np.ndarray, np.ndarray | None]]


def model_name(subject: Subject) -> str:
    """What a subject is called, such as "gru-0"."""
    return f"{subject.config.network.architecture}-{subject.config.seed}"


def run_twin(
    subject: Subject, design: Design, *, name: str | None = None, control: str | None = None
) -> xr.Dataset:
    """Let a network run the very trials of a recording.

    Parameters
    ----------
    subject : Subject
        A network that was trained on tasks like the design's.
    design : Design
        As :func:`wmsim.twin.twin_design` makes it.
    name : str, optional
        What the network is called, by default such as "gru-0".
    control : {"untrained", "encoder"}, optional
        The subject's network with its initial weights, or features alone of what is on display,
        projected at random to as many units as the subject has.

    Returns
    -------
    xarray.Dataset
        A continuous recording of all hidden units without noise: trials, their order and labels
        and the values of items are the brain's own, times are those of the network's steps.
        ``time`` (s) covers the brain's time; activity at time t is written down at t + latency.
        It is NaN before the first item and after the last probe, where the network does not run.
        ``picture`` (trial, item) is the index of the picture that was shown. ``correct`` says
        whether no action was wrong; the brain's is ``brain_correct``. Attr ``twin`` (JSON) says
        what was done.

    Raises
    ------
    WmsimError
        If the subject's tasks or stimuli do not fit.

    Notes
    -----
    Labels of the brain's answers (``correct``, ``response``, ...) get ``brain_`` before their name;
    features other than the design's are left out, because the network has not seen them.
    """
    notes = require_fit(subject, [design], untrained=control is not None)
    if control == "untrained":
        fresh = new_network(subject.config, subject.features)
        device = next(subject.network.parameters()).device
        subject = dataclasses.replace(subject, network=fresh.to(device).eval())
    runner = _encoder(subject, design) if control == "encoder" else _network(subject, design)
    made = _Writer(design, subject, notes)
    for part in design.parts:
        trials = very_trials(subject, design, part)
        made.write(part, trials, *runner(trials))
    return made.finish(name or model_name(subject), control)


def very_trials(subject: Subject, design: Design, part: Part) -> Trials:
    """The trials of a part with a subject's pictures, each value always the same one."""
    space = subject.space(design.config.split)
    rng = np.random.default_rng([_TRIALS, design.config.seed])
    return sequence_trials(
        part.task, space, part.values, part.probes, part.gaps, part.delays,
        views=design.config.view, rng=rng,
    )  # fmt: skip


def probe_accuracy(recording: xr.Dataset) -> dict[str, dict[str, float]]:
    """Share of probes that a twin answered rightly, by number of items.

    Parameters
    ----------
    recording : xarray.Dataset
        As :func:`run_twin` gives it.

    Returns
    -------
    dict
        Number of items to ``accuracy``, ``n_probes`` and ``trials_without_error``; empty for a
        control that gives no answers.
    """
    stems = [
        str(name).removesuffix("_response")
        for name in recording.coords
        if str(name).startswith("probe") and str(name).endswith("_response")
    ]
    if not stems:
        return {}
    load = (recording["picture"].values >= 0).sum(axis=1)
    right = np.column_stack(
        [recording[f"{s}_response"].values == recording[f"{s}_target"].values for s in stems]
    )
    found = {}
    for items in np.unique(load):
        rows = load == items
        found[str(items)] = {
            "accuracy": float(right[rows].mean()),
            "n_probes": int(right[rows].size),
            "trials_without_error": float(recording["correct"].values[rows].mean()),
        }
    return found


def _network(subject: Subject, design: Design) -> Runner:
    frames = subject.frames(design.config.split)

    def run(trials: Trials) -> tuple[np.ndarray, np.ndarray]:
        batch = make_batch(trials, frames, subject.network.config)
        with torch.inference_mode():
            logits, hidden, _ = subject.network.states(batch.maps, batch.frame, batch.task)
        return hidden.cpu().numpy(), logits.argmax(-1).cpu().numpy()

    return run


def _encoder(subject: Subject, design: Design) -> Runner:
    """Features of what is on display, blank frames too, by a fixed random projection."""
    frames = subject.frames(design.config.split)
    if frames.blank is None:
        raise WmsimError("These features have no blank frame; add one (encoders.with_blank).")
    maps = torch.cat([frames.maps, frames.blank]).flatten(1).cpu().numpy()
    n_units = subject.config.network.units
    rng = np.random.default_rng([_PROJECTION, design.config.seed])
    matrix = rng.standard_normal((maps.shape[1], n_units), dtype=np.float32)
    seen = maps @ (matrix / np.sqrt(maps.shape[1], dtype=np.float32))

    def run(trials: Trials) -> tuple[np.ndarray, None]:
        rows = frames.rows(trials)
        return seen[np.where(rows == BLANK, len(seen) - 1, rows)], None

    return run


class _Writer:
    """Puts the parts of a recording together, trials in the brain's order."""

    def __init__(self, design: Design, subject: Subject, notes: list[str]) -> None:
        self.design, self.subject, self.notes = design, subject, notes
        self.n_trials = len(design.brain.codes)
        self.n_probes = design.parts[0].probes.shape[1]
        self.activity: np.ndarray | None = None
        self.picture = np.full(design.brain.codes.shape, NO_ITEM)
        self.correct = np.zeros(self.n_trials, dtype=bool)
        self.answers = np.full((2, self.n_trials, self.n_probes), NO_ITEM)  # target, response
        self.answered = False

    def write(
        self, part: Part, trials: Trials, hidden: np.ndarray, actions: np.ndarray | None
    ) -> None:
        """Write down the trials of one part."""
        bins = self.design.bins
        if self.activity is None:
            shape = (bins.size, hidden.shape[2], self.n_trials)
            self.activity = np.full(shape, np.nan, dtype=np.float32)
        step = np.arange(trials.n_steps)
        at = self.design.start[part.rows, None] + step - bins[0]
        there = (trials.phase != PADDING) & (at >= 0) & (at < bins.size)
        trial, steps = np.nonzero(there)
        self.activity[at[trial, steps], :, part.rows[trial]] = hidden[trial, steps]
        self.picture[part.rows, : part.task.load] = trials.image[:, : part.task.load]
        if actions is None:
            return
        self.answered = True
        right = (actions == trials.target) | (trials.target == IGNORED)
        self.correct[part.rows] = right.all(axis=1)
        first = np.argmax(trials.phase == PROBE, axis=1)
        for probe in range(self.n_probes):
            column = (np.arange(len(first)), first + probe * part.task.shown)
            for row, values in enumerate((trials.target, actions)):
                self.answers[row, part.rows, probe] = values[column]

    def finish(self, name: str, control: str | None) -> xr.Dataset:
        """The recording."""
        design, brain = self.design, self.design.brain
        assert self.activity is not None  # there is one part at least
        n_units = self.activity.shape[1]
        timed = "item_onset" in brain.recording.variables
        events = {
            event: getattr(design, event)
            for event in ("maintenance", "probe")
            if f"event_{event}" in brain.recording.variables
        }
        recording = build_recording(
            self.activity,
            time=design.time,
            time_units="s",
            bin_width=design.config.step,
            activity_units="a.u.",
            long_name="state of recurrent units" if control != "encoder" else "features",
            features={brain.feature: brain.codes},
            unit={
                "unit": [f"{name}/{i}" for i in range(n_units)],
                "kind": "feature" if control == "encoder" else "hidden",
                "area": control or self.subject.config.network.architecture,
                "session": brain.name,
                "subject": name,
            },
            trial=self._labels(),
            item_onset=design.onset if timed else None,
            item_offset=design.offset if timed else None,
            events=events,
            source="model",
            seed=design.config.seed,
            config=self.subject.config.model_dump(mode="json"),
            attrs={"model": name, "twin": json.dumps(self._account())}
            | ({"control": control} if control else {}),
        )
        return self._as_the_brain_has_them(recording)

    def _labels(self) -> dict[str, Any]:
        """Labels of trials: the brain's, and what the network did."""
        own: dict[str, Any] = {}
        brain = self.design.brain
        for probe in range(self.n_probes):
            stem = "probe" if self.n_probes == 1 else f"probe_{probe + 1}"
            if brain.probes is None:
                drawn = np.concatenate([part.probes[:, probe] for part in self.design.parts])
                rows = np.concatenate([part.rows for part in self.design.parts])
                own[f"{stem}_{brain.feature}"] = np.array(brain.names)[drawn[np.argsort(rows)]]
            if self.answered:
                for row, what in enumerate(("target", "response")):
                    own[f"{stem}_{what}"] = np.array(ACTIONS)[self.answers[row, :, probe]]
        if self.answered:
            own["correct"] = self.correct
        kept: dict[str, Any] = {}
        for label, variable in brain.recording.variables.items():
            if variable.dims == ("trial",) and not str(label).startswith("event_"):
                clash = label in own or any(word in str(label) for word in _OWN)
                kept[f"brain_{label}" if clash else str(label)] = variable.values
        return kept | own

    def _as_the_brain_has_them(self, recording: xr.Dataset) -> xr.Dataset:
        """Values of items exactly as they are stored in the brain's file; and our pictures."""
        feature = self.design.brain.recording[self.design.brain.feature]
        stored = feature.transpose("trial", "item").variable
        recording[self.design.brain.feature] = xr.Variable(
            stored.dims, stored.values, dict(stored.attrs)
        )
        recording["picture"] = (("trial", "item"), self.picture.astype(np.int32))
        return recording

    def _account(self) -> dict[str, Any]:
        design, brain = self.design, self.design.brain
        config = design.config
        space = self.subject.space(config.split)
        return {
            "brain": brain.name,
            "brain_key": brain.key,
            "feature": brain.feature,
            "step": config.step,
            "latency": config.latency,
            "largest_rounding_error": round(design.rounding, 6),
            "tasks": [task.name for task in design.tasks],
            "stand_ins": stand_ins(self.subject, design, space),
            "probes": list(brain.probe_labels),
            "units": config.units,
            "split": config.split,
            "view": config.view,
            "notes": [*design.notes, *self.notes],
        }


def stand_ins(subject: Subject, design: Design, space: ItemSpace | None = None) -> dict[str, str]:
    """Which object stands in for each value of the brain's feature: value to object's name."""
    space = space or subject.space(design.config.split)
    names = subject.stimuli.identity_names
    objects = [names[space.identities[code]] for code in range(design.n_values)]
    return dict(zip(design.brain.names, objects, strict=True))
