"""Trials against a slow reference that applies the rule of the task item by item."""

import hashlib
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import ConfigError
from wmsim.tasks import (
    ACTIONS,
    ItemSpace,
    NBackTask,
    generate_trials,
    nback_tasks,
    parse_task,
    regime_tasks,
)
from wmsim.tasks.labels import LABELS

SPACE = ItemSpace.of_counts(n_categories=4, identities=2, views=5)
NAMED = [(n, feature) for n in (1, 2, 3, 4) for feature in ("location", "identity", "category")]


def reference_target(trials):
    """What the task's rule says, one item at a time."""
    rows = []
    for trial in range(trials.n_trials):
        task = trials.tasks[trials.task[trial]]
        labels = getattr(trials, task.feature)[trial]
        row = []
        for step in range(trials.n_items):
            if step < task.n:
                row.append("no action")
            elif labels[step] == labels[step - task.n]:
                row.append("match")
            else:
                row.append("non-match")
        rows.append([ACTIONS.index(action) for action in row])
    return np.array(rows)


spaces = st.builds(
    ItemSpace.of_counts,
    n_categories=st.integers(2, 8),
    identities=st.integers(1, 4),
    views=st.integers(1, 7),
    n_locations=st.integers(2, 4),
)


@settings(max_examples=60)
@given(
    space=spaces,
    names=st.lists(st.sampled_from(NAMED), min_size=1, max_size=9, unique=True),
    n_trials=st.integers(1, 120),
    items=st.integers(5, 9),
    seed=st.integers(0, 2**32 - 1),
)
def test_targets_are_what_the_rule_says(space, names, n_trials, items, seed):
    tasks = [NBackTask(n=n, feature=feature) for n, feature in names]
    trials = generate_trials(tasks, n_trials, space, items=items, rng=np.random.default_rng(seed))
    assert trials.target.shape == (n_trials, items)
    np.testing.assert_array_equal(trials.target, reference_target(trials))


@settings(max_examples=40)
@given(
    space=spaces, named=st.sampled_from(NAMED), n_trials=st.integers(1, 300), seed=st.integers(0)
)
def test_labels_belong_together(space, named, n_trials, seed):
    task = NBackTask(n=named[0], feature=named[1])
    trials = generate_trials([task], n_trials, space, rng=np.random.default_rng(seed))
    np.testing.assert_array_equal(trials.category, space.category[trials.identity])
    views = space.images.shape[1]
    np.testing.assert_array_equal(trials.image, trials.identity * views + trials.view)
    assert trials.location.min() >= 0
    assert trials.location.max() < space.n_locations


@pytest.mark.parametrize(("n", "feature"), NAMED)
def test_match_and_values_are_balanced(n, feature):
    task = NBackTask(n=n, feature=feature)
    trials = generate_trials([task], 840, SPACE, rng=np.random.default_rng(3))
    labels = getattr(trials, feature)
    k = SPACE.n_values(feature)
    for step in range(n, trials.n_items):
        before, now = labels[:, step - n], labels[:, step]
        for value in range(k):
            here = now[before == value]
            matches = int((here == value).sum())
            assert abs(2 * matches - here.size) <= 1
            counts = np.delete(np.bincount(here, minlength=k), value)
            assert np.ptp(counts) <= 1
    for step in range(n):
        assert np.ptp(np.bincount(labels[:, step], minlength=k)) <= 1


@pytest.mark.parametrize("feature", ["location", "identity", "category"])
def test_features_that_are_not_asked_for_are_balanced(feature):
    task = NBackTask(n=2, feature=feature)
    trials = generate_trials([task], 960, SPACE, rng=np.random.default_rng(5))
    for step in range(6):
        assert np.ptp(np.bincount(trials.location[:, step], minlength=4)) <= 8
        if feature == "location":
            assert np.ptp(np.bincount(trials.identity[:, step], minlength=8)) <= 1
        if feature == "category":
            for category in range(4):
                here = trials.identity[trials.category[:, step] == category, step]
                assert np.ptp(np.bincount(here - 2 * category, minlength=2)) <= 1
        for identity in range(8):
            here = trials.view[trials.identity[:, step] == identity, step]
            assert np.ptp(np.bincount(here, minlength=5)) <= 1


def test_tasks_come_equally_often_and_in_no_order():
    trials = generate_trials(nback_tasks(), 903, SPACE, rng=np.random.default_rng(2))
    assert np.ptp(np.bincount(trials.task)) <= 1
    assert np.count_nonzero(np.diff(trials.task)) > 700


def test_values_over_time_do_not_follow_a_pattern():
    """Matches at different steps are independent: all patterns come about equally often."""
    trials = generate_trials(
        [parse_task("1-back-location")], 16000, SPACE, rng=np.random.default_rng(9)
    )
    patterns = (trials.target[:, 1:] == 2) @ (2 ** np.arange(5))
    counts = np.bincount(patterns, minlength=32)
    assert counts.min() > 400
    assert counts.max() < 600


def test_seed_fixes_the_trials_and_global_state_is_not_touched():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    tables = [
        generate_trials(nback_tasks(), 50, SPACE, rng=np.random.default_rng(seed))
        for seed in (4, 4, 5)
    ]
    np.testing.assert_array_equal(tables[0].image, tables[1].image)
    assert not np.array_equal(tables[0].image, tables[2].image)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_item_space_of_stimuli_keeps_splits_apart():
    class Stimuli:
        category = np.repeat([0, 1], 4)
        identity = np.repeat([0, 1], 4)
        view = np.tile(np.arange(4), 2)
        split = np.tile(["train", "train", "novel_angle", "novel_angle"], 2)
        n_locations = 4

    train = ItemSpace.of_stimuli(Stimuli(), "train")
    novel = ItemSpace.of_stimuli(Stimuli(), "novel_angle")
    assert not set(train.images.ravel()) & set(novel.images.ravel())
    with pytest.raises(ConfigError, match=r"Unknown split 'novel'.*novel_angle"):
        ItemSpace.of_stimuli(Stimuli(), "novel")


def test_errors_say_what_to_do():
    rng = np.random.default_rng(0)
    with pytest.raises(ConfigError, match="use at least 4 items"):
        generate_trials([parse_task("3-back-location")], 5, SPACE, items=3, rng=rng)
    with pytest.raises(ConfigError, match=r"No task was given"):
        generate_trials([], 5, SPACE, rng=rng)
    lonely = ItemSpace.of_counts(n_categories=1, identities=2, views=1)
    with pytest.raises(ConfigError, match=r"at least 2 values of 'category', the stimuli have 1"):
        generate_trials([parse_task("1-back-category")], 5, lonely, rng=rng)
    with pytest.raises(ConfigError, match="Did you mean '1-back-location'"):
        parse_task("1-back-locaton")
    with pytest.raises(ConfigError, match="feature"):
        NBackTask(n=1, feature="colour")
    with pytest.raises(ConfigError, match="less than or equal to 4"):
        NBackTask(n=5, feature="location")
    with pytest.raises(ConfigError, match="Unknown regime 'MTM'"):
        regime_tasks("MTM")


def test_names_and_regimes():
    names = [task.name for task in regime_tasks("MTMF")]
    expected = [f"{n}-back-{f}" for n, f in itertools.product((1, 2, 3), SPACE_FEATURES)]
    assert names == expected
    assert [task.n for task in regime_tasks("stmf-4")] == [4, 4, 4]
    assert regime_tasks("4-back-identity")[0] == parse_task("4-back-identity")


SPACE_FEATURES = ("location", "identity", "category")


def test_trials_of_a_seed_are_those_that_were_published():
    """Trained subjects can only be made again if their trials stay what they were."""
    trials = generate_trials(nback_tasks(), 90, SPACE, rng=np.random.default_rng(7))
    columns = [getattr(trials, name) for name in (*LABELS, "target")]
    digest = hashlib.sha256(np.stack(columns).astype("<i8").tobytes()).hexdigest()
    assert digest[:16] == "28d63af45c04a566"


def test_an_n_back_trial_shows_an_item_at_each_step():
    trials = generate_trials(nback_tasks(), 9, SPACE, items=5, rng=np.random.default_rng(0))
    assert trials.shown.tolist() == [[0, 1, 2, 3, 4]] * 9
    assert trials.share_timeline
    assert (trials.n_items, trials.n_probes, trials.n_steps) == (5, 0, 5)
