"""Named settings of subjects: small and offline, or the paper's."""

from __future__ import annotations

from wmsim.config import overlay
from wmsim.encoders import EncoderConfig
from wmsim.errors import choose
from wmsim.models import NetworkConfig
from wmsim.stimuli import StimulusConfig
from wmsim.training.config import TrainingConfig
from wmsim.training.subject import SubjectConfig

PRESETS = ("demo", "paper")
# The vanilla network takes longer to come to the demo's criterion.
DEMO_ITERATIONS = {"rnn": 1500}


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
    bits = {bit for task in config.tasks for bit in (*task.bits, *task.step_bits)}
    if bits <= set(config.network.bit_names):
        return config
    return overlay(config, {"network": config.network.for_tasks(config.tasks)})
