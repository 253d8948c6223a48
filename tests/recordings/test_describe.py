"""The summary of a recording counts what is there."""

from __future__ import annotations

import json

import numpy as np

from wmsim.recordings import describe, summarise


def test_counts(aligned):
    spoilt = aligned.assign(activity=aligned["activity"].where(aligned["trial"] != 0))
    facts = summarise(spoilt)
    assert facts["sizes"] == {"time": 5, "unit": 4, "trial": 5, "item": 3}
    assert facts["items_a_trial"] == {"2": 1, "3": 4}
    assert facts["trials"]["n_back"] == {"1": 3, "2": 2}
    assert sum(facts["features"]["image"].values()) == 14
    assert facts["nan_share"] == 0.2
    json.dumps(facts, allow_nan=False)


def test_text(continuous):
    text = describe(continuous)
    assert "units by area: amygdala 2, hippocampus 2" in text
    assert "trials by task: x 2, y 4" in text
    counts = np.bincount(continuous["image"].values.ravel(), minlength=3)
    assert f"feature image: cup {counts[0]}, a car {counts[1]}, ape {counts[2]}" in text
    assert "planted, continuous" in text
    assert "0.0% NaN" in text
