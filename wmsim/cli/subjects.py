"""Commands that make subjects: stimuli, train, record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from wmsim.cli.settings import given

if TYPE_CHECKING:
    from wmsim.stimuli import StimulusConfig, TextureConfig

OUT = typer.Option(..., "--out", help="Folder for everything that is written.")
MESHES = typer.Option(
    None, help="Folder of meshes (category/identity.obj, ShapeNetCore) or pictures (iWISDM)."
)
LARGER = typer.Option(False, "--larger", help="The larger set: 8 categories of 4 identities each.")
BACKGROUND = typer.Option(
    None, help="What objects lie on: a grey level of 0 to 255, 'textures', or a folder of pictures."
)
TEXTURES = typer.Option(None, help="Lay objects on textures, so many different ones a split.")
QUILTED = typer.Option(
    False, "--quilted", help="Grow each texture from a small sample by image quilting."
)
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
    larger: bool = LARGER,
    background: str | None = BACKGROUND,
    textures: int | None = TEXTURES,
    quilted: bool = QUILTED,
    seed: int = SEED,
) -> None:
    """Render objects and draw a contact sheet of them."""
    from wmsim.figures import contact_sheet
    from wmsim.files import output_folder
    from wmsim.stimuli import build_stimuli

    folder = output_folder(out)
    config = stimulus_config(
        meshes, category, seed=seed, identities=identities, novel_identities=novel_identities,
        train_views=train_views, novel_views=novel_views, larger=larger, background=background,
        textures=textures, quilted=quilted,
    )  # fmt: skip
    built = build_stimuli(config)
    files = contact_sheet(built, folder / "stimuli")
    behind = "" if built.textures is None else f", on {len(built.textures.pictures)} textures"
    typer.echo(
        f"{len(built)} images of {len(built.identity_names)} identities in "
        f"{len(built.category_names)} categories{behind}. Contact sheet: {files[0]}"
    )


def stimulus_config(
    meshes: Path | None,
    categories: list[str],
    *,
    seed: int,
    larger: bool = False,
    background: str | None = None,
    textures: int | None = None,
    quilted: bool = False,
    **options: int | None,
) -> StimulusConfig:
    """Settings of stimuli; a folder shows all its categories unless some are named."""
    from wmsim.stimuli import StimulusConfig

    settings: dict[str, Any] = given(
        categories=tuple(categories or ()),
        background=_background(background, textures, quilted),
        **options,
    )
    if meshes is not None:
        settings = {"categories": (), **settings, "source": str(meshes)}
    return (StimulusConfig.larger if larger else StimulusConfig)(**settings, seed=seed)


def _background(
    background: str | None, textures: int | None, quilted: bool
) -> int | TextureConfig | None:
    """A grey level or textures, as ``--background``, ``--textures`` and ``--quilted`` say."""
    from wmsim.errors import ConfigError
    from wmsim.stimuli import TextureConfig

    if background is None or not background.isdecimal():
        if background is None and textures is None and not quilted:
            return None
        folder = None if background == "textures" else background
        return TextureConfig(**given(source=folder, count=textures), quilted=quilted)
    if textures is not None or quilted:
        raise ConfigError(
            f"--background {background} is a grey level, which --textures and --quilted do not go "
            "with. Give --background textures, a folder of pictures (./NAME where its name is a "
            "number), or leave --background out."
        )
    return int(background)


def train(
    out: Path | None = typer.Option(None, "--out", help="Folder for everything that is written."),
    preset: str = typer.Option("demo", help="Settings to start from: demo or paper."),
    config: Path | None = typer.Option(None, help="JSON file of settings, laid over the preset."),
    set_: list[str] = typer.Option(
        None, "--set", help="A setting, such as training.learning_rate=5e-4; repeat for more."
    ),
    print_config: bool = typer.Option(False, "--print-config", help="Print settings and stop."),
    save_config: Path | None = typer.Option(None, help="Write settings to a JSON file and stop."),
    subjects: int = typer.Option(1, min=1, help="Train so many, with seeds from --seed on."),
    how: str = typer.Option("auto", help="auto, stacked, processes or 'one by one'."),
    jobs: int | None = typer.Option(None, min=1, help="Processes; by default one a core."),
    regime: str | None = typer.Option(None, help="MTMF (default), STMF-1 to STMF-4, a task, ..."),
    architecture: str | None = typer.Option(None, help="rnn, gru (default), lstm, ..."),
    units: int | None = typer.Option(None, help="Hidden units; by default the paper's."),
    iterations: int | None = typer.Option(None, help="At most so many iterations."),
    criterion: float | None = typer.Option(None, help="Accuracy at which training stops."),
    learning_rate: float | None = typer.Option(None, help="Of AdamW."),
    paper_schedule: bool = typer.Option(
        False, help="The paper's printed learning rate and schedule, which hardly train."
    ),
    precision: str | None = typer.Option(None, help="float32, tf32 (CUDA) or bf16; checked."),
    compile_: bool = typer.Option(False, "--compile", help="Use torch.compile; checked."),
    encoder: str | None = typer.Option(None, help="efficientnet-lite0 or resnet50."),
    encoder_weights: Path | None = typer.Option(None, help="File with the encoder's weights."),
    grid: int | None = typer.Option(None, help="Cells a side of the feature map, 1 to 7."),
    meshes: Path | None = MESHES,
    category: list[str] = CATEGORY,
    identities: int | None = IDENTITIES,
    novel_identities: int | None = NOVEL_IDENTITIES,
    train_views: int | None = TRAIN_VIEWS,
    novel_views: int | None = NOVEL_VIEWS,
    larger: bool = LARGER,
    background: str | None = BACKGROUND,
    textures: int | None = TEXTURES,
    quilted: bool = QUILTED,
    seed: int | None = typer.Option(None, help="Fixes the result; 0 by default."),
    device: str = DEVICE,
) -> None:
    """Train a subject, or several. Stopped and run again, it goes on where it was.

    Settings come from the preset, then --config, then single options, then --set.
    """
    from wmsim.cli.settings import subject_config
    from wmsim.config import as_json
    from wmsim.config import save_config as write_config

    pictures = stimulus_config(
        meshes, category, seed=seed or 0, identities=identities, novel_identities=novel_identities,
        train_views=train_views, novel_views=novel_views, larger=larger, background=background,
        textures=textures, quilted=quilted,
    )  # fmt: skip
    chosen = subject_config(
        preset, config, set_, pictures, seed=seed, regime=regime, architecture=architecture,
        paper_schedule=paper_schedule,
        network=given(units=units),
        training=given(
            iterations=iterations, criterion=criterion, learning_rate=learning_rate,
            precision=precision, compile=compile_ or None,
        ),
        encoder=given(name=encoder, weights=encoder_weights, grid=grid),
    )  # fmt: skip
    if print_config:
        typer.echo(as_json(chosen))
    if save_config is not None:
        write_config(chosen, save_config)
        typer.echo(f"Settings: {save_config}", err=print_config)
    if print_config or save_config is not None:
        return
    if out is None:
        raise typer.BadParameter("Missing option '--out'.")
    from wmsim.report.subject import train_and_report

    summary = train_and_report(chosen, out, subjects=subjects, device=device, how=how, n_jobs=jobs)
    for subject in summary["subjects"]:
        before = f"subject {subject['seed']}, " if subjects > 1 else ""
        for split, accuracy in subject["accuracy"].items():
            typer.echo(
                f"{before}{split.replace('_', ' ')}: accuracy {accuracy:.3f} over all steps, "
                f"{subject['executive_accuracy'][split]:.3f} at match / non-match steps "
                f"({subject['n_test_trials']} trials)"
            )
    what = f"Subjects: {out / 'subject-*'}" if subjects > 1 else f"Subject: {out}"
    typer.echo(f"{what}. Report: {out / 'report.html'}")


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
