"""Codes planted to generalise do, codes planted not to do not; nested features are told apart."""

import json

import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.figures.held_out import held_out_figure
from wmsim.pipeline import AnalysisConfig
from wmsim.pipeline.held_out import crossed, held_out_conditions
from wmsim.recordings import build_recording

CONFIG = AnalysisConfig(folds=3, permutations=40, bootstrap=30)


def planted(abstract=True, *, n_trials=150, n_units=30, signal=1.0, seed=0):
    """Two items, then maintenance; location adds to identity, or each pair has a code of its own.

    Maintenance holds item 1 in a code turned away from that at its display.
    """
    rng = np.random.default_rng(seed)
    location, identity = rng.integers(2, size=(n_trials, 2)), rng.integers(6, size=(n_trials, 2))
    of_location, of_identity = rng.standard_normal((2, 6, n_units))
    of_pair = rng.standard_normal((2, 6, n_units))
    activity = rng.standard_normal((3, n_units, n_trials))
    turn = np.linalg.qr(rng.standard_normal((n_units, n_units)))[0]

    def code(item):
        a, b = location[:, item], identity[:, item]
        own = of_location[a] + of_identity[b] if abstract else of_pair[a, b]
        return signal * own

    activity[0] += code(0).T
    activity[1] += code(1).T
    activity[2] += (code(0) @ turn).T
    return build_recording(
        activity, time=[0, 1, 2], time_units="step", activity_units="a.u.", source="planted",
        features={"location": location, "identity": identity, "category": identity // 2},
        shown_item=[0, 1, -1], seed=seed,
    )  # fmt: skip


def only(found):
    (entry,) = found[1]["analyses"]
    return entry


def test_an_abstract_code_generalises_at_display_and_in_memory_but_not_across_its_turn():
    dataset, summary = held_out_conditions(planted(), "location", "identity", config=CONFIG)
    entry = only((dataset, summary))
    assert entry["n_splits"] == 5
    assert entry["within"]["value"] > 0.9
    assert entry["within"]["p"] <= 0.05
    assert entry["encoding_to_encoding"]["value"] > 0.9
    assert abs(entry["encoding_to_memory"]["value"] - 0.5) < 0.2
    assert entry["within"]["low"] <= entry["within"]["value"] <= entry["within"]["high"]
    assert entry["within"]["cost"]["value"] < 0.1
    assert entry["within"]["n"] == 150
    state = (dataset["train_item"] == 0) & (dataset["train_step"] == 2)
    held = dataset["accuracy"].values[0, state.values][:, state.values][0, 0, 0]
    assert held > 0.8
    json.dumps(summary, allow_nan=False)


def test_a_code_of_its_own_for_each_pair_is_decodable_and_does_not_generalise():
    entry = only(held_out_conditions(planted(False, signal=2.0), "location", "identity",
                                     config=CONFIG))  # fmt: skip
    assert entry["within"]["seen"]["value"] > 0.85
    assert entry["within"]["cost"]["low"] > 0.1
    assert entry["within"]["p"] > 0.01


def test_null_of_conditions_is_as_wide_as_accidents_of_geometry():
    """Against permuted trials, unrelated conditions look significant as often as not."""
    reached = {"conditions": [], "trials": []}
    for seed in range(8):
        recording = planted(False, n_trials=120, n_units=12, signal=3.0, seed=seed)
        recording = recording.isel(time=[0], item=[0])
        for null, values in reached.items():
            entry = only(held_out_conditions(recording, "location", "identity", null=null,
                                             config=CONFIG))  # fmt: skip
            one = entry["within"]
            values.append(one["null_high"] - one["null_low"])
            assert abs(one["chance"] - 0.5) < 0.12
    assert np.mean(reached["conditions"]) > 1.3 * np.mean(reached["trials"])


def test_nested_features_can_be_held_out_one_way_only():
    recording = planted()
    entry = only(held_out_conditions(recording, "category", "identity", config=CONFIG))
    assert entry["n_splits"] == 2
    with pytest.raises(WmsimError, match=r"'identity' is nested within 'category'.*other way"):
        held_out_conditions(recording, "identity", "category", config=CONFIG)


def test_by_default_all_crossed_pairs_are_asked_and_the_others_named(tmp_path):
    few = CONFIG.changed(permutations=5)
    dataset, summary = held_out_conditions(planted(n_trials=240).isel(time=[0, 1]), config=few)
    pairs = {(one["feature"], one["held_out"]) for one in summary["analyses"]}
    assert pairs == {
        ("location", "identity"), ("location", "category"), ("identity", "location"),
        ("category", "location"), ("category", "identity"),
    }  # fmt: skip
    assert any("nested within" in note for note in summary["notes"])
    assert dataset.sizes["analysis"] == 5
    _, fewer = held_out_conditions(planted(n_trials=90).isel(time=[0, 1]), config=few)
    assert any("items of a value to be fitted to" in note for note in fewer["notes"])
    for path in held_out_figure(summary, tmp_path / "figure"):
        assert path.stat().st_size > 2000


def test_results_are_seeded():
    one, two, other = (
        held_out_conditions(planted(), "category", "location",
                            config=CONFIG.changed(permutations=5, seed=seed))[0]
        for seed in (1, 1, 2)
    )  # fmt: skip
    np.testing.assert_array_equal(one["accuracy"], two["accuracy"])
    assert not np.array_equal(one["accuracy"], other["accuracy"])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("location", "location"), "held out of itself"),
        (("location", "identty"), "Did you mean 'identity'"),
    ],
)
def test_wrong_requests_are_refused(names, message):
    with pytest.raises(WmsimError, match=message):
        held_out_conditions(planted(n_trials=60), *names, config=CONFIG)


def test_partly_crossed_features_are_named():
    labels, condition = np.array([[0, 0, 1, 1]]), np.array([[0, 1, 0, 0]])
    assert "not crossed: 1 of 2 values" in crossed(labels, condition, "a", "b")
