"""Subjects: networks that were trained, with everything needed to run them again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wmsim.config import Config, overlay
from wmsim.encoders import EncoderConfig, Features, encode, with_blank
from wmsim.errors import WmsimError
from wmsim.files import output_folder
from wmsim.models import NetworkConfig, WorkingMemoryNetwork
from wmsim.stimuli import StimulusConfig, StimulusSet, TextureConfig, build_stimuli
from wmsim.stimuli.config import MADE_TEXTURES, PROCEDURAL
from wmsim.tasks import ItemSpace, Task, generate_trials, regime_tasks
from wmsim.training.batches import Frames, frames_of
from wmsim.training.checkpoint import State, load_state, read_settings, write_settings
from wmsim.training.config import TrainingConfig
from wmsim.training.device import pick_device
from wmsim.training.evaluate import Performance, evaluate
from wmsim.training.loop import Told, train
from wmsim.training.precision import check_available

TEST_STREAM = 3


class SubjectConfig(Config):
    """Everything that makes a subject.

    Attributes
    ----------
    stimuli : StimulusConfig
        What it sees.
    encoder : EncoderConfig
        What it sees with.
    network : NetworkConfig
        What it remembers with.
    training : TrainingConfig
        How it learns.
    regime : str
        Which tasks it learns; see :func:`wmsim.tasks.regime_tasks`.
    curriculum : tuple of str
        Regimes that it learns before, one after the other; tasks with long delays are not learnt
        from nothing.
    seed : int
        Fixes initial weights and trials.
    """

    stimuli: StimulusConfig = StimulusConfig()
    encoder: EncoderConfig = EncoderConfig()
    network: NetworkConfig = NetworkConfig()
    training: TrainingConfig = TrainingConfig()
    regime: str = "MTMF"
    curriculum: tuple[str, ...] = ()
    seed: int = 0

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Tasks of the regime."""
        return regime_tasks(self.regime)

    @property
    def lessons(self) -> tuple[tuple[Task, ...], ...]:
        """Tasks of each regime of the curriculum."""
        return tuple(regime_tasks(regime) for regime in self.curriculum)


@dataclass(frozen=True)
class Subject:
    """A trained network with its stimuli and their features.

    Attributes
    ----------
    config : SubjectConfig
        How it was made.
    network : WorkingMemoryNetwork
        The network.
    stimuli : StimulusSet
        What it can be shown.
    features : Features
        Features of every frame.
    history : list of dict
        Learning curve; see :class:`wmsim.training.checkpoint.State`.
    seconds : float
        Time that training took.
    """

    config: SubjectConfig
    network: WorkingMemoryNetwork
    stimuli: StimulusSet
    features: Features
    history: list[dict[str, float]]
    seconds: float

    def space(self, split: str) -> ItemSpace:
        """Items of a split."""
        return ItemSpace.of_stimuli(self.stimuli, split)

    def frames(self, split: str) -> Frames:
        """Features of a split's frames on the network's device."""
        device = next(self.network.parameters()).device
        return frames_of(self.space(split), self.features, device)

    def performance(self, split: str, *, n_trials: int = 1800, seed: int = 0) -> Performance:
        """Share of correct actions on fresh trials of a split."""
        rng = np.random.default_rng([self.config.seed, TEST_STREAM, seed])
        trials = generate_trials(
            self.config.tasks, n_trials, self.space(split),
            items=self.config.training.items, rng=rng,
        )  # fmt: skip
        return evaluate(self.network, trials, self.frames(split))


def train_subject(
    config: SubjectConfig,
    out: str | os.PathLike[str],
    *,
    device: str = "auto",
    stimuli: StimulusSet | None = None,
    features: Features | None = None,
    told: Told | None = None,
) -> Subject:
    """Train a subject, or take up or read back one that is already in the folder.

    Parameters
    ----------
    config : SubjectConfig
        Everything that makes it.
    out : path-like
        Its folder: ``subject.json`` and ``checkpoint.pt``.
    device : str, default "auto"
        Where; see :func:`pick_device`.
    stimuli, features : optional
        As :func:`wmsim.stimuli.build_stimuli` and :func:`wmsim.encoders.encode` give them for
        this config, where they are at hand already.
    told : callable, optional
        Called with (iteration, note) after each iteration.

    Returns
    -------
    Subject

    Raises
    ------
    WmsimError
        If the folder holds another subject, cannot be written to, or stimuli or weights are
        missing.
    """
    config = from_anywhere(config)
    tasks = config.tasks
    device = pick_device(device)
    check_available(config.training.precision, device)
    folder = output_folder(out)
    write_settings(folder, config.model_dump(mode="json"))
    stimuli = stimuli or build_stimuli(config.stimuli)
    features = features or perceive(config, stimuli, device=device)
    network = new_network(config, features).to(device)
    space = ItemSpace.of_stimuli(stimuli, "train")
    state = train(
        network, tasks, space, features, config.training, folder, seed=config.seed,
        lessons=config.lessons, told=told,
    )  # fmt: skip
    return _subject(config, network, stimuli, features, state)


def load_subject(
    folder: str | os.PathLike[str],
    *,
    device: str = "auto",
    stimuli: StimulusSet | None = None,
    features: Features | None = None,
) -> Subject:
    """Read a trained subject back; its stimuli and features are made again or read from the cache.

    Parameters
    ----------
    folder : path-like
        Where it was trained.
    device : str, default "auto"
        Where it shall run.
    stimuli, features : optional
        As for :func:`train_subject`.

    Raises
    ------
    WmsimError
        If there is none, its training has not come to an end, or a file is damaged.
    """
    path = Path(folder).expanduser()
    config = SubjectConfig(**read_settings(path))
    state = load_state(path)
    if state is None or not state.finished:
        done = state.iteration if state else 0
        most = config.training.most_iterations(len(config.lessons))
        raise WmsimError(
            f"The subject in '{path}' is not trained to the end (iteration {done} of at most "
            f"{most}). Run the same wmsim train command again to go on."
        )
    device = pick_device(device)
    stimuli = stimuli or build_stimuli(config.stimuli)
    features = features or perceive(config, stimuli, device=device)
    network = new_network(config, features)
    try:
        network.load_state_dict(state.network)
    except RuntimeError as error:
        raise WmsimError(
            f"'{path / 'checkpoint.pt'}' does not fit 'subject.json' beside it "
            f"({str(error).splitlines()[-1].strip()}). Delete the folder and train again."
        ) from None
    return _subject(config, network.to(device), stimuli, features, state)


def from_anywhere(config: SubjectConfig) -> SubjectConfig:
    """The same subject with absolute paths, so that it can be loaded from another folder.

    Examples
    --------
    >>> config = SubjectConfig(stimuli={"source": "meshes"})
    >>> Path(from_anywhere(config).stimuli.source) == Path("meshes").absolute()
    True
    >>> from_anywhere(SubjectConfig()).stimuli.source
    'procedural'
    """
    stimuli, encoder = config.stimuli, config.encoder
    changed: dict[str, dict[str, Any]] = {"stimuli": {}, "encoder": {}}
    if stimuli.source != PROCEDURAL:
        changed["stimuli"]["source"] = _absolute(stimuli.source)
    background = stimuli.background
    if isinstance(background, TextureConfig) and background.source != MADE_TEXTURES:
        changed["stimuli"]["background"] = {"source": _absolute(background.source)}
    if encoder.weights is not None:
        changed["encoder"]["weights"] = _absolute(encoder.weights)
    there = {name: values for name, values in changed.items() if values}
    return overlay(config, there) if there else config


def _absolute(path: str | Path) -> str:
    return str(Path(path).expanduser().absolute())


def perceive(config: SubjectConfig, stimuli: StimulusSet, *, device: str) -> Features:
    """Features of all frames that a subject can be shown, computed or read from the cache."""
    features = encode(stimuli, config.encoder, device=device)
    if not shows_blanks(config):
        return features
    return with_blank(features, stimuli, config.encoder, device=device)


def shows_blanks(config: SubjectConfig) -> bool:
    """Whether trials of the subject's tasks have blank frames: all but N-back tasks do."""
    return any(task.has_blanks for tasks in (*config.lessons, config.tasks) for task in tasks)


def new_network(config: SubjectConfig, features: Features) -> WorkingMemoryNetwork:
    """A subject's network before training."""
    channels, rows, columns = features.maps.shape[1:]
    return WorkingMemoryNetwork(config.network, (channels, rows, columns), seed=config.seed)


def _subject(
    config: SubjectConfig, network: WorkingMemoryNetwork, stimuli: StimulusSet,
    features: Features, state: State,
) -> Subject:  # fmt: skip
    return Subject(config, network.eval(), stimuli, features, state.history, state.seconds)
