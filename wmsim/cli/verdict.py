"""The command verdict."""

from __future__ import annotations

from pathlib import Path

import typer

from wmsim.cli.analysis import JOBS
from wmsim.cli.settings import given


def verdict(
    files: list[Path] = typer.Argument(
        ...,
        metavar="FILE...",
        help="A recording (netCDF) of a network or a brain; several are subjects, judged one by "
        "one and then together.",
    ),
    out: Path = typer.Option(..., "--out", help="Folder for everything that is written."),
    pool: bool = typer.Option(
        False, "--pool", help="Files are sessions of one subject, whose units are pooled."
    ),
    feature: list[str] = typer.Option(None, help="A feature to judge; repeat for more."),
    task: list[str] = typer.Option(None, help="A task to judge; repeat for more."),
    kind: list[str] = typer.Option(None, help="Units of this kind only; repeat for more."),
    area: list[str] = typer.Option(None, help="Units of this area only; repeat for more."),
    each: int | None = typer.Option(None, help="Reference recordings of each hypothesis (60)."),
    permutations: int | None = typer.Option(None, help="Permutations behind p (200)."),
    bootstrap: int | None = typer.Option(None, help="Resamples behind intervals (100)."),
    threshold: float | None = typer.Option(None, help="Probability that a verdict needs (0.9)."),
    transform: str | None = typer.Option(None, help="auto, none or sqrt."),
    nan_units: str | None = typer.Option(None, help="Units with missing activity: error or drop."),
    window: tuple[float, float] | None = typer.Option(
        None, help="Seconds after an item's onset to average (0.2 0.8)."
    ),
    maintenance_window: tuple[float, float] | None = typer.Option(
        None, help="Seconds after the start of maintenance to average (0 2.4)."
    ),
    pair: str | None = typer.Option(
        None, help="With --pool: values are the same by name, or by order (name)."
    ),
    further: bool = typer.Option(
        True, help="Test further predictions: rank against elapsed time, held-out conditions."
    ),
    seed: int = typer.Option(0, help="Fixes the result."),
    jobs: int | None = JOBS,
) -> None:
    """Say how items are held: slots (H1), chronology (H2), both (H3), shared, mixed, or undecided.

    Stopped and run again, it goes on where it was.
    """
    from wmsim.hypotheses.verdict import VerdictConfig
    from wmsim.pipeline import AnalysisConfig
    from wmsim.report.verdict import headlines, verdict_files

    analysis = AnalysisConfig(
        **given(
            features=tuple(feature or ()), tasks=tuple(task or ()),
            kinds=tuple(kind or ()), areas=tuple(area or ()),
            transform=transform, nan_units=nan_units, window=window,
            maintenance_window=maintenance_window, pair=pair,
        ),
        seed=seed,
    )  # fmt: skip
    config = VerdictConfig(
        **given(each=each, permutations=permutations, bootstrap=bootstrap, threshold=threshold),
        analysis=analysis, seed=seed,
    )  # fmt: skip
    summary = verdict_files(files, out, config, pool=pool, further=further, n_jobs=jobs)
    for line in headlines(summary):
        typer.echo(line)
    for line in summary.get("reasons", ()):
        typer.echo(f"  {line}")
    for one in summary["further"]:
        typer.echo(f"{one['title']}. {' '.join(one['lines'])}")
    typer.echo(f"{summary['seconds']['total']:.0f} s. Report: {out / 'report.html'}")
