"""Settings of training."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from wmsim.config import Config

Schedule = Literal["constant", "cosine", "paper"]
# Those that differ from 1e-3.
LEARNING_RATES = {"rnn": 5e-4, "transformer": 5e-4, "ssm": 3e-3}
Precision = Literal["float32", "tf32", "bf16"]


class TrainingConfig(Config):
    """How a network is trained.

    The paper's learning rate (3e-5, times 0.1 every 100 iterations) has all but vanished after a
    few hundred iterations and cannot train for the thousands that the paper reports; it is kept
    as :meth:`paper`. The defaults are ours and train.

    Attributes
    ----------
    iterations : int
        At most so many.
    batch : int
        Trials in each.
    learning_rate : float
        Of AdamW.
    schedule : {"constant", "cosine", "paper"}
        "cosine": along half a cosine down to 0 over the iterations, after lessons at a constant
        rate. "paper": times 0.1 every 100 iterations.
    weight_decay : float
        Of AdamW.
    clip : float
        Largest norm of the gradient.
    criterion : float
        Training stops when accuracy over all steps, on fresh trials of the training stimuli, has
        reached this at two evaluations running. 1.01 never stops early.
    criterion_of : {"steps", "answers"}
        Whether `criterion` is for all steps or for those that call for match or non-match. Where
        few steps do, a network that guesses is right at nearly all steps.
    lesson_iterations : int
        Of each lesson of a subject's curriculum, at most so many iterations, unless nothing at all
        has been learnt by then.
    lesson_patience : int
        A lesson after which answers are no better than chance takes up to so many times
        `lesson_iterations`: what comes after it would be lost on the network.
    lesson_criterion : float
        A lesson is over when accuracy where match or non-match is called for has reached this.
    evaluate_every : int
        Iterations between evaluations, which are also when a checkpoint is written.
    items : int
        Items in a trial of an N-back task; other tasks have a length of their own.
    precision : {"float32", "tf32", "bf16"}
        Of matrix products while training: "tf32" rounds their factors to 10 bits and needs a CUDA
        GPU; "bf16" rounds to 7 bits (weights, losses and the optimizer stay float32). Evaluations
        are always float32. What is not float32 is checked against it before training; see
        :func:`wmsim.training.check_precision`.
    compile : bool
        Whether the network goes through ``torch.compile``; checked likewise.

    Examples
    --------
    >>> TrainingConfig.paper().learning_rate
    3e-05
    """

    iterations: int = Field(default=1500, ge=1)
    batch: int = Field(default=256, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    schedule: Schedule = "constant"
    weight_decay: float = Field(default=1e-2, ge=0)
    clip: float = Field(default=1.0, gt=0)
    criterion: float = Field(default=0.985, gt=0)
    criterion_of: Literal["steps", "answers"] = "steps"
    lesson_iterations: int = Field(default=800, ge=1)
    lesson_patience: int = Field(default=3, ge=1)
    lesson_criterion: float = Field(default=0.95, gt=0)
    evaluate_every: int = Field(default=50, ge=1)
    items: int = Field(default=6, ge=2)
    precision: Precision = "float32"
    compile: bool = False

    @classmethod
    def paper(cls) -> TrainingConfig:
        """The settings that the paper prints."""
        return cls(iterations=14_000, learning_rate=3e-5, schedule="paper")

    @classmethod
    def for_architecture(cls, architecture: str) -> TrainingConfig:
        """Settings that train an architecture, with the learning rate that it needs."""
        return cls(learning_rate=LEARNING_RATES.get(architecture, 1e-3))

    def most_iterations(self, n_lessons: int) -> int:
        """Iterations of a whole training with so many lessons before the tasks, at most.

        Examples
        --------
        >>> TrainingConfig(iterations=500, lesson_iterations=100).most_iterations(2)
        1100
        """
        return n_lessons * self.lesson_patience * self.lesson_iterations + self.iterations

    def rate_at(self, iteration: int, *, last: bool = True) -> float:
        """Learning rate of an iteration, counted from 0 in its lesson; the tasks are the last.

        Examples
        --------
        >>> config = TrainingConfig(schedule="cosine", iterations=100, learning_rate=1.0)
        >>> config.rate_at(50, last=False), config.rate_at(0), round(config.rate_at(50), 6)
        (1.0, 1.0, 0.5)
        """
        if self.schedule == "paper":
            return float(self.learning_rate * 0.1 ** (iteration // 100))
        if self.schedule == "constant" or not last:
            return self.learning_rate
        return self.learning_rate * (1 + math.cos(math.pi * iteration / self.iterations)) / 2
