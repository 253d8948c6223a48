"""RDMs of a recording's states, and how alike they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from wmsim.figures.style import new_figure, save_figure, style


def rdm_figure(
    distances: xr.Dataset, titles: list[str], path_stem: str | Path, *, columns: int = 6
) -> list[Path]:
    """Draw RDMs in a row (or rows), on one scale.

    Parameters
    ----------
    distances : xarray.Dataset
        From :func:`wmsim.rsa.rdms`.
    titles : list of str
        One a state.
    path_stem : path-like
        Where to write, without ending.
    columns : int
        RDMs a row.

    Returns
    -------
    list of pathlib.Path
    """
    matrices = distances["dissimilarity"].values
    columns = min(columns, len(matrices))
    rows = -(-len(matrices) // columns)
    with style():
        figure = new_figure(1.25 * columns + 1.0, 1.35 * rows + 0.6)
        panels = figure.subplots(rows, columns, squeeze=False)
        limit = float(np.nanmax(np.abs(matrices))) or 1.0
        names = [str(name) for name in distances["value"].values]
        for number, panel in enumerate(panels.ravel()):
            if number >= len(matrices):
                panel.set_axis_off()
                continue
            image = panel.imshow(matrices[number], vmin=-limit, vmax=limit, cmap="RdBu_r")
            panel.set_title(titles[number])
            panel.set_xticks([])
            panel.set_yticks(range(len(names)), names if number % columns == 0 else [], fontsize=5)
            panel.spines[:].set_visible(False)
        bar = figure.colorbar(image, ax=panels.ravel().tolist(), fraction=0.03, pad=0.02)
        bar.set_label("cross-validated distance")
        return save_figure(figure, path_stem)
