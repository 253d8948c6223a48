"""Contact sheet of a set of stimuli: identities by view angles, and frames with the locations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wmsim.figures.style import COLOURS, save_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from wmsim.stimuli import StimulusSet

TRAIN_COLUMNS, NOVEL_COLUMNS = 8, 4
MANY = 16  # identities; with more of them a row is a category
CELL = 0.62  # inches
GAP = 4  # pixels between pictures
MARGIN = 0.12  # inches
GUTTER = 0.1  # inches between frames
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
    Columns are view angles: trained ones, then novel ones. Where there are more than 16 trained
    identities, a row is a category, and its identities stand side by side. Objects are shown on
    a plain ground; a strip below shows whole frames with one object at each location, as
    encoders see them, and two strips do where frames of training and of novel view angles have
    their own textures.

    Parameters
    ----------
    stimuli : StimulusSet
    path_stem : path-like
        Where to write, without ending.
    train_columns, novel_columns : int
        How many view angles of each kind to show, at most; with many identities a few are.

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


@dataclass(frozen=True)
class _Block:
    """Rows of pictures with their names, and brackets over the columns.

    Attributes
    ----------
    title : str
    sheet : ndarray of int64, shape (row, column)
        Images; -1 leaves a place empty.
    names : list of str
        One a row.
    lines : list of int
        Rows above which a line is drawn.
    brackets : list of tuple
        Name over so many columns, and how many of them are trained and novel view angles.
    legend : tuple of str
        What the colours of brackets mean, where their names do not say so.
    """

    title: str
    sheet: NDArray[np.int64]
    names: list[str]
    lines: list[int]
    brackets: list[tuple[str, tuple[int, int]]]
    legend: tuple[str, ...] = ()


def _draw(stimuli: StimulusSet, train_columns: int, novel_columns: int) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    blocks = _blocks(stimuli, train_columns, novel_columns)
    strips = _strips(stimuli)
    columns = max(block.sheet.shape[1] for block in blocks)
    width = LABEL + 0.35 + max(CELL * columns, 5.6)
    frame = (width - LABEL - 0.35 + GUTTER) / stimuli.n_locations - GUTTER
    heights = [CELL * len(block.sheet) + 0.66 for block in blocks]
    heights += [frame + 0.6 for _ in strips]
    figure = Figure(figsize=(width, sum(heights)))
    FigureCanvasAgg(figure)
    parts: list[SubFigure] = list(
        figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    )
    for part, height, block in zip(parts, heights, blocks, strict=False):
        _draw_block(part, (width, height), stimuli, block)
    for part, (title, images) in zip(parts[len(blocks) :], strips, strict=True):
        _frames(part, (width, heights[-1], frame), stimuli, title, images)
    return figure


def _blocks(stimuli: StimulusSet, train_columns: int, novel_columns: int) -> list[_Block]:
    """Trained identities, and novel ones where there are any."""
    train, novel = _columns(stimuli, train_columns, novel_columns)
    further = _spread(stimuli, "novel_identity", train_columns)
    trained = np.arange(stimuli.n_trained)
    rest = np.arange(stimuli.n_trained, len(stimuli.identity_names))
    make = _by_category if stimuli.n_trained > MANY else _by_identity
    blocks = [make(stimuli, "trained identities", trained, train, novel)]
    if len(rest):
        blocks.append(make(stimuli, "novel identities", rest, further, novel[:0]))
    return blocks


def _columns(
    stimuli: StimulusSet, train_columns: int, novel_columns: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Trained and novel view angles to show, spread over all."""
    return (
        _spread(stimuli, "train", train_columns),
        _spread(stimuli, "novel_angle", novel_columns),
    )


def _spread(stimuli: StimulusSet, split: str, most: int) -> NDArray[np.int64]:
    """View angles of a split, spread over all, in order of azimuth where it is known."""
    index = stimuli.select(split)
    views, first = np.unique(stimuli.view[index], return_index=True)
    order = views[np.argsort(stimuli.azimuth[index][first], kind="stable")]
    places = np.linspace(0, max(len(order) - 1, 0), min(most, len(order)))
    return order[places.round().astype(np.int64)].astype(np.int64)


def _by_identity(
    stimuli: StimulusSet, title: str, rows: NDArray[np.int64],
    train: NDArray[np.int64], novel: NDArray[np.int64],
) -> _Block:  # fmt: skip
    """A row an identity, a column a view angle."""
    sheet = _images(stimuli, rows, np.concatenate([train, novel]))
    category = [_category(stimuli, row) for row in rows]
    lines = (np.flatnonzero(np.diff(category)) + 1).tolist()
    kinds = _kinds_of_views(stimuli, train, novel)
    brackets = list(zip(kinds, [(len(train), 0), (0, len(novel))], strict=False))
    return _Block(title, sheet, [stimuli.identity_names[row] for row in rows], lines, brackets)


def _by_category(
    stimuli: StimulusSet, title: str, rows: NDArray[np.int64],
    train: NDArray[np.int64], novel: NDArray[np.int64],
) -> _Block:  # fmt: skip
    """A row a category, its identities side by side under a few view angles each."""
    category = np.array([_category(stimuli, row) for row in rows])
    kinds = list(dict.fromkeys(category.tolist()))
    members = np.stack([rows[category == kind] for kind in kinds])
    each = max(2, (TRAIN_COLUMNS + NOVEL_COLUMNS) // members.shape[1])
    n_novel = min(len(novel), max(1, each // 3))
    few = [
        views[np.linspace(0, max(len(views) - 1, 0), count + 2).round().astype(int)[1:-1]]
        for views, count in ((train, min(len(train), each - n_novel)), (novel, n_novel))
    ]
    views = np.concatenate(few)
    sheet = np.concatenate([_images(stimuli, column, views) for column in members.T], axis=1)
    numbers = [stimuli.identity_names[row].rsplit("-", 1)[-1] for row in members[0]]
    brackets = [(f"identity {number}", (len(few[0]), len(few[1]))) for number in numbers]
    names = [stimuli.category_names[kind] for kind in kinds]
    return _Block(title, sheet, names, [], brackets, _kinds_of_views(stimuli, *few))


def _kinds_of_views(
    stimuli: StimulusSet, train: NDArray[np.int64], novel: NDArray[np.int64]
) -> tuple[str, ...]:
    """Names of the one or two kinds of columns; pictures from files may have views of their own."""
    is_trained = np.isin(train, stimuli.view[stimuli.select("train")]).all()
    first = "trained view angles" if is_trained else "view angles"
    return (first, "novel view angles") if len(novel) else (first,)


def _category(stimuli: StimulusSet, identity: int) -> int:
    return int(stimuli.category[stimuli.identity == identity][0])


def _images(
    stimuli: StimulusSet, identities: NDArray[np.int64], views: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Image of each identity (row) under each view (column); -1 where there is none."""
    sheet = np.full((len(identities), len(views)), -1)
    for (row, column), _ in np.ndenumerate(sheet):
        mine = (stimuli.identity == identities[row]) & (stimuli.view == views[column])
        sheet[row, column] = next(iter(np.flatnonzero(mine)), -1)
    return sheet


def _draw_block(
    part: SubFigure, size: tuple[float, float], stimuli: StimulusSet, block: _Block
) -> None:
    """Pictures in one image, names on the left, brackets above."""
    width, height = size
    rows, columns = block.sheet.shape
    wide, tall = CELL * columns, CELL * rows
    axes = part.add_axes((LABEL / width, 0.06 / height, wide / width, tall / height))
    axes.imshow(_mosaic(stimuli, block.sheet), aspect="auto", interpolation="lanczos")
    _bare(axes)
    cell = stimuli.config.object_size + GAP
    axes.set_yticks((np.arange(rows) + 0.5) * cell, block.names)
    axes.tick_params(axis="y", length=0, pad=4)
    for row in block.lines:
        axes.axhline(row * cell - 0.5, color="0.25", linewidth=0.8)
    _draw_brackets(axes, block, cell)
    place = (MARGIN / width, (tall + 0.44) / height)
    part.text(*place, block.title, weight="bold", va="bottom", ha="left")
    if block.legend:
        right = LABEL + wide - 0.02
        for number, name in reversed(list(enumerate(block.legend))):
            part.text(right / width, place[1], name, color=COLOURS[number], va="bottom", ha="right")
            right -= 1.25


def _mosaic(stimuli: StimulusSet, sheet: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Pictures side by side on white, shape (height, width, 3); -1 leaves a place empty."""
    from wmsim.stimuli.render import over

    size = stimuli.config.object_size
    cell = size + GAP
    mosaic = np.full((sheet.shape[0] * cell, sheet.shape[1] * cell, 3), 255, dtype=np.uint8)
    for (row, column), image in np.ndenumerate(sheet):
        if image >= 0:
            top, left = row * cell + GAP // 2, column * cell + GAP // 2
            picture = over(stimuli.images[image], stimuli.grey)
            mosaic[top : top + size, left : left + size] = picture
    return mosaic


def _draw_brackets(axes: Axes, block: _Block, cell: int) -> None:
    """A bar over each kind of columns, and the name of each bracket."""
    start = 0
    above: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "clip_on": False}
    inch = 1.0 / (CELL * len(block.sheet))
    for name, counts in block.brackets:
        middle = (start + sum(counts) / 2) * cell
        colour = "black" if block.legend else COLOURS[int(counts[1] > 0)]
        axes.text(middle, 1 + 0.10 * inch, name, ha="center", va="bottom", color=colour, **above)
        if start:
            axes.axvline(start * cell - 0.5, color="white", linewidth=4)
        for number, count in enumerate(counts):
            if count:
                ends = [start * cell + GAP, (start + count) * cell - GAP]
                axes.plot(ends, [1 + 0.05 * inch] * 2, color=COLOURS[number], linewidth=2, **above)
            start += count
    axes.set_xlim(-0.5, start * cell - 0.5)


def _strips(stimuli: StimulusSet) -> list[tuple[str, NDArray[np.int64]]]:
    """Titles of strips of frames, and the images in them."""
    strips = []
    size = stimuli.config.frame_size
    for split, name in (("train", "training"), ("novel_angle", "novel view angles")):
        images = stimuli.select(split)
        if not len(images) or (split != "train" and stimuli.textures is None):
            continue
        spread = np.linspace(0, len(images) - 1, stimuli.n_locations + 2).astype(int)[1:-1]
        which = "" if stimuli.textures is None else f" of {name}"
        strips.append((f"frames{which}, {size} x {size} pixels", images[spread]))
    return strips


def _frames(
    part: SubFigure, size: tuple[float, float, float], stimuli: StimulusSet, title: str,
    images: NDArray[np.int64],
) -> None:  # fmt: skip
    """Whole frames, one object at each location."""
    width, height, frame = size
    pictures = stimuli.frames(images, np.arange(stimuli.n_locations))
    for place, (picture, name) in enumerate(zip(pictures, stimuli.location_names, strict=True)):
        left = LABEL + place * (frame + GUTTER)
        axes = part.add_axes((left / width, 0.08 / height, frame / width, frame / height))
        axes.imshow(picture, interpolation="lanczos")
        _bare(axes)
        axes.set_title(name, fontsize=8, pad=3)
        if stimuli.textures is None:
            centre = (stimuli.config.frame_size - 1) / 2
            axes.axhline(centre, color="white", linewidth=0.5, linestyle=":")
            axes.axvline(centre, color="white", linewidth=0.5, linestyle=":")
    top = (frame + 0.36) / height
    part.text(MARGIN / width, top, title, weight="bold", va="bottom", ha="left")


def _bare(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
