"""Building a recording: what is filled in, and lengths that do not fit."""

from __future__ import annotations

import json

import numpy as np
import pytest

from wmsim._version import __version__
from wmsim.errors import SchemaError
from wmsim.recordings import default_step_names, validate


def test_provenance_is_filled_in(aligned_with):
    recording = aligned_with(seed=3, config={"b": [1, 2]}, licence="MIT", attrs={"note": "x"})
    attrs = recording.attrs
    assert attrs["schema"] == "wmsim.recording"
    assert attrs["schema_version"] == "1.0"
    assert attrs["creation_library_version"] == __version__
    assert attrs["created_at"].endswith("+00:00")
    assert (attrs["seed"], attrs["licence"], attrs["note"]) == (3, "MIT", "x")
    assert json.loads(attrs["config"]) == {"b": [1, 2]}
    validate(recording)


def test_layout(continuous):
    assert continuous["activity"].dims == ("time", "unit", "trial")
    assert continuous["activity"].dtype == np.float32
    assert set(continuous.coords) == {
        *("time", "unit", "area", "kind", "session"),
        *("trial", "task", "correct"),
    }
    assert set(continuous["kind"].values) == {"single unit"}


def test_step_names():
    assert default_step_names([0, -1, 1, -1])[1::2] == ["maintenance 1", "maintenance 2"]


def test_all_lengths_that_do_not_fit_are_named(continuous_with):
    with pytest.raises(SchemaError) as caught:
        continuous_with(
            unit={"area": ["x"] * 3}, item_offset=np.zeros((6, 4)), events={"probe": np.zeros(5)}
        )
    message = str(caught.value)
    assert "area: has shape (3,), expected (unit: 4) as in activity" in message
    assert "item_offset: has shape (6, 4), expected (trial: 6, item: 2)" in message
    assert "event_probe: has shape (5,), expected (trial: 6)" in message


def test_activity_needs_three_axes(aligned_with):
    with pytest.raises(SchemaError, match=r"shape \(5, 4\), expected three axes"):
        aligned_with(activity=np.zeros((5, 4)))
