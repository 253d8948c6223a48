"""Memory spaces one by one: what decoders, and rotations of decoders, are worth in each M(S, T).

:func:`wmsim.pipeline.analyze` gives means over memory spaces, with chance and intervals; here is
what those are means of, labelled by item S and step T, and each rotation that was swapped in by
whose it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import xarray as xr

from wmsim.decoding import METRICS, Problem, cross_decode, score
from wmsim.decoding.cross import CrossDecoding
from wmsim.errors import WmsimError
from wmsim.geometry import Swap, decode_swaps, plan_swaps
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.design import Design, State
from wmsim.pipeline.jobs import Job
from wmsim.pipeline.population import Population
from wmsim.pipeline.prepare import prepare
from wmsim.pipeline.statistics import FOLDS, ROTATION, with_folds
from wmsim.pipeline.workers import spread

SHIFTS = (-1, 1)
SPACE = ("item", "step")
# Dimensions of each variable, after `analysis`.
DIMS = {
    "from_encoding": ("trained_item", *SPACE, "metric"),
    "fitted": (*SPACE, "metric"),
    "reconstructed": (*SPACE, "metric"),
    "swap_stimulus": (*SPACE, "offset", "metric"),
    "swap_time": (*SPACE, "shift", "metric"),
    "random_rotation": (*SPACE, "metric"),
    "captured_stimulus": (*SPACE, "offset"),
    "captured_time": (*SPACE, "shift"),
    "in_use": SPACE,
    "executive": SPACE,
    "age": SPACE,
    "rotation_dimension": (),
    "shared_dimension": (),
}
NAMES = {
    "from_encoding": "decoders of E(S,S) of the trained item, tested for an item at a step",
    "fitted": "decoders of the space itself",
    "reconstructed": "decoders of E(S,S) turned by R(S,T)",
    "swap_stimulus": "decoders of E(S,S) turned by R(S+k,T+k)",
    "swap_time": "decoders of E(S,S) turned by R(S,T+shift)",
    "random_rotation": "decoders of E(S,S) turned at random in the span of both, mean of draws",
    "captured_stimulus": "share of E(S,S)'s shape for which R(S+k,T+k) is determined",
    "captured_time": "share of E(S,S)'s shape for which R(S,T+shift) is determined",
    "in_use": "whether the task still needs the item, and it is no longer shown",
    "executive": "whether the step compares with the item",
    "age": "steps since the item was shown",
    "rotation_dimension": "mean dimension of rotations",
    "shared_dimension": "mean dimension of the spans in which rotations were fitted",
}


def memory_spaces(
    recordings: xr.Dataset | Iterable[xr.Dataset],
    config: AnalysisConfig | None = None,
    *,
    asked_only: bool = False,
    n_jobs: int | None = None,
) -> xr.Dataset:
    """Decode every memory space, with decoders of encoding, its own, and rotated ones.

    Folds, decoders and random rotations are those of :func:`wmsim.pipeline.analyze` with the same
    settings. No permutations, no resamples: intervals are for who has several subjects.

    Parameters
    ----------
    recordings : xarray.Dataset
        A recording of a network or of a brain; a continuous one is aligned first.
    config : AnalysisConfig, optional
        How.
    asked_only : bool, default False
        Leave out features that a task does not ask for.
    n_jobs : int, optional
        Processes; by default one a core. Results do not depend on it.

    Returns
    -------
    xarray.Dataset
        Accuracies with the dimension ``analysis`` (coordinates ``task``, ``feature``, ``asked``,
        ``n_back`` (-1: none), ``n_values``), ``item`` S and ``step`` T (from 0) and ``metric``:

        ``from_encoding`` (..., trained_item, item, step, metric)
            Decoders of E(S', S') of the trained item, tested for item S at step T. Those of the
            same item give encoding to memory, and at T = S validation; those of another item at
            that item's own step, encoding to encoding.
        ``fitted``, ``reconstructed``, ``random_rotation`` (..., item, step, metric)
            Decoders of the space itself; decoders of E(S, S) turned by R(S, T); turned at random.
        ``swap_stimulus`` (..., item, step, offset, metric)
            Turned by R(S+k, T+k), k the offset; where k is 0, ``reconstructed``.
        ``swap_time`` (..., item, step, shift, metric)
            Turned by R(S, T-1) and R(S, T+1). Whether the item is still of use at that step is
            ``in_use`` there.
        ``captured_stimulus``, ``captured_time``
            Share of the shape of E(S, S) that lies where the rotation swapped in is determined.
        ``in_use``, ``executive``, ``age`` (..., item, step)
            1 or 0, and steps since the item was shown; NaN before that.
        ``rotation_dimension``, ``shared_dimension``
            Of rotations.

        Rotations are for memory spaces in use, and features of three values or more; elsewhere,
        and before an item is shown, there is NaN.

    Raises
    ------
    WmsimError
        If the recording is not valid or cannot be analysed, or is a pseudo-population; if nothing
        is left to analyse; if decoders are no hyperplanes.

    Examples
    --------
    >>> from wmsim.hypotheses import plant
    >>> recording = plant(
    ...     n_trials=60, n_units=24, n_items=2, n_values=3, maintenance=1, signal=5.0, seed=1
    ... )
    >>> spaces = memory_spaces(recording, AnalysisConfig(folds=3), n_jobs=1).isel(analysis=0)
    >>> spaces["fitted"].sel(metric="balanced").dims
    ('item', 'step')
    >>> bool(spaces["from_encoding"].sel(trained_item=0, item=0, step=0, metric="balanced") > 0.7)
    True
    """
    import joblib

    config = config or AnalysisConfig()
    prepared = prepare(recordings, config)
    chosen = [
        (key, job) for key, job in enumerate(prepared.jobs)
        if not (asked_only and job.asked is False)
    ]  # fmt: skip
    if not chosen:
        raise WmsimError(
            "Nothing to analyse: no task of the recording asks for a feature that can be decoded. "
            + " ".join(prepared.notes)
        )
    n_items = int(prepared.recording.sizes["item"])
    processes, threads = spread(n_jobs, len(chosen))
    with joblib.parallel_config(backend="loky", inner_max_num_threads=threads):
        found = joblib.Parallel(n_jobs=processes)(
            joblib.delayed(_measured)(job, config, key, n_items) for key, job in chosen
        )
    return _labelled([job for _, job in chosen], found)


def _measured(job: Job, config: AnalysisConfig, key: int, n_items: int) -> dict[str, np.ndarray]:
    """All arrays of one task and feature, as :data:`DIMS` has them."""
    from threadpoolctl import threadpool_limits

    if isinstance(job.problem, Population):
        raise WmsimError(
            "Memory spaces one by one are for units that were recorded together; this is a "
            "pseudo-population. Use wmsim.pipeline.analyze, or one session (wmsim.recordings)."
        )
    with threadpool_limits(1):
        # Decoders of states that nothing rests on are not fitted.
        problem = replace(with_folds(job.problem, config, key), states=job.design.used)
        decoding = cross_decode(
            problem, n_folds=config.folds, estimator=config.estimator,
            penalties=config.penalties, balanced=config.balanced,
            rng=np.random.default_rng([config.seed, key, FOLDS]),
        )  # fmt: skip
        arrays = _empty(n_items, len(job.design.shown))
        _describe(arrays, job.design)
        _score_decoders(arrays, problem, decoding, job.design)
        # Two normals are a shape on a line: every rotation of it is a sign.
        if problem.n_values > 2:
            rng = np.random.default_rng([config.seed, key, ROTATION])
            _score_rotations(arrays, problem, decoding, job.design, rng)
    return arrays


def _empty(n_items: int, n_steps: int) -> dict[str, np.ndarray]:
    sizes = {
        "trained_item": n_items, "item": n_items, "step": n_steps, "metric": len(METRICS),
        "offset": 2 * n_items - 1, "shift": len(SHIFTS),
    }  # fmt: skip
    return {name: np.full([sizes[dim] for dim in dims], np.nan) for name, dims in DIMS.items()}


def _describe(arrays: dict[str, np.ndarray], design: Design) -> None:
    memory = set(design.memory)
    for state in design.states:
        if state[0] in design.encoding:
            arrays["age"][state] = design.age(state)
            arrays["in_use"][state] = state in memory
            arrays["executive"][state] = design.recalls(state)


def _plain(problem: Problem, decisions: np.ndarray, state: State) -> np.ndarray:
    """Accuracies (decoder, metric) of decision values (decoder, trial, value) in a state."""
    labels = np.where(problem.present(state), problem.labels[state[0]], -1)
    return score(decisions, labels, np.ones((1, problem.n_trials)))[:, 0]


def _score_decoders(
    arrays: dict[str, np.ndarray], problem: Problem, decoding: CrossDecoding, design: Design
) -> None:
    items = list(design.encoding)
    rows = [problem.states.index(design.encoding[item]) for item in items]
    for state in design.states:
        said = _plain(problem, decoding.decisions[rows, state[1]], state)
        arrays["from_encoding"][items, state[0], state[1]] = said
    for row, state in enumerate(problem.states):
        arrays["fitted"][state] = _plain(problem, decoding.decisions[[row], state[1]], state)[0]


def _score_rotations(
    arrays: dict[str, np.ndarray], problem: Problem, decoding: CrossDecoding, design: Design,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    targets = [state for state in design.memory if state[0] in design.encoding]
    states = [state for state in problem.states if state[0] in design.encoding]
    swaps = plan_swaps(states, targets)
    if not swaps:
        return
    rotated = decode_swaps(problem, decoding, swaps, rng=rng)
    arrays["rotation_dimension"][()] = rotated.dimension
    arrays["shared_dimension"][()] = rotated.shared_dimension
    for target in targets:
        rows = [row for row, swap in enumerate(swaps) if swap.target == target]
        accuracy = _plain(problem, rotated.decisions[rows], target)
        drawn = []
        for row, value in zip(rows, accuracy, strict=True):
            if swaps[row].kind == "random_rotation":
                drawn.append(value)
            else:
                _place(arrays, swaps[row], value, float(rotated.captured[row]))
        arrays["random_rotation"][target] = np.mean(drawn, axis=0)


def _place(arrays: dict[str, np.ndarray], swap: Swap, value: np.ndarray, captured: float) -> None:
    """Put a swap's accuracy where its donor belongs."""
    (item, step), (other, at) = swap.target, swap.donor_target
    if swap.kind == "swap_time":
        shift = SHIFTS.index(at - step)
        arrays["swap_time"][item, step, shift] = value
        arrays["captured_time"][item, step, shift] = captured
        return
    middle = arrays["swap_stimulus"].shape[2] // 2
    arrays["swap_stimulus"][item, step, middle + other - item] = value
    arrays["captured_stimulus"][item, step, middle + other - item] = captured
    if swap.kind == "reconstructed":
        arrays["reconstructed"][item, step] = value


def _labelled(jobs: list[Job], found: list[dict[str, np.ndarray]]) -> xr.Dataset:
    n_items, n_steps = found[0]["age"].shape
    coords = {
        "task": ("analysis", [job.task for job in jobs]),
        "feature": ("analysis", [job.feature for job in jobs]),
        "asked": ("analysis", [-1 if job.asked is None else int(job.asked) for job in jobs]),
        "n_back": ("analysis", [job.design.n_back or -1 for job in jobs]),
        "n_values": ("analysis", [job.problem.n_values for job in jobs]),
        "trained_item": np.arange(n_items),
        "item": np.arange(n_items),
        "step": np.arange(n_steps),
        "offset": np.arange(1 - n_items, n_items),
        "shift": list(SHIFTS),
        "metric": list(METRICS),
    }
    variables = {
        name: (
            ("analysis", *dims), np.stack([one[name] for one in found]), {"long_name": NAMES[name]}
        )
        for name, dims in DIMS.items()
    }  # fmt: skip
    return xr.Dataset(variables, coords=coords)
