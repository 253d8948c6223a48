"""Small recordings to test with, files of other programs, and where real recordings are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr

from wmsim.recordings import build_recording


def make_continuous(**changes: Any) -> xr.Dataset:
    """Three items at different gaps, 4 units, 6 trials, 5 s at 0.1 s."""
    rng = np.random.default_rng(7)
    onset = np.cumsum(np.r_[0.0, rng.uniform(0.3, 0.9, 11)].reshape(6, 2), axis=1)
    onset = onset - onset[:, :1]
    given: dict[str, Any] = {
        "time": np.arange(50) * 0.1 - 0.95,
        "time_units": "s",
        "activity_units": "spikes/s",
        "source": "planted",
        "features": {"image": (rng.integers(0, 3, (6, 2)), ["cup", "a car", "ape"])},
        "item_onset": onset,
        "item_offset": onset + 0.2,
        "events": {"maintenance": np.full(6, 1.5), "probe": np.full(6, 3.2)},
        "unit": {
            "unit": ["a", "b", "c", "d"],
            "area": ["amygdala", "hippocampus", "amygdala", "hippocampus"],
            "kind": "single unit",
            "session": "s1",
        },
        "trial": {"task": ["x", "x", "y", "y", "y", "y"], "correct": np.array([True, False] * 3)},
    } | changes
    activity = given.pop("activity", rng.normal(size=(50, 4, 6)))
    return build_recording(activity, **given)


def make_aligned(**changes: Any) -> xr.Dataset:
    """Born aligned: three items, two delays, 4 units, 5 trials; the last trial has two items."""
    rng = np.random.default_rng(8)
    images = rng.integers(0, 3, (5, 3))
    images[4, 2] = -1
    given: dict[str, Any] = {
        "time": np.arange(5),
        "time_units": "step",
        "activity_units": "a.u.",
        "source": "model",
        "features": {"image": images},
        "shown_item": [0, 1, -1, 2, -1],
        "target": [[0, 1, 2], [0, 0, 2], [0, 2, 1], [0, 0, 1], [0, 1, -1]],
        "trial": {"n_back": [1, 2, 1, 2, 1], "task": "N-back"},
    } | changes
    activity = given.pop("activity", rng.normal(size=(5, 4, 5)))
    return build_recording(activity, **given)


@pytest.fixture
def continuous() -> xr.Dataset:
    """A continuous recording."""
    return make_continuous()


@pytest.fixture
def aligned() -> xr.Dataset:
    """An aligned recording."""
    return make_aligned()


@pytest.fixture
def continuous_with() -> Callable[..., xr.Dataset]:
    """Makes a continuous recording with other arguments."""
    return make_continuous


@pytest.fixture
def aligned_with() -> Callable[..., xr.Dataset]:
    """Makes an aligned recording with other arguments."""
    return make_aligned


@pytest.fixture
def session_file(tmp_path: Path) -> Path:
    """A tiny session in the layout of Kornblith et al. 2017: 4 trials of 2 images, 10 s apart."""
    file = tmp_path / "123e4sb-2001-1-1_1-1-1.h5"
    onsets = 100.0 + 10 * np.arange(4)[:, None] + np.array([0.0, 0.7])
    ragged = h5py.vlen_dtype(np.float64)
    with h5py.File(file, "w") as out:
        trials = out.create_group("trials")
        trials["stimuli"] = np.array([[1, 2], [3, 1], [2, 3], [1, 3]])
        trials["onsets"], trials["offsets"] = onsets, onsets + 0.2
        trials["isi"] = np.full(4, 0.5)
        trials["maint"], trials["probes"] = onsets[:, 1] + 0.4, onsets[:, 1] + 3.0
        trials["probe1"], trials["probe2"] = np.array([1, 3, 2, 1]), np.array([4, 4, 4, 4])
        trials["correct"] = np.array([1, 0, 1, 1], dtype=np.int8)
        out["sites"] = np.array([b"LAH", b"RPGa", b""], dtype=h5py.string_dtype())
        channels = out.create_group("channels")
        rng = np.random.default_rng(3)
        for channel, types in {1: ["SU", "A"], 2: ["MU", "?"], 3: ["SU"]}.items():
            kinds = np.array(types, dtype=object)
            channels.create_dataset(
                f"ch{channel}_unit_types", data=kinds, dtype=h5py.string_dtype()
            )
            spikes = channels.create_dataset(
                f"ch{channel}_spike_times", shape=(len(types),), dtype=ragged
            )
            for index in range(len(types)):
                spikes[index] = np.sort(rng.uniform(95, 145, 200))
    return file
