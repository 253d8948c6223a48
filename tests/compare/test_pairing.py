"""Which sides are compared, and one clear message for pairs that do not fit."""

import numpy as np
import pytest
import xarray as xr

from wmsim.compare.config import CompareConfig
from wmsim.compare.pairing import make_pairs
from wmsim.errors import ConfigError, WmsimError
from wmsim.hypotheses import plant
from wmsim.pipeline import AnalysisConfig
from wmsim.recordings import build_recording

CONFIG = CompareConfig()


def planted(**changes):
    settings = {
        "n_units": 12, "n_trials": 40, "n_items": 2, "n_values": 4, "maintenance": 1, "seed": 3
    }  # fmt: skip
    return plant(hypothesis="H2", **(settings | changes))


def continuous(units="s", n_items=2, *, empty=False):
    """A recording in time bins, with items at 0 and 1, maintenance at 2."""
    rng = np.random.default_rng(5)
    activity = rng.normal(size=(50, 6, 40))
    if empty:
        activity[:15] = np.nan
    labels = np.array([rng.permutation(4)[:n_items] for _ in range(40)])
    recording = build_recording(
        activity, time=np.arange(0.05, 5, 0.1), time_units="s", activity_units="a.u.",
        source="neural", features={"image": labels},
        item_onset=np.tile(np.arange(n_items, dtype=float), (40, 1)),
        events={"maintenance": np.full(40, float(n_items))},
    )  # fmt: skip
    if units != "s":
        recording["time"].attrs["units"] = units
    return recording


def test_a_pair_has_the_same_steps_values_and_items():
    (pair,) = make_pairs(planted(), planted(seed=4, n_units=9), CONFIG)
    assert pair.model.steps == pair.brain.steps == ("item 1", "item 2", "maintenance")
    assert pair.model.values == pair.brain.values
    assert pair.model.n_items == pair.brain.n_items == 2
    assert not pair.matched  # other trials


def test_the_same_trials_are_found_to_be_the_same():
    (pair,) = make_pairs(planted(), planted(), CONFIG)
    assert pair.matched


def test_a_continuous_brain_meets_an_aligned_model():
    (pair,) = make_pairs(planted(), continuous(), CONFIG)
    assert pair.brain.steps == ("item 1", "item 2", "maintenance")
    assert pair.brain.activity.shape == (3, 40, 6)


def test_several_maintenance_steps_are_averaged():
    model = planted(maintenance=3)
    (pair,) = make_pairs(model, planted(), CONFIG)
    assert pair.model.steps == ("item 1", "item 2", "maintenance")
    activity = model["activity"].transpose("time", "trial", "unit").values
    before = activity[2:].mean(axis=0)
    scale = pair.model.activity[2] / before  # each unit in its own noise
    np.testing.assert_allclose(scale, np.broadcast_to(scale[:1], scale.shape), rtol=1e-4)


def test_a_networks_units_keep_their_scale():
    model = planted()
    model.attrs["source"] = "model"
    (pair,) = make_pairs(model, planted(), CONFIG)
    activity = model["activity"].transpose("time", "trial", "unit").values
    np.testing.assert_allclose(pair.model.activity, activity, rtol=1e-6)


def test_models_have_no_more_units_than_allowed():
    (pair,) = make_pairs(planted(n_units=30), planted(), CompareConfig(units=10))
    assert pair.model.activity.shape[2] == 10
    assert any("10 of 30 units" in note for note in pair.notes)


def test_values_are_paired_by_name_whatever_their_order():
    model, brain = planted(), planted()
    names = ["d", "c", "b", "a"]
    model["image"] = model["image"].copy()
    model["image"].attrs["labels"] = '["a", "b", "c", "d"]'
    brain["image"].attrs["labels"] = str(names).replace("'", '"')
    (pair,) = make_pairs(model, brain, CONFIG)
    assert pair.model.values == pair.brain.values
    text = [[side.values[code] for code in side.labels[0]] for side in (pair.model, pair.brain)]
    assert text[0] == [["a", "b", "c", "d"][code] for code in model["image"].values[:, 0]]
    assert text[1] == [names[code] for code in brain["image"].values[:, 0]]


def test_values_of_other_names_are_paired_in_order_and_it_is_said():
    model = planted()
    model["image"].attrs["labels"] = '["boat", "car", "lamp", "mug"]'
    (pair,) = make_pairs(model, planted(), CONFIG)
    assert pair.matched
    assert any("paired in their order: boat" in note for note in pair.notes)


def test_the_first_items_can_be_compared_alone():
    (pair,) = make_pairs(planted(n_items=4), planted(n_items=2), CompareConfig(items=2))
    assert pair.model.steps == ("item 1", "item 2")
    assert pair.model.n_items == 2


def test_features_of_other_names_are_paired_when_asked():
    model = planted(features=("identity",))
    (pair,) = make_pairs(model, planted(), CompareConfig(pairs={"identity": "image"}))
    assert (pair.model.feature, pair.brain.feature) == ("identity", "image")


def test_units_that_miss_trials_are_kept_apart():
    brain = planted()
    brain["activity"][:, 3, :10] = np.nan
    (pair,) = make_pairs(planted(), brain, CONFIG)
    assert pair.brain.activity.shape[2] == 11
    assert pair.brain.holed.shape[2] == 1
    assert any("1 of 12 units miss some trials" in note for note in pair.notes)


@pytest.mark.parametrize(
    ("model", "brain", "config", "said"),
    [
        (planted(features=("sound",)), planted(), CONFIG,
         r"no feature in common: sound against image.*--pair sound=image"),
        (planted(n_items=3), planted(), CONFIG, r"3 items a trial, brain 2.*--items 2"),
        (planted(n_values=5), planted(n_values=2, n_items=2), CONFIG,
         r"share 2 values of 'image'.*at least 3"),
        (planted(), continuous("ms"), CONFIG, r"brain: its time is in 'ms'.*divide ms by 1000"),
        (planted(), continuous("step"), CONFIG, r"brain: its time is in 'step'.*seconds"),
        (planted(), continuous(empty=True), CONFIG,
         r"brain: all activity is NaN at 1 of 3 aligned steps.*--window"),
        (planted(), planted(n_units=1), CONFIG, r"brain has 1 unit.*at least 2"),
        (planted(), planted(), CompareConfig(analysis=AnalysisConfig(features=("imge",))),
         r"model: Unknown feature 'imge'. Did you mean 'image'\?"),
    ],
    ids=["feature", "items", "values", "ms", "steps", "nan", "units", "unknown"],
)  # fmt: skip
def test_broken_pairs_say_what_is_wrong(model, brain, config, said):
    with pytest.raises(WmsimError, match=said):
        make_pairs(model, brain, config)


def test_no_feature_at_all():
    with pytest.raises(WmsimError, match=r"(?s)brain: .*no .* variable has attr role='feature'"):
        make_pairs(planted(), planted().drop_vars("image"), CONFIG)


def test_several_tasks_need_a_name():
    model = xr.concat([planted(seed=1), planted(seed=2)], "trial")
    model = model.assign_coords(
        trial=np.arange(80), task=("trial", np.repeat(["easy", "hard"], 40))
    )
    with pytest.raises(WmsimError, match="tasks 'easy', 'hard'; which of them"):
        make_pairs(model, planted().drop_vars("task", errors="ignore"), CONFIG)


def test_unknown_scores_are_guessed():
    with pytest.raises(ConfigError, match="Did you mean 'rsa'"):
        CompareConfig(scores=("rda",))


def test_a_misspelt_pair_is_no_pair():
    with pytest.raises(WmsimError, match=r"Unknown feature 'imag'\. Did you mean 'image'"):
        make_pairs(planted(), planted(), CompareConfig(pairs={"imag": "image"}))


def test_too_few_resamples_say_nothing():
    with pytest.raises(ConfigError, match="at least 20 resamples, or 0"):
        CompareConfig(bootstrap=10)


def test_gaps_that_hold_different_items_stay_apart():
    from wmsim.compare.sides import _merged

    names = ["item 1", "gap 1", "gap 2", "item 2", "gap 3", "probe"]
    shown = np.array([0, -1, -1, 1, -1, -1])
    steps, activity, items = _merged(names, np.arange(6.0).reshape(6, 1, 1), shown)
    assert steps == ["item 1", "gap 1", "item 2", "gap 2"]
    assert activity.ravel().tolist() == [0, 1.5, 3, 4]
    assert items.tolist() == [0, -1, 1, -1]


def test_numbers_as_names_are_told_unless_trials_are_the_same():
    for brain, said in ((planted(), False), (planted(seed=4), True)):
        (pair,) = make_pairs(planted(), brain, CONFIG)
        assert any("paired by their numbers" in note for note in pair.notes) is said
