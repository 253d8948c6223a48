"""Time of each score of model against brain, in times of one reference of the same run.

Run with ``python tests/benchmarks/compare.py [--repeats 3] [--bootstrap 1000]``; prints one JSON
row a score. The pair has the size of a session of kornblith2017: 200 trials of 4 images out of 8,
65 units, and a network of 256 units that did the same trials. ``fit`` is of one halving, one way
round, all steps, with nothing at hand from other scores; ``resample`` is of all resamples (those
scores that fit anew for each get a hundred at most, as in a comparison). The reference is ridge
regression by scikit-learn without each value in turn, one penalty, of all steps.
"""

import argparse
import json
import os
import time

import numpy as np
from sklearn.linear_model import Ridge

from wmsim.compare.pairing import Pair
from wmsim.compare.scoring import FEW_RESAMPLES, PER_STEP, WHOLE
from wmsim.compare.sides import Side
from wmsim.compare.splits import splits

N_ITEMS, N_VALUES, N_TRIALS, N_STEPS = 4, 8, 200, 5


def made_up(name, n_units, labels, rng):
    """Codes of all items that were shown, and noise."""
    activity = rng.standard_normal((N_STEPS, N_TRIALS, n_units))
    for step in range(N_STEPS):
        for item in range(min(step + 1, N_ITEMS)):
            activity[step] += rng.standard_normal((N_VALUES, n_units))[labels[item]]
    return Side(
        name=name, task="", feature="image", activity=activity, labels=labels,
        values=tuple(map(str, range(N_VALUES))),
        steps=(*(f"item {item + 1}" for item in range(N_ITEMS)), "maintenance"),
        shown=(*range(N_ITEMS), -1), holed=np.zeros((N_STEPS, N_TRIALS, 0)),
    )  # fmt: skip


def made_up_pair():
    rng = np.random.default_rng(0)
    labels = np.argsort(rng.random((N_VALUES, N_TRIALS)), axis=0)[:N_ITEMS]
    sides = made_up("model", 256, labels, rng), made_up("brain", 65, labels, rng)
    return Pair(*sides, matched=True, notes=())


def reference(split):
    """Refitted for each value by scikit-learn."""
    for step in range(N_STEPS):
        inputs = split.other.codes(step, split.inputs(step, split.other))
        outputs = split.other.codes(step)
        for value in range(N_VALUES):
            known, told = (
                (one - one.mean(axis=1, keepdims=True)).reshape(-1, one.shape[2])
                for one in (np.delete(codes, value, axis=1) for codes in (inputs, outputs))
            )
            Ridge(fit_intercept=False).fit(known, told)


def fit(name, split):
    if name in WHOLE:
        return [WHOLE[name](split, None)]
    return [PER_STEP[name](split, step) for step in range(N_STEPS)]


def seconds(work, repeats):
    """Shortest of several, each with a split of its own, so that nothing is at hand."""
    pair, spent, found = made_up_pair(), [], None
    for _ in range(repeats + 1):  # the first warms up
        split = splits(pair, 1, seed=[0])[0]
        start = time.perf_counter()
        found = work(split)
        spent.append(time.perf_counter() - start)
    return min(spent[1:]), found


def row(name, repeats, bootstrap, unit):
    fitting, fitted = seconds(lambda split: fit(name, split), repeats)
    few = any(getattr(one, "costly", False) for one in fitted)
    n_resamples = min(bootstrap, FEW_RESAMPLES) if few else bootstrap
    rng = np.random.default_rng(0)
    weights = rng.multinomial(N_VALUES, np.full(N_VALUES, 1 / N_VALUES), size=n_resamples)
    start = time.perf_counter()
    for one in fitted:
        one(weights.astype(float))
    resampling = time.perf_counter() - start
    return {
        "score": name,
        "fit_ms": round(1000 * fitting, 1),
        "resample_ms": round(1000 * resampling, 1),
        "resamples": n_resamples,
        "fit_in_references": round(fitting / unit, 2),
        "resample_in_references": round(resampling / unit, 2),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--bootstrap", type=int, default=1000)
    options = parser.parse_args()
    unit, _ = seconds(reference, options.repeats)
    cores = len(os.sched_getaffinity(0))
    print(json.dumps({"reference_ms": round(1000 * unit, 1), "cores": cores}))
    for name in (*PER_STEP, *WHOLE):
        print(json.dumps(row(name, options.repeats, options.bootstrap, unit)), flush=True)


if __name__ == "__main__":
    main()
