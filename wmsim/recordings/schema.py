"""The contract of a recording as data: variables, dims, types, roles and allowed values."""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA = "wmsim.recording"
SCHEMA_VERSION = "1.0"

SOURCES = ("model", "neural", "planted")
TIME_UNITS = ("s", "step")
# Kinds of a network that stand behind its hidden units, and are not counted beside them.
INNER_KINDS = ("cell state", "state")
KINDS = ("hidden", "cell state", "state", "single unit", "multi unit", "voxel", "sensor", "feature")
ACTIONS = ("no action", "non-match", "match")
NO_ITEM = -1

TEXT = "text"
INTEGER = "integers"
NUMBER = "numbers"
FLOAT = "floats"
TRUTH = "true or false"
ANYTHING = "anything"


@dataclass(frozen=True)
class Variable:
    """What the contract says about one variable.

    Attributes
    ----------
    name : str
        Name of the variable, or the prefix of its name if it ends in ``_``.
    dims : tuple of str
        Its dims, in this order.
    types : tuple of str
        Types that its values may have, out of the constants of this module.
    meaning : str
        What it is.
    required : bool
        Whether a recording without it is none.
    """

    name: str
    dims: tuple[str, ...]
    types: tuple[str, ...]
    meaning: str
    required: bool = False


VARIABLES = (
    Variable(
        "activity",
        ("time", "unit", "trial"),
        (FLOAT,),
        "what the units did; NaN: not recorded",
        True,
    ),
    Variable("time", ("time",), (NUMBER,), "bin centres in s, or steps", True),
    Variable("unit", ("unit",), (TEXT, INTEGER), "a different name for each unit", True),
    Variable("area", ("unit",), (TEXT,), "brain area, or layer of a network"),
    Variable("kind", ("unit",), (TEXT,), "hidden, single unit, ..."),
    Variable("session", ("unit",), (TEXT, INTEGER), "recording session"),
    Variable("subject", ("unit",), (TEXT, INTEGER), "network, animal or patient"),
    Variable("trial", ("trial",), (TEXT, INTEGER), "a different name for each trial", True),
    Variable("task", ("trial",), (TEXT,), "what the subject was asked to do"),
    Variable("n_back", ("trial",), (INTEGER,), "how many items back to compare with"),
    Variable("task_feature", ("trial",), (TEXT,), "the feature that the task is about"),
    Variable("split", ("trial",), (TEXT,), "train, or what is new about the trial's objects"),
    Variable("correct", ("trial",), (TRUTH, INTEGER), "whether the subject answered rightly"),
    Variable(
        "fold",
        ("trial",),
        (INTEGER,),
        "fold that a trial's activity comes from; folds share no activity",
    ),
    Variable("item_onset", ("trial", "item"), (NUMBER,), "in units of time; NaN: no item"),
    Variable("item_offset", ("trial", "item"), (NUMBER,), "in units of time; NaN: no item"),
    Variable("target", ("trial", "item"), (INTEGER, TEXT), "the action that is right"),
    Variable("response", ("trial", "item"), (INTEGER, TEXT), "the action that was taken"),
    Variable("event_", ("trial",), (NUMBER,), "another time of the trial, in units of time"),
    Variable("shown_item", ("time",), (INTEGER,), "item on display at this step, from 0; -1: none"),
    Variable("step_name", ("time",), (TEXT,), "'item 1', ..., 'maintenance', 'probe'"),
)

FEATURE = Variable(
    "feature", ("trial", "item"), (INTEGER, TEXT), "label of each item; -1 or '': no item"
)

UNIT_LABELS = ("area", "kind", "session", "subject")
TRIAL_LABELS = ("task", "n_back", "task_feature", "split", "correct")

_BY_NAME = {variable.name: variable for variable in VARIABLES}


def expected(name: str) -> Variable | None:
    """What the contract says about a variable of this name, None if it says nothing.

    Parameters
    ----------
    name : str
        Name of a variable of a recording.

    Returns
    -------
    Variable or None

    Examples
    --------
    >>> expected("activity").dims
    ('time', 'unit', 'trial')
    >>> expected("event_probe").dims
    ('trial',)
    >>> expected("weather") is None
    True
    """
    if name.startswith("event_"):
        return _BY_NAME["event_"]
    return _BY_NAME.get(name)
