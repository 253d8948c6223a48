"""Settings of a twin."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from wmsim.config import Config
from wmsim.errors import ConfigError, choose
from wmsim.models.config import DEFAULT_UNITS
from wmsim.stimuli.config import SPLITS
from wmsim.training.presets import PRESETS

CONTROLS = ("untrained", "encoder")


class TwinConfig(Config):
    """How networks run the trials of a recording.

    Attributes
    ----------
    step : float
        Seconds that one step of a network stands for.
    latency : float
        Seconds after which neurons show what was on display. A network answers at once, so its
        activity at time t is written down at t + latency.
    architectures : tuple of str
        Networks that are trained, where none are given.
    subjects : int
        How many of each, with seeds from `seed` on.
    feature : str, optional
        Feature of the recording whose values are shown; "image", or the only one, by default.
    probes : tuple of str
        Labels of trials that name the value of each probe, in order. By default those of
        kornblith2017 ("left_probe", "right_probe") or of recorded networks ("probe_FEATURE",
        "probe_1_FEATURE", ...) where they are there; without any, one probe is drawn.
    units : {"matched", "all"}
        As many units as the recording has, drawn at random; or all.
    noise : bool
        Whether activity is seen through electrodes as noisy as the recording's.
    controls : tuple of str
        "untrained": each network with its initial weights. "encoder": features alone of what is
        on display.
    split : str
        Pictures that are shown: "train", "novel_angle" or "novel_identity".
    view : int
        Each value is shown as one object under this view (from 0, of those in the split), always
        the same picture.
    preset : str
        Settings that training starts from. Lessons, their lengths and how long is trained are
        those of sequences whatever it is (:func:`wmsim.training.presets.sequence_plan`): at most
        1500 iterations, 400 a lesson. `settings` change that.
    settings : tuple of str
        Changes to these, as :func:`wmsim.config.override` takes them.
    seed : int
        Fixes networks, units and noise.

    Examples
    --------
    >>> TwinConfig(step=0.1).latency
    0.2
    >>> TwinConfig(controls=("encodr",))
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: TwinConfig: controls is ('encodr',): Unknown control 'encodr'. Did ...
    """

    step: float = Field(default=0.2, gt=0, le=60)
    latency: float = Field(default=0.2, ge=0, le=60)
    architectures: tuple[str, ...] = Field(default=("rnn", "gru", "lstm"), min_length=1)
    subjects: int = Field(default=1, ge=1)
    feature: str | None = None
    probes: tuple[str, ...] = Field(default=(), max_length=2)
    units: Literal["matched", "all"] = "matched"
    noise: bool = True
    controls: tuple[str, ...] = CONTROLS
    split: str = "train"
    view: int = Field(default=0, ge=0)
    preset: str = "demo"
    settings: tuple[str, ...] = ()
    seed: int = Field(default=0, ge=0)

    @field_validator("architectures", "controls")
    @classmethod
    def _known(cls, names: tuple[str, ...], info: object) -> tuple[str, ...]:
        field = getattr(info, "field_name", "")
        known, what = (CONTROLS, "control") if field == "controls" else (DEFAULT_UNITS, "network")
        for name in names:
            _choose(name, known, what)
        return tuple(dict.fromkeys(names))

    @field_validator("split", "preset")
    @classmethod
    def _there(cls, name: str, info: object) -> str:
        field = getattr(info, "field_name", "")
        return _choose(name, SPLITS if field == "split" else PRESETS, field)


def _choose(name: str, known: object, what: str) -> str:
    try:
        return choose(name, known, what)  # type: ignore[arg-type]
    except ConfigError as error:
        raise ValueError(str(error)) from None
