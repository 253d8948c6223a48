"""The engine against libsvm and against its own duality gap, on problems of every kind."""

import numpy as np
import pytest
from sklearn.svm import SVC

from wmsim.decoding.engine import solve, trial_costs
from wmsim.errors import WmsimError

KINDS = (
    "plain", "wide", "tall", "duplicates", "contradictions", "constant units", "unbalanced",
    "huge", "tiny", "far from zero", "separable", "hopeless", "ties", "weights",
)  # fmt: skip


def random_problem(kind, seed):
    """Patterns, signs, costs of one problem."""
    rng = np.random.default_rng(seed)
    shape = {"wide": (25, 70), "tall": (150, 4)}.get(kind, (int(rng.integers(20, 80)), 12))
    n = shape[0]
    patterns = rng.standard_normal(shape)
    share = 0.06 if kind == "unbalanced" else rng.uniform(0.3, 0.7)
    signs = np.where(rng.random(n) < share, 1, -1)
    signs[:2] = 1, -1
    shift = {"separable": 6.0, "hopeless": 0.0}.get(kind, rng.uniform(0, 1.5))
    patterns[:, 0] += shift * signs
    if kind == "duplicates":
        patterns[n // 2 :], signs[n // 2 :] = patterns[: n - n // 2], signs[: n - n // 2]
    if kind == "contradictions":
        patterns[n // 2 :], signs[n // 2 :] = patterns[: n - n // 2], -signs[: n - n // 2]
    if kind == "constant units":
        patterns[:, 3:9] = 7.0
    if kind == "ties":
        patterns = np.round(patterns)
    penalty = 10.0 ** rng.uniform(-3, 1)
    scale = {"huge": 1e6, "tiny": 1e-6}.get(kind, 1.0)
    patterns, penalty = patterns * scale, penalty / scale**2
    if kind == "far from zero":
        patterns += 1e4
    costs = np.full(n, penalty)
    if kind == "weights":
        costs *= rng.uniform(0.1, 3.0, n)
        costs[rng.random(n) < 0.1] = 0.0
        costs[:2] = penalty
    return patterns, signs, costs


def objective(normal, offset, patterns, signs, costs):
    """Primal objective of the soft-margin SVC."""
    margins = 1 - signs * (patterns @ normal + offset)
    return 0.5 * normal @ normal + np.sum(costs * np.maximum(margins, 0))


def dual_objective(dual, patterns, signs):
    """Dual objective: never above the primal one of any hyperplane."""
    normal = dual @ patterns
    return dual @ signs - 0.5 * normal @ normal


def scikit_learn(patterns, signs, costs):
    """Normal, offset and coefficients y * alpha by libsvm; centred, which libsvm needs."""
    used = costs > 0
    mean = patterns.mean(axis=0)
    scale = np.sqrt(((patterns - mean) ** 2).sum(axis=1).mean())
    # Measured in units of its scale, or libsvm's absolute tolerance would mean nothing.
    gram = (patterns - mean)[used] @ (patterns - mean)[used].T / scale**2
    solver = SVC(kernel="precomputed", C=1.0, tol=1e-9, max_iter=2_000_000, random_state=0)
    solver.fit(gram, signs[used], sample_weight=costs[used] * scale**2)
    dual = np.zeros(len(signs))
    dual[np.flatnonzero(used)[solver.support_]] = solver.dual_coef_[0] / scale**2
    normal = dual @ (patterns - mean)
    return normal, solver.intercept_[0] - normal @ mean, dual


@pytest.mark.filterwarnings("ignore:Solver terminated early")  # theirs, not ours
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_optimal_and_the_same_as_libsvm(kind, seed):
    patterns, signs, costs = random_problem(kind, seed)
    found = solve(patterns, signs[None], costs[None])
    normal, offset, dual = found.normals[0], found.offsets[0], found.dual[0]
    # Feasible, and no hyperplane can be better than by the gap: that proves it optimal.
    assert (dual * signs >= 0).all()
    assert (dual * signs <= costs * (1 + 1e-9)).all()
    assert abs(dual.sum()) <= 1e-9 * costs.sum()
    centred = patterns - patterns.mean(axis=0)
    ours = objective(normal, offset, patterns, signs, costs)
    bound = dual_objective(dual, centred, signs)
    assert 0 <= found.gap[0] + 1e-9 < 1e-6
    assert ours - bound <= 2e-6 * ours
    # And libsvm agrees: objective, normal (|w - w*|^2 / 2 <= gap) and decision values.
    their_normal, their_offset, _ = scikit_learn(patterns, signs, costs)
    theirs = objective(their_normal, their_offset, patterns, signs, costs)
    assert ours == pytest.approx(theirs, rel=1e-5)
    distance = np.linalg.norm(normal - their_normal)
    assert distance <= 1e-3 * max(np.linalg.norm(their_normal), 1e-2 * np.sqrt(theirs))
    if abs(offset - their_offset) > 1e-3 * (1 + abs(offset)):
        # Only where b is not determined: theirs costs the same with our normal.
        same = objective(normal, their_offset, patterns, signs, costs)
        assert same == pytest.approx(ours, rel=1e-6)
    else:
        np.testing.assert_allclose(
            patterns @ normal + offset, patterns @ their_normal + their_offset,
            atol=2e-3, rtol=2e-3,
        )  # fmt: skip


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_units_of_measurement_change_nothing(scale):
    """w scales as 1/s and C as 1/s^2; decisions stay."""
    patterns, signs, costs = random_problem("plain", 11)
    one = solve(patterns, signs[None], costs[None])
    other = solve(patterns * scale, signs[None], costs[None] / scale**2)
    np.testing.assert_allclose(one.normals, other.normals * scale, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(one.offsets, other.offsets, rtol=1e-6, atol=1e-9)


def test_float32_is_as_good():
    patterns, signs, costs = random_problem("tall", 3)
    one = solve(patterns.astype(np.float32), signs[None], costs[None])
    other = solve(patterns.astype(np.float32).astype(float), signs[None], costs[None])
    np.testing.assert_array_equal(one.normals, other.normals)


def test_trials_out_of_training_take_no_part():
    patterns, signs, costs = random_problem("tall", 4)
    left = signs.copy()
    left[5:40] = 0
    changed = patterns.copy()
    changed[5:40] += 3.0
    inside = left != 0
    alone = solve(patterns[inside], signs[None, inside], costs[None, inside])
    for given in (patterns, changed):
        found = solve(given, left[None], costs[None])
        assert (found.dual[0, ~inside] == 0).all()
        np.testing.assert_allclose(found.normals, alone.normals, atol=1e-6)
        np.testing.assert_allclose(found.offsets, alone.offsets, atol=1e-6)


def test_many_problems_at_once_are_those_one_by_one():
    rng = np.random.default_rng(5)
    patterns = rng.standard_normal((70, 20))
    signs = np.where(rng.random((40, 70)) < 0.4, 1, -1)
    costs = np.concatenate([trial_costs(signs[:20], 0.01, True), trial_costs(signs[20:], 5, False)])
    together = solve(patterns, signs, costs, threads=2)
    assert together.gap.max() < 1e-6
    for row in (0, 7, 19, 20, 33, 39):
        alone = solve(patterns, signs[[row]], costs[[row]], threads=1)
        np.testing.assert_allclose(together.normals[row], alone.normals[0], atol=1e-9)
        np.testing.assert_allclose(together.offsets[row], alone.offsets[0], atol=1e-9)


def test_a_start_changes_the_way_not_the_end():
    patterns, signs, costs = random_problem("plain", 8)
    cold = solve(patterns, signs[None], costs[None])
    rng = np.random.default_rng(0)
    for start in (cold.dual, rng.standard_normal(cold.dual.shape) * costs, 100 * cold.dual):
        warm = solve(patterns, signs[None], costs[None], start=start)
        np.testing.assert_allclose(warm.normals, cold.normals, atol=1e-4)
    assert solve(patterns, signs[None], costs[None], start=cold.dual).steps[0, 0] <= 2


def test_a_problem_with_more_free_coefficients_than_units_and_huge_c():
    """Hardly any regularisation: a linear programme, where float32 steps alone would stall."""
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((120, 6))
    signs = np.where(rng.random(120) < 0.5, 1, -1)
    found = solve(patterns, signs[None], trial_costs(signs[None], 1e7, False))
    assert found.gap[0] < 1e-6
    separable = np.where(patterns[:, 0] > 0, 1, -1)
    hard = solve(patterns, separable[None], trial_costs(separable[None], 1e7, False))
    margins = separable * (patterns @ hard.normals[0] + hard.offsets[0])
    assert margins.min() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("constant", [0.0, 5.0])
def test_patterns_that_do_not_vary_give_no_normal(constant):
    signs = np.array([[1, -1, -1, -1]])
    found = solve(np.full((4, 3), constant), signs, trial_costs(signs, 1.0, False))
    np.testing.assert_array_equal(found.normals, 0)
    assert found.offsets[0] == pytest.approx(-1.0)


def test_what_cannot_be_solved_is_said():
    good, signs = np.random.default_rng(0).standard_normal((4, 2)), np.array([[1, 1, -1, -1]])
    costs = np.ones((1, 4))
    with pytest.raises(WmsimError, match="0 trials of its value among 4 for training"):
        solve(good, -np.ones((1, 4)), costs)
    with pytest.raises(WmsimError, match="Decoder 0 has 2 trials of its value among 2"):
        solve(good, signs, costs * (signs > 0))
    with pytest.raises(WmsimError, match=r"1 of 4 trials hold NaN or infinity.*trial 2"):
        solve(np.where(np.arange(4)[:, None] == 2, np.nan, good), signs, costs)
    with pytest.raises(WmsimError, match=r"shape \(trial, unit\) .* found shape \(0, 2\)"):
        solve(good[:0], signs[:, :0], costs[:, :0])
    with pytest.raises(WmsimError, match="real numbers"):
        solve(good.astype(str), signs, costs)
    with pytest.raises(WmsimError, match=r"shape \(problem, 4\), one column a trial"):
        solve(good, signs[:, :3], costs)
    with pytest.raises(WmsimError, match=r"\+1, -1, or 0"):
        solve(good, 2 * signs, costs)
    with pytest.raises(WmsimError, match="finite and not negative"):
        solve(good, signs, -costs)
    with pytest.raises(WmsimError, match="C must be a positive number, found 0"):
        trial_costs(signs, 0, True)


def test_what_does_not_converge_is_never_returned(monkeypatch):
    from wmsim.decoding.engine import batch

    monkeypatch.setattr(batch, "ROUNDS", 0)
    patterns, signs, costs = random_problem("plain", 1)
    with pytest.raises(WmsimError, match="could not be solved: a relative duality gap of"):
        solve(patterns, signs[None], costs[None])


def test_the_sure_method_takes_over(monkeypatch):
    """With hardly any steps allowed at first, the careful second run still gets there."""
    from wmsim.decoding.engine import batch

    monkeypatch.setattr(batch, "_settings", lambda n, gap, warm: np.array([1, 1, 1, gap, 1e-9]))
    patterns, signs, costs = random_problem("tall", 1)
    found = solve(patterns, signs[None], costs[None])
    assert found.gap[0] < 1e-6
    assert found.steps[0, 0] > 2
