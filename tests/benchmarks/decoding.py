"""All labels, folds and C of one X: the engine against scikit-learn's SVC on all cores.

Run with ``python tests/benchmarks/decoding.py --json FILE [--recording RECORDING.nc]``. Without a
recording (an aligned one, such as the demo's subject), the hidden states are planted stand-ins of
like difficulty. Both sides get the same patterns, folds, C and class weights, in one run; the
reference is ``SVC(kernel="linear")``, one fit a job of joblib. Seconds are of the wall clock;
``*_cpu_s`` is processor time, which other users of the machine disturb less. Where the reference
would take more than some minutes, it does a random subset of the fits, and is scaled: see
``reference_fits``.

``max_accuracy_difference`` is that of held-out balanced accuracy, over all fits. Where it is not
zero, scikit-learn fits again at a tolerance of 1e-8 instead of 1e-3: ``..._precise``; and of these
the ``undetermined_fits`` are left out, where classes weigh the same and all coefficients are at
their bounds. The offset is then not determined: the engine takes the middle of its range, libsvm
an end, as rounding decides. (On hopeless data with C = 10 libsvm does not get there in the 3
million steps it is given; the engine's gap is its proof.) ``largest_excess_of_objective`` is the
engine's primal objective relative to scikit-learn's, less 1: negative where the engine's is lower.
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from wmsim.decoding import trial_folds
from wmsim.decoding.engine import svc_path

PENALTIES = (0.001, 0.01, 1.0, 10.0)
N_FOLDS = 10
FEATURES = ("location", "identity", "category")
AGES = (0, 1, 4)


def planted(n_trials, n_units, strength, *, seed, rank=None):
    """Codes of 4 locations, 8 identities and their 4 categories in low-dimensional noise."""
    rng = np.random.default_rng(seed)
    identity, location = rng.integers(0, 8, n_trials), rng.integers(0, 4, n_trials)
    values = (location, identity, identity // 2)
    rank = rank or n_units
    noise = rng.standard_normal((n_trials, rank)) / np.sqrt(np.arange(1, rank + 1))
    patterns = noise @ rng.standard_normal((rank, n_units))
    patterns += 0.3 * patterns.std() * rng.standard_normal(patterns.shape)
    for value in values:
        codes = rng.standard_normal((value.max() + 1, n_units)) * strength * patterns.std()
        patterns += codes[value]
    return patterns, one_vs_rest(values)


def spike_counts(n_trials, n_units, *, seed):
    """Poisson counts whose rates depend on the features."""
    drive, positive = planted(n_trials, n_units, 0.5, seed=seed, rank=10)
    rates = np.exp(1.0 + 0.5 * drive / drive.std())
    return np.random.default_rng(seed).poisson(rates).astype(float), positive


def one_vs_rest(values):
    return np.concatenate([value == np.unique(value)[:, None] for value in values])


def recorded(path, age, n_trials=899):
    """Hidden states when an item is `age` steps old, for trials of all tasks."""
    import xarray as xr

    with xr.open_dataset(path) as recording:
        rng = np.random.default_rng(0)
        chosen = np.sort(rng.choice(recording.sizes["trial"], n_trials, replace=False))
        states = recording["activity"].transpose("time", "trial", "unit").values[age, chosen]
        values = [recording[name].values[chosen, 0] for name in FEATURES]
    return states.astype(np.float64), one_vs_rest(values)


def cases(recording):
    """Name, patterns and labels, and share of the reference's fits that are run."""
    for age, strength in zip(AGES, (1.0, 0.35, 0.1), strict=True):
        if recording:
            yield f"hidden states 899 x 256, age {age}", *recorded(recording, age), 1.0
        else:
            made = planted(899, 256, strength, seed=age)
            yield f"planted states 899 x 256, like age {age}", *made, 1.0
    yield "spike counts 200 x 60", *spike_counts(200, 60, seed=0), 1.0
    yield "planted states 3,000 x 512", *planted(3000, 512, 0.15, seed=0), 1.0
    yield "well separated 900 x 256", *planted(900, 256, 3.0, seed=0), 1.0
    patterns, positive = planted(900, 256, 0.0, seed=0)
    yield "hopeless 900 x 256", patterns, positive, 0.25


def reference_fit(patterns, labels, train, penalty, tolerance=1e-3):
    """One fit of scikit-learn: decision values, processor time, and if b is determined."""
    from sklearn.svm import SVC

    start = time.process_time()
    n_own = labels[train].sum()
    rare = min(n_own, train.sum() - n_own)
    weights = {0: rare / (train.sum() - n_own), 1: rare / n_own}
    solver = SVC(
        kernel="linear", C=penalty, class_weight=weights, random_state=0, tol=tolerance,
        max_iter=3_000_000 if tolerance < 1e-3 else -1,
    )  # fmt: skip
    solver.fit(patterns[train], labels[train].astype(int))
    seconds = time.process_time() - start
    bounds = penalty * np.where(labels[train], weights[1], weights[0])[solver.support_]
    free = np.abs(solver.dual_coef_[0]) < bounds * (1 - 1e-9)
    costs = penalty * np.where(labels[train], weights[1], weights[0])
    primal = objective(solver.coef_[0], solver.intercept_[0], patterns[train], labels[train], costs)
    return solver.decision_function(patterns[~train]), seconds, bool(free.any()), costs, primal


def objective(normal, offset, patterns, labels, costs):
    margins = 1 - np.where(labels, 1, -1) * (patterns @ normal + offset)
    return 0.5 * normal @ normal + np.sum(costs * np.maximum(margins, 0))


def balanced_accuracy(decisions, labels):
    return 0.5 * ((decisions[labels] > 0).mean() + (decisions[~labels] <= 0).mean())


def compare(found, patterns, positive, train, chosen, theirs):
    """Differences in held-out balanced accuracy, and our objective relative to theirs."""
    differences, excess = [], []
    for (f, c, p), (decisions, _, _, costs, primal) in zip(chosen, theirs, strict=True):
        own = patterns[~train[f]] @ found.normals[f, c, p] + found.offsets[f, c, p]
        labels = positive[p, ~train[f]]
        differences.append(
            abs(balanced_accuracy(own, labels) - balanced_accuracy(decisions, labels))
        )
        hyperplane = found.normals[f, c, p], found.offsets[f, c, p]
        ours = objective(*hyperplane, patterns[train[f]], positive[p, train[f]], costs)
        excess.append(ours / primal - 1)
    return np.array(differences), np.array(excess)


def run(name, patterns, positive, share, workers):
    """One row."""
    patterns = (patterns - patterns.mean(axis=0)) / patterns.std(axis=0)
    rng = np.random.default_rng(0)
    location, identity = positive[:4].argmax(axis=0), positive[4:12].argmax(axis=0)
    fold = trial_folds(np.array([location, identity]), N_FOLDS, rng=rng)
    train = fold != np.arange(N_FOLDS)[:, None]
    seconds, cpu = [], []
    for _ in range(3):
        start, start_cpu = time.perf_counter(), time.process_time()
        found = svc_path(patterns, positive, train, PENALTIES)
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - start_cpu)
    fits = list(np.ndindex(N_FOLDS, len(PENALTIES), len(positive)))
    chosen = fits
    if share < 1:
        chosen = [fits[i] for i in rng.permutation(len(fits))[: max(1, int(share * len(fits)))]]
    start = time.perf_counter()
    theirs = workers(
        delayed(reference_fit)(patterns, positive[p], train[f], PENALTIES[c]) for f, c, p in chosen
    )
    scale = len(fits) / len(chosen)
    reference = (time.perf_counter() - start) * scale
    reference_cpu = sum(spent for _, spent, *_ in theirs) * scale
    differences, excess = compare(found, patterns, positive, train, chosen, theirs)
    again = [chosen[i] for i in np.flatnonzero(differences)]
    precise = workers(
        delayed(reference_fit)(patterns, positive[p], train[f], PENALTIES[c], 1e-8)
        for f, c, p in again
    )
    left, _ = compare(found, patterns, positive, train, again, precise)
    determined = np.array([known for _, _, known, *_ in precise], dtype=bool)
    return {
        "case": name,
        "fits": len(fits),
        "reference_fits": len(chosen),
        "reference_s": round(reference, 3),
        "wmsim_s": round(float(np.median(seconds)), 3),
        "ratio": round(reference / float(np.median(seconds)), 1),
        "reference_cpu_s": round(reference_cpu, 2),
        "wmsim_cpu_s": round(float(np.median(cpu)), 3),
        "ratio_cpu": round(reference_cpu / float(np.median(cpu)), 1),
        "max_accuracy_difference": round(float(differences.max()), 4),
        "fits_that_differ": len(again),
        "max_accuracy_difference_precise": round(float(left[determined].max(initial=0.0)), 4),
        "undetermined_fits": int((~determined).sum()),
        "largest_excess_of_objective": float(f"{excess.max():.1e}"),
        "largest_gap": float(f"{found.gap.max():.1e}"),
        "steps_per_fit": {
            kind: round(float(mean), 1)
            for kind, mean in zip(
                ("pairs", "newton", "dropped"), found.steps.reshape(-1, 3).mean(axis=0), strict=True
            )
        },
    }


def warm_up(workers, n_cores):
    """Compile, and start the workers, before any clock runs."""
    patterns, positive = planted(100, 20, 0.5, seed=0)
    train = np.arange(100) % 2 == np.arange(2)[:, None]
    svc_path(patterns, positive, train, PENALTIES)
    workers(delayed(reference_fit)(patterns, positive[0], train[0], 1.0) for _ in range(n_cores))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the rows here")
    parser.add_argument("--recording", type=Path, help="an aligned recording of a subject")
    parser.add_argument("--only", default="", help="run cases whose name holds this")
    options = parser.parse_args()
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    machine = f"{platform.processor() or platform.machine()}, {n_cores} cores"
    rows = []
    with Parallel(n_jobs=n_cores) as workers:
        warm_up(workers, n_cores)
        for name, *case in cases(options.recording):
            if options.only in name:
                rows.append({**run(name, *case, workers), "machine": machine})
                print(json.dumps(rows[-1]), flush=True)
                if options.json:
                    options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
