"""Commands about hypotheses: plant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from wmsim.cli.settings import given

if TYPE_CHECKING:
    import xarray as xr

    from wmsim.hypotheses import PlantConfig


def plant(
    out: Path | None = typer.Option(
        None, "--out", help="File to write, ending in .nc; a folder with --sessions."
    ),
    hypothesis: str | None = typer.Option(
        None, help="H1, H2 (default), H3, shared, mixture, drift or none."
    ),
    share: list[str] = typer.Option(
        None,
        "--share",
        metavar="COMPONENT=SHARE",
        help="Part of a mixture: shared, slot, age, chain or time; repeat for more.",
    ),
    units: int | None = typer.Option(None, help="Units; by default 200."),
    trials: int | None = typer.Option(None, help="Trials; by default 400."),
    items: int | None = typer.Option(None, help="Items of a trial; by default 4."),
    maintenance: int | None = typer.Option(None, help="Steps after the items that show none."),
    feature: list[str] = typer.Option(
        None, "--feature", help="A feature; repeat for more. By default 'image'."
    ),
    values: list[int] = typer.Option(
        None, "--values", help="Values of a feature, by default 4; repeat for each --feature."
    ),
    no_repeats: bool = typer.Option(
        False, "--no-repeats", help="Values never repeat within a trial."
    ),
    n_back: int | None = typer.Option(None, help="Make it an N-back task."),
    signal: float | None = typer.Option(
        None, help="1 (default): codes of 0.2 SD of a unit's private noise."
    ),
    decay: float | None = typer.Option(None, help="Factor by which codes shrink with each step."),
    dimension: int | None = typer.Option(None, help="Dimensions of a code's subspace."),
    smoothness: float | None = typer.Option(None, help="Cosine between codes a step apart."),
    overlap: float | None = typer.Option(None, help="Share of a stable code, added."),
    sensory: float | None = typer.Option(
        None, help="Share of the code of the item on display that is gone with it."
    ),
    realignment: float | None = typer.Option(
        None, help="Share of the encoding code at the step that compares; with --n-back."
    ),
    spiking: str | None = typer.Option(
        None, help="Poisson spikes, with log-linear or rectified rates."
    ),
    shared_noise: float | None = typer.Option(None, help="Share of noise that units share."),
    missing: float | None = typer.Option(None, help="Share of units lost in a block of trials."),
    sessions: int | None = typer.Option(
        None,
        min=1,
        help="So many sessions with units and trials of their own, into the folder --out.",
    ),
    seed: int | None = typer.Option(None, help="Fixes the result; 0 by default."),
    config: Path | None = typer.Option(None, help="JSON file of settings; options go over it."),
    set_: list[str] = typer.Option(
        None, "--set", help="Any setting, such as session_drift=30; repeat for more."
    ),
    print_config: bool = typer.Option(False, "--print-config", help="Print settings and stop."),
) -> None:
    """Plant a recording whose geometry is known: slots, chronology, or none of these.

    Settings come from --config, then single options, then --set. --print-config shows them all.
    """
    from wmsim.config import as_json, override, read_config
    from wmsim.errors import ConfigError
    from wmsim.hypotheses import PlantConfig

    for text in share or ():
        if "=" not in text:
            raise ConfigError(f"--share {text}: expected COMPONENT=SHARE, such as slot=0.5.")
    options = given(
        hypothesis=hypothesis, n_units=units, n_trials=trials, n_items=items,
        maintenance=maintenance, features=feature, n_values=_one_or_several(values),
        repeats=False if no_repeats else None, n_back=n_back, signal=signal, decay=decay,
        dimension=dimension, smoothness=smoothness, overlap=overlap, sensory=sensory,
        realignment=realignment, spiking=spiking, shared_noise=shared_noise, missing=missing,
        seed=seed,
    )  # fmt: skip
    settings = PlantConfig() if config is None else read_config(PlantConfig(), config)
    # Checked once all of them are there: one may need another.
    settings = override(settings, [
        *(f"{name}={json.dumps(value)}" for name, value in options.items()),
        *(f"shares.{text}" for text in share or ()),
        *(set_ or ()),
    ])  # fmt: skip
    if print_config:
        typer.echo(as_json(settings))
        return
    if out is None:
        raise typer.BadParameter("Missing option '--out'.")
    _plant(settings, out, sessions)


def _one_or_several(values: list[int] | None) -> int | list[int] | None:
    return values[0] if values and len(values) == 1 else values


def _plant(config: PlantConfig, out: Path, sessions: int | None) -> None:
    from wmsim.errors import WmsimError
    from wmsim.files import output_folder
    from wmsim.hypotheses import plant, plant_sessions
    from wmsim.recordings import save

    if sessions is None:
        if out.is_dir():  # before the work, not after it
            raise WmsimError(f"'{out}' is a folder, a file was expected. Add a name ending in .nc.")
        recording = plant(config)
        save(recording, out)
        typer.echo(f"{_told(config, recording)} Recording: {out}")
        return
    folder = output_folder(out)
    for number, recording in enumerate(plant_sessions(sessions, config), start=1):
        file = folder / f"session-{number}.nc"
        save(recording, file)
        typer.echo(f"{_told(config, recording)} Recording: {file}")


def _told(config: PlantConfig, recording: xr.Dataset) -> str:
    """What was planted, in a line."""
    from wmsim.hypotheses.composition import MEANING

    sizes = recording.sizes
    values = ", ".join(f"{name} ({count} values)" for name, count in config.values.items())
    return (
        f"Planted {config.truth} ({MEANING[config.truth]}): {sizes['trial']} trials, "
        f"{sizes['unit']} units, {sizes['time']} steps, {sizes['item']} items; {values}; signal "
        f"{config.signal:g}, seed {recording.attrs['seed']}."
    )
