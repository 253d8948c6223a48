"""Permutations in the pipeline: early ends, corrected tensors, ridge decoders all at once."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wmsim.decoding import Problem
from wmsim.decoding.null import TIE
from wmsim.errors import ConfigError
from wmsim.figures import tensor_map
from wmsim.hypotheses import plant
from wmsim.pipeline import AnalysisConfig, Design, analyze
from wmsim.pipeline.jobs import Job
from wmsim.pipeline.statistics import (
    Statistics,
    all_permuted,
    observed,
    permuted,
    with_folds,
)
from wmsim.pipeline.stopping import Nulls, settled_at

PICTURES = {"maintenance": 1, "repeats": False, "spiking": "log-linear", "signal": 5.0}

QUICK = AnalysisConfig(folds=3, permutations=40, bootstrap=10, stop_after=2)
RIDGE = QUICK.changed(estimator="ridge", stop_after=None)
STATES = ((0, 0), (0, 1), (1, 1))
DESIGN = Design(STATES, (0, 1))


@pytest.fixture(scope="module")
def nothing():
    return plant(**PICTURES | {"signal": 0}, n_trials=60, n_units=10, n_items=2, n_values=2, seed=8)


@pytest.fixture(scope="module")
def code():
    return plant(**PICTURES, n_trials=90, n_units=30, n_items=2, n_values=3, seed=1)


def numbers_of(tree, path=()):
    """All numbers with a p, by where they are."""
    if isinstance(tree, dict) and "reached_at" in tree:
        yield path, tree
    children = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, one in children:
        if isinstance(one, dict | list):
            yield from numbers_of(one, (*path, key))


def made_up(rng, *, n_permutations, effect, n_statistics=2):
    """Statistics of data (0) and permutations, as if something had been decoded."""
    names = [f"s{number}" for number in range(n_statistics)]
    found = []
    for number in range(n_permutations + 1):
        values = {name: np.round(rng.standard_normal((1, 2)), 1) for name in names}
        if number == 0:
            values = {name: value + effect for name, value in values.items()}
        found.append(Statistics(values, {}, np.empty((0, 1, 2)), np.zeros((3, 3, 2))))
    return found


def made_up_jobs(features):
    problem = Problem(np.zeros((2, 4, 1)), np.zeros((2, 4), int), 2, STATES)
    return [
        Job(f"task {number}", feature, asked, ("a", "b"), problem, DESIGN)
        for number, (feature, asked) in enumerate(features)
    ]


def first_hits(data, null, h):
    """For every statistic and metric, when the h-th permutation reached it."""
    hits = []
    for name, value in data.items():
        for metric in range(2):
            # Equal means of tasks may be rounded differently: ties are ties within TIE.
            least = value[0, metric] - TIE
            reached = np.flatnonzero([s[name][0, metric] >= least for s in null])
            hits.append(reached[h - 1] + 1 if reached.size >= h else None)
    return hits


def ends_by_hand(jobs, all_statistics, h, planned):
    """Ends with everything at hand: of own statistics and of means over asked tasks."""
    ends = []
    for job, mine in zip(jobs, all_statistics, strict=True):
        hits = first_hits(mine[0].values, [s.values for s in mine[1:]], h)
        if job.asked:
            group = [s for j, s in zip(jobs, all_statistics, strict=True)
                     if j.asked and j.feature == job.feature]  # fmt: skip
            mean = [{name: np.mean([s[p].values[name] for s in group], axis=0)
                     for name in mine[0].values} for p in range(planned + 1)]  # fmt: skip
            hits += first_hits(mean[0], mean[1:], h)
        ends.append(planned if None in hits else max(hits))
    return ends


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), h=st.integers(1, 4), chunk=st.integers(1, 7))
def test_ends_do_not_depend_on_the_order_in_which_pieces_come(seed, h, chunk):
    rng = np.random.default_rng(seed)
    jobs = made_up_jobs([("x", True), ("x", True), ("y", False), ("x", False)])
    effects = rng.choice([0.0, 0.0, 3.0], size=len(jobs))
    made = [made_up(rng, n_permutations=20, effect=e) for e in effects]
    expected = ends_by_hand(jobs, made, h, 20)
    pieces = [(job, None) for job in range(len(jobs))]
    pieces += [(job, tuple(range(start, min(start + chunk, 20))))
               for job in range(len(jobs)) for start in range(0, 20, chunk)]  # fmt: skip
    for everything in (True, False):
        nulls = Nulls(jobs, [20] * len(jobs), h)
        for piece in rng.permutation(len(pieces)):
            job, permutations = pieces[piece]
            if everything or nulls.wants(job, permutations):
                results = made[job][:1] if permutations is None else [
                    made[job][1 + p] for p in permutations
                ]  # fmt: skip
                nulls.add(job, permutations, results)
        assert [len(one.null) for one in nulls.results()] == expected
    assert [nulls.ended(job) for job in range(len(jobs))] == [end < 20 for end in expected]


def test_early_ends_leave_p_uniform_without_a_code():
    rng = np.random.default_rng(0)
    p = []
    for _ in range(300):
        jobs = made_up_jobs([("x", True)])
        nulls = Nulls(jobs, [60], 5)
        made = made_up(rng, n_permutations=60, effect=0.0, n_statistics=1)
        nulls.add(0, None, made[:1])
        for start in range(0, 60, 5):
            if nulls.wants(0, (start,)):
                nulls.add(0, range(start, start + 5), made[1 + start : 6 + start])
        numbers = nulls._numbers([0])
        p += [one["p"] for _, one in numbers_of(numbers)]
    for level in (0.05, 0.1, 0.25, 0.5):
        assert np.mean(np.array(p) <= level) == pytest.approx(level, abs=0.055)
    assert np.mean(p) == pytest.approx(0.5, abs=0.06)


def test_where_there_is_nothing_permutations_end_and_say_so(nothing, tmp_path):
    result = analyze(nothing, QUICK, n_jobs=1)
    numbers = result.summary["features"]["image"]
    assert numbers["n_permutations"] < 40
    assert "ended early: every statistic had been reached or exceeded by 2" in str(
        numbers["permutations_ended"]
    )
    found = dict(numbers_of(numbers))
    assert len(found) > 8
    for one in found.values():
        assert one["p"] == 2 / one["reached_at"]
    assert max(one["reached_at"] for one in found.values()) == numbers["n_permutations"]
    assert result.tensor["n_permutations"].item() == numbers["n_permutations"]
    json.dumps(result.summary, allow_nan=False)
    # Two processes; taken up again, with pieces missing; and with pieces beyond the end on disk.
    assert analyze(nothing, QUICK, n_jobs=2, work=tmp_path / "a").summary == result.summary
    for file in sorted((tmp_path / "a").glob("*.npz"))[::2]:
        file.unlink()
    assert analyze(nothing, QUICK, n_jobs=1, work=tmp_path / "a").summary == result.summary
    analyze(nothing, QUICK.changed(stop_after=0), n_jobs=1, work=tmp_path / "b")
    n_files = len(list((tmp_path / "b").iterdir()))
    assert analyze(nothing, QUICK, n_jobs=1, work=tmp_path / "b").summary == result.summary
    assert len(list((tmp_path / "b").iterdir())) == n_files == 9


def test_with_a_code_p_is_that_of_all_permutations(code):
    config = QUICK.changed(permutations=25, rotation_permutations=3)
    ending = analyze(code, config, n_jobs=1)
    whole = analyze(code, config.changed(stop_after=None), n_jobs=1)
    numbers = ending.summary["features"]["image"]
    assert numbers["permutations_ended"] == "all that were asked for"
    assert numbers["n_permutations"] == 25
    full = dict(numbers_of(whole.summary["features"]["image"]))
    unreached = 0
    for path, one in numbers_of(numbers):
        assert one["n_permutations"] == (one["reached_at"] or (3 if "procrustes" in path else 25))
        if one["reached_at"] is None:
            assert one == full[path]
            unreached += 1
    assert unreached > 4
    assert numbers["within"]["p"] == 1 / 26


def test_a_statistic_without_further_permutations_does_not_hold_up_the_others():
    settled = {"p": 0.5, "value": 0.5, "n_permutations": 8, "reached_at": 8}
    short = {"p": 0.25, "value": 0.9, "n_permutations": 3, "reached_at": None}
    assert settled_at({"a": settled, "procrustes": {"b": short}}, 10) == 8
    assert settled_at({"a": settled, "procrustes": {"b": short}}, 3) is None
    assert settled_at({"a": settled, "more": [{**short, "n_permutations": 10}]}, 10) is None
    lacking = {"p": None, "value": None, "n_permutations": 10, "reached_at": None}
    assert settled_at({"a": settled, "b": lacking}, 10) == 8


def test_cells_are_tested_and_corrected(code):
    config = RIDGE.changed(permutations=39, rotation_permutations=0)
    tensor = analyze(code, config, n_jobs=1).tensor
    item, step = tensor["train_item"].values, tensor["train_step"].values
    one = tensor.isel(analysis=0).sel(metric="balanced")
    shown = np.flatnonzero(item == step)
    for name in ("p", "p_max", "p_cluster"):
        assert one[name].dims == ("train_state", "test_state")
        assert "cells" in one[name].attrs["long_name"] or name == "p"
        np.testing.assert_allclose(one[name].values[shown, shown], 1 / 40)
    assert (one["p"] <= one["p_max"]).all()
    assert tensor["n_permutations"].item() == 39


def test_states_that_nothing_rests_on_have_no_p(tmp_path):
    rng = np.random.default_rng(0)
    states = tuple((s, t) for s in range(4) for t in range(s, 4))
    design = Design(states, (0, 1, 2, 3), n_back=1)
    problem = Problem(rng.standard_normal((4, 60, 6)), rng.integers(0, 2, (4, 60)), 2, states)
    job = Job("1-back", "x", True, ("a", "b"), problem, design)
    nulls = Nulls([job], [20], None)
    nulls.add(0, None, [observed(problem, design, RIDGE, 0)])
    nulls.add(0, range(20), all_permuted(problem, design, RIDGE, 0, range(20)))
    from wmsim.pipeline.results import tensor_dataset

    tensor = tensor_dataset(nulls.results())
    unused = [states.index(state) for state in set(states) - set(design.used)]
    assert unused == [states.index((0, 3))]
    for name in ("chance", "p", "p_max", "p_cluster"):
        absent = np.isnan(tensor[name].values[0])
        assert absent[unused].all()
        assert absent[:, unused].all()
        assert not np.delete(np.delete(absent, unused, 0), unused, 1).any()
    assert np.isfinite(tensor["accuracy"]).all()
    # The figure marks corrected cells and does not stumble over those without p.
    tensor["p_max"][0, 0, 0] = 0.01
    assert all(file.stat().st_size > 5000 for file in tensor_map(tensor, [0], tmp_path / "map"))


@pytest.mark.parametrize("penalties", [None, (0.01, 10.0)])
@pytest.mark.parametrize("given_folds", [True, False])
def test_ridge_permutations_are_as_if_each_was_fitted_anew(penalties, given_folds):
    rng = np.random.default_rng(3)
    labels = np.array([rng.permutation(4)[:3] for _ in range(72)]).T
    states = tuple((s, t) for s in range(3) for t in range(s, 3))
    activity = rng.standard_normal((3, 72, 15)) + 0.4 * labels[0, :, None]
    fold = np.arange(72) % 4 if given_folds else None
    problem = Problem(activity, labels, 4, states, fold)
    design = Design(states, (0, 1, 2))
    config = RIDGE.changed(penalties=penalties, rotation_permutations=2)
    fast = all_permuted(problem, design, config, 7, [0, 1, 4])
    for one, permutation in zip(fast, [0, 1, 4], strict=True):
        slow = permuted(problem, design, config, 7, permutation)
        assert list(one.values) == list(slow.values)
        assert ("procrustes.fitted" in one.values) == (permutation < 2)
        assert list(one.left_out) == list(slow.left_out)
        for group in ("values", "left_out"):
            for name, values in getattr(one, group).items():
                np.testing.assert_allclose(values, getattr(slow, group)[name], atol=1e-9)
        np.testing.assert_allclose(one.by_item, slow.by_item, atol=1e-9)
        np.testing.assert_allclose(one.tensor, slow.tensor, atol=1e-9)
        assert one.facts == slow.facts


def test_ridge_labels_stay_in_their_folds_unless_these_are_too_small():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (1, 40))
    problem = Problem(rng.standard_normal((1, 40, 3)), labels, 2, ((0, 0),))
    fixed = with_folds(problem, RIDGE, 0)
    assert np.bincount(fixed.fold).tolist() == [14, 13, 13] or len(fixed.fold) == 40
    np.testing.assert_array_equal(with_folds(problem, RIDGE, 0).fold, fixed.fold)
    assert with_folds(problem, RIDGE.changed(folds=40), 0).fold is None
    assert with_folds(problem, QUICK, 0).fold is None
    alone = RIDGE.changed(folds=30, permutations=3)
    assert len(all_permuted(problem, Design(((0, 0),), (0,)), alone, 0, range(3))) == 3


def test_impossible_settings_are_named():
    with pytest.raises(ConfigError, match="stop_after is -1"):
        AnalysisConfig(stop_after=-1)
    with pytest.raises(ConfigError, match=r"cluster_forming is 1\.5"):
        AnalysisConfig(cluster_forming=1.5)
