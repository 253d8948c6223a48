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
DENSE, EASY_GAP, LONG = "STMF-1", 1, 3


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
    one or two items with short delays; these with longer ones, which a vanilla RNN needs; the
    tasks with shorter delays; then the tasks.

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
    >>> plan = sequence_plan([parse_task("sequence-3-identity-gaps0+1-delays12-probes2")])
    >>> plan["regime"]
    'sequence-3-identity-gaps0+1-delays12-probes2'
    >>> for regime in plan["curriculum"]:
    ...     print(regime)
    STMF-1
    1-back-identity,sequence-1-identity-delays1-probes2,sequence-2-identity-gaps0+1-delays1+3-probes2
    sequence-1-identity-delays3+6+9-probes2,sequence-2-identity-gaps0+1-delays3+6+9-probes2
    sequence-2-identity-gaps0+1-delays1+3-probes2,sequence-3-identity-gaps0+1-delays3+6-probes2
    """
    easy = []
    for task in tasks:
        gaps = tuple(sorted({min(gap, EASY_GAP) for gap in task.gaps}))
        least = min(task.delays)
        easy.append((task.changed(load=1, gaps=(0,), delays=(1,)), least))
        if task.load > 1:
            easy.append((task.changed(load=2, gaps=gaps, delays=(1, 3)), least))
    longer = [task.changed(delays=_parts(own, 1, 2, 3)) for task, own in easy if own > LONG]
    shorter = [
        task.changed(delays=_parts(min(task.delays), 1, 2))
        for task in tasks if min(task.delays) > LONG
    ]  # fmt: skip
    features = dict.fromkeys(task.feature for task in tasks)
    easiest = [task for task, _ in easy]
    hardest = [task for task in easiest if task.load == max(one.load for one in easiest)]
    lessons = [DENSE, _regime([*(f"1-back-{one}" for one in features), *_names(easiest)])]
    if shorter:
        lessons += [_regime(_names(longer)), _regime([*_names(hardest), *_names(shorter)])]
    return {
        "regime": _regime(_names(tasks)),
        "curriculum": tuple(lessons),
        "training": {
            "criterion": 0.96, "criterion_of": "answers", "iterations": 1500,
            "lesson_criterion": 0.85, "lesson_iterations": 600,
        },
    }  # fmt: skip


def _parts(delay: int, *quarters: int) -> tuple[int, ...]:
    """So many quarters of a delay, in steps; each once, in order."""
    return tuple(sorted({max(delay * part // 4, 1) for part in quarters}))


def _names(tasks: Sequence[SequenceTask]) -> list[str]:
    return [task.name for task in tasks]


def _regime(names: Sequence[str]) -> str:
    return ",".join(dict.fromkeys(names))
