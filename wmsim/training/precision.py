"""Faster arithmetic, and how far it may stray from float32."""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from wmsim.errors import ConfigError, WmsimError
from wmsim.files import write_json

# Largest difference in loss (nats a step) over the first iterations. Losses start near 1.1 and
# fall; factors of tf32 keep 10 bits, those of bf16 7, and a compiled network adds in another order.
TOLERANCE = {"float32": 1e-3, "tf32": 1e-2, "bf16": 5e-2}
CHECK = "precision.json"


@dataclass(frozen=True)
class PrecisionCheck:
    """Losses of a few iterations in float32 and in other arithmetic.

    Attributes
    ----------
    precision : str
        See :class:`wmsim.training.TrainingConfig`.
    compiled : bool
        Whether the network was compiled.
    float32, other : tuple of float
        Loss of each iteration.
    tolerance : float
        Largest difference that is let pass.
    """

    precision: str
    compiled: bool
    float32: tuple[float, ...]
    other: tuple[float, ...]
    tolerance: float

    @property
    def difference(self) -> float:
        """Largest difference between the losses of an iteration."""
        pairs = zip(self.float32, self.other, strict=True)
        # nan, where a loss is none: it compares with nothing and passes no test.
        return float(np.max([abs(one - other) for one, other in pairs]))


def check_available(precision: str, device: str | torch.device) -> None:
    """Refuse a precision that the device does not have.

    Raises
    ------
    ConfigError
        Where "tf32" is asked of anything but a CUDA GPU: it would be float32 in truth.

    Examples
    --------
    >>> check_available("tf32", "cpu")
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: precision 'tf32' exists on CUDA GPUs only; training runs on cpu. ...
    """
    if precision == "tf32" and torch.device(device).type != "cuda":
        raise ConfigError(
            f"precision 'tf32' exists on CUDA GPUs only; training runs on {device}. "
            f"Use 'float32' or 'bf16', or another --device."
        )


@contextlib.contextmanager
def float_flags(precision: str, device: torch.device) -> Iterator[None]:
    """Let matrix products on a GPU round to tf32, or not; PyTorch's settings come back after it.

    cuDNN rounds to tf32 unless it is told not to, so "float32" has to say so as well.
    """
    if device.type != "cuda":
        yield
        return
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32 = cudnn.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32 = before


@contextlib.contextmanager
def autocast(precision: str, device: torch.device) -> Iterator[None]:
    """The forward pass in bf16 where that is asked for; PyTorch's settings come back after it."""
    if precision != "bf16":
        yield
        return
    mkldnn: Any = torch.backends.mkldnn
    before = mkldnn.enabled
    # On a CPU without bf16 instructions, oneDNN refuses an LSTM in bf16; PyTorch's own code can.
    without = device.type == "cpu" and not torch.ops.mkldnn._is_mkldnn_bf16_supported()
    if without:
        mkldnn.enabled = False
    try:
        with torch.autocast(device.type, dtype=torch.bfloat16):
            yield
    finally:
        if without:
            mkldnn.enabled = before


def compiled(network: nn.Module) -> nn.Module:
    """The network through ``torch.compile``, sharing its parameters."""
    return _Compiled(network)


class _Compiled(nn.Module):
    """A compiled network whose failure to compile is said plainly."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.run = torch.compile(network)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        try:
            return self.run(*inputs)
        except _compile_errors() as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise WmsimError(
                f"torch.compile cannot be used here ({reason}). It needs a C++ compiler on a CPU "
                f"and Triton on a GPU. Train without --compile."
            ) from error


def _compile_errors() -> tuple[type[Exception], ...]:
    """What PyTorch raises when it cannot compile; the names moved between its versions."""
    from torch._dynamo import exc

    found: list[type[Exception]] = [exc.TorchDynamoException]
    with contextlib.suppress(ImportError, AttributeError):
        from torch._inductor.exc import CppCompileError, InvalidCxxCompiler

        found += [InvalidCxxCompiler, CppCompileError]
    return tuple(found)


def judge(
    precision: str, was_compiled: bool, float32: list[float], other: list[float]
) -> PrecisionCheck:
    """Compare losses; see :func:`wmsim.training.check_precision`.

    Raises
    ------
    WmsimError
        If they differ by more than the tolerance, or are no numbers.
    """
    tolerance = TOLERANCE[precision]
    check = PrecisionCheck(precision, was_compiled, tuple(float32), tuple(other), tolerance)
    how = precision + (", compiled" if was_compiled else "")
    said = (
        f"Losses of {len(other)} iterations ({how}) differ from float32 by {check.difference:.1g}"
    )
    if not check.difference <= tolerance:
        raise WmsimError(
            f"{said}; at most {tolerance:g} is let pass. Train with precision 'float32' and "
            f"without --compile."
        )
    if check.difference > tolerance / 4:
        warnings.warn(f"{said}; {tolerance:g} is the limit.", stacklevel=2)
    return check


def kept_check(folder: Path, make: Callable[[], PrecisionCheck]) -> dict[str, Any]:
    """Check once a subject and keep what came out beside its settings.

    Parameters
    ----------
    folder : path
        The subject's folder.
    make : callable
        Makes the check.

    Returns
    -------
    dict
        Content of ``precision.json``.
    """
    file = folder / CHECK
    with contextlib.suppress(OSError, ValueError):
        there = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(there, dict) and "difference" in there:
            return there
    check = make()
    found = {**vars(check), "difference": check.difference}
    write_json(file, found)
    return found
