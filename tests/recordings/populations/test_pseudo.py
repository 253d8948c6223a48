"""Pseudo-populations: no real trial on both sides of a fold, all used evenly, losses named."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import ConfigError, WmsimError
from wmsim.recordings import (
    build_recording,
    join,
    labels_of,
    open_recording,
    pseudo_population,
    save,
    validate,
)
from wmsim.recordings.populations import make_pool
from wmsim.recordings.populations.draw import cell_members, draw, draw_resampled


def numbered(session, *, n_trials=40, n_items=2, k=3, n_units=2, names=None, seed=0):
    """Activity is the number of the real trial, plus the step's tenth."""
    rng = np.random.default_rng(seed)
    images = np.stack([rng.permutation(np.arange(n_trials) % k) for _ in range(n_items)], axis=1)
    number = np.arange(n_trials) + 1000.0 * session
    steps = np.arange(n_items + 1) / 10
    activity = np.broadcast_to(steps[:, None, None] + number, (n_items + 1, n_units, n_trials))
    return build_recording(
        activity, time=np.arange(n_items + 1), time_units="step", activity_units="a.u.",
        source="planted", shown_item=[*range(n_items), -1], unit={"session": f"s{session}"},
        trial={"task": "look"},
        features={"image": (images, names or [f"image {v}" for v in range(k)])},
    )  # fmt: skip


def real_trials(population):
    """Number of the real trial behind each unit of each pseudo-trial, (trial, unit)."""
    activity = population["activity"].transpose("time", "trial", "unit").values
    number = np.round(activity[0]).astype(int)
    for step, of_step in enumerate(activity):  # one real trial at all steps
        np.testing.assert_allclose(of_step, number + step / 10, atol=1e-3)
    return number


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), folds=st.integers(2, 5), trials=st.integers(1, 9))
def test_folds_share_no_real_trial_and_labels_are_those_of_the_real_trials(seed, folds, trials):
    sessions = [numbered(s, seed=seed + s, n_trials=30 + 12 * s) for s in (1, 2, 3)]
    population = pseudo_population(sessions, feature="image", folds=folds, trials=trials, seed=seed)
    validate(population)
    number, fold = real_trials(population), population["fold"].values
    for unit in range(population.sizes["unit"]):
        for trial in np.unique(number[:, unit]):
            assert np.unique(fold[number[:, unit] == trial]).size == 1
    codes, names = labels_of(population, "image")
    matched = population["matched_item"].values
    assert ((codes >= 0).sum(axis=1) == 1).all()
    for session, recording in enumerate(sessions):
        own, own_names = labels_of(recording, "image")
        assert own_names == names
        rows = number[:, 2 * session] - 1000 * (session + 1)
        np.testing.assert_array_equal(own[rows, matched], codes[np.arange(len(codes)), matched])
    # Balanced: equally many of each value in each fold, for each item.
    cells = np.stack([matched, fold, codes.max(axis=1)])
    _, counts = np.unique(cells, axis=1, return_counts=True)
    assert counts.tolist() == [trials] * (2 * folds * 3)


def test_every_real_trial_is_used_as_evenly_as_can_be():
    sessions = [numbered(1), numbered(2, n_trials=90, seed=4)]
    population = pseudo_population(sessions, feature="image", folds=4, seed=1)
    number = real_trials(population)
    matched = population["matched_item"].values
    for item in (0, 1):
        for unit, n_trials in ((0, 40), (2, 90)):
            used = number[matched == item, unit]
            assert np.unique(used).size == n_trials
    pool = make_pool(sessions, "image", n_folds=4, rng=np.random.default_rng(1))
    members = pool.members()
    index = draw(members, 7, rng=np.random.default_rng(0))
    for part, cells in enumerate(members):
        for cell, trials in enumerate(cells):
            counts = np.bincount(index[cell * 7 : cell * 7 + 7, part])[trials]
            assert counts.sum() == 7
            assert np.ptp(counts) <= 1


def test_resamples_stay_in_their_cells_and_have_the_right_variance():
    values = np.random.default_rng(0).normal(size=6)
    members = [cell_members(np.zeros((1, 6), int), np.array([0, 0, 0, 1, 1, 1]), 1, 2,
                            np.ones(6, bool))]  # fmt: skip
    index = draw_resampled(members, 300, 4000, rng=np.random.default_rng(1))
    assert set(index[:, :300].ravel()) == {0, 1, 2}
    assert set(index[:, 300:].ravel()) == {3, 4, 5}
    found = values[index[:, :300, 0]].mean(axis=1).var()
    assert found == pytest.approx(values[:3].var(ddof=1) / 3, rel=0.1)


def test_seed_fixes_it_and_the_file_holds_it(tmp_path):
    sessions = [numbered(1), numbered(2)]
    one, same, other = (
        pseudo_population(sessions, feature="image", folds=3, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(one["activity"], same["activity"])
    assert not np.array_equal(one["activity"], other["activity"])
    with open_recording(save(one, tmp_path / "p.nc")) as opened:
        assert json.loads(opened.attrs["population"])["folds"] == 3
        np.testing.assert_array_equal(opened["fold"], one["fold"])
    assert one["task"].values[0] == "look"


def test_a_joined_recording_gives_the_same():
    sessions = [numbered(1), numbered(2, n_trials=60)]
    a = pseudo_population(sessions, feature="image", folds=3, seed=0)
    b = pseudo_population(join(sessions), feature="image", folds=3, seed=0)
    np.testing.assert_array_equal(a["activity"], b["activity"])
    assert a["session"].values.tolist() == b["session"].values.tolist() == ["s1"] * 2 + ["s2"] * 2


def test_units_of_one_session_share_folds_even_if_one_was_lost():
    session = numbered(1, n_trials=90, n_units=3)
    session["activity"][:, 2, 60:] = np.nan
    population = pseudo_population([session], feature="image", folds=3, trials=4, seed=0)
    assert population["real_trials"].values.tolist() == [90, 90, 60]
    number, fold = real_trials(population), population["fold"].values
    assert number[:, 2].max() < 1060
    assert np.array_equal(number[:, 0], number[:, 1])
    assert not np.array_equal(number[:, 0], number[:, 2])
    of_trial = {}
    for unit in (0, 2):
        for trial, its in zip(number[:, unit], fold, strict=True):
            assert of_trial.setdefault(trial, its) == its


def test_the_account_says_what_each_gave_and_what_fell_out():
    dead = numbered(3)
    dead["activity"][:, 1] = np.nan
    few = numbered(4, n_trials=6)
    population = pseudo_population([numbered(1), dead, few], feature="image", folds=4, seed=0)
    account = json.loads(population.attrs["population"])
    assert [one["session"] for one in account["sessions"]] == ["s1", "s3"]
    assert account["sessions"][0]["real_trials"] == 40
    assert account["sessions"][0]["trials_of_a_value"] == [13, 14]
    assert account["units"] == population.sizes["unit"] == 3
    fell = {(one["session"], one["units"]): one["reason"] for one in account["fell_out"]}
    assert fell["s3", 1] == "no trial with all steps"
    assert "fewer than 4 trials (one a fold)" in fell["s4", 2]


def test_values_are_paired_by_name_or_by_order():
    a = numbered(1, k=4, names=list("abcd"), n_trials=60)
    b = numbered(2, k=3, names=list("dba"), n_trials=60)
    by_name = pseudo_population([a, b], feature="image", folds=4, seed=0)
    assert labels_of(by_name, "image")[1] == ["a", "b", "d"]
    by_order = pseudo_population([a, b], feature="image", folds=4, pair="order", seed=0)
    assert labels_of(by_order, "image")[1] == ["value 1", "value 2", "value 3"]
    account = json.loads(by_order.attrs["population"])
    assert [one["own_values"] for one in account["sessions"]] == [list("abc"), list("dba")]
    chosen = pseudo_population([a, b], feature="image", folds=4, values=["a", "c"], seed=0)
    account = json.loads(chosen.attrs["population"])
    assert account["fell_out"][0]["session"] == "s2"
    assert "of image 'c' at some item" in account["fell_out"][0]["reason"]
    c = numbered(3, names=list("xyz"), n_trials=60)
    with pytest.raises(WmsimError, match=r"0 values in common.*s1: 4 of 4; s3: 3 of 3.*'order'"):
        pseudo_population([a, c], feature="image", folds=4, seed=0)
    with pytest.raises(WmsimError, match="leave pair='order' out"):
        pseudo_population([a, c], feature="image", pair="order", values=["a", "b"], seed=0)


def test_refusals(continuous):
    one, two = numbered(1), numbered(2)
    with pytest.raises(WmsimError, match=r"continuous .* Use wmsim.recordings.align first"):
        pseudo_population([continuous], feature="image", seed=0)
    with pytest.raises(WmsimError, match=r"time: is 3 steps .* and 4 steps"):
        pseudo_population([one, numbered(3, n_items=3)], feature="image", seed=0)
    with pytest.raises(WmsimError, match="trials is 0, expected 1 or more"):
        pseudo_population([one, two], feature="image", trials=0, seed=0)
    with pytest.raises(ConfigError, match=r"pairing of values 'nam'. Did you mean 'name'"):
        pseudo_population([one, two], feature="image", pair="nam", seed=0)
    with pytest.raises(WmsimError, match=r"No feature 'imag' .* Did you mean 'image'"):
        pseudo_population([one, two], feature="imag", seed=0)
    with pytest.raises(WmsimError, match="the same recording twice"):
        pseudo_population([one, one], feature="image", seed=0)
    short = numbered(5)
    short["activity"][1, :, :7] = np.nan
    with pytest.raises(WmsimError, match="7 of 40 trials have no activity at step 'item 2'"):
        pseudo_population([one, short], feature="image", seed=0)
    with pytest.raises(WmsimError, match="Use fewer folds"):
        pseudo_population([one, two], feature="image", folds=30, seed=0)
