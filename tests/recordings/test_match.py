"""Recordings of equal size: units, values, trials a value, at each item."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import SchemaError, WmsimError
from wmsim.recordings import build_recording, labels_of, open_recording, save, validate
from wmsim.recordings.match import match, match_both


def made(labels, n_units=5, feature="image", **changes):
    labels = np.asarray(labels)
    given = {
        "time": np.arange(labels.shape[1]), "time_units": "step", "activity_units": "a.u.",
        "features": {feature: labels}, "shown_item": np.arange(labels.shape[1]),
        "source": "planted",
    } | changes  # fmt: skip
    shape = (labels.shape[1], n_units, labels.shape[0])
    activity = np.random.default_rng(0).standard_normal(shape)
    return build_recording(activity, **given)


def sequences(n_trials, n_values, n_items, seed=0):
    rng = np.random.default_rng(seed)
    return np.array([rng.permutation(n_values)[:n_items] for _ in range(n_trials)])


def counts(recording, feature="image"):
    """Trials a value at each item, sorted over values: (item, value)."""
    codes, _ = labels_of(recording, feature)
    values = np.unique(codes[codes >= 0])
    return np.array([[(item == value).sum() for value in values] for item in codes.T])


def told(recording):
    return json.loads(recording.attrs["matched"])


def test_each_item_has_the_targets_numbers():
    source, target = made(sequences(500, 5, 3), 40), made(sequences(150, 5, 3, seed=1), 12)
    part = match(source, target, seed=0)
    validate(part)
    assert (part.sizes["unit"], part.sizes["trial"]) == (12, 150)
    np.testing.assert_array_equal(counts(part), counts(target))
    assert told(part)["met"] == "at each item"
    assert told(part)["units"] == [40, 12]
    assert told(part)["trials"] == [500, 150]
    np.testing.assert_array_equal(
        part["activity"],
        source["activity"].sel(unit=part["unit"], trial=part["trial"]),
    )


def test_names_stand_for_themselves_else_frequency_decides():
    labels = np.repeat([0, 1, 2], [30, 40, 50])[:, None]
    source = made((labels), features={"image": (labels, ["a", "b", "c"])})
    wanted = np.repeat([0, 1, 2], [20, 10, 5])[:, None]
    same = match(source, made(wanted, features={"image": (wanted, ["c", "a", "b"])}), seed=0)
    assert told(same)["values"] == {"a": "a", "b": "b", "c": "c"}
    assert told(same)["trials_a_value"] == {"a": [10], "b": [5], "c": [20]}
    other = match(source, made(wanted, features={"image": (wanted, ["x", "y", "z"])}), seed=0)
    assert told(other)["values"] == {"c": "x", "b": "y", "a": "z"}
    assert told(other)["trials_a_value"] == {"c": [20], "b": [10], "a": [5]}


def test_values_beyond_the_targets_go_with_their_trials():
    source, target = made(sequences(900, 7, 2)), made(sequences(100, 4, 2, seed=1))
    part = match(source, target, feature="image", seed=0)
    assert len(np.unique(part["image"])) == 4
    assert sorted(map(tuple, counts(part).T.tolist())) == sorted(
        map(tuple, counts(target).T.tolist())
    )


def test_over_all_items_where_not_at_each():
    ones = np.tile([[0, 1]], (40, 1))  # value 0 always first
    mixed = np.concatenate([np.tile([[0, 1]], (5, 1)), np.tile([[1, 0]], (5, 1))])
    part = match(made(ones), made(mixed), seed=0)
    assert told(part)["met"] == "overall"
    assert told(part)["trials_a_value"] == {"0": [10, 0], "1": [0, 10]}
    first, second = match_both(made(ones), made(mixed[5:]), seed=0)
    assert told(first)["met"] == told(second)["met"] == "overall"
    assert first.sizes["trial"] == second.sizes["trial"] == 5


def test_the_smaller_of_both():
    source, target = made(sequences(60, 4, 2)), made(sequences(200, 4, 2, seed=1), 9)
    part = match(source, target, seed=0)
    assert told(part)["met"] == "fewer"
    assert part.sizes["unit"] == 5
    assert (counts(part) <= counts(target)).all()
    assert part.sizes["trial"] == 60  # all fit


@settings(max_examples=25)
@given(
    st.integers(20, 80), st.integers(20, 80), st.integers(2, 5), st.integers(2, 5),
    st.integers(1, 2), st.integers(0, 10**6),
)  # fmt: skip
def test_both_parts_are_equal(n_first, n_second, values_first, values_second, n_items, seed):
    first = made(sequences(n_first, values_first, n_items, seed), 6)
    second = made(sequences(n_second, values_second, n_items, seed + 1), 4)
    names = {"feature": "image", "second_feature": "image"}
    a, b = match_both(first, second, **names, seed=seed)
    assert a.sizes == b.sizes
    pooled = [sorted(counts(part).sum(axis=0).tolist()) for part in (a, b)]
    assert pooled[0] == pooled[1]
    if told(a)["met"] == "at each item":
        assert sorted(map(tuple, counts(a).T.tolist())) == sorted(map(tuple, counts(b).T.tolist()))
    for part, whole in ((a, first), (b, second)):
        assert set(part["trial"].values) <= set(whole["trial"].values)


def test_items_of_different_number_compare_where_both_have_them():
    source, target = made(sequences(600, 4, 3)), made(sequences(80, 4, 2, seed=1))
    part = match(source, target, seed=0)
    np.testing.assert_array_equal(counts(part)[:2], counts(target))


def test_drawing_is_fixed_by_the_seed_and_not_by_order():
    source, target = made(sequences(400, 4, 2)), made(sequences(50, 4, 2, seed=1))
    first, same, other = (match(source, target, seed=seed) for seed in (0, 0, 1))
    assert first.identical(same)
    assert not np.array_equal(first["trial"], other["trial"])
    positions = np.concatenate(
        [match(source, target, seed=seed)["trial"].values for seed in range(10)]
    )
    assert abs(positions.mean() - 200) < 25  # trials from all over the session


def test_stays_lazy(tmp_path):
    with open_recording(save(made(sequences(300, 4, 2)), tmp_path / "a.nc")) as lazy:
        part = match(lazy, made(sequences(50, 4, 2, seed=1)), seed=0)
        assert not part["activity"].variable._in_memory
        assert "matched" not in lazy.attrs


def test_numbers_only():
    part = match(
        made(sequences(300, 9, 2), 8), made(sequences(50, 4, 2), 3), conditions=False, seed=0
    )
    assert (part.sizes["unit"], part.sizes["trial"]) == (3, 50)
    assert "met" not in told(part)


def test_features_are_paired():
    locations = sequences(200, 4, 1)
    two = {"location": locations, "category": sequences(200, 3, 1)}
    source = made(locations, features=two)
    target = made(sequences(40, 3, 1), feature="image")
    assert told(match(source, target, seed=0))["feature"] == "category"
    assert told(match(source, target, feature="location", seed=0))["target_feature"] == "image"
    by_target = match(source, target, target_feature="image", seed=0)
    assert told(by_target)["feature"] == "category"
    with pytest.raises(WmsimError, match=r"not clear: the recording has location \(4 values\)"):
        match(source, made(sequences(40, 2, 1)), seed=0)
    with pytest.raises(SchemaError, match="No feature 'place'"):
        match(source, target, feature="place", seed=0)


def test_refusals():
    few, many = made(sequences(100, 3, 2)), made(sequences(100, 5, 2))
    with pytest.raises(WmsimError, match=r"takes 3 values, the target's 'image' 5; .*match_both"):
        match(few, many, feature="image", seed=0)
    long = made(np.tile(np.arange(5), (30, 1)))
    with pytest.raises(WmsimError, match="No trial has items of 3 values of 'image' alone"):
        match(long, few, feature="image", seed=0)
    with pytest.raises(WmsimError, match="seed is -1"):
        match(few, few, seed=-1)
    first, second = made(np.tile([[0, 1]], (9, 1))), made(np.tile([[0, 1, 1]], (9, 1)))
    assert match_both(first, second, seed=0)[0].sizes["trial"] == 9
    with pytest.raises(SchemaError, match="not a recording"):
        match(few, few.drop_attrs(), seed=0)
