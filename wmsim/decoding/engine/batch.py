"""Many problems on one Gram matrix: bounds, starts, threads, certificates, and the sure method."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wmsim.decoding.engine.certificate import certify
from wmsim.decoding.engine.compiled import make_ready
from wmsim.decoding.engine.problem import Gram, check_problems, gram_of
from wmsim.decoding.engine.threads import n_threads, run_all
from wmsim.errors import WmsimError

# Relative to the mean diagonal of the Gram matrix, which is 1.
RIDGE = 1e-9
ROUNDS = 100
# A gap above this is never returned.
LARGEST_GAP = 1e-3
# Problems that a thread takes at a time: enough for one matrix product of all.
CHUNK = 16
# Pieces that few problems are cut into, so that several cores have something to do.
SHARES = 8


class Solution(NamedTuple):
    """Solved problems; the decision value of a pattern x is ``normals @ x + offsets``.

    Attributes
    ----------
    normals : ndarray, shape (problem, unit)
        Normal vectors w.
    offsets : ndarray, shape (problem,)
        Offsets b.
    dual : ndarray, shape (problem, trial)
        Coefficients y * alpha: w is ``dual @ patterns``.
    gap : ndarray, shape (problem,)
        Duality gap relative to the primal objective: how far from optimal w and b can be.
    steps : ndarray of int, shape (problem, 3)
        Pair steps, Newton steps, and coefficients dropped in Newton steps.
    """

    normals: np.ndarray
    offsets: np.ndarray
    dual: np.ndarray
    gap: np.ndarray
    steps: np.ndarray


def solve(
    patterns: np.ndarray, signs: np.ndarray, costs: np.ndarray, *,
    start: np.ndarray | None = None, gap: float = 1e-6, threads: int | None = None,
    device: str = "cpu",
) -> Solution:  # fmt: skip
    r"""Solve soft-margin linear SVCs for one set of patterns and many labellings.

    Minimises :math:`|w|^2 / 2 + \sum_i c_i \max(0, 1 - y_i (w x_i + b))` for each problem, by
    sequential minimal optimisation [1]_ to find the trials that matter, and by Newton's method
    with an active set [2]_ for their coefficients.

    Parameters
    ----------
    patterns : ndarray, shape (trial, unit)
        Activity.
    signs : ndarray, shape (problem, trial)
        Labels: +1, -1, or 0 for trials that are not in training.
    costs : ndarray, shape (problem, trial)
        Cost of each trial's violation: C times the weight of its class.
    start : ndarray, shape (problem, trial), optional
        Coefficients to start from, e.g. those of a similar problem.
    gap : float, default 1e-6
        Relative duality gap wanted.
    threads : int, optional
        Threads; by default those of OMP_NUM_THREADS, or all cores.
    device : str, default "cpu"
        Where to compute: on ``"cpu"`` as above, else, e.g. on ``"cuda"``, by interior points in
        PyTorch: :func:`wmsim.decoding.engine.torch_batched.solve_torch`.

    Returns
    -------
    Solution

    Raises
    ------
    WmsimError
        If the input cannot be used, a gap of 1e-3 could not be reached, or there is no such
        device.

    References
    ----------
    .. [1] Fan, Chen & Lin (2005), Working set selection using second order information for
       training support vector machines, JMLR 6, 1889-1918.
    .. [2] Scheinberg (2006), An efficient implementation of an active set method for SVMs,
       JMLR 7, 2237-2257.

    Examples
    --------
    >>> patterns = np.array([[0.0, 1.0], [0.0, -1.0], [1.0, 1.0], [1.0, -1.0]])
    >>> found = solve(patterns, np.array([[1, -1, 1, -1]]), np.full((1, 4), 10.0))
    >>> found.normals.round(6) + 0.0, bool(found.gap[0] < 1e-6)
    (array([[0., 1.]]), True)
    """
    if device != "cpu":
        from wmsim.decoding.engine.torch_batched import solve_torch

        return solve_torch(
            patterns, signs, costs, device=device, start=start, gap=gap, threads=threads
        )
    gram = gram_of(patterns, n_threads(threads))
    signs, costs = np.atleast_2d(signs), np.atleast_2d(np.asarray(costs, dtype=np.float64))
    check_problems(signs, costs, len(gram.centred))
    return solve_on(gram, signs, costs, start=start, gap=gap, threads=threads)


def solve_on(
    gram: Gram, signs: np.ndarray, costs: np.ndarray, *,
    start: np.ndarray | None = None, gap: float = 1e-6, threads: int | None = None,
) -> Solution:  # fmt: skip
    """Solve checked problems on a Gram matrix that is there already; see :func:`solve`."""
    n_problems, (n_trials, n_units) = len(signs), gram.centred.shape
    found = Solution(
        np.empty((n_problems, n_units)), np.empty(n_problems), np.empty((n_problems, n_trials)),
        np.empty(n_problems), np.empty((n_problems, 3), np.int64),
    )  # fmt: skip
    workers = n_threads(threads)
    # Which problems go together decides how sums are rounded: it must not depend on threads.
    size = max(1, min(CHUNK, -(-n_problems // SHARES)))

    def one(job: int) -> None:
        part = slice(job * size, (job + 1) * size)
        begin = None if start is None else start[part]
        solved = _solve_part(gram, signs[part], costs[part], begin, gap)
        for all_of_them, some in zip(found, solved, strict=True):
            all_of_them[part] = some

    run_all(one, -(-n_problems // size), workers)
    _refuse_unsolved(found.gap)
    return found


def _solve_part(
    gram: Gram, signs: np.ndarray, costs: np.ndarray, start: np.ndarray | None, gap: float
) -> Solution:
    """Solve some problems; those that miss their gap again, more carefully."""
    signs = np.where(costs > 0, signs, 0).astype(np.float64)
    costs = np.where(signs != 0, costs, 0.0)
    n = signs.shape[1]
    work = _Work.of(gram, signs, costs, start)
    everything = np.arange(len(signs))
    work.run(gram, _settings(n, gap, warm=start is not None), everything, single=True)
    dual = work.dual[:, :n] / gram.scale
    found = certify(gram.centred, signs, costs, dual)
    missed = np.flatnonzero(~(found.gap <= gap))
    if missed.size:
        careful = np.array([20 * n, 5 * n, ROUNDS, 0.1 * gap, 10 * RIDGE])
        work.run(gram, careful, missed, single=False)
        dual[missed] = work.dual[missed, :n] / gram.scale
        found = certify(gram.centred, signs, costs, dual)
    offsets = found.offsets - found.normals @ gram.mean
    return Solution(found.normals, offsets, dual, found.gap, work.steps)


def _refuse_unsolved(gap: np.ndarray) -> None:
    bad = np.flatnonzero(~(gap <= LARGEST_GAP))
    if bad.size:
        raise WmsimError(
            f"Decoder {bad[0]} (and {bad.size - 1} others) could not be solved: a relative "
            f"duality gap of {gap[bad[0]]:.1e} is left, {LARGEST_GAP:g} is the most that is "
            f"accepted. Standardise the units, leave out trials with extreme values, or use a "
            f"smaller C."
        )


def _settings(n: int, gap: float, *, warm: bool) -> np.ndarray:
    """Pair steps of the first and of later rounds, and how precise to be.

    A pair step costs some microseconds, a Newton step a hundred times as much; without a start,
    the bounds of most trials are to be found first.
    """
    first = n // 12 if warm else n // 3
    return np.array([max(first, 30), min(max(n // 18, 30), 200), ROUNDS, 0.1 * gap, RIDGE])


class _Work(NamedTuple):
    """Arrays of some problems in the units of the Gram matrix, padded; solved in place."""

    signs: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    dual: np.ndarray
    slack: np.ndarray
    steps: np.ndarray

    @classmethod
    def of(
        cls, gram: Gram, signs: np.ndarray, costs: np.ndarray, start: np.ndarray | None
    ) -> _Work:
        """Bounds, and a start within them."""
        n_problems, n = signs.shape
        shape = (n_problems, len(gram.double))
        padded = np.zeros(shape)
        padded[:, :n] = signs
        lower, upper, dual = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        upper[:, :n] = np.where(signs > 0, costs, 0.0) * gram.scale
        lower[:, :n] = np.where(signs < 0, -costs, 0.0) * gram.scale
        slack = padded.copy()
        if start is not None:
            dual[:, :n] = start * gram.scale
            _snap(dual, lower, upper)
            normals = dual[:, :n] @ gram.centred
            slack[:, :n] -= (normals @ gram.centred.T) / gram.scale
        return cls(padded, lower, upper, dual, slack, np.zeros((n_problems, 3), np.int64))

    def run(self, gram: Gram, settings: np.ndarray, problems: np.ndarray, *, single: bool) -> None:
        """Solve the problems of these numbers, each from where it stands."""
        make_ready()
        from wmsim.decoding.engine.rounds import solve_many

        most_free = min(gram.centred.shape) + 64
        index_bits = max(len(gram.double) - 1, 1).bit_length()
        solve_many(
            gram.double, gram.single, gram.diagonal, self.signs, self.lower, self.upper,
            self.dual, self.slack, self.steps, problems, settings, most_free, index_bits, single,
        )  # fmt: skip


def _snap(dual: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
    """Bring a start within its bounds; what is at a bound but for rounding is put there."""
    near = 1e-10 * (upper - lower)
    dual[:] = np.where(dual >= upper - near, upper, np.where(dual <= lower + near, lower, dual))
