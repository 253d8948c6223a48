"""How long 1,000 calibration recordings take: `python tests/benchmarks/calibration.py --jobs 2`.

Recordings of one truth each in turn, spread over the whole grid, are planted and judged; the time
of 1,000 is scaled from them. Start-up of processes counts.
"""

import argparse
import json
import time

import numpy as np

from wmsim.hypotheses.calibration import calibrate
from wmsim.hypotheses.calibration_config import CalibrationConfig


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--naive", action="store_true", help="with the rules of thumb")
    options = parser.parse_args()
    config = CalibrationConfig(
        truths=("H2", "none"), signals=(1.0,), repeats=1, conditions=(), focus=(),
        naive=options.naive,
    )  # fmt: skip
    start = time.perf_counter()
    outcomes = calibrate(config, n_jobs=options.jobs)
    seconds = time.perf_counter() - start
    # "none" is one truth of seven on the grid, and costs more: p is worked out.
    costs = {
        truth: np.mean([one["seconds"] for one in outcomes if one["truth"] == truth])
        for truth in config.truths
    }
    mean = (6 * costs["H2"] + costs["none"]) / 7
    share = mean / np.mean(list(costs.values()))
    told = {
        "recordings": len(outcomes),
        "jobs": options.jobs,
        "naive": options.naive,
        "seconds": round(seconds, 1),
        "seconds_of_1000": round(1000 * share * seconds / len(outcomes)),
        "seconds_of_a_recording": {name: round(float(one), 2) for name, one in costs.items()},
    }
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
