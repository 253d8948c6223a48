"""Recognition after a sequence: the rule one trial at a time, balance, and the very trials."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.config import overlay
from wmsim.errors import ConfigError
from wmsim.models import NetworkConfig, trial_vectors
from wmsim.tasks import (
    FEATURES,
    IGNORED,
    MATCH,
    NO_ACTION,
    NON_MATCH,
    ItemSpace,
    SequenceTask,
    generate_trials,
    parse_task,
    regime_tasks,
    sequence_trials,
)
from wmsim.tasks.timeline import GAP, ITEM, MAINTENANCE, PADDING, PROBE
from wmsim.training import SubjectConfig
from wmsim.training.presets import for_tasks, sequence_plan

SPACE = ItemSpace.of_counts(n_categories=5, identities=2, views=3, n_locations=4)
lengths = st.lists(st.integers(0, 4), min_size=1, max_size=3, unique=True).map(tuple)
sequences = st.builds(
    SequenceTask,
    feature=st.sampled_from(FEATURES),
    load=st.integers(1, 3),
    shown=st.integers(1, 3),
    gaps=lengths,
    delays=lengths.map(lambda few: tuple(1 + 2 * one for one in few)),
    probes=st.integers(1, 2),
)
seeds = st.integers(0, 2**32 - 1)


def draw(task, n_trials, seed=0, space=SPACE):
    return generate_trials([task], n_trials, space, rng=np.random.default_rng(seed))


def told(trials, trial):
    """Runs of steps of a trial, until it ends: (phase, column, how many steps)."""
    steps = zip(trials.phase[trial].tolist(), trials.shown[trial].tolist(), strict=True)
    steps = [step for step in steps if step[0] != PADDING]
    return [(*what, len(list(run))) for what, run in itertools.groupby(steps)]


@settings(max_examples=60)
@given(task=sequences, n_trials=st.integers(1, 30), seed=seeds)
def test_steps_and_answers_are_those_of_the_instructions(task, n_trials, seed):
    trials = draw(task, n_trials, seed)
    asked = getattr(trials, task.feature)
    for trial in range(n_trials):
        runs = told(trials, trial)
        blanks = {GAP: [], MAINTENANCE: []}
        for phase, column, count in runs:
            if phase in blanks:
                assert column == -1
                blanks[phase].append(count)
        assert [(phase, column) for phase, column, _ in runs if phase in (ITEM, PROBE)] == [
            (ITEM if column < task.load else PROBE, column)
            for column in range(task.load + task.probes)
        ]
        assert {count for phase, _, count in runs if phase in (ITEM, PROBE)} == {task.shown}
        assert blanks[MAINTENANCE][0] in task.delays
        assert len(blanks[MAINTENANCE]) == 1
        # One gap a trial; a gap of 0 leaves no step.
        assert len(set(blanks[GAP])) <= 1
        assert len(blanks[GAP]) in (0, task.load - 1)
        assert (blanks[GAP][0] if blanks[GAP] else 0) in (task.gaps if task.load > 1 else (0,))

        n_steps = sum(count for *_, count in runs)
        answers = trials.target[trial]
        assert (answers[n_steps:] == IGNORED).all()
        items = asked[trial, : task.load].tolist()
        for probe in range(task.load, task.load + task.probes):
            first, *later = np.flatnonzero(trials.shown[trial] == probe)
            assert answers[first] == (MATCH if asked[trial, probe] in items else NON_MATCH)
            assert (answers[later] == NO_ACTION).all()
        assert np.isin(answers, (MATCH, NON_MATCH)).sum() == task.probes


@settings(max_examples=40)
@given(task=sequences, seed=seeds)
def test_nothing_repeats_but_the_matching_probe(task, seed):
    trials = draw(task, 50, seed)
    asked = getattr(trials, task.feature)
    items, probes = asked[:, : task.load], asked[:, task.load :]
    for values in (items, probes):
        assert (np.diff(np.sort(values, axis=1), axis=1) > 0).all()
    among = (probes[:, :, None] == items[:, None]).any(axis=2).sum(axis=1)
    assert (among == 1).all() if task.probes == 2 else (among <= 1).all()


@settings(max_examples=30)
@given(task=sequences, seed=seeds)
def test_labels_belong_together_and_pictures_are_at_one_place(task, seed):
    trials = draw(task, 40, seed)
    np.testing.assert_array_equal(trials.image, 3 * trials.identity + trials.view)
    np.testing.assert_array_equal(trials.category, SPACE.category[trials.identity])
    assert np.ptp(trials.location) == (3 if task.feature == "location" else 0)
    assert (trials.location[:, 0] == 0).all() or task.feature == "location"


def whole_design(load, k):
    """Number of trials in which every combination of what is asked occurs equally often."""
    return k * 2 * load * math.perm(k - 1, load)


@pytest.mark.parametrize(("load", "probes"), [(1, 1), (1, 2), (3, 1), (2, 2), (3, 2)])
def test_no_single_value_predicts_the_answer(load, probes):
    """Over a whole design, each probe is a match as often as not, given any one value."""
    task = SequenceTask(feature="location", load=load, probes=probes)
    k = SPACE.n_values("location")
    spare = k - load if probes == 2 else 1  # what a second probe may be behind a matching one
    trials = draw(task, whole_design(load, k) * spare, seed=1)
    answers = trials.target[:, -probes:]
    for column, value in itertools.product(range(load + probes), range(k)):
        here = answers[trials.location[:, column] == value]
        assert len(here) == trials.n_trials / k
        np.testing.assert_array_equal((here == MATCH).mean(axis=0), 0.5)


@pytest.mark.parametrize("probes", [1, 2])
def test_matching_probes_repeat_each_item_equally_often(probes):
    trials = draw(SequenceTask(feature="identity", load=3, probes=probes), 960)
    same = trials.identity[:, None, :3] == trials.identity[:, 3:, None]
    assert same.sum() == 480 * probes
    np.testing.assert_array_equal(same.sum(axis=0), 160)


@settings(max_examples=40)
@given(task=sequences, n_trials=st.integers(1, 400), seed=seeds)
def test_the_first_probe_is_balanced_for_any_number_of_trials(task, n_trials, seed):
    trials = draw(task, n_trials, seed)
    k = SPACE.n_values(task.feature)
    probe = getattr(trials, task.feature)[:, task.load]
    step = np.argmax(trials.shown == task.load, axis=1)
    matches = np.take_along_axis(trials.target, step[:, None], axis=1)[:, 0] == MATCH
    assert np.ptp(np.bincount(probe, minlength=k)) <= 1
    for value in range(k):
        here = matches[probe == value]
        assert abs(2 * int(here.sum()) - here.size) <= 1


def test_gaps_and_delays_come_equally_often_and_say_nothing():
    task = SequenceTask(feature="identity", load=3, gaps=(0, 2, 4), delays=(3, 5), probes=2)
    trials = draw(task, 1200)
    counts = np.zeros((3, 2, 2), dtype=int)
    for trial in range(trials.n_trials):
        blank = [count for _, column, count in told(trials, trial) if column == -1]
        gap = blank[0] if len(blank) > 1 else 0
        answers = trials.target[trial]
        matches = answers[np.isin(answers, (MATCH, NON_MATCH))][0] == MATCH
        counts[task.gaps.index(gap), task.delays.index(blank[-1]), int(matches)] += 1
    np.testing.assert_array_equal(counts, 100)


def test_networks_are_told_the_task_and_the_probe():
    task = SequenceTask(feature="category", load=2, shown=2, delays=(1, 4), probes=2)
    trials = draw(task, 20)
    config = NetworkConfig().for_tasks([task])
    assert config.bit_names == (*FEATURES, "sequence", "probe")
    vectors = trial_vectors(trials, config)
    np.testing.assert_array_equal(vectors[..., :4], np.full((20, 12, 4), [0, 0, 1, 1]))
    np.testing.assert_array_equal(vectors[..., 4], trials.phase == PROBE)


@settings(max_examples=40)
@given(task=sequences, data=st.data(), seed=seeds)
def test_the_very_trials_are_those_that_were_given(task, data, seed):
    """Gaps of any kind come back from the steps, values from the labels."""
    rng = np.random.default_rng(seed)
    n_trials, k = data.draw(st.integers(1, 12)), SPACE.n_values(task.feature)
    order = rng.permuted(np.tile(np.arange(k), (n_trials, 1)), axis=1)
    # The last item and the first value that is none of them, in either order.
    values, probes = order[:, : task.load], order[:, task.load - 1 : task.load + 1]
    probes = rng.permuted(probes, axis=1)[:, : task.probes]
    gaps = rng.integers(0, 5, (n_trials, task.load - 1))
    delays = rng.integers(1, 8, n_trials)
    view = data.draw(st.sampled_from((None, 0, 2)))
    trials = sequence_trials(
        task, SPACE, values, probes, gaps, delays, views=view, rng=np.random.default_rng(seed)
    )
    asked = np.column_stack([values, probes])
    labels = getattr(trials, task.feature)
    np.testing.assert_array_equal(labels, asked)
    assert view is None or (trials.view == view).all()
    np.testing.assert_array_equal(trials.image, 3 * trials.identity + trials.view)
    for trial in range(n_trials):
        onset = [np.flatnonzero(trials.shown[trial] == column)[0] for column in range(task.load)]
        np.testing.assert_array_equal(np.diff(onset) - task.shown, gaps[trial])
        assert (trials.phase[trial] == MAINTENANCE).sum() == delays[trial]
    if task.load > 1:
        same = sequence_trials(
            task, SPACE, values, probes, gaps[:, 0], delays, rng=np.random.default_rng(seed)
        )
        repeated = np.repeat(gaps[:, :1], task.load - 1, axis=1)
        other = sequence_trials(
            task, SPACE, values, probes, repeated, delays, rng=np.random.default_rng(seed)
        )
        np.testing.assert_array_equal(same.shown, other.shown)


def test_items_may_have_labels_that_are_no_rows():
    """The split of novel identities does not start at 0."""
    space = ItemSpace(
        n_locations=1, identities=np.array([7, 3, 5]), category=np.array([0, 0, 1]),
        images=np.arange(30, 36).reshape(3, 2), views=np.array([[4, 9]] * 3),
    )  # fmt: skip
    task = SequenceTask(feature="identity", load=2)
    trials = sequence_trials(
        task, space, np.array([[0, 1]]), np.array([[2]]), np.array([0]), np.array([1]),
        views=1, rng=np.random.default_rng(0),
    )  # fmt: skip
    assert trials.identity.tolist() == [[7, 3, 5]]
    assert trials.image.tolist() == [[31, 33, 35]]
    assert trials.view.tolist() == [[9, 9, 9]]


def test_a_seed_fixes_the_trials():
    task = parse_task("sequence-3-identity-gaps0+2-delays3+6-probes2")
    one, same, other = (draw(task, 50, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.image, same.image)
    np.testing.assert_array_equal(one.shown, same.shown)
    assert not np.array_equal(one.image, other.image)


def test_tables_are_mixed_with_other_tasks():
    tasks = [parse_task("1-back-identity"), parse_task("sequence-2-identity-show2-probes2")]
    trials = generate_trials(tasks, 8, SPACE, items=3, rng=np.random.default_rng(0))
    own = trials.shown[trials.task == 1]
    assert own.tolist() == [[0, 0, 1, 1, -1, -1, -1, 3, 3, 4, 4]] * 4
    assert trials.shown[trials.task == 0].tolist() == [[0, 1, 2] + 8 * [-1]] * 4


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"feature": "identty"}, "Did you mean 'identity'"),
        ({"load": 7}, "load is 7: Input should be less than or equal to 6"),
        ({"shown": 0}, "shown is 0"),
        ({"probes": 3}, "probes is 3"),
        ({"gaps": ()}, "gaps.*there is none; give at least one number of steps"),
        ({"delays": (3, 5, 3)}, "delays.*3 is there twice"),
        ({"delays": (0,)}, "delays.*greater than or equal to 1"),
        ({"gaps": (-1,)}, "gaps.*greater than or equal to 0"),
    ],
)
def test_wrong_settings(settings, said):
    with pytest.raises(ConfigError, match=said):
        SequenceTask(**{"feature": "identity", **settings})


def test_lengths_are_sorted_so_that_equal_tasks_have_one_name():
    one, other = (SequenceTask(feature="identity", gaps=gaps) for gaps in ((4, 0), (0, 4)))
    assert one == other
    assert one.name == "sequence-2-identity-gaps0+4"


VALUES, PROBES, GAPS, DELAYS = [[0, 1], [2, 3]], [[1, 4], [5, 2]], [0, 2], [3, 4]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"values": [[0, 1, 2], [2, 3, 4]]}, r"values must have the shape \(2, 2\); .* \(2, 3\)"),
        ({"probes": [[1], [5]]}, r"probes must have the shape \(2, 2\)"),
        ({"gaps": [[0, 0], [2, 2]]}, r"gaps must have the shape \(2, 1\)"),
        ({"delays": [3]}, r"delays must have the shape \(2,\)"),
        ({"values": [[0, 1], [2, 10]]}, "values must be from 0 to 9; there is a 10"),
        ({"probes": [[1, -1], [5, 2]]}, "probes must be from 0 to 9; there is a -1"),
        ({"delays": [3, 0]}, "delays must be from 1 to 100; there is a 0"),
        ({"gaps": [0.5, 2]}, "gaps must be whole numbers; they are of type float64"),
        ({"values": [[0, 1], [2, 2]]}, r"Trial 1 has values \[2, 2\], one of which is there twice"),
        ({"probes": [[1, 1], [5, 2]]}, r"Trial 0 has probes \[1, 1\].*Leave such trials out"),
        ({"probes": [[1, 0], [5, 2]]}, r"Trial 0 has the probes \[1, 0\], 2 of which are among"),
        ({"probes": [[1, 4], [5, 6]]}, r"Trial 1 .* 0 of which .*\[2, 3\]; exactly 1 must be"),
        ({"views": 3}, "views is 3; it must be one of the stimuli's, 0 to 2"),
        ({"values": [], "probes": [], "gaps": [], "delays": []}, "There is no trial"),
    ],
)
def test_trials_that_cannot_be(changed, said):
    given = {"values": VALUES, "probes": PROBES, "gaps": GAPS, "delays": DELAYS} | changed
    view = given.pop("views", None)
    task = SequenceTask(feature="identity", load=2, probes=2)
    with pytest.raises(ConfigError, match=said):
        sequence_trials(
            task, SPACE, **{name: np.array(rows) for name, rows in given.items()},
            views=view, rng=np.random.default_rng(0),
        )  # fmt: skip


def test_too_few_values():
    with pytest.raises(ConfigError, match=r"sequence-4-location needs at least 5 values of "
                       r"'location', the stimuli have 4; use a load of at most 3"):  # fmt: skip
        draw(parse_task("sequence-4-location"), 5)


@settings(max_examples=30)
@given(tasks=st.lists(sequences, min_size=1, max_size=3, unique=True))
def test_easier_lessons_lead_up_to_the_tasks(tasks):
    plan = sequence_plan(tasks)
    assert set(regime_tasks(plan["regime"])) == set(tasks)
    lessons = [regime_tasks(regime) for regime in plan["curriculum"]]
    assert not any(isinstance(task, SequenceTask) for task in lessons[0])
    for lesson in lessons[1:]:
        for easy in lesson:
            if isinstance(easy, SequenceTask):
                assert any(
                    easy.load <= task.load
                    and max(easy.gaps) <= max(task.gaps)
                    and (easy.feature, easy.shown, easy.probes)
                    == (task.feature, task.shown, task.probes)
                    for task in tasks
                )
    assert max(task.load for task in lessons[1] if isinstance(task, SequenceTask)) <= 2
    if lessons[3:]:  # each at most twice the one before, and so are the tasks'
        least = max(min(task.delays) for task in tasks)
        growing = [max(max(task.delays) for task in lesson) for lesson in lessons[3:]]
        assert growing[0] == 3
        assert all(later == 2 * before for before, later in itertools.pairwise(growing))
        assert growing[-1] < least <= 2 * growing[-1]
    config = for_tasks(overlay(SubjectConfig(), plan))
    assert config.training.criterion_of == "answers"
