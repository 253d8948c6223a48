"""Which hypothesis: the probability of each, given what was measured and reference recordings.

What is measured of recordings of one hypothesis is described by a multivariate t distribution (a
synthetic likelihood [1]_, with tails); a mixture, by one for each pair of its parts. All
hypotheses are equally likely beforehand. How heavy tails are, and how sure the result may be, is
set where the reference recordings themselves, each judged by the others, are judged best.

References
----------
.. [1] Wood (2010), Statistical inference for noisy nonlinear ecological dynamic systems, Nature
   466, 1102-1104, :doi:`10.1038/nature09319`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wmsim.hypotheses.composition import HYPOTHESES
from wmsim.hypotheses.reference import Reference

FOLDS = 5
# Pooled covariance weighs as much as so many reference recordings.
POOLED = 12.0
# Exponents of the likelihood that are tried; below 1 is less sure.
EXPONENTS = np.array([0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
# Degrees of freedom that are tried: fewer make heavier tails. Tails lighter than these would make
# it sure of what lies outside of all reference recordings.
FREEDOM = (3.0, 5.0, 10.0)
# Squared distances are told as shares of the one that 1 in 100 recordings of a hypothesis exceed.
TYPICAL = 0.99
# Farther than this from every hypothesis: unlike all.
UNLIKE = 2.0


@dataclass(frozen=True)
class Choice:
    """What is to be believed of a recording.

    Attributes
    ----------
    log_evidence : dict of str to float
        Log likelihood of each hypothesis, up to a constant.
    probability : dict of str to float
        Of each hypothesis, all being equally likely beforehand.
    distance : float
        Squared Mahalanobis distance to the nearest hypothesis, as a share of that which 1 in 100
        recordings of a hypothesis exceed.
    """

    log_evidence: dict[str, float]
    probability: dict[str, float]
    distance: float

    @property
    def best(self) -> str:
        """The most probable hypothesis."""
        return max(self.probability, key=lambda name: self.probability[name])

    @property
    def unlike(self) -> bool:
        """Whether the recording is unlike those of every hypothesis."""
        return self.distance > UNLIKE


@dataclass(frozen=True)
class _Groups:
    """Means and covariances of the groups of reference recordings."""

    mean: np.ndarray
    precision: np.ndarray
    log_det: np.ndarray
    hypothesis: np.ndarray

    def distances(self, values: np.ndarray) -> np.ndarray:
        """Squared Mahalanobis distances, (recording, group)."""
        left = values[:, None] - self.mean
        return np.asarray(np.einsum("rgm,gmn,rgn->rg", left, self.precision, left))

    def log_likelihood(self, values: np.ndarray, freedom: float) -> np.ndarray:
        """Of each hypothesis, (recording, hypothesis), with these degrees of freedom."""
        squared, n_measures = self.distances(values), values.shape[1]
        # Scaled so that the covariance is that of the group.
        each = (
            -0.5 * (freedom + n_measures) * np.log1p(squared / (freedom - 2)) - 0.5 * self.log_det
        )
        found = np.full((len(values), len(HYPOTHESES)), -np.inf)
        for number in np.unique(self.hypothesis):
            own = each[:, self.hypothesis == number]
            found[:, number] = np.logaddexp.reduce(own, axis=1) - np.log(own.shape[1])
        return found


@dataclass(frozen=True)
class Judge:
    """Tells hypotheses apart by what was measured of reference recordings.

    Attributes
    ----------
    exponent : float
        Of the likelihood.
    freedom : float
        Degrees of freedom of the t distributions.
    cross_validated : ndarray, shape (reference recording, hypothesis)
        Probabilities of reference recordings, each judged by others.
    """

    _groups: _Groups
    _centre: np.ndarray
    _scale: np.ndarray
    exponent: float
    freedom: float
    cross_validated: np.ndarray
    reference: Reference

    @classmethod
    def of(cls, reference: Reference) -> Judge:
        """Learn from reference recordings.

        Parameters
        ----------
        reference : Reference
            What was measured of them.
        """
        centre, scale = reference.values.mean(axis=0), reference.values.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        values = (reference.values - centre) / scale
        fold = np.arange(len(values)) % FOLDS
        log_likelihood = np.empty((len(FREEDOM), len(values), len(HYPOTHESES)))
        for one in range(FOLDS):
            test, train = fold == one, fold != one
            groups = _fit(values[train], reference.truth[train], reference.group[train])
            for row, freedom in enumerate(FREEDOM):
                log_likelihood[row, test] = groups.log_likelihood(values[test], freedom)
        row, exponent = _tuned(log_likelihood, reference.truth)
        return cls(
            _fit(values, reference.truth, reference.group), centre, scale, exponent,
            FREEDOM[row], _probability(exponent * log_likelihood[row]), reference,
        )  # fmt: skip

    def choose(self, measured: dict[str, float]) -> Choice:
        """Probabilities of the hypotheses, given what was measured of a recording."""
        values = np.array([measured[name] for name in self.reference.names])
        values = ((values - self._centre) / self._scale)[None]
        log_likelihood = self.exponent * self._groups.log_likelihood(values, self.freedom)
        nearest = self._groups.distances(values).min() / _usual(values.shape[1], self.freedom)
        return Choice(
            dict(zip(HYPOTHESES, log_likelihood[0].tolist(), strict=True)),
            dict(zip(HYPOTHESES, _probability(log_likelihood)[0].tolist(), strict=True)),
            float(nearest),
        )

    def sensitivity(self, threshold: float) -> dict[str, dict[str, float]]:
        """How often a recording like this one, of known truth, would get which verdict.

        Returns
        -------
        dict of str to dict of str to float
            For each truth the share of reference recordings that are ``right``, ``wrong`` (another
            hypothesis reaches the threshold) and ``undecided``.
        """
        found = {}
        best, sure = self.cross_validated.argmax(axis=1), self.cross_validated.max(axis=1)
        decided = sure >= threshold
        for number, name in enumerate(HYPOTHESES):
            own = self.reference.truth == number
            right = float((decided & (best == number))[own].mean())
            wrong = float((decided & (best != number))[own].mean())
            found[name] = {"right": right, "wrong": wrong, "undecided": 1 - right - wrong}
        return found


def _fit(values: np.ndarray, truth: np.ndarray, group: np.ndarray) -> _Groups:
    n_measures = values.shape[1]
    groups = np.unique(group)
    left = values.copy()
    for one in groups:
        left[group == one] -= values[group == one].mean(axis=0)
    pooled = left.T @ left / max(len(values) - groups.size, 1)
    mean, precision, log_det, hypothesis = [], [], [], []
    for one in groups:
        own = group == one
        covariance = (left[own].T @ left[own] + POOLED * pooled) / (own.sum() - 1 + POOLED)
        covariance += 1e-4 * np.eye(n_measures)
        mean.append(values[own].mean(axis=0))
        precision.append(np.linalg.inv(covariance))
        log_det.append(np.linalg.slogdet(covariance)[1])
        hypothesis.append(truth[own][0])
    return _Groups(np.array(mean), np.array(precision), np.array(log_det), np.array(hypothesis))


def _usual(n_measures: int, freedom: float) -> float:
    """Squared distance that 1 in 100 recordings of a hypothesis exceed."""
    from scipy.stats import f

    return float(n_measures * f.ppf(TYPICAL, n_measures, freedom) * (freedom - 2) / freedom)


def _tuned(log_likelihood: np.ndarray, truth: np.ndarray) -> tuple[int, float]:
    """Degrees of freedom (which) and exponent with which reference recordings are judged best."""
    row = np.arange(len(truth))
    quality = np.array([
        [
            np.log(np.maximum(_probability(power * one)[row, truth], 1e-6)).mean()
            for power in EXPONENTS
        ]
        for one in log_likelihood
    ])  # fmt: skip
    best = np.unravel_index(int(np.argmax(quality)), quality.shape)
    return int(best[0]), float(EXPONENTS[best[1]])


def _probability(log_likelihood: np.ndarray) -> np.ndarray:
    from scipy.special import softmax

    return np.asarray(softmax(log_likelihood, axis=1))
