"""Hypothesis strategies: recordings as labs and networks make them, and odder ones.

``from tests.recordings.strategies import recordings``
"""

from __future__ import annotations

import json
import string
from typing import Any

import numpy as np
import xarray as xr
from hypothesis import strategies as st

from wmsim.recordings import build_recording

texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)
odd_texts = texts | st.sampled_from(
    ["", " ", "1", "1.0", "NA", "nan", "None", "True", "-1", "a,b", 'say "b"', "x:y/z", "é|ü"]
    + [
        "line\nend",
        "\r",
        "\r\n",
        "\\x41",
        "u1",
        "unit0",
        "=1+1",
        "trial",
        "ångström \N{MICRO SIGN}",
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
attr_names = st.text(string.ascii_lowercase, min_size=1, max_size=6).map(lambda name: f"x_{name}")
seeds = st.integers(0, 2**32 - 1)
integer_types = st.sampled_from(["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">i4", ">i8"])
float_types = st.sampled_from(["f4", "f8", ">f4", ">f8"])


def names(size: int) -> st.SearchStrategy[list[Any]]:
    """Different names for units or trials: text or numbers."""
    text = st.lists(odd_texts, min_size=size, max_size=size, unique=True)
    number = st.lists(st.integers(-5, 10**12), min_size=size, max_size=size, unique=True)
    return text | number


def labels(size: int) -> st.SearchStrategy[np.ndarray]:
    """One label each: text, truth values, or numbers of any type."""
    lists = {"min_size": size, "max_size": size}
    text = st.lists(odd_texts, **lists).map(lambda cells: np.array(cells, dtype=str))
    objects = st.lists(odd_texts, **lists).map(lambda cells: np.array(cells, dtype=object))
    truth = st.lists(st.booleans(), **lists).map(np.array)
    whole = st.tuples(st.lists(st.integers(0, 100), **lists), integer_types).map(
        lambda drawn: np.array(drawn[0]).astype(drawn[1])
    )
    numbers = st.tuples(st.lists(st.floats(width=32, allow_infinity=False), **lists), float_types)
    exact = st.lists(st.floats(allow_infinity=False), **lists).map(np.array)
    floats = numbers.map(lambda drawn: np.array(drawn[0]).astype(drawn[1]))
    return text | objects | truth | whole | floats | exact


@st.composite
def recordings(
    draw: st.DrawFn, *, aligned: bool | None = None, even: bool = False, extras: bool = True
) -> xr.Dataset:
    """Draw a recording: 1 to 4 items, trials that lack some, gaps, NaN, labels of all types.

    Parameters
    ----------
    aligned : bool, optional
        Whether its time is a sequence of steps; either by default.
    even : bool
        Whether the time bins of a continuous one are evenly spaced.
    extras : bool
        Whether it may hold variables that the contract does not know.
    """
    sizes = {name: draw(st.integers(1, 4)) for name in ("unit", "trial", "item")}
    rng = np.random.default_rng(draw(seeds))
    counts = rng.integers(1, sizes["item"] + 1, sizes["trial"])
    absent = np.arange(sizes["item"]) >= counts[:, None]
    steps = draw(st.booleans()) if aligned is None else aligned
    clock = _steps(draw, sizes["item"], absent) if steps else _seconds(draw, rng, absent, even)
    activity = rng.normal(size=(len(clock["time"]), sizes["unit"], sizes["trial"]))
    activity[rng.random(activity.shape) < draw(st.sampled_from([0.0, 0.3, 0.9]))] = np.nan
    activity[0, :, 0] = 0.5
    recording = build_recording(
        activity,
        activity_units=draw(texts),
        features=_features(draw, rng, absent),
        source=draw(st.sampled_from(["model", "neural", "planted"])),
        unit={"unit": draw(names(sizes["unit"])), "area": draw(texts)}
        | {f"of_unit_{i}": draw(labels(sizes["unit"])) for i in range(draw(st.integers(0, 2)))},
        trial={"trial": draw(names(sizes["trial"])), "correct": rng.random(sizes["trial"]) < 0.5}
        | {f"of_trial_{i}": draw(labels(sizes["trial"])) for i in range(draw(st.integers(0, 3)))},
        target=np.where(absent, -1, rng.integers(0, 3, absent.shape)),
        seed=draw(st.none() | st.integers(0, 2**63 - 1)),
        attrs=draw(st.dictionaries(attr_names, json_values, max_size=4)),
        **clock,
    )
    recording["activity"] = recording["activity"].astype(draw(float_types), keep_attrs=True)
    if extras and draw(st.booleans()):
        recording = _with_extras(draw, rng, recording)
    return recording


def _features(draw: st.DrawFn, rng: np.random.Generator, absent: np.ndarray) -> dict[str, Any]:
    codes = np.where(absent, -1, rng.integers(0, 3, absent.shape))
    words = draw(st.lists(odd_texts.filter(bool), min_size=3, max_size=3, unique=True))
    every = {
        "image": (codes, words),
        "plain": codes,
        "far": np.where(absent, -1, codes + 2**40),
        "text": np.array([*words, ""])[codes],
        "repeated": (codes, ["a", "a", ""]),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(every)), min_size=1))
    return {name: every[name] for name in sorted(chosen)}


def _steps(draw: st.DrawFn, items: int, absent: np.ndarray) -> dict[str, Any]:
    shown: list[int] = []
    for item in range(items):
        shown += [item] + [-1] * draw(st.integers(0, 1))
    given: dict[str, Any] = {"time": range(len(shown)), "time_units": "step", "shown_item": shown}
    if draw(st.booleans()):
        onset = [float(shown.index(item)) for item in range(items)]
        given["item_onset"] = np.where(absent, np.nan, onset)
    return given


def _seconds(
    draw: st.DrawFn, rng: np.random.Generator, absent: np.ndarray, even: bool
) -> dict[str, Any]:
    size = draw(st.sampled_from([1, 2, 5]))
    width = draw(st.sampled_from([0.001, 0.05, 0.1, 1 / 3]))
    time = np.arange(size) * width + draw(st.sampled_from([-0.2, 0.0, width / 2]))
    if not even and draw(st.booleans()):
        time = np.cumsum(rng.uniform(0.1, 1, size))
    given: dict[str, Any] = {"time": time, "time_units": "s"}
    given["bin_width"] = draw(st.sampled_from([None, width]))
    if size > 1 and draw(st.booleans()):
        share = np.sort(rng.uniform(0, 1, absent.shape), axis=1)
        onset = time[0] + (time[-1] - time[0]) * share
        given["item_onset"] = np.where(absent, np.nan, onset)
        given["item_offset"] = given["item_onset"]
    if draw(st.booleans()):
        last = rng.uniform(time[0], 2 * time[-1] - time[0], absent.shape[0])
        given["events"] = {"probe": np.where(rng.random(last.size) < 0.3, np.nan, last)}
    return given


def _with_extras(draw: st.DrawFn, rng: np.random.Generator, recording: xr.Dataset) -> xr.Dataset:
    """Variables beyond the contract, over other axes and of other types."""
    sizes = recording.sizes
    shape = (sizes["trial"], sizes["item"])
    small = np.where(recording["target"].values < 0, 255, 7).astype("u1")
    attrs = {"role": "feature", "no_item": 255, "labels": json.dumps([str(i) for i in range(8)])}
    every = {
        "small": xr.Variable(("trial", "item"), small, attrs),
        "view": xr.Variable(("trial", "item"), rng.normal(size=shape), {"units": "degrees"}),
        "position": xr.Variable(("item", "trial"), rng.integers(0, 9, shape[::-1])),
        "rewarded": xr.Variable(("trial", "item"), rng.random(shape) < 0.5),
        "isolated": xr.Variable(("unit", "trial"), rng.random((sizes["unit"], shape[0])) < 0.5),
        "place": xr.Variable(("unit", "axis"), rng.normal(size=(sizes["unit"], 3))),
        "temperature": xr.Variable(("time",), rng.normal(size=sizes["time"])),
        "version": xr.Variable((), 3),
        "comment": xr.Variable((), draw(odd_texts)),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(every)), min_size=1, max_size=4))
    recording = recording.assign({name: every[name] for name in sorted(chosen)})
    if draw(st.booleans()):
        recording = recording.assign_coords(item=np.arange(1, sizes["item"] + 1))
    return recording
