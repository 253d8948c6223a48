"""The command that moves memories: perturb."""

from __future__ import annotations

from pathlib import Path

import typer

from wmsim.cli.settings import given


def perturb(
    subject: Path = typer.Argument(..., help="Folder of a trained subject."),
    out: Path = typer.Option(..., "--out", help="Folder for everything that is written."),
    task: list[str] = typer.Option(None, help="A task; repeat for more (all trained)."),
    feature: str | None = typer.Option(
        None, help="Feature whose memory is moved (the one that the task asks for)."
    ),
    item: int = typer.Option(0, min=0, help="Item, from 0, after which the state is moved."),
    dose: list[float] = typer.Option(
        None, help="A dose, 1 the distance of class means; repeat for more (0 to 2)."
    ),
    direction: list[str] = typer.Option(
        None, help="own, means, elsewhere, unrelated, random, natural, outside; repeat (all)."
    ),
    random: int | None = typer.Option(None, help="Random directions of each kind (20)."),
    trials: int | None = typer.Option(None, help="Trials a task (600)."),
    split: str = typer.Option("novel_angle", help="train, novel_angle or novel_identity."),
    part: list[str] = typer.Option(
        None, help="What is moved: hidden, 'cell state' (lstm), state (ssm); repeat (hidden)."
    ),
    decoder: str | None = typer.Option(
        None, help="pairs: one value against another; rest: one against the rest (pairs)."
    ),
    penalty: float | None = typer.Option(None, "--penalty", "-C", help="C of decoders (0.01)."),
    folds: int | None = typer.Option(None, help="Folds over whole trials (5)."),
    bootstrap: int | None = typer.Option(None, help="Resamples behind intervals (500)."),
    seed: int = typer.Option(0, help="Fixes the result."),
    device: str = typer.Option("auto", help="cpu, cuda, cuda:1, mps, or auto."),
) -> None:
    """Move what a network remembers along a decoder's normal, and see what it answers.

    Stopped and run again, it goes on where it was.
    """
    from wmsim.perturbation import PerturbationConfig
    from wmsim.report.perturbation import perturb_subject, sentences

    config = PerturbationConfig(
        **given(
            feature=feature, doses=tuple(dose or ()), directions=tuple(direction or ()),
            n_random=random, trials=trials, parts=tuple(part or ()), decoder=decoder,
            penalty=penalty, folds=folds, bootstrap=bootstrap,
        ),
        item=item, split=split, seed=seed,
    )  # fmt: skip
    summary = perturb_subject(subject, out, config, tasks=tuple(task or ()), device=device)
    for line in sentences(summary["perturbation"]):
        typer.echo(line)
    typer.echo(f"Results: {out / 'results'}")
    typer.echo(f"{summary['seconds']['total']:.0f} s. Report: {out / 'report.html'}")
