"""Recordings with one trial table become one; the first label that differs is named."""

from __future__ import annotations

import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.recordings import labels_of, open_recording, save, sessions, stack, validate


def test_all_units_and_one_trial_table(continuous_with):
    first = continuous_with()
    second = continuous_with(
        activity=np.random.default_rng(1).normal(size=(50, 4, 6)),
        unit={"unit": ["e", "f", "g", "h"], "session": "s2", "depth": np.arange(4)},
    )
    both = stack([first, second])
    validate(both)
    assert both["unit"].values.tolist() == list("abcdefgh")
    np.testing.assert_array_equal(both["activity"][:, 4:], second["activity"])
    np.testing.assert_array_equal(labels_of(both, "image")[0], labels_of(first, "image")[0])
    assert both["area"].values.tolist()[3:] == ["hippocampus", "", "", "", ""]
    assert both["depth"].values.tolist() == [-1] * 4 + [0, 1, 2, 3]
    assert [part["session"].values[0] for part in sessions(both)] == ["s1", "s2"]


def test_units_of_one_name_get_the_session_in_front(aligned_with, tmp_path):
    both = stack([aligned_with(), aligned_with()])
    assert both["unit"].values[[0, 4]].tolist() == ["recording 1/u0", "recording 2/u0"]
    with open_recording(save(both, tmp_path / "both.nc")) as opened:
        three = stack([opened, aligned_with()])
    assert three.sizes["unit"] == 12


def test_codes_are_compared_by_name(aligned_with):
    images = aligned_with()["image"].values
    swapped = np.where(images >= 0, 2 - images, -1)
    first = aligned_with(features={"image": (images, list("abc"))})
    second = aligned_with(features={"image": (swapped, list("cba"))})
    assert stack([first, second]).sizes["unit"] == 8
    with pytest.raises(WmsimError, match="image: differs between"):
        stack([first, aligned_with(features={"image": (images, list("cba"))})])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.assign_coords(task=("trial", [*["N-back"] * 4, "rest"])), "task: differs"),
        (lambda r: r.drop_vars("n_back"), "n_back: 'recording 2' has no such label"),
        (lambda r: r.assign_coords(weight=("trial", range(5))), "weight: 'recording 1' has no"),
        (lambda r: r.isel(trial=slice(3)), "have 5 and 3 trials of 3 and 3 items"),
        (lambda r: r.isel(time=slice(3)), r"time: is 5 steps \(item 1, .*\) and 3 steps"),
        (lambda r: r.assign_attrs(source="neural"), "must be of one kind"),
        (lambda r: r.assign(activity=r.activity.assign_attrs(units="z")), "activity: is in 'a.u."),
    ],
)
def test_what_differs_is_named(aligned_with, change, message):
    with pytest.raises(WmsimError, match=message):
        stack([aligned_with(), change(aligned_with())])


def test_a_subjects_own_labels_are_left_out_on_request(aligned_with):
    own = aligned_with(trial={"n_back": [1, 2, 1, 2, 1], "task": "N-back", "correct": [1] * 5})
    other = own.assign_coords(correct=("trial", [1, 1, 1, 1, 0]))
    with pytest.raises(WmsimError, match=r"correct: .* position 4 \(1 and 0\).*without=\['corr"):
        stack([own, other])
    assert "correct" not in stack([own, other], without=["correct"])


def test_what_is_no_list(aligned):
    with pytest.raises(WmsimError, match="takes a list of recordings, found one"):
        stack(aligned)
    with pytest.raises(WmsimError, match="found an empty one"):
        stack([])
    with pytest.raises(WmsimError, match="the same recording twice"):
        stack([aligned, aligned])
