"""What an estimator is, and what it gives: decoders of many labellings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from wmsim.errors import ConfigError, WmsimError

Penalty = float | str


class Fitted(NamedTuple):
    """Decoders of many labellings of one set of patterns, or of several such sets.

    Attributes
    ----------
    normals : ndarray, shape (problem, unit), or None
        Normal vectors w; None where decoders are no hyperplanes.
    offsets : ndarray, shape (problem,), or None
        Offsets b.
    penalty : ndarray, shape (problem,)
        Penalty that was applied; NaN where the estimator has none of ours.
    models : tuple
        Fitted classifiers, where decoders are no hyperplanes.
    """

    normals: np.ndarray | None
    offsets: np.ndarray | None
    penalty: np.ndarray
    models: tuple[Any, ...] = ()

    def decide(self, patterns: np.ndarray) -> np.ndarray:
        """Decision values of patterns of shape (trial, unit), (trial, problem)."""
        if self.normals is not None and self.offsets is not None:
            return patterns @ self.normals.T + self.offsets
        return np.stack([_decision(model, patterns) for model in self.models], axis=-1)

    def part(self, problems: slice) -> Fitted:
        """The decoders of some of the problems."""
        if self.normals is None or self.offsets is None:
            return Fitted(None, None, self.penalty[problems], self.models[problems])
        return Fitted(self.normals[problems], self.offsets[problems], self.penalty[problems])


def join_fitted(parts: Sequence[Fitted]) -> Fitted:
    """The decoders of several, in this order."""
    penalty = np.concatenate([part.penalty for part in parts])
    models = tuple(model for part in parts for model in part.models)
    if models:
        return Fitted(None, None, penalty, models)
    normals = np.concatenate([part.normals for part in parts if part.normals is not None])
    offsets = np.concatenate([part.offsets for part in parts if part.offsets is not None])
    return Fitted(normals, offsets, penalty)


class Estimator(ABC):
    """How decoders are fitted.

    Attributes
    ----------
    name : str
        Its name.
    defaults : tuple
        Penalties, if none are given.
    linear : bool
        Whether decoders are hyperplanes, whose normals can be kept, compared and rotated.
    """

    name: str
    defaults: tuple[Penalty, ...]
    linear: bool = True

    def check(self, penalties: Sequence[Penalty] | None) -> tuple[Penalty, ...]:
        """Penalties to use, or an error that says which would be accepted."""
        if penalties is None:
            return self.defaults
        if not len(penalties) or not all(self._usable(penalty) for penalty in penalties):
            raise ConfigError(
                f"Penalties of estimator '{self.name}' are {self._accepted}, at least one; found "
                f"{list(penalties)}."
            )
        return tuple(penalties)

    _accepted = "positive numbers"

    def _usable(self, penalty: Penalty) -> bool:
        return isinstance(penalty, int | float) and 0 < penalty < np.inf

    @abstractmethod
    def fit(
        self, patterns: np.ndarray, positive: np.ndarray, penalty: Penalty, *, balanced: bool,
        rng: np.random.Generator,
    ) -> Fitted:  # fmt: skip
        """Fit a decoder for each labelling.

        Parameters
        ----------
        patterns : ndarray, shape (trial, unit)
            Activity, scaled.
        positive : ndarray of bool, shape (problem, trial)
            Which trials are of the class to be told from the rest.
        penalty : float or str
            One of its penalties.
        balanced : bool
            Let both classes weigh the same.
        rng : numpy.random.Generator
            Source of randomness, for estimators that need one.
        """

    def path(
        self, patterns: np.ndarray, positive: np.ndarray, train: np.ndarray,
        penalties: Sequence[Penalty], *, balanced: bool, rng: np.random.Generator,
    ) -> list[list[Fitted]]:  # fmt: skip
        """Fit decoders of all labellings, folds and penalties.

        Parameters
        ----------
        patterns, positive, balanced, rng
            As for :meth:`fit`.
        train : ndarray of bool, shape (fold, trial)
            Training trials of each fold.
        penalties : sequence
            Penalties.

        Returns
        -------
        list of list of Fitted
            Of each fold and penalty.
        """
        return [
            [
                self.fit(patterns[fold], positive[:, fold], penalty, balanced=balanced, rng=rng)
                for penalty in penalties
            ]
            for fold in train
        ]


def _decision(model: Any, patterns: np.ndarray) -> np.ndarray:
    """Decision values, positive for "this value"; of probabilities, what exceeds one half."""
    if hasattr(model, "decision_function"):
        said = np.asarray(model.decision_function(patterns), dtype=np.float64)
    else:
        said = np.asarray(model.predict_proba(patterns), dtype=np.float64)[:, 1] - 0.5
    if said.shape != (len(patterns),) or not np.isfinite(said).all():
        raise WmsimError(
            f"{model!r} gave decision values of shape {said.shape} (or not finite), expected one "
            f"number for each of {len(patterns)} trials."
        )
    return said
