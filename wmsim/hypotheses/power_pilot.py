"""What a pilot recording says: its design, its noise, and how strong its codes are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.hypotheses.effects import Effect, bootstrap_effects, permutation_p
from wmsim.hypotheses.plant_config import DEPTH
from wmsim.hypotheses.power_config import PowerConfig
from wmsim.hypotheses.power_virtual import Blueprint
from wmsim.hypotheses.reasons import LEVEL
from wmsim.hypotheses.reference import Observed, observe
from wmsim.hypotheses.verdict import blocks_of, wanted, whole_design
from wmsim.pipeline.jobs import Job
from wmsim.pipeline.prepare import prepare

# How strong codes of held items are assumed to be, as a share of those on display, and signals
# that are assumed where nothing is coded at all.
SHARES = (0.25, 0.5, 1.0)
SIGNALS = (0.5, 1.0, 2.0)
HALVES, RESAMPLED, PERMUTED = range(3)


@dataclass(frozen=True)
class Pilot:
    """What is taken from a pilot recording.

    Attributes
    ----------
    task, feature : str
        Which.
    n_units : int
        Of all sessions together.
    n_trials : tuple of int
        Of each session.
    n_values : int
        Values of the feature.
    signal : dict of str to Effect
        Of items ``shown`` and ``held``, in the unit of :class:`~wmsim.hypotheses.PlantConfig`,
        with 95 % intervals over trials; negative for a negative square.
    p : dict of str to float
        Of there being any code of items ``shown`` and ``held``.
    noise_in_time : float
        Mean correlation of noise between successive steps.
    blueprint : Blueprint
        What virtual recordings are made of.
    assumptions : dict of str to str
        What each of the blueprint's strengths stands for.
    notes : tuple of str
        What a reader has to know.
    """

    task: str
    feature: str
    n_units: int
    n_trials: tuple[int, ...]
    n_values: int
    signal: dict[str, Effect]
    p: dict[str, float]
    noise_in_time: float
    blueprint: Blueprint
    assumptions: dict[str, str]
    notes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the recording shows that held items are coded."""
        return bool(self.p["held"] <= LEVEL and self.signal["held"].value > 0)


def read_pilot(recordings: xr.Dataset | Iterable[xr.Dataset], config: PowerConfig) -> Pilot:
    """Measure a pilot recording.

    Parameters
    ----------
    recordings : xarray.Dataset or iterable of xarray.Dataset
        A recording; several are sessions of one subject.
    config : PowerConfig
        How it is made ready, and what is assumed of it.

    Returns
    -------
    Pilot

    Raises
    ------
    ConfigError
        If a design is given as well.
    WmsimError
        If the recording is not valid, has several features or tasks to choose from, holds no
        item, or has too few trials; the message says why.
    """
    config.require_pilot_alone()
    settings = config.verdict
    prepared = prepare(recordings, settings.analysis)
    job = _only(list(wanted(prepared.jobs, settings)))
    design, blocks = whole_design(job.design), blocks_of(job)
    rng = lambda stream: np.random.default_rng([settings.seed, stream])  # noqa: E731
    observed = observe(blocks, design, halvings=settings.halvings, rng=rng(HALVES))
    effects = bootstrap_effects(blocks, observed, settings.bootstrap, rng=rng(RESAMPLED))
    # One permutation is no test, and whether anything is held decides on what is assumed.
    p = permutation_p(blocks, observed, max(settings.permutations, 100), rng=rng(PERMUTED))
    unit = DEPTH * np.sqrt(observed.n_values * observed.n_units)
    signal = {
        name: Effect(*(getattr(effects[effect], end) / unit for end in ("value", "low", "high")))
        for name, effect in (("shown", "signal_encoding"), ("held", "signal_memory"))
    }
    tested = {"shown": p["encoding"], "held": p["memory"]}
    strengths, meaning, note = _strengths(observed, signal, tested, config)
    covariance = sum(np.einsum("ani,bni->ab", one, one) / one.shape[1] for one in observed.noise)
    covariance = covariance / observed.n_units
    labels = np.concatenate([block.labels for block in blocks], axis=1)
    return Pilot(
        task=job.task,
        feature=job.feature,
        n_units=observed.n_units,
        n_trials=tuple(block.labels.shape[1] for block in blocks),
        n_values=observed.n_values,
        signal=signal,
        p=tested,
        noise_in_time=_between_steps(covariance),
        blueprint=Blueprint(design, observed.n_values, covariance, strengths, labels),
        assumptions=meaning,
        notes=(*prepared.notes, *note),
    )


def _only(jobs: list[Job]) -> Job:
    if len(jobs) == 1:
        return jobs[0]
    named = ", ".join(f"'{job.feature}' in task '{job.task}'" for job in jobs) or "none"
    raise WmsimError(
        f"The pilot recording has {len(jobs)} features and tasks to plan for ({named}), expected "
        "one. Choose with --feature and --task."
    )


def _between_steps(covariance: np.ndarray) -> float:
    spread = np.sqrt(np.diag(covariance))
    return float(np.diag(covariance / np.outer(spread, spread), 1).mean())


def _strengths(
    observed: Observed, signal: dict[str, Effect], p: dict[str, float], config: PowerConfig
) -> tuple[dict[str, np.ndarray], dict[str, str], list[str]]:
    """Strengths of codes for each unit under each assumption, what these mean, and notes."""
    if config.assumed is not None:
        return _assumed(observed, signal, p, config.assumed)
    shown, held = signal["shown"], signal["held"]
    if p["held"] > LEVEL or held.value <= 0:
        shares = SHARES if p["shown"] <= LEVEL and shown.value > 0 else ()
        values = tuple(share * shown.value for share in shares) or SIGNALS
        strengths, meaning, notes = _assumed(observed, signal, p, values, shares)
        most = f", 95 % interval up to {held.high:.2f}" if np.isfinite(held.high) else ""
        why = (
            f"The pilot recording shows no code of held items (signal {held.value:.2f}{most}; "
            f"p {p['held']:.2g}). Power cannot be planned from a zero: it is given for assumed "
            "signals instead, and says nothing on whether there is one."
        )
        return strengths, meaning, [why, *notes]
    ends = {"as in the pilot": "value"}
    if np.isfinite([held.low, held.high, shown.low, shown.high]).all():
        ends |= {"low end": "low", "high end": "high"}
    strengths, meaning = {}, {}
    for name, end in ends.items():
        of_shown, of_held = getattr(shown, end), getattr(held, end)
        strengths[name] = _scaled(observed, of_shown, of_held)
        where = {"value": "as measured", "low": "at the low ends of their 95 % intervals",
                 "high": "at the high ends of their 95 % intervals"}[end]  # fmt: skip
        meaning[name] = f"signals {where}: {max(of_shown, 0):.2f} shown, {max(of_held, 0):.2f} held"
    return strengths, meaning, []


def _assumed(
    observed: Observed, signal: dict[str, Effect], p: dict[str, float], values: tuple[float, ...],
    shares: tuple[float, ...] = (),
) -> tuple[dict[str, np.ndarray], dict[str, str], list[str]]:  # fmt: skip
    """Signals of held items that are assumed; items on display are coded as in the pilot."""
    shown = signal["shown"].value if p["shown"] <= LEVEL else 0.0
    strengths, meaning, beyond = {}, {}, []
    for row, value in enumerate(values):
        name = f"held {shares[row]:g} x shown" if shares else f"held {value:g}"
        # What is held was shown: where the pilot shows no code at all, as strong a one.
        own = shown if shown > 0 else value
        flat = _of(observed, own, value)
        strengths[name] = flat
        meaning[name] = f"assumed signals: {own:.2f} shown, {value:.2f} held at all ages"
        if value > signal["held"].high:
            beyond.append(f"'{name}'")
    notes = []
    if beyond:
        notes.append(
            f"{' and '.join(beyond)} assume(s) more than the high end of what the pilot recording "
            "allows for held items."
        )
    return strengths, meaning, notes


def _of(observed: Observed, shown: float, held: float) -> np.ndarray:
    """Strengths of two signals, one for age 0 and one for all others, (state,)."""
    squared = observed.n_values * DEPTH**2 * np.maximum([shown, held], 0.0) ** 2
    design = observed.plan.design
    return np.array([squared[0 if design.age(state) == 0 else 1] for state in design.states])


def _scaled(observed: Observed, shown: float, held: float) -> np.ndarray:
    """Strengths that fall with age as the pilot's do, with these signals on average, (state,)."""
    design, plan = observed.plan.design, observed.plan
    measured = np.diag(observed.grams.kernel)
    age = np.array([design.age(state) for state in design.states])
    by_age = {one: max(measured[age == one].mean(), 0.0) for one in np.unique(age)}
    shape = np.array([by_age[one] for one in age])
    wanted = _of(observed, shown, held)
    for rows, own in ((plan.encoding, age == 0), (plan.memory, age > 0)):
        mean = shape[rows].mean()
        shape[own] = shape[own] * wanted[rows[0]] / mean if mean > 0 else wanted[rows[0]]
    return shape
