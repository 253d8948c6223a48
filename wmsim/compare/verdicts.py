"""Agreement of verdicts: how probable it is that model and brain hold items by the same account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from wmsim.compare.config import CompareConfig
from wmsim.compare.sides import Side
from wmsim.compare.tensor import design_of
from wmsim.decoding import Problem
from wmsim.errors import WmsimError
from wmsim.hypotheses.composition import HYPOTHESES
from wmsim.hypotheses.verdict import UNDECIDED, VERDICTS, VerdictConfig, judge_job
from wmsim.pipeline.design import Design
from wmsim.pipeline.jobs import Job

# "drift" and "none" are answers, and no accounts of how items are held.
ACCOUNTS = tuple(name for name in VERDICTS if name != UNDECIDED)
# Reference recordings of each hypothesis, and permutations: many sides are judged.
EACH, PERMUTATIONS = 30, 100


def verdict_agreement(model: Mapping[str, float], brain: Mapping[str, float]) -> float:
    """Probability that both are of the same account of working memory.

    The sum of products of probabilities over accounts (H1, H2, H3, shared, mixture). That both
    drift, or that neither holds anything, is no agreement on how items are held. Two mixtures
    count as agreeing, whatever their parts are.

    Parameters
    ----------
    model, brain : mapping of str to float
        Probability of each hypothesis.

    Returns
    -------
    float
        0 to 1. The most that a brain allows is its most probable account's probability
        (:func:`most_agreement`); a model that knows nothing reaches :func:`chance_agreement`.

    Examples
    --------
    >>> sure = {"H2": 1.0}
    >>> verdict_agreement(sure, {"H1": 0.3, "H2": 0.7}), verdict_agreement({"none": 1.0}, sure)
    (0.7, 0.0)
    """
    return float(sum(model.get(name, 0.0) * brain.get(name, 0.0) for name in ACCOUNTS))


def most_agreement(brain: Mapping[str, float]) -> float:
    """The most that a model can agree with a brain: by being sure of its most probable account.

    A ceiling for what is known of this brain; how well its verdict repeats is told by the
    agreement of the verdicts on two halves of its trials.

    Examples
    --------
    >>> most_agreement({"H1": 0.3, "H2": 0.6, "none": 0.1})
    0.6
    """
    return float(max(brain.get(name, 0.0) for name in ACCOUNTS))


def chance_agreement(brain: Mapping[str, float]) -> float:
    """Agreement with a brain of a model for which all hypotheses are equally probable: the floor.

    Examples
    --------
    >>> round(chance_agreement({"H1": 0.3, "H2": 0.6, "none": 0.1}), 4)
    0.1286
    """
    return verdict_agreement(dict.fromkeys(HYPOTHESES, 1 / len(HYPOTHESES)), brain)


def judge_side(
    side: Side, config: CompareConfig, trials: np.ndarray | None = None
) -> dict[str, Any]:
    """The verdict on a side, or why there is none.

    Parameters
    ----------
    side : Side
        A model or a brain; its items, steps and values as they are compared.
    config : CompareConfig
        Its seed is used.
    trials : ndarray of int, optional
        Judge these trials alone, such as one half of them.

    Returns
    -------
    dict
        ``probability`` (of each hypothesis), ``verdict``, ``effects`` (by name), ``p`` (of items
        being coded at all) and ``reasons`` (in plain words); or ``why_not`` alone, a message, where
        it cannot be judged.

    Examples
    --------
    >>> from wmsim.compare.sides import read_sides
    >>> from wmsim.hypotheses import plant
    >>> side = read_sides(plant(n_items=1, n_trials=40, n_units=9), CompareConfig(), "one item")[0]
    >>> judge_side(side, CompareConfig())["why_not"]
    '1 item is shown or held in aligned steps; a verdict compares the codes of at least 2.'
    """
    chosen = np.arange(side.n_trials) if trials is None else np.asarray(trials)
    design = design_of(side)
    # In the order that recordings have them, so that the verdict is the same as on its own.
    design = Design(tuple(sorted(design.states)), design.shown)
    problem = Problem(
        side.activity[:, chosen], side.labels[:, chosen], side.n_values, design.states
    )
    job = Job(side.task, side.feature, None, side.values, problem, design)
    settings = VerdictConfig(
        each=EACH, bootstrap=0, permutations=PERMUTATIONS, more_data=False, seed=config.seed
    )
    try:
        found = judge_job(job, settings)
    except WmsimError as error:
        return {"why_not": str(error)}
    return {
        "probability": {name: float(one) for name, one in found.choice.probability.items()},
        "verdict": found.verdict,
        "effects": {name: float(effect.value) for name, effect in found.effects.items()},
        "p": {name: float(one) for name, one in found.p.items()},
        "reasons": list(found.reasons),
    }
