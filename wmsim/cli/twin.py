"""The command that makes networks run a brain's trials: twin."""

from __future__ import annotations

from pathlib import Path

import typer

from wmsim.cli.settings import given


def twin(
    brains: list[Path] = typer.Argument(..., metavar="BRAIN...", help="Recordings of brains."),
    out: Path = typer.Option(..., "--out", help="Folder for everything that is written."),
    subject: list[Path] = typer.Option(
        None, help="Folder of a trained subject; repeat for more. By default some are trained."
    ),
    architecture: list[str] = typer.Option(
        None, help="A network to train; repeat for more (rnn, gru, lstm)."
    ),
    subjects: int | None = typer.Option(None, help="Train so many of each (1)."),
    step: float | None = typer.Option(None, help="Seconds a step stands for (0.2)."),
    latency: float | None = typer.Option(
        None, help="Seconds after which neurons show what was on display (0.2)."
    ),
    feature: str | None = typer.Option(
        None, help="Feature that says what was shown (image, or the only one)."
    ),
    probe: list[str] = typer.Option(
        None, help="Label of trials that says what a probe was; repeat for a second one."
    ),
    units: str | None = typer.Option(
        None, help="matched: as many as the brain has (default); all: all of the network's."
    ),
    no_noise: bool = typer.Option(False, "--no-noise", help="Leave activity as it is."),
    control: list[str] = typer.Option(
        None, help="untrained, encoder; repeat for more (both). 'none' for none."
    ),
    split: str | None = typer.Option(None, help="train (default), novel_angle, novel_identity."),
    view: int | None = typer.Option(None, help="View under which objects are shown, from 0 (0)."),
    preset: str | None = typer.Option(None, help="Settings to train with: demo (default), paper."),
    set_: list[str] = typer.Option(
        None, "--set", help="A setting of training, such as training.iterations=500; repeat."
    ),
    seed: int = typer.Option(0, help="Fixes the result."),
    device: str = typer.Option("auto", help="cpu, cuda, cuda:1, mps, or auto."),
) -> None:
    """Let networks run the very trials of recordings of brains, and record them alike.

    Stopped and run again, it goes on where it was.
    """
    from wmsim.report.twin import sentences, twin_files
    from wmsim.twin import TwinConfig

    settings = given(
        architectures=tuple(architecture or ()), subjects=subjects, step=step, latency=latency,
        feature=feature, probes=tuple(probe or ()), units=units, split=split, view=view,
        preset=preset, settings=tuple(set_ or ()),
    )  # fmt: skip
    if control:
        settings["controls"] = tuple(one for one in control if one != "none")
    config = TwinConfig(**settings, noise=not no_noise, seed=seed)
    summary = twin_files(brains, out, config, subjects=tuple(subject or ()), device=device)
    for line in sentences(summary):
        typer.echo(line)
    typer.echo(f"Recordings: {out / 'BRAIN' / 'MODEL.nc'}, without noise {out / 'BRAIN' / 'clean'}")
    typer.echo(f"{summary['seconds']['total']:.0f} s. Report: {out / 'report.html'}")
