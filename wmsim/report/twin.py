"""``wmsim twin``: networks run the very trials of recordings; files, numbers, figure, report."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.figures.twin import counted, twin_figure
from wmsim.files import content_key, output_folder, write_json
from wmsim.progress import progress
from wmsim.recordings import open_recording, save
from wmsim.report.page import write_page
from wmsim.report.summary import new_summary, timed
from wmsim.stimuli import build_stimuli
from wmsim.training import Subject, SubjectConfig, load_subject, train_subjects
from wmsim.training.checkpoint import read_settings
from wmsim.training.device import pick_device
from wmsim.training.subject import perceive, shows_blanks
from wmsim.twin import (
    Brain,
    Design,
    TwinConfig,
    as_recorded,
    model_name,
    probe_accuracy,
    read_brain,
    require_fit,
    run_twin,
    subject_in,
    twin_design,
    twin_subject,
)

# Counts up where the same settings give other files.
FORMAT = 1
READING = (
    "A network answers at once while neurons lag, so what it does at time t is written down at "
    "t + latency. It does not run before the first item and after its last probe: there is no "
    "activity (NaN). Two probes that were on a screen together come one behind the other. Times "
    "in a twin's file are those of the network's steps. Activity in NAME.nc is seen through "
    "electrodes, as many and as noisy as the brain's; clean/NAME.nc has all hidden units as they "
    "are. Accuracies are of single networks on trials with the pictures that they were shown; "
    "they have no interval over networks."
)


@dataclass(frozen=True)
class _Model:
    """A network or control that runs trials."""

    name: str
    subject: Subject
    control: str | None

    @property
    def key(self) -> str:
        tensors = self.subject.network.state_dict().values()
        weights = b"".join(one.detach().cpu().contiguous().numpy().tobytes() for one in tensors)
        settings = self.subject.config.model_dump(mode="json")
        return content_key(FORMAT, self.name, self.control, settings, weights)


def twin_files(
    brains: Iterable[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    config: TwinConfig | None = None,
    *,
    subjects: Iterable[str | os.PathLike[str]] = (),
    device: str = "auto",
) -> dict[str, Any]:
    """Let networks run the very trials of recordings, and write down what they do.

    Parameters
    ----------
    brains : iterable of path-like
        Continuous recordings in seconds.
    out : path-like
        Folder for everything that is written: ``BRAIN/MODEL.nc`` and ``BRAIN/clean/MODEL.nc``,
        ``subjects/MODEL`` where networks are trained. What is finished there is not done again.
    config : TwinConfig, optional
        How.
    subjects : iterable of path-like
        Folders of trained subjects to run; by default some are trained, each on the tasks of all
        recordings.
    device : str
        Where networks train and run.

    Returns
    -------
    dict
        Content of ``summary.json``.

    Raises
    ------
    WmsimError
        If a recording cannot have a twin, or a subject does not fit.
    """
    config = config or TwinConfig()
    files = [Path(brain) for brain in brains]
    summary = new_summary(
        "wmsim twin " + " ".join(file.name for file in files), recordings={}, twin={}
    )
    with timed(summary, "total"):
        with timed(summary, "reading"):
            designs = _designs(files, config)
        folder = output_folder(out)
        with timed(summary, "subjects"):
            models = _models(designs, config, folder, [Path(one) for one in subjects], device)
        with timed(summary, "running"):
            told = _run_all(designs, models, folder)
        summary["twin"] = {
            "config": config.model_dump(mode="json"),
            "brains": {design.brain.name: _about(design) for design in designs},
            "models": {model.name: _about_model(model) for model in models},
            "files": told,
        }
        with timed(summary, "figures"):
            accuracy = accuracies(summary)
            twin_figure(designs, accuracy, folder / "figures" / "twin")
    write_json(folder / "summary.json", summary)
    write_page(
        folder, summary, [FIGURE], title="wmsim: twins",
        introduction=[*sentences(summary), *_details(summary), READING],
    )  # fmt: skip
    return summary


FIGURE = {
    "file": "twin.png",
    "title": "Trials and answers",
    "caption": "Left: trials of different gaps as the brain had them (dark) and as networks have "
    "them (pale). Right: share of probes that were answered rightly on these very trials; an "
    "answer is match, non-match or none, so that a network that does not answer is below 0.5.",
}


def accuracies(summary: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """Accuracy at probes: recording to model to number of items."""
    return {
        brain: {model: one["accuracy"] for model, one in models.items() if one["accuracy"]}
        for brain, models in summary["twin"]["files"].items()
    }


def sentences(summary: dict[str, Any]) -> list[str]:
    """What came out: one line a recording, one a model."""
    lines = []
    for name, brain in summary["twin"]["brains"].items():
        correct = (
            ""
            if brain["correct"] is None
            else f" ({brain['correct']:.2f} answered rightly by the brain)"
        )
        lines.append(
            f"{name}: {brain['n_trials']} trials of {brain['items']} items{correct}; in steps of "
            f"{brain['step']:g} s times are off by at most {brain['largest_rounding_error']:.3f} s."
        )
    for model in summary["twin"]["models"]:
        found: dict[str, list[tuple[float, int]]] = {}
        for one in accuracies(summary).values():
            for load, numbers in one.get(model, {}).items():
                found.setdefault(load, []).append((numbers["accuracy"], numbers["n_probes"]))
        if found:
            told = ", ".join(
                f"{np.average([v for v, _ in pairs], weights=[n for _, n in pairs]):.3f} "
                f"({counted(load)}, {sum(n for _, n in pairs)} probes)"
                for load, pairs in sorted(found.items())
            )
            lines.append(f"{model}: share of probes answered rightly {told}.")
    return lines


def _details(summary: dict[str, Any]) -> list[str]:
    """Stand-ins, and what was assumed or could not be met; what many share is said once."""
    lines: list[str] = []
    mappings: dict[str, list[str]] = {}
    notes: dict[str, list[str]] = {}
    for name, brain in summary["twin"]["brains"].items():
        for note in brain["notes"]:
            notes.setdefault(note, []).append(name)
    for name, models in summary["twin"]["files"].items():
        for model, one in models.items():
            told = ", ".join(f"{value}: {thing}" for value, thing in one["stand_ins"].items())
            mappings.setdefault(told, []).append(name)
            for note in one["notes"]:
                notes.setdefault(note, []).append(f"{name} {model}")
    for told, names in mappings.items():
        which = ", ".join(dict.fromkeys(names))
        lines.append(
            f"The images of {which} are not at hand; rendered objects stand in for them, each "
            f"always as the same picture ({told})."
        )
    lines += [f"{', '.join(dict.fromkeys(names))}: {note}" for note, names in notes.items()]
    return lines


def _designs(files: Sequence[Path], config: TwinConfig) -> list[Design]:
    if not files:
        raise WmsimError("No recording is given. Name one file or more.")
    stems = [file.stem for file in files]
    nameless = [file for file in files if not file.stem.strip(". ")]
    if nameless:
        raise WmsimError(
            f"'{nameless[0]}' has no name before its ending, and twins go into a folder of that "
            "name. Rename the file."
        )
    twice = [stem for stem in stems if stems.count(stem) > 1]
    if twice:
        raise WmsimError(
            f"Two recordings are called '{twice[0]}', and both twins would go into one folder. "
            "Rename one of the files."
        )
    designs = []
    for file in files:
        with open_recording(file) as recording:
            brain = read_brain(recording.load(), config, name=file.stem)
        designs.append(twin_design(brain, config))
    return designs


def _models(
    designs: Sequence[Design], config: TwinConfig, folder: Path, given: list[Path], device: str
) -> list[_Model]:
    """Subjects, then their controls; the encoder once for each different features."""
    places = [one.expanduser().resolve() for one in given]
    if len(set(places)) < len(places):
        twice = max(given, key=lambda one: places.count(one.expanduser().resolve()))
        raise WmsimError(f"The subject '{twice}' is given twice. Give each once.")
    trained = _loaded(given, device) if given else _trained(designs, config, folder, device)
    for subject in trained:
        require_fit(subject, designs)
    names: list[str] = []
    for number, subject in enumerate(trained):
        name = model_name(subject)
        names.append(f"{name}-{number + 1}" if name in names else name)
    models = [_Model(name, one, None) for name, one in zip(names, trained, strict=True)]
    if "untrained" in config.controls:
        models += [_Model(f"{m.name}-untrained", m.subject, "untrained") for m in list(models)]
    if "encoder" in config.controls:
        different = {one.features.key: one for one in reversed(trained)}
        for number, one in enumerate(reversed(different.values())):
            models.append(
                _Model("encoder" if not number else f"encoder-{number + 1}", one, "encoder")
            )
    return models


def _trained(
    designs: Sequence[Design], config: TwinConfig, folder: Path, device: str
) -> list[Subject]:
    kinds = [
        (name, config.seed + number)
        for name in config.architectures
        for number in range(config.subjects)
    ]
    configs = [twin_subject(designs, config, architecture=name, seed=seed) for name, seed in kinds]
    folders = [folder / "subjects" / f"{name}-{seed}" for name, seed in kinds]
    # Subjects that were trained for more recordings than are asked for now will do.
    configs = [subject_in(own, one, designs) for own, one in zip(folders, configs, strict=True)]
    return train_subjects(configs, folders, device=device)


def _loaded(folders: Sequence[Path], device: str) -> list[Subject]:
    """Subjects that are at hand; what several see is made once."""
    device = pick_device(device)
    made: dict[str, tuple[Any, Any]] = {}
    found = []
    for folder in folders:
        config = SubjectConfig(**read_settings(folder))
        seen = content_key(
            config.stimuli.model_dump(mode="json"), config.encoder.model_dump(mode="json"),
            shows_blanks(config),
        )  # fmt: skip
        if seen not in made:
            stimuli = build_stimuli(config.stimuli)
            made[seen] = stimuli, perceive(config, stimuli, device=device)
        stimuli, features = made[seen]
        found.append(load_subject(folder, device=device, stimuli=stimuli, features=features))
    return found


def _run_all(
    designs: Sequence[Design], models: Sequence[_Model], folder: Path
) -> dict[str, dict[str, Any]]:
    told: dict[str, dict[str, Any]] = {}
    keys = {model.name: model.key for model in models}
    with progress("twins", len(designs) * len(models)) as step:
        for design in designs:
            own = told.setdefault(design.brain.name, {})
            for model in models:
                own[model.name] = _run(design, model, keys[model.name], folder)
                step(note=f"{design.brain.name} {model.name}")
    return told


def _run(design: Design, model: _Model, key: str, folder: Path) -> dict[str, Any]:
    """Make both files of a model, unless they are there; what the report tells of them."""
    outside = {"architectures", "subjects", "preset", "settings"}
    settings = design.config.model_dump(mode="json", exclude=outside)
    brain = design.brain
    key = content_key(key, brain.key, _meaning(brain), brain.name, settings)
    file = folder / design.brain.name / f"{model.name}.nc"
    clean_file = file.parent / "clean" / file.name
    found = _read(file, key)
    if found is None or _read(clean_file, key) is None:
        clean = run_twin(model.subject, design, name=model.name, control=model.control)
        clean = clean.assign_attrs(twin_key=key)
        found = as_recorded(clean, design)
        save(clean, clean_file)
        save(found, file)  # last, so that a whole one says that both are there
    twin, matched = json.loads(found.attrs["twin"]), json.loads(found.attrs["matched"])
    noise = json.loads(found.attrs["noise"]) if "noise" in found.attrs else None
    return {
        "file": file.relative_to(folder).as_posix(),
        "clean": clean_file.relative_to(folder).as_posix(),
        "n_units": int(found.sizes["unit"]),
        "n_units_clean": int(matched["units"][0]),
        "accuracy": probe_accuracy(found),
        "stand_ins": twin["stand_ins"],
        "noise": noise and {name: noise[name] for name in ("target", "measured")},
        "notes": [*[n for n in twin["notes"] if n not in design.notes], *matched["notes"]],
    }


def _meaning(brain: Brain) -> dict[str, dict[str, str]]:
    """Names of values, units of time and activity: what numbers of a recording stand for."""
    return {
        name: {label: str(one) for label, one in sorted(brain.recording[name].attrs.items())}
        for name in ("time", "activity", brain.feature)
    }


def _read(file: Path, key: str) -> xr.Dataset | None:
    """A finished recording without its activity in memory, or None if there is none like it."""
    if not file.is_file():
        return None
    try:
        with open_recording(file) as found:
            if found.attrs.get("twin_key") != key:
                return None
            return found.drop_vars("activity").load()
    except WmsimError:
        return None


def _about(design: Design) -> dict[str, Any]:
    brain = design.brain
    correct = None
    if "correct" in brain.recording.variables:
        correct = float(np.mean(brain.recording["correct"].values.astype(float)))
    return {
        "n_trials": len(brain.codes),
        "n_units": int(brain.recording.sizes["unit"]),
        "items": "/".join(str(task.load) for task in design.tasks),
        "feature": brain.feature,
        "n_values": design.n_values,
        "correct": correct,
        "tasks": [task.name for task in design.tasks],
        "probes": list(brain.probe_labels),
        "step": design.config.step,
        "latency": design.config.latency,
        "largest_rounding_error": round(design.rounding, 6),
        "key": brain.key,
        "notes": list(design.notes),
    }


def _about_model(model: _Model) -> dict[str, Any]:
    config = model.subject.config
    history = model.subject.history
    return {
        "control": model.control,
        "architecture": config.network.architecture,
        "n_units": config.network.units,
        "seed": config.seed,
        "regime": config.regime,
        "iterations": int(history[-1]["iteration"]) if history and not model.control else 0,
    }
