"""Files with one element a unit, each with its own copy of the trials."""

from pathlib import Path

import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.recordings import align
from wmsim.recordings.importing.assemble import assemble
from wmsim.recordings.importing.mapping import Mapping
from wmsim.recordings.importing.rawdata import RawData

PATIENTS = np.array([1, 1, 2, 1, 2])
TRIALS = {1: 12, 2: 9}


def struct_array():
    """Three units of patient 1 and two of patient 2, who saw other sequences."""
    rng = np.random.default_rng(0)
    images = {p: np.stack([rng.permutation(3)[:2] for _ in range(n)]) for p, n in TRIALS.items()}
    rates = [rng.gamma(2.0, 2.0, (TRIALS[p], 4)) for p in PATIENTS]
    variables = {
        "cells.patient": PATIENTS,
        "cells.rates": rates,
        "cells.images": [images[p] + 1 for p in PATIENTS],
        "cells.correct": [np.arange(TRIALS[p]) % 2 for p in PATIENTS],
    }
    return RawData(Path("cells.mat"), "MATLAB file", variables), images, rates


def mapping(**changes):
    given = {
        "activity": {"variable": "rates", "dims": ["unit", "trial", "time"], "units": "spikes/s"},
        "time": {"start": 0.25, "step": 0.5},
        "items": {"onset": [0, 1.0], "labels": {"image": "images"}, "no_item": [0]},
        "events": {"maintenance": 1.5},
        "trials": {"columns": {"correct": "correct"}},
        "units": {"columns": {"subject": "patient"}, "keep": {"patient": 2}},
    }
    return Mapping(**(given | changes))


def test_units_of_one_session_share_their_table():
    raw, images, rates = struct_array()
    recording = assemble(raw, mapping())
    assert recording["unit"].values.tolist() == ["u2", "u4"]
    np.testing.assert_array_equal(recording["image"].values, images[2])
    for position, unit in enumerate((2, 4)):
        np.testing.assert_array_equal(
            recording["activity"].values[:, position].T, rates[unit].astype(np.float32)
        )
    assert recording["correct"].values.tolist() == (np.arange(9) % 2 == 1).tolist()
    assert "units kept: 2 of 5" in recording.attrs["import_account"]
    assert "3 patient 1" in recording.attrs["import_account"]


def test_units_of_several_sessions_are_told_apart():
    raw, *_ = struct_array()
    with pytest.raises(WmsimError, match=r"2 different tables of images \(3 units .* units: keep"):
        assemble(raw, mapping(units={}))


def test_fixed_timing_is_given_as_numbers():
    recording = assemble(struct_array()[0], mapping())
    assert recording["item_onset"].values.tolist() == [[0.0, 1.0]] * 9
    assert recording["event_maintenance"].values.tolist() == [1.5] * 9
    steps = align(recording, window=(0, 0.5), maintenance_window=(0, 0.5))
    np.testing.assert_array_equal(steps["activity"].values, recording["activity"].values[[0, 2, 3]])


def test_numbers_count_from_time_0_in_units_of_the_clock():
    raw = RawData(
        Path("a.npz"), "npz file",
        {"spikes": [np.arange(0, 30_000.0, 250)], "start": np.array([5e3, 12e3]),
         "image": np.array([[1, 2], [2, 1]])},
    )  # fmt: skip
    given = Mapping(
        spikes={"times": "spikes"}, clock="ms", zero="start",
        items={"onset": [0, 800], "labels": {"image": "image"}}, events={"probe": 1500},
        bins={"width": 0.5, "before": 0, "after": 2},
    )  # fmt: skip
    recording = assemble(raw, given)
    assert recording["item_onset"].values.tolist() == [[0.0, 0.8]] * 2
    assert recording["event_probe"].values.tolist() == [1.5, 1.5]
    assert (recording["activity"].values == 4).all()
    with pytest.raises(WmsimError, match=r"Time 0 of each trial is not known: .* or zero"):
        assemble(raw, given.changed(zero=None))


def test_fixed_times_of_the_wrong_number_of_items():
    with pytest.raises(WmsimError, match=r"onset has shape \(9, 3\) .* \(9, 2\)"):
        assemble(struct_array()[0], mapping(items={
            "onset": [0, 1, 2], "labels": {"image": "images"}}))  # fmt: skip
