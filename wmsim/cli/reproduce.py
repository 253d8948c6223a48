"""``wmsim reproduce``: figures of the paper, with a table of its claims."""

from __future__ import annotations

from pathlib import Path

import typer


def reproduce(
    figures: list[str] = typer.Argument(
        None, metavar="FIGURE...", help="Such as fig4b; all of the paper's; beyond, what it leaves "
        "open. --list names them.",
    ),
    out: Path | None = typer.Option(None, "--out", help="Folder for everything that is written."),
    subjects: int = typer.Option(3, min=1, help="Networks of each kind."),
    preset: str = typer.Option("demo", help="demo (offline, two cores) or paper (a GPU)."),
    config: Path | None = typer.Option(None, help="Settings from a file (JSON)."),
    set_: list[str] = typer.Option(
        None, "--set", help="Change a setting, such as training.iterations=500; repeat for more."
    ),
    print_config: bool = typer.Option(False, help="Print the settings and stop."),
    save_config: Path | None = typer.Option(None, help="Write the settings to a file as well."),
    list_: bool = typer.Option(False, "--list", help="Name all figures and stop."),
    seed: int = typer.Option(0, help="Seed of the first network; the others follow."),
    device: str = typer.Option("auto", help="cpu, cuda, cuda:1, mps, or auto."),
    jobs: int | None = typer.Option(None, min=1, help="Processes; by default one a core."),
) -> None:  # fmt: skip
    """Reproduce figures of the paper, each claim beside our value with an interval over networks.

    Subjects, recordings and measurements are shared by all figures of a folder. Stopped and run
    again, it goes on where it was.
    """
    if list_:
        _list()
        return
    from wmsim.config import as_json, override, read_config
    from wmsim.config import save_config as write_config
    from wmsim.errors import ConfigError
    from wmsim.reproduce import ReproduceConfig, reproduce_figures

    settings = ReproduceConfig.preset(preset)
    if config is not None:
        settings = read_config(settings, config)
    settings = override(settings, set_ or ())
    if save_config is not None:
        write_config(settings, save_config)
    if print_config:
        typer.echo(as_json(settings))
    if print_config or (save_config is not None and not figures):
        return
    if not figures or out is None:
        raise ConfigError(
            "wmsim reproduce needs a figure and --out, such as: wmsim reproduce fig4b --out "
            "paper. --list names all figures."
        )
    summary = reproduce_figures(
        figures, out, settings, subjects=subjects, seed=seed, device=device, n_jobs=jobs
    )
    for one in summary["claims"]:
        typer.echo(_line(one))
    typer.echo(f"{summary['seconds']['total']:.0f} s. Report: {out / 'report.html'}")


def _list() -> None:
    from wmsim.reproduce import figures

    for one in figures(["all", "beyond"]):
        typer.echo(f"{one.name:<18}{one.title}")


def _line(one: dict) -> str:
    """A claim in a line, as the terminal shows it."""
    value = "none" if one["value"] is None else f"{one['value']:.3f}"
    if one["low"] is not None:
        value += f" [{one['low']:.3f}, {one['high']:.3f}]"
    return f"{one['figure']:<18}{one['verdict']:<15}{value:<24}{one['claim']}"
