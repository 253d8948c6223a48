"""Settings: frozen, typed, checked; unknown keys fail by name. Printed, changed, saved, read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from wmsim.errors import ConfigError, did_you_mean
from wmsim.files import existing_file, write_text

C = TypeVar("C", bound="Config")
# A file of settings is a page or two; what is larger is something else.
LARGEST_FILE = 1 << 20


class Config(BaseModel):
    """Base of all settings: frozen, no unknown keys, no silent change of type.

    Examples
    --------
    >>> class Bake(Config):
    ...     minutes: int = 30
    >>> Bake(minuts=20)
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: Bake: unknown setting 'minuts'. Did you mean 'minutes'? ...
    """

    # A setting to the one whose choice it belongs to: it falls away when another is chosen.
    belongs_to: ClassVar[Mapping[str, str]] = {}

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ConfigError(_explain(type(self), error)) from None

    def changed(self: C, **values: Any) -> C:
        """A copy with some settings changed, checked again."""
        kept = {k: v for k, v in self.model_dump().items() if k not in self._falling(values)}
        return type(self)(**{**kept, **values})

    def _falling(self, values: Mapping[str, Any]) -> set[str]:
        """Settings of a choice that `values` change."""
        return {
            name
            for name, choice in self.belongs_to.items()
            if choice in values and values[choice] != getattr(self, choice)
        }


def overlay(config: C, values: Mapping[str, Any]) -> C:
    """Lay some settings over others, level by level, and check the whole again.

    What was never set keeps its default, and the default may depend on what is laid over (a folder
    of meshes brings its own categories).

    Parameters
    ----------
    config : Config
        What holds where nothing else is said.
    values : mapping
        Settings by name; a mapping in it changes settings within settings.

    Returns
    -------
    Config
        Of the same class.

    Raises
    ------
    ConfigError
        If a name is unknown or a value cannot be used.

    Examples
    --------
    >>> class Dough(Config):
    ...     flour: int = 500
    ...     water: int = 300
    >>> overlay(Dough(flour=400), {"water": 350})
    Dough(flour=400, water=350)
    """
    return type(config)(**_overlaid(config, values, ""))


def override(config: C, settings: Iterable[str]) -> C:
    """Change settings as a user writes them on a command line.

    Parameters
    ----------
    config : Config
        What holds where nothing else is said.
    settings : iterable of str
        ``"name=value"``, dots between levels. The value is read as JSON (``5e-4``, ``true``,
        ``null``, ``["car", "mug"]``) and, where it is none, taken as text.

    Returns
    -------
    Config
        Of the same class.

    Raises
    ------
    ConfigError
        If one is no ``name=value``, a name is unknown or a value cannot be used.

    Examples
    --------
    >>> class Oven(Config):
    ...     heat: float = 200.0
    ...     mode: str = "fan"
    >>> override(Oven(), ["heat=1.8e2", "mode=grill"])
    Oven(heat=180.0, mode='grill')
    >>> override(Oven(), ["heet=100"])
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: Oven: unknown setting 'heet'. Did you mean 'heat'? There are: ...
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, is_one, text = setting.partition("=")
        path = [part.strip() for part in name.split(".")]
        if not is_one or not all(path):
            raise ConfigError(
                f"'{setting}' is no setting. Write NAME=VALUE with dots between levels, such as "
                f"--set training.learning_rate=5e-4."
            )
        within = values
        for part in path[:-1]:
            within = within.setdefault(part, {})
            if not isinstance(within, dict):
                raise ConfigError(f"'{setting}': '{part}' was given a value of its own before.")
        within[path[-1]] = _value(text.strip())
    return overlay(config, values)


def as_json(config: Config) -> str:
    """All settings as JSON text, as :func:`read_config` takes it."""
    return config.model_dump_json(indent=2)


def save_config(config: Config, path: str | os.PathLike[str]) -> None:
    """Write all settings into a JSON file, whole or not at all.

    Raises
    ------
    WmsimError
        If it cannot be written.
    """
    write_text(path, as_json(config) + "\n")


def read_config(config: C, path: str | os.PathLike[str]) -> C:
    """Lay the settings of a JSON file over others. Nothing in the file is run.

    Parameters
    ----------
    config : Config
        What holds where the file says nothing.
    path : path-like
        A file as :func:`save_config` writes it; it may name fewer settings.

    Returns
    -------
    Config
        Of the same class.

    Raises
    ------
    WmsimError
        If there is no such file.
    ConfigError
        If it is no JSON object, a name is unknown or a value cannot be used; the message names
        the file.
    """
    file = existing_file(path, "file of settings")
    if file.stat().st_size > LARGEST_FILE:
        raise ConfigError(f"'{file}' is no file of settings: it is larger than a megabyte.")
    try:
        values = json.loads(file.read_text(encoding="utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"'{file}' is not JSON ({error}). A file as --save-config writes it is expected."
        ) from None
    if not isinstance(values, dict):
        raise ConfigError(
            f"'{file}' holds no JSON object. A file as --save-config writes it is expected."
        )
    try:
        return overlay(config, values)
    except ConfigError as error:
        raise ConfigError(f"'{file}': {error}") from None


def differences(
    there: Mapping[str, Any], asked: Mapping[str, Any], before: str = ""
) -> dict[str, tuple[Any, Any]]:
    """Where two written settings differ, down to single ones.

    Parameters
    ----------
    there, asked : mapping
        Settings as they are written down.
    before : str
        Written before names.

    Returns
    -------
    dict
        Dotted name to what is there and what is asked; None where one has no such setting.

    Examples
    --------
    >>> differences({"seed": 3, "oven": {"heat": 200}}, {"seed": 3, "oven": {"heat": 180}})
    {'oven.heat': (200, 180)}
    """
    found: dict[str, tuple[Any, Any]] = {}
    for name in dict.fromkeys((*asked, *there)):
        one, other = there.get(name), asked.get(name)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            found |= differences(one, other, f"{before}{name}.")
        elif one != other:
            found[before + name] = (one, other)
    return found


def _overlaid(config: Config, values: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Settings that were ever set, with `values` over them, as arguments of the class."""
    falling = config._falling(values)
    merged = {name: getattr(config, name) for name in config.model_fields_set - falling}
    for name, value in values.items():
        if name not in type(config).model_fields:
            known = [path + field for field in type(config).model_fields]
            raise ConfigError(
                f"{type(config).__name__}: unknown setting '{path}{name}'. "
                f"{did_you_mean(path + name, known)}"
            )
        there = None if name in falling else getattr(config, name)
        if isinstance(there, Config) and isinstance(value, Mapping):
            merged[name] = type(there)(**_overlaid(there, value, f"{path}{name}."))
        elif isinstance(value, Mapping) and not isinstance(there, Mapping | None):
            inner = next(iter(value), "")
            raise ConfigError(
                f"{type(config).__name__}: '{path}{name}' is {there!r} and has no settings of its "
                f"own, so there is no '{path}{name}.{inner}'. Write {path}{name}=VALUE."
            )
        else:
            merged[name] = value
    return merged


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return text


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number that a setting can have")


def _explain(cls: type[BaseModel], error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"]) or "settings"
        if problem["type"] == "extra_forbidden":
            lines.append(f"unknown setting '{name}'. {did_you_mean(name, cls.model_fields)}")
        else:
            message = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{name} is {problem['input']!r}: {message}.")
    return f"{cls.__name__}: " + " ".join(lines)
