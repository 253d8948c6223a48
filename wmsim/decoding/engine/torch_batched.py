"""Many problems on an accelerator: device, memory, certificates, and what is left for the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wmsim.decoding.engine.batch import Solution, solve_on
from wmsim.decoding.engine.certificate import certify
from wmsim.decoding.engine.problem import check_patterns, check_problems, gram_of
from wmsim.decoding.engine.threads import n_threads
from wmsim.errors import WmsimError, choose

if TYPE_CHECKING:
    from torch import Tensor
    from torch import device as Device

DTYPES = ("float64", "float32")
# Interior points stop at this share of the gap wanted: by then which coefficients are at their
# bounds is clear, and a Newton step of the others does the rest.
CLOSER = 1e-3
# Bytes of a chunk of problems, where the device cannot be asked; and the share of what is free.
BUDGET = 2**28
SHARE = 0.5
# Arrays of float64 with one number a trial that a problem needs at a time, about.
VECTORS = 60
# Batched factors on CUDA have limits of their own, and more at a time is no faster; nor should an
# array have more numbers than 32 bits can count.
MOST_PROBLEMS = 4096
MOST_NUMBERS = 2**31 - 1
# Coefficients must sum to zero; relative to the sum of costs.
BALANCED = 1e-10


def solve_torch(
    patterns: np.ndarray, signs: np.ndarray, costs: np.ndarray, *, device: str = "cuda",
    dtype: str = "float64", start: np.ndarray | None = None, gap: float = 1e-6,
    threads: int | None = None,
) -> Solution:  # fmt: skip
    """Solve soft-margin linear SVCs as :func:`wmsim.decoding.engine.solve` does, with PyTorch.

    All problems take the steps of an interior point method together, each step a product and a
    Cholesky factor a problem. Problems are done in chunks that fit the memory of the device.
    Each solution is certified on the CPU, from patterns and coefficients alone; what misses its
    gap is solved there.

    Parameters
    ----------
    patterns : ndarray, shape (trial, unit)
        Activity.
    signs, costs : ndarray, shape (problem, trial)
        Labels (+1, -1, or 0 for trials that are not in training) and costs.
    device : str, default "cuda"
        A device of PyTorch that computes in float64: ``"cuda"``, ``"cuda:1"``, ``"cpu"``.
    dtype : {"float64", "float32"}
        Precision of matrices and their factors. Vectors are in float64 always, and steps are
        refined, so that float32 gets as far on all but the hardest problems; it is meant for
        devices with slow float64. Do not let PyTorch round products to TF32.
    start : ndarray, shape (problem, trial), optional
        Coefficients to start from. Interior points gain nothing from them: they are used for
        the problems that are left for the CPU.
    gap : float, default 1e-6
        Relative duality gap wanted.
    threads : int, optional
        Threads for the problems that are left for the CPU. PyTorch's own are left as they are.

    Returns
    -------
    Solution
        `steps` counts interior point steps as Newton steps.

    Raises
    ------
    WmsimError
        If there is no such device, the input cannot be used, a problem does not fit the
        device's memory, or a gap of 1e-3 could not be reached.

    Examples
    --------
    >>> patterns = np.array([[0.0, 1.0], [0.0, -1.0], [1.0, 1.0], [1.0, -1.0]])
    >>> found = solve_torch(patterns, np.array([[1, -1, 1, -1]]), np.full((1, 4), 10.0),
    ...                     device="cpu")
    >>> found.normals.round(6) + 0.0, bool(found.gap[0] < 1e-6)
    (array([[0., 1.]]), True)
    """
    choose(dtype, DTYPES, "dtype")
    place = find_device(device)
    centred = check_patterns(patterns).astype(np.float64)
    signs, costs = np.atleast_2d(signs), np.atleast_2d(np.asarray(costs, dtype=np.float64))
    check_problems(signs, costs, len(centred))
    mean = centred.mean(axis=0)
    centred -= mean
    solution, missed = _solve_chunks(centred, signs, costs, place, dtype, gap)
    solution.offsets[:] -= solution.normals @ mean
    if missed.any():
        left = np.flatnonzero(missed)
        _solve_rest(solution, left, patterns, signs, costs, start, gap, threads)
    return solution


def find_device(name: str) -> Device:
    """Return a device of PyTorch that computes in float64, or say what there is instead.

    Parameters
    ----------
    name : str
        E.g. ``"cuda"`` or ``"cuda:1"``.

    Raises
    ------
    WmsimError
        If it cannot be used.

    Examples
    --------
    >>> find_device("cpu")
    device(type='cpu')
    """
    import torch

    try:
        place = torch.device(name)
        torch.zeros(1, device=place, dtype=torch.float64).item()
    # PyTorch without CUDA raises AssertionError, devices without float64 TypeError.
    except (RuntimeError, AssertionError, TypeError) as error:
        there = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
        raise WmsimError(
            f"Decoders cannot be fitted on device '{name}' ({str(error).splitlines()[0]}). "
            f"PyTorch {torch.__version__} finds: {', '.join(there)}. Use device='cpu', or "
            f"install the driver of the GPU and a PyTorch that is built for it "
            f"(https://pytorch.org/get-started)."
        ) from None
    return place


def _solve_chunks(
    centred: np.ndarray, signs: np.ndarray, costs: np.ndarray, place: Device, dtype: str,
    gap: float,
) -> tuple[Solution, np.ndarray]:  # fmt: skip
    """Solutions, with offsets for centred patterns, and which of them miss their gap."""
    import torch

    (n_trials, n_units), n_problems = centred.shape, len(signs)
    solution = Solution(
        np.empty((n_problems, n_units)), np.empty(n_problems), np.empty((n_problems, n_trials)),
        np.empty(n_problems), np.zeros((n_problems, 3), np.int64),
    )  # fmt: skip
    missed = np.ones(n_problems, dtype=bool)
    scale = float(np.einsum("tu,tu->", centred, centred) / n_trials) or 1.0
    factor = _factor(torch.tensor(centred / np.sqrt(scale), device=place))
    size, done = _chunk(factor.shape, place, dtype), 0
    while done < n_problems:
        part = slice(done, done + size)
        own = np.where(costs[part] > 0, signs[part], 0).astype(np.float64)
        weighing = np.where(own != 0, costs[part], 0.0)
        try:
            dual, steps = _run(factor, own, weighing * scale, dtype, CLOSER * gap)
        except torch.cuda.OutOfMemoryError:
            if size == 1:
                raise _too_large(factor.shape, place) from None
            size = max(1, size // 2)
            continue
        dual /= scale
        found = certify(centred, own, weighing, dual)
        solution.normals[part], solution.offsets[part], solution.gap[part] = found
        solution.dual[part], solution.steps[part, 1] = dual, steps
        balanced = np.abs(dual.sum(axis=1)) <= BALANCED * weighing.sum(axis=1)
        missed[part] = ~((found.gap <= gap) & balanced)
        done += size
    return solution, missed


def _factor(patterns: Tensor) -> Tensor:
    """Patterns, or fewer columns with the same inner products if trials are fewer than units."""
    import torch

    n_trials, n_units = patterns.shape
    if n_units <= n_trials:
        return patterns
    return torch.linalg.qr(patterns.T, mode="r")[1].T.contiguous()


def _run(
    factor: Tensor, signs: np.ndarray, costs: np.ndarray, dtype: str, target: float
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and numbers of steps of one chunk."""
    import torch

    from wmsim.decoding.engine.interior import solve_interior

    place, precision = factor.device, getattr(torch, dtype)
    problems = (torch.tensor(values, device=place) for values in (signs, costs))
    dual, steps = solve_interior(factor, *problems, precision=precision, target=target)
    return dual.cpu().numpy(), steps.cpu().numpy()


def _chunk(shape: tuple[int, ...], place: Device, dtype: str) -> int:
    """Problems at a time, by the memory that is free."""
    import torch

    budget = float(BUDGET)
    if place.type == "cuda":
        free = torch.cuda.mem_get_info(place)[0]
        # What PyTorch holds without using it is free for us too.
        held = torch.cuda.memory_reserved(place) - torch.cuda.memory_allocated(place)
        budget = SHARE * (free + held)
    fit = int(budget / problem_bytes(shape[0], shape[1], dtype))
    return max(1, min(fit, MOST_PROBLEMS, MOST_NUMBERS // (shape[0] * (shape[1] + 1))))


def problem_bytes(n_trials: int, rank: int, dtype: str) -> int:
    """Memory that a problem needs: weighted patterns, a matrix, its factor, and vectors.

    Examples
    --------
    >>> problem_bytes(900, 256, "float64")
    3867576
    """
    order = rank + 1
    return (n_trials * order + 3 * order**2) * np.dtype(dtype).itemsize + 8 * VECTORS * n_trials


def _too_large(shape: tuple[int, ...], place: Device) -> WmsimError:
    return WmsimError(
        f"One decoder of {shape[0]} trials in {shape[1]} dimensions does not fit the memory of "
        f"device '{place}' beside what is there. Free some of it, use fewer units, or use "
        f"device='cpu'."
    )


def _solve_rest(
    solution: Solution, missed: np.ndarray, patterns: np.ndarray, signs: np.ndarray,
    costs: np.ndarray, start: np.ndarray | None, gap: float, threads: int | None,
) -> None:  # fmt: skip
    """Solve some problems on the CPU, from the start given or from where they are."""
    gram = gram_of(patterns, n_threads(threads))
    # An array that holds NaN is no start.
    near = np.nan_to_num(solution.dual[missed]) if start is None else start[missed]
    try:
        rest = solve_on(gram, signs[missed], costs[missed], start=near, gap=gap, threads=threads)
    except WmsimError as error:
        raise WmsimError(
            f"Of the decoders that the device left for the CPU ({_listed(missed)}): {error}"
        ) from None
    for all_of_them, some in zip(solution, rest, strict=True):
        all_of_them[missed] = some


def _listed(numbers: np.ndarray) -> str:
    """The first few numbers, as text."""
    return ", ".join(str(number) for number in numbers[:5]) + ", ..." * (numbers.size > 5)
