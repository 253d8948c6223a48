"""Which trials are moved where; which item counts."""

import numpy as np
import pytest

from wmsim.errors import ConfigError, WmsimError
from wmsim.perturbation.compared import compared
from wmsim.perturbation.plan import make_plan
from wmsim.tasks import MATCH, NON_MATCH, ItemSpace, generate_trials, parse_task

SPACE = ItemSpace.of_counts(n_categories=4, identities=2, views=3)


def planned(name, feature=None, item=0, decoder="pairs", n_trials=400):
    rng = np.random.default_rng(0)
    task = parse_task(name)
    pair = compared(task, generate_trials([task], n_trials, SPACE, rng=rng), item)
    plan = make_plan(pair, feature or task.feature, decoder=decoder, folds=4, rng=rng)
    return pair, plan


@pytest.mark.parametrize("name", ["1-back-location", "2-back-identity", "3-back-category"])
def test_non_matches_go_to_the_probe_and_matches_away_from_it(name):
    pair, plan = planned(name, item=1)
    k, stored = plan.own.n_values, plan.own.labels
    start, goal = np.divmod(plan.own.moves["own"], k)
    values = getattr(pair.trials, plan.own.name)
    np.testing.assert_array_equal(start, stored)
    np.testing.assert_array_equal(stored, values[:, 1])
    assert (goal != stored).all()
    probe = values[:, 1 + int(name[0])]
    np.testing.assert_array_equal(goal[plan.kind == 1], probe[plan.kind == 1])
    np.testing.assert_array_equal(stored[plan.kind == 0], probe[plan.kind == 0])
    away = plan.own.moves["elsewhere"]
    assert (away[plan.kind == 0] == -1).all()
    third = away[plan.kind == 1] % k
    assert (third != probe[plan.kind == 1]).all()
    assert (third != stored[plan.kind == 1]).all()


def test_goals_of_matches_come_equally_often():
    _, plan = planned("1-back-location")
    counts = np.bincount(plan.own.moves["own"][plan.kind == 0], minlength=16).reshape(4, 4)
    assert (np.diag(counts) == 0).all()
    # Balanced over all trials of a stored value; of those, matches are a random half.
    assert counts[~np.eye(4, dtype=bool)].min() > 5


def test_unrelated_features_leave_the_own_one_as_it_is():
    _, location = planned("1-back-location")
    assert [one.name for one in location.unrelated] == ["identity", "category"]
    _, identity = planned("1-back-identity")
    assert [one.name for one in identity.unrelated] == ["location"]
    _, category = planned("1-back-category")
    within = next(one for one in category.unrelated if one.name == "identity")
    start, goal = np.divmod(within.moves["unrelated"], 8)
    assert (start != goal).all()
    np.testing.assert_array_equal(start // 2, goal // 2)
    # Away from an identity leads to all others, also of other categories.
    _, rest = planned("1-back-category", decoder="rest")
    assert [one.name for one in rest.unrelated] == ["location"]


def test_with_one_against_the_rest_matches_leave_and_non_matches_arrive():
    pair, plan = planned("1-back-location", decoder="rest")
    own, asked = plan.own.moves["own"], pair.trials.location[:, 1]
    np.testing.assert_array_equal(own[plan.kind == 0], plan.own.labels[plan.kind == 0])
    np.testing.assert_array_equal(own[plan.kind == 1], 4 + asked[plan.kind == 1])


@pytest.mark.parametrize(
    ("name", "item", "columns"),
    [("3-back-location", 2, (2, 5)), ("dms-location", 0, (0, 1)), ("retrocue-location", 1, (1, 2)),
     ("sternberg-2-identity", 1, (1, 2))],
)  # fmt: skip
def test_an_item_is_compared_with_the_probe_that_asks_for_it(name, item, columns):
    pair, plan = planned(name, item=item)
    assert (pair.item, pair.probe) == columns
    target = pair.trials.target[:, pair.probe_step]
    assert set(np.unique(target)) == {MATCH, NON_MATCH}
    values = getattr(pair.trials, plan.own.name)
    same = values[:, pair.item] == values[:, pair.probe]
    np.testing.assert_array_equal(same, target == MATCH)
    assert (pair.trials.shown[:, pair.step] == item).all()


def test_what_cannot_be_planned_is_told():
    with pytest.raises(ConfigError, match=r"Item 5 .* take one from 0 to 3"):
        planned("2-back-location", item=5)
    with pytest.raises(ConfigError, match="take one from 0 to 0"):
        planned("dms-location", item=1)
    with pytest.raises(WmsimError, match="at least 10 of each"):
        planned("1-back-location", n_trials=12)
