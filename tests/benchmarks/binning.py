"""Spike binning against np.histogram trial by trial, in one run on one core.

Run with ``python tests/benchmarks/binning.py``; prints one JSON row a case. The reference is run
on a part of the units (``reference_units``) and its time is scaled to all of them.
"""

import json
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import resource
import time

import numpy as np

from wmsim.recordings.importing.spikes import bin_spikes

REFERENCE_UNITS = 10


def by_histogram(spikes, start, edges):
    """The plain way: a loop over units and trials."""
    counts = np.empty((len(edges) - 1, len(spikes), len(start)), dtype=np.float32)
    for unit, times in enumerate(spikes):
        for trial, zero in enumerate(start):
            counts[:, unit, trial] = np.histogram(times, np.append(zero + edges, np.inf))[0][:-1]
    return counts


def session(n_units, hours, rate, n_trials, rng):
    """Poisson spikes of a session, and trials through it."""
    seconds = hours * 3600
    spikes = [np.sort(rng.uniform(0, seconds, rng.poisson(rate * seconds))) for _ in range(n_units)]
    return spikes, np.sort(rng.uniform(1, seconds - 4, n_trials))


def main():
    rng = np.random.default_rng(0)
    edges = np.arange(-20, 61) * 0.05
    for n_units, n_trials in ((100, 200), (1000, 1000)):
        spikes, start = session(n_units, 1, 8, n_trials, rng)
        begin, cpu = time.perf_counter(), time.process_time()
        counts = bin_spikes(spikes, start, edges)
        ours, ours_cpu = time.perf_counter() - begin, time.process_time() - cpu
        begin = time.process_time()
        reference = by_histogram(spikes[:REFERENCE_UNITS], start, edges)
        plain = (time.process_time() - begin) * n_units / REFERENCE_UNITS
        assert np.array_equal(counts[:, :REFERENCE_UNITS], reference)
        row = {
            "case": f"{n_units} units x 1 h at 8 spikes/s x {n_trials} trials x 80 bins",
            "seconds": round(ours, 2),
            "cpu_seconds": round(ours_cpu, 2),
            "histogram_cpu_seconds_scaled": round(plain, 1),
            "reference_units": REFERENCE_UNITS,
            "ratio": round(plain / ours_cpu, 1),
            "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        }
        print(json.dumps(row))


if __name__ == "__main__":
    main()
