"""Agreement of swapped rotations: is one rotation as good as another where the model says so?

A rotation takes an item's code on display to its code in memory. How well the rotation of another
item, or of another step, does in place of a state's own, as a share of what its own does, is
measured of both sides exactly as a verdict measures it (:mod:`wmsim.hypotheses.measures`):
rotations are fitted in one half of a side's trials and tested in the other. These are halves of
the half that the side has here, halved anew a few times, so that a brain's two halves stay
independent. Where a brain's own rotations do not give its codes back (a cosine of 0.05 at least),
there is no yardstick and no score.

The score is 1 less the mean difference of the two numbers, and not below 0. A value's weight
changes what a rotation is fitted to, so each set of weights means fitting anew: the score says so
by its attribute ``costly``, and is to be asked for a hundred resamples, not thousands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wmsim.compare.halves import Half
from wmsim.compare.splits import Split
from wmsim.compare.tensor import design_of
from wmsim.errors import WmsimError
from wmsim.hypotheses.codes import Block, Grams, contrasts, grams, make_estimator
from wmsim.hypotheses.measures import LEAST_RECONSTRUCTED, Plan, measure_all, swap_means

STATISTICS = ("swap_stimulus", "swap_time")
HALVINGS = 2
# Resamples at once, so that inner products stay in the cache.
BATCH = 20


@dataclass(frozen=True, eq=False)
class SwapScore:
    """The score as a function of weights on values (resample, value), (resample,).

    Attributes
    ----------
    model, brain : Grams or None
        Inner products of codes of each side; None where there are too few trials, or a brain's own
        rotations do not give its codes back.
    plan : Plan
        Swaps of the design.
    costly : bool
        Rotations are fitted anew for each resample.
    """

    model: Grams | None
    brain: Grams | None
    plan: Plan
    costly: bool = True

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """Score of each row of weights; NaN where it has fewer than 3 values or no swap."""
        if self.model is None or self.brain is None or not _names(self.plan):
            return np.full(len(weights), np.nan)
        ours, theirs = (
            swap_statistics(one, self.plan, weights) for one in (self.model, self.brain)
        )
        found = np.maximum(1 - abs(ours - theirs).mean(axis=1), 0.0)
        return np.where((weights > 0).sum(axis=1) >= 3, found, np.nan)


def swaps(split: Split, step: None = None) -> SwapScore:
    """Agreement of both sides on how well rotations carry over to other items and steps.

    Parameters
    ----------
    split : Split
        Both sides.
    step : None
        The score is over all steps.

    Returns
    -------
    SwapScore
        Of weights on values (resample, value), the score (resample,), 0 to 1; NaN where a design
        has no swap, halves of the trials do not tell codes apart, or the brain's own rotations do
        not give its codes back.

    Examples
    --------
    >>> from wmsim.compare.sides import Side
    >>> rng = np.random.default_rng(0)
    >>> labels = rng.integers(0, 4, (2, 80))
    >>> codes = rng.standard_normal((3, 2, 4, 20))
    >>> codes[0, 1] = 0
    >>> activity = sum(codes[:, item, labels[item]] for item in range(2))
    >>> side = Side("a", "all", "image", activity, labels, tuple("abcd"),
    ...             ("item 1", "item 2", "maintenance"), (0, 1, -1), np.zeros((3, 80, 0)))
    >>> half = Half(side, np.arange(80), activity.mean(axis=1))
    >>> score = swaps(Split(half, half, half, None))
    >>> score(np.ones((1, 4))), score.costly
    (array([1.]), True)
    """
    plan = Plan(design_of(split.brain.side))
    brain = half_grams(split.brain)
    if brain is not None and not _gives_back(brain, plan):
        brain = None
    return SwapScore(half_grams(split.model), brain, plan)


def statistics(half: Half) -> dict[str, float]:
    """Swap statistics of a half of the trials, by name; empty where there are none.

    ``swap_stimulus`` and ``swap_time``: what the rotation of another item (another step) gives, as
    a share of what the state's own gives; at least 0.05 of the code is taken to be given back.
    """
    plan, own = Plan(design_of(half.side)), half_grams(half)
    if own is None or not _names(plan):
        return {}
    found = swap_statistics(own, plan, np.ones((1, half.side.n_values)))[0]
    return dict(zip(_names(plan), found.tolist(), strict=True))


def half_grams(half: Half) -> Grams | None:
    """Inner products of codes of halves of these trials; None where there are too few trials.

    The same trials are always halved alike.
    """
    side = half.side
    activity = side.activity[:, half.trials] - half.origin[:, None]
    block = Block(activity, half.labels, side.n_values)
    rng = np.random.default_rng(half.trials)
    try:
        estimator = make_estimator(block, design_of(side).states, halvings=HALVINGS, rng=rng)
    except WmsimError:
        return None
    return grams(estimator.codes(activity))


def swap_statistics(own: Grams, plan: Plan, weights: np.ndarray) -> np.ndarray:
    """Swap statistics with weights on values, (resample, statistic).

    Parameters
    ----------
    own : Grams
        Of one recording.
    plan : Plan
        Swaps of its design.
    weights : ndarray, shape (resample, value)
        A value's part in fitting rotations and in testing them.
    """
    found = []
    for first in range(0, len(weights), BATCH):
        measured = measure_all(weighted_grams(own, weights[first : first + BATCH]), plan)
        found.append(np.stack([measured[name] for name in _names(plan)], axis=1))
    return np.concatenate(found)


def weighted_grams(own: Grams, weights: np.ndarray) -> Grams:
    r"""Inner products with weights on values; a first axis for resamples.

    Codes are contrasts between values, B'C of codes C of values, whose weighted inner products are
    those of :math:`W^{1/2} B B' C`. As rotations and inner products do not depend on the axes in
    which values are told apart, the square root of :math:`B' W B` stands for :math:`W^{1/2} B`.

    Parameters
    ----------
    own : Grams
        Of one recording.
    weights : ndarray, shape (resample, value)
        Not negative.

    Examples
    --------
    >>> codes = np.random.default_rng(0).standard_normal((1, 2, 2, 3, 9))
    >>> own = grams(codes)
    >>> bool(np.allclose(weighted_grams(own, np.ones((1, 4))).across[0], own.across))
    True
    """
    basis = contrasts(weights.shape[1])
    variance, axes = np.linalg.eigh(np.einsum("vi,rv,vj->rij", basis, weights, basis))
    scale = np.sqrt(np.maximum(variance, 0))[:, None]
    root = (axes * scale) @ axes.swapaxes(1, 2)
    return Grams(_both_sides(own.within, root), _both_sides(own.across, root))


def _both_sides(inner: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Contrasts mixed: (..., state, contrast, state, contrast) to (resample, ...)."""
    states = np.moveaxis(inner, -3, -2)  # (..., state, state, contrast, contrast)
    middle = (1,) * (states.ndim - 2)
    mixing = root.reshape(len(root), *middle, *root.shape[1:])
    return np.moveaxis(mixing @ states @ mixing, -2, -3)


def _gives_back(own: Grams, plan: Plan) -> bool:
    """Whether rotations fitted to half of the trials are of any use for the other."""
    found = swap_means(own, plan).get("reconstructed")
    return found is not None and float(found) >= LEAST_RECONSTRUCTED


def _names(plan: Plan) -> list[str]:
    """Swaps that the design has."""
    return [name for name in STATISTICS if name in plan.swaps]
