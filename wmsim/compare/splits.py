"""Halves of trials: one stands for the model, the other for the brain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wmsim.compare.halves import Half, halve
from wmsim.compare.pairing import Pair
from wmsim.compare.sides import Side

# A score with its data: of weights on values, (resample, value), the score, (resample,).
Weighted = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Split:
    """One way to compare: no trial of the brain is in both of its halves.

    Attributes
    ----------
    model : Half
        The model, on trials of `other` where it did the brain's own.
    brain : Half
        The half of the brain that is scored.
    other : Half
        The other half of the brain, on which maps are fitted.
    states : Side, optional
        The model on all of the brain's trials, where it did them.
    """

    model: Half
    brain: Half
    other: Half
    states: Side | None

    def inputs(self, step: int, half: Half) -> np.ndarray:
        """What the model does on the trials of a half of the brain, (trial, unit).

        Where it did other trials, what its codes of items add up to.
        """
        if self.states is not None:
            return np.asarray(self.states.activity[step, half.trials] - self.model.origin[step])
        return self.model.expected(step, half.labels)


def splits(pair: Pair, halvings: int, *, seed: Sequence[int]) -> list[Split]:
    """All ways to compare: of each random halving, both ways round.

    Parameters
    ----------
    pair : Pair
        Model and brain.
    halvings : int
        How often trials are divided.
    seed : sequence of int
        Fixes the halvings; those of the brain are the same whatever the model is.

    Returns
    -------
    list of Split
        Two for each halving.

    Raises
    ------
    WmsimError
        If there are too few trials.
    """
    drawn = [np.random.default_rng([*seed, stream]) for stream in (0, 1)]
    found = []
    for _ in range(halvings):
        brain = halve(pair.brain, drawn[0])
        model = halve(pair.model, drawn[1], like=brain[0].trials if pair.matched else None)
        states = pair.model if pair.matched else None
        found += [Split(model[1 - n], brain[n], brain[1 - n], states) for n in (0, 1)]
    return found


def ceiling(split: Split) -> Split:
    """The brain's other half takes the model's place."""
    return Split(split.other, split.brain, split.other, None)


def shuffled(pair: Pair, rng: np.random.Generator) -> Pair:
    """The same pair, with the model's labels dealt out anew over its trials.

    Labels of a trial stay together, so that dependence between items stays too.
    """
    order = rng.permutation(pair.model.n_trials)
    activity = pair.model.activity[:, order]
    return replace(
        pair, model=replace(pair.model, activity=activity, holed=pair.model.holed[:, order])
    )
