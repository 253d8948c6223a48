"""How the engine's inner loops are compiled.

Machine code is kept next to the sources (or in the user's cache, where that cannot be written).
It is made anew when the file of the function called changes, not when a file that it calls into
does: after editing one of them, delete ``__pycache__`` of this folder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])

# Sums may be reordered into vector registers. No infinities enter: trials that may not move are
# masked instead, and NaN is refused at the door.
_compile = njit(
    fastmath={"nnan", "ninf", "nsz", "arcp", "contract", "reassoc", "afn"},
    cache=True,
    nogil=True,
    error_model="numpy",
)


def compiled(function: Function) -> Function:
    """Compile at the first call, keep the machine code on disk, release the interpreter's lock."""
    return cast(Function, _compile(function))
