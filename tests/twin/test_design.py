"""A recording's timeline in steps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import WmsimError
from wmsim.twin import TwinConfig, merged_tasks, read_brain, recording_key, twin_design


def test_trials_are_the_brains_own(brain):
    design = twin_design(brain)
    rows = np.concatenate([part.rows for part in design.parts])
    assert sorted(rows.tolist()) == list(range(brain.sizes["trial"]))
    for part in design.parts:
        load = part.task.load
        assert np.array_equal(part.values, brain["image"].values[part.rows, :load])
        assert np.array_equal(part.probes[:, 0], brain["left_probe"].values[part.rows])
        assert np.array_equal(part.probes[:, 1], brain["right_probe"].values[part.rows])
    assert [(task.load, task.probes, task.shown) for task in design.tasks] == [(2, 2, 1), (3, 2, 1)]
    assert not design.notes


@settings(max_examples=25)
@given(step=st.sampled_from([0.05, 0.067, 0.1, 0.13, 0.2]))
def test_no_time_is_off_by_more_than_half_a_step_and_the_display(brain, step):
    design = twin_design(brain, TwinConfig(step=step))
    shown = design.tasks[0].shown
    slack = abs(shown * step - 0.202)  # a display takes whole steps
    assert design.rounding <= step / 2 + 3 * slack + 1e-6
    onset, recorded = design.onset, brain["item_onset"].values
    there = np.isfinite(recorded)
    assert np.array_equal(there, np.isfinite(onset))
    assert (onset[:, 1:] >= onset[:, :-1] + shown * step - 1e-9)[there[:, 1:]].all()
    assert (design.maintenance >= np.nanmax(design.offset, axis=1) - 1e-9).all()
    assert (design.probe > np.nanmax(design.offset, axis=1)).all()
    for part in design.parts:  # the parts say the same as the times
        gaps = np.diff(onset[part.rows, : part.task.load], axis=1) / step - shown
        assert np.allclose(gaps, part.gaps)
        last = onset[part.rows, part.task.load - 1] / step + shown
        assert np.allclose(design.probe[part.rows] / step - last, part.delays)
        assert np.allclose(design.start[part.rows] * step, onset[part.rows, 0])


@settings(max_examples=25)
@given(step=st.sampled_from([0.05, 0.1, 0.17, 0.2]), latency=st.floats(0, 1))
def test_bins_cover_the_brains_time(brain, step, latency):
    design = twin_design(brain, TwinConfig(step=step, latency=latency))
    start, end = design.time[0] - step / 2, design.time[-1] + step / 2
    assert -0.5 - step - 1e-6 < start <= -0.5 + 1e-6
    assert 5.5 - 1e-6 <= end < 5.5 + step + 1e-6
    assert np.allclose(design.time, (design.bins + 0.5) * step + latency)


def test_maintenance_alone_has_a_documented_timeline(maintenance_brain):
    design = twin_design(maintenance_brain)
    assert [task.load for task in design.tasks] == [1, 2, 3]
    assert len(design.notes) == 3
    for part in design.parts:
        load = part.task.load
        assert (part.gaps == 1).all()
        assert (part.delays == 14).all()  # the latency, then 2.5 s, in steps of 0.2 s
        assert (design.start[part.rows] == -2 * load).all()
        hits = (part.probes == part.values).any(axis=1)
        assert 0.2 < hits.mean() < 0.8
    matches = [(p.probes == p.values).any(axis=1) for p in design.parts]
    assert abs(np.concatenate(matches).mean() - 0.5) < 0.02
    # The last display, written down with the latency, is over when maintenance begins.
    assert np.nanmax(design.offset) + design.config.latency == pytest.approx(0)


def test_tasks_of_several_recordings_are_merged(brain, maintenance_brain):
    slow = twin_design(brain)
    other = twin_design(brain.isel(trial=slice(0, 8)))
    merged = merged_tasks([other, slow, twin_design(maintenance_brain)])
    assert [(task.load, task.probes) for task in merged] == [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2)]
    assert merged[2:5:2] == slow.tasks


def test_probes_are_read_from_labels_or_drawn(brain):
    one = twin_design(brain, TwinConfig(probes=("right_probe",)))
    assert one.tasks[0].probes == 1
    assert np.array_equal(one.parts[0].probes[:, 0], brain["right_probe"][one.parts[0].rows])
    without = brain.drop_vars(["left_probe", "right_probe"])
    drawn = [twin_design(without, TwinConfig(seed=seed)) for seed in (0, 0, 1)]
    assert np.array_equal(drawn[0].parts[1].probes, drawn[1].parts[1].probes)
    assert not np.array_equal(drawn[0].parts[1].probes, drawn[2].parts[1].probes)
    text = without.assign_coords(
        probe=("trial", np.array(["apple", "ball", "cat"])[np.arange(60) % 3])
    )
    assert read_brain(text, name="b").probes[:4, 0].tolist() == [0, 1, 2, 0]


def test_the_key_is_of_the_content(brain):
    other = brain.copy(deep=True)
    other.attrs["note"] = "elsewhere"
    assert recording_key(other) == recording_key(brain)
    other["activity"].values[0, 0, 0] += 1
    assert recording_key(other) != recording_key(brain)


def _aligned(brain):
    from wmsim.recordings import align

    return align(brain, maintenance_window=None)


def _two_features(brain):
    return brain.rename(image="face").assign(house=brain["image"])


def _repeated(brain):
    codes = brain["image"].values.copy()
    codes[4, 1] = codes[4, 0]
    return brain.assign(image=(("trial", "item"), codes, brain["image"].attrs))


def _both_shown(brain):
    codes = brain["image"].values
    return brain.assign_coords(
        left_probe=("trial", codes[:, 0]), right_probe=("trial", codes[:, 1])
    )


@pytest.mark.parametrize(
    ("change", "config", "message"),
    [
        (lambda b: b.assign_attrs(source="model"), {}, "is a model's recording"),
        (_aligned, {}, "is an aligned recording"),
        (lambda b: b.drop_vars("image").assign(x=(("trial", "item"), b.image.values)), {},
         "role=.feature."),
        (_two_features, {}, "several features"),
        (lambda b: b, {"feature": "imag"}, "Did you mean 'image'"),
        (lambda b: b, {"step": 0.3}, "step of at most 0.2 s"),
        (lambda b: b, {"step": 0.01}, "at most 10 can be"),
        (lambda b: b, {"probes": ("left",)}, "no label 'left'"),
        (_repeated, {}, "is shown twice"),
        (_both_shown, {}, "expected exactly one"),
        (lambda b: b.drop_vars(["item_onset", "item_offset", "event_maintenance"]), {},
         "neither item_onset"),
        (lambda b: b.assign_coords(left_probe=("trial", np.full(60, 7))), {}, "none of the values"),
    ],
)  # fmt: skip
def test_what_has_no_twin_is_refused_by_name(brain, change, config, message):
    with pytest.raises(WmsimError, match=message):
        twin_design(change(brain), TwinConfig(**config), name="b")


def test_steps_as_time_are_refused(brain):
    steps = brain.assign_coords(time=("time", np.arange(120), {"units": "step"}))
    steps = steps.drop_vars(["item_onset", "item_offset"])
    with pytest.raises(WmsimError, match="seconds were expected"):
        twin_design(steps, name="b")
