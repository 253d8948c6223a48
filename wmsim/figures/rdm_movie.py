"""RDMs of brains and models, step by step: side by side, and as a movie."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wmsim.errors import WmsimError
from wmsim.figures.style import new_figure, save_figure, style
from wmsim.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Conditions that still have room for names.
MOST_NAMED = 16
MOVIE_DPI = 160
LABEL = "distance / largest of all steps"


def movie_figure(
    rdms: Mapping[str, np.ndarray], path_stem: str | Path, *,
    steps: Sequence[str], conditions: Sequence[str] | None = None,
) -> list[Path]:  # fmt: skip
    """Draw RDMs: a row for each brain or model, a column for each step.

    Each row has its own scale, the same at all steps, so that geometry can be compared between
    rows and size between steps.

    Parameters
    ----------
    rdms : mapping of str to ndarray, shape (step, condition, condition)
        Dissimilarities; NaN where there is none. Cross-validated ones may be negative.
    path_stem : path-like
        Where to write, without ending.
    steps : sequence of str
        Names of steps.
    conditions : sequence of str, optional
        Names of conditions.

    Returns
    -------
    list of pathlib.Path
        The PNG and the PDF.

    Raises
    ------
    WmsimError
        If shapes do not fit.
    """
    scaled = _scaled(rdms, steps, conditions)
    with style():
        named = conditions is not None and len(conditions) <= MOST_NAMED
        figure = new_figure(1.05 * len(steps) + 1.6, 1.05 * len(scaled) + 0.5 + 0.3 * named)
        panels = figure.subplots(len(scaled), len(steps), squeeze=False)
        for row, (name, matrices) in zip(panels, scaled.items(), strict=True):
            for panel, matrix in zip(row, matrices, strict=True):
                image = _draw(panel, matrix)
            row[0].set_ylabel(_wrapped(name), fontsize=7)
        for panel, step in zip(panels[0], steps, strict=True):
            panel.set_title(step)
        if named:
            _name(panels[-1][0], conditions or ())
        figure.align_ylabels(panels[:, 0])
        figure.colorbar(image, ax=panels.ravel().tolist(), fraction=0.03, pad=0.02, label=LABEL)
        return save_figure(figure, path_stem)


def write_movie(
    rdms: Mapping[str, np.ndarray], path: str | Path, *, steps: Sequence[str],
    conditions: Sequence[str] | None = None, seconds: float = 1.0,
) -> Path:  # fmt: skip
    """Write RDMs as an animated GIF: brains and models side by side, a frame a step.

    Parameters
    ----------
    rdms : mapping of str to ndarray, shape (step, condition, condition)
        As for :func:`movie_figure`, also in scale.
    path : path-like
        Where; ends in ``.gif``.
    steps : sequence of str
        Names of steps.
    conditions : sequence of str, optional
        Names of conditions.
    seconds : float
        That each step is shown for.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    WmsimError
        If shapes do not fit, or the file does not end in ``.gif``.
    """
    from matplotlib.animation import PillowWriter

    target = Path(path).expanduser()
    if target.suffix.lower() != ".gif":
        raise WmsimError(f"'{target}' is to be a movie; expected a name that ends in .gif.")
    scaled = _scaled(rdms, steps, conditions)
    columns = min(len(scaled), 5)
    rows = -(-len(scaled) // columns)
    with style():
        figure = new_figure(1.6 * columns + 1.2, 1.75 * rows + 0.6)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        images = []
        for panel, (name, matrices) in zip(panels, scaled.items(), strict=False):
            images.append(_draw(panel, matrices[0]))
            panel.set_title(_wrapped(name), fontsize=7)
        for panel in panels[len(scaled) :]:
            panel.set_axis_off()
        if conditions is not None and len(conditions) <= MOST_NAMED:
            _name(panels[0], conditions)
        figure.colorbar(images[0], ax=panels.tolist(), fraction=0.03, pad=0.02, label=LABEL)
        title = figure.suptitle(steps[0], fontsize=9)
        writer = PillowWriter(fps=1 / seconds)  # type: ignore[arg-type]
        with atomic_path(target) as temporary, writer.saving(figure, str(temporary), MOVIE_DPI):
            for number, step in enumerate(steps):
                title.set_text(step)
                for image, matrices in zip(images, scaled.values(), strict=True):
                    image.set_data(matrices[number])
                writer.grab_frame()
    return target


def _scaled(
    rdms: Mapping[str, np.ndarray], steps: Sequence[str], conditions: Sequence[str] | None
) -> dict[str, np.ndarray]:
    """Each name's RDMs over their largest absolute value; without the diagonal."""
    if not rdms or not steps:
        raise WmsimError(f"{len(rdms)} RDM(s) and {len(steps)} step(s) were given; expected some.")
    n = len(conditions) if conditions is not None else np.shape(next(iter(rdms.values())))[-1]
    found = {}
    for name, matrices in rdms.items():
        array = np.array(matrices, dtype=float)
        if array.shape != (len(steps), n, n):
            raise WmsimError(
                f"RDMs of {name} have shape {array.shape}; expected (step, condition, condition) = "
                f"({len(steps)}, {n}, {n})."
            )
        array[:, np.arange(n), np.arange(n)] = np.nan
        largest = float(np.nanmax(np.abs(array), initial=0.0))
        found[name] = array / (largest or 1.0)
    return found


def _draw(panel: Axes, matrix: np.ndarray) -> Any:
    image = panel.imshow(matrix, vmin=-1, vmax=1, cmap="RdBu_r")
    panel.set_facecolor("#dddddd")
    panel.set_xticks([])
    panel.set_yticks([])
    panel.spines[:].set_visible(False)
    return image


def _name(panel: Axes, conditions: Sequence[str]) -> None:
    size = 5 if len(conditions) <= 8 else 3.5
    panel.set_xticks(range(len(conditions)), conditions, rotation=90, fontsize=size)
    panel.set_yticks(range(len(conditions)), conditions, fontsize=size)
    panel.tick_params(length=0, pad=1)


def _wrapped(name: str, most: int = 16) -> str:
    """Lines of a long name, broken at spaces and underscores.

    Examples
    --------
    >>> _wrapped("gru_256_with_attention").splitlines()
    ['gru_256_with_', 'attention']
    """
    lines = [""]
    for part in re.findall(r"[^\s_]*[\s_]?", name):
        if lines[-1] and len(lines[-1]) + len(part.rstrip()) > most:
            lines.append("")
        lines[-1] += part
    return "\n".join(line.strip() for line in lines)


__all__ = ["movie_figure", "write_movie"]
