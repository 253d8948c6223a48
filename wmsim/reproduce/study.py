"""A study: subjects, recordings and measurements in one folder, each made once and shared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from wmsim.encoders import Features, encode, with_blank
from wmsim.files import atomic_path
from wmsim.models import n_parameters
from wmsim.progress import progress
from wmsim.recordings import open_recording, save
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.kinds import Kind
from wmsim.stimuli import StimulusSet, build_stimuli
from wmsim.tasks import regime_tasks
from wmsim.training import Subject, finish_subjects, pick_device, train_subject
from wmsim.training.subject import shows_blanks

SPLITS = ("train", "novel_angle", "novel_identity")


class Study:
    """Everything that figures share.

    Parameters
    ----------
    folder : path
        ``subjects/KIND/SEED``, ``recordings/KIND/SEED-SPLIT.nc`` (of some tasks only:
        ``SEED-SPLIT-REGIME.nc``) and ``measures/MEASURE/KIND-SEED.nc`` are written there, when
        they are first asked for.
    config : ReproduceConfig
        How.
    seeds : sequence of int
        One a subject of every kind.
    device : str
        Where networks are trained and run.
    n_jobs : int, optional
        Processes, by default one a core.
    """

    def __init__(
        self, folder: Path, config: ReproduceConfig, *, seeds: Sequence[int],
        device: str = "auto", n_jobs: int | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.config, self.seeds = folder, config, tuple(seeds)
        self.device, self.n_jobs = device, n_jobs
        self._seen: dict[str, tuple[StimulusSet, Features]] = {}
        self._subjects: dict[tuple[str, int], Subject] = {}

    def perception(self, variant: str = "plain") -> tuple[StimulusSet, Features]:
        """Stimuli of a variant and their features, which all subjects share."""
        if variant not in self._seen:
            stimuli = build_stimuli(self.config.stimuli_of(variant))
            features = encode(stimuli, self.config.encoder, device=pick_device(self.device))
            self._seen[variant] = stimuli, features
        return self._seen[variant]

    def train(self, kinds: Sequence[Kind]) -> None:
        """Train all subjects of these kinds that are not trained yet, side by side.

        Those that are trained cost nothing: neither they nor what they see is loaded.
        """
        different = {
            kind.name: kind for kind in kinds
        }  # a size may be named or left to the default
        wanted = [(kind, seed) for kind in different.values() for seed in self.seeds]
        configs = [self.config.subject(kind, seed=seed) for kind, seed in wanted]
        folders = [self._subject_folder(kind, seed) for kind, seed in wanted]
        finish_subjects(configs, folders, device=self.device, n_jobs=self.n_jobs)

    def subject(self, kind: Kind, seed: int) -> Subject:
        """A subject; trained now if it has not been."""
        key = kind.name, seed
        if key not in self._subjects:
            config = self.config.subject(kind, seed=seed)
            stimuli, features = self.perception(kind.variant)
            if shows_blanks(config):
                device = pick_device(self.device)
                features = with_blank(features, stimuli, config.encoder, device=device)
            self._subjects[key] = train_subject(
                config, self._subject_folder(kind, seed), device=self.device, stimuli=stimuli,
                features=features,
            )  # fmt: skip
        return self._subjects[key]

    def recording(
        self, kind: Kind, seed: int, *, split: str = "novel_angle", regime: str | None = None
    ) -> xr.Dataset:
        """Recording of a subject.

        Parameters
        ----------
        kind : Kind
        seed : int
            Which subject.
        split : str
            Items that are shown.
        regime : str, optional
            Tasks to record, by default all that it learned. Those of a recording need the same
            steps.

        Returns
        -------
        xarray.Dataset
            Trials of each task, as many as the settings say, opened from its file.
        """
        from wmsim.recordings.subject import record

        some = "" if regime is None else f"-{regime}"
        path = self.folder / "recordings" / kind.name / f"{seed}-{split}{some}.nc"
        if not path.is_file():
            larger = kind.variant == "larger"
            config = self.config
            n_trials = config.trials_per_task_larger if larger else config.trials_per_task
            made = record(
                self.subject(kind, seed), trials_per_task=n_trials, split=split,
                tasks=None if regime is None else regime_tasks(regime),
            )  # fmt: skip
            save(made, path)
        return open_recording(path)

    def measured(
        self, measure: str, kind: Kind, compute: Callable[[int], xr.Dataset]
    ) -> xr.Dataset:
        """A measurement of all subjects of a kind.

        Parameters
        ----------
        measure : str
            Its name; figures that need the same measurement use the same name, and it is computed
            once.
        kind : Kind
            Subjects.
        compute : callable
            Seed to the dataset of that subject, without a dimension for subjects.

        Returns
        -------
        xarray.Dataset
            With a new first dimension ``subject`` (coordinate: seeds).
        """
        parts = []
        with progress(f"{measure}: {kind.name}", len(self.seeds)) as step:
            for seed in self.seeds:
                path = self.folder / "measures" / measure / f"{kind.name}-{seed}.nc"
                parts.append(_kept(path, partial(compute, seed)))
                step()
        along = xr.Variable("subject", np.array(self.seeds))
        return xr.concat(parts, along, data_vars="all", join="outer", combine_attrs="override")

    def once(self, measure: str, compute: Callable[[], xr.Dataset]) -> xr.Dataset:
        """A measurement that is no subject's, such as of the encoder."""
        return _kept(self.folder / "measures" / f"{measure}.nc", compute)

    def behaviour(self, kind: Kind) -> xr.Dataset:
        """How well subjects do their tasks, and how they learned them.

        Returns
        -------
        xarray.Dataset
            ``accuracy`` (all steps) and ``executive_accuracy`` (steps that call for match or
            non-match), dims (subject, split); ``executive_by_task`` (subject, split, task);
            ``learning`` and ``loss`` (subject, iteration), NaN after the end of training;
            ``parameters``, ``iterations``, ``seconds`` (subject).
        """
        return self.measured("behaviour", kind, lambda seed: self._behaviour(kind, seed))

    def _behaviour(self, kind: Kind, seed: int) -> xr.Dataset:
        subject = self.subject(kind, seed)
        splits = [split for split in SPLITS if (subject.stimuli.split == split).any()]
        found = [subject.performance(one, n_trials=self.config.test_trials) for one in splits]
        tasks = list(found[0].executive_by_task)
        by_task = [[one.executive_by_task[task] for task in tasks] for one in found]
        history = subject.history
        return xr.Dataset(
            {
                "accuracy": ("split", [one.overall for one in found]),
                "executive_accuracy": ("split", [one.executive for one in found]),
                "executive_by_task": (("split", "task"), by_task),
                "learning": ("iteration", [entry["accuracy"] for entry in history]),
                "loss": ("iteration", [entry["loss"] for entry in history]),
                "parameters": n_parameters(subject.network),
                "iterations": int(history[-1]["iteration"]),
                "seconds": subject.seconds,
            },
            coords={
                "split": splits,
                "task": tasks,
                "iteration": [int(entry["iteration"]) for entry in history],
            },
        )

    def example_frames(self, variant: str = "plain", n: int = 3) -> np.ndarray:
        """Frames of different categories, uint8 (frame, row, column, colour)."""
        stimuli, _ = self.perception(variant)
        trained = np.flatnonzero(stimuli.split == "train")
        _, first = np.unique(stimuli.category[trained], return_index=True)
        images = np.resize(trained[first], n)
        return stimuli.frames(images, np.arange(n) % stimuli.n_locations)

    def _subject_folder(self, kind: Kind, seed: int) -> Path:
        return self.folder / "subjects" / kind.name / str(seed)


def _kept(path: Path, compute: Callable[[], xr.Dataset]) -> xr.Dataset:
    """Read a measurement, or make it and keep it."""
    if not path.is_file():
        found = compute()
        with atomic_path(path) as temporary:
            found.to_netcdf(temporary, engine="netcdf4")
    with xr.open_dataset(path, engine="netcdf4") as one:
        return one.load()
