"""How often is the verdict right? Recordings of known truth, judged as any other recording is."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from wmsim.decoding import Problem
from wmsim.errors import WmsimError
from wmsim.files import output_folder
from wmsim.hypotheses.calibration_config import CalibrationConfig, Case
from wmsim.hypotheses.choice import Judge
from wmsim.hypotheses.codes import Block
from wmsim.hypotheses.effects import permutation_p, permuted_strengths
from wmsim.hypotheses.measures import measure
from wmsim.hypotheses.naive import judge_naively
from wmsim.hypotheses.reference import Observed, make_reference, observe
from wmsim.hypotheses.verdict import (
    HALVES,
    PERMUTED,
    PLANTED,
    UNDECIDED,
    VerdictConfig,
    answer_of,
    blocks_of,
    streams,
    wanted,
    whole_design,
)
from wmsim.pipeline.jobs import Job
from wmsim.pipeline.prepare import prepare
from wmsim.progress import progress

# A stream of random numbers that the verdict does not use.
NAIVE = 99
OUTCOMES = "outcomes.jsonl"
# So many permutations are enough where the code is so many SDs of them stronger than they are.
FEW, FAR = 20, 8.0


def calibrate(
    config: CalibrationConfig | None = None, work: str | os.PathLike[str] | None = None, *,
    n_jobs: int = 1,
) -> list[dict[str, Any]]:  # fmt: skip
    """Plant recordings and judge them; what was done before is not done again.

    Parameters
    ----------
    config : CalibrationConfig, optional
        What to plant.
    work : path-like, optional
        Folder in which every outcome is kept at once; without it, nothing is kept.
    n_jobs : int, default 1
        Processes, of one thread each.

    Returns
    -------
    list of dict
        Outcomes, as :func:`judge_case` gives them, in the order of ``config.cases()``.

    Raises
    ------
    WmsimError
        If the folder cannot be written to.

    Examples
    --------
    >>> quick = CalibrationConfig(
    ...     units=(40,), trials=(100,), signals=(2.0,), truths=("H1",), repeats=1, conditions=(),
    ...     verdict={"each": 20, "bootstrap": 0, "permutations": 0},
    ... )
    >>> [outcome["verdict"] for outcome in calibrate(quick)]
    ['H1']
    """
    config = config or CalibrationConfig()
    keys = {config.key(case): case for case in config.cases()}
    file = None if work is None else output_folder(work) / OUTCOMES
    known = {} if file is None else {
        key: outcome for key, outcome in read_outcomes(file).items() if key in keys
    }  # fmt: skip
    left = {key: case for key, case in keys.items() if key not in known}
    with progress("recordings", len(keys), done=len(known)) as step:
        for key, outcome in _judged(left, config, n_jobs):
            known[key] = outcome
            if file is not None:
                _keep(file, key, outcome)
            step(note=f"{outcome['truth']}: {outcome['verdict']}")
    return [known[key] for key in keys]


def _judged(
    cases: dict[str, Case], config: CalibrationConfig, n_jobs: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Outcomes as they come."""
    import joblib

    if n_jobs == 1 or len(cases) < 2:
        yield from (_work(key, case, config) for key, case in cases.items())
        return
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
        yield from parallel(joblib.delayed(_work)(key, case, config) for key, case in cases.items())


def _work(key: str, case: Case, config: CalibrationConfig) -> tuple[str, dict[str, Any]]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return key, judge_case(case, config)


def judge_case(case: Case, config: CalibrationConfig) -> dict[str, Any]:
    """Plant one recording and judge it by the procedure of :func:`wmsim.hypotheses.verdict`.

    Parameters
    ----------
    case : Case
        The recording.
    config : CalibrationConfig
        How it is judged.

    Returns
    -------
    dict
        The case, and ``verdict``, ``probability`` of each hypothesis, ``distance``,
        ``p_encoding`` and ``p_memory`` (where it matters; else None), ``naive`` and the
        accuracies behind it, ``reason`` if it cannot be judged, ``seconds``.
    """
    start = time.perf_counter()
    outcome: dict[str, Any] = {
        **asdict(case), "seed": case.seed(config.seed), "verdict": UNDECIDED, "best": None,
        "probability": None, "distance": None, "exponent": None, "p_encoding": None,
        "p_memory": None, "naive": None, "naive_accuracies": None, "reason": None,
    }  # fmt: skip
    try:
        prepared = prepare(case.plant(config.seed), config.verdict.analysis)
        job = next(wanted(prepared.jobs, config.verdict))
        outcome |= _verdict(job, config.verdict, permute=case.truth == "none")
        if config.naive and isinstance(job.problem, Problem):
            outcome |= _naive(job.problem, job, config.verdict.seed)
    except WmsimError as error:
        outcome["reason"] = str(error)
    return outcome | {"seconds": round(time.perf_counter() - start, 3)}


def _verdict(job: Job, config: VerdictConfig, *, permute: bool) -> dict[str, Any]:
    """The verdict and what it rests on: of :func:`~wmsim.hypotheses.verdict.judge_job`, the part
    that decides, with the same random numbers."""
    design = whole_design(job.design)
    blocks = blocks_of(job)
    rng = streams(job, config)
    observed = observe(blocks, design, halvings=config.halvings, rng=rng(HALVES))
    judge = Judge.of(make_reference(observed, each=config.each, rng=rng(PLANTED)))
    choice = judge.choose(measure(observed.grams, observed.plan))
    # Without p first: where that is no verdict, p makes none, and has not to be known.
    p = {"encoding": math.nan, "memory": math.nan}
    if permute or answer_of(choice, config.threshold) != UNDECIDED:
        p = _p(blocks, observed, config.permutations, rng, exact=permute)
    return {
        "verdict": answer_of(choice, config.threshold, p["memory"]),
        "best": choice.best,
        "probability": choice.probability,
        "distance": choice.distance,
        "exponent": judge.exponent,
        "p_encoding": _or_none(p["encoding"]),
        "p_memory": _or_none(p["memory"]),
    }


def _p(
    blocks: list[Block], observed: Observed, permutations: int,
    rng: Callable[[int], np.random.Generator], *, exact: bool,
) -> dict[str, float]:  # fmt: skip
    """p of there being a code; NaN where a few permutations say that it is the smallest."""
    if not exact:
        data, null = permuted_strengths(blocks, observed, FEW, rng=rng(PERMUTED))
        if (data > null.mean(axis=0) + FAR * null.std(axis=0))[1]:
            return {"encoding": math.nan, "memory": math.nan}
    return permutation_p(blocks, observed, permutations, rng=rng(PERMUTED))


def _naive(problem: Problem, job: Job, seed: int) -> dict[str, Any]:
    found = judge_naively(problem, job.design, rng=np.random.default_rng([seed, NAIVE]))
    accuracies = {name: _or_none(value) for name, value in asdict(found).items()}
    return {"naive": found.answer, "naive_accuracies": accuracies}


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def read_outcomes(file: Path) -> dict[str, dict[str, Any]]:
    """Outcomes that were kept, by key; a line that was cut off is left out."""
    found = {}
    if file.is_file():
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                kept = json.loads(line)
                found[kept["key"]] = kept["outcome"]
            except (ValueError, KeyError, TypeError):
                continue
    return found


def _keep(file: Path, key: str, outcome: dict[str, Any]) -> None:
    """Add an outcome to the file; on a line of its own, even if the last one was cut off."""
    line = json.dumps({"key": key, "outcome": outcome}, allow_nan=False)
    try:
        with open(file, "ab+") as stream:
            if stream.tell():
                stream.seek(-1, os.SEEK_END)
                if stream.read(1) != b"\n":
                    stream.write(b"\n")
            stream.write(line.encode() + b"\n")
    except OSError as error:
        raise WmsimError(
            f"Cannot write '{file}': {error.strerror}. Free some space or give another folder."
        ) from None
