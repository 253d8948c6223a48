"""Training iterations a second: each different frame once, against every frame of every trial.

Run with ``python tests/benchmarks/front_end.py``; prints one JSON row.
"""

import json
import os
import time

os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import numpy as np
import torch

from wmsim.encoders import Features
from wmsim.models import NetworkConfig, WorkingMemoryNetwork
from wmsim.tasks import ItemSpace, generate_trials, nback_tasks
from wmsim.training import TrainingConfig
from wmsim.training.batches import Batch, frames_of, make_batch
from wmsim.training.loop import _step


def every_frame(batch):
    """The same batch with a frame of its own for every item of every trial."""
    n_trials, items = batch.frame.shape
    frame = torch.arange(n_trials * items).reshape(n_trials, items)
    return Batch(batch.maps[batch.frame.flatten()], frame, batch.task, batch.target)


def main(iterations=8):
    space = ItemSpace.of_counts(n_categories=4, identities=2, views=8)
    maps = np.random.default_rng(0).standard_normal((256, 1280, 4, 4)).astype(np.float32)
    features = Features(maps, 4, key="benchmark")
    frames = frames_of(space, features, "cpu")
    seconds = {}
    for name, prepare in (("once", lambda batch: batch), ("every", every_frame)):
        network = WorkingMemoryNetwork(NetworkConfig(), (1280, 4, 4), seed=0)
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
        for iteration in range(iterations + 1):
            if iteration == 1:  # the first warms up
                start = time.perf_counter()
            rng = np.random.default_rng(iteration)
            trials = generate_trials(nback_tasks(), 256, space, rng=rng)
            batch = prepare(make_batch(trials, frames, NetworkConfig()))
            _step(network, optimizer, batch, TrainingConfig(), iteration)
        seconds[name] = (time.perf_counter() - start) / iterations
    row = {
        "case": "GRU 256, batch 256, 256 frames of 1280 x 4 x 4",
        "seconds_per_iteration": round(seconds["once"], 3),
        "every_frame_seconds": round(seconds["every"], 3),
        "ratio": round(seconds["every"] / seconds["once"], 2),
    }
    print(json.dumps(row))


if __name__ == "__main__":
    main()
