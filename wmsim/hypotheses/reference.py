"""Recordings that might have been: the same design, units, trials, noise and signal, known truth.

Reference recordings are planted as codes, not as trials. What labels leave unexplained in the
recording itself, dealt out to its trials anew, goes through the very estimator that the recording
went through; that gives codes of noise that have its covariance over units and time, its heavy
tails and its dependent labels. Codes of a known truth are added, as strong in each state as the
recording's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wmsim.hypotheses.codes import (
    HALVINGS,
    Block,
    Estimator,
    Grams,
    contrasts,
    grams,
    make_estimator,
    unexplained,
    whitener,
)
from wmsim.hypotheses.composition import (
    COMPONENTS,
    HYPOTHESES,
    PURE,
    Composition,
    draw_codes,
    draw_composition,
)
from wmsim.hypotheses.measures import Plan, measure_all
from wmsim.pipeline.design import Design

PER_HYPOTHESIS = 60
# Numbers in the inner products of reference recordings that are measured at once.
BATCH = 500_000


@dataclass(frozen=True)
class Observed:
    """Codes of a recording, and all that its reference recordings are made of.

    Attributes
    ----------
    plan : Plan
        Pairs and swaps of its design.
    grams : Grams
        Inner products of its codes.
    noise : tuple of ndarray, each of shape (step, trial, unit)
        Whitened noise of each block.
    estimators : tuple of Estimator
        Of each block.
    whiteners : tuple of ndarray, each of shape (unit, unit)
        Of each block.
    n_values : int
        Values of the feature.
    power : ndarray, shape (unit,), optional
        Cross-validated squared codes of each unit, summed over states and contrasts; by default
        alike.
    """

    plan: Plan
    grams: Grams
    noise: tuple[np.ndarray, ...]
    estimators: tuple[Estimator, ...]
    whiteners: tuple[np.ndarray, ...]
    n_values: int
    power: np.ndarray | None = None

    @property
    def n_units(self) -> int:
        """Units of all blocks."""
        return sum(one.shape[2] for one in self.noise)


def observe(
    blocks: Sequence[Block], design: Design, *, halvings: int = HALVINGS,
    rng: np.random.Generator,
) -> Observed:  # fmt: skip
    """Estimate the codes of a recording.

    Parameters
    ----------
    blocks : sequence of Block
        Trials and units that were recorded together; of one feature with the same values.
    design : Design
        States.
    halvings : int
        How often trials are divided into two halves.
    rng : numpy.random.Generator
        Source of randomness, for halves.
    """
    total: Grams | None = None
    noise, estimators, whiteners, power = [], [], [], []
    for block in blocks:
        estimator = make_estimator(block, design.states, halvings=halvings, rng=rng)
        left = unexplained(block, design.states)
        white = whitener(left)
        codes = estimator.codes(block.activity @ white)
        own = grams(codes)
        total = own if total is None else total + own
        power.append(unit_power(codes))
        noise.append(left @ white)
        estimators.append(estimator)
        whiteners.append(white)
    assert total is not None
    return Observed(
        Plan(design), total, tuple(noise), tuple(estimators), tuple(whiteners),
        blocks[0].n_values, np.concatenate(power),
    )  # fmt: skip


def unit_power(codes: np.ndarray) -> np.ndarray:
    """Cross-validated squared codes of each unit, of codes (halving, 2, state, contrast, unit)."""
    n_units = codes.shape[-1]
    flat = codes.reshape(len(codes), 2, -1, n_units)
    return np.asarray(np.einsum("hcu,hcu->u", flat[:, 0], flat[:, 1]) / len(codes))


def unit_gains(observed: Observed, noises: Sequence[np.ndarray]) -> np.ndarray:
    """How much of the code each unit has, (unit,), mean 1: measured power, drawn to the mean.

    Codes live on few units where few are tuned, or few have little noise; those of two states are
    then less orthogonal by chance than on all units.
    """
    if observed.power is None:
        return np.ones(observed.n_units)
    error = np.mean([unit_power(one) ** 2 for one in noises])
    mean, true = observed.power.mean(), max(observed.power.var() - error, 0.0)
    weight = true / max(true + error, 1e-300)
    gains = np.maximum(mean + weight * (observed.power - mean), 0.0)
    return gains / gains.mean() if gains.any() else np.ones(observed.n_units)


def noise_codes(observed: Observed, rng: np.random.Generator) -> np.ndarray:
    """Codes of noise dealt out anew, (halving, 2, state, contrast, unit) over all blocks' units."""
    return np.concatenate(
        [
            estimator.codes(noise, rng.permutation(noise.shape[1]))
            for noise, estimator in zip(observed.noise, observed.estimators, strict=True)
        ],
        axis=4,
    )


@dataclass(frozen=True)
class Reference:
    """What is measured of reference recordings.

    Attributes
    ----------
    names : tuple of str
        Measures.
    values : ndarray, shape (recording, measure)
        Of each reference recording.
    truth : ndarray of int, shape (recording,)
        Index into :data:`~wmsim.hypotheses.composition.HYPOTHESES`.
    group : ndarray of int, shape (recording,)
        The same, but for mixtures, where each pair of components is a group of its own.
    kernels : ndarray, shape (recording, state, state)
        Cross-validated inner products.
    """

    names: tuple[str, ...]
    values: np.ndarray
    truth: np.ndarray
    group: np.ndarray
    kernels: np.ndarray


def make_reference(
    observed: Observed, *, each: int = PER_HYPOTHESIS, noise_scale: float = 1.0, copies: int = 1,
    rng: np.random.Generator,
) -> Reference:  # fmt: skip
    """Plant reference recordings of every hypothesis.

    Parameters
    ----------
    observed : Observed
        The recording.
    each : int
        Reference recordings of each hypothesis.
    noise_scale : float
        Factor on codes of noise: 1 / sqrt(2) is what twice the trials would leave.
    copies : int
        So many times the units, each with noise and a code of its own, as strong.
    rng : numpy.random.Generator
        Source of randomness.
    """
    drawn = [[noise_codes(observed, rng) for _ in range(copies)] for _ in range(each)]
    # How sure the recording's own signal is does not depend on what might be recorded later.
    spread = np.std([np.diag(grams(one[0]).kernel) for one in drawn], axis=0)
    noises = [_Noise.of(noise_scale * np.concatenate(one, axis=4)) for one in drawn]
    strengths = Strengths.of(observed, spread)
    gains = np.tile(unit_gains(observed, [one[0] for one in drawn]), copies)
    truth, group, kernels, tables = [], [], [], []
    names: tuple[str, ...] = ()
    for number, hypothesis in enumerate(HYPOTHESES):
        # Mixtures are of six kinds; twice as many for them.
        several = noises * 2 if hypothesis == "mixture" else noises
        for some in _batches(several):
            alone = some[0].alone
            together = Grams(
                np.empty((len(some), *alone.within.shape)),
                np.empty((len(some), *alone.across.shape)),
            )
            for row, noise in enumerate(some):
                composition, codes = _planted(observed, hypothesis, strengths, gains, rng)
                noise.with_codes(codes, Grams(together.within[row], together.across[row]))
                truth.append(number)
                group.append(_group(number, composition))
            measured = measure_all(together, observed.plan)
            names = tuple(measured)
            tables.append(np.stack(list(measured.values()), axis=1))
            kernels.append(together.kernel)
    return Reference(
        names, np.concatenate(tables), np.array(truth), np.array(group), np.concatenate(kernels)
    )


@dataclass(frozen=True)
class _Noise:
    """Codes of noise with their inner products, to which codes are added by parts."""

    codes: np.ndarray
    alone: Grams

    @classmethod
    def of(cls, codes: np.ndarray) -> _Noise:
        return cls(codes, grams(codes))

    def with_codes(self, codes: np.ndarray, found: Grams) -> None:
        """Inner products of the sum with codes (state, contrast, unit), the same in all halves.

        (N + C)(N + C)' = NN' + NC' + CN' + CC', of which NN' is known. Written into `found`.
        """
        n, _, s, c, n_units = self.codes.shape
        flat = codes.reshape(s * c, n_units)
        mixed = (self.codes.reshape(-1, n_units) @ flat.T).reshape(n, 2, s * c, s * c)
        own = flat @ flat.T
        halved = mixed + own / 2
        turned = halved.swapaxes(2, 3)
        for sums, alone, one, other in (
            (found.within, self.alone.within, halved, turned),
            (found.across, self.alone.across, halved[:, 0], turned[:, 1]),
        ):
            total = sums.reshape(alone.shape[:-4] + (s * c, s * c))
            np.add(one, other, out=total)
            total += alone.reshape(total.shape)


def _batches(noises: list[_Noise]) -> list[list[_Noise]]:
    """As many at once as BATCH numbers allow."""
    size = max(1, BATCH // noises[0].alone.within.size)
    return [noises[first : first + size] for first in range(0, len(noises), size)]


def _planted(
    observed: Observed, hypothesis: str, strengths: Strengths, gains: np.ndarray,
    rng: np.random.Generator,
) -> tuple[Composition, np.ndarray]:  # fmt: skip
    """Codes of a truth, (state, contrast, unit)."""
    plan, k, n_units = observed.plan, observed.n_values, gains.size
    strength = strengths.draw(rng) * (n_units / observed.n_units)
    composition = draw_composition(hypothesis, rng)
    if hypothesis == "none":  # what is shown may be coded, and is not held
        strength[plan.memory] = 0.0
        composition = draw_composition(str(rng.choice(list(PURE))), rng)
    kernel = composition.kernel(plan.design)
    codes = draw_codes(kernel, k, n_units, distortion=rng.uniform(0, 0.3), rng=rng)
    # Gains hold what chance gives a unit, too: somewhere between them and none.
    share = gains ** rng.uniform(0, 1)
    codes *= np.sqrt(share / share.mean())
    return composition, contrasts(k).T @ codes * np.sqrt(strength / k)[:, None, None]


def _group(number: int, composition: Composition) -> int:
    if HYPOTHESES[number] != "mixture":
        return number
    parts = [COMPONENTS.index(name) for name in composition.shares]
    return len(HYPOTHESES) + len(COMPONENTS) * min(parts) + max(parts)


@dataclass(frozen=True)
class Strengths:
    """Squared norms of codes that a recording's own might really have.

    A state's measured value is drawn towards the mean of the states of its age, the more so the
    noisier it is.

    Attributes
    ----------
    centre, error : ndarray, shape (state,)
        Most likely value, and how uncertain it is.
    age : ndarray of int, shape (state,)
        Number of the state's age, from 0: states of the same age err together.
    """

    centre: np.ndarray
    error: np.ndarray
    age: np.ndarray

    @classmethod
    def of(cls, observed: Observed, spread: np.ndarray) -> Strengths:
        """Of a recording, given the spread of what noise alone gives, (state,)."""
        design = observed.plan.design
        measured = np.diag(observed.grams.kernel)
        age = np.unique([design.age(state) for state in design.states], return_inverse=True)[1]
        centre, left = np.empty((2, len(age)))
        for one in range(age.max() + 1):
            own = age == one
            mean, error = measured[own].mean(), spread[own]
            true = max(measured[own].var() - (error**2).mean(), 0.0)
            weight = true / (true + error**2)
            centre[own] = weight * measured[own] + (1 - weight) * mean
            left[own] = error * np.sqrt(weight + (1 - weight) / own.sum())
        return cls(centre, left, age)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Squared norms, (state,)."""
        deviation = rng.standard_normal(self.age.max() + 1)[self.age]
        strength = np.maximum(self.centre + self.error * deviation, 0.0)
        return np.asarray(strength * np.exp(rng.normal(0, 0.1, len(self.age))))
