"""The verdict on a recording: which hypothesis fits how an item is held, and how sure that is."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from pydantic import Field

from wmsim.config import Config
from wmsim.decoding import Problem
from wmsim.errors import WmsimError
from wmsim.hypotheses.choice import Choice, Judge
from wmsim.hypotheses.codes import HALVINGS, Block
from wmsim.hypotheses.composition import HYPOTHESES
from wmsim.hypotheses.effects import Effect, bootstrap_effects, permutation_p
from wmsim.hypotheses.measures import Plan, measure, similarity
from wmsim.hypotheses.more_data import more_data
from wmsim.hypotheses.reasons import DATA_HELP, LEVEL, explain, why_undecided
from wmsim.hypotheses.reference import PER_HYPOTHESIS, Observed, make_reference, observe
from wmsim.pipeline import AnalysisConfig
from wmsim.pipeline.design import Design
from wmsim.pipeline.jobs import Job
from wmsim.pipeline.population import Population
from wmsim.pipeline.prepare import prepare

UNDECIDED = "undecided"
# What a verdict can be; "drift" and "none" are answers of the model comparison, and no accounts
# of working memory.
VERDICTS = ("H1", "H2", "H3", "shared", "mixture", UNDECIDED)
# Streams of random numbers that never meet.
HALVES, PLANTED, RESAMPLED, PERMUTED, MORE = range(5)


class VerdictConfig(Config):
    """How a verdict is reached.

    Attributes
    ----------
    analysis : AnalysisConfig
        How a recording is made ready: windows, features, tasks, units, transform. Decoders'
        settings are not used.
    each : int
        Reference recordings of each hypothesis.
    halvings : int
        How often trials are divided into two halves.
    bootstrap : int
        Resamples of trials behind every interval.
    permutations : int
        Permutations of whole trials' labels behind every p.
    threshold : float
        A hypothesis that is less probable than this is no verdict.
    more_data : bool
        Whether to find out, where a verdict is undecided, what more trials or units would settle;
        it takes most of the time.
    seed : int
        Fixes everything.

    Examples
    --------
    >>> VerdictConfig(threshold=0.4)
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: VerdictConfig: threshold is 0.4: Input should be greater than ...
    """

    analysis: AnalysisConfig = AnalysisConfig()
    each: int = Field(default=PER_HYPOTHESIS, ge=20)
    halvings: int = Field(default=HALVINGS, ge=1)
    bootstrap: int = Field(default=100, ge=0)
    permutations: int = Field(default=200, ge=0)
    threshold: float = Field(default=0.9, gt=0.5, lt=1)
    more_data: bool = True
    seed: int = 0


@dataclass(frozen=True)
class Verdict:
    """The verdict on one feature of one task, of one subject.

    Attributes
    ----------
    task, feature : str
        Which.
    verdict : str
        One of :data:`VERDICTS`.
    choice : Choice
        Probability of each hypothesis, and how well the nearest fits.
    effects : dict of str to Effect
        Effect sizes with 95 % intervals over trials.
    p : dict of str to float
        Of there being any code: of items on display (``encoding``), and held (``memory``).
    sensitivity : dict of str to dict of str to float
        By truth, how often a recording like this one would be judged right, wrong or undecided.
    reasons : tuple of str
        In plain words.
    states : tuple of (int, int)
        Item and step.
    used : tuple of int
        Which of `states` the verdict rests on.
    similarity : ndarray, shape (state, state)
        Transfer of codes between states; 1 where they are the same.
    predicted : dict of str to ndarray, shape (state, state)
        What each hypothesis predicts for it.
    predicted_effects : dict of str to dict of str to (float, float, float)
        By hypothesis and effect: mean, 2.5 and 97.5 percentile over reference recordings.
    more_data : dict of str to dict of str to float
        Where it is undecided, the share of right verdicts that more trials or units would give.
    n_trials, n_units, n_values : int
        Sizes.
    """

    task: str
    feature: str
    verdict: str
    choice: Choice
    effects: dict[str, Effect]
    p: dict[str, float]
    sensitivity: dict[str, dict[str, float]]
    reasons: tuple[str, ...]
    states: tuple[tuple[int, int], ...]
    used: tuple[int, ...]
    similarity: np.ndarray
    predicted: dict[str, np.ndarray] = field(repr=False)
    predicted_effects: dict[str, dict[str, tuple[float, float, float]]] = field(repr=False)
    more_data: dict[str, dict[str, float]]
    n_trials: int
    n_units: int
    n_values: int

    @property
    def probability(self) -> float:
        """Of the most probable hypothesis."""
        return self.choice.probability[self.choice.best]


@dataclass(frozen=True)
class Judged:
    """Verdicts on one subject.

    Attributes
    ----------
    verdicts : tuple of Verdict
        One for each feature of each task.
    notes : tuple of str
        What a reader has to know.
    """

    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...]


def verdict(
    recordings: xr.Dataset | Iterable[xr.Dataset], config: VerdictConfig | None = None
) -> Judged:
    """Say which hypothesis fits how items are held in one subject's memory.

    Parameters
    ----------
    recordings : xarray.Dataset or iterable of xarray.Dataset
        A recording of a network or of a brain; several are sessions of one subject, whose units
        are pooled. Continuous ones are aligned first. Features that a task does not ask for are
        left out, unless they are named in the config.
    config : VerdictConfig, optional
        How.

    Returns
    -------
    Judged

    Raises
    ------
    WmsimError
        If a recording is not valid, or nothing in it can be judged; the message says why.

    Examples
    --------
    >>> from wmsim.hypotheses import plant
    >>> recording = plant(hypothesis="H2", n_units=60, n_trials=200, n_items=3, seed=1)
    >>> quick = VerdictConfig(each=20, bootstrap=0, permutations=0)
    >>> [one.verdict for one in verdict(recording, quick).verdicts]
    ['H2']
    """
    config = config or VerdictConfig()
    prepared = prepare(recordings, config.analysis)
    notes = list(prepared.notes)
    found = []
    for job in wanted(prepared.jobs, config):
        try:
            found.append(judge_job(job, config))
        except WmsimError as error:
            notes.append(f"'{job.feature}' in task '{job.task}' is not judged: {error}")
    if not found:
        raise WmsimError("Nothing to judge in this recording. " + " ".join(notes))
    return Judged(tuple(found), tuple(notes))


def wanted(jobs: Iterable[Job], config: VerdictConfig) -> Iterator[Job]:
    """Jobs that are judged: features that tasks ask for, or that are named."""
    for job in jobs:
        if job.asked is not False or config.analysis.features is not None:
            yield job


def judge_job(job: Job, config: VerdictConfig) -> Verdict:
    """Judge one feature of one task.

    Parameters
    ----------
    job : Job
        Arrays and states.
    config : VerdictConfig
        How.

    Raises
    ------
    WmsimError
        If the design cannot tell hypotheses apart, or there are too few trials.
    """
    if job.shares_activity:
        raise WmsimError(
            "The trials of this pseudo-population share activity, so no two halves of them are "
            "independent. Judge the sessions that it was made of, pooled (--pool) or one by one."
        )
    design = whole_design(job.design)
    blocks = blocks_of(job)
    rng = streams(job, config)
    observed = observe(blocks, design, halvings=config.halvings, rng=rng(HALVES))
    reference = make_reference(observed, each=config.each, rng=rng(PLANTED))
    judge = Judge.of(reference)
    choice = judge.choose(measure(observed.grams, observed.plan))
    effects = bootstrap_effects(blocks, observed, config.bootstrap, rng=rng(RESAMPLED))
    p = permutation_p(blocks, observed, config.permutations, rng=rng(PERMUTED))
    sensitivity = judge.sensitivity(config.threshold)
    answer = answer_of(choice, config.threshold, p["memory"])
    predicted = _predicted_effects(judge)
    more: dict[str, dict[str, float]] = {}
    why = why_undecided(answer, choice, p, config.threshold)
    if config.more_data and why in DATA_HELP:
        more = more_data(observed, choice, config.threshold, each=config.each, rng=rng(MORE))
    return Verdict(
        task=job.task,
        feature=job.feature,
        verdict=answer,
        choice=choice,
        effects=effects,
        p=p,
        sensitivity=sensitivity,
        reasons=explain(
            answer, choice, effects, p, sensitivity, predicted, more, threshold=config.threshold
        ),
        states=design.states,
        used=tuple(sorted([*observed.plan.encoding, *observed.plan.memory])),
        similarity=similarity(observed.grams.kernel, observed.plan),
        predicted=_predictions(judge, observed.plan),
        predicted_effects=predicted,
        more_data=more,
        n_trials=sum(block.labels.shape[1] for block in blocks),
        n_units=observed.n_units,
        n_values=observed.n_values,
    )


def streams(job: Job, config: VerdictConfig) -> Callable[[int], np.random.Generator]:
    """Random numbers of each stream; the same whatever else is judged along with the job."""
    names = [zlib.crc32(name.encode()) for name in (job.task, job.feature)]
    return lambda stream: np.random.default_rng([config.seed, *names, stream])


def answer_of(choice: Choice, threshold: float, p_held: float = float("nan")) -> str:
    """The verdict that probabilities amount to; none where nothing held can be read."""
    sure = choice.probability[choice.best] >= threshold
    known = choice.best in VERDICTS
    held = not p_held > LEVEL  # NaN: not tested
    return choice.best if sure and known and held and not choice.unlike else UNDECIDED


def whole_design(design: Design) -> Design:
    """The design, if hypotheses can be told apart in it.

    Raises
    ------
    WmsimError
        If there are not two items, or none is held.
    """
    plan = Plan(design)
    items = {item for item, _ in design.states}
    if len(items) < 2:
        raise WmsimError(
            f"{len(items)} item is shown or held in aligned steps; a verdict compares the codes of "
            "at least 2."
        )
    if not plan.memory:
        raise WmsimError(
            "No step comes after an item is shown, so nothing is held; align the recording with a "
            "maintenance step, or with later items."
        )
    return design


def blocks_of(job: Job) -> list[Block]:
    """Trials and units that were recorded together."""
    problem = job.problem
    if isinstance(problem, Problem):
        return [Block(problem.activity.astype(float), problem.labels, problem.n_values)]
    return list(_blocks_of_sessions(problem))


def _blocks_of_sessions(population: Population) -> Iterator[Block]:
    pool = population.pool
    for part in pool.parts:
        trials = np.flatnonzero(part.recorded)
        yield Block(
            part.activity[:, trials].astype(float),
            pool.labels[part.session][:, trials],
            population.n_values,
        )


def _predictions(judge: Judge, plan: Plan) -> dict[str, np.ndarray]:
    """Mean similarity over the reference recordings of each hypothesis."""
    reference = judge.reference
    return {
        name: np.mean(
            [similarity(kernel, plan) for kernel in reference.kernels[reference.truth == number]],
            axis=0,
        )
        for number, name in enumerate(HYPOTHESES)
    }


def _predicted_effects(judge: Judge) -> dict[str, dict[str, tuple[float, float, float]]]:
    reference = judge.reference
    found: dict[str, dict[str, tuple[float, float, float]]] = {}
    for number, name in enumerate(HYPOTHESES):
        own = reference.values[reference.truth == number]
        low, high = np.percentile(own, [2.5, 97.5], axis=0)
        found[name] = {
            effect: (float(m), float(a), float(b))
            for effect, m, a, b in zip(reference.names, own.mean(axis=0), low, high, strict=True)
        }
    return found


__all__ = ["VERDICTS", "Judged", "Observed", "Verdict", "VerdictConfig", "judge_job", "verdict"]
