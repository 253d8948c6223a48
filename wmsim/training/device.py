"""Where a network is trained."""

from __future__ import annotations

from wmsim.errors import ConfigError


def pick_device(name: str = "auto") -> str:
    """Turn a wish into a device that is there.

    Parameters
    ----------
    name : str
        ``"auto"`` (a GPU if there is one), ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.

    Raises
    ------
    ConfigError
        If PyTorch has no such device here.

    Examples
    --------
    >>> pick_device("cpu")
    'cpu'
    """
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        there = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
        if torch.backends.mps.is_available():
            there.append("mps")
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"Device '{name}' cannot be used ({reason}). Here there are: {', '.join(there)}."
        ) from None
    return name
