"""Averages of eight conditions: labels, what is refused, and the published geometry."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import savemat
from scipy.linalg import subspace_angles

from wmsim.errors import WmsimError
from wmsim.geometry import plane, principal_angles
from wmsim.recordings import labels_of, open_recording, save, validate
from wmsim.recordings.importing.panichello2021 import import_panichello2021


def test_conditions_keep_their_rows(tmp_path):
    values = np.random.default_rng(0).normal(size=(8, 5))
    savemat(tmp_path / "a.mat", {"dat": values})
    recording = import_panichello2021(tmp_path / "a.mat")
    validate(recording)
    np.testing.assert_allclose(recording["activity"][0].T, values, rtol=1e-6)
    colour, position = (labels_of(recording, name)[0][:, 0] for name in ("colour", "position"))
    assert colour.tolist() == [0, 1, 2, 3] * 2
    assert position.tolist() == [0] * 4 + [1] * 4
    assert str(recording["trial"].values[5]) == "lower, colour 2"
    assert "cannot be cross-validated" in recording.attrs["import_account"]
    with open_recording(save(recording, tmp_path / "a.nc")) as same:
        assert same.identical(recording)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"dat": np.zeros((7, 5))}, r"dat has shape \(7, 5\).*expected \(8 conditions, neurons\)"),
        ({"dat": np.zeros((5, 8))}, r"dat has shape \(5, 8\)"),
        ({"dat": "text"}, "dat has shape"),
        ({"dta": np.zeros((8, 5))}, "has no variable 'dat'. Did you mean 'dta'"),
        ({"dat": {"a": 1.0, "b": 2.0}}, "has no variable 'dat'"),
        ({"dat": np.full((8, 5), np.nan)}, "5 units are NaN throughout"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    savemat(tmp_path / "a.mat", content)
    with pytest.raises(WmsimError, match=message):
        import_panichello2021(tmp_path / "a.mat")


@pytest.mark.recordings
def test_angles_between_the_planes_of_colours(recordings_dir):
    recording = import_panichello2021(recordings_dir / "panichello2021" / "planesDemo.mat")
    assert dict(recording.sizes) == {"time": 1, "unit": 380, "trial": 8, "item": 1}
    at = recording["position"].values[:, 0]
    upper, lower = (recording["activity"].values[0][:, at == code].T for code in (0, 1))
    angles = principal_angles(plane(upper), plane(lower))
    print("principal angles of the colour planes:", angles)
    np.testing.assert_allclose(angles, [55.3, 85.0], atol=0.05)
    wanted = np.degrees(subspace_angles(plane(upper).T, plane(lower).T))[::-1]
    np.testing.assert_allclose(angles, wanted, atol=1e-6)
