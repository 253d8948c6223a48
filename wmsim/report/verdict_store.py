"""Verdicts as JSON has them: what is kept in ``work`` and read again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from wmsim.files import write_json
from wmsim.hypotheses.choice import Choice
from wmsim.hypotheses.effects import Effect
from wmsim.hypotheses.verdict import Verdict


def write_verdict(verdict: Verdict, path: Path) -> None:
    """Keep a verdict, whole or not at all."""
    write_json(path, plain(asdict(verdict)))


def read_verdict(path: Path) -> Verdict | None:
    """A verdict that was kept, or None if it was not, or was cut off."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        choice = found["choice"]
        found |= {
            "choice": Choice(
                {name: _number(value) for name, value in choice["log_evidence"].items()},
                choice["probability"],
                _number(choice["distance"]),
            ),
            "effects": {
                name: Effect(**{key: _number(value) for key, value in one.items()})
                for name, one in found["effects"].items()
            },
            "p": {name: _number(value) for name, value in found["p"].items()},
            "reasons": tuple(found["reasons"]),
            "states": tuple((item, step) for item, step in found["states"]),
            "used": tuple(found["used"]),
            "similarity": np.array(found["similarity"], float),
            "predicted": {name: np.array(one, float) for name, one in found["predicted"].items()},
            "predicted_effects": {
                hypothesis: {name: tuple(values) for name, values in one.items()}
                for hypothesis, one in found["predicted_effects"].items()
            },
        }
        return Verdict(**found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def plain(value: Any) -> Any:
    """As JSON has it: arrays as lists, numbers that are none as null.

    Examples
    --------
    >>> plain({"p": float("nan"), "kernel": np.eye(2)})
    {'p': None, 'kernel': [[1.0, 0.0], [0.0, 1.0]]}
    """
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(one) for one in (value.tolist() if isinstance(value, np.ndarray) else value)]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
