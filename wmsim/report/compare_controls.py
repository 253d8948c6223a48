"""Controls that every comparison has: the encoder alone, and a network that was never trained.

They see the very trials of the first trained model that says how it was made (attribute
``config``). Those of a twin are run by :mod:`wmsim.twin` on the brain's own trials.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from wmsim._version import __version__
from wmsim.compare.run import EVERY, Model
from wmsim.errors import WmsimError
from wmsim.files import content_key, file_sha256
from wmsim.progress import progress
from wmsim.recordings import open_recording, save
from wmsim.report.compare_roles import ENCODER, UNTRAINED, Cast, Given
from wmsim.report.compare_trials import recorded_trials

if TYPE_CHECKING:
    from wmsim.tasks import Trials
    from wmsim.training import Subject

CONTROLS = (UNTRAINED, ENCODER)
MEANING = {UNTRAINED: "an untrained network", ENCODER: "the encoder's features alone"}
_PROJECTION = 0x656E63


@dataclass
class Rebuilt:
    """Subjects as their recordings describe them, before training; each is made once.

    Attributes
    ----------
    device : str
        Where they run.
    """

    device: str = "auto"
    made: dict[str, Subject] = field(default_factory=dict)

    def subject(self, config: str) -> Subject:
        """A network with its initial weights, its stimuli and their features."""
        if config not in self.made:
            self.made[config] = untrained_subject(config, device=self.device)
        return self.made[config]


def untrained_subject(config: str, *, device: str = "auto") -> Subject:
    """Make a subject out of its settings, without training it.

    Parameters
    ----------
    config : str
        A SubjectConfig as JSON, such as attribute ``config`` of a network's recording.
    device : str
        Where it shall run.

    Raises
    ------
    WmsimError
        If these are no such settings, or stimuli or the encoder's weights are missing.
    """
    from wmsim.stimuli import build_stimuli
    from wmsim.training import Subject, SubjectConfig
    from wmsim.training.device import pick_device
    from wmsim.training.subject import new_network, perceive

    settings = SubjectConfig(**json.loads(config))
    where = pick_device(device)
    stimuli = build_stimuli(settings.stimuli)
    features = perceive(settings, stimuli, device=where)
    network = new_network(settings, features).to(where).eval()
    return Subject(settings, network, stimuli, features, history=[], seconds=0.0)


def add_controls(
    cast: Cast, folder: Path, *, device: str = "auto"
) -> tuple[tuple[Model, ...], list[str]]:
    """Make the controls that are not among the files.

    Parameters
    ----------
    cast : Cast
        Models and brains.
    folder : Path
        For their recordings; those that are there and fit are kept.
    device : str
        Where networks run.

    Returns
    -------
    models : tuple of Model
        The controls.
    notes : list of str
        Why others are left out.
    """
    wanted = [name for name in CONTROLS if name not in {one.control for one in cast.models}]
    trained = [one for one in cast.models if not one.control]
    usable = [one for one in trained if all(_config(cast.file(p)) for p in one.recordings.values())]
    if not wanted or not trained:
        return (), []
    if not usable:
        return (), [_left_out(wanted, "no model's recording says how its network was made "
                              "(attribute 'config')")]  # fmt: skip
    model, rebuilt = usable[0], Rebuilt(device)
    found, notes = [], []
    left = [brain for brain in cast.brains if brain not in model.recordings]
    if left and EVERY not in model.recordings:
        notes.append(
            f"Controls were made of {model.name} and have not run the trials of "
            f"{', '.join(left)}, as it has not."
        )
    total = len(wanted) * len(model.recordings)
    with progress("controls", total) as step:
        for control in wanted:
            try:
                made = {}
                for brain, path in model.recordings.items():
                    made[brain] = _made(control, cast, brain, cast.file(path), folder, rebuilt)
                    step(note=control)
            except WmsimError as error:
                notes.append(_left_out([control], f"{model.name}: {error}"))
                continue
            found.append(Model(control, made, control))
    return tuple(found), notes


def _left_out(wanted: list[str], why: str) -> str:
    named = " and ".join(MEANING[name] for name in wanted)
    return f"Controls left out ({named}): {why}."


def _config(one: Given) -> str | None:
    """Settings of the network that made a recording, as JSON, where they are known."""
    text = one.attrs.get("config")
    if one.source != "model" or not isinstance(text, str):
        return None
    try:
        told = json.loads(text)
    except ValueError:
        return None
    return text if isinstance(told, dict) and "network" in told else None


def _made(
    control: str, cast: Cast, brain: str, source: Given, folder: Path, rebuilt: Rebuilt
) -> Path:
    """The file of a control on the trials of one recording; kept if it was made of the same."""
    where = folder / control if brain == EVERY else folder / brain / control
    path = where.with_name(f"{control}.nc")
    whose = [] if brain == EVERY else [file_sha256(cast.brains[brain])]
    key = content_key("control", __version__, control, file_sha256(source.path), *whose)
    if _is_made(path, key):
        return path
    subject = rebuilt.subject(str(_config(source)))
    with open_recording(source.path) as recording:
        if source.twin is None:
            made = own_control(recording, subject, control)
        else:
            with open_recording(cast.brains[brain]) as original:
                made = twin_control(recording, original, source, subject, control)
    save(made.assign_attrs(model=control, control=control, control_key=key), path)
    return path


def _is_made(path: Path, key: str) -> bool:
    if not path.is_file():
        return False
    try:
        with open_recording(path) as there:
            return there.attrs.get("control_key") == key
    except WmsimError:
        return False


def twin_control(
    recording: xr.Dataset, brain: xr.Dataset, source: Given, subject: Subject, control: str
) -> xr.Dataset:
    """A control on a brain's own trials, recorded as a twin's recording was.

    Parameters
    ----------
    recording : xarray.Dataset
        The twin's.
    brain : xarray.Dataset
        The brain's.
    source : Given
        What the twin's file says of itself.
    subject : Subject
        Its network; weights do not count.
    control : {"untrained", "encoder"}
        Which.

    Raises
    ------
    WmsimError
        If the brain's trials cannot be run.
    """
    from wmsim.twin import TwinConfig, as_recorded, run_twin, twin_design

    told: dict[str, Any] = source.twin or {}
    names = ("step", "latency", "feature", "probes", "units", "split", "view")
    known = {name: told[name] for name in names if name in told}
    config = TwinConfig(
        **known, noise="noise" in recording.attrs, seed=int(recording.attrs.get("seed", 0))
    )
    design = twin_design(brain.load(), config, name=str(told["brain"]))
    clean = run_twin(subject, design, name=control, control=control)
    return as_recorded(clean, design) if "matched" in recording.attrs else clean


def own_control(recording: xr.Dataset, subject: Subject, control: str) -> xr.Dataset:
    """A control on the trials that a network's recording has.

    Parameters
    ----------
    recording : xarray.Dataset
        As :func:`wmsim.recordings.subject.record_trials` makes it.
    subject : Subject
        Its network with initial weights.
    control : {"untrained", "encoder"}
        Which.

    Raises
    ------
    WmsimError
        If the trials cannot be rebuilt from the recording's labels.
    """
    from wmsim.recordings.subject import record_trials

    trials = recorded_trials(recording)
    splits = set(recording["split"].values.astype(str)) if "split" in recording else set()
    if len(splits) != 1:
        raise WmsimError("Its recording does not say which pictures were shown (label 'split').")
    split = str(splits.pop())
    known = subject.space(split).images
    if not np.isin(trials.image[trials.image >= 0], known).all():
        raise WmsimError(
            f"Its trials show pictures that are not in split '{split}' of its stimuli."
        )
    made = record_trials(subject, trials, split=split)
    if control == UNTRAINED:
        return made
    return _with_features(made, subject, trials, split)


def _with_features(made: xr.Dataset, subject: Subject, trials: Trials, split: str) -> xr.Dataset:
    """The same recording, of features of what is on display in the place of units."""
    first = made["kind"].values == made["kind"].values[0]
    units = made.isel(unit=np.flatnonzero(first))
    seen = encoder_activity(subject, trials, split, units.sizes["unit"])
    seen[np.isnan(made["activity"].isel(unit=0).transpose("trial", "time").values)] = np.nan
    n_units = units.sizes["unit"]
    activity = units["activity"].copy(data=seen.transpose(1, 2, 0).astype(np.float32))
    activity.attrs = {**units["activity"].attrs, "long_name": "features"}
    return units.assign(activity=activity).assign_coords(
        kind=("unit", np.full(n_units, "feature")), area=("unit", np.full(n_units, ENCODER)),
        unit=[f"feature {number}" for number in range(n_units)],
    )  # fmt: skip


def encoder_activity(
    subject: Subject, trials: Trials, split: str, n_units: int, *, seed: int = 0
) -> np.ndarray:
    """Features of what is on display at each step, projected at random.

    Parameters
    ----------
    subject : Subject
        Whose stimuli and encoder.
    trials : Trials
        What is shown.
    split : str
        Pictures that are shown.
    n_units : int
        Dimensions of the projection.
    seed : int
        Fixes the projection.

    Returns
    -------
    ndarray of float32, shape (trial, step, unit)
    """
    frames = subject.frames(split)
    maps = frames.maps.flatten(1).cpu().numpy()
    rows = frames.rows(trials)
    if (rows < 0).any():
        if frames.blank is None:
            raise WmsimError("Its trials show blank frames, of which there are no features.")
        # Row -1, which stands for a blank frame, is the last one.
        maps = np.concatenate([maps, frames.blank.flatten(1).cpu().numpy()])
    rng = np.random.default_rng([_PROJECTION, seed])
    matrix = rng.standard_normal((maps.shape[1], n_units), dtype=np.float32)
    return np.asarray((maps @ (matrix / np.sqrt(maps.shape[1], dtype=np.float32)))[rows])
