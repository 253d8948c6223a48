"""Tasks with a delay and a probe: their rules one trial at a time, and that only they predict."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.errors import ConfigError
from wmsim.tasks import (
    ACTIONS,
    FEATURES,
    IGNORED,
    DMSTask,
    ItemSpace,
    RetroCueTask,
    SternbergTask,
    Timeline,
    generate_trials,
    nback_tasks,
    parse_task,
)
from wmsim.tasks.timeline import PHASES

SPACE = ItemSpace.of_counts(n_categories=5, identities=2, views=3, n_locations=4)
features, delays = st.sampled_from(FEATURES), st.integers(1, 5)
delayed = st.one_of(
    st.builds(DMSTask, feature=features, delay=delays, distractors=st.integers(0, 3)),
    st.builds(SternbergTask, feature=features, delay=delays, load=st.integers(1, 3)),
    st.builds(RetroCueTask, feature=features, delay=delays, load=st.integers(2, 3)),
)
a_task = st.one_of(delayed, st.sampled_from(nback_tasks()))
# One of each kind and load, with few values, so that all combinations can be gone through.
PLAIN = [
    DMSTask(feature="location"),
    DMSTask(feature="category", distractors=1),
    SternbergTask(feature="location", load=1),
    SternbergTask(feature="location", load=3),
    SternbergTask(feature="category", load=2),
    RetroCueTask(feature="location", load=2),
    RetroCueTask(feature="category", load=3),
]


def draw(tasks, n_trials, seed=0, items=6):
    rng = np.random.default_rng(seed)
    return generate_trials(tasks, n_trials, SPACE, items=items, rng=rng)


def steps_of(trials, trial):
    """What happens at each step of a trial: ("item", value), ("cue", item), ("gap",), ..."""
    feature = trials.tasks[trials.task[trial]].feature
    for phase, column in zip(trials.phase[trial], trials.shown[trial], strict=True):
        if phase < 0:
            return
        name = PHASES[phase]
        if name in ("item", "probe"):
            yield name, int(getattr(trials, feature)[trial, column])
        elif name == "cue":
            yield name, int(trials.cue[trial])
        else:
            assert column == -1
            yield (name,)


def reference_answers(task, steps):
    """What a subject that follows the instructions would do, step by step."""
    seen, cued, answers = [], None, []
    for what, *value in steps:
        answer = "no action"
        if what == "item":
            seen.append(value[0])
            if hasattr(task, "n") and len(seen) > task.n:
                answer = "match" if seen[-1] == seen[-1 - task.n] else "non-match"
        elif what == "cue":
            cued = value[0]
        elif what == "probe":
            if isinstance(task, DMSTask):
                same = value[0] == seen[0]
            elif isinstance(task, SternbergTask):
                same = value[0] in seen
            else:
                same = value[0] == seen[cued]
            answer = "match" if same else "non-match"
        answers.append(ACTIONS.index(answer))
    return answers


@settings(max_examples=60)
@given(
    tasks=st.lists(a_task, min_size=1, max_size=5, unique=True),
    n_trials=st.integers(1, 60),
    seed=st.integers(0, 2**32 - 1),
)
def test_targets_are_what_the_rule_says_in_any_mixture(tasks, n_trials, seed):
    trials = draw(tasks, n_trials, seed)
    for trial in range(n_trials):
        task = trials.tasks[trials.task[trial]]
        steps = list(steps_of(trials, trial))
        line = task.timeline(6) if hasattr(task, "n") else task.timeline
        assert [what for what, *_ in steps] == [PHASES[phase] for phase in line.phase]
        assert trials.target[trial, : len(steps)].tolist() == reference_answers(task, steps)
        assert (trials.target[trial, len(steps) :] == IGNORED).all()
        assert (trials.shown[trial, len(steps) :] == -1).all()


@settings(max_examples=40)
@given(tasks=st.lists(a_task, min_size=1, max_size=4, unique=True), seed=st.integers(0))
def test_labels_belong_together_and_are_there_for_all_that_is_shown(tasks, seed):
    trials = draw(tasks, 40, seed)
    shown = np.zeros(trials.image.shape, dtype=bool)
    rows, steps = np.nonzero(trials.shown >= 0)
    shown[rows, trials.shown[rows, steps]] = True
    for name in ("location", "identity", "category", "view", "image"):
        np.testing.assert_array_equal(getattr(trials, name) >= 0, shown)
    image = trials.image[shown]
    np.testing.assert_array_equal(trials.identity[shown], image // 3)
    np.testing.assert_array_equal(trials.view[shown], image % 3)
    np.testing.assert_array_equal(trials.category[shown], SPACE.category[image // 3])


def whole_design(task, k):
    """Number of trials in which every combination occurs equally often."""
    if isinstance(task, DMSTask):
        return k * 2 * (k - 1) * k**task.distractors
    if isinstance(task, SternbergTask):
        return k * 2 * task.load * math.perm(k - 1, task.load)
    return k * 2 * task.load * 2 * (task.load - 1) * math.perm(k - 1, task.load)


@pytest.mark.parametrize("task", PLAIN, ids=lambda task: task.name)
def test_no_single_value_predicts_the_answer(task):
    """Over a whole design, match comes exactly as often as non-match given any one value."""
    k = SPACE.n_values(task.feature)
    trials = draw([task], whole_design(task, k), seed=1)
    matches = trials.target[:, -1] == 2
    values = getattr(trials, task.feature)
    for column, value in itertools.product(range(values.shape[1]), range(k)):
        here = matches[values[:, column] == value]
        assert here.size == trials.n_trials / k
        assert here.mean() == 0.5


@settings(max_examples=40)
@given(task=delayed, n_trials=st.integers(1, 500), seed=st.integers(0, 2**32 - 1))
def test_the_probe_is_balanced_for_any_number_of_trials(task, n_trials, seed):
    trials = draw([task], n_trials, seed)
    k = SPACE.n_values(task.feature)
    probe = getattr(trials, task.feature)[:, -1]
    assert np.ptp(np.bincount(probe, minlength=k)) <= 1
    for value in range(k):
        answers = trials.target[probe == value, -1]
        assert abs(int((answers == 2).sum()) - int((answers == 1).sum())) <= 1


def test_what_is_not_asked_for_does_not_predict_either():
    """Balanced within items, not with the answer: deviations as by chance (sd .011)."""
    for task in (DMSTask(feature="category"), SternbergTask(feature="identity", load=2)):
        trials = draw([task], 8000, seed=2)
        matches = trials.target[:, -1] == 2
        for column, value in itertools.product(range(trials.image.shape[1]), range(4)):
            assert abs(matches[trials.location[:, column] == value].mean() - 0.5) < 0.05


@settings(max_examples=30)
@given(
    task=st.one_of(
        st.builds(SternbergTask, feature=features, load=st.integers(1, 3)),
        st.builds(RetroCueTask, feature=features, load=st.integers(2, 3)),
    ),
    seed=st.integers(0, 2**32 - 1),
)
def test_values_of_items_do_not_repeat(task, seed):
    trials = draw([task], 100, seed)
    values = np.sort(getattr(trials, task.feature)[:, : trials.n_items], axis=1)
    assert (np.diff(values, axis=1) > 0).all()


def test_matching_probes_repeat_each_item_equally_often():
    trials = draw([SternbergTask(feature="identity", load=3)], 960)
    same = trials.identity[:, :3] == trials.identity[:, 3:]
    assert same.any(axis=1).sum() == 480
    np.testing.assert_array_equal(same.sum(axis=0), 160)


def test_the_cue_has_to_be_used():
    """Half of what does not match is an item that was not cued; each is cued equally often."""
    trials = draw([RetroCueTask(feature="identity", load=3)], 10 * 6 * 2 * 2 * 10)
    matches = trials.target[:, -1] == 2
    among = (trials.identity[:, :3] == trials.identity[:, 3:]).any(axis=1)
    assert among[matches].all()
    assert among[~matches].mean() == 0.5
    np.testing.assert_array_equal(np.bincount(trials.cue), trials.n_trials / 3)
    for cue in range(3):
        assert matches[trials.cue == cue].mean() == 0.5


def test_distractors_say_nothing_about_sample_and_probe():
    task = DMSTask(feature="location", distractors=1)
    trials = draw([task], whole_design(task, 4) * 2)
    sample, distractor, probe = trials.location.T
    counts = np.zeros((4, 4, 4), dtype=int)
    np.add.at(counts, (sample, probe, distractor), 1)
    assert (np.ptp(counts, axis=2) == 0).all()


def test_tables_of_several_tasks_are_padded_at_their_end():
    tasks = [parse_task("1-back-location"), parse_task("sternberg-2-location")]
    trials = draw(tasks, 10, items=3)
    assert (trials.n_items, trials.n_probes, trials.n_steps) == (3, 1, 6)
    assert not trials.share_timeline
    sternberg = trials.task == 1
    assert (trials.image[sternberg] >= 0).tolist() == [[True, True, False, True]] * 5
    assert (trials.image[~sternberg] >= 0).tolist() == [[True, True, True, False]] * 5
    assert trials.shown[sternberg].tolist() == [[0, 1, -1, -1, -1, 3]] * 5
    assert set(trials.n_back[~sternberg]) == {1}
    assert set(trials.n_back[sternberg]) == {0}


def test_values_at_columns_are_those_of_the_step_that_shows_them():
    trials = draw([parse_task("dms-location"), parse_task("2-back-location")], 6, items=4)
    step = np.broadcast_to(np.arange(trials.n_steps), trials.target.shape)
    found = trials.at_columns(step, -1)
    dms = trials.task == 0
    assert found[dms].tolist() == [[0, -1, -1, -1, 4]] * 3
    assert found[~dms].tolist() == [[0, 1, 2, 3, -1]] * 3


def test_a_seed_fixes_the_trials():
    tasks = [parse_task("retrocue-location"), parse_task("dms-d1-category")]
    one, same, other = (draw(tasks, 50, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.image, same.image)
    np.testing.assert_array_equal(one.target, same.target)
    assert not np.array_equal(one.image, other.image)


def test_errors_say_what_to_do():
    with pytest.raises(ConfigError, match=r"needs at least 5 values of 'location', the stimuli "
                       r"have 4; use a load of at most 3"):  # fmt: skip
        draw([parse_task("sternberg-4-location")], 5)
    with pytest.raises(ConfigError, match="use a load of at most 4"):
        draw([parse_task("retrocue-5-category")], 5)
    with pytest.raises(ConfigError, match="load is 1: Input should be greater than or equal to 2"):
        RetroCueTask(feature="location", load=1)
    with pytest.raises(ConfigError, match="Did you mean 'category'"):
        DMSTask(feature="categry")
    with pytest.raises(ConfigError, match="delay is 0"):
        DMSTask(feature="location", delay=0)
    with pytest.raises(ConfigError, match="at least one item"):
        Timeline.of("probe")
    with pytest.raises(ConfigError, match="Did you mean 'probe'"):
        Timeline.of("item", "prob")
