"""What a signal of 1 is in decodability: the table of the README's section on planting.

Run with ``python tests/benchmarks/planted_signal.py``. H2, four items, one feature of four values,
everything else as by default; ridge decoders of 10 folds, each tested in the state that it was
trained in, on held-out trials. Numbers are means over items and recordings (seeds 0 to 9).
"""

import numpy as np

import wmsim as wm
from wmsim.decoding import bootstrap_weights, cross_decode, generalisation_tensor
from wmsim.pipeline import AnalysisConfig
from wmsim.pipeline.prepare import prepare

SEEDS = range(10)


def decodability(n_units, n_trials, signal, seed):
    """Balanced and multiclass accuracy at age 0, 1 and 3, (metric, age)."""
    recording = wm.plant(n_units=n_units, n_trials=n_trials, signal=signal, seed=seed)
    config = AnalysisConfig(estimator="ridge")
    (job,) = prepare(recording, config).jobs
    rng = np.random.default_rng(seed)
    found = cross_decode(job.problem, estimator="ridge", penalties=config.penalties_used, rng=rng)
    tensor = generalisation_tensor(job.problem, found, bootstrap_weights(n_trials, 0, rng=rng))
    own = np.einsum("ssdm->ms", tensor[:, :, :1])
    ages = np.array([job.design.age(state) for state in job.problem.states])
    return [[values[ages == age].mean() for age in (0, 1, 3)] for values in own]


def main():
    print("| units | trials | signal | E(S,S) | M(S,S+1) | M(S,S+3) |\n|---|---|---|---|---|---|")
    for n_units in (40, 200):
        for n_trials in (100, 400):
            for signal in (0.5, 1.0, 2.0):
                rows = [decodability(n_units, n_trials, signal, seed) for seed in SEEDS]
                balanced, multi = np.mean(rows, axis=0)
                cells = [f"{b:.2f}, {m:.2f}" for b, m in zip(balanced, multi, strict=True)]
                print(f"| {n_units} | {n_trials} | {signal:g} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
