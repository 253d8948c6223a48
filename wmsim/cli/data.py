"""Commands about recordings: import, validate, datasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from wmsim.recordings.registry import PublicRecording


def import_(
    format_: str = typer.Argument(..., metavar="FORMAT", help="Such as kornblith2017."),
    path: Path = typer.Argument(..., help="The file to import."),
    out: Path = typer.Option(..., "--out", help="File to write, ending in .nc."),
    bin_width: float = typer.Option(0.05, help="Width of bins in seconds."),
) -> None:
    """Turn another laboratory's file into a recording, and say what was in it."""
    from wmsim.recordings import account, import_recording, save

    recording = import_recording(format_, path, bin_width=bin_width)
    save(recording, out)
    typer.echo(account(recording))
    typer.echo(f"Recording: {out}")


def validate(file: Path = typer.Argument(..., help="A recording (netCDF).")) -> None:
    """Check a recording against the contract and print a summary to compare with a notebook."""
    from wmsim.recordings import describe, open_recording
    from wmsim.recordings import validate as check

    with open_recording(file) as recording:
        check(recording)
        typer.echo(describe(recording))


def datasets(
    name: str | None = typer.Argument(None, help="A dataset; without one, all are listed."),
    session: str | None = typer.Argument(None, help="A session or file of it; default: all."),
    fetch: bool = typer.Option(False, "--fetch", help="Download what is not here yet."),
) -> None:
    """List public recordings, say where they are, and fetch them."""
    from wmsim.recordings import registry

    if name is None:
        for entry in registry.datasets().values():
            typer.echo(_about(entry))
        return
    if fetch:
        for path in registry.fetch(name, session):
            typer.echo(str(path))
        return
    entry = registry.dataset(name)
    files = entry.files if session is None else (entry.file(session),)
    typer.echo(_about(entry))
    for file in files:
        here = registry.locate(name, file.name)
        typer.echo(f"  {file.name}: {here or 'not here (--fetch gets it)'}")


def _about(entry: PublicRecording) -> str:
    return (
        f"{entry.name}: {entry.description} {len(entry.files)} file(s), licence {entry.licence}. "
        f"{entry.citation} https://doi.org/{entry.doi}"
    )
