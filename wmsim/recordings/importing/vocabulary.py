"""Words that labs name their variables with, and what they mean."""

from __future__ import annotations

import re

TIMES = {"time", "times", "timestamp", "timestamps", "t"}
AXIS = TIMES | {"bins", "centres", "centers"}
ON = {"on", "onset", "onsets", "start", "starts"}
OFF = {"off", "offset", "offsets", "end", "stop", "offs"}
ITEM = {
    "image", "images", "img", "picture", "pic", "pics", "stimulus", "stimuli", "stim", "object",
    "obj", "category", "location", "loc", "position", "identity", "face", "item", "items", "color",
    "colour", "orientation", "ori", "direction", "word", "letter", "digit", "shape", "cue",
    "sample", "concept", "encoding", "enc",
}  # fmt: skip
EVENTS = {
    "maintenance": "maintenance", "maint": "maintenance", "delay": "maintenance",
    "retention": "maintenance", "probe": "probe", "probes": "probe", "test": "probe",
    "response": "response", "go": "go", "fixation": "fixation", "fix": "fixation",
    "feedback": "feedback", "reward": "reward", "saccade": "saccade",
}  # fmt: skip
TRIAL_LABELS = {
    "correct": "correct", "accuracy": "correct", "task": "task", "block": "block",
    "condition": "condition", "split": "split", "load": "set_size", "loads": "set_size",
    "run": "run",
}  # fmt: skip
UNIT_LABELS = {
    "area": "area", "region": "area", "acronym": "area", "roi": "area", "structure": "area",
    "quality": "kind", "group": "kind", "kslabel": "kind", "type": "kind", "session": "session",
    "subject": "subject", "patient": "subject",
}  # fmt: skip
UNIT_TABLES = (
    "units", "unit", "clusters", "cluster_info", "neurons", "cells", "voxels", "channels",
    "electrodes", "sensors", "rois",
)  # fmt: skip
UNIT_NAMES = ("unit_id", "cluster_id", "id", "name", "row", "unit", "voxel", "roi", "channel")
SPIKE_UNITS = {"cluster", "clusters", "unit", "units", "neuron", "neurons", "cell", "cells"}
ACTIVITY_COLUMNS = ("voxel", "unit", "neuron", "cell", "channel", "electrode", "sensor", "roi")
IMAGE = {"pic", "pics", "picture", "img", "image", "images"}


def words(name: str) -> list[str]:
    """Words of a name, small, without digits.

    Examples
    --------
    >>> words("trials.stimOn_times"), words("loadsEnc1_PicIDs")
    (['stim', 'on', 'times'], ['loads', 'enc', 'pic', 'ids'])
    """
    short = name.rsplit(".", 1)[-1]
    parts = re.findall(r"[A-Z]+s?(?![a-z])|[A-Z]?[a-z]+", short)
    return [part.lower() for part in parts]


def feature_name(entry: str | list[str]) -> str:
    """Name of a feature out of that of its variable.

    Examples
    --------
    >>> feature_name("trials.loadsEnc{item}_PicIDs"), feature_name("trials.cue_color_{item}")
    ('image', 'cue_color')
    """
    name = entry if isinstance(entry, str) else entry[0]
    told = [word for word in words(name.replace("{item}", "_")) if word not in ("id", "ids")]
    if set(told) & IMAGE:
        return "image"
    return "_".join(told) or "item"
