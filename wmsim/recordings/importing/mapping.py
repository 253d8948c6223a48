"""What a file cannot say: which variable is which item's onset, label or event.

A mapping is a small YAML file. ``wmsim import --describe FILE`` writes one to fill in.
"""

from __future__ import annotations

import os
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from wmsim.config import Config
from wmsim.errors import ConfigError
from wmsim.files import existing_file

Name = str
Names = str | tuple[str, ...]
# A variable, or a number: so many units of the clock after time 0 of each trial.
Time = str | float
Times = str | float | tuple[str | float, ...]
Cell = str | int | float | bool
LARGEST_FILE = 10**6
SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0}


def _known_clock(text: str) -> str:
    rate = re.fullmatch(r"(\d+(?:\.\d+)?) ?Hz", text)
    if text not in SECONDS and (rate is None or float(rate.group(1)) == 0):
        raise ValueError(f"a clock is one of {', '.join(SECONDS)}, or a rate such as '30000 Hz'")
    return text


Clock = Annotated[str, AfterValidator(_known_clock)]


class SpikesMapping(Config):
    """Spike times.

    Attributes
    ----------
    times : str
        Variable with the spike times: one vector a unit, or one vector of all spikes.
    clusters : str, optional
        Variable with the unit of each spike, where `times` is one vector of all.
    observed : str, optional
        Variable with intervals (start, end) in which each unit was observed; activity
        outside is NaN.
    """

    times: Name
    clusters: Name | None = None
    observed: Name | None = None


class ActivityMapping(Config):
    """Activity that is binned or sampled already.

    Attributes
    ----------
    variable : str, optional
        The variable that holds it; with one array a unit, `dims` begins with "unit".
    columns : str or tuple of str, optional
        Columns of a table instead, one a unit: their names, or a pattern such as "voxel_*".
    dims : tuple of str
        Its axes in order: "time" (or "step"), "unit" and "trial"; "time" and "unit" alone
        for a whole session, which is cut into trials.
    units : str
        What the numbers are: "spikes/s", "counts", "a.u.", "z", "dF/F", ...
    """

    variable: Name | None = None
    columns: Names | None = None
    dims: tuple[Literal["time", "step", "unit", "trial", "one"], ...]
    units: str = "a.u."

    @model_validator(mode="after")
    def _complete(self) -> ActivityMapping:
        if (self.variable is None) == (self.columns is None):
            raise ValueError("name either variable or columns")
        named = [dim for dim in self.dims if dim != "one"]
        if len(set(named)) != len(named) or "unit" not in named:
            raise ValueError(f"dims are {', '.join(self.dims)}; each once, and unit among them")
        if "trial" not in named and "time" not in named:
            raise ValueError("dims need trial, or time for a whole session")
        return self


class TimeMapping(Config):
    """The time axis of activity that is binned or sampled already.

    Attributes
    ----------
    variable : str, optional
        Variable with the bin centres.
    start, step : float, optional
        First bin centre and bin width instead, in units of the clock.
    steps : tuple of str, optional
        Names of the steps of an aligned recording: "item 1", "item 2", "maintenance", ...
    """

    variable: Name | None = None
    start: float | None = None
    step: float | None = Field(default=None, gt=0)
    steps: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> TimeMapping:
        ways = [self.variable is not None, self.step is not None, self.steps is not None]
        if sum(ways) != 1:
            raise ValueError("give one of variable, step (with start) or steps")
        return self


class TableMapping(Config):
    """Labels of units or of trials, and which of them to keep.

    Attributes
    ----------
    name : str, optional
        Column with a different name for each; by default their number in the file.
    columns : dict of str to str
        Label to the column that holds it: ``area: brain_region``.
    values : dict of str to value
        Labels that are the same for all: ``session: S1``.
    rename : dict of str to dict
        Label, then value in the file to value in the recording:
        ``kind: {good: single unit, mua: multi unit}``.
    keep : dict of str to value or list of values
        Column, and the values that are kept.
    min_rate : float, optional
        Units only: least mean rate in spikes/s over all trials.
    """

    name: Name | None = None
    columns: dict[str, Name] = {}
    values: dict[str, Cell] = {}
    rename: dict[str, dict[str, str]] = {}
    keep: dict[str, tuple[Cell, ...]] = {}
    min_rate: float | None = Field(default=None, ge=0)

    @field_validator("rename", mode="before")
    @classmethod
    def _as_text(cls, rename: Any) -> Any:
        if not isinstance(rename, dict):
            return rename
        return {
            label: {str(k): str(v) for k, v in pairs.items()} if isinstance(pairs, dict) else pairs
            for label, pairs in rename.items()
        }

    @field_validator("keep", mode="before")
    @classmethod
    def _as_tuples(cls, keep: Any) -> Any:
        if not isinstance(keep, dict):
            return keep
        return {name: v if isinstance(v, (list, tuple)) else (v,) for name, v in keep.items()}


class ItemsMapping(Config):
    """Items of a trial.

    Each entry names a variable over (trial, item), or a list of columns, one an item, or a
    pattern with ``{item}``, which counts from 1: ``image_{item}`` is image_1, image_2, ...

    Attributes
    ----------
    onset, offset : str, number or tuple of these, optional
        When an item appears and disappears. A number is a time that all trials share, counted
        from their time 0: ``onset: [0, 1.5]`` where timing is fixed.
    labels : dict
        Feature to its labels: ``image: loadsEnc{item}_PicIDs``.
    target, response : str or tuple of str, optional
        The action that is right, and that was taken.
    no_item : tuple
        Values that mean that there is no item, beside NaN and empty text: often 0.
    names : dict of str to dict
        Feature, then value in the file to name: ``image: {1: face, 2: house}``.
    """

    onset: Times | None = None
    offset: Times | None = None
    labels: dict[str, Names]
    target: Names | None = None
    response: Names | None = None
    no_item: tuple[Cell, ...] = ()
    names: dict[str, dict[str, str]] = {}

    @field_validator("names", mode="before")
    @classmethod
    def _as_text(cls, names: Any) -> Any:
        if not isinstance(names, dict):
            return names
        return {
            feature: {str(k): str(v) for k, v in pairs.items()}
            if isinstance(pairs, dict)
            else pairs
            for feature, pairs in names.items()
        }


class Bins(Config):
    """Time bins around time 0 of a trial, in s.

    Attributes
    ----------
    width : float
        Width of a bin.
    before, after : float
        Seconds kept before and after time 0; by default 1 s more than the first item and the
        last item or event of any trial need.
    """

    width: float = Field(default=0.05, gt=0)
    before: float | None = Field(default=None, ge=0)
    after: float | None = Field(default=None, gt=0)
    into_next_trial: bool = False


class Smoothing(Config):
    """A kernel that activity is convolved with along time.

    Attributes
    ----------
    kernel : {"gaussian", "causal gaussian", "exponential", "boxcar"}
        "causal gaussian" (its later half) and "exponential" look back only, so that no
        activity appears before what caused it; the others look both ways.
    width : float
        In s: standard deviation of a Gaussian, time constant of the exponential, full width
        of the boxcar.
    """

    kernel: Literal["gaussian", "causal gaussian", "exponential", "boxcar"] = "gaussian"
    width: float = Field(gt=0)


class Mapping(Config):
    """What is what in a file.

    Attributes
    ----------
    spikes, activity : optional
        One of the two: spike times, or activity that is binned or sampled.
    time : TimeMapping, optional
        Time axis of `activity`.
    trials, units : TableMapping
        Their labels, and which to keep.
    items : ItemsMapping
        Onsets and labels of items.
    events : dict of str to str or number
        Other times of a trial: ``maintenance: timestamps_Maintenance``.
    zero : str, optional
        Variable with the time of each trial that becomes 0. By default the first item's
        onset, where times run on through a session; none where activity is cut into trials
        already.
    clock : str or dict
        Unit of times: "s", "ms", "us", "min", or the rate of a sampling clock such as
        "30000 Hz" where times are counted in samples; or one each for ``trials``, ``spikes``
        and ``time``.
    bins : Bins
        For spikes, and for a whole session that is cut into trials.
    smooth : Smoothing, optional
        Smoothing along time.
    zscore : bool
        Whether each unit is z-scored over all its trials and bins.
    session, subject, reference, licence : str, optional
        Text for all units, and where the data came from.

    Examples
    --------
    >>> mapping = Mapping(
    ...     spikes={"times": "spike_times"},
    ...     items={"onset": "image_{item}_on", "labels": {"image": "image_{item}"}},
    ... )
    >>> mapping.bins.width
    0.05
    """

    spikes: SpikesMapping | None = None
    activity: ActivityMapping | None = None
    time: TimeMapping | None = None
    trials: TableMapping = TableMapping()
    units: TableMapping = TableMapping()
    items: ItemsMapping
    events: dict[str, Time] = {}
    zero: Name | None = None
    clock: Clock | dict[Literal["trials", "spikes", "time"], Clock] = "s"
    bins: Bins = Bins()
    smooth: Smoothing | None = None
    zscore: bool = False
    session: str | None = None
    subject: str | None = None
    reference: str | None = None
    licence: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Mapping:
        if (self.spikes is None) == (self.activity is None):
            raise ValueError("give either spikes or activity")
        return self

    def seconds(self, what: Literal["trials", "spikes", "time"]) -> float:
        """Seconds in one unit of the clock of trials, spikes or the time axis."""
        named = self.clock if isinstance(self.clock, str) else self.clock.get(what, "s")
        return SECONDS[named] if named in SECONDS else 1 / float(named.removesuffix("Hz"))


def read_mapping(path: str | os.PathLike[str]) -> Mapping:
    """Read a mapping from a YAML file.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Mapping

    Raises
    ------
    ConfigError
        If it is no YAML, or a setting is unknown or wrong; named with its place.
    WmsimError
        If the file is missing.
    """
    import yaml

    file = existing_file(path, "mapping")
    if file.stat().st_size > LARGEST_FILE:
        raise ConfigError(f"'{file}' has more than {LARGEST_FILE:,} bytes; a mapping is small.")
    try:
        content = _plain_yaml(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"'{file}' is no YAML ({reason}). Correct this line.") from None
    if not isinstance(content, dict):
        found = "nothing" if content is None else f"a {type(content).__name__}"
        raise ConfigError(
            f"'{file}' holds {found}, expected settings such as 'items:'. "
            "`wmsim import --describe FILE --mapping OUT.yaml` writes a mapping to fill in."
        )
    try:
        return Mapping(**content)
    except ConfigError as error:
        raise ConfigError(f"'{file}': {error}") from None
    except TypeError:
        raise ConfigError(f"'{file}': names of settings must be text. Correct it.") from None


def _plain_yaml(text: str) -> Any:
    """YAML without objects, without aliases (few lines could become billions), each key once."""
    import yaml

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                mark = self.peek_event().start_mark
                raise yaml.YAMLError(f"an alias (*), write its content instead, {mark}")
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys = [key.value for key, _ in node.value if isinstance(key.value, str)]
            twice = [key for key in keys if keys.count(key) > 1]
            if twice:
                raise yaml.YAMLError(f"'{twice[0]}' is given twice, {node.start_mark}")
            return super().construct_mapping(node, deep)

    return yaml.load(text, Loader)  # a SafeLoader: makes plain values only
