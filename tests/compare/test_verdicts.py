"""Agreement of verdicts, and verdicts on sides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wmsim.compare import verdicts
from wmsim.compare.config import CompareConfig
from wmsim.compare.sides import read_sides
from wmsim.compare.verdicts import (
    ACCOUNTS,
    chance_agreement,
    judge_side,
    most_agreement,
    verdict_agreement,
)
from wmsim.hypotheses import plant
from wmsim.hypotheses.composition import HYPOTHESES


@st.composite
def beliefs(draw):
    weights = draw(st.lists(st.floats(0.01, 1), min_size=7, max_size=7))
    return dict(zip(HYPOTHESES, np.array(weights) / sum(weights), strict=True))


@given(beliefs(), beliefs())
def test_agreement_is_a_probability_between_floor_and_ceiling(model, brain):
    found = verdict_agreement(model, brain)
    assert 0 <= found <= most_agreement(brain) + 1e-12
    assert found == pytest.approx(verdict_agreement(brain, model))
    assert chance_agreement(brain) <= most_agreement(brain)
    sure = max(ACCOUNTS, key=lambda name: brain[name])
    assert verdict_agreement({sure: 1.0}, brain) == pytest.approx(most_agreement(brain))


@given(beliefs(), beliefs(), st.integers(0, 2**32 - 1))
def test_agreement_is_how_often_two_draws_are_the_same_account(model, brain, seed):
    rng = np.random.default_rng(seed)
    one, other = (rng.choice(7, 4000, p=[own[name] for name in HYPOTHESES])
                  for own in (model, brain))  # fmt: skip
    account = np.isin(np.array(HYPOTHESES), ACCOUNTS)
    same = ((one == other) & account[one]).mean()
    assert same == pytest.approx(verdict_agreement(model, brain), abs=0.05)


def test_holding_nothing_alike_is_no_agreement():
    assert verdict_agreement({"none": 1.0}, {"none": 1.0}) == 0
    assert verdict_agreement({"drift": 1.0}, {"drift": 1.0}) == 0


@pytest.fixture(scope="module")
def side():
    recording = plant(hypothesis="H2", n_units=60, n_trials=200, n_items=3, seed=1)
    return read_sides(recording, CompareConfig(), "planted")[0]


def test_a_planted_side_gets_its_verdict_and_so_do_its_halves(side, monkeypatch):
    monkeypatch.setattr(verdicts, "EACH", 20)
    monkeypatch.setattr(verdicts, "PERMUTATIONS", 20)
    whole = judge_side(side, CompareConfig())
    assert whole["verdict"] == "H2"
    assert sum(whole["probability"].values()) == pytest.approx(1)
    assert whole["p"]["memory"] < 0.06
    assert {"same_age_memory", "swap_stimulus"} <= set(whole["effects"])
    assert any("H2" in line for line in whole["reasons"])
    order = np.random.default_rng(0).permutation(200)
    halves = [judge_side(side, CompareConfig(), part) for part in (order[:100], order[100:])]
    assert verdict_agreement(*(half["probability"] for half in halves)) > 0.8
    assert halves[0]["effects"] != halves[1]["effects"]


def test_it_is_the_verdict_of_the_same_settings(side, monkeypatch):
    """Nothing but what more data would settle is left out."""
    from wmsim.hypotheses.verdict import VerdictConfig, verdict

    monkeypatch.setattr(verdicts, "EACH", 20)
    monkeypatch.setattr(verdicts, "PERMUTATIONS", 39)
    recording = plant(hypothesis="H2", n_units=60, n_trials=200, n_items=3, seed=1)
    expected = verdict(recording, VerdictConfig(each=20, bootstrap=0, permutations=39)).verdicts[0]
    found = judge_side(side, CompareConfig())
    assert found["verdict"] == expected.verdict
    assert found["probability"] == pytest.approx(expected.choice.probability)
    assert tuple(found["reasons"]) == expected.reasons


def test_what_cannot_be_judged_says_why(side):
    few = judge_side(side, CompareConfig(), np.arange(20))
    assert set(few) == {"why_not"}
    assert "20 trials are too few" in few["why_not"]
