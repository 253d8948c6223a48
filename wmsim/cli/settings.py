"""Settings out of options: only what was given is set, the rest keeps its default."""

from __future__ import annotations

from typing import Any


def given(**options: Any) -> dict[str, Any]:
    """Options that were given, as keyword arguments of a config.

    Examples
    --------
    >>> given(units=64, seed=None)
    {'units': 64}
    """
    return {key: value for key, value in options.items() if value not in (None, [], ())}
