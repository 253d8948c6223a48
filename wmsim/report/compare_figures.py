"""Figures of a comparison, with captions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xarray as xr

from wmsim.compare.config import SCORES
from wmsim.report.compare_rdms import PairRDMs, movie_of

# Where figures go in the page (compare.html.jinja).
RANKED, BY_STEP, DIFFER, RDMS = "ranking", "by step", "differences", "RDMs"
RANKING = (
    "All models (rows) by all scores (panels): mean over brains with its interval; faint dots: "
    "single brains. Grey band: from the floor (labels of the model shuffled) to the ceiling (the "
    "brain's other half of trials in the model's place), which has an interval as well. Triangles: "
    'the best (filled), not significantly worse (open). Controls are hollow. "Cannot rank": the '
    "ceiling is not known to be above the floor, so nothing is marked."
)
STEPS = "Mean over brains with its interval; band: ceiling with its interval; dashed: floor."
DIFFERENCES = (
    "Difference of the mean of the model in the row from that in the column; marks: significant "
    "after correction over all pairs of models of a score (Holm)."
)
MOVIE = (
    "RDMs of {brain} and of models that could be compared with it. Each row has a colour scale of "
    "its own. As a movie: figures/rdms.gif."
)


def draw(
    comparison: xr.Dataset, ranking: xr.Dataset, pairs: Sequence[PairRDMs], folder: Path
) -> list[dict[str, str]]:
    """Draw everything.

    Parameters
    ----------
    comparison : xarray.Dataset
        From :func:`wmsim.compare.run.compare`.
    ranking : xarray.Dataset
        From :func:`wmsim.compare.inference.ranking`.
    pairs : sequence of PairRDMs
        RDMs, none where none were asked for.
    folder : Path
        Where figures go.

    Returns
    -------
    list of dict
        Entries of the report.
    """
    from wmsim.figures.compare import differences_figure, ranking_figure, steps_figure

    ranking_figure(comparison, ranking, folder / "ranking")
    entries = [_entry("ranking", "Ranking", RANKING, RANKED)]
    steps = comparison["step"].values != "all"
    known = comparison["value"].notnull()
    for score in comparison["score"].values.astype(str):
        own, name = known.sel(score=score), SCORES[score][0].upper() + SCORES[score][1:]
        if own.isel(step=steps).any():
            steps_figure(comparison, folder / f"steps-{score}", score=score)
            entries.append(_entry(f"steps-{score}", name, STEPS, BY_STEP))
        if own.any(["brain", "step"]).sum() > 1:
            differences_figure(ranking, folder / f"differences-{score}", score=score)
            entries.append(_entry(f"differences-{score}", name, DIFFERENCES, DIFFER))
    return [*entries, *_movie(pairs, folder)]


def _movie(pairs: Sequence[PairRDMs], folder: Path) -> list[dict[str, str]]:
    from wmsim.figures.rdm_movie import movie_figure, write_movie

    if not pairs:
        return []
    brain, matrices, steps, conditions = movie_of(pairs)
    movie_figure(matrices, folder / "rdms", steps=steps, conditions=conditions)
    write_movie(matrices, folder / "rdms.gif", steps=steps, conditions=conditions)
    return [_entry("rdms", brain, MOVIE.format(brain=brain), RDMS)]


def _entry(stem: str, title: str, caption: str, place: str) -> dict[str, str]:
    return {"file": f"{stem}.png", "title": title, "caption": caption, "recording": place}
