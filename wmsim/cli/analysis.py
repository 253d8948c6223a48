"""Commands that analyse: demo, analyze, decode."""

from __future__ import annotations

from pathlib import Path

import typer

from wmsim.cli.settings import given

JOBS = typer.Option(None, min=1, help="Processes; by default one a core.")
ESTIMATOR = typer.Option(None, help="What decodes: svc, ridge or lda (svc).")
PENALTY = typer.Option(
    None, "--penalty", "-C",
    help="C (of ridge alpha a trial, of lda shrinkage); of several, one is chosen in training "
    "trials (0.01; 1; Ledoit-Wolf).",
)  # fmt: skip


def demo(
    out: Path = typer.Option(Path("wmsim-demo"), "--out", help="Folder for what is written."),
    device: str = typer.Option("cpu", help="Where to train: cpu, cuda, mps, auto."),
    jobs: int | None = JOBS,
) -> None:
    """Train a network, take a brain's recording, put both through one pipeline (minutes)."""
    from wmsim.report.demo import run_demo

    summary = run_demo(out, device=device, n_jobs=jobs)
    subject = summary["subjects"][0]
    accuracy = ", ".join(f"{k.replace('_', ' ')} {v:.3f}" for k, v in subject["accuracy"].items())
    typer.echo(f"{subject['description']} Accuracy over all steps: {accuracy}.")
    for name, recording in summary["recordings"].items():
        if recording["source"] == "planted":
            typer.echo(f"{name}: {recording['description']}")
    typer.echo(f"{summary['seconds']['total']:.0f} s. Report: {out / 'report.html'}")


def analyze(
    files: list[Path] = typer.Argument(
        ...,
        metavar="FILE...",
        help="A recording (netCDF) of a network or a brain; several are "
        "sessions, pooled into one pseudo-population.",
    ),
    out: Path = typer.Option(..., "--out", help="Folder for everything that is written."),
    feature: list[str] = typer.Option(None, help="A feature to decode; repeat for more."),
    task: list[str] = typer.Option(None, help="A task to analyse; repeat for more."),
    kind: list[str] = typer.Option(None, help="Units of this kind only; repeat for more."),
    area: list[str] = typer.Option(None, help="Units of this area only; repeat for more."),
    folds: int | None = typer.Option(None, help="Folds over whole trials (10)."),
    permutations: int | None = typer.Option(None, help="Permutations behind chance and p (100)."),
    rotation_permutations: int | None = typer.Option(
        None, help="Permutations behind those of rotations, which take most of the time (as many)."
    ),
    stop_after: int | None = typer.Option(
        None,
        help="End permutations of a feature when every statistic has been reached or exceeded by "
        "this many of them (never).",
    ),
    bootstrap: int | None = typer.Option(None, help="Resamples behind intervals (500)."),
    estimator: str | None = ESTIMATOR,
    penalty: list[float] = PENALTY,
    transform: str | None = typer.Option(None, help="auto, none or sqrt."),
    nan_units: str | None = typer.Option(None, help="Units with missing activity: error or drop."),
    window: tuple[float, float] | None = typer.Option(
        None, help="Seconds after an item's onset to average (0.2 0.8)."
    ),
    maintenance_window: tuple[float, float] | None = typer.Option(
        None, help="Seconds after the start of maintenance to average (0 2.4)."
    ),
    pair: str | None = typer.Option(
        None, help="Of sessions that are pooled: values are the same by name, or by order (name)."
    ),
    pseudo_trials: int | None = typer.Option(
        None, help="Pseudo-trials of each value in each fold, for each item (all real ones used)."
    ),
    seed: int = typer.Option(0, help="Fixes the result."),
    jobs: int | None = JOBS,
) -> None:
    """Run the pipeline on one recording, or on several as one population of units.

    Stopped and run again, it goes on where it was.
    """
    from wmsim.pipeline import AnalysisConfig
    from wmsim.report import analyze_file

    config = AnalysisConfig(
        **given(
            features=tuple(feature or ()), tasks=tuple(task or ()),
            kinds=tuple(kind or ()), areas=tuple(area or ()), folds=folds,
            permutations=permutations, rotation_permutations=rotation_permutations,
            stop_after=stop_after, bootstrap=bootstrap, estimator=estimator,
            penalties=tuple(penalty or ()),
            transform=transform, nan_units=nan_units, window=window,
            maintenance_window=maintenance_window, pair=pair, pseudo_trials=pseudo_trials,
        ),
        seed=seed,
    )  # fmt: skip
    summary = analyze_file(files, out, config, n_jobs=jobs)
    from wmsim.report.recording import headline

    for recording in summary["recordings"].values():
        for name in recording["features"]:
            typer.echo(headline(recording, name))
    typer.echo(f"{summary['seconds']['total']:.0f} s. Report: {out / 'report.html'}")


def decode(
    file: Path = typer.Argument(..., help="A recording (netCDF) of a network or a brain."),
    feature: str = typer.Option(..., help="The feature to decode."),
    out: Path = typer.Option(..., "--out", help="Folder for everything that is written."),
    task: list[str] = typer.Option(None, help="A task; repeat for more (all)."),
    kind: list[str] = typer.Option(None, help="Units of this kind only; repeat for more."),
    area: list[str] = typer.Option(None, help="Units of this area only; repeat for more."),
    folds: int | None = typer.Option(None, help="Folds over whole trials (10)."),
    permutations: int | None = typer.Option(
        None, help="Permutations of tested trials' labels, decoders as they are (100)."
    ),
    bootstrap: int | None = typer.Option(None, help="Resamples behind intervals (500)."),
    estimator: str | None = ESTIMATOR,
    penalty: list[float] = PENALTY,
    transform: str | None = typer.Option(None, help="auto, none or sqrt."),
    nan_units: str | None = typer.Option(None, help="Units with missing activity: error or drop."),
    seed: int = typer.Option(0, help="Fixes the result."),
    jobs: int | None = JOBS,
) -> None:
    """Keep the decoders of a feature, and test those of each task in every task.

    Stopped and run again, it goes on where it was.
    """
    from wmsim.pipeline import AnalysisConfig
    from wmsim.report import decode_file
    from wmsim.report.decode import sentences

    config = AnalysisConfig(
        **given(
            kinds=tuple(kind or ()), areas=tuple(area or ()), folds=folds,
            permutations=permutations, bootstrap=bootstrap, estimator=estimator,
            penalties=tuple(penalty or ()), transform=transform, nan_units=nan_units,
        ),
        seed=seed,
    )  # fmt: skip
    tasks = tuple(task) if task else None
    summary = decode_file(file, feature, out, config, tasks=tasks, n_jobs=jobs)
    for line in sentences(summary["decoding"]):
        typer.echo(line)
    typer.echo(f"Decoders: {out / summary['decoding']['file']}")
    typer.echo(f"{summary['seconds']['total']:.0f} s. Report: {out / 'report.html'}")
