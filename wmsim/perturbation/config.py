"""Settings of a perturbation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from wmsim.config import Config
from wmsim.errors import ConfigError, choose

DIRECTIONS = ("own", "means", "elsewhere", "unrelated", "random", "natural", "outside")
DOSES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)


class PerturbationConfig(Config):
    """How states are moved.

    Attributes
    ----------
    feature : str, optional
        Feature whose stored value is changed, by default the one that the task asks for.
    item : int
        Item (from 0) after which the state is changed.
    doses : tuple of float
        In units of the distance between the means of the two classes along the normal. 0 and 1
        are always among them.
    directions : tuple of str
        ``own``: the normal of the decoder of the stored value against the one moved to.
        ``means``: the difference of the two class means, which is longer than the normal's dose.
        ``elsewhere``: non-match trials only, to a value that is not the probe's either.
        ``unrelated``: decoders of other features, of the own length.
        ``random``: isotropic, of the own length. ``natural``: random, varying as activity does,
        of the own length. ``outside``: natural ones without what lies in the span of the
        feature's normals and class means, of the own length.
    n_random : int
        Draws of random, natural and outside directions, each.
    trials : int
        Trials that are run; all are perturbed that call for match or non-match.
    split : str
        Items that are shown.
    parts : tuple of str
        Kinds of activity that are moved together, along one normal: ``hidden``; an LSTM also
        carries its ``cell state``, and ssm carries ``state`` alone.
    decoder : {"pairs", "rest"}
        Two-way decoders of one value against another, or of one value against the rest.
    penalty : float
        C of the decoders.
    folds : int
        Folds; decoders that move a trial are fitted to the trials of other folds.
    bootstrap : int
        Resamples of trials (and of random draws) behind intervals.
    seed : int
        Fixes trials, folds, goals and random directions.

    Examples
    --------
    >>> PerturbationConfig(doses=(2, 0.5)).doses
    (0.0, 0.5, 1.0, 2.0)
    """

    feature: str | None = None
    item: int = Field(default=0, ge=0)
    doses: tuple[float, ...] = DOSES
    directions: tuple[str, ...] = DIRECTIONS
    n_random: int = Field(default=20, ge=2)
    trials: int = Field(default=600, ge=1)
    split: str = "novel_angle"
    parts: tuple[str, ...] = Field(default=("hidden",), min_length=1)
    decoder: Literal["pairs", "rest"] = "pairs"
    penalty: float = Field(default=0.01, gt=0)
    folds: int = Field(default=5, ge=2)
    bootstrap: int = Field(default=500, ge=1)
    seed: int = Field(default=0, ge=0)

    @field_validator("doses")
    @classmethod
    def _with_ends(cls, doses: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sorted({0.0, 1.0, *(float(dose) for dose in doses)}))

    @field_validator("directions")
    @classmethod
    def _known(cls, directions: tuple[str, ...]) -> tuple[str, ...]:
        try:
            chosen = {choose(name, DIRECTIONS, "direction") for name in directions}
        except ConfigError as error:
            raise ValueError(str(error)) from None
        # Without the own direction there is no length that the others could be matched to.
        return tuple(name for name in DIRECTIONS if name in chosen | {"own"})
