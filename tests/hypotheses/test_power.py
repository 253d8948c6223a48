"""Power: more data and more signal give more of it, and it is what then happens."""

import json

import numpy as np
import pytest
import xarray as xr

from wmsim.errors import ConfigError, WmsimError
from wmsim.hypotheses import plant, plant_sessions
from wmsim.hypotheses.power_analysis import power
from wmsim.hypotheses.power_config import PowerConfig
from wmsim.hypotheses.power_pilot import read_pilot
from wmsim.hypotheses.verdict import VerdictConfig, verdict

QUICK = VerdictConfig(each=40, halvings=1, bootstrap=10, permutations=20)
SMALL = PowerConfig(
    n_items=3, n_values=2, truths=("H1", "H2"), pure=True, tests=15, units=(15, 60),
    trials=(40, 200), signal=(0.0, 0.8, 2.0), verdict=QUICK,
)  # fmt: skip


@pytest.fixture(scope="module")
def found():
    return power(SMALL, n_jobs=1)


def test_shares_add_up_within_their_intervals(found):
    results = found.results
    total = results["right"] + results["wrong"] + results["undecided"]
    np.testing.assert_allclose(total, 1)
    for share in ("right", "wrong", "undecided"):
        assert (results[f"{share}_low"] <= results[share] + 1e-9).all()
        assert (results[share] <= results[f"{share}_high"] + 1e-9).all()
    assert dict(results.sizes) == {"assumption": 3, "truth": 2, "units": 2, "trials": 2}


def test_more_trials_units_and_signal_give_more_power(found):
    right = found.results["right"].sel(assumption="signal 0.8")  # at 2 there is no room for more
    for dim in ("trials", "units"):
        less, more = right.isel({dim: 0}).mean(), right.isel({dim: 1}).mean()
        assert more > less + 0.1
    by_signal = found.results["right"].mean(["truth", "units", "trials"]).values
    assert (np.diff(by_signal) > 0.1).all()


def test_without_signal_there_is_no_power(found):
    # A pure guess is right at times: the threshold and the test of there being a code are for that.
    assert float(found.results["right"].sel(assumption="signal 0").max()) <= 0.15


def test_the_smallest_design_is_the_first_that_reaches_what_is_wanted(found):
    assert found.smallest["signal 2"][60] == 40
    assert found.smallest["signal 0"] == {15: None, 60: None}
    least = found.results["right"].min("truth")
    for name, by_units in found.smallest.items():
        for units, trials in by_units.items():
            reached = least.sel(assumption=name, units=units) >= SMALL.wanted
            assert bool(reached.sel(trials=200)) == (trials is not None)


def test_one_lucky_number_of_trials_is_not_the_smallest(found):
    results = found.results.copy(deep=True)
    results["right"][2, :, 0] = [[0.9, 0.5], [0.9, 0.9]]
    assert type(found)(results, found.config, found.assumptions, None).smallest["signal 2"] == {
        15: None, 60: 40
    }  # fmt: skip


def test_too_few_trials_for_the_regressors_are_no_power_with_the_reason():
    config = PowerConfig(n_items=4, n_values=6, units=20, trials=30, truths="H2", verdict=QUICK)
    results = power(config, n_jobs=1).results
    assert float(results["right"].squeeze()) == 0
    assert float(results["undecided"].squeeze()) == 1
    assert "trials are too few" in results["reason"].item()


def test_a_stopped_run_goes_on_and_processes_change_nothing(tmp_path, monkeypatch):
    config = SMALL.changed(units=15, trials=(40, 80), signal=2.0, tests=10, truths="H2")
    first = power(config, work=tmp_path, n_jobs=2)
    kept = sorted(tmp_path.iterdir())
    assert len(kept) == 2
    kept[0].write_text("{cut o", encoding="utf-8")
    calls = []
    import wmsim.hypotheses.power_analysis as module

    real = module.share_right
    monkeypatch.setattr(module, "share_right", lambda *a: calls.append(a[2]) or real(*a))
    again = power(config, work=tmp_path, n_jobs=1)
    assert len(calls) == 1
    xr.testing.assert_identical(first.results, again.results)
    # A cell does not depend on the others that were asked for.
    alone = power(config.changed(trials=80), work=tmp_path, n_jobs=1)
    assert len(calls) == 1
    xr.testing.assert_equal(alone.results.isel(trials=0), first.results.isel(trials=1))


@pytest.fixture(scope="module")
def pilot_recording():
    return plant(hypothesis="H1", n_units=60, n_trials=200, n_items=3, signal=1.5, seed=4)


def test_a_pilot_gives_design_noise_and_signal(pilot_recording):
    pilot = read_pilot(pilot_recording, PowerConfig(verdict=QUICK.changed(permutations=100)))
    assert (pilot.n_units, pilot.n_trials, pilot.n_values) == (60, (200,), 4)
    assert pilot.holds
    assert pilot.signal["shown"].value == pytest.approx(1.5, rel=0.15)
    # Codes shrink by 0.9 with each of one or two steps.
    assert pilot.signal["held"].value == pytest.approx(1.5 * 0.9, rel=0.25)
    assert abs(pilot.noise_in_time) < 0.1
    assert list(pilot.assumptions) == ["as in the pilot", "low end", "high end"]
    strength = pilot.blueprint.strength
    ages = np.array([step - item for item, step in pilot.blueprint.design.states])
    for shown_or_held, rows in (("shown", ages == 0), ("held", ages > 0)):
        for name, end in (("as in the pilot", "value"), ("low end", "low"), ("high end", "high")):
            wanted = 4 * (0.2 * getattr(pilot.signal[shown_or_held], end)) ** 2
            assert strength[name][rows].mean() == pytest.approx(max(wanted, 0), rel=1e-6)


def test_noise_that_lasts_is_taken_from_the_pilot():
    recording = plant(n_units=40, n_trials=200, n_items=3, noise_in_time=0.6, seed=2)
    pilot = read_pilot(recording, PowerConfig(verdict=QUICK))
    assert pilot.noise_in_time == pytest.approx(0.6, abs=0.1)
    noise = pilot.blueprint.draw_noise(300, 40, np.random.default_rng(0))
    assert np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1] == pytest.approx(0.6, abs=0.1)


def test_a_pilot_without_held_signal_says_so_and_is_given_assumed_ones():
    recording = plant(
        hypothesis="none", sensory=1.0, n_units=50, n_trials=200, n_items=3, signal=2.0, seed=12
    )
    pilot = read_pilot(recording, PowerConfig(verdict=QUICK))
    assert not pilot.holds
    assert list(pilot.assumptions) == ["held 0.25 x shown", "held 0.5 x shown", "held 1 x shown"]
    assert any("cannot be planned from a zero" in note for note in pilot.notes)
    assert any("more than the high end" in note for note in pilot.notes)
    assumed = read_pilot(recording, PowerConfig(signal=0.7, verdict=QUICK))
    assert list(assumed.assumptions) == ["held 0.7"]
    nothing = plant(hypothesis="none", n_units=30, n_trials=150, n_items=3, seed=1)
    assert list(read_pilot(nothing, PowerConfig(verdict=QUICK)).assumptions) == [
        "held 0.5", "held 1", "held 2"
    ]  # fmt: skip


def test_sessions_of_a_pilot_are_pooled():
    sessions = plant_sessions(2, n_units=20, n_trials=120, n_items=3, signal=2.0, seed=3)
    pilot = read_pilot(sessions, PowerConfig(verdict=QUICK))
    assert (pilot.n_units, pilot.n_trials) == (40, (120, 120))
    assert pilot.blueprint.labels.shape == (3, 240)
    assert power(
        PowerConfig(units=40, trials=120, truths="H2", tests=10, verdict=QUICK), sessions, n_jobs=1
    ).results["right"].sizes["assumption"] in (1, 3)


def test_labels_are_drawn_as_the_design_says():
    config = PowerConfig(n_items=4, n_values=4, repeats=False)
    from wmsim.hypotheses.power_analysis import _from_numbers

    labels = _from_numbers(config)[0].draw_labels(50, np.random.default_rng(0))
    assert labels.shape == (4, 50)
    assert all(len(set(trial)) == 4 for trial in labels.T)


def test_power_is_what_happens():
    """Planted recordings are judged right about as often as is predicted."""
    judged = VerdictConfig(each=20, halvings=2, bootstrap=0, permutations=0)
    # Few reference recordings judge unevenly, so that several cells are averaged.
    shares = [
        power(
            PowerConfig(
                n_items=3, n_values=2, units=30, trials=60, signal=1.0, truths="H2", pure=True,
                tests=10, verdict=judged.changed(seed=seed),
            ),
            n_jobs=1,
        ).results["right"].item()
        for seed in range(5)
    ]  # fmt: skip
    n = 12
    hits = 0
    for seed in range(n):
        recording = plant(
            hypothesis="H2", n_units=30, n_trials=60, n_items=3, n_values=2, seed=100 + seed
        )
        hits += verdict(recording, judged.changed(seed=seed)).verdicts[0].verdict == "H2"
    predicted, error = np.mean(shares), np.std(shares) / np.sqrt(len(shares))
    assert 0.15 < predicted < 0.9
    assert abs(hits / n - predicted) < 3 * np.hypot(error, np.sqrt(predicted * (1 - predicted) / n))


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"units": (0, 20)}, "units is .*expected 2 or more"),
        ({"trials": (1,)}, "trials is .*expected 2 or more"),
        ({"signal": (-1.0,)}, "signal is .*expected 0 or more"),
        ({"units": ()}, "units"),
        ({"n_items": 1}, "n_items is 1"),
        ({"n_values": 1}, "n_values is 1"),
        ({"n_values": 3, "repeats": False}, "^PowerConfig: values never repeat"),
        ({"n_back": 4}, "^PowerConfig: a 4-back task with 4 items"),
        ({"truths": "H4"}, "Unknown truth 'H4'"),
        ({"truths": "none"}, "Unknown truth 'none'"),
        ({"wanted": 1.0}, "wanted is 1"),
        ({"units": (100_000,)}, "Use fewer"),
    ],
)
def test_wrong_settings_have_one_clear_message(settings, match):
    with pytest.raises(ConfigError, match=match):
        PowerConfig(**settings)


def test_a_design_beside_a_pilot_is_refused(pilot_recording):
    with pytest.raises(ConfigError, match="n_items given, but the pilot"):
        power(PowerConfig(n_items=3), pilot_recording)


def test_a_pilot_of_one_item_is_refused():
    with pytest.raises(WmsimError, match="compares the codes of at least 2"):
        power(PowerConfig(), plant(n_units=20, n_trials=80, n_items=1, maintenance=1, seed=0))


def test_a_pilot_of_several_features_needs_a_choice():
    recording = plant(n_units=20, n_trials=80, n_items=3, features=("image", "place"), seed=0)
    with pytest.raises(WmsimError, match=r"has 2 features and tasks .*Choose with --feature"):
        power(PowerConfig(), recording)


def test_results_can_be_saved(found, tmp_path):
    found.results.to_netcdf(tmp_path / "power.nc")
    with xr.open_dataset(tmp_path / "power.nc") as back:
        assert json.loads(back.attrs["config"])["n_items"] == 3
