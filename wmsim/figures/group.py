"""Hypotheses over subjects: what each subject is, and how frequent each hypothesis is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wmsim.figures.style import COLOURS, new_figure, save_figure, style
from wmsim.hypotheses.group import GroupChoice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Rows that still have room for a name, or for numbers in their cells.
MOST_NAMED = 40
# Probability from which a cell is dark, and its number white.
DARK = 0.6
TELL = "#555555"


def group_figure(
    group: GroupChoice, path_stem: str | Path, *, subjects: Sequence[str] | None = None
) -> list[Path]:
    """Draw the probabilities of each subject, and the frequencies of hypotheses.

    Parameters
    ----------
    group : GroupChoice
        Result of :func:`wmsim.hypotheses.group.combine_subjects`.
    path_stem : path-like
        Where to write, without ending.
    subjects : sequence of str, optional
        Names of subjects, in order; numbers from 1 by default.

    Returns
    -------
    list of pathlib.Path
        The PNG and the PDF.
    """
    n_subjects, n_names = group.subject_probability.shape
    with style():
        width = max(0.9 + 0.42 * n_names, 2.4)
        height = float(np.clip(0.19 * n_subjects, 1.6, 5.0)) + 1.2
        figure = new_figure(2 * width + 1.4, height)
        left, right = figure.subplots(1, 2)
        _subjects(figure, left, group, subjects)
        _frequencies(right, group)
        return save_figure(figure, path_stem)


def _subjects(
    figure: Figure, panel: Axes, group: GroupChoice, subjects: Sequence[str] | None
) -> None:
    """Rows are subjects, columns are hypotheses; a number where one is likely."""
    probability = group.subject_probability
    n_subjects = len(probability)
    image = panel.imshow(probability, vmin=0, vmax=1, cmap="Blues", aspect="auto")
    panel.set_xticks(range(len(group.names)), group.names, rotation=45, ha="right",
                     rotation_mode="anchor")  # fmt: skip
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)
    panel.set_title("Each subject")
    panel.set_ylabel("subject")
    if n_subjects <= MOST_NAMED:
        numbers = [str(row + 1) for row in range(n_subjects)]
        panel.set_yticks(range(n_subjects), numbers if subjects is None else list(subjects))
        for row, column in np.argwhere(probability >= 0.1):
            value = probability[row, column]
            colour = "white" if value > DARK else "black"
            panel.text(float(column), float(row), _rounded(value), color=colour, fontsize=6,
                       ha="center", va="center")  # fmt: skip
    else:
        # Numbers from 1, as many as fit.
        rows = np.arange(9, n_subjects, 10 * -(-n_subjects // 200))
        panel.set_yticks(rows, [str(row + 1) for row in rows])
    bar = figure.colorbar(image, ax=panel, fraction=0.05, pad=0.02)
    bar.set_label("posterior probability")


def _rounded(value: float) -> str:
    """Two digits; never 0 or 1, which would be certainties.

    Examples
    --------
    >>> [_rounded(value) for value in (0.0001, 0.25, 0.994, 0.9999)]
    ['<.01', '.25', '.99', '>.99']
    """
    if value < 0.005:
        return "<.01"
    return ">.99" if value >= 0.995 else f"{value:.2f}".removeprefix("0")


def _frequencies(panel: Axes, group: GroupChoice) -> None:
    """Expected frequencies with intervals; above them, protected exceedance probabilities."""
    n_names = len(group.names)
    places = np.arange(n_names)
    error = np.stack([group.frequency - group.low, group.high - group.frequency])
    panel.bar(places, group.frequency, width=0.65, color=COLOURS[5], zorder=1)
    panel.errorbar(places, group.frequency, error, fmt="o", ms=3, lw=1.2, capsize=2.5,
                   color=COLOURS[0], zorder=2)  # fmt: skip
    panel.axhline(1 / n_names, color="black", lw=0.8, ls="--", zorder=3)
    for place, value in enumerate(group.protected):
        panel.text(place, 1.03, _rounded(value), ha="center", fontsize=7, color=TELL)
    panel.text(0.5, 1.13, "most frequent, with probability (protected):", ha="center", fontsize=7,
               color=TELL, transform=panel.get_yaxis_transform())  # fmt: skip
    panel.set_xticks(places, group.names, rotation=45, ha="right", rotation_mode="anchor")
    panel.set_ylim(0, 1.24)
    panel.set_yticks(np.linspace(0, 1, 6))
    panel.spines["left"].set_bounds(0, 1)
    panel.set_ylabel("frequency, 95 % interval")
    n_subjects = len(group.subject_probability)
    risk = _rounded(group.omnibus_risk)
    panel.set_title(f"{n_subjects} subject{'s' * (n_subjects > 1)}")
    panel.set_xlabel(f"dashed: all equally frequent (P {risk if risk[0] in '<>' else f'= {risk}'})",
                     fontsize=7, color=TELL)  # fmt: skip
