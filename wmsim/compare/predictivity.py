"""How well a model's units predict a brain's, for values that the map has not seen.

A linear map from the model's codes to the brain's is fitted on one half of the trials, without
the value that it is to predict. It takes the model's code of that value on the other half to a
prediction of the brain's there. Fitting on other trials alone would not do: there are few values,
and a model with as many units as there are codes can be mapped to any other codes of the same
values, even if its own are nothing but noise. Noise of the brain is allowed for by taking the
power of its codes from the inner product of the two halves, which noise adds nothing to on
average:

    r = <predicted, own> / sqrt(<predicted, predicted> <own, other>)

What to know when reading r:

- It asks whether differences between values in the model go with those in the brain in a way that
  carries over from some values to another. Where all values are equally far from each other,
  nothing carries over, whatever the model; the ceiling is low then, and says so.
- All three sums run over units before the ratio is taken. Reliable power of a single unit may be
  next to nothing or negative, and one such ratio would outweigh all others: ratios of single units
  have no finite variance. A unit counts by its reliable power.
- The map is fitted to noisy codes. Noise in it makes <predicted, predicted> larger and
  <predicted, own> no larger on average, so r is too low rather than too high. This is meant: it
  is not corrected for, and the brain's other half in the model's place (the ceiling), whose codes
  are noisy as well, pays a price of the same kind. A model with less noise than that half may come
  out above the ceiling.
- r is not clipped. Both <predicted, own> and the reliable power are estimates, so with few trials
  r may exceed 1 (or fall below -1) by chance; clipping draws would bias their mean.
- Scale does not enter: a penalty that shrinks all predictions alike costs nothing.
- A model that does not vary at a step predicts no difference: it scores 0, which is not the same
  as not being available (NaN: the brain's reliable power is not positive).

References
----------
.. [1] Schrimpf et al. (2020), Integrative benchmarking to advance neurally mechanistic models of
   human intelligence, Neuron 108, 413-423, :doi:`10.1016/j.neuron.2020.07.040`.
.. [2] Spearman (1910), Correlation calculated from faulty data, British Journal of Psychology 3,
   271-295, :doi:`10.1111/j.2044-8295.1910.tb00206.x`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wmsim.compare.linear_maps import held_out_pls, held_out_ridge
from wmsim.compare.splits import Split, Weighted
from wmsim.errors import choose

METHODS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, float]]] = {
    "ridge": held_out_ridge,
    "pls": held_out_pls,
}
# Model units that vary by less than this share of the model's largest activity vary by rounding.
SMALLEST = 1e-6


@dataclass(frozen=True, eq=False)
class UnitPredictivity:
    """Predictivity of single units, for looking at; scores pool units before they divide.

    Attributes
    ----------
    r : ndarray, shape (unit,)
        As of all units together. NaN where a unit's reliable power is not positive; far from 0 by
        chance where it is small.
    reliability : ndarray, shape (unit,)
        Of codes that are estimated from both halves of the trials: correlation between halves
        over conditions, stepped up (Spearman-Brown). -1 to 1; NaN where a unit has no codes.
    """

    r: np.ndarray
    reliability: np.ndarray


def ridge(split: Split, step: int) -> Weighted:
    """Ridge predictivity at a step: see the module's text.

    Parameters
    ----------
    split : Split
        Maps are fitted on `split.other` and scored on `split.brain`.
    step : int
        Which.

    Returns
    -------
    callable
        Of weights on values, (resample, value), the score, (resample,).
    """
    return _score(split, step, "ridge")


def pls(split: Split, step: int) -> Weighted:
    """Predictivity by partial least squares; else as :func:`ridge`."""
    return _score(split, step, "pls")


def unit_predictivity(split: Split, step: int, method: str = "ridge") -> UnitPredictivity:
    """Predictivity and reliability of each unit of the brain at a step.

    Parameters
    ----------
    split : Split
        As for :func:`ridge`.
    step : int
        Which.
    method : {"ridge", "pls"}
        How maps are fitted.

    Raises
    ------
    ConfigError
        If the method is not known.
    """
    predicted, own, other = _codes(split, step, method)
    crossed, power, reliable = (
        (one * two).sum(axis=(0, 1))
        for one, two in ((predicted, own), (predicted, predicted), (own, other))
    )
    size = np.sqrt((own**2).sum(axis=(0, 1)) * (other**2).sum(axis=(0, 1)))
    between = _divide(reliable, size)
    return UnitPredictivity(corrected(crossed, power, reliable), spearman_brown(between))


def predict_codes(split: Split, step: int, method: str) -> np.ndarray:
    """Predicted codes of `split.brain` at a step, by maps fitted on `split.other` alone.

    Parameters
    ----------
    split : Split
        As for :func:`ridge`.
    step : int
        Which.
    method : {"ridge", "pls"}
        How maps are fitted.

    Returns
    -------
    ndarray, shape (item, value, unit)

    Raises
    ------
    ConfigError
        If the method is not known.
    """
    predict = METHODS[choose(method, METHODS, "method")]
    fitted_on, new = (
        half.codes(step, split.inputs(step, half)) for half in (split.other, split.brain)
    )
    # Rounding of a model that sees a blank would be blown up to predictions.
    largest = np.abs(split.model.side.activity).max(initial=0.0)
    varies = np.abs(fitted_on).max(axis=(0, 1)) > SMALLEST * largest
    fitted_on, new = np.where(varies, fitted_on, 0.0), np.where(varies, new, 0.0)
    return predict(fitted_on, split.other.codes(step), new)[0]


def value_sums(predicted: np.ndarray, own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """What the score is made of, a value, summed over items and units.

    Codes sum to 0 over values. Under resampling of values their mean is not taken off anew: that
    would shrink all three sums alike on average, which cancels in the score.

    Parameters
    ----------
    predicted, own, other : ndarray, shape (item, value, unit)
        Codes of predictions and of the brain on the trials that are scored, and on the others.

    Returns
    -------
    ndarray, shape (3, value)
        <predicted, own>, <predicted, predicted> and <own, other>.
    """
    return np.stack([
        np.einsum("svu,svu->v", one, two)
        for one, two in ((predicted, own), (predicted, predicted), (own, other))
    ])  # fmt: skip


def corrected(crossed: np.ndarray, power: np.ndarray, reliable: np.ndarray) -> np.ndarray:
    """Correlation with what is reliable.

    Parameters
    ----------
    crossed, power, reliable : ndarray
        Sums of products of predictions with the brain, of predictions with themselves, and of the
        brain's two halves.

    Returns
    -------
    ndarray
        NaN where `reliable` is not positive; else 0 where `power` is 0.

    Examples
    --------
    >>> corrected(np.array([1.0, 1.0, 0.0]), np.array([1.0, 1.0, 0.0]), np.array([4.0, -1, 1]))
    array([0.5, nan, 0. ])
    """
    found = _divide(crossed, np.sqrt(np.maximum(power * reliable, 0)))
    found = np.where(power > 0, found, 0.0)
    return np.where(reliable > 0, found, np.nan)


def spearman_brown(between: np.ndarray) -> np.ndarray:
    """Reliability of both halves together, of the correlation between them.

    Negative correlations, which are chance, are mirrored, as the formula has no bound there.

    Examples
    --------
    >>> spearman_brown(np.array([0.5, -0.5]))
    array([ 0.66666667, -0.66666667])
    """
    return np.asarray(2 * between / (1 + np.abs(between)))


def _score(split: Split, step: int, method: str) -> Weighted:
    sums = value_sums(*_codes(split, step, method))

    def score(weights: np.ndarray) -> np.ndarray:
        crossed, power, reliable = sums @ np.asarray(weights, float).T
        return corrected(crossed, power, reliable)

    return score


def _codes(split: Split, step: int, method: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes of predictions, and of the brain's two halves, (item, value, unit)."""
    predicted = predict_codes(split, step, method)
    return predicted, split.brain.codes(step), split.other.codes(step)


def _divide(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """NaN where the divisor is not positive."""
    found = np.full(np.shape(other), np.nan)
    np.divide(one, other, out=found, where=np.asarray(other) > 0)
    return found
