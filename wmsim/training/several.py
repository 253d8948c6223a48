"""Training several subjects: side by side where that pays."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wmsim.config import overlay
from wmsim.encoders import Features
from wmsim.errors import ConfigError, WmsimError, choose
from wmsim.files import content_key, output_folder
from wmsim.models.stacked import STACKABLE
from wmsim.progress import progress
from wmsim.stimuli import StimulusSet, build_stimuli
from wmsim.tasks import ItemSpace
from wmsim.training.checkpoint import load_state, write_settings
from wmsim.training.device import pick_device
from wmsim.training.precision import check_available
from wmsim.training.stacked import train_stacked
from wmsim.training.subject import (
    Subject,
    SubjectConfig,
    from_anywhere,
    load_subject,
    new_network,
    perceive,
    shows_blanks,
    train_subject,
)

HOW = ("auto", "stacked", "processes", "one by one")
# More side by side than this fill a GPU anyhow, and its memory too.
LARGEST_STACK = 16


@dataclass(frozen=True)
class Job:
    """A subject to be trained, with what it sees."""

    config: SubjectConfig
    folder: Path
    stimuli: StimulusSet
    features: Features

    @property
    def kind(self) -> str:
        """The same for subjects that differ in their seed alone."""
        return content_key(self.config.model_dump(mode="json", exclude={"seed"}))


def train_subjects(
    configs: Sequence[SubjectConfig],
    folders: Sequence[str | os.PathLike[str]],
    *,
    device: str = "auto",
    how: str = "auto",
    n_jobs: int | None = None,
) -> list[Subject]:
    """Train subjects, each as :func:`train_subject` would; stopped and run again, they go on.

    Stimuli and features that several subjects share are made once, before training.

    Parameters
    ----------
    configs : sequence of SubjectConfig
        One a subject. They may differ in anything.
    folders : sequence of path-like
        Where each goes.
    device : str, default "auto"
        Where; see :func:`pick_device`.
    how : {"auto", "stacked", "processes", "one by one"}
        "stacked" trains subjects that differ in their seed alone as one computation (rnn, gru,
        lstm). "processes" trains them in processes that share out the cores. "auto" takes
        processes on a CPU; on a GPU it stacks what can be stacked, and trains the others one by
        one. The order in which products are added differs between them, so that learning curves
        part in the last digits first and visibly after hundreds of iterations.
    n_jobs : int, optional
        Processes, by default one a core.

    Returns
    -------
    list of Subject
        In the order of `configs`.

    Raises
    ------
    WmsimError
        As :func:`train_subject`, naming the subject; or if subjects cannot be stacked.
    """
    seen = _Seen(pick_device(device))
    _finish(configs, folders, seen, how, n_jobs)
    return [
        load_subject(folder, device=seen.device, stimuli=stimuli, features=features)
        for folder, (stimuli, features) in zip(folders, map(seen.by, configs), strict=True)
    ]


def finish_subjects(
    configs: Sequence[SubjectConfig],
    folders: Sequence[str | os.PathLike[str]],
    *,
    device: str = "auto",
    how: str = "auto",
    n_jobs: int | None = None,
) -> None:
    """Train those subjects that are not trained yet; see :func:`train_subjects`.

    Nothing is loaded, and what finished subjects saw is not made again.
    """
    _finish(configs, folders, _Seen(pick_device(device)), how, n_jobs)


def _finish(
    configs: Sequence[SubjectConfig], folders: Sequence[str | os.PathLike[str]], seen: _Seen,
    how: str, n_jobs: int | None,
) -> None:  # fmt: skip
    choose(how, HOW, "way to train")
    if len(configs) != len(folders) or len({Path(one).resolve() for one in folders}) < len(folders):
        raise ConfigError(
            f"{len(configs)} subjects need as many folders, each another; found "
            f"{', '.join(map(str, folders)) or 'none'}."
        )
    configs = [from_anywhere(config) for config in configs]
    paths = [Path(one).expanduser() for one in folders]
    device = seen.device
    for config in configs:
        check_available(config.training.precision, device)
    for config, folder in zip(configs, paths, strict=True):
        write_settings(output_folder(folder), config.model_dump(mode="json"))
    if how == "stacked":
        _check_stackable(configs, paths)
    todo = [
        Job(config, folder, *seen.by(config))
        for config, folder in zip(configs, paths, strict=True)
        if not _finished(folder)
    ]
    if how == "auto":
        how = "processes" if device == "cpu" else "stacked"
    if how == "processes":
        _in_processes(todo, device, n_jobs, len(configs))
    else:
        stacks = _stacks(todo) if how == "stacked" else [[job] for job in todo]
        for stack in stacks:
            _train(stack, device)


def seeded(
    config: SubjectConfig, n_subjects: int, out: str | os.PathLike[str]
) -> tuple[list[SubjectConfig], list[Path]]:
    """Subjects that differ in their seed alone, and their folders.

    They are shown the same stimuli, those of `config`.

    Parameters
    ----------
    config : SubjectConfig
        The first; the others have the seeds after its own.
    n_subjects : int
        How many.
    out : path-like
        Folder of a single subject; of several, the folder of their folders.

    Returns
    -------
    configs : list of SubjectConfig
    folders : list of pathlib.Path

    Examples
    --------
    >>> configs, folders = seeded(SubjectConfig(seed=4), 2, "out")
    >>> [one.seed for one in configs], [folder.name for folder in folders]
    ([4, 5], ['subject-4', 'subject-5'])
    """
    if n_subjects == 1:
        return [config], [Path(out)]
    seeds = range(config.seed, config.seed + n_subjects)
    configs = [overlay(config, {"seed": seed}) for seed in seeds]
    return configs, [Path(out) / f"subject-{seed}" for seed in seeds]


class _Seen:
    """What subjects see; those that see the same share it."""

    def __init__(self, device: str) -> None:
        self.device = device
        self._stimuli: dict[str, StimulusSet] = {}
        self._features: dict[str, Features] = {}

    def by(self, config: SubjectConfig) -> tuple[StimulusSet, Features]:
        """Stimuli and features of a subject, made when they are first asked for."""
        config = from_anywhere(config)
        key = content_key(config.stimuli.model_dump(mode="json"))
        if key not in self._stimuli:
            self._stimuli[key] = build_stimuli(config.stimuli)
        stimuli = self._stimuli[key]
        whole = content_key(key, config.encoder.model_dump(mode="json"), shows_blanks(config))
        if whole not in self._features:
            self._features[whole] = perceive(config, stimuli, device=self.device)
        return stimuli, self._features[whole]


def _finished(folder: Path) -> bool:
    state = load_state(folder)
    return state is not None and state.finished


def _check_stackable(configs: Sequence[SubjectConfig], folders: Sequence[Path]) -> None:
    for config, folder in zip(configs, folders, strict=True):
        if not _stackable(config):
            raise ConfigError(
                f"The subject in '{folder}' cannot be trained as one computation with others: "
                f"that takes a core of {', '.join(STACKABLE)} (found "
                f"{config.network.architecture}) without compile or curriculum. Choose 'one by "
                f"one' or 'processes'."
            )


def _stackable(config: SubjectConfig) -> bool:
    plain = not config.training.compile and not config.curriculum
    return config.network.architecture in STACKABLE and plain


def _stacks(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Jobs that go through one computation."""
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        key = job.kind if _stackable(job.config) else str(job.folder)
        groups.setdefault(key, []).append(job)
    for group in groups.values():
        for start in range(0, len(group), LARGEST_STACK):
            yield group[start : start + LARGEST_STACK]


def _train(stack: list[Job], device: str) -> None:
    """Train a subject, or several that differ in their seed alone as one computation."""
    first = stack[0]
    if len(stack) == 1:
        train_subject(
            first.config, first.folder, device=device, stimuli=first.stimuli,
            features=first.features,
        )  # fmt: skip
        return
    train_stacked(
        [new_network(job.config, job.features).to(device) for job in stack],
        first.config.tasks,
        ItemSpace.of_stimuli(first.stimuli, "train"),
        first.features,
        first.config.training,
        [job.folder for job in stack],
        seeds=[job.config.seed for job in stack],
    )


def _in_processes(jobs: Sequence[Job], device: str, n_jobs: int | None, n_subjects: int) -> None:
    """Train subjects in processes, the cores shared out among them.

    How many threads each has does not depend on how many subjects are left to do: the number of
    threads decides in which order products are added, and a run that was stopped and taken up
    again shall come out the same. A process gets the pictures; the features, which are large, it
    reads from the cache, where they are by now. What it says of its progress goes through a small
    file that is thrown away.
    """
    import joblib
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    cores = joblib.cpu_count()
    processes = max(1, min(n_jobs or cores, cores, n_subjects))
    total = sum(job.config.training.iterations for job in jobs)
    with (
        tempfile.TemporaryDirectory(prefix="wmsim-") as notes,
        _watched(Path(notes), f"training {len(jobs)} subjects", total),
        joblib.parallel_config(backend="loky", inner_max_num_threads=max(1, cores // processes)),
    ):
        parallel = joblib.Parallel(n_jobs=processes, return_as="generator_unordered")
        calls = (
            joblib.delayed(_work)(
                job.config, job.folder, job.stimuli, device, Path(notes) / str(number)
            )
            for number, job in enumerate(jobs)
        )
        try:
            for folder, problem in parallel(calls):
                if problem:
                    raise WmsimError(f"Subject '{folder}': {problem}")
        except TerminatedWorkerError as error:
            raise WmsimError(
                f"A process that trained a subject was ended from outside, perhaps because memory "
                f"ran out ({processes} ran at once). Run it again with fewer; training goes on "
                f"from the last checkpoints."
            ) from error


def _work(
    config: SubjectConfig, folder: Path, stimuli: StimulusSet, device: str, notes: Path
) -> tuple[Path, str]:
    """Train one subject in a process of its own; what was wrong with the request comes back."""
    os.environ["WMSIM_QUIET"] = "1"

    def told(iteration: int, note: str) -> None:
        # A note that is lost is no harm, training that stops for it is.
        with contextlib.suppress(OSError):
            notes.write_text(str(iteration), encoding="utf-8")

    try:
        features = perceive(config, stimuli, device=device)
        train_subject(config, folder, device=device, stimuli=stimuli, features=features, told=told)
    except WmsimError as error:
        return folder, str(error)
    return folder, ""


@contextlib.contextmanager
def _watched(notes: Path, label: str, total: int) -> Iterator[None]:
    """Show a progress bar of iterations that processes write down in `notes`."""
    ended = threading.Event()
    with progress(label, total) as step:

        def watch() -> None:
            seen = 0
            while not ended.wait(1.0):
                found = _iterations(notes)
                step(max(0, found - seen))
                seen = max(seen, found)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()


def _iterations(notes: Path) -> int:
    """Iterations of all subjects, as far as their notes can be read now."""
    found = 0
    for file in notes.iterdir():
        with contextlib.suppress(OSError, ValueError):
            found += int(file.read_text(encoding="utf-8"))
    return found
