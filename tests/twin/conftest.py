"""A small brain, and a network that has not learnt its task but could."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

from wmsim.config import overlay
from wmsim.models import NetworkConfig
from wmsim.recordings import build_recording
from wmsim.training import Subject, SubjectConfig, TrainingConfig, for_tasks
from wmsim.training.subject import new_network
from wmsim.twin import TwinConfig, merged_tasks, twin_design

NAMES = ["apple", "ball", "cat", "dog", "egg"]
N_TRIALS, BIN = 60, 0.05


def make_brain(**changes: Any) -> xr.Dataset:
    """Two or three of five images, gaps of 0, 0.2 or 0.5 s, 2.6 s of delay, two probes."""
    rng = np.random.default_rng(5)
    load = np.where(np.arange(N_TRIALS) % 3 == 0, 2, 3)
    codes = np.array([rng.permutation(5)[:3] for _ in range(N_TRIALS)])
    other = np.array([rng.choice(np.setdiff1d(np.arange(5), row)) for row in codes])
    swap = rng.random(N_TRIALS) < 0.5
    left, right = np.where(swap, other, codes[:, 0]), np.where(swap, codes[:, 0], other)
    codes[load == 2, 2] = -1
    gap = rng.choice([0.0, 0.2, 0.5], N_TRIALS)
    onset = np.arange(3) * (0.202 + gap[:, None]) + 0.001
    onset[codes < 0] = np.nan
    end = np.nanmax(onset, axis=1) + 0.202
    time = (np.arange(-10, 110) + 0.5) * BIN
    rates = rng.uniform(1, 12, (5, 6))[codes[:, 0]] * rng.gamma(6, 1 / 6, (N_TRIALS, 1))
    spikes = rng.poisson(rates.T[None] * BIN, (time.size, 6, N_TRIALS)) / BIN
    given: dict[str, Any] = {
        "time": time, "time_units": "s", "bin_width": BIN, "activity_units": "spikes/s",
        "source": "neural", "features": {"image": (codes, NAMES)}, "item_onset": onset,
        "item_offset": onset + 0.202,
        "events": {"maintenance": end + 0.1, "probe": end + 2.6},
        "trial": {
            "trial": np.arange(N_TRIALS) + 100, "task": "order", "gap": gap,
            "correct": np.ones(N_TRIALS, dtype=bool), "left_probe": left, "right_probe": right,
        },
    } | changes  # fmt: skip
    return build_recording(given.pop("activity", spikes), **given)


@pytest.fixture(scope="session")
def brain() -> xr.Dataset:
    """Like kornblith2017, but small."""
    return make_brain()


@pytest.fixture(scope="session")
def brain_with() -> Callable[..., xr.Dataset]:
    """Makes a brain with other arguments."""
    return make_brain


@pytest.fixture(scope="session")
def maintenance_brain() -> xr.Dataset:
    """Like the concept cells: loads 1 to 3, 2.5 s of maintenance alone."""
    rng = np.random.default_rng(6)
    codes = np.array([rng.permutation(5)[:3] for _ in range(45)])
    codes[np.arange(3) >= (np.arange(45) % 3 + 1)[:, None]] = -1
    return build_recording(
        rng.poisson(0.5, (25, 8, 45)) / 0.1, time=(np.arange(25) + 0.5) * 0.1, time_units="s",
        bin_width=0.1, activity_units="spikes/s", source="neural",
        features={"image": (codes, NAMES)}, events={"maintenance": np.zeros(45)},
    )  # fmt: skip


@pytest.fixture(scope="session")
def blank_features(tiny_features):
    rng = np.random.default_rng(1)
    blank = rng.standard_normal(tiny_features.maps.shape[1:]).astype(np.float32)
    return dataclasses.replace(tiny_features, blank=blank)


@pytest.fixture(scope="session")
def subject_for(tiny_stimuli, blank_features):
    """A subject whose regime holds the tasks of designs, with its initial weights."""

    def make(*recordings, architecture="gru", config=None, seed=3, tasks=None) -> Subject:
        designs = [twin_design(one, config or TwinConfig()) for one in recordings]
        names = tasks or ",".join(task.name for task in merged_tasks(designs))
        made = SubjectConfig(
            stimuli=tiny_stimuli.config, regime=names, seed=seed,
            network=NetworkConfig(architecture=architecture, units=20),
            training=TrainingConfig(iterations=2),
        )  # fmt: skip
        made = for_tasks(overlay(made, {}))
        network = new_network(made, blank_features).eval()
        return Subject(made, network, tiny_stimuli, blank_features, [{"iteration": 0}], 0.0)

    return make
