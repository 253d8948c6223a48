"""A planted session is what a laboratory sends: trials, times and spikes that tell images."""

import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.hypotheses import plant_session
from wmsim.recordings import validate


def test_trials_show_three_images_and_two_probes_of_which_one_is_old():
    session = plant_session(n_units=4, n_trials=50, n_values=5, seed=3)
    validate(session)
    shown = session["image"].transpose("trial", "item").values
    assert all(len(set(row)) == 3 for row in shown.tolist())
    left, right = session["left_probe"].values, session["right_probe"].values
    old = [(probe[:, None] == shown).any(axis=1) for probe in (left, right)]
    assert (old[0] ^ old[1]).all()
    onset = session["item_onset"].transpose("trial", "item").values
    assert (np.diff(onset, axis=1) > 0.199).all()
    delay = session["event_probe"].values - onset[:, -1] - 0.2
    assert (delay >= 2.7).all()
    assert (delay <= 3.3).all()
    assert (session["activity"] >= 0).all()


def test_spikes_tell_what_is_on_display_once_neurons_have_lagged():
    session = plant_session(n_units=30, n_trials=200, n_values=4, strength=1.0, seed=2)
    activity = session["activity"].transpose("trial", "unit", "time").values
    onset = session["item_onset"].transpose("trial", "item").values[:, 0, None]
    value = session["image"].transpose("trial", "item").values[:, 0]

    def told(start):
        """How alike codes of values are in both halves of trials."""
        time = session["time"].values
        there = (time >= onset + start) & (time < onset + start + 0.2)
        mean = np.einsum("tus,ts->tu", activity, there) / there.sum(axis=1, keepdims=True)
        halves = [
            np.stack([mean[half::2][value[half::2] == one].mean(axis=0) for one in range(4)])
            for half in (0, 1)
        ]
        one, other = (half - half.mean(axis=0) for half in halves)
        return np.corrcoef(one.ravel(), other.ravel())[0, 1]

    assert told(0.2) > 0.8
    assert abs(told(-0.3)) < 0.4


def test_the_seed_fixes_it_and_strength_is_what_is_told():
    first, again, other = (plant_session(n_units=3, n_trials=9, seed=one) for one in (1, 1, 2))
    assert first.identical(again)
    assert not first["activity"].equals(other["activity"])


def test_three_images_are_too_few():
    with pytest.raises(WmsimError, match="n_values is 3; expected at least 4"):
        plant_session(n_values=3)
