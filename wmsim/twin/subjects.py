"""Networks for a twin: how they are trained, and whether one that is at hand fits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wmsim.config import overlay, override
from wmsim.errors import WmsimError
from wmsim.stimuli.config import LARGER
from wmsim.tasks import SequenceTask
from wmsim.training import Subject, SubjectConfig, for_tasks, preset
from wmsim.training.checkpoint import read_settings
from wmsim.training.presets import sequence_plan
from wmsim.training.subject import from_anywhere
from wmsim.twin.config import TwinConfig
from wmsim.twin.design import Design, merged_tasks

# More than these are no working-memory experiment; objects made from code would look alike.
MOST_VALUES = 64
TRAIN_VIEWS, NOVEL_VIEWS = 3, 2
# What a network needs to hold items over tens of steps. A vanilla RNN: weights that keep activity
# alive, and small steps of learning, as larger ones undo what was learnt. An LSTM: gates that do
# not forget at once.
LONG_MEMORY: dict[str, dict[str, Any]] = {
    "rnn": {
        "network": {"core": {"recurrent": "orthogonal"}},
        "training": {"learning_rate": 1e-4},
    },
    "lstm": {"network": {"core": {"forget_bias": 1.0}}},
}


def twin_subject(
    designs: Sequence[Design], config: TwinConfig, *, architecture: str, seed: int
) -> SubjectConfig:
    """Settings of a subject that learns the tasks of recordings.

    Parameters
    ----------
    designs : sequence of Design
        Of all recordings whose trials it shall run.
    config : TwinConfig
        Preset and changes to it.
    architecture : str
        Network.
    seed : int
        Of the network; stimuli have the seed of `config`, so that all subjects share them.

    Returns
    -------
    SubjectConfig
        With at least as many identities as the feature has values.

    Raises
    ------
    WmsimError
        If there are too many values.
    """
    values = max(design.n_values for design in designs)
    n_categories, identities = object_counts(values)
    made = preset(config.preset, architecture=architecture, seed=seed)
    # Pictures of an experiment are the same each time: no need to generalise over many views.
    stimuli = {
        "categories": LARGER[:n_categories], "identities": identities, "seed": config.seed,
        "train_views": TRAIN_VIEWS, "novel_views": NOVEL_VIEWS,
    }  # fmt: skip
    plan = sequence_plan(merged_tasks(designs))
    made = overlay(overlay(made, {"stimuli": stimuli, **plan}), LONG_MEMORY.get(architecture, {}))
    return for_tasks(override(made, config.settings))


def subject_in(folder: Path, wanted: SubjectConfig, designs: Sequence[Design]) -> SubjectConfig:
    """What a folder holds where that will do, although it was made for more recordings.

    Parameters
    ----------
    folder : path
        Where a subject may be.
    wanted : SubjectConfig
        What would be trained there.
    designs : sequence of Design
        What it has to be able to do.

    Returns
    -------
    SubjectConfig
        That of the folder if it has learnt all tasks with all gaps and delays, has enough
        identities and is the same in all else; otherwise `wanted`.
    """
    try:
        there = SubjectConfig(**read_settings(folder))
    except WmsimError:
        return wanted
    if _without_tasks(there) != _without_tasks(from_anywhere(wanted)):
        return wanted
    known = [task for task in there.tasks if isinstance(task, SequenceTask)]
    learnt = all(
        any(
            _kind(one) == _kind(task)
            and set(task.gaps) <= set(one.gaps)
            and set(task.delays) <= set(one.delays)
            for one in known
        )
        for task in merged_tasks(designs)
    )
    n_objects = len(there.stimuli.categories) * there.stimuli.identities
    enough = n_objects >= max(design.n_values for design in designs)
    return there if learnt and enough else wanted


def _without_tasks(config: SubjectConfig) -> dict[str, Any]:
    """Settings without what follows from tasks and the number of values."""
    settings = config.model_dump(mode="json", exclude={"regime", "curriculum"})
    for part, names in (
        ("stimuli", ("categories", "identities")),
        ("network", ("extra_bits", "max_n")),
    ):
        for name in names:
            settings[part].pop(name, None)
    return settings


def object_counts(values: int) -> tuple[int, int]:
    """Categories, and identities of each, that make the fewest objects of at least so many.

    Examples
    --------
    >>> object_counts(9), object_counts(8), object_counts(5), object_counts(2)
    ((3, 3), (4, 2), (3, 2), (2, 2))

    Raises
    ------
    WmsimError
        If there are too many.
    """
    if values > MOST_VALUES:
        raise WmsimError(
            f"The feature has {values} values, at most {MOST_VALUES} objects can stand in for "
            "them. Name a feature of fewer values (--feature), or take fewer trials."
        )
    # At least two identities a category, as stimuli have; two categories, so that both differ.
    options = [(n, max(2, -(-values // n))) for n in range(2, len(LARGER) + 1)]
    return min(options, key=lambda one: (one[0] * one[1], abs(one[0] - one[1]), -one[0]))


def require_fit(
    subject: Subject, designs: Sequence[Design], *, untrained: bool = False
) -> list[str]:
    """Refuse a subject that does not know the tasks or has too few objects.

    Parameters
    ----------
    subject : Subject
        A network.
    designs : sequence of Design
        Trials that it shall run.
    untrained : bool
        Whether it is a control that need not know the tasks.

    Returns
    -------
    list of str
        What is new to it although it fits.

    Raises
    ------
    WmsimError
        If it does not fit.
    """
    name = f"{subject.config.network.architecture}-{subject.config.seed}"
    known = [task for task in subject.config.tasks if isinstance(task, SequenceTask)]
    notes: list[str] = []
    for design in designs:
        space = subject.space(design.config.split)
        found = space.n_values("identity")
        if found < design.n_values:
            raise WmsimError(
                f"{name} was shown {found} objects, but '{design.brain.feature}' of "
                f"{design.brain.name} has {design.n_values} values. Take a subject with more "
                "identities, or leave --subject out to have one trained."
            )
        n_views = space.images.shape[1]
        if design.config.view >= n_views:
            raise WmsimError(
                f"View {design.config.view} is asked for, but split '{design.config.split}' of "
                f"{name} has views 0 to {n_views - 1}."
            )
        for task in design.tasks:
            same = [one for one in known if _kind(one) == _kind(task)]
            if not same:
                raise WmsimError(_does_not_fit(name, design, task, subject))
            if not untrained:
                notes += _new_lengths(name, task, same)
    return list(dict.fromkeys(notes))


def _kind(task: SequenceTask) -> tuple[str, int, int, int]:
    return task.feature, task.load, task.shown, task.probes


def _does_not_fit(name: str, design: Design, task: SequenceTask, subject: Subject) -> str:
    learnt = ", ".join(one.name for one in subject.config.tasks)
    return (
        f"{name} has not learnt the task of {design.brain.name} ({task.name}: {task.load} items, "
        f"{task.shown} steps each, {task.probes} probes); it has learnt {learnt}. Take a subject "
        "that was trained on it, or leave --subject out to have one trained."
    )


def _new_lengths(name: str, task: SequenceTask, known: list[SequenceTask]) -> list[str]:
    """Gaps and delays that the network has not been trained on."""
    notes = []
    for what in ("gaps", "delays"):
        learnt = {steps for one in known for steps in getattr(one, what)}
        new = [str(steps) for steps in getattr(task, what) if steps not in learnt]
        if new:
            notes.append(
                f"{name} was not trained on {what} of {', '.join(new)} steps with {task.load} "
                "items; it runs them all the same."
            )
    return notes
