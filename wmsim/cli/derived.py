"""Commands that make something else of a recording: export, noise."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from wmsim.cli.settings import given
from wmsim.errors import ConfigError


def export(
    format_: str = typer.Argument(
        ..., metavar="FORMAT", help="rsatoolbox, brainscore, nwb, mne, csv, parquet."
    ),
    file: Path = typer.Argument(..., help="A recording (netCDF)."),
    out: Path = typer.Option(..., "--out", help="File to write."),
) -> None:
    """Write a recording in the form of another library; every label goes with it."""
    from wmsim.recordings import open_recording
    from wmsim.recordings.exporting import export as write

    with open_recording(file) as recording:
        write(format_, recording, out)
    typer.echo(f"{format_}: {out}")


def noise(
    file: Path = typer.Argument(..., help="A model's recording (netCDF)."),
    out: Path = typer.Option(..., "--out", help="File to write, ending in .nc."),
    like: Path = typer.Option(
        None, "--like", help="A recording of spikes, whose size, rates and noise are taken."
    ),
    feature: str | None = typer.Option(None, help="Feature whose values are matched, with --like."),
    like_feature: str | None = typer.Option(None, help="The same of the other recording."),
    units: int | None = typer.Option(None, help="Units that the electrodes see."),
    trials: int | None = typer.Option(None, help="Trials that are kept."),
    rate_median: float | None = typer.Option(None, help="Median of mean rates in spikes/s."),
    fano: float | None = typer.Option(None, help="Variance of spike counts over their mean."),
    noise_correlation: float | None = typer.Option(None, help="Mean over pairs of units."),
    window: float | None = typer.Option(
        None, help="Seconds that spikes are (with --like: were) counted in."
    ),
    signal: float = typer.Option(1.0, help="Multiplies the depth of modulation."),
    seed: int = typer.Option(0, help="Fixes what is drawn."),
) -> None:
    """Turn a model's activity into what electrodes would see, like a given recording or not."""
    from wmsim.recordings import open_recording, save
    from wmsim.recordings.noise import NoiseConfig, add_noise, noise_like, noise_summary

    chosen = given(
        units=units, trials=trials, rate_median=rate_median, fano=fano,
        noise_correlation=noise_correlation,
    )  # fmt: skip
    if like is not None and chosen:
        raise ConfigError(
            f"--like takes everything from {like}, but {', '.join(chosen)} is given too. "
            "Leave out one or the other."
        )
    with open_recording(file) as model:
        if like is None:
            result = add_noise(
                model, NoiseConfig(**chosen, **given(window=window), signal=signal), seed=seed
            )
        else:
            with open_recording(like) as target:
                result = noise_like(
                    model, target, feature=feature, target_feature=like_feature, signal=signal,
                    window=window, seed=seed,
                )  # fmt: skip
    save(result, out)
    made = json.loads(result.attrs["noise"])
    typer.echo(noise_summary(NoiseConfig(**made["config"])))
    for note in made.get("notes", ()):
        typer.echo(f"Note: {note}")
    typer.echo(f"Recording: {out}")
