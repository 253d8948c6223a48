"""Settings of the pipeline: the same for networks and for brains."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from wmsim.config import Config


class AnalysisConfig(Config):
    """How a recording is analysed.

    Attributes
    ----------
    folds : int
        Folds of the cross-validation, over whole trials.
    penalties : tuple of float
        Values of the decoders' C. Of several, one is chosen in the training trials of each fold
        (the paper takes 0.001, 0.01, 1, 10).
    balanced : bool
        Weight the two classes of a one-vs-rest decoder by their inverse frequency.
    permutations : int
        Permutations of whole trials' labels behind every chance level and p-value; each refits
        all decoders.
    permutations_unasked : int, optional
        The same for features that the task does not ask for; by default as many.
    bootstrap : int
        Resamples of trials behind every interval.
    transform : {"auto", "none", "sqrt"}
        "auto" takes the square root of spike rates and leaves other units alone.
    nan_units : {"error", "drop"}
        What to do about units that miss activity in some of the trials.
    window, maintenance_window : (float, float)
        Seconds after an item's onset, and after the start of maintenance, over which a continuous
        recording is averaged.
    features, tasks : tuple of str, optional
        Limit the analysis to these; by default all tasks, and the features that tasks ask for
        (or, where that is not known, all with enough trials a value).
    kinds, areas : tuple of str, optional
        Limit the analysis to units of these kinds or areas. By default all units take part, but
        for an LSTM's cell states, which would be counted beside the hidden units they drive; ask
        for them with ``kinds=("cell state",)``.
    pair : {"name", "order"}
        Of several recordings pooled into a pseudo-population: whether values of a feature are the
        same where their names are, or the first of one recording stands for the first of another.
    pseudo_trials : int, optional
        Pseudo-trials of each value in each fold, for each item; by default as many as use every
        real trial.
    seed : int
        Fixes folds, permutations, resamples and random rotations.

    Examples
    --------
    >>> AnalysisConfig(folds=1)
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: AnalysisConfig: folds is 1: Input should be greater than or ...
    """

    folds: int = Field(default=10, ge=2)
    penalties: tuple[float, ...] = (0.01,)
    balanced: bool = True
    permutations: int = Field(default=100, ge=0)
    permutations_unasked: int | None = Field(default=None, ge=0)
    bootstrap: int = Field(default=500, ge=0)
    transform: Literal["auto", "none", "sqrt"] = "auto"
    nan_units: Literal["error", "drop"] = "error"
    window: tuple[float, float] = (0.2, 0.8)
    maintenance_window: tuple[float, float] = (0.0, 2.4)
    features: tuple[str, ...] | None = None
    tasks: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    areas: tuple[str, ...] | None = None
    pair: Literal["name", "order"] = "name"
    pseudo_trials: int | None = Field(default=None, ge=1)
    seed: int = 0

    def permutations_of(self, asked: bool | None) -> int:
        """Permutations for a feature that a task asks for (or may ask for), or does not."""
        fewer = self.permutations_unasked
        return fewer if asked is False and fewer is not None else self.permutations

    @field_validator("penalties")
    @classmethod
    def _positive(cls, penalties: tuple[float, ...]) -> tuple[float, ...]:
        if not penalties or min(penalties) <= 0:
            raise ValueError("C must be positive, and at least one value is needed")
        return penalties
