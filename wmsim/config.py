"""Settings: frozen, typed, checked; unknown keys fail by name."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from wmsim.errors import ConfigError, did_you_mean

C = TypeVar("C", bound="Config")


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

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ConfigError(_explain(type(self), error)) from None

    def changed(self: C, **values: Any) -> C:
        """A copy with some settings changed, checked again."""
        return type(self)(**{**self.model_dump(), **values})


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
