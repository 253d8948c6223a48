"""The look of all figures: one font, colour-blind safe colours, PNG and PDF with real fonts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wmsim.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe & Ito's colours, which people with any colour vision can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY = "#777777"
STYLE: dict[Any, Any] = {
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "font.family": "sans-serif",
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "legend.frameon": False,
}
PNG_DPI = 200


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, sizes in inches, drawn without a display. Use inside ``style()``."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.06)  # type: ignore[union-attr, call-arg]
    FigureCanvasAgg(figure)
    return figure


def style() -> Any:
    """Context in which figures are made and saved."""
    import matplotlib as mpl

    return mpl.rc_context(STYLE)


def save_figure(figure: Figure, path_stem: str | Path) -> list[Path]:
    """Write a figure as PNG and PDF.

    Parameters
    ----------
    figure : matplotlib Figure
        What to write.
    path_stem : path-like
        Where, without ending.

    Returns
    -------
    list of pathlib.Path
        The PNG and the PDF.
    """
    written = []
    stem = Path(path_stem).expanduser()
    for ending in (".png", ".pdf"):
        path = stem.with_name(stem.name + ending)
        with atomic_path(path) as temporary:
            figure.savefig(temporary, dpi=PNG_DPI)
        written.append(path)
    return written
