"""Claims of the paper, each beside our value, its interval over subjects, and what follows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

HOLDS, FAILS, UNDECIDED = "holds", "does not hold", "undecided"
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Claim:
    """One statement of the paper as a number with bounds.

    Attributes
    ----------
    claim : str
        What the paper says, in our words, and where (section or figure).
    statistic : str
        What `values` are, exactly enough to compute them again.
    values : sequence of float
        One a subject (network). Differences between arms are taken within a subject first.
    at_least, at_most : float, optional
        The claim says that the statistic lies between these; at least one is needed. A statistic
        that is the bound itself does not do: two arms that are the same do not differ. The paper
        prints few bounds; where one is ours, `note` says so.
    paper : str
        The paper's own number, where it prints one.
    note : str
        What a reader has to know.
    interval : (float, float), optional
        95 % interval where it is not over subjects, as for the encoder, of which there is one.
    over : str
        What the interval is over.

    Examples
    --------
    >>> claim = Claim("Networks learn (section 4)", "accuracy", [0.97, 0.98, 0.975], at_least=0.95)
    >>> judged = claim.judged("figA1")
    >>> judged["verdict"], round(judged["value"], 3)
    ('holds', 0.975)
    """

    claim: str
    statistic: str
    values: Sequence[float] | np.ndarray
    at_least: float | None = None
    at_most: float | None = None
    paper: str = ""
    note: str = ""
    interval: tuple[float, float] | None = None
    over: str = "networks"

    def __post_init__(self) -> None:
        if self.at_least is None and self.at_most is None:
            raise ValueError(f"'{self.claim}' has no bound; give at_least or at_most.")

    def judged(self, figure: str) -> dict[str, Any]:
        """The claim as ``summary.json`` has it.

        Parameters
        ----------
        figure : str
            Name of the figure that it belongs to.

        Returns
        -------
        dict
            ``figure``, ``claim``, ``statistic``, ``value``, ``low``, ``high`` (95 % over subjects,
            None with one subject), ``verdict``, ``at_least``, ``at_most``, ``paper``,
            ``n_subjects``, ``interval_over``, ``values``, ``note``.
        """
        values = [float(value) for value in self.values]
        finite = [value for value in values if math.isfinite(value)]
        value, low, high = over_subjects(finite)
        if self.interval is not None:
            low, high = map(float, self.interval)
        return {
            "figure": figure,
            "claim": self.claim,
            "statistic": self.statistic,
            "value": value,
            "low": low,
            "high": high,
            "verdict": verdict(low, high, self.at_least, self.at_most),
            "at_least": self.at_least,
            "at_most": self.at_most,
            "paper": self.paper,
            "n_subjects": len(finite),
            "interval_over": self.over,
            "values": finite,
            "note": self.note,
        }


def over_subjects(
    values: Sequence[float] | np.ndarray,
) -> tuple[float | None, float | None, float | None]:
    """Mean over subjects with its 95 % interval.

    The interval is Student's, with the standard deviation over subjects: with so few subjects as
    are trained, resampling them would be too narrow.

    Parameters
    ----------
    values : sequence of float
        One a subject.

    Returns
    -------
    mean, low, high : float or None
        None where there are too few subjects: no mean of none, no interval of one.

    Examples
    --------
    >>> [round(end, 2) for end in over_subjects([0.8, 0.9, 1.0])]
    [0.9, 0.65, 1.15]
    """
    from scipy.stats import t

    numbers = np.asarray(values, dtype=float)
    if numbers.size == 0:
        return None, None, None
    mean = float(numbers.mean())
    if numbers.size == 1:
        return mean, None, None
    error = numbers.std(ddof=1) / math.sqrt(numbers.size)
    half = float(t.ppf(0.5 + CONFIDENCE / 2, numbers.size - 1) * error)
    return mean, mean - half, mean + half


def verdict(
    low: float | None, high: float | None, at_least: float | None, at_most: float | None
) -> str:
    """What an interval says about bounds.

    Parameters
    ----------
    low, high : float or None
        Ends of the interval; None where there is none, which leaves the claim undecided.
    at_least, at_most : float or None
        Bounds.

    Returns
    -------
    str
        ``"holds"`` if the whole interval lies within the bounds, ``"does not hold"`` if all of it
        lies outside, else ``"undecided"``.

    Examples
    --------
    >>> verdict(0.91, 0.95, 0.9, None), verdict(0.7, 0.8, 0.9, None), verdict(0.8, 0.95, 0.9, None)
    ('holds', 'does not hold', 'undecided')
    """
    if low is None or high is None:
        return UNDECIDED
    floor = -math.inf if at_least is None else at_least
    ceiling = math.inf if at_most is None else at_most
    if low > floor and high < ceiling:
        return HOLDS
    if high <= floor or low >= ceiling:
        return FAILS
    return UNDECIDED
