"""Progress bars on a terminal, silence elsewhere and when asked."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Protocol


class Step(Protocol):
    """What a long computation calls to say how far it is."""

    def __call__(self, advance: int = 1, note: str = "") -> None: ...


def quiet() -> bool:
    """Whether to be silent: not on a terminal, or ``WMSIM_QUIET`` is set."""
    return bool(os.environ.get("WMSIM_QUIET")) or not sys.stderr.isatty()


@contextlib.contextmanager
def progress(label: str, total: int | None = None, *, done: int = 0) -> Iterator[Step]:
    """Show a progress bar on standard error while the block runs.

    Parameters
    ----------
    label : str
        What is going on.
    total : int, optional
        Number of steps; without it the bar only shows that something happens.
    done : int, optional
        Steps done before, when a run is taken up again.

    Yields
    ------
    callable
        ``step(advance=1, note="")``.

    Examples
    --------
    >>> with progress("counting", 3) as step:
    ...     for _ in range(3):
    ...         step(note="one more")
    """
    if quiet():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(bar_width=32),
        TextColumn("{task.completed}/{task.total}" if total else ""),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total, completed=done, note="")

        def step(advance: int = 1, note: str = "") -> None:
            if note:
                bar.update(task, note=note)
            bar.advance(task, advance)

        yield step


def _silent(advance: int = 1, note: str = "") -> None:
    """Say nothing."""
