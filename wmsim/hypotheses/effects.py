"""Effect sizes with intervals over trials, and p of there being any code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wmsim.errors import WmsimError
from wmsim.hypotheses.codes import Block, Estimator, Grams, grams, make_estimator, whitener
from wmsim.hypotheses.measures import Plan, measure
from wmsim.hypotheses.reference import Observed

# Of several halvings each would resample trials anew, and their mean would vary too little.
RESAMPLE_HALVINGS = 1


@dataclass(frozen=True)
class Effect:
    """An effect size.

    Attributes
    ----------
    value : float
        All trials.
    low, high : float
        95 % interval over trials; NaN if there are no resamples.
    """

    value: float
    low: float
    high: float


def bootstrap_effects(
    blocks: Sequence[Block], observed: Observed, resamples: int, *, rng: np.random.Generator
) -> dict[str, Effect]:
    """Measures of a recording with intervals over trials.

    Trials are first divided into halves and resampled within each, so that no trial is on both
    sides of a product. The interval is that of the resamples' deviations from their mean, around
    the value of all trials.

    Parameters
    ----------
    blocks : sequence of Block
        Activity, not whitened.
    observed : Observed
        What was made of them.
    resamples : int
        How many.
    rng : numpy.random.Generator
        Source of randomness.
    """
    value = measure(observed.grams, observed.plan)
    drawn = []
    for _ in range(resamples):
        found = _resampled(blocks, observed, rng)
        if found is not None:
            drawn.append([measure(found, observed.plan)[name] for name in value])
    if len(drawn) < max(resamples / 2, 1):
        return {name: Effect(one, np.nan, np.nan) for name, one in value.items()}
    table = np.array(drawn)
    low, high = np.percentile(table - table.mean(axis=0), [2.5, 97.5], axis=0)
    return {
        name: Effect(one, one + float(low[row]), one + float(high[row]))
        for row, (name, one) in enumerate(value.items())
    }


def _resampled(
    blocks: Sequence[Block], observed: Observed, rng: np.random.Generator
) -> Grams | None:
    """Inner products of codes of resampled trials, or None where a resample misses a value."""
    total: Grams | None = None
    for block, white in zip(blocks, observed.whiteners, strict=True):
        try:
            estimator = make_estimator(
                block, observed.plan.design.states, halvings=RESAMPLE_HALVINGS, resample=True,
                rng=rng,
            )  # fmt: skip
        except WmsimError:
            return None
        own = grams(estimator.codes(block.activity @ white))
        total = own if total is None else total + own
    return total


def permutation_p(
    blocks: Sequence[Block], observed: Observed, permutations: int, *, rng: np.random.Generator
) -> dict[str, float]:
    """Test whether items are coded at all, on display and held.

    The statistic is the cross-validated squared norm of the codes, over all states. Labels of
    whole trials are permuted within each block. Activity is whitened with its covariance as it is,
    signal and all, because that does not depend on labels.

    Parameters
    ----------
    blocks : sequence of Block
        Activity, not whitened.
    observed : Observed
        What was made of them.
    permutations : int
        How many; with 0, p is NaN, and so it is where no item is on display.
    rng : numpy.random.Generator
        Source of randomness.
    """
    if not permutations:
        return {"encoding": float("nan"), "memory": float("nan")}
    data, null = permuted_strengths(blocks, observed, permutations, rng=rng)
    p = (1 + (null >= data).sum(axis=0)) / (1 + permutations)
    there = {"encoding": observed.plan.encoding, "memory": observed.plan.memory}
    return {
        name: float(one) if rows else float("nan")
        for (name, rows), one in zip(there.items(), p, strict=True)
    }


def permuted_strengths(
    blocks: Sequence[Block], observed: Observed, permutations: int, *, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The statistic of :func:`permutation_p`, with labels as they are and permuted.

    Returns
    -------
    data : ndarray, shape (2,)
        Of items on display, and held.
    null : ndarray, shape (permutation, 2)
    """
    patterns = [_centred_white(block.activity) for block in blocks]
    data = _strength(patterns, observed.estimators, observed.plan, None)
    null = [
        _strength(patterns, observed.estimators, observed.plan, rng) for _ in range(permutations)
    ]
    return data, np.array(null).reshape(permutations, 2)


def _centred_white(activity: np.ndarray) -> np.ndarray:
    centred = activity - activity.mean(axis=1, keepdims=True)
    return np.asarray(centred @ whitener(centred))


def _strength(
    patterns: Sequence[np.ndarray], estimators: Sequence[Estimator], plan: Plan,
    rng: np.random.Generator | None,
) -> np.ndarray:  # fmt: skip
    """Squared norm of codes on display and held, of all blocks together."""
    squared = np.zeros(len(plan.design.states))
    for pattern, estimator in zip(patterns, estimators, strict=True):
        order = None if rng is None else rng.permutation(pattern.shape[1])
        codes = estimator.codes(pattern, order)
        squared += np.einsum("hscu,hscu->s", codes[:, 0], codes[:, 1]) / len(codes)
    return np.array([squared[rows].sum() for rows in (plan.encoding, plan.memory)])
