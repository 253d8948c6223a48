"""The command compare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from wmsim.cli.analysis import JOBS
from wmsim.cli.settings import given
from wmsim.errors import WmsimError


def compare(
    files: list[Path] = typer.Argument(
        None,
        metavar="[MODEL.nc... BRAIN.nc...]",
        help="Recordings of models and of brains, in any order; what they are is told by their "
        "source. Twins (wmsim twin) are compared with the brain whose trials they ran.",
    ),
    out: Path = typer.Option(..., "--out", help="Folder for everything that is written."),
    model: list[Path] = typer.Option(None, help="A file that is a model; repeat for more."),
    brain: list[Path] = typer.Option(None, help="A file that is a brain; repeat for more."),
    pair: list[str] = typer.Option(
        None,
        metavar="MODEL_FEATURE=BRAIN_FEATURE",
        help="A feature of models that stands for one of brains; repeat for more.",
    ),
    feature: list[str] = typer.Option(None, help="A feature to compare; repeat for more."),
    task: list[str] = typer.Option(None, help="A task to compare; repeat for more."),
    score: list[str] = typer.Option(None, help="A score to compute (all); repeat for more."),
    items: int | None = typer.Option(None, help="Compare the first so many items alone."),
    units: int | None = typer.Option(None, help="Units drawn of a larger model (256)."),
    halvings: int | None = typer.Option(None, help="Times that trials are halved (4)."),
    shuffles: int | None = typer.Option(None, help="Shuffles of labels behind the floor (20)."),
    bootstrap: int | None = typer.Option(None, help="Resamples behind intervals (1000)."),
    shared_stimuli: bool | None = typer.Option(
        None,
        "--shared-stimuli/--own-stimuli",
        help="Whether values of the same name are the same stimuli in all brains (by their names).",
    ),
    window: tuple[float, float] | None = typer.Option(
        None, help="Seconds after an item's onset to average (0.2 0.8)."
    ),
    maintenance_window: tuple[float, float] | None = typer.Option(
        None, help="Seconds after the start of maintenance to average (0 2.4)."
    ),
    transform: str | None = typer.Option(None, help="auto, none or sqrt."),
    kind: list[str] = typer.Option(None, help="Units of this kind only; repeat for more."),
    area: list[str] = typer.Option(None, help="Units of this area only; repeat for more."),
    controls: bool = typer.Option(
        True, help="Make the encoder alone and an untrained network take part."
    ),
    add: bool = typer.Option(
        False, "--add", help="Add the files to the comparison in --out, and do nothing again."
    ),
    again: Path | None = typer.Option(
        None, "--from", help="provenance.json of a comparison, which is done again."
    ),
    seed: int | None = typer.Option(None, help="Fixes the result (0)."),
    jobs: int | None = JOBS,
) -> None:
    """Compare models with brains by several scores, between a floor and a ceiling, and rank them.

    Stopped and run again, it goes on where it was.
    """
    from wmsim.report.compare import compare_again, compare_files, headlines

    settings = _settings(
        given(
            features=tuple(feature or ()), tasks=tuple(task or ()), kinds=tuple(kind or ()),
            areas=tuple(area or ()), transform=transform, window=window,
            maintenance_window=maintenance_window, seed=seed,
        ),
        given(
            scores=tuple(score or ()), items=items, units=units, halvings=halvings,
            shuffles=shuffles, bootstrap=bootstrap, shared_stimuli=shared_stimuli, seed=seed,
        ),
        _pairs(pair or []),
    )  # fmt: skip
    if again is not None:
        if files or model or brain or settings or add or not controls:
            raise WmsimError(
                "--from does a comparison again with its own files and settings; leave out all "
                "but --out and --jobs."
            )
        summary = compare_again(again, out, n_jobs=jobs)
    else:
        # With --add, settings are the earlier ones where none are given.
        config = _config(settings) if settings or not add else None
        summary = compare_files(
            files or [], out, config, models=model or [], brains=brain or [], controls=controls,
            add=add, n_jobs=jobs,
        )  # fmt: skip
    for line in headlines(summary):
        typer.echo(line)
    typer.echo(f"{summary['seconds']['total']:.0f} s. Report: {out / 'report.html'}")


def _settings(
    analysis: dict[str, Any], own: dict[str, Any], pairs: dict[str, str]
) -> dict[str, Any]:
    """Settings that were given."""
    return own | ({"analysis": analysis} if analysis else {}) | ({"pairs": pairs} if pairs else {})


def _config(settings: dict[str, Any]) -> Any:
    from wmsim.compare.config import CompareConfig
    from wmsim.pipeline import AnalysisConfig

    analysis = settings.get("analysis")
    made = {"analysis": AnalysisConfig(**analysis)} if analysis else {}
    return CompareConfig(**{**settings, **made})


def _pairs(texts: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        model, is_pair, brain = (part.strip() for part in text.partition("="))
        if not (model and is_pair and brain):
            raise WmsimError(
                f"--pair {text} names no pair of features. Write the model's feature, =, and the "
                "brain's, such as --pair identity=image."
            )
        if model in found or brain in found.values():
            raise WmsimError(f"--pair {text}: '{model}' or '{brain}' is paired twice.")
        found[model] = brain
    return found
