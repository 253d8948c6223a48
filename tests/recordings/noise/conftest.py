"""Models whose activity is known: images coded in units between -1 and 1, as in a GRU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

from wmsim.recordings import build_recording


def make_model(
    n_units: int = 80, n_trials: int = 400, n_items: int = 2, n_values: int = 5,
    delay: bool = True, unlabelled: float = 0.0, seed: int = 0, **changes: Any,
) -> xr.Dataset:  # fmt: skip
    """Images that never repeat in a trial, each item coded while it is shown and fading after."""
    rng = np.random.default_rng(seed)
    images = np.array([rng.permutation(n_values)[:n_items] for _ in range(n_trials)])
    activity = np.zeros((n_items + delay, n_units, n_trials))
    for step in range(len(activity)):
        for item in range(min(step + 1, n_items)):
            code = rng.normal(size=(n_units, n_values))
            activity[step] += code[:, images[:, item]] * 0.4 ** (step - item)
    other = rng.normal(size=(n_units, 5)) @ rng.normal(size=(5, n_trials))
    given: dict[str, Any] = {
        "time": np.arange(len(activity)),
        "time_units": "step",
        "activity_units": "a.u.",
        "source": "model",
        "features": {"image": images},
        "shown_item": [*range(n_items), *[-1] * delay],
        "unit": {"kind": "hidden", "area": "gru"},
        "seed": 7,
        "config": {"architecture": "gru"},
    } | changes
    values = given.pop("activity", np.tanh(0.7 * (activity + unlabelled * other)))
    return build_recording(values, **given)


@pytest.fixture(scope="session")
def model_with() -> Callable[..., xr.Dataset]:
    """Makes a model with other sizes."""
    return make_model


@pytest.fixture(scope="session")
def model() -> xr.Dataset:
    """A model whose activity its labels explain."""
    return make_model()
