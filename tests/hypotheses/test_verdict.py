"""Verdicts: right on what was planted, undecided where there is nothing, clear where it cannot."""

import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.hypotheses import plant, plant_sessions
from wmsim.hypotheses.verdict import VerdictConfig, verdict
from wmsim.recordings import subset

QUICK = VerdictConfig(each=40, bootstrap=0, permutations=0)


@pytest.mark.parametrize("truth", ["H1", "H2", "H3", "shared"])
def test_the_planted_hypothesis_is_found(truth):
    recording = plant(hypothesis=truth, n_units=80, n_trials=240, n_items=3, maintenance=1, seed=31)
    found = verdict(recording, QUICK).verdicts[0]
    assert found.verdict == truth
    assert found.probability > 0.9
    assert found.choice.distance < 1


@pytest.mark.parametrize("seed", range(3))
def test_no_code_is_undecided(seed):
    recording = plant(hypothesis="none", n_units=60, n_trials=160, n_items=3, seed=seed)
    config = QUICK.changed(permutations=50)
    found = verdict(recording, config).verdicts[0]
    assert found.verdict == "undecided"
    assert found.p["memory"] > 0.02


def test_drift_is_no_account_of_memory():
    recording = plant(hypothesis="drift", n_units=80, n_trials=240, n_items=4, seed=5)
    found = verdict(recording, QUICK).verdicts[0]
    assert found.choice.best == "drift"
    assert found.verdict == "undecided"


def test_dependent_labels_unequal_noise_and_spikes_do_not_mislead():
    recording = plant(
        hypothesis="H1", n_units=80, n_trials=300, n_items=3, maintenance=1, n_values=5,
        repeats=False, spiking="log-linear", signal=3.0, seed=8,
    )  # fmt: skip
    assert verdict(recording, QUICK).verdicts[0].verdict == "H1"


def test_the_same_seed_gives_the_same_verdict():
    recording = plant(n_units=30, n_trials=100, n_items=3, seed=2)
    config = VerdictConfig(each=20, bootstrap=5, permutations=10)
    one, same = (verdict(recording, config).verdicts[0] for _ in range(2))
    assert one.choice == same.choice
    assert one.effects == same.effects
    assert one.p == same.p


def test_what_does_not_matter_does_not_matter():
    recording = plant(n_units=40, n_trials=150, n_items=3, seed=3)
    one = verdict(recording, QUICK).verdicts[0]
    scaled = recording.assign(activity=recording["activity"] * 7 + 3)
    other = verdict(scaled, QUICK).verdicts[0]
    for name, value in one.choice.probability.items():
        assert other.choice.probability[name] == pytest.approx(value, abs=1e-3)


def test_sessions_are_pooled_over_their_units():
    sessions = plant_sessions(3, hypothesis="H2", n_units=30, n_trials=200, n_items=3, seed=4)
    found = verdict(sessions, QUICK).verdicts[0]
    assert found.n_units == 90
    assert found.verdict == "H2"


def test_predictions_are_those_of_the_hypotheses():
    recording = plant(hypothesis="H1", n_units=80, n_trials=240, n_items=3, seed=6)
    found = verdict(recording, QUICK).verdicts[0]
    row = {state: number for number, state in enumerate(found.states)}
    kept, moved = (row[0, 0], row[0, 2]), (row[0, 1], row[1, 2])
    assert found.predicted["H1"][kept] > 0.6 > 0.4 > found.predicted["H1"][moved]
    assert found.predicted["H2"][moved] > 0.6 > 0.4 > found.predicted["H2"][kept]
    nearest = min(
        ("H1", "H2", "H3", "shared"),
        key=lambda name: np.abs(found.predicted[name] - found.similarity).mean(),
    )
    assert nearest == "H1"


def test_features_that_a_task_does_not_ask_for_are_judged_only_when_named():
    recording = plant(
        features=("location", "identity"), n_back=1, n_units=40, n_trials=150, n_items=4, seed=7
    )
    assert [one.feature for one in verdict(recording, QUICK).verdicts] == ["location"]
    named = QUICK.changed(analysis=QUICK.analysis.changed(features=("identity",)))
    assert [one.feature for one in verdict(recording, named).verdicts] == ["identity"]


def test_one_item_cannot_be_judged():
    recording = plant(n_items=1, maintenance=1, n_units=20, n_trials=60, seed=1)
    with pytest.raises(WmsimError, match=r"1 item is shown or held .* at least 2"):
        verdict(recording, QUICK)


def test_items_held_whose_display_was_not_recorded_can_be_judged():
    recording = plant(
        hypothesis="shared", n_items=2, maintenance=2, n_units=60, n_trials=200, seed=9
    )
    held = recording.isel(time=[2, 3])
    found = verdict(held, QUICK).verdicts[0]
    assert "same_age_encoding" not in found.effects
    assert found.choice.probability["shared"] > 0.5
    assert max(found.choice.probability[name] for name in ("H1", "H2", "H3")) < 0.1


def test_nothing_held_cannot_be_judged():
    recording = plant(n_items=3, n_back=1, n_units=20, n_trials=60, seed=1)
    first = recording.isel(time=[0])
    with pytest.raises(WmsimError, match=r"Nothing to (judge|analyse)"):
        verdict(first, QUICK)


def test_too_few_trials_are_named():
    recording = subset(plant(n_units=20, n_trials=200, seed=1), trials=np.arange(22))
    with pytest.raises(WmsimError, match=r"Nothing to (judge|analyse).*trials"):
        verdict(recording, QUICK)
