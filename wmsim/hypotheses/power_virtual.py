"""Virtual recordings of a design: as many as are wanted, of known truth, judged one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wmsim.errors import WmsimError
from wmsim.hypotheses.choice import Judge
from wmsim.hypotheses.codes import Block, Grams, contrasts, grams, make_estimator
from wmsim.hypotheses.composition import draw_codes, draw_composition
from wmsim.hypotheses.measures import Plan, measure_all
from wmsim.hypotheses.plant_config import PlantConfig
from wmsim.hypotheses.planting import planted_labels
from wmsim.hypotheses.power_config import PowerConfig
from wmsim.hypotheses.reference import Observed, make_reference, noise_codes
from wmsim.hypotheses.verdict import UNDECIDED, answer_of
from wmsim.pipeline.design import Design

# Recordings that are measured at once.
BATCH = 10
# Most draws of noise behind the test of whether held items are coded.
PERMUTATIONS = 100


@dataclass(frozen=True)
class Blueprint:
    """All that virtual recordings are made of, but for their size.

    Attributes
    ----------
    design : Design
        States.
    n_values : int
        Values of the feature.
    covariance : ndarray, shape (step, step)
        Of a unit's noise, whitened over units.
    strength : dict of str to ndarray, shape (state,)
        Squared norm of codes, for each unit, under each assumption.
    labels : ndarray of int, shape (item, trial), or PlantConfig
        Trials from which labels are drawn with replacement; or how they are drawn.
    """

    design: Design
    n_values: int
    covariance: np.ndarray
    strength: dict[str, np.ndarray]
    labels: np.ndarray | PlantConfig

    def draw_labels(self, trials: int, rng: np.random.Generator) -> np.ndarray:
        """Labels of a virtual recording, (item, trial)."""
        if isinstance(self.labels, np.ndarray):
            return self.labels[:, rng.integers(self.labels.shape[1], size=trials)]
        config = self.labels.changed(
            n_units=1, n_trials=trials, seed=int(rng.integers(2**31))
        )  # fmt: skip
        return next(iter(planted_labels(config)[0].values())).T

    def draw_noise(self, trials: int, units: int, rng: np.random.Generator) -> np.ndarray:
        """White over units and trials, with the covariance over steps, (step, trial, unit)."""
        variance, axes = np.linalg.eigh(self.covariance)
        root = (axes * np.sqrt(np.maximum(variance, 0.0))).astype(np.float32)
        white = rng.standard_normal((len(root), trials * units), dtype=np.float32)
        return (root @ white).reshape(-1, trials, units)


def virtual_recording(
    blueprint: Blueprint, strength: np.ndarray, trials: int, units: int, *, halvings: int,
    rng: np.random.Generator,
) -> Observed:  # fmt: skip
    """A recording of a design, its signal as strong as is assumed, truth yet to be planted.

    Parameters
    ----------
    blueprint : Blueprint
        Design and noise.
    strength : ndarray, shape (state,)
        Squared norm of codes, for each unit.
    trials, units : int
        Its size.
    halvings : int
        How often trials are divided into two halves.
    rng : numpy.random.Generator
        Source of randomness.

    Raises
    ------
    WmsimError
        If there are too few trials to tell the items' contributions apart.
    """
    noise = blueprint.draw_noise(trials, units, rng)
    block = Block(noise, blueprint.draw_labels(trials, rng), blueprint.n_values)
    states = blueprint.design.states
    estimator = make_estimator(block, states, halvings=halvings, rng=rng)
    # Codes themselves are not known; how strong they are is, and no more is taken from them.
    n, c = len(states), blueprint.n_values - 1
    across = np.zeros((1, n, c, n, c))
    across[0, np.arange(n), 0, np.arange(n), 0] = strength * units
    within = np.zeros((1, 2, n, c, n, c))
    return Observed(
        Plan(blueprint.design), Grams(within, across), (noise,), (estimator,), (np.eye(units),),
        blueprint.n_values,
    )  # fmt: skip


def share_right(
    blueprint: Blueprint, assumption: str, trials: int, units: int, config: PowerConfig
) -> dict[str, dict[str, int]] | str:
    """How many virtual recordings of each truth are judged right, and how many wrong.

    Reference recordings are planted as for a verdict, and as many others are judged by them, with
    codes exactly as strong as is assumed.

    Parameters
    ----------
    blueprint : Blueprint
        Design, noise and signal.
    assumption : str
        Which of the blueprint's strengths.
    trials, units : int
        Size of the recordings.
    config : PowerConfig
        What might be true, how many are tested, and how they are judged.

    Returns
    -------
    dict of str to dict of str to int, or str
        By truth: ``right``, ``wrong``, ``undecided``. Or why there can be no verdict.
    """
    # The same random numbers under all assumptions: what differs between them is the signal.
    rng = np.random.default_rng([config.verdict.seed, trials, units])
    try:
        observed = virtual_recording(
            blueprint, blueprint.strength[assumption], trials, units,
            halvings=config.verdict.halvings, rng=rng,
        )  # fmt: skip
    except WmsimError as error:
        return str(error)
    judge = Judge.of(make_reference(observed, each=config.verdict.each, rng=rng))
    null = _null(observed, config.verdict.permutations, rng)
    found = {truth: {"right": 0, "wrong": 0, "undecided": 0} for truth in config.truths}
    for done in range(0, config.tests, BATCH):
        noises = [noise_codes(observed, rng) for _ in range(min(BATCH, config.tests - done))]
        for truth, count in found.items():
            for measured in _measured(observed, truth, noises, config.pure, rng):
                p = _p_held(measured["signal_memory"], null)
                answer = answer_of(judge.choose(measured), config.verdict.threshold, p)
                right = "right" if answer == truth else "wrong"
                count["undecided" if answer == UNDECIDED else right] += 1
    return found


def _null(observed: Observed, n: int, rng: np.random.Generator) -> np.ndarray:
    """Signals of held items that noise alone gives; as many as a verdict permutes labels, or 100.

    Labels that are permuted see noise, and little else where many values and items share it.
    """
    rows = observed.plan.memory
    found = []
    for _ in range(min(n, PERMUTATIONS)):
        codes = noise_codes(observed, rng)[:, :, rows]
        squared = np.einsum("hscu,hscu->", codes[:, 0], codes[:, 1]) / (len(codes) * len(rows))
        found.append(np.sign(squared) * np.sqrt(abs(squared)))
    return np.array(found)


def _p_held(signal: float, null: np.ndarray) -> float:
    """Of held items being coded; NaN where that will not be tested."""
    return float((1 + (null >= signal).sum()) / (1 + null.size)) if null.size else float("nan")


def _measured(
    observed: Observed, truth: str, noises: list[np.ndarray], pure: bool, rng: np.random.Generator
) -> Iterator[dict[str, float]]:
    """What is measured of recordings of a truth, one for each noise."""
    each = [grams(noise + _planted(observed, truth, pure, rng)) for noise in noises]
    together = Grams(np.stack([one.within for one in each]), np.stack([one.across for one in each]))
    every = measure_all(together, observed.plan)
    for row in range(len(noises)):
        yield {name: float(values[row]) for name, values in every.items()}


def _planted(observed: Observed, truth: str, pure: bool, rng: np.random.Generator) -> np.ndarray:
    """Codes exactly as strong as those of a recording, (state, contrast, unit)."""
    composition = (
        PlantConfig(hypothesis=truth).composition if pure else draw_composition(truth, rng)
    )
    k = observed.n_values
    codes = draw_codes(
        composition.kernel(observed.plan.design), k, observed.n_units,
        orthogonal=pure,
        distortion=0.0 if pure else rng.uniform(0, 0.3), rng=rng,
    )  # fmt: skip
    strength = np.diag(observed.grams.kernel)
    return np.asarray(contrasts(k).T @ codes * np.sqrt(strength / k)[:, None, None])
