"""A contact sheet: every identity under its view angles, and frames with the four locations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wmsim.figures.style import save_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from wmsim.stimuli import StimulusSet

TRAIN_COLUMNS, NOVEL_COLUMNS = 8, 4
CELL = 0.62  # inches
GAP = 4  # pixels between pictures
MARGIN = 0.12  # inches
LABEL = 1.05  # inches for the names of identities


def contact_sheet(
    stimuli: StimulusSet,
    path_stem: str | Path,
    *,
    train_columns: int = TRAIN_COLUMNS,
    novel_columns: int = NOVEL_COLUMNS,
) -> list[Path]:
    """Draw all identities of a set of stimuli, as PNG and PDF.

    Rows are identities, grouped by category: first the trained ones, then the novel ones.
    Columns are view angles: trained ones, then novel ones. A strip below shows whole frames
    with one object at each location.

    Parameters
    ----------
    stimuli : StimulusSet
    path_stem : path-like
        Where to write, without ending.
    train_columns, novel_columns : int
        How many view angles of each kind to show, at most.

    Returns
    -------
    list of pathlib.Path
        The PNG and the PDF.

    Raises
    ------
    WmsimError
        If the files cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from wmsim.stimuli import StimulusConfig, build_stimuli
    >>> few = StimulusConfig(categories=("mug",), train_views=2, novel_views=1, object_size=32)
    >>> folder = Path(tempfile.mkdtemp())
    >>> [path.name for path in contact_sheet(build_stimuli(few), folder / "objects")]
    ['objects.png', 'objects.pdf']
    """
    with style():
        return save_figure(_draw(stimuli, train_columns, novel_columns), path_stem)


def _draw(stimuli: StimulusSet, train_columns: int, novel_columns: int) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    train, novel = _columns(stimuli, train_columns, novel_columns)
    names = stimuli.identity_names
    groups = [
        ("trained identities", np.arange(stimuli.n_trained)),
        ("novel identities", np.arange(stimuli.n_trained, len(names))),
    ]
    groups = [(title, rows) for title, rows in groups if len(rows)]
    columns = len(train) + len(novel)
    frame = 1.35
    width = max(LABEL + CELL * columns + 0.35, LABEL + 4 * (frame + 0.1) + 0.35)
    heights = [CELL * len(rows) + 0.66 for _, rows in groups] + [frame + 0.6]
    figure = Figure(figsize=(width, sum(heights)))
    FigureCanvasAgg(figure)
    parts: list[SubFigure] = list(
        figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    )
    for part, height, (title, rows) in zip(parts, heights, groups, strict=False):
        _identities(part, (width, height), stimuli, title, rows, train, novel)
    _frames(parts[-1], (width, heights[-1]), stimuli, frame)
    return figure


def _columns(
    stimuli: StimulusSet, train_columns: int, novel_columns: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Trained and novel view angles to show, spread over all, in order of azimuth."""
    chosen: list[NDArray[np.int64]] = []
    for split, most in (("train", train_columns), ("novel_angle", novel_columns)):
        index = stimuli.select(split)
        views, first = np.unique(stimuli.view[index], return_index=True)
        order = views[np.argsort(stimuli.azimuth[index][first], kind="stable")]
        count = min(most, len(order))
        places = np.linspace(0, max(len(order) - 1, 0), count).round().astype(np.int64)
        chosen.append(order[places].astype(np.int64))
    return chosen[0], chosen[1]


def _identities(
    part: SubFigure,
    size: tuple[float, float],
    stimuli: StimulusSet,
    title: str,
    rows: NDArray[np.int64],
    train: NDArray[np.int64],
    novel: NDArray[np.int64],
) -> None:
    """One block of rows: pictures in one image, names on the left, kinds of views above."""
    width, height = size
    columns = np.concatenate([train, novel])
    sheet = np.full((len(rows), len(columns)), -1)
    for row, identity in enumerate(rows):
        for column, view in enumerate(columns):
            found = np.flatnonzero((stimuli.identity == identity) & (stimuli.view == view))
            sheet[row, column] = found[0] if len(found) else -1
    shown: NDArray[np.bool_] = np.any(sheet >= 0, axis=0)
    sheet = sheet[:, shown]
    wide, tall = CELL * sheet.shape[1], CELL * len(rows)
    axes = part.add_axes((LABEL / width, 0.06 / height, wide / width, tall / height))
    axes.imshow(_mosaic(stimuli, sheet), aspect="auto", interpolation="lanczos")
    _bare(axes)
    cell = stimuli.config.object_size + GAP
    axes.set_yticks((np.arange(len(rows)) + 0.5) * cell, [stimuli.identity_names[i] for i in rows])
    axes.tick_params(axis="y", length=0, pad=4)
    _category_lines(axes, stimuli, rows, cell)
    counts = [("trained view angles", len(train))]
    if shown[len(train) :].any():
        counts.append(("novel view angles", len(novel)))
    _headers(axes, counts, cell)
    place = (MARGIN / width, (tall + 0.44) / height)
    part.text(*place, title, weight="bold", va="bottom", ha="left")


def _mosaic(stimuli: StimulusSet, sheet: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Pictures side by side on white, shape (height, width, 3); -1 leaves a place empty."""
    size = stimuli.config.object_size
    cell = size + GAP
    mosaic = np.full((sheet.shape[0] * cell, sheet.shape[1] * cell, 3), 255, dtype=np.uint8)
    for (row, column), image in np.ndenumerate(sheet):
        if image >= 0:
            top, left = row * cell + GAP // 2, column * cell + GAP // 2
            mosaic[top : top + size, left : left + size] = stimuli.images[image]
    return mosaic


def _category_lines(axes: Axes, stimuli: StimulusSet, rows: NDArray[np.int64], cell: int) -> None:
    """A thin line between categories."""
    category = np.array([stimuli.category[stimuli.identity == row][0] for row in rows])
    for row in np.flatnonzero(np.diff(category)) + 1:
        axes.axhline(row * cell - 0.5, color="0.25", linewidth=0.8)


def _headers(axes: Axes, counts: list[tuple[str, int]], cell: int) -> None:
    """A bracket over each kind of columns, and its name."""
    start = 0
    above: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "clip_on": False}
    inch = 1.0 / (axes.get_position().height * axes.figure.bbox.height / axes.figure.dpi)
    for number, (name, count) in enumerate(counts):
        colour = ("tab:blue", "tab:orange")[number]
        ends = [start * cell + GAP, (start + count) * cell - GAP]
        axes.plot(ends, [1 + 0.05 * inch] * 2, color=colour, linewidth=2, **above)
        axes.text(
            sum(ends) / 2, 1 + 0.10 * inch, name, ha="center", va="bottom", color=colour, **above
        )
        start += count
        if number + 1 < len(counts):
            axes.axvline(start * cell - 0.5, color="white", linewidth=4)
    axes.set_xlim(-0.5, start * cell - 0.5)


def _frames(part: SubFigure, size: tuple[float, float], stimuli: StimulusSet, frame: float) -> None:
    """Whole frames, one object at each location."""
    width, height = size
    trained = stimuli.select("train")
    spread = np.linspace(0, len(trained) - 1, stimuli.n_locations + 2).astype(int)[1:-1]
    pictures = stimuli.frames(trained[spread], np.arange(stimuli.n_locations))
    for place, (picture, name) in enumerate(zip(pictures, stimuli.location_names, strict=True)):
        left = LABEL + place * (frame + 0.1)
        axes = part.add_axes((left / width, 0.08 / height, frame / width, frame / height))
        axes.imshow(picture, interpolation="lanczos")
        _bare(axes)
        axes.set_title(name, fontsize=8, pad=3)
        centre = (stimuli.config.frame_size - 1) / 2
        axes.axhline(centre, color="white", linewidth=0.5, linestyle=":")
        axes.axvline(centre, color="white", linewidth=0.5, linestyle=":")
    heading = f"frames, {stimuli.config.frame_size} x {stimuli.config.frame_size} pixels"
    top = (frame + 0.36) / height
    part.text(MARGIN / width, top, heading, weight="bold", va="bottom", ha="left")


def _bare(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
