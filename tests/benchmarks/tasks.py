"""Trials a second, against drawing them one at a time by the same rule, in one run.

Run with ``python tests/benchmarks/tasks.py``; prints one JSON row a case.
"""

import json
import time

import numpy as np

from wmsim.tasks import ItemSpace, generate_trials, nback_tasks


def one_at_a_time(n_trials, space, rng):
    """The plain way: a loop over trials and items, without any balancing."""
    tasks = nback_tasks()
    for _ in range(n_trials):
        task = tasks[rng.integers(len(tasks))]
        values, target = [], []
        for step in range(6):
            item = {
                "location": int(rng.integers(space.n_locations)),
                "identity": int(rng.integers(space.identities.size)),
            }
            if step >= task.n and rng.random() < 0.5:
                before = values[step - task.n]
                item["location"] = before["location"]
                item["identity"] = before["identity"]
            item["category"] = int(space.category[item["identity"]])
            values.append(item)
            same = step >= task.n and item[task.feature] == values[step - task.n][task.feature]
            target.append(0 if step < task.n else 2 if same else 1)


def main():
    space = ItemSpace.of_counts(n_categories=4, identities=2, views=12)
    start = time.perf_counter()
    one_at_a_time(3000, space, np.random.default_rng(0))
    plain = 3000 / (time.perf_counter() - start)
    for n_trials in (1_000, 10_000, 100_000):
        repeats = max(1, 100_000 // n_trials)
        start = time.perf_counter()
        for seed in range(repeats):
            generate_trials(nback_tasks(), n_trials, space, rng=np.random.default_rng(seed))
        ours = n_trials * repeats / (time.perf_counter() - start)
        row = {
            "case": f"nine tasks, {n_trials} trials at once",
            "trials_per_second": round(ours),
            "one_at_a_time": round(plain),
            "ratio": round(ours / plain, 1),
        }
        print(json.dumps(row))


if __name__ == "__main__":
    main()
