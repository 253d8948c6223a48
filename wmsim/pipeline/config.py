"""Settings of the pipeline: the same for networks and for brains."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_serializer, field_validator

from wmsim.config import Config
from wmsim.decoding.estimator import Penalty
from wmsim.decoding.estimators import describe_estimator, make_estimator
from wmsim.errors import ConfigError


class AnalysisConfig(Config):
    """How a recording is analysed.

    Attributes
    ----------
    folds : int
        Folds of the cross-validation, over whole trials.
    estimator : {"svc", "ridge", "lda"} or object
        What decodes: a linear support vector classifier, least squares, a linear discriminant
        with a shrunk covariance; or any classifier of scikit-learn. Decoders that are no
        hyperplanes have no normals, and so no rotations.
    penalties : tuple of float, optional
        Values of the decoders' C (of alpha for each training trial in ridge; of the shrinkage in
        lda), by default 0.01 (1; the formula of Ledoit and Wolf). Of several, one is chosen in the
        training trials of each fold (the paper takes 0.001, 0.01, 1, 10).
    balanced : bool
        Weight the two classes of a one-vs-rest decoder by their inverse frequency.
    permutations : int
        Permutations of whole trials' labels behind every chance level and p-value; each refits
        all decoders.
    permutations_unasked : int, optional
        The same for features that the task does not ask for; by default as many.
    rotation_permutations : int, optional
        The same for rotations, which take most of the time; by default as many.
    stop_after : int, optional
        Permutations of a feature in a task end early where the answer is clear: when every
        statistic has been reached or exceeded by this many of them (20, say). By default, and
        with 0, they never do.
    cluster_forming : float
        Cells of the generalisation tensor that at most this share of all labellings reach form
        clusters.
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
        for an LSTM's cell states (and a state-space network's states), which would be counted
        beside the hidden units they drive; ask for them with ``kinds=("cell state",)``.
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
    estimator: Any = "svc"
    penalties: tuple[float, ...] | None = None
    balanced: bool = True
    permutations: int = Field(default=100, ge=0)
    permutations_unasked: int | None = Field(default=None, ge=0)
    rotation_permutations: int | None = Field(default=None, ge=0)
    stop_after: int | None = Field(default=None, ge=0)
    cluster_forming: float = Field(default=0.05, gt=0, lt=1)
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

    @property
    def penalties_used(self) -> tuple[Penalty, ...]:
        """The penalties that were given, or those that the estimator has by default."""
        return make_estimator(self.estimator).check(self.penalties)

    def told(self) -> dict[str, Any]:
        """All settings as JSON has them, with the penalties that are used."""
        used = [None if penalty != penalty else penalty for penalty in self.penalties_used]
        return {**self.model_dump(mode="json"), "penalties": used}

    @field_validator("estimator")
    @classmethod
    def _known(cls, estimator: Any) -> Any:
        try:
            make_estimator(estimator)
        except ConfigError as error:
            raise ValueError(str(error).removesuffix(".")) from None
        return estimator

    @field_validator("penalties")
    @classmethod
    def _fitting(
        cls, penalties: tuple[float, ...] | None, info: ValidationInfo
    ) -> tuple[float, ...] | None:
        if "estimator" in info.data:  # else that was wrong already
            try:
                make_estimator(info.data["estimator"]).check(penalties)
            except ConfigError as error:
                raise ValueError(str(error).removesuffix(".")) from None
        return penalties

    @field_serializer("estimator", when_used="json")
    def _described(self, estimator: Any) -> str:
        return describe_estimator(estimator)
