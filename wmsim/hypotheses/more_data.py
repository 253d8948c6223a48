"""What more data would settle: recordings like this one with less noise, or with more units.

Reference recordings are planted again, with the noise that more trials would leave, or with as
many units more, and judged as this recording was. The signal is the recording's own, as uncertain
as it is: where that may be next to nothing, so may what more data would show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wmsim.hypotheses.choice import Choice, Judge
from wmsim.hypotheses.reference import Observed, make_reference

# A hypothesis that is less probable than this is not asked about, if two are left.
PROBABLE = 0.1


@dataclass(frozen=True)
class Plan:
    """What might be recorded: so many times the trials, so many times the units."""

    trials: int
    units: int

    @property
    def words(self) -> str:
        """As a sentence has it.

        Examples
        --------
        >>> Plan(2, 1).words
        '2 x the trials'
        """
        return f"{self.trials} x the trials" if self.units == 1 else f"{self.units} x the units"


PLANS = {"trials_x2": Plan(2, 1), "trials_x4": Plan(4, 1), "units_x2": Plan(1, 2)}


def asked_about(choice: Choice) -> tuple[str, ...]:
    """Hypotheses that might turn out true, the most probable first: two or more.

    Examples
    --------
    >>> probability = {"none": 0.5, "H2": 0.3, "H1": 0.15, "H3": 0.05}
    >>> asked_about(Choice({}, probability, 1.0))
    ('H2', 'H1')
    """
    ranked = sorted(choice.probability, key=lambda name: -choice.probability[name])
    accounts = [name for name in ranked if name not in ("none", "drift")]
    n_probable = sum(choice.probability[name] >= PROBABLE for name in accounts)
    return tuple(accounts[: max(n_probable, 2)])


def more_data(
    observed: Observed, choice: Choice, threshold: float, *, each: int, rng: np.random.Generator
) -> dict[str, dict[str, float]]:
    """Share of right verdicts that more trials or units would give.

    Parameters
    ----------
    observed : Observed
        The recording.
    choice : Choice
        What is believed of it: the most probable hypotheses are asked about.
    threshold : float
        Probability that a verdict needs.
    each : int
        Reference recordings of each hypothesis, for each plan: as many as behind the verdict, so
        that shares can be compared with its sensitivity.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    dict of str to dict of str to float
        By plan (:data:`PLANS`) and true hypothesis.
    """
    found = {}
    for name, plan in PLANS.items():
        reference = make_reference(
            observed, each=each, noise_scale=1 / np.sqrt(plan.trials), copies=plan.units, rng=rng
        )
        right = Judge.of(reference).sensitivity(threshold)
        found[name] = {truth: right[truth]["right"] for truth in asked_about(choice)}
    return found
