"""Encoding and memory spaces, states and executive steps of aligned recordings."""

from __future__ import annotations

import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.recordings import (
    align,
    encoding_space,
    executive_steps,
    is_aligned,
    item_exists,
    memory_space,
    states,
    step_names,
    step_of_item,
)


def test_spaces_are_slices_of_the_activity(aligned):
    activity = aligned["activity"].values
    for item, step in states(aligned):
        space = memory_space(aligned, item, step)
        assert space.dims == ("trial", "unit")
        assert (int(space["item"]), int(space["step"])) == (item, step)
        np.testing.assert_array_equal(space, activity[step].T)
    np.testing.assert_array_equal(encoding_space(aligned, 2), activity[3].T)
    assert "n_back" in encoding_space(aligned, 2).coords


def test_states_are_all_later_steps(aligned):
    assert [step_of_item(aligned, item) for item in range(3)] == [0, 1, 3]
    wanted = [(s, t) for s, first in enumerate([0, 1, 3]) for t in range(first, 5)]
    assert states(aligned) == wanted


def test_probe_is_a_state_only_if_asked(continuous):
    steps = align(continuous, probe_window=(0, 0.4))
    assert is_aligned(steps)
    assert not is_aligned(continuous)
    assert states(steps) == [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2)]
    assert states(steps, include_probe=True)[-1] == (1, 3)
    assert step_names(steps.drop_vars("step_name"))[2:] == ["maintenance 1", "maintenance 2"]


def test_maintenance_alone_can_be_read_for_any_item(aligned_with):
    recording = aligned_with(shown_item=[-1] * 5)
    np.testing.assert_array_equal(memory_space(recording, 2, 0), recording["activity"][0].T)
    with pytest.raises(WmsimError, match=r"No step shows item 0; items count from 0 .*: none"):
        encoding_space(recording, 0)


def test_executive_steps_from_targets(aligned):
    executive = executive_steps(aligned)
    assert executive.dims == ("trial", "time")
    wanted = np.zeros((5, 5), bool)
    wanted[:, [0, 1, 3]] = aligned["target"].values > 0
    np.testing.assert_array_equal(executive, wanted)


def test_executive_steps_from_n_back(aligned):
    executive = executive_steps(aligned.drop_vars("target")).values
    assert executive[0].tolist() == [False, True, False, True, False]
    assert executive[1].tolist() == [False, False, False, True, False]
    assert executive[4].tolist() == [False, True, False, False, False]  # its third item is missing
    with pytest.raises(WmsimError, match="neither target nor n_back"):
        executive_steps(aligned.drop_vars(["target", "n_back"]))


def test_item_exists(aligned):
    np.testing.assert_array_equal(item_exists(aligned).sum("item"), [3, 3, 3, 3, 2])


def test_refusals(aligned, continuous):
    with pytest.raises(WmsimError, match=r"This recording is continuous .* Use .*align first"):
        encoding_space(continuous, 0)
    with pytest.raises(WmsimError, match=r"No step shows item 3; .*steps show: 0, 1, 2"):
        encoding_space(aligned, 3)
    with pytest.raises(WmsimError, match="No step shows item -1"):
        encoding_space(aligned, -1)
    with pytest.raises(WmsimError, match=r"No step 9: this recording has 5, .*0 to 4 \(item 1"):
        memory_space(aligned, 0, 9)
    with pytest.raises(WmsimError, match=r"Step 1 comes before item 2 is shown \(step 3\)"):
        memory_space(aligned, 2, 1)
