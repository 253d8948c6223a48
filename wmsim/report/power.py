"""``wmsim power``: how many units and trials a verdict needs, with a figure and a paragraph."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.errors import WmsimError
from wmsim.figures.power import power_figure
from wmsim.files import atomic_path, existing_file, output_folder, write_json
from wmsim.hypotheses.composition import MEANING
from wmsim.hypotheses.power_analysis import SHARES, Power, power
from wmsim.hypotheses.power_config import PowerConfig
from wmsim.hypotheses.power_pilot import Pilot
from wmsim.recordings import open_recording
from wmsim.report.page import write_page
from wmsim.report.summary import new_summary, timed

CAPTION = (
    "Share of virtual recordings, by what is true, that get the right verdict, over the number of "
    "trials, for each number of units; bars: 95 % (Wilson), over virtual recordings. Dashed: the "
    "power that is wanted."
)
READING = (
    "Virtual recordings of the design are planted with a known truth and judged as wmsim verdict "
    "judges recordings, by reference recordings of their own. Right: the truth reaches the "
    "probability that a verdict needs; wrong: another account does; else undecided.",
    "They are planted as codes, not as trials: noise goes through the estimator that the design's "
    "labels give, and codes of the truth are added. Assumed is that codes are spread over units as "
    "normal random numbers are and as strong in each unit of a larger recording as in one of a "
    "smaller; that whitened noise is alike at all units; and that the subject follows one account.",
    "The unit is one subject. To say something about subjects in general, several have to be "
    "recorded, each with so many units and trials; where units come from several sessions, each "
    "session needs so many trials.",
)


def power_files(
    pilot: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    config: PowerConfig | None = None,
    *,
    n_jobs: int | None = None,
) -> dict[str, Any]:
    """Find the power of a design; write ``summary.json``, ``report.html``, figure and numbers.

    Parameters
    ----------
    pilot : sequence of path-like
        Pilot recordings, sessions of one subject; empty where the design is given in numbers.
    out : path-like
        Folder for everything that is written. Finished numbers are kept in ``work`` there, so a
        run that was stopped goes on when it is started again.
    config : PowerConfig, optional
        The design, and what is assumed.
    n_jobs : int, optional
        Processes, by default one a core.

    Returns
    -------
    dict
        Content of ``summary.json``.

    Raises
    ------
    WmsimError
        If a file is no recording, cannot be planned from, or the folder cannot be written to.
    """
    config = config or PowerConfig()
    files = [existing_file(path, "recording") for path in pilot]
    if len({file.resolve() for file in files}) < len(files):
        raise WmsimError("A pilot recording is named twice. Name each session once.")
    folder = output_folder(out)
    named = " ".join(file.name for file in files)
    summary = new_summary(f"wmsim power{' --pilot ' * bool(files)}{named}", recordings={})
    with timed(summary, "total"):
        with timed(summary, "power"), ExitStack() as stack:
            opened = [stack.enter_context(open_recording(file)) for file in files]
            recordings = opened[0] if len(opened) == 1 else opened or None
            found = power(config, recordings, work=folder / "work", n_jobs=n_jobs)
            references = [str(one.attrs.get("reference", "")) for one in opened]
        summary["power"] = power_summary(found)
        _write(found.results, folder / "results" / "power.nc")
        with timed(summary, "figures"):
            power_figure(found.results, folder / "figures" / "power")
    write_json(folder / "summary.json", summary)
    figure = {"file": "power.png", "title": "Power", "caption": CAPTION}
    write_page(
        folder, summary, [figure], title="wmsim: power of a design", introduction=[],
        references=dict.fromkeys(one for one in references if one),
    )  # fmt: skip
    return summary


def _write(results: xr.Dataset, path: Path) -> None:
    with atomic_path(path) as temporary:
        results.to_netcdf(temporary, engine="netcdf4")


def power_summary(found: Power) -> dict[str, Any]:
    """Numbers of an analysis of power, JSON-like, with the paragraph for a proposal."""
    config, pilot = found.config, found.pilot
    return {
        "statement": [_design(found), *_reached(found), _judged(found)],
        "notes": [] if pilot is None else list(pilot.notes),
        "assumptions": found.assumptions,
        "wanted": config.wanted,
        "units": list(config.units),
        "trials": list(config.trials),
        "truths": list(config.truths),
        "smallest": {
            name: {str(units): trials for units, trials in one.items()}
            for name, one in found.smallest.items()
        },
        "table": _table(found.results),
        "pilot": None if pilot is None else _pilot(pilot),
        "reading": list(READING),
        "config": config.model_dump(mode="json"),
    }


def _pilot(pilot: Pilot) -> dict[str, Any]:
    signals = {
        name: {
            end: None if np.isnan(getattr(one, end)) else float(getattr(one, end))
            for end in ("value", "low", "high")
        }
        for name, one in pilot.signal.items()
    }
    return {
        "task": pilot.task, "feature": pilot.feature, "n_units": pilot.n_units,
        "n_trials": list(pilot.n_trials), "n_values": pilot.n_values, "signal": signals,
        "p": pilot.p, "noise_in_time": pilot.noise_in_time, "held_items_are_coded": pilot.holds,
    }  # fmt: skip


def _table(results: xr.Dataset) -> list[dict[str, Any]]:
    rows = []
    numbers = [*SHARES, *(f"{share}_{end}" for share in SHARES for end in ("low", "high"))]
    for a, name in enumerate(results["assumption"].values.tolist()):
        for t, truth in enumerate(results["truth"].values.tolist()):
            for u, units in enumerate(results["units"].values.tolist()):
                for n, trials in enumerate(results["trials"].values.tolist()):
                    one = results.isel(assumption=a, truth=t, units=u, trials=n)
                    rows.append({
                        "assumption": name, "truth": truth, "units": units, "trials": trials,
                        **{number: round(float(one[number]), 4) for number in numbers},
                        "reason": str(one["reason"].item()),
                    })  # fmt: skip
    return rows


def _design(found: Power) -> str:
    """What the planned recordings are like."""
    pilot, config = found.pilot, found.config
    if pilot is not None:
        sessions = len(pilot.n_trials)
        where = "one session" if sessions == 1 else f"{sessions} sessions"
        shown, held = pilot.signal["shown"], pilot.signal["held"]
        return (
            f"The design is that of a pilot recording ('{pilot.task}', {pilot.feature} with "
            f"{pilot.n_values} values; {where} with {pilot.n_units} units and "
            f"{' + '.join(str(n) for n in pilot.n_trials)} trials), with its noise (correlation "
            f"between successive steps {pilot.noise_in_time:.2f}). Its signal, where 1 stands for "
            "unit responses that vary over values by 0.2 SD of the noise, is "
            f"{_interval(shown)} for items on display (p {pilot.p['shown']:.2g}) and "
            f"{_interval(held)} for held ones (p {pilot.p['held']:.2g})."
        )
    task = f", {config.n_back}-back" if config.n_back is not None else ""
    steps = f", then {config.maintenance} step(s) without an item" if config.maintenance else ""
    repeats = "" if config.repeats else " that never repeat within a trial"
    return (
        f"The design has {config.n_items} items a trial{task}{steps}, each with one of "
        f"{config.n_values} values{repeats}. A signal of 1 stands for units whose mean responses "
        "to the item on display vary over values by 0.2 SD of their noise; responses shrink by "
        f"the factor {config.decay:g} with each step of age, and noise correlates by "
        f"{config.noise_in_time:g} between successive steps."
    )


def _interval(one: Any) -> str:
    if np.isnan(one.low):
        return f"{one.value:.2f}"
    return f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"


def _reached(found: Power) -> list[str]:
    """For each assumption, the smallest designs and their power, in words."""
    return [_reached_under(found, name) for name in found.assumptions]


def _reached_under(found: Power, name: str) -> str:
    config, about = found.config, found.assumptions[name]
    smallest = {units: n for units, n in found.smallest[name].items() if n is not None}
    here = found.results.sel(assumption=name)
    if not smallest:
        best = here["right"].min("truth")
        units, trials = config.units[-1], config.trials[-1]
        return (
            f"With {about}, no design that was tried reaches a power of {config.wanted:g} for "
            f"every truth; with {units} units and {trials} trials it is "
            f"{float(best.sel(units=units, trials=trials)):.2f} for the least favourable one."
        )
    listed = ", ".join(f"{n} trials with {units} units" for units, n in smallest.items())
    units, trials = min(smallest.items(), key=lambda one: one[0] * one[1])
    cell = here.sel(units=units, trials=trials)
    numbers = "; ".join(
        f"{truth} {float(one['right']):.2f} "
        f"[{float(one['right_low']):.2f}, {float(one['right_high']):.2f}]"
        for truth in config.truths
        for one in [cell.sel(truth=truth)]
    )
    return (
        f"With {about}, a power of {config.wanted:g} for every truth is reached by {listed}. With "
        f"{units} units and {trials} trials the probability of the right verdict is: {numbers}; "
        f"that of a wrong one is {float(cell['wrong'].max()):.2f} at most."
    )


def _judged(found: Power) -> str:
    """What power is of, and how it was found."""
    config = found.config
    truths = "; ".join(f"{name}: {MEANING[name]}" for name in config.truths)
    return (
        f"Power is the probability, in one subject, that wmsim verdict names what is true ({truths}"
        f") with a probability of {config.verdict.threshold:g} or more. Each number rests on "
        f"{config.tests} virtual recordings a truth, judged with {config.verdict.each} reference "
        f"recordings of each hypothesis; intervals are 95 % (Wilson), seed {config.verdict.seed}."
    )


def headline(summary: dict[str, Any]) -> list[str]:
    """What came out, a line for each assumption."""
    power = summary["power"]
    lines = []
    for name, smallest in power["smallest"].items():
        reached = {units: trials for units, trials in smallest.items() if trials is not None}
        told = ", ".join(f"{trials} trials with {units} units" for units, trials in reached.items())
        lines.append(
            f"{name}: power {power['wanted']:g} for {', '.join(power['truths'])} needs "
            f"{told or 'more than was tried'}."
        )
    return lines
