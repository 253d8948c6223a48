"""Rules of thumb: what they say of clear cases, and that they are what they say."""

import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.hypotheses import plant
from wmsim.hypotheses.naive import Naive, judge_naively
from wmsim.pipeline import AnalysisConfig
from wmsim.pipeline.design import Design
from wmsim.pipeline.prepare import prepare


def judged(**settings):
    recording = plant(
        **{"n_units": 80, "n_trials": 250, "n_items": 3, "signal": 2.0, "seed": 1} | settings
    )
    job = prepare(recording, AnalysisConfig()).jobs[0]
    return judge_naively(job.problem, job.design, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("last", "swapped", "answer"),
    [
        (0.65, 0.9, "H1"),  # .8 of .8 is enough
        (0.63, 0.576, "H2"),  # halfway between .25 and .9 is .575
        (0.63, 0.574, "H3"),
        (0.25, 0.1, "H3"),
    ],
)
def test_rules_are_those_of_the_docstring(last, swapped, answer):
    assert Naive(0.8, last, 0.9, swapped, 0.25).answer == answer


@pytest.mark.parametrize("hypothesis", ["H1", "H2", "H3"])
def test_clear_cases_are_told_apart(hypothesis):
    found = judged(hypothesis=hypothesis)
    assert found.answer == hypothesis
    assert found.encoding > 0.9
    assert found.chance == 0.25


def test_a_stable_code_that_fades_is_no_slot_to_them():
    assert judged(hypothesis="H1", signal=1.0, decay=0.6).answer != "H1"


def test_without_any_code_they_give_an_answer_all_the_same():
    found = judged(hypothesis="none")
    assert abs(found.encoding - 0.25) < 0.1
    assert found.answer in ("H1", "H2", "H3")


def test_nothing_held_is_refused():
    job = prepare(plant(n_items=2, n_trials=40, n_units=10), AnalysisConfig()).jobs[0]
    with pytest.raises(WmsimError, match="No item is held"):
        judge_naively(job.problem, Design(((0, 0), (1, 1)), (0, 1)), rng=np.random.default_rng(0))
