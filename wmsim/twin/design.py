"""A recording's timeline in steps: which task has it, and what each trial showed when.

All times are rounded to whole steps of the recording's own clock, so that rounding errors do not
add up along a trial. Each item is on display for as many steps as items are in the median. The
two probes of a screen come one behind the other.

Recordings without onsets (of maintenance alone) get items of one step with a blank step between,
that end where maintenance begins. Without the time of a probe, it comes where the recording ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.recordings.align import bin_edges
from wmsim.tasks import SequenceTask
from wmsim.tasks.sequence import LONGEST_DELAY, MAX_GAP, MAX_SHOWN
from wmsim.twin.brain import Brain, read_brain
from wmsim.twin.config import TwinConfig

# A display of 0.2 s takes a step of 0.2 s although screens are not that exact.
SLACK = 1.05
ASSUMED_SHOWN = ASSUMED_GAP = 1
SMALL = 1e-9
_PROBES, _NEARLY = 0x70726F62, 1e-6


@dataclass(frozen=True)
class Part:
    """Trials of one load.

    Attributes
    ----------
    task : SequenceTask
        What networks learn to do them.
    rows : ndarray of int, shape (trial of the part,)
        Trials of the recording.
    values : ndarray of int, shape (trial of the part, item)
        Values of items.
    probes : ndarray of int, shape (trial of the part, probe)
        Values of probes.
    gaps : ndarray of int, shape (trial of the part, item - 1)
        Blank steps between items.
    delays : ndarray of int, shape (trial of the part,)
        Blank steps between the last item and the first probe.
    """

    task: SequenceTask
    rows: np.ndarray
    values: np.ndarray
    probes: np.ndarray
    gaps: np.ndarray
    delays: np.ndarray


@dataclass(frozen=True)
class Design:
    """The trials of a recording, in steps.

    Attributes
    ----------
    brain : Brain
        The recording.
    config : TwinConfig
        Settings.
    parts : tuple of Part
        Trials by load.
    start : ndarray of int, shape (trial,)
        Step of the recording's clock at which the first item comes.
    onset, offset : ndarray, shape (trial, item)
        When the network sees items, in s; NaN for no item.
    maintenance, probe : ndarray, shape (trial,), or None
        When maintenance begins and the first probe comes, in s.
    rounding : float
        Largest difference between these times and the recording's, in s.
    notes : tuple of str
        What was assumed.
    """

    brain: Brain
    config: TwinConfig
    parts: tuple[Part, ...]
    start: np.ndarray
    onset: np.ndarray
    offset: np.ndarray
    maintenance: np.ndarray | None
    probe: np.ndarray
    rounding: float
    notes: tuple[str, ...]

    @property
    def tasks(self) -> tuple[SequenceTask, ...]:
        """One task a load."""
        return tuple(part.task for part in self.parts)

    @property
    def n_values(self) -> int:
        """Different values that have to be told apart."""
        return len(self.brain.names)

    @property
    def bins(self) -> np.ndarray:
        """Steps of the network that cover the recording's time, counted from time 0."""
        edges = bin_edges(self.brain.recording["time"])
        step, latency = self.config.step, self.config.latency
        first = np.floor((edges.min() - latency) / step + _NEARLY)
        last = np.ceil((edges.max() - latency) / step - _NEARLY)
        return np.arange(int(first), int(last))

    @property
    def time(self) -> np.ndarray:
        """Centres of the bins in which activity at `bins` is written down, in s."""
        return (self.bins + 0.5) * self.config.step + self.config.latency


def twin_design(
    recording: xr.Dataset | Brain, config: TwinConfig | None = None, *, name: str = "recording"
) -> Design:
    """Turn a recording's trials into steps of a network.

    Parameters
    ----------
    recording : xarray.Dataset or Brain
        A continuous recording in seconds.
    config : TwinConfig, optional
        How long a step is.
    name : str
        What it is called in messages.

    Returns
    -------
    Design

    Raises
    ------
    WmsimError
        As :func:`wmsim.twin.brain.read_brain`, or if a step is longer than the display of items,
        or trials are longer than tasks can be.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> recording = build_recording(
    ...     np.zeros((30, 1, 2)), time=np.arange(30) * 0.1 + 0.05, time_units="s",
    ...     activity_units="spikes/s", source="neural", features={"image": [[0, 2], [1, 0]]},
    ...     item_onset=[[0, 0.7], [0, 0.2]], item_offset=[[0.2, 0.9], [0.2, 0.4]],
    ...     events={"probe": [2.5, 2.0]}, trial={"probe": [0, 2]},
    ... )
    >>> design = twin_design(recording)
    >>> [task.name for task in design.tasks]
    ['sequence-2-identity-gaps0+3-delays8']
    >>> design.parts[0].gaps.ravel(), design.parts[0].delays, round(design.rounding, 3)
    (array([3, 0]), array([8, 8]), 0.1)
    """
    config = config or TwinConfig()
    brain = recording if isinstance(recording, Brain) else read_brain(recording, config, name=name)
    notes: list[str] = []
    end = int(np.ceil(bin_edges(brain.recording["time"]).max() / config.step - _NEARLY))
    begin, shown, maintenance = _begin(brain, config, notes)
    last = np.take_along_axis(begin, brain.load[:, None] - 1, axis=1)[:, 0] + shown
    if maintenance is not None:
        maintenance = np.where(maintenance < last, last, maintenance)
    probe = _probe_steps(brain, config, last, end, notes)
    parts = _parts(brain, config, begin, shown, probe - last, notes)
    there = brain.codes >= 0
    onset = np.where(there, begin, np.nan) * config.step
    offset = np.where(there, begin + shown, np.nan) * config.step
    waits = None if maintenance is None else maintenance * config.step
    rounding = _rounding(brain, onset, offset, waits, probe * config.step)
    return Design(
        brain, config, parts, begin[:, 0], onset, offset, waits, probe * config.step, rounding,
        tuple(notes),
    )  # fmt: skip


def merged_tasks(designs: Iterable[Design]) -> tuple[SequenceTask, ...]:
    """Tasks that hold all designs: one for each load, display and number of probes.

    Parameters
    ----------
    designs : iterable of Design
        Of several recordings.

    Returns
    -------
    tuple of SequenceTask
        With the gaps and delays of all.
    """
    found: dict[tuple[int, int, int], SequenceTask] = {}
    for task in (task for design in designs for task in design.tasks):
        kind = (task.load, task.shown, task.probes)
        other = found.get(kind, task)
        found[kind] = task.changed(
            gaps=tuple(sorted({*task.gaps, *other.gaps})),
            delays=tuple(sorted({*task.delays, *other.delays})),
        )
    return tuple(found[kind] for kind in sorted(found))


def _begin(
    brain: Brain, config: TwinConfig, notes: list[str]
) -> tuple[np.ndarray, int, np.ndarray | None]:
    """Steps at which items begin (trial, item), steps of a display, steps of maintenance."""
    recording, step = brain.recording, config.step
    maintenance = None
    if "event_maintenance" in recording.variables:
        maintenance = _rounded(recording["event_maintenance"].values, step)
    place = np.arange(brain.codes.shape[1])
    if "item_onset" not in recording.variables:
        lost = np.isnan(recording["event_maintenance"].values)
        if lost.any():
            raise WmsimError(
                f"{brain.name}: event_maintenance is NaN in {lost.sum()} trials, so when items "
                "were shown is not known. Leave these trials out."
            )
        # Activity is written down later by the latency: without these steps, the last item's
        # display would be taken for its memory.
        wait = int(np.ceil(config.latency / step - SMALL))
        notes.append(
            f"Onsets of items are not recorded: each item takes {ASSUMED_SHOWN} step, with "
            f"{ASSUMED_GAP} blank step between two, and the last ends {wait} before maintenance "
            "begins, so that its display (with the latency) is over by then."
        )
        assert maintenance is not None  # read_brain sees to it
        back = (brain.load[:, None] - place) * (ASSUMED_SHOWN + ASSUMED_GAP) - ASSUMED_GAP + wait
        return (maintenance[:, None] - back).astype(int), ASSUMED_SHOWN, maintenance
    onset = recording["item_onset"].values.astype(float)
    shown = _shown(brain, config, onset, notes)
    begin = _rounded(np.where(brain.codes >= 0, onset, 0.0), step).astype(int)
    for item in place[1:]:
        begin[:, item] = np.maximum(begin[:, item], begin[:, item - 1] + shown)
    return begin, shown, maintenance


def _shown(brain: Brain, config: TwinConfig, onset: np.ndarray, notes: list[str]) -> int:
    if "item_offset" not in brain.recording.variables:
        notes.append("Offsets of items are not recorded: each item takes 1 step.")
        return 1
    seconds = brain.recording["item_offset"].values - onset
    display = float(np.nanmedian(seconds))
    if config.step > SLACK * display:
        raise WmsimError(
            f"A step of {config.step:g} s is longer than items of {brain.name} were on display "
            f"({display:.3g} s in the median). Give a step of at most {display:.2g} s (--step)."
        )
    far = np.nanmax(np.abs(seconds - display))
    if far > display / 2:
        raise WmsimError(
            f"Items of {brain.name} were on display for {np.nanmin(seconds):.3g} to "
            f"{np.nanmax(seconds):.3g} s; networks see all for equally long. Leave out trials "
            f"whose items are not on display for about {display:.3g} s."
        )
    shown = int(_rounded(np.array(display), config.step))
    if shown > MAX_SHOWN:
        raise WmsimError(
            f"Items of {brain.name} are on display for {shown} steps, at most {MAX_SHOWN} can be. "
            f"Give a step of at least {display / MAX_SHOWN:.2g} s (--step)."
        )
    return shown


def _probe_steps(
    brain: Brain, config: TwinConfig, last: np.ndarray, end: int, notes: list[str]
) -> np.ndarray:
    """Steps at which the first probe comes, (trial,); at least one blank step before it."""
    probe = np.full(last.size, np.nan)
    if "event_probe" in brain.recording.variables:
        probe = _rounded(brain.recording["event_probe"].values, config.step)
    unknown = np.isnan(probe)
    if unknown.any():
        trials = "" if unknown.all() else f" in {unknown.sum()} trials"
        notes.append(f"When probes came is not recorded{trials}: there they end the recording.")
    return np.maximum(np.where(unknown, end, probe), last + 1).astype(int)


def _parts(
    brain: Brain, config: TwinConfig, begin: np.ndarray, shown: int, delays: np.ndarray,
    notes: list[str],
) -> tuple[Part, ...]:  # fmt: skip
    gaps = begin[:, 1:] - begin[:, :-1] - shown
    gaps[brain.codes[:, 1:] < 0] = 0
    for what, steps, most in (("gap", gaps, MAX_GAP), ("delay", delays, LONGEST_DELAY)):
        if steps.size and steps.max() > most:
            raise WmsimError(
                f"{brain.name} has a {what} of {steps.max()} steps of {config.step:g} s, at most "
                f"{most} can be. Give a step of at least {steps.max() * config.step / most:.2g} s "
                "(--step)."
            )
    probes = brain.probes
    if probes is None:
        probes = _drawn_probes(brain, config)
        notes.append(
            "What probes were is not recorded: one a trial is drawn, every other one a match."
        )
    parts = []
    for load in np.unique(brain.load):
        rows = np.flatnonzero(brain.load == load)
        own = gaps[rows, : load - 1]
        task = SequenceTask(
            feature="identity", load=int(load), shown=shown, probes=probes.shape[1],
            gaps=tuple(np.unique(own).tolist()) or (0,),
            delays=tuple(np.unique(delays[rows]).tolist()),
        )  # fmt: skip
        parts.append(Part(task, rows, brain.codes[rows, :load], probes[rows], own, delays[rows]))
    return tuple(parts)


def _drawn_probes(brain: Brain, config: TwinConfig) -> np.ndarray:
    """One probe a trial, (trial, 1): in turn one of the items and another value."""
    rng = np.random.default_rng([_PROBES, config.seed])
    probes = np.empty((len(brain.codes), 1), dtype=np.int64)
    matches = rng.permutation(np.arange(len(probes)) % 2 == 0)
    for trial, codes in enumerate(brain.codes):
        items = codes[codes >= 0]
        others = np.setdiff1d(np.arange(len(brain.names)), items)
        if not others.size:
            raise WmsimError(
                f"{brain.name}: a trial shows all {len(brain.names)} values of "
                f"'{brain.feature}', so no probe is left that was not among its items. Leave "
                "such trials out."
            )
        probes[trial] = rng.choice(items if matches[trial] else others)
    return probes


def _rounded(seconds: np.ndarray, step: float) -> np.ndarray:
    """Whole steps of the recording's clock; a half is rounded up."""
    return np.floor(np.asarray(seconds, dtype=float) / step + 0.5 + _NEARLY)


def _rounding(brain: Brain, *made: np.ndarray | None) -> float:
    """Largest difference of onsets, offsets, maintenance and probes from the recorded ones."""
    largest = 0.0
    names = ("item_onset", "item_offset", "event_maintenance", "event_probe")
    for name, times in zip(names, made, strict=True):
        if name in brain.recording.variables and times is not None:
            error = np.abs(times - brain.recording[name].values)
            largest = max(largest, float(np.nanmax(error, initial=0.0)))
    return largest
