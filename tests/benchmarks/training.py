"""Training several subjects, and the paper's preset: what pays, and that it learns the same.

Run with ``python tests/benchmarks/training.py [--part stacked|processes|paper] [--device cpu]``;
prints one JSON row a case.

stacked: N = 8 subjects as one computation against one after the other on the same device, all
threads: seconds an iteration of all, and the largest difference between losses of an iteration.
processes: the same in processes with one thread each against one after the other with all threads,
starting the processes left out.
paper: the preset ``paper`` (GRU 256, ResNet50, 7 x 7 x 2048, batch 256) with ResNet50 of random
weights out of a file, from pictures through features to iterations of training, against the plain
way: each frame of each trial of the batch through the trained front end.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import joblib
import numpy as np
import torch

from wmsim.config import overlay
from wmsim.encoders import Features, encode
from wmsim.models import NetworkConfig, WorkingMemoryNetwork
from wmsim.stimuli import build_stimuli
from wmsim.tasks import ItemSpace, nback_tasks
from wmsim.training import TrainingConfig, preset
from wmsim.training.batches import Batch, frames_of, make_batch
from wmsim.training.checkpoint import State
from wmsim.training.loop import Source, _step, make_optimizer
from wmsim.training.stacked import Stack
from wmsim.training.subject import new_network


def synchronised(device):
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def of_demo_size():
    """Items and features as the demo has them, without rendering and encoding."""
    space = ItemSpace.of_counts(n_categories=4, identities=2, views=8)
    maps = np.random.default_rng(0).standard_normal((256, 1280, 4, 4)).astype(np.float32)
    return space, Features(maps, 4, key="benchmark")


def sources_of(space, seeds, config):
    return [Source(nback_tasks(), space, config, seed) for seed in seeds]


def alone(network, source, frames, iterations):
    """Losses of one network and seconds without the first iteration."""
    optimizer = make_optimizer(list(network.parameters()), source.config)
    losses = []
    for iteration in range(iterations):
        if iteration == 1:
            start = synchronised(frames.maps.device)
        batch = make_batch(source.training(iteration), frames, network.config)
        losses.append(_step(network, optimizer, batch, source.config, iteration))
    return losses, synchronised(frames.maps.device) - start


def networks_of(architecture, seeds, device):
    config = NetworkConfig.paper(architecture)
    return [WorkingMemoryNetwork(config, (1280, 4, 4), seed=seed).to(device) for seed in seeds]


def stacked(device, iterations, n_subjects=8, architectures=("gru",)):
    space, features = of_demo_size()
    frames = frames_of(space, features, device)
    seeds = range(n_subjects)
    for architecture in architectures:
        sources = sources_of(space, seeds, TrainingConfig())
        networks = networks_of(architecture, seeds, device)
        singly = [
            alone(network, source, frames, iterations)
            for network, source in zip(networks, sources, strict=True)
        ]
        networks = networks_of(architecture, seeds, device)
        stack = Stack(networks, sources, [State() for _ in seeds], frames)
        losses = [stack.step()]
        start = synchronised(device)
        losses += [stack.step() for _ in range(1, iterations)]
        seconds = synchronised(device) - start
        one_by_one = sum(spent for _, spent in singly)
        difference = np.abs(np.array(losses).T - [own for own, _ in singly]).max()
        print_row(
            case=f"stacked, {n_subjects} {architecture}, {iterations} iterations, {device}",
            threads=torch.get_num_threads(),
            one_by_one_s=round(one_by_one / (iterations - 1), 4),
            stacked_s=round(seconds / (iterations - 1), 4),
            ratio=round(one_by_one / seconds, 2),
            largest_loss_difference=float(f"{difference:.2g}"),
        )


def _in_process(seed, iterations):
    space, features = of_demo_size()
    frames = frames_of(space, features, "cpu")
    (network,), (source,) = (
        networks_of("gru", [seed], "cpu"),
        sources_of(space, [seed], TrainingConfig()),
    )
    return alone(network, source, frames, iterations)


def processes(iterations):
    cores = joblib.cpu_count()
    seeds = range(2 * cores)
    one_by_one = sum(_in_process(seed, iterations)[1] for seed in seeds)
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        parallel = joblib.Parallel(n_jobs=cores, batch_size=1)
        # The first round starts processes and loads PyTorch.
        parallel(joblib.delayed(_in_process)(seed, 2) for seed in seeds)
        found = parallel(joblib.delayed(_in_process)(seed, iterations) for seed in seeds)
    together = sum(spent for _, spent in found) / cores
    print_row(
        case=f"processes, {len(seeds)} gru, {iterations} iterations, {cores} cores",
        threads=torch.get_num_threads(),
        one_by_one_s=round(one_by_one / (iterations - 1), 4),
        processes_s=round(together / (iterations - 1), 4),
        ratio=round(one_by_one / together, 2),
    )


def every_frame(batch):
    """The same batch with a frame of its own for every item of every trial."""
    n_trials, items = batch.frame.shape
    frame = torch.arange(n_trials * items, device=batch.frame.device).reshape(n_trials, items)
    return Batch(batch.maps[batch.frame.flatten()], frame, batch.task, batch.target)


def paper(device, iterations, plain_iterations, train_views):
    from torchvision.models import resnet50

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "resnet50.pt"
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            torch.save(resnet50(weights=None).state_dict(), file)
        few = {"train_views": train_views, "novel_views": 1, "novel_identities": 0}
        config = overlay(preset("paper"), {"encoder": {"weights": str(file)}, "stimuli": few})
        stimuli = build_stimuli(config.stimuli)
        start = time.perf_counter()
        features = encode(stimuli, config.encoder, device=device, cache=Path(folder))
        encoding = time.perf_counter() - start
    print_row(
        case=f"paper, resnet50, {device}", images=len(stimuli), frames=len(features.maps),
        seconds=round(encoding, 1),
    )  # fmt: skip
    space = ItemSpace.of_stimuli(stimuli, "train")
    frames = frames_of(space, features, device)
    source = Source(config.tasks, space, config.training, config.seed)
    seconds = {}
    ways = (("once", lambda batch: batch, iterations), ("every", every_frame, plain_iterations))
    for name, prepare, count in ways:
        network = new_network(config, features).to(device)
        optimizer = make_optimizer(list(network.parameters()), config.training)
        losses = []
        for iteration in range(count + 1):
            if iteration == 1:  # the first warms up
                start = synchronised(device)
            batch = prepare(make_batch(source.training(iteration), frames, network.config))
            losses.append(_step(network, optimizer, batch, config.training, iteration))
        seconds[name] = (synchronised(device) - start) / count
        if name == "once":
            first, last = losses[0], losses[-1]
    print_row(
        case=f"paper, gru, {iterations} iterations, {device}",
        threads=torch.get_num_threads(),
        trained_frames=len(frames.maps),
        iterations_a_second=round(1 / seconds["once"], 3),
        every_frame_iterations_a_second=round(1 / seconds["every"], 3),
        plain_iterations=plain_iterations,
        ratio=round(seconds["every"] / seconds["once"], 2),
        loss_first=round(first, 4), loss_last=round(last, 4),
        hours_for_4000=round(4000 * seconds["once"] / 3600, 2),
        hours_for_8000=round(8000 * seconds["once"] / 3600, 2),
        hours_for_14000=round(14000 * seconds["once"] / 3600, 2),
    )  # fmt: skip


def print_row(**row):
    print(json.dumps(row), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=("stacked", "processes", "paper"))
    parser.add_argument("--device", help="by default cpu, and cuda where there is one")
    parser.add_argument("--iterations", type=int, default=50)
    parser.add_argument("--paper-iterations", type=int, default=20)
    parser.add_argument("--plain-iterations", type=int, default=3)
    parser.add_argument("--train-views", type=int, default=12, help="of the preset paper")
    chosen = parser.parse_args()
    devices = [chosen.device] if chosen.device else ["cpu"]
    if not chosen.device and torch.cuda.is_available():
        devices.append("cuda")
    for device in devices:
        if chosen.part in (None, "stacked"):
            stacked(device, chosen.iterations)
        if chosen.part in (None, "paper"):
            paper(device, chosen.paper_iterations, chosen.plain_iterations, chosen.train_views)
    if chosen.part in (None, "processes") and "cpu" in devices:
        processes(min(chosen.iterations, 20))


if __name__ == "__main__":
    main()
