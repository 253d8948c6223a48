"""A subject's folder: its settings as JSON, its state as tensors."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wmsim.config import differences
from wmsim.encoders.weights import read_tensors
from wmsim.errors import WmsimError
from wmsim.files import atomic_path, write_json

SETTINGS, STATE = "subject.json", "checkpoint.pt"


@dataclass
class State:
    """Where training is.

    Attributes
    ----------
    iteration : int
        Iterations done.
    network, optimizer : dict
        State dicts.
    history : list of dict
        ``{"iteration", "loss", "accuracy", "executive_accuracy"}``, one an evaluation.
    finished : bool
        Whether the criterion or the last iteration was reached.
    seconds : float
        Time spent in training, over all runs.
    passed : list of int
        Iterations after which lessons that come before the tasks were over.
    """

    iteration: int = 0
    network: dict[str, Any] = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    finished: bool = False
    seconds: float = 0.0
    passed: list[int] = field(default_factory=list)

    @property
    def in_lesson(self) -> int:
        """Iterations of the present lesson."""
        return self.iteration - (self.passed[-1] if self.passed else 0)


def write_settings(folder: Path, settings: dict[str, Any]) -> None:
    """Write a subject's settings, or check that the folder holds this very subject.

    Raises
    ------
    WmsimError
        If the folder holds a subject with other settings.
    """
    file = folder / SETTINGS
    if not file.is_file():
        write_json(file, settings)
        return
    different = differences(read_settings(folder), settings)
    if different:
        found = "; ".join(
            f"{name} {there} there, {asked} asked" for name, (there, asked) in different.items()
        )
        raise WmsimError(
            f"'{folder}' holds a subject with other settings ({found}). "
            f"Give another --out, or delete that folder."
        )


def read_settings(folder: Path) -> dict[str, Any]:
    """Read a subject's settings.

    Raises
    ------
    WmsimError
        If they are missing or damaged.
    """
    file = Path(folder) / SETTINGS
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
    except OSError:
        raise WmsimError(
            f"No subject in '{folder}': '{SETTINGS}' is missing. "
            f"Train one: wmsim train --out {folder}"
        ) from None
    except ValueError as error:
        raise WmsimError(
            f"'{file}' is damaged ({error}). Delete the folder and train again."
        ) from None
    if not isinstance(settings, dict):
        raise WmsimError(
            f"'{file}' is damaged (no JSON object). Delete the folder and train again."
        )
    return settings


def save_state(folder: Path, state: State) -> None:
    """Write the state atomically."""
    import torch

    with atomic_path(folder / STATE) as temporary:
        torch.save(vars(state), temporary)


def load_state(folder: Path) -> State | None:
    """Read the state; None if training has not come to its first checkpoint.

    Raises
    ------
    WmsimError
        If the file is damaged or is no checkpoint.
    """
    file = Path(folder) / STATE
    if not file.is_file():
        return None
    content = read_tensors(file)
    names = set(vars(State()))
    if not isinstance(content, dict) or set(content) != names:
        raise WmsimError(
            f"'{file}' is not a checkpoint of wmsim. Delete it and train again, or name another "
            f"folder."
        )
    return State(**content)
