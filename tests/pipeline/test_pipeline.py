"""The pipeline on recordings whose truth is known, and on a brain."""

import json

import numpy as np
import pytest

from wmsim.decoding import Problem
from wmsim.errors import ConfigError, WmsimError
from wmsim.hypotheses import plant
from wmsim.pipeline import AnalysisConfig, Design, analyze, prepare, transfers
from wmsim.pipeline.statistics import observed, permuted
from wmsim.recordings import build_recording, import_recording

PICTURES = {"maintenance": 1, "repeats": False, "spiking": "log-linear", "signal": 5.0}

QUICK = AnalysisConfig(folds=4, permutations=3, bootstrap=30)


@pytest.fixture(scope="module")
def planted():
    return plant(**PICTURES, n_trials=240, n_units=60, n_items=3, n_values=5, seed=11)


@pytest.fixture(scope="module")
def result(planted):
    return analyze(planted, QUICK, n_jobs=1)


def test_a_chronological_code_shows_its_pattern(result):
    numbers = result.summary["features"]["image"]
    value = {k: v["value"] for k, v in numbers.items() if isinstance(v, dict) and "value" in v}
    assert value["within"] > 0.85
    assert value["encoding_to_encoding"] > value["within"] - 0.1
    assert value["encoding_to_memory"] < 0.6
    assert value["same_age_transfer"] > value["same_item_transfer"] + 0.1
    rotations = numbers["procrustes"]
    assert rotations["swap_stimulus"]["value"] > rotations["swap_time"]["value"] + 0.1
    assert abs(rotations["reconstructed"]["value"] - rotations["fitted"]["value"]) < 0.05
    assert rotations["rotation_dimension"] == 4
    assert numbers["items_never_repeat"]


def test_every_number_has_interval_chance_and_p(result):
    numbers = result.summary["features"]["image"]
    for name in ("within", "encoding_to_encoding", "encoding_to_memory"):
        for one in (numbers[name], numbers[name]["multiclass"]):
            assert one["low"] <= one["value"] <= one["high"]
            assert one["p"] >= 1 / 4
        assert numbers[name]["chance"] == pytest.approx(0.5, abs=0.06)
        assert numbers[name]["multiclass"]["chance"] == pytest.approx(0.2, abs=0.08)
    assert len(numbers["within_by_item"]) == 3
    json.dumps(result.summary, allow_nan=False)


def test_transfer_between_items_comes_with_the_own_value_left_out(result):
    transfer = result.summary["features"]["image"]["encoding_to_encoding"]
    assert transfer["multiclass_left_out"]["value"] >= transfer["multiclass"]["value"]


def test_tensor_is_labelled(result):
    tensor = result.tensor
    assert tensor["accuracy"].dims == ("analysis", "train_state", "test_state", "metric")
    row = (tensor["train_item"] == 1) & (tensor["train_step"] == 2)
    own = tensor["accuracy"].isel(analysis=0).sel(metric="balanced")
    assert own.where(row, drop=True).max() > 0.7


def test_no_code_gives_no_effect():
    nothing = plant(
        **PICTURES | {"signal": 0}, n_trials=200, n_units=60, n_items=2, n_values=4, seed=5
    )
    numbers = analyze(nothing, QUICK, n_jobs=1).summary["features"]["image"]
    for name in ("within", "encoding_to_encoding", "encoding_to_memory"):
        assert numbers[name]["value"] == pytest.approx(0.5, abs=0.06)


def test_processes_and_stopping_do_not_change_numbers(planted, result, tmp_path):
    config = QUICK
    again = analyze(planted, config, n_jobs=2, work=tmp_path)
    assert again.summary == result.summary
    files = sorted(tmp_path.glob("*.npz"))
    assert len(files) == 2
    files[0].write_bytes(files[0].read_bytes()[:100])  # cut off: computed again, not read
    third = analyze(planted, config, n_jobs=1, work=tmp_path)
    assert third.summary == result.summary


def test_finished_pieces_are_not_computed_again(planted, tmp_path, monkeypatch):
    analyze(planted, QUICK, n_jobs=1, work=tmp_path)

    def forbidden(*args):
        raise AssertionError("computed again")

    monkeypatch.setattr("wmsim.pipeline.run._work", forbidden)
    analyze(planted, QUICK, n_jobs=1, work=tmp_path)


def test_n_back_limits_memory_to_the_span_in_use():
    states = tuple((s, t) for s in range(6) for t in range(s, 6))
    groups = transfers(Design(states=states, shown=tuple(range(6)), n_back=2))
    ages = {t - s for _, (s, t) in groups["encoding_to_memory"]}
    assert ages == {1, 2}
    assert {t - s for _, (s, t) in groups["encoding_to_memory_recall"]} == {2}
    for (s, t), (s2, t2) in groups["same_age_transfer"]:
        assert s != s2
        assert t - s == t2 - s2 >= 1
    for (s, t), (s2, t2) in groups["same_item_transfer"]:
        assert s == s2
        assert t != t2


def test_maintenance_after_an_n_back_sequence_has_a_null_too():
    rng = np.random.default_rng(0)
    states = tuple((s, t) for s in range(3) for t in range(s, 5))
    design = Design(states, (0, 1, 2, -1, -1), n_back=1)
    problem = Problem(rng.standard_normal((5, 60, 8)), rng.integers(0, 3, (3, 60)), 3, states)
    null = permuted(problem, design, QUICK, 0, 0)
    assert set(null.values) == set(observed(problem, design, QUICK, 0).values)
    assert "maintenance" in null.values


def test_one_back_has_no_swap_across_time_in_use():
    rng = np.random.default_rng(0)
    states = tuple((s, t) for s in range(4) for t in range(s, 4))
    labels = rng.integers(0, 3, (4, 60))
    problem = Problem(rng.standard_normal((4, 60, 10)), labels, 3, states)
    found = observed(problem, Design(states, (0, 1, 2, 3), n_back=1), QUICK, key=0)
    assert "procrustes.swap_time" not in found.values
    assert "procrustes.swap_time_out_of_use" in found.values


def test_a_recording_of_maintenance_alone_is_decoded_there():
    rng = np.random.default_rng(0)
    labels = np.array([rng.permutation(4)[:2] for _ in range(160)])
    labels[:60, 1] = -1  # trials of load 1
    activity = rng.poisson(3, (1, 20, 160)).astype(float)
    activity[0, :6] += 3 * labels[:, 0]
    recording = build_recording(
        activity, time=[0], time_units="step", activity_units="spikes/s", source="planted",
        features={"image": (labels, list("abcd"))}, shown_item=[-1],
    )  # fmt: skip
    numbers = analyze(recording, QUICK, n_jobs=1).summary["features"]["image"]
    assert numbers["maintenance"]["multiclass"]["value"] > 0.4
    assert "within" not in numbers
    assert numbers["within_by_item"] == []


def test_two_values_have_no_rotation():
    recording = plant(**PICTURES, n_trials=80, n_units=20, n_items=2, n_values=2, seed=1)
    numbers = analyze(recording, QUICK, n_jobs=1).summary["features"]["image"]
    assert "procrustes" not in numbers


def test_nan_units_are_named_and_can_be_dropped(planted):
    broken = planted.copy(deep=True)
    broken["activity"][:, 3, :50] = np.nan
    with pytest.raises(WmsimError, match=r"1 of 60 units \(u3\) have NaN.*--nan-units drop"):
        prepare(broken, QUICK)
    kept = prepare(broken, QUICK.changed(nan_units="drop"))
    assert kept.recording.sizes["unit"] == 59
    assert any("Left out because of NaN" in note for note in kept.notes)
    broken["activity"][:, :, 0] = np.nan
    broken["activity"][:, ::2, 0] = 1.0
    broken["activity"][:, ::2, 1] = np.nan
    with pytest.raises(WmsimError, match="All 60 units have NaN"):
        prepare(broken, QUICK.changed(nan_units="drop"))


def test_cell_states_are_left_out_unless_asked_for(planted):
    mixed = planted.assign_coords(kind=("unit", ["hidden"] * 40 + ["cell state"] * 20))
    prepared = prepare(mixed, QUICK)
    assert prepared.recording.sizes["unit"] == 40
    assert any("cell states left out" in note for note in prepared.notes)
    asked = prepare(mixed, QUICK.changed(kinds=("cell state",)))
    assert asked.recording.sizes["unit"] == 20
    assert prepare(planted, QUICK.changed(areas=("planted",))).recording.sizes["unit"] == 60
    with pytest.raises(WmsimError, match="planted"):
        prepare(planted, QUICK.changed(areas=("hippocampus",)))


def test_unknown_feature_or_task_is_suggested(planted):
    with pytest.raises(ConfigError, match="Did you mean 'image'"):
        prepare(planted, QUICK.changed(features=("imag",)))
    with pytest.raises(ConfigError, match="Did you mean 'order of 3 items'"):
        prepare(planted, QUICK.changed(tasks=("order of 2 items",)))


def test_too_few_trials_of_a_value_say_so():
    recording = build_recording(
        np.random.default_rng(0).random((1, 4, 20)), time=[0], time_units="step",
        activity_units="a.u.", features={"image": (np.arange(20)[:, None], None)},
        shown_item=[0], source="planted",
    )  # fmt: skip
    with pytest.raises(WmsimError, match="one of its 20 values has 1 trials"):
        prepare(recording, QUICK)
    with pytest.raises(WmsimError, match="Feature 'image'"):
        prepare(recording, QUICK.changed(features=("image",)))


def test_square_root_of_negative_activity_is_refused(planted):
    negative = planted.assign(activity=planted["activity"] - 100)
    with pytest.raises(WmsimError, match="no square root"):
        prepare(negative, QUICK)


@pytest.mark.recordings
@pytest.mark.slow
def test_human_units_read_images_as_measured_before(recordings_dir):
    """Accuracies of an independent measurement on the same sessions."""
    expected = {"399e11sb": [0.50, 0.64, 0.69], "405e23sb": [0.35, 0.29, 0.28, 0.40]}
    config = AnalysisConfig(permutations=0, bootstrap=0)
    for session, accuracies in expected.items():
        file = next((recordings_dir / "kornblith2017").glob(f"{session}*.h5"))
        numbers = analyze(import_recording("kornblith2017", file), config).summary
        found = [
            one["multiclass"]["value"] for one in numbers["features"]["image"]["within_by_item"]
        ]
        np.testing.assert_allclose(found, accuracies, atol=0.08)
        assert numbers["features"]["image"]["maintenance"]["value"] < 0.58
