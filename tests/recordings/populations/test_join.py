"""Sessions joined and taken apart again: nothing is lost, nothing is made up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import WmsimError
from wmsim.recordings import (
    align,
    build_recording,
    feature_names,
    join,
    labels_of,
    open_recording,
    save,
    sessions,
    validate,
)


def drawn_session(rng, name, n_units, n_trials, n_items, text):
    """Maintenance alone, so that trials may have unequally many items."""
    images = rng.integers(0, 4, (n_trials, n_items))
    images[rng.random((n_trials, n_items)) < 0.3] = -1
    images[:, 0] = np.maximum(images[:, 0], 0)
    names = rng.permutation(["cup", "car", "ape", "sea"]).tolist()
    labels = np.array([*names, ""])[images] if text else (images, names)
    activity = rng.normal(size=(2, n_units, n_trials))
    activity[1, 0, 0] = np.nan
    return build_recording(
        activity, time=[0, 1], time_units="step", activity_units="z", source="neural",
        features={"image": labels}, shown_item=[-1, -1], events={"probe": rng.random(n_trials)},
        unit={"session": name}, trial={"correct": rng.random(n_trials) < 0.5},
    )  # fmt: skip


def names_of_labels(recording, feature="image"):
    codes, names = labels_of(recording, feature)
    return np.array([*names, ""])[codes].tolist()


@settings(max_examples=25)
@given(
    sizes=st.lists(st.tuples(*[st.integers(1, 4)] * 3), min_size=1, max_size=4),
    text=st.booleans(), seed=st.integers(0, 10**6),
)  # fmt: skip
def test_joined_and_taken_apart_it_is_the_same(sizes, text, seed):
    rng = np.random.default_rng(seed)
    parts = [drawn_session(rng, f"s{i}", *size, text) for i, size in enumerate(sizes)]
    joined = join(parts)
    validate(joined)
    assert joined.sizes["trial"] == sum(part.sizes["trial"] for part in parts)
    again = sessions(joined)
    assert len(again) == len(parts)
    for one, part in zip(again, parts, strict=True):
        np.testing.assert_array_equal(one["activity"], part["activity"])
        np.testing.assert_array_equal(one["correct"], part["correct"])
        np.testing.assert_array_equal(one["event_probe"], part["event_probe"])
        n_items = one.sizes["item"]
        wanted = [row[:n_items] for row in names_of_labels(part)]
        assert names_of_labels(one) == wanted
        assert not any(any(row[n_items:]) for row in names_of_labels(part))
        assert set(one["trial_session"].values) == set(part["session"].values)


def test_names_stay_different_and_the_file_holds_it(aligned_with, tmp_path):
    joined = join([aligned_with(), aligned_with()])
    assert joined["unit"].values[[0, 4]].tolist() == ["recording 1/u0", "recording 2/u0"]
    assert joined["trial"].values[[0, 5]].tolist() == ["recording 1/0", "recording 2/0"]
    with open_recording(save(joined, tmp_path / "joined.nc")) as opened:
        first, second = sessions(opened)
        assert np.isfinite(first["activity"]).all()
        assert (first["session"] == "recording 1").all()
        thrice = join([opened.load(), aligned_with()])
    names = ["recording 1", "recording 2", "recording 2 (2)"]
    assert sorted(set(thrice["trial_session"].values)) == names
    assert len(sessions(thrice)) == 3
    assert second.sizes == aligned_with().sizes


def test_labels_that_a_session_lacks_are_filled(aligned_with):
    first = aligned_with(trial={"correct": np.array([True, False] * 2 + [True]), "cue": ["x"] * 5})
    second = aligned_with(trial={"rt": np.linspace(0, 1, 5)}, target=None)
    joined = join([first, second])
    assert joined["correct"].values.tolist() == [1, 0, 1, 0, 1] + [-1] * 5
    assert joined["cue"].values.tolist() == ["x"] * 5 + [""] * 5
    assert np.isnan(joined["rt"].values[:5]).all()
    assert (joined["target"].values[5:] == -1).all()


def test_a_unit_that_was_lost_is_a_session_of_its_own(aligned):
    lost = aligned.copy(deep=True)
    lost["activity"][:, 1, 3:] = np.nan
    whole, part = sessions(lost)
    assert (whole.sizes["unit"], whole.sizes["trial"]) == (3, 5)
    assert part["unit"].values.tolist() == ["u1"]
    assert part["trial"].values.tolist() == [0, 1, 2]


def test_continuous_recordings_need_one_time_axis(continuous_with):
    short = continuous_with(
        activity=np.ones((45, 4, 6)), time=np.arange(45) * 0.1 - 0.95, unit={"session": "s2"}
    )
    with pytest.raises(WmsimError, match=r"50 bins from -0.95 to 3.95 and 45 bins.*align"):
        join([continuous_with(), short])
    windows = {"window": (0.0, 0.3), "maintenance_window": (0.0, 1.0)}
    joined = join([align(continuous_with(), **windows), align(short, **windows)])
    assert joined.sizes["time"] == 3
    assert "recorded_item_onset" in joined
    other = align(short, window=(0.0, 0.2), maintenance_window=(0.0, 1.0))
    with pytest.raises(WmsimError, match="averaged over different windows"):
        join([align(continuous_with(), **windows), other])


def test_other_refusals(aligned_with, continuous_with):
    images = aligned_with()["image"].values
    with pytest.raises(WmsimError, match="Feature 'colour' is missing in 'recording 1'"):
        join([aligned_with(), aligned_with(features={"image": images, "colour": images})])
    with pytest.raises(WmsimError, match="item_onset: is missing in 's2'"):
        join([
            continuous_with(),
            continuous_with(item_onset=None, item_offset=None, unit={"session": "s2"}),
        ])  # fmt: skip
    assert feature_names(join([aligned_with(), aligned_with()])) == ["image"]
