"""Mappings: what is wrong is named with its place."""

import numpy as np
import pytest
from pydantic import ValidationError

from wmsim.errors import ConfigError, WmsimError
from wmsim.recordings.importing import mapping as module
from wmsim.recordings.importing.mapping import Mapping, read_mapping

SPIKES = {"spikes": {"times": "t"}, "items": {"onset": "on", "labels": {"image": "i"}}}
ARRAY = {"activity": {"variable": "x", "dims": ["trial", "unit"]}, "items": {"labels": {"a": "b"}}}


def written(tmp_path, text):
    file = tmp_path / "mapping.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_a_mapping_is_read(tmp_path):
    text = """
spikes: {times: spike_times, observed: obs_intervals}
items:
  onset: on_{item}
  labels: {image: "img_{item}"}
  no_item: [0, none]
  names: {image: {1: face, 2: house}}
trials:
  keep: {correct: true, block: [1, 2]}
units: {rename: {kind: {good: single unit, 3: multi unit}}, min_rate: 1}
clock: {spikes: ms}
smooth: {kernel: causal gaussian, width: 0.1}
"""
    mapping = read_mapping(written(tmp_path, text))
    assert mapping.items.names == {"image": {"1": "face", "2": "house"}}
    assert mapping.items.no_item == (0, "none")
    assert mapping.trials.keep == {"correct": (True,), "block": (1, 2)}
    assert mapping.units.rename == {"kind": {"good": "single unit", "3": "multi unit"}}
    assert mapping.seconds("spikes") == 1e-3
    assert mapping.seconds("trials") == 1.0
    assert mapping.smooth.width == 0.1


@pytest.mark.parametrize("clock", ["s", "ms", "us", "min", "30000 Hz", "0.5Hz"])
def test_one_clock_for_all(clock):
    known = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0, "30000 Hz": 1 / 30000, "0.5Hz": 2.0}
    seconds = known[clock]
    mapping = Mapping(**SPIKES, clock=clock)
    assert {mapping.seconds(what) for what in ("trials", "spikes", "time")} == {seconds}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spikse": {}}, "unknown setting 'spikse'. Did you mean 'spikes'"),
        ({"spikes": {"tims": "t", "times": "t"}}, "unknown setting 'tims'. Did you mean 'times'"),
        ({"items": {"labels": {"a": "b"}, "onsets": "x"}}, "Did you mean 'onset'"),
        ({"items": None}, "items is None"),
        ({"items": {"onset": "x"}}, "labels"),
        ({"spikes": None}, "give either spikes or activity"),
        ({"activity": ARRAY["activity"]}, "give either spikes or activity"),
        ({"clock": "sec"}, "clock"),
        ({"clock": "0 Hz"}, "clock"),
        ({"clock": "fast Hz"}, "such as '30000 Hz'"),
        ({"clock": {"trial": "ms"}}, "clock"),
        ({"bins": {"width": 0}}, "width is 0: .*greater than 0"),
        ({"bins": {"width": "wide"}}, "width is 'wide'"),
        ({"smooth": {"kernel": "gauss", "width": 1}}, "kernel is 'gauss'"),
        ({"units": {"min_rate": -1}}, "min_rate is -1"),
        ({"units": {"keep": [1]}}, "keep"),
        ({"units": {"rename": {"kind": "x"}}}, "rename"),
        ({"items": {"labels": {"a": "b"}, "names": {"a": 3}}}, "names"),
    ],
)
def test_wrong_settings_are_named(changes, message):
    with pytest.raises(ConfigError, match=message):
        Mapping(**(SPIKES | changes))


@pytest.mark.parametrize(
    ("activity", "message"),
    [
        ({"dims": ["trial", "unit"]}, "name either variable or columns"),
        ({"variable": "x", "columns": "y", "dims": ["trial", "unit"]}, "either variable or col"),
        ({"variable": "x", "dims": ["trial", "time"]}, "unit among them"),
        ({"variable": "x", "dims": ["unit", "unit", "trial"]}, "each once"),
        ({"variable": "x", "dims": ["unit"]}, "dims need trial, or time"),
        ({"variable": "x", "dims": ["unit", "trails"]}, "trails"),
        ({"variable": "x"}, "dims"),
    ],
)
def test_wrong_dims_are_named(activity, message):
    with pytest.raises(ConfigError, match=message):
        Mapping(**(ARRAY | {"activity": activity}))


@pytest.mark.parametrize("time", [{}, {"variable": "t", "step": 0.1}, {"start": 1.0}, {"step": -1}])
def test_one_way_to_say_the_time(time):
    with pytest.raises(ConfigError, match=r"give one of variable, step|greater than 0"):
        Mapping(**ARRAY, time=time)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("items: [", "is no YAML .*line 1.*Correct this line"),
        ("a: b: c", "is no YAML .*line 1"),
        (b"a: \xff", "is no YAML"),
        ("", "holds nothing, expected settings such as 'items:'.*--describe"),
        ("- a", "holds a list"),
        ("just text", "holds a str"),
        ("x: !!python/object/apply:os.system [echo]", "is no YAML .*python/object"),
        ("spikes: {times: t}\nitem: {}", "mapping.yaml': Mapping: .*unknown setting 'item'"),
        ("1: 2", "names of settings must be text"),
        ("? [1, 2]\n: 3", "no YAML|names of settings must be text"),
    ],
)
def test_broken_files_are_told(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        read_mapping(written(tmp_path, text))


def test_missing_and_huge_files_are_told(tmp_path, monkeypatch):
    with pytest.raises(WmsimError, match=r"No mapping"):
        read_mapping(tmp_path / "no.yaml")
    monkeypatch.setattr(module, "LARGEST_FILE", 3)
    with pytest.raises(ConfigError, match=r"a mapping is small"):
        read_mapping(written(tmp_path, "items: {}"))


def test_few_lines_cannot_become_billions(tmp_path):
    """A 'billion laughs' of YAML, and lists in lists without end."""
    levels = ["a0: &a0 [x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    with pytest.raises(ConfigError, match=r"an alias .*line 2") as error:
        read_mapping(written(tmp_path, "\n".join(levels)))
    assert len(str(error.value)) < 1000
    with pytest.raises(ConfigError, match=r"is no YAML"):
        read_mapping(written(tmp_path, "a: " + "[" * 50_000))


def test_settings_given_twice_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"'clock' is given twice"):
        read_mapping(written(tmp_path, "clock: s\nitems: {}\nclock: ms\n"))


def test_a_mapping_does_not_change():
    mapping = Mapping(**SPIKES)
    with pytest.raises(ValidationError, match=r"frozen"):
        mapping.zscore = True
    assert mapping.changed(zscore=True).zscore
    assert np.isclose(mapping.bins.width, 0.05)
