"""Commands about the geometry of representations: orthogonality."""

from __future__ import annotations

from pathlib import Path

import typer

from wmsim.cli.settings import given


def orthogonality(
    paths: list[Path] = typer.Argument(
        ...,
        metavar="SUBJECT_OR_FILE...",
        help="Folders of trained subjects (perceptual against encoding space), or recordings.",
    ),
    out: Path = typer.Option(..., "--out", help="Folder for everything that is written."),
    feature: list[str] = typer.Option(None, help="A feature; repeat for more."),
    task: list[str] = typer.Option(None, help="A task; repeat for more (all)."),
    dimensions: list[int] = typer.Option(
        None, min=1, help="Principal components to which spaces are also reduced (10 and 30)."
    ),
    bootstrap: int = typer.Option(10, min=0, help="Resamples of trials."),
    permutations: int | None = typer.Option(None, help="Permutations of labels (100)."),
    folds: int = typer.Option(4, min=2, help="Folds of held-out images."),
    trials: int = typer.Option(300, min=1, help="Trials a task that subjects are shown."),
    split: str = typer.Option("novel_angle", help="train, novel_angle or novel_identity."),
    estimator: str | None = typer.Option(None, help="What decodes: svc, ridge or lda (svc)."),
    penalty: float | None = typer.Option(None, "--penalty", "-C", help="C, the same everywhere."),
    seed: int = typer.Option(0, help="Fixes the result."),
    device: str = typer.Option("auto", help="cpu, cuda, cuda:1, mps, or auto."),
) -> None:
    """How orthogonal features are, perceived and encoded; and what the encoder tells apart.

    Stopped and run again, it goes on where it was.
    """
    from wmsim.pipeline import AnalysisConfig
    from wmsim.report.orthogonality import orthogonality_of, sentences

    penalties = None if penalty is None else (penalty,)
    config = AnalysisConfig(
        **given(estimator=estimator, penalties=penalties, permutations=permutations),
        folds=folds, seed=seed,
    )  # fmt: skip
    summary = orthogonality_of(
        paths, out, features=feature or None, tasks=task or None, bootstraps=bootstrap,
        trials=trials, split=split, config=config, device=device,
        **given(dimensions=dimensions),
    )  # fmt: skip
    for line in sentences(summary["orthogonality"]):
        typer.echo(line)
    typer.echo(f"{summary['seconds']['total']:.0f} s. Report: {out / 'report.html'}")
