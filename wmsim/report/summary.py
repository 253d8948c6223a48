"""``summary.json``: all numbers of a run, for machines; the report is made from it."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from wmsim._version import __version__

LIBRARIES = ("numpy", "scipy", "scikit-learn", "xarray", "torch", "rsatoolbox")


def new_summary(command: str, **about: Any) -> dict[str, Any]:
    """A summary with what every one has: what was run, with which versions, when.

    Parameters
    ----------
    command : str
        The command line, or what would have been one.
    **about
        Further top-level entries.
    """
    return {
        "schema": "wmsim.summary",
        "wmsim_version": __version__,
        "command": command,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        **about,
        "seconds": {},
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


@contextmanager
def timed(summary: dict[str, Any], stage: str) -> Iterator[None]:
    """Add the seconds that a block takes to ``summary["seconds"]``."""
    start = time.perf_counter()
    yield
    summary["seconds"][stage] = round(time.perf_counter() - start, 2)
