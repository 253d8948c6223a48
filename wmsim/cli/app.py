"""The command ``wmsim``. Heavy libraries are imported by the commands that need them."""

from __future__ import annotations

import os
import sys

import typer

from wmsim._version import __version__
from wmsim.cli import (
    analysis,
    calibrate,
    compare,
    data,
    derived,
    geometry,
    hypotheses,
    perturbation,
    power,
    reproduce,
    subjects,
    twin,
    verdict,
)
from wmsim.errors import WmsimError

app = typer.Typer(
    name="wmsim",
    help="Recurrent networks as subjects of working-memory experiments, analysed like brains.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(analysis.demo)
app.command("stimuli")(subjects.stimuli)
app.command("train")(subjects.train)
app.command("record")(subjects.record)
app.command("import")(data.import_)
app.command("validate")(data.validate)
app.command("export")(derived.export)
app.command("noise")(derived.noise)
app.command("datasets")(data.datasets)
app.command("analyze")(analysis.analyze)
app.command("decode")(analysis.decode)
app.command("orthogonality")(geometry.orthogonality)
app.command("perturb")(perturbation.perturb)
app.command("twin")(twin.twin)
app.command("compare")(compare.compare)
app.command("plant")(hypotheses.plant)
app.command("power", cls=power.Several)(power.power)
app.command("verdict")(verdict.verdict)
app.command("calibrate", cls=calibrate.Several)(calibrate.calibrate)
app.command("reproduce")(reproduce.reproduce)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wmsim {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and stop."
    ),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Show no progress."),
) -> None:
    """Recurrent networks as subjects of working-memory experiments, analysed like brains."""
    if quiet:
        os.environ["WMSIM_QUIET"] = "1"


def main() -> None:
    """Run the command line: exit status 0 done, 1 wrong data or request, 2 wrong usage."""
    # OpenMP threads that wait for each other spin; on a machine that does other things as well,
    # this makes a small network ten times slower. Read when torch is loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        app()
    except WmsimError as error:
        typer.echo(f"wmsim: {error}", err=True)
        sys.exit(1)
