"""The command ``wmsim calibrate``."""

from __future__ import annotations

from pathlib import Path

import typer

from wmsim.cli.power import Several as OfPower
from wmsim.cli.settings import given


class Several(OfPower):
    """Options of this command that may be followed by several values."""

    SEVERAL = ("--units", "--trials", "--signal", "--truth", "--condition")


def calibrate(
    out: Path = typer.Option(..., "--out", help="Folder for everything that is written."),
    preset: str = typer.Option(
        "full", help="small (minutes) or full: the table that comes with wmsim."
    ),
    units: list[int] = typer.Option(None, "--units", metavar="N...", help="Units on the grid."),
    trials: list[int] = typer.Option(None, "--trials", metavar="N...", help="Trials on the grid."),
    signal: list[float] = typer.Option(
        None, "--signal", metavar="X...", help="Signals on the grid."
    ),
    truth: list[str] = typer.Option(
        None, "--truth", metavar="NAME...", help="What is planted, by default every hypothesis."
    ),
    condition: list[str] = typer.Option(
        None, "--condition", metavar="NAME...", help="Conditions besides the grid; none: no."
    ),
    repeats: int | None = typer.Option(
        None,
        min=1,
        help="Recordings of each truth in each cell of the grid, the same in all; by default 2, "
        "and 20 in two cells.",
    ),
    condition_repeats: int | None = typer.Option(None, min=1, help="The same in each condition."),
    naive: bool = typer.Option(True, help="Let rules of thumb judge the recordings too."),
    each: int | None = typer.Option(None, help="Reference recordings of each hypothesis (60)."),
    seed: int | None = typer.Option(None, help="Fixes the result."),
    jobs: int = typer.Option(1, min=1, help="Processes."),
) -> None:
    """Plant recordings of known truth and see how often the verdict is right.

    Stopped and run again, it goes on where it was.
    """
    from wmsim.hypotheses.calibration_config import CalibrationConfig
    from wmsim.report.calibration import calibrate_into, sentences

    config = CalibrationConfig.preset(preset)
    how = config.verdict.changed(**given(each=each))
    config = config.changed(
        **given(
            units=tuple(units or ()), trials=tuple(trials or ()), signals=tuple(signal or ()),
            truths=tuple(truth or ()), repeats=repeats, condition_repeats=condition_repeats,
            seed=seed,
        ),
        **_conditions(condition),
        **({"focus": ()} if repeats else {}),
        naive=naive,
        verdict=how,
    )  # fmt: skip
    summary = calibrate_into(out, config, n_jobs=jobs)
    for line in sentences(summary["calibration"]):
        typer.echo(line)
    typer.echo(f"Report: {out / 'report.html'}")


def _conditions(names: list[str] | None) -> dict[str, tuple[str, ...]]:
    """Conditions that were named; "none" is the grid alone."""
    if not names:
        return {}
    return {"conditions": () if names == ["none"] else tuple(names)}
