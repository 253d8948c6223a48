"""Alignment against a slow reference, its windows, and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import WmsimError
from wmsim.recordings import align, states, validate
from wmsim.recordings.align import bin_edges, window_means
from wmsim.recordings.checks import unit_blocks


def slow_mean(values, edges, start, end):
    """Mean of one unit in one trial's window: every bin by its overlap, NaN left out."""
    if np.isnan(start):
        return np.nan
    total = weight = 0.0
    for value, (low, high) in zip(values, edges, strict=True):
        overlap = min(high, end) - max(low, start)
        if overlap > 0 and not np.isnan(value):
            total += overlap * value
            weight += overlap
    return total / weight if weight > 1e-9 else np.nan


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), largest=st.sampled_from([1, 40, 2**25]))
def test_means_equal_the_slow_reference(seed, largest):
    rng = np.random.default_rng(seed)
    n_time, n_unit, n_trial, n_step = rng.integers(1, 7, 4)
    activity = rng.normal(size=(n_time, n_unit, n_trial)).astype(np.float32)
    activity[rng.random(activity.shape) < 0.3] = np.nan
    edges = np.arange(n_time)[:, None] * 0.1 + np.array([0.0, rng.choice([0.1, 0.07])])
    start = rng.uniform(0, n_time * 0.1, (n_trial, n_step))
    end = start + rng.uniform(0.01, 0.5, start.shape)
    missing = rng.random(start.shape) < 0.2
    start[missing] = end[missing] = np.nan
    array = xr.DataArray(activity, dims=("time", "unit", "trial"))
    found = window_means(array, edges, start, end, largest=largest)
    for step, unit, trial in np.ndindex(found.shape):
        wanted = slow_mean(activity[:, unit, trial], edges, start[trial, step], end[trial, step])
        np.testing.assert_allclose(found[step, unit, trial], wanted, rtol=1e-4, atol=1e-6)


def test_whole_alignment_equals_the_slow_reference(continuous):
    aligned = align(continuous, window=(0.2, 0.83), maintenance_window=(-0.1, 1.0))
    edges = bin_edges(continuous["time"])
    np.testing.assert_allclose(edges[0], [-1.0, -0.9])
    for trial in range(6):
        onset = continuous["item_onset"].values[trial]
        windows = [(o + 0.2, o + 0.83) for o in onset] + [(1.4, 2.5)]
        for step, window in enumerate(windows):
            values = continuous["activity"].values[:, 1, trial]
            np.testing.assert_allclose(
                aligned["activity"][step, 1, trial], slow_mean(values, edges, *window), rtol=1e-5
            )


def test_what_an_aligned_recording_holds(continuous):
    aligned = align(continuous, probe_window=(0.0, 0.5))
    validate(aligned)
    assert aligned["step_name"].values.tolist() == ["item 1", "item 2", "maintenance", "probe"]
    assert aligned["shown_item"].values.tolist() == [0, 1, -1, -1]
    assert aligned["time"].attrs["units"] == "step"
    assert aligned["item_onset"].values.tolist() == [[0, 1]] * 6
    assert set(aligned["event_maintenance"].values) == {2.0}
    xr.testing.assert_equal(
        aligned["recorded_item_onset"].drop_vars(["trial", "task", "correct"]),
        continuous["item_onset"].drop_vars(["trial", "task", "correct"]),
    )
    assert aligned["recorded_event_probe"].attrs["units"] == "s"
    windows = json.loads(aligned.attrs["alignment"])["windows"]
    assert windows["probe"] == [0.0, 0.5]
    assert windows["maintenance"] == [0.0, 2.4]
    assert aligned["activity"].attrs == continuous["activity"].attrs


def test_maintenance_can_be_left_out(continuous):
    steps = align(continuous, maintenance_window=None)["step_name"].values.tolist()
    assert steps == ["item 1", "item 2"]


def test_a_recording_of_maintenance_alone_has_one_step(continuous):
    alone = continuous.drop_vars(["item_onset", "item_offset", "event_probe"])
    aligned = align(alone, maintenance_window=(0.2, 1.3))
    validate(aligned)
    assert aligned["step_name"].values.tolist() == ["maintenance"]
    assert aligned["shown_item"].values.tolist() == [-1]
    assert "item_onset" not in aligned
    assert states(aligned) == [(0, 0), (1, 0)]
    with_items = align(continuous, maintenance_window=(0.2, 1.3))
    np.testing.assert_array_equal(aligned["activity"][0], with_items["activity"][-1])
    assert align(continuous.drop_vars(["item_onset", "item_offset"]), probe_window=(0, 0.5))[
        "step_name"
    ].values.tolist() == ["maintenance", "probe"]


def test_an_aligned_recording_comes_back_as_it_is(aligned, continuous):
    assert align(aligned) is aligned
    steps = align(continuous)
    assert align(steps) is steps


def test_trials_with_fewer_items_have_no_activity_there(continuous_with):
    onset = np.array([[0.0, 1.0]] * 6)
    images = np.zeros((6, 2), int)
    onset[2, 1], images[2, 1] = np.nan, -1
    recording = continuous_with(item_onset=onset, item_offset=None, features={"image": images})
    steps = align(recording)
    assert np.isnan(steps["activity"].values[1, :, 2]).all()
    assert np.isfinite(steps["activity"].values[[0, 2], :, 2]).all()
    assert np.isnan(steps["item_onset"].values[2, 1])
    validate(steps)


def test_networks_with_several_steps_an_item(continuous_with):
    activity = np.broadcast_to(np.arange(6.0)[:, None, None], (6, 4, 6))
    recording = continuous_with(
        activity=activity, time=np.arange(6), time_units="step", events={},
        item_onset=[[0, 3]] * 6, item_offset=None,
    )  # fmt: skip
    steps = align(recording, window=(1, 3))
    assert steps["activity"].values[:, 0, 0].tolist() == [1.5, 4.5]


def test_refusals(continuous):
    with pytest.raises(WmsimError, match=r"window is \(0.8, 0.2\), .*Did you mean \(0.2, 0.8\)"):
        align(continuous, window=(0.8, 0.2))
    with pytest.raises(WmsimError, match=r"item_onset: is missing.*add it"):
        align(continuous.drop_vars(["item_onset", "item_offset", "event_maintenance"]))
    with pytest.raises(WmsimError, match=r"item_onset: is missing.*and a maintenance_window"):
        align(continuous.drop_vars(["item_onset", "item_offset"]), maintenance_window=None)
    with pytest.raises(
        WmsimError, match=r"after item 1 reaches from .* in 6 trials, but the recor"
    ):
        align(continuous, window=(-2, 0.5))
    with pytest.raises(WmsimError, match=r"after maintenance reaches .* Give a shorter window"):
        align(continuous, maintenance_window=(0, 9))
    with pytest.raises(WmsimError, match="event_probe: is missing, but a probe_window was given"):
        align(continuous.drop_vars("event_probe"), probe_window=(0, 1))


@pytest.mark.parametrize("largest", [1, 700, 10**9])
def test_blocks_do_not_change_the_result(continuous, largest):
    activity, time = continuous["activity"], continuous["time"]
    start = continuous["item_onset"].values
    whole = window_means(activity, bin_edges(time), start, start + 0.33)
    pieces = activity.chunk({"unit": (1, 3)})
    for one in (activity, pieces):
        parts = window_means(one, bin_edges(time), start, start + 0.33, largest=largest)
        np.testing.assert_array_equal(parts, whole)


@pytest.mark.parametrize("pieces", [None, (5, 30, 5)])
def test_blocks_cover_each_unit_once_and_keep_pieces_whole(pieces):
    activity = xr.DataArray(np.zeros((3, 40, 2)), dims=("time", "unit", "trial"))
    if pieces:
        activity = activity.chunk({"unit": pieces})
    for largest in (1, 6, 6 * 20, 10**6):
        blocks = list(unit_blocks(activity, largest))
        covered = [unit for block in blocks for unit in range(block.start, block.stop)]
        assert covered == list(range(40))
        if pieces:
            assert {block.start for block in blocks} <= {0, 5, 35}
