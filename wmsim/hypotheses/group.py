"""Several subjects: how frequent each hypothesis is among them.

Subjects may differ: each is an instance of one hypothesis, drawn with unknown frequencies, which
have a flat Dirichlet prior. This random-effects model is Stephan et al.'s (2009); a product of
evidences, which takes all subjects for copies of one, lets a single subject decide for all.

==========================  ==================================================================
what is asked               what answers
==========================  ==================================================================
how frequent is it?         ``frequency`` with its 95 % interval ``low`` to ``high``
are all equally frequent?   ``omnibus_risk``
is it the most frequent?    ``exceedance``, if frequencies differ; ``protected``, if they may not
what is this subject?       ``subject_probability``, which borrows from the others
==========================  ==================================================================

The usual variational approximation takes subjects for independent of the frequencies, and is far
too certain where evidence is weak: flat evidence of many subjects becomes a narrow interval about
1 / K. Expectation propagation leaves the prior as it was; it is exact for one subject, and the two
agree where evidence is strong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wmsim.errors import WmsimError

CONFIDENCE = 0.95
# Counts of the prior: all frequencies are equally likely.
PRIOR = 1.0
SWEEPS, TOLERANCE = 1000, 1e-10
# Of the integral over the logarithm of a gamma variate: points, and the mass left out at an end.
POINTS, LEFT_OUT = 4001, 1e-14


@dataclass(frozen=True, eq=False)
class GroupChoice:
    """What subjects, taken together, say about hypotheses.

    Attributes
    ----------
    names : tuple of str
        Hypotheses.
    alpha : ndarray, shape (hypothesis,)
        Dirichlet that is nearest to the posterior of the frequencies; the prior's counts are 1.
    frequency, low, high : ndarray, shape (hypothesis,)
        Expected share of all subjects, of whom these are a sample; its 95 % interval.
    exceedance : ndarray, shape (hypothesis,)
        Probability that it is the most frequent of all, provided frequencies differ.
    protected : ndarray, shape (hypothesis,)
        The same, drawn to 1 / K by the risk that they do not.
    omnibus_risk : float
        Probability that all are equally frequent: .5 before any data, and with one subject.
    subject_probability : ndarray, shape (subject, hypothesis)
        Posterior of each subject. Of one subject alone, its evidences, normalised.
    """

    names: tuple[str, ...]
    alpha: np.ndarray
    frequency: np.ndarray
    low: np.ndarray
    high: np.ndarray
    exceedance: np.ndarray
    protected: np.ndarray
    omnibus_risk: float
    subject_probability: np.ndarray

    def as_dict(self) -> dict[str, Any]:
        """The numbers as JSON has them, by hypothesis; subjects in order."""
        columns = ("alpha", "frequency", "low", "high", "exceedance", "protected")
        rows = {name: getattr(self, name).tolist() for name in columns}
        subjects = self.subject_probability.tolist()
        return {
            **{name: dict(zip(self.names, row, strict=True)) for name, row in rows.items()},
            "omnibus_risk": self.omnibus_risk,
            "subject_probability": [dict(zip(self.names, row, strict=True)) for row in subjects],
        }


def combine_subjects(log_evidence: np.ndarray, names: Sequence[str]) -> GroupChoice:
    """How frequent each hypothesis is among subjects, from the evidence in each.

    Parameters
    ----------
    log_evidence : ndarray, shape (subject, hypothesis)
        Logarithm of the probability of a subject's data under each hypothesis, up to a constant a
        subject; -inf where data are impossible. Log posteriors serve, less their log prior.
        Sessions of one animal are one subject: add them up before.
    names : sequence of str
        Hypotheses.

    Returns
    -------
    GroupChoice

    Raises
    ------
    WmsimError
        If shapes do not fit, evidences are NaN or infinite, or a subject rules out everything.

    References
    ----------
    Model: Stephan et al. (2009), doi:10.1016/j.neuroimage.2009.03.025. Omnibus risk, protection:
    Rigoux et al. (2014), doi:10.1016/j.neuroimage.2013.08.065. Expectation propagation of mixing
    proportions: Minka & Lafferty (2002), doi:10.48550/arXiv.1301.0588.

    Examples
    --------
    Nine subjects lean to H1; one is H2 beyond doubt, and does not decide for the others.

    >>> evidence = np.array([[3.0, 0.0]] * 9 + [[0.0, 10_000.0]])
    >>> evidence.sum(axis=0)
    array([   27., 10000.])
    >>> group = combine_subjects(evidence, ["H1", "H2"])
    >>> group.frequency.round(2)
    array([0.82, 0.18])
    >>> group.protected.round(2)
    array([0.93, 0.07])
    """
    evidence, names = _checked(log_evidence, names)
    alpha, subjects, gain = _propagate(np.exp(evidence - evidence.max(axis=1, keepdims=True)))
    exceeding = exceedance(alpha)
    risk = float(1 / (1 + np.exp(min(gain, 700.0))))
    low, high = _interval(alpha)
    return GroupChoice(
        names=names, alpha=alpha, frequency=alpha / alpha.sum(), low=low, high=high,
        exceedance=exceeding, protected=(1 - risk) * exceeding + risk / len(names),
        omnibus_risk=risk, subject_probability=subjects,
    )  # fmt: skip


def exceedance(alpha: np.ndarray) -> np.ndarray:
    """Probability of each entry of a Dirichlet to be the largest.

    A Dirichlet is independent gamma variates over their sum: this is the integral of one's density
    times the others' distribution functions, over the logarithm, where it is smooth.

    Parameters
    ----------
    alpha : ndarray, shape (hypothesis,)
        Counts.

    Returns
    -------
    ndarray, shape (hypothesis,)

    Examples
    --------
    >>> exceedance(np.array([2.0, 1.0])).round(6)
    array([0.75, 0.25])
    """
    from scipy.special import gammainc, gammainccinv, gammaln

    found = np.empty(alpha.size)
    for k, own in enumerate(alpha):
        lowest = (np.log(LEFT_OUT) + gammaln(own + 1)) / own
        log_x = np.linspace(lowest, np.log(gammainccinv(own, LEFT_OUT)), POINTS)
        x = np.exp(log_x)
        density = np.exp(own * log_x - x - gammaln(own))
        below = gammainc(np.delete(alpha, k)[:, None], x).prod(axis=0)
        found[k] = np.trapezoid(density * below, log_x)
    return np.asarray(found / found.sum())


def _checked(log_evidence: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    evidence, known = np.asarray(log_evidence, dtype=float), tuple(str(name) for name in names)
    if not 2 <= len(known) == len(set(known)):
        raise WmsimError(f"Hypotheses are {known}; expected two or more different names.")
    if evidence.ndim != 2 or evidence.shape[1] != len(known) or not len(evidence):
        raise WmsimError(
            f"Log evidences have shape {evidence.shape}; expected (subject, hypothesis) with one "
            f"subject or more and {len(known)} hypotheses: {', '.join(known)}."
        )
    for row, own in enumerate(evidence):
        if np.isnan(own).any() or np.isposinf(own).any() or np.isneginf(own).all():
            raise WmsimError(
                f"Log evidences of subject {row} are {own.tolist()}; expected numbers, or -inf "
                "where data are impossible, but not everywhere. Leave the subject out."
            )
    return evidence, known


def _propagate(likelihood: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Posterior of frequencies and of subjects, by expectation propagation.

    Parameters
    ----------
    likelihood : ndarray, shape (subject, hypothesis)
        Evidences, up to a factor a subject.

    Returns
    -------
    alpha : ndarray, shape (hypothesis,)
    probability : ndarray, shape (subject, hypothesis)
    gain : float
        Log evidence of frequencies that differ, over that of equal ones.
    """
    n_subjects, n_names = likelihood.shape
    prior = np.full(n_names, PRIOR)
    counts = np.zeros(likelihood.shape)
    for _ in range(SWEEPS):
        before = counts.copy()
        for subject, own in enumerate(likelihood):
            others = prior + counts.sum(axis=0) - counts[subject]
            # Pseudo-counts can be negative; a subject waits while the others' make no Dirichlet.
            if (others > 0).all():
                counts[subject] = _nearest(others, own * others) - others
        alpha = prior + counts.sum(axis=0)
        others = alpha - counts
        if np.abs(counts - before).max() < TOLERANCE * n_subjects and (others > 0).all():
            break
    else:
        found = f"Frequencies did not settle in {SWEEPS} sweeps over {n_subjects} subjects."
        raise WmsimError(f"{found} Please report the log evidences that did this.")
    joint = likelihood * others
    total = joint.sum(axis=1)
    own = np.log(total / others.sum(axis=1)) + _log_beta(others) - _log_beta(alpha)
    gain = own.sum() + _log_beta(alpha) - _log_beta(prior) - np.log(likelihood.mean(axis=1)).sum()
    return alpha, joint / total[:, None], float(gain)


def _nearest(others: np.ndarray, joint: np.ndarray) -> np.ndarray:
    """Dirichlet with the mean and the total variance of a mixture, one count up in each part."""
    weight, total = joint / joint.sum(), others.sum()
    mean = (others + weight) / (total + 1)
    square = (others + 1) * (others + 2 * weight) / ((total + 1) * (total + 2))
    spread = (square - mean**2).sum()
    return np.asarray(mean * ((mean - mean**2).sum() / spread - 1))


def _log_beta(alpha: np.ndarray) -> np.ndarray:
    """Logarithm of the normaliser of Dirichlets (..., hypothesis)."""
    from scipy.special import gammaln

    return np.asarray(gammaln(alpha).sum(axis=-1) - gammaln(alpha.sum(axis=-1)))


def _interval(alpha: np.ndarray) -> np.ndarray:
    """95 % interval of each entry of a Dirichlet, (2, hypothesis): its marginals are Betas."""
    from scipy.special import betaincinv

    tail = (1 - CONFIDENCE) / 2
    return np.asarray(betaincinv(alpha, alpha.sum() - alpha, np.array([[tail], [1 - tail]])))
