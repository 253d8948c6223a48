"""Commands about recordings: import, validate, datasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from wmsim.cli.settings import given
from wmsim.errors import ConfigError, WmsimError

if TYPE_CHECKING:
    from wmsim.recordings.registry import PublicRecording


def import_(
    words: list[str] = typer.Argument(
        ...,
        metavar="FORMAT PATH...",
        help="A preset (kornblith2017, sternberg-concept-cells, dandi000469, panichello2021) or a "
        "kind of file (arrays, matlab, mne, nwb, tables), then the file; several of a preset "
        "with a folder as --out.",
    ),
    out: Path = typer.Option(
        None, "--out", help="File to write, ending in .nc; with --describe: the mapping (.yaml)."
    ),
    mapping: Path = typer.Option(None, "--mapping", help="YAML file that says what is what."),
    describe: bool = typer.Option(
        False, "--describe", help="Print what is in the file and write a mapping to fill in."
    ),
    bin_width: float | None = typer.Option(None, help="Width of bins in seconds."),
    before: float | None = typer.Option(None, help="Seconds to keep before time 0 of a trial."),
    after: float | None = typer.Option(None, help="Seconds to keep after time 0 of a trial."),
    option: list[str] = typer.Option(
        None, "--option", "-o", metavar="NAME=VALUE", help="Another setting of a preset."
    ),
) -> None:
    """Turn another laboratory's file into a recording, and say what was in it."""
    if describe:
        _describe(words, out)
        return
    from wmsim.recordings.importing import PRESETS, READERS

    name, paths = words[0], [Path(word) for word in words[1:]]
    if not paths:
        known = ", ".join([*PRESETS, *READERS])
        raise ConfigError(
            f"Found '{name}' alone, expected a format and a file: wmsim import FORMAT PATH "
            f"--out FILE.nc. Formats: {known}."
        )
    if out is None:
        raise ConfigError("--out is missing: name the file to write, such as --out session.nc.")
    options = given(bin_width=bin_width, before=before, after=after) | _settings(option or [])
    if name in READERS or len(paths) == 1:
        _import_one(name, paths, out, mapping, options)
        return
    for path in paths:
        _import_one(name, [path], out / f"{path.stem}.nc", mapping, options)


def _import_one(
    name: str, paths: list[Path], out: Path, mapping: Path | None, options: dict[str, Any]
) -> None:
    from wmsim.recordings import account, import_recording, save

    recording = import_recording(name, paths, mapping=mapping, **options)
    save(recording, out)
    typer.echo(account(recording))
    typer.echo(f"Recording: {out}\n")


def _describe(words: list[str], out: Path | None) -> None:
    from wmsim.files import write_text
    from wmsim.recordings.importing import READERS, read_raw
    from wmsim.recordings.importing.inspecting import describe_raw, draft_mapping

    kind = words[0] if words[0] in READERS else None
    paths = words[1:] if kind else words
    if not paths:
        raise ConfigError("Name the file to describe: wmsim import --describe FILE.")
    raw = read_raw(paths, kind)
    typer.echo(describe_raw(raw))
    target = Path(f"{Path(paths[0]).stem}.yaml") if out is None else out
    if target.exists():
        raise WmsimError(
            f"'{target}' is there already, a mapping is not written over. Give another --out."
        )
    write_text(target, draft_mapping(raw))
    typer.echo(f"Mapping to fill in: {target}")


def _settings(words: list[str]) -> dict[str, Any]:
    """Settings written as NAME=VALUE; values are read as YAML writes numbers, text and lists."""
    import yaml

    settings = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise ConfigError(f"--option {word}: expected NAME=VALUE, such as -o before=0.5.")
        try:
            settings[name.replace("-", "_")] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise ConfigError(f"--option {word}: '{value}' is no number, text or list.") from None
    return settings


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
    entry = registry.dataset(name)
    if fetch:
        for path in registry.fetch(name, session):
            typer.echo(str(path))
        return
    typer.echo(_about(entry))
    chosen = entry.file(session).name if session is not None and entry.files else session
    found = [(file, here) for file, here in registry.listing(name) if chosen in (None, file)]
    for file, here in found:
        typer.echo(f"  {file}: {here or 'not here (--fetch gets it)'}")
    if not found:
        typer.echo(registry.how_to_download(entry))


def _about(entry: PublicRecording) -> str:
    files = f"{len(entry.files)} file(s)" if entry.files else "Files are not listed here"
    return (
        f"{entry.name}: {entry.description} {files}, licence {entry.licence}. "
        f"{entry.citation} https://doi.org/{entry.doi}"
    )
