"""Commands that make subjects: stimuli, train, record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from wmsim.cli.settings import given

if TYPE_CHECKING:
    from wmsim.stimuli import StimulusConfig

OUT = typer.Option(..., "--out", help="Folder for everything that is written.")
MESHES = typer.Option(None, help="Folder of meshes (category/identity.obj, ShapeNetCore).")
CATEGORY = typer.Option(None, "--category", help="A category; repeat for more.")
IDENTITIES = typer.Option(None, help="Trained identities a category.")
NOVEL_IDENTITIES = typer.Option(None, help="Novel identities a category.")
TRAIN_VIEWS = typer.Option(None, help="View angles for training.")
NOVEL_VIEWS = typer.Option(None, help="Novel view angles.")
SEED = typer.Option(0, help="Fixes the result.")
DEVICE = typer.Option("auto", help="cpu, cuda, cuda:1, mps, or auto.")


def stimuli(
    out: Path = OUT,
    meshes: Path | None = MESHES,
    category: list[str] = CATEGORY,
    identities: int | None = IDENTITIES,
    novel_identities: int | None = NOVEL_IDENTITIES,
    train_views: int | None = TRAIN_VIEWS,
    novel_views: int | None = NOVEL_VIEWS,
    seed: int = SEED,
) -> None:
    """Render objects and draw a contact sheet of them."""
    from wmsim.figures import contact_sheet
    from wmsim.files import output_folder
    from wmsim.stimuli import build_stimuli

    folder = output_folder(out)
    config = stimulus_config(
        meshes, category, seed=seed, identities=identities, novel_identities=novel_identities,
        train_views=train_views, novel_views=novel_views,
    )  # fmt: skip
    built = build_stimuli(config)
    files = contact_sheet(built, folder / "stimuli")
    typer.echo(
        f"{len(built)} images of {len(built.identity_names)} identities in "
        f"{len(built.category_names)} categories. Contact sheet: {files[0]}"
    )


def stimulus_config(
    meshes: Path | None, categories: list[str], *, seed: int, **options: int | None
) -> StimulusConfig:
    """Settings of stimuli; a folder of meshes shows all its categories unless some are named."""
    from wmsim.stimuli import StimulusConfig

    settings = given(categories=tuple(categories or ()), **options)
    if meshes is not None:
        settings = {"categories": (), **settings, "source": str(meshes)}
    return StimulusConfig(**settings, seed=seed)


def train(
    out: Path = OUT,
    regime: str = typer.Option("MTMF", help="MTMF, STMF-1 to STMF-4, or a task's name."),
    architecture: str = typer.Option("gru", help="rnn, gru or lstm."),
    units: int | None = typer.Option(None, help="Hidden units; by default the paper's."),
    iterations: int | None = typer.Option(None, help="At most so many iterations."),
    criterion: float | None = typer.Option(None, help="Accuracy at which training stops."),
    learning_rate: float | None = typer.Option(None, help="Of AdamW."),
    paper_schedule: bool = typer.Option(
        False, help="The paper's printed learning rate and schedule, which hardly train."
    ),
    encoder: str = typer.Option("efficientnet-lite0", help="efficientnet-lite0 or resnet50."),
    encoder_weights: Path | None = typer.Option(None, help="File with the encoder's weights."),
    grid: int | None = typer.Option(None, help="Cells a side of the feature map, 1 to 7."),
    meshes: Path | None = MESHES,
    category: list[str] = CATEGORY,
    identities: int | None = IDENTITIES,
    novel_identities: int | None = NOVEL_IDENTITIES,
    train_views: int | None = TRAIN_VIEWS,
    novel_views: int | None = NOVEL_VIEWS,
    seed: int = SEED,
    device: str = DEVICE,
) -> None:
    """Train a subject. Stopped and run again, it goes on where it was."""
    from wmsim.encoders import EncoderConfig
    from wmsim.models import NetworkConfig
    from wmsim.report.subject import train_and_report
    from wmsim.training import SubjectConfig, TrainingConfig

    needed_n = max(task.n for task in SubjectConfig(regime=regime).tasks)
    training = (
        TrainingConfig.paper() if paper_schedule else TrainingConfig.for_architecture(architecture)
    )
    config = SubjectConfig(
        stimuli=stimulus_config(
            meshes, category, seed=seed, identities=identities, novel_identities=novel_identities,
            train_views=train_views, novel_views=novel_views,
        ),
        encoder=EncoderConfig(name=encoder, **given(weights=encoder_weights, grid=grid)),
        network=NetworkConfig.paper(architecture).changed(
            max_n=max(3, needed_n), **given(units=units)
        ),
        training=training.changed(
            **given(iterations=iterations, criterion=criterion, learning_rate=learning_rate)
        ),
        regime=regime,
        seed=seed,
    )  # fmt: skip
    subject = train_and_report(config, out, device=device)["subjects"][0]
    for split, accuracy in subject["accuracy"].items():
        typer.echo(
            f"{split.replace('_', ' ')}: accuracy {accuracy:.3f} over all steps, "
            f"{subject['executive_accuracy'][split]:.3f} at match / non-match steps "
            f"({subject['n_test_trials']} trials)"
        )
    typer.echo(f"Subject: {out}. Report: {out / 'report.html'}")


def record(
    subject: Path = typer.Argument(..., help="Folder of a trained subject."),
    out: Path = typer.Option(..., "--out", help="File to write, ending in .nc."),
    split: str = typer.Option("novel_angle", help="train, novel_angle or novel_identity."),
    task: list[str] = typer.Option(None, help="A task; repeat for more. By default all trained."),
    trials: int = typer.Option(300, min=1, help="Trials a task."),
    seed: int = SEED,
    device: str = DEVICE,
) -> None:
    """Run a subject on fresh trials and write what its units do, like a neural recording."""
    from wmsim.recordings import save
    from wmsim.recordings.subject import record as record_subject
    from wmsim.tasks import parse_task
    from wmsim.training import load_subject

    tasks = tuple(parse_task(name) for name in task or ()) or None
    loaded = load_subject(subject, device=device)
    recording = record_subject(loaded, tasks=tasks, trials_per_task=trials, split=split, seed=seed)
    save(recording, out)
    typer.echo(
        f"{recording.sizes['trial']} trials, {recording.sizes['unit']} units, "
        f"{recording.sizes['time']} steps; {float(recording['correct'].mean()):.2f} of trials "
        f"without a wrong action. Recording: {out}"
    )
