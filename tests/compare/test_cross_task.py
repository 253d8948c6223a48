"""Transfer between tasks, planted."""

from dataclasses import replace

import numpy as np
import pytest

from wmsim.compare.cross_task import (
    common_states,
    cross_task,
    task_cosines,
    task_kernels,
    weighted_correlation,
)
from wmsim.compare.halves import Half
from wmsim.compare.pairing import Pair
from wmsim.compare.sides import Side
from wmsim.compare.splits import ceiling, shuffled, splits

# Cosines between the codes of three tasks: tasks 1 and 2 share a code, 3 has one of its own; and
# the other way round.
LIKE = np.array([[1.0, 0.8, 0.1], [0.8, 1.0, 0.2], [0.1, 0.2, 1.0]])
UNLIKE = LIKE[::-1, ::-1]
K, N_ITEMS, N_STEPS = 5, 2, 3


def sides(cosines, n_units, noise, seed, name):
    """A side for each task; codes of tasks have these cosines, in all states."""
    rng = np.random.default_rng(seed)
    mixing = np.linalg.cholesky(cosines)
    spaces = rng.standard_normal((len(cosines), N_STEPS, N_ITEMS, K, n_units))
    codes = np.tensordot(mixing, spaces, axes=(1, 0))
    codes[:, 0, 1] = 0
    return [_side(one, noise, rng, f"task {n + 1}", name) for n, one in enumerate(codes)]


def _side(codes, noise, rng, task, name):
    labels = rng.integers(0, K, (N_ITEMS, 120))
    activity = noise * rng.standard_normal((N_STEPS, 120, codes.shape[-1]))
    activity += sum(codes[:, item, labels[item]] for item in range(N_ITEMS))
    return Side(
        name=name, task=task, feature="image", activity=activity, labels=labels,
        values=tuple("abcde"), steps=("item 1", "item 2", "maintenance"), shown=(0, 1, -1),
        holed=np.zeros((N_STEPS, 120, 0)),
    )  # fmt: skip


def split_tasks(model, brain, seed=0):
    """One list of splits, a task each."""
    pairs = [Pair(m, b, False, ()) for m, b in zip(model, brain, strict=True)]
    return [splits(pair, 1, seed=[seed, n])[0] for n, pair in enumerate(pairs)]


@pytest.fixture(scope="module")
def brain():
    return sides(LIKE, 40, 2.0, 1, "brain")


def test_a_model_that_transfers_where_the_brain_does_scores_high(brain):
    ones = np.ones((1, K))
    same = split_tasks(sides(LIKE, 60, 0.5, 2, "model"), brain)
    other = split_tasks(sides(UNLIKE, 60, 0.5, 3, "model"), brain)
    top = cross_task([ceiling(split) for split in same])(ones)[0]
    assert cross_task(same)(ones)[0] > 0.8
    assert top > 0.8
    assert cross_task(other)(ones)[0] < 0


def test_cosines_are_those_that_were_planted():
    own = sides(LIKE, 400, 3.0, 4, "model")
    halves = [Half(side, np.arange(120), side.activity.mean(axis=1)) for side in own]
    states = common_states(own)
    assert states == [(0, "item 1"), (0, "item 2"), (1, "item 2"), (0, "maintenance"),
                      (1, "maintenance")]  # fmt: skip
    found = task_cosines(task_kernels(halves, states).sum(axis=0)).reshape(5, 3)
    assert found.mean(axis=0) == pytest.approx([0.8, 0.1, 0.2], abs=0.08)


def test_shuffled_labels_score_about_0(brain):
    model, rng, ones = sides(LIKE, 60, 0.5, 2, "model"), np.random.default_rng(0), np.ones((1, K))
    found = []
    for draw in range(30):
        pairs = [Pair(m, b, False, ()) for m, b in zip(model, brain, strict=True)]
        own = [splits(shuffled(p, rng), 1, seed=[draw, n])[0] for n, p in enumerate(pairs)]
        found.append(cross_task(own)(ones)[0])
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(30)
    assert abs(np.mean(found)) < 0.25


def test_weights_count_values(brain):
    score = cross_task(split_tasks(sides(LIKE, 60, 0.5, 2, "model"), brain))
    found = score(np.array([[2, 0, 1, 1, 1], [4, 0, 2, 2, 2], [1, 1, 1, 1, 1]]))
    assert found[0] == pytest.approx(found[1])
    assert abs(found[0] - found[2]) > 1e-4


def test_one_task_other_units_or_other_values_are_not_compared(brain):
    model = sides(LIKE, 60, 0.5, 2, "model")
    own, ones = split_tasks(model, brain), np.ones((2, K))
    assert np.isnan(cross_task(own[:1])(ones)).all()
    fewer = replace(brain[1], activity=brain[1].activity[:, :, :30])
    assert np.isnan(cross_task(split_tasks(model, [brain[0], fewer, brain[2]]))(ones)).all()
    named = replace(brain[1], values=tuple("vwxyz"))
    assert np.isnan(cross_task(split_tasks(model, [brain[0], named, brain[2]]))(ones)).all()


def test_correlation_is_scipys_where_weights_are_whole_numbers():
    from scipy.stats import pearsonr

    rng = np.random.default_rng(5)
    one, other = rng.standard_normal((2, 12))
    times = rng.integers(1, 4, 12)
    expected = pearsonr(np.repeat(one, times), np.repeat(other, times)).statistic
    assert weighted_correlation(one, other, times.astype(float)) == pytest.approx(expected)
