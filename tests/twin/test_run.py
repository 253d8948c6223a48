"""Networks run the very trials, and what they did is written where the brain's is."""

import json

import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.recordings import align, validate
from wmsim.recordings.subject import record_trials
from wmsim.twin import TwinConfig, probe_accuracy, run_twin, stand_ins, twin_design
from wmsim.twin.run import very_trials

BRAIN_LABELS = ["trial", "task", "gap", "left_probe", "right_probe"]


@pytest.fixture(scope="module")
def twins(brain, subject_for):
    subject, design = subject_for(brain), twin_design(brain, name="b")
    return {
        control: run_twin(subject, design, control=control)
        for control in (None, "untrained", "encoder")
    }


def test_a_twin_has_the_brains_trials(brain, twins):
    for twin in twins.values():
        validate(twin)
        assert twin.attrs["source"] == "model"
        assert np.array_equal(twin["image"], brain["image"])
        assert twin["image"].attrs == brain["image"].attrs
        for label in BRAIN_LABELS:
            assert np.array_equal(twin[label], brain[label]), label
        assert twin["brain_correct"].values.all()
        assert np.array_equal(np.isfinite(twin["item_onset"]), np.isfinite(brain["item_onset"]))
    assert twins[None].attrs["model"] == "gru-3"
    assert "control" not in twins[None].attrs
    assert twins["untrained"].attrs["control"] == "untrained"
    assert "correct" in twins[None].variables
    assert "correct" not in twins["encoder"].variables
    assert set(twins["encoder"]["kind"].values) == {"feature"}


def test_activity_is_what_the_network_does_a_latency_later(brain, subject_for):
    """Against the recorder of fresh trials, which counts steps."""
    subject, design = subject_for(brain), twin_design(brain, TwinConfig(latency=0.3))
    twin = run_twin(subject, design)
    for part in design.parts:
        trials = very_trials(subject, design, part)
        steps = record_trials(subject, trials, split="train")
        for trial in range(0, part.rows.size, 7):
            row = part.rows[trial]
            alone = steps["activity"].values[:, :, trial]
            ran = np.isfinite(alone[:, 0])
            at = twin["item_onset"].values[row, 0] + 0.2 * (np.arange(ran.sum()) + 0.5) + 0.3
            bins = np.searchsorted(twin["time"].values, at - 1e-6)
            assert np.allclose(twin["time"].values[bins], at)
            assert np.allclose(twin["activity"].values[bins, :, row], alone[ran], atol=1e-5)
            outside = np.setdiff1d(np.arange(twin.sizes["time"]), bins)
            assert np.isnan(twin["activity"].values[outside, :, row]).all()
        assert np.array_equal(twin["correct"].values[part.rows], steps["correct"].values)
        for probe in (1, 2):
            for what in ("target", "response"):
                name = f"probe_{probe}_{what}"
                assert np.array_equal(twin[name].values[part.rows], steps[name].values)


def test_first_item_alone_tells_what_it_was(twins):
    """While the first item is on display (a latency later), trials of one image do the same."""
    for twin in twins.values():
        first = np.searchsorted(twin["time"].values, 0.3 - 1e-6)
        state = twin["activity"].values[first].T
        image = twin["image"].values[:, 0]
        load = (twin["image"].values >= 0).sum(axis=1)
        for value in range(5):
            own = state[(image == value) & (load == 3)]
            assert np.allclose(own, own[0], atol=1e-5)
        different = [state[image == value][0] for value in range(5)]
        assert np.linalg.matrix_rank(np.array(different)) == 5


def test_pictures_are_always_the_same(twins, brain, tiny_stimuli):
    picture, image = twins[None]["picture"].values, brain["image"].values
    pairs = set(zip(image.ravel().tolist(), picture.ravel().tolist(), strict=True))
    assert len(pairs) == 6  # five images and no image
    told = json.loads(twins[None].attrs["twin"])
    names = json.loads(brain["image"].attrs["labels"])
    for code, shown in pairs - {(-1, -1)}:
        assert tiny_stimuli.split[shown] == "train"
        assert (
            told["stand_ins"][names[code]]
            == tiny_stimuli.identity_names[tiny_stimuli.identity[shown]]
        )


def test_the_account_is_complete(twins, brain):
    told = json.loads(twins["untrained"].attrs["twin"])
    assert told["brain"] == "b"
    assert told["step"] == told["latency"] == 0.2
    error = np.abs(twins[None]["item_onset"].values - brain["item_onset"].values)
    assert np.nanmax(error) <= told["largest_rounding_error"] + 1e-6 <= 0.11


def test_align_treats_it_as_the_brain(twins, brain):
    ours, theirs = align(twins[None]), align(brain)
    assert ours["step_name"].values.tolist() == theirs["step_name"].values.tolist()
    missing = np.isnan(theirs["activity"].values).all(axis=1)
    assert np.array_equal(np.isnan(ours["activity"].values).all(axis=1), missing)


def test_the_encoder_does_not_remember(twins):
    """Features depend on what is on display alone: a blank is a blank."""
    twin = align(twins["encoder"], window=(0.2, 0.4), maintenance_window=(0.6, 2.0))
    blank = twin["activity"].values[-1]
    assert np.allclose(blank, blank[:, :1], atol=1e-5)


def test_maintenance_alone(maintenance_brain, subject_for):
    design = twin_design(maintenance_brain, name="cc")
    twin = run_twin(subject_for(maintenance_brain), design)
    validate(twin)
    assert "item_onset" not in twin.variables
    assert np.isfinite(twin["activity"].values).all()
    assert align(twin).sizes["time"] == 1
    assert set(probe_accuracy(twin)) == {"1", "2", "3"}
    assert set(twin["probe_image"].values) <= {"apple", "ball", "cat", "dog", "egg"}


def test_accuracy_counts_probes(twins):
    twin = twins[None]
    told = probe_accuracy(twin)
    assert probe_accuracy(twins["encoder"]) == {}
    perfect = twin.assign_coords(
        probe_1_response=twin["probe_1_target"], probe_2_response=twin["probe_2_target"]
    )
    assert {one["accuracy"] for one in probe_accuracy(perfect).values()} == {1.0}
    assert told["2"]["n_probes"] == 40
    assert told["3"]["n_probes"] == 80


@pytest.mark.parametrize("architecture", ["rnn", "lstm"])
def test_other_networks_give_their_hidden_units(brain, subject_for, architecture):
    twin = run_twin(subject_for(brain, architecture=architecture), twin_design(brain))
    assert twin.sizes["unit"] == 20
    assert set(twin["kind"].values) == {"hidden"}


def test_untrained_weights_come_of_the_seed(brain, subject_for):
    design = twin_design(brain)
    subject = subject_for(brain)
    trained = subject_for(brain)
    for weight in trained.network.parameters():
        weight.data += 0.1
    first = run_twin(subject, design, control="untrained")
    second = run_twin(trained, design, control="untrained")
    assert np.array_equal(first["activity"], second["activity"], equal_nan=True)
    own = run_twin(trained, design)
    assert not np.allclose(own["activity"], second["activity"], equal_nan=True)


def test_subjects_that_do_not_fit_are_refused(brain, maintenance_brain, brain_with, subject_for):
    with pytest.raises(WmsimError, match="has not learnt the task of b"):
        run_twin(subject_for(maintenance_brain), twin_design(brain, name="b"))
    with pytest.raises(WmsimError, match="has not learnt"):
        run_twin(subject_for(brain, tasks="1-back-identity"), twin_design(brain))
    many = np.array([np.random.default_rng(i).permutation(9)[:3] for i in range(60)])
    many[brain["image"].values < 0] = -1
    nine = brain_with(features={"image": (many, [f"i{k}" for k in range(9)])})
    nine = nine.drop_vars(["left_probe", "right_probe"])
    with pytest.raises(WmsimError, match="has 9 values"):
        run_twin(subject_for(nine), twin_design(nine))
    with pytest.raises(WmsimError, match="View 7 is asked for"):
        run_twin(subject_for(brain), twin_design(brain, TwinConfig(view=7)))


def test_new_gaps_are_told_not_refused(brain, subject_for):
    few = subject_for(brain, tasks=(
        "sequence-2-identity-delays11+12-probes2,sequence-3-identity-gaps0+1-delays12+13-probes2"
    ))  # fmt: skip
    notes = json.loads(run_twin(few, twin_design(brain)).attrs["twin"])["notes"]
    assert any("was not trained on gaps of" in note for note in notes)


def test_stand_ins_are_one_to_one(brain, subject_for):
    mapping = stand_ins(subject_for(brain), twin_design(brain))
    assert list(mapping) == ["apple", "ball", "cat", "dog", "egg"]
    assert len(set(mapping.values())) == 5
