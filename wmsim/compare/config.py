"""Settings of a comparison of models with brains."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from wmsim.config import Config
from wmsim.errors import ConfigError, choose
from wmsim.pipeline.config import AnalysisConfig

# The step that stands for all: the mean over steps, or a score that has none.
ALL = "all"
# With fewer, the variance over resamples says nothing.
LEAST_RESAMPLES = 20
# What each score compares, in the order of reports.
SCORES = {
    "rsa": "representational similarity",
    "tensor": "generalisation tensor",
    "cka": "centred kernel alignment, debiased",
    "shape": "Procrustes shape, held-out conditions",
    "cca": "canonical correlation, held-out conditions",
    "ridge": "ridge predictivity",
    "pls": "PLS predictivity",
    "orthogonalisation": "orthogonality of codes",
    "swaps": "rotations swapped",
    "cross_task": "transfer between tasks",
    "verdict": "agreement of verdicts",
}


class CompareConfig(Config):
    """How models are compared with brains.

    Attributes
    ----------
    analysis : AnalysisConfig
        How recordings are made ready: windows, features, tasks, units, transform. Decoders'
        settings are not used.
    scores : tuple of str
        Which scores; by default all, see :data:`SCORES`.
    pairs : dict of str to str
        Feature of the models that is compared with which feature of the brains, where names
        differ.
    items : int, optional
        Compare the first so many items alone, where numbers differ.
    units : int
        Of a model with more units, so many are drawn, so that no model has more to go by.
    halvings : int
        How often trials are divided into two halves: one stands for the model, the other for the
        brain, and then the other way round.
    shuffles : int
        Comparisons with a model whose labels are shuffled over trials: the floor.
    bootstrap : int
        Resamples of stimuli behind every interval; 0 for none, else at least 20.
    shared_stimuli : bool, optional
        Whether values of the same name are the same stimuli in all brains, so that they are
        resampled together; by default they are if names are the same and no mere numbers.
    level : float
        Of intervals.
    seed : int
        Fixes everything.

    Examples
    --------
    >>> CompareConfig(scores=("rda",))
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: CompareConfig: scores is ('rda',): ... Did you mean 'rsa'? ...
    """

    analysis: AnalysisConfig = AnalysisConfig()
    scores: tuple[str, ...] = tuple(SCORES)
    pairs: dict[str, str] = {}
    items: int | None = Field(default=None, ge=1)
    units: int = Field(default=256, ge=2)
    halvings: int = Field(default=4, ge=1)
    shuffles: int = Field(default=20, ge=0)
    bootstrap: int = Field(default=1000, ge=0)
    shared_stimuli: bool | None = None
    level: float = Field(default=0.95, gt=0.5, lt=1)
    seed: int = Field(default=0, ge=0)

    @field_validator("scores")
    @classmethod
    def _known(cls, scores: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for score in scores:
                choose(score, SCORES, "score")
        except ConfigError as error:
            raise ValueError(str(error)) from None
        if not scores:
            raise ValueError("no score is named; leave it out for all")
        return tuple(one for one in SCORES if one in scores)

    @field_validator("bootstrap")
    @classmethod
    def _enough(cls, bootstrap: int) -> int:
        if 0 < bootstrap < LEAST_RESAMPLES:
            raise ValueError(f"give at least {LEAST_RESAMPLES} resamples, or 0 for none")
        return bootstrap

    def told(self) -> dict[str, Any]:
        """All settings as JSON has them."""
        return self.model_dump(mode="json")
