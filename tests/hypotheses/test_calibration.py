"""Calibration: the verdict's own procedure, taken up again, and arithmetic by hand."""

import json

import pytest

from wmsim.errors import ConfigError
from wmsim.hypotheses import calibration
from wmsim.hypotheses.calibration import OUTCOMES, calibrate, judge_case, read_outcomes
from wmsim.hypotheses.calibration_config import CONDITIONS, CalibrationConfig, Case
from wmsim.hypotheses.calibration_tables import (
    condense,
    confusion,
    reliability,
    share,
    shares,
    table,
    uniformity,
)
from wmsim.hypotheses.verdict import verdict

QUICK = {
    "each": 20, "bootstrap": 0, "permutations": 39, "analysis": {"nan_units": "drop"}
}  # fmt: skip
TINY = CalibrationConfig(
    units=(20,), trials=(60,), signals=(2.0,), truths=("H1", "none"), repeats=1, conditions=(),
    verdict=QUICK,
)  # fmt: skip


def outcome(truth="H1", verdict="H1", *, naive="H1", p=None, stated=0.95, best=None, **more):
    best = best or (verdict if verdict != "undecided" else truth)
    return {
        "condition": "plain", "truth": truth, "n_units": 20, "n_trials": 60, "signal": 1.0,
        "verdict": verdict, "best": best, "probability": {best: stated}, "p_encoding": p,
        "p_memory": p, "naive": naive, "reason": None, "seconds": 1.0,
    } | more  # fmt: skip


def test_a_verdict_is_that_of_the_verdict():
    case = Case("plain", "H2", 30, 100, 1.0, 0)
    ours = judge_case(case, TINY)
    theirs = verdict(case.plant(TINY.seed), TINY.verdict).verdicts[0]
    assert ours["verdict"] == theirs.verdict
    assert ours["probability"] == theirs.choice.probability
    assert ours["p_memory"] is None  # where a code is plain, p is not worked out


def test_p_that_matters_is_that_of_the_verdict(monkeypatch):
    monkeypatch.setattr(calibration, "FAR", 1e9)
    case = Case("plain", "H2", 20, 60, 2.0, 1)
    theirs = verdict(case.plant(TINY.seed), TINY.verdict).verdicts[0]
    ours = judge_case(case, TINY.changed(naive=False))
    assert (ours["verdict"], ours["p_memory"]) == (theirs.verdict, theirs.p["memory"])


def test_nothing_held_is_no_verdict(monkeypatch):
    monkeypatch.setattr(
        calibration, "permutation_p", lambda *_, **__: {"encoding": 0.01, "memory": 0.06}
    )
    monkeypatch.setattr(calibration, "FAR", 1e9)
    assert judge_case(Case("plain", "H1", 20, 60, 2.0, 0), TINY)["verdict"] == "undecided"


def test_recordings_have_seeds_of_their_own():
    cases = list(CalibrationConfig().cases())
    seeds = {case.seed(1) for case in cases}
    assert len(seeds) == len(cases) > 1000
    assert seeds.isdisjoint(case.seed(2) for case in cases)
    smaller = CalibrationConfig(units=(40,), trials=(100,), signals=(1.0,), conditions=(), focus=())
    assert set(smaller.cases()) <= set(cases)


def test_mixtures_take_turns():
    planted = [
        json.loads(Case("plain", "mixture", 5, 20, 1.0, n).plant(0).attrs["config"])["shares"]
        for n in range(6)
    ]
    assert len({tuple(one) for one in planted}) == 6


@pytest.mark.parametrize("condition", sorted(CONDITIONS))
def test_every_condition_can_be_judged(condition, monkeypatch):
    monkeypatch.setattr(calibration, "_verdict", lambda *_, **__: {"verdict": "H2"})
    case = Case(condition, "H2", 20, 120, 1.0, 0)
    found = judge_case(case, CalibrationConfig(naive=False))
    assert (found["verdict"], found["reason"]) == ("H2", None)
    # ... and the estimator can tell the items of its design apart.
    monkeypatch.undo()
    if condition in ("dependent labels", "missing units", "sessions"):
        assert judge_case(case, TINY)["reason"] is None


def test_too_few_trials_are_undecided_with_the_reason():
    found = judge_case(Case("plain", "H1", 20, 25, 1.0, 0), TINY)
    assert found["verdict"] == "undecided"
    assert "trials" in found["reason"]
    assert shares([found | {"naive": None}])["not_judged"] == 1


def test_a_run_goes_on_where_it_was(tmp_path, monkeypatch):
    whole = calibrate(TINY, tmp_path)
    assert {one["truth"]: one["verdict"] for one in whole} == {"H1": "H1", "none": "undecided"}
    assert whole[0]["p_memory"] is None
    assert 0 < whole[1]["p_memory"] <= 1
    # The last line is cut off, as by a power failure: that recording alone is done again.
    file = tmp_path / OUTCOMES
    file.write_text(file.read_text()[:-40])
    done = []
    real = calibration.judge_case
    monkeypatch.setattr(
        calibration, "judge_case", lambda case, config: done.append(case) or real(case, config)
    )
    again = calibrate(TINY, tmp_path)
    assert [case.truth for case in done] == ["none"]
    strip = lambda found: [one | {"seconds": 0} for one in found]  # noqa: E731
    assert strip(again) == strip(whole)
    assert len(read_outcomes(file)) == 2
    # Other settings: other recordings.
    calibrate(TINY.changed(seed=5), tmp_path)
    assert len(done) == 3


def test_processes_change_nothing(tmp_path):
    pair = TINY.changed(truths=("H1", "H3"), naive=False)
    one, two = calibrate(pair), calibrate(pair, n_jobs=2)
    assert [each["probability"] for each in one] == [each["probability"] for each in two]


def test_what_there_is_not_is_refused():
    with pytest.raises(ConfigError, match="Did you mean 'overlap'"):
        CalibrationConfig(conditions=("overlab",))
    with pytest.raises(ConfigError, match="shard"):
        CalibrationConfig(truths=("shard",))
    with pytest.raises(ConfigError, match="preset"):
        CalibrationConfig.preset("big")


def test_shares_have_wilsons_interval():
    # Wilson (1927) by hand: 8 of 10.
    found = share(8, 10)
    assert (found["low"], found["high"]) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert share(10, 10)["high"] == 1.0
    assert share(0, 0)["value"] is None


def test_right_wrong_and_undecided():
    found = shares([
        outcome(), outcome("H2", "H1"), outcome("H2", "undecided", naive="H2"),
        outcome("none", "undecided"), outcome("drift", "H3", naive=None),
    ])  # fmt: skip
    assert [found[name]["value"] for name in ("right", "wrong", "undecided")] == [0.2, 0.4, 0.4]
    assert found["naive_right"]["value"] == 0.5
    assert found["naive_right"]["n"] == 4


def test_rows_add_up():
    outcomes = [outcome(), outcome(verdict="H3"), outcome("H2", "H2", n_units=40)]
    rows = table(outcomes)
    assert [row["n"] for row in rows] == [2, 1]
    assert rows[0]["right"] + rows[0]["wrong"] + rows[0]["undecided"] == 1
    assert (rows[0]["H1"], rows[0]["H3"]) == (1, 1)
    assert confusion(outcomes)["H1"]["H3"] == 1


def test_reliability_by_hand():
    found = reliability([0.1, 0.2, 0.6, 0.6, 0.6, 1.0], [0, 1, 1, 1, 0, 1], (0, 0.5, 0.9, 1.0))
    assert [one["n"] for one in found["bins"]] == [2, 3, 1]
    assert [one["stated"] for one in found["bins"]] == pytest.approx([0.15, 0.6, 1.0])
    assert [one["right"]["value"] for one in found["bins"]] == pytest.approx([0.5, 2 / 3, 1.0])
    error = (2 * 0.35 + 3 * (2 / 3 - 0.6) + 0) / 6
    assert found["expected_calibration_error"] == pytest.approx(error)
    assert found["excess"] == pytest.approx(3.1 / 6 - 4 / 6)


def test_reliability_of_honest_probabilities_is_perfect(rng):
    stated = rng.uniform(0.2, 1, 20_000)
    honest = reliability(stated, rng.random(20_000) < stated)
    assert honest["expected_calibration_error"] < 0.02
    too_sure = reliability(stated, rng.random(20_000) < stated**2)
    assert too_sure["excess"] > 0.1


def test_uniform_p_is_told_from_other_p(rng):
    assert uniformity(rng.random(300))["p"] > 1e-3
    assert uniformity(rng.random(300) ** 2)["p"] < 1e-6
    assert uniformity([0.05, 0.2, 0.5, 0.9])["below"]["value"] == 0.25
    assert uniformity([])["p"] is None


def test_everything_is_condensed():
    outcomes = [
        outcome(), outcome("none", "undecided", p=0.3, stated=0.3, best="H1"),
        outcome("H2", "H1", condition="overlap"),
    ]  # fmt: skip
    found = condense(outcomes)
    assert found["by_truth"]["H1"]["right"]["value"] == 1
    assert found["conditions"]["overlap"]["accounts"]["wrong"]["value"] == 1
    assert found["conditions"]["plain"]["no_account"]["verdict"]["value"] == 0
    assert found["p_without_code"]["memory"]["n"] == 1
    assert found["reliability"]["n"] == 2  # of the grid
    json.dumps(found, allow_nan=False)
