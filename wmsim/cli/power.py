"""The command ``wmsim power``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from wmsim.cli.settings import given


class Several(typer.core.TyperCommand):
    """A command whose options may be followed by several values: ``--units 20 40 80``."""

    SEVERAL = ("--units", "--trials", "--signal", "--pilot", "--truth")

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Write the option before each of its values, as typer wants it."""
        return super().parse_args(ctx, spelt_out(args, self.SEVERAL))


def spelt_out(args: list[str], several: tuple[str, ...]) -> list[str]:
    """Repeat an option before each value that follows it.

    Examples
    --------
    >>> spelt_out(["--units", "20", "40", "--out", "there"], ("--units",))
    ['--units', '20', '--units', '40', '--out', 'there']
    """
    found: list[str] = []
    current, n_values = None, 0
    for word in args:
        if word.startswith("--"):
            current, n_values = word if word in several else None, 0
        elif current is not None:
            n_values += 1
            if n_values > 1:
                found.append(current)
        found.append(word)
    return found


def power(
    out: Path | None = typer.Option(None, "--out", help="Folder for everything that is written."),
    pilot: list[Path] = typer.Option(
        None,
        "--pilot",
        metavar="FILE...",
        help="A pilot recording whose design, noise and signal are taken; several are sessions "
        "of one subject.",
    ),
    units: list[int] = typer.Option(
        None, "--units", metavar="N...", help="Numbers of units to try (20 40 80 160 320)."
    ),
    trials: list[int] = typer.Option(
        None, "--trials", metavar="N...", help="Numbers of trials to try (60 120 240 480 960)."
    ),
    items: int | None = typer.Option(None, help="Items of a trial (4)."),
    maintenance: int | None = typer.Option(None, help="Steps after the items that show none (0)."),
    values: int | None = typer.Option(None, help="Values of the feature (4)."),
    no_repeats: bool = typer.Option(
        False, "--no-repeats", help="Values never repeat within a trial."
    ),
    n_back: int | None = typer.Option(None, help="Make it an N-back task."),
    signal: list[float] = typer.Option(
        None,
        "--signal",
        metavar="X...",
        help="1 (default): responses vary over values by 0.2 SD of the noise. With --pilot: "
        "signals of held items to assume instead of the pilot's.",
    ),
    decay: float | None = typer.Option(None, help="Factor by which codes shrink each step (0.9)."),
    truth: list[str] = typer.Option(
        None, "--truth", metavar="NAME...", help="What may be true (H1 H2 H3 shared)."
    ),
    wanted: float | None = typer.Option(None, help="Power that is wanted (0.8)."),
    tests: int | None = typer.Option(None, help="Virtual recordings of each truth (60)."),
    feature: str | None = typer.Option(None, help="Feature of the pilot recording."),
    task: str | None = typer.Option(None, help="Task of the pilot recording."),
    seed: int | None = typer.Option(None, help="Fixes the result; 0 by default."),
    jobs: int | None = typer.Option(None, help="Processes; by default one a core."),
    config: Path | None = typer.Option(None, help="JSON file of settings; options go over it."),
    set_: list[str] = typer.Option(
        None, "--set", help="Any setting, such as verdict.threshold=0.95; repeat for more."
    ),
    print_config: bool = typer.Option(False, "--print-config", help="Print settings and stop."),
) -> None:
    """Say how many units and trials the right verdict needs.

    The design is given in numbers, or taken from a pilot recording. Stopped and run again, it goes
    on where it was.
    """
    from wmsim.config import as_json, override, read_config
    from wmsim.hypotheses.power_config import PowerConfig

    options: dict[str, Any] = given(
        units=units, trials=trials, n_items=items, maintenance=maintenance, n_values=values,
        repeats=False if no_repeats else None, n_back=n_back, signal=signal, decay=decay,
        truths=truth, wanted=wanted, tests=tests,
    )  # fmt: skip
    options |= {f"verdict.{name}": value for name, value in given(seed=seed).items()}
    analysed = given(features=[feature] if feature else None, tasks=[task] if task else None)
    options |= {f"verdict.analysis.{name}": value for name, value in analysed.items()}
    settings = PowerConfig() if config is None else read_config(PowerConfig(), config)
    settings = override(settings, [
        *(f"{name}={json.dumps(value)}" for name, value in options.items()), *(set_ or ())
    ])  # fmt: skip
    if print_config:
        typer.echo(as_json(settings))
        return
    if out is None:
        raise typer.BadParameter("Missing option '--out'.")
    _power(pilot or [], out, settings, jobs)


def _power(pilot: list[Path], out: Path, settings: Any, jobs: int | None) -> None:
    from wmsim.report.power import headline, power_files

    summary = power_files(pilot, out, settings, n_jobs=jobs)
    for note in summary["power"]["notes"]:
        typer.echo(f"Note: {note}")
    for line in headline(summary):
        typer.echo(line)
    typer.echo(f"{summary['seconds']['total']:.0f} s. Report: {out / 'report.html'}")
