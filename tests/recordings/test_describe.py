"""The summary of a recording counts what is there."""

from __future__ import annotations

import json

import numpy as np

from wmsim.recordings import align, describe, summarise


def test_counts(aligned):
    spoilt = aligned.assign(activity=aligned["activity"].where(aligned["trial"] != 0))
    facts = summarise(spoilt)
    assert facts["sizes"] == {"time": 5, "unit": 4, "trial": 5, "item": 3}
    assert facts["items_a_trial"] == {"2": 1, "3": 4}
    assert facts["trials"]["n_back"] == {"1": 3, "2": 2}
    assert sum(facts["features"]["image"].values()) == 14
    assert facts["missing"]["share"] == 0.2
    assert facts["missing"]["trials_without_any"] == 1
    shown = aligned["image"].values
    for value, counts in facts["conditions"]["image"].items():
        assert counts == [(shown[:, item] == int(value)).sum() for item in range(3)]
    json.dumps(facts, allow_nan=False)


def test_text_tells_what_a_notebook_tells(continuous):
    text = describe(continuous)
    assert "planted, continuous" in text
    assert "units by area: amygdala (2), hippocampus (2)" in text
    assert "units of session s1: 4 (amygdala (2), hippocampus (2))" in text
    assert "trials by task: x (2), y (4)" in text
    assert "items a trial: 2 (6 trials)" in text
    codes = continuous["image"].values
    first = [(codes[:, 0] == value).sum() for value in range(3)]
    row = next(line for line in text.splitlines() if line.startswith("  item 1"))
    assert [int(number) for number in row.split()[2:]] == first
    assert "timing of item 1 onset: 0.000 s\n" in text
    assert "timing of item 2 shown for: 0.200 s\n" in text
    gap = continuous["item_onset"].values[:, 1]
    said = f"{np.median(gap):.3f} s (median; {gap.min():.3f} to {gap.max():.3f})"
    assert f"timing of item 2 onset: {said}" in text
    assert "timing of maintenance: 1.500 s" in text
    assert "missing: nothing" in text


def test_what_is_missing_is_named(continuous):
    hole = (continuous["unit"] == "b") & (continuous["trial"] < 2)
    text = describe(continuous.assign(activity=continuous["activity"].where(~hole)))
    assert "missing: 8.3% of the activity is NaN; 1 of 4 units have no activity in some" in text
    assert "(most: b, 2 of 6)" in text


def test_timing_of_an_aligned_recording_is_the_recorded_one(continuous):
    facts = summarise(align(continuous, window=(0.1, 0.3), maintenance_window=(0.0, 1.0)))
    assert facts["timing"] == summarise(continuous)["timing"]


def test_many_values_are_told_by_their_extremes(aligned_with):
    images = np.arange(15).reshape(5, 3)
    text = describe(aligned_with(features={"image": images}))
    assert "feature image: 15 values" in text
    assert "  item 1: 0 to 1 trials a value" in text
