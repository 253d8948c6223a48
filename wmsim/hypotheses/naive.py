"""Rules of thumb: two accuracies compared by eye, to be held against the verdict.

They are what is done where there is no model comparison; the one public re-implementation of this
field's analyses decides that way. Kept here to measure how often they go wrong, not for use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wmsim.decoding import Problem
from wmsim.decoding.cross import cross_decode
from wmsim.errors import WmsimError
from wmsim.geometry.swaps import decode_swaps, plan_swaps
from wmsim.hypotheses.measures import Plan
from wmsim.pipeline.design import Design, State

# Below this share of the accuracy at encoding a code is said to have changed.
STABLE = 0.8
FOLDS = 5


@dataclass(frozen=True)
class Naive:
    """What rules of thumb say.

    Attributes
    ----------
    encoding, last : float
        Multiclass accuracy of decoders fitted at encoding: there, and at the last memory step.
    reconstructed, swapped : float
        Multiclass accuracy of decoders rotated from encoding to memory, by their own rotation and
        by that of another item at the same age; NaN where the design has no such pair.
    chance : float
        1 / number of values.
    """

    encoding: float
    last: float
    reconstructed: float
    swapped: float
    chance: float

    @property
    def stable(self) -> bool:
        """First rule: accuracy at the last memory step is .8 or more of that at encoding."""
        return self.last >= STABLE * self.encoding

    @property
    def exchangeable(self) -> bool:
        """Second rule: swapped accuracy is nearer to the unswapped one than to chance."""
        return abs(self.swapped - self.reconstructed) < abs(self.swapped - self.chance)

    @property
    def answer(self) -> str:
        """Both: "H1" if stable; otherwise "H2" if rotations can be exchanged, or "H3"."""
        if self.stable:
            return "H1"
        return "H2" if self.exchangeable else "H3"


def judge_naively(problem: Problem, design: Design, *, rng: np.random.Generator) -> Naive:
    """Apply the rules of thumb to a recording.

    Ridge decoders, closed form, one for each value against the rest, are fitted in every state and
    tested on trials held out (5 folds). The rules are exactly these:

    1. H1 unless the accuracy of decoders fitted at encoding, E(S,S), falls at the last step at
       which the item is in memory below .8 of their accuracy at encoding (means over items).
    2. Otherwise H2 if the accuracy of decoders that are carried from E(S,S) to M(S,T) by the
       rotation of another item of the same age is nearer to that of their own rotation than to
       chance, 1 / k, and H3 if not (means over memory states and other items).

    There is no "undecided", no answer but these three, no noise and no interval in them.

    Parameters
    ----------
    problem : Problem
        Activity and labels.
    design : Design
        States.
    rng : numpy.random.Generator
        Source of randomness, for folds.

    Returns
    -------
    Naive

    Raises
    ------
    WmsimError
        If there are too few trials for the folds, or no item is held.

    Examples
    --------
    >>> from wmsim.hypotheses import plant
    >>> from wmsim.pipeline import AnalysisConfig
    >>> from wmsim.pipeline.prepare import prepare
    >>> recording = plant(hypothesis="H1", n_units=60, n_trials=200, n_items=3, signal=2, seed=1)
    >>> job = prepare(recording, AnalysisConfig()).jobs[0]
    >>> judge_naively(job.problem, job.design, rng=np.random.default_rng(0)).answer
    'H1'
    """
    plan = Plan(design)
    memory = [design.states[row] for row in plan.memory]
    encoding = {item: state for item, state in design.encoding.items() if item in plan.items}
    last = {item: max(t for s, t in memory if s == item) for item, _ in memory if item in encoding}
    if not last:
        raise WmsimError("No item is held, so there is no accuracy in memory to compare.")
    decoding = cross_decode(problem, n_folds=FOLDS, estimator="ridge", rng=rng)
    row = {state: number for number, state in enumerate(problem.states)}

    def transferred(trained: State, step: int) -> float:
        return _accuracy(decoding.decisions[row[trained], step], problem.labels[trained[0]])

    targets = [state for state in memory if state[0] in encoding]
    swaps = [
        swap for swap in plan_swaps(problem.states, targets)
        if swap.kind in ("reconstructed", "swap_stimulus")
    ]  # fmt: skip
    said = decode_swaps(problem, decoding, swaps, rng=rng).decisions
    by_kind: dict[str, list[float]] = {"reconstructed": [], "swap_stimulus": []}
    for swap, own in zip(swaps, said, strict=True):
        by_kind[swap.kind].append(_accuracy(own, problem.labels[swap.target[0]]))
    return Naive(
        encoding=float(np.mean([transferred(encoding[item], encoding[item][1]) for item in last])),
        last=float(np.mean([transferred(encoding[item], step) for item, step in last.items()])),
        reconstructed=_mean(by_kind["reconstructed"]),
        swapped=_mean(by_kind["swap_stimulus"]),
        chance=1 / problem.n_values,
    )


def _accuracy(said: np.ndarray, labels: np.ndarray) -> float:
    """Share of trials in which the largest decision value (trial, value) is the label's."""
    there = labels >= 0
    return float((said[there].argmax(axis=1) == labels[there]).mean())


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
