"""All labels, folds and C of one X: PyTorch on a GPU against the engine on all cores.

Run with ``python tests/benchmarks/decoding_gpu.py [--dtype float32] [--json FILE]``; without a GPU
it runs on the CPU, which says that it works, not how fast it is. Prints one JSON row a case.

Both sides solve the same problems to the same duality gap: ``engine_s`` is
:func:`wmsim.decoding.engine.svc_path`, which starts folds and C from one another and uses all cores
(or OMP_NUM_THREADS); ``torch_s`` is one call of ``solve_torch`` with all folds, C and labels,
copying and certificates included. Seconds are the median of three runs after one to warm up.
``left_for_cpu`` counts problems that took pair steps of the engine. The largest case needs some 10
GB of memory; ``--share 0.1`` takes a tenth of the folds.
"""

import argparse
import importlib.util
import json
import os
import platform
import time
from pathlib import Path

import numpy as np
import torch

from wmsim.decoding.engine import svc_path, trial_costs
from wmsim.decoding.engine.torch_batched import find_device, solve_torch

_SPEC = importlib.util.spec_from_file_location("cases", Path(__file__).with_name("decoding.py"))
_CASES = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_CASES)


def problems_of(positive, train):
    """Signs and costs of all folds, C and labels, in the order of :func:`svc_path`."""
    signs, costs = [], []
    for fold in train:
        labels = np.where(positive, 1, -1) * fold
        for penalty in _CASES.PENALTIES:
            signs.append(labels)
            costs.append(trial_costs(labels, penalty, True))
    return np.concatenate(signs), np.concatenate(costs)


def timed(work, repeats):
    """Median seconds of some runs after the first, and what the last returned."""
    seconds = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[1:] or seconds)), found


def run(name, patterns, positive, options):
    """One row."""
    patterns = (patterns - patterns.mean(axis=0)) / patterns.std(axis=0)
    fold = np.random.default_rng(0).permutation(np.arange(len(patterns)) % _CASES.N_FOLDS)
    n_folds = max(1, round(options.share * _CASES.N_FOLDS))
    train = fold != np.arange(n_folds)[:, None]
    signs, costs = problems_of(positive, train)
    engine_s, exact = timed(
        lambda: svc_path(patterns, positive, train, _CASES.PENALTIES), options.repeats
    )
    torch_s, found = timed(
        lambda: solve_torch(patterns, signs, costs, device=options.device, dtype=options.dtype),
        options.repeats,
    )
    normals = exact.normals.reshape(found.normals.shape) - found.normals
    said = normals @ patterns.T + (exact.offsets.reshape(-1) - found.offsets)[:, None]
    return {
        "case": name,
        "fits": len(signs),
        "engine_s": round(engine_s, 4),
        "torch_s": round(torch_s, 4),
        "ratio": round(engine_s / torch_s, 2),
        "torch_ms_per_fit": round(1e3 * torch_s / len(signs), 3),
        "steps_per_fit": round(float(found.steps[:, 1].mean()), 1),
        "left_for_cpu": int((found.steps[:, 0] > 0).sum()),
        "largest_gap": float(f"{found.gap.max():.1e}"),
        "max_decision_difference": float(f"{np.abs(said).max():.1e}"),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--dtype", default="float64", choices=["float64", "float32"])
    parser.add_argument("--json", type=Path, help="write the rows here")
    parser.add_argument("--recording", type=Path, help="an aligned recording of a subject")
    parser.add_argument("--only", default="", help="run cases whose name holds this")
    parser.add_argument("--share", type=float, default=1.0, help="share of the folds")
    parser.add_argument("--repeats", type=int, default=3, help="runs, after one to warm up")
    options = parser.parse_args()
    place = find_device(options.device)
    gpu = torch.cuda.get_device_name(place) if place.type == "cuda" else str(place)
    cores = os.environ.get("OMP_NUM_THREADS") or os.cpu_count()
    machine = f"{gpu}; {platform.processor() or platform.machine()}, {cores} cores"
    rows = []
    for name, patterns, positive, _ in _CASES.cases(options.recording):
        if options.only in name:
            rows.append({**run(name, patterns, positive, options), "dtype": options.dtype})
            rows[-1]["machine"] = machine
            print(json.dumps(rows[-1]), flush=True)
            if options.json:
                options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
