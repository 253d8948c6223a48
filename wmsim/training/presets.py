"""Named settings of subjects: small and offline, or the paper's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wmsim.config import overlay
from wmsim.encoders import EncoderConfig
from wmsim.errors import choose
from wmsim.models import NetworkConfig
from wmsim.stimuli import StimulusConfig
from wmsim.tasks import SequenceTask
from wmsim.training.config import TrainingConfig
from wmsim.training.subject import SubjectConfig

PRESETS = ("demo", "paper")
# The vanilla network takes longer to come to the demo's criterion.
DEMO_ITERATIONS = {"rnn": 1500}
# Tasks beside long sequences: N-back tasks, beside which a network learned other delayed tasks, and
# sequences of few items with delays that lead up to the long ones.
DENSE, EASY_GAP, SHORT, LONGER = "STMF-1", 1, (1, 3), (3, 6)


def preset(
    name: str, *, architecture: str = "gru", regime: str = "MTMF", seed: int = 0
) -> SubjectConfig:
    """Settings of a subject, by name; change them with :func:`wmsim.config.override`.

    ``"demo"`` takes minutes on two cores and no network: EfficientNet-lite0, whose weights come
    with pip, its map averaged onto 4 x 4 cells, eight trained view angles.

    ``"paper"`` is Lei, Ito & Bashivan (2024) [1]_: ResNet50, the whole 7 x 7 map, batches of 256,
    at most 14,000 iterations. Three things are ours. The printed learning rate and schedule cannot
    train (see :class:`TrainingConfig`), so the rate is that with which the demo's networks learn,
    and constant. The paper reports more than .95 of actions correct and no criterion; training
    stops at .98. It speaks of various view angles; here there are twelve trained ones.

    Parameters
    ----------
    name : {"demo", "paper"}
        Which settings.
    architecture : str
        Core of the network, in the paper's size.
    regime : str
        Tasks to learn; see :func:`wmsim.tasks.regime_tasks`.
    seed : int
        Fixes stimuli, initial weights and trials.

    Returns
    -------
    SubjectConfig

    Raises
    ------
    ConfigError
        If there is no such preset, architecture or regime.

    References
    ----------
    .. [1] Lei, Ito & Bashivan (2024), Geometry of naturalistic object representations in recurrent
       neural network models of working memory, NeurIPS.

    Examples
    --------
    >>> preset("paper", architecture="rnn").network.units
    512
    >>> preset("papr")
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: Unknown preset 'papr'. Did you mean 'paper'? There are: demo, paper.
    """
    choose(name, PRESETS, "preset")
    network = NetworkConfig.paper(architecture)
    training = TrainingConfig.for_architecture(architecture)
    if name == "demo":
        stimuli = StimulusConfig(train_views=8, novel_views=4, novel_identities=1, seed=seed)
        encoder = EncoderConfig(name="efficientnet-lite0", grid=4)
        training = training.changed(
            iterations=DEMO_ITERATIONS.get(architecture, 1200), criterion=0.98
        )
    else:
        stimuli = StimulusConfig(seed=seed)
        encoder = EncoderConfig(name="resnet50", grid=7)
        training = training.changed(iterations=14_000, criterion=0.98, batch=256)
    return for_tasks(
        SubjectConfig(
            stimuli=stimuli, encoder=encoder, network=network, training=training,
            regime=regime, seed=seed,
        )
    )  # fmt: skip


def for_tasks(config: SubjectConfig) -> SubjectConfig:
    """The same subject with a task vector that has all bits of its tasks.

    Examples
    --------
    >>> for_tasks(SubjectConfig(regime="4-back-location")).network.max_n
    4
    """
    tasks = [task for own in (*config.lessons, config.tasks) for task in own]
    bits = {bit for task in tasks for bit in (*task.bits, *task.step_bits)}
    if bits <= set(config.network.bit_names):
        return config
    return overlay(config, {"network": config.network.for_tasks(tasks)})


def sequence_plan(tasks: Sequence[SequenceTask]) -> dict[str, Any]:
    """How long sequences are learnt: easier lessons first.

    An answer or two behind thirty steps are little to learn from: alone, and mixed with easier
    tasks from the start, GRUs stayed at chance for hundreds of iterations. They first learn to
    compare at all, in 1-back tasks, where nearly every step calls for an answer; then sequences of
    one or two items; then all items with a short delay and few items with longer ones; then the
    tasks with delays that double from lesson to lesson, since a vanilla RNN that held them over six
    steps was at chance when all at once it had to over thirteen; then the tasks, at a rate that
    falls, since at a constant one accuracy goes up and down by .03. A lesson of which nothing has
    been learnt goes on (`lesson_patience`): some seeds need 500 iterations of the first one before
    they see that things are compared, and a GRU that was moved on after 400 was at chance still
    after 1,900.

    Parameters
    ----------
    tasks : sequence of SequenceTask
        What the network shall do; at least one.

    Returns
    -------
    dict
        ``regime``, ``curriculum`` and ``training``, as changes to a :class:`SubjectConfig`.
        Accuracy counts where answers are called for: with two probes in 25 steps a network that
        guesses is right at .96 of all steps.

    Examples
    --------
    >>> from wmsim.tasks import parse_task
    >>> plan = sequence_plan([parse_task("sequence-3-identity-gaps0+4-delays12+13-probes2")])
    >>> plan["regime"]
    'sequence-3-identity-gaps0+4-delays12+13-probes2'
    >>> for regime in plan["curriculum"]:
    ...     print(regime.replace("-identity", "").replace("-probes2", "").split(","))
    ['STMF-1']
    ['1-back', 'sequence-1-delays1', 'sequence-2-gaps0+1-delays1+3']
    ['sequence-1-delays3+6', 'sequence-2-gaps0+1-delays1+3', 'sequence-3-gaps0+1-delays1']
    ['sequence-3-gaps0+4-delays1+2+3']
    ['sequence-3-gaps0+4-delays2+4+6']
    """
    one = [task.changed(load=1, gaps=(0,), delays=(1,)) for task in tasks]
    two = [_near(task, load=2, delays=SHORT) for task in tasks if task.load > 1]
    more = [_near(task, load=task.load, delays=SHORT[:1]) for task in tasks if task.load > 2]
    lengths = _doubled(SHORT[-1], max(min(task.delays) for task in tasks))
    features = dict.fromkeys(task.feature for task in tasks)
    lessons = [DENSE, _regime([*(f"1-back-{name}" for name in features), *_names([*one, *two])])]
    if more or lengths:
        longer = [task.changed(delays=LONGER) for task in one]
        lessons.append(_regime(_names([*longer, *two, *more])))
    for length in lengths:
        growing = [task.changed(delays=_thirds(min(length, *task.delays))) for task in tasks]
        lessons.append(_regime(_names(growing)))
    return {
        "regime": _regime(_names(tasks)),
        "curriculum": tuple(lessons),
        "training": {
            "criterion": 0.96, "criterion_of": "answers", "iterations": 1500, "schedule": "cosine",
            "lesson_criterion": 0.9, "lesson_iterations": 400,
        },
    }  # fmt: skip


def _near(task: SequenceTask, *, load: int, delays: tuple[int, ...]) -> SequenceTask:
    """A task with its items close to one another."""
    gaps = tuple(sorted({min(gap, EASY_GAP) for gap in task.gaps}))
    return task.changed(load=load, gaps=gaps, delays=delays)


def _doubled(first: int, end: int) -> list[int]:
    """From `first` on, each twice the one before, all below `end`."""
    lengths = []
    while first < end:
        lengths.append(first)
        first *= 2
    return lengths


def _thirds(delay: int) -> tuple[int, ...]:
    """One, two and three thirds of a delay, in steps; each once, in order."""
    return tuple(sorted({max(delay * part // 3, 1) for part in (1, 2, 3)}))


def _names(tasks: Sequence[SequenceTask]) -> list[str]:
    return [task.name for task in tasks]


def _regime(names: Sequence[str]) -> str:
    return ",".join(dict.fromkeys(names))
