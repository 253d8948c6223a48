"""The null of ridge decoders of one tensor, against fitting each permutation anew.

Run with ``python tests/benchmarks/ridge_null.py [--recording RECORDING.nc] [--json FILE]``. A
recording is an aligned one, such as the demo's subject: of its last task that asks for the
feature, and of all tasks together (half of the trials). Without one, labels and activity are
random, which takes as long. Both sides take the same folds and labels, and use all cores: the
reference (``cross_decode`` with ridge, ``generalisation_tensor``) as many processes with one
thread each. It does some of the permutations and is scaled; see ``reference_permutations``.
Seconds are of the wall clock; ``*_cpu_s`` is processor time.
"""

import argparse
import json
import os
import platform
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from wmsim.decoding import Problem, cross_decode, generalisation_tensor
from wmsim.decoding.null import permuted_labels
from wmsim.decoding.ridge_null import ridge_tensors

N_FOLDS, REFERENCE = 10, 8
SEVERAL = (0.01, 0.1, 1.0, 10.0)


def made_up(n_trials, n_values, n_items=6, n_units=256):
    rng = np.random.default_rng(0)
    states = tuple((s, t) for s in range(n_items) for t in range(s, n_items))
    activity = rng.standard_normal((n_items, n_trials, n_units)).astype(np.float32)
    return Problem(activity, rng.integers(0, n_values, (n_items, n_trials)), n_values, states)


def recorded(path, feature, *, everything):
    """All states of one feature, of the last task that asks for it or of half of all trials."""
    import xarray as xr

    with xr.open_dataset(path) as recording:
        rows = np.arange(0, recording.sizes["trial"], 2)
        if not everything:
            asking = np.flatnonzero(recording["task_feature"].values == feature)
            rows = np.flatnonzero(recording["task"].values == recording["task"].values[asking[-1]])
        activity = recording["activity"].transpose("time", "trial", "unit").values[:, rows]
        labels = recording[feature].values[rows].T
    n_items = len(labels)
    states = tuple((s, t) for s in range(n_items) for t in range(s, n_items))
    return Problem(activity, labels, int(labels.max()) + 1, states)


def cases(recording):
    """Name, problem and penalties."""
    for feature, n_values in (("location", 4), ("identity", 8)):
        for everything, n_trials in ((False, 200), (True, 900)):
            problem = (
                recorded(recording, feature, everything=everything)
                if recording
                else made_up(n_trials, n_values)
            )
            yield feature, problem, (1.0,)
    yield "identity, 4 penalties", problem, SEVERAL


def refitted(problem, labels, penalties):
    one = replace(problem, labels=labels)
    rng = np.random.default_rng(1)
    decoding = cross_decode(one, estimator="ridge", penalties=penalties, rng=rng)
    return generalisation_tensor(one, decoding, np.ones((1, one.n_trials)))[:, :, 0]


def row(name, problem, penalties, n_permutations):
    problem = replace(problem, fold=problem.folds(N_FOLDS, rng=np.random.default_rng(0)))
    rng = np.random.default_rng(0)
    labels = permuted_labels(problem.labels, n_permutations, within=problem.fold, rng=rng)
    start, cpu = time.perf_counter(), time.process_time()
    ours = ridge_tensors(problem, labels, penalties=penalties, rng=np.random.default_rng(1))
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    cores = len(os.sched_getaffinity(0))
    with Parallel(n_jobs=cores, backend="loky") as parallel:
        parallel(delayed(time.sleep)(0.01) for _ in range(2 * cores))
        start = time.perf_counter()
        theirs = parallel(delayed(refitted)(problem, one, penalties) for one in labels[:REFERENCE])
        reference = (time.perf_counter() - start) * n_permutations / REFERENCE
    return {
        "case": f"{name}, {problem.n_trials} x {problem.activity.shape[2]}, "
        f"{problem.n_values} values, {len(problem.states)} states",
        "permutations": n_permutations,
        "wmsim_s": round(seconds, 1),
        "wmsim_cpu_s": round(cpu, 1),
        "reference_s": round(reference, 1),
        "reference_permutations": REFERENCE,
        "ratio": round(reference / seconds, 1),
        "max_accuracy_difference": float(
            np.abs(ours.accuracy[:REFERENCE] - np.stack(theirs)).max()
        ),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="file for the rows")
    parser.add_argument("--recording", type=Path, help="aligned recording (netCDF)")
    parser.add_argument("--permutations", type=int, default=1000)
    options = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {len(os.sched_getaffinity(0))} cores")
    small = made_up(60, 3, n_items=2, n_units=8)
    row("compiling", small, SEVERAL, 10)
    rows = []
    for name, problem, penalties in cases(options.recording):
        rows.append(row(name, problem, penalties, options.permutations))
        print(json.dumps(rows[-1]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
