"""Settings out of options: only what was given is set, the rest keeps its default."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wmsim.stimuli import StimulusConfig
    from wmsim.training import SubjectConfig


def given(**options: Any) -> dict[str, Any]:
    """Options that were given, as keyword arguments of a config.

    Examples
    --------
    >>> given(units=64, seed=None)
    {'units': 64}
    """
    return {key: value for key, value in options.items() if value not in (None, [], ())}


def subject_config(
    preset: str,
    file: Path | None,
    changes: Sequence[str] | None,
    stimuli: StimulusConfig,
    *,
    seed: int | None = None,
    regime: str | None = None,
    architecture: str | None = None,
    paper_schedule: bool = False,
    **parts: dict[str, Any],
) -> SubjectConfig:
    """Settings of a subject: a preset, a file over it, options over both, ``--set`` over all.

    Parameters
    ----------
    preset : str
        Name of a preset.
    file : path, optional
        JSON file of settings.
    changes : sequence of str
        As :func:`wmsim.config.override` takes them.
    stimuli : StimulusConfig
        What was set on it counts, its seed only with `seed`.
    seed, regime, architecture, paper_schedule
        Options; None is not given.
    **parts
        Options that were given for "network", "training", "encoder".

    Raises
    ------
    WmsimError
        If the file is missing.
    ConfigError
        If a name is unknown or a value cannot be used.
    """
    from wmsim.config import overlay, override, read_config
    from wmsim.training import TrainingConfig, for_tasks
    from wmsim.training import preset as named

    first = given(architecture=architecture, regime=regime, seed=seed)
    config = named(preset, **first)
    if file is not None:
        config = read_config(config, file)
        core = given(architecture=first.pop("architecture", None))
        config = overlay(config, first | ({"network": core} if core else {}))
    if paper_schedule:
        printed = TrainingConfig.paper()
        names = ("iterations", "learning_rate", "schedule")
        config = overlay(config, {"training": {name: getattr(printed, name) for name in names}})
    pictures = {
        name: getattr(stimuli, name)
        for name in stimuli.model_fields_set
        if name != "seed" or seed is not None
    }
    config = overlay(config, {"stimuli": pictures, **parts})
    return for_tasks(override(config, changes or ()))
