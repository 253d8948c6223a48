"""Sessions of Kornblith et al. 2017: a tiny one made here, and the real ones."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from wmsim.errors import ConfigError, WmsimError
from wmsim.recordings import (
    account,
    align,
    encoding_space,
    import_recording,
    labels_of,
    open_recording,
    save,
    validate,
)
from wmsim.recordings.importing.spikes import bin_spikes


def slow_counts(spikes, start, edges):
    """Count spikes one by one."""
    counts = np.zeros((len(edges) - 1, len(spikes), len(start)))
    for unit, times in enumerate(spikes):
        for trial, zero in enumerate(start):
            for time in times:
                for index in range(len(edges) - 1):
                    if zero + edges[index] <= time < zero + edges[index + 1]:
                        counts[index, unit, trial] += 1
    return counts


def test_binning_equals_the_slow_reference():
    rng = np.random.default_rng(0)
    spikes = [rng.uniform(0, 20, size) for size in (0, 1, 60)]
    start, edges = np.array([2.0, 9.0, 3.0]), np.arange(-4, 9) * 0.25
    np.testing.assert_array_equal(
        bin_spikes(spikes, start, edges), slow_counts(spikes, start, edges)
    )


def test_tiny_session(session_file, tmp_path):
    recording = import_recording("kornblith2017", session_file, bin_width=0.1)
    validate(recording)
    assert dict(recording.sizes) == {"time": 57, "unit": 3, "trial": 4, "item": 2}
    assert recording["unit"].values.tolist() == ["123e4sb/ch1_1", "123e4sb/ch2_1", "123e4sb/ch3_1"]
    assert recording["kind"].values.tolist() == ["single unit", "multi unit", "single unit"]
    areas = ["hippocampus", "parahippocampal gyrus", "unknown"]
    assert recording["area"].values.tolist() == areas
    assert set(recording["subject"].values) == {"123"}
    codes, names = labels_of(recording, "image")
    assert names == ["image 1", "image 2", "image 3"]
    assert codes.tolist() == [[0, 1], [2, 0], [1, 2], [0, 2]]
    np.testing.assert_allclose(recording["item_onset"], [[0, 0.7]] * 4)
    np.testing.assert_allclose(recording["event_maintenance"], 1.1)
    np.testing.assert_allclose(recording["event_probe"], 3.7)
    assert recording["correct"].values.tolist() == [True, False, True, True]
    text = account(recording)
    assert "units kept: 3 (1 multi unit, 2 single unit" in text
    assert "units dropped: 1 artefact, 1 unknown type '?'" in text
    with open_recording(save(recording, tmp_path / "a.nc")) as same:
        assert account(same) == text


def test_rates_count_the_spikes(session_file):
    recording = import_recording("kornblith2017", session_file, bin_width=0.1, before=0.5, after=2)
    with h5py.File(session_file) as opened:
        spikes = opened["channels/ch2_spike_times"][0]
        first = opened["trials/onsets"][:, 0]
    edges = np.arange(-5, 21) * 0.1
    wanted = slow_counts([spikes], first, edges)[:, 0] / 0.1
    np.testing.assert_allclose(recording["activity"][:, 1], wanted, rtol=1e-6)


def test_the_next_trial_is_masked(session_file):
    recording = import_recording("kornblith2017", session_file, bin_width=0.5, after=12.0)
    late = recording["time"].values > 10
    missing = np.isnan(recording["activity"].values).all(axis=1)
    assert missing[late, :3].all()
    assert not missing[~late].any()
    assert not missing[:, 3].any()
    assert "bins masked because they lie in the next trial" in account(recording)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.pop("sites"), "/sites is missing"),
        (lambda f: f.pop("trials/maint"), "/trials/maint is missing"),
        (lambda f: f.pop("channels"), "/channels is missing"),
        (lambda f: f.pop("channels/ch2_spike_times"), "/channels/ch2_spike_times is missing"),
        (
            lambda f: (f.pop("trials/isi"), f["trials"].create_dataset("isi", data=np.zeros(9))),
            r"/trials/isi has shape \(9,\), expected \(4,\) as in /trials/stimuli",
        ),
        (
            lambda f: f.pop("trials/onsets") and f["trials"].create_dataset("onsets", data=[1.0]),
            r"/trials/onsets has shape \(1,\) and type float64, expected 2 axes",
        ),
        (
            lambda f: (
                f.pop("channels/ch1_spike_times"),
                f["channels"].__setitem__("ch1_spike_times", h5py.ExternalLink("x.h5", "/y")),
            ),
            "/channels/ch1_spike_times is a link to somewhere else",
        ),
        (
            lambda f: (
                f.pop("channels/ch1_unit_types"),
                f["channels"].__setitem__("ch1_unit_types", np.array([b"SU"])),
            ),
            "/channels/ch1_spike_times has 2 entries, expected 1 vectors",
        ),
        (
            lambda f: [f.pop(f"channels/ch{n}_unit_types") for n in (1, 2, 3)],
            "no unit is left; dropped: none",
        ),
        (
            lambda f: f["trials/stimuli"].__setitem__((0, 0), 10**12),
            "/trials/stimuli holds int64 from 1 to 1000000000000, expected numbers of images",
        ),
        (
            lambda f: f["trials/probes"].__setitem__(1, 1e9),
            r"/trials/probes comes 3.7 to 1e\+09 s after the trial's first item, expected 0 to 60",
        ),
    ],
)
def test_spoilt_sessions(session_file, spoil, message):
    with h5py.File(session_file, "a") as opened:
        spoil(opened)
    with pytest.raises(WmsimError, match=message):
        import_recording("kornblith2017", session_file)


def test_requests_that_are_wrong(session_file, continuous):
    with pytest.raises(WmsimError, match=r"bin_width=-1, .*expected positive numbers of seconds"):
        import_recording("kornblith2017", session_file, bin_width=-1)
    with pytest.raises(
        ConfigError, match=r"Unknown option of format kornblith2017 'binwidth'. Did"
    ):
        import_recording("kornblith2017", session_file, binwidth=1)
    with pytest.raises(WmsimError, match=r"at most 1e\+09 are made. Give a larger bin_width"):
        import_recording("kornblith2017", session_file, bin_width=1e-9)
    with pytest.raises(WmsimError, match="no attr import_account"):
        account(continuous)


@pytest.mark.recordings
def test_all_real_sessions_import(recordings_dir):
    files = sorted((recordings_dir / "kornblith2017").glob("*.h5"))
    assert len(files) == 12
    for file in files:
        steps = align(import_recording("kornblith2017", file))
        assert steps.sizes["item"] in (3, 4)
        assert np.isfinite(steps["activity"]).all()
        assert "unknown" not in steps["area"].values


@pytest.mark.recordings
@pytest.mark.parametrize(
    ("session", "units", "accuracies"),
    [("399e11sb", 68, [0.50, 0.64, 0.69]), ("405e23sb", 40, [0.35, 0.29, 0.28, 0.40])],
)
def test_images_are_decoded_as_measured_before(recordings_dir, session, units, accuracies):
    (file,) = (recordings_dir / "kornblith2017").glob(f"{session}*.h5")
    steps = align(import_recording("kornblith2017", file), window=(0.2, 0.8))
    assert steps.sizes["unit"] == units
    codes, _ = labels_of(steps, "image")
    decoder = make_pipeline(
        StandardScaler(), SVC(kernel="linear", C=0.01, random_state=np.random.RandomState(0))
    )
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    for item, wanted in enumerate(accuracies):
        rates = np.sqrt(encoding_space(steps, item).values)
        found = cross_val_score(decoder, rates, codes[:, item], cv=folds).mean()
        assert found == pytest.approx(wanted, abs=0.08)
