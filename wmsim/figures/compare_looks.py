"""How models look in all figures of a comparison."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from wmsim.figures.style import COLOURS, GREY

MARKERS = "osD^vP*Xp<>h"


def looks_of(data: xr.Dataset) -> dict[str, dict[str, Any]]:
    """Colour of its family, and a marker of its own within it; controls are grey and hollow."""
    families, controls = families_of(data), controls_of(data)
    names = list(dict.fromkeys(family for family, no in zip(families, controls, strict=True)
                               if not no))  # fmt: skip
    count: dict[str, int] = {}
    looks = {}
    for model, family, control in zip(
        data["model"].values.tolist(), families, controls, strict=True
    ):
        group = "control" if control else family
        number = count[group] = count.get(group, -1) + 1
        colour = GREY if control else COLOURS[names.index(family) % (len(COLOURS) - 1)]
        looks[model] = {
            "color": colour, "mfc": "white" if control else colour,
            "marker": MARKERS[number % len(MARKERS)], "ls": ":" if control else "-",
        }  # fmt: skip
    return looks


def families_of(data: xr.Dataset) -> list[str]:
    """Family of each model, "" where that is not known."""
    if "family" not in data.coords:
        return [""] * data.sizes["model"]
    return [str(one) for one in data["family"].values]


def controls_of(data: xr.Dataset) -> np.ndarray:
    """Whether each model is a control, (model,)."""
    if "control" not in data.coords:
        return np.zeros(data.sizes["model"], bool)
    return np.asarray(data["control"].values.astype(str) != "")
