"""Interior points in PyTorch against the engine on the CPU, libsvm, and the duality gap.

On a machine with a GPU the same tests run there too.
"""

import subprocess
import sys

import numpy as np
import pytest
import torch

from wmsim.decoding.engine import interior, solve, torch_batched, trial_costs
from wmsim.decoding.engine.torch_batched import problem_bytes, solve_torch
from wmsim.errors import WmsimError

KINDS = (
    "plain", "wide", "tall", "duplicates", "contradictions", "constant units", "unbalanced",
    "huge", "tiny", "far from zero", "separable", "hopeless", "ties", "weights",
)  # fmt: skip
DEVICES = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
PENALTIES = (0.001, 0.05, 1.0, 10.0)


def random_problems(kind, seed, n_problems=8):
    """Patterns, and signs and costs of problems that need different numbers of steps."""
    rng = np.random.default_rng(seed)
    n, n_units = {"wide": (25, 70), "tall": (150, 4)}.get(kind, (60, 12))
    patterns = rng.standard_normal((n, n_units))
    share = 0.06 if kind == "unbalanced" else 0.4
    signs = np.where(rng.random((n_problems, n)) < share, 1, -1)
    signs[:, :2] = 1, -1
    patterns[:, 0] += {"separable": 6.0, "hopeless": 0.0}.get(kind, 1.0) * signs[0]
    if kind in ("duplicates", "contradictions"):
        half = n // 2
        patterns[half:] = patterns[:half]
        signs[:, half:] = signs[:, :half] * (1 if kind == "duplicates" else -1)
    if kind == "constant units":
        patterns[:, 3:9] = 7.0
    if kind == "ties":
        patterns = np.round(patterns)
    signs[2::3] *= rng.random((len(signs[2::3]), n)) < 0.9
    signs[:, :2] = 1, -1
    costs = np.concatenate(
        [trial_costs(row[None], PENALTIES[p % 4], p % 2 == 0) for p, row in enumerate(signs)]
    )
    if kind == "weights":
        costs *= rng.uniform(0.1, 3.0, costs.shape)
        costs[:, 2:] *= rng.random((n_problems, n - 2)) < 0.9
    scale = {"huge": 1e6, "tiny": 1e-6}.get(kind, 1.0)
    patterns, costs = patterns * scale, costs / scale**2
    return patterns + (1e4 if kind == "far from zero" else 0.0), signs, costs


def objectives(found, patterns, signs, costs):
    """Primal and dual objectives, from nothing but what is returned."""
    normals, offsets, dual = found.normals, found.offsets, found.dual
    losses = np.maximum(1 - signs * (normals @ patterns.T + offsets[:, None]), 0)
    primal = 0.5 * (normals**2).sum(axis=1) + (costs * np.abs(signs) * losses).sum(axis=1)
    own = dual @ (patterns - patterns.mean(axis=0))
    return primal, (dual * signs).sum(axis=1) - 0.5 * (own**2).sum(axis=1)


def scikit_learn(patterns, signs, costs):
    """Primal objective of libsvm's solution of one problem, in units that suit it."""
    from sklearn.svm import SVC

    used = (costs > 0) & (signs != 0)
    centred = patterns - patterns.mean(axis=0)
    scale = np.sqrt((centred**2).sum(axis=1).mean())
    centred, costs = centred[used] / scale, costs[used] * scale**2
    solver = SVC(kernel="linear", C=1.0, tol=1e-8, max_iter=1_000_000, random_state=0)
    solver.fit(centred, signs[used], sample_weight=costs)
    normal = solver.coef_[0]
    losses = np.maximum(1 - signs[used] * (centred @ normal + solver.intercept_[0]), 0)
    return (0.5 * normal @ normal + (costs * losses).sum()) / scale**2


@pytest.mark.filterwarnings("ignore:Solver terminated early")  # theirs, not ours
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", KINDS)
def test_optimal_and_the_same_as_the_engine_and_libsvm(kind, dtype, device):
    patterns, signs, costs = random_problems(kind, len(kind))
    found = solve_torch(patterns, signs, costs, device=device, dtype=dtype)
    assert (found.steps[:, 0] == 0).all(), "some were left for the CPU"
    size, total = found.dual * signs, costs.sum(axis=1)
    assert (size >= 0).all()
    assert (size <= costs * (1 + 1e-9)).all()
    assert (np.abs(found.dual.sum(axis=1)) <= 1e-9 * total).all()
    primal, dual = objectives(found, patterns, signs, costs)
    assert found.gap.max() < 1e-6
    np.testing.assert_array_less(primal - dual, 2e-6 * primal)
    exact = solve(patterns, signs, costs, gap=1e-9)
    np.testing.assert_allclose(primal, objectives(exact, patterns, signs, costs)[0], rtol=1e-6)
    # A normal that is known to be 0 is known up to the gap: |w - w*|^2 / 2 is below it.
    distance = np.linalg.norm(found.normals - exact.normals, axis=1)
    length = np.linalg.norm(exact.normals, axis=1)
    assert (distance <= 1e-5 * np.maximum(length, np.sqrt(primal))).all()
    ours, theirs = (patterns @ f.normals.T + f.offsets for f in (found, exact))
    np.testing.assert_allclose(ours, theirs, atol=2e-4)
    for p in range(4):
        theirs = scikit_learn(patterns, signs[p], costs[p])
        assert primal[p] <= theirs * (1 + 1e-6)
        # Its Gram matrix is in float32, which costs up to 2e-5 here, whatever its tolerance.
        assert primal[p] == pytest.approx(theirs, rel=1e-4)


def test_the_offset_is_the_middle_of_its_range_if_it_is_not_determined():
    """No free trials: all coefficients are at their bounds."""
    patterns, signs = np.array([[-3.0], [-1.0], [1.0], [4.0]]), np.array([[-1, -1, 1, 1]])
    costs = np.full((1, 4), 0.01)
    found = solve_torch(patterns, signs, costs, device="cpu")
    assert (np.abs(found.dual) == 0.01).all()
    assert found.offsets[0] == pytest.approx(solve(patterns, signs, costs).offsets[0], abs=1e-12)


@pytest.mark.parametrize("constant", [0.0, 5.0])
def test_patterns_that_do_not_vary_give_no_normal(constant):
    signs = np.array([[1, -1, -1, -1]])
    costs = trial_costs(signs, 1.0, False)
    found = solve_torch(np.full((4, 3), constant), signs, costs, device="cpu")
    np.testing.assert_array_equal(found.normals, 0)
    assert found.offsets[0] == pytest.approx(-1.0)


def test_trials_out_of_training_take_no_part():
    patterns, signs, costs = random_problems("tall", 4)
    signs[:, 10:40] = 0
    inside = (signs != 0).all(axis=0)
    inside[10:40] = False
    signs = signs * inside
    alone = solve_torch(patterns[inside], signs[:, inside], costs[:, inside], device="cpu")
    patterns[~inside] += 3.0
    found = solve_torch(patterns, signs, costs, device="cpu")
    assert (found.dual[:, ~inside] == 0).all()
    np.testing.assert_allclose(found.normals, alone.normals, atol=1e-6)
    np.testing.assert_allclose(found.offsets, alone.offsets, atol=1e-6)


def test_hardly_any_regularisation():
    """Nearly a linear programme: who gets there, interior points or the CPU, is left open."""
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((120, 6))
    signs = np.where(patterns[:, 0] > 0, 1, -1)[None]
    found = solve_torch(patterns, signs, trial_costs(signs, 1e7, False), device="cpu")
    margins = signs[0] * (patterns @ found.normals[0] + found.offsets[0])
    assert margins.min() == pytest.approx(1.0, abs=1e-5)


def test_chunks_change_nothing(monkeypatch):
    patterns, signs, costs = random_problems("plain", 1)
    together = solve_torch(patterns, signs, costs, device="cpu")
    monkeypatch.setattr(torch_batched, "BUDGET", 3.5 * problem_bytes(60, 12, "float64"))
    sizes = []
    run = torch_batched._run
    monkeypatch.setattr(
        torch_batched,
        "_run",
        lambda factor, *all_: sizes.append(len(all_[0])) or run(factor, *all_),
    )
    apart = solve_torch(patterns, signs, costs, device="cpu")
    assert sizes == [3, 3, 2]
    np.testing.assert_allclose(together.normals, apart.normals, atol=1e-9)
    np.testing.assert_allclose(together.offsets, apart.offsets, atol=1e-9)


def test_chunks_follow_the_memory_of_the_device(monkeypatch):
    one = problem_bytes(900, 256, "float64")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda place: (150 * one, 10**12))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda place: 80 * one)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda place: 30 * one)
    chunk = torch_batched._chunk((900, 256), torch.device("cuda"), "float64")
    assert chunk == 100  # half of what is free or held for nothing
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda place: (10**15, 10**15))
    for shape in ((30, 4), (3000, 512)):
        chunk = torch_batched._chunk(shape, torch.device("cuda"), "float64")
        assert chunk <= 4096
        assert chunk * shape[0] * (shape[1] + 1) < 2**31


def test_less_at_a_time_when_memory_runs_out(monkeypatch):
    patterns, signs, costs = random_problems("plain", 2)
    expected = solve_torch(patterns, signs, costs, device="cpu")
    run = torch_batched._run

    def scarce(factor, signs, *rest, most):
        if len(signs) > most:
            raise torch.cuda.OutOfMemoryError("out of memory")
        return run(factor, signs, *rest)

    monkeypatch.setattr(torch_batched, "_run", lambda *a: scarce(*a, most=2))
    found = solve_torch(patterns, signs, costs, device="cpu")
    np.testing.assert_allclose(found.normals, expected.normals, atol=1e-9)
    monkeypatch.setattr(torch_batched, "_run", lambda *a: scarce(*a, most=0))
    with pytest.raises(WmsimError, match="One decoder of 60 trials in 12 dimensions does not fit"):
        solve_torch(patterns, signs, costs, device="cpu")


@pytest.mark.parametrize("warm", [True, False])
def test_what_does_not_converge_is_solved_on_the_cpu(monkeypatch, warm):
    patterns, signs, costs = random_problems("plain", 3)
    exact = solve(patterns, signs, costs)
    monkeypatch.setattr(interior, "MOST_STEPS", 2)
    start = exact.dual if warm else None
    found = solve_torch(patterns, signs, costs, device="cpu", start=start)
    assert found.gap.max() < 1e-6
    assert (found.steps[:, 1] > 0).all()
    np.testing.assert_allclose(found.normals, exact.normals, atol=2e-4)
    np.testing.assert_allclose(found.offsets, exact.offsets, atol=2e-3)


def test_numbers_that_are_none_are_solved_on_the_cpu(monkeypatch):
    patterns, signs, costs = random_problems("plain", 5)
    run = torch_batched._run

    def broken(*given):
        dual, steps = run(*given)
        dual[3] = np.nan
        dual[4] *= 0.5
        dual[5, 0] += costs[5, 0]  # no longer sums to zero
        return dual, steps

    left, rest = [], torch_batched._solve_rest

    def listed(found, numbers, *given):
        left.extend(numbers)
        rest(found, numbers, *given)

    monkeypatch.setattr(torch_batched, "_run", broken)
    monkeypatch.setattr(torch_batched, "_solve_rest", listed)
    found = solve_torch(patterns, signs, costs, device="cpu")
    assert left == [3, 4, 5]
    assert found.gap.max() < 1e-6
    np.testing.assert_allclose(found.normals, solve(patterns, signs, costs).normals, atol=2e-4)


def test_what_nobody_solves_is_said(monkeypatch):
    from wmsim.decoding.engine import batch

    patterns, signs, costs = random_problems("plain", 3)
    monkeypatch.setattr(interior, "MOST_STEPS", 1)
    monkeypatch.setattr(batch, "ROUNDS", 0)
    with pytest.raises(
        WmsimError, match=r"left for the CPU \(.*\): Decoder .* could not be solved"
    ):
        solve_torch(patterns, signs, costs, device="cpu")


def test_solve_takes_this_path_for_other_devices():
    patterns, signs, costs = random_problems("plain", 6)
    here = solve_torch(patterns, signs, costs, device="cpu")
    # A CPU with a number is a device of PyTorch like any other.
    found = solve(patterns, signs, costs, device="cpu:0")
    np.testing.assert_array_equal(found.normals, here.normals)
    assert (found.steps[:, 0] == 0).all()
    assert (solve(patterns, signs, costs, device="cpu").steps[:, 0] > 0).any()


@pytest.mark.parametrize("name", ["cuda:99", "gpu", "meta"])
def test_a_device_that_is_not_there_is_named(name):
    patterns, signs, costs = random_problems("plain", 7)
    with pytest.raises(
        WmsimError,
        match=rf"on device '{name}' \(.+\)\. PyTorch .* finds: cpu.*Use device='cpu'",
    ):
        solve(patterns, signs, costs, device=name)


def test_what_cannot_be_used_is_said_as_on_the_cpu():
    patterns, signs, costs = random_problems("plain", 8)
    bad = np.where(np.arange(60)[:, None] == 2, np.nan, patterns)
    with pytest.raises(WmsimError, match="1 of 60 trials hold NaN"):
        solve_torch(bad, signs, costs, device="cpu")
    with pytest.raises(WmsimError, match="Decoder 0 has 0 trials of its value"):
        solve_torch(patterns, -np.abs(signs), costs, device="cpu")
    with pytest.raises(WmsimError, match="Unknown dtype 'float16'"):
        solve_torch(patterns, signs, costs, device="cpu", dtype="float16")


def test_importing_loads_no_torch():
    code = (
        "import sys, wmsim.decoding.engine.torch_batched, wmsim.decoding.engine.interior;"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
