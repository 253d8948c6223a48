"""Settings of a reproduction, and its presets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydantic import Field

from wmsim.config import Config
from wmsim.encoders import EncoderConfig
from wmsim.errors import choose
from wmsim.models import Architecture, NetworkConfig
from wmsim.pipeline import AnalysisConfig
from wmsim.reproduce.kinds import Kind
from wmsim.stimuli import StimulusConfig, TextureConfig
from wmsim.tasks import NO_ACTION, ItemSpace, Task, regime_tasks
from wmsim.training import SubjectConfig, TrainingConfig
from wmsim.training.presets import for_tasks

PAPER_ITEMS = 6
# Share of the steps of the nine tasks that call for match or non-match.
NBACK_SHARE = 2 / 3


class ReproduceConfig(Config):
    """Which subjects are trained, and how they are measured.

    Attributes
    ----------
    stimuli : StimulusConfig
        Of the variant "plain"; the others are derived from it.
    encoder : EncoderConfig
        Perceptual network.
    training : TrainingConfig
        Of all subjects, but for learning rates.
    learning_rates : dict of str to float
        By architecture, where it is not that of :meth:`TrainingConfig.for_architecture`.
    architectures : tuple of str
        The paper's three.
    single_n : tuple of int
        n of the STSF subjects (three features each).
    multi_n : tuple of int
        n of the STMF subjects.
    sizes : dict of str to tuple of int
        Hidden units of figure A1, by architecture, besides the paper's.
    variant_architectures : tuple of str
        Architectures of figure A6.
    trials_per_task : int
        Trials of each task in a recording.
    trials_per_task_larger : int
        The same of subjects that see the larger set: 32 identities need more trials.
    test_trials : int
        Trials behind an accuracy of behaviour, on each split.
    analysis : AnalysisConfig
        Decoders. Permutations and resamples of trials are not used: intervals are over subjects.

    Examples
    --------
    >>> ReproduceConfig.preset("demo").subject(Kind(architecture="rnn"), seed=3).network.units
    512
    """

    stimuli: StimulusConfig = StimulusConfig(train_views=8, novel_views=4, novel_identities=1)
    encoder: EncoderConfig = EncoderConfig(grid=2)
    training: TrainingConfig = TrainingConfig(iterations=1500, criterion=0.98)
    learning_rates: dict[str, float] = Field(default={})
    architectures: tuple[Architecture, ...] = ("rnn", "gru", "lstm")
    single_n: tuple[int, ...] = (2,)
    multi_n: tuple[int, ...] = (1, 2, 3)
    sizes: dict[str, tuple[int, ...]] = Field(
        default={"rnn": (64, 256), "gru": (64,), "lstm": (64,)}
    )
    variant_architectures: tuple[Architecture, ...] = ("rnn", "gru")
    trials_per_task: int = Field(default=200, ge=20)
    trials_per_task_larger: int = Field(default=480, ge=20)
    test_trials: int = Field(default=1800, ge=1)
    analysis: AnalysisConfig = AnalysisConfig(folds=5, permutations=0, bootstrap=0)

    @classmethod
    def preset(cls, name: str) -> ReproduceConfig:
        """Settings by name.

        Parameters
        ----------
        name : {"demo", "paper"}
            "demo": the offline encoder, its map averaged onto 2 x 2 cells (the four locations),
            and small sets of stimuli, for two cores. "paper": the paper's encoder, whole maps, all
            regimes; needs a GPU.

        Raises
        ------
        ConfigError
            If there is no such preset.
        """
        return cls(**PRESETS[choose(name, PRESETS, "preset")])

    def subject(self, kind: Kind, *, seed: int) -> SubjectConfig:
        """Everything that makes the subject of a kind with a seed."""
        known = TrainingConfig.for_architecture(kind.architecture).learning_rate
        rate = self.learning_rates.get(kind.architecture, known)
        criterion = as_strict(self.training.criterion, regime_tasks(kind.regime))
        return for_tasks(
            SubjectConfig(
                stimuli=self.stimuli_of(kind.variant),
                encoder=self.encoder,
                network=NetworkConfig(architecture=kind.architecture, units=kind.size),
                training=self.training.changed(learning_rate=rate, criterion=criterion),
                regime=kind.regime,
                seed=seed,
            )
        )

    def stimuli_of(self, variant: str) -> StimulusConfig:
        """Stimuli of a variant; what it does not change is as in `stimuli`."""
        if variant == "textures":
            return self.stimuli.changed(background=TextureConfig())
        if variant == "larger":
            kept = self.stimuli.model_dump(exclude={"categories", "identities"})
            return StimulusConfig.larger(**kept)
        return self.stimuli


def as_strict(criterion: float, tasks: Sequence[Task]) -> float:
    """The criterion of delayed tasks that allows as many wrong answers as one of N-back tasks.

    Accuracy counts all steps, and delayed tasks call for an answer at few of them.

    Examples
    --------
    >>> round(as_strict(0.98, regime_tasks("DMS")), 3), as_strict(0.98, regime_tasks("MTMF"))
    (0.994, 0.98)
    """
    if not any(task.has_blanks for task in tasks):
        return criterion
    space = ItemSpace.of_counts(n_categories=4, identities=2, views=2)
    drawn = [
        task.draw(20, space, items=PAPER_ITEMS, rng=np.random.default_rng(0)) for task in tasks
    ]
    share = float(np.mean([(one.target > NO_ACTION).mean() for one in drawn]))
    return 1 - (1 - criterion) * share / NBACK_SHARE


PRESETS: dict[str, dict[str, Any]] = {
    "demo": {},
    "paper": {
        "stimuli": StimulusConfig(),
        "encoder": EncoderConfig(name="resnet50", grid=7),
        "training": TrainingConfig(iterations=14_000, criterion=0.98),
        "single_n": (1, 2, 3),
        "sizes": {"rnn": (64, 128, 256, 1024), "gru": (64, 128, 512), "lstm": (64, 128, 512)},
        "variant_architectures": ("rnn", "gru", "lstm"),
        "trials_per_task": 500,
        "trials_per_task_larger": 1000,
        "test_trials": 9000,
        "analysis": AnalysisConfig(
            folds=10, penalties=(0.001, 0.01, 1.0, 10.0), permutations=0, bootstrap=0
        ),
    },
}
