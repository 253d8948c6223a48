"""Pairs of a model and a brain whose relation is known."""

import numpy as np
import pytest

from wmsim.compare.pairing import Pair
from wmsim.compare.sides import Side

RELATIONS = ("rotated", "unrelated", "other geometry")
DIMENSIONS = 4
# Standard deviations of the dimensions of a code, so that distances differ.
SPECTRUM = np.array([1.6, 1.0, 0.6, 0.35])


@pytest.fixture
def rng():
    return np.random.default_rng(20261123)


@pytest.fixture(scope="session")
def simulated_pair():
    """The function :func:`make_simulated_pair`."""
    return make_simulated_pair


def make_simulated_pair(
    *, n_units_model=30, n_units_brain=25, n_items=3, n_values=6, n_trials=240, noise=0.5, seed=0,
    relation="rotated", noise_model=None, matched=True,
):  # fmt: skip
    """A model and a brain that see images which never repeat in a trial.

    Steps are one an item, then maintenance. Codes have a variance of about 1 a unit; `noise` is
    the standard deviation of both, `noise_model` that of the model where it differs.

    - "rotated": codes of the brain are those of the model, rotated (projected at random where the
      brain has fewer units than codes have dimensions).
    - "unrelated": codes of both are drawn alike and independently.
    - "other geometry": the same geometry of values, but in the model items share a code, while in
      the brain those of different items are orthogonal.
    """
    assert relation in RELATIONS
    assert n_values > n_items, "images that never repeat need more values than items"
    rng = np.random.default_rng([seed, 1])
    shared = {"rotated": 0.6, "unrelated": 0.6, "other geometry": 1.0}[relation]
    values = _values(n_values, rng)
    model_codes = _codes(values, n_items, n_units_model, shared, rng)
    if relation == "rotated":
        brain_codes = model_codes @ _isometry(n_units_model, n_units_brain, rng)
    elif relation == "unrelated":
        values = _values(n_values, rng)
        brain_codes = _codes(values, n_items, n_units_brain, shared, rng)
    else:
        brain_codes = _codes(values, n_items, n_units_brain, 0.0, rng)
    brain_labels = _labels(n_items, n_values, n_trials, rng)
    model_labels = brain_labels if matched else _labels(n_items, n_values, n_trials, rng)
    return Pair(
        _side(
            "model", model_codes, model_labels, noise if noise_model is None else noise_model, rng
        ),
        _side("brain", brain_codes, brain_labels, noise, rng),
        matched,
        (),
    )


def _values(n_values, rng):
    """Where values lie, (value, dimension)."""
    values = rng.standard_normal((n_values, DIMENSIONS)) * SPECTRUM
    return values - values.mean(axis=0)


def _codes(values, n_items, n_units, shared, rng):
    """Codes of values at all steps, (step, item, value, unit); 0 before an item is shown."""
    n_steps = n_items + 1
    common = rng.standard_normal((1, 1, DIMENSIONS, n_units))
    own = rng.standard_normal((1, n_items, DIMENSIONS, n_units))
    drift = 0.4 * rng.standard_normal((n_steps, n_items, DIMENSIONS, n_units))
    axes = (np.sqrt(shared) * common + np.sqrt(1 - shared) * own + drift) / 2
    codes = values @ axes
    for item in range(n_items):
        codes[:item, item] = 0
    return codes


def _isometry(n_from, n_to, rng):
    """Keeps inner products a unit; where `n_to` is smaller, on average over draws."""
    if n_to < n_from:
        return rng.standard_normal((n_from, n_to)) / np.sqrt(n_from)
    turn = np.linalg.qr(rng.standard_normal((n_to, n_from)))[0].T
    return turn * np.sqrt(n_to / n_from)


def _labels(n_items, n_values, n_trials, rng):
    return np.stack([rng.permutation(n_values)[:n_items] for _ in range(n_trials)], axis=1)


def _side(name, codes, labels, noise, rng):
    n_steps, n_items, n_values, n_units = codes.shape
    n_trials = labels.shape[1]
    activity = 3 + noise * rng.standard_normal((n_steps, n_trials, n_units))
    for item in range(n_items):
        activity += codes[:, item, labels[item]]
    return Side(
        name=name, task="", feature="image", activity=activity, labels=labels,
        values=tuple(f"image {value + 1}" for value in range(n_values)),
        steps=(*(f"item {item + 1}" for item in range(n_items)), "maintenance"),
        shown=(*range(n_items), -1), holed=np.zeros((n_steps, n_trials, 0)),
    )  # fmt: skip
