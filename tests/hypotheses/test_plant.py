"""The planted recording is what it says, and a valid recording."""

import numpy as np

from wmsim.decoding import never_repeats
from wmsim.hypotheses import plant_spikes
from wmsim.recordings import labels_of, validate


def test_it_is_valid_seeded_and_never_repeats_an_image():
    one, same, other = (
        plant_spikes(n_trials=40, n_units=12, n_items=3, n_values=5, seed=seed)
        for seed in (1, 1, 2)
    )
    validate(one)
    assert one.attrs["source"] == "planted"
    np.testing.assert_array_equal(one["activity"], same["activity"])
    assert not np.array_equal(one["activity"], other["activity"])
    assert never_repeats(labels_of(one, "image")[0].T)


def test_counts_are_whole_spikes_in_the_window():
    planted = plant_spikes(n_trials=40, n_units=12, seed=3)
    counts = planted["activity"].values * 0.6
    np.testing.assert_allclose(counts, counts.round(), atol=1e-4)
    assert counts.min() >= 0
