"""How the engine's inner loops are compiled: once a machine, in a process of its own.

Machine code is kept next to the sources (or in the user's cache, where that cannot be written).
Code that was compiled in a process rounds a few last digits otherwise than the same code read from
disk. So that numbers do not depend on who came first, it is made by another process, and all
processes read it from disk.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])

SOURCES = ("compiled.py", "newton.py", "pairs.py", "rounds.py")
# Set in the process that compiles, which must not start another one.
COMPILING = "WMSIM_COMPILING"
# Sums may be reordered into vector registers. No infinities enter: trials that may not move are
# masked instead, and NaN is refused at the door.
OPTIONS: dict[str, Any] = {
    "fastmath": {"nnan", "ninf", "nsz", "arcp", "contract", "reassoc", "afn"},
    "nogil": True,
    "error_model": "numpy",
}


def compiled(function: Function) -> Function:
    """Compile at the first call, keep the machine code on disk, release the interpreter's lock."""
    from numba import njit

    try:
        return cast(Function, njit(cache=True, **OPTIONS)(function))
    except RuntimeError:  # no folder for machine code can be written to
        return cast(Function, njit(**OPTIONS)(function))


@cache
def make_ready() -> None:
    """Have the machine code made by another process, unless it is on disk and newer than sources.

    If that fails, it is compiled in this process at the first call.
    """
    from wmsim.decoding.engine.rounds import solve_many

    stats = getattr(solve_many, "stats", None)
    if os.environ.get(COMPILING) or stats is None or stats.cache_path is None:
        return
    folder = Path(stats.cache_path)
    here = Path(__file__).parent
    newest = max((here / name).stat().st_mtime for name in SOURCES)
    with contextlib.suppress(OSError):
        made = [file for file in folder.glob("*.nbi") if file.stem.split(".")[0] in _modules()]
        if any("solve_many" in file.name and file.stat().st_mtime >= newest for file in made):
            return
        # Older ones are not made anew by themselves when a function that they call changes.
        for file in made:
            file.unlink(missing_ok=True)
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        path = os.pathsep.join(entry for entry in sys.path if entry)
        subprocess.run(
            [sys.executable, "-c", f"from {__name__} import compile_all; compile_all()"],
            env=os.environ | {COMPILING: "1", "PYTHONPATH": path},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=600,
        )


def _modules() -> set[str]:
    return {name.removesuffix(".py") for name in SOURCES}


def compile_all() -> None:
    """Solve a tiny problem with every kind of step, which compiles all there is."""
    import numpy as np

    from wmsim.decoding.engine.batch import solve

    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((20, 4))
    signs = np.where(patterns[:, :1].T > 0, 1, -1)
    solve(patterns, signs, np.full(signs.shape, 1.0))
